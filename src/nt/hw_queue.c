// SPDX-License-Identifier: BSD-2-Clause
/*
 * Queues of frames: towards the processors (what was fed, then the receive
 * queue of its port) and from them (on the way from the send engine, then the
 * transmit queue). What is on its way and what waits lie in buffers of their
 * own, so that a frame that finds no room is gone at once: however many are
 * lost, the buffers are as large as what is kept.
 */
#include "nt/hw_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN 4096u
#define BUFFER_MAX (UINT32_C(1) << 30)
#define TRIM_MIN   16384u /* bytes; a shorter beginning is not worth the move */

bool vn_nt_buffer_reserve(struct vn_nt_buffer *b, uint32_t used, uint32_t n)
{
	uint32_t size = b->size ? b->size : BUFFER_MIN;
	uint8_t *bytes;

	if (used > BUFFER_MAX || n > BUFFER_MAX - used)
		return false;
	if (used + n <= b->size)
		return true;
	while (size < used + n)
		size *= 2;
	bytes = realloc(b->bytes, size);
	if (!bytes)
		return false;
	b->bytes = bytes;
	b->size = size;
	return true;
}

/* Records begin at multiples of 8, as their fields need. */
static uint32_t record_size(uint32_t len)
{
	return (uint32_t)(sizeof(struct vn_nt_frame) + len + 7) & ~7u;
}

/* -- Records in a buffer -- */

static struct vn_nt_frame *first(const struct vn_nt_fifo *q, const struct vn_nt_buffer *b)
{
	return q->head == q->end ? NULL : (struct vn_nt_frame *)(void *)(b->bytes + q->head);
}

/* NULL: no memory. */
static struct vn_nt_frame *push(struct vn_nt_fifo *q, struct vn_nt_buffer *b, uint64_t cycle,
				const void *bytes, uint32_t len)
{
	uint32_t size = record_size(len);
	struct vn_nt_frame *f;

	if (!vn_nt_buffer_reserve(b, q->end, size))
		return NULL;
	f = (struct vn_nt_frame *)(void *)(b->bytes + q->end);
	*f = (struct vn_nt_frame){ .cycle = cycle, .len = len };
	memcpy(f->bytes, bytes, len);
	q->end += size;
	q->len += len;
	return f;
}

static void pop(struct vn_nt_hw *hw, struct vn_nt_fifo *q, const struct vn_nt_buffer *b)
{
	uint32_t len = first(q, b)->len;

	q->head += record_size(len);
	q->len -= len;
	if (q->head >= TRIM_MIN && q->head >= q->end / 2)
		hw->must_trim = true;
}

static void trim(struct vn_nt_fifo *q, struct vn_nt_buffer *b)
{
	uint32_t n = q->head;

	if (n < TRIM_MIN || n < q->end / 2)
		return;
	memmove(b->bytes, b->bytes + n, q->end - n);
	q->head = 0;
	q->end -= n;
}

/* -- Queues -- */

static void await_next(struct vn_nt_hw *hw, unsigned int queue)
{
	const struct vn_nt_frame *f = vn_nt_queue_coming(hw, queue);

	if (f)
		vn_nt_hw_at(hw, VN_NT_EV_COME + queue, f->cycle);
}

int vn_nt_queue_add(struct vn_nt_hw *hw, unsigned int queue, uint64_t cycle, const void *bytes,
		    uint32_t len)
{
	struct vn_nt_fifo *way = &hw->now.queues[queue].way;
	bool is_first = way->head == way->end;

	if (!push(way, &hw->way[queue], cycle, bytes, len))
		return -ENOMEM;
	if (is_first)
		await_next(hw, queue);
	return 0;
}

void vn_nt_queue_keep(struct vn_nt_hw *hw, unsigned int queue)
{
	hw->saved.queues[queue].way = hw->now.queues[queue].way;
	hw->saved.due[VN_NT_EV_COME + queue] = hw->now.due[VN_NT_EV_COME + queue];
	hw->saved.next = hw->now.next;
	hw->saved.next_event = hw->now.next_event;
}

struct vn_nt_frame *vn_nt_queue_coming(struct vn_nt_hw *hw, unsigned int queue)
{
	return first(&hw->now.queues[queue].way, &hw->way[queue]);
}

void vn_nt_queue_turn_away(struct vn_nt_hw *hw, unsigned int queue)
{
	pop(hw, &hw->now.queues[queue].way, &hw->way[queue]);
	await_next(hw, queue);
}

struct vn_nt_frame *vn_nt_queue_let_in(struct vn_nt_hw *hw, unsigned int queue)
{
	const struct vn_nt_frame *f = vn_nt_queue_coming(hw, queue);
	struct vn_nt_frame *in =
		push(&hw->now.queues[queue].wait, &hw->wait[queue], f->cycle, f->bytes, f->len);

	if (!in)
		vn_nt_hw_fail(hw);
	vn_nt_queue_turn_away(hw, queue);
	return in;
}

struct vn_nt_frame *vn_nt_queue_first(struct vn_nt_hw *hw, unsigned int queue)
{
	return first(&hw->now.queues[queue].wait, &hw->wait[queue]);
}

void vn_nt_queue_pop(struct vn_nt_hw *hw, unsigned int queue)
{
	pop(hw, &hw->now.queues[queue].wait, &hw->wait[queue]);
}

void vn_nt_queue_clear(struct vn_nt_hw *hw, unsigned int queue, bool on_way)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];

	q->wait = (struct vn_nt_fifo){ 0 };
	if (on_way)
		q->way = (struct vn_nt_fifo){ 0 };
	await_next(hw, queue);
}

void vn_nt_queue_trim(struct vn_nt_hw *hw, unsigned int queue)
{
	trim(&hw->now.queues[queue].way, &hw->way[queue]);
	trim(&hw->now.queues[queue].wait, &hw->wait[queue]);
}

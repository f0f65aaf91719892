// SPDX-License-Identifier: BSD-2-Clause
/*
 * Queues of frames: towards the processors (what was fed, then the receive
 * queue of its port) and from them (on the way from the send engine, then the
 * transmit queue). Both are stretches of one buffer of records, so a frame is
 * copied once, when it is added, and coming to the queue only moves an index.
 */
#include "nt/hw_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN 4096u
#define BUFFER_MAX (UINT32_C(1) << 30)
#define TRIM_MIN   16384u /* bytes; a shorter beginning is not worth the move */

bool vn_nt_buffer_reserve(struct vn_nt_hw *hw, struct vn_nt_buffer *b, uint32_t used, uint32_t n)
{
	uint32_t size = b->size ? b->size : BUFFER_MIN;
	uint8_t *bytes;

	if (used + n <= b->size)
		return true;
	if (used > BUFFER_MAX || n > BUFFER_MAX - used)
		goto fail;
	while (size < used + n)
		size *= 2;
	bytes = realloc(b->bytes, size);
	if (!bytes)
		goto fail;
	b->bytes = bytes;
	b->size = size;
	return true;
fail:
	hw->failed = "the host has no memory left for frames and logs that wait";
	return false;
}

static struct vn_nt_frame *frame_at(struct vn_nt_hw *hw, unsigned int queue, uint32_t offset)
{
	return (struct vn_nt_frame *)(void *)(hw->frames[queue].bytes + offset);
}

/* Records begin at multiples of 8, as their fields need. */
static uint32_t record_size(uint32_t len)
{
	return (uint32_t)(sizeof(struct vn_nt_frame) + len + 7) & ~7u;
}

static void await_next(struct vn_nt_hw *hw, unsigned int queue)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];

	if (q->come != q->end)
		vn_nt_hw_at(hw, VN_NT_EV_COME + queue, frame_at(hw, queue, q->come)->cycle);
}

int vn_nt_queue_add(struct vn_nt_hw *hw, unsigned int queue, uint64_t cycle, const void *bytes,
		    uint32_t len)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];
	uint32_t size = record_size(len);
	struct vn_nt_frame *f;

	if (!vn_nt_buffer_reserve(hw, &hw->frames[queue], q->end, size))
		return -ENOMEM;
	f = frame_at(hw, queue, q->end);
	*f = (struct vn_nt_frame){ .cycle = cycle, .len = len };
	memcpy(f->bytes, bytes, len);
	q->end += size;
	q->on_way += len;
	if (q->end - q->come == size)
		await_next(hw, queue);
	return 0;
}

struct vn_nt_frame *vn_nt_queue_come(struct vn_nt_hw *hw, unsigned int queue)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];
	struct vn_nt_frame *f = frame_at(hw, queue, q->come);

	f->is_lost = false;
	q->come += record_size(f->len);
	q->on_way -= f->len;
	q->used += f->len;
	await_next(hw, queue);
	return f;
}

void vn_nt_queue_lose(struct vn_nt_hw *hw, unsigned int queue, struct vn_nt_frame *f)
{
	f->is_lost = true;
	hw->now.queues[queue].used -= f->len;
}

static void advance(struct vn_nt_hw *hw, struct vn_nt_queue *q, uint32_t size)
{
	q->head += size;
	if (q->head >= TRIM_MIN && q->head >= q->end / 2)
		hw->must_trim = true;
}

struct vn_nt_frame *vn_nt_queue_first(struct vn_nt_hw *hw, unsigned int queue)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];

	while (q->head != q->come) {
		struct vn_nt_frame *f = frame_at(hw, queue, q->head);

		if (!f->is_lost)
			return f;
		advance(hw, q, record_size(f->len));
	}
	return NULL;
}

void vn_nt_queue_pop(struct vn_nt_hw *hw, unsigned int queue)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];
	struct vn_nt_frame *f = vn_nt_queue_first(hw, queue);

	q->used -= f->len;
	advance(hw, q, record_size(f->len));
}

void vn_nt_queue_clear(struct vn_nt_hw *hw, unsigned int queue, bool on_way)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];

	if (on_way) {
		q->come = q->end;
		q->on_way = 0;
	}
	q->head = q->come;
	q->used = 0;
	await_next(hw, queue);
}

void vn_nt_queue_trim(struct vn_nt_hw *hw, unsigned int queue)
{
	struct vn_nt_queue *q = &hw->now.queues[queue];
	uint32_t n = q->head;

	if (n < TRIM_MIN || n < q->end / 2)
		return;
	memmove(hw->frames[queue].bytes, hw->frames[queue].bytes + n, q->end - n);
	q->head -= n;
	q->come -= n;
	q->end -= n;
}

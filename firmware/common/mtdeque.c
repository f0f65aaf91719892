/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See mtdeque.h. A wake-up is an unlock of a lock, which does not count: several
 * that come before the first sleeper has woken are one. So who leaves items
 * behind while somebody still waits wakes the next. One too many does no harm:
 * who wakes looks again.
 */
#include "mtdeque.h"

void mtdeque_init(struct mtdeque *q, int lock1, int lock2)
{
	deque_init(&q->items);
	q->count = 0;
	q->threads_waiting = 0;
	q->lock = lock1;
	q->wait_lock = lock2;
	nf_lock(lock2);
}

void mtdeque_lock(struct mtdeque *q)
{
	nf_lock(q->lock);
}

void mtdeque_unlock(struct mtdeque *q)
{
	nf_unlock(q->lock);
}

static inline void set_count(struct mtdeque *q, uint count)
{
	__atomic_store_n(&q->count, count, __ATOMIC_RELAXED);
}

static inline void wake_one(struct mtdeque *q)
{
	if (q->count && q->threads_waiting)
		nf_unlock(q->wait_lock);
}

void mtdeque_push_nolock(struct mtdeque *q, struct deque_item *item)
{
	deque_push(&q->items, item);
	set_count(q, q->count + 1);
	wake_one(q);
}

void mtdeque_push_tail_nolock(struct mtdeque *q, struct deque_item *item)
{
	deque_push_tail(&q->items, item);
	set_count(q, q->count + 1);
	wake_one(q);
}

void mtdeque_push_list_nolock(struct mtdeque *q, struct deque_item *first, struct deque_item *last,
			      uint n)
{
	last->next = 0;
	if (q->items.head)
		q->items.tail->next = first;
	else
		q->items.head = first;
	q->items.tail = last;
	set_count(q, q->count + n);
	wake_one(q);
}

void mtdeque_push(struct mtdeque *q, struct deque_item *item)
{
	mtdeque_lock(q);
	mtdeque_push_nolock(q, item);
	mtdeque_unlock(q);
}

void mtdeque_push_tail(struct mtdeque *q, struct deque_item *item)
{
	mtdeque_lock(q);
	mtdeque_push_tail_nolock(q, item);
	mtdeque_unlock(q);
}

/* Returns with the state lock held and an item there. Most callers find one: what they do while
 * they hold the lock is kept short. */
static __attribute__((noinline)) void sleep_until_item(struct mtdeque *q)
{
	do {
		q->threads_waiting++;
		nf_unlock(q->lock);
		nf_lock(q->wait_lock);
		nf_lock(q->lock);
		q->threads_waiting--;
	} while (!q->items.head);
}

static inline struct deque_item *take_one(struct mtdeque *q, int can_block)
{
	struct deque_item *item;

	if (!q->items.head) {
		if (can_block != CAN_BLOCK)
			return 0;
		sleep_until_item(q);
	}
	item = q->items.head;
	q->items.head = item->next;
	item->next = 0;
	set_count(q, q->count - 1);
	wake_one(q);
	return item;
}

uint mtdeque_pops_nolock(struct mtdeque *q, struct deque_item **first, uint max, int can_block)
{
	struct deque_item *last;
	uint n;

	if (can_block == CAN_BLOCK && max && !q->items.head)
		sleep_until_item(q);
	*first = 0;
	if (!max || deque_empty(&q->items))
		return 0;
	last = *first = q->items.head;
	for (n = 1; n < max && last->next; n++)
		last = last->next;
	q->items.head = last->next;
	last->next = 0;
	set_count(q, q->count - n);
	wake_one(q);
	return n;
}

struct deque_item *mtdeque_pop_nolock(struct mtdeque *q, int can_block)
{
	return take_one(q, can_block);
}

uint mtdeque_pops(struct mtdeque *q, struct deque_item **first, uint max, int can_block)
{
	uint n;

	mtdeque_lock(q);
	n = mtdeque_pops_nolock(q, first, max, can_block);
	mtdeque_unlock(q);
	return n;
}

struct deque_item *mtdeque_pop(struct mtdeque *q, int can_block)
{
	struct deque_item *item;

	nf_lock(q->lock);
	item = take_one(q, can_block);
	nf_unlock(q->lock);
	return item;
}

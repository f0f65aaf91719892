/* SPDX-License-Identifier: BSD-2-Clause */
/* See deque.h. */
#include "deque.h"

void deque_init(struct deque *q)
{
	q->head = q->tail = 0;
}

int deque_empty(const struct deque *q)
{
	return !q->head;
}

void deque_push(struct deque *q, struct deque_item *item)
{
	if (!q->head)
		q->tail = item;
	item->next = q->head;
	q->head = item;
}

void deque_push_tail(struct deque *q, struct deque_item *item)
{
	item->next = 0;
	if (q->head)
		q->tail->next = item;
	else
		q->head = item;
	q->tail = item;
}

struct deque_item *deque_pop(struct deque *q)
{
	struct deque_item *item = q->head;

	if (item)
		q->head = item->next;
	return item;
}

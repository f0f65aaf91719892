/* SPDX-License-Identifier: BSD-2-Clause */
/* A list with two ends, linked through a member of what it holds. One thread at a
 * time: mtdeque.h is for several. */
#ifndef DEQUE_H
#define DEQUE_H

#include <stddef.h>

struct deque_item {
	struct deque_item *next;
};

struct deque {
	struct deque_item *head, *tail; /* tail has no meaning without head */
};

/* The structure of this type in which item is this member. */
#define deque_entry(item, type, member) ((type *)((char *)(item)-offsetof(type, member)))

void deque_init(struct deque *q);
int deque_empty(const struct deque *q);
void deque_push(struct deque *q, struct deque_item *item); /* in front */
void deque_push_tail(struct deque *q, struct deque_item *item);
struct deque_item *deque_pop(struct deque *q); /* the first, or 0 */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A deque for many threads, in which a thread can sleep until there is an item.
 *
 * It has two locks, which nothing else may use: one guards the state, the other
 * is what sleepers wait for. The second one is set from the beginning on, so that
 * who asks for it sleeps, and unlocking it wakes one.
 *
 * Functions whose names end in _nolock are for callers that hold the state lock
 * (mtdeque_lock). Those that may sleep let go of it meanwhile.
 */
#ifndef MTDEQUE_H
#define MTDEQUE_H

#include "deque.h"
#include "support.h"

struct mtdeque {
	struct deque items;
	uint count;	      /* of items: mtdeque_count() reads it without the lock */
	uint threads_waiting; /* that sleep, or are about to */
	int lock, wait_lock;
};

enum { NO_BLOCK = 0, CAN_BLOCK = 1 };

void mtdeque_init(struct mtdeque *q, int lock1, int lock2);
void mtdeque_lock(struct mtdeque *q);
void mtdeque_unlock(struct mtdeque *q);

void mtdeque_push(struct mtdeque *q, struct deque_item *item);
void mtdeque_push_nolock(struct mtdeque *q, struct deque_item *item);
void mtdeque_push_tail(struct mtdeque *q, struct deque_item *item);
void mtdeque_push_tail_nolock(struct mtdeque *q, struct deque_item *item);
/* n items, linked through next from first to last. */
void mtdeque_push_list_nolock(struct mtdeque *q, struct deque_item *first, struct deque_item *last,
			      uint n);

/* The first item; if there is none: sleeps (CAN_BLOCK) or returns 0. */
struct deque_item *mtdeque_pop(struct mtdeque *q, int can_block);
struct deque_item *mtdeque_pop_nolock(struct mtdeque *q, int can_block);

/* Up to max items in order, as a list that begins at *first and is linked through
 * next. Returns how many; sleeps only while there is none. */
uint mtdeque_pops(struct mtdeque *q, struct deque_item **first, uint max, int can_block);
uint mtdeque_pops_nolock(struct mtdeque *q, struct deque_item **first, uint max, int can_block);

/* How many items there are, or were a moment ago, for a thread that only looks.
 * An atomic load of a word is a plain one on the card. */
static inline uint mtdeque_count(const struct mtdeque *q)
{
	return __atomic_load_n(&q->count, __ATOMIC_RELAXED);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: exclusion, sleeping until another thread unlocks, numbers that wrap, who
 * is woken first. */
#include "check.h"

enum { GUARD = LOCK_PREDEF, SEMAPHORE, QUEUE, ROUNDS = 200 };

static uint counter, finished;

/* A sum that comes out wrong when two threads are inside at once. */
static void add_slowly(void)
{
	uint seen = *(volatile uint *)&counter;

	relax();
	*(volatile uint *)&counter = seen + 1;
}

static void one_at_a_time(int id)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		nf_lock(GUARD);
		add_slowly();
		nf_unlock(GUARD);
	}
	meet();
	if (id == 0)
		check(counter == ROUNDS * NF_MAX_THREADS, "one thread at a time holds a lock");
}

/* Thread 0 sleeps for a lock that it has set itself; who comes last wakes it. */
static void sleep_and_wake(int id)
{
	if (id == 0) {
		nf_lock(SEMAPHORE);
		meet();
		nf_lock(SEMAPHORE);
		check(finished == NF_MAX_THREADS - 1, "another thread's unlock wakes the sleeper");
		nf_unlock(SEMAPHORE);
		return;
	}
	meet();
	nf_lock(GUARD);
	finished++;
	if (finished == NF_MAX_THREADS - 1)
		nf_unlock(SEMAPHORE);
	nf_unlock(GUARD);
}

/* With numbers that do not wrap, the second lock would sleep for ever. */
static void numbers_wrap(void)
{
	nf_lock(GUARD + 16);
	nf_unlock(GUARD);
	nf_lock(GUARD);
	nf_unlock(GUARD + 32);
	nf_lock(GUARD - 16);
	nf_unlock(GUARD + 16);
	nf_unlock(GUARD); /* of a lock that is clear: nothing */
	check(1, "lock numbers wrap at 16");
}

#ifndef CONTEXT_SW

static volatile int turn = 1;
static int order[NF_MAX_THREADS], n_served;

/* Threads line up one by one: the next one's turn begins when the one before has
 * the lock's number in hand, and it is farther from asking than that one. */
static void first_come_first_served(int id)
{
	int i, in_order = 1;

	if (id == 0) {
		nf_lock(QUEUE);
		meet();
		while (turn != NF_MAX_THREADS)
			relax();
		for (i = 0; i < 10; i++)
			relax();
		nf_unlock(QUEUE);
		meet();
		for (i = 1; i < NF_MAX_THREADS; i++)
			in_order &= order[i - 1] == i;
		check(in_order, "who has slept longest is woken");
		return;
	}
	meet();
	while (turn != id)
		;
	turn = id + 1;
	nf_lock(QUEUE);
	order[n_served++] = id;
	nf_unlock(QUEUE);
	meet();
}

#else

/* The order in which a host's threads come to a lock is theirs. */
static void first_come_first_served(int id)
{
	(void)id;
}

#endif

int main(void)
{
	int id = nf_tid();

	one_at_a_time(id);
	sleep_and_wake(id);
	meet();
	if (id == 0)
		numbers_wrap();
	first_come_first_served(id);
	meet();
	return checked();
}

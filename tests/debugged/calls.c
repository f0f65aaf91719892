/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something to debug: each thread calls middle() ten times under a lock, which calls
 * leaf(), and logs what came of it. A debugger may write to `mode` first, to see it
 * go wrong.
 */
#include "support.h"

#define LOCK_SUM LOCK_PREDEF

enum { RIGHT, WAIT, FAULT, DEADLOCK };

volatile unsigned int mode = RIGHT;
volatile unsigned int total;
volatile unsigned int sums[NF_MAX_THREADS];

__attribute__((noinline)) unsigned int leaf(unsigned int n)
{
	total += n;
	return n + 1;
}

__attribute__((noinline)) unsigned int middle(unsigned int n)
{
	unsigned int r = leaf(n);

	return r * 3;
}

__attribute__((noinline)) void work(unsigned int tid)
{
	int i;

	for (i = 0; i < 10; i++) {
		nf_lock(LOCK_SUM);
		sums[tid] += middle(tid);
		nf_unlock(LOCK_SUM);
	}
}

__attribute__((noinline)) void misbehave(void)
{
	while (mode == WAIT)
		;
	if (mode == FAULT)
		*(volatile unsigned int *)0x00000100 = 1;
	if (mode == DEADLOCK)
		nf_lock(LOCK_SUM);
}

int main(void)
{
	unsigned int tid = (unsigned int)nf_tid();

	if (tid == 3)
		misbehave();
	work(tid);
	log("thread %u: %u\n", tid, sums[tid]);
	return 0;
}

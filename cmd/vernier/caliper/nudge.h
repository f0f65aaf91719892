/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gets a thread out of a system call that may wait for long, such as sending to a
 * driver that does not read now. Signals that ask for an end go to another thread
 * (interrupt.h), so none of them would do it. A single one could come just before
 * the call: SIGALRM comes again and again until it is told to end.
 */
#ifndef VN_CALIPER_NUDGE_H
#define VN_CALIPER_NUDGE_H

#include <stdbool.h>
#include <time.h>

struct caliper_nudge {
	timer_t timer;
	bool is_made;
};

/* For the calling thread. 0 or -errno. */
int caliper_nudge_init(struct caliper_nudge *n);
/* Calls of that thread that wait end with EINTR from now on; any thread. */
void caliper_nudge_begin(struct caliper_nudge *n);
/* They wait again, for good, whatever comes. By the thread itself. */
void caliper_nudge_end(struct caliper_nudge *n);
void caliper_nudge_fini(struct caliper_nudge *n); /* zeroed ones accepted */

#endif

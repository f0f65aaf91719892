/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of one thread (or of whoever holds its lock): a list in order of
 * time, those of the same time in the order in which they were armed. There
 * are few of them, so a list it is.
 *
 * A virtual clock has its own (clock.h) and runs them while it moves; on the
 * real clock somebody sleeps until vn_timers_next().
 */
#ifndef VN_BASE_TIMER_H
#define VN_BASE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct vn_timer {
	void (*fn)(struct vn_timer *t); /* may arm and cancel, itself too */
	uint64_t at_ns;                 /* of the clock it runs by */
	struct vn_timer *next, **prev;  /* prev NULL: not armed */
};

struct vn_timers {
	struct vn_timer *first;
};

static inline bool vn_timer_is_armed(const struct vn_timer *t)
{
	return t->prev;
}

/* Sets when fn is called; an armed timer is moved. */
void vn_timer_arm(struct vn_timers *timers, struct vn_timer *t, uint64_t at_ns);
void vn_timer_cancel(struct vn_timer *t); /* one that is not armed: nothing */

/* Time of the earliest, UINT64_MAX when there is none. */
static inline uint64_t vn_timers_next(const struct vn_timers *timers)
{
	return timers->first ? timers->first->at_ns : UINT64_MAX;
}

/* Takes off and calls those whose time is now_ns or earlier, in order; one
 * armed meanwhile for a time that has come runs too. */
void vn_timers_run(struct vn_timers *timers, uint64_t now_ns);

#endif

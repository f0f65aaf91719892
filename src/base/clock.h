/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way to ask for the time and to wait for it.
 *
 * Two clocks: the machine's, and a virtual one that only moves when somebody
 * waits, on which a whole run is done at once and is the same every time. It
 * has timers, and runs them on its way.
 *
 * The machine's clock is CLOCK_MONOTONIC through the vDSO: a counter read that
 * the kernel keeps calibrated, about 20 to 30 ns a call, and on one axis with
 * the stamps the kernel puts on packets. A counter calibrated by ourselves
 * would be a little quicker to read and would drift away from those stamps.
 */
#ifndef VN_BASE_CLOCK_H
#define VN_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/timer.h"

struct vn_clock {
	uint64_t (*now)(struct vn_clock *c); /* ns, monotonic */
	/*
	 * Waits until now() >= t_ns or *stop becomes non-zero; returns now().
	 * stop is also a futex word: whoever sets it wakes the sleeper with
	 * vn_clock_wake(). NULL: not interruptible.
	 */
	uint64_t (*wait)(struct vn_clock *c, uint64_t t_ns, const _Atomic uint32_t *stop);
	uint64_t (*wall)(struct vn_clock *c); /* ns since 1970 (CLOCK_REALTIME) */
	/* Nearer than this many ns the wait spins; further away it sleeps. */
	uint64_t spin_ns;
	/* Virtual clock only, owned by the one thread that runs it. */
	uint64_t virtual_ns;
	uint64_t virtual_wall_ns; /* wall time at virtual_ns 0 */
	/* A wait goes from timer to timer: at each one's time it is that time and
	 * the timer runs; between two times the wait looks at its stop word. */
	struct vn_timers timers;
};

void vn_clock_real(struct vn_clock *c);

/* Starts at t_ns, without timers; wall() is wall0_ns + now(). One thread only. It
 * is not copied while timers are armed. */
void vn_clock_virtual(struct vn_clock *c, uint64_t t_ns, uint64_t wall0_ns);

bool vn_clock_is_virtual(const struct vn_clock *c);

/* Sets *stop's bits (release) and wakes whoever sleeps on it. Any thread. */
void vn_clock_wake(_Atomic uint32_t *stop, uint32_t bits);

static inline uint64_t vn_clock_now(struct vn_clock *c)
{
	return c->now(c);
}

#endif

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
#include "base/stat.h"
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

/* Two looks at the clock of a thread that spins, this far apart or more: it did
 * not run in between. */
#define VN_STALL_NS 1000

/*
 * How one thread waits for departures on the machine's clock, and what it saw of
 * the machine while it did. One writer, that thread, and any reader.
 */
struct vn_waiter {
	/* As that of the clock, for this thread alone. A sleep that was too long makes
	 * it longer, up to the greatest: longer sleeps end later, since the CPU then
	 * rests deeper. */
	_Atomic uint64_t spin_ns;
	uint64_t spin_max_ns; /* its thread's; 0: it stays as it is */
	_Atomic uint64_t stalls, stall_ns, stall_max_ns; /* while it spun */
	/* Sleeps that ended only after the time that was waited for, and by how much. */
	_Atomic uint64_t overslept, overslept_max_ns;
};

void vn_clock_real(struct vn_clock *c);

/* Starts at t_ns, without timers; wall() is wall0_ns + now(). One thread only. It
 * is not copied while timers are armed. */
void vn_clock_virtual(struct vn_clock *c, uint64_t t_ns, uint64_t wall0_ns);

bool vn_clock_is_virtual(const struct vn_clock *c);

/* As wait(), in the waiter's way. A virtual clock has only one way. */
uint64_t vn_clock_wait_by(struct vn_clock *c, struct vn_waiter *by, uint64_t t_ns,
			  const _Atomic uint32_t *stop);

/* Counters to 0. By the waiter's thread, as the next one. */
void vn_waiter_clear(struct vn_waiter *by);

/* Stalls that somebody else saw who spun for this thread: so many, in all and the
 * longest. */
void vn_waiter_add_stalls(struct vn_waiter *by, uint64_t n, uint64_t sum_ns, uint64_t max_ns);

/* Sleeps until t_ns (CLOCK_MONOTONIC) or, with a stop word, until it is not 0; may
 * end early. */
void vn_clock_sleep(uint64_t t_ns, const _Atomic uint32_t *stop);

/* Sets *stop's bits (release) and wakes whoever sleeps on it. Any thread. */
void vn_clock_wake(_Atomic uint32_t *stop, uint32_t bits);

static inline uint64_t vn_clock_now(struct vn_clock *c)
{
	return c->now(c);
}

#endif

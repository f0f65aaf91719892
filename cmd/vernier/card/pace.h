/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real time: virtual time follows the clock of the machine, in slices. Who is
 * ahead waits; who is behind runs on, for a card that leaves out work is
 * another card, and says how far behind it was.
 *
 * An idle card rests: when nothing has happened for a while the thread sleeps
 * until something comes, at most CARD_NAP_NS, or CARD_REST_NS if the program
 * does nothing of itself, and the card then runs up to what time it is in one
 * slice. Busy, it would spin through every slice.
 */
#ifndef VN_CARD_PACE_H
#define VN_CARD_PACE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define CARD_NAP_NS  500000
#define CARD_REST_NS 10000000

#define CARD_SLICE_CYCLES 2500 /* 20 us */

struct card_pace {
	struct vn_clock clock;
	struct vn_waiter waiter;
	const _Atomic uint32_t *stop;
	uint64_t start_ns;   /* the clock at cycle 0 */
	uint64_t checked_ns; /* when lateness was last looked at */
	bool has_napped;     /* behind because it rested */
	bool has_warned;
	uint64_t lag_max_ns;
	uint64_t lag_total_ns; /* time that passed while behind */
	uint64_t naps;
};

/* Cycle 0 is now. The clock is copied; stop: as that of its wait. */
void card_pace_start(struct card_pace *p, const struct vn_clock *clock,
		     const _Atomic uint32_t *stop);

/* The cycle that is now, for who stands at `cycle`: that, but after a rest the one
 * that the clock says. What is read from outside comes then, and the next slice ends
 * CARD_SLICE_CYCLES later. */
uint64_t card_pace_now(struct card_pace *p, uint64_t cycle);

/* The card stands at this cycle: waits for its time, or counts how late it is. */
void card_pace_wait(struct card_pace *p, uint64_t cycle);
/* The same for a card that is idle: for so long, or until one of the descriptors has
 * something. */
void card_pace_nap(struct card_pace *p, uint64_t cycle, uint64_t nap_ns, struct pollfd *fds,
		   unsigned int n);

/* Time stands still at this cycle: nobody is late by what passes meanwhile. */
void card_pace_hold(struct card_pace *p, uint64_t cycle);

/* True once, when it is far too late. */
#define CARD_LAG_WARNING_NS 100000000
bool card_pace_must_warn(struct card_pace *p);

#endif

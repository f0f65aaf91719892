/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card that waits for its driver. On a machine where a process may be away from
 * its CPU for longer than what the card holds lasts, a simulated card would run dry
 * as no real one does, whose host answers in microseconds, or have no room for what it
 * has to tell. So its time stands still once it is the driver's turn for longer than a
 * host would take; it lags then, and catches up.
 */
#ifndef VN_CARD_HOSTWAIT_H
#define VN_CARD_HOSTWAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "server.h"

/* By the machine's clock. A driver that is away for longer has stopped: the card runs on, and
 * waits again when it has read. */
#define CARD_HOSTWAIT_MAX_NS 100000000

struct card_hostwait {
	struct vn_clock clock;
	uint64_t after;	   /* cycles that a turn of the driver's may take; 0: never waits */
	uint64_t since;	   /* the cycle at which one was seen first; VN_NT_NEVER: it is not */
	bool is_given_up;  /* until it has taken it */
	uint64_t waits;	   /* times it stood still */
	uint64_t total_ns; /* for so long */
};

/* The clock is copied; after_ns of the card's time. */
void card_hostwait_start(struct card_hostwait *w, const struct vn_clock *clock, uint64_t after_ns);

/* The card stands at this cycle: comes back when it may go on, or when *stop is set. */
void card_hostwait(struct card_hostwait *w, const struct card_server *server, uint64_t cycle,
		   const _Atomic uint32_t *stop);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What time it is on the card, from messages that say when they were written and
 * from when they were heard of (spec caliper 4.9). The difference host - card is
 * too large by the delay of the message, so the least of ten seconds counts; the
 * ten seconds before them say how fast the two clocks drift apart.
 *
 * Integers only, no division but one a second: it belongs to a driver.
 */
#ifndef VN_CALIPER_CARDCLOCK_H
#define VN_CALIPER_CARDCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define VN_CARDCLOCK_WINDOW 10 /* seconds */

/* The least difference of a second. */
struct vn_cardclock_second {
	bool is_known;
	int64_t diff_ns;  /* host - card */
	uint64_t host_ns; /* when */
};

struct vn_cardclock {
	struct vn_cardclock_second seconds[2 * VN_CARDCLOCK_WINDOW]; /* a ring */
	uint64_t end_ns; /* of the newest second, host time */
	unsigned int newest;
	uint64_t heard_ns;	     /* of the newest sample */
	uint64_t grain_ns, delay_ns; /* see vn_cardclock_init() */
	/* the estimate */
	bool is_known;
	int64_t offset_ns; /* host - card at host time at_ns */
	uint64_t at_ns;
	int32_t drift; /* of the offset, 2^-32 */
	uint64_t spread_ns;
};

/* grain_ns: of the card's times. */
void vn_cardclock_init(struct vn_cardclock *c, uint64_t grain_ns);
/* An exchange of question and answer took this long, so no offset is wrong by more. */
void vn_cardclock_exchange(struct vn_cardclock *c, uint64_t ns);
/* A message that was written at card_ns was heard of at host_ns. */
void vn_cardclock_sample(struct vn_cardclock *c, uint64_t card_ns, uint64_t host_ns);

/* Before the first sample both clocks are the same. Times before the other clock's 0 are 0. */
uint64_t vn_cardclock_card_ns(const struct vn_cardclock *c, uint64_t host_ns);
uint64_t vn_cardclock_host_ns(const struct vn_cardclock *c, uint64_t card_ns);
/* A bound of the error at this time, which grows as long as there are no samples; UINT64_MAX:
 * nothing is known yet. */
uint64_t vn_cardclock_error_ns(const struct vn_cardclock *c, uint64_t host_ns);

#endif

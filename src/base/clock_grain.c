/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of reads one after the other. The smallest step over all of them is the
 * resolution; the cost is that of the quickest round, since what takes the CPU
 * away only ever adds to it.
 */
#include "base/clock_grain.h"

#include "base/macros.h"

#define ROUNDS 64
#define READS  64 /* in a round */
/* A clock that moves with the timer's tick stands still for up to 10 ms: as many
 * reads more, until one step was seen. */
#define READS_MAX (1 << 20)

/* Returns when the round ended. */
static uint64_t read_round(struct vn_clock *c, uint64_t from, uint64_t *least)
{
	uint64_t before = from, now = from;

	for (unsigned int i = 0; i < READS; i++, before = now) {
		now = vn_clock_now(c);
		if (now > before)
			*least = VN_MIN(*least, now - before);
	}
	return now;
}

static uint64_t await_step(struct vn_clock *c)
{
	uint64_t from = vn_clock_now(c), now = from;

	for (unsigned int i = 0; i < READS_MAX && now == from; i++)
		now = vn_clock_now(c);
	return now - from;
}

void vn_clock_measure_grain(struct vn_clock *c, struct vn_clock_grain *out)
{
	uint64_t least = UINT64_MAX, quickest = UINT64_MAX, from, to;

	*out = (struct vn_clock_grain){ .name = "virtual", .resolution_ns = 1 };
	if (vn_clock_is_virtual(c))
		return;
	from = vn_clock_now(c);
	for (unsigned int i = 0; i < ROUNDS; i++, from = to) {
		to = read_round(c, from, &least);
		quickest = VN_MIN(quickest, to - from);
	}
	out->name = "CLOCK_MONOTONIC";
	out->resolution_ns = least == UINT64_MAX ? await_step(c) : least;
	out->read_ns = (quickest + READS / 2) / READS;
}

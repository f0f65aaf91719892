/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Departure times: origin + n * period in integers, the remainder carried, so
 * that 10^10 packets later the time is still exact. Never computed from the
 * last actual departure.
 */
#ifndef VN_BASE_SCHEDULE_H
#define VN_BASE_SCHEDULE_H

#include <stdint.h>

/* What a departure that could not be kept means for those behind it. */
enum vn_late_policy {
	VN_LATE_CATCH_UP, /* each leaves as soon as it can, until the schedule is kept again */
	VN_LATE_SKIP,     /* those that have passed altogether are left out */
	VN_LATE_SLIDE,    /* all of them are put off by as much */
};

struct vn_schedule {
	uint64_t next_ns;  /* the departure under way: floor of the exact time */
	uint64_t rest;     /* exact time = next_ns + rest / den, rest < den */
	uint64_t step_ns;  /* period = step_ns + step_rest / den */
	uint64_t step_rest;
	uint64_t den;
};

/* Starts at origin_ns with a period of num / den ns (den > 0). */
void vn_schedule_start(struct vn_schedule *s, uint64_t origin_ns, uint64_t num, uint64_t den);

/* The departure under way and all behind it by num / den ns later; den is that of
 * the period. */
void vn_schedule_delay(struct vn_schedule *s, uint64_t num);

/* Another period from the departure under way on. */
void vn_schedule_period(struct vn_schedule *s, uint64_t num, uint64_t den);

/* A schedule whose gaps are given one by one, in 1/65536 ns (packet/series.h). */
#define VN_SCHEDULE_ONE 65536u

/* From the departure under way to the one behind it; den is VN_SCHEDULE_ONE. */
static inline void vn_schedule_set_gap(struct vn_schedule *s, uint64_t gap)
{
	s->step_ns = gap / VN_SCHEDULE_ONE;
	s->step_rest = gap % VN_SCHEDULE_ONE;
}

/* When the departure behind the one under way is. */
static inline uint64_t vn_schedule_following(const struct vn_schedule *s)
{
	return s->next_ns + s->step_ns + (s->rest + s->step_rest >= s->den);
}

/* What was missed leaves no nearer to each other than this, or than what was asked. */
#define VN_MADE_UP_NS 20000

/*
 * One left at ns that was asked for at asked_ns. When the one behind it, gap_ns later
 * by the schedule, may leave at the earliest. Less than half a gap is made up at
 * once: that makes one short gap, and no burst. More is made up VN_MADE_UP_NS apart;
 * where gaps are shorter than that, at a little more than the rate asked for: by a
 * sixteenth, and by up to a quarter if much was missed.
 */
static inline uint64_t vn_schedule_spaced(uint64_t ns, uint64_t asked_ns, uint64_t gap_ns)
{
	uint64_t late_ns = ns > asked_ns ? ns - asked_ns : 0;
	uint64_t shorter = late_ns / 64;

	if (late_ns <= gap_ns / 2)
		return 0;
	if (shorter < gap_ns / 16)
		shorter = gap_ns / 16;
	if (shorter > gap_ns / 4)
		shorter = gap_ns / 4;
	gap_ns -= shorter;
	return ns + (gap_ns < VN_MADE_UP_NS ? gap_ns : VN_MADE_UP_NS);
}

static inline void vn_schedule_advance(struct vn_schedule *s)
{
	uint64_t carry;

	s->rest += s->step_rest;
	carry = s->rest >= s->den;
	s->rest -= carry ? s->den : 0;
	s->next_ns += s->step_ns + carry;
}

#endif

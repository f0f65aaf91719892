/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/schedule.h"

#include <assert.h>

void vn_schedule_start(struct vn_schedule *s, uint64_t origin_ns, uint64_t num, uint64_t den)
{
	s->next_ns = origin_ns;
	s->rest = 0;
	s->den = 1;
	vn_schedule_period(s, num, den);
}

void vn_schedule_period(struct vn_schedule *s, uint64_t num, uint64_t den)
{
	assert(den > 0);
	/* The part of a nanosecond carried so far, in the new denominator. */
	s->rest = (uint64_t)((__uint128_t)s->rest * den / s->den);
	s->step_ns = num / den;
	s->step_rest = num % den;
	s->den = den;
}

void vn_schedule_delay(struct vn_schedule *s, uint64_t num)
{
	uint64_t carry;

	s->rest += num % s->den;
	carry = s->rest >= s->den;
	s->rest -= carry ? s->den : 0;
	s->next_ns += num / s->den + carry;
}

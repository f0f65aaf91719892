/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boundary is the greatest lateness and a quarter more, but for samples far
 * beyond the middle: those are no timer's. There another thread had the CPU, from
 * which spinning does not protect (it makes it likelier, since who spins uses up
 * its share).
 */
#include "base/wakeup.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

#define SLEEP_NS  100000
#define BUDGET_NS 8000000
#define FAR	  4 /* times the middle */

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t percentile(const uint64_t sorted[], unsigned int n, unsigned int percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

static uint64_t boundary(const uint64_t sorted[], unsigned int n, uint64_t middle_ns)
{
	unsigned int i = n - 1;
	uint64_t ns;

	while (sorted[i] > FAR * middle_ns)
		i--;
	ns = sorted[i] + sorted[i] / 4;
	return VN_MIN(VN_MAX(ns, (uint64_t)VN_SPIN_MIN_NS), (uint64_t)VN_SPIN_MAX_NS);
}

void vn_wakeup_judge(uint64_t late_ns[], unsigned int n, struct vn_wakeup *out)
{
	qsort(late_ns, n, sizeof(late_ns[0]), compare);
	*out = (struct vn_wakeup){
		.samples = n,
		.p50_ns = percentile(late_ns, n, 50),
		.p90_ns = percentile(late_ns, n, 90),
		.max_ns = late_ns[n - 1],
	};
	out->spin_ns = boundary(late_ns, n, out->p50_ns);
}

void vn_wakeup_measure(struct vn_wakeup *out)
{
	_Atomic uint32_t nobody = 0; /* sets it: each sleep lasts until its time */
	uint64_t late_ns[VN_WAKEUP_SAMPLES], now, end;
	struct vn_clock clock;
	unsigned int n = 0;

	vn_clock_real(&clock);
	now = vn_clock_now(&clock);
	end = now + BUDGET_NS;
	do {
		uint64_t until = now + SLEEP_NS;

		vn_clock_sleep(until, &nobody);
		now = vn_clock_now(&clock);
		if (now >= until) /* else a signal ended it */
			late_ns[n++] = now - until;
	} while (n < VN_WAKEUP_SAMPLES && (now < end || n == 0));
	vn_wakeup_judge(late_ns, n, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boundary is several times the greatest lateness seen: some dozens of sleeps do
 * not show what one in a thousand is like, and one in a hundred that is late is too
 * many. On a virtual machine these are the times at which the host was slow to give
 * the CPU back; who spins does not give it away.
 */
#include "base/wakeup.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

#define SLEEP_NS  100000
#define BUDGET_NS 8000000
#define MARGIN	  8

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t percentile(const uint64_t sorted[], unsigned int n, unsigned int percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

static uint64_t boundary(uint64_t late_ns)
{
	return VN_MIN(VN_MAX(MARGIN * late_ns, (uint64_t)VN_SPIN_MIN_NS),
		      (uint64_t)VN_SPIN_MAX_NS);
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
	out->spin_ns = boundary(out->max_ns);
	out->spin_least_ns = boundary(out->p90_ns);
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

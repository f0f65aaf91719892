/* SPDX-License-Identifier: BSD-2-Clause */
#include "pace.h"

#include <string.h>

#include "base/macros.h"
#include "nt/hw.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)
/* Ahead by more it sleeps, by less it spins: a sleep ends this late or so. */
#define SPIN_NS	 60000
#define SPIN_MAX 1000000

void card_pace_start(struct card_pace *p, const struct vn_clock *clock,
		     const _Atomic uint32_t *stop)
{
	memset(p, 0, sizeof(*p));
	p->clock = *clock;
	p->waiter.spin_ns = SPIN_NS;
	p->waiter.spin_max_ns = SPIN_MAX;
	p->stop = stop;
	p->start_ns = p->checked_ns = vn_clock_now(&p->clock);
}

uint64_t card_pace_now(struct card_pace *p, uint64_t cycle)
{
	uint64_t now;

	if (!p->has_napped)
		return cycle;
	p->has_napped = false;
	now = (vn_clock_now(&p->clock) - p->start_ns) / NS_PER_CYCLE;
	return VN_MAX(now, cycle);
}

/* Looks at the clock; what passed behind time since the last look counts. */
static uint64_t count_lag(struct card_pace *p, uint64_t due_ns)
{
	uint64_t now = vn_clock_now(&p->clock);
	uint64_t lag = now > due_ns ? now - due_ns : 0;

	p->lag_max_ns = VN_MAX(p->lag_max_ns, lag);
	p->lag_total_ns += VN_MIN(lag, now - p->checked_ns);
	p->checked_ns = now;
	return lag;
}

void card_pace_wait(struct card_pace *p, uint64_t cycle)
{
	uint64_t due_ns = p->start_ns + cycle * NS_PER_CYCLE;

	if (count_lag(p, due_ns))
		return;
	vn_clock_wait_by(&p->clock, &p->waiter, due_ns, p->stop);
	p->checked_ns = due_ns; /* waking late is late */
}

void card_pace_nap(struct card_pace *p, uint64_t cycle, uint64_t nap_ns, struct pollfd *fds,
		   unsigned int n)
{
	struct timespec ts = { .tv_sec = 0, .tv_nsec = (long)nap_ns };

	if (count_lag(p, p->start_ns + cycle * NS_PER_CYCLE) > CARD_NAP_NS)
		return; /* late enough without a rest */
	ppoll(fds, n, &ts, NULL);
	p->checked_ns = vn_clock_now(&p->clock);
	p->has_napped = true;
	p->naps++;
}

void card_pace_hold(struct card_pace *p, uint64_t cycle)
{
	p->checked_ns = vn_clock_now(&p->clock);
	p->start_ns = p->checked_ns - cycle * NS_PER_CYCLE;
}

bool card_pace_must_warn(struct card_pace *p)
{
	bool must = !p->has_warned && p->lag_max_ns > CARD_LAG_WARNING_NS;

	p->has_warned |= must;
	return must;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reasons against are a table, looked at in its order; the first one that holds
 * is told.
 */
#include "engine/realtime.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/macros.h"

static bool is_unlimited(const struct vn_realtime_case *c)
{
	return c->budget.is_known && c->budget.is_unlimited;
}

/* Nothing of the kernel's, of others' or ours could run beside it. */
static bool is_trap(const struct vn_realtime_case *c)
{
	return is_unlimited(c) && !c->is_isolated;
}

bool vn_realtime_must_sleep(const struct vn_realtime_case *c)
{
	return c->asked != VN_REALTIME_ON && !(is_unlimited(c) && c->is_isolated);
}

static bool spins_too_much(const struct vn_realtime_case *c)
{
	return c->permille > VN_REALTIME_PERMILLE && vn_realtime_must_sleep(c);
}

static bool is_off(const struct vn_realtime_case *c)
{
	return c->asked == VN_REALTIME_OFF;
}

static bool is_unpaced(const struct vn_realtime_case *c)
{
	return !c->is_paced;
}

static bool has_slack(const struct vn_realtime_case *c)
{
	return c->has_slack;
}

static bool is_alone(const struct vn_realtime_case *c)
{
	return c->n_cpus == 1;
}

static bool is_shared(const struct vn_realtime_case *c)
{
	return c->is_shared;
}

static const struct {
	bool (*holds)(const struct vn_realtime_case *c);
	const char *why;
	bool is_advice; /* who asks for it gets it all the same */
} against[] = {
	{ is_off, "realtime is off", false },
	{ is_unpaced, "nothing is paced", false },
	{ has_slack, "departures may be late by the slack", false },
	{ is_alone, "this process has one CPU only", true },
	{ is_shared, "another thread of this process is bound to the CPU", true },
	{ is_trap, "sched_rt_runtime_us has no limit: a mistake would stop the CPU", true },
	{ spins_too_much, NULL, true },
};

static uint64_t taken_us(const struct vn_rt_budget *b)
{
	return b->period_us > b->runtime_us ? b->period_us - b->runtime_us : 0;
}

static void say_spins(const struct vn_realtime_case *c, char why[VN_MACHINE_WHY])
{
	const struct vn_rt_budget *b = &c->budget;

	if (b->is_known && !b->is_unlimited)
		snprintf(why, VN_MACHINE_WHY,
			 "it spins most of the time, and sched_rt_runtime_us takes %" PRIu64
			 " ms of each %" PRIu64 " ms from who does so in real time",
			 taken_us(b) / 1000, b->period_us / 1000);
	else
		snprintf(why, VN_MACHINE_WHY, "it spins most of the time");
}

bool vn_realtime_wants(const struct vn_realtime_case *c, char why[VN_MACHINE_WHY])
{
	bool is_asked = c->asked == VN_REALTIME_ON;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(against); i++) {
		if (!against[i].holds(c) || (is_asked && against[i].is_advice))
			continue;
		if (against[i].why)
			snprintf(why, VN_MACHINE_WHY, "%s", against[i].why);
		else
			say_spins(c, why);
		return false;
	}
	snprintf(why, VN_MACHINE_WHY, "%s", is_asked ? "as asked" : "it is allowed");
	return true;
}

int vn_realtime_check(const struct vn_realtime_case *c, int cpu, struct vn_err *err)
{
	if (c->asked != VN_REALTIME_ON || !is_alone(c) || !is_trap(c))
		return 0;
	return vn_err_set(err, EINVAL,
			  "realtime on: CPU %d is the only one of this process and "
			  "sched_rt_runtime_us sets no limit, so that nothing could stop it; "
			  "expected a limit (950000), or more CPUs",
			  cpu);
}

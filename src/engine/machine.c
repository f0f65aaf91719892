/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's side: before a run its thread measures and decides, while one goes
 * on its scheduling follows what runs, and the kernel's counters are read at both
 * ends. Who asks meanwhile reads them for himself; the lock keeps the two ends
 * together, and the send loop never takes it.
 */
#include "engine/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "engine/engine_priv.h"
#include "engine/realtime.h"

#define ROOT	   "" /* of /proc and /sys */
#define SPIN_GROWS 4  /* times what was measured, at most */
#define SLACK_NS   1  /* the least there is: 0 stands for the default */

/* --- what a worker has to do --------------------------------------------------- */

static bool is_paced(const struct vn_entry *e)
{
	return e->stream.cfg.period_num != 0;
}

/* About which part of its time a worker would spin for these entries. */
static uint64_t spin_permille(const struct vn_worker *w, bool only_running, uint64_t spin_ns)
{
	__uint128_t sum = 0;

	for (const struct vn_entry *e = w->entries; e; e = e->next) {
		const struct vn_stream_cfg *cfg = &e->stream.cfg;

		if (is_paced(e) && (!only_running || vn_entry_is_running(e)))
			sum += (__uint128_t)spin_ns * 1000 * cfg->period_den / cfg->period_num;
	}
	return (uint64_t)VN_MIN(sum, (__uint128_t)UINT32_MAX);
}

static bool has_paced(const struct vn_worker *w, bool only_running)
{
	for (const struct vn_entry *e = w->entries; e; e = e->next)
		if (is_paced(e) && (!only_running || vn_entry_is_running(e)))
			return true;
	return false;
}

static struct vn_realtime_case case_of(const struct vn_worker *w, bool only_running)
{
	const struct vn_engine *e = w->engine;
	const struct vn_machine *m = &w->machine;
	struct vn_realtime_case c = {
		.asked = e->realtime,
		.is_paced = has_paced(w, only_running),
		.has_slack = e->slack_ns > 0,
		.is_isolated = m->isolated == 1,
		.n_cpus = e->n_cpus,
		.budget = m->budget,
	};

	for (unsigned int i = 0; i < e->n_bound; i++)
		c.is_shared |= e->bound[i] == w->cpu;
	c.permille = (unsigned int)spin_permille(w, only_running, m->wakeup.spin_least_ns);
	return c;
}

/* --- scheduling ------------------------------------------------------------------ */

static void say(struct vn_machine *m, const char *why)
{
	pthread_mutex_lock(&m->lock);
	snprintf(m->why, sizeof(m->why), "%s", why);
	vn_sched_text(m->policy);
	pthread_mutex_unlock(&m->lock);
}

static int set_realtime(struct vn_machine *m, bool is_on)
{
	int rc = 0;

	if (m->is_realtime != is_on)
		rc = is_on ? vn_realtime_begin() : vn_realtime_end();
	if (rc == 0)
		m->is_realtime = is_on;
	return rc;
}

/*
 * How far the boundary may grow. That of a thread which is real-time of itself only
 * so far that it still sleeps, or the kernel would take the CPU from it: better to
 * be some us late now and then than 50 ms once a second.
 */
static void bound_spin(struct vn_worker *w, bool only_running, bool must_sleep)
{
	const uint64_t measured_ns = w->machine.wakeup.spin_ns;
	uint64_t most_ns = VN_MIN(SPIN_GROWS * measured_ns, (uint64_t)VN_SPIN_MAX_NS);
	uint64_t permille = spin_permille(w, only_running, VN_SPIN_MAX_NS);

	if (!w->machine.wakeup.samples)
		return;
	if (w->machine.is_realtime && must_sleep && permille)
		most_ns =
			VN_MIN(most_ns, VN_SPIN_MAX_NS * (uint64_t)VN_REALTIME_PERMILLE / permille);
	w->waiter.spin_max_ns = most_ns;
	if (vn_stat_get(&w->waiter.spin_ns) > most_ns)
		vn_stat_set(&w->waiter.spin_ns, most_ns);
}

/* What the thread should be now, and is then if it may. */
static int schedule(struct vn_worker *w, bool only_running)
{
	const struct vn_realtime_case c = case_of(w, only_running);
	struct vn_machine *m = &w->machine;
	char why[VN_MACHINE_WHY];
	bool is_wanted;
	int rc;

	if (!m->is_ours) {
		say(m, "it was chosen from outside");
		return 0;
	}
	is_wanted = vn_realtime_wants(&c, why);
	rc = set_realtime(m, is_wanted);
	if (rc)
		snprintf(why, sizeof(why), "%s (needs " VN_REALTIME_RIGHT ")", strerror(-rc));
	bound_spin(w, only_running, vn_realtime_must_sleep(&c));
	say(m, why);
	return rc;
}

/* The thread is common again while it has nothing to send; what is told is what
 * it was. */
static void rest(struct vn_machine *m)
{
	set_realtime(m, false);
}

static int refuse(const struct vn_worker *w, int rc, struct vn_err *err)
{
	if (!rc || w->engine->realtime != VN_REALTIME_ON)
		return 0;
	return vn_err_set(err, -rc,
			  "realtime on: worker on CPU %d: %s (needs " VN_REALTIME_RIGHT ")", w->cpu,
			  strerror(-rc));
}

/* --- before a run ------------------------------------------------------------------ */

/* As it will be scheduled when it sleeps most of the time. */
static void measure(struct vn_worker *w)
{
	struct vn_wakeup measured;

	vn_wakeup_measure(&measured);
	pthread_mutex_lock(&w->machine.lock);
	w->machine.wakeup = measured;
	pthread_mutex_unlock(&w->machine.lock);
	vn_stat_set(&w->waiter.spin_ns, measured.spin_ns);
	w->waiter.spin_max_ns = measured.spin_ns; /* until it is scheduled */
}

/* A paced run: decides, and measures once. */
static int prepare_paced(struct vn_worker *w, struct vn_err *err)
{
	struct vn_machine *m = &w->machine;
	struct vn_realtime_case c;
	int rc;

	vn_rt_budget_read(ROOT, &m->budget);
	c = case_of(w, false);
	rc = vn_realtime_check(&c, w->cpu, err);
	if (rc)
		return rc;
	rc = refuse(w, schedule(w, false), err);
	if (!rc && !m->wakeup.samples) {
		measure(w);
		schedule(w, false); /* it is known now how much it will spin */
	}
	rest(m);
	return rc;
}

void vn_machine_prepare(struct vn_worker *w)
{
	struct vn_machine *m = &w->machine;
	struct vn_taken taken;

	if (!w->has_thread || m->is_running)
		return;
	m->rc = 0;
	if (has_paced(w, false) && !w->engine->slack_ns)
		m->rc = prepare_paced(w, &m->err);
	vn_waiter_clear(&w->waiter);
	vn_taken_read(ROOT, w->cpu, m->tid, &taken);
	pthread_mutex_lock(&m->lock);
	m->begin = taken;
	m->has_run = false;
	pthread_mutex_unlock(&m->lock);
}

int vn_machine_admit(const struct vn_entry *e, struct vn_err *err)
{
	const struct vn_machine *m = &e->worker->machine;

	if (!m->rc || !is_paced(e))
		return 0;
	return vn_err_set(err, -m->rc, "%s: %s", e->name, m->err.text);
}

/* --- while it goes on --------------------------------------------------------------- */

void vn_machine_arm(struct vn_worker *w)
{
	if (w->has_thread && !w->machine.rc)
		schedule(w, false);
}

static void begin_run(struct vn_machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->is_running = true;
	m->has_run = true;
	pthread_mutex_unlock(&m->lock);
}

/* Read under the lock: nobody has read more meanwhile, to see it become less. */
static void end_run(struct vn_worker *w)
{
	struct vn_machine *m = &w->machine;

	pthread_mutex_lock(&m->lock);
	vn_taken_read(ROOT, w->cpu, m->tid, &m->end);
	m->is_running = false;
	pthread_mutex_unlock(&m->lock);
}

void vn_machine_follow(struct vn_worker *w)
{
	struct vn_machine *m = &w->machine;
	bool is_running = vn_worker_next(w) != NULL;

	if (is_running) {
		if (!m->is_running)
			begin_run(m);
		schedule(w, true);
		return;
	}
	rest(m);
	if (m->is_running)
		end_run(w);
}

/* --- the thread's begin -------------------------------------------------------------- */

void vn_machine_open(struct vn_worker *w)
{
	struct vn_machine *m = &w->machine;
	int64_t slack_ns = vn_thread_slack(SLACK_NS);

	pthread_mutex_lock(&m->lock);
	m->tid = gettid();
	m->slack_ns = slack_ns;
	m->isolated = vn_cpu_is_listed(ROOT, "isolated", w->cpu);
	m->is_ours = vn_sched_is_common();
	vn_sched_text(m->policy);
	pthread_mutex_unlock(&m->lock);
}

/* --- telling -------------------------------------------------------------------------- */

static void tell(struct vn_worker_machine *out, enum vn_machine_field f, uint64_t n)
{
	out->value[f] = (struct vn_machine_number){ .is_known = true, .n = n };
}

static void tell_given(const struct vn_worker *w, struct vn_worker_machine *out)
{
	const struct vn_machine *m = &w->machine;

	out->knows_isolated = m->isolated >= 0;
	out->is_isolated = m->isolated == 1;
	memcpy(out->policy, m->policy, sizeof(out->policy));
	memcpy(out->why, m->why, sizeof(out->why));
	if (m->slack_ns >= 0)
		tell(out, VN_M_timer_slack_ns, (uint64_t)m->slack_ns);
	if (!m->wakeup.samples)
		return;
	tell(out, VN_M_timer_samples, m->wakeup.samples);
	tell(out, VN_M_timer_p50_ns, m->wakeup.p50_ns);
	/* Of fewer samples it would be the greatest. */
	if (m->wakeup.samples >= 10)
		tell(out, VN_M_timer_p90_ns, m->wakeup.p90_ns);
	tell(out, VN_M_timer_max_ns, m->wakeup.max_ns);
	tell(out, VN_M_spin_ns, vn_stat_get(&w->waiter.spin_ns));
}

static void tell_taken(struct vn_worker *w, struct vn_worker_machine *out)
{
	const struct vn_waiter *by = &w->waiter;
	struct vn_machine *m = &w->machine;
	struct vn_taken now;

	if (m->is_running)
		vn_taken_read(ROOT, w->cpu, m->tid, &now);
	else
		now = m->end;
	vn_taken_between(&m->begin, &now, out);
	if (!m->wakeup.samples)
		return; /* it has never waited for a departure */
	tell(out, VN_M_overslept, vn_stat_get(&by->overslept));
	tell(out, VN_M_overslept_max_ns, vn_stat_get(&by->overslept_max_ns));
	tell(out, VN_M_stalls, vn_stat_get(&by->stalls));
	tell(out, VN_M_stall_ns, vn_stat_get(&by->stall_ns));
	tell(out, VN_M_stall_max_ns, vn_stat_get(&by->stall_max_ns));
}

void vn_worker_machine(struct vn_worker *w, struct vn_worker_machine *out)
{
	struct vn_machine *m = &w->machine;

	*out = (struct vn_worker_machine){ .cpu = w->cpu };
	if (!w->has_thread)
		return;
	pthread_mutex_lock(&m->lock);
	tell_given(w, out);
	out->has_run = m->has_run;
	if (m->has_run)
		tell_taken(w, out);
	pthread_mutex_unlock(&m->lock);
	vn_taken_governor(ROOT, w->cpu, out->governor);
}

void vn_machine_add_stalls(struct vn_worker *w, uint64_t n, uint64_t sum_ns, uint64_t max_ns)
{
	vn_waiter_add_stalls(&w->waiter, n, sum_ns, max_ns);
}

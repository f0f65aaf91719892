/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the next packets of an entry leave, and how many of them together.
 *
 * Departures that are due at the same time leave in one call only where the gap
 * asked for is shorter than what a call costs, as measured: then the rate could not
 * be had one by one. Else each has a call of its own, also after a time in which
 * the machine was away, so that nobody gets a burst who did not ask for one; and
 * what was missed is made up at a little more than the rate asked for, gap by gap.
 */
#include "engine/engine_priv.h"

/* --- the schedule ------------------------------------------------------------ */

/* Draws n gaps that lie one behind the other. */
static uint64_t draw_gaps(struct vn_series *gaps, uint32_t n)
{
	uint64_t sum = 0;

	while (n--) {
		sum += vn_series_next(gaps);
		sum = VN_MIN(sum, VN_SERIES_MAX);
	}
	return sum;
}

/* One of several workers draws all gaps of the stream, as the others do, and takes
 * every shares-th departure. */
uint64_t vn_pace_draw(void *entry)
{
	struct vn_entry *e = entry;

	return draw_gaps(e->stream.gaps, VN_MAX(e->shares, 1u));
}

static void begin_gaps(struct vn_entry *e, uint64_t at_ns)
{
	vn_schedule_start(&e->sched, at_ns, 0, VN_SCHEDULE_ONE);
	vn_schedule_set_gap(&e->sched, draw_gaps(e->stream.gaps, e->share));
	vn_schedule_advance(&e->sched);
	vn_schedule_set_gap(&e->sched, vn_pace_draw(e));
}

void vn_pace_begin(struct vn_entry *e, uint64_t at_ns)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	e->turn_departures = 0;
	e->not_before_ns = 0;
	if (e->stream.gaps) {
		begin_gaps(e, at_ns);
		return;
	}
	vn_schedule_start(&e->sched, at_ns, cfg->period_num, cfg->period_den);
	if (e->shares && cfg->period_num)
		vn_schedule_delay(&e->sched, cfg->period_num / e->shares * e->share);
}

void vn_pace_change(struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	if (!e->stream.gaps) {
		vn_schedule_period(&e->sched, cfg->period_num, cfg->period_den);
	} else if (e->sched.den != VN_SCHEDULE_ONE) { /* they are new */
		vn_schedule_period(&e->sched, 0, VN_SCHEDULE_ONE);
		vn_schedule_set_gap(&e->sched, vn_pace_draw(e));
	}
}

static void advance(struct vn_entry *e)
{
	vn_schedule_advance(&e->sched);
	if (e->stream.gaps)
		vn_schedule_set_gap(&e->sched, vn_pace_draw(e));
}

/* --- waiting ------------------------------------------------------------------ */

/* From now on, as the clock was last read. */
static bool wait_from(struct vn_entry *e, struct vn_waiter *by, uint64_t from, uint64_t t_ns)
{
	uint64_t now;

	if (from >= t_ns)
		return true;
	now = vn_clock_wait_by(e->worker->engine->clock, by, t_ns, &e->worker->control);
	vn_stat_add(&e->stats.idle_ns, now - from);
	return now >= t_ns;
}

bool vn_pace_wait(struct vn_entry *e, uint64_t t_ns)
{
	return wait_from(e, &e->worker->waiter, vn_clock_now(e->worker->engine->clock), t_ns);
}

/*
 * What a turn for one departure takes, all in all. Up in small steps and down in
 * large ones: the time that the machine was away in one of them is no part of it. A
 * turn for several takes longer than one, so it can only show that one takes less.
 */
static void measure_turn(struct vn_entry *e, uint64_t now)
{
	uint64_t known = vn_stat_get(&e->stats.call_ns), cost = now - e->turn_ns;

	if (!known)
		known = cost;
	else if (cost < known)
		known -= (known - cost) / 4;
	else if (e->turn_departures == 1)
		known += VN_MIN((cost - known) / 8, known / 16 + 1);
	vn_stat_set(&e->stats.call_ns, known);
}

bool vn_pace_await(struct vn_entry *e, uint64_t at_ns, uint64_t lead_ns)
{
	struct vn_engine *engine = e->worker->engine;
	struct vn_waiter awake = { .spin_ns = VN_AWAKE_NS };
	bool is_first = !e->has_held && !engine->slack_ns;
	uint64_t now = vn_clock_now(engine->clock);

	/* Turns of other entries that came between are no part of it. */
	if (e->turn_departures && e->worker->last == e && !engine->is_virtual)
		measure_turn(e, now);
	e->worker->last = e;
	e->turn_departures = 0;
	if (engine->slack_ns) {
		at_ns += engine->slack_ns;
	} else {
		at_ns = VN_MAX(at_ns, e->not_before_ns);
		at_ns -= VN_MIN(lead_ns, at_ns);
	}
	return wait_from(e, is_first ? &awake : &e->worker->waiter, now, at_ns);
}

/* --- how much ------------------------------------------------------------------- */

uint64_t vn_pace_allowed(const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	uint64_t sofar = vn_stat_get(&e->stats.sofar);

	if (e->burst_left)
		return e->burst_left;
	if (cfg->count == 0)
		return UINT64_MAX;
	return cfg->count > sofar ? cfg->count - sofar : 0;
}

bool vn_pace_is_over(const struct vn_entry *e, uint64_t at_ns)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	if (e->burst_left)
		return false;
	if (vn_pace_allowed(e) == 0)
		return true;
	return cfg->time_ns && at_ns - vn_stat_get(&e->stats.started_ns) >= cfg->time_ns;
}

/* Reserves what it gets of n frames, all asked for at depart_ns. */
static unsigned int reserve(struct vn_entry *e, uint64_t n, uint64_t depart_ns)
{
	struct vn_frame *f;
	unsigned int i, got;

	got = vn_txq_reserve(e->txq, (unsigned int)VN_MIN(n, (uint64_t)VN_BATCH), &f);
	for (i = 0; i < got; i++)
		f[i].depart_ns = depart_ns;
	return got;
}

unsigned int vn_pace_departure(struct vn_entry *e, uint64_t depart_ns)
{
	unsigned int got;

	if (e->burst_left == 0) {
		e->burst_left = vn_stream_burst(&e->stream.cfg);
		e->burst_depart_ns = depart_ns;
	}
	got = reserve(e, e->burst_left, e->burst_depart_ns);
	e->burst_left -= got;
	return got;
}

static bool catches_up(const struct vn_entry *e)
{
	return e->stream.cfg.late_policy == VN_LATE_CATCH_UP;
}

/* Departures that have passed, and whose following one has too. */
static void skip_missed(struct vn_entry *e, uint64_t now)
{
	uint64_t n = 0, following_ns = vn_schedule_following(&e->sched);

	while (following_ns <= now && !vn_pace_is_over(e, following_ns)) {
		advance(e);
		following_ns = vn_schedule_following(&e->sched);
		n++;
	}
	vn_stat_add(&e->stats.skipped, n);
}

/*
 * The departure under way and the one behind it may leave in one call: it takes
 * longer than the gap, or hardly less, so that nothing missed could be made up.
 * Virtual time costs nothing: there each departure is built at the moment when the
 * link takes it, so that its stamp is exact.
 */
static bool may_join(const struct vn_entry *e)
{
	const struct vn_engine *engine = e->worker->engine;
	uint64_t call_ns = vn_stat_get(&e->stats.call_ns);

	if (engine->is_virtual)
		return false;
	return e->sched.step_ns < call_ns + call_ns / 4 || engine->slack_ns || e->txq->launch_ns;
}

void vn_pace_due(struct vn_entry *e, uint64_t now)
{
	const uint64_t limit = vn_pace_allowed(e);
	const uint64_t due_ns = now + e->txq->launch_ns;
	const uint32_t burst = vn_stream_burst(&e->stream.cfg);
	uint64_t asked_ns, gap_ns, n = 0;
	bool joins;

	/* The first one opens the measurement of the rate, however late it is. */
	if (e->stream.cfg.late_policy == VN_LATE_SKIP && vn_stat_get(&e->stats.sofar))
		skip_missed(e, now);
	e->turn_ns = now;
	e->turn_departures = 0;
	do {
		asked_ns = e->sched.next_ns;
		gap_ns = e->sched.step_ns;
		n += vn_pace_departure(e, asked_ns);
		e->turn_departures++;
		joins = may_join(e);
		advance(e);
	} while (joins && e->sched.next_ns <= due_ns && n < limit &&
		 n + burst <= e->builder.max_batch && !vn_pace_is_over(e, e->sched.next_ns) &&
		 (e->txq->head & e->txq->mask));
	vn_stat_raise(&e->stats.batch_max, e->turn_departures);
	e->not_before_ns = joins || !catches_up(e) ? 0 : vn_schedule_spaced(now, asked_ns, gap_ns);
}

void vn_pace_unscheduled(struct vn_entry *e, uint64_t now)
{
	if (e->worker->engine->is_virtual || vn_stream_burst(&e->stream.cfg) > 1)
		vn_pace_departure(e, now);
	else
		reserve(e, VN_MIN(vn_pace_allowed(e), (uint64_t)e->builder.max_batch), now);
}

/* --- afterwards ----------------------------------------------------------------- */

void vn_pace_slide(struct vn_entry *e, uint64_t late_ns)
{
	e->sched.next_ns += late_ns;
	vn_stat_add(&e->stats.slid_ns, late_ns);
	vn_departures_slide(e->departures, late_ns);
}

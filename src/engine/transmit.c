/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One turn of a worker for one entry: wait for the time, build, hand over,
 * count (spec sections 7.5 to 7.8). This is the send loop: no lock, no
 * allocation, and one look at the clock a batch.
 *
 * Packets are built after the wait, so that their stamp is that of their
 * departure. An entry without a delay is served in batches; one with a delay
 * packet by packet, or burst by burst, as far as that can keep its rate (pace.c).
 */
#include <string.h>

#include "engine/engine_priv.h"

#define COMPLETION_POLL_NS 50000  /* looks for completions at the end of a run */
#define COLD 16 /* times as long as other calls, the first one takes */
#define NEVER_POLL_NS 100000000   /* a delay that never ends: pktgen's idle turn */

uint32_t vn_entry_copies(const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	if (!(cfg->flags & VN_FLAG_SHARED) || cfg->clone_skb <= 1)
		return vn_stream_burst(cfg);
	return (uint32_t)cfg->clone_skb * vn_stream_burst(cfg);
}

static bool is_scheduled(const struct vn_entry *e)
{
	return e->stream.cfg.period_num != 0;
}

/* --- building ------------------------------------------------------------- */

static void copy_frame(struct vn_frame *to, const struct vn_frame *from)
{
	memcpy(to->data, from->data, from->len);
	to->len = from->len;
	to->content = 0; /* what lies behind it may be an older, longer packet's */
}

/* The same packet several times, across batches: clone_skb and burst. */
static void fill_copies(struct vn_entry *e, struct vn_frame *f, unsigned int n, uint64_t wall_ns)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (e->copies_left == 0) {
			vn_builder_fill(&e->builder, &e->held, 1, e->seq_num + i, wall_ns);
			e->copies_left = vn_entry_copies(e);
		}
		copy_frame(&f[i], &e->held);
		e->copies_left--;
	}
}

static void fill(struct vn_entry *e, struct vn_frame *f, unsigned int n)
{
	struct vn_clock *clock = e->worker->engine->clock;
	unsigned int i, part;

	e->has_held = true;
	if (vn_entry_copies(e) > 1) {
		fill_copies(e, f, n, clock->wall(clock));
		return;
	}
	for (i = 0; i < n; i += part) {
		part = VN_MIN(n - i, e->stream.cfg.stamp_every);
		vn_builder_fill(&e->builder, f + i, part, e->seq_num + i, clock->wall(clock));
	}
}

/* --- counting ------------------------------------------------------------- */

static void count_sent(struct vn_entry *e, const struct vn_frame *f, unsigned int n, uint64_t now)
{
	uint64_t bytes = 0, bits = 0;
	unsigned int i;

	if (n == 0)
		return;
	for (i = 0; i < n; i++) {
		bytes += f[i].len;
		bits += vn_wire_bits_l2(f[i].len);
	}
	if (vn_stat_get(&e->stats.sofar) == 0)
		vn_stat_set(&e->stats.first_ns, now);
	vn_stat_set(&e->stats.last_ns, now);
	vn_stat_add(&e->stats.sofar, n);
	vn_stat_add(&e->stats.tx_bytes, bytes);
	vn_stat_add(&e->stats.tx_bits_l2, bits);
	vn_stat_add(&e->stats.tx_bits_l1, bits + (uint64_t)n * VN_ETH_GAP * 8);
	e->seq_num += n;
}

/* Frames that something else launches left, for all that is seen here, in time, unless
 * they were handed over too late. */
static void count_departures(struct vn_entry *e, const struct vn_frame *f, unsigned int n,
			     uint64_t now)
{
	const bool is_launched = e->txq->launch_ns;
	unsigned int i;

	for (i = 0; i < n; i++)
		vn_departures_add(e->departures, f[i].depart_ns,
				  is_launched ? VN_MAX(now, f[i].depart_ns) : now);
	if (e->stream.cfg.late_policy == VN_LATE_SLIDE && n &&
	    now > f[n - 1].depart_ns + VN_LATE_NS)
		vn_pace_slide(e, now - f[n - 1].depart_ns);
}

/* What the kernel or the hardware says of those that left before. */
static void count_stamped(struct vn_entry *e)
{
	struct vn_departed stamps[VN_BATCH];
	unsigned int i, n;

	if (vn_likely(!e->txq->departed))
		return;
	do {
		n = e->txq->departed(e->txq, stamps, VN_BATCH);
		for (i = 0; i < n; i++)
			vn_departures_add(e->stamped, stamps[i].asked_ns, stamps[i].ns);
	} while (n == VN_BATCH);
}

/* --- handing over --------------------------------------------------------- */

/* One packet is lost for good: those built behind it move up one number. */
static void count_error(struct vn_entry *e)
{
	struct vn_frame *f;
	unsigned int n = vn_txq_peek(e->txq, &f);

	vn_stat_add(&e->stats.errors, 1);
	if (n && vn_entry_copies(e) == 1)
		vn_builder_reseq(&e->builder, f, n, e->seq_num);
}

/* What the receive path drops counts as sent all the same (spec section 7.7). */
static void count_refused(struct vn_entry *e, const struct vn_frame *f, uint64_t now)
{
	count_sent(e, f, 1, now);
	vn_stat_add(&e->stats.errors, 1);
}

/*
 * The device takes nothing now. A run that was to last some time ends all the
 * same when that is over. On a virtual clock there is room again at a timer's
 * time at the earliest.
 */
static bool wait_for_room(struct vn_entry *e, uint64_t now)
{
	struct vn_engine *engine = e->worker->engine;
	uint64_t next_ns;

	if (e->stream.cfg.time_ns &&
	    now >= vn_stat_get(&e->stats.started_ns) + e->stream.cfg.time_ns) {
		vn_entry_stop(e);
		return false;
	}
	if (!engine->is_virtual)
		return true;
	next_ns = vn_timers_next(&engine->clock->timers);
	if (next_ns != UINT64_MAX)
		e->worker->retry_ns = next_ns;
	return true;
}

/*
 * Offers what is reserved. Returns false when the device is gone or down and
 * the entry was stopped.
 */
static bool commit(struct vn_entry *e)
{
	struct vn_clock *clock = e->worker->engine->clock;
	struct vn_frame *f;
	unsigned int n = vn_txq_peek(e->txq, &f);
	uint64_t now = vn_clock_now(clock);
	struct vn_tx_done done = vn_txq_commit(e->txq, n);

	count_sent(e, f, done.sent, now);
	if (is_scheduled(e)) {
		count_departures(e, f, done.sent, now);
		count_stamped(e);
	}

	switch (done.code) {
	case VN_TX_OK:
		e->last_ok = true;
		break;
	case VN_TX_BUSY:
		e->last_ok = false;
		return wait_for_room(e, now);
	case VN_TX_DOWN:
		vn_entry_stop(e);
		return false;
	default: /* dropped: the mark stays as it was */
		if (e->stream.cfg.xmit_mode == VN_NETIF_RECEIVE)
			count_refused(e, f + done.sent, now);
		else
			count_error(e);
		if (!is_scheduled(e)) /* the next one would go the same way */
			return wait_for_room(e, now);
		break;
	}
	return true;
}

/* --- the next packets --------------------------------------------------------- */

/* Nothing more to send: lets the device finish, then ends the run. (A virtual
 * clock cannot be moved for one worker alone; what is under way there arrives
 * after the run.) */
static void finish(struct vn_entry *e)
{
	struct vn_worker *w = e->worker;
	struct vn_txq *q = e->txq;

	while (!w->engine->is_virtual && q->outstanding && q->outstanding(q) &&
	       !atomic_load_explicit(&w->control, memory_order_relaxed))
		vn_pace_wait(e, vn_clock_now(w->engine->clock) + COMPLETION_POLL_NS);
	count_stamped(e);
	vn_entry_stop(e);
}

/*
 * Takes frames for the next packets. False: nothing to send now (the wait was
 * cut short, the delay never ends, the time is over).
 */
static bool reserve_next(struct vn_entry *e)
{
	struct vn_clock *clock = e->worker->engine->clock;
	bool follows_schedule;
	uint64_t at_ns;

	/* The first packet ever goes out without touching the schedule, and so
	 * does the rest of a burst. */
	follows_schedule = is_scheduled(e) && e->last_ok && e->burst_left == 0;
	at_ns = follows_schedule ? e->sched.next_ns : vn_clock_now(clock);
	if (vn_pace_is_over(e, at_ns)) {
		finish(e);
		return false;
	}
	if (follows_schedule) {
		if (!vn_pace_await(e, at_ns, e->txq->launch_ns))
			return false;
		vn_pace_due(e, vn_clock_now(clock));
	} else if (is_scheduled(e)) {
		vn_pace_departure(e, at_ns);
	} else {
		vn_pace_unscheduled(e, at_ns);
	}
	return true;
}

/* Those without a schedule, one after the other. */
static void take_turns(struct vn_entry *e)
{
	if (!is_scheduled(e) && e->worker->engine->interleave)
		e->sched.next_ns = vn_clock_now(e->worker->engine->clock);
}

/* --- devices that build frames themselves ----------------------------------- */

static void count_generated(struct vn_entry *e, const struct vn_generation *g)
{
	if (g->sent) {
		if (vn_stat_get(&e->stats.sofar) == 0)
			vn_stat_set(&e->stats.first_ns, g->first_ns);
		vn_stat_set(&e->stats.last_ns, g->last_ns);
	}
	vn_stat_add(&e->stats.sofar, g->sent);
	vn_stat_add(&e->stats.tx_bytes, g->bytes);
	vn_stat_add(&e->stats.tx_bits_l2, g->bits_l2);
	vn_stat_add(&e->stats.tx_bits_l1, g->bits_l2 + g->sent * VN_ETH_GAP * 8);
	vn_stat_add(&e->stats.idle_ns, g->idle_ns);
	vn_stat_add(&e->stats.skipped, g->skipped);
	vn_stat_add(&e->stats.slid_ns, g->slid_ns);
	vn_stat_raise(&e->stats.batch_max, g->batch);
	if (g->single_ns)
		vn_stat_set(&e->stats.call_ns, g->single_ns);
	if (g->stalls)
		vn_machine_add_stalls(e->worker, g->stalls, g->stall_ns, g->stall_max_ns);
	e->seq_num += (uint32_t)g->sent;
	e->has_held = true;
}

static uint64_t end_of_time(const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	return cfg->time_ns ? vn_stat_get(&e->stats.started_ns) + cfg->time_ns : UINT64_MAX;
}

/* The device builds and sends by itself: it is told how much, and when. */
static void transmit_generated(struct vn_entry *e)
{
	const struct vn_txq_generator *generator = e->txq->generator;
	const uint64_t burst = vn_stream_burst(&e->stream.cfg), left = vn_pace_allowed(e);
	struct vn_clock *clock = e->worker->engine->clock;
	uint64_t lead_ns, at_ns = is_scheduled(e) ? e->sched.next_ns : vn_clock_now(clock);
	struct vn_generation g = {
		/* A burst is never cut. */
		.max = left > UINT64_MAX - burst ? left : (left + burst - 1) / burst * burst,
		.seq = e->seq_num,
		.sched = is_scheduled(e) ? &e->sched : NULL,
		.end_ns = end_of_time(e),
		.due_ns = UINT64_MAX,
		.not_before_ns = e->not_before_ns,
		.departures = e->departures,
		.draw_gap = e->stream.gaps ? vn_pace_draw : NULL,
		.draw_arg = e,
	};

	if (vn_pace_is_over(e, at_ns)) {
		finish(e);
		return;
	}
	/* Before the first packet nothing is at hand yet. */
	lead_ns = generator->lead_ns * (e->has_held ? 1 : COLD);
	if (g.sched && !vn_pace_await(e, at_ns, lead_ns))
		return;
	if (e->worker->engine->slack_ns)
		g.due_ns = vn_clock_now(clock);
	generator->generate(e->txq, &g);
	count_generated(e, &g);
	e->not_before_ns = g.not_before_ns;
	e->last_ok = g.code == VN_TX_OK;
	if (g.code == VN_TX_DOWN)
		vn_entry_stop(e);
	else if (vn_pace_allowed(e) == 0)
		finish(e);
	else if (g.code == VN_TX_BUSY)
		wait_for_room(e, vn_clock_now(clock));
	take_turns(e);
}

static bool is_never(struct vn_entry *e)
{
	if (vn_likely(e->stream.cfg.delay_ns != VN_DELAY_NEVER))
		return false;
	e->sched.next_ns = vn_clock_now(e->worker->engine->clock) + NEVER_POLL_NS;
	vn_pace_wait(e, e->sched.next_ns);
	return true;
}

void vn_entry_transmit(struct vn_entry *e)
{
	struct vn_frame *f;
	unsigned int n;

	if (vn_unlikely(e->compiled_generation != e->stream.generation) && !vn_entry_compile(e))
		return;
	if (is_never(e))
		return;
	if (e->txq->generator) {
		transmit_generated(e);
		return;
	}
	if (vn_txq_pending(e->txq) == 0) {
		if (!reserve_next(e))
			return;
		n = vn_txq_peek(e->txq, &f);
		fill(e, f, n);
	}
	if (!commit(e))
		return;
	if (vn_txq_pending(e->txq) == 0 && vn_pace_allowed(e) == 0) {
		finish(e);
		return;
	}
	take_turns(e);
}

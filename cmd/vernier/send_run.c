/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From start to the last straggler, with a snapshot at every interval.
 */
#include "send_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define LOOK_NS 200000000ull  /* how long a signal or a dead receiver may wait */
#define SETTLE_NS 1000000ull  /* between looks for the last packets */

int send_snapshot(struct send_run *run, bool is_final, const struct vn_snapshot *prev,
		  struct vn_snapshot *out)
{
	struct vn_snap_source *sources = calloc(run->streams.n, sizeof(*sources));
	struct vn_rxq_stats rxq = { 0 };
	bool sees_filtered = false;
	uint64_t filtered;
	int rc;

	if (!sources)
		return -ENOMEM;
	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];

		sources[i] = (struct vn_snap_source){
			.name = s->name,
			.interface = s->ifname[0] ? s->ifname : run->ifname,
			.driver = run->o.driver,
			.tx = &s->entry->stats,
			.rx = s->flow,
			.is_numbered = s->is_numbered,
			.asked_pps = s->asked_pps,
			.burst = s->burst,
			.departures = s->entry->departures,
			.stamped = s->entry->stamped,
			.stamped_by = is_final ? s->stamped_by : NULL,
			.is_share = s->shares > 1,
			.result = is_final ? s->result : NULL,
		};
	}
	if (run->rx) {
		vn_rxthread_stats(run->rx, &rxq);
		sees_filtered = vn_rxthread_filtered(run->rx, &filtered);
	}
	rc = vn_snapshot_take(
		&(struct vn_snap_input){
			.sources = sources,
			.n = run->streams.n,
			.is_final = is_final,
			.begin_ns = run->begin_ns,
			.now_ns = is_final ? run->end_ns : vn_clock_now(&run->clock),
			.rx = run->rx ? vn_receiver_stats(vn_rxthread_receiver(run->rx)) : NULL,
			.rxq = &rxq,
			.late_after_ns = run->o.late_after_ns,
			.clock_error_ns = run->o.clock_error_ns,
			.filtered = sees_filtered ? &filtered : NULL,
			.clock = &run->grain,
			.engine = run->engine,
			.prev = prev,
		},
		out);
	free(sources);
	return rc;
}

/* A line that cannot be made or written does not end the run: vn_json_close
 * remembers it. */
static void report_interval(struct send_run *run)
{
	struct vn_snapshot now;

	if (send_snapshot(run, false, &run->last, &now))
		return;
	if (!run->o.is_quiet && !run->o.is_sim)
		vn_report_progress(stderr, VN_REPORT_SEND, &now);
	vn_json_write(&run->json, &now, "running");
	vn_snapshot_free(&run->last);
	run->last = now;
}

/*
 * Until nothing runs. A signal may come before the start, which would undo its
 * stop: so the stop is repeated while the signal stands.
 */
static void wait_for_end(struct send_run *run)
{
	uint64_t tick_ns = run->begin_ns + run->o.interval_ns;

	for (;;) {
		uint64_t now = vn_clock_now(&run->clock);
		uint64_t left = tick_ns > now ? tick_ns - now : 0;

		if (vn_engine_wait_idle(run->engine, VN_MIN(left, LOOK_NS)))
			return;
		if (vn_interrupt_seen(&run->interrupt) ||
		    (run->rx && vn_rxthread_wait(run->rx, 0)))
			vn_engine_stop(run->engine);
		capturing_flush(&run->capturing);
		if (vn_clock_now(&run->clock) < tick_ns)
			continue;
		report_interval(run);
		tick_ns += run->o.interval_ns;
	}
}

/* Copies of packets that came before are no sign that others came. */
static bool all_arrived(const struct send_run *run)
{
	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];
		struct vn_rx_flow_counts c;

		vn_rx_flow_read(s->flow, &c);
		if ((s->is_numbered ? c.unique : c.received) < vn_stat_get(&s->entry->stats.sofar))
			return false;
	}
	return true;
}

/* Packets under way are given some time; a second signal is not needed to get
 * out of here, since it is short and bounded. */
static void settle(struct send_run *run)
{
	uint64_t end_ns = vn_clock_now(&run->clock) + run->o.settle_ns;

	while (!all_arrived(run) && vn_clock_now(&run->clock) < end_ns)
		if (vn_rxthread_wait(run->rx, SETTLE_NS))
			return;
}

/* On the worker's thread: what the entry says at the end. */
static int collect_entry(void *arg)
{
	struct send_stream *stream = arg;
	const struct vn_entry *entry = stream->entry;

	memcpy(stream->result, entry->result, sizeof(stream->result));
	stream->stamped_by = entry->stamp_source;
	memcpy(stream->trouble, entry->start_err.text, sizeof(stream->trouble));
	return 0;
}

static void stop_sending(void *engine)
{
	vn_engine_stop(engine);
}

/* On the virtual clock an interval is a timer's. People get no lines of it: an
 * hour is over before they can read the first. */
struct ticker {
	struct vn_timer timer;
	struct send_run *run;
};

static void tick(struct vn_timer *t)
{
	struct ticker *k = vn_container_of(t, struct ticker, timer);

	report_interval(k->run);
	vn_timer_arm(&k->run->clock.timers, t, t->at_ns + k->run->o.interval_ns);
}

static void run_virtual(struct send_run *run)
{
	struct ticker ticker = { .timer = { .fn = tick }, .run = run };

	if (run->json.out)
		vn_timer_arm(&run->clock.timers, &ticker.timer,
			     run->begin_ns + run->o.interval_ns);
	vn_engine_run_virtual(run->engine);
	vn_timer_cancel(&ticker.timer);
}

/* On the thread that answers. What it may not read is only read for the final
 * snapshot, or was written before the run began. */
static int take_metrics(void *arg, struct vn_snapshot *out)
{
	return send_snapshot(arg, false, NULL, out);
}

/* On the virtual clock preparing takes no time. What cannot begin says so in the
 * report; the others do. */
static void prepare(struct send_run *run)
{
	struct vn_err why;

	if (!run->o.is_sim)
		vn_engine_prepare(run->engine, &why);
}

static void run_engine(struct send_run *run)
{
	prepare(run);
	vn_clock_measure_grain(&run->clock, &run->grain);
	run->begin_ns = vn_clock_now(&run->clock);
	vn_metrics_begin(run->metrics, take_metrics, run);
	vn_engine_start(run->engine);
	if (run->o.is_sim)
		run_virtual(run);
	else
		wait_for_end(run);
	run->end_ns = vn_clock_now(&run->clock);
	run->was_interrupted = vn_interrupt_seen(&run->interrupt);
	for (unsigned int i = 0; i < run->streams.n; i++)
		vn_worker_call(run->streams.v[i].worker, collect_entry, &run->streams.v[i]);
}

int send_execute(struct send_run *run, struct vn_err *err)
{
	int rc;

	rc = run->rx ? vn_rxthread_start(run->rx, err) : 0;
	if (rc)
		return rc;
	rc = vn_interrupt_listen(&run->interrupt, stop_sending, run->engine);
	if (rc)
		return vn_err_set(err, -rc, "cannot start a thread: %s", strerror(-rc));
	run_engine(run);
	if (!run->o.is_quiet)
		vn_report_progress_end(stderr);
	if (run->rx) {
		settle(run);
		run->rx_rc = vn_rxthread_end(run->rx, &run->rx_err);
	}
	run->capture_rc = capturing_finish(&run->capturing, &run->capture_err);
	return 0;
}

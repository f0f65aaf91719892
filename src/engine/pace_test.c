/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When packets leave, and how many together: policies on the virtual clock, on a
 * device that takes time and now and then much of it; batches on a clock that goes
 * on by what a call costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cpu.h"
#include "engine/engine.h"

#define LOG_MAX 100000
#define START_NS 1000

/* --- a device that takes time --------------------------------------------------- */

struct slow {
	struct vn_netdev dev;
	uint64_t call_ns, packet_ns; /* that a call takes, and each packet of it */
	uint64_t stall_at, stall_ns; /* one stall, when so many packets have gone */
	uint64_t launch_ns;
	uint32_t n, n_calls;
	uint32_t largest;            /* call, in packets */
	uint64_t asked_ns[LOG_MAX], ns[LOG_MAX];
};

static void pass(struct vn_clock *c, uint64_t ns)
{
	c->virtual_ns += ns;
}

static struct vn_tx_done slow_commit(struct vn_txq *q, unsigned int n)
{
	struct slow *s = vn_container_of(q->dev, struct slow, dev);

	s->n_calls++;
	s->largest = VN_MAX(s->largest, n);
	pass(q->dev->clock, s->call_ns + n * s->packet_ns);
	for (unsigned int i = 0; i < n; i++) {
		if (s->n == s->stall_at)
			pass(q->dev->clock, s->stall_ns);
		assert_true(s->n < LOG_MAX);
		s->asked_ns[s->n] = q->frames[(q->tail + i) & q->mask].depart_ns;
		s->ns[s->n++] = vn_clock_now(q->dev->clock);
	}
	return (struct vn_tx_done){ n, VN_TX_OK };
}

static int slow_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		     struct vn_err *err)
{
	struct vn_txq *q = calloc(1, sizeof(*q));

	assert_int_equal(vn_txq_init(q, dev, 256, opts->frame_cap), 0);
	q->commit = slow_commit;
	q->launch_ns = vn_container_of(dev, struct slow, dev)->launch_ns;
	*out = q;
	return 0;
}

static void slow_close(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(q);
}

static const struct vn_netdev_ops slow_ops = {
	.name = "slow",
	.caps = VN_CAP_TX,
	.txq_open = slow_open,
	.txq_close = slow_close,
};

/* --- a clock of calls: it goes on by what they cost, and jumps over waits -------- */

static uint64_t clock_now(struct vn_clock *c)
{
	return c->virtual_ns;
}

static uint64_t clock_wait(struct vn_clock *c, uint64_t t_ns, const _Atomic uint32_t *stop)
{
	struct vn_clock real;

	/* A worker without work: for it time does not pass. */
	if (t_ns > c->virtual_ns + 50000000 && stop) {
		vn_clock_real(&real);
		real.wait(&real, real.now(&real) + 1000000, stop);
		return c->virtual_ns;
	}
	c->virtual_ns = VN_MAX(c->virtual_ns, t_ns);
	return c->virtual_ns;
}

/* --- fixture ------------------------------------------------------------------------ */

struct fixture {
	struct vn_clock clock;
	struct slow slow;
	struct vn_engine *engine;
	struct vn_entry *entry;
};

static struct fixture *make(bool is_virtual)
{
	struct fixture *x = calloc(1, sizeof(*x));
	int cpus[1] = { 0 };
	const struct vn_engine_opts opts = { .clock = &x->clock, .is_virtual = is_virtual,
					     .interleave = true, .cpus = cpus, .n_cpus = 1 };

	assert_true(vn_cpu_list(cpus, 1) > 0);
	vn_clock_virtual(&x->clock, START_NS, 0);
	if (!is_virtual) {
		x->clock.now = clock_now;
		x->clock.wait = clock_wait;
	}
	vn_netdev_init(&x->slow.dev, &slow_ops, &(struct vn_netdev_opts){ .clock = &x->clock });
	x->slow.dev.is_up = x->slow.dev.has_carrier = true;
	x->slow.stall_at = UINT64_MAX;
	assert_int_equal(vn_engine_new(&opts, &x->engine, NULL), 0);
	assert_int_equal(vn_worker_add(vn_engine_worker(x->engine, 0), "one", &x->slow.dev,
				       &x->entry, NULL), 0);
	x->entry->last_ok = true;
	return x;
}

static void unmake(struct fixture *x)
{
	vn_engine_free(x->engine);
	free(x);
}

static void run(struct fixture *x, uint64_t gap_ns, uint64_t count)
{
	vn_stream_set_period(&x->entry->stream, gap_ns, 1);
	x->entry->stream.cfg.count = count;
	vn_engine_start(x->engine);
	if (vn_clock_is_virtual(&x->clock))
		vn_engine_run_virtual(x->engine);
	else
		assert_true(vn_engine_wait_idle(x->engine, 60 * VN_NSEC_PER_SEC));
	assert_int_equal(vn_stat_get(&x->entry->stats.sofar), x->slow.n);
}

static struct fixture *make_stalling(enum vn_late_policy policy)
{
	struct fixture *x = make(true);

	x->slow.packet_ns = 100;
	x->slow.stall_at = 10;
	x->slow.stall_ns = 5250;
	x->entry->stream.cfg.late_policy = policy;
	return x;
}

/* --- policies ----------------------------------------------------------------------- */

/* Packet 10 is taken 5350 ns after its time; departures are 1000 ns apart. */

static void who_catches_up_keeps_every_departure(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_CATCH_UP);
	const struct slow *s = &x->slow;

	run(x, 1000, 100);
	assert_int_equal(s->n, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(s->asked_ns[i], START_NS + i * 1000);
	/* The next one at once, those behind it a little nearer to each other, until
	 * less than half a gap is missing: 3850 ns, of which each makes up 62 to 67. */
	assert_int_equal(s->ns[11], s->ns[10] + 100);
	assert_int_equal(s->ns[12], s->ns[11] + 1000 - 4350 / 64);
	for (unsigned int i = 13; i < 70; i++)
		assert_in_range(s->ns[i] - s->ns[i - 1], 1000 - 4350 / 64, 1000 - 1000 / 16);
	for (unsigned int i = 76; i < 100; i++)
		assert_int_equal(s->ns[i], s->asked_ns[i] + 100);
	assert_int_equal(x->entry->departures->n.bursts, 0);
	assert_int_equal(vn_stat_get(&x->entry->stats.skipped), 0);
	assert_int_equal(vn_stat_get(&x->entry->stats.slid_ns), 0);
	unmake(x);
}

static void who_skips_leaves_out_what_has_passed(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_SKIP);
	const struct slow *s = &x->slow;

	run(x, 1000, 30);
	assert_int_equal(s->n, 30); /* the count is of packets */
	assert_int_equal(s->asked_ns[10], START_NS + 10000);
	/* It was over at 15350 ns after the start: of departures 11 to 15 the last
	 * leaves, late, and 16 in time. */
	assert_int_equal(s->asked_ns[11], START_NS + 15000);
	assert_int_equal(s->ns[11], START_NS + 15350 + 100);
	assert_int_equal(s->asked_ns[12], START_NS + 16000);
	assert_int_equal(s->ns[12], START_NS + 16000 + 100);
	assert_int_equal(vn_stat_get(&x->entry->stats.skipped), 4);
	unmake(x);
}

static void who_slides_puts_off_all_that_follow(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_SLIDE);
	struct vn_departures *d = x->entry->departures;
	const struct slow *s = &x->slow;

	x->slow.stall_at = 0;
	run(x, 1000, 30);
	/* The first call began in time: that is what is seen of it. The second one
	 * begins 4350 ns late, and is the new origin. */
	assert_int_equal(s->asked_ns[1], START_NS + 1000);
	assert_int_equal(s->asked_ns[2], START_NS + 2000 + 4350);
	assert_int_equal(s->ns[2], s->asked_ns[2] + 100);
	assert_int_equal(s->asked_ns[29], START_NS + 29000 + 4350);
	assert_int_equal(vn_stat_get(&x->entry->stats.slid_ns), 4350);
	assert_int_equal(d->n.late, 1);
	/* Of the one gap that was too long. */
	assert_int_equal(vn_departures_within(d, VN_WITHIN_64ns), d->n.gaps - 1);
	unmake(x);
}

static void little_lateness_moves_no_schedule(void **state)
{
	struct fixture *x = make(true);

	x->slow.packet_ns = 1400; /* than the gap: at most VN_LATE_NS behind at first */
	x->entry->stream.cfg.late_policy = VN_LATE_SLIDE;
	run(x, 1000, 3);
	assert_int_equal(x->slow.asked_ns[2], START_NS + 2000);
	assert_int_equal(vn_stat_get(&x->entry->stats.slid_ns), 0);
	unmake(x);
}

/* Both begin at one time; packet 0, of the one, keeps the worker for 5350 ns. */
static void the_first_departure_is_never_skipped(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_SKIP);
	const struct slow *s = &x->slow;
	struct vn_entry *other;

	assert_int_equal(vn_worker_add(vn_engine_worker(x->engine, 0), "two", &x->slow.dev,
				       &other, NULL), 0);
	x->slow.stall_at = 0;
	other->last_ok = true;
	other->stream.cfg.count = 1;
	vn_stream_set_period(&other->stream, 1000, 1);
	vn_stream_set_period(&x->entry->stream, 1000, 1);
	x->entry->stream.cfg.count = 3;
	vn_engine_start(x->engine);
	vn_engine_run_virtual(x->engine);
	assert_int_equal(s->n, 4);
	assert_int_equal(s->asked_ns[1], START_NS);
	assert_int_equal(s->ns[1], START_NS + 5350 + 100);
	assert_int_equal(s->asked_ns[2], START_NS + 5000);
	assert_int_equal(vn_stat_get(&x->entry->stats.skipped), 4);
	unmake(x);
}

static void skipped_departures_end_with_the_time_of_the_run(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_SKIP);

	x->slow.stall_ns = 1000000;
	x->entry->stream.cfg.time_ns = 50000;
	run(x, 1000, 0);
	assert_true(x->slow.n <= 12);
	assert_true(vn_stat_get(&x->entry->stats.skipped) < 50);
	unmake(x);
}

static void who_catches_up_keeps_nobody_waiting(void **state)
{
	struct fixture *x = make_stalling(VN_LATE_CATCH_UP);
	struct vn_entry *slow_one;

	/* Both are late by the stall; the one with long gaps makes it up slowly. */
	assert_int_equal(vn_worker_add(vn_engine_worker(x->engine, 0), "two", &x->slow.dev,
				       &slow_one, NULL), 0);
	slow_one->last_ok = true;
	slow_one->stream.cfg.count = 3;
	vn_stream_set_period(&slow_one->stream, 12000, 1);
	x->slow.stall_at = 0;
	x->slow.stall_ns = 20000;
	vn_stream_set_period(&x->entry->stream, 1000, 1);
	x->entry->stream.cfg.count = 500;
	vn_engine_start(x->engine);
	vn_engine_run_virtual(x->engine);
	assert_int_equal(x->slow.n, 503);
	/* Its own second packet is late by all of the stall, no one's by more. */
	assert_in_range(x->entry->departures->n.late_max_ns, 18000, 20500);
	assert_in_range(slow_one->departures->n.late_max_ns, 0, 20500);
	unmake(x);
}

/* --- batches -------------------------------------------------------------------------- */

static void gaps_that_a_call_can_keep_are_kept_one_by_one(void **state)
{
	struct fixture *x = make(false);

	x->slow.call_ns = 900;
	x->slow.packet_ns = 100;
	x->slow.stall_at = 500;
	x->slow.stall_ns = 200000; /* a hundred departures: each its own call all the same */
	run(x, 2000, 1000);
	assert_int_equal(x->slow.largest, 1);
	assert_int_equal(vn_stat_get(&x->entry->stats.batch_max), 1);
	assert_in_range(vn_stat_get(&x->entry->stats.call_ns), 900, 200000);
	unmake(x);
}

static void gaps_shorter_than_a_call_leave_together(void **state)
{
	struct fixture *x = make(false);
	const struct slow *s = &x->slow;

	x->slow.call_ns = 2000;
	x->slow.packet_ns = 10;
	run(x, 500, 20000);
	/* A call lasts four gaps; where the ring ends one is cut, and the next longer. */
	assert_in_range(s->largest, 4, 9);
	assert_int_equal(vn_stat_get(&x->entry->stats.batch_max), s->largest);
	assert_in_range(vn_stat_get(&x->entry->stats.call_ns), 2000, 2100);
	/* And so the rate is kept. */
	assert_in_range(s->ns[19999] - s->asked_ns[0], 19999 * 500, 19999 * 500 + 6000);
	unmake(x);
}

static void a_call_that_was_dear_once_is_measured_again(void **state)
{
	struct fixture *x = make(false);

	x->slow.call_ns = 500;
	x->slow.stall_at = 0; /* the first call of all, which is cold */
	x->slow.stall_ns = 100000;
	run(x, 2000, 50000);
	assert_in_range(vn_stat_get(&x->entry->stats.call_ns), 500, 600);
	unmake(x);
}

static void what_is_launched_later_is_handed_over_early(void **state)
{
	struct fixture *x = make(true);
	const struct slow *s = &x->slow;

	x->slow.launch_ns = 50000;
	run(x, 20000, 100);
	assert_int_equal(s->n, 100);
	/* The first, too: the run begins so much later. */
	for (unsigned int i = 0; i < s->n; i++) {
		assert_int_equal(s->asked_ns[i], START_NS + 50000 + i * 20000);
		assert_int_equal(s->ns[i], s->asked_ns[i] - 50000);
	}
	assert_int_equal(x->entry->departures->n.late, 0);
	assert_int_equal(x->entry->departures->n.early, 0);
	unmake(x);
}

static struct vn_series *series(const char *text)
{
	struct vn_series *s;
	struct vn_err err;

	assert_int_equal(vn_series_parse(VN_SERIES_GAPS, "gap", text, &s, &err), 0);
	return s;
}

static void gaps_of_a_series_follow_the_first_packet(void **state)
{
	static const uint64_t at[] = { 0, 10, 20, 120, 131, 141, 241 };
	struct fixture *x = make(true);
	const struct slow *s = &x->slow;

	vn_stream_set_gaps(&x->entry->stream, series("onoff(10ns, 3, 90ns) + 0.25"));
	x->entry->stream.cfg.count = 7;
	vn_engine_start(x->engine);
	vn_engine_run_virtual(x->engine);
	assert_int_equal(s->n, 7);
	/* Bursts of three packets; a quarter is carried. */
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(s->asked_ns[i], START_NS + at[i]);
	unmake(x);
}

static void a_second_run_begins_the_series_anew(void **state)
{
	struct fixture *x = make(true);
	const struct slow *s = &x->slow;
	uint64_t first_ns;

	vn_stream_set_gaps(&x->entry->stream, series("profile(1Mpps 3us, 10Mpps 1us)"));
	x->entry->stream.cfg.count = 8;
	for (unsigned int k = 0; k < 2; k++) {
		vn_engine_start(x->engine);
		vn_engine_run_virtual(x->engine);
	}
	assert_int_equal(s->n, 16);
	first_ns = s->asked_ns[8];
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(s->asked_ns[8 + i] - first_ns, s->asked_ns[i] - START_NS);
	unmake(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_catches_up_keeps_every_departure),
		cmocka_unit_test(who_skips_leaves_out_what_has_passed),
		cmocka_unit_test(who_slides_puts_off_all_that_follow),
		cmocka_unit_test(little_lateness_moves_no_schedule),
		cmocka_unit_test(the_first_departure_is_never_skipped),
		cmocka_unit_test(skipped_departures_end_with_the_time_of_the_run),
		cmocka_unit_test(who_catches_up_keeps_nobody_waiting),
		cmocka_unit_test(gaps_that_a_call_can_keep_are_kept_one_by_one),
		cmocka_unit_test(gaps_shorter_than_a_call_leave_together),
		cmocka_unit_test(a_call_that_was_dear_once_is_measured_again),
		cmocka_unit_test(what_is_launched_later_is_handed_over_early),
		cmocka_unit_test(gaps_of_a_series_follow_the_first_packet),
		cmocka_unit_test(a_second_run_begins_the_series_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

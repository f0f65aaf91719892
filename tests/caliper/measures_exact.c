/* SPDX-License-Identifier: BSD-2-Clause */
/* K2, K3, K7, K8, K11, K14: departures in the cycles that were planned. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "measures.h"
#include "wire/bytes.h"

#define LINE_GAP_NS 12304 /* of the longest frames: 1538 bytes at 1 Gb/s */

struct draw {
	uint64_t *gaps;
	struct vn_rng rng;
};

static uint64_t drawn(void *arg, uint64_t k)
{
	return ((struct draw *)arg)->gaps[k];
}

static uint64_t uniform(struct vn_rng *rng, uint64_t from, uint64_t to)
{
	return from + vn_rng_below(rng, (uint32_t)(to - from + 1));
}

/* Of exponent 1.5, whose variance has no bound; cut at 10 ms. */
static uint64_t pareto(struct vn_rng *rng, uint64_t least, uint64_t most)
{
	double u = (vn_rng_below(rng, UINT32_MAX) + 1.0) / 4294967296.0;
	double gap = (double)least * pow(u, -1 / 1.5);

	return gap < (double)most ? (uint64_t)gap : most;
}

typedef uint64_t draw_fn(struct vn_rng *rng, uint64_t from, uint64_t to);

static const struct random_gaps {
	const char *id, *name;
	draw_fn *draw;
	uint64_t from, to;
	uint32_t len;
} k2 = { "K2", "uniform 12.304-50 us", uniform, LINE_GAP_NS, 50000, LONGEST }, k7[] = {
	{ "K7", "uniform 2-50 us, 60 bytes", uniform, 2000, 50000, 60 },
	{ "K7", "uniform 3.4-27.4 us, 380 bytes with FCS", uniform, 3400, 27400, 376 },
	{ "K7", "uniform 12.304-49.9 us, 1518 bytes", uniform, LINE_GAP_NS, 49900, LONGEST },
	{ "K7", "Pareto from 3.4 us, exponent 1.5, 380 bytes", pareto, 3400, 10000000, 376 },
};

static void run_random(struct measures *m, const struct random_gaps *g)
{
	uint64_t n = measures_n();
	struct draw d = { .gaps = malloc(n * sizeof(*d.gaps)) };
	struct stream s = { .n = n, .len = g->len, .gap = drawn, .arg = &d };

	assert_non_null(d.gaps);
	vn_rng_seed(&d.rng, 8, g->from + g->len);
	for (uint64_t k = 0; k < n; k++)
		d.gaps[k] = g->draw(&d.rng, g->from, g->to);
	measures_run(m, &s);
	figure(g->id, "%s: %" PRIu64 " of %" PRIu64 " exact, worst %" PRIu64 " cycles", g->name,
	       m->exact, n, m->worst);
	free(d.gaps);
	measures_all_exact(m, n);
}

static void k2_long_gaps_are_exact(void **state)
{
	run_random(*state, &k2);
}

static void k3_the_line_is_full_and_exact(void **state)
{
	struct stream s = { .n = measures_n(), .len = LONGEST, .gap_ns = LINE_GAP_NS };
	struct measures *m = *state;

	measures_run(m, &s);
	figure("K3", "%.1f Mb/s, %" PRIu64 " of %" PRIu64 " exact", measures_mbps(m), m->exact,
	       s.n);
	measures_all_exact(m, s.n);
}

static void k7_random_gaps_are_exact(void **state)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(k7); i++)
		run_random(*state, &k7[i]);
}

/* -- K8 ---------------------------------------------------------------------------- */

#define BURST	     20
#define PAUSE_NS     200000
#define AT_ONCE_MAX  600 /* cycles from one departure to the next that is late */
#define SHORT_GAP_NS 800

struct bursts {
	uint64_t previous, late, wrong, slowest;
};

/* Packets at gap 0 and short ones, then a pause. */
static uint64_t burst_gap(void *arg, uint64_t k)
{
	return k % BURST == 0 ? PAUSE_NS : k % 3 == 0 ? SHORT_GAP_NS : 0;
}

/* A gap counts from the departure before it. */
static void look_at_slips(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len)
{
	struct bursts *b = m->arg;
	uint64_t gap = burst_gap(NULL, m->n) / NS_PER_CYCLE, took = cycle - b->previous;

	m->misplaced += measures_number(frame) != (uint32_t)m->n;
	b->previous = cycle;
	if (!m->n)
		return;
	b->late += took > gap;
	b->wrong += took < gap || (gap >= PAUSE_NS / NS_PER_CYCLE && took != gap);
	if (took > gap)
		b->slowest = VN_MAX(b->slowest, took);
}

/* What the card has told comes with the report of one packet more, which is in time. */
static uint64_t late_as_counted(struct measures *m)
{
	const struct stream s = { .n = 1, .len = 60 };
	struct vn_caliper_packet p = measures_packet(&s, m->n);

	m->look = NULL;
	p.time_ns = measures_start_ns(m);
	p.flags = CAL_ABSOLUTE | CAL_REPORT;
	assert_int_equal(vn_caliper_send(m->client, &p, 1), 1);
	measures_wait(m);
	measures_drain(m, m->n + 1);
	assert_int_equal(vn_cosim_run(m->sim, vn_cosim_now_ns(m->sim) + PAUSE_NS, NULL), 0);
	return measures_counter(m, CAL_COUNTER_late);
}

static void k8_what_is_late_leaves_at_once(void **state)
{
	struct measures *m = *state;
	struct bursts b = { 0 };
	struct stream s = { .n = measures_n(), .len = 60, .gap = burst_gap };
	uint64_t counted;

	m->look = look_at_slips;
	m->arg = &b;
	measures_run(m, &s);
	counted = late_as_counted(m);
	figure("K8",
	       "slip: %" PRIu64 " of %" PRIu64 " late, at most %" PRIu64
	       " cycles behind the one before, pauses exact",
	       b.late, s.n, b.slowest);
	measures_nothing_lost(m, s.n + 1);
	assert_int_equal(b.wrong, 0);
	assert_in_range(b.late, s.n / 2, s.n);
	assert_int_equal(b.late, counted);
	assert_in_range(b.slowest, 1, AT_ONCE_MAX);
}

/* The sum of the gaps is the plan, whoever was late. */
static void k8_catching_up_keeps_the_plan(void **state)
{
	struct measures *m = *state;
	struct stream s = { .n = measures_n(), .len = 60, .gap = burst_gap, .flags = CAL_CATCHUP };

	measures_run(m, &s);
	figure("K8", "catch-up: %" PRIu64 " of %" PRIu64 " late, first of each burst exact",
	       m->late, s.n);
	measures_nothing_lost(m, s.n);
	assert_int_equal(m->early, 0);
	assert_in_range(m->exact, s.n / BURST, s.n);
	/* Bursts end long before the next begins, so that the last one's plan is kept. */
	assert_in_range(m->worst, 1, BURST * AT_ONCE_MAX);
}

/* -- K11 --------------------------------------------------------------------------- */

/* A second and something, so that wraps fall between packets in many ways. */
#define SLOW_GAP_NS UINT64_C(1000012345)

static void k11_the_clock_wraps(void **state)
{
	struct measures *m = *state;
	/* 3 wraps are 103.08 s; the gate has 0.3 s. */
	struct stream s = { .n = measures_are_full() ? 108 : 4,
			    .len = LONGEST,
			    .gap_ns = measures_are_full() ? SLOW_GAP_NS : SLOW_GAP_NS / 10 };

	measures_run(m, &s);
	figure("K11", "%" PRIu64 " of %" PRIu64 " exact in %.1f s of the card's time", m->exact,
	       s.n, (double)vn_cosim_now_ns(m->sim) / 1e9);
	measures_all_exact(m, s.n);
}

/* -- K14 --------------------------------------------------------------------------- */

static void k14_roundings_do_not_add_up(void **state)
{
	struct measures *m = *state;
	struct stream s = { .n = 50 * measures_n(), .len = LONGEST, .gap_ns = 12345 };

	measures_run(m, &s);
	figure("K14",
	       "%" PRIu64 " gaps of 12345 ns: the last departure is %" PRIu64 " ns before the plan",
	       s.n - 1, m->plan[0] * NS_PER_CYCLE + (s.n - 1) * 12345 - m->last * NS_PER_CYCLE);
	measures_all_exact(m, s.n);
}

const struct CMUnitTest measures_exact[] = {
	MEASURE(k2_long_gaps_are_exact),	MEASURE(k3_the_line_is_full_and_exact),
	MEASURE(k7_random_gaps_are_exact),	MEASURE(k8_what_is_late_leaves_at_once),
	MEASURE(k8_catching_up_keeps_the_plan), MEASURE(k11_the_clock_wraps),
	MEASURE(k14_roundings_do_not_add_up),
};
const size_t n_measures_exact = VN_ARRAY_SIZE(measures_exact);

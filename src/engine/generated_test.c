/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on a device that builds frames itself: what it is asked for, and
 * what is made of its answers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "wire/wire.h"

#define FRAME 100
#define ASKED_MAX 64

struct device {
	struct vn_netdev dev;
	uint64_t per_call;   /* packets that a call sends */
	uint64_t down_after; /* calls */
	bool cannot_load;
	unsigned int n_asked;
	struct vn_generation asked[ASKED_MAX]; /* as they came */
	uint64_t asked_at_ns[ASKED_MAX];
	uint32_t copies, burst;
};

struct queue {
	struct vn_txq q;
};

static int load(struct vn_txq *q, struct vn_builder *b, uint32_t copies, uint32_t burst,
		struct vn_err *err)
{
	struct device *d = vn_container_of(q->dev, struct device, dev);

	d->copies = copies;
	d->burst = burst;
	return d->cannot_load ? vn_err_set(err, EOPNOTSUPP, "not these") : 0;
}

static void generate(struct vn_txq *q, struct vn_generation *g)
{
	struct device *d = vn_container_of(q->dev, struct device, dev);

	assert_true(d->n_asked < ASKED_MAX);
	d->asked_at_ns[d->n_asked] = vn_clock_now(d->dev.clock);
	d->asked[d->n_asked++] = *g;
	if (d->n_asked > d->down_after) {
		g->code = VN_TX_DOWN;
		return;
	}
	g->sent = VN_MIN(d->per_call, g->max);
	g->bytes = g->sent * FRAME;
	g->bits_l2 = g->sent * vn_wire_bits_l2(FRAME);
	g->first_ns = g->last_ns = vn_clock_now(d->dev.clock);
	for (uint64_t i = 0; g->sched && i < g->sent; i++)
		vn_schedule_advance(g->sched);
}

static const struct vn_txq_generator generator = { load, generate, .lead_ns = 700 };

static int open_queue(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		      struct vn_err *err)
{
	struct queue *q = calloc(1, sizeof(*q));

	assert_int_equal(vn_txq_init(&q->q, dev, 1, opts->frame_cap), 0);
	q->q.generator = &generator;
	*out = &q->q;
	return 0;
}

static void close_queue(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(vn_container_of(q, struct queue, q));
}

static const struct vn_netdev_ops ops = {
	.name = "generates",
	.caps = VN_CAP_TX | VN_CAP_BUILDS,
	.txq_open = open_queue,
	.txq_close = close_queue,
};

struct fixture {
	struct vn_clock clock;
	struct device device;
	struct vn_engine *engine;
	struct vn_entry *entry;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	const int cpus[] = { 0 };
	const struct vn_engine_opts opts = { .clock = &x->clock, .is_virtual = true, .seed = 1,
					     .cpus = cpus, .n_cpus = 1 };

	vn_clock_virtual(&x->clock, 1000, 1700000000000000000ull);
	vn_netdev_init(&x->device.dev, &ops, &(struct vn_netdev_opts){ .clock = &x->clock });
	x->device.per_call = 400;
	x->device.down_after = UINT64_MAX;
	assert_int_equal(vn_engine_new(&opts, &x->engine, NULL), 0);
	assert_int_equal(vn_worker_add(vn_engine_worker(x->engine, 0), "one", &x->device.dev,
				       &x->entry, NULL), 0);
	x->entry->last_ok = true;
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vn_engine_free(x->engine);
	free(x);
	return 0;
}

static void run(struct fixture *x)
{
	vn_engine_start(x->engine);
	vn_engine_run_virtual(x->engine);
}

static uint64_t sofar(const struct fixture *x)
{
	return vn_stat_get(&x->entry->stats.sofar);
}

static void a_count_is_asked_for_and_counted(void **state)
{
	struct fixture *x = *state;
	const struct vn_generation *asked = x->device.asked;

	x->entry->stream.cfg.count = 1000;
	run(x);
	assert_int_equal(sofar(x), 1000);
	assert_int_equal(x->device.n_asked, 3);
	assert_int_equal(asked[0].max, 1000);
	assert_int_equal(asked[0].seq, 1);
	assert_null(asked[0].sched);
	assert_int_equal(asked[1].seq, 401);
	assert_int_equal(asked[2].max, 200);
	assert_int_equal(asked[2].end_ns, UINT64_MAX);
	assert_int_equal(vn_stat_get(&x->entry->stats.tx_bytes), 1000 * FRAME);
	assert_int_equal(vn_stat_get(&x->entry->stats.tx_bits_l1), 1000 * (FRAME + 24) * 8);
}

static void a_device_that_goes_down_ends_the_run(void **state)
{
	struct fixture *x = *state;

	x->entry->stream.cfg.count = 0;
	x->device.down_after = 2;
	run(x);
	assert_int_equal(sofar(x), 800);
	assert_int_equal(x->device.n_asked, 3);
	assert_false(vn_entry_is_running(x->entry));
}

static void departures_are_told_some_time_before_they_are_due(void **state)
{
	struct fixture *x = *state;

	x->entry->stream.cfg.count = 3;
	x->device.per_call = 1;
	vn_stream_set_period(&x->entry->stream, 1000000, 1);
	run(x);
	assert_int_equal(x->device.n_asked, 3);
	assert_non_null(x->device.asked[1].sched);
	assert_int_equal(x->device.asked_at_ns[1], 1000 + 1000000 - 700);
	assert_int_equal(x->device.asked_at_ns[2], 1000 + 2000000 - 700);
}

static void a_burst_is_never_cut(void **state)
{
	struct fixture *x = *state;

	x->entry->stream.cfg.count = 10;
	x->entry->stream.cfg.burst = 4;
	x->entry->stream.cfg.clone_skb = 5;
	run(x);
	assert_int_equal(sofar(x), 12);
	assert_int_equal(x->device.copies, 20);
	assert_int_equal(x->device.burst, 4);
}

static void a_time_is_passed_on(void **state)
{
	struct fixture *x = *state;

	x->entry->stream.cfg.count = 5;
	x->entry->stream.cfg.time_ns = 50;
	run(x);
	assert_int_equal(x->device.asked[0].end_ns, 1050);
}

static void a_stream_it_cannot_build_is_not_started(void **state)
{
	struct fixture *x = *state;

	x->device.cannot_load = true;
	run(x);
	assert_int_equal(sofar(x), 0);
	assert_string_equal(x->entry->start_err.text, "not these");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_count_is_asked_for_and_counted),
		TEST(a_device_that_goes_down_ends_the_run),
		TEST(departures_are_told_some_time_before_they_are_due),
		TEST(a_burst_is_never_cut),
		TEST(a_time_is_passed_on),
		TEST(a_stream_it_cannot_build_is_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

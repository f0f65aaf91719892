/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on a device of the test's own that writes down what it was given
 * and answers as told; on the virtual clock, where times are exact, and on the
 * real one for what threads do.
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

#include "base/cpu.h"
#include "engine/engine.h"
#include "wire/wire.h"

#define LOG_MAX 4096

/* --- the device of the test -------------------------------------------------- */

struct answer {
	uint64_t at; /* when so many packets have gone */
	int code;    /* this is the answer, once (DOWN: from then on) */
};

struct sent {
	uint64_t depart_ns, clock_ns;
	uint32_t seq, len;
	uint16_t udp_dst;
};

struct tape {
	struct vn_netdev dev;
	const struct answer *answers; /* ended by code 0 */
	_Atomic uint64_t n;           /* packets gone */
	unsigned int n_busy_seen, n_open, n_opened;
	uint16_t queue; /* that was asked for last */
	struct sent log[LOG_MAX];
};

struct tape_txq {
	struct vn_txq q;
	struct tape *tape;
	uint8_t *memory;
};

static void write_down(struct tape *t, const struct vn_frame *f)
{
	uint64_t n = atomic_load_explicit(&t->n, memory_order_relaxed);
	struct sent *s = &t->log[n % LOG_MAX];

	s->depart_ns = f->depart_ns;
	s->clock_ns = vn_clock_now(t->dev.clock);
	s->seq = vn_get_be32(f->data + 42 + VN_PGH_SEQ);
	s->len = f->len;
	s->udp_dst = vn_get_be16(f->data + 34 + VN_UDP_DST);
	atomic_store_explicit(&t->n, n + 1, memory_order_relaxed);
}

static struct vn_tx_done tape_commit(struct vn_txq *q, unsigned int n)
{
	struct tape *t = vn_container_of(q, struct tape_txq, q)->tape;
	struct vn_tx_done done = { 0, VN_TX_OK };

	for (; done.sent < n; done.sent++) {
		if (t->answers && t->answers->code && t->answers->at == t->n) {
			done.code = t->answers->code;
			if (done.code != VN_TX_DOWN)
				t->answers++;
			t->n_busy_seen += done.code == VN_TX_BUSY;
			return done;
		}
		write_down(t, &q->frames[(q->tail + done.sent) & q->mask]);
	}
	return done;
}

static int tape_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			 struct vn_txq **out, struct vn_err *err)
{
	struct tape_txq *q = calloc(1, sizeof(*q));
	unsigned int i;

	q->tape = vn_container_of(dev, struct tape, dev);
	q->memory = malloc((size_t)64 * opts->frame_cap);
	q->q.frames = calloc(64, sizeof(*q->q.frames));
	for (i = 0; i < 64; i++) {
		q->q.frames[i].data = q->memory + (size_t)i * opts->frame_cap;
		q->q.frames[i].cap = opts->frame_cap;
	}
	q->q.mask = 63;
	q->q.commit = tape_commit;
	q->q.dev = dev;
	q->tape->n_open++;
	q->tape->n_opened++;
	q->tape->queue = opts->queue;
	*out = &q->q;
	return 0;
}

static void tape_txq_close(struct vn_txq *txq)
{
	struct tape_txq *q;

	if (!txq)
		return;
	q = vn_container_of(txq, struct tape_txq, q);
	q->tape->n_open--;
	free(q->memory);
	free(txq->frames);
	free(q);
}

static const struct vn_netdev_ops tape_ops = {
	.name = "tape",
	.caps = VN_CAP_TX,
	.txq_open = tape_txq_open,
	.txq_close = tape_txq_close,
};

/* --- fixture ------------------------------------------------------------------ */

struct fixture {
	struct vn_clock clock;
	struct tape tape;
	struct vn_engine *engine;
};

static void make_workers(struct fixture *x, bool is_virtual, bool interleave, unsigned int n)
{
	struct vn_engine_opts opts = { .is_virtual = is_virtual, .interleave = interleave,
				       .seed = 1 };
	struct vn_err err = { "" };
	int cpus[4] = { 0, 1, 2, 3 }; /* any, on the virtual clock */

	memset(x, 0, sizeof(*x));
	if (is_virtual)
		vn_clock_virtual(&x->clock, 1000, 1700000000000000000ull);
	else
		vn_clock_real(&x->clock);
	if (!is_virtual)
		assert_true(vn_cpu_list(cpus, 4) >= (int)n);
	opts.clock = &x->clock;
	opts.cpus = cpus;
	opts.n_cpus = n;
	x->tape.dev.ops = &tape_ops;
	x->tape.dev.clock = &x->clock;
	x->tape.dev.n_txq = 1;
	x->tape.dev.can_share = true;
	x->tape.dev.is_up = true;
	x->tape.dev.has_carrier = true;
	if (vn_engine_new(&opts, &x->engine, &err) < 0)
		fail_msg("%s", err.text);
}

static void make(struct fixture *x, bool is_virtual, bool interleave)
{
	make_workers(x, is_virtual, interleave, 1);
}

static struct vn_entry *add_to(struct fixture *x, unsigned int worker, const char *word,
			       uint64_t count, uint64_t delay_ns)
{
	struct vn_err err = { "" };
	struct vn_entry *e;

	if (vn_worker_add(vn_engine_worker(x->engine, worker), word, &x->tape.dev, &e, &err) < 0)
		fail_msg("%s", err.text);
	e->stream.cfg.count = count;
	vn_stream_set_period(&e->stream, delay_ns, 1);
	return e;
}

static struct vn_entry *add(struct fixture *x, const char *word, uint64_t count, uint64_t delay_ns)
{
	return add_to(x, 0, word, count, delay_ns);
}

static void set_port(struct vn_entry *e, uint16_t port)
{
	e->stream.cfg.udp_dst_min = e->stream.cfg.udp_dst_max = port;
}

static void run(struct fixture *x)
{
	vn_engine_start(x->engine);
	vn_engine_run_virtual(x->engine);
}

static void unmake(struct fixture *x)
{
	vn_engine_free(x->engine);
	assert_int_equal(x->tape.n_open, 0);
}

static int nothing(void *arg)
{
	return 0;
}

/* Start, and come back when the worker has acted on it: it serves calls last. */
static void start(struct fixture *x)
{
	vn_engine_start(x->engine);
	vn_worker_call(vn_engine_worker(x->engine, 0), nothing, NULL);
}

/* --- count and numbers ----------------------------------------------------------- */

static void a_run_sends_its_count_and_says_so(void **state)
{
	struct fixture x;
	struct vn_entry *e;
	unsigned int i;

	make(&x, true, false);
	e = add(&x, "t", 1000, 1000000);
	run(&x);
	assert_int_equal(x.tape.n, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(x.tape.log[i].seq, i + 1);
	assert_int_equal(e->seq_num, 1001);
	/* the first run of an entry: packets 1 and 2 leave together */
	assert_string_equal(e->result, "OK: 998000(c0+d998000) usec, 1000 (58byte,0frags)\n"
				       "  1002pps 0Mb/sec (464928bps) errors: 0");
	unmake(&x);
}

static void a_fresh_entry_sends_two_packets_at_the_start_and_then_keeps_step(void **state)
{
	static const uint64_t first[] = { 0, 0, 10, 20 }, second[] = { 0, 10, 20, 30 };
	struct fixture x;
	unsigned int i;

	make(&x, true, false);
	add(&x, "t", 4, 10000000);
	run(&x);
	for (i = 0; i < 4; i++)
		assert_int_equal(x.tape.log[i].clock_ns, 1000 + first[i] * 1000000);
	x.tape.n = 0;
	run(&x);
	for (i = 0; i < 4; i++)
		assert_int_equal(x.tape.log[i].clock_ns - x.tape.log[0].clock_ns,
				 second[i] * 1000000);
	unmake(&x);
}

static void departures_keep_an_awkward_rate_to_the_nanosecond(void **state)
{
	const uint64_t n = 1000000;
	struct fixture x;
	struct vn_entry *e;

	make(&x, true, false);
	e = add(&x, "t", n, 0);
	vn_stream_set_period(&e->stream, 1000000000, 3333333);
	e->last_ok = true;
	run(&x);
	assert_int_equal(x.tape.n, n);
	assert_int_equal(x.tape.log[(n - 1) % LOG_MAX].clock_ns,
			 1000 + (uint64_t)((__uint128_t)(n - 1) * 1000000000 / 3333333));
	assert_int_equal(e->departures->lateness.count, n);
	assert_int_equal(e->departures->lateness.max, 0);
	assert_int_equal(vn_departures_within(e->departures, VN_WITHIN_64ns), n - 1);
	unmake(&x);
}

static void time_ends_a_run_before_the_first_packet_past_it(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, true, false);
	e = add(&x, "t", 0, 1000000);
	e->stream.cfg.time_ns = 50000000;
	e->last_ok = true;
	run(&x);
	assert_int_equal(x.tape.n, 50); /* at 0, 1, ... 49 ms */
	unmake(&x);
}

/* --- several entries --------------------------------------------------------------- */

static void entries_without_delay_run_one_after_the_other_latest_first(void **state)
{
	struct fixture x;
	unsigned int i;

	make(&x, true, false);
	set_port(add(&x, "a", 5, 0), 1);
	set_port(add(&x, "b", 5, 0), 2);
	run(&x);
	for (i = 0; i < 10; i++)
		assert_int_equal(x.tape.log[i].udp_dst, i < 5 ? 2 : 1);
	unmake(&x);
}

static void delayed_entries_interleave_in_time_order(void **state)
{
	static const uint16_t want[] = { 2, 1, 2, 1, 2, 2, 1, 2 };
	struct fixture x;
	struct vn_entry *a, *b;
	unsigned int i;

	make(&x, true, false);
	a = add(&x, "a", 3, 4000);
	b = add(&x, "b", 5, 2500);
	set_port(a, 1);
	set_port(b, 2);
	a->last_ok = b->last_ok = true;
	run(&x); /* a: 0 4 8; b: 0 2.5 5 7.5 10 us */
	for (i = 0; i < 8; i++)
		assert_int_equal(x.tape.log[i].udp_dst, want[i]);
	unmake(&x);
}

static void with_interleave_a_delayed_entry_is_not_starved(void **state)
{
	struct fixture x;
	struct vn_entry *a;

	make(&x, false, true);
	a = add(&x, "a", 10, 100000);
	add(&x, "b", 0, 0);
	vn_engine_start(x.engine);
	while (vn_stat_get(&a->stats.sofar) < 10)
		vn_engine_wait_idle(x.engine, 1000000);
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(vn_stat_get(&a->stats.sofar), 10);
	unmake(&x);
}

/* --- one stream on several workers ------------------------------------------------- */

/* 3,333,333 packets a second, every third of which is a worker's. */
static void shares_of_a_stream_keep_its_one_schedule(void **state)
{
	static const char *const words[] = { "t@0", "t@1", "t@2" };
	const uint64_t num = 1000000000, den = 3333333;
	struct fixture x;
	unsigned int i;

	make_workers(&x, true, true, 3);
	for (i = 0; i < 3; i++) {
		struct vn_entry *e = add_to(&x, i, words[i], 0, 0);

		vn_stream_set_period(&e->stream, num * 3, den);
		set_port(e, (uint16_t)i);
		e->stream.cfg.time_ns = 300000; /* the end of 1000 periods, rounded down */
		e->share = i;
		e->shares = 3;
		e->last_ok = true;
	}
	run(&x);
	assert_int_equal(x.tape.n, 1000);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(x.tape.log[i].udp_dst, i % 3);
		assert_int_equal(x.tape.log[i].seq, i / 3 + 1);
		assert_int_equal(x.tape.log[i].clock_ns, 1000 + i * num / den);
	}
	unmake(&x);
}

/* Stopped before they begin, they have sent nothing and took no time. */
static void shares_stopped_at_once_are_over(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, true);
	e = add(&x, "t", 0, 1000000000);
	e->shares = 1;
	e->last_ok = true;
	start(&x);
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_true(vn_stat_get(&e->stats.stopped_ns) >= vn_stat_get(&e->stats.started_ns));
	unmake(&x);
}

static void a_run_is_on_the_queue_of_its_map(void **state)
{
	static const struct {
		uint32_t flags;
		uint16_t min, max;
		unsigned int worker, share;
		uint16_t queue;
	} cases[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 0, 3, 3, 0, 0, 3 },
		{ 0, 2, 4, 1, 0, 2 }, /* of other workers' streams it knows nothing */
		{ 0, 2, 4, 1, 1, 3 },
		{ 0, 2, 4, 3, 3, 2 },
		{ 0, 7, 9, 0, 0, 4 }, /* beyond the last: the last, as pktgen has it */
		{ VN_FLAG_QUEUE_MAP_CPU, 0, 0, 3, 0, 3 },
	};
	struct fixture x;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_entry *e;

		make_workers(&x, true, true, 4);
		x.tape.dev.n_txq = 5;
		e = add_to(&x, cases[i].worker, "t", 1, 0);
		e->stream.cfg.flags |= cases[i].flags;
		e->stream.cfg.queue_map_min = cases[i].min;
		e->stream.cfg.queue_map_max = cases[i].max;
		e->share = cases[i].share;
		run(&x);
		assert_int_equal(x.tape.queue, cases[i].queue);
		unmake(&x);
	}
}

static void what_is_prepared_is_not_prepared_again(void **state)
{
	struct vn_err err = { "" };
	struct fixture x;

	for (int is_virtual = 0; is_virtual < 2; is_virtual++) {
		make(&x, is_virtual, false);
		add(&x, "t", 10, 0);
		assert_int_equal(vn_engine_prepare(x.engine, &err), 0);
		assert_int_equal(x.tape.n_open, 1);
		start(&x);
		if (is_virtual)
			vn_engine_run_virtual(x.engine);
		assert_true(vn_engine_wait_idle(x.engine, 10000000000));
		assert_int_equal(x.tape.n, 10);
		assert_int_equal(x.tape.n_opened, 1);
		unmake(&x);
	}
}

static void preparing_tells_what_a_start_would_fail_with(void **state)
{
	struct vn_err err = { "" };
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	add(&x, "good", 10, 0);
	e = add(&x, "bad", 10, 0);
	e->stream.cfg.xmit_mode = VN_QUEUE_XMIT;
	assert_int_equal(vn_engine_prepare(x.engine, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "bad"));
	assert_non_null(strstr(err.text, "queue_xmit"));
	start(&x);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(x.tape.n, 10);
	assert_string_equal(e->result, "Error starting");
	unmake(&x);
}

static void one_word_is_one_entry(void **state)
{
	struct vn_err err = { "" };
	struct vn_entry *e;
	struct fixture x;

	make(&x, true, false);
	add(&x, "t@0", 1, 0);
	assert_int_equal(vn_worker_add(vn_engine_worker(x.engine, 0), "t@0", &x.tape.dev, &e, &err),
			 -EBUSY);
	assert_null(e);
	assert_non_null(strstr(err.text, "t@0"));
	assert_ptr_equal(vn_engine_find(x.engine, "t@0"), vn_worker_entries(
			 vn_engine_worker(x.engine, 0)));
	assert_null(vn_engine_find(x.engine, "t"));
	unmake(&x);
}

/* --- copies ------------------------------------------------------------------------ */

static void clone_skb_sends_each_packet_so_many_times(void **state)
{
	static const uint32_t want[] = { 1, 1, 1, 4, 4, 4, 7 };
	struct fixture x;
	unsigned int i;

	make(&x, true, false);
	add(&x, "t", 7, 0)->stream.cfg.clone_skb = 3;
	run(&x);
	assert_int_equal(x.tape.n, 7);
	for (i = 0; i < 7; i++)
		assert_int_equal(x.tape.log[i].seq, want[i]);
	unmake(&x);
}

static void a_burst_is_never_cut_by_the_count(void **state)
{
	static const struct {
		uint32_t burst;
		uint64_t count, want;
	} cases[] = { { 32, 100, 128 }, { 8, 20, 24 }, { 1024, 100, 1024 }, { 1, 100, 100 } };
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture x;

		make(&x, true, false);
		add(&x, "t", cases[i].count, 1000)->stream.cfg.burst = cases[i].burst;
		run(&x);
		assert_int_equal(x.tape.n, cases[i].want);
		unmake(&x);
	}
}

static void a_burst_leaves_at_one_time(void **state)
{
	struct fixture x;
	struct vn_entry *e;
	unsigned int i;

	make(&x, true, false);
	e = add(&x, "t", 15, 1000000);
	e->stream.cfg.burst = 5;
	e->last_ok = true;
	run(&x);
	for (i = 0; i < 15; i++) {
		assert_int_equal(x.tape.log[i].clock_ns, 1000 + i / 5 * 1000000);
		assert_int_equal(x.tape.log[i].seq, 1 + i / 5 * 5);
	}
	unmake(&x);
}

static void without_shared_burst_and_clone_do_not_count(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, true, false);
	e = add(&x, "t", 3, 0);
	e->stream.cfg.burst = 8;
	e->stream.cfg.clone_skb = 8;
	e->stream.cfg.flags &= ~(uint32_t)VN_FLAG_SHARED;
	run(&x);
	assert_int_equal(x.tape.n, 3);
	assert_int_equal(x.tape.log[2].seq, 3);
	assert_non_null(strstr(e->result, "3 (58byte,-1frags)"));
	unmake(&x);
}

/* --- answers ------------------------------------------------------------------------- */

static void a_busy_device_gets_the_same_packet_again(void **state)
{
	static const struct answer answers[] = { { 3, VN_TX_BUSY }, { 3, VN_TX_BUSY }, { 0, 0 } };
	struct fixture x;
	struct vn_entry *e;
	unsigned int i;

	make(&x, true, false);
	x.tape.answers = answers;
	e = add(&x, "t", 6, 0);
	run(&x);
	assert_int_equal(x.tape.n_busy_seen, 2);
	for (i = 0; i < 6; i++)
		assert_int_equal(x.tape.log[i].seq, i + 1);
	assert_int_equal(vn_stat_get(&e->stats.errors), 0);
	unmake(&x);
}

static void a_dropped_packet_is_an_error_and_its_number_is_used_again(void **state)
{
	static const struct answer answers[] = { { 2, VN_XMIT_DROP }, { 4, VN_XMIT_CN }, { 0, 0 } };
	struct fixture x;
	struct vn_entry *e;
	unsigned int i;

	make(&x, false, false);
	x.tape.answers = answers;
	e = add(&x, "t", 200, 0);
	vn_engine_start(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(x.tape.n, 200);
	for (i = 0; i < 200; i++)
		assert_int_equal(x.tape.log[i].seq, i + 1);
	assert_int_equal(vn_stat_get(&e->stats.errors), 2);
	assert_non_null(strstr(e->result, "errors: 2"));
	unmake(&x);
}

static void a_device_that_goes_down_ends_the_run_with_true_counters(void **state)
{
	static const struct answer answers[] = { { 70, VN_TX_DOWN }, { 0, 0 } };
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	x.tape.answers = answers;
	e = add(&x, "t", 0, 0);
	vn_engine_start(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(vn_stat_get(&e->stats.sofar), 70);
	assert_int_equal(x.tape.n, 70);
	assert_memory_equal(e->result, "OK: ", 4);
	unmake(&x);
}

static void a_driver_that_cannot_do_the_mode_is_an_error_at_start(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, true, false);
	e = add(&x, "t", 10, 0);
	e->stream.cfg.xmit_mode = VN_NETIF_RECEIVE;
	run(&x);
	assert_string_equal(e->result, "Error starting");
	assert_non_null(strstr(e->start_err.text, "netif_receive"));
	assert_non_null(strstr(e->start_err.text, "tape"));
	unmake(&x);
}

/* --- asking a running worker ------------------------------------------------------------ */

static void stop_ends_an_endless_run(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	e = add(&x, "t", 0, 0);
	vn_engine_start(x.engine);
	while (vn_stat_get(&e->stats.sofar) < 1000)
		assert_false(vn_engine_wait_idle(x.engine, 100000));
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(vn_stat_get(&e->stats.sofar), x.tape.n);
	unmake(&x);
}

static void stop_does_not_wait_for_a_long_delay(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	e = add(&x, "t", 0, 3600 * VN_NSEC_PER_SEC);
	e->last_ok = true;
	vn_engine_start(x.engine);
	while (vn_stat_get(&e->stats.sofar) < 1)
		vn_engine_wait_idle(x.engine, 100000);
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(x.tape.n, 1);
	unmake(&x);
}

static void the_delay_never_sends_nothing_and_stops(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	e = add(&x, "t", 0, 0);
	e->stream.cfg.delay_ns = VN_DELAY_NEVER;
	start(&x);
	assert_false(vn_engine_wait_idle(x.engine, 1000000));
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(x.tape.n, 0);
	assert_non_null(strstr(e->result, "0 (58byte,-1frags)"));
	unmake(&x);
}

static void a_stop_right_after_a_start_is_not_lost(void **state)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct fixture x;

		make(&x, false, false);
		add(&x, "t", 0, 0);
		vn_engine_start(x.engine);
		vn_engine_stop(x.engine);
		assert_true(vn_engine_wait_idle(x.engine, 10000000000));
		unmake(&x);
	}
}

static int grow(void *arg)
{
	struct vn_entry *e = arg;

	e->stream.cfg.min_pkt_size = e->stream.cfg.max_pkt_size = e->stream.cur.pkt_size = 1000;
	e->stream.generation++;
	return 42;
}

static void a_change_during_a_run_takes_effect_at_once(void **state)
{
	struct fixture x;
	struct vn_entry *e;
	uint64_t n;

	make(&x, false, false);
	e = add(&x, "t", 0, 0);
	vn_engine_start(x.engine);
	while (vn_stat_get(&e->stats.sofar) < 100)
		vn_engine_wait_idle(x.engine, 100000);
	assert_int_equal(vn_worker_call(e->worker, grow, e), 42);
	n = vn_stat_get(&e->stats.sofar);
	while (vn_stat_get(&e->stats.sofar) < n + 200)
		vn_engine_wait_idle(x.engine, 100000);
	vn_engine_stop(x.engine);
	assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	assert_int_equal(x.tape.log[(x.tape.n - 1) % LOG_MAX].len, 1000);
	assert_int_equal(x.tape.log[(x.tape.n - 1) % LOG_MAX].seq, (uint32_t)x.tape.n);
	unmake(&x);
}

static void a_device_that_is_down_ends_the_run_before_a_packet(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, true, false);
	e = add(&x, "t", 5, 0);
	x.tape.dev.has_carrier = false;
	run(&x);
	assert_int_equal(x.tape.n, 0);
	assert_non_null(strstr(e->result, ", 0 (58byte,-1frags)\n"));
	assert_int_equal(strncmp(e->result, "OK: ", 4), 0);
	x.tape.dev.has_carrier = true;
	run(&x);
	assert_int_equal(x.tape.n, 5);
	unmake(&x);
}

/* While the worker sleeps the caller does it himself; what was asked for before
 * is done first all the same. */
static void a_call_comes_after_what_was_requested(void **state)
{
	struct fixture x;
	struct vn_entry *e;
	int i;

	make(&x, false, false);
	e = add(&x, "t", 0, 1000000000000);
	for (i = 0; i < 1000; i++) {
		start(&x);
		assert_true(vn_entry_is_running(e));
		vn_engine_stop(x.engine);
		assert_true(vn_engine_wait_idle(x.engine, 10000000000));
	}
	unmake(&x);
}

static void removing_an_entry_stops_it(void **state)
{
	struct fixture x;
	struct vn_entry *e;

	make(&x, false, false);
	e = add(&x, "t", 0, 0);
	vn_engine_start(x.engine);
	while (vn_stat_get(&e->stats.sofar) < 100)
		vn_engine_wait_idle(x.engine, 100000);
	vn_worker_remove(vn_engine_worker(x.engine, 0), e);
	assert_true(vn_engine_wait_idle(x.engine, 0));
	assert_null(vn_engine_find(x.engine, "t"));
	unmake(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_sends_its_count_and_says_so),
		cmocka_unit_test(a_fresh_entry_sends_two_packets_at_the_start_and_then_keeps_step),
		cmocka_unit_test(departures_keep_an_awkward_rate_to_the_nanosecond),
		cmocka_unit_test(time_ends_a_run_before_the_first_packet_past_it),
		cmocka_unit_test(entries_without_delay_run_one_after_the_other_latest_first),
		cmocka_unit_test(delayed_entries_interleave_in_time_order),
		cmocka_unit_test(with_interleave_a_delayed_entry_is_not_starved),
		cmocka_unit_test(shares_of_a_stream_keep_its_one_schedule),
		cmocka_unit_test(shares_stopped_at_once_are_over),
		cmocka_unit_test(a_run_is_on_the_queue_of_its_map),
		cmocka_unit_test(what_is_prepared_is_not_prepared_again),
		cmocka_unit_test(preparing_tells_what_a_start_would_fail_with),
		cmocka_unit_test(one_word_is_one_entry),
		cmocka_unit_test(clone_skb_sends_each_packet_so_many_times),
		cmocka_unit_test(a_burst_is_never_cut_by_the_count),
		cmocka_unit_test(a_burst_leaves_at_one_time),
		cmocka_unit_test(without_shared_burst_and_clone_do_not_count),
		cmocka_unit_test(a_busy_device_gets_the_same_packet_again),
		cmocka_unit_test(a_dropped_packet_is_an_error_and_its_number_is_used_again),
		cmocka_unit_test(a_device_that_goes_down_ends_the_run_with_true_counters),
		cmocka_unit_test(a_driver_that_cannot_do_the_mode_is_an_error_at_start),
		cmocka_unit_test(stop_ends_an_endless_run),
		cmocka_unit_test(stop_does_not_wait_for_a_long_delay),
		cmocka_unit_test(the_delay_never_sends_nothing_and_stops),
		cmocka_unit_test(a_stop_right_after_a_start_is_not_lost),
		cmocka_unit_test(a_change_during_a_run_takes_effect_at_once),
		cmocka_unit_test(a_device_that_is_down_ends_the_run_before_a_packet),
		cmocka_unit_test(a_call_comes_after_what_was_requested),
		cmocka_unit_test(removing_an_entry_stops_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* One stream on several workers: what each is given, and that it adds up. */
#include "send_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "ctl/param.h"
#include "dev/pair.h"

#define WORKERS_MAX 8

struct fixture {
	struct send_run run;
	struct vn_netdev_ops ops;
	struct vn_netdev dev;
	struct vn_entry *entry[WORKERS_MAX];
	struct vn_err err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct send_stream *stream;

	if (!f || send_streams_add(&f->run.streams, "one", &stream, &f->err))
		return -1;
	f->ops.name = "test";
	f->ops.caps = VN_CAP_TX;
	f->dev = (struct vn_netdev){ .ops = &f->ops, .can_share = true, .n_txq = 1 };
	stream->dev = &f->dev;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < WORKERS_MAX; i++)
		send_stream_try_end(f->entry[i]);
	free(f->run.whole);
	send_streams_free(&f->run.streams);
	free(f);
	return 0;
}

static void option(struct fixture *f, const char *name, const char *value)
{
	assert_int_equal(send_streams_option(&f->run.streams, vn_param_find(name), value, &f->err),
			 0);
}

static void workers(struct fixture *f, unsigned int n)
{
	for (f->run.cpus.n = 0; f->run.cpus.n < n; f->run.cpus.n++)
		f->run.cpus.v[f->run.cpus.n] = (int)f->run.cpus.n;
}

/* Shares the stream out and makes an entry of each share; -errno. */
static int share(struct fixture *f)
{
	struct send_streams *s = &f->run.streams;
	int rc = send_share_out(&f->run, &f->err);

	for (unsigned int i = 0; i < s->n && !rc; i++) {
		rc = send_stream_try(s, &s->v[i], &f->dev, &f->entry[i], &f->err);
		if (!rc)
			rc = send_share_take(&s->v[i], f->entry[i], &f->err);
	}
	return rc;
}

static const struct vn_stream_cfg *cfg(const struct fixture *f, unsigned int i)
{
	return &f->entry[i]->stream.cfg;
}

static void counts_add_up(void **state)
{
	static const struct {
		const char *count, *burst;
		unsigned int workers, shares;
		uint64_t want[4];
	} cases[] = {
		{ "1000000", "1", 2, 2, { 500000, 500000 } },
		{ "1000001", "1", 2, 2, { 500001, 500000 } },
		{ "10", "1", 4, 4, { 3, 3, 2, 2 } },
		{ "3", "1", 4, 3, { 1, 1, 1 } },
		{ "1", "1", 4, 1, { 1 } },
		{ "0", "1", 3, 3, { 0, 0, 0 } },
		/* Bursts are not cut: one worker sends 128 of 100 by 32. */
		{ "100", "32", 3, 3, { 64, 32, 32 } },
		{ "100", "200", 3, 1, { 100 } },
		{ "18446744073709551615", "1", 2, 2, { 1ull << 63, (1ull << 63) - 1 } },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		assert_int_equal(set_up((void **)&f), 0);
		option(f, "count", cases[i].count);
		option(f, "burst", cases[i].burst);
		workers(f, cases[i].workers);
		assert_int_equal(share(f), 0);
		assert_int_equal(f->run.streams.n, cases[i].shares);
		for (unsigned int k = 0; k < cases[i].shares; k++)
			assert_int_equal(cfg(f, k)->count, cases[i].want[k]);
		tear_down((void **)&f);
	}
	assert_non_null(*state);
}

static void rates_add_up(void **state)
{
	struct fixture *f = *state;

	option(f, "ratep", "3333333");
	workers(f, 4);
	assert_int_equal(share(f), 0);
	for (unsigned int k = 0; k < 4; k++) {
		assert_int_equal(cfg(f, k)->period_num, 4000000000);
		assert_int_equal(cfg(f, k)->period_den, 3333333);
		assert_int_equal(f->entry[k]->share, k);
		assert_int_equal(f->entry[k]->shares, 4);
	}
}

static void each_is_a_flow_of_its_own(void **state)
{
	static const struct {
		const char *min, *max;
		uint16_t want_min[3], want_max[3];
	} cases[] = {
		{ "9", "9", { 9, 10, 11 }, { 9, 10, 11 } },
		{ "1000", "1010", { 1000, 1010, 1020 }, { 1010, 1020, 1030 } },
		{ "65533", "65533", { 65533, 65534, 65535 }, { 65533, 65534, 65535 } },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		assert_int_equal(set_up((void **)&f), 0);
		option(f, "udp_dst_min", cases[i].min);
		option(f, "udp_dst_max", cases[i].max);
		workers(f, 3);
		assert_int_equal(share(f), 0);
		for (unsigned int k = 0; k < 3; k++) {
			assert_int_equal(cfg(f, k)->udp_dst_min, cases[i].want_min[k]);
			assert_int_equal(cfg(f, k)->udp_dst_max, cases[i].want_max[k]);
		}
		tear_down((void **)&f);
	}
	assert_non_null(*state);
}

static void they_are_called_by_their_cpu_and_shown_as_one(void **state)
{
	struct fixture *f = *state;

	option(f, "count", "7");
	workers(f, 2);
	assert_int_equal(share(f), 0);
	assert_string_equal(f->run.streams.v[0].name, "one@0");
	assert_string_equal(f->run.streams.v[1].name, "one@1");
	assert_non_null(strstr(f->run.whole, "stream=one\n"));
	assert_non_null(strstr(f->run.whole, "\ncount=7\n"));
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *name, *value;
		int rc;
		const char *says;
	} cases[] = {
		{ "udp_dst_min", "65535", -EINVAL, "65537" },
		{ "delay", "9000000000s", -ERANGE, "too long" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		assert_int_equal(set_up((void **)&f), 0);
		option(f, cases[i].name, cases[i].value);
		workers(f, 3);
		assert_int_equal(share(f), cases[i].rc);
		assert_non_null(strstr(f->err.text, "one"));
		assert_non_null(strstr(f->err.text, cases[i].says));
		tear_down((void **)&f);
	}
	assert_non_null(*state);
}

static void a_name_must_leave_room_for_the_cpu(void **state)
{
	struct fixture *f = *state;

	memset(f->run.streams.v[0].name, 'x', VN_ENTRY_NAME - 2);
	f->run.streams.v[0].name[VN_ENTRY_NAME - 2] = '\0';
	workers(f, 2);
	assert_int_equal(send_share_out(&f->run, &f->err), -EINVAL);
	assert_non_null(strstr(f->err.text, "29 characters at most"));
}

static void several_streams_and_bound_ones_are_left_alone(void **state)
{
	struct fixture *f = *state;
	struct send_stream *stream;

	workers(f, 2);
	f->run.streams.v[0].cpu = 1;
	assert_int_equal(send_share_out(&f->run, &f->err), 0);
	assert_int_equal(f->run.streams.n, 1);
	f->run.streams.v[0].cpu = -1;
	assert_int_equal(send_streams_add(&f->run.streams, "two", &stream, &f->err), 0);
	assert_int_equal(send_share_out(&f->run, &f->err), 0);
	assert_int_equal(f->run.streams.n, 2);
	assert_int_equal(f->run.streams.v[0].shares, 0);
}

/* --- two threads over a pair --------------------------------------------------- */

static void add_share(struct fixture *f, struct vn_engine *engine, struct vn_netdev *dev,
		      unsigned int k)
{
	struct send_stream *s = &f->run.streams.v[k];

	assert_int_equal(
		vn_worker_add(vn_engine_worker(engine, k), s->name, dev, &s->entry, &f->err), 0);
	assert_int_equal(send_stream_apply(&f->run.streams, s, s->entry, &f->err), 0);
	assert_int_equal(send_share_take(s, s->entry, &f->err), 0);
	s->entry->last_ok = true;
}

/* Everything that is sent, by the receiver's numbers: no flow lacks one. */
static void send_over_a_pair(const char *rate)
{
	struct vn_clock clock;
	struct vn_netdev_opts dev_opts = { .target = "", .clock = &clock };
	struct vn_engine_opts opts = { .clock = &clock, .interleave = true, .n_cpus = 2 };
	const struct vn_rxq_opts rxq_opts = { .queue = VN_RXQ_ALL };
	struct vn_netdev *dev, *peer;
	struct vn_receiver *r;
	struct vn_engine *engine;
	struct vn_rxq *rxq;
	struct fixture *f;
	int cpus[2];

	if (vn_cpu_list(cpus, 2) < 2)
		cpus[1] = cpus[0];
	vn_clock_real(&clock);
	assert_int_equal(set_up((void **)&f), 0);
	assert_int_equal(vn_netdev_open("pair", VN_CAP_TX, &dev_opts, &dev, &f->err), 0);
	peer = vn_pair_peer(dev);
	f->run.streams.v[0].dev = dev;
	option(f, "count", "20001");
	if (rate)
		option(f, "ratep", rate);
	workers(f, 2);
	assert_int_equal(send_share_out(&f->run, &f->err), 0);
	opts.cpus = cpus;
	assert_int_equal(vn_engine_new(&opts, &engine, &f->err), 0);
	assert_int_equal(vn_receiver_new(&r), 0);
	assert_int_equal(peer->ops->rxq_open(peer, &rxq_opts, &rxq, &f->err), 0);
	for (unsigned int k = 0; k < 2; k++)
		add_share(f, engine, dev, k);
	assert_int_equal(vn_engine_prepare(engine, &f->err), 0);
	vn_engine_start(engine);
	while (!vn_engine_is_idle(engine))
		rxq->poll(rxq, 64, 1000000, vn_receiver_handle, r);
	while (rxq->poll(rxq, 64, 0, vn_receiver_handle, r) > 0)
		continue;
	assert_int_equal(vn_receiver_n_flows(r), 2);
	for (unsigned int i = 0; i < 2; i++) {
		struct vn_rx_flow *flow = vn_receiver_flow(r, i);
		struct vn_rx_flow_counts c;

		vn_rx_flow_read(flow, &c);
		assert_int_equal(c.unique, flow->port == 9 ? 10001 : 10000);
		assert_int_equal(c.max_seq, c.unique);
		assert_int_equal(c.reordered + c.duplicates, 0);
	}
	peer->ops->rxq_close(rxq);
	vn_receiver_free(r);
	vn_engine_free(engine);
	vn_netdev_close(peer);
	vn_netdev_close(dev);
	tear_down((void **)&f);
}

static void two_threads_send_it_exactly(void **state)
{
	send_over_a_pair(NULL);
	send_over_a_pair("333333");
	assert_non_null(*state);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(counts_add_up),
		CASE(rates_add_up),
		CASE(each_is_a_flow_of_its_own),
		CASE(they_are_called_by_their_cpu_and_shown_as_one),
		CASE(what_does_not_fit_is_refused),
		CASE(a_name_must_leave_room_for_the_cpu),
		CASE(several_streams_and_bound_ones_are_left_alone),
		CASE(two_threads_send_it_exactly),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trials over a modelled device on the virtual clock: engine, receiver and
 * procedures are the real ones. The device sends a frame on every 1 / limit
 * seconds and lets `buffer` of them wait; more are lost.
 */
#include "trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/param.h"
#include "wire/wire.h"

#define SECOND	   VN_NSEC_PER_SEC
#define PORT	   50000
#define LATENCY_NS 20000 /* of the device, besides waiting */
#define STORED	   64	 /* bytes of a held-back frame */

struct model {
	struct vn_netdev net;
	struct vn_netdev_ops ops;
	uint64_t limit;	     /* frames a second; 0: passes nothing */
	uint64_t buffer;     /* frames that may wait, the one being sent apart */
	uint64_t down_after; /* frames, 0: never */
	bool holds_last;     /* the last frame of a trial comes in the next one */
	/* state */
	uint64_t free_ns; /* all taken frames are sent */
	uint64_t n_frames;
	uint32_t len;	    /* of the last frame */
	uint16_t ports[64]; /* in which frames came, each once in a row */
	unsigned int n_ports;
	uint64_t port_ns[64]; /* when its first frame came */
	bool has_held;
	uint8_t held[STORED];
	vn_rx_handler handler;
	void *arg;
};

struct fixture {
	struct model model;
	struct vn_clock clock;
	struct send_streams streams;
	struct vn_trial_bed *bed;
	struct vn_trial_bed_opts opts;
	struct vn_err err;
};

static struct model *to_model(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct model, net);
}

static void note_port(struct model *m, const struct vn_frame *f)
{
	uint16_t port = vn_get_be16(f->data + VN_ETH_HLEN + VN_IPV4_HLEN + VN_UDP_DST);

	if (m->n_ports && m->ports[m->n_ports - 1] == port)
		return;
	assert_true(m->n_ports < VN_ARRAY_SIZE(m->ports));
	m->ports[m->n_ports] = port;
	m->port_ns[m->n_ports++] = f->depart_ns;
}

static void hand_over(struct model *m, const uint8_t *data, uint32_t len, uint64_t at_ns)
{
	const struct vn_rx_pkt pkt = {
		.data = data,
		.caplen = len,
		.len = len,
		.stamp_ns = m->net.clock->virtual_wall_ns + at_ns,
	};

	m->handler(m->arg, &pkt, 1);
}

/* Takes a frame that comes at depart_ns; false: no room. */
static bool carry(struct model *m, const struct vn_frame *f)
{
	uint64_t gap_ns = m->limit ? SECOND / m->limit : 0;
	uint64_t start = VN_MAX(m->free_ns, f->depart_ns);

	if (!m->limit || start - f->depart_ns > m->buffer * gap_ns)
		return false;
	m->free_ns = start + gap_ns;
	hand_over(m, f->data, f->len, m->free_ns + LATENCY_NS);
	return true;
}

static void swap_held(struct model *m, const struct vn_frame *f)
{
	if (m->has_held)
		hand_over(m, m->held, STORED, f->depart_ns);
	memcpy(m->held, f->data, VN_MIN(f->len, STORED));
	m->has_held = true;
}

static struct vn_tx_done model_commit(struct vn_txq *q, unsigned int n)
{
	struct model *m = to_model(q->dev);
	struct vn_tx_done done = { .code = VN_TX_OK };
	struct vn_frame *f;

	vn_txq_peek(q, &f);
	for (; done.sent < n; done.sent++, f++) {
		if (m->down_after && m->n_frames == m->down_after) {
			done.code = VN_TX_DOWN;
			break;
		}
		m->n_frames++;
		m->len = f->len;
		note_port(m, f);
		if (m->holds_last)
			swap_held(m, f);
		else
			carry(m, f);
	}
	return done;
}

static int model_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			  struct vn_txq **out, struct vn_err *err)
{
	*out = malloc(sizeof(**out));
	assert_non_null(*out);
	assert_int_equal(vn_txq_init(*out, dev, opts->n_frames, opts->frame_cap), 0);
	(*out)->commit = model_commit;
	return 0;
}

static void model_txq_close(struct vn_txq *q)
{
	if (q)
		vn_txq_fini(q);
	free(q);
}

static void model_listen(struct vn_netdev *dev, vn_rx_handler handler, void *arg)
{
	to_model(dev)->handler = handler;
	to_model(dev)->arg = arg;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct model *m;
	struct send_stream *stream;

	if (!f)
		return -1;
	m = &f->model;
	vn_clock_virtual(&f->clock, 0, 1000000000 * SECOND);
	m->ops = (struct vn_netdev_ops){
		.name = "model",
		.caps = VN_CAP_TX | VN_CAP_VIRTUAL | VN_CAP_FAR_END,
		.txq_open = model_txq_open,
		.txq_close = model_txq_close,
		.listen = model_listen,
	};
	vn_netdev_init(&m->net, &m->ops,
		       &(struct vn_netdev_opts){ .target = "model", .clock = &f->clock });
	m->limit = 1000;
	m->buffer = 16;
	f->opts = (struct vn_trial_bed_opts){
		.clock = &f->clock,
		.dev = &m->net,
		.rx_cpu = -1,
		.seed = 1,
		.streams = &f->streams,
		.port = PORT,
		.late_ppm = 1000,
		.settle_ns = 2 * SECOND,
		.stabilize_ns = 5 * SECOND,
		.learn_wait_ns = 3 * SECOND,
	};
	*state = f;
	return send_streams_add(&f->streams, "trial", &stream, &f->err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vn_trial_bed_close(f->bed);
	send_streams_free(&f->streams);
	free(f);
	return 0;
}

static void open_bed(struct fixture *f)
{
	int rc = vn_trial_bed_open(&f->opts, &f->bed, &f->err);

	if (rc)
		fail_msg("%s", f->err.text);
}

static const struct vn_trial second_of_500 = {
	.test = VN_TEST_LOSS,
	.frame_size = 64,
	.rate_milli = 500 * VN_MILLI,
	.frames = 500,
	.duration_ns = SECOND,
};

static struct vn_trial_result trial(struct fixture *f, const struct vn_trial *t)
{
	struct vn_trial_result r;
	int rc = vn_trial_bed_run(f->bed, t, &r, &f->err);

	if (rc)
		fail_msg("%s", f->err.text);
	return r;
}

/* --- one trial --------------------------------------------------------------- */

static void every_frame_is_accounted_for(void **state)
{
	struct fixture *f = *state;
	struct vn_trial_result r;

	open_bed(f);
	r = trial(f, &second_of_500);
	assert_int_equal(r.sent, 500);
	assert_int_equal(r.received, 500);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.offered_milli, 500 * VN_MILLI);
	assert_false(r.is_short);
	assert_int_equal(f->model.len, 60);
	assert_int_equal(r.latency_samples, 500);
	/* a gap of 1 ms at the device, and its own */
	assert_int_equal(r.latency_min_ns, 1000000 + LATENCY_NS);
	assert_int_equal(r.latency_max_ns, 1000000 + LATENCY_NS);
}

/* 2000 a second against 1000 and room for 16: half and 16 or 17 get through. */
static void what_the_device_drops_is_lost(void **state)
{
	struct fixture *f = *state;
	struct vn_trial t = second_of_500;
	struct vn_trial_result r;

	t.rate_milli = 2000 * VN_MILLI;
	t.frames = 2000;
	open_bed(f);
	r = trial(f, &t);
	assert_int_equal(r.sent, 2000);
	assert_in_range(r.received, 1000 + 16, 1000 + 17);
	assert_int_equal(r.lost, r.sent - r.received);
}

static void sizes_count_the_fcs(void **state)
{
	static const uint32_t sizes[] = { 64, 65, 1280, 1518 };
	struct fixture *f = *state;

	open_bed(f);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(sizes); i++) {
		struct vn_trial t = second_of_500;

		t.frame_size = sizes[i];
		trial(f, &t);
		assert_int_equal(f->model.len, sizes[i] - 4);
	}
}

/* Also what a tag adds is inside of the size. */
static void sizes_count_tags(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		send_streams_option(&f->streams, vn_param_find("mpls"), "00010020", &f->err), 0);
	open_bed(f);
	assert_int_equal(vn_trial_bed_check(f->bed, 512, &f->err), 0);
	assert_int_equal(vn_trial_bed_check(f->bed, 64, &f->err), -EINVAL);
	assert_string_equal(f->err.text,
			    "frames of 64 bytes have no room for these headers: at least 66");
}

static void frames_that_would_vary_are_refused(void **state)
{
	static const char *const flags[] = { "TXSIZE_RND", "UDPDST_RND", "NO_TIMESTAMP", "IPSEC" };
	struct fixture *f = *state;

	open_bed(f);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(flags); i++) {
		struct send_stream *stream;

		send_streams_free(&f->streams);
		assert_int_equal(send_streams_add(&f->streams, "trial", &stream, &f->err), 0);
		assert_int_equal(
			send_streams_option(&f->streams, vn_param_find("flag"), flags[i], &f->err),
			0);
		assert_int_equal(vn_trial_bed_check(f->bed, 512, &f->err), -EINVAL);
		assert_non_null(strstr(f->err.text, flags[i]));
	}
}

static void stragglers_of_another_trial_are_counted_apart(void **state)
{
	struct fixture *f = *state;
	struct vn_trial_result r;

	f->model.holds_last = true;
	open_bed(f);
	r = trial(f, &second_of_500);
	assert_int_equal(r.received, 499);
	assert_int_equal(r.stragglers, 0);
	r = trial(f, &second_of_500);
	assert_int_equal(r.received, 499);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.stragglers, 1);
	assert_int_equal(r.duplicates, 0);
}

static void a_device_that_goes_down_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct vn_trial_result r;

	f->model.down_after = 700;
	open_bed(f);
	trial(f, &second_of_500);
	assert_int_equal(vn_trial_bed_run(f->bed, &second_of_500, &r, &f->err), -ENETDOWN);
	assert_string_equal(f->err.text, "model: ended after 200 of 500 frames (is it still up?)");
}

static void a_device_that_is_down_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct vn_trial_result r;

	open_bed(f);
	f->model.net.is_up = false;
	assert_int_equal(vn_trial_bed_run(f->bed, &second_of_500, &r, &f->err), -ENETDOWN);
}

static void after_a_stop_there_is_no_further_trial(void **state)
{
	struct fixture *f = *state;
	struct vn_trial_result r;

	open_bed(f);
	trial(f, &second_of_500);
	vn_trial_bed_stop(f->bed);
	assert_int_equal(vn_trial_bed_run(f->bed, &second_of_500, &r, &f->err), -EINTR);
	assert_string_equal(f->err.text, "interrupted");
	assert_int_equal(f->model.n_frames, 500);
}

/* --- the order of things ------------------------------------------------------- */

/* Trial of 1 s, 2 s to settle, 5 s to stabilize, then the next. */
static void trials_are_apart(void **state)
{
	struct fixture *f = *state;

	open_bed(f);
	trial(f, &second_of_500);
	assert_int_equal(f->clock.virtual_ns, 3 * SECOND);
	trial(f, &second_of_500);
	assert_int_equal(f->clock.virtual_ns, 11 * SECOND);
	assert_int_equal(f->model.port_ns[0], 0);
	assert_int_equal(f->model.port_ns[1], 8 * SECOND);
	assert_int_equal(f->model.ports[0], PORT);
	assert_int_equal(f->model.ports[1], PORT + 1);
}

/* A burst is over at once; its trial is not. */
static void a_short_burst_lasts_as_long_as_its_trial(void **state)
{
	struct fixture *f = *state;
	struct vn_trial t = second_of_500;

	t.frames = 3;
	open_bed(f);
	trial(f, &t);
	assert_int_equal(f->clock.virtual_ns, 3 * SECOND);
}

static void learning_comes_before_the_first_trial_of_a_kind(void **state)
{
	struct fixture *f = *state;
	struct vn_trial other = second_of_500;

	f->opts.learn_frames = 10;
	open_bed(f);
	trial(f, &second_of_500);
	/* 10 frames at 100 a second, settled; 3 s later the trial */
	assert_int_equal(f->model.n_ports, 2);
	assert_in_range(f->model.port_ns[1], 5 * SECOND, 5 * SECOND + SECOND / 10);
	assert_int_equal(f->model.n_frames, 510);
	trial(f, &second_of_500);
	assert_int_equal(f->model.n_frames, 1010);
	other.frame_size = 128;
	trial(f, &other);
	assert_int_equal(f->model.n_frames, 1520);
	other.test = VN_TEST_THROUGHPUT;
	trial(f, &other);
	assert_int_equal(f->model.n_frames, 2030);
}

static void ports_come_round(void **state)
{
	struct fixture *f = *state;

	open_bed(f);
	for (unsigned int i = 0; i <= VN_TRIAL_PORTS; i++) {
		trial(f, &second_of_500);
		assert_int_equal(f->model.ports[i], PORT + i % VN_TRIAL_PORTS);
	}
}

/* --- the procedures over it ------------------------------------------------------ */

static const struct vn_trial_ops bed_ops = { .run = vn_trial_bed_run };

/* A medium of 10 000 frames a second. */
static struct vn_search search_of(struct fixture *f)
{
	return (struct vn_search){
		.ops = &bed_ops,
		.arg = f->bed,
		.frame_size = 64,
		.medium_milli = 10000 * VN_MILLI,
		.min_milli = 100 * VN_MILLI,
		.max_milli = 10000 * VN_MILLI,
		.step_milli = 100 * VN_MILLI,
		.search_ns = SECOND,
		.final_ns = SECOND,
		.latency_ns = SECOND,
		.latency_repeats = 2,
		.loss_step_milli = 1000 * VN_MILLI,
		.burst_ns = 2 * SECOND,
		.burst_step = 1,
		.burst_repeats = 2,
	};
}

static void the_throughput_of_a_device_is_within_one_step(void **state)
{
	static const uint64_t limits[] = { 100, 500, 2500, 4000, 8000 };
	static const uint32_t sizes[] = { 64, 512, 1518 };
	static const uint64_t steps[] = { 1, 50, 1000 };
	struct fixture *f = *state;

	f->model.buffer = 1;
	open_bed(f);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(limits) * VN_ARRAY_SIZE(sizes) * 3; i++) {
		struct vn_search s = search_of(f);
		struct vn_throughput t;
		uint64_t limit = limits[i % VN_ARRAY_SIZE(limits)] * VN_MILLI, off;

		f->model.limit = limit / VN_MILLI;
		s.frame_size = sizes[i / VN_ARRAY_SIZE(limits) % VN_ARRAY_SIZE(sizes)];
		s.step_milli = steps[i / 15] * VN_MILLI;
		f->model.n_ports = 0;
		assert_int_equal(vn_search_throughput(&s, &t, &f->err), 0);
		off = t.rate_milli > limit ? t.rate_milli - limit : limit - t.rate_milli;
		/* one frame waiting, and the one that is being sent, in a second */
		assert_true(off <= s.step_milli + 2 * VN_MILLI);
	}
}

static void loss_is_what_the_limit_leaves(void **state)
{
	struct fixture *f = *state;
	struct vn_search s;
	struct vn_loss loss;

	f->model.limit = 7500;
	f->model.buffer = 10;
	open_bed(f);
	s = search_of(f);
	assert_int_equal(vn_search_loss(&s, &loss, &f->err), 0);
	assert_int_equal(loss.n, 5);
	for (unsigned int i = 0; i < loss.n; i++) {
		uint64_t rate = 10000 - 1000 * i;
		uint64_t passes = VN_MIN(rate, 7500 + f->model.buffer);

		assert_int_equal(loss.points[i].sent, rate);
		assert_in_range(loss.points[i].lost, rate - VN_MIN(passes + 2, rate),
				rate - passes);
	}
	vn_loss_free(&loss);
}

/* While n frames come, n / 2 leave: the first n of which more than the buffer
 * and the one in sending remain is lost from. */
static void back_to_back_is_what_the_buffer_holds(void **state)
{
	static const uint64_t buffers[] = { 1, 16, 64, 500 };
	struct fixture *f = *state;

	f->model.limit = 5000;
	open_bed(f);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(buffers); i++) {
		struct vn_search s = search_of(f);
		struct vn_back_to_back b;

		f->model.buffer = buffers[i];
		f->model.n_ports = 0;
		assert_int_equal(vn_search_back_to_back(&s, &b, &f->err), 0);
		/* frame k of 0.. waits k * 100 us, allowed are buffer * 200 us */
		assert_float_equal(b.mean_frames, 2.0 * (double)buffers[i] + 1, 1e-9);
		assert_int_equal(b.min_frames, b.max_frames);
	}
}

static void latency_is_the_devices(void **state)
{
	struct fixture *f = *state;
	struct vn_search s;
	struct vn_latency l;

	open_bed(f);
	s = search_of(f);
	assert_int_equal(vn_search_latency(&s, 500 * VN_MILLI, &l, &f->err), 0);
	assert_int_equal(l.n_done, 2);
	assert_int_equal(l.samples, 1000);
	assert_int_equal(l.min_ns, 1000000 + LATENCY_NS);
	assert_int_equal(l.max_ns, 1000000 + LATENCY_NS);
	assert_float_equal(l.mean_ns, 1000000 + LATENCY_NS, 1e-6);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(every_frame_is_accounted_for),
		T(what_the_device_drops_is_lost),
		T(sizes_count_the_fcs),
		T(sizes_count_tags),
		T(frames_that_would_vary_are_refused),
		T(stragglers_of_another_trial_are_counted_apart),
		T(a_device_that_goes_down_is_an_error),
		T(a_device_that_is_down_is_an_error),
		T(after_a_stop_there_is_no_further_trial),
		T(trials_are_apart),
		T(a_short_burst_lasts_as_long_as_its_trial),
		T(learning_comes_before_the_first_trial_of_a_kind),
		T(ports_come_round),
		T(the_throughput_of_a_device_is_within_one_step),
		T(loss_is_what_the_limit_leaves),
		T(back_to_back_is_what_the_buffer_holds),
		T(latency_is_the_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

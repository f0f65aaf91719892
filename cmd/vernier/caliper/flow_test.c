/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the client asks of a driver, and what it makes of the answers: against a
 * driver that is played here, on a time that passes when the client waits. It
 * copies a transfer each time when it is waited for, and what was copied has left.
 */
#include "flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "caliper/msg.h"
#include "caliper/transport.h"
#include "wire/bytes.h"

#define CARD_NS	 UINT64_C(5000000003) /* the card's time at the beginning */
#define ERROR_NS 100
#define TRANSFER 24
#define HELD_MAX 4096
#define REPLIES	 1024
#define SEEN_MAX 20000
#define MY_PORT	 77
#define BEGAN_NS (CARD_NS + ERROR_NS + 2000000 + 1) /* the next multiple of 8 */

struct held {
	struct cal_descriptor d;
	uint64_t number; /* descriptors and marks in one order */
	bool is_mark, is_unread;
	uint32_t seq;
};

struct fake {
	struct vn_cal_transport t;
	uint64_t now_ns, departed_ns;
	struct held held[HELD_MAX]; /* not copied yet */
	unsigned int n_held, n_marks;
	struct {
		uint8_t bytes[512];
		size_t len;
	} replies[REPLIES];
	unsigned int head, tail;
	/* What came, in order. */
	struct cal_descriptor seen[SEEN_MAX];
	uint8_t data[SEEN_MAX][16];
	unsigned int n_seen, most_held, most_marks;
	uint32_t last_mark_flags;
	uint64_t late;	       /* of the run */
	uint64_t late_max_ns;  /* as the driver counts it, from 300 ns before the run on */
	uint32_t late_told_ns; /* of a packet that is no reported one; 0: none */
	uint64_t refused_marks, n_all_marks;
	uint64_t n_left, cancelled;
	uint64_t withdrawn; /* and not read yet */
	/* How it misbehaves. */
	enum cal_state state;
	unsigned int resets_for;    /* waits until it is RUNNING */
	unsigned int discards_from; /* marks; 0: none */
	unsigned int busy_marks;    /* so many are refused */
	unsigned int gone_after;    /* descriptors; 0: never */
	unsigned int stop_after;    /* descriptors: the client gets its signal */
	unsigned int unread_from;   /* descriptors: they stay in the socket; 0: none */
	bool is_mute;		    /* departures are not told */
	unsigned int mute_from;	    /* descriptors: of later ones neither; 0: of all */
	unsigned int thrown_from;   /* descriptors: reset in the card; 0: none */
	unsigned int reset_behind;  /* descriptors: it is reset when so many have left */
	bool is_reset_told;
	uint64_t resets;
	uint64_t events_lost;
	uint64_t lost; /* packets that the interface does not take */
	const struct cal_event *first_event; /* told at once; NULL: none */
	struct caliper_run *run;
};

static struct fake *of(const struct vn_cal_transport *t)
{
	return vn_container_of(t, struct fake, t);
}

/* --- answers --------------------------------------------------------------------------- */

static struct vn_cal_writer writer(struct fake *f)
{
	struct vn_cal_writer w;
	unsigned int at = f->tail % REPLIES;

	assert_true(f->tail - f->head < REPLIES);
	vn_cal_writer_init(&w, f->replies[at].bytes, sizeof(f->replies[at].bytes), 0);
	return w;
}

static void reply_is(struct fake *f, const struct vn_cal_writer *w)
{
	f->replies[f->tail++ % REPLIES].len = w->len;
}

static void answer(struct fake *f, uint16_t type, uint32_t seq, uint32_t count, const void *body,
		   size_t len)
{
	struct vn_cal_writer w = writer(f);

	assert_true(vn_cal_put(&w, type, 0, seq, MY_PORT, 0, count, body, len));
	reply_is(f, &w);
}

static void refuse(struct fake *f, const struct vn_cal_msg *msg, int error)
{
	struct vn_cal_writer w = writer(f);

	assert_true(vn_cal_put_error(&w, msg, error));
	reply_is(f, &w);
}

static void tell(struct fake *f, const struct cal_event *e)
{
	struct vn_cal_writer w = writer(f);

	assert_true(vn_cal_begin(&w, CAL_EVENTS, 0, 0, MY_PORT, 0));
	assert_true(vn_cal_add(&w, &f->events_lost, sizeof(f->events_lost)));
	assert_true(vn_cal_add_item(&w, e, sizeof(*e), NULL, 0));
	reply_is(f, &w);
}

static void hello(struct fake *f, const struct vn_cal_msg *msg)
{
	const struct cal_hello_ack ack = {
		.version = 1,
		.pkts_max = 300,
		.txbuffs = 16,
		.ns_per_cycle = 8,
		.wire_max = CAL_WIRE_MAX,
		.state = f->state,
		.ifname = "nf2c0",
		.mac = { 2, 0, 0, 0, 0, 9 },
	};

	answer(f, CAL_HELLO_ACK, msg->seq, 0, &ack, sizeof(ack));
}

static void stats(struct fake *f, const struct vn_cal_msg *msg)
{
	uint64_t counters[CAL_N_COUNTERS] = { 0 };

	counters[CAL_COUNTER_accepted] = 1000 + f->n_seen;
	counters[CAL_COUNTER_entries] = 1000 + f->n_seen - f->n_held;
	counters[CAL_COUNTER_state] = f->state;
	counters[CAL_COUNTER_resets] = 7 + f->resets;
	counters[CAL_COUNTER_cancelled] = 5 + f->cancelled;
	counters[CAL_COUNTER_late] = 10 + (f->n_seen ? f->late : 0);
	counters[CAL_COUNTER_late_max_ns] = VN_MAX(300, f->n_seen ? f->late_max_ns : 0);
	counters[CAL_COUNTER_lost] = 4 + (f->n_seen ? f->lost : 0);
	answer(f, CAL_STATS, msg->seq, CAL_N_COUNTERS, counters, sizeof(counters));
}

static void cancel(struct fake *f, const struct vn_cal_msg *msg)
{
	struct cal_cancel_done done = { 0, 0 };

	for (unsigned int i = 0; i < f->n_held; i++) {
		done.cancelled += !f->held[i].is_mark && !f->held[i].is_unread;
		f->withdrawn += f->held[i].is_unread;
	}
	f->cancelled += done.cancelled;
	f->n_held = 0;
	answer(f, CAL_CANCEL_DONE, msg->seq, 0, &done, sizeof(done));
}

static void control(struct fake *f, const struct vn_cal_msg *msg)
{
	const struct cal_clock clock = { CARD_NS, 1000, ERROR_NS };

	switch (msg->type) {
	case CAL_HELLO:
		hello(f, msg);
		break;
	case CAL_SUBSCRIBE:
		refuse(f, msg, 0); /* is taken */
		if (f->first_event)
			tell(f, f->first_event);
		break;
	case CAL_STATS_GET:
		stats(f, msg);
		break;
	case CAL_CLOCK:
		answer(f, CAL_CLOCK, msg->seq, 0, &clock, sizeof(clock));
		break;
	case CAL_CANCEL:
		cancel(f, msg);
		break;
	default:
		fail_msg("message %u", msg->type);
	}
}

/* --- packets --------------------------------------------------------------------------- */

static struct held *hold(struct fake *f)
{
	assert_true(f->n_held < HELD_MAX);
	return &f->held[f->n_held++];
}

static void take_packets(struct fake *f, const struct vn_cal_msg *msg)
{
	const uint8_t *data;
	struct cal_descriptor d;
	size_t at = 0;

	while (vn_cal_descriptor_next(msg, &at, &d, &data)) {
		assert_true(f->n_seen < SEEN_MAX);
		f->seen[f->n_seen] = d;
		memcpy(f->data[f->n_seen++], data, VN_MIN(d.data_len, 16));
		*hold(f) = (struct held){
			.d = d,
			.is_unread = f->unread_from && f->n_seen > f->unread_from,
		};
	}
	f->most_held = VN_MAX(f->most_held, f->n_held - f->n_marks);
	if (f->stop_after && f->n_seen >= f->stop_after)
		atomic_store(&f->run->stop_word, 1);
}

static void take_mark(struct fake *f, const struct vn_cal_msg *msg)
{
	f->n_all_marks++;
	f->last_mark_flags = msg->head.flags;
	if (f->busy_marks) {
		f->busy_marks--;
		f->refused_marks++;
		refuse(f, msg, -EBUSY);
		return;
	}
	*hold(f) = (struct held){ .is_mark = true, .seq = msg->seq };
	f->n_marks++;
	f->most_marks = VN_MAX(f->most_marks, f->n_marks);
}

static void hit(struct fake *f, const struct held *h)
{
	struct cal_mark_hit body = { f->now_ns, CAL_COPIED, 15 };

	f->n_marks--;
	if (f->discards_from && f->n_all_marks >= f->discards_from)
		body.status = CAL_DISCARDED;
	answer(f, CAL_MARK_HIT, h->seq, 0, &body, sizeof(body));
}

/* The reset is over when somebody hears of it. */
static void throw_away(struct fake *f)
{
	const struct cal_event states[] = {
		{ .kind = CAL_EVENT_STATE, .extra = CAL_RESETTING },
		{ .kind = CAL_EVENT_STATE, .extra = CAL_RUNNING },
	};

	if (f->resets++ || !f->is_reset_told)
		return;
	tell(f, &states[0]);
	tell(f, &states[1]);
}

static void depart(struct fake *f, const struct cal_descriptor *d)
{
	struct cal_event e = { .kind = CAL_EVENT_DEPARTED, .cookie = d->cookie };

	const struct cal_event late = { .kind = CAL_EVENT_LATE, .extra = f->late_told_ns };

	if (!f->n_left++ && f->late_told_ns)
		tell(f, &late);
	f->departed_ns = d->flags & CAL_ABSOLUTE ? d->time_ns : f->departed_ns + d->time_ns;
	e.card_ns = f->departed_ns;
	if (f->thrown_from && f->n_left > f->thrown_from)
		throw_away(f);
	else if (d->flags & CAL_REPORT && !f->is_mute &&
		 (!f->mute_from || f->n_left <= f->mute_from))
		tell(f, &e);
	if (f->reset_behind && f->n_left == f->reset_behind)
		throw_away(f);
}

/* A transfer, and the marks behind it. */
static void copy(struct fake *f)
{
	unsigned int n = 0, packets = 0;

	while (n < f->n_held && (packets < TRANSFER || f->held[n].is_mark)) {
		if (f->held[n].is_mark)
			hit(f, &f->held[n]);
		else
			depart(f, &f->held[n].d);
		packets += !f->held[n++].is_mark;
	}
	f->n_held -= n;
	memmove(f->held, f->held + n, f->n_held * sizeof(*f->held));
}

/* --- the transport --------------------------------------------------------------------- */

static int fake_send(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
		     size_t len)
{
	struct fake *f = of(t);
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	if (f->gone_after && f->n_seen >= f->gone_after)
		return -ECONNREFUSED;
	vn_cal_reader_init(&r, bytes, len);
	while (vn_cal_next(&r, to == VN_CAL_DATA ? VN_CAL_DRIVER_DATA : VN_CAL_DRIVER_CONTROL, 0,
			   &msg) > 0) {
		if (to == VN_CAL_CONTROL)
			control(f, &msg);
		else if (msg.type == CAL_PKTS)
			take_packets(f, &msg);
		else
			take_mark(f, &msg);
	}
	assert_true(r.at == len); /* nothing was refused */
	return 0;
}

/* Something happens when it is waited for. */
static void go_on(struct fake *f)
{
	const struct cal_event running = { .kind = CAL_EVENT_STATE, .extra = CAL_RUNNING };

	f->cancelled += f->withdrawn;
	f->withdrawn = 0;
	if (f->resets_for && !--f->resets_for) {
		f->state = CAL_RUNNING;
		tell(f, &running);
	} else {
		copy(f);
	}
}

static ssize_t fake_recv(struct vn_cal_transport *t, void *bytes, size_t cap, uint64_t timeout_ns)
{
	struct fake *f = of(t);
	unsigned int at;

	if (f->head == f->tail && timeout_ns)
		go_on(f);
	if (f->head == f->tail) {
		f->now_ns += timeout_ns;
		return 0;
	}
	at = f->head++ % REPLIES;
	assert_true(f->replies[at].len <= cap);
	memcpy(bytes, f->replies[at].bytes, f->replies[at].len);
	return (ssize_t)f->replies[at].len;
}

static uint64_t fake_now(struct vn_cal_transport *t)
{
	return of(t)->now_ns;
}

static int fake_fd(const struct vn_cal_transport *t)
{
	return -1;
}

static void fake_close(struct vn_cal_transport *t)
{
}

/* --- a run --------------------------------------------------------------------------------- */

struct fixture {
	struct fake fake;
	struct caliper_run run;
	struct vn_err err;
	uint64_t delays[2], payloads[3];
	uint64_t wall_minus_host_ns;
};

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	*state = x;
	x->fake.t =
		(struct vn_cal_transport){ fake_send, fake_recv, fake_now, fake_fd, fake_close };
	x->fake.state = CAL_RUNNING;
	x->fake.run = &x->run;
	vn_clock_real(&x->run.clock);
	x->run.s.burst = 100;
	x->run.s.ahead = 2;
	x->run.s.src_ip = 0x01020304;
	x->run.s.dst_ip = 0x05060708;
	x->run.s.sport = 1234;
	x->run.s.dport = 9;
	memcpy(x->run.s.mac, "\x02\x00\x00\x00\x00\x05", 6);
	x->delays[0] = 12345;
	x->delays[1] = 7;
	x->payloads[0] = 18;
	x->payloads[1] = 100;
	x->payloads[2] = 1472;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static int go(struct fixture *x, uint64_t n_packets)
{
	struct vn_caliper *c;
	int rc = vn_caliper_open_by(&c, NULL, &x->fake.t, &x->err);

	if (rc)
		fail_msg("%s", x->err.text);
	caliper_plan_begin(&x->run.plan, x->delays, 2, x->payloads, 3);
	x->run.plan.n_packets = n_packets;
	rc = caliper_flow(&x->run, c, &x->wall_minus_host_ns, &x->err);
	vn_caliper_close(c);
	return rc;
}

static uint64_t bytes_of(uint64_t n)
{
	return n / 3 * (60 + 142 + 1514) + (n % 3 > 0) * 60 + (n % 3 > 1) * 142;
}

/* S(k) of the fixture. */
static uint64_t planned(uint64_t k)
{
	return k / 2 * 12352 + k % 2 * 12345;
}

static void packets_are_described(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(go(x, 250), 0);
	assert_int_equal(x->fake.n_seen, 250);
	for (unsigned int k = 0; k < 250; k++) {
		const struct cal_descriptor *d = &x->fake.seen[k];
		bool is_reported = k == 0 || k == 99 || k == 199 || k == 249;

		assert_int_equal(d->kind, CAL_UDP);
		assert_int_equal(d->cookie, k);
		assert_true(d->time_ns == (k ? x->delays[(k - 1) % 2] : BEGAN_NS));
		assert_int_equal(d->flags, (k ? 0 : CAL_ABSOLUTE) | (is_reported ? CAL_REPORT : 0));
		assert_int_equal(d->payload_len, x->payloads[k % 3]);
		assert_int_equal(d->data_len, 0);
		assert_int_equal(d->src_ip, 0x01020304);
		assert_int_equal(d->dst_ip, 0x05060708);
		assert_memory_equal(&d->src_port, "\x04\xd2", 2);
		assert_memory_equal(&d->dst_port, "\x00\x09", 2);
		assert_memory_equal(d->dst_mac, x->run.s.mac, 6);
	}
}

static void the_result_is_what_was_told(void **state)
{
	struct fixture *x = *state;
	const struct caliper_result *res = &x->run.res;

	assert_int_equal(go(x, 250), 0);
	assert_int_equal(res->end, CALIPER_END_PLAN);
	assert_int_equal(res->packets, 250);
	assert_int_equal(res->given, 250);
	assert_int_equal(res->bytes, bytes_of(250));
	assert_true(res->has_first && res->has_last && !res->last_is_planned);
	assert_int_equal(res->first_ns, BEGAN_NS);
	assert_int_equal(res->last_ns, BEGAN_NS + planned(249));
	assert_int_equal(res->marks, 3);
	assert_true(res->has_counters);
	assert_int_equal(res->after[CAL_COUNTER_accepted] - res->before[CAL_COUNTER_accepted], 250);
	assert_int_equal(x->fake.last_mark_flags, CAL_MARK_FLUSH);
	assert_string_equal(res->ifname, "nf2c0");
}

static void no_more_is_outstanding_than_allowed(void **state)
{
	static const struct {
		unsigned int burst, ahead, packets;
	} cases[] = {
		{ 1, 1, 100 },	  { 1, 8, 300 },    { 64, 1, 640 },
		{ 100, 2, 2050 }, { 256, 2, 5000 }, { 300, 8, 9999 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *x;

		set_up((void **)&x);
		x->run.s.burst = cases[i].burst;
		x->run.s.ahead = cases[i].ahead;
		if (go(x, cases[i].packets))
			fail_msg("case %u: %s", i, x->err.text);
		assert_int_equal(x->fake.n_seen, cases[i].packets);
		assert_int_equal(x->run.res.packets, cases[i].packets);
		assert_int_equal(x->run.res.bytes, bytes_of(cases[i].packets));
		assert_true(x->fake.most_marks <= cases[i].ahead);
		assert_true(x->fake.most_held <= (cases[i].ahead + 1) * cases[i].burst);
		/* and what is allowed is used */
		assert_true(x->fake.most_held >= cases[i].burst);
		tear_down((void **)&x);
	}
}

static void catching_up_and_stamps_are_passed_on(void **state)
{
	struct fixture *x = *state;

	x->run.s.catches_up = true;
	x->run.s.stamps = true;
	x->delays[0] = 2000000000;
	assert_int_equal(go(x, 3), 0);
	for (unsigned int k = 0; k < 3; k++) {
		/* the host's time of the card's, as the driver tells it */
		uint64_t wall = BEGAN_NS - CARD_NS + 1000 + (k + 1) / 2 * x->delays[0] + k / 2 * 7;

		assert_true(x->fake.seen[k].flags & CAL_CATCHUP);
		assert_int_equal(x->fake.seen[k].data_len, 16);
		assert_int_equal(vn_get_be32(x->fake.data[k]), 0xbe9be955);
		assert_int_equal(vn_get_be32(x->fake.data[k] + 4), k + 1);
		assert_int_equal(vn_get_be32(x->fake.data[k] + 8), wall / 1000000000);
		assert_int_equal(vn_get_be32(x->fake.data[k] + 12), wall % 1000000000 / 1000);
	}
}

static void late_packets_are_those_of_the_run(void **state)
{
	static const struct {
		uint64_t late, driver_ns;
		uint32_t told_ns;
		uint64_t most_ns;
		bool is_least;
	} cases[] = {
		{ 0, 300, 0, 0, false }, /* the 300 ns were somebody else's */
		{ 1, 300, 12, 12, false }, { 1, 800, 800, 800, false }, { 4, 800, 12, 800, true },
		{ 2, 300, 12, 12, true },  { 1, 300, 0, 0, true },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *x;

		set_up((void **)&x);
		x->fake.late = cases[i].late;
		x->fake.late_max_ns = cases[i].driver_ns;
		x->fake.late_told_ns = cases[i].told_ns;
		assert_int_equal(go(x, 10), 0);
		assert_int_equal(x->run.res.late, cases[i].late);
		assert_int_equal(x->run.res.late_max_ns, cases[i].most_ns);
		assert_int_equal(x->run.res.late_max_is_least, cases[i].is_least);
		tear_down((void **)&x);
	}
}

static void a_signal_takes_back_what_has_not_left(void **state)
{
	struct fixture *x = *state;
	const struct caliper_result *res = &x->run.res;
	uint64_t left;

	x->fake.stop_after = 500;
	assert_int_equal(go(x, 0), 0);
	left = res->given - res->cancelled;
	assert_int_equal(res->end, CALIPER_END_INTERRUPTED);
	assert_true(x->fake.n_seen >= 500 && x->fake.n_seen < 600);
	assert_true(res->cancelled > 0);
	assert_int_equal(res->packets, left);
	assert_int_equal(res->bytes, bytes_of(left));
	assert_int_equal(x->fake.n_held, 0);
	assert_int_equal(res->first_ns, BEGAN_NS);
	assert_int_equal(res->last_ns, BEGAN_NS + planned(left - 1));
}

/* CANCEL_DONE does not know of it. */
static void what_the_driver_had_not_read_is_taken_back(void **state)
{
	struct fixture *x = *state;
	const struct caliper_result *res = &x->run.res;

	x->fake.stop_after = 500;
	x->fake.unread_from = 420;
	assert_int_equal(go(x, 0), 0);
	assert_int_equal(res->packets, x->fake.n_left);
	assert_int_equal(res->bytes, bytes_of(x->fake.n_left));
	assert_true(res->cancelled > 80);
	assert_int_equal(res->last_ns, BEGAN_NS + planned(x->fake.n_left - 1));
}

static void a_signal_before_the_first_packet_sends_none(void **state)
{
	struct fixture *x = *state;

	atomic_store(&x->run.stop_word, 1);
	assert_int_equal(go(x, 10), 0);
	assert_int_equal(x->run.res.end, CALIPER_END_INTERRUPTED);
	assert_int_equal(x->run.res.packets, 0);
	assert_int_equal(x->fake.n_seen, 0);
}

static void a_signal_during_a_reset_tells_nothing_of_before(void **state)
{
	struct fixture *x = *state;
	const struct caliper_result *res = &x->run.res;

	x->fake.state = CAL_RESETTING;
	atomic_store(&x->run.stop_word, 1);
	assert_int_equal(go(x, 10), 0);
	assert_int_equal(res->end, CALIPER_END_INTERRUPTED);
	assert_true(res->has_counters);
	assert_int_equal(res->after[CAL_COUNTER_accepted] - res->before[CAL_COUNTER_accepted], 0);
	assert_int_equal(res->late, 0);
}

static void a_reset_is_waited_for(void **state)
{
	struct fixture *x = *state;

	x->fake.state = CAL_RESETTING;
	x->fake.resets_for = 1;
	assert_int_equal(go(x, 10), 0);
	assert_int_equal(x->run.res.packets, 10);
}

static void states_that_send_nothing_are_told(void **state)
{
	static const struct {
		enum cal_state state;
		int rc;
		const char *text;
	} cases[] = {
		{ CAL_DOWN, -ENETDOWN, "nf2c0 is down (ip link set nf2c0 up)" },
		{ CAL_RESETTING, -EAGAIN, "nf2c0: the card is being reset" },
		{ CAL_FAULT, -EIO, "nf2c0: the card is lost" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *x;

		set_up((void **)&x);
		x->fake.state = cases[i].state;
		assert_int_equal(go(x, 10), cases[i].rc);
		assert_ptr_equal(strstr(x->err.text, cases[i].text), x->err.text);
		assert_int_equal(x->fake.n_seen, 0);
		assert_int_equal(x->run.res.end, CALIPER_END_FAILED);
		tear_down((void **)&x);
	}
}

static void packets_thrown_away_are_an_error(void **state)
{
	struct fixture *x = *state;

	x->fake.discards_from = 3;
	assert_int_equal(go(x, 10000), -ECANCELED);
	assert_non_null(strstr(x->err.text, "the card was reset, or nf2c0 went down"));
	assert_int_equal(x->run.res.end, CALIPER_END_FAILED);
	assert_int_equal(x->run.res.packets % 100, 0); /* those that are known to be in the card */
	assert_int_equal(x->run.res.bytes, bytes_of(x->run.res.packets));
}

static void packets_that_the_card_was_reset_with_are_an_error(void **state)
{
	for (unsigned int is_told = 0; is_told < 2; is_told++) {
		struct fixture *x;

		set_up((void **)&x);
		x->fake.thrown_from = 1;
		x->fake.is_reset_told = is_told;
		x->fake.events_lost = 3; /* those that would have told it */
		assert_int_equal(go(x, 3), -ECANCELED);
		assert_non_null(strstr(x->err.text, "the card was reset, or nf2c0 went down"));
		assert_int_equal(x->run.res.end, CALIPER_END_FAILED);
		assert_int_equal(x->run.res.given, 3);
		assert_int_equal(x->run.res.packets, 1);
		assert_int_equal(x->run.res.bytes, bytes_of(1));
		assert_true(x->run.res.has_first && x->run.res.has_last);
		assert_int_equal(x->run.res.last_ns, BEGAN_NS);
		tear_down((void **)&x);
	}
}

static void a_reset_behind_the_last_packet_is_no_error(void **state)
{
	struct fixture *x = *state;

	x->fake.reset_behind = 3;
	x->fake.is_reset_told = true;
	assert_int_equal(go(x, 3), 0);
	assert_int_equal(x->fake.resets, 1);
	assert_int_equal(x->run.res.packets, 3);
}

static void departures_of_a_failure_are_those_told(void **state)
{
	struct fixture *x = *state;

	x->fake.gone_after = 350;
	x->fake.mute_from = 100;
	assert_int_equal(go(x, 10000), -ECONNREFUSED);
	assert_true(x->run.res.packets > 100 && x->run.res.has_first);
	assert_false(x->run.res.has_last);
}

static void a_driver_that_goes_is_an_error(void **state)
{
	struct fixture *x = *state;

	x->fake.gone_after = 350;
	assert_int_equal(go(x, 10000), -ECONNREFUSED);
	assert_true(x->err.text[0]);
	assert_int_equal(x->run.res.end, CALIPER_END_FAILED);
	assert_false(x->run.res.has_counters);
	assert_true(x->run.res.packets <= 350);
}

/* Nobody is left who has counted them. */
static void late_packets_of_a_driver_that_went_are_those_told(void **state)
{
	struct fixture *x = *state;

	x->fake.gone_after = 350;
	x->fake.late = 30;
	x->fake.late_told_ns = 12;
	assert_int_equal(go(x, 10000), -ECONNREFUSED);
	assert_int_equal(x->run.res.late, 1);
	assert_int_equal(x->run.res.late_max_ns, 12);
	assert_true(x->run.res.late_max_is_least);
}

static void packets_that_the_interface_does_not_take_are_an_error(void **state)
{
	for (unsigned int is_mute = 0; is_mute < 2; is_mute++) {
		struct fixture *x;

		set_up((void **)&x);
		x->fake.lost = 3;
		x->fake.is_mute = is_mute; /* of the last one nobody hears */
		assert_int_equal(go(x, 10), -EIO);
		assert_non_null(strstr(x->err.text, "did not take 3 packets"));
		assert_int_equal(x->run.res.end, CALIPER_END_FAILED);
		tear_down((void **)&x);
	}
}

static void a_last_departure_that_is_not_told_is_an_error(void **state)
{
	struct fixture *x = *state;
	uint64_t began_ns = x->fake.now_ns;

	x->fake.is_mute = true;
	assert_int_equal(go(x, 10), -ETIMEDOUT);
	assert_int_equal(x->run.res.packets, 10);
	assert_false(x->run.res.has_last);
	/* its time and 2 s */
	assert_in_range(x->fake.now_ns - began_ns, 2000000000 + planned(9), 2100000000);
}

static void events_that_were_lost_explain_it(void **state)
{
	const struct cal_event running = { .kind = CAL_EVENT_STATE, .extra = CAL_RUNNING };
	struct fixture *x = *state;

	x->fake.is_mute = true;
	x->fake.events_lost = 3;
	x->fake.first_event = &running;
	assert_int_equal(go(x, 10), 0);
	assert_int_equal(x->run.res.events_lost, 3);
	assert_false(x->run.res.has_last);
}

static void a_mark_that_finds_no_place_is_set_again(void **state)
{
	struct fixture *x = *state;

	x->fake.busy_marks = 3;
	assert_int_equal(go(x, 350), 0);
	assert_int_equal(x->fake.refused_marks, 3);
	assert_int_equal(x->run.res.packets, 350);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(packets_are_described),
		TEST(the_result_is_what_was_told),
		cmocka_unit_test(no_more_is_outstanding_than_allowed),
		TEST(catching_up_and_stamps_are_passed_on),
		cmocka_unit_test(late_packets_are_those_of_the_run),
		TEST(a_signal_takes_back_what_has_not_left),
		TEST(what_the_driver_had_not_read_is_taken_back),
		TEST(a_signal_before_the_first_packet_sends_none),
		TEST(a_signal_during_a_reset_tells_nothing_of_before),
		TEST(a_reset_is_waited_for),
		cmocka_unit_test(states_that_send_nothing_are_told),
		TEST(packets_thrown_away_are_an_error),
		cmocka_unit_test(packets_that_the_card_was_reset_with_are_an_error),
		TEST(a_reset_behind_the_last_packet_is_no_error),
		TEST(departures_of_a_failure_are_those_told),
		TEST(a_driver_that_goes_is_an_error),
		TEST(late_packets_of_a_driver_that_went_are_those_told),
		cmocka_unit_test(packets_that_the_interface_does_not_take_are_an_error),
		TEST(a_last_departure_that_is_not_told_is_an_error),
		TEST(events_that_were_lost_explain_it),
		TEST(a_mark_that_finds_no_place_is_set_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

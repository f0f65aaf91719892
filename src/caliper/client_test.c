/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library of clients before a driver that is pretended, on virtual time: its
 * answers are there at once, a wait ends at its time limit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "caliper/client_priv.h"

#define CARD  3
#define SENT  64
#define TOLD  8192
#define MS    UINT64_C(1000000)
#define NEVER UINT64_MAX

struct datagram {
	enum vn_cal_socket to;
	size_t len;
	uint8_t bytes[CAL_DATAGRAM_MAX];
};

struct fake {
	struct vn_cal_transport t;
	uint64_t now_ns;
	struct datagram sent[SENT]; /* by the client, since the test last looked */
	unsigned int n_sent;
	struct {
		size_t len;
		uint8_t *bytes;
	} told[TOLD]; /* to the client */
	unsigned int first, end;

	struct cal_hello_ack hello;
	bool is_silent, holds_marks;
	int refuses; /* each message, with this errno */
	int refuses_marks;
	int send_error[2];
	unsigned int signals_after; /* sendings on the data socket until a signal comes; 0: never */
	ssize_t recv_error;
	uint64_t gone_ns; /* from then on nobody is there */
	unsigned int n_closed;
};

static struct fake *fake_of(const struct vn_cal_transport *t)
{
	return vn_container_of(t, struct fake, t);
}

/* --- the driver ---------------------------------------------------------------------- */

static void tell_bytes(struct fake *f, const void *bytes, size_t len)
{
	assert_true(f->end < TOLD);
	f->told[f->end].bytes = malloc(len);
	memcpy(f->told[f->end].bytes, bytes, len);
	f->told[f->end++].len = len;
}

static void tell(struct fake *f, uint16_t type, uint32_t seq, uint32_t count, const void *body,
		 size_t len)
{
	uint8_t bytes[1024];
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	assert_true(vn_cal_put(&w, type, 0, seq, 0, 0, count, body, len));
	tell_bytes(f, bytes, w.len);
}

static void tell_error(struct fake *f, const struct vn_cal_msg *msg, int error)
{
	uint8_t bytes[64];
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	assert_true(vn_cal_put_error(&w, msg, error));
	tell_bytes(f, bytes, w.len);
}

static void tell_event(struct fake *f, uint64_t lost, uint32_t cookie, const char *snap)
{
	struct cal_event e = { .kind = CAL_EVENT_RX, .cookie = cookie, .len = 60 };
	uint8_t bytes[256];
	struct vn_cal_writer w;

	e.snap = (uint16_t)strlen(snap);
	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	vn_cal_begin(&w, CAL_EVENTS, 0, 0, 0, 0);
	vn_cal_add(&w, &lost, sizeof(lost));
	assert_true(vn_cal_add_item(&w, &e, sizeof(e), snap, e.snap));
	tell_bytes(f, bytes, w.len);
}

static void tell_hit(struct fake *f, uint32_t mark, uint32_t status)
{
	struct cal_mark_hit hit = { .card_ns = 1000 + mark, .status = status, .free_txbuffs = 7 };

	tell(f, CAL_MARK_HIT, mark, 0, &hit, sizeof(hit));
}

static const uint64_t counters[CAL_N_COUNTERS] = { 11, 12, 13 };

static void answer(struct fake *f, const struct vn_cal_msg *msg)
{
	const struct cal_cancel_done done = { 5, 777 };
	const struct cal_clock clock = { 1, 2, 3 };
	const struct cal_time time = { 4242 };

	if (msg->type == CAL_HELLO)
		tell(f, CAL_HELLO_ACK, msg->seq, 0, &f->hello, sizeof(f->hello));
	else if (f->refuses)
		tell_error(f, msg, f->refuses);
	else if (msg->type == CAL_CANCEL)
		tell(f, CAL_CANCEL_DONE, msg->seq, 0, &done, sizeof(done));
	else if (msg->type == CAL_CLOCK)
		tell(f, CAL_CLOCK, msg->seq, 0, &clock, sizeof(clock));
	else if (msg->type == CAL_RESET)
		tell(f, CAL_RESET_DONE, msg->seq, 0, &time, sizeof(time));
	else if (msg->type == CAL_STATS_GET)
		tell(f, CAL_STATS, msg->seq, CAL_N_COUNTERS, counters, sizeof(counters));
	else if (msg->type == CAL_MARK && f->refuses_marks)
		tell_error(f, msg, f->refuses_marks);
	else if (msg->type == CAL_MARK && !f->holds_marks)
		tell_hit(f, msg->seq, CAL_COPIED);
	else if (msg->nl_flags & NLM_F_ACK)
		tell_error(f, msg, 0);
}

static int fake_send(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
		     size_t len)
{
	struct fake *f = fake_of(t);
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	assert_true(len <= CAL_DATAGRAM_MAX);
	if (f->now_ns >= f->gone_ns)
		return -ECONNREFUSED;
	if (f->send_error[to])
		return f->send_error[to];
	if (to == VN_CAL_DATA && f->signals_after && !--f->signals_after)
		return -EINTR;
	if (f->n_sent < SENT) {
		f->sent[f->n_sent].to = to;
		f->sent[f->n_sent].len = len;
		memcpy(f->sent[f->n_sent++].bytes, bytes, len);
	}
	if (f->is_silent)
		return 0;
	vn_cal_reader_init(&r, bytes, len);
	while (vn_cal_next(&r, to == VN_CAL_DATA ? VN_CAL_DRIVER_DATA : VN_CAL_DRIVER_CONTROL, CARD,
			   &msg) == 1)
		answer(f, &msg);
	assert_int_equal(r.at, len); /* all of it was good */
	return 0;
}

static ssize_t fake_recv(struct vn_cal_transport *t, void *bytes, size_t cap, uint64_t timeout_ns)
{
	struct fake *f = fake_of(t);
	ssize_t len = f->recv_error;

	if (len) {
		f->recv_error = 0;
		return len;
	}
	if (f->first == f->end) {
		assert_int_not_equal(timeout_ns, NEVER); /* it would hang if nothing came */
		f->now_ns += timeout_ns;
		return 0;
	}
	len = (ssize_t)f->told[f->first].len;
	assert_true((size_t)len <= cap);
	memcpy(bytes, f->told[f->first].bytes, (size_t)len);
	free(f->told[f->first++].bytes);
	return len;
}

static uint64_t fake_now(struct vn_cal_transport *t)
{
	return fake_of(t)->now_ns;
}

static int fake_fd(const struct vn_cal_transport *t)
{
	return -1;
}

static void fake_close(struct vn_cal_transport *t)
{
	fake_of(t)->n_closed++;
}

static struct fake *new_fake(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->t = (struct vn_cal_transport){ fake_send, fake_recv, fake_now, fake_fd, fake_close };
	f->gone_ns = NEVER;
	f->hello = (struct cal_hello_ack){
		.version = 1,
		.pkts_max = 300,
		.txbuffs = 16,
		.ns_per_cycle = 8,
		.wire_max = 1514,
		.state = CAL_RUNNING | CAL_BY_SPINNING << 8,
		.ifname = "nf2c3",
		.mac = { 2, 'N', 'F', '2', 'C', 3 },
		.run = 9,
	};
	return f;
}

static void free_fake(struct fake *f)
{
	while (f->first != f->end)
		free(f->told[f->first++].bytes);
	free(f);
}

/* --- what tests share ------------------------------------------------------------------ */

static struct fake *fake;
static struct vn_caliper *client;

static void open_client(uint32_t batch)
{
	const struct vn_caliper_options o = { .size = sizeof(o), .card = CARD, .batch = batch };
	struct vn_err err = { "" };

	fake = new_fake();
	if (vn_caliper_open_by(&client, &o, &fake->t, &err))
		fail_msg("%s", err.text);
	fake->n_sent = 0;
}

static int begin(void **state)
{
	open_client(0);
	return 0;
}

static int end(void **state)
{
	vn_caliper_close(client);
	assert_int_equal(fake->n_closed, 1);
	free_fake(fake);
	return 0;
}

static void said(const char *word)
{
	if (!strstr(vn_caliper_error(client), word))
		fail_msg("\"%s\" does not say \"%s\"", vn_caliper_error(client), word);
}

static struct vn_caliper_packet plain(uint32_t cookie)
{
	return (struct vn_caliper_packet){
		.size = sizeof(struct vn_caliper_packet),
		.time_ns = 100 + cookie,
		.cookie = cookie,
		.payload_len = 18,
	};
}

static void send_plain(uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct vn_caliper_packet p = plain(from + i);

		assert_int_equal(vn_caliper_send(client, &p, 1), 1);
	}
}

/* Message m of datagram i that the client sent. */
static struct vn_cal_msg sent_message(unsigned int i, unsigned int m)
{
	struct vn_cal_msg msg = { 0 };
	struct vn_cal_reader r;

	assert_true(i < fake->n_sent);
	vn_cal_reader_init(&r, fake->sent[i].bytes, fake->sent[i].len);
	do
		assert_int_equal(vn_cal_next(&r,
					     fake->sent[i].to == VN_CAL_DATA
						     ? VN_CAL_DRIVER_DATA
						     : VN_CAL_DRIVER_CONTROL,
					     CARD, &msg),
				 1);
	while (m--);
	return msg;
}

static void sent_cookies(unsigned int i, uint32_t from, uint32_t n)
{
	struct vn_cal_msg msg = sent_message(i, 0);
	struct cal_descriptor d;
	const uint8_t *data;
	size_t at = 0;

	assert_int_equal(msg.type, CAL_PKTS);
	assert_int_equal(msg.head.count, n);
	for (uint32_t k = 0; k < n; k++) {
		assert_true(vn_cal_descriptor_next(&msg, &at, &d, &data));
		assert_int_equal(d.cookie, from + k);
	}
}

/* --- beginning and end ------------------------------------------------------------------- */

static void what_the_driver_is_is_told(void **state)
{
	struct vn_caliper_info info = { .size = sizeof(info) };
	struct {
		struct vn_caliper_info info;
		uint8_t newer[8];
	} longer = { .info.size = sizeof(longer), .newer = { 1, 2, 3 } };
	struct vn_caliper_info shorter = { .size = offsetof(struct vn_caliper_info, txbuffs),
					   .txbuffs = 99 };

	assert_int_equal(vn_caliper_info(client, &info), 0);
	assert_int_equal(info.state, CAL_RUNNING);
	assert_int_equal(info.precision, CAL_BY_SPINNING);
	assert_int_equal(info.ns_per_cycle, 8);
	assert_int_equal(info.txbuffs, 16);
	assert_int_equal(info.wire_max, 1514);
	assert_string_equal(info.ifname, "nf2c3");
	assert_memory_equal(info.mac, "\2NF2C\3", 6);
	assert_int_equal(vn_caliper_fd(client), -1);

	fake->hello.state = CAL_DOWN;
	assert_int_equal(vn_caliper_info(client, &longer.info), 0);
	assert_int_equal(longer.info.state, CAL_DOWN);
	assert_int_equal(longer.info.size, sizeof(longer));
	assert_memory_equal(longer.newer, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(vn_caliper_info(client, &shorter), 0);
	assert_int_equal(shorter.ns_per_cycle, 8);
	assert_int_equal(shorter.txbuffs, 99);
	shorter.size = 0;
	assert_int_equal(vn_caliper_info(client, &shorter), -EINVAL);
}

static void a_connection_that_fails_leaves_nothing(void **state)
{
	static const struct {
		struct cal_hello_ack hello;
		struct vn_caliper_options options;
		bool is_silent, is_gone;
		int want;
		const char *word;
	} cases[] = {
		{ .hello = { .version = 2, .pkts_max = 64, .wire_max = 1514 },
		  .want = -EPROTO,
		  .word = "version 2" },
		{ .hello = { .version = 1, .wire_max = 1514 }, .want = -EPROTO, .word = "of 0" },
		{ .hello = { .version = 1, .pkts_max = 64, .wire_max = 59 },
		  .want = -EPROTO,
		  .word = "59 bytes" },
		{ .is_silent = true, .want = -ETIMEDOUT, .word = "HELLO within 50 ms" },
		{ .is_gone = true, .want = -ECONNREFUSED, .word = "there is no driver" },
		{ .options = { .size = 4 }, .want = -EINVAL, .word = "options of 4 bytes" },
		{ .options = { .size = sizeof(struct vn_caliper_options), .card = 128 },
		  .want = -EINVAL,
		  .word = "card 128: 0 to 127" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_caliper_options o = { .size = sizeof(o), .card = CARD, .wait_ms = 50 };
		struct fake *f = new_fake();
		struct vn_err err = { "" };
		struct vn_caliper *c = (struct vn_caliper *)f;

		f->hello = cases[i].hello;
		f->is_silent = cases[i].is_silent;
		f->gone_ns = cases[i].is_gone ? 0 : NEVER;
		if (cases[i].options.size)
			o = cases[i].options;
		assert_int_equal(vn_caliper_open_by(&c, &o, &f->t, &err), cases[i].want);
		assert_null(c);
		if (!strstr(err.text, cases[i].word))
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(f->n_closed, 1);
		free_fake(f);
	}
	assert_string_equal(vn_caliper_error(NULL), "");
	vn_caliper_close(NULL);
}

static void options_may_be_newer_if_nothing_new_is_said(void **state)
{
	struct {
		struct vn_caliper_options o;
		uint8_t newer[8];
	} given = { .o = { .size = sizeof(given), .card = CARD } };
	struct vn_err err = { "" };
	struct vn_caliper *c;
	struct fake *f = new_fake();

	assert_int_equal(vn_caliper_open_by(&c, &given.o, &f->t, &err), 0);
	vn_caliper_close(c);
	free_fake(f);
	f = new_fake();
	given.newer[3] = 1;
	assert_int_equal(vn_caliper_open_by(&c, &given.o, &f->t, &err), -EINVAL);
	free_fake(f);
}

/* --- packets ------------------------------------------------------------------------------- */

static void a_packet_becomes_its_descriptor(void **state)
{
	struct vn_caliper_packet p = {
		.size = sizeof(p),
		.time_ns = 123456789012,
		.flags = CAL_ABSOLUTE | CAL_REPORT | CAL_VLAN,
		.cookie = 0xabcdef,
		.src_ip = htonl(0x0a000001),
		.dst_ip = htonl(0x0a000002),
		.src_port = 7,
		.dst_port = 9,
		.payload_len = 100,
		.data_len = 3,
		.data = "xyz",
		.vlan_tci = 5,
		.ttl = 3,
		.tos = 4,
		.src_mac = { 2, 0, 0, 0, 0, 1 },
		.dst_mac = { 2, 0, 0, 0, 0, 2 },
	};
	struct vn_cal_msg msg;
	struct cal_descriptor d;
	const uint8_t *data;
	size_t at = 0;

	assert_int_equal(vn_caliper_send(client, &p, 1), 1);
	assert_int_equal(fake->n_sent, 0);
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(fake->n_sent, 1);
	assert_int_equal(fake->sent[0].to, VN_CAL_DATA);
	msg = sent_message(0, 0);
	assert_true(vn_cal_descriptor_next(&msg, &at, &d, &data));
	assert_int_equal(d.time_ns, 123456789012);
	assert_int_equal(d.flags, CAL_ABSOLUTE | CAL_REPORT | CAL_VLAN);
	assert_int_equal(d.kind, CAL_UDP);
	assert_int_equal(d.payload_len, 100);
	assert_int_equal(d.data_len, 3);
	assert_memory_equal(data, "xyz\0\0\0\0\0", 8);
	assert_int_equal(d.cookie, 0xabcdef);
	assert_int_equal(d.src_ip, htonl(0x0a000001));
	assert_int_equal(d.dst_ip, htonl(0x0a000002));
	assert_int_equal(d.src_port, htons(7));
	assert_int_equal(d.dst_port, htons(9));
	assert_int_equal(d.vlan_tci, 5);
	assert_int_equal(d.ttl, 3);
	assert_int_equal(d.tos, 4);
	assert_memory_equal(d.src_mac, p.src_mac, 6);
	assert_memory_equal(d.dst_mac, p.dst_mac, 6);
	assert_int_equal(d.zero, 0);
}

static void a_frame_becomes_its_descriptor(void **state)
{
	static const uint8_t frame[100] = { 1, 2, 3, [60] = 4, [99] = 5 };
	struct vn_caliper_packet p[2] = {
		{ .size = sizeof(p[0]), .frame = frame, .frame_len = 100, .src_ip = 1, .ttl = 1 },
		{ .size = sizeof(p[0]), .frame = frame, .frame_len = 100, .data_len = 61 },
	};
	struct vn_cal_msg msg;
	struct cal_descriptor d;
	const uint8_t *data;
	size_t at = 0;

	assert_int_equal(vn_caliper_send(client, p, 2), 2);
	assert_int_equal(vn_caliper_flush(client), 0);
	msg = sent_message(0, 0);
	assert_true(vn_cal_descriptor_next(&msg, &at, &d, &data));
	assert_int_equal(d.kind, CAL_RAW);
	assert_int_equal(d.payload_len, 100);
	assert_int_equal(d.data_len, 100);
	assert_int_equal(d.src_ip, 0);
	assert_int_equal(d.ttl, 0);
	assert_memory_equal(data, frame, 100);
	assert_true(vn_cal_descriptor_next(&msg, &at, &d, &data));
	assert_int_equal(d.payload_len, 100);
	assert_int_equal(d.data_len, 61);
	assert_memory_equal(data, frame, 61);
}

static void wrong_packets_are_named(void **state)
{
	static const struct {
		struct vn_caliper_packet p;
		int want;
		const char *word;
	} cases[] = {
		{ { .size = 7 }, -EINVAL, "packet 1: 7 bytes" },
		{ { .payload_len = 1473 }, -EMSGSIZE, "packet 1: payload_len 1473: at most 1472" },
		{ { .payload_len = 1469, .flags = CAL_VLAN }, -EMSGSIZE, "at most 1468" },
		{ { .flags = 0x10000 }, -EINVAL, "flags 0x10000" },
		{ { .flags = 64 }, -EINVAL, "flags 0x40" },
		{ { .payload_len = 5, .data_len = 6, .data = "123456" }, -EINVAL, "data_len 6" },
		{ { .payload_len = 5, .data_len = 5 }, -EINVAL, "no data" },
		{ { .frame = "", .frame_len = 1515 }, -EMSGSIZE, "frame_len 1515" },
		{ { .frame = "", .frame_len = 13 }, -EINVAL, "14 to 1514" },
		{ { .frame = "", .frame_len = 60, .data_len = 61 }, -EINVAL, "data_len 61" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_caliper_packet p[2] = { plain(1), cases[i].p };

		if (!p[1].size)
			p[1].size = sizeof(p[1]);
		assert_int_equal(vn_caliper_send(client, p, 2), cases[i].want);
		said(cases[i].word);
	}
	/* none of such a call is sent, neither are those that were right */
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(fake->n_sent, 0);
}

static void packets_of_other_sizes_are_read(void **state)
{
	size_t older = offsetof(struct vn_caliper_packet, vlan_tci);
	struct {
		struct vn_caliper_packet p;
		uint8_t newer[16];
	} p[2] = { { plain(4), { 0 } }, { plain(5), { 0 } } };
	uint8_t bytes[2 * sizeof(struct vn_caliper_packet)];

	p[0].p.size = p[1].p.size = sizeof(p[0]);
	assert_int_equal(vn_caliper_send(client, &p[0].p, 2), 2);
	p[1].newer[7] = 1;
	assert_int_equal(vn_caliper_send(client, &p[0].p, 2), -EINVAL);
	older &= ~(size_t)7;
	for (unsigned int i = 0; i < 2; i++) {
		struct vn_caliper_packet one = plain(6 + i);

		one.size = older;
		memcpy(bytes + i * older, &one, older);
	}
	assert_int_equal(vn_caliper_send(client, (const void *)bytes, 2), 2);
	assert_int_equal(vn_caliper_flush(client), 0);
	sent_cookies(0, 4, 4);
}

static void packets_are_gathered(void **state)
{
	uint32_t mark;

	vn_caliper_close(client);
	free_fake(fake);
	open_client(3);
	send_plain(0, 7);
	assert_int_equal(fake->n_sent, 2);
	sent_cookies(0, 0, 3);
	sent_cookies(1, 3, 3);
	assert_int_equal(vn_caliper_mark(client, VN_CALIPER_FLUSH, &mark), 0);
	assert_int_equal(fake->n_sent, 3);
	sent_cookies(2, 6, 1);
	assert_int_equal(sent_message(2, 1).type, CAL_MARK);
	assert_int_equal(sent_message(2, 1).seq, mark);
	assert_int_equal(sent_message(2, 1).head.flags, CAL_MARK_FLUSH);
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	assert_int_equal(sent_message(3, 0).head.flags, 0);
	assert_int_equal(vn_caliper_mark(client, 2, &mark), -EINVAL);
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(fake->n_sent, 4);
}

static void no_message_is_longer_than_the_driver_takes(void **state)
{
	static const uint8_t data[1472];
	struct vn_caliper_packet p = plain(0);

	p.payload_len = p.data_len = 1472;
	p.data = data;
	for (p.cookie = 0; p.cookie < 30; p.cookie++)
		assert_int_equal(vn_caliper_send(client, &p, 1), 1);
	/* 16384 = 24 + 10 * (48 + 1472) + 1160 */
	assert_int_equal(fake->n_sent, 2);
	sent_cookies(0, 0, 10);
	sent_cookies(1, 10, 10);
	/* a mark does not fit behind this */
	p.payload_len = p.data_len = 1104;
	assert_int_equal(vn_caliper_send(client, &p, 1), 1);
	assert_int_equal(vn_caliper_mark(client, 0, &(uint32_t){ 0 }), 0);
	sent_cookies(2, 20, 11);
	assert_int_equal(sent_message(3, 0).type, CAL_MARK);

	vn_caliper_close(client);
	free_fake(fake);
	open_client(1000);
	send_plain(0, 301);
	sent_cookies(0, 0, 300); /* HELLO_ACK said so */
}

static void a_signal_loses_nothing(void **state)
{
	struct vn_caliper_packet p[5] = { plain(0), plain(1), plain(2), plain(3), plain(4) };
	uint32_t mark = 99;

	vn_caliper_close(client);
	free_fake(fake);
	open_client(2);
	fake->signals_after = 2;
	/* 0, 1 are sent; 2, 3 are taken, and stay */
	assert_int_equal(vn_caliper_send(client, p, 5), 4);
	fake->signals_after = 1;
	assert_int_equal(vn_caliper_send(client, p + 4, 1), -EINTR);
	said("a signal came");
	fake->signals_after = 1;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), -EINTR);
	assert_int_equal(mark, 99);
	fake->signals_after = 1;
	assert_int_equal(vn_caliper_flush(client), -EINTR);
	assert_int_equal(vn_caliper_send(client, p + 4, 1), 1);
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	assert_int_equal(fake->n_sent, 3);
	sent_cookies(0, 0, 2);
	sent_cookies(1, 2, 2);
	sent_cookies(2, 4, 1);
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), 0);
}

static void what_is_not_flushed_is_sent_at_the_end(void **state)
{
	send_plain(0, 2);
	vn_caliper_close(client);
	sent_cookies(0, 0, 2);
	free_fake(fake);
	open_client(0);
}

static void a_refusal_comes_at_the_next_call_once(void **state)
{
	struct vn_caliper_packet p = plain(0);
	struct vn_caliper_event event;
	uint32_t mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	fake->refuses = -ENETDOWN;
	for (uint32_t i = 0; i < 3; i++) {
		send_plain(i, 1);
		assert_int_equal(vn_caliper_flush(client), 0); /* the answer is not heard yet */
		assert_int_equal(vn_client_hear_all(client), 0);
		assert_int_equal(vn_caliper_flush(client), -ENETDOWN);
		assert_int_equal(vn_caliper_flush(client), 0);
	}
	send_plain(3, 1);
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(vn_client_hear_all(client), 0);
	fake->refuses = 0;
	assert_int_equal(vn_caliper_send(client, &p, 1), -ENETDOWN);
	said("the interface is down");
	assert_int_equal(vn_caliper_send(client, &p, 1), 1);

	for (int i = 0; i < 3; i++) {
		struct vn_cal_msg msg = { .type = CAL_PKTS, .seq = 5000 + (uint32_t)i };

		tell_error(fake, &msg, i == 1 ? -EAGAIN : -EPERM);
	}
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), -EPERM);
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events(client, &event, 1, 0), -EAGAIN);
	said("is being reset");
	assert_int_equal(vn_caliper_mark(client, 0, &mark), -EPERM);
	tell_hit(fake, mark, CAL_COPIED);
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), 0);
}

static void all_refusals_are_counted(void **state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 100; i++) {
		struct vn_cal_msg msg = { .type = CAL_PKTS };

		tell_error(fake, &msg, i & 1 ? -EAGAIN : -ENETDOWN);
	}
	assert_int_equal(vn_client_hear_all(client), 0);
	while (vn_caliper_flush(client))
		n++;
	assert_int_equal(n, 100);
}

/* --- marks ------------------------------------------------------------------------------------ */

static void marks_are_waited_for(void **state)
{
	uint32_t m[4];
	struct cal_mark_hit hit;

	fake->holds_marks = true;
	for (int i = 0; i < 4; i++)
		assert_int_equal(vn_caliper_mark(client, 0, &m[i]), 0);
	assert_int_equal(vn_caliper_wait(client, m[0], 0, &hit), -ETIMEDOUT);
	assert_int_equal(fake->now_ns, 0);
	assert_int_equal(vn_caliper_wait(client, m[0], 5 * MS, &hit), -ETIMEDOUT);
	assert_int_equal(fake->now_ns, 5 * MS);
	tell_hit(fake, m[0], CAL_COPIED);
	tell_hit(fake, m[1], CAL_DISCARDED);
	tell_hit(fake, m[2], CAL_COPIED);
	tell_hit(fake, 4711, CAL_COPIED); /* nobody's */
	assert_int_equal(vn_caliper_wait(client, m[2], NEVER, &hit), 0);
	assert_int_equal(hit.card_ns, 1000 + m[2]);
	assert_int_equal(hit.free_txbuffs, 7);
	assert_int_equal(vn_caliper_wait(client, m[1], 0, &hit), -ECANCELED);
	assert_int_equal(hit.card_ns, 1000 + m[1]);
	said("thrown away");
	assert_int_equal(vn_caliper_wait(client, m[0], 0, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(vn_caliper_wait(client, m[i], 0, NULL), -ENOENT);
	assert_int_equal(vn_caliper_wait(client, 12345, NEVER, NULL), -ENOENT);
	said("mark 12345");
	fake->recv_error = -EINTR;
	assert_int_equal(vn_caliper_wait(client, m[3], NEVER, NULL), -EINTR);
	tell_hit(fake, m[3], CAL_COPIED);
	assert_int_equal(vn_caliper_wait(client, m[3], NEVER, NULL), 0);
}

static void a_mark_may_be_refused(void **state)
{
	uint32_t mark;

	fake->refuses_marks = -EBUSY;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), -EBUSY);
	said("was refused");
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), -ENOENT);
}

static void marks_that_nobody_waits_for_are_bounded(void **state)
{
	uint32_t first, mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &first), 0);
	for (unsigned int i = 1; i < VN_CLIENT_MARKS; i++)
		assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	assert_int_equal(vn_caliper_mark(client, 0, &mark), -ENOBUFS);
	said("65536 marks");
	tell_hit(fake, first, CAL_COPIED);
	assert_int_equal(vn_caliper_wait(client, first, 0, NULL), 0);
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	tell_hit(fake, mark, CAL_COPIED);
	assert_int_equal(vn_caliper_wait(client, mark, 0, NULL), 0);
}

/* One that is given up is no burden for those behind it. */
static void marks_that_were_waited_for_make_room(void **state)
{
	uint32_t first, mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &first), 0);
	fake->holds_marks = false;
	for (unsigned int i = 0; i < TOLD - 2; i++) {
		assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
		assert_int_equal(vn_caliper_wait(client, mark, 0, NULL), 0);
	}
	assert_in_range(client->marks.cap, 1, 16);
	tell_hit(fake, first, CAL_COPIED);
	assert_int_equal(vn_caliper_wait(client, first, 0, NULL), 0);
	assert_int_equal(client->marks.head, client->marks.tail);
}

/* --- events -------------------------------------------------------------------------------------
 */

static void events_come_in_order_and_wait_inside(void **state)
{
	struct vn_caliper_event e[4];
	uint32_t mark;

	tell_event(fake, 0, 99, "not asked for");
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_subscribe(client, 1u << CAL_EVENT_RX, 64), 0);
	assert_int_equal(vn_caliper_events(client, e, 4, 3 * MS), 0);
	assert_int_equal(fake->now_ns, 3 * MS);
	tell_event(fake, 0, 1, "");
	tell_event(fake, 2, 2, "abc");
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), 0);
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), 0);
	tell_event(fake, 2, 3, "");
	assert_int_equal(vn_caliper_events(client, e, 1, NEVER), 1);
	assert_int_equal(e[0].event.cookie, 1);
	assert_int_equal(vn_caliper_events(client, e, 4, NEVER), 1);
	assert_int_equal(e[0].event.cookie, 2);
	assert_int_equal(e[0].event.snap, 3);
	assert_memory_equal(e[0].bytes, "abc\0\0\0\0\0", 8);
	assert_int_equal(vn_caliper_events(client, e, 4, 0), 1);
	assert_int_equal(e[0].event.cookie, 3);
	assert_int_equal(vn_caliper_events(client, e, 4, 0), 0);
	assert_int_equal(vn_caliper_events(client, e, 0, NEVER), 0);
	fake->recv_error = -EINTR;
	assert_int_equal(vn_caliper_events(client, e, 4, NEVER), -EINTR);
}

static void lost_events_are_counted(void **state)
{
	struct vn_caliper_event e[2];
	unsigned int n = 0;

	assert_int_equal(vn_caliper_subscribe(client, 1u << CAL_EVENT_RX, 0), 0);
	for (uint32_t i = 0; i < VN_CLIENT_EVENTS + 10; i++)
		tell_event(fake, 0, i, "");
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), 0);
	assert_int_equal(vn_caliper_events_lost(client), 10);
	while (vn_caliper_events(client, e, 2, 0) == 2)
		n += 2;
	assert_int_equal(n, VN_CLIENT_EVENTS);
	assert_int_equal(e[1].event.cookie, VN_CLIENT_EVENTS - 1);
	tell_event(fake, 5, 0, "");
	tell_event(fake, 7, 0, "");
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events_lost(client), 17);
	tell_event(fake, 3, 0, ""); /* of a driver that counts anew */
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events_lost(client), 20);
	fake->recv_error = -ENOBUFS;
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events_lost(client), 21);
	/* Its count begins with a subscription. */
	assert_int_equal(vn_caliper_subscribe(client, 0, 0), 0);
	assert_int_equal(vn_caliper_subscribe(client, 1u << CAL_EVENT_RX, 0), 0);
	tell_event(fake, 4, 0, "");
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events_lost(client), 25);
}

static void what_was_not_subscribed_is_not_lost(void **state)
{
	tell_event(fake, 5, 0, "");
	assert_int_equal(vn_client_hear_all(client), 0);
	assert_int_equal(vn_caliper_events_lost(client), 0);
}

static void subscriptions_that_cannot_be_are_refused(void **state)
{
	assert_int_equal(vn_caliper_subscribe(client, 1, 0), -EINVAL);
	assert_int_equal(vn_caliper_subscribe(client, 0x80, 0), -EINVAL);
	said("kinds 0x80: 0x7e");
	assert_int_equal(vn_caliper_subscribe(client, 2, 129), -EINVAL);
	said("snap_len 129: 0 to 128");
	assert_int_equal(fake->n_sent, 0);
	fake->refuses = -ENOBUFS;
	assert_int_equal(vn_caliper_subscribe(client, 2, 0), -ENOBUFS);
}

/* --- questions
 * ------------------------------------------------------------------------------------ */

static void questions_are_answered(void **state)
{
	uint64_t stats[CAL_N_COUNTERS + 1], card_ns = 0;
	struct cal_clock clock = { 0 };

	stats[2] = 99;
	assert_int_equal(vn_caliper_stats(client, stats, 2), CAL_N_COUNTERS);
	assert_int_equal(stats[0], 11);
	assert_int_equal(stats[1], 12);
	assert_int_equal(stats[2], 99);
	assert_int_equal(vn_caliper_stats(client, stats, CAL_N_COUNTERS + 1), CAL_N_COUNTERS);
	assert_int_equal(stats[2], 13);
	assert_int_equal(vn_caliper_clock(client, &clock), 0);
	assert_int_equal(clock.card_ns, 1);
	assert_int_equal(clock.host_ns, 2);
	assert_int_equal(clock.error_ns, 3);
	assert_int_equal(vn_caliper_reset(client, &card_ns), 0);
	assert_int_equal(card_ns, 4242);
	assert_int_equal(vn_caliper_reset(client, NULL), 0);
	assert_string_equal(vn_caliper_counter_name(CAL_COUNTER_late), "late");
	assert_string_equal(vn_caliper_counter_text(CAL_COUNTER_late), "packets that left late");
	assert_non_null(vn_caliper_counter_name(CAL_N_COUNTERS - 1));
	assert_null(vn_caliper_counter_name(CAL_N_COUNTERS));
	assert_null(vn_caliper_counter_text(CAL_N_COUNTERS));
}

static void a_question_has_a_time_limit(void **state)
{
	fake->is_silent = true;
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -ETIMEDOUT);
	said("does not answer CLOCK within 2000 ms");
	assert_int_equal(fake->now_ns, 2000 * MS);
	/* the answer of the last question is not that of this one */
	tell(fake, CAL_CLOCK, client->seq, 0, &(struct cal_clock){ 9, 9, 9 }, 24);
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -ETIMEDOUT);
	fake->send_error[VN_CAL_CONTROL] = -EAGAIN;
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -ETIMEDOUT);
	said("does not read CLOCK");
	assert_true(fake->now_ns >= 6000 * MS && fake->now_ns < 6002 * MS);
}

static void a_question_may_be_refused(void **state)
{
	uint64_t stats[1];

	fake->refuses = -EPERM;
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -EPERM);
	said("CLOCK: no right");
	assert_int_equal(vn_caliper_reset(client, NULL), -EPERM);
	assert_int_equal(vn_caliper_stats(client, stats, 1), -EPERM);
	assert_int_equal(vn_caliper_cancel(client, 0, 1, NULL), -EPERM);
	/* what is asked is not what was sent: no refusal is left over */
	fake->refuses = 0;
	assert_int_equal(vn_caliper_flush(client), 0);
	fake->recv_error = -EINTR; /* does not break it off */
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), 0);
	fake->recv_error = -EIO;
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -EIO);
}

static void packets_are_taken_back(void **state)
{
	struct cal_cancel_done done;

	send_plain(0, 10);
	assert_int_equal(vn_caliper_cancel(client, 3, 9, &done), 0);
	assert_int_equal(done.cancelled, 7 + 5);
	assert_int_equal(done.last_ns, 777);
	assert_int_equal(sent_message(0, 0).type, CAL_CANCEL);
	assert_int_equal(vn_caliper_flush(client), 0);
	sent_cookies(1, 0, 3);
	/* What stays is joined by what comes behind: none of it is what CANCEL means. */
	assert_true(sent_message(1, 0).seq > sent_message(0, 0).seq);
	send_plain(0, 1);
	assert_int_equal(vn_caliper_cancel(client, 0, UINT32_MAX, NULL), 0);
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(fake->n_sent, 3);
	assert_int_equal(vn_caliper_cancel(client, 2, 1, NULL), -EINVAL);

	send_plain(0, 1);
	assert_int_equal(vn_caliper_reset(client, NULL), 0);
	assert_int_equal(vn_caliper_flush(client), 0);
	assert_int_equal(fake->n_sent, 4);
}

/* The program knows that a reset throws away what it has sent. */
static void a_reset_is_not_told_once_more_by_each_message(void **state)
{
	struct vn_cal_msg pkts;

	send_plain(0, 1);
	assert_int_equal(vn_caliper_flush(client), 0);
	pkts = sent_message(0, 0);
	tell_error(fake, &pkts, -EAGAIN);
	tell_error(fake, &pkts, -ENETDOWN);
	tell_error(fake, &pkts, -EAGAIN);
	assert_int_equal(vn_caliper_reset(client, NULL), 0);
	assert_int_equal(vn_caliper_flush(client), -ENETDOWN);
	assert_int_equal(vn_caliper_flush(client), 0);
}

static void a_long_list_of_gaps_goes_in_parts(void **state)
{
	static uint64_t gaps[CAL_GAPS_MAX + 1];
	struct cal_policy policy = { .mode = CAL_POLICY_LIST, .snap = 64 };
	uint32_t n = 0;

	for (unsigned int i = 0; i < CAL_GAPS_MAX; i++)
		gaps[i] = i;
	assert_int_equal(vn_caliper_policy(client, &policy, gaps, CAL_GAPS_MAX), 0);
	for (unsigned int i = 0; i < fake->n_sent; i++) {
		struct vn_cal_msg msg = sent_message(i, 0);

		assert_int_equal(msg.head.flags, i + 1 < fake->n_sent ? CAL_MORE : 0);
		assert_memory_equal(msg.body, &policy, sizeof(policy));
		assert_memory_equal(msg.body + sizeof(policy), &gaps[n], 8 * msg.head.count);
		n += msg.head.count;
	}
	assert_int_equal(n, CAL_GAPS_MAX);
	assert_int_equal(vn_caliper_policy(client, &policy, gaps, CAL_GAPS_MAX + 1), -EINVAL);
	assert_int_equal(vn_caliper_policy(client, &policy, NULL, 0), -EINVAL);
	policy.mode = CAL_POLICY_ASAP;
	assert_int_equal(vn_caliper_policy(client, &policy, gaps, 1), -EINVAL);
	assert_int_equal(vn_caliper_policy(client, &policy, NULL, 0), 0);
	fake->refuses = -EINVAL;
	assert_int_equal(vn_caliper_policy(client, &policy, NULL, 0), -EINVAL);
}

/* --- a driver that is no more
 * ----------------------------------------------------------------------- */

static void a_driver_that_goes_is_noticed(void **state)
{
	struct vn_caliper_packet p = plain(0);
	struct vn_caliper_event event;
	uint32_t mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	fake->gone_ns = 3500 * MS;
	assert_int_equal(vn_caliper_wait(client, mark, NEVER, NULL), -ECONNREFUSED);
	said("there is no driver");
	assert_int_equal(fake->now_ns, 4000 * MS);
	assert_int_equal(vn_caliper_events(client, &event, 1, NEVER), -ECONNREFUSED);
	assert_int_equal(vn_caliper_clock(client, &(struct cal_clock){ 0 }), -ECONNREFUSED);
	assert_int_equal(vn_caliper_send(client, &p, 1), 1);
	assert_int_equal(vn_caliper_flush(client), -ECONNREFUSED);
	assert_int_equal(vn_caliper_flush(client), 0);
	fake->recv_error = -EPIPE;
	assert_int_equal(vn_caliper_events(client, &event, 1, NEVER), -ECONNREFUSED);
}

/* However short the waits are, and also by looking only. */
static void short_waits_notice_it_too(void **state)
{
	struct vn_caliper_event event;
	uint32_t mark;
	int ret = -ETIMEDOUT;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	fake->gone_ns = 0;
	while (ret == -ETIMEDOUT)
		ret = vn_caliper_wait(client, mark, 300 * MS, NULL);
	assert_int_equal(ret, -ECONNREFUSED);
	assert_in_range(fake->now_ns, 1000 * MS, 1200 * MS);
	fake->now_ns += 1000 * MS;
	assert_int_equal(vn_caliper_events(client, &event, 1, 0), -ECONNREFUSED);
}

static void closing_sends_in_spite_of_a_refusal(void **state)
{
	struct vn_cal_msg pkts;
	struct fake *f;

	send_plain(0, 1);
	assert_int_equal(vn_caliper_flush(client), 0);
	send_plain(1, 1);
	pkts = sent_message(0, 0);
	tell_error(fake, &pkts, -ENETDOWN);
	assert_int_equal(vn_client_hear_all(client), 0);
	vn_caliper_close(client);
	f = fake;
	assert_int_equal(f->n_sent, 2);
	sent_cookies(1, 1, 1);
	free_fake(f);
	open_client(0);
}

static void a_driver_that_sleeps_is_waited_for(void **state)
{
	uint32_t mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	fake->send_error[VN_CAL_CONTROL] = -EAGAIN;
	assert_int_equal(vn_caliper_wait(client, mark, 3600 * VN_NSEC_PER_SEC, NULL), -ETIMEDOUT);
	assert_int_equal(fake->now_ns, 3600 * VN_NSEC_PER_SEC);
}

static void another_driver_in_its_place_is_noticed(void **state)
{
	struct vn_caliper_event event;
	uint32_t m[2];

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &m[0]), 0);
	assert_int_equal(vn_caliper_mark(client, 0, &m[1]), 0);
	assert_int_equal(vn_caliper_wait(client, m[0], 5000 * MS, NULL), -ETIMEDOUT);
	fake->hello.run++;
	assert_int_equal(vn_caliper_wait(client, m[0], NEVER, NULL), -ECONNREFUSED);
	said("begun anew");
	assert_int_equal(fake->now_ns, 6000 * MS);
	assert_int_equal(vn_caliper_wait(client, m[0], NEVER, NULL), -ECONNREFUSED);
	said("was refused");
	assert_int_equal(vn_caliper_wait(client, m[1], NEVER, NULL), -ECONNREFUSED);
	assert_int_equal(vn_caliper_events(client, &event, 1, 0), 0);
}

/* Each mark is answered: it never waits for a word. */
static void another_driver_that_answers_marks_is_noticed(void **state)
{
	uint32_t old, mark;
	int rc = 0;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &old), 0);
	fake->holds_marks = false;
	fake->hello.run++;
	while (!rc && fake->now_ns < 10000 * MS) {
		fake->now_ns += 100 * MS;
		rc = vn_caliper_mark(client, 0, &mark);
		if (!rc)
			rc = vn_caliper_wait(client, mark, NEVER, NULL);
	}
	assert_int_equal(rc, -ECONNREFUSED);
	assert_true(fake->now_ns <= 1200 * MS);
	assert_int_equal(vn_caliper_wait(client, old, 0, NULL), -ECONNREFUSED);
}

static void what_is_not_the_protocol_is_passed_over(void **state)
{
	uint8_t bytes[128];
	struct vn_cal_writer w;
	uint32_t mark;

	fake->holds_marks = true;
	assert_int_equal(vn_caliper_mark(client, 0, &mark), 0);
	tell_bytes(fake, "rubbish", 7);
	memset(bytes, 0xff, sizeof(bytes));
	tell_bytes(fake, bytes, sizeof(bytes));
	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD + 1);
	vn_cal_put(&w, CAL_MARK_HIT, 0, mark, 0, 0, 0, &(struct cal_mark_hit){ 0 }, 16);
	tell_bytes(fake, bytes, w.len);
	assert_int_equal(vn_caliper_wait(client, mark, 0, NULL), -ETIMEDOUT);
	/* several in one datagram, the second of which is a request */
	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	vn_cal_put(&w, CAL_RESET_DONE, 0, 0, 0, 0, 0, &(struct cal_time){ 0 }, 8);
	vn_cal_put(&w, CAL_MARK, 0, 1, 0, 0, 0, NULL, 0);
	vn_cal_put(&w, CAL_MARK_HIT, 0, mark, 0, 0, 0, &(struct cal_mark_hit){ 0 }, 16);
	tell_bytes(fake, bytes, w.len);
	assert_int_equal(vn_caliper_wait(client, mark, 0, NULL), 0);
}

#define WITH_CLIENT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CLIENT(what_the_driver_is_is_told),
		cmocka_unit_test(a_connection_that_fails_leaves_nothing),
		cmocka_unit_test(options_may_be_newer_if_nothing_new_is_said),
		WITH_CLIENT(a_packet_becomes_its_descriptor),
		WITH_CLIENT(a_frame_becomes_its_descriptor),
		WITH_CLIENT(wrong_packets_are_named),
		WITH_CLIENT(packets_of_other_sizes_are_read),
		WITH_CLIENT(packets_are_gathered),
		WITH_CLIENT(no_message_is_longer_than_the_driver_takes),
		WITH_CLIENT(a_signal_loses_nothing),
		WITH_CLIENT(what_is_not_flushed_is_sent_at_the_end),
		WITH_CLIENT(a_refusal_comes_at_the_next_call_once),
		WITH_CLIENT(all_refusals_are_counted),
		WITH_CLIENT(marks_are_waited_for),
		WITH_CLIENT(a_mark_may_be_refused),
		WITH_CLIENT(marks_that_nobody_waits_for_are_bounded),
		WITH_CLIENT(events_come_in_order_and_wait_inside),
		WITH_CLIENT(lost_events_are_counted),
		WITH_CLIENT(subscriptions_that_cannot_be_are_refused),
		WITH_CLIENT(questions_are_answered),
		WITH_CLIENT(a_question_has_a_time_limit),
		WITH_CLIENT(a_question_may_be_refused),
		WITH_CLIENT(packets_are_taken_back),
		WITH_CLIENT(a_reset_is_not_told_once_more_by_each_message),
		WITH_CLIENT(marks_that_were_waited_for_make_room),
		WITH_CLIENT(what_was_not_subscribed_is_not_lost),
		WITH_CLIENT(short_waits_notice_it_too),
		WITH_CLIENT(closing_sends_in_spite_of_a_refusal),
		WITH_CLIENT(a_long_list_of_gaps_goes_in_parts),
		WITH_CLIENT(a_driver_that_goes_is_noticed),
		WITH_CLIENT(a_driver_that_sleeps_is_waited_for),
		WITH_CLIENT(another_driver_in_its_place_is_noticed),
		WITH_CLIENT(another_driver_that_answers_marks_is_noticed),
		WITH_CLIENT(what_is_not_the_protocol_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

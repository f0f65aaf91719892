/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discipline on a device of a net, on a virtual clock: packets are sent
 * with vn_dev_queue_xmit() and written down when they reach the back end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "net/device.h"
#include "net/net.h"
#include "net/netem.h"
#include "net/qdisc.h"

#define US  UINT64_C(1000)
#define MS  UINT64_C(1000000)
#define LEN 60

struct arrival {
	uint64_t at_ns;
	uint32_t number;
	bool is_copy;
	uint8_t bytes[LEN];
};

struct fixture {
	struct vn_clock clock;
	struct vn_net *net;
	struct vn_device dev;
	struct vn_qdisc *netem;
	bool is_full; /* the back end refuses */
	struct arrival *seen;
	size_t n, cap;
	uint32_t sent, outstanding;
};

/* Bytes that say which packet it was. */
static void fill(uint8_t *bytes, uint32_t len, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number >> i % 4 * 8) ^ (uint8_t)(i * 37);
}

static enum vn_tx_code sink_xmit(struct vn_device *dev, struct vn_tx_queue *q, struct vn_skb *skb,
				 bool more)
{
	struct fixture *f = vn_container_of(dev, struct fixture, dev);
	struct arrival *a;

	if (f->is_full) {
		vn_queue_stop(q);
		return VN_TX_BUSY;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 1024;
		f->seen = realloc(f->seen, f->cap * sizeof(*f->seen));
		assert_non_null(f->seen);
	}
	a = &f->seen[f->n++];
	a->at_ns = vn_net_now(f->net);
	a->number = skb->priority;
	a->is_copy = skb->is_duplicate;
	memcpy(a->bytes, skb->data, VN_MIN(skb->len, LEN));
	vn_skb_free(skb);
	return VN_TX_OK;
}

static const struct vn_device_ops sink_ops = { .driver = "sink", .start_xmit = sink_xmit };

static void set_netem(struct fixture *f, const char *text)
{
	struct vn_err err = { "" };

	if (vn_qdisc_parse(&f->dev, text, &f->netem, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(vn_qdisc_set_root(&f->dev, f->netem, &err), 0);
}

/* A device with n_txq queues, up, and this discipline. */
static void open_with(struct fixture *f, uint16_t n_txq, const char *text)
{
	struct vn_device_info info = { .name = "sink0", .n_txq = n_txq };
	struct vn_net_opts opts = { .clock = &f->clock, .n_cpus = 1, .seed = 42 };

	memset(f, 0, sizeof(*f));
	vn_clock_virtual(&f->clock, 1000, 0);
	opts.timers = &f->clock.timers;
	assert_int_equal(vn_net_new(&opts, &f->net, NULL), 0);
	assert_int_equal(vn_device_init(&f->dev, f->net, &sink_ops, &info), 0);
	assert_int_equal(vn_device_register(&f->dev, NULL), 0);
	assert_int_equal(vn_device_open(&f->dev), 0);
	set_netem(f, text);
}

static void open_netem(struct fixture *f, const char *text)
{
	open_with(f, 1, text);
}

/* Whoever waited for a packet has it back. */
static void close_netem(struct fixture *f)
{
	vn_device_unregister(&f->dev);
	assert_int_equal(f->outstanding, 0);
	vn_net_free(f->net);
	assert_null(f->clock.timers.first);
	free(f->seen);
}

static int send_bytes(struct fixture *f, const void *bytes, uint32_t len)
{
	struct vn_skb *skb = vn_skb_new(f->net, len);
	int code;

	assert_non_null(skb);
	skb->dev = &f->dev;
	skb->priority = f->sent++;
	if (bytes)
		memcpy(skb->data, bytes, len);
	else
		fill(skb->data, len, skb->priority);
	skb->outstanding = &f->outstanding;
	f->outstanding++;
	code = vn_dev_queue_xmit(skb);
	vn_net_run(f->net);
	return code;
}

static int send_one(struct fixture *f)
{
	return send_bytes(f, NULL, LEN);
}

static void send_many(struct fixture *f, uint32_t n)
{
	while (n-- > 0)
		assert_int_equal(send_one(f), VN_TX_OK);
}

/* One each gap_ns. */
static void send_spaced(struct fixture *f, uint32_t n, uint64_t gap_ns)
{
	for (; n > 0; n--) {
		assert_int_equal(send_one(f), VN_TX_OK);
		f->clock.wait(&f->clock, vn_net_now(f->net) + gap_ns, NULL);
	}
}

static void wait_for(struct fixture *f, uint64_t ns)
{
	f->clock.wait(&f->clock, vn_net_now(f->net) + ns, NULL);
}

static struct vn_netem_counts counts(const struct fixture *f)
{
	struct vn_netem_counts c;

	vn_netem_get_counts(f->netem, &c);
	return c;
}

static struct vn_qdisc_stats stats(const struct fixture *f)
{
	struct vn_qdisc_stats s;

	vn_qdisc_get_stats(f->netem, &s);
	return s;
}

static void assert_near(double value, double wanted, double tolerance)
{
	if (fabs(value - wanted) > tolerance)
		fail_msg("%g, not %g +- %g", value, wanted, tolerance);
}

/* p of n, to four standard deviations. */
static void assert_share(uint64_t k, double p, double n)
{
	assert_near((double)k, p * n, 4 * sqrt(p * (1 - p) * n));
}

static void a_delay_is_exact(void **state)
{
	struct fixture f;
	uint32_t i;

	open_netem(&f, "netem delay 10ms");
	send_many(&f, 3);
	wait_for(&f, 7);
	send_many(&f, 2);
	assert_int_equal(f.outstanding, 0); /* the senders need not wait */
	assert_int_equal(stats(&f).qlen, 5);
	assert_int_equal(stats(&f).backlog_bytes, 5 * LEN);
	wait_for(&f, 10 * MS - 8);
	assert_int_equal(f.n, 0);
	wait_for(&f, MS);
	assert_int_equal(f.n, 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(f.seen[i].number, i);
		assert_int_equal(f.seen[i].at_ns, 1000 + 10 * MS + (i < 3 ? 0 : 7));
	}
	assert_int_equal(stats(&f).qlen, 0);
	assert_int_equal(stats(&f).packets, 5);
	assert_int_equal(stats(&f).bytes, 5 * LEN);
	close_netem(&f);
}

static void without_words_packets_pass(void **state)
{
	struct fixture f;

	open_netem(&f, "netem");
	send_many(&f, 3);
	assert_int_equal(f.n, 3);
	assert_int_equal(f.seen[2].at_ns, 1000);
	close_netem(&f);
}

static void packets_leave_in_the_order_of_their_times(void **state)
{
	static const char *const cases[] = {
		"netem delay 10ms 5ms seed 1",
		"netem delay 10ms 5ms 50% seed 2",
		"netem delay 10ms 1ms distribution normal seed 3",
		"netem delay 10ms 1ms distribution pareto seed 4",
		"netem delay 10ms 1ms distribution paretonormal seed 5",
	};
	struct fixture f;
	size_t i, k, overtaken;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		open_netem(&f, cases[i]);
		send_spaced(&f, 1000, 100 * US);
		wait_for(&f, 100 * MS);
		assert_int_equal(f.n, 1000);
		for (k = 0, overtaken = 0; k < f.n; k++) {
			uint64_t came = 1000 + f.seen[k].number * 100 * US;

			assert_true(f.seen[k].at_ns >= came + 5 * MS);
			assert_true(f.seen[k].at_ns < came + 15 * MS);
			assert_true(k == 0 || f.seen[k].at_ns >= f.seen[k - 1].at_ns);
			overtaken += k > 0 && f.seen[k].number < f.seen[k - 1].number;
		}
		assert_true(overtaken > 100);
		close_netem(&f);
	}
}

/* Less than no time is no time. */
static void a_jitter_above_the_delay_lets_packets_pass_at_once(void **state)
{
	struct fixture f;
	size_t k, at_once = 0;

	open_netem(&f, "netem delay 1ms 3ms limit 3000 seed 1");
	send_many(&f, 3000);
	for (k = 0; k < f.n; k++)
		at_once += f.seen[k].at_ns == 1000;
	assert_share(at_once, 1 / 3.0, 3000);
	wait_for(&f, 4 * MS);
	assert_int_equal(f.n, 3000);
	close_netem(&f);
}

static void every_gapth_packet_goes_ahead(void **state)
{
	struct fixture f;
	uint32_t i;

	open_netem(&f, "netem delay 10ms reorder 100% gap 5");
	send_many(&f, 20);
	assert_int_equal(f.n, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(f.seen[i].number, 5 * i + 4);
	assert_int_equal(counts(&f).reordered, 4);
	assert_int_equal(stats(&f).requeues, 4);
	wait_for(&f, 10 * MS);
	assert_int_equal(f.n, 20);
	assert_int_equal(f.seen[4].number, 0);
	assert_int_equal(f.seen[19].number, 18);
	close_netem(&f);
}

static void without_gap_any_packet_may_go_ahead(void **state)
{
	struct fixture f;

	open_netem(&f, "netem delay 10ms reorder 25% limit 100000 seed 1");
	send_many(&f, 100000);
	assert_int_equal(f.n, counts(&f).reordered);
	assert_share(f.n, 0.25, 100000);
	close_netem(&f);
}

/* Packet n has left when n packets' bits are through: to the nanosecond. */
static void a_rate_spaces_packets_without_drift(void **state)
{
	static const struct {
		const char *words;
		uint64_t bits, rate, delay; /* a packet's, on the line */
	} cases[] = {
		{ "netem rate 1mbit limit 20k", LEN * 8, 1000000, 0 },
		{ "netem rate 7mbit limit 20k", LEN * 8, 7000000, 0 },
		{ "netem rate 999999999bit limit 20k", LEN * 8, 999999999, 0 },
		{ "netem rate 40gbit limit 20k", LEN * 8, 40000000000, 0 },
		{ "netem rate 7mbit 24 limit 20k", (LEN + 24) * 8, 7000000, 0 },
		{ "netem rate 7mbit -100 limit 20k", 0, 7000000, 0 },
		{ "netem rate 7mbit 0 48 5 limit 20k", 2 * 53 * 8, 7000000, 0 },
		{ "netem rate 7mbit -12 48 -8 limit 20k", 40 * 8, 7000000, 0 },
		{ "netem rate 7mbit delay 5ms limit 20k", LEN * 8, 7000000, 5 * MS },
	};
	struct fixture f;
	size_t i;
	uint64_t k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		open_netem(&f, cases[i].words);
		send_many(&f, 10000);
		wait_for(&f, 6000 * MS);
		assert_int_equal(f.n, 10000);
		for (k = 0; k < 10000; k++) {
			__uint128_t ns = (__uint128_t)(k + 1) * cases[i].bits * VN_NSEC_PER_SEC;

			assert_int_equal(f.seen[k].at_ns,
					 1000 + cases[i].delay + (uint64_t)(ns / cases[i].rate));
			assert_int_equal(f.seen[k].number, k);
		}
		close_netem(&f);
	}
}

/* The line is not free at the nanosecond at which a packet leaves, but within
 * it: 3 packets of 480 bits at 7 Mbit/s take 205714.3 ns, not 3 times 68571. */
static void a_packet_that_comes_as_one_leaves_is_behind_it(void **state)
{
	struct fixture f;

	open_netem(&f, "netem rate 7mbit");
	f.dev.tx[0].state |= VN_QUEUE_FROZEN;
	send_many(&f, 2);
	wait_for(&f, 137142);
	send_many(&f, 1);
	vn_queues_unfreeze(&f.dev);
	vn_net_run(f.net);
	assert_int_equal(f.n, 2);
	wait_for(&f, MS);
	assert_int_equal(f.n, 3);
	assert_int_equal(f.seen[2].at_ns, 1000 + 205714);
	close_netem(&f);
}

/* A line that was idle begins with the packet, not where it had been. */
static void a_rate_does_not_save_up_what_was_not_used(void **state)
{
	struct fixture f;
	size_t k;

	open_netem(&f, "netem rate 7mbit");
	send_spaced(&f, 10, 5 * MS);
	for (k = 0; k < 10; k++)
		assert_int_equal(f.seen[k].at_ns, 1000 + k * 5 * MS + 68571);
	close_netem(&f);
}

static void above_the_limit_packets_are_refused(void **state)
{
	struct fixture f;
	int i, refused = 0;

	open_netem(&f, "netem delay 9s limit 10");
	for (i = 0; i < 100; i++)
		refused += send_one(&f) == VN_XMIT_DROP;
	assert_int_equal(refused, 90);
	assert_int_equal(stats(&f).qlen, 10);
	assert_int_equal(stats(&f).drops, 90);
	assert_int_equal(stats(&f).overlimits, 90);
	assert_int_equal(counts(&f).lost, 0);
	wait_for(&f, 9000 * MS);
	assert_int_equal(f.n, 10);
	assert_int_equal(f.seen[9].number, 9);
	assert_int_equal(send_one(&f), VN_TX_OK);
	close_netem(&f);
}

static void a_loss_is_a_success_to_the_sender(void **state)
{
	struct fixture f;

	open_netem(&f, "netem loss 100%");
	send_many(&f, 10);
	assert_int_equal(f.n, 0);
	assert_int_equal(f.outstanding, 0);
	assert_int_equal(counts(&f).lost, 10);
	assert_int_equal(stats(&f).drops, 10);
	close_netem(&f);
}

static void a_copy_is_not_copied_again(void **state)
{
	struct fixture f;
	uint8_t bytes[LEN];
	uint32_t i;

	open_netem(&f, "netem duplicate 100% delay 1ms");
	send_many(&f, 10);
	wait_for(&f, MS);
	assert_int_equal(f.n, 20);
	assert_int_equal(counts(&f).duplicated, 10);
	for (i = 0; i < 20; i++) {
		fill(bytes, LEN, i / 2);
		assert_int_equal(f.seen[i].number, i / 2);
		assert_int_equal(f.seen[i].is_copy, i % 2 == 0);
		assert_memory_equal(f.seen[i].bytes, bytes, LEN);
	}
	close_netem(&f);
}

static void a_copy_makes_up_for_a_loss(void **state)
{
	struct fixture f;

	open_netem(&f, "netem duplicate 100% loss 100%");
	send_many(&f, 10);
	assert_int_equal(f.n, 10);
	assert_int_equal(counts(&f).lost, 0);
	assert_int_equal(counts(&f).duplicated, 0);
	close_netem(&f);
}

struct tally {
	uint64_t packets, copies, changed;
};

/* Each packet that came differs from what was sent in one bit or in none. */
static struct tally tally(const struct fixture *f)
{
	struct tally t = { f->n, 0, 0 };
	uint8_t bytes[LEN];
	size_t k;
	int i;

	for (k = 0; k < f->n; k++) {
		int bits = 0;

		fill(bytes, LEN, f->seen[k].number);
		for (i = 0; i < LEN; i++)
			bits += __builtin_popcount(bytes[i] ^ f->seen[k].bytes[i]);
		assert_in_range(bits, 0, 1);
		t.changed += (uint64_t)bits;
		t.copies += f->seen[k].is_copy;
	}
	return t;
}

/* The receiver's figures and netem's are the same, for each seed. */
static void counts_are_what_a_receiver_finds(void **state)
{
	static const char *const cases[] = {
		"netem loss 10% duplicate 5% corrupt 3% seed 1",
		"netem loss 10% duplicate 5% corrupt 3% seed 2",
		"netem loss 10% duplicate 5% corrupt 3% seed 3 delay 1ms 1ms limit 1m",
	};
	struct vn_netem_counts c;
	struct fixture f;
	struct tally t;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		open_netem(&f, cases[i]);
		send_many(&f, 100000);
		wait_for(&f, 2 * MS);
		c = counts(&f);
		t = tally(&f);
		assert_int_equal(t.packets, 100000 - c.lost + c.duplicated);
		assert_int_equal(t.copies, c.duplicated);
		assert_int_equal(t.changed, c.corrupted);
		/* Lost unless doubled; a copy goes on unless it, or its original, is lost. */
		assert_share(c.lost, 0.1 * 0.95, 100000);
		assert_share(c.duplicated, 0.05 * 0.9 * 0.9, 100000);
		assert_share(c.corrupted, 0.03, (double)t.packets);
		close_netem(&f);
	}
}

static void every_bit_can_be_corrupted(void **state)
{
	uint8_t bytes[LEN], all[LEN] = { 0 };
	struct fixture f;
	int i, bits = 0;
	size_t k;

	open_netem(&f, "netem corrupt 100% seed 1");
	send_many(&f, 10000);
	assert_int_equal(tally(&f).changed, 10000);
	for (k = 0; k < f.n; k++) {
		fill(bytes, LEN, f.seen[k].number);
		for (i = 0; i < LEN; i++)
			all[i] |= bytes[i] ^ f.seen[k].bytes[i];
	}
	for (i = 0; i < LEN; i++)
		bits += __builtin_popcount(all[i]);
	assert_int_equal(bits, LEN * 8);
	close_netem(&f);
}

static void ecn_marks_what_it_can_instead_of_losing_it(void **state)
{
	static const char can[] = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00"
				  "\x45\x02\x00\x14\x12\x34\x00\x00\x40\x11\x54\xa1"
				  "\x0a\x00\x00\x01\x0a\x00\x00\x02";
	char cannot[sizeof(can)];
	struct fixture f;
	int i;

	memcpy(cannot, can, sizeof(can));
	cannot[15] = 0;
	open_netem(&f, "netem loss 100% ecn");
	for (i = 0; i < 10; i++) {
		assert_int_equal(send_bytes(&f, can, sizeof(can) - 1), VN_TX_OK);
		assert_int_equal(send_bytes(&f, cannot, sizeof(can) - 1), VN_TX_OK);
	}
	assert_int_equal(f.n, 10);
	assert_int_equal(f.seen[9].bytes[15], 3);
	assert_memory_equal(f.seen[9].bytes + 24, "\x54\xa0", 2);
	assert_int_equal(counts(&f).marked, 10);
	assert_int_equal(counts(&f).lost, 10);
	assert_int_equal(stats(&f).drops, 10);
	close_netem(&f);
}

/* The first slot is open from the beginning; a packet that finds it older than
 * itself waits for the next one. */
static void slots_let_so_many_packets_through_at_a_time(void **state)
{
	static const struct {
		const char *words;
		unsigned int each; /* packets in a slot */
	} cases[] = {
		{ "netem slot 10ms packets 3", 3 },
		{ "netem slot 10ms bytes 121", 3 },
		{ "netem slot 10ms bytes 120", 2 },
		{ "netem slot 10ms packets 5 bytes 60", 1 },
	};
	struct fixture f;
	size_t i, k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		open_netem(&f, cases[i].words);
		wait_for(&f, 5 * MS);
		send_many(&f, 12);
		assert_int_equal(f.n, 0);
		assert_int_equal(f.outstanding, 0);
		wait_for(&f, 200 * MS);
		assert_int_equal(f.n, 12);
		for (k = 0; k < 12; k++) {
			assert_int_equal(f.seen[k].number, k);
			assert_int_equal(f.seen[k].at_ns,
					 1000 + 15 * MS + k / cases[i].each * 10 * MS);
		}
		close_netem(&f);
	}
}

static void slots_without_end_hold_until_they_open(void **state)
{
	struct fixture f;

	open_netem(&f, "netem slot 10ms delay 4ms");
	send_many(&f, 3);
	wait_for(&f, 10 * MS - 1);
	assert_int_equal(f.n, 0);
	wait_for(&f, 1);
	assert_int_equal(f.n, 3);
	close_netem(&f);
}

/* Distances between slots of one packet each; an even distribution's deviation
 * is its width by the root of 12. */
static void slots_are_as_far_apart_as_was_said(void **state)
{
	static const struct {
		const char *words;
		uint64_t min, max;
		double mean, deviation;
	} cases[] = {
		{ "netem slot 8ms 12ms packets 1 limit 10k seed 1", 8, 12, 10, 1.1547005 },
		{ "netem slot distribution uniform 10ms 2ms packets 1 limit 10k seed 2", 8, 12, 10,
		  1.1547005 },
		{ "netem slot distribution normal 10ms 1ms packets 1 limit 10k seed 3", 6, 14, 10,
		  1 },
	};
	struct fixture f;
	size_t i, k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		double sum = 0, squares = 0;

		open_netem(&f, cases[i].words);
		send_many(&f, 5001);
		wait_for(&f, 60000 * MS);
		assert_int_equal(f.n, 5001);
		for (k = 1; k < f.n; k++) {
			uint64_t gap = f.seen[k].at_ns - f.seen[k - 1].at_ns;
			double off = (double)gap / MS - cases[i].mean;

			assert_in_range(gap, cases[i].min * MS, cases[i].max * MS);
			sum += off;
			squares += off * off;
		}
		assert_near(sum / 5000, 0, 4 * cases[i].deviation / sqrt(5000));
		assert_near(sqrt(squares / 5000) / cases[i].deviation, 1, 0.05);
		close_netem(&f);
	}
}

static void a_device_that_goes_down_discards_what_waits(void **state)
{
	struct fixture f;

	open_netem(&f, "netem delay 10ms 5ms reorder 10% gap 3 slot 1ms rate 1gbit seed 1");
	f.is_full = true; /* so that some of those that go ahead wait as well */
	send_many(&f, 50);
	assert_int_equal(stats(&f).qlen, 50);
	vn_device_close(&f.dev);
	assert_int_equal(stats(&f).qlen, 0);
	assert_int_equal(stats(&f).backlog_bytes, 0);
	assert_int_equal(f.outstanding, 0);
	assert_int_equal(send_one(&f), VN_XMIT_CN);
	f.is_full = false;
	assert_int_equal(vn_device_open(&f.dev), 0);
	vn_queue_wake(&f.dev.tx[0]);
	vn_net_run(f.net);
	wait_for(&f, 100 * MS);
	assert_int_equal(f.n, 0);
	send_many(&f, 5);
	wait_for(&f, 100 * MS);
	assert_int_equal(f.n, 5);
	close_netem(&f);
}

static void what_waits_at_the_end_is_freed(void **state)
{
	struct fixture f;

	open_netem(&f, "netem delay 10ms 1ms distribution normal seed 1");
	send_many(&f, 500);
	set_netem(&f, "netem delay 1ms");
	wait_for(&f, 100 * MS);
	assert_int_equal(f.n, 0);
	send_many(&f, 5);
	close_netem(&f);
}

static void a_stopped_queue_keeps_packets_in_order(void **state)
{
	struct fixture f;
	uint32_t i;

	open_netem(&f, "netem delay 1ms");
	f.is_full = true;
	send_spaced(&f, 20, 300 * US);
	assert_int_equal(f.n, 0);
	f.is_full = false;
	vn_queue_wake(&f.dev.tx[0]);
	vn_net_run(f.net);
	wait_for(&f, MS);
	assert_int_equal(f.n, 20);
	for (i = 0; i < 20; i++)
		assert_int_equal(f.seen[i].number, i);
	close_netem(&f);
}

static void what_is_peeked_at_stays(void **state)
{
	struct fixture f;
	struct vn_skb *skb;

	open_netem(&f, "netem delay 10ms reorder 100% gap 2");
	f.dev.tx[0].state |= VN_QUEUE_FROZEN;
	send_many(&f, 2);
	skb = f.netem->ops->peek(f.netem);
	assert_int_equal(skb->priority, 1);
	assert_ptr_equal(f.netem->ops->peek(f.netem), skb);
	assert_int_equal(stats(&f).qlen, 2);
	assert_ptr_equal(f.netem->ops->dequeue(f.netem), skb);
	vn_skb_free(skb);
	assert_null(f.netem->ops->peek(f.netem));
	wait_for(&f, 10 * MS);
	skb = f.netem->ops->peek(f.netem);
	assert_int_equal(skb->priority, 0);
	assert_ptr_equal(f.netem->ops->dequeue(f.netem), skb);
	vn_skb_free(skb);
	assert_int_equal(stats(&f).qlen, 0);
	close_netem(&f);
}

#define WILD "loss 5% 20% duplicate 3% corrupt 2% delay 5ms 3ms 10% reorder 5% gap 3 slot 1ms 2ms"

/* What came, in a number. */
static uint64_t digest(struct fixture *f)
{
	uint64_t h = 14695981039346656037u;
	const uint8_t *p;
	size_t k, i;

	for (k = 0; k < f->n; k++) {
		h = (h ^ f->seen[k].at_ns) * 1099511628211u;
		h = (h ^ f->seen[k].number) * 1099511628211u;
		for (p = f->seen[k].bytes, i = 0; i < LEN; i++)
			h = (h ^ p[i]) * 1099511628211u;
	}
	return h;
}

static uint64_t run_wild(const char *words, uint64_t *seed)
{
	struct fixture f;
	uint64_t h;

	open_netem(&f, words);
	if (seed)
		*seed = vn_netem_get_params(f.netem)->seed;
	send_spaced(&f, 2000, 50 * US);
	wait_for(&f, 10000 * MS);
	h = digest(&f);
	close_netem(&f);
	return h;
}

static void the_same_seed_is_the_same_network(void **state)
{
	char words[200];
	uint64_t seed, h;

	h = run_wild("netem " WILD " seed 1", NULL);
	assert_true(h == run_wild("netem " WILD " seed 1", NULL));
	assert_true(h != run_wild("netem " WILD " seed 2", NULL));
	/* Without one the net's seed gives one, and it can be asked for. */
	h = run_wild("netem " WILD, &seed);
	assert_true(h == run_wild("netem " WILD, NULL));
	snprintf(words, sizeof(words), "netem %s seed %llu", WILD, (unsigned long long)seed);
	assert_true(h == run_wild(words, NULL));
}

static void every_word_follows_the_seed(void **state)
{
	static const char *const words[] = {
		"loss 50%",
		"loss 50% 50%",
		"loss state 50%",
		"loss gemodel 50% 50% 50%",
		"duplicate 50%",
		"corrupt 50%",
		"corrupt 100%",
		"delay 5ms 3ms",
		"delay 5ms 3ms distribution pareto",
		"delay 5ms reorder 50%",
		"slot 1ms 2ms",
		"slot distribution normal 5ms 1ms",
	};
	char first[100], second[100];
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(words); i++) {
		snprintf(first, sizeof(first), "netem %s seed 1", words[i]);
		snprintf(second, sizeof(second), "netem %s seed 2", words[i]);
		assert_true(run_wild(first, NULL) == run_wild(first, NULL));
		assert_true(run_wild(first, NULL) != run_wild(second, NULL));
	}
}

/* Which packets are lost depends on nothing but their loss. */
static void losses_are_the_same_with_other_words(void **state)
{
	struct fixture a, b;
	size_t k, n;

	open_netem(&a, "netem loss 10% seed 5");
	open_netem(&b, "netem loss 10% seed 5 corrupt 50% delay 1ms rate 1gbit");
	send_many(&a, 1000);
	send_many(&b, 1000);
	wait_for(&b, 10 * MS);
	n = a.n;
	assert_in_range(n, 850, 950);
	assert_int_equal(b.n, n);
	for (k = 0; k < n; k++)
		assert_int_equal(a.seen[k].number, b.seen[k].number);
	close_netem(&a);
	close_netem(&b);
}

static void one_netem_feeds_several_queues(void **state)
{
	struct fixture f;

	open_with(&f, 4, "netem delay 1ms duplicate 100%");
	send_many(&f, 100);
	assert_int_equal(f.n, 0);
	wait_for(&f, MS);
	assert_int_equal(f.n, 200);
	close_netem(&f);
}

static void bad_words_make_nothing(void **state)
{
	struct vn_qdisc *q = (struct vn_qdisc *)1;
	struct vn_err err = { "" };
	struct fixture f;

	open_netem(&f, "netem");
	assert_int_equal(vn_qdisc_parse(&f.dev, "netem delay 5x", &q, &err), -EINVAL);
	assert_null(q);
	assert_ptr_equal(strstr(err.text, "netem: delay: '5x' is not accepted"), err.text);
	close_netem(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_words_packets_pass),
		cmocka_unit_test(a_delay_is_exact),
		cmocka_unit_test(packets_leave_in_the_order_of_their_times),
		cmocka_unit_test(a_jitter_above_the_delay_lets_packets_pass_at_once),
		cmocka_unit_test(every_gapth_packet_goes_ahead),
		cmocka_unit_test(without_gap_any_packet_may_go_ahead),
		cmocka_unit_test(a_rate_spaces_packets_without_drift),
		cmocka_unit_test(a_packet_that_comes_as_one_leaves_is_behind_it),
		cmocka_unit_test(a_rate_does_not_save_up_what_was_not_used),
		cmocka_unit_test(above_the_limit_packets_are_refused),
		cmocka_unit_test(a_loss_is_a_success_to_the_sender),
		cmocka_unit_test(a_copy_is_not_copied_again),
		cmocka_unit_test(a_copy_makes_up_for_a_loss),
		cmocka_unit_test(counts_are_what_a_receiver_finds),
		cmocka_unit_test(every_bit_can_be_corrupted),
		cmocka_unit_test(ecn_marks_what_it_can_instead_of_losing_it),
		cmocka_unit_test(slots_let_so_many_packets_through_at_a_time),
		cmocka_unit_test(slots_without_end_hold_until_they_open),
		cmocka_unit_test(slots_are_as_far_apart_as_was_said),
		cmocka_unit_test(a_device_that_goes_down_discards_what_waits),
		cmocka_unit_test(what_waits_at_the_end_is_freed),
		cmocka_unit_test(a_stopped_queue_keeps_packets_in_order),
		cmocka_unit_test(what_is_peeked_at_stays),
		cmocka_unit_test(the_same_seed_is_the_same_network),
		cmocka_unit_test(every_word_follows_the_seed),
		cmocka_unit_test(losses_are_the_same_with_other_words),
		cmocka_unit_test(one_netem_feeds_several_queues),
		cmocka_unit_test(bad_words_make_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is counted where: frames into flows, and of each flow the arrivals,
 * gaps and delays. (Order and loss: sequence_test.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/stat.h"
#include "rx/frame_test.h"
#include "rx/receiver.h"

static struct vn_receiver *new_receiver(void)
{
	struct vn_receiver *r;

	assert_int_equal(vn_receiver_new(&r), 0);
	return r;
}

struct arrival {
	struct frame_spec frame;
	uint64_t stamp_ns;
	bool has_vlan, is_damaged;
};

static void arrive(struct vn_receiver *r, const struct arrival *a)
{
	uint8_t frame[FRAME_CAP];
	struct frame_map m = frame_make(frame, &a->frame);
	struct vn_rx_pkt pkt = {
		.data = frame, .caplen = m.len, .len = m.len,
		.stamp_ns = a->stamp_ns, .has_vlan = a->has_vlan,
	};

	if (a->is_damaged)
		frame[m.ip + VN_IPV4_TTL] ^= 1;
	vn_receiver_handle(r, &pkt, 1);
}

static void arrive_at(struct vn_receiver *r, uint16_t port, uint32_t seq, uint64_t stamp_ns)
{
	const struct arrival a = { { .port = port, .seq = seq }, .stamp_ns = stamp_ns };

	arrive(r, &a);
}

static struct vn_rx_flow_stats *stats_of(struct vn_receiver *r, unsigned int i)
{
	struct vn_rx_flow *f = vn_receiver_flow(r, i);

	assert_non_null(f);
	return &f->stats;
}

static void expect_totals(struct vn_receiver *r, uint64_t frames, uint64_t ours, uint64_t other,
			  uint64_t over_limit)
{
	const struct vn_rx_stats *s = vn_receiver_stats(r);

	assert_int_equal(vn_stat_get(&s->frames), frames);
	assert_int_equal(vn_stat_get(&s->ours), ours);
	assert_int_equal(vn_stat_get(&s->other), other);
	assert_int_equal(vn_stat_get(&s->over_limit), over_limit);
}

static void each_port_is_a_flow_in_the_order_of_arrival(void **state)
{
	struct vn_receiver *r = new_receiver();

	assert_null(vn_receiver_flow(r, 0));
	arrive_at(r, 65535, 3, 0);
	arrive_at(r, 0, 1, 0);
	arrive_at(r, 65535, 4, 0);
	assert_int_equal(vn_receiver_n_flows(r), 2);
	assert_int_equal(vn_receiver_flow(r, 0)->port, 65535);
	assert_string_equal(vn_receiver_flow(r, 0)->label, "udp_dst 65535");
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->received), 2);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->first_seq), 3);
	assert_string_equal(vn_receiver_flow(r, 1)->label, "udp_dst 0");
	assert_int_equal(vn_stat_get(&stats_of(r, 1)->received), 1);
	assert_null(vn_receiver_flow(r, 2));
	expect_totals(r, 3, 3, 0, 0);
	vn_receiver_free(r);
}

static void strangers_are_counted_as_other(void **state)
{
	static const uint8_t arp[60] = { [12] = 0x08, [13] = 0x06 };
	struct vn_rx_pkt pkts[3] = {
		{ .data = arp, .caplen = 60, .len = 60 },
		{ .data = arp, .caplen = 0, .len = 60 },
		{ .data = arp, .caplen = 13, .len = 13 },
	};
	struct vn_receiver *r = new_receiver();

	vn_receiver_handle(r, pkts, 3);
	vn_receiver_handle(r, pkts, 0);
	expect_totals(r, 3, 0, 3, 0);
	assert_int_equal(vn_receiver_n_flows(r), 0);
	vn_receiver_free(r);
}

static void an_expected_flow_joins_a_range_of_ports(void **state)
{
	struct vn_receiver *r = new_receiver();
	char long_label[100];

	memset(long_label, 'x', sizeof(long_label) - 1);
	long_label[sizeof(long_label) - 1] = '\0';
	assert_int_equal(vn_receiver_expect(r, "first", 9, 11), 0);
	assert_int_equal(vn_receiver_expect(r, long_label, 65535, 65535), 1);
	assert_int_equal(vn_receiver_expect(r, "x", 11, 12), -EEXIST);
	assert_int_equal(vn_receiver_expect(r, "x", 0, 9), -EEXIST);
	assert_int_equal(vn_receiver_expect(r, "x", 13, 12), -EINVAL);
	assert_int_equal(vn_receiver_n_flows(r), 2);
	arrive_at(r, 11, 5, 0);
	arrive_at(r, 9, 4, 0);
	arrive_at(r, 12, 1, 0); /* one that was refused above makes a flow of its own */
	assert_int_equal(vn_receiver_n_flows(r), 3);
	assert_string_equal(vn_receiver_flow(r, 0)->label, "first");
	assert_int_equal(strlen(vn_receiver_flow(r, 1)->label), 63);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->received), 2);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->first_seq), 1);
	assert_int_equal(vn_rx_flow_lost(vn_receiver_flow(r, 0)), 3);
	assert_int_equal(vn_rx_flow_lost(vn_receiver_flow(r, 1)), 0);
	vn_receiver_free(r);
}

static void all_ports_may_be_one_flow(void **state)
{
	struct vn_receiver *r = new_receiver();

	assert_int_equal(vn_receiver_expect(r, "all", 0, 65535), 0);
	assert_int_equal(vn_receiver_expect(r, "none left", 0, 0), -EEXIST);
	arrive_at(r, 0, 1, 0);
	arrive_at(r, 65535, 2, 0);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->unique), 2);
	vn_receiver_free(r);
}

static void only_expected_flows_count_when_told_so(void **state)
{
	struct vn_receiver *r = new_receiver();

	assert_int_equal(vn_receiver_expect(r, "mine", 9, 9), 0);
	vn_receiver_only_expected(r, true);
	arrive_at(r, 9, 1, 0);
	arrive_at(r, 10, 1, 0);
	expect_totals(r, 2, 1, 1, 0);
	assert_int_equal(vn_receiver_n_flows(r), 1);
	vn_receiver_only_expected(r, false);
	arrive_at(r, 10, 1, 0);
	expect_totals(r, 3, 2, 1, 0);
	assert_int_equal(vn_receiver_n_flows(r), 2);
	vn_receiver_free(r);
}

static void flows_beyond_the_limit_are_counted_together(void **state)
{
	struct vn_receiver *r = new_receiver();
	uint32_t port;

	for (port = 0; port < VN_RX_FLOWS_MAX + 10; port++)
		arrive_at(r, (uint16_t)port, 1, 0);
	arrive_at(r, VN_RX_FLOWS_MAX, 2, 0);
	arrive_at(r, VN_RX_FLOWS_MAX - 1, 2, 0);
	assert_int_equal(vn_receiver_n_flows(r), VN_RX_FLOWS_MAX);
	expect_totals(r, VN_RX_FLOWS_MAX + 12, VN_RX_FLOWS_MAX + 12, 0, 11);
	assert_int_equal(vn_stat_get(&stats_of(r, VN_RX_FLOWS_MAX - 1)->unique), 2);
	assert_int_equal(vn_receiver_expect(r, "x", 60000, 60000), -ENOSPC);
	vn_receiver_free(r);
}

/* 42 + 16 bytes of frame: padded to 60, + 4 FCS, + 20 around it on the cable. */
static void bytes_and_bits_are_those_of_the_wire(void **state)
{
	static const struct arrival small = { .frame = { .port = 9, .seq = 1 } };
	static const struct arrival tagged = { .frame = { .port = 9, .seq = 2 }, .has_vlan = true };
	static const struct arrival large = {
		.frame = { .port = 9, .seq = 3, .data = 1456, .vlans = 1 },
	};
	struct vn_receiver *r = new_receiver();
	struct vn_rx_flow_stats *s;

	arrive(r, &small);
	s = stats_of(r, 0);
	assert_int_equal(vn_stat_get(&s->bytes), 58);
	assert_int_equal(vn_stat_get(&s->bits_l2), 64 * 8);
	assert_int_equal(vn_stat_get(&s->bits_l1), 84 * 8);
	arrive(r, &tagged);
	assert_int_equal(vn_stat_get(&s->bytes), 58 + 62);
	assert_int_equal(vn_stat_get(&s->bits_l2), (64 + 66) * 8);
	arrive(r, &large);
	assert_int_equal(vn_stat_get(&s->bytes), 58 + 62 + 1518);
	assert_int_equal(vn_stat_get(&s->bits_l2), (64 + 66 + 1522) * 8);
	assert_int_equal(vn_stat_get(&s->bits_l1), (84 + 86 + 1542) * 8);
	vn_receiver_free(r);
}

static void gaps_are_between_arrivals_of_the_same_flow(void **state)
{
	struct vn_receiver *r = new_receiver();
	const struct vn_hist *gap;

	arrive_at(r, 9, 1, 0); /* a stamp of 0 is a stamp */
	arrive_at(r, 10, 1, 50);
	arrive_at(r, 9, 2, 100);
	arrive_at(r, 9, 3, 90); /* negative: recorded as 0 */
	arrive_at(r, 9, 4, 130);
	gap = &vn_receiver_flow(r, 0)->gap;
	assert_int_equal(gap->count, 3);
	assert_int_equal(gap->sum, 100 + 0 + 40);
	assert_int_equal(gap->min, 0);
	assert_int_equal(vn_receiver_flow(r, 1)->gap.count, 0);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->first_ns), 0);
	assert_int_equal(vn_stat_get(&stats_of(r, 0)->last_ns), 130);
	assert_int_equal(vn_stat_get(&stats_of(r, 1)->first_ns), 50);
	vn_receiver_free(r);
}

static void latency_is_that_of_stamped_first_arrivals(void **state)
{
	static const struct arrival arrivals[] = {
		{ { .port = 9, .seq = 1, .sec = 2, .usec = 5 }, .stamp_ns = 2000005000 },
		{ { .port = 9, .seq = 2, .sec = 2, .usec = 5 }, .stamp_ns = 2000005123 },
		{ { .port = 9, .seq = 2, .sec = 2, .usec = 5 }, .stamp_ns = 2900000000 },
		{ { .port = 9, .seq = 3 }, .stamp_ns = 2900000000 },
		{ { .port = 9, .seq = 4, .sec = 4 }, .stamp_ns = 3999999999 },
		{ { .port = 9, .seq = 5, .sec = UINT32_MAX, .usec = UINT32_MAX }, .stamp_ns = 1 },
		{ { .port = 9, .seq = 6, .sec = UINT32_MAX },
		  .stamp_ns = UINT32_MAX * VN_NSEC_PER_SEC + 7 },
		{ { .port = 9, .seq = 7, .sec = 2, .usec = 5, .has_ns = true },
		  .stamp_ns = 2000000105 },
	};
	struct vn_receiver *r = new_receiver();
	struct vn_rx_flow *f;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(arrivals); i++)
		arrive(r, &arrivals[i]);
	f = vn_receiver_flow(r, 0);
	assert_int_equal(f->latency.count, 4);
	assert_int_equal(f->latency.min, 0);
	assert_int_equal(f->latency.max, 123);
	assert_int_equal(f->latency.sum, 0 + 123 + 7 + 100);
	assert_int_equal(vn_stat_get(&f->stats.latency_negative), 2);
	vn_receiver_free(r);
}

static void a_corrupt_packet_arrived_and_is_not_believed(void **state)
{
	static const struct arrival good = {
		.frame = { .port = 9, .seq = 1, .sec = 1 }, .stamp_ns = 2000000000,
	};
	static const struct arrival bad = {
		.frame = { .port = 9, .seq = 70000, .sec = 1 }, .stamp_ns = 2000000100,
		.is_damaged = true,
	};
	struct vn_receiver *r = new_receiver();
	struct vn_rx_flow_stats *s;
	struct vn_rx_flow *f;

	arrive(r, &good);
	arrive(r, &bad);
	f = vn_receiver_flow(r, 0);
	s = &f->stats;
	assert_int_equal(vn_stat_get(&s->received), 2);
	assert_int_equal(vn_stat_get(&s->corrupt), 1);
	assert_int_equal(vn_stat_get(&s->bytes), 2 * 58);
	assert_int_equal(vn_stat_get(&s->unique), 1);
	assert_int_equal(vn_stat_get(&s->max_seq), 1);
	assert_int_equal(vn_rx_flow_lost(f), 0);
	assert_int_equal(f->latency.count, 1);
	assert_int_equal(f->gap.max, 100);
	vn_receiver_free(r);
}

#define READ_ARRIVALS 200000

/* Every third number comes twice, every fifth not at all. */
static void *arrive_many(void *arg)
{
	for (uint32_t seq = 1; seq <= READ_ARRIVALS; seq++) {
		if (seq % 5)
			arrive_at(arg, 9, seq, seq);
		if (seq % 3 == 0)
			arrive_at(arg, 9, seq, seq);
	}
	return NULL;
}

static void counters_are_read_as_of_one_moment(void **state)
{
	struct vn_receiver *r = new_receiver();
	struct vn_rx_flow_counts c;
	const struct vn_rx_flow *f;
	pthread_t thread;

	assert_int_equal(vn_receiver_expect(r, "flow", 9, 9), 0);
	f = vn_receiver_flow(r, 0);
	assert_int_equal(pthread_create(&thread, NULL, arrive_many, r), 0);
	do {
		vn_rx_flow_read(f, &c);
		assert_int_equal(c.received, c.unique + c.duplicates + c.too_late + c.corrupt);
		assert_int_equal(c.max_seq, c.unique + vn_rx_counts_lost(&c));
		assert_int_equal(c.last_ns, c.max_seq);
	} while (c.max_seq < READ_ARRIVALS - 1);
	pthread_join(thread, NULL);
	vn_receiver_free(r);
}

static void nothing_is_freed_twice_or_not_at_all(void **state)
{
	struct vn_receiver *r = new_receiver();

	vn_receiver_free(NULL);
	vn_receiver_free(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_port_is_a_flow_in_the_order_of_arrival),
		cmocka_unit_test(strangers_are_counted_as_other),
		cmocka_unit_test(an_expected_flow_joins_a_range_of_ports),
		cmocka_unit_test(all_ports_may_be_one_flow),
		cmocka_unit_test(only_expected_flows_count_when_told_so),
		cmocka_unit_test(flows_beyond_the_limit_are_counted_together),
		cmocka_unit_test(bytes_and_bits_are_those_of_the_wire),
		cmocka_unit_test(gaps_are_between_arrivals_of_the_same_flow),
		cmocka_unit_test(latency_is_that_of_stamped_first_arrivals),
		cmocka_unit_test(a_corrupt_packet_arrived_and_is_not_believed),
		cmocka_unit_test(counters_are_read_as_of_one_moment),
		cmocka_unit_test(nothing_is_freed_twice_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

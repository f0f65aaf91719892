/* SPDX-License-Identifier: BSD-2-Clause */
/* Defaults, the beginning of a run, lengths and pktgen's reading of addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "packet/stream.h"

static const struct vn_stream_env env = {
	.mac = { 2, 0, 0, 0, 0, 1 },
	.ipv4 = 0x0a000001,
	.n_txq = 4,
};

static void ipv4_words_are_read_as_the_kernel_does(void **state)
{
	static const struct {
		const char *word;
		uint32_t want;
	} cases[] = {
		{ "10.0.0.1", 0x0a000001 },
		{ "10.1", 0x0a010000 },
		{ "", 0 },
		{ "255.255.255.255", 0xffffffff },
		{ "1.2.3.999", 0x010203e7 | 0x300 },
		{ "1.2.3.4.5", 0x01020304 },
		{ "a.0.0.0", (uint32_t)('a' - '0') << 24 },
		{ "7", 0x07000000 },
		{ "1..2.3", 0x01000203 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(vn_ipv4_from_word(cases[i].word), cases[i].want);
}

static void frames_are_never_shorter_than_headers_and_stamp(void **state)
{
	static const struct {
		int32_t size;
		uint32_t flags, want;
	} cases[] = {
		{ 0, 0, 58 },		     { 42, 0, 58 },	{ 58, 0, 58 },
		{ 59, 0, 59 },		     { 1514, 0, 1514 }, { 42, VN_FLAG_IPV6, 78 },
		{ 78, VN_FLAG_IPV6, 78 },    { 100, VN_FLAG_IPV6, 100 },
		{ -5, 0, 58 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vn_stream s;

		vn_stream_init(&s);
		s.cfg.flags = cases[i].flags;
		assert_int_equal(vn_stream_frame_len(&s, cases[i].size), cases[i].want);
	}
}

static void tags_are_part_of_the_size_and_lift_the_minimum(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	s.cfg.vlan_id = 5;
	s.cfg.svlan_id = 6;
	s.cfg.min_pkt_size = s.cfg.max_pkt_size = 100;
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.cur.pkt_overhead, 8);
	assert_int_equal(vn_stream_frame_len(&s, 100), 100);
	assert_int_equal(vn_stream_frame_len(&s, 42), 66);
	assert_int_equal(vn_stream_max_frame_len(&s), 100);
	vn_stream_fini(&s);
}

/* The default size counts the overhead of the run before: 58, then 58 again
 * because it was written back (spec section 7.4 c). */
static void an_unset_size_becomes_the_smallest_frame(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	s.cfg.n_labels = 2;
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.cfg.min_pkt_size, 58);
	assert_int_equal(s.cfg.max_pkt_size, 58);
	assert_int_equal(s.cur.pkt_size, 58);
	assert_int_equal(vn_stream_frame_len(&s, 58), 66);
	vn_stream_fini(&s);
}

static void addresses_come_from_the_device_or_the_texts(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	snprintf(s.cfg.dst_min, sizeof(s.cfg.dst_min), "10.0.0.5");
	snprintf(s.cfg.dst_max, sizeof(s.cfg.dst_max), "10.0.0.9");
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.cur.saddr, 0x0a000001);
	assert_int_equal(s.cur.saddr_max, 0x0a000001);
	assert_int_equal(s.cur.daddr, 0x0a000005);
	assert_memory_equal(s.cur.hdr_src, env.mac, 6);
	snprintf(s.cfg.src_min, sizeof(s.cfg.src_min), "10.0.0.77");
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.cur.saddr, 0x0a00004d);
	assert_int_equal(s.cur.saddr_max, 0); /* no text: no walk */
	vn_stream_fini(&s);
}

static void the_queue_map_is_clamped_to_the_device(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	s.cfg.queue_map_min = 3;
	s.cfg.queue_map_max = 9;
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.cfg.queue_map_min, 3);
	assert_int_equal(s.cfg.queue_map_max, 3);
	vn_stream_fini(&s);
}

static void fragments_are_counted_as_the_kernel_spreads_them(void **state)
{
	static const struct {
		int32_t frags, size;
		int want;
	} cases[] = {
		{ 0, 1000, 0 }, { 3, 1000, 3 }, { 17, 1000, 17 }, { 18, 1000, 17 },
		{ 1, 58, 0 },	{ 2, 59, 2 },	{ 3, 42, 0 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vn_stream s;

		vn_stream_init(&s);
		s.cfg.frags = cases[i].frags;
		s.cur.pkt_size = cases[i].size;
		assert_int_equal(vn_stream_nr_frags(&s), cases[i].want);
	}
}

static void the_exact_period_keeps_what_the_delay_cuts(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	vn_stream_set_period(&s, 1000000000, 3333333);
	assert_int_equal(s.cfg.delay_ns, 300);
	assert_int_equal(s.cfg.period_num, 1000000000);
	assert_int_equal(s.cfg.period_den, 3333333);
}

static void growing_the_flow_table_keeps_what_is_in_it(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	s.cfg.flows = 2;
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	s.flow[1].daddr = 7;
	s.flow[1].is_seen = true;
	s.cfg.flows = 100;
	assert_int_equal(vn_stream_begin(&s, &env, NULL), 0);
	assert_int_equal(s.flow[1].daddr, 7);
	assert_false(s.flow[99].is_seen);
	vn_stream_fini(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_words_are_read_as_the_kernel_does),
		cmocka_unit_test(frames_are_never_shorter_than_headers_and_stamp),
		cmocka_unit_test(tags_are_part_of_the_size_and_lift_the_minimum),
		cmocka_unit_test(an_unset_size_becomes_the_smallest_frame),
		cmocka_unit_test(addresses_come_from_the_device_or_the_texts),
		cmocka_unit_test(the_queue_map_is_clamped_to_the_device),
		cmocka_unit_test(fragments_are_counted_as_the_kernel_spreads_them),
		cmocka_unit_test(the_exact_period_keeps_what_the_delay_cuts),
		cmocka_unit_test(growing_the_flow_table_keeps_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#include "base/macros.h"
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

static struct vn_series *series_of(enum vn_series_of of, const char *text)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(of, "x", text, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void the_period_of_gaps_is_their_mean(void **state)
{
	struct vn_stream s;

	vn_stream_init(&s);
	vn_stream_set_period(&s, 5, 1);
	vn_stream_set_gaps(&s, series_of(VN_SERIES_GAPS, "uniform(1us, 2us)"));
	assert_int_equal(s.cfg.delay_ns, 1500);
	assert_true(vn_stream_knows_mean_gap(&s));
	vn_stream_set_gaps(&s, series_of(VN_SERIES_GAPS, "pareto(1us, 0.5)"));
	assert_int_equal(s.cfg.period_num, 1);
	assert_int_equal(s.cfg.period_den, 1);
	assert_false(vn_stream_knows_mean_gap(&s));
	vn_stream_set_period(&s, 7, 2);
	assert_null(s.gaps);
	assert_true(vn_stream_knows_mean_gap(&s));
	assert_int_equal(s.cfg.delay_ns, 3);
	vn_stream_fini(&s);
}

/* The first values of gaps, sizes and lengths in a run. */
static void first_values(struct vn_stream *s, uint64_t out[3])
{
	assert_int_equal(vn_stream_begin(s, &env, NULL), 0);
	out[0] = vn_series_next(s->gaps);
	out[1] = vn_series_next(s->sizes);
	out[2] = vn_series_next(s->lengths);
}

static void set_series(struct vn_stream *s, uint64_t seed, uint32_t index)
{
	vn_stream_init(s);
	vn_stream_seed(s, seed, index); /* before they are there, as vernier send does */
	vn_stream_set_gaps(s, series_of(VN_SERIES_GAPS, "exp(10us)"));
	vn_stream_set_sizes(s, series_of(VN_SERIES_SIZES, "uniform(0, 60000)"));
	vn_stream_set_lengths(s, series_of(VN_SERIES_LENGTHS, "exp(100000)"));
}

static void series_follow_the_seed_and_start_anew_with_each_run(void **state)
{
	static const struct {
		uint64_t seed;
		uint32_t index;
	} others[] = { { 8, 0 }, { 7, 1 } };
	uint64_t first[3], second[3], v[3];
	struct vn_stream s;
	unsigned int i, k;

	set_series(&s, 7, 0);
	first_values(&s, first);
	first_values(&s, second);
	for (k = 0; k < 3; k++)
		assert_int_not_equal(first[k], second[k]); /* as other draws go on */
	vn_stream_seed(&s, 7, 0);
	first_values(&s, v);
	assert_memory_equal(v, first, sizeof(v));
	first_values(&s, v);
	assert_memory_equal(v, second, sizeof(v));
	vn_stream_fini(&s);
	for (i = 0; i < VN_ARRAY_SIZE(others); i++) {
		set_series(&s, others[i].seed, others[i].index);
		first_values(&s, v);
		for (k = 0; k < 3; k++)
			assert_int_not_equal(first[k], v[k]);
		vn_stream_fini(&s);
	}
}

/* The value of draw i of stream 3 with seed 5: as it was before there were series. */
static void fields_draw_what_they_always_drew(void **state)
{
	struct vn_stream s;
	struct vn_rng rng;
	unsigned int i;

	vn_stream_init(&s);
	vn_stream_seed(&s, 5, 3);
	for (i = 0; i < VN_DRAWS; i++) {
		vn_rng_seed(&rng, 5, 3 * 14 + i);
		assert_int_equal(s.rng[i].state, rng.state);
	}
	assert_int_equal(VN_DRAWS, 14);
}

static void the_longest_frame_is_that_of_the_series(void **state)
{
	static const struct {
		const char *sizes;
		uint32_t want;
	} cases[] = {
		{ "uniform(64, 1500)", 1500 },
		{ "uniform(1, 2)", 58 },
		{ "uniform(64, 100000)", VN_FRAME_MAX },
	};
	struct vn_stream s;
	unsigned int i;

	vn_stream_init(&s);
	s.cfg.min_pkt_size = s.cfg.max_pkt_size = 9000;
	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		vn_stream_set_sizes(&s, series_of(VN_SERIES_SIZES, cases[i].sizes));
		assert_int_equal(vn_stream_max_frame_len(&s), cases[i].want);
	}
	vn_stream_set_sizes(&s, NULL);
	assert_int_equal(vn_stream_max_frame_len(&s), 9000);
	vn_stream_fini(&s);
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
		cmocka_unit_test(the_period_of_gaps_is_their_mean),
		cmocka_unit_test(series_follow_the_seed_and_start_anew_with_each_run),
		cmocka_unit_test(fields_draw_what_they_always_drew),
		cmocka_unit_test(the_longest_frame_is_that_of_the_series),
		cmocka_unit_test(growing_the_flow_table_keeps_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans: what they refuse, that they hold the builder's template and list of
 * edits, and that a state comes back as it went. That packets built from a plan
 * are the builder's is seen where they are built (tests/integration/xdp.py).
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

#include "packet/builder.h"
#include "packet/plan.h"

struct fixture {
	struct vn_stream s;
	struct vn_builder b;
	struct vn_plan plan;
	struct vn_plan_state state;
	struct vn_err err;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	vn_stream_init(&x->s);
	vn_stream_seed(&x->s, 1, 0);
	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "10.0.0.2");
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vn_stream_fini(&x->s);
	free(x);
	return 0;
}

static void compile(struct fixture *x)
{
	const struct vn_stream_env env = { .mac = { 2, 0, 0, 0, 0, 1 }, .ipv4 = 0x0a000001,
					   .n_txq = 4 };

	assert_int_equal(vn_stream_begin(&x->s, &env, NULL), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, NULL), 0);
}

static int plan_of(struct fixture *x)
{
	compile(x);
	return vn_plan_make(&x->b, 1, &x->plan, &x->state, &x->err);
}

static void a_constant_stream_varies_in_nothing(void **state)
{
	struct fixture *x = *state;
	const struct vn_plan *p = &x->plan;

	assert_int_equal(plan_of(x), 0);
	assert_memory_equal(p->header, x->b.header, x->b.header_len);
	assert_int_equal(p->header_len, 58);
	assert_int_equal(p->l3, 14);
	assert_int_equal(p->l4, 34);
	assert_int_equal(p->payload, 42);
	assert_int_equal(p->max_len, x->b.max_len);
	assert_int_equal(p->src_mac.how | p->dst_mac.how | p->drawn_labels | p->vid.is_drawn |
				 p->svid.is_drawn | p->udp_src.how | p->udp_dst.how | p->saddr.how |
				 p->daddr.how | p->size.how | p->daddr6_is_drawn,
			 0);
	assert_int_equal(p->has_stamp, 1);
}

static void what_varies_is_what_has_an_edit(void **state)
{
	struct fixture *x = *state;
	const struct vn_plan *p = &x->plan;

	x->s.cfg.flags |= VN_FLAG_UDPSRC_RND | VN_FLAG_IPSRC_RND | VN_FLAG_NO_TIMESTAMP;
	x->s.cfg.udp_src_max = 99;
	x->s.cfg.udp_dst_max = 77;
	snprintf(x->s.cfg.src_min, sizeof(x->s.cfg.src_min), "10.0.0.1");
	snprintf(x->s.cfg.src_max, sizeof(x->s.cfg.src_max), "10.0.0.9");
	x->s.cfg.min_pkt_size = 60;
	x->s.cfg.max_pkt_size = 90;
	assert_int_equal(plan_of(x), 0);
	assert_int_equal(p->udp_src.how, VN_VARY_DRAW);
	assert_int_equal(p->udp_src.max, 99);
	assert_int_equal(p->udp_dst.how, VN_VARY_WALK);
	assert_int_equal(p->udp_dst.min, 9);
	assert_int_equal(p->saddr.how, VN_VARY_DRAW);
	assert_int_equal(p->saddr.min, 0x0a000001);
	assert_int_equal(p->saddr.max, 0x0a000009);
	assert_int_equal(p->daddr.how, VN_VARY_FIXED);
	assert_int_equal(p->size.how, VN_VARY_WALK);
	assert_int_equal(p->data_rest, 42);
	assert_int_equal(p->has_stamp, 0);
}

static void a_state_goes_and_comes_back(void **state)
{
	struct fixture *x = *state;
	struct vn_stream before;

	x->s.cfg.flows = 3;
	x->s.cfg.src_mac_count = 9;
	assert_int_equal(plan_of(x), 0);
	before = x->s;
	vn_plan_store(&x->b, &x->plan, &x->state, 0);
	assert_memory_equal(&before.cur, &x->s.cur, sizeof(before.cur));
	assert_memory_equal(&before.cfg, &x->s.cfg, sizeof(before.cfg));
	assert_memory_equal(before.rng, x->s.rng, sizeof(before.rng));

	x->state.ip_id = 700;
	x->state.udp_dst = 5;
	x->state.src_mac_low40 = 0x0102030405;
	x->state.nflows = 2;
	vn_plan_store(&x->b, &x->plan, &x->state, 700);
	assert_int_equal(x->s.cur.ip_id, 700);
	assert_int_equal(x->s.cur.udp_dst, 5);
	assert_memory_equal(x->s.cur.hdr_src, ((uint8_t[]){ 2, 1, 2, 3, 4, 5 }), 6);
	assert_int_equal(x->s.cur.nflows, 2);
}

/* The map of queues changes no packet, but goes on with each. */
static void queues_are_counted_on(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.queue_map_max = 2;
	assert_int_equal(plan_of(x), 0);
	vn_plan_store(&x->b, &x->plan, &x->state, 4);
	assert_int_equal(x->s.cur.queue_map, 1);
}

static struct vn_series *series_of(enum vn_series_of of, const char *text)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(of, "x", text, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void sizes_of_a_series_are_brought(void **state)
{
	struct fixture *x = *state;

	vn_stream_set_sizes(&x->s, series_of(VN_SERIES_SIZES, "uniform(10, 1500)"));
	assert_int_equal(plan_of(x), 0);
	assert_int_equal(x->plan.size.how, VN_VARY_FED);
	assert_int_equal(x->plan.size.min, 42);
	assert_int_equal(x->plan.size.max, 1500);
	assert_int_equal(x->plan.max_len, 1500);
}

static void flows_have_their_lengths_and_a_series_of_them_is_refused(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.flows = 3;
	x->s.cfg.flowlen = 4;
	assert_int_equal(plan_of(x), 0);
	/* As those that come back from a plan made before. */
	x->s.flow[1].len = 9;
	assert_int_equal(vn_plan_make(&x->b, 1, &x->plan, &x->state, &x->err), 0);
	assert_int_equal(x->s.flow[1].len, 4);
	vn_stream_set_lengths(&x->s, series_of(VN_SERIES_LENGTHS, "uniform(2, 9)"));
	assert_int_equal(plan_of(x), -EOPNOTSUPP);
	assert_string_equal(x->err.text,
			    "flow_length uniform(2, 9): not where packets are built in "
			    "the kernel");
	x->s.cfg.flows = 0; /* has no effect then */
	assert_int_equal(plan_of(x), 0);
}

static int plan_of_range(struct fixture *x, const char *min, const char *max)
{
	x->s.cfg.flags |= VN_FLAG_IPDST_RND;
	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "%s", min);
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "%s", max);
	return plan_of(x);
}

static void a_range_of_which_little_may_be_taken_is_refused(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(plan_of_range(x, "223.255.255.0", "224.0.0.250"), 0);
	assert_int_equal(plan_of_range(x, "223.255.255.0", "224.0.1.0"), 0);
	assert_int_equal(plan_of_range(x, "223.255.255.0", "224.0.1.1"), -EOPNOTSUPP);
	assert_non_null(strstr(x->err.text, "dst_min 223.255.255.0, dst_max 224.0.1.1"));
	assert_int_equal(plan_of_range(x, "0.0.0.0", "255.255.255.255"), 0);
	assert_int_equal(plan_of_range(x, "127.0.0.0", "128.0.0.1"), -EOPNOTSUPP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_constant_stream_varies_in_nothing),
		TEST(what_varies_is_what_has_an_edit),
		TEST(a_state_goes_and_comes_back),
		TEST(queues_are_counted_on),
		TEST(sizes_of_a_series_are_brought),
		TEST(flows_have_their_lengths_and_a_series_of_them_is_refused),
		TEST(a_range_of_which_little_may_be_taken_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line's way to the parameters: what is taken, what is refused and
 * how, and that effective settings can be given back. */
#include "ctl/fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Sets "name=value"; returns what vn_param_set did. */
static int set(struct fixture *f, const char *setting, struct vn_err *err)
{
	const char *value = strchr(setting, '=');
	const struct vn_param *p;
	char name[40];

	assert_non_null(value);
	snprintf(name, sizeof(name), "%.*s", (int)(value - setting), setting);
	p = vn_param_find(name);
	if (!p)
		fail_msg("no parameter %s", name);
	return vn_param_set(&f->entry, p, value + 1, err);
}

static void must_set(struct fixture *f, const char *setting)
{
	struct vn_err err = { "" };

	if (set(f, setting, &err) < 0)
		fail_msg("%s: refused: %s", setting, err.text);
}

static void each_piece(struct fixture *f, const char *list, bool is_command)
{
	char piece[256];

	while (*list) {
		size_t n = strcspn(list, "|");

		snprintf(piece, sizeof(piece), "%.*s", (int)n, list);
		if (is_command)
			assert_true(fixture_write(f, piece) > 0);
		else
			must_set(f, piece);
		list += n + (list[n] == '|');
	}
}

static void names_are_found_with_either_dash(void **state)
{
	assert_ptr_equal(vn_param_find("udp-dst-min"), vn_param_find("udp_dst_min"));
	assert_ptr_equal(vn_param_find("udp-dst_min"), vn_param_find("udp_dst_min"));
	assert_non_null(vn_param_find("udp_dst_min"));
	assert_null(vn_param_find("udp"));
	assert_null(vn_param_find("count_"));
	assert_null(vn_param_find("Count"));
	assert_null(vn_param_find(""));
}

static void rows_are_complete_and_groups_lie_together(void **state)
{
	unsigned int i, k;

	for (i = 0; i < vn_n_params; i++) {
		const struct vn_param *p = &vn_params[i];

		assert_ptr_equal(vn_param_find(p->name), p);
		assert_non_null(p->help);
		assert_true(p->flags & VN_PARAM_OURS || p->impl->kind->command);
		assert_true(p->flags & VN_PARAM_CTL || p->impl->kind->set);
		for (k = 0; k < i; k++)
			if (strcmp(vn_params[k].group, p->group) == 0)
				assert_string_equal(vn_params[i - 1].group, p->group);
	}
}

static void units_and_long_numbers_are_taken(void **state)
{
	struct vn_stream_cfg *cfg;
	struct fixture f;

	fixture_init(&f, true);
	cfg = &f.entry.stream.cfg;
	must_set(&f, "count=1M");
	assert_int_equal(cfg->count, 1000000);
	must_set(&f, "count=18446744073709551615"); /* the device file reads ten digits */
	assert_int_equal(cfg->count, UINT64_MAX);
	must_set(&f, "time=5s");
	assert_int_equal(cfg->time_ns, 5 * VN_NSEC_PER_SEC);
	must_set(&f, "time=1.5");
	assert_int_equal(cfg->time_ns, 1500000000);
	must_set(&f, "delay=100us");
	assert_int_equal(cfg->delay_ns, 100000);
	must_set(&f, "delay=2147483647"); /* a number like any other here */
	assert_int_equal(cfg->delay_ns, 2147483647);
	must_set(&f, "delay=never");
	assert_int_equal(cfg->delay_ns, VN_DELAY_NEVER);
	must_set(&f, "delay=1000/3");
	assert_int_equal(cfg->delay_ns, 333);
	assert_int_equal(cfg->period_num, 1000);
	assert_int_equal(cfg->period_den, 3);
	must_set(&f, "tos=0x1e");
	assert_int_equal(cfg->tos, 0x1e);
	must_set(&f, "tos=10");
	assert_int_equal(cfg->tos, 0x10);
	must_set(&f, "skb_priority=4294967295");
	assert_int_equal(cfg->skb_priority, UINT32_MAX);
	fixture_fini(&f);
}

static void a_rate_is_exact_for_any_bit_rate(void **state)
{
	static const struct {
		const char *setting;
		uint64_t num, den; /* ns */
	} cases[] = {
		{ "rate=10", 48000, 1 },
		{ "rate=10M", 48000, 1 },
		{ "rate=2.5M", 192000, 1 },
		{ "rate=500k", 960000, 1 },
		{ "rate=7M", 480000, 7 },
		{ "rate=1G", 480, 1 },
		{ "rate=100G", 24, 5 },
		{ "rate=1bit", 480000000000, 1 },
		{ "rate=9.87Mbit", 16000000, 329 },
		{ "rate=1.5", 320000, 1 },
		{ "rate=10.1bit", 4800000000000, 101 },
		{ "ratep=10k", 100000, 1 },
		{ "ratep=3333333.3", 10000000000, 33333333 },
		{ "ratep=100kpps", 10000, 1 },
		{ "ratep=10k/1s", 100000, 1 },
		{ "ratep=1/10s", 10000000000, 1 },
		{ "ratep=0.1", 10000000000, 1 },
		{ "ratep=1/8760h", 31536000000000000, 1 },
		{ "ratep=1G", 1, 1 },
		{ "ratep=7M", 1000, 7 },
		{ "delay=333.3", 3333, 10 },
		{ "delay=0.5us", 500, 1 },
		{ "delay=1.5ns", 3, 2 },
		{ "delay=0.25", 1, 4 },
		{ "delay=1.0000001ms", 10000001, 10 },
		{ "delay=2000/6", 1000, 3 },
		{ "delay=9000000000s", 9000000000000000000, 1 },
		{ "delay=0", 0, 1 },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f, true);
	must_set(&f, "pkt_size=60");
	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		must_set(&f, cases[i].setting);
		assert_int_equal(f.entry.stream.cfg.period_num, cases[i].num);
		assert_int_equal(f.entry.stream.cfg.period_den, cases[i].den);
		assert_int_equal(f.entry.stream.cfg.delay_ns, cases[i].num / cases[i].den);
	}
	fixture_fini(&f);
}

/* Gaps at 1 Gbit/s are bits: worked out by hand. */
static void bits_are_counted_at_each_layer_in_the_mean(void **state)
{
	static const struct {
		const char *options, *setting;
		uint64_t num, den; /* ns */
	} cases[] = {
		{ "pkt_size=60", "rate_l1=1G", 672, 1 },
		{ "pkt_size=60", "rate_l2=1G", 512, 1 },
		{ "pkt_size=60", "rate_l3=1G", 368, 1 },
		{ "pkt_size=1514", "rate_l1=1G", 12304, 1 },
		{ "pkt_size=42", "rate_l1=1G", 672, 1 }, /* the header makes it 58, the cable 60 */
		{ "pkt_size=42", "rate_l3=1G", 352, 1 },
		{ "pkt_size=100|vlan_id=5", "rate_l1=1G", 992, 1 },
		{ "pkt_size=100|vlan_id=5", "rate_l3=1G", 656, 1 },
		{ "pkt_size=50|vlan_id=5", "rate_l2=1G", 528, 1 },
		{ "pkt_size=100|mpls=100,200", "rate_l3=1G", 624, 1 },
		{ "pkt_size=60|dst6=fd00::1", "rate_l1=1G", 816, 1 },
		{ "pkt_size=60|dst6=fd00::1", "rate_l3=1G", 512, 1 },
		{ "min_pkt_size=58|max_pkt_size=62", "rate_l1=1G", 3384, 5 },
		{ "min_pkt_size=58|max_pkt_size=62|flag=TXSIZE_RND", "rate_l1=1G", 674, 1 },
		{ "imix_weights=64,7 576,4 1500,1", "rate_l1=1G", 15448, 5 }, /* slots: 58, 33, 9 */
		{ "pkt_size=60|burst=4", "rate_l1=1G", 2688, 1 },
		{ "pkt_size=60", "rate_l1=9.87M", 3200000, 47 },
		{ "pkt_size=60", "rate_l1=100", 6720, 1 },
		{ "pkt_size=60", "load=100%", 672, 1 },
		{ "pkt_size=60", "load=50", 1344, 1 },
		{ "pkt_size=60", "load=99.9%", 224000, 333 },
		{ "pkt_size=60|burst=4", "load=0.001%", 268800000, 1 },
	};
	struct fixture f;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct vn_stream_cfg *cfg = &f.entry.stream.cfg;

		fixture_init(&f, true);
		f.dev.link_bps = 1000000000;
		each_piece(&f, cases[i].options, false);
		must_set(&f, cases[i].setting);
		if (cfg->period_num != cases[i].num || cfg->period_den != cases[i].den)
			fail_msg("%s, %s: %llu/%llu", cases[i].options, cases[i].setting,
				 (unsigned long long)cfg->period_num,
				 (unsigned long long)cfg->period_den);
		fixture_fini(&f);
	}
}

/* In each step: what is given, and whether it leaves a series of gaps, sizes, lengths. */
static void what_is_given_later_replaces_a_series(void **state)
{
	static const struct {
		const char *option, *command;
		bool gaps, sizes, lengths;
	} steps[] = {
		{ "gap=exp(10us)", NULL, true, false, false },
		{ "size=uniform(64, 1500)", NULL, true, true, false },
		{ "flow_length=uniform(2, 9)", NULL, true, true, true },
		{ "gap=uniform(1us, 2us)", NULL, true, true, true },
		{ "ratep=5", NULL, false, true, true },
		{ "gap=exp(10us)", NULL, true, true, true },
		{ NULL, "delay 0", false, true, true },
		{ "gap=exp(10us)", NULL, true, true, true },
		{ NULL, "ratep 1000", false, true, true },
		{ "gap=exp(10us)", NULL, true, true, true },
		{ "rate_l1=1G", NULL, false, true, true },
		{ "flowlen=0", NULL, false, true, false },
		{ "flow_length=uniform(2, 9)", NULL, false, true, true },
		{ NULL, "flowlen 0", false, true, false },
		{ "pkt_size=60", NULL, false, false, false },
		{ "size=uniform(64, 1500)", NULL, false, true, false },
		{ NULL, "pkt_size 60", false, false, false },
		{ "size=uniform(64, 1500)", NULL, false, true, false },
		{ "min_pkt_size=60", NULL, false, false, false },
		{ "size=uniform(64, 1500)", NULL, false, true, false },
		{ "max_pkt_size=60", NULL, false, false, false },
		{ "size=uniform(64, 1500)", NULL, false, true, false },
		{ "imix_weights=64,1", NULL, false, false, false },
		{ "size=uniform(64, 1500)", NULL, false, true, false },
		{ NULL, "imix_weights 64,1", false, false, false },
		{ "gap=exp(10us)", NULL, true, false, false }, /* freed with the stream */
	};
	struct fixture f;
	size_t i;

	fixture_init(&f, true);
	for (i = 0; i < VN_ARRAY_SIZE(steps); i++) {
		const struct vn_stream *s = &f.entry.stream;

		if (steps[i].option)
			must_set(&f, steps[i].option);
		else
			assert_true(fixture_write(&f, steps[i].command) > 0);
		if ((s->gaps != NULL) != steps[i].gaps || (s->sizes != NULL) != steps[i].sizes ||
		    (s->lengths != NULL) != steps[i].lengths)
			fail_msg("step %zu: %d %d %d", i, s->gaps != NULL, s->sizes != NULL,
				 s->lengths != NULL);
	}
	fixture_fini(&f);
}

static void a_series_of_sizes_replaces_range_and_mix(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	must_set(&f, "min_pkt_size=100");
	must_set(&f, "max_pkt_size=200");
	must_set(&f, "imix_weights=64,1");
	must_set(&f, "size=uniform(300, 400)");
	assert_int_equal(f.entry.stream.cfg.min_pkt_size, 0);
	assert_int_equal(f.entry.stream.cfg.max_pkt_size, 0);
	assert_int_equal(f.entry.stream.imix.n, 0);
	assert_int_equal(vn_stream_max_frame_len(&f.entry.stream), 400);
	fixture_fini(&f);
}

static void a_constant_series_is_the_value(void **state)
{
	static const struct {
		const char *setting;
		uint64_t num, den;
		int32_t size;
	} cases[] = {
		{ "gap=300", 300, 1, 0 },
		{ "gap=333.3", 3333, 10, 0 },
		{ "gap=0.5us", 500, 1, 0 },
		{ "gap=100kpps", 10000, 1, 0 },
		{ "gap=1/10s", 10000000000, 1, 0 },
		{ "gap=1us + 500", 1500, 1, 0 },
		{ "gap=3333333.3pps", 10000000000, 33333333, 0 },
		{ "size=100", 0, 1, 100 },
		{ "size=10", 0, 1, 42 },
	};
	struct fixture f;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct vn_stream *s = &f.entry.stream;

		fixture_init(&f, true);
		must_set(&f, cases[i].setting);
		assert_null(s->gaps);
		assert_null(s->sizes);
		if (s->cfg.period_num != cases[i].num || s->cfg.period_den != cases[i].den)
			fail_msg("%s: %llu/%llu", cases[i].setting,
				 (unsigned long long)s->cfg.period_num,
				 (unsigned long long)s->cfg.period_den);
		assert_int_equal(s->cfg.min_pkt_size, cases[i].size);
		assert_int_equal(s->cfg.max_pkt_size, cases[i].size);
		fixture_fini(&f);
	}
}

/* 1 Gbit/s and sizes whose mean is known: the gap in ns is the mean of their bits. */
static void a_rate_counts_the_mean_of_a_series(void **state)
{
	static const struct {
		const char *size, *rate;
		double bits, error;
	} cases[] = {
		{ "size=uniform(100, 201)", "rate_l1=1G", (150.5 + 24) * 8, 1e-3 },
		{ "size=uniform(100, 201)", "rate_l2=1G", (150.5 + 4) * 8, 1e-3 },
		{ "size=uniform(100, 201)", "rate_l3=1G", (150.5 - 14) * 8, 1e-3 },
		{ "size=uniform(100, 201)", "rate=1G", 150.5 * 8, 1e-3 },
		/* 21 sizes as 60, 40 more in the mean 80.5, by drawing */
		{ "size=uniform(40, 100)", "rate_l2=1G", ((21 * 60 + 40 * 80.5) / 61 + 4) * 8, 1 },
		{ "size=uniform(40, 100)", "rate=1G", (42 * 3 + 58 * 71.5) * 8 / 61, 1 },
	};
	struct fixture f;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct vn_stream_cfg *cfg = &f.entry.stream.cfg;

		fixture_init(&f, true);
		must_set(&f, cases[i].size);
		must_set(&f, cases[i].rate);
		assert_float_equal((double)cfg->period_num / (double)cfg->period_den, cases[i].bits,
				   cases[i].error);
		fixture_fini(&f);
	}
}

static void a_load_needs_a_speed(void **state)
{
	struct vn_err err;
	struct fixture f;

	fixture_init(&f, true);
	must_set(&f, "pkt_size=60");
	assert_int_equal(set(&f, "load=50%", &err), -EINVAL);
	assert_string_equal(err.text, "--load: 50%: dummy0 does not tell its speed: give --rate-l1 "
				      "instead");
	f.ops.caps |= VN_CAP_VIRTUAL;
	assert_int_equal(set(&f, "load=50%", &err), -EINVAL);
	assert_string_equal(err.text, "--load: 50%: the simulated link has no speed: give "
				      "--link-rate too");
	fixture_fini(&f);
}

static void flags_are_taken_as_a_list_or_not_at_all(void **state)
{
	struct vn_stream_cfg *cfg;
	struct vn_err err;
	struct fixture f;

	fixture_init(&f, true);
	cfg = &f.entry.stream.cfg;
	must_set(&f, "flag=UDPCSUM,!SHARED,NODE_ALLOC");
	assert_int_equal(cfg->flags, VN_FLAG_UDPCSUM | VN_FLAG_NODE);
	must_set(&f, "flag=!FLOW_RND");
	assert_true(cfg->flags & VN_FLAG_FLOW_SEQ);
	must_set(&f, "flag=!NODE_ALLOC,FLOW_RND");
	assert_int_equal(cfg->flags, VN_FLAG_UDPCSUM);
	assert_int_equal(set(&f, "flag=IPSRC_RND,BOGUS", &err), -EINVAL);
	assert_int_equal(cfg->flags, VN_FLAG_UDPCSUM);
	fixture_fini(&f);
}

static void one_size_sets_both_ends(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	must_set(&f, "min_pkt_size=100");
	must_set(&f, "max_pkt_size=200");
	must_set(&f, "pkt_size=100");
	assert_int_equal(f.entry.stream.cfg.max_pkt_size, 100);
	fixture_fini(&f);
}

/* before: settings that come first, or NULL. On a device like veth0 unless
 * is_sharing. */
static const struct {
	const char *before, *setting;
	int rc;
	const char *message;
	bool is_sharing;
} refused[] = {
	{ NULL, "vlan_id=5000", -ERANGE, "--vlan-id: 5000 is out of range (0 to 4095)", false },
	{ NULL, "pkt_size=41", -ERANGE, "--pkt-size: 41 is out of range (42 to 65600)", false },
	{ NULL, "frags=18", -ERANGE, "--frags: 18 is out of range (0 to 17)", false },
	{ NULL, "flows=65537", -ERANGE, "--flows: 65537 is out of range (0 to 65536)", false },
	{ NULL, "burst=0", -ERANGE, "--burst: 0 is out of range (1 to 2147483647)", false },
	{ NULL, "count=", -EINVAL, "--count: needs a value (COUNT)", false },
	{ NULL, "count=-1", -EINVAL, NULL, false },
	{ NULL, "count=12abc", -EINVAL, NULL, false },
	{ NULL, "count= 5", -EINVAL, NULL, false },
	{ NULL, "count=18446744073709551616", -ERANGE, NULL, false },
	{ NULL, "rate=0", -ERANGE, NULL, true },
	{ NULL, "ratep=0", -ERANGE,
	  "--ratep: 0 is out of range (1/8760h, which is one a year, to 1000000000)", true },
	{ NULL, "ratep=1/8761h", -ERANGE,
	  "--ratep: 1/8761h is out of range (1/8760h, which is one a year, to 1000000000)", true },
	{ NULL, "ratep=1000000000.1", -ERANGE, NULL, true },
	{ NULL, "ratep=1/10", -EINVAL,
	  "--ratep: '1/10' is not accepted (a number, or one with k, M, G, pps, kpps, Mpps, Gpps, "
	  "or N/TIME, as 1/10s)",
	  true },
	{ NULL, "ratep=3.0000000000000000001", -ERANGE,
	  "--ratep: 3.0000000000000000001 has more digits than can be kept exactly (two numbers of "
	  "64 bits)",
	  true },
	{ NULL, "ratep=0.9223372036854775809", -ERANGE,
	  "--ratep: 0.9223372036854775809: the gap has more digits than can be kept exactly (two "
	  "numbers of 63 bits)",
	  true },
	{ "pkt_size=60", "rate=0.9bit", -ERANGE,
	  "--rate: 0.9bit is out of range (1 to 10000000000000)", true },
	{ NULL, "delay=2562048h", -ERANGE,
	  "--delay: 2562048h is out of range (0 to 9223372036854775807)", true },
	{ NULL, "delay=1.5x", -EINVAL,
	  "--delay: '1.5x' is not accepted (a number, or one with ns, us, ms, s, m, h)", true },
	{ NULL, "delay=5/0", -ERANGE, NULL, true },
	{ NULL, "delay=/5", -EINVAL, NULL, true },
	{ NULL, "delay=99999999999999999999999999/5", -EINVAL,
	  "--delay: 99999999999999999999999999/5: NUM in NUM/DEN is too long", true },
	{ NULL, "rate=10", -EINVAL,
	  "--rate: 10 needs a frame size to make a gap of: give --pkt-size too", true },
	{ NULL, "rate_l1=10", -EINVAL,
	  "--rate-l1: 10 needs a frame size to make a gap of: give --pkt-size too", true },
	{ "max_pkt_size=90", "rate_l3=10", -EINVAL, NULL, true },
	{ "pkt_size=60", "rate_l2=0", -ERANGE, "--rate-l2: 0 is out of range (1 to 10000000000000)",
	  true },
	{ "pkt_size=60", "rate_l3=1x", -EINVAL,
	  "--rate-l3: '1x' is not accepted (a number, or one with k, M, G, T, bit, kbit, Mbit, "
	  "Gbit, Tbit)",
	  true },
	{ "flag=IPSEC", "rate_l1=10", -EINVAL,
	  "--rate-l1: 10 cannot be had with flag IPSEC, which makes packets longer: give --ratep "
	  "or --delay",
	  true },
	{ "size=pareto(64, 0.5)", "rate_l1=10", -EINVAL,
	  "--rate-l1: 10: the mean of --size pareto(64, 0.5) is not known: give --ratep or --delay",
	  true },
	{ NULL, "gap=sometimes", -EINVAL, NULL, true },
	{ NULL, "size=uniform(64)", -EINVAL, NULL, true },
	{ NULL, "flow_length=10us", -EINVAL, NULL, true },
	{ NULL, "gap=list(no such file)", -ENOENT, NULL, true },
	{ "pkt_size=60", "load=0", -ERANGE, "--load: 0 is out of range (above 0, to 100%)", true },
	{ "pkt_size=60", "load=100.1%", -ERANGE,
	  "--load: 100.1% is out of range (above 0, to 100%)", true },
	{ "pkt_size=60", "load=half", -EINVAL,
	  "--load: 'half' is not accepted (a number, or one with %)", true },
	{ NULL, "dst=10.0.0.256", -EINVAL,
	  "--dst: 10.0.0.256 is not an IPv4 address (as 198.18.0.1)", false },
	{ NULL, "dst_min=fd00::1", -EINVAL,
	  "--dst-min: fd00::1 is not an IPv4 address (as 198.18.0.1); IPv6 goes with dst6 and src6",
	  false },
	{ NULL, "dst_min=10.1", -EINVAL, NULL, false },
	{ NULL, "src_max=10.0.0.1", -EINVAL,
	  "--src-max: 10.0.0.1 needs the lower end of the range too", false },
	{ "dst_min=10.0.0.9", "dst_max=10.0.0.1", -EINVAL,
	  "--dst-max: 10.0.0.1 is below the lower end of the range, 10.0.0.9", false },
	{ "udp_src_min=100", "udp_src_max=50", -EINVAL,
	  "--udp-src-max: 50 is below the lower end of the range, 100", false },
	{ "min_pkt_size=100", "max_pkt_size=99", -EINVAL, NULL, false },
	{ NULL, "dst6=fd00::1/64", -EINVAL,
	  "--dst6: fd00::1/64 is not an IPv6 address (as fd00::1)", false },
	{ NULL, "dst_mac=00:11:22:33:44:556", -EINVAL,
	  "--dst-mac: 00:11:22:33:44:556 is not a MAC address (as 02:00:00:00:00:01)", false },
	{ NULL, "vlan_p=3", -EINVAL, "--vlan-p: 3 needs --vlan-id too", false },
	{ "vlan_id=5", "svlan_p=3", -EINVAL, "--svlan-p: 3 needs --svlan-id too", false },
	{ "vlan_id=5", "vlan_p=8", -ERANGE, "--vlan-p: 8 is out of range (0 to 7)", false },
	{ NULL, "svlan_id=5", -EINVAL, "--svlan-id: 5 needs --vlan-id too", false },
	{ "vlan_id=5", "mpls=00010000", -EINVAL,
	  "--mpls: 00010000 cannot be had with VLAN tags and MPLS labels both", false },
	{ "mpls=00010000", "vlan_id=5", -EINVAL,
	  "--vlan-id: 5 cannot be had with VLAN tags and MPLS labels both", false },
	{ NULL, "mpls=0", -EINVAL, NULL, false },
	{ NULL, "mpls=00010000,", -EINVAL, NULL, false },
	{ NULL, "mpls=000100000", -EINVAL, NULL, false },
	{ NULL, "mpls=1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,10,11", -EINVAL,
	  "--mpls: 1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,10,11 has more than 16 labels", false },
	{ NULL, "tos=100", -EINVAL, "--tos: 100 is not one byte in hexadecimal (00 to ff)", false },
	{ NULL, "tos=0x", -EINVAL, NULL, false },
	{ NULL, "tos=zz", -EINVAL, NULL, false },
	{ NULL, "flag=IPV6", -EINVAL, "--flag: IPV6 is set by dst6 and src6", false },
	{ NULL, "flag=BOGUS", -EINVAL,
	  "--flag: \"BOGUS\" is none of IPV6, IPSRC_RND, IPDST_RND, TXSIZE_RND, UDPSRC_RND, "
	  "UDPDST_RND, UDPCSUM, NO_TIMESTAMP, MPLS_RND, QUEUE_MAP_RND, QUEUE_MAP_CPU, FLOW_SEQ, "
	  "IPSEC, MACSRC_RND, MACDST_RND, VID_RND, SVID_RND, NODE, SHARED",
	  false },
	{ NULL, "flag=UDPCSUM,", -EINVAL, NULL, false },
	{ "burst=4", "flag=!SHARED", -EINVAL, "--flag: clone_skb and burst need the flag SHARED",
	  true },
	{ NULL, "xmit_mode=fast", -EINVAL,
	  "--xmit-mode: fast is none of start_xmit, netif_receive, queue_xmit", false },
	{ NULL, "stamp=ms", -EINVAL, "--stamp: ms is none of us, ns", false },
	{ NULL, "stamp_every=0", -ERANGE, "--stamp-every: 0 is out of range (1 to 64)", false },
	{ NULL, "stamp_every=65", -ERANGE, "--stamp-every: 65 is out of range (1 to 64)", false },
	{ NULL, "launch=fq", -EINVAL, "--launch: fq is none of off, qdisc, device", false },
	{ NULL, "departure_stamps=on", -EINVAL,
	  "--departure-stamps: on is none of off, kernel, hardware", false },
	{ "clone_skb=4", "xmit_mode=netif_receive", -EOPNOTSUPP,
	  "--xmit-mode: netif_receive cannot be had together with clone_skb", true },
	{ NULL, "clone_skb=10", -EOPNOTSUPP,
	  "--clone-skb: 10 cannot be had: veth0 does not let one frame be sent many times", false },
	{ NULL, "burst=2", -EOPNOTSUPP,
	  "--burst: 2 cannot be had: veth0 does not let one frame be sent many times", false },
	{ "xmit_mode=queue_xmit", "burst=2", -EOPNOTSUPP,
	  "--burst: 2 cannot be had in transmit mode queue_xmit", true },
	{ "flag=!SHARED", "clone_skb=2", -EINVAL, "--clone-skb: 2 needs the flag SHARED", true },
	{ "imix_weights=64,1", "clone_skb=2", -EINVAL,
	  "--clone-skb: 2 cannot be had together with imix_weights", true },
	{ NULL, "queue_map_max=4", -ERANGE,
	  "--queue-map-max: 4 is out of range: veth0 has 4 transmit queues (0 to 3)", false },
	{ "queue_map_min=3", "queue_map_max=1", -EINVAL,
	  "--queue-map-max: 1 is below the lower end of the range, 3", false },
	{ NULL, "node=1000", -EINVAL, "--node: 1000 is no NUMA node of this machine", false },
	{ NULL, "imix_weights=64", -EINVAL,
	  "--imix-weights: 64 is not a list of SIZE,WEIGHT pairs with spaces between them", false },
	{ NULL, "imix_weights=64,7,576,4", -EINVAL, NULL, false },
	{ NULL, "imix_weights=64,0", -ERANGE,
	  "--imix-weights: 64,0 has weight 0, out of range (1 to 4294967295)", false },
	{ NULL, "imix_weights=13,1", -ERANGE,
	  "--imix-weights: 13,1 has size 13, out of range (from 42)", false },
	{ NULL, "imix_weights=70000,1", -ERANGE,
	  "--imix-weights: 70000,1 has size 70000, out of range (42 to 65600)", false },
	{ NULL, "imix_weights=64,500 576,1 1500,500", -EINVAL, NULL, false },
	{ NULL, "imix_weights= ", -EINVAL, NULL, false },
	{ NULL,
	  "imix_weights=64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1 "
	  "64,1 64,1 64,1 64,1 64,1 64,1 64,1 64,1",
	  -E2BIG, NULL, false },
	{ NULL, "debug=1", -EINVAL, "--debug: is a command of the device file only", false },
	{ NULL, "clear_counters=1", -EINVAL,
	  "--clear-counters: is a command of the device file only", false },
};

static void nonsense_is_refused_with_a_sentence(void **state)
{
	struct vn_stream before;
	struct fixture f;
	struct vn_err err;
	size_t i;
	int rc;

	for (i = 0; i < VN_ARRAY_SIZE(refused); i++) {
		fixture_init(&f, refused[i].is_sharing);
		if (refused[i].before)
			must_set(&f, refused[i].before);
		before = f.entry.stream;
		err.text[0] = '\0';
		rc = set(&f, refused[i].setting, &err);
		if (rc != refused[i].rc)
			fail_msg("%s: returned %d (%s)", refused[i].setting, rc, err.text);
		if (refused[i].message)
			assert_string_equal(err.text, refused[i].message);
		assert_memory_equal(err.text, "--", 2);
		/* Nothing was changed. */
		assert_memory_equal(&before, &f.entry.stream, sizeof(before));
		fixture_fini(&f);
	}
}

static void a_mode_needs_a_driver_that_can(void **state)
{
	struct vn_err err;
	struct fixture f;

	fixture_init(&f, true);
	f.ops.caps = VN_CAP_TX;
	assert_int_equal(set(&f, "xmit_mode=queue_xmit", &err), -EOPNOTSUPP);
	assert_string_equal(err.text,
			    "--xmit-mode: queue_xmit cannot be had: driver fixture does not "
			    "queue");
	assert_int_equal(set(&f, "xmit_mode=netif_receive", &err), -EOPNOTSUPP);
	must_set(&f, "xmit_mode=start_xmit");
	fixture_fini(&f);
}

static void an_option_counts_the_generation_up(void **state)
{
	struct fixture f;
	uint32_t generation;

	fixture_init(&f, true);
	generation = f.entry.stream.generation;
	must_set(&f, "tos=12");
	assert_int_not_equal(f.entry.stream.generation, generation);
	assert_string_equal(f.entry.result, ""); /* nobody wrote to a file */
	fixture_fini(&f);
}

/* Reads every setting of a, and gives it to b in the order of the table. */
static void copy_settings(const struct fixture *a, struct fixture *b, bool said[])
{
	struct vn_err err;
	char value[512];
	unsigned int i;

	for (i = 0; i < vn_n_params; i++) {
		if (!vn_param_get(&a->entry, &vn_params[i], value, sizeof(value)))
			continue;
		said[i] = true;
		if (vn_param_set(&b->entry, &vn_params[i], value, &err) < 0)
			fail_msg("%s=%s: %s", vn_params[i].name, value, err.text);
	}
}

/* Streams as device file commands and as options, separated by '|'. */
static const struct {
	bool is_sharing;
	const char *commands, *options;
} streams[] = {
	{ true, "", "" },
	{ true, "", "count=0|time=2.5s|pkt_size=60|frags=3|burst=4|clone_skb=2|node=0" },
	{ true, "", "min_pkt_size=60|max_pkt_size=1514|flag=TXSIZE_RND,!SHARED|rate=2.5M" },
	{ true, "", "imix_weights=64,7 576,4 1500,1|ratep=3333333" },
	{ false, "", "dst=10.0.0.1|dst_max=10.0.0.9|src_min=1.2.3.4|src_max=1.2.3.5" },
	{ false, "",
	  "dst6=fd00::1|dst6_min=fd00::2|dst6_max=fd00::ff|src6=fd00::9|"
	  "flag=UDPCSUM|traffic_class=1e" },
	{ false, "",
	  "dst_mac=02:00:00:00:00:02|src_mac=02:00:00:00:00:03|dst_mac_count=5|"
	  "src_mac_count=6" },
	{ false, "", "udp_src_min=100|udp_src_max=200|udp_dst_min=1|udp_dst_max=65535" },
	{ false, "", "vlan_id=5|vlan_p=3|vlan_cfi=1|svlan_id=6|svlan_p=7|svlan_cfi=1|tos=b8" },
	{ false, "", "mpls=00010100,0002000a|flag=!MPLS_RND|delay=never" },
	{ false, "", "flows=10|flowlen=5|spi=77|skb_priority=9|queue_map_min=1|queue_map_max=3" },
	{ false, "", "xmit_mode=netif_receive|burst=1024" },
	{ true, "", "size=uniform(64, 1500)|rate_l1=10M|flows=10|flow_length=exp(5) + 1" },
	{ false, "", "gap=exp(10us)|pkt_size=100" },
	{ false, "", "stamp=ns" },
	{ false, "", "xmit_mode=queue_xmit|launch=qdisc|departure_stamps=kernel" },
	{ false, "", "launch=device|departure_stamps=hardware" },
	{ false, "", "stamp_every=1" },
	{ true, "pkt_size 61|rate 7|mpls 100,200", "" },
	{ true, "dst6 nonsense|flag !SHARED", "" },
	{ true, "dst6 fd00::1|flag !IPV6", "" },
	{ true, "delay 2147483647|count 9999999999|dst 10.1", "" },
	{ true, "flag MPLS_RND|flag FLOW_SEQ|flag IPSEC|flag NODE", "" },
	{ true, "imix_weights 64,1|xmit_mode queue_xmit", "" },
};

static void settings_can_be_given_back(void **state)
{
	bool said[128] = { false };
	struct fixture a, b;
	unsigned int i;

	assert_true(vn_n_params <= VN_ARRAY_SIZE(said));
	for (i = 0; i < VN_ARRAY_SIZE(streams); i++) {
		fixture_init(&a, streams[i].is_sharing);
		fixture_init(&b, streams[i].is_sharing);
		each_piece(&a, streams[i].commands, true);
		each_piece(&a, streams[i].options, false);
		copy_settings(&a, &b, said);
		/* "10.1" comes back as the address it means. */
		if (strcmp(a.entry.stream.cfg.dst_min, "10.1") == 0)
			fixture_write(&a, "dst 10.1.0.0");
		if (memcmp(&a.entry.stream.cfg, &b.entry.stream.cfg, sizeof(struct vn_stream_cfg)))
			fail_msg("stream %u came back different", i);
		assert_memory_equal(&a.entry.stream.imix, &b.entry.stream.imix,
				    sizeof(struct vn_imix));
		fixture_fini(&a);
		fixture_fini(&b);
	}
	for (i = 0; i < vn_n_params; i++) {
		const char *name = vn_params[i].name;
		/* Said by other rows: both ends of the size, and the delay. */
		bool is_silent = vn_params[i].flags & (VN_PARAM_CTL | VN_PARAM_ALIAS) ||
				 strcmp(name, "pkt_size") == 0 || strncmp(name, "rate", 4) == 0 ||
				 strcmp(name, "load") == 0;

		if (said[i] == is_silent)
			fail_msg("%s: is %ssaid", name, said[i] ? "" : "never ");
	}
}

static void what_has_no_effect_is_not_said(void **state)
{
	char value[64];
	struct fixture f;

	fixture_init(&f, true);
	assert_false(vn_param_get(&f.entry, vn_param_find("min_pkt_size"), value, sizeof(value)));
	assert_false(vn_param_get(&f.entry, vn_param_find("vlan_id"), value, sizeof(value)));
	assert_false(vn_param_get(&f.entry, vn_param_find("vlan_p"), value, sizeof(value)));
	assert_false(vn_param_get(&f.entry, vn_param_find("flag"), value, sizeof(value)));
	assert_false(vn_param_get(&f.entry, vn_param_find("dst"), value, sizeof(value)));
	must_set(&f, "udp_dst_min=5000"); /* the upper end is still 9 */
	assert_false(vn_param_get(&f.entry, vn_param_find("udp_dst_max"), value, sizeof(value)));
	assert_true(vn_param_get(&f.entry, vn_param_find("time"), value, sizeof(value)));
	assert_string_equal(value, "0ns");
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_with_either_dash),
		cmocka_unit_test(rows_are_complete_and_groups_lie_together),
		cmocka_unit_test(units_and_long_numbers_are_taken),
		cmocka_unit_test(a_rate_is_exact_for_any_bit_rate),
		cmocka_unit_test(bits_are_counted_at_each_layer_in_the_mean),
		cmocka_unit_test(a_load_needs_a_speed),
		cmocka_unit_test(what_is_given_later_replaces_a_series),
		cmocka_unit_test(a_series_of_sizes_replaces_range_and_mix),
		cmocka_unit_test(a_constant_series_is_the_value),
		cmocka_unit_test(a_rate_counts_the_mean_of_a_series),
		cmocka_unit_test(flags_are_taken_as_a_list_or_not_at_all),
		cmocka_unit_test(one_size_sets_both_ends),
		cmocka_unit_test(nonsense_is_refused_with_a_sentence),
		cmocka_unit_test(a_mode_needs_a_driver_that_can),
		cmocka_unit_test(an_option_counts_the_generation_up),
		cmocka_unit_test(settings_can_be_given_back),
		cmocka_unit_test(what_has_no_effect_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

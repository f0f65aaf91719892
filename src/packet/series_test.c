/* SPDX-License-Identifier: BSD-2-Clause */
/* The language of series: what each text gives, its means and bounds, and what is
 * said of a text that is wrong. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/series.h"

#define ONE VN_SERIES_ONE
#define US  (1000 * ONE)

static struct vn_series *series_of(enum vn_series_of of, const char *text)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(of, "--x", text, &s, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return s;
}

static struct vn_series *gaps(const char *text)
{
	return series_of(VN_SERIES_GAPS, text);
}

static void expect_values(enum vn_series_of of, const char *text, const uint64_t *want, size_t n)
{
	struct vn_series *s = series_of(of, text);
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t v = vn_series_next(s);

		if (v != want[i])
			fail_msg("%s: value %zu is %ju, not %ju", text, i, (uintmax_t)v,
				 (uintmax_t)want[i]);
	}
	vn_series_free(s);
}

static void a_value_is_a_constant(void **state)
{
	static const struct {
		enum vn_series_of of;
		const char *text;
		uint64_t value;
	} rows[] = {
		{ VN_SERIES_GAPS, "0", 0 },
		{ VN_SERIES_GAPS, "10us", 10 * US },
		{ VN_SERIES_GAPS, " 10us ", 10 * US },
		{ VN_SERIES_GAPS, "250", 250 * ONE },
		{ VN_SERIES_GAPS, "1.5ns", 98304 },
		{ VN_SERIES_GAPS, "0.00001ns", 1 }, /* 0.65536 */
		{ VN_SERIES_GAPS, "39h", UINT64_C(140400000000000) * ONE },
		{ VN_SERIES_GAPS, "100kpps", 10 * US },
		{ VN_SERIES_GAPS, "1/10s", UINT64_C(10000000000) * ONE },
		{ VN_SERIES_GAPS, "3/10us", UINT64_C(218453333) }, /* 3333.3.. ns */
		{ VN_SERIES_GAPS, "3333333.3pps", 19660800 + 0 },  /* 300.000003 ns */
		{ VN_SERIES_GAPS, "0.5pps", UINT64_C(2000000000) * ONE },
		{ VN_SERIES_GAPS, "10us + 5us+1", 15 * US + ONE },
		{ VN_SERIES_GAPS, "uniform(3us, 3us)", 3 * US },
		{ VN_SERIES_GAPS, "normal(3us, 0)", 3 * US },
		{ VN_SERIES_GAPS, "clip(exp(3us), 20, 20)", 20 * ONE },
		{ VN_SERIES_GAPS, "clip(5us, 6us, 7us)", 6 * US },
		{ VN_SERIES_GAPS, "onoff(5us, 4, 0)", 5 * US },
		{ VN_SERIES_SIZES, "64", 64 * ONE },
		{ VN_SERIES_SIZES, "1.5KiB", 1536 * ONE },
		{ VN_SERIES_LENGTHS, "2.5k", 2500 * ONE },
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_series *s = series_of(rows[i].of, rows[i].text);
		uint64_t value = 1, filled[3] = { 0 };
		double mean;

		assert_string_equal(vn_series_text(s), rows[i].text);
		if (!vn_series_is_constant(s, &value) || value != rows[i].value)
			fail_msg("%s is %ju", rows[i].text, (uintmax_t)value);
		vn_series_fill(s, filled, 3);
		assert_int_equal(filled[0], value);
		assert_int_equal(filled[2], value);
		assert_true(vn_series_mean(s, &mean));
		assert_true(mean == (double)value / ONE);
		assert_int_equal(vn_series_least(s), value);
		assert_int_equal(vn_series_greatest(s), value);
		vn_series_free(s);
	}
}

static void what_varies_is_no_constant(void **state)
{
	struct vn_series *s = gaps("uniform(1, 2)");
	uint64_t value;

	assert_false(vn_series_is_constant(s, &value));
	vn_series_free(s);
}

static void whole_numbers_are_rounded_half_up(void **state)
{
	struct vn_series *s = gaps("2.5");

	assert_int_equal(vn_series_next_whole(s), 3);
	vn_series_free(s);
	s = gaps("2.4999");
	assert_int_equal(vn_series_next_whole(s), 2);
	vn_series_free(s);
}

/* Of COUNT values of GAP the last has PAUSE on top: behind COUNT packets. */
static void bursts_are_as_long_as_asked(void **state)
{
	static const uint64_t want[] = { US, US, 11 * US, US, US, 11 * US, US, US };
	static const uint64_t singles[] = { 3 * US, 3 * US, 3 * US };
	static const uint64_t sizes[] = { 64 * ONE, 1500 * ONE, 64 * ONE, 1500 * ONE };

	expect_values(VN_SERIES_GAPS, "onoff(1us, 3, 10us)", want, VN_ARRAY_SIZE(want));
	expect_values(VN_SERIES_GAPS, "onoff(1us,1,2us)", singles, VN_ARRAY_SIZE(singles));
	expect_values(VN_SERIES_SIZES, "onoff(64, 2, 1436)", sizes, VN_ARRAY_SIZE(sizes));
}

/* A burst's length is rounded, and never 0. */
static void lengths_of_bursts_vary_as_asked(void **state)
{
	struct vn_series *s = gaps("onoff(1us, uniform(2, 4), 10us)");
	unsigned int seen[6] = { 0 }, length = 0, i;

	for (i = 0; i < 10000; i++) {
		length++;
		if (vn_series_next(s) == 11 * US) {
			assert_in_range(length, 2, 4);
			seen[length]++;
			length = 0;
		}
	}
	assert_in_range(seen[2], 900, 1400); /* a third of 3333 each */
	assert_in_range(seen[3], 900, 1400);
	assert_in_range(seen[4], 900, 1400);
	vn_series_free(s);
}

static void expect_mean(enum vn_series_of of, const char *text, double want, double off)
{
	struct vn_series *s = series_of(of, text);
	double mean = 0;

	if (!vn_series_mean(s, &mean) || fabs(mean / want - 1) > off)
		fail_msg("%s: mean %.12g, not %.12g", text, mean, want);
	vn_series_free(s);
}

/* The formulas are those of the distributions. */
static void means_are_exact(void **state)
{
	static const struct {
		const char *text;
		double mean, off;
	} rows[] = {
		{ "uniform(1us, 2us)", 1500, 1e-9 },
		{ "clip(uniform(0, 10), 5, 20)", 6.25, 1e-5 },
		{ "clip(uniform(0, 10), 2, 4)", 3.4, 1e-5 },
		{ "exp(10us)", 10000, 1e-8 },
		{ "exp(100kpps)", 10000, 1e-8 },
		{ "normal(10us, 1us)", 10000, 1e-8 },
		{ "normal(0, 10us)", 3989.42280401432678, 1e-6 }, /* /sqrt(2 pi): half is 0 */
		{ "lognormal(10us, 20us)", 10000, 1e-8 },
		{ "pareto(1us, 3)", 1500, 1e-8 },
		/* Of what is cut at 39 h; 3000 without. */
		{ "pareto(1us, 1.5)", 2999.9946682, 1e-6 },
		{ "weibull(1us, 0.5)", 2000, 1e-8 },
		{ "weibull(1us, 2)", 886.226925452758, 1e-8 }, /* sqrt(pi) / 2 */
		{ "clip(exp(10us), 1us, 12us)", 7036.43206120, 1e-6 },
		{ "exp(1us) + 5us + uniform(0, 2us)", 7000, 1e-8 },
		{ "onoff(1us, 10, 1ms)", 101000, 1e-9 },
		{ "onoff(exp(1us), uniform(1, 9), exp(1ms))", 201000, 1e-8 },
		{ "onoff(1us, clip(uniform(1, 9), 3, 9), 1ms)", 1000 + 1e6 / (48 / 9.0), 1e-8 },
		/* 1 + of what is rounded: e^(-1/20) / (1 - e^(-1/10)). */
		{ "onoff(0, 1 + exp(10), 1ms)", 1e6 / (1 + 9.99583437389), 1e-6 },
		/* Rounded, at least 1: one more for what is below 1/2. */
		{ "onoff(0, exp(10), 1ms)", 1e6 / (9.99583437389 + 0.04877057550), 1e-6 },
		{ "profile(10kpps 10s, 20kpps 5s)", 75000, 1e-12 },
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		expect_mean(VN_SERIES_GAPS, rows[i].text, rows[i].mean, rows[i].off);
	expect_mean(VN_SERIES_SIZES, "uniform(64, 1518)", 791, 1e-12);
	expect_mean(VN_SERIES_LENGTHS, "clip(pareto(1, 0.5), 1, 100)", 19, 1e-6);
}

static void a_mean_that_is_not_known_is_not_given(void **state)
{
	static const char *const rows[] = {
		"pareto(1us, 1)",
		"pareto(1us, 0.8)",
		"1us + pareto(1us, 0.8)",
		"clip(exp(1us) + exp(1us), 0, 1us)",
		"onoff(1us, exp(5) + exp(5), 1ms)",
		"onoff(1us, pareto(1, 0.8), 1ms)",
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_series *s = gaps(rows[i]);
		double mean;

		if (vn_series_mean(s, &mean))
			fail_msg("%s: mean %g", rows[i], mean);
		vn_series_free(s);
	}
}

/* What is drawn is as far from the mean as chance allows: deviation by hand. */
static void bursts_of_random_length_keep_their_mean(void **state)
{
	struct vn_series *s = gaps("onoff(0, 1 + exp(10), 1ms)");
	const unsigned int n = 2000000;
	double mean, sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += (double)vn_series_next(s) / ONE;
	assert_true(vn_series_mean(s, &mean));
	/* n / 11 bursts, whose length deviates by 10 of 11: 0.9 / sqrt(n / 11). */
	assert_true(fabs(sum / n / mean - 1) < 5 * 0.91 / sqrt(n / 11.0));
	vn_series_free(s);
}

static void values_keep_to_their_bounds(void **state)
{
	static const struct {
		const char *text;
		double least, greatest; /* 0: only that values keep to it */
	} rows[] = {
		{ "uniform(1us, 2us)", 1000, 2000 },
		{ "exp(10us)", 0, 402025.35 },	       /* 58 ln 2 means */
		{ "pareto(1us, 3)", 1000, 660561787 }, /* 2^(58/3) times */
		{ "pareto(1us, 0.5)", 1000, 140737488355327 },
		{ "normal(1us, 10us)", 0, 0 },
		{ "clip(normal(1us, 10us), 500, 5us)", 500, 5000 },
		{ "clip(exp(1us) + exp(1us), 1us, 2us)", 1000, 2000 },
		{ "clip(clip(exp(1us), 100, 2us), 0, 1us)", 100, 1000 },
		{ "onoff(uniform(1us, 2us), 2, 5us)", 1000, 7000 },
		{ "uniform(1us, 2us) + uniform(5us, 6us)", 6000, 8000 },
		{ "exp(39h) + exp(39h)", 0, 140737488355327 },
		{ "profile(0pps..100kpps 1s, 3kpps 1s)", 0, 0 },
		{ "profile(1Mpps..100kpps 10ms)", 0, 0 },
	};
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_series *s = gaps(rows[i].text);
		uint64_t low = vn_series_least(s), high = vn_series_greatest(s);

		if (rows[i].greatest != 0) {
			assert_true(fabs((double)low / ONE - rows[i].least) < 1e-2);
			assert_true(fabs((double)high / ONE / rows[i].greatest - 1) < 1e-4);
		}
		for (k = 0; k < 200000; k++) {
			uint64_t v = vn_series_next(s);

			if (v < low || v > high)
				fail_msg("%s: %ju", rows[i].text, (uintmax_t)v);
		}
		vn_series_free(s);
	}
}

/* Of bytes and packets every whole number is as likely, the ends too. */
static void uniform_sizes_are_whole_and_equally_likely(void **state)
{
	struct vn_series *s = series_of(VN_SERIES_SIZES, "uniform(64, 67)");
	unsigned int seen[4] = { 0 }, i;

	for (i = 0; i < 400000; i++) {
		uint64_t v = vn_series_next(s);

		assert_int_equal(v % ONE, 0);
		assert_in_range(v / ONE, 64, 67);
		seen[v / ONE - 64]++;
	}
	for (i = 0; i < 4; i++)
		assert_in_range(seen[i], 98600, 101400); /* 5 deviations of 274 */
	vn_series_free(s);
}

static void the_same_seed_gives_the_same_values(void **state)
{
	static const char *const rows[] = {
		"exp(10us)",
		"uniform(0, 1s)",
		"exp(1us) + exp(1us) + 7",
		"onoff(exp(1us), uniform(1, 5), pareto(1ms, 1.5))",
		"profile(1kpps 1s, 5kpps..1pps 3s)",
		"clip(normal(5us, 2us) + exp(5), 3us, 6us)",
	};
	uint64_t first[500], again[500];
	size_t i, k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_series *a = gaps(rows[i]), *b = gaps(rows[i]);

		vn_series_seed(a, 42, 7);
		vn_series_fill(a, first, 500);
		vn_series_fill(b, again, 77); /* wherever it is */
		vn_series_seed(b, 42, 7);
		for (k = 0; k < 500; k++)
			assert_int_equal(vn_series_next(b), first[k]);
		vn_series_seed(a, 42, 7);
		vn_series_fill(a, again, 3);
		vn_series_fill(a, again + 3, 497); /* however it is cut */
		assert_memory_equal(again, first, sizeof(first));
		vn_series_free(a);
		vn_series_free(b);
	}
}

/* Other seeds and streams, and the parts of one text, have nothing in common. */
static void seeds_streams_and_parts_differ(void **state)
{
	struct vn_series *s = gaps("exp(10us)"), *twice = gaps("exp(10us) + exp(10us)");
	uint64_t a[100], b[100], c[100], d[100], same = 0;
	int i;

	vn_series_seed(s, 1, 1);
	vn_series_fill(s, a, 100);
	vn_series_seed(s, 2, 1);
	vn_series_fill(s, b, 100);
	vn_series_seed(s, 1, 2);
	vn_series_fill(s, c, 100);
	vn_series_seed(twice, 1, 1);
	vn_series_fill(twice, d, 100);
	for (i = 0; i < 100; i++)
		same += (a[i] == b[i]) + (a[i] == c[i]) + (b[i] == c[i]) + (2 * a[i] == d[i]);
	assert_int_equal(same, 0);
	vn_series_free(s);
	vn_series_free(twice);
}

/* Written down once; another C library's logarithm may round the last place. */
static void values_are_the_same_everywhere(void **state)
{
	static const struct {
		const char *text;
		uint64_t value[3];
	} rows[] = {
		{ "uniform(0, 1ms)", { 53255304512, 20029350315, 35597795873 } },
		{ "exp(10us)", { 762041690, 239036924, 2059403289 } },
		{ "lognormal(10us, 20us)", { 544641048, 153795943, 2581405116 } },
		{ "pareto(1us, 1.5)", { 142278111, 83576356, 532474594 } },
	};
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_series *s = gaps(rows[i].text);

		vn_series_seed(s, 1, 2);
		for (k = 0; k < 3; k++) {
			uint64_t v = vn_series_next(s);

			if (v + 1 - rows[i].value[k] > 2)
				fail_msg("%s: %ju", rows[i].text, (uintmax_t)v);
		}
		vn_series_free(s);
	}
}

#define KINDS  "uniform, exp, normal, lognormal, pareto, weibull, onoff, list, pcap, profile, clip"
#define A_RATE "number with pps, kpps, Mpps or Gpps, or NUMBER/TIME"
#define A_GAP  "a time (number with ns, us, ms, s, m or h; bare: ns) or a rate (" A_RATE ")"

static const struct refusal {
	enum vn_series_of of;
	const char *text;
	int rc;
	const char *message;
} refusals[] = {
	{ VN_SERIES_GAPS, "", -EINVAL, "a value is missing at the end" },
	{ VN_SERIES_GAPS, "10us 5", -EINVAL, "'+' is missing before '5'" },
	{ VN_SERIES_GAPS, "10us +", -EINVAL, "a value is missing at the end" },
	{ VN_SERIES_GAPS, "10us)", -EINVAL, "'+' is missing before ')'" },
	{ VN_SERIES_GAPS, "10xs", -EINVAL, "'10xs' is not " A_GAP },
	{ VN_SERIES_GAPS, "-1", -EINVAL, "'-1' is not " A_GAP },
	{ VN_SERIES_GAPS, "1.us", -EINVAL, "'1.us' is not " A_GAP },
	{ VN_SERIES_GAPS, "10k", -EINVAL, "'10k' is not " A_GAP },
	{ VN_SERIES_GAPS, "1/10x", -EINVAL, "'1/10x' is not " A_GAP },
	{ VN_SERIES_GAPS, "40h", -ERANGE, "'40h' is out of range (0 to 140737488355327 ns)" },
	{ VN_SERIES_GAPS, "0pps", -ERANGE, "'0pps' is out of range (0 to 140737488355327 ns)" },
	{ VN_SERIES_GAPS, "1/0s", -ERANGE, "'1/0s' is out of range (0 to 140737488355327 ns)" },
	{ VN_SERIES_GAPS, "99999999999999999999", -ERANGE,
	  "'99999999999999999999' is out of range (0 to 140737488355327 ns)" },
	{ VN_SERIES_SIZES, "10us", -EINVAL,
	  "'10us' is not a size (number of bytes, or one with KiB, MiB or GiB)" },
	{ VN_SERIES_SIZES, "64.5", -EINVAL, "'64.5' is no whole number of bytes" },
	{ VN_SERIES_LENGTHS, "1KiB", -EINVAL,
	  "'1KiB' is not a count (number, or one with k, M or G)" },
	{ VN_SERIES_LENGTHS, "0.5", -EINVAL, "'0.5' is no whole number of packets" },
	{ VN_SERIES_GAPS, "1234567890123456789012345678901234567890123456789012345678901234",
	  -EINVAL, "'12345678901234567890...' is too long for a value" },
	{ VN_SERIES_GAPS, "foo(1)", -EINVAL, "'foo' is no kind of series (a value, or " KINDS ")" },
	{ VN_SERIES_GAPS, "exp", -EINVAL, "exp: exp takes 1 argument (MEAN)" },
	{ VN_SERIES_GAPS, "exp()", -EINVAL, "exp(): exp takes 1 argument (MEAN)" },
	{ VN_SERIES_GAPS, "5us + exp(1us, 2)+3", -EINVAL,
	  "exp(1us, 2): exp takes 1 argument (MEAN)" },
	{ VN_SERIES_GAPS, "exp(1us", -EINVAL, "exp(1us: ')' is missing at the end" },
	{ VN_SERIES_GAPS, "exp(1us 2)", -EINVAL, "exp(1us 2): ')' is missing before '2)'" },
	{ VN_SERIES_GAPS, "exp(0)", -ERANGE, "exp(0): MEAN must be above 0" },
	{ VN_SERIES_GAPS, "exp(exp(1))", -EINVAL, "exp(exp(1)): 'exp' is not " A_GAP },
	{ VN_SERIES_GAPS, "uniform(1us)", -EINVAL,
	  "uniform(1us): uniform takes 2 arguments (MIN, MAX)" },
	{ VN_SERIES_GAPS, "uniform(2us, 1us)", -EINVAL, "uniform(2us, 1us): MIN is above MAX" },
	{ VN_SERIES_SIZES, "uniform(1.5, 3)", -EINVAL,
	  "uniform(1.5, 3): MIN and MAX must be whole numbers" },
	{ VN_SERIES_GAPS, "normal(1us;2us)", -EINVAL, "normal(1us;2us): '1us;2us' is not " A_GAP },
	{ VN_SERIES_GAPS, "lognormal(0, 1us)", -ERANGE, "lognormal(0, 1us): MEAN must be above 0" },
	{ VN_SERIES_GAPS, "pareto(0, 1)", -ERANGE, "pareto(0, 1): MIN must be above 0" },
	{ VN_SERIES_GAPS, "pareto(1us, x)", -EINVAL,
	  "pareto(1us, x): SHAPE 'x' is not a decimal number above 0 (0.5, 2)" },
	{ VN_SERIES_GAPS, "pareto(1us, 0)", -EINVAL,
	  "pareto(1us, 0): SHAPE '0' is not a decimal number above 0 (0.5, 2)" },
	{ VN_SERIES_GAPS, "pareto(1us, 1e3)", -EINVAL,
	  "pareto(1us, 1e3): SHAPE '1e3' is not a decimal number above 0 (0.5, 2)" },
	{ VN_SERIES_GAPS, "weibull(1us, 101)", -ERANGE,
	  "weibull(1us, 101): SHAPE 101 is out of range (0.01 to 100)" },
	{ VN_SERIES_GAPS, "weibull(0, 1)", -ERANGE, "weibull(0, 1): SCALE must be above 0" },
	{ VN_SERIES_GAPS, "clip(1us, 2us)", -EINVAL,
	  "clip(1us, 2us): clip is written clip(SERIES, MIN, MAX)" },
	{ VN_SERIES_GAPS, "clip(exp(1us), 2us, 1us)", -EINVAL,
	  "clip(exp(1us), 2us, 1us): MIN is above MAX" },
	{ VN_SERIES_GAPS, "onoff(1us, 10)", -EINVAL,
	  "onoff(1us, 10): onoff is written onoff(GAP, COUNT, PAUSE)" },
	{ VN_SERIES_GAPS, "onoff(1us, 0, 1us)", -ERANGE,
	  "onoff(1us, 0, 1us): COUNT must be at least 1" },
	{ VN_SERIES_GAPS, "onoff(1us, 2.5, 1us)", -EINVAL,
	  "onoff(1us, 2.5, 1us): '2.5' is no whole number of packets" },
	{ VN_SERIES_GAPS, "onoff(1us, 5us, 1us)", -EINVAL,
	  "onoff(1us, 5us, 1us): '5us' is not a count (number, or one with k, M or G)" },
	{ VN_SERIES_GAPS, "list()", -EINVAL, "list(): list is written list(FILE)" },
	{ VN_SERIES_GAPS, "list(\"x)", -EINVAL, "list(\"x): '\"' is missing before 'x)'" },
	{ VN_SERIES_LENGTHS, "profile(1pps 1s)", -EINVAL,
	  "profile(1pps 1s): a profile of rates gives gaps only" },
	{ VN_SERIES_GAPS, "profile(1pps)", -EINVAL,
	  "profile(1pps): profile is written profile(RATE[..RATE] TIME, ...)" },
	{ VN_SERIES_GAPS, "profile(10 1s)", -EINVAL,
	  "profile(10 1s): '10' is not a rate (" A_RATE ")" },
	{ VN_SERIES_GAPS, "profile(1pps..x 1s)", -EINVAL,
	  "profile(1pps..x 1s): 'x' is not a rate (" A_RATE ")" },
	{ VN_SERIES_GAPS, "profile(1pps 1x)", -EINVAL,
	  "profile(1pps 1x): TIME: '1x' is not accepted (a number, or one with ns, us, ms, s, m, "
	  "h)" },
	{ VN_SERIES_GAPS, "profile(0pps 1s, 0pps 2s)", -EINVAL,
	  "profile(0pps 1s, 0pps 2s): has no packets: every rate is 0" },
	{ VN_SERIES_GAPS, "profile(1.000000000000000001pps 1s)", -ERANGE,
	  "profile(1.000000000000000001pps 1s): the rate '1.000000000000000001pps' cannot be "
	  "kept exactly (fewer digits can)" },
	{ VN_SERIES_GAPS, "profile(1/7.000000001s 1s, 1/11.000000003s 1s, 1/13.000000007s 1s)",
	  -ERANGE,
	  "profile(1/7.000000001s 1s, 1/11.000000003s 1s, 1/13.00000000...: its rates have no "
	  "common measure that can be kept (rounder ones have)" },
	{ VN_SERIES_GAPS, "profile(4000000000Gpps 1s, 1/1000000007ns 1s)", -ERANGE,
	  "profile(4000000000Gpps 1s, 1/1000000007ns 1s): a rate is too high to be kept beside "
	  "the others" },
};

static void what_is_wrong_is_named(void **state)
{
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct vn_series *s = (struct vn_series *)&refusals;
		struct vn_err err = { "" };
		char want[320];
		int rc = vn_series_parse(r->of, "--gap", r->text, &s, &err);

		snprintf(want, sizeof(want), "--gap: %s", r->message);
		if (rc != r->rc || strcmp(err.text, want) != 0)
			fail_msg("%s gives %d, %s", r->text, rc, err.text);
		assert_null(s);
		assert_int_equal(vn_series_parse(r->of, "--gap", r->text, &s, NULL), r->rc);
	}
}

static void expect_refused(const char *text, const char *message)
{
	struct vn_series *s;
	struct vn_err err = { "" };

	assert_true(vn_series_parse(VN_SERIES_GAPS, "-g", text, &s, &err) < 0);
	if (!strstr(err.text, message))
		fail_msg("%.40s...: %s", text, err.text);
}

/* The text may come from anyone: it is not what decides about our stack. */
static void texts_have_limits(void **state)
{
	char text[5000] = "";
	struct vn_series *s;
	int i;

	for (i = 0; i < 9; i++)
		strcat(text, "clip(");
	expect_refused(text, "is nested deeper than 8");
	strcpy(text, "1");
	for (i = 1; i < 32; i++)
		strcat(text, "+1");
	s = gaps(text);
	vn_series_free(s);
	strcat(text, "+1");
	expect_refused(text, "-g: has more than 32 parts");
	memset(text, ' ', 4097);
	expect_refused(text, "-g: is longer than 4096 characters");
	strcpy(text, "profile(");
	for (i = 0; i < 257; i++)
		strcat(text, "1pps 1s,");
	expect_refused(text, "more than 256 segments");
}

static void nothing_is_freed_as_nothing(void **state)
{
	vn_series_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_a_constant),
		cmocka_unit_test(what_varies_is_no_constant),
		cmocka_unit_test(whole_numbers_are_rounded_half_up),
		cmocka_unit_test(bursts_are_as_long_as_asked),
		cmocka_unit_test(lengths_of_bursts_vary_as_asked),
		cmocka_unit_test(means_are_exact),
		cmocka_unit_test(a_mean_that_is_not_known_is_not_given),
		cmocka_unit_test(bursts_of_random_length_keep_their_mean),
		cmocka_unit_test(values_keep_to_their_bounds),
		cmocka_unit_test(uniform_sizes_are_whole_and_equally_likely),
		cmocka_unit_test(the_same_seed_gives_the_same_values),
		cmocka_unit_test(seeds_streams_and_parts_differ),
		cmocka_unit_test(values_are_the_same_everywhere),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(texts_have_limits),
		cmocka_unit_test(nothing_is_freed_as_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles of rates: every departure against the formula, and the ends of segments
 * and cycles exactly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/series.h"

#define ONE VN_SERIES_ONE
#define MS  (UINT64_C(1000000) * ONE)

static struct vn_series *new_profile(const char *text)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(VN_SERIES_GAPS, "--gap", text, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static __uint128_t add_up(struct vn_series *s, unsigned int n)
{
	__uint128_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += vn_series_next(s);
	return sum;
}

static void expect_gaps(const char *text, const uint64_t *want, size_t n)
{
	struct vn_series *s = new_profile(text);
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(vn_series_next(s), want[i]);
	vn_series_free(s);
}

static void steps_follow_each_other(void **state)
{
	static const uint64_t want[] = { MS, MS, MS / 2, MS / 2, MS / 2, MS / 2, MS, MS, MS / 2 };

	expect_gaps("profile(1kpps 2ms, 2kpps 2ms)", want, VN_ARRAY_SIZE(want));
}

/* Half a packet at 1.5 ms; the other half goes twice as fast. */
static void what_is_left_of_a_packet_goes_into_the_next_segment(void **state)
{
	static const uint64_t want[] = { MS, 3 * MS / 4, MS / 2, MS, 3 * MS / 4, MS / 2 };

	expect_gaps("profile(1kpps 1500us, 2kpps 750us)", want, VN_ARRAY_SIZE(want));
}

static void no_rate_is_a_pause(void **state)
{
	static const uint64_t want[] = { MS, MS, 11 * MS, MS, 11 * MS };

	expect_gaps("profile(1/1ms 2ms, 0pps 10ms)", want, VN_ARRAY_SIZE(want));
	expect_gaps("profile(0pps 10ms, 1kpps 2ms)", want + 2, 2);
}

/* A quarter of a packet in each cycle, and much less than that. */
static void packets_may_take_many_cycles(void **state)
{
	static const uint64_t quarter[] = { 40 * MS, 40 * MS };
	/* One in 10^12 active ns, which are the first or the second of two. */
	static const uint64_t slow[] = { UINT64_C(2000000000000) * ONE,
					 UINT64_C(2000000000000) * ONE };
	static const uint64_t sooner[] = { UINT64_C(1999999999999) * ONE,
					   UINT64_C(2000000000000) * ONE };
	static const uint64_t clipped[] = { VN_SERIES_MAX, VN_SERIES_MAX };

	expect_gaps("profile(0pps 9ms, 250pps 1ms)", quarter, 2);
	expect_gaps("profile(1/1000s 1ns, 0pps 1ns)", sooner, 2);
	expect_gaps("profile(0pps 1ns, 0.001pps 1ns)", slow, 2);
	expect_gaps("profile(0.000000001pps 1ns)", clipped, 2);
}

/*
 * Up from r to s in T: t = (sqrt(r^2 + 2 (s - r) n / T) - r) T / (s - r), in long
 * double and by the textbook, not as it is computed.
 */
static void ramps_depart_where_the_integral_is_whole(void **state)
{
	const long double up = 20e-6L, from = 10e-6L, t = 1e9L; /* a ns; ns */
	struct vn_series *s = new_profile("profile(10kpps..30kpps 1s, 30kpps..10kpps 1s)");
	uint64_t at = 0, middle = 0, turn[20001];
	unsigned int i;

	for (i = 1; i <= 20000; i++) {
		long double want =
			(sqrtl(from * from + 2 * up * i / t) - from) * t / up * (long double)ONE;

		at += vn_series_next(s);
		turn[i] = at;
		assert_true(fabsl((long double)at - want) < 16);
	}
	assert_int_equal(at, 1000 * MS); /* (10 + 30) / 2 k in 1 s */
	turn[0] = 0;
	for (i = 1; i <= 20000; i++) { /* down is up, backwards */
		middle += vn_series_next(s);
		assert_in_range(at - middle - turn[20000 - i] + 1, 0, 2);
	}
	vn_series_free(s);
}

/* At a rate of 0 departures are far apart: (2 n T / s)^(1/2). */
static void ramps_may_begin_and_end_at_0(void **state)
{
	struct vn_series *s = new_profile("profile(0pps..2kpps 1s, 2kpps..0pps 1s)");
	uint64_t first = vn_series_next(s), last;

	assert_true(fabs((double)first / ONE - sqrt(1e15)) < 1e-3);
	assert_int_equal(first + add_up(s, 999), 1000 * MS);
	add_up(s, 999);
	last = vn_series_next(s);
	assert_int_equal(last, first);
	vn_series_free(s);
}

/* 10k x 10 s + 20k x 5 s + 30k x 10 s, and 1 s of nothing. */
static void a_million_departures_end_exactly(void **state)
{
	struct vn_series *s = new_profile("profile(10kpps 10s, 20kpps 5s, 20kpps..40kpps 10s, "
					  "0pps 1s)");
	double mean;

	assert_int_equal(add_up(s, 100000), 10000 * MS);
	assert_int_equal(add_up(s, 100000), 5000 * MS);
	assert_int_equal(add_up(s, 300000), 10000 * MS);
	assert_int_equal(add_up(s, 500000), 26000 * MS); /* its last waits for the pause before */
	assert_true(vn_series_mean(s, &mean));
	assert_true(mean == 52000);
	vn_series_free(s);
}

/* Three sevenths of a packet are over in each cycle: of no power of ten or two. */
static void a_million_cycles_do_not_drift(void **state)
{
	struct vn_series *s = new_profile("profile(1/3us 3us, 0.25Mpps..1.75Mpps 4us, 1/7us 3us, "
					  "100kpps 10us)");
	/* 1 + 4 + 3/7 + 1 packets in 20 us: 45 in 7 cycles. */
	const unsigned int n = 14286;
	unsigned int i;

	for (i = 0; i < 10; i++)
		assert_int_equal((uint64_t)add_up(s, 45 * n), n * 7 * 20 * MS / 1000);
	vn_series_free(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_follow_each_other),
		cmocka_unit_test(what_is_left_of_a_packet_goes_into_the_next_segment),
		cmocka_unit_test(no_rate_is_a_pause),
		cmocka_unit_test(packets_may_take_many_cycles),
		cmocka_unit_test(ramps_depart_where_the_integral_is_whole),
		cmocka_unit_test(ramps_may_begin_and_end_at_0),
		cmocka_unit_test(a_million_departures_end_exactly),
		cmocka_unit_test(a_million_cycles_do_not_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Departure times stay exact however long the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "base/schedule.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MANY 100000000ull /* the instrumented loop is some 20 times slower */
#else
#define MANY 10000000000ull
#endif

static uint64_t ideal(uint64_t origin, uint64_t n, uint64_t num, uint64_t den)
{
	return origin + (uint64_t)((__uint128_t)n * num / den);
}

/* 3,333,333 packets a second: a period of 300.00003000000300... ns. */
static void ten_thousand_million_departures_end_on_the_nanosecond(void **state)
{
	const uint64_t origin = 123456789, num = 1000000000, den = 3333333;
	struct vn_schedule s;
	uint64_t n;

	vn_schedule_start(&s, origin, num, den);
	for (n = 0; n < MANY; n++)
		vn_schedule_advance(&s);
	assert_int_equal(s.next_ns, ideal(origin, MANY, num, den));
	assert_int_equal(s.rest, (uint64_t)((__uint128_t)MANY * num % den));
}

static void each_departure_is_the_floor_of_the_ideal_time(void **state)
{
	static const uint64_t rates[][2] = {
		{ 1000000000, 3333333 }, { 1000000000, 1 },	 { 1000000000, 7 },
		{ 10000000000, 1 },	 { 1000000000, 14880952 }, { 1, 3 },
		{ 480000, 999 },	 { 1000, 1 },
	};
	unsigned int r;
	uint64_t n;

	for (r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct vn_schedule s;

		vn_schedule_start(&s, 5, rates[r][0], rates[r][1]);
		for (n = 0; n < 100000; n++) {
			assert_int_equal(s.next_ns, ideal(5, n, rates[r][0], rates[r][1]));
			vn_schedule_advance(&s);
		}
	}
}

/* A new period goes on from the departure under way, the carried fraction
 * kept to within the new denominator's grain. */
static void a_change_of_period_keeps_the_departure_under_way(void **state)
{
	struct vn_schedule s;
	unsigned int i;

	vn_schedule_start(&s, 0, 10, 3);
	vn_schedule_advance(&s);
	vn_schedule_advance(&s); /* 6 2/3 */
	vn_schedule_period(&s, 1, 6);
	assert_int_equal(s.next_ns, 6);
	assert_int_equal(s.rest, 4);
	for (i = 0; i < 2; i++)
		vn_schedule_advance(&s);
	assert_int_equal(s.next_ns, 7);
	assert_int_equal(s.rest, 0);
}

/* Every third of the departures, each worker's own schedule, is the one of all. */
static void schedules_that_are_shifted_make_up_one(void **state)
{
	const uint64_t origin = 77, num = 1000000000, den = 3333333, shares = 3;
	struct vn_schedule s[3];
	uint64_t n;

	for (n = 0; n < shares; n++) {
		vn_schedule_start(&s[n], origin, num * shares, den);
		vn_schedule_delay(&s[n], num * n);
	}
	for (n = 0; n < 100000; n++) {
		assert_int_equal(s[n % shares].next_ns, ideal(origin, n, num, den));
		assert_int_equal(s[n % shares].rest, (uint64_t)((__uint128_t)n * num % den));
		vn_schedule_advance(&s[n % shares]);
	}
}

static void gaps_given_one_by_one_lose_nothing(void **state)
{
	/* 1 Mpps and a third: no gap of these is a whole number of ns. */
	const uint64_t gap = 3 * VN_SCHEDULE_ONE + VN_SCHEDULE_ONE / 3;
	struct vn_schedule s;

	vn_schedule_start(&s, 1000, 0, VN_SCHEDULE_ONE);
	for (unsigned int i = 0; i < 1000000; i++) {
		uint64_t following_ns;

		vn_schedule_set_gap(&s, gap);
		following_ns = vn_schedule_following(&s);
		vn_schedule_advance(&s);
		assert_int_equal(s.next_ns, following_ns);
	}
	assert_int_equal(s.next_ns, 1000 + 1000000 * gap / VN_SCHEDULE_ONE);
	assert_int_equal(s.rest, 1000000 * gap % VN_SCHEDULE_ONE);
}

static void what_was_missed_is_made_up_with_space_between(void **state)
{
	static const struct {
		uint64_t late_ns, gap_ns, spaced_ns; /* behind the last one; 0: at once */
	} cases[] = {
		{ 0, 1000, 0 },
		{ 500, 1000, 0 },
		{ 501, 1000, 1000 - 62 },     /* a sixteenth */
		{ 6400, 1000, 1000 - 100 },   /* a 64th of what is missing */
		{ 99999, 1000, 1000 - 250 },  /* a quarter at most */
		{ 500001, 1000000, 20000 },   /* gaps that are longer than they need be */
		{ 49999, 100000, 0 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t asked_ns = 5000, ns = asked_ns + cases[i].late_ns;
		uint64_t want = cases[i].spaced_ns ? ns + cases[i].spaced_ns : 0;

		assert_int_equal(vn_schedule_spaced(ns, asked_ns, cases[i].gap_ns), want);
	}
	/* Early, as what is launched later: nothing is missing. */
	assert_int_equal(vn_schedule_spaced(1000, 5000, 1000), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_million_departures_end_on_the_nanosecond),
		cmocka_unit_test(each_departure_is_the_floor_of_the_ideal_time),
		cmocka_unit_test(a_change_of_period_keeps_the_departure_under_way),
		cmocka_unit_test(schedules_that_are_shifted_make_up_one),
		cmocka_unit_test(gaps_given_one_by_one_lose_nothing),
		cmocka_unit_test(what_was_missed_is_made_up_with_space_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The estimate against clocks whose offset and drift are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/macros.h"
#include "caliper/cardclock.h"

#define MS UINT64_C(1000000)

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void nothing_is_known_at_first(void **state)
{
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	assert_true(vn_cardclock_error_ns(&c, 1234) == UINT64_MAX);
	assert_true(vn_cardclock_card_ns(&c, 1234) == 1234);
}

static void one_message_is_an_estimate(void **state)
{
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	vn_cardclock_exchange(&c, 700);
	vn_cardclock_sample(&c, 1000, 501000);
	assert_true(vn_cardclock_card_ns(&c, 502000) == 2000);
	assert_true(vn_cardclock_host_ns(&c, 2000) == 502000);
	assert_true(vn_cardclock_error_ns(&c, 501000) == 708);
}

static void times_before_the_other_clock_began_are_its_beginning(void **state)
{
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 1000, 501000);
	assert_true(vn_cardclock_card_ns(&c, 499999) == 0);
	assert_true(vn_cardclock_card_ns(&c, 500001) == 1);
	assert_true(vn_cardclock_host_ns(&c, UINT64_MAX) == UINT64_MAX);
	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 501000, 1000);
	assert_true(vn_cardclock_host_ns(&c, 499999) == 0);
	assert_true(vn_cardclock_card_ns(&c, UINT64_MAX) == UINT64_MAX);
}

static void the_least_delayed_counts(void **state)
{
	static const uint64_t delays[] = { 9000, 300, 5000, 100, 7000, 2000 };
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	for (size_t i = 0; i < VN_ARRAY_SIZE(delays); i++)
		vn_cardclock_sample(&c, i * MS, 50 * MS + i * MS + delays[i]);
	assert_true(vn_cardclock_card_ns(&c, 90 * MS) == 40 * MS - 100);
}

/* Delays of 10 to 110 us, the least of them rare. */
static void drift_is_known_after_two_windows(void **state)
{
	static const int64_t parts_in_a_million[] = { 0, 40, -40, 200, -200 };

	for (size_t i = 0; i < VN_ARRAY_SIZE(parts_in_a_million); i++) {
		int64_t ppm = parts_in_a_million[i];
		struct vn_cardclock c;
		uint64_t host = 0, card = 0;

		vn_cardclock_init(&c, 8);
		for (unsigned int k = 1; k < 30000; k++) {
			uint64_t delay = 10000 + (k * 7919u) % 100003;

			card = k * MS;
			host = 1000 * MS +
			       (uint64_t)((int64_t)card + (int64_t)card / 1000000 * ppm);
			vn_cardclock_sample(&c, card, host + delay);
		}
		/* 10 us of delay are in each of them, and a few of noise. */
		assert_true(distance(vn_cardclock_card_ns(&c, host), card) < 20000);
		assert_true(distance(vn_cardclock_host_ns(&c, card), host) < 20000);
		/* A second later it still is right: the drift is known to a few in a million. */
		card += 1000 * MS;
		host += (uint64_t)((int64_t)(1000 * MS) + 1000 * ppm);
		assert_true(distance(vn_cardclock_card_ns(&c, host), card) < 25000);
	}
}

static void what_is_older_than_the_window_is_forgotten(void **state)
{
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 1000 * MS, 2000 * MS);
	/* The card lost 5 ms at once; for ten seconds nobody can know. */
	vn_cardclock_sample(&c, 2000 * MS, 3005 * MS);
	assert_true(vn_cardclock_card_ns(&c, 3005 * MS) == 2005 * MS);
	assert_true(vn_cardclock_error_ns(&c, 3005 * MS) == 5 * MS + 8);
	for (uint64_t s = 3; s < 35; s++)
		vn_cardclock_sample(&c, s * 1000 * MS, s * 1000 * MS + 1005 * MS);
	assert_true(vn_cardclock_card_ns(&c, 40000 * MS) == 38995 * MS);
	assert_true(vn_cardclock_error_ns(&c, 34000 * MS + 1005 * MS) == 8);
}

static void after_a_long_silence_it_begins_anew(void **state)
{
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 1000 * MS, 2000 * MS);
	vn_cardclock_sample(&c, 1001000 * MS, 1002000 * MS + 77);
	assert_true(vn_cardclock_card_ns(&c, 1002000 * MS + 77) == 1001000 * MS);
}

/* Nobody knows by how much two oscillators differ that were not compared. */
static void silence_makes_the_error_greater(void **state)
{
	const uint64_t hour = 3600000 * MS;
	struct vn_cardclock c;

	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 1000, 501000);
	assert_true(vn_cardclock_error_ns(&c, 400000) == 8);
	assert_true(distance(vn_cardclock_error_ns(&c, 501000 + hour), 1800 * MS) < MS);
	assert_true(vn_cardclock_error_ns(&c, UINT64_MAX) > UINT64_MAX / 2048);
	vn_cardclock_exchange(&c, UINT64_MAX - 1000);
	assert_true(vn_cardclock_error_ns(&c, 501000 + hour) == UINT64_MAX);
	vn_cardclock_init(&c, 8);
	vn_cardclock_sample(&c, 1000, 501000);
	vn_cardclock_sample(&c, 1000 + hour, 501000 + hour + 90); /* not the least, but heard */
	assert_true(vn_cardclock_error_ns(&c, 501000 + hour + 90) == 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(one_message_is_an_estimate),
		cmocka_unit_test(times_before_the_other_clock_began_are_its_beginning),
		cmocka_unit_test(the_least_delayed_counts),
		cmocka_unit_test(drift_is_known_after_two_windows),
		cmocka_unit_test(what_is_older_than_the_window_is_forgotten),
		cmocka_unit_test(after_a_long_silence_it_begins_anew),
		cmocka_unit_test(silence_makes_the_error_greater),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

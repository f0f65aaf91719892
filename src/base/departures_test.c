/* SPDX-License-Identifier: BSD-2-Clause */
/* Departures against what was asked of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/departures.h"
#include "base/macros.h"

static int set_up(void **state)
{
	*state = vn_departures_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void nothing_is_known_of_no_packet(void **state)
{
	struct vn_departures *d = *state;

	assert_int_equal(vn_hist_count(&d->lateness), 0);
	assert_int_equal(d->n.gaps, 0);
	assert_int_equal(vn_departures_within(d, VN_WITHIN_100us), 0);
}

static void lateness_and_earliness_are_told_apart(void **state)
{
	struct vn_departures *d = *state;

	vn_departures_add(d, 1000, 1000);
	vn_departures_add(d, 2000, 3000); /* late by no more than what counts */
	vn_departures_add(d, 3000, 4001);
	vn_departures_add(d, 4500, 4400);
	assert_int_equal(vn_hist_count(&d->lateness), 3);
	assert_int_equal(d->n.late, 1);
	assert_int_equal(d->n.late_max_ns, 1001);
	assert_int_equal(d->n.early, 1);
	assert_int_equal(d->n.early_max_ns, 100);
	assert_int_equal(d->n.asked_first_ns, 1000);
	assert_int_equal(d->n.asked_last_ns, 4500);
}

static void gaps_count_by_their_distance(void **state)
{
	static const struct {
		uint64_t error;
		unsigned int within[VN_WITHIN_COUNT]; /* of one gap */
	} cases[] = {
		{ 0, { 1, 1, 1, 1, 1, 1, 1 } },	     { 64, { 1, 1, 1, 1, 1, 1, 1 } },
		{ 65, { 0, 1, 1, 1, 1, 1, 1 } },     { 512, { 0, 0, 0, 1, 1, 1, 1 } },
		{ 513, { 0, 0, 0, 0, 1, 1, 1 } },    { 1000, { 0, 0, 0, 0, 1, 1, 1 } },
		{ 1001, { 0, 0, 0, 0, 0, 1, 1 } },   { 10001, { 0, 0, 0, 0, 0, 0, 1 } },
		{ 100000, { 0, 0, 0, 0, 0, 0, 1 } }, { 100001, { 0, 0, 0, 0, 0, 0, 0 } },
	};
	struct vn_departures *d = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		/* Both ways: the gap is too long, and the next too short. */
		vn_departures_clear(d);
		vn_departures_add(d, 1000000, 1000000);
		vn_departures_add(d, 2000000, 2000000 + cases[i].error);
		vn_departures_add(d, 3000000, 3000000);
		assert_int_equal(d->n.gaps, 2);
		assert_int_equal(vn_hist_count(&d->gap_error), 2);
		for (unsigned int w = 0; w < VN_WITHIN_COUNT; w++)
			assert_int_equal(vn_departures_within(d, w), 2 * cases[i].within[w]);
	}
}

static void less_than_half_of_the_gap_is_a_burst(void **state)
{
	struct vn_departures *d = *state;

	vn_departures_add(d, 0, 0);
	vn_departures_add(d, 1000, 500);
	assert_int_equal(d->n.bursts, 0);
	vn_departures_add(d, 2000, 999);
	assert_int_equal(d->n.bursts, 1);
	vn_departures_add(d, 2000, 999); /* asked for together: as it should be */
	assert_int_equal(d->n.bursts, 1);
}

static void what_was_recorded_elsewhere_is_the_same_here(void **state)
{
	struct vn_departures *whole = *state, *part = vn_departures_new();
	struct vn_departures *sum = vn_departures_new();

	assert_non_null(part);
	assert_non_null(sum);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t asked_ns = 5000 + i * 1000, ns = asked_ns + i * 7919 % 3000 - i % 50;

		vn_departures_add(whole, asked_ns, ns);
		vn_departures_add(part, asked_ns, ns);
		if (i % 37 == 0)
			vn_departures_take_counts(sum, part);
		if (i % 300 == 0)
			vn_departures_take_hists(sum, part);
	}
	vn_departures_take_counts(sum, part);
	vn_departures_take_hists(sum, part);
	assert_memory_equal(sum, whole, sizeof(*sum));
	free(part);
	free(sum);
}

static void a_schedule_that_slides_asks_for_no_longer_gap(void **state)
{
	struct vn_departures *d = *state;

	vn_departures_add(d, 1000, 6000);
	vn_departures_slide(d, 5000);
	vn_departures_add(d, 7000, 7000);
	assert_int_equal(vn_departures_within(d, VN_WITHIN_64ns), 1);
	assert_int_equal(d->n.asked_gaps_ns, 1000);
	assert_int_equal(d->n.late, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_known_of_no_packet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lateness_and_earliness_are_told_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(gaps_count_by_their_distance, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_recorded_elsewhere_is_the_same_here,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_schedule_that_slides_asks_for_no_longer_gap,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(less_than_half_of_the_gap_is_a_burst, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

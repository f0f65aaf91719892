/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of the plan: sums, cycles, ends. */
#include "plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"

/* A plan of a constant delay and payload. */
static void constant(struct caliper_plan *p, const uint64_t *delay)
{
	static const uint64_t payload = 18;

	caliper_plan_begin(p, delay, 1, &payload, 1);
}

static void delays_add_up_and_lists_cycle_for_themselves(void **state)
{
	static const uint64_t delays[] = { 100, 0, 7 }, payloads[] = { 10, 1472 };
	static const struct caliper_packet want[] = {
		{ 0, 0, 0, 10, false },	    { 1, 100, 100, 1472, false },
		{ 2, 100, 0, 10, false },   { 3, 107, 7, 1472, false },
		{ 4, 207, 100, 10, false }, { 5, 207, 0, 1472, false },
		{ 6, 214, 7, 10, true },
	};
	struct caliper_plan p;
	struct caliper_packet got;

	caliper_plan_begin(&p, delays, VN_ARRAY_SIZE(delays), payloads, VN_ARRAY_SIZE(payloads));
	p.n_packets = VN_ARRAY_SIZE(want);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(want); i++) {
		assert_true(caliper_plan_next(&p, &got));
		assert_int_equal(got.k, want[i].k);
		assert_int_equal(got.at_ns, want[i].at_ns);
		assert_int_equal(got.gap_ns, want[i].gap_ns);
		assert_int_equal(got.payload, want[i].payload);
		assert_int_equal(got.is_last, want[i].is_last);
	}
	assert_false(caliper_plan_next(&p, &got));
	assert_true(caliper_plan_is_over(&p));
}

static uint64_t count(struct caliper_plan *p)
{
	struct caliper_packet packet = { .is_last = false };
	uint64_t n = 0;

	while (caliper_plan_next(p, &packet)) {
		assert_int_equal(packet.is_last, caliper_plan_is_over(p));
		n++;
	}
	assert_true(packet.is_last);
	return n;
}

/* All k with S(k) < TIME. */
static void time_ends_in_front_of_what_is_due_at_it(void **state)
{
	static const struct {
		uint64_t delay, time, packets;
	} cases[] = {
		{ 10, 1, 1 },	   { 10, 10, 1 },
		{ 10, 11, 2 },	   { 12304, 1000000000, 81275 },
		{ 1, 1000, 1000 }, { UINT64_C(1000000000000000), INT64_MAX, 9224 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct caliper_plan p;

		constant(&p, &cases[i].delay);
		p.time_ns = cases[i].time;
		assert_int_equal(count(&p), cases[i].packets);
	}
}

static void nothing_is_lost_over_a_million_gaps(void **state)
{
	static const uint64_t delay = 12345;
	struct caliper_packet packet = { 0 };
	struct caliper_plan p;

	constant(&p, &delay);
	p.n_packets = 1000001;
	while (caliper_plan_next(&p, &packet))
		;
	assert_int_equal(packet.k, 1000000);
	assert_int_equal(packet.at_ns, UINT64_C(12345000000));
}

static void sums_end_at_what_fits(void **state)
{
	static const uint64_t delay = UINT64_MAX / 2;
	struct caliper_packet packet;
	struct caliper_plan p;

	constant(&p, &delay);
	for (int i = 0; i < 5; i++)
		assert_true(caliper_plan_next(&p, &packet));
	assert_true(packet.at_ns == UINT64_MAX);
	assert_true(packet.gap_ns == delay);
}

static void copies_are_plans_of_their_own(void **state)
{
	static const uint64_t delays[] = { 3, 4 }, payloads[] = { 1, 2, 3 };
	struct caliper_plan p, copy;
	struct caliper_packet one, other;

	caliper_plan_begin(&p, delays, 2, payloads, 3);
	caliper_plan_next(&p, &one);
	copy = p;
	caliper_plan_next(&p, &one);
	caliper_plan_next(&copy, &other);
	assert_int_equal(one.k, 1);
	assert_int_equal(other.k, 1);
	assert_int_equal(other.at_ns, one.at_ns);
	assert_int_equal(other.payload, 2);
}

static void frames_have_at_least_sixty_bytes(void **state)
{
	assert_int_equal(caliper_frame_bytes(0), 60);
	assert_int_equal(caliper_frame_bytes(18), 60);
	assert_int_equal(caliper_frame_bytes(19), 61);
	assert_int_equal(caliper_frame_bytes(1472), 1514);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_add_up_and_lists_cycle_for_themselves),
		cmocka_unit_test(time_ends_in_front_of_what_is_due_at_it),
		cmocka_unit_test(nothing_is_lost_over_a_million_gaps),
		cmocka_unit_test(sums_end_at_what_fits),
		cmocka_unit_test(copies_are_plans_of_their_own),
		cmocka_unit_test(frames_have_at_least_sixty_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

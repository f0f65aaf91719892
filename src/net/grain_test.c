/* SPDX-License-Identifier: BSD-2-Clause */
/* The grain of stamps whose clock is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "net/grain.h"

/* Stamps of a clock that ticks every tick_ns, begun at 123456789 ticks. */
static void add_ticks(struct vn_grain *g, uint64_t tick_ns, unsigned int n)
{
	static const uint16_t steps[] = { 7, 1, 15, 0, 4, 33, 0, 2 };
	uint64_t ticks = 123456789;

	for (unsigned int i = 0; i < n; i++) {
		ticks += steps[i % VN_ARRAY_SIZE(steps)];
		vn_grain_add(g, ticks * tick_ns + 3); /* need not begin at a multiple */
	}
}

static void the_tick_of_the_clock_is_found(void **state)
{
	static const uint64_t ticks[] = { 1, 8, 25, 1000, 1000000 };

	for (size_t i = 0; i < VN_ARRAY_SIZE(ticks); i++) {
		struct vn_grain g = { 0 };

		add_ticks(&g, ticks[i], 200);
		assert_true(vn_grain_ns(&g) == ticks[i]);
	}
}

static void a_few_stamps_are_not_enough_to_know(void **state)
{
	struct vn_grain g = { 0 };

	vn_grain_add(&g, 5);
	for (unsigned int i = 1; i < VN_GRAIN_MIN; i++) {
		vn_grain_add(&g, 5 + i * 100);
		vn_grain_add(&g, 5 + i * 100); /* no distance */
		assert_true(vn_grain_ns(&g) == 0);
	}
	vn_grain_add(&g, 5);
	assert_true(vn_grain_ns(&g) == 100);
}

static void stamps_may_go_backwards(void **state)
{
	struct vn_grain g = { 0 };

	for (unsigned int i = 0; i < 40; i++)
		vn_grain_add(&g, 1000000 - i * 8);
	assert_true(vn_grain_ns(&g) == 8);
}

static void after_enough_stamps_nothing_more_is_looked_at(void **state)
{
	struct vn_grain g = { 0 };

	for (uint64_t i = 0; i <= VN_GRAIN_MAX; i++) {
		assert_false(vn_grain_is_done(&g));
		vn_grain_add(&g, i * 1000);
	}
	assert_true(vn_grain_is_done(&g));
	vn_grain_add(&g, 1);
	assert_true(vn_grain_ns(&g) == 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tick_of_the_clock_is_found),
		cmocka_unit_test(a_few_stamps_are_not_enough_to_know),
		cmocka_unit_test(stamps_may_go_backwards),
		cmocka_unit_test(after_enough_stamps_nothing_more_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

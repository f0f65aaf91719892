/* SPDX-License-Identifier: BSD-2-Clause */
/* What latenesses amount to; of a measurement only what every machine keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "base/wakeup.h"

static void the_boundary_is_several_times_the_greatest_lateness(void **state)
{
	static const struct {
		uint64_t late_ns[10];
		unsigned int n;
		uint64_t p50_ns, p90_ns, max_ns, spin_ns, spin_least_ns;
	} cases[] = {
		{ { 40000 }, 1, 40000, 40000, 40000, 320000, 320000 },
		{ { 60000, 40000, 80000 }, 3, 60000, 80000, 80000, 640000, 640000 },
		/* From the least that is worth a sleep to the most that is worth a spin. */
		{ { 0, 0, 9, 0 }, 4, 0, 9, 9, 5000, 5000 },
		{ { 4000000, 2000 }, 2, 2000, 4000000, 4000000, 2000000, 2000000 },
		{ { 9000, 1, 2, 3, 4, 5, 6, 7, 8, 10000 }, 10, 5, 9000, 10000, 80000, 72000 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t late_ns[10];
		struct vn_wakeup w;

		for (unsigned int k = 0; k < cases[i].n; k++)
			late_ns[k] = cases[i].late_ns[k];
		vn_wakeup_judge(late_ns, cases[i].n, &w);
		assert_int_equal(w.samples, cases[i].n);
		assert_int_equal(w.p50_ns, cases[i].p50_ns);
		assert_int_equal(w.p90_ns, cases[i].p90_ns);
		assert_int_equal(w.max_ns, cases[i].max_ns);
		assert_int_equal(w.spin_ns, cases[i].spin_ns);
		assert_int_equal(w.spin_least_ns, cases[i].spin_least_ns);
	}
}

static void a_measurement_is_of_some_sleeps_and_in_order(void **state)
{
	struct vn_wakeup w;

	vn_wakeup_measure(&w);
	assert_in_range(w.samples, 1, VN_WAKEUP_SAMPLES);
	assert_true(w.p50_ns <= w.p90_ns && w.p90_ns <= w.max_ns);
	assert_true(w.max_ns > 0); /* nobody wakes in no time */
	assert_in_range(w.spin_ns, VN_SPIN_MIN_NS, VN_SPIN_MAX_NS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_boundary_is_several_times_the_greatest_lateness),
		cmocka_unit_test(a_measurement_is_of_some_sleeps_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

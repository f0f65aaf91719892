/* SPDX-License-Identifier: BSD-2-Clause */
/* The 100 slots of an IMIX, quirks included. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/stream.h"

struct slots {
	unsigned int entry, first, last;
};

static void expect_slots(const struct vn_imix *m, const struct slots *want, unsigned int n)
{
	unsigned int k, i;

	for (k = 0; k < n; k++)
		for (i = want[k].first; i <= want[k].last; i++)
			assert_int_equal(m->slot[i], want[k].entry);
}

static void shares_follow_the_weights(void **state)
{
	static const struct slots want[] = { { 0, 0, 57 }, { 1, 58, 90 }, { 2, 91, 99 } };
	struct vn_imix m = { 0 };

	assert_int_equal(vn_imix_add(&m, 40, 7), 0);
	assert_int_equal(vn_imix_add(&m, 576, 4), 0);
	assert_int_equal(vn_imix_add(&m, 1500, 1), 0);
	vn_imix_fill(&m);
	expect_slots(&m, want, 3);
	assert_int_equal(m.entry[0].size, 42);
	assert_int_equal(m.entry[1].size, 576);
}

static void a_share_of_zero_in_the_middle_swallows_the_rest(void **state)
{
	static const struct slots want[] = { { 0, 0, 48 }, { 1, 49, 99 } };
	struct vn_imix m = { 0 };

	vn_imix_add(&m, 64, 500);
	vn_imix_add(&m, 128, 1);
	vn_imix_add(&m, 256, 500);
	vn_imix_fill(&m);
	expect_slots(&m, want, 2);
}

static void one_size_takes_all(void **state)
{
	static const struct slots want[] = { { 0, 0, 99 } };
	struct vn_imix m = { 0 };

	vn_imix_add(&m, 64, 3);
	vn_imix_fill(&m);
	expect_slots(&m, want, 1);
}

static void weight_zero_and_a_21st_size_are_refused(void **state)
{
	struct vn_imix m = { 0 };
	int i;

	assert_int_equal(vn_imix_add(&m, 64, 0), -EINVAL);
	assert_int_equal(m.n, 0);
	for (i = 0; i < VN_IMIX_MAX; i++)
		assert_int_equal(vn_imix_add(&m, 64, 1), 0);
	assert_int_equal(vn_imix_add(&m, 64, 1), -E2BIG);
	assert_int_equal(m.n, VN_IMIX_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(a_share_of_zero_in_the_middle_swallows_the_rest),
		cmocka_unit_test(one_size_takes_all),
		cmocka_unit_test(weight_zero_and_a_21st_size_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

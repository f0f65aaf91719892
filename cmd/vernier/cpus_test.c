/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of CPUs. */
#include "cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"

static void lists_are_taken_in_their_order(void **state)
{
	static const struct {
		const char *text, *numbers;
	} cases[] = {
		{ "0", "0" },
		{ "3,1", "3,1" },
		{ "0,2-4", "0,2,3,4" },
		{ "2-2,2", "2" },
		{ "1023", "1023" },
	};
	struct vn_cpus c;
	struct vn_err err;
	char text[64];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_int_equal(vn_cpus_parse("--cpus", cases[i].text, &c, &err), 0);
		vn_cpus_text(&c, text, sizeof(text));
		assert_string_equal(text, cases[i].numbers);
	}
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ",", "1,", "x", "3-1", "1-", "-1", "0x1", "1024", "0-1024", "1 2",
	};
	struct vn_cpus c;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(bad); i++)
		if (!vn_cpus_parse("--cpus", bad[i], &c, NULL))
			fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_taken_in_their_order),
		cmocka_unit_test(what_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

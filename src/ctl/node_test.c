/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void lists_are_read_as_the_kernel_prints_them(void **state)
{
	static const struct {
		const char *list;
		uint64_t node;
		bool is_listed;
	} cases[] = {
		{ "0\n", 0, true },	     { "0\n", 1, false },
		{ "0-3\n", 3, true },	     { "0-3\n", 4, false },
		{ "0-3,8,10-11", 8, true },  { "0-3,8,10-11", 9, false },
		{ "0-3,8,10-11", 11, true }, { "", 0, false },
		{ "\n", 0, false },	     { "0", 4294967296, false },
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++)
		if (vn_node_is_listed(cases[i].list, cases[i].node) != cases[i].is_listed)
			fail_msg("node %llu in %s", (unsigned long long)cases[i].node,
				 cases[i].list);
}

static void an_impossible_node_is_an_error_text_and_no_change(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	assert_int_equal(fixture_write(&f, "node 4096"), 9);
	assert_string_equal(f.entry.result, "ERROR: node not possible");
	assert_int_equal(f.entry.stream.cfg.node, -1);
	assert_int_equal(fixture_write(&f, "node 0"), 6);
	assert_string_equal(f.entry.result, "OK: node=0");
	assert_int_equal(f.entry.stream.cfg.node, 0);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_as_the_kernel_prints_them),
		cmocka_unit_test(an_impossible_node_is_an_error_text_and_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

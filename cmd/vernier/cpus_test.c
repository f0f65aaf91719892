/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of CPUs. */
#include "cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

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

/* sys/devices/system/cpu/NAME below a root of the test's own. */
static void feed(const char *root, const char *name, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "mkdir -p %s/sys/devices/system/cpu", root);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/%s", root, name);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void isolated_cpus_come_first(void **state)
{
	static const struct {
		const char *isolated, *nohz_full, *cpus, *order;
		unsigned int n_isolated;
	} cases[] = {
		{ "\n", "\n", "0-3", "0,1,2,3", 0 },
		{ "2-3,5\n", "\n", "0-5", "2,3,5,0,1,4", 3 },
		{ "2-3,5\n", "4-5\n", "0-5", "2,3,5,4,0,1", 3 },
		{ "\n", " (null)\n", "0-1", "0,1", 0 },
		{ "\n", "1\n", "0-1", "1,0", 0 },
		{ "2-3\n", "2-3\n", "0-1", "0,1", 0 }, /* not this process's */
		{ "0-3\n", "\n", "0-3", "0,1,2,3", 4 },
	};
	char root[] = "/tmp/vn_cpus_XXXXXX", text[64];
	struct vn_cpus c;

	assert_non_null(mkdtemp(root));
	assert_int_equal(vn_cpus_parse("--cpus", "0-1", &c, NULL), 0);
	assert_int_equal(vn_cpus_prefer(root, &c), 0); /* no such files */
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		feed(root, "isolated", cases[i].isolated);
		feed(root, "nohz_full", cases[i].nohz_full);
		assert_int_equal(vn_cpus_parse("--cpus", cases[i].cpus, &c, NULL), 0);
		assert_int_equal(vn_cpus_prefer(root, &c), cases[i].n_isolated);
		vn_cpus_text(&c, text, sizeof(text));
		assert_string_equal(text, cases[i].order);
	}
	snprintf(text, sizeof(text), "rm -r %s", root);
	assert_int_equal(system(text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_taken_in_their_order),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(isolated_cpus_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

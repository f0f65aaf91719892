/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of CPUs as the kernel writes them, and what a thread may be given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/macros.h"
#include "base/realtime.h"

static void lists_are_read_as_the_kernel_writes_them(void **state)
{
	static const struct {
		const char *list;
		int in[5], out[5]; /* ended by -1 */
	} cases[] = {
		{ "2-3,5\n", { 2, 3, 5, -1 }, { 0, 1, 4, 6, -1 } },
		{ "0\n", { 0, -1 }, { 1, 10, -1 } },
		{ "1,3,1000-1023", { 1, 3, 1000, 1023, -1 }, { 2, 999, 1024, -1 } },
		{ "\n", { -1 }, { 0, 1, -1 } },
		{ "", { -1 }, { 0, -1 } },
		{ " (null)\n", { -1 }, { 0, -1 } }, /* nohz_full of some kernels */
		{ "2-", { -1 }, { 2, 3, -1 } },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		for (const int *cpu = cases[i].in; *cpu >= 0; cpu++)
			assert_true(vn_cpu_in_list(cases[i].list, *cpu));
		for (const int *cpu = cases[i].out; *cpu >= 0; cpu++)
			assert_false(vn_cpu_in_list(cases[i].list, *cpu));
	}
}

/* A file below a root of the test's own. */
static void feed(const char *root, const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "mkdir -p %s/%s", root, folder);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void remove_root(const char *root)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static void a_list_that_is_not_there_is_unknown(void **state)
{
	char root[] = "/tmp/vn_cpu_XXXXXX";

	assert_non_null(mkdtemp(root));
	assert_int_equal(vn_cpu_is_listed(root, "isolated", 2), -ENOENT);
	feed(root, "sys/devices/system/cpu", "isolated", "2-3,5\n");
	feed(root, "sys/devices/system/cpu", "nohz_full", "\n");
	assert_int_equal(vn_cpu_is_listed(root, "isolated", 2), 1);
	assert_int_equal(vn_cpu_is_listed(root, "isolated", 4), 0);
	assert_int_equal(vn_cpu_is_listed(root, "nohz_full", 2), 0);
	remove_root(root);
}

static void trying_a_cpu_leaves_the_thread_where_it_was(void **state)
{
	int before[1024], after[1024], n = vn_cpu_list(before, 1024);

	assert_in_range(n, 1, 1024);
	for (int i = 0; i < n; i++)
		assert_true(vn_cpu_may_pin(before[i]));
	assert_false(vn_cpu_may_pin(-1));
	assert_false(vn_cpu_may_pin(1 << 19)); /* no machine has so many */
	assert_int_equal(vn_cpu_list(after, 1024), n);
	assert_memory_equal(before, after, (size_t)n * sizeof(before[0]));
}

static void slack_is_what_it_was_set_to(void **state)
{
	assert_int_equal(vn_thread_slack(1), 1);
	assert_int_equal(vn_thread_slack(70000), 70000);
}

/* With or without the right to it. */
static void trying_real_time_leaves_the_thread_common(void **state)
{
	char text[VN_SCHED_TEXT];
	int rc = vn_realtime_try();

	assert_true(rc == 0 || rc == -EPERM);
	assert_true(vn_sched_is_common());
	assert_int_equal(vn_realtime_begin(), rc);
	vn_sched_text(text);
	assert_string_equal(text, rc ? "SCHED_OTHER" : "SCHED_FIFO 1");
	assert_int_equal(vn_sched_is_common(), rc != 0);
	assert_int_equal(vn_realtime_end(), 0);
	vn_sched_text(text);
	assert_string_equal(text, "SCHED_OTHER");
}

static void budgets_are_of_a_period(void **state)
{
	static const struct {
		const char *runtime;
		bool is_known, is_unlimited;
		uint64_t runtime_us;
	} cases[] = {
		{ "950000\n", true, false, 950000 },
		{ "-1\n", true, true, 0 },
		{ "1000000\n", true, true, 1000000 },
		{ "x\n", false, false, 0 },
	};
	char root[] = "/tmp/vn_cpu_XXXXXX";
	struct vn_rt_budget b;

	assert_non_null(mkdtemp(root));
	vn_rt_budget_read(root, &b);
	assert_false(b.is_known);
	feed(root, "proc/sys/kernel", "sched_rt_period_us", "1000000\n");
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		feed(root, "proc/sys/kernel", "sched_rt_runtime_us", cases[i].runtime);
		vn_rt_budget_read(root, &b);
		assert_int_equal(b.is_known, cases[i].is_known);
		assert_int_equal(b.is_unlimited, cases[i].is_unlimited);
		assert_int_equal(b.runtime_us, cases[i].runtime_us);
	}
	remove_root(root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_as_the_kernel_writes_them),
		cmocka_unit_test(a_list_that_is_not_there_is_unknown),
		cmocka_unit_test(trying_a_cpu_leaves_the_thread_where_it_was),
		cmocka_unit_test(slack_is_what_it_was_set_to),
		cmocka_unit_test(trying_real_time_leaves_the_thread_common),
		cmocka_unit_test(budgets_are_of_a_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

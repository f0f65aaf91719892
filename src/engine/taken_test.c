/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's counters, fed as files below a root of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "engine/taken.h"

#define CPU 1
#define TID 77

static int make_root(void **state)
{
	char root[] = "/tmp/vn_taken_XXXXXX";

	*state = mkdtemp(root) ? strdup(root) : NULL;
	return *state ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -r %s", (char *)*state);
	free(*state);
	return system(command);
}

static void feed(const char *root, const char *name, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "mkdir -p $(dirname %s/%s)", root, name);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/%s", root, name);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void is(struct vn_machine_number n, uint64_t want)
{
	assert_true(n.is_known);
	assert_int_equal(n.n, want);
}

static void what_is_not_there_is_unknown(void **state)
{
	struct vn_worker_machine m = { .cpu = CPU };
	struct vn_taken t;

	vn_taken_read(*state, CPU, TID, &t);
	vn_taken_between(&t, &t, &m);
	for (unsigned int i = 0; i < VN_M_COUNT; i++)
		assert_false(m.value[i].is_known);
	assert_string_equal(m.idle_state, "");
	vn_taken_governor(*state, CPU, m.governor);
	assert_string_equal(m.governor, "");
}

static void each_file_is_read_for_its_cpu_and_thread(void **state)
{
	struct vn_taken t;

	feed(*state, "proc/stat",
	     "cpu  9 9 9 9 9 9 9 900 9 9\n"
	     "cpu0 1 2 3 4 5 6 7 100 0 0\n"
	     "cpu1 1 2 3 4 5 6 7 200 0 0\n"
	     "cpu11 1 2 3 4 5 6 7 300 0 0\n"
	     "intr 5\n");
	feed(*state, "proc/self/task/77/schedstat", "111 222333 4\n");
	feed(*state, "proc/self/task/77/status",
	     "Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n");
	feed(*state, "proc/interrupts",
	     "           CPU0       CPU1       \n"
	     "  1:         10         20   IO-APIC   1-edge   i8042\n"
	     "LOC:        100        200   Local timer interrupts\n"
	     "ERR:       5000\n"
	     "MIS:       6000\n");
	feed(*state, "proc/softirqs",
	     "                    CPU0       CPU1\n"
	     "          HI:          1          2\n"
	     "       TIMER:         30         40\n");
	vn_taken_read(*state, CPU, TID, &t);
	is(t.steal_ns, 200 * vn_taken_grain_ns());
	is(t.waited_ns, 222333);
	is(t.preempted, 6);
	is(t.interrupts, 220);
	is(t.softirqs, 42);
	vn_taken_read(*state, 0, TID, &t);
	is(t.steal_ns, 100 * vn_taken_grain_ns());
	is(t.interrupts, 110);
	vn_taken_read(*state, 2, TID + 1, &t); /* neither is there */
	assert_false(t.steal_ns.is_known);
	assert_false(t.waited_ns.is_known);
	assert_false(t.preempted.is_known);
	assert_false(t.interrupts.is_known);
	assert_false(t.softirqs.is_known);
}

/* CPUs that are off have no column, so that a CPU's place is not its number. */
static void columns_are_found_by_their_names(void **state)
{
	struct vn_taken t;

	feed(*state, "proc/interrupts",
	     "           CPU0       CPU3       CPU12\n"
	     "  1:         10         20         30  x\n"
	     "ERR:       5000\n");
	vn_taken_read(*state, 3, TID, &t);
	is(t.interrupts, 20);
	vn_taken_read(*state, 12, TID, &t);
	is(t.interrupts, 30);
	vn_taken_read(*state, 0, TID, &t);
	is(t.interrupts, 10);
	vn_taken_read(*state, 1, TID, &t);
	assert_false(t.interrupts.is_known);
}

#define IDLE "sys/devices/system/cpu/cpu1/cpuidle/"

static void the_deepest_state_that_was_entered_is_told(void **state)
{
	struct vn_worker_machine m = { .cpu = CPU };
	struct vn_taken from, to;

	feed(*state, IDLE "state0/name", "POLL\n");
	feed(*state, IDLE "state0/usage", "5\n");
	feed(*state, IDLE "state1/name", "C1\n");
	feed(*state, IDLE "state1/usage", "10\n");
	feed(*state, IDLE "state2/name", "haltpoll idle\n");
	feed(*state, IDLE "state2/usage", "20\n");
	feed(*state, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
	vn_taken_read(*state, CPU, TID, &from);
	assert_int_equal(from.n_idle, 3);
	vn_taken_between(&from, &from, &m);
	assert_string_equal(m.idle_state, "");
	is(m.value[VN_M_idle_entries], 0); /* none: that is known */

	feed(*state, IDLE "state0/usage", "1005\n");
	feed(*state, IDLE "state1/usage", "13\n");
	vn_taken_read(*state, CPU, TID, &to);
	vn_taken_between(&from, &to, &m);
	assert_string_equal(m.idle_state, "C1");
	is(m.value[VN_M_idle_entries], 3);

	feed(*state, IDLE "state2/usage", "21\n");
	vn_taken_read(*state, CPU, TID, &to);
	vn_taken_between(&from, &to, &m);
	assert_string_equal(m.idle_state, "haltpoll idle");
	is(m.value[VN_M_idle_entries], 1);
	vn_taken_governor(*state, CPU, m.governor);
	assert_string_equal(m.governor, "performance");
}

static void a_run_is_the_difference_of_its_ends(void **state)
{
	const struct vn_taken from = {
		.steal_ns = { true, 1000 },
		.waited_ns = { true, 5 },
		.preempted = { true, 9 },
		.interrupts = { true, 7 },
	};
	const struct vn_taken to = {
		.steal_ns = { true, 3000 },
		.waited_ns = { true, 5 },
		.preempted = { true, 8 },
		.softirqs = { true, 7 },
	};
	struct vn_worker_machine m = { .cpu = CPU };

	vn_taken_between(&from, &to, &m);
	is(m.value[VN_M_steal_ns], 2000);
	is(m.value[VN_M_steal_grain_ns], vn_taken_grain_ns());
	is(m.value[VN_M_waited_ns], 0);
	assert_false(m.value[VN_M_preempted].is_known); /* it went back */
	assert_false(m.value[VN_M_interrupts].is_known);
	assert_false(m.value[VN_M_softirqs].is_known);
}

/* Of this machine only what every Linux has. */
static void a_real_thread_has_its_counters(void **state)
{
	struct vn_taken t;

	vn_taken_read("", 0, (pid_t)syscall(SYS_gettid), &t);
	assert_true(t.preempted.is_known);
	assert_true(t.steal_ns.is_known);
	assert_in_range(vn_taken_grain_ns(), 1, VN_NSEC_PER_SEC);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
	static const struct CMUnitTest tests[] = {
		T(what_is_not_there_is_unknown),
		T(each_file_is_read_for_its_cpu_and_thread),
		T(columns_are_found_by_their_names),
		T(the_deepest_state_that_was_entered_is_told),
		T(a_run_is_the_difference_of_its_ends),
		cmocka_unit_test(a_real_thread_has_its_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine took, in each form: the unknown is a dash, null or absent, and a
 * lateness is put down to what was about as long. */
#include "machine_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define US 1000ull
#define MS 1000000ull

static struct vn_worker_machine worker(int cpu)
{
	return (struct vn_worker_machine){
		.cpu = cpu,
		.has_run = true,
		.knows_isolated = true,
		.policy = "SCHED_OTHER",
		.why = "realtime is off",
	};
}

static void set(struct vn_worker_machine *m, enum vn_machine_field f, uint64_t n)
{
	m->value[f] = (struct vn_machine_number){ .is_known = true, .n = n };
}

static char *written(const struct vn_snapshot *s, void (*write)(FILE *, const struct vn_snapshot *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write(out, s);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void a_row_and_a_line_a_worker(void **state)
{
	struct vn_worker_machine m[2] = { worker(0), worker(13) };
	struct vn_snapshot s = { .machine = m, .n_machine = 2 };
	char *text;

	set(&m[0], VN_M_timer_p50_ns, 55200);
	set(&m[0], VN_M_timer_slack_ns, 1);
	set(&m[0], VN_M_stalls, 1234567);
	set(&m[0], VN_M_idle_entries, 0);
	set(&m[1], VN_M_stalls, 0);
	set(&m[1], VN_M_idle_entries, 7);
	strcpy(m[1].idle_state, "C6");
	strcpy(m[1].governor, "performance");
	m[1].is_isolated = true;
	text = written(&s, vn_machine_print);
	assert_non_null(strstr(text, "machine    wake p50  wake max  spins below  overslept"));
	assert_non_null(strstr(text, "\nCPU 0       55.20us         -            -          -"));
	assert_non_null(strstr(text, "  1234567  "));
	assert_non_null(strstr(text, "\nCPU 13            -"));
	assert_non_null(strstr(text, "\nCPU 0: SCHED_OTHER: realtime is off; not isolated; timer "
				     "slack 1ns; deepest idle state none; governor -\n"));
	assert_non_null(strstr(text, "\nCPU 13: SCHED_OTHER: realtime is off; isolated; timer "
				     "slack -; deepest idle state C6, 7 times; governor "
				     "performance\n"));
	free(text);
}

static void who_has_not_run_is_not_told_to_people(void **state)
{
	struct vn_worker_machine m = { .cpu = 0 };
	struct vn_snapshot s = { .machine = &m, .n_machine = 1 };
	char *text = written(&s, vn_machine_print);

	assert_string_equal(text, "");
	free(text);
}

static void a_lateness_is_put_down_to_what_was_about_as_long(void **state)
{
	static const struct {
		uint64_t late_ns, stall_ns, overslept_ns, waited_ns, steal_ns;
		const char *parts[3]; /* of the sentence; none: there is no sentence */
	} cases[] = {
		{ 9 * US, 9 * US, 0, 0, 0, { NULL } }, /* nothing to explain */
		{ 3200 * US,
		  3100 * US,
		  0,
		  3 * MS,
		  0,
		  { "greatest lateness, 3200.00us, is about the longest stall on CPU 5, 3100.00us",
		    "the machine took the CPU away", "other threads had it (preempted 4 times" } },
		{ 3200 * US, 3100 * US, 0, 0, 10 * MS, { "longest stall", "10.00ms stolen" } },
		{ 3200 * US,
		  3100 * US,
		  0,
		  0,
		  0,
		  { "longest stall", "an interrupt, the firmware or a hypervisor" } },
		{ 3200 * US,
		  1599 * US,
		  3 * MS,
		  0,
		  0,
		  { "longest oversleep on CPU 5", "woke the worker late; no thread had the CPU" } },
		{ 3200 * US, 0, 0, 5 * MS, 0, { "waited for the CPU in all", "other threads" } },
		{ 3200 * US, 1 * MS, 1 * MS, 1 * MS, 50 * MS, { NULL } },
	};
	char text[VN_MACHINE_EXPLAINED];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_worker_machine m[2] = { worker(4), worker(5) };
		struct vn_snapshot s = { .machine = m, .n_machine = 2 };

		s.total.value[VN_F_late_max_ns].is_known = true;
		s.total.value[VN_F_late_max_ns].n = cases[i].late_ns;
		set(&m[0], VN_M_stall_max_ns, 1);
		set(&m[1], VN_M_stall_max_ns, cases[i].stall_ns);
		set(&m[1], VN_M_overslept_max_ns, cases[i].overslept_ns);
		set(&m[1], VN_M_waited_ns, cases[i].waited_ns);
		set(&m[1], VN_M_steal_ns, cases[i].steal_ns);
		set(&m[1], VN_M_preempted, 4);
		if (vn_machine_explain(&s, text) != (cases[i].parts[0] != NULL))
			fail_msg("case %u", i);
		for (unsigned int k = 0; k < 3 && cases[i].parts[k]; k++)
			if (!strstr(text, cases[i].parts[k]))
				fail_msg("case %u: \"%s\", expected \"%s\"", i, text,
					 cases[i].parts[k]);
	}
}

/* Unknown is no reason, and no lateness needs none. */
static void nothing_known_explains_nothing(void **state)
{
	struct vn_worker_machine m = worker(0);
	struct vn_snapshot s = { .machine = &m, .n_machine = 1 };
	char text[VN_MACHINE_EXPLAINED];

	assert_false(vn_machine_explain(&s, text));
	s.total.value[VN_F_late_max_ns] = (struct vn_snap_value){ .is_known = true, .n = MS };
	assert_false(vn_machine_explain(&s, text));
}

static void json_has_all_keys_and_null_for_the_unknown(void **state)
{
	struct vn_worker_machine m = worker(3);
	struct vn_snapshot s = { .machine = &m, .n_machine = 1 };
	json_t *list, *o;

	set(&m, VN_M_preempted, 12);
	list = vn_machine_json(&s);
	assert_int_equal(json_array_size(list), 1);
	o = json_array_get(list, 0);
	assert_int_equal(json_object_size(o), VN_M_COUNT + 6);
	assert_int_equal(json_integer_value(json_object_get(o, "cpu")), 3);
	assert_int_equal(json_integer_value(json_object_get(o, "preempted")), 12);
	assert_true(json_is_null(json_object_get(o, "waited_ns")));
	assert_true(json_is_null(json_object_get(o, "governor")));
	assert_true(json_is_false(json_object_get(o, "isolated")));
	assert_string_equal(json_string_value(json_object_get(o, "policy")), "SCHED_OTHER");
	json_decref(list);
	m.knows_isolated = false;
	list = vn_machine_json(&s);
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "isolated")));
	json_decref(list);
}

static void metrics_have_what_is_known_by_cpu(void **state)
{
	struct vn_worker_machine m[2] = { worker(0), worker(1) };
	struct vn_snapshot s = { .machine = m, .n_machine = 2 };
	char *text;

	set(&m[0], VN_M_waited_ns, 1500000000);
	set(&m[1], VN_M_waited_ns, 1);
	set(&m[1], VN_M_stalls, 9);
	text = written(&s, vn_machine_metrics);
	assert_non_null(strstr(text,
			       "# TYPE vernier_worker_waited_seconds_total counter\n"
			       "vernier_worker_waited_seconds_total{cpu=\"0\"} 1.500000000\n"
			       "vernier_worker_waited_seconds_total{cpu=\"1\"} 0.000000001\n"));
	assert_non_null(strstr(text, "counter\nvernier_worker_stalls_total{cpu=\"1\"} 9\n"));
	assert_null(strstr(text, "preempted"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_and_a_line_a_worker),
		cmocka_unit_test(who_has_not_run_is_not_told_to_people),
		cmocka_unit_test(a_lateness_is_put_down_to_what_was_about_as_long),
		cmocka_unit_test(nothing_known_explains_nothing),
		cmocka_unit_test(json_has_all_keys_and_null_for_the_unknown),
		cmocka_unit_test(metrics_have_what_is_known_by_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

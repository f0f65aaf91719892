/* SPDX-License-Identifier: BSD-2-Clause */
/* --fail-if-off: how finely it is told, and which numbers of a run fail it. */
#include "send_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void percent_is_told_finely(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t ppb;
		const char *said;
	} rows[] = {
		{ "0.5", 0, 5000000, "" },
		{ "0.5%", 0, 5000000, "" },
		{ "0.0001", 0, 1000, "" },
		{ "0", 0, 0, "" },
		{ "100", 0, 1000000000, "" },
		{ "20ppm", 0, 20000, "" },
		{ "3ppb", 0, 3, "" },
		{ "101", -ERANGE, 0, "--fail-if-off 101: expected 0 to 100 percent" },
		{ "0.00000001", -EINVAL, 0, "'0.00000001' is finer than can be kept" },
		{ "-1", -EINVAL, 0, "'-1' is not accepted (a number, or one with %, ppm, ppb)" },
		{ "half", -EINVAL, 0, "'half' is not accepted" },
		{ "", -EINVAL, 0, "'' is not accepted" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct send_run run = { .o.fail_if_off = rows[i].text };
		struct vn_err err = { "" };

		assert_int_equal(send_plan_off(&run, &err), rows[i].rc);
		assert_int_equal(run.off_max_ppb, rows[i].ppb);
		if (!strstr(err.text, rows[i].said))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].said);
	}
}

static void a_stream_without_a_rate_is_refused(void **state)
{
	struct send_stream streams[2] = { { .name = "one", .is_paced = true }, { .name = "two" } };
	struct send_run run = { .streams = { .v = streams, .n = 2 } };
	struct vn_err err = { "" };

	assert_int_equal(send_check_off(&run, &err), 0); /* the option was not given */
	run.o.fail_if_off = "1";
	assert_int_equal(send_check_off(&run, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--fail-if-off 1: two has no rate"));
	streams[1].is_paced = true;
	assert_int_equal(send_check_off(&run, &err), 0);
}

static void set(struct vn_snap_row *row, enum vn_snap_field f, double x)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .n = (uint64_t)x, .x = x };
}

/* A run of a stream of 1000 packets/s that has this to tell. NULL: it is fine. */
static const struct {
	const char *limit;
	bool has_rate, has_error;
	double ppm, pps, sent;
	uint64_t time_ns, count, slid_ns;
	const char *said;
} runs[] = {
	{ "0.5", true, true, -4999, 995.001, 10000, 0, 10000, 0, NULL },
	{ "0.5", true, true, 4999, 1004.999, 10000, 0, 10000, 0, NULL },
	{ "0.5", true, true, -9999, 990.001, 10000, 0, 10000, 0,
	  "one: 990.001 packets/s of 1000 asked for: 0.9999 % off, --fail-if-off 0.5" },
	{ "0.5%", true, true, 10000, 1010, 10000, 0, 10000, 0,
	  "one: 1010 packets/s of 1000 asked for: 1 % off, --fail-if-off 0.5%" },
	{ "0", true, true, 0, 1000, 10000, 0, 10000, 0, NULL },
	{ "0", true, true, 0.001, 1000, 10000, 0, 10000, 0, "1e-07 % off" },
	{ "0.0001", true, true, 1.01, 1000.00101, 10000, 0, 10000, 0, "0.000101 % off" },
	{ "0.0001", true, true, 0.99, 1000.00099, 10000, 0, 10000, 0, NULL },
	/* one departure: nothing can be said */
	{ "0", false, false, 0, 0, 1, 0, 1, 0, NULL },
	/* several that left together */
	{ "100", true, false, 0, 0, 3, 0, 3, 0, "one: 3 packets left at one time, of 1000 " },
	/* within --time: the last one may lie on either side of the end */
	{ "0.5", true, true, 0, 1000, 1998, 2000000000, 0, 0, NULL },
	{ "0", true, true, 0, 1000, 1998, 2000000000, 0, 0, NULL },
	{ "0", true, true, 0, 1000, 1997, 2000000000, 0, 0,
	  "one: 1997 of 2000 packets asked for were sent: 0.15 % off, --fail-if-off 0" },
	{ "10", true, true, 0, 1000, 1900, 2000000000, 0, 0, NULL },
	{ "10", true, true, 0, 1000, 500, 2000000000, 0, 0, "75 % off" },
	{ "10", true, true, 0, 1000, 500, 2000000000, 500, 0, NULL },	     /* the count first */
	{ "10", true, true, 0, 1000, 500, 2000000000, 0, 1500000000, NULL }, /* it slid */
	{ "10", false, false, 0, 0, 1, 2000000000, 0, 0, "1 of 2000 packets asked for" },
};

static void a_rate_that_is_off_fails_the_run(void **state)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(runs); i++) {
		struct send_stream stream = {
			.name = "one",
			.is_paced = true,
			.is_steady = true,
			.asked_pps = 1000,
			.burst = 1,
			.time_ns = runs[i].time_ns,
			.count = runs[i].count,
		};
		struct send_run run = {
			.o.fail_if_off = runs[i].limit,
			.streams = { .v = &stream, .n = 1 },
		};
		struct vn_snap_row row = { .name = "one" };
		struct vn_snapshot s = { .n_rows = 1, .rows = &row };
		struct vn_err err = { "" };

		set(&row, VN_F_sent, runs[i].sent);
		set(&row, VN_F_slid_ns, (double)runs[i].slid_ns);
		if (runs[i].has_rate)
			set(&row, VN_F_asked_mean_pps, 1000);
		if (runs[i].has_error) {
			set(&row, VN_F_pps, runs[i].pps);
			set(&row, VN_F_rate_error_ppm, runs[i].ppm);
		}
		assert_int_equal(send_plan_off(&run, &err), 0);
		assert_int_equal(send_judge_off(&run, &s, &err), runs[i].said ? -EIO : 0);
		if (runs[i].said && !strstr(err.text, runs[i].said))
			fail_msg("\"%s\" does not say \"%s\"", err.text, runs[i].said);
		run.o.fail_if_off = NULL;
		assert_int_equal(send_judge_off(&run, &s, &err), 0);
	}
}

/* 2000 are so many as the mean gap makes of the time, not as were asked for. */
static void of_random_gaps_no_time_tells_how_many(void **state)
{
	struct send_stream stream = { .name = "one",
				      .is_paced = true,
				      .asked_pps = 1000,
				      .burst = 1,
				      .time_ns = 2000000000 };
	struct send_run run = { .o.fail_if_off = "1", .streams = { .v = &stream, .n = 1 } };
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = { .n_rows = 1, .rows = &row };
	struct vn_err err = { "" };

	set(&row, VN_F_sent, 1900);
	set(&row, VN_F_asked_mean_pps, 950);
	set(&row, VN_F_pps, 950);
	set(&row, VN_F_rate_error_ppm, 0);
	assert_int_equal(send_plan_off(&run, &err), 0);
	assert_int_equal(send_judge_off(&run, &s, &err), 0);
	stream.is_steady = true;
	assert_int_equal(send_judge_off(&run, &s, &err), -EIO);
}

static void a_single_departure_is_said_to_have_no_rate(void **state)
{
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = { .n_rows = 1, .rows = &row };
	struct send_run run = { .o.fail_if_off = "1" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	send_print_off(&run, &s, out);
	set(&row, VN_F_asked_mean_pps, 1000);
	send_print_off(&run, &s, out);
	fclose(out);
	assert_string_equal(text,
			    "one: --fail-if-off 1: one departure has no rate, it is not judged\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_is_told_finely),
		cmocka_unit_test(a_stream_without_a_rate_is_refused),
		cmocka_unit_test(a_rate_that_is_off_fails_the_run),
		cmocka_unit_test(of_random_gaps_no_time_tells_how_many),
		cmocka_unit_test(a_single_departure_is_said_to_have_no_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

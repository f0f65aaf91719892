/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON lines into structs: what is missing is unknown, what is wrong is named. */
#include "page_model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static int read_text(const char *text, struct page_run *run, struct vn_err *err)
{
	FILE *in = fmemopen((char *)text, strlen(text), "r");
	int rc;

	assert_non_null(in);
	rc = page_run_read(in, "run.json", run, err);
	fclose(in);
	return rc;
}

static void read_well(const char *text, struct page_run *run)
{
	struct vn_err err = { "" };

	if (read_text(text, run, &err))
		fail_msg("%s", err.text);
}

static void the_last_line_gives_the_rows(void **state)
{
	struct page_run run;

	read_well("{\"time_s\":1,\"total\":{\"now_pps\":10.5,\"rx_now_pps\":null,\"lost\":2}}\n"
		  "{\"time_s\":2.5,\"final\":true,\"verdict\":\"ok\",\"seed\":7,"
		  "\"interface\":\"a<b\","
		  "\"total\":{\"name\":\"total\",\"sent\":100,\"pps\":12.25},"
		  "\"streams\":[{\"name\":\"one\",\"sent\":60},{\"name\":\"two\",\"sent\":null}],"
		  "\"receiver\":{\"frames\":9,\"stamp_source\":\"kernel\"}}\n",
		  &run);
	assert_true(run.is_final && run.has_seed);
	assert_int_equal(run.seed, 7);
	assert_string_equal(run.interface, "a<b");
	assert_null(run.driver);
	assert_int_equal(run.n_rows, 2);
	assert_string_equal(run.rows[1].name, "two");
	assert_int_equal(run.rows[0].value[VN_F_sent].n, 60);
	assert_false(run.rows[1].value[VN_F_sent].is_known);
	assert_true(run.total.value[VN_F_pps].x == 12.25);
	assert_int_equal(run.n_points, 1);
	assert_true(run.points[0].sent_pps.is_known && run.points[0].sent_pps.x == 10.5);
	assert_false(run.points[0].got_pps.is_known);
	assert_int_equal(run.points[0].lost.n, 2);
	assert_string_equal(run.receiver.stamp_source, "kernel");
	assert_false(run.receiver.stamp_resolution_ns.is_known);
	page_run_free(&run);
}

static void a_run_without_its_last_line_was_cut(void **state)
{
	struct page_run run;

	/* The second line was not written whole. */
	read_well("{\"time_s\":1,\"final\":false,\"total\":{\"sent\":5,\"now_pps\":5}}\n"
		  "{\"time_s\":2,\"final\":fal",
		  &run);
	assert_false(run.is_final);
	assert_int_equal(run.total.value[VN_F_sent].n, 5);
	assert_int_equal(run.n_points, 1);
	page_run_free(&run);
}

static void departures_come_with_their_clock_and_who_stamped_them(void **state)
{
	struct page_run run;

	read_well("{\"time_s\":1,\"final\":true,"
		  "\"clock\":{\"name\":\"CLOCK_MONOTONIC\",\"resolution_ns\":null,\"read_ns\":23},"
		  "\"total\":{\"within_64ns_ratio\":0.25,\"stamped_by\":\"kernel\","
		  "\"stamped_late\":7,\"histograms\":{\"gap_error\":"
		  "{\"samples\":1,\"min\":5,\"max\":5,\"mean\":5,\"buckets\":[[5,5,1]]}}}}\n",
		  &run);
	assert_string_equal(run.clock.name, "CLOCK_MONOTONIC");
	assert_false(run.clock.resolution_ns.is_known);
	assert_int_equal(run.clock.read_ns.n, 23);
	assert_string_equal(run.total.stamped_by, "kernel");
	assert_int_equal(run.total.value[VN_F_stamped_late].n, 7);
	assert_true(run.total.value[VN_F_within_64ns_ratio].x == 0.25);
	assert_int_equal(run.total.hist[PAGE_H_gap_error].max, 5);
	assert_false(run.total.hist[PAGE_H_stamped_lateness].is_known);
	page_run_free(&run);
}

static void settings_are_texts_by_name(void **state)
{
	struct page_run run;

	read_well("{\"time_s\":1,\"final\":true,\"total\":{},\"streams\":[{\"name\":\"s\"}],"
		  "\"settings\":{\"time\":\"5s\",\"streams\":{\"s\":{\"count\":\"9\"}}}}\n",
		  &run);
	assert_int_equal(run.settings.n, 1);
	assert_string_equal(run.settings.v[0].key, "time");
	assert_string_equal(run.settings.v[0].value, "5s");
	assert_int_equal(run.rows[0].settings.n, 1);
	assert_string_equal(run.rows[0].settings.v[0].value, "9");
	page_run_free(&run);
}

static void percentiles_come_from_the_buckets(void **state)
{
	static const struct {
		double pct;
		uint64_t value;
	} rows[] = { { 50, 10 }, { 90, 10 }, { 99, 29 }, { 99.5, 95 }, { 100, 95 } };
	struct page_run run;
	const struct page_hist *h;

	read_well(
		"{\"time_s\":1,\"final\":true,\"total\":{\"histograms\":"
		"{\"gap\":{\"samples\":1000,\"min\":10,\"max\":95,\"mean\":11.5,"
		"\"buckets\":[[10,10,900],[20,29,90],[40,49,0],[90,99,10]]},\"latency\":null}}}\n",
		&run);
	h = &run.total.hist[PAGE_H_gap];
	assert_true(h->is_known);
	assert_int_equal(h->n, 3); /* the empty one is left out */
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++)
		assert_int_equal(page_hist_percentile(h, rows[i].pct).n, rows[i].value);
	assert_false(page_hist_percentile(h, 99.95).is_known); /* takes 2000 */
	assert_false(run.total.hist[PAGE_H_latency].is_known);
	assert_false(page_hist_percentile(&run.total.hist[PAGE_H_latency], 50).is_known);
	page_run_free(&run);
}

static void many_intervals_are_put_together(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct page_run run;

	assert_non_null(out);
	/* Rates 1, 3, 1, 3...: each pair has the mean 2. */
	for (unsigned int i = 0; i < 2 * PAGE_POINTS_MAX; i++)
		fprintf(out, "{\"time_s\":%u,\"total\":{\"now_pps\":%d,\"lost\":%u}}\n", i + 1,
			i % 2 ? 3 : 1, i);
	fclose(out);
	read_well(text, &run);
	assert_int_equal(run.n_points, PAGE_POINTS_MAX);
	assert_int_equal(run.points_each, 2);
	for (size_t i = 0; i < run.n_points; i++) {
		assert_true(run.points[i].sent_pps.x == 2);
		assert_true(run.points[i].time_s == 2.0 * (double)(i + 1));
		assert_int_equal(run.points[i].lost.n, 2 * i + 1);
	}
	page_run_free(&run);
	free(text);
}

#define LINE "{\"time_s\":1,\"total\":"

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "", "run.json: it is empty" },
		{ "packets\n", "run.json:1: " },
		{ "[1]\n", "run.json:1: the line is [1], expected an object" },
		{ "{}\n", "run.json:1: expected a line of --json" },
		{ LINE "{}}\n{\"time_s\":2}\n", "run.json:2: expected a line" },
		{ "{\"time_s\":2,\"total\":{}}\n{\"time_s\":1,\"total\":{}}\n", "run.json:2: " },
		{ "{\"time_s\":\"1\",\"total\":{}}\n", "time_s is \"1\", expected a number" },
		{ "{\"time_s\":1,\"final\":1,\"total\":{}}\n",
		  "final is 1, expected true or false" },
		{ LINE "{\"sent\":-1}}\n", "total.sent is -1, expected a whole" },
		{ LINE "{\"sent\":1.5}}\n", "total.sent is 1.5, expected a whole" },
		{ LINE "{\"now_pps\":\"x\"}}\n", "total.now_pps is \"x\"" },
		{ LINE "{},\"streams\":{}}\n", "streams is {}, expected an array" },
		{ LINE "{},\"streams\":[{},3]}\n", "streams[1] is 3" },
		{ LINE "{},\"interface\":5}\n", "interface is 5, expected a text" },
		{ LINE "{\"histograms\":{\"gap\":{\"samples\":1,\"buckets\":"
		       "[[5,4,1]]}}}}\n",
		  "total.histograms.gap.buckets is [5,4,1], expected [low, high, count]" },
		{ LINE "{\"histograms\":{\"gap\":{\"samples\":2,\"buckets\":"
		       "[[5,5,1],[3,3,1]]}}}}\n",
		  "expected buckets in the order" },
		{ LINE "{},\"settings\":{\"a\":1}}\n", "settings.a is 1" },
		{ LINE "{\"stamped_by\":1}}\n", "total.stamped_by is 1, expected a text" },
		{ LINE "{},\"clock\":{\"read_ns\":-1}}\n", "clock.read_ns is -1" },
		{ "{\"time_s\":1,\"final\":true,\"total\":{}}\n{\"time_s\":2,\"total\":{}}\n",
		  "run.json:2: there is a line behind the final one" },
		{ LINE "{}}\n{\"time_s\":2,\n", "run.json:2: " },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_err err = { "" };
		struct page_run run;
		int rc = read_text(rows[i].text, &run, &err);

		assert_int_equal(rc, -EINVAL);
		if (!strstr(err.text, rows[i].said))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].said);
		assert_null(run.rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_line_gives_the_rows),
		cmocka_unit_test(a_run_without_its_last_line_was_cut),
		cmocka_unit_test(departures_come_with_their_clock_and_who_stamped_them),
		cmocka_unit_test(settings_are_texts_by_name),
		cmocka_unit_test(percentiles_come_from_the_buckets),
		cmocka_unit_test(many_intervals_are_put_together),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

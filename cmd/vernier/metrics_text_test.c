/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot in Prometheus' words, byte for byte. */
#include "metrics_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define LABELS "{stream=\"s\",interface=\"eth1\",driver=\"null\"} "

static char *written(const struct vn_metrics_run *run, const struct vn_snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vn_metrics_write(out, run, s);
	fclose(out);
	assert_non_null(text);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("no \"%s\" in\n%s", part, text);
}

static struct vn_snap_row row_of(const char *name)
{
	struct vn_snap_row row = { .interface = "eth1", .driver = "null" };

	snprintf(row.name, sizeof(row.name), "%s", name);
	return row;
}

static void set(struct vn_snap_row *row, enum vn_snap_field field, uint64_t n, double x)
{
	row->value[field] = (struct vn_snap_value){ .is_known = true, .n = n, .x = x };
}

static void before_a_run_there_is_only_what_runs(void **state)
{
	const struct vn_metrics_run run = { .command = "send", .interface = "eth1" };
	char *text = written(&run, NULL);

	assert_has(text, "vernier_build_info{version=\"" VN_VERSION "\"} 1\n");
	assert_has(text, "vernier_run_info{command=\"send\",interface=\"eth1\"} 1\n");
	assert_has(text, "vernier_run_finished 0\n");
	assert_null(strstr(text, "packets"));
	assert_null(strstr(text, "duration"));
	free(text);
}

static void values_are_in_base_units(void **state)
{
	struct vn_snap_row row = row_of("s");
	struct vn_snapshot s = { .is_final = true, .time_s = 1.5, .n_rows = 1, .rows = &row };
	const struct vn_metrics_run run = { .command = "send" };
	char *text;

	set(&row, VN_F_sent, UINT64_MAX, 0);
	set(&row, VN_F_asked_pps, 0, 1234.5);
	set(&row, VN_F_mbps_l1, 0, 8);
	set(&row, VN_F_rate_error_ppm, 0, -2.5);
	set(&row, VN_F_late_max_ns, 1000000001, 0);
	text = written(&run, &s);
	assert_has(text, "# HELP vernier_sent_packets_total Packets sent.\n"
			 "# TYPE vernier_sent_packets_total counter\n"
			 "vernier_sent_packets_total" LABELS "18446744073709551615\n");
	assert_has(text, "vernier_asked_packets_per_second" LABELS "1234.5\n");
	assert_has(text, "vernier_sent_l1_bytes_per_second" LABELS "1000000\n");
	assert_has(text, "vernier_rate_error_ratio" LABELS "-2.5e-06\n");
	assert_has(text, "vernier_late_max_seconds" LABELS "1.000000001\n");
	assert_has(text, "vernier_run_duration_seconds 1.5\n");
	assert_has(text, "vernier_run_finished 1\n");
	assert_null(strstr(text, "vernier_lost_packets"));
	free(text);
}

static void quantiles_come_with_sum_and_count(void **state)
{
	struct vn_snap_row rows[2] = { row_of("s"), row_of("quiet") };
	struct vn_snapshot s = { .n_rows = 2, .rows = rows };
	const struct vn_metrics_run run = { .command = "recv" };
	char *text;

	set(&rows[0], VN_F_gap_samples, 3, 0);
	set(&rows[0], VN_F_gap_p50_ns, 10, 0);
	set(&rows[0], VN_F_gap_max_ns, 2000, 0);
	rows[0].sum[VN_H_gap] = 2020;
	set(&rows[1], VN_F_gap_samples, 0, 0);
	text = written(&run, &s);
	assert_has(text, "# TYPE vernier_gap_seconds summary\n"
			 "vernier_gap_seconds{stream=\"s\",interface=\"eth1\",driver=\"null\","
			 "quantile=\"0.5\"} 0.000000010\n"
			 "vernier_gap_seconds{stream=\"s\",interface=\"eth1\",driver=\"null\","
			 "quantile=\"1\"} 0.000002000\n"
			 "vernier_gap_seconds_sum" LABELS "0.000002020\n"
			 "vernier_gap_seconds_count" LABELS "3\n"
			 "vernier_gap_seconds_sum{stream=\"quiet\"");
	assert_null(strstr(text, "vernier_latency_seconds"));
	free(text);
}

static void shares_of_gaps_have_their_distance_as_a_label(void **state)
{
	struct vn_snap_row rows[2] = { row_of("s"), row_of("full speed") };
	struct vn_snapshot s = { .n_rows = 2, .rows = rows };
	const struct vn_metrics_run run = { .command = "send" };
	char *text;

	text = written(&run, &s);
	assert_null(strstr(text, "within"));
	free(text);
	for (unsigned int w = 0; w < VN_WITHIN_COUNT; w++)
		set(&rows[0], VN_F_within_64ns_ratio + w, 0, 0.25 + 0.125 * w);
	set(&rows[0], VN_F_bursts_ratio, 0, 0.5);
	text = written(&run, &s);
	assert_has(text, "# TYPE vernier_gaps_within_ratio gauge\n"
			 "vernier_gaps_within_ratio{stream=\"s\",interface=\"eth1\","
			 "driver=\"null\",within=\"64ns\"} 0.25\n");
	assert_has(text, "within=\"100us\"} 1\n");
	assert_has(text, "vernier_burst_gaps_ratio" LABELS "0.5\n");
	assert_null(strstr(text, "full speed"));
	assert_null(strstr(text, "stamped_gaps"));
	free(text);
}

static void the_clock_is_told_when_it_was_measured(void **state)
{
	struct vn_snapshot s = { .n_rows = 0, .clock = { "CLOCK_MONOTONIC", 0, 23 } };
	const struct vn_metrics_run run = { .command = "send" };
	char *text = written(&run, &s);

	assert_has(text, "vernier_clock_read_seconds 0.000000023\n");
	assert_null(strstr(text, "resolution"));
	free(text);
	s.clock.resolution_ns = 11;
	text = written(&run, &s);
	assert_has(text, "vernier_clock_resolution_seconds 0.000000011\n");
	free(text);
	s.clock.name = NULL;
	text = written(&run, &s);
	assert_null(strstr(text, "clock"));
	free(text);
}

static void label_values_are_escaped(void **state)
{
	static const struct {
		const char *name, *label;
	} cases[] = {
		{ "a\"b\\c\nd", "stream=\"a\\\"b\\\\c\\nd\"" },
		{ "gr\xc3\xb6\xc3\x9f", "stream=\"gr\xc3\xb6\xc3\x9f\"" },
		{ "\xf0\x9f\x98\x80", "stream=\"\xf0\x9f\x98\x80\"" },
		/* no UTF-8: cut, too long, half of a pair, beyond the last, lone */
		{ "a\xc3", "stream=\"a\xef\xbf\xbd\"" },
		{ "\xc0\xaf", "stream=\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "stream=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80",
		  "stream=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\x80z", "stream=\"\xef\xbf\xbdz\"" },
	};
	const struct vn_metrics_run run = { .command = "send" };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_snap_row row = row_of(cases[i].name);
		struct vn_snapshot s = { .n_rows = 1, .rows = &row };
		char *text;

		set(&row, VN_F_sent, 1, 0);
		text = written(&run, &s);
		assert_has(text, cases[i].label);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_a_run_there_is_only_what_runs),
		cmocka_unit_test(values_are_in_base_units),
		cmocka_unit_test(quantiles_come_with_sum_and_count),
		cmocka_unit_test(shares_of_gaps_have_their_distance_as_a_label),
		cmocka_unit_test(the_clock_is_told_when_it_was_measured),
		cmocka_unit_test(label_values_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

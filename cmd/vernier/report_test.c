/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: columns line up, the unknown is a dash, one stream has no total. */
#include "report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void count(struct vn_snap_row *row, enum vn_snap_field f, uint64_t n)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .n = n };
}

static void real(struct vn_snap_row *row, enum vn_snap_field f, double x)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .x = x };
}

static char *tables_of(enum vn_report_kind kind, const struct vn_snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vn_report_tables(out, kind, s);
	fclose(out);
	return text;
}

static char *tables(const struct vn_snapshot *s)
{
	return tables_of(VN_REPORT_RECV, s);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	struct vn_snap_row rows[2] = { { .name = "one" }, { .name = "another" } };
	struct vn_snapshot s = { .n_rows = 2, .rows = rows, .total = { .name = "total" } };
	char *text;

	count(&rows[0], VN_F_received, 1);
	count(&rows[1], VN_F_received, 1234567890);
	count(&rows[1], VN_F_lost, 2);
	text = tables(&s);
	assert_non_null(strstr(text, "packets    received  lost  dup"));
	assert_non_null(strstr(text, "\none               1     -    -"));
	assert_non_null(strstr(text, "\nanother  1234567890     2    -"));
	assert_non_null(strstr(text, "\ntotal             -     -    -"));
	free(text);
}

static void one_stream_is_its_own_total(void **state)
{
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = { .n_rows = 1, .rows = &row, .total = { .name = "total" } };
	char *text = tables(&s);

	assert_null(strstr(text, "total"));
	free(text);
}

static void order_is_told_when_it_was_broken(void **state)
{
	struct vn_snap_row rows[2] = { { .name = "one" }, { .name = "two" } };
	struct vn_snapshot s = { .n_rows = 2, .rows = rows, .total = { .name = "total" } };
	char *text;

	count(&rows[0], VN_F_reordered, 0);
	text = tables(&s);
	assert_null(strstr(text, "order"));
	assert_null(strstr(text, "variation"));
	free(text);
	count(&rows[1], VN_F_reordered, 3);
	count(&rows[1], VN_F_reorder_extent_max, 17);
	text = tables(&s);
	assert_non_null(strstr(text, "order  reord  reord %"));
	assert_non_null(strstr(text, "17"));
	free(text);
}

static unsigned int occurrences(const char *text, const char *word)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += strncmp(text, word, strlen(word)) == 0;
	return n;
}

static void precision_is_stated_once(void **state)
{
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = { .n_rows = 1, .rows = &row, .total = { .name = "total" } };
	char *text = tables(&s);

	assert_int_equal(occurrences(text, "0.8 %"), 1);
	assert_null(strstr(text, "stated to agree"));
	free(text);
}

static void the_error_of_the_clocks_is_told_as_stated(void **state)
{
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = {
		.n_rows = 1,
		.rows = &row,
		.total = { .name = "total" },
		.receiver = { .clock_error_ns = 25000 },
	};
	char *text = tables(&s);

	assert_non_null(strstr(text, "stated to agree within 25.00us\n"));
	free(text);
}

static void assert_has(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("no \"%s\" in\n%s", part, text);
}

static void stamps_of_departures_have_a_row_behind_their_stream(void **state)
{
	struct vn_snap_row rows[2] = { { .name = "one", .stamped_by = "kernel" },
				       { .name = "two" } };
	struct vn_snapshot s = { .n_rows = 2, .rows = rows, .total = { .name = "total" } };
	char *text;

	real(&rows[0], VN_F_asked_pps, 50);
	count(&rows[0], VN_F_late, 3);
	count(&rows[0], VN_F_stamped_late, 123456);
	count(&rows[1], VN_F_late, 4);
	text = tables_of(VN_REPORT_SEND, &s);
	assert_has(text, "departures           asked pps  asked mean  pps  error ppm    late");
	assert_has(text, "\none                    50.0000           -    -          -       3");
	assert_has(text, "\n  stamped by kernel          -           -    -          -  123456");
	assert_has(text, "\ntwo                          -           -    -          -       4");
	assert_has(text, "packets  sent"); /* no stamps there */
	assert_int_equal(occurrences(text, "stamped by"), 1);
	free(text);
}

static void shares_are_printed_where_there_are_gaps(void **state)
{
	struct vn_snap_row row = { .name = "one" };
	struct vn_snapshot s = { .n_rows = 1, .rows = &row, .total = { .name = "total" } };
	char *text;

	count(&row, VN_F_asked_gaps, 0);
	text = tables_of(VN_REPORT_SEND, &s);
	assert_null(strstr(text, "gaps within"));
	free(text);
	count(&row, VN_F_asked_gaps, 8);
	real(&row, VN_F_within_64ns_ratio, 0.125);
	real(&row, VN_F_bursts_ratio, 0.5);
	text = tables_of(VN_REPORT_SEND, &s);
	assert_has(text,
		   "gaps within, %     64ns  128ns  256ns  512ns  1us  10us  100us   bursts\n"
		   "one             12.5000      -      -      -    -     -      -  50.0000\n");
	free(text);
}

static void batches_and_the_clock_are_told_in_words(void **state)
{
	static const struct {
		uint64_t batch, call_ns;
		double asked_pps;
		const char *said;
	} rows[] = {
		{ 1, 900, 1000, "\none: each departure by a call of its own\n" },
		{ 8, 0, 1000, "\none: up to 8 departures a call\n" },
		{ 8, 900, 2e6,
		  "\none: up to 8 departures a call: the asked gap is shorter than a call "
		  "(900ns), or hardly longer\n" },
		{ 8, 900, 8e5,
		  "\none: up to 8 departures a call: a call took longer than the asked gap for a "
		  "while (900ns now)\n" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_snap_row row = { .name = "one" };
		struct vn_snapshot s = {
			.n_rows = 1,
			.rows = &row,
			.total = { .name = "total" },
			.clock = { "CLOCK_MONOTONIC", 11, 23 },
		};
		char *text;

		count(&row, VN_F_batch_max, rows[i].batch);
		if (rows[i].call_ns)
			count(&row, VN_F_call_ns, rows[i].call_ns);
		real(&row, VN_F_asked_mean_pps, rows[i].asked_pps);
		text = tables_of(VN_REPORT_SEND, &s);
		assert_has(text, "\nclock: CLOCK_MONOTONIC, resolution 11 ns, a read 23 ns\n");
		assert_has(text, rows[i].said);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(one_stream_is_its_own_total),
		cmocka_unit_test(order_is_told_when_it_was_broken),
		cmocka_unit_test(precision_is_stated_once),
		cmocka_unit_test(the_error_of_the_clocks_is_told_as_stated),
		cmocka_unit_test(stamps_of_departures_have_a_row_behind_their_stream),
		cmocka_unit_test(shares_are_printed_where_there_are_gaps),
		cmocka_unit_test(batches_and_the_clock_are_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

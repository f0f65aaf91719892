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

static char *tables(const struct vn_snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vn_report_tables(out, VN_REPORT_RECV, s);
	fclose(out);
	return text;
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
		.n_rows = 1, .rows = &row, .total = { .name = "total" },
		.receiver = { .clock_error_ns = 25000 },
	};
	char *text = tables(&s);

	assert_non_null(strstr(text, "stated to agree within 25.00us\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(one_stream_is_its_own_total),
		cmocka_unit_test(order_is_told_when_it_was_broken),
		cmocka_unit_test(precision_is_stated_once),
		cmocka_unit_test(the_error_of_the_clocks_is_told_as_stated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

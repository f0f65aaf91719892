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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(one_stream_is_its_own_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

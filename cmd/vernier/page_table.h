/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of rows and fields. A column has one unit, which stands in its head,
 * and as many decimals in each line, so that numbers can be compared by eye;
 * unless they are too different for one.
 */
#ifndef VN_CMD_PAGE_TABLE_H
#define VN_CMD_PAGE_TABLE_H

#include "page_model.h"
#include "page_svg.h"

struct page_column {
	enum vn_snap_field field;
	const char *head;
};

/* One line a stream, and one for the total of several. */
void page_table_streams(struct page *p, const struct page_run *run,
			const struct page_column *columns, unsigned int n);

/* One line a run: its total. */
void page_table_runs(struct page *p, const struct page_run *runs, unsigned int n_runs,
		     const struct page_column *columns, unsigned int n);

/* Every number of the total and of the streams, a line a field. */
void page_table_all(struct page *p, const struct page_run *run);

#endif

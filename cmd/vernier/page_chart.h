/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The charts of a run, each with a table of the same numbers beside it.
 */
#ifndef VN_CMD_PAGE_CHART_H
#define VN_CMD_PAGE_CHART_H

#include "page_model.h"
#include "page_svg.h"

/* Rates, and where packets were lost, over the time of the run. */
void page_rate_figure(struct page *p, const struct page_run *run);

/* A distribution with its percentiles. Nothing when the row knows none. */
void page_hist_figure(struct page *p, const struct page_row *row, enum page_hist_kind kind);
bool page_hist_is_known(const struct page_row *row, enum page_hist_kind kind);

/* --- page_bins.c -------------------------------------------------------------- */

#define PAGE_BINS 60

struct page_bin {
	double lo, hi; /* lo included, hi not */
	uint64_t count;
};

/*
 * Buckets put together for drawing: PAGE_BINS cells of equal width on x, but a
 * bucket that is wider than a cell keeps its width. bins has room for
 * PAGE_BINS; returns how many were filled. x is made from the values first.
 */
void page_bins_axis(const struct page_hist *h, struct page_scale *x);
unsigned int page_bins_fill(const struct page_hist *h, const struct page_scale *x,
			    struct page_bin *bins);

#endif

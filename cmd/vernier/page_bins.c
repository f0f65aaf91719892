/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorded buckets are finer than can be drawn (1/128 of their value), but
 * for small values, where they are whole numbers.
 */
#include <math.h>
#include <string.h>

#include "page_chart.h"

#define RATIO_MIN 1.2 /* of the ends of an axis: a single value is a thin bar */
#define ZERO	  0.5 /* where 0 begins on an axis that has no 0 */
#define TICKS	  7

/* Whole numbers low to high take the room from low to high + 1. */
static double bucket_lo(const struct page_bucket *b)
{
	return b->low ? (double)b->low : ZERO;
}

static double bucket_hi(const struct page_bucket *b)
{
	return (double)b->high + 1;
}

/* The bar of 0 gets a tick, which the nearest others make room for. */
static void tick_at_zero(struct page_scale *x)
{
	unsigned int skip = 0, n;

	while (skip < x->n_ticks && x->ticks[skip] < 5 && x->hi >= 10)
		skip++;
	n = VN_MIN(x->n_ticks - skip, PAGE_TICKS_MAX - 1);
	memmove(x->ticks + 1, x->ticks + skip, n * sizeof(x->ticks[0]));
	x->ticks[0] = 0;
	x->n_ticks = n + 1;
}

void page_bins_axis(const struct page_hist *h, struct page_scale *x)
{
	double lo = bucket_lo(&h->buckets[0]), hi = bucket_hi(&h->buckets[h->n - 1]);
	double widen = sqrt(fmax(1, RATIO_MIN / (hi / lo)));

	page_scale_log(x, lo / widen, hi * widen, TICKS);
	if (h->buckets[0].low == 0)
		tick_at_zero(x);
}

unsigned int page_bins_fill(const struct page_hist *h, const struct page_scale *x,
			    struct page_bin *bins)
{
	double cell = log(x->hi / x->lo) / PAGE_BINS;
	unsigned int n = 0;
	int last = -1;

	for (size_t i = 0; i < h->n; i++) {
		double lo = bucket_lo(&h->buckets[i]), hi = bucket_hi(&h->buckets[i]);
		int at = (int)(log(sqrt(lo * hi) / x->lo) / cell);

		at = VN_MIN(VN_MAX(at, 0), PAGE_BINS - 1);
		if (at != last) {
			bins[n].lo = fmin(lo, x->lo * exp(cell * at));
			bins[n].hi = fmax(hi, x->lo * exp(cell * (at + 1)));
			if (log(hi / lo) > cell) {
				bins[n].lo = lo;
				bins[n].hi = hi;
			}
			bins[n++].count = 0;
		}
		bins[n - 1].count += h->buckets[i].count;
		last = at;
	}
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hist.h"

#include "base/macros.h"

#define SUB_COUNT (1u << VN_HIST_SUB_BITS)

/* The largest value that falls into bucket i. */
static uint64_t upper_edge(unsigned int i)
{
	unsigned int shift;
	uint64_t lead;

	if (i < 2 * SUB_COUNT)
		return i;
	shift = (i >> VN_HIST_SUB_BITS) - 1;
	lead = (i & (SUB_COUNT - 1)) + SUB_COUNT;
	return ((lead + 1) << shift) - 1; /* the last one: 2^64 wraps to 0 - 1 */
}

void vn_hist_clear(struct vn_hist *h)
{
	unsigned int i;

	vn_hist_store(&h->count, 0);
	vn_hist_store(&h->sum, 0);
	vn_hist_store(&h->min, UINT64_MAX);
	vn_hist_store(&h->max, 0);
	for (i = 0; i < VN_HIST_BUCKETS; i++)
		vn_hist_store(&h->bucket[i], 0);
}

/* How many values pct percent of count are, rounded up, at least one. */
static uint64_t rank_of(double pct, uint64_t count)
{
	double exact = pct * (double)count / 100.0;
	uint64_t rank;

	if (!(exact > 1.0))
		return 1;
	if (exact >= (double)count)
		return count;
	rank = (uint64_t)exact;
	return rank + ((double)rank < exact);
}

uint64_t vn_hist_percentile(const struct vn_hist *h, double pct)
{
	uint64_t count = vn_hist_load(&h->count), max = vn_hist_load(&h->max);
	uint64_t rank, below = 0;
	unsigned int i;

	if (count == 0)
		return 0;
	rank = rank_of(pct, count);
	for (i = 0; i < VN_HIST_BUCKETS; i++) {
		below += vn_hist_load(&h->bucket[i]);
		if (below >= rank)
			return VN_MIN(upper_edge(i), max);
	}
	return max; /* read while the writer was between count and bucket */
}

uint64_t vn_hist_count(const struct vn_hist *h)
{
	return vn_hist_load(&h->count);
}

uint64_t vn_hist_min(const struct vn_hist *h)
{
	return vn_hist_load(&h->count) ? vn_hist_load(&h->min) : 0;
}

uint64_t vn_hist_bucket(const struct vn_hist *h, unsigned int i, uint64_t *low, uint64_t *high)
{
	*low = i ? upper_edge(i - 1) + 1 : 0;
	*high = upper_edge(i);
	return vn_hist_load(&h->bucket[i]);
}

uint64_t vn_hist_sum(const struct vn_hist *h)
{
	return vn_hist_load(&h->sum);
}

double vn_hist_mean(const struct vn_hist *h)
{
	uint64_t count = vn_hist_load(&h->count);

	return count ? (double)vn_hist_load(&h->sum) / (double)count : 0;
}

void vn_hist_merge(struct vn_hist *into, const struct vn_hist *from)
{
	unsigned int i;

	for (i = 0; i < VN_HIST_BUCKETS; i++)
		vn_hist_store(&into->bucket[i], into->bucket[i] + vn_hist_load(&from->bucket[i]));
	vn_hist_store(&into->count, into->count + vn_hist_load(&from->count));
	vn_hist_store(&into->sum, into->sum + vn_hist_load(&from->sum));
	vn_hist_store(&into->min, VN_MIN(into->min, vn_hist_load(&from->min)));
	vn_hist_store(&into->max, VN_MAX(into->max, vn_hist_load(&from->max)));
}

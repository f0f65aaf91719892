/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A value's bucket is its leading VN_HIST_SUB_BITS + 1 bits together with the
 * number of bits that were cut off behind them: a shift and an addition, no
 * search and no logarithm. This is the layout of HdrHistogram (G. Tene) with
 * buckets numbered straight through.
 *
 * The fields are plain integers, so that the struct can be copied and merged;
 * every access that may meet another thread's goes through get() and put().
 */
#include "base/hist.h"

#include "base/macros.h"

#define SUB_COUNT (1u << VN_HIST_SUB_BITS)

static uint64_t get(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* The one writer only. */
static void put(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < 2 * SUB_COUNT)
		return (unsigned int)value;
	shift = 63 - VN_HIST_SUB_BITS - (unsigned int)__builtin_clzll(value);
	/* The leading bit of value >> shift is SUB_COUNT: it adds the one more
	 * row that the exact values below 2 * SUB_COUNT take. */
	return (shift << VN_HIST_SUB_BITS) + (unsigned int)(value >> shift);
}

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

	put(&h->count, 0);
	put(&h->sum, 0);
	put(&h->min, UINT64_MAX);
	put(&h->max, 0);
	for (i = 0; i < VN_HIST_BUCKETS; i++)
		put(&h->bucket[i], 0);
}

void vn_hist_add(struct vn_hist *h, uint64_t value)
{
	uint64_t *bucket = &h->bucket[bucket_of(value)];

	put(bucket, *bucket + 1);
	put(&h->count, h->count + 1);
	put(&h->sum, h->sum + value);
	if (value < h->min)
		put(&h->min, value);
	if (value > h->max)
		put(&h->max, value);
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
	uint64_t count = get(&h->count), max = get(&h->max);
	uint64_t rank, below = 0;
	unsigned int i;

	if (count == 0)
		return 0;
	rank = rank_of(pct, count);
	for (i = 0; i < VN_HIST_BUCKETS; i++) {
		below += get(&h->bucket[i]);
		if (below >= rank)
			return VN_MIN(upper_edge(i), max);
	}
	return max; /* read while the writer was between count and bucket */
}

uint64_t vn_hist_count(const struct vn_hist *h)
{
	return get(&h->count);
}

uint64_t vn_hist_min(const struct vn_hist *h)
{
	return get(&h->count) ? get(&h->min) : 0;
}

uint64_t vn_hist_bucket(const struct vn_hist *h, unsigned int i, uint64_t *low, uint64_t *high)
{
	*low = i ? upper_edge(i - 1) + 1 : 0;
	*high = upper_edge(i);
	return get(&h->bucket[i]);
}

uint64_t vn_hist_sum(const struct vn_hist *h)
{
	return get(&h->sum);
}

double vn_hist_mean(const struct vn_hist *h)
{
	uint64_t count = get(&h->count);

	return count ? (double)get(&h->sum) / (double)count : 0;
}

void vn_hist_merge(struct vn_hist *into, const struct vn_hist *from)
{
	unsigned int i;

	for (i = 0; i < VN_HIST_BUCKETS; i++)
		put(&into->bucket[i], into->bucket[i] + get(&from->bucket[i]));
	put(&into->count, into->count + get(&from->count));
	put(&into->sum, into->sum + get(&from->sum));
	put(&into->min, VN_MIN(into->min, get(&from->min)));
	put(&into->max, VN_MAX(into->max, get(&from->max)));
}

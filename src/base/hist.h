/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log-linear histogram of non-negative 64-bit values (ns, bytes): exact below
 * 256, above that buckets whose width is at most 1/128 of their value, so any
 * percentile is within 0.8 % of a recorded value. Fixed size, no allocation
 * after new, constant time to record.
 *
 * One writer. Readers may read at any time: each count is read atomically
 * (relaxed), the set of them is a snapshot only after the writer has stopped.
 */
#ifndef VN_BASE_HIST_H
#define VN_BASE_HIST_H

#include <stdint.h>

#define VN_HIST_SUB_BITS 7
#define VN_HIST_BUCKETS ((64 - VN_HIST_SUB_BITS + 1) << VN_HIST_SUB_BITS)

struct vn_hist {
	uint64_t count; /* values recorded */
	uint64_t sum;   /* of the values, wraps at 2^64 */
	uint64_t min;   /* UINT64_MAX while empty */
	uint64_t max;
	uint64_t bucket[VN_HIST_BUCKETS];
};

void vn_hist_clear(struct vn_hist *h);

/* The number of a value's leading bit; value is not 0. */
static inline unsigned int vn_leading_bit(uint64_t value)
{
#ifdef __bpf__ /* has no such instruction, and its compilers fail to do without */
	unsigned int n = 0;

	for (unsigned int half = 32; half; half /= 2) {
		if (value >> half) {
			value >>= half;
			n += half;
		}
	}
	return n;
#else
	return 63 - (unsigned int)__builtin_clzll(value);
#endif
}

/*
 * A value's bucket is its leading VN_HIST_SUB_BITS + 1 bits together with the
 * number of bits that were cut off behind them: a shift and an addition, no
 * search and no logarithm. This is the layout of HdrHistogram (G. Tene) with
 * buckets numbered straight through.
 */
static inline unsigned int vn_hist_bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < 2u << VN_HIST_SUB_BITS)
		return (unsigned int)value;
	shift = vn_leading_bit(value) - VN_HIST_SUB_BITS;
	/* The leading bit of value >> shift adds the one more row that the exact
	 * values take. */
	return (shift << VN_HIST_SUB_BITS) + (unsigned int)(value >> shift);
}

/*
 * Every access that may meet another thread's goes through these two. The fields
 * are plain integers, so that the struct can be copied and merged.
 */
#ifdef __bpf__ /* knows no atomic store; a plain one is whole there */
#define vn_hist_load(p) (*(p))
#define vn_hist_store(p, v) (*(p) = (v))
#else
#define vn_hist_load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define vn_hist_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#endif

static inline void vn_hist_add(struct vn_hist *h, uint64_t value)
{
	unsigned int i = vn_hist_bucket_of(value);

	if (i >= VN_HIST_BUCKETS) /* never; the kernel's verifier does not know */
		return;
	vn_hist_store(&h->bucket[i], h->bucket[i] + 1);
	vn_hist_store(&h->count, h->count + 1);
	vn_hist_store(&h->sum, h->sum + value);
	if (value < h->min)
		vn_hist_store(&h->min, value);
	if (value > h->max)
		vn_hist_store(&h->max, value);
}

/* The value at or below which at least pct percent (0 < pct <= 100) of the
 * recorded values lie: the upper edge of its bucket, never above max. 0 while
 * empty: look at count first. */
uint64_t vn_hist_percentile(const struct vn_hist *h, double pct);
uint64_t vn_hist_count(const struct vn_hist *h);
uint64_t vn_hist_min(const struct vn_hist *h); /* 0 while empty */
/* How many values lie in bucket i < VN_HIST_BUCKETS, which is low..high, both
 * included. Buckets ascend, without a gap between them. */
uint64_t vn_hist_bucket(const struct vn_hist *h, unsigned int i, uint64_t *low, uint64_t *high);
uint64_t vn_hist_sum(const struct vn_hist *h);
double vn_hist_mean(const struct vn_hist *h); /* 0 while empty */
void vn_hist_merge(struct vn_hist *into, const struct vn_hist *from);

#endif

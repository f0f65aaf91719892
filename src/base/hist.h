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
void vn_hist_add(struct vn_hist *h, uint64_t value);

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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters with one writer and any number of readers. The writer's addition is
 * a plain load, add and store: atomic only so that a reader never sees half a
 * number. No order with other memory is promised.
 */
#ifndef VN_BASE_STAT_H
#define VN_BASE_STAT_H

#include <stdatomic.h>
#include <stdint.h>

static inline uint64_t vn_stat_get(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static inline void vn_stat_set(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_relaxed);
}

/* By the one writer only. */
static inline void vn_stat_add(_Atomic uint64_t *v, uint64_t n)
{
	vn_stat_set(v, vn_stat_get(v) + n);
}

#endif

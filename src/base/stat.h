/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters with one writer and any number of readers. The writer's addition is
 * a plain load, add and store: atomic so that a reader never sees half a number.
 * Stores release and loads acquire, so that counters are seen to change in the
 * order in which they were changed; where the machine orders stores by itself
 * that costs nothing.
 *
 * struct vn_stat_version makes several counters one: read between vn_stat_read()
 * and a vn_stat_reread() that says no, they are of one moment.
 */
#ifndef VN_BASE_STAT_H
#define VN_BASE_STAT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __bpf__ /* has one writer and nobody who reads meanwhile */
typedef uint64_t vn_counter;

static inline uint64_t vn_stat_get(const vn_counter *v)
{
	return *v;
}

static inline void vn_stat_set(vn_counter *v, uint64_t n)
{
	*v = n;
}
#else
#include <stdatomic.h>

typedef _Atomic uint64_t vn_counter;

static inline uint64_t vn_stat_get(const vn_counter *v)
{
	return atomic_load_explicit(v, memory_order_acquire);
}

static inline void vn_stat_set(vn_counter *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_release);
}
#endif

/* By the one writer only. */
static inline void vn_stat_add(vn_counter *v, uint64_t n)
{
	vn_stat_set(v, vn_stat_get(v) + n);
}

/* The greatest so far. By the one writer only. */
static inline void vn_stat_raise(vn_counter *v, uint64_t n)
{
	if (n > vn_stat_get(v))
		vn_stat_set(v, n);
}

#ifndef __bpf__

/* Odd while the writer changes what it guards. */
struct vn_stat_version {
	_Atomic uint32_t n;
};

/* By the one writer, around the changes that belong together. It never waits. */
static inline void vn_stat_begin(struct vn_stat_version *v)
{
	/* Relaxed: the releases of the counters' stores keep it before them. */
	atomic_store_explicit(&v->n, atomic_load_explicit(&v->n, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static inline void vn_stat_end(struct vn_stat_version *v)
{
	atomic_store_explicit(&v->n, atomic_load_explicit(&v->n, memory_order_relaxed) + 1,
			      memory_order_release);
}

/* do { version = vn_stat_read(&v); ...copy... } while (vn_stat_reread(&v, version)); */
static inline uint32_t vn_stat_read(const struct vn_stat_version *v)
{
	return atomic_load_explicit(&v->n, memory_order_acquire);
}

static inline bool vn_stat_reread(const struct vn_stat_version *v, uint32_t version)
{
	/* The acquires of the counters' loads keep it behind them. */
	return (version & 1) || atomic_load_explicit(&v->n, memory_order_relaxed) != version;
}

#endif /* __bpf__ */

#endif

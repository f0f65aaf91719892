/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small helpers that every room uses. Nothing here allocates or calls out.
 */
#ifndef VN_BASE_MACROS_H
#define VN_BASE_MACROS_H

#include <stddef.h>
#include <stdint.h>

#define VN_CACHELINE 64
#define VN_ALIGNED __attribute__((aligned(VN_CACHELINE)))
#define VN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VN_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define vn_likely(x) __builtin_expect(!!(x), 1)
#define vn_unlikely(x) __builtin_expect(!!(x), 0)

#define vn_container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define VN_MIN(a, b) ((a) < (b) ? (a) : (b))
#define VN_MAX(a, b) ((a) > (b) ? (a) : (b))

#define VN_NSEC_PER_SEC UINT64_C(1000000000)
#define VN_NSEC_PER_USEC UINT64_C(1000)

#endif

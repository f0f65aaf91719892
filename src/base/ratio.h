/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact fractions: rates and gaps as people name them ("9.87Mbit", "1/10s"),
 * without the rounding of floating point. Always in lowest terms; what does not
 * fit two numbers of 64 bits then is not had.
 */
#ifndef VN_BASE_RATIO_H
#define VN_BASE_RATIO_H

#include <stdbool.h>
#include <stdint.h>

struct vn_ratio {
	uint64_t num, den; /* den is never 0 */
};

/* num / den (den > 0) in lowest terms; false: it does not fit. */
static inline bool vn_ratio_make(__uint128_t num, __uint128_t den, struct vn_ratio *out)
{
	__uint128_t a = num, b = den;

	while (b) {
		__uint128_t rest = a % b;

		a = b;
		b = rest;
	}
	num /= a;
	den /= a;
	if (num > UINT64_MAX || den > UINT64_MAX)
		return false;
	*out = (struct vn_ratio){ (uint64_t)num, (uint64_t)den };
	return true;
}

static inline bool vn_ratio_mul(struct vn_ratio a, struct vn_ratio b, struct vn_ratio *out)
{
	return vn_ratio_make((__uint128_t)a.num * b.num, (__uint128_t)a.den * b.den, out);
}

/* b is not 0. */
static inline bool vn_ratio_div(struct vn_ratio a, struct vn_ratio b, struct vn_ratio *out)
{
	return vn_ratio_make((__uint128_t)a.num * b.den, (__uint128_t)a.den * b.num, out);
}

/* Below, at or above 0, as a is below, equal to or above b. */
static inline int vn_ratio_cmp(struct vn_ratio a, struct vn_ratio b)
{
	__uint128_t one = (__uint128_t)a.num * b.den, two = (__uint128_t)b.num * a.den;

	return (one > two) - (one < two);
}

#endif

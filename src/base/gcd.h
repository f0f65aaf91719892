/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VN_BASE_GCD_H
#define VN_BASE_GCD_H

#include <stdint.h>

/* The greatest common divisor, by Euclid's algorithm; of 0 and n it is n. */
static inline uint64_t vn_gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

#endif

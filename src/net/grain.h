/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grain of time stamps, measured on the stamps themselves, for what a clock
 * says of itself is not what arrives: the greatest common divisor of the
 * distances between successive stamps.
 *
 * It is never finer than the clock's. It is coarser only while all stamps seen
 * lie on a coarser grid by themselves, as evenly paced frames on a virtual
 * clock do; stamps of real arrivals leave such a grid after a few. So it is
 * known from VN_GRAIN_MIN distances on, and not looked for any longer after
 * VN_GRAIN_MAX. One thread.
 */
#ifndef VN_NET_GRAIN_H
#define VN_NET_GRAIN_H

#include <stdbool.h>
#include <stdint.h>

#define VN_GRAIN_MIN 16
#define VN_GRAIN_MAX 4096

/* Begins zeroed. */
struct vn_grain {
	uint64_t last_ns, gcd_ns;
	uint32_t n; /* distances that were not 0 */
	bool is_begun;
};

static inline bool vn_grain_is_done(const struct vn_grain *g)
{
	return g->n >= VN_GRAIN_MAX;
}

void vn_grain_add(struct vn_grain *g, uint64_t stamp_ns);
uint64_t vn_grain_ns(const struct vn_grain *g); /* 0: not known yet */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fine a clock is, and what a look at it costs: nothing that is measured
 * with it can be told finer than that.
 */
#ifndef VN_BASE_CLOCK_GRAIN_H
#define VN_BASE_CLOCK_GRAIN_H

#include <stdint.h>

#include "base/clock.h"

struct vn_clock_grain {
	const char *name;	/* NULL: it was not measured */
	uint64_t resolution_ns; /* the smallest step seen between two reads; 0: none was seen */
	uint64_t read_ns;	/* what a read costs, rounded; 0 on the virtual clock */
};

/* Takes less than a millisecond of a clock that is read in 100 ns. A virtual
 * clock is not read: its grain is that of its unit. */
void vn_clock_measure_grain(struct vn_clock *c, struct vn_clock_grain *out);

#endif

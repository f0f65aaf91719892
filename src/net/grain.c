/* SPDX-License-Identifier: BSD-2-Clause */
/* Euclid's algorithm, a step a stamp; once the answer is 1 ns it stays so. */
#include "net/grain.h"

#include "base/gcd.h"

void vn_grain_add(struct vn_grain *g, uint64_t stamp_ns)
{
	uint64_t distance = stamp_ns > g->last_ns ? stamp_ns - g->last_ns : g->last_ns - stamp_ns;

	if (vn_grain_is_done(g))
		return;
	g->last_ns = stamp_ns;
	if (!g->is_begun) {
		g->is_begun = true;
		return;
	}
	if (!distance)
		return;
	g->gcd_ns = g->gcd_ns == 1 ? 1 : vn_gcd(distance, g->gcd_ns);
	g->n++;
}

uint64_t vn_grain_ns(const struct vn_grain *g)
{
	return g->n >= VN_GRAIN_MIN ? g->gcd_ns : 0;
}

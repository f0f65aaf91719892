/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/launch.h"

#include "base/macros.h"

/* In grains of the launcher's clock. */
static uint64_t grains(const struct vn_launch *l, uint64_t depart_ns)
{
	uint64_t t = depart_ns + (uint64_t)l->offset_ns, rest = t % l->grain_ns;

	return t / l->grain_ns + (rest >= l->grain_ns - rest);
}

uint64_t vn_launch_reach(const struct vn_launch *l)
{
	uint64_t half;

	if (!l->bits)
		return l->horizon_ns;
	half = (UINT64_C(1) << (l->bits - 1)) - 2;
	if (half > UINT64_MAX / l->grain_ns)
		return l->horizon_ns;
	return VN_MIN(l->horizon_ns, half * l->grain_ns);
}

uint64_t vn_launch_ahead(const struct vn_launch *l, uint64_t wanted_ns)
{
	return VN_MIN(VN_MAX(wanted_ns, l->lead_ns), vn_launch_reach(l));
}

uint64_t vn_launch_at(const struct vn_launch *l, uint64_t depart_ns)
{
	return grains(l, depart_ns) * l->grain_ns - (uint64_t)l->offset_ns;
}

uint64_t vn_launch_value(const struct vn_launch *l, uint64_t depart_ns)
{
	uint64_t n = grains(l, depart_ns);

	return l->bits ? n & ((UINT64_C(1) << l->bits) - 1) : n * l->grain_ns;
}

uint64_t vn_launch_from(const struct vn_launch *l, uint64_t depart_ns)
{
	uint64_t reach = vn_launch_reach(l);

	return depart_ns > reach ? depart_ns - reach : 0;
}

enum vn_launch_when vn_launch_check(const struct vn_launch *l, uint64_t depart_ns, uint64_t now_ns)
{
	if (now_ns < vn_launch_from(l, depart_ns))
		return VN_LAUNCH_TOO_FAR;
	if (depart_ns < now_ns || depart_ns - now_ns < l->lead_ns)
		return VN_LAUNCH_TOO_LATE;
	return VN_LAUNCH_NOW;
}

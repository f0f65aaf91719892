/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's way out. Kept apart from the other look-ups: it reads every
 * route there is, of which a router has a million.
 */
#ifndef VN_DEV_ROUTE_H
#define VN_DEV_ROUTE_H

#include <stdbool.h>

/*
 * Does a default route, of any table and of IPv4 or IPv6, lead through the
 * interface or through the bridge, bond, ... that it is part of (0 = none)?
 * 0 or -errno.
 */
int vn_route_is_way_out(int ifindex, int master, bool *out);

#endif

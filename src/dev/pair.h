/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two devices in one process: what one sends the other receives, in order,
 * through a ring that a full receiver makes busy. No system calls, no
 * privileges, also on the virtual clock.
 *
 * Opening driver "pair" gives one end; its other end comes from vn_pair_peer().
 * While only one end is open it has no carrier. Each end is closed by itself;
 * the pair goes with the second.
 */
#ifndef VN_DEV_PAIR_H
#define VN_DEV_PAIR_H

#include "net/netdev.h"

/* The other end of a device of driver "pair", opened by this call and to be
 * closed like any device. NULL for other drivers, and while it is open. */
struct vn_netdev *vn_pair_peer(struct vn_netdev *dev);

#endif

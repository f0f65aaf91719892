/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated device, on the net core: rings, disciplines, watchdog, a cable
 * with a speed and a far device with a rate. Its target is described in
 * vernier-sim(7).
 */
#ifndef VN_DEV_SIM_H
#define VN_DEV_SIM_H

#include "dev/simnet.h"
#include "net/device.h"
#include "net/netdev.h"

/* The net a simulated device lives in, and its sending end there; NULL: dev is
 * none. The end may be looked at between vn_simnet_lock() and _unlock(). */
struct vn_simnet *vn_sim_net(struct vn_netdev *dev);
struct vn_device *vn_sim_near(struct vn_netdev *dev);
struct vn_device *vn_sim_far(struct vn_netdev *dev);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of each driver; everybody else finds them by name. */
#ifndef VN_DEV_DRIVERS_H
#define VN_DEV_DRIVERS_H

#include "net/netdev.h"

extern const struct vn_netdev_ops vn_afpacket_ops;
extern const struct vn_netdev_ops vn_afxdp_ops; /* with VN_HAVE_AFXDP */
extern const struct vn_netdev_ops vn_dpdk_ops;	/* with VN_HAVE_DPDK */
extern const struct vn_netdev_ops vn_null_ops;
extern const struct vn_netdev_ops vn_pair_ops;
extern const struct vn_netdev_ops vn_pcap_ops;
extern const struct vn_netdev_ops vn_sim_ops;
extern const struct vn_netdev_ops vn_skeleton_ops;
extern const struct vn_netdev_ops vn_tap_ops;
extern const struct vn_netdev_ops vn_xdp_ops;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The drivers that were built in, the default first. */
#include "dev/drivers.h"

#include <stddef.h>

const struct vn_netdev_ops *const vn_netdev_drivers[] = {
	&vn_afpacket_ops,
#ifdef VN_HAVE_XDP
	&vn_xdp_ops,
#endif
#ifdef VN_HAVE_AFXDP
	&vn_afxdp_ops,
#endif
	&vn_tap_ops,
#ifdef VN_HAVE_DPDK
	&vn_dpdk_ops,
#endif
	&vn_pcap_ops,
	&vn_pair_ops,
	&vn_sim_ops,
	&vn_null_ops,
	&vn_skeleton_ops,
	NULL,
};

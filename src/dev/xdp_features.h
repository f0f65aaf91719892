/* SPDX-License-Identifier: BSD-2-Clause */
/* What an interface says of itself that matters to the drivers on XDP. */
#ifndef VN_DEV_XDP_FEATURES_H
#define VN_DEV_XDP_FEATURES_H

#include <stdint.h>

/* NETDEV_XDP_ACT_*: bits of the kernel's answer (Linux 6.3 and later) */
enum {
	VN_XDP_REDIRECT = 1 << 1, /* its receive path can hand frames on */
	VN_XDP_NDO_XMIT = 1 << 2, /* takes frames that were redirected to it */
	VN_XDP_ZEROCOPY = 1 << 3, /* AF_XDP without copying */
};

/* NETDEV_XSK_FLAGS_*: what AF_XDP can ask of its hardware (Linux 6.8, the last 6.14) */
enum {
	VN_XSK_TX_TIMESTAMP = 1 << 0,
	VN_XSK_TX_CHECKSUM = 1 << 1,
	VN_XSK_TX_LAUNCH_TIME_FIFO = 1 << 2,
};

/* Bits of the interface, in the caller's network namespace. 0 or -errno;
 * -EOPNOTSUPP: this kernel does not tell. */
int vn_xdp_features(int ifindex, uint64_t *out);
int vn_xsk_features(int ifindex, uint64_t *out);

#endif

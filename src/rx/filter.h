/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter expression (pcap-filter(7)), compiled once, which chooses the same
 * frames wherever it is applied: those that it would choose on the wire.
 *
 * A kernel takes the outer VLAN tag off before it shows a frame, and so what
 * libpcap compiles for captures and what it compiles for files differ: "udp"
 * chooses tagged frames in the one and not in the other. Here the expression is
 * always about the frame with its tag in place. vn_filter_program() is that for
 * a kernel. It leaves out nothing that matches; of frames whose tag was put
 * aside it may let through some that do not, and those are looked at again.
 *
 * One thread uses it.
 */
#ifndef VN_RX_FILTER_H
#define VN_RX_FILTER_H

#include <stdbool.h>

#include "base/err.h"
#include "net/netdev.h"

struct vn_filter;

/* 0, -EINVAL with the expression and what libpcap says of it, or -ENOMEM. */
int vn_filter_new(const char *expression, struct vn_filter **out, struct vn_err *err);
void vn_filter_free(struct vn_filter *f); /* NULL accepted */

/* For struct vn_rxq_opts; lives as long as the filter. */
const struct sock_fprog *vn_filter_program(const struct vn_filter *f);

bool vn_filter_matches(struct vn_filter *f, const struct vn_rx_pkt *pkt);

/* The same for a frame that the program has let through. */
static inline bool vn_filter_confirms(struct vn_filter *f, const struct vn_rx_pkt *pkt)
{
	return !pkt->has_vlan || vn_filter_matches(f, pkt);
}

#endif

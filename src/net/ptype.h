/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers of packet types (net core spec section 7): taps, which see all
 * types, and protocols. Packets come in groups, all of one device and, for a
 * handler of a type, all of that type; they are the handler's for the time of
 * the call, and nobody's to keep. A handler may remove itself, no other.
 *
 * A handler of a type that sees a tag (has_vlan) has a packet for another host
 * before it: one of a VLAN that no device belongs to.
 */
#ifndef VN_NET_PTYPE_H
#define VN_NET_PTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"

#define VN_ETH_P_ALL 0x0003

struct vn_device;
struct vn_net;

struct vn_ptype {
	uint16_t type;         /* EtherType, or VN_ETH_P_ALL */
	struct vn_device *dev; /* only packets of this one; NULL: of all */
	const char *name;      /* as the file ptype shows it: "packet_rcv" */
	bool is_deaf_to_outgoing; /* a tap that does not want what is sent */
	vn_rx_handler func;
	void *arg;
	struct vn_ptype *next;
};

/* At the front of the list it belongs to: the net's or the device's taps, the
 * net's 16 lists by type, or the device's list of types. Kept by the caller. */
void vn_ptype_add(struct vn_net *net, struct vn_ptype *pt);
void vn_ptype_remove(struct vn_net *net, struct vn_ptype *pt);

/* Shows packets that leave to the taps that want them. */
void vn_ptype_outgoing(struct vn_net *net, struct vn_device *dev, const struct vn_rx_pkt *pkts,
		       unsigned int n);

#endif

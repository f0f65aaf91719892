/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a received frame to pktgen's payload header: through any number of
 * VLAN tags and MPLS labels, IPv4 or IPv6, and UDP. Frames come from strangers
 * and may be cut short: no byte is read that caplen does not promise.
 *
 * Not ours, by choice: IPv4 fragments (a payload header in one says nothing of
 * the others) and IPv6 extension headers, which pktgen never sends.
 */
#ifndef VN_RX_DISSECT_H
#define VN_RX_DISSECT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"

struct vn_dissected {
	const uint8_t *payload; /* the VN_PGH_HLEN bytes of the payload header */
	uint16_t port;          /* UDP destination */
	uint32_t fraction_ns;   /* unit of the stamp's last word: 1000 or 1 */
	/*
	 * The IPv4 header's or UDP's checksum is wrong, or the lengths do not
	 * fit into each other. A UDP checksum of 0 is none, in IPv6 too (pktgen
	 * sends it so), and one over bytes that were not captured passes.
	 */
	bool is_corrupt;
};

/* False: not ours, what *out holds is of no use. */
bool vn_dissect(const struct vn_rx_pkt *pkt, struct vn_dissected *out);

#endif

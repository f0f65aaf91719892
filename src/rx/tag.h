/* SPDX-License-Identifier: BSD-2-Clause */
/* The VLAN tag that a kernel took off a frame, put back where it was. */
#ifndef VN_RX_TAG_H
#define VN_RX_TAG_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "net/netdev.h"
#include "wire/wire.h"

#define VN_TAG_AT (2 * VN_ETH_ALEN)

/* A frame cut within its MACs has no place for the tag. */
static inline bool vn_tag_has_place(const struct vn_rx_pkt *pkt)
{
	return pkt->has_vlan && pkt->caplen >= VN_TAG_AT;
}

/* Writes the frame with its tag, which must have a place, as far as cap bytes
 * go (at least VN_TAG_AT + VN_VLAN_HLEN); returns how many. */
static inline uint32_t vn_tag_put_back(const struct vn_rx_pkt *pkt, uint8_t *to, uint32_t cap)
{
	uint32_t caplen = VN_MIN(pkt->caplen, cap - VN_VLAN_HLEN);

	memcpy(to, pkt->data, VN_TAG_AT);
	vn_put_be16(to + VN_TAG_AT, pkt->vlan_tpid);
	vn_put_be16(to + VN_TAG_AT + 2, pkt->vlan_tci);
	memcpy(to + VN_TAG_AT + VN_VLAN_HLEN, pkt->data + VN_TAG_AT, caplen - VN_TAG_AT);
	return caplen + VN_VLAN_HLEN;
}

#endif

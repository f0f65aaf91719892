/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame as it lies in a TPACKET_V3 or V2 ring, described. Which clock a stamp is of
 * is told by a flag of each frame: an interface may not have stamped one that it
 * was asked to, and a kernel stamps one that was not stamped when it came in
 * only when it puts it into the ring.
 */
#ifndef VN_DEV_AFPACKET_FRAME_H
#define VN_DEV_AFPACKET_FRAME_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "net/netdev.h"

struct vn_afpacket_stamps {
	uint32_t flag;	   /* of frames with the right one: TP_STATUS_TS_... */
	int64_t offset_ns; /* CLOCK_REALTIME - the clock of the hardware's */
	uint64_t other;	   /* frames with another one */
};

/* The kernel says behind the header where a frame went. */
static inline bool vn_afpacket_went_out(const struct tpacket3_hdr *h)
{
	const struct sockaddr_ll *to =
		(const struct sockaddr_ll *)((const uint8_t *)h + TPACKET_ALIGN(sizeof(*h)));

	return to->sll_pkttype == PACKET_OUTGOING;
}

static inline void vn_afpacket_describe(const struct tpacket3_hdr *h, struct vn_afpacket_stamps *s,
					struct vn_rx_pkt *p)
{
	uint64_t stamp_ns = h->tp_sec * VN_NSEC_PER_SEC + h->tp_nsec;

	if (h->tp_status & TP_STATUS_TS_RAW_HARDWARE)
		stamp_ns += (uint64_t)s->offset_ns;
	s->other += !(h->tp_status & s->flag);
	*p = (struct vn_rx_pkt){
		.data = (const uint8_t *)h + h->tp_mac,
		.caplen = h->tp_snaplen,
		.len = h->tp_len,
		.stamp_ns = stamp_ns,
		.has_vlan = h->tp_status & TP_STATUS_VLAN_VALID,
		.has_partial_csum = h->tp_status & TP_STATUS_CSUMNOTREADY,
		.vlan_tci = (uint16_t)h->hv1.tp_vlan_tci,
		.vlan_tpid = (h->tp_status & TP_STATUS_VLAN_TPID_VALID) ? h->hv1.tp_vlan_tpid
									: ETH_P_8021Q,
	};
}

/* The same of a V2 ring, whose headers have other places. */
static inline bool vn_afpacket_went_out2(const struct tpacket2_hdr *h)
{
	const struct sockaddr_ll *to =
		(const struct sockaddr_ll *)((const uint8_t *)h + TPACKET_ALIGN(sizeof(*h)));

	return to->sll_pkttype == PACKET_OUTGOING;
}

static inline void vn_afpacket_describe2(const struct tpacket2_hdr *h,
					 struct vn_afpacket_stamps *s, struct vn_rx_pkt *p)
{
	const struct tpacket3_hdr as3 = {
		.tp_sec = h->tp_sec,
		.tp_nsec = h->tp_nsec,
		.tp_snaplen = h->tp_snaplen,
		.tp_len = h->tp_len,
		.tp_status = h->tp_status,
		.tp_mac = h->tp_mac,
		.hv1 = { .tp_vlan_tci = h->tp_vlan_tci, .tp_vlan_tpid = h->tp_vlan_tpid },
	};

	vn_afpacket_describe(&as3, s, p);
	p->data = (const uint8_t *)h + h->tp_mac;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte layouts of the protocols Vernier builds and reads, as offsets into a
 * header. Fields are read and written with vn_get_be*() and vn_put_be*().
 * Shared by the host, BPF programs and firmware.
 */
#ifndef VN_WIRE_WIRE_H
#define VN_WIRE_WIRE_H

#include "wire/bytes.h"

/* Ethernet II (IEEE 802.3) */
enum {
	VN_ETH_DST = 0,
	VN_ETH_SRC = 6,
	VN_ETH_TYPE = 12,
	VN_ETH_HLEN = 14,
	VN_ETH_ALEN = 6,
	VN_ETH_MIN = 60,  /* shortest frame on a cable, without FCS */
	VN_ETH_FCS = 4,
	VN_ETH_GAP = 20,  /* preamble 7, start 1, inter-packet gap 12 */
};

#define VN_ETHERTYPE_IPV4 0x0800
#define VN_ETHERTYPE_ARP 0x0806
#define VN_ETHERTYPE_IPV6 0x86dd
#define VN_ETHERTYPE_VLAN 0x8100 /* also pktgen's outer tag */
#define VN_ETHERTYPE_QINQ 0x88a8
#define VN_ETHERTYPE_MPLS 0x8847
#define VN_ETHERTYPE_MPLS_MC 0x8848

/* VLAN tag: TCI, then the next type (IEEE 802.1Q) */
enum { VN_VLAN_TCI = 0, VN_VLAN_TYPE = 2, VN_VLAN_HLEN = 4 };

/* MPLS label stack entry (RFC 3032): label 20, class 3, bottom 1, ttl 8 bits */
enum { VN_MPLS_HLEN = 4, VN_MPLS_MAX = 16 };
#define VN_MPLS_BOTTOM 0x100u

/* ARP for IPv4 over Ethernet (RFC 826): hardware and protocol addresses of the
 * sender and of the target */
enum {
	VN_ARP_HRD = 0,
	VN_ARP_PRO = 2,
	VN_ARP_HLN = 4,
	VN_ARP_PLN = 5,
	VN_ARP_OP = 6,
	VN_ARP_SHA = 8,
	VN_ARP_SPA = 14,
	VN_ARP_THA = 18,
	VN_ARP_TPA = 24,
	VN_ARP_LEN = 28,
};
enum { VN_ARP_HRD_ETHER = 1, VN_ARP_REQUEST = 1, VN_ARP_REPLY = 2 };

/* IPv4 without options (RFC 791) */
enum {
	VN_IPV4_VIHL = 0,
	VN_IPV4_TOS = 1,
	VN_IPV4_LEN = 2,
	VN_IPV4_ID = 4,
	VN_IPV4_FRAG = 6,
	VN_IPV4_TTL = 8,
	VN_IPV4_PROTO = 9,
	VN_IPV4_CSUM = 10,
	VN_IPV4_SRC = 12,
	VN_IPV4_DST = 16,
	VN_IPV4_HLEN = 20,
};

/* IPv6 (RFC 8200) */
enum {
	VN_IPV6_VTF = 0, /* version 4, traffic class 8, flow label 20 bits */
	VN_IPV6_LEN = 4,
	VN_IPV6_NEXT = 6,
	VN_IPV6_HOPS = 7,
	VN_IPV6_SRC = 8,
	VN_IPV6_DST = 24,
	VN_IPV6_HLEN = 40,
};

#define VN_IPV4_DF 0x4000u       /* of VN_IPV4_FRAG: do not fragment */
#define VN_IPV4_FRAGMENT 0x3fffu /* more follow, or an offset: not a whole packet */

#define VN_IPPROTO_ICMP 1
#define VN_IPPROTO_UDP 17
#define VN_IPPROTO_FRAGMENT 44
#define VN_IPPROTO_ICMPV6 58

/* UDP (RFC 768) */
enum { VN_UDP_SRC = 0, VN_UDP_DST = 2, VN_UDP_LEN = 4, VN_UDP_CSUM = 6, VN_UDP_HLEN = 8 };

/* ICMP (RFC 792) and ICMPv6 (RFC 4443); an echo has its identifier and number
 * behind, and then its data */
enum { VN_ICMP_TYPE = 0, VN_ICMP_CODE = 1, VN_ICMP_CSUM = 2, VN_ICMP_HLEN = 4, VN_ECHO_HLEN = 8 };
enum { VN_ICMP_ECHO_REPLY = 0, VN_ICMP_ECHO = 8, VN_ICMP6_ECHO = 128, VN_ICMP6_ECHO_REPLY = 129 };

/* Neighbor solicitation and advertisement (RFC 4861): ICMPv6, target, options */
enum { VN_ND_FLAGS = 4, VN_ND_TARGET = 8, VN_ND_HLEN = 24 };
enum { VN_ND_SOLICIT = 135, VN_ND_ADVERT = 136, VN_ND_HOPS = 255 };
enum { VN_ND_SOLICITED = 0x40, VN_ND_OVERRIDE = 0x20 }; /* of the first byte of flags */
/* An option: type, length in units of 8 bytes, then for these two a MAC */
enum { VN_ND_OPT_TYPE = 0, VN_ND_OPT_LEN = 1, VN_ND_OPT_MAC = 2, VN_ND_OPT_UNIT = 8 };
enum { VN_ND_OPT_SOURCE = 1, VN_ND_OPT_TARGET = 2 };

/*
 * pktgen's payload header: what a receiver recognizes and orders packets by.
 * Four words of 32 bits, at the beginning of the UDP payload:
 *
 *   magic     which of two headers it is
 *   sequence  from 1, modulo 2^32
 *   seconds   time of sending since 1970, modulo 2^32
 *   fraction  of that second: microseconds behind pktgen's magic number,
 *             nanoseconds behind ours
 *
 * Seconds and fraction both 0: no stamp. Ours differs in nothing else, so that
 * lengths and offsets are the same; receivers that know only pktgen's do not
 * take it for one, rather than read times a thousand times too long.
 */
enum {
	VN_PGH_MAGIC = 0,
	VN_PGH_SEQ = 4,
	VN_PGH_SEC = 8,
	VN_PGH_FRACTION = 12,
	VN_PGH_HLEN = 16,
};
#define VN_PGH_MAGIC_US 0xbe9be955u /* pktgen's */
#define VN_PGH_MAGIC_NS 0x56726e73u /* "Vrns" */

/* Bits a frame of len bytes (no FCS) takes on a cable: L2 counts the frame
 * padded to the minimum and its FCS, L1 adds preamble and gap. */
static inline uint64_t vn_wire_bits_l2(uint64_t len)
{
	return ((len < VN_ETH_MIN ? VN_ETH_MIN : len) + VN_ETH_FCS) * 8;
}

static inline uint64_t vn_wire_bits_l1(uint64_t len)
{
	return vn_wire_bits_l2(len) + VN_ETH_GAP * 8;
}

#endif

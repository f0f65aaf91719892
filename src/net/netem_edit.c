/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netem_edit.h"

#define ETH_TYPE   12
#define TYPE_IPV4  0x0800
#define TYPE_IPV6  0x86dd
#define TYPE_VLAN  0x8100
#define TYPE_SVLAN 0x88a8
#define VLAN_LEN   4
#define IPV4_LEN   20
#define IPV4_TOS   1
#define IPV4_CSUM  10
#define IPV6_LEN   40

/* The two bits of ECN: 0 the sender does not know it, 1 and 2 it does, 3 marked. */
#define ECN_CE 3

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The checksum after a 16-bit word has grown by add (RFC 1624). */
static void mend(uint8_t *csum, uint16_t add)
{
	uint32_t sum = (uint32_t)(uint16_t)~get16(csum) + add;

	sum = (sum & 0xffff) + (sum >> 16);
	csum[0] = (uint8_t)(~sum >> 8);
	csum[1] = (uint8_t)~sum;
}

static bool mark_ipv4(uint8_t *ip, uint32_t len)
{
	uint8_t ecn;

	if (len < IPV4_LEN || ip[0] >> 4 != 4 || (ip[IPV4_TOS] & ECN_CE) == 0)
		return false;
	ecn = ip[IPV4_TOS] & ECN_CE;
	ip[IPV4_TOS] |= ECN_CE;
	mend(&ip[IPV4_CSUM], ECN_CE - ecn);
	return true;
}

/* The traffic class lies across two bytes: its last bits are bits 5 and 4 of
 * the second. */
static bool mark_ipv6(uint8_t *ip, uint32_t len)
{
	if (len < IPV6_LEN || ip[0] >> 4 != 6 || (ip[1] >> 4 & ECN_CE) == 0)
		return false;
	ip[1] |= ECN_CE << 4;
	return true;
}

bool vn_netem_mark(uint8_t *frame, uint32_t len)
{
	uint32_t at = ETH_TYPE;
	uint16_t type;

	for (;; at += VLAN_LEN) {
		if (len < at + 2)
			return false;
		type = get16(frame + at);
		if (type != TYPE_VLAN && type != TYPE_SVLAN)
			break;
	}
	at += 2;
	if (type == TYPE_IPV4)
		return mark_ipv4(frame + at, len - at);
	return type == TYPE_IPV6 && mark_ipv6(frame + at, len - at);
}

void vn_netem_corrupt(uint8_t *frame, uint32_t len, uint32_t drawn_byte, uint32_t drawn_bit)
{
	if (len > 0)
		frame[((uint64_t)drawn_byte * len) >> 32] ^= (uint8_t)(1 << (drawn_bit >> 29));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which flow a frame belongs to, as a number: of IPv4 and IPv6 packets the
 * addresses, the protocol and the ports (not of fragments, of which only the
 * first has them); of others the type alone, as a kernel does it. Tags are
 * looked through. The offsets stand here for net may not include from wire.
 */
#include <stdbool.h>
#include <string.h>

#include "net/net_priv.h"
#include "net/ptype.h"

enum {
	ETH_HLEN = 14,
	VLAN_HLEN = 4,
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	IPV4_HLEN = 20,
	IPV4_FRAG = 6,
	IPV4_PROTO = 9,
	IPV4_ADDRS = 12,
	IPV6_HLEN = 40,
	IPV6_NEXT = 6,
	IPV6_ADDRS = 8,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_SCTP = 132,
};

/* FNV-1a, begun with the seed and mixed at the end: its high bits choose. */
static uint64_t add(uint64_t h, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static uint32_t finish(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	return (uint32_t)(h >> 32);
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static uint64_t add_ports(uint64_t h, uint8_t proto, const uint8_t *p, uint32_t len)
{
	h = add(h, &proto, 1);
	return has_ports(proto) && len >= 4 ? add(h, p, 4) : h;
}

static uint64_t add_ipv4(uint64_t h, const uint8_t *p, uint32_t len)
{
	uint32_t hlen = len ? (p[0] & 0x0fu) * 4 : 0;

	if (len < IPV4_HLEN || hlen < IPV4_HLEN || len < hlen)
		return h;
	h = add(h, p + IPV4_ADDRS, 8);
	if ((vn_frame_be16(p + IPV4_FRAG) & 0x3fff) != 0) /* more follow, or not the first */
		return add(h, p + IPV4_PROTO, 1);
	return add_ports(h, p[IPV4_PROTO], p + hlen, len - hlen);
}

static uint64_t add_ipv6(uint64_t h, const uint8_t *p, uint32_t len)
{
	if (len < IPV6_HLEN)
		return h;
	h = add(h, p + IPV6_ADDRS, 32);
	return add_ports(h, p[IPV6_NEXT], p + IPV6_HLEN, len - IPV6_HLEN);
}

uint32_t vn_flow_hash(const uint8_t *frame, uint32_t len, uint64_t seed)
{
	uint64_t h = seed ^ 0xcbf29ce484222325ull;
	uint32_t at = ETH_HLEN;

	while (at + VLAN_HLEN <= len && vn_is_vlan_type(vn_frame_be16(frame + at - 2)))
		at += VLAN_HLEN;
	if (at > len)
		return finish(h);
	h = add(h, frame + at - 2, 2);
	switch (vn_frame_be16(frame + at - 2)) {
	case TYPE_IPV4:
		return finish(add_ipv4(h, frame + at, len - at));
	case TYPE_IPV6:
		return finish(add_ipv6(h, frame + at, len - at));
	}
	return finish(h);
}

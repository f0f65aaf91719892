/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames for the tests of this folder, with everything that may lie around the
 * payload header. Described by what differs from a plain IPv4 packet. That the
 * bytes are right is dissect_test's matter, which has some of another maker.
 */
#ifndef VN_RX_FRAME_TEST_H
#define VN_RX_FRAME_TEST_H

#include <string.h>

#include "net/netdev.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define FRAME_CAP 2048

struct frame_spec {
	unsigned int vlans, qinqs, labels;
	bool is_ipv6, has_csum, has_ns; /* has_ns: our header, usec counts nanoseconds */
	uint8_t ip_options; /* bytes behind the IPv4 header, a multiple of 4 */
	uint16_t port;
	uint32_t seq, sec, usec;
	uint32_t data; /* UDP payload bytes behind the payload header */
};

/* Where the parts of the last frame lie. */
struct frame_map {
	uint32_t ip, udp, len;
};

static inline uint32_t frame_tags(uint8_t *frame, const struct frame_spec *s)
{
	uint16_t type = s->is_ipv6 ? VN_ETHERTYPE_IPV6 : VN_ETHERTYPE_IPV4;
	uint32_t at = VN_ETH_TYPE;
	unsigned int i;

	for (i = 0; i < s->qinqs; i++, at += 4)
		vn_put_be32(frame + at, (uint32_t)VN_ETHERTYPE_QINQ << 16 | (i + 100));
	for (i = 0; i < s->vlans; i++, at += 4)
		vn_put_be32(frame + at, (uint32_t)VN_ETHERTYPE_VLAN << 16 | (i + 1));
	vn_put_be16(frame + at, s->labels ? VN_ETHERTYPE_MPLS : type);
	at += 2;
	for (i = 0; i < s->labels; i++, at += 4)
		vn_put_be32(frame + at, (i + 16) << 12 | 64 |
						(i + 1 == s->labels ? VN_MPLS_BOTTOM : 0));
	return at;
}

/* Returns the bytes of addresses that UDP's pseudo header sums. */
static inline uint32_t frame_ip(uint8_t *ip, const struct frame_spec *s, uint32_t udp_len,
				uint32_t *pseudo)
{
	uint32_t hlen = VN_IPV4_HLEN + s->ip_options;

	if (s->is_ipv6) {
		vn_put_be32(ip, 6u << 28);
		vn_put_be16(ip + VN_IPV6_LEN, (uint16_t)udp_len);
		ip[VN_IPV6_NEXT] = VN_IPPROTO_UDP;
		ip[VN_IPV6_SRC] = ip[VN_IPV6_DST] = 0xfd;
		ip[VN_IPV6_DST + 15] = 9;
		*pseudo = vn_csum_add(0, ip + VN_IPV6_SRC, 32);
		return VN_IPV6_HLEN;
	}
	ip[VN_IPV4_VIHL] = (uint8_t)(0x40 | hlen / 4);
	vn_put_be16(ip + VN_IPV4_LEN, (uint16_t)(hlen + udp_len));
	ip[VN_IPV4_TTL] = 32;
	ip[VN_IPV4_PROTO] = VN_IPPROTO_UDP;
	vn_put_be32(ip + VN_IPV4_SRC, 0x0a000001);
	vn_put_be32(ip + VN_IPV4_DST, 0xc0a80009);
	memset(ip + VN_IPV4_HLEN, 1, s->ip_options); /* no operation */
	vn_put_be16(ip + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, ip, hlen)));
	*pseudo = vn_csum_add(0, ip + VN_IPV4_SRC, 8);
	return hlen;
}

static inline struct frame_map frame_make(uint8_t frame[FRAME_CAP], const struct frame_spec *s)
{
	uint32_t udp_len = VN_UDP_HLEN + VN_PGH_HLEN + s->data, pseudo, i;
	struct frame_map m;
	uint8_t *udp, *pgh;

	memset(frame, 0, FRAME_CAP);
	m.ip = frame_tags(frame, s);
	m.udp = m.ip + frame_ip(frame + m.ip, s, udp_len, &pseudo);
	m.len = m.udp + udp_len;
	udp = frame + m.udp;
	vn_put_be16(udp + VN_UDP_SRC, 9);
	vn_put_be16(udp + VN_UDP_DST, s->port);
	vn_put_be16(udp + VN_UDP_LEN, (uint16_t)udp_len);
	pgh = udp + VN_UDP_HLEN;
	vn_put_be32(pgh + VN_PGH_MAGIC, s->has_ns ? VN_PGH_MAGIC_NS : VN_PGH_MAGIC_US);
	vn_put_be32(pgh + VN_PGH_SEQ, s->seq);
	vn_put_be32(pgh + VN_PGH_SEC, s->sec);
	vn_put_be32(pgh + VN_PGH_FRACTION, s->usec);
	for (i = 0; i < s->data; i++)
		pgh[VN_PGH_HLEN + i] = (uint8_t)(i * 7);
	if (s->has_csum)
		vn_put_be16(udp + VN_UDP_CSUM,
			    vn_csum_finish_udp(
				    vn_csum_add(pseudo + VN_IPPROTO_UDP + udp_len, udp, udp_len)));
	return m;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers from descriptors: Ethernet, a VLAN tag if asked for, IPv4 without
 * options, UDP. What the client did not give of the payload is zeros, which the
 * card adds; they add nothing to a checksum.
 */
#include <string.h>

#include "caliper/driver_priv.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define TTL_DEFAULT 64

static uint32_t headers_len(const struct cal_descriptor *x)
{
	if (x->kind == CAL_RAW)
		return 0;
	return VN_ETH_HLEN + (x->flags & CAL_VLAN ? VN_VLAN_HLEN : 0) + VN_IPV4_HLEN + VN_UDP_HLEN;
}

uint16_t vn_nf2_copy_len(const struct cal_descriptor *x)
{
	return (uint16_t)(headers_len(x) + x->data_len);
}

uint16_t vn_nf2_wire_len(const struct cal_descriptor *x)
{
	return (uint16_t)VN_MAX(headers_len(x) + x->payload_len, (uint32_t)CAL_WIRE_MIN);
}

/* Returns what comes behind. */
static uint8_t *put_ethernet(uint8_t *p, const struct cal_descriptor *x, const uint8_t if_mac[6])
{
	static const uint8_t unset[VN_ETH_ALEN];
	bool is_unset = !memcmp(x->src_mac, unset, sizeof(unset));

	memcpy(p + VN_ETH_DST, x->dst_mac, VN_ETH_ALEN);
	memcpy(p + VN_ETH_SRC, is_unset ? if_mac : x->src_mac, VN_ETH_ALEN);
	if (x->flags & CAL_VLAN) {
		vn_put_be16(p + VN_ETH_TYPE, VN_ETHERTYPE_VLAN);
		vn_put_be16(p + VN_ETH_HLEN + VN_VLAN_TCI, x->vlan_tci);
		p += VN_VLAN_HLEN;
	}
	vn_put_be16(p + VN_ETH_TYPE, VN_ETHERTYPE_IPV4);
	return p + VN_ETH_HLEN;
}

static uint8_t *put_ipv4(uint8_t *p, const struct cal_descriptor *x, uint16_t id)
{
	p[VN_IPV4_VIHL] = 0x45;
	p[VN_IPV4_TOS] = x->tos;
	vn_put_be16(p + VN_IPV4_LEN, (uint16_t)(VN_IPV4_HLEN + VN_UDP_HLEN + x->payload_len));
	vn_put_be16(p + VN_IPV4_ID, id);
	vn_put_be16(p + VN_IPV4_FRAG, 0);
	p[VN_IPV4_TTL] = x->ttl ? x->ttl : TTL_DEFAULT;
	p[VN_IPV4_PROTO] = VN_IPPROTO_UDP;
	vn_put_be16(p + VN_IPV4_CSUM, 0);
	memcpy(p + VN_IPV4_SRC, &x->src_ip, sizeof(x->src_ip));
	memcpy(p + VN_IPV4_DST, &x->dst_ip, sizeof(x->dst_ip));
	vn_put_be16(p + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, p, VN_IPV4_HLEN)));
	return p + VN_IPV4_HLEN;
}

/* With the pseudo header, whose addresses are those of the IPv4 header in front. */
static uint16_t udp_checksum(const uint8_t *udp, const struct cal_descriptor *x)
{
	uint32_t sum = VN_IPPROTO_UDP + VN_UDP_HLEN + x->payload_len;

	sum = vn_csum_add(sum, udp - VN_IPV4_HLEN + VN_IPV4_SRC, 2 * sizeof(x->src_ip));
	return vn_csum_finish_udp(vn_csum_add(sum, udp, VN_UDP_HLEN + (uint32_t)x->data_len));
}

static void put_udp(uint8_t *p, const struct cal_descriptor *x, const uint8_t *data)
{
	memcpy(p + VN_UDP_SRC, &x->src_port, sizeof(x->src_port));
	memcpy(p + VN_UDP_DST, &x->dst_port, sizeof(x->dst_port));
	vn_put_be16(p + VN_UDP_LEN, (uint16_t)(VN_UDP_HLEN + x->payload_len));
	vn_put_be16(p + VN_UDP_CSUM, 0);
	memcpy(p + VN_UDP_HLEN, data, x->data_len);
	if (x->flags & CAL_UDPCSUM)
		vn_put_be16(p + VN_UDP_CSUM, udp_checksum(p, x));
}

void vn_nf2_frame_build(const struct cal_descriptor *x, const uint8_t *data,
			const uint8_t if_mac[6], uint16_t ipv4_id, uint8_t *out)
{
	if (x->kind == CAL_RAW)
		memcpy(out, data, x->data_len);
	else
		put_udp(put_ipv4(put_ethernet(out, x, if_mac), x, ipv4_id), x, data);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From a question to the bytes of its answer. */
#include "rx/question.h"

#include <string.h>

#include "wire/csum.h"
#include "wire/wire.h"

#define HOPS	   64 /* of echo replies; the answers of ND have 255 */
#define ADVERT_LEN (VN_ND_HLEN + VN_ND_OPT_UNIT)

static uint32_t head_len(const struct vn_question *q)
{
	return q->net_at + (q->pkt->has_vlan ? VN_VLAN_HLEN : 0);
}

uint32_t vn_answer_len(const struct vn_question *q, enum vn_responder_verdict kind)
{
	switch (kind) {
	case VN_ASKED_arp:
		return head_len(q) + VN_ARP_LEN;
	case VN_ASKED_nd:
		return head_len(q) + VN_IPV6_HLEN + ADVERT_LEN;
	case VN_ASKED_echo:
		return head_len(q) + VN_IPV4_HLEN + q->body_len;
	default:
		return head_len(q) + VN_IPV6_HLEN + q->body_len;
	}
}

/* The question's tags, the one put aside before those in the frame. Returns
 * what comes behind. */
static uint8_t *put_ethernet(const struct vn_question *q, const uint8_t mac[6], uint8_t *out)
{
	const struct vn_rx_pkt *pkt = q->pkt;

	memcpy(out + VN_ETH_DST, q->asker_mac, VN_ETH_ALEN);
	memcpy(out + VN_ETH_SRC, mac, VN_ETH_ALEN);
	out += VN_ETH_TYPE;
	if (pkt->has_vlan) {
		vn_put_be16(out, pkt->vlan_tpid);
		vn_put_be16(out + 2, pkt->vlan_tci);
		out += VN_VLAN_HLEN;
	}
	memcpy(out, pkt->data + VN_ETH_TYPE, q->net_at - VN_ETH_TYPE);
	return out + q->net_at - VN_ETH_TYPE;
}

static void put_arp(const struct vn_question *q, const uint8_t mac[6], uint8_t *arp)
{
	memcpy(arp, q->net, VN_ARP_OP);
	vn_put_be16(arp + VN_ARP_OP, VN_ARP_REPLY);
	memcpy(arp + VN_ARP_SHA, mac, VN_ETH_ALEN);
	memcpy(arp + VN_ARP_SPA, q->net + VN_ARP_TPA, 4);
	memcpy(arp + VN_ARP_THA, q->net + VN_ARP_SHA, VN_ETH_ALEN);
	memcpy(arp + VN_ARP_TPA, q->net + VN_ARP_SPA, 4);
}

/* The question's data behind another type and its checksum. */
static void put_echo_body(const struct vn_question *q, uint8_t type, uint32_t pseudo, uint8_t *body)
{
	uint32_t sum = pseudo + q->body_sum + ((uint32_t)type << 8);

	body[VN_ICMP_TYPE] = type;
	body[VN_ICMP_CODE] = 0;
	vn_put_be16(body + VN_ICMP_CSUM, vn_csum_finish(sum));
	memcpy(body + VN_ICMP_HLEN, q->body + VN_ICMP_HLEN, q->body_len - VN_ICMP_HLEN);
}

/* The class of service is the question's (RFC 1349, 5.1). Never in fragments,
 * so it needs no number of its own (RFC 6864). */
static void put_echo(const struct vn_question *q, uint8_t *ip)
{
	memset(ip, 0, VN_IPV4_HLEN);
	ip[VN_IPV4_VIHL] = 0x45;
	ip[VN_IPV4_TOS] = q->net[VN_IPV4_TOS];
	vn_put_be16(ip + VN_IPV4_LEN, (uint16_t)(VN_IPV4_HLEN + q->body_len));
	vn_put_be16(ip + VN_IPV4_FRAG, VN_IPV4_DF);
	ip[VN_IPV4_TTL] = HOPS;
	ip[VN_IPV4_PROTO] = VN_IPPROTO_ICMP;
	memcpy(ip + VN_IPV4_SRC, q->net + VN_IPV4_DST, 4);
	memcpy(ip + VN_IPV4_DST, q->net + VN_IPV4_SRC, 4);
	vn_put_be16(ip + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, ip, VN_IPV4_HLEN)));
	put_echo_body(q, VN_ICMP_ECHO_REPLY, 0, ip + VN_IPV4_HLEN);
}

static void put_ipv6(uint8_t *ip, uint32_t vtf, uint32_t len, uint8_t hops)
{
	vn_put_be32(ip + VN_IPV6_VTF, vtf);
	vn_put_be16(ip + VN_IPV6_LEN, (uint16_t)len);
	ip[VN_IPV6_NEXT] = VN_IPPROTO_ICMPV6;
	ip[VN_IPV6_HOPS] = hops;
}

static uint32_t pseudo6(const uint8_t *ip, uint32_t len)
{
	return vn_csum_add(len + VN_IPPROTO_ICMPV6, ip + VN_IPV6_SRC, 32);
}

static void put_echo6(const struct vn_question *q, uint8_t *ip)
{
	/* The traffic class is the question's, the flow label is not. */
	put_ipv6(ip, vn_get_be32(q->net) & 0xfff00000, q->body_len, HOPS);
	memcpy(ip + VN_IPV6_SRC, q->net + VN_IPV6_DST, 16);
	memcpy(ip + VN_IPV6_DST, q->net + VN_IPV6_SRC, 16);
	put_echo_body(q, VN_ICMP6_ECHO_REPLY, pseudo6(ip, q->body_len), ip + VN_IPV6_HLEN);
}

/* RFC 4861, 7.2.4: who has no address yet is told with everybody else. */
static void put_advert(const struct vn_question *q, const uint8_t mac[6], uint8_t *ip)
{
	static const uint8_t unspecified[16] = { 0 }, all_nodes[16] = { 0xff, 2, [15] = 1 };
	const uint8_t *from = q->net + VN_IPV6_SRC;
	bool has_address = memcmp(from, unspecified, 16) != 0;
	uint8_t *body = ip + VN_IPV6_HLEN, *opt = body + VN_ND_HLEN;

	put_ipv6(ip, 6u << 28, ADVERT_LEN, VN_ND_HOPS);
	memcpy(ip + VN_IPV6_SRC, q->body + VN_ND_TARGET, 16);
	memcpy(ip + VN_IPV6_DST, has_address ? from : all_nodes, 16);
	memset(body, 0, VN_ND_HLEN);
	body[VN_ICMP_TYPE] = VN_ND_ADVERT;
	body[VN_ND_FLAGS] = VN_ND_OVERRIDE | (has_address ? VN_ND_SOLICITED : 0);
	memcpy(body + VN_ND_TARGET, q->body + VN_ND_TARGET, 16);
	opt[VN_ND_OPT_TYPE] = VN_ND_OPT_TARGET;
	opt[VN_ND_OPT_LEN] = 1;
	memcpy(opt + VN_ND_OPT_MAC, mac, VN_ETH_ALEN);
	vn_put_be16(body + VN_ICMP_CSUM,
		    vn_csum_finish(vn_csum_add(pseudo6(ip, ADVERT_LEN), body, ADVERT_LEN)));
}

void vn_answer_put(const struct vn_question *q, enum vn_responder_verdict kind,
		   const uint8_t mac[6], uint8_t *out)
{
	uint8_t *net = put_ethernet(q, mac, out);

	switch (kind) {
	case VN_ASKED_arp:
		put_arp(q, mac, net);
		break;
	case VN_ASKED_nd:
		put_advert(q, mac, net);
		break;
	case VN_ASKED_echo:
		put_echo(q, net);
		break;
	default:
		put_echo6(q, net);
		break;
	}
}

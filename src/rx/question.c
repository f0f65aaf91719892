/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each layer checks what it must to find the next; whether a message is one
 * that is answered, and of us, is known before its checksum is summed, so that
 * strangers' traffic costs little.
 */
#include "rx/question.h"

#include <string.h>

#include "wire/csum.h"
#include "wire/wire.h"

static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };

/* What the frame is asked of, handed down the layers. */
struct us {
	const struct vn_addrset *addrs;
	const uint8_t *mac;
};

static uint32_t captured_behind(const struct vn_rx_pkt *pkt, uint32_t at)
{
	return pkt->caplen > at ? pkt->caplen - at : 0;
}

static const uint8_t *sender_mac(const struct vn_question *q)
{
	return q->pkt->data + VN_ETH_SRC;
}

/* An answer to a group, to nobody or to ourselves is none. */
static bool is_asker(const struct us *us, const uint8_t mac[6])
{
	static const uint8_t nobody[6] = { 0 };

	return !(mac[0] & 1) && memcmp(mac, nobody, 6) != 0 && memcmp(mac, us->mac, 6) != 0;
}

/* --- ARP ------------------------------------------------------------------------- */

static enum vn_responder_verdict read_arp(const struct us *us, struct vn_question *q)
{
	static const uint8_t nobody[4] = { 0 };
	const uint8_t *arp = q->net, *from = arp + VN_ARP_SPA, *target = arp + VN_ARP_TPA;

	if (captured_behind(q->pkt, q->net_at) < VN_ARP_LEN)
		return VN_IGNORED_length;
	if (vn_get_be16(arp + VN_ARP_HRD) != VN_ARP_HRD_ETHER ||
	    vn_get_be16(arp + VN_ARP_PRO) != VN_ETHERTYPE_IPV4 || arp[VN_ARP_HLN] != 6 ||
	    arp[VN_ARP_PLN] != 4)
		return VN_IGNORED_other;
	if (vn_get_be16(arp + VN_ARP_OP) == VN_ARP_REPLY)
		return VN_IGNORED_answer;
	if (vn_get_be16(arp + VN_ARP_OP) != VN_ARP_REQUEST)
		return VN_IGNORED_other;
	if (!memcmp(from, target, 4))
		return VN_IGNORED_announcement;
	if (!vn_addrset_has4(us->addrs, target))
		return VN_IGNORED_other_host;
	/* A probe is of one who has no address yet. */
	if (memcmp(from, nobody, 4) != 0 && !vn_addr4_is_host(from))
		return VN_IGNORED_invalid;
	q->asker_mac = arp + VN_ARP_SHA;
	return is_asker(us, q->asker_mac) ? VN_ASKED_arp : VN_IGNORED_invalid;
}

/* --- ICMP ------------------------------------------------------------------------ */

/* Sums the body, also for the answer; pseudo: what else its checksum covers. */
static bool body_is_corrupt(struct vn_question *q, uint32_t pseudo)
{
	q->body_sum = vn_csum_add(0, q->body + VN_ICMP_HLEN, q->body_len - VN_ICMP_HLEN);
	if (q->pkt->has_partial_csum)
		return false;
	return vn_csum_finish(vn_csum_add(pseudo + q->body_sum, q->body, VN_ICMP_HLEN)) != 0;
}

static enum vn_responder_verdict read_icmp(const struct us *us, struct vn_question *q)
{
	const uint8_t *from = q->net + VN_IPV4_SRC, *to = q->net + VN_IPV4_DST;

	if (q->body_len < VN_ECHO_HLEN)
		return VN_IGNORED_length;
	if (q->body[VN_ICMP_TYPE] == VN_ICMP_ECHO_REPLY)
		return VN_IGNORED_answer;
	if (q->body[VN_ICMP_TYPE] != VN_ICMP_ECHO)
		return VN_IGNORED_other;
	if (q->is_to_group || to[0] >= 224)
		return VN_IGNORED_group;
	if (!vn_addrset_has4(us->addrs, to))
		return VN_IGNORED_other_host;
	q->asker_mac = sender_mac(q);
	if (q->body[VN_ICMP_CODE] || !vn_addr4_is_host(from) || !memcmp(from, to, 4) ||
	    !is_asker(us, q->asker_mac))
		return VN_IGNORED_invalid;
	return body_is_corrupt(q, 0) ? VN_IGNORED_checksum : VN_ASKED_echo;
}

static enum vn_responder_verdict read_ipv4(const struct us *us, struct vn_question *q)
{
	uint32_t captured = captured_behind(q->pkt, q->net_at), hlen, len;
	const uint8_t *ip = q->net;

	if (captured < VN_IPV4_HLEN)
		return VN_IGNORED_length;
	if (ip[VN_IPV4_PROTO] != VN_IPPROTO_ICMP)
		return VN_IGNORED_other;
	if (ip[VN_IPV4_VIHL] >> 4 != 4)
		return VN_IGNORED_invalid;
	hlen = (ip[VN_IPV4_VIHL] & 15u) * 4;
	len = vn_get_be16(ip + VN_IPV4_LEN);
	if (hlen < VN_IPV4_HLEN || hlen > len || len > captured)
		return VN_IGNORED_length;
	if (vn_csum_finish(vn_csum_add(0, ip, hlen)) != 0)
		return VN_IGNORED_checksum;
	if (vn_get_be16(ip + VN_IPV4_FRAG) & VN_IPV4_FRAGMENT)
		return VN_IGNORED_fragment;
	q->body = ip + hlen;
	q->body_len = len - hlen;
	return read_icmp(us, q);
}

/* --- ICMPv6 ---------------------------------------------------------------------- */

static bool body6_is_corrupt(struct vn_question *q)
{
	return body_is_corrupt(
		q, vn_csum_add(q->body_len + VN_IPPROTO_ICMPV6, q->net + VN_IPV6_SRC, 32));
}

static enum vn_responder_verdict read_echo6(const struct us *us, struct vn_question *q)
{
	const uint8_t *from = q->net + VN_IPV6_SRC, *to = q->net + VN_IPV6_DST;

	if (q->is_to_group || to[0] == 0xff)
		return VN_IGNORED_group;
	if (!vn_addrset_has6(us->addrs, to))
		return VN_IGNORED_other_host;
	q->asker_mac = sender_mac(q);
	if (q->body[VN_ICMP_CODE] || !vn_addr6_is_host(from) || !memcmp(from, to, 16) ||
	    !is_asker(us, q->asker_mac))
		return VN_IGNORED_invalid;
	return body6_is_corrupt(q) ? VN_IGNORED_checksum : VN_ASKED_echo6;
}

/* ff02::1:ff, then the last three bytes of the target. */
static bool is_solicited_node(const uint8_t to[16], const uint8_t target[16])
{
	static const uint8_t head[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };

	return !memcmp(to, head, 13) && !memcmp(to + 13, target + 13, 3);
}

/* The options of a solicitation; *mac becomes what its source option holds, if
 * it has one. False: they break a rule. */
static bool read_options(const struct vn_question *q, const uint8_t **mac)
{
	uint32_t at = VN_ND_HLEN, size;

	for (; at < q->body_len; at += size) {
		const uint8_t *opt = q->body + at;

		if (q->body_len - at < VN_ND_OPT_UNIT)
			return false;
		size = opt[VN_ND_OPT_LEN] * (uint32_t)VN_ND_OPT_UNIT;
		if (size == 0 || size > q->body_len - at)
			return false;
		if (opt[VN_ND_OPT_TYPE] != VN_ND_OPT_SOURCE)
			continue;
		if (size != VN_ND_OPT_UNIT)
			return false;
		*mac = opt + VN_ND_OPT_MAC;
	}
	return true;
}

/* The checks of RFC 4861, 7.1.1, that are left when checksum and target are known. */
static enum vn_responder_verdict judge_solicitation(const struct us *us, struct vn_question *q)
{
	static const uint8_t unspecified[16] = { 0 };
	const uint8_t *from = q->net + VN_IPV6_SRC, *option_mac = NULL;
	bool is_to_node = is_solicited_node(q->net + VN_IPV6_DST, q->body + VN_ND_TARGET);

	if (q->net[VN_IPV6_HOPS] != VN_ND_HOPS || q->body[VN_ICMP_CODE] ||
	    (!is_to_node && q->is_to_group) || !read_options(q, &option_mac) ||
	    !is_asker(us, sender_mac(q)))
		return VN_IGNORED_invalid;
	if (!memcmp(from, unspecified, 16)) {
		q->asker_mac = all_nodes_mac;
		return is_to_node && !option_mac ? VN_ASKED_nd : VN_IGNORED_invalid;
	}
	q->asker_mac = option_mac ? option_mac : sender_mac(q);
	if (!vn_addr6_is_host(from) || !memcmp(from, q->body + VN_ND_TARGET, 16) ||
	    !is_asker(us, q->asker_mac))
		return VN_IGNORED_invalid;
	return VN_ASKED_nd;
}

static enum vn_responder_verdict read_solicitation(const struct us *us, struct vn_question *q)
{
	const uint8_t *to = q->net + VN_IPV6_DST, *target = q->body + VN_ND_TARGET;

	if (q->body_len < VN_ND_HLEN)
		return VN_IGNORED_length;
	if (!vn_addrset_has6(us->addrs, target) ||
	    (!is_solicited_node(to, target) && !vn_addrset_has6(us->addrs, to)))
		return VN_IGNORED_other_host;
	return body6_is_corrupt(q) ? VN_IGNORED_checksum : judge_solicitation(us, q);
}

static enum vn_responder_verdict read_ipv6(const struct us *us, struct vn_question *q)
{
	uint32_t captured = captured_behind(q->pkt, q->net_at);
	const uint8_t *ip = q->net;

	if (captured < VN_IPV6_HLEN)
		return VN_IGNORED_length;
	if (ip[VN_IPV6_NEXT] == VN_IPPROTO_FRAGMENT)
		return VN_IGNORED_fragment;
	if (ip[VN_IPV6_NEXT] != VN_IPPROTO_ICMPV6)
		return VN_IGNORED_other;
	if (ip[VN_IPV6_VTF] >> 4 != 6)
		return VN_IGNORED_invalid;
	q->body = ip + VN_IPV6_HLEN;
	q->body_len = vn_get_be16(ip + VN_IPV6_LEN);
	if (q->body_len < VN_ECHO_HLEN || q->body_len > captured - VN_IPV6_HLEN)
		return VN_IGNORED_length;
	switch (q->body[VN_ICMP_TYPE]) {
	case VN_ICMP6_ECHO:
		return read_echo6(us, q);
	case VN_ND_SOLICIT:
		return read_solicitation(us, q);
	case VN_ICMP6_ECHO_REPLY:
	case VN_ND_ADVERT:
		return VN_IGNORED_answer;
	default:
		return VN_IGNORED_other;
	}
}

/* --- Ethernet -------------------------------------------------------------------- */

/* The type behind the tags, and its offset + 2 in *at; 0: none was found. */
static uint16_t skip_tags(const struct vn_rx_pkt *pkt, uint32_t *at)
{
	uint16_t type = vn_get_be16(pkt->data + VN_ETH_TYPE);
	unsigned int tags = 0;

	*at = VN_ETH_HLEN;
	while (type == VN_ETHERTYPE_VLAN || type == VN_ETHERTYPE_QINQ) {
		if (tags++ == VN_RESPONDER_TAGS_MAX || captured_behind(pkt, *at) < VN_VLAN_HLEN)
			return 0;
		type = vn_get_be16(pkt->data + *at + VN_VLAN_TYPE);
		*at += VN_VLAN_HLEN;
	}
	return type;
}

enum vn_responder_verdict vn_question_read(const struct vn_rx_pkt *pkt,
					   const struct vn_addrset *addrs, const uint8_t mac[6],
					   struct vn_question *out)
{
	const struct us us = { .addrs = addrs, .mac = mac };
	uint16_t type;

	*out = (struct vn_question){ .pkt = pkt };
	if (pkt->caplen < VN_ETH_HLEN)
		return VN_IGNORED_length;
	out->is_to_group = pkt->data[VN_ETH_DST] & 1;
	if (!out->is_to_group && memcmp(pkt->data + VN_ETH_DST, mac, 6) != 0)
		return VN_IGNORED_other_host;
	type = skip_tags(pkt, &out->net_at);
	out->net = pkt->data + out->net_at;
	switch (type) {
	case VN_ETHERTYPE_ARP:
		return read_arp(&us, out);
	case VN_ETHERTYPE_IPV4:
		return read_ipv4(&us, out);
	case VN_ETHERTYPE_IPV6:
		return read_ipv6(&us, out);
	default:
		return VN_IGNORED_other;
	}
}

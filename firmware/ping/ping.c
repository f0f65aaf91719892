/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host that answers ARP for its address and echo requests (ping), by the port
 * through which they came. Its address is a matter of CPPFLAGS:
 *
 *     make CPPFLAGS="-DPING_IP=0x0a000001 -DPING_MAC=0x020000000001"
 *
 * Checksums are made from scratch, so those of a request are looked at first:
 * what was damaged on its way must not come back as if it were whole.
 */
#include "memcpy.h"
#include "pktbuff.h"
#include "process.h"
#include "wire/csum.h"
#include "wire/wire.h"

#ifndef PING_IP
#define PING_IP 0xc0a80064u /* 192.168.0.100 */
#endif
#ifndef PING_MAC
#define PING_MAC 0x004332464e00ull
#endif
#define PING_TTL 64

static void put_mac(uint8_t *p)
{
	vn_put_be16(p, (uint16_t)(PING_MAC >> 32));
	vn_put_be32(p + 2, (uint32_t)PING_MAC);
}

/* A reply goes to where its request came from. */
static void turn_ethernet(uint8_t *frame)
{
	memcpy(frame + VN_ETH_DST, frame + VN_ETH_SRC, VN_ETH_ALEN);
	put_mac(frame + VN_ETH_SRC);
}

static int is_arp_request(const uint8_t *arp, uint len)
{
	return len >= VN_ARP_LEN && vn_get_be16(arp + VN_ARP_HRD) == VN_ARP_HRD_ETHER &&
	       vn_get_be16(arp + VN_ARP_PRO) == VN_ETHERTYPE_IPV4 &&
	       vn_get_be16(arp + VN_ARP_OP) == VN_ARP_REQUEST &&
	       vn_get_be32(arp + VN_ARP_TPA) == PING_IP;
}

static void turn_arp(uint8_t *arp)
{
	vn_put_be16(arp + VN_ARP_OP, VN_ARP_REPLY);
	memcpy(arp + VN_ARP_THA, arp + VN_ARP_SHA, VN_ETH_ALEN + 4);
	put_mac(arp + VN_ARP_SHA);
	vn_put_be32(arp + VN_ARP_SPA, PING_IP);
}

/* Whole, without options, and right: an echo request to this address. */
static int is_echo_request(const uint8_t *ip, uint len)
{
	const uint8_t *icmp = ip + VN_IPV4_HLEN;
	uint total;

	if (len < VN_IPV4_HLEN + VN_ECHO_HLEN || ip[VN_IPV4_VIHL] != 0x45)
		return 0;
	total = vn_get_be16(ip + VN_IPV4_LEN);
	if (total > len || total < VN_IPV4_HLEN + VN_ECHO_HLEN ||
	    vn_get_be16(ip + VN_IPV4_FRAG) & VN_IPV4_FRAGMENT)
		return 0;
	return ip[VN_IPV4_PROTO] == VN_IPPROTO_ICMP && vn_get_be32(ip + VN_IPV4_DST) == PING_IP &&
	       icmp[VN_ICMP_TYPE] == VN_ICMP_ECHO && icmp[VN_ICMP_CODE] == 0 &&
	       vn_csum_finish(vn_csum_add(0, ip, VN_IPV4_HLEN)) == 0 &&
	       vn_csum_finish(vn_csum_add(0, icmp, total - VN_IPV4_HLEN)) == 0;
}

/* Puts what a checksum field must hold, over so many bytes. */
static void put_csum(uint8_t *field, const uint8_t *p, uint len)
{
	vn_put_be16(field, 0);
	vn_put_be16(field, vn_csum_finish(vn_csum_add(0, p, len)));
}

/* Returns the length of the reply. */
static uint turn_echo(uint8_t *ip)
{
	uint8_t *icmp = ip + VN_IPV4_HLEN;
	uint total = vn_get_be16(ip + VN_IPV4_LEN);

	ip[VN_IPV4_TTL] = PING_TTL;
	memcpy(ip + VN_IPV4_DST, ip + VN_IPV4_SRC, 4);
	vn_put_be32(ip + VN_IPV4_SRC, PING_IP);
	put_csum(ip + VN_IPV4_CSUM, ip, VN_IPV4_HLEN);
	icmp[VN_ICMP_TYPE] = VN_ICMP_ECHO_REPLY;
	put_csum(icmp + VN_ICMP_CSUM, icmp, total - VN_IPV4_HLEN);
	return total;
}

/* Makes a request its reply; returns the reply's length, 0 if there is none. */
static uint answer(uint8_t *frame, uint len)
{
	uint8_t *body = frame + VN_ETH_HLEN;
	uint type;

	if (len < VN_ETH_HLEN)
		return 0;
	type = vn_get_be16(frame + VN_ETH_TYPE);
	len -= VN_ETH_HLEN;
	if (type == VN_ETHERTYPE_ARP && is_arp_request(body, len)) {
		turn_arp(body);
		len = VN_ARP_LEN;
	} else if (type == VN_ETHERTYPE_IPV4 && is_echo_request(body, len)) {
		len = turn_echo(body);
	} else {
		return 0;
	}
	turn_ethernet(frame);
	return VN_ETH_HLEN + len;
}

/* Input memory can be written: the reply is made in it, and only replies are copied. */
void process_pkt(t_addr *in)
{
	struct ioq_header *ioq = (struct ioq_header *)in;
	uint bytes = answer((uint8_t *)(ioq + 1), nf_be16(ioq->byte_length));
	t_addr *out;

	if (!bytes) {
		nf_pktin_free(in);
		return;
	}
	ioq->byte_length = nf_be16((unsigned short)bytes);
	out = pkt_to_output(in);
	pkt_send(out, nf_be16(((struct ioq_header *)out)->src_port), (unsigned short)bytes);
}

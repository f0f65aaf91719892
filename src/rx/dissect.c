/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each layer checks that its header was captured, then says where the next one
 * begins. The magic number is looked for before the UDP checksum is summed, so
 * that strangers' traffic costs little.
 */
#include "rx/dissect.h"

#include "wire/csum.h"
#include "wire/wire.h"

#define FRAGMENT 0x3fff /* more fragments follow, or an offset: not a whole packet */

struct datagram {
	uint32_t at;	 /* offset of the UDP header in the frame */
	uint32_t len;	 /* bytes of UDP as IP tells it */
	uint32_t pseudo; /* sum of the addresses */
	bool is_corrupt;
};

static uint32_t captured_behind(const struct vn_rx_pkt *pkt, uint32_t at)
{
	return pkt->caplen > at ? pkt->caplen - at : 0;
}

/* Labels do not say what they carry: the version of IP does. */
static unsigned int skip_labels(const struct vn_rx_pkt *pkt, uint32_t *at)
{
	uint32_t entry;

	do {
		/* One byte more: the version of what follows. */
		if (captured_behind(pkt, *at) <= VN_MPLS_HLEN)
			return 0;
		entry = vn_get_be32(pkt->data + *at);
		*at += VN_MPLS_HLEN;
	} while (!(entry & VN_MPLS_BOTTOM));
	return pkt->data[*at] >> 4;
}

/* The version of IP and the offset of its header; 0: something else. */
static unsigned int find_ip(const struct vn_rx_pkt *pkt, uint32_t *at)
{
	uint16_t type;

	if (pkt->caplen < VN_ETH_HLEN)
		return 0;
	type = vn_get_be16(pkt->data + VN_ETH_TYPE);
	*at = VN_ETH_HLEN;
	while (type == VN_ETHERTYPE_VLAN || type == VN_ETHERTYPE_QINQ) {
		if (captured_behind(pkt, *at) < VN_VLAN_HLEN)
			return 0;
		type = vn_get_be16(pkt->data + *at + VN_VLAN_TYPE);
		*at += VN_VLAN_HLEN;
	}
	switch (type) {
	case VN_ETHERTYPE_IPV4:
		return 4;
	case VN_ETHERTYPE_IPV6:
		return 6;
	case VN_ETHERTYPE_MPLS:
	case VN_ETHERTYPE_MPLS_MC:
		return skip_labels(pkt, at);
	default:
		return 0;
	}
}

static bool read_ipv4(const struct vn_rx_pkt *pkt, uint32_t at, struct datagram *d)
{
	const uint8_t *ip = pkt->data + at;
	uint32_t captured = captured_behind(pkt, at), hlen, len;

	if (captured < VN_IPV4_HLEN || ip[VN_IPV4_VIHL] >> 4 != 4 ||
	    ip[VN_IPV4_PROTO] != VN_IPPROTO_UDP || vn_get_be16(ip + VN_IPV4_FRAG) & FRAGMENT)
		return false;
	hlen = (ip[VN_IPV4_VIHL] & 15u) * 4;
	if (hlen < VN_IPV4_HLEN || hlen > captured)
		return false;
	len = vn_get_be16(ip + VN_IPV4_LEN);
	d->at = at + hlen;
	d->len = len > hlen ? len - hlen : 0;
	d->pseudo = vn_csum_add(0, ip + VN_IPV4_SRC, 8);
	d->is_corrupt = vn_csum_finish(vn_csum_add(0, ip, hlen)) != 0;
	return true;
}

static bool read_ipv6(const struct vn_rx_pkt *pkt, uint32_t at, struct datagram *d)
{
	const uint8_t *ip = pkt->data + at;

	if (captured_behind(pkt, at) < VN_IPV6_HLEN || ip[VN_IPV6_VTF] >> 4 != 6 ||
	    ip[VN_IPV6_NEXT] != VN_IPPROTO_UDP)
		return false;
	d->at = at + VN_IPV6_HLEN;
	d->len = vn_get_be16(ip + VN_IPV6_LEN);
	d->pseudo = vn_csum_add(0, ip + VN_IPV6_SRC, 32);
	d->is_corrupt = false;
	return true;
}

/*
 * A kernel that sends over veth leaves the checksum to hardware that is not
 * there: the field holds the folded sum of the pseudo header. Such a frame
 * never was on a cable, and is as good as one without a checksum.
 */
static bool udp_sum_is_wrong(const struct datagram *d, const uint8_t *udp, uint32_t len)
{
	uint32_t pseudo = d->pseudo + VN_IPPROTO_UDP + len;

	return vn_csum_finish(vn_csum_add(pseudo, udp, len)) != 0 &&
	       vn_get_be16(udp + VN_UDP_CSUM) != vn_csum_fold(pseudo);
}

static bool udp_is_corrupt(const struct vn_rx_pkt *pkt, const struct datagram *d)
{
	const uint8_t *udp = pkt->data + d->at;
	uint32_t len = vn_get_be16(udp + VN_UDP_LEN);

	/* IPv6 has no checksum of its own: that its length fits is all there is. */
	if (len < VN_UDP_HLEN + VN_PGH_HLEN || len > d->len ||
	    d->at + d->len > VN_MAX(pkt->len, pkt->caplen))
		return true;
	if (vn_get_be16(udp + VN_UDP_CSUM) == 0 || captured_behind(pkt, d->at) < len)
		return false;
	return udp_sum_is_wrong(d, udp, len);
}

/* Nanoseconds of the stamp's last word; 0: not one of the two headers. */
static uint32_t fraction_unit(uint32_t magic)
{
	if (vn_likely(magic == VN_PGH_MAGIC_US))
		return VN_NSEC_PER_USEC;
	return magic == VN_PGH_MAGIC_NS;
}

bool vn_dissect(const struct vn_rx_pkt *pkt, struct vn_dissected *out)
{
	struct datagram d;
	uint32_t at;
	unsigned int version = find_ip(pkt, &at);
	const uint8_t *udp;

	if (version == 4 ? !read_ipv4(pkt, at, &d) : version != 6 || !read_ipv6(pkt, at, &d))
		return false;
	if (captured_behind(pkt, d.at) < VN_UDP_HLEN + VN_PGH_HLEN)
		return false;
	udp = pkt->data + d.at;
	out->fraction_ns = fraction_unit(vn_get_be32(udp + VN_UDP_HLEN + VN_PGH_MAGIC));
	if (!out->fraction_ns)
		return false;
	out->payload = udp + VN_UDP_HLEN;
	out->port = vn_get_be16(udp + VN_UDP_DST);
	out->is_corrupt = d.is_corrupt || udp_is_corrupt(pkt, &d);
	return true;
}

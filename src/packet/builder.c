/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiling a stream: what is constant goes into header bytes and constant
 * checksum sums, what varies into the list of edits. A field's share of the
 * sums is added here only when no edit owns the field.
 *
 * The last edit finishes the frame: identification, checksums and the payload
 * header, which change with every packet, in one pass.
 */
#include "packet/builder.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "packet/packet_priv.h"
#include "wire/csum.h"

#define IPV4_TTL 32
#define IPV6_HOPS 32
#define IPV4_PACKET_MAX 65535 /* what its length field can say */

/* --- finishing ---------------------------------------------------------- */

static inline void put_pgh(const struct vn_builder *b, uint8_t *p, uint32_t seq)
{
	vn_put_be32(p + VN_PGH_SEQ, seq);
	vn_put_be32(p + VN_PGH_SEC, b->sec);
	vn_put_be32(p + VN_PGH_FRACTION, b->fraction);
}

static inline void put_udp_csum(const struct vn_builder *b, uint8_t *udp, uint32_t sum,
				uint32_t seq)
{
	sum += vn_csum_u32(seq) + vn_csum_u32(b->sec) + vn_csum_u32(b->fraction);
	vn_put_be16(udp + VN_UDP_CSUM, vn_csum_finish_udp(sum));
}

static inline void finish_ipv4(struct vn_builder *b, struct vn_frame *f, unsigned int n,
			       bool with_udp_csum)
{
	const unsigned int l3 = b->l3, l4 = b->l4, payload = b->payload;
	const uint32_t seq = b->seq;
	uint16_t id = b->s->cur.ip_id;
	unsigned int i;

	for (i = 0; i < n; i++, id++) {
		uint8_t *p = f[i].data;

		vn_put_be16(p + l3 + VN_IPV4_ID, id);
		vn_put_be16(p + l3 + VN_IPV4_CSUM, vn_csum_finish(b->ip_sums[i] + id));
		put_pgh(b, p + payload, seq + i);
		if (with_udp_csum)
			put_udp_csum(b, p + l4, b->udp_sums[i], seq + i);
	}
	b->s->cur.ip_id = id;
}

static void finish_ipv4_plain(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	finish_ipv4(b, f, n, false);
}

static void finish_ipv4_csum(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	finish_ipv4(b, f, n, true);
}

static void finish_ipv6_plain(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_pgh(b, f[i].data + b->payload, b->seq + i);
}

static void finish_ipv6_csum(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		put_pgh(b, f[i].data + b->payload, b->seq + i);
		put_udp_csum(b, f[i].data + b->l4, b->udp_sums[i], b->seq + i);
	}
}

/* --- header bytes ------------------------------------------------------- */

static bool is_ipv6(const struct vn_stream *s)
{
	return s->cfg.flags & VN_FLAG_IPV6;
}

static uint8_t *put_tag(uint8_t *p, uint16_t tci, uint16_t next_type)
{
	vn_put_be16(p + VN_VLAN_TCI, tci);
	vn_put_be16(p + VN_VLAN_TYPE, next_type);
	return p + VN_VLAN_HLEN;
}

/* MACs, tags or labels; the outer tag has type 0x8100 too (spec section 8.2). */
static uint8_t *compile_l2(const struct vn_stream *s, uint8_t *p)
{
	const struct vn_stream_cfg *cfg = &s->cfg;
	const uint16_t l3_type = is_ipv6(s) ? VN_ETHERTYPE_IPV6 : VN_ETHERTYPE_IPV4;
	unsigned int i;

	memcpy(p + VN_ETH_DST, s->cur.hdr_dst, VN_ETH_ALEN);
	memcpy(p + VN_ETH_SRC, s->cur.hdr_src, VN_ETH_ALEN);
	if (cfg->vlan_id != VN_VLAN_OFF) {
		vn_put_be16(p + VN_ETH_TYPE, VN_ETHERTYPE_VLAN);
		p += VN_ETH_HLEN;
		if (cfg->svlan_id != VN_VLAN_OFF)
			p = put_tag(p, vn_tci(cfg->svlan_id, cfg->svlan_p, cfg->svlan_cfi),
				    VN_ETHERTYPE_VLAN);
		return put_tag(p, vn_tci(cfg->vlan_id, cfg->vlan_p, cfg->vlan_cfi), l3_type);
	}
	vn_put_be16(p + VN_ETH_TYPE, cfg->n_labels ? VN_ETHERTYPE_MPLS : l3_type);
	p += VN_ETH_HLEN;
	for (i = 0; i < cfg->n_labels; i++, p += VN_MPLS_HLEN)
		vn_put_be32(p, vn_mpls_wire(cfg->labels[i], i + 1 == cfg->n_labels));
	return p;
}

static uint8_t *compile_ipv4(struct vn_builder *b, const struct vn_stream *s, uint8_t *p,
			     uint16_t udp_len)
{
	p[VN_IPV4_VIHL] = 0x45;
	p[VN_IPV4_TOS] = s->cfg.tos;
	p[VN_IPV4_TTL] = IPV4_TTL;
	p[VN_IPV4_PROTO] = VN_IPPROTO_UDP;
	if (!vn_edit_size(s))
		vn_put_be16(p + VN_IPV4_LEN, (uint16_t)(VN_IPV4_HLEN + udp_len));
	if (!vn_edit_saddr(s))
		vn_put_be32(p + VN_IPV4_SRC, s->cur.saddr);
	if (!vn_edit_daddr(s))
		vn_put_be32(p + VN_IPV4_DST, s->cur.daddr);
	/* Fields that an edit owns are still zero and add nothing. */
	b->ip_sum = vn_csum_add(0, p, VN_IPV4_HLEN);
	b->udp_sum = vn_csum_add(0, p + VN_IPV4_SRC, 8);
	return p + VN_IPV4_HLEN;
}

static uint8_t *compile_ipv6(struct vn_builder *b, const struct vn_stream *s, uint8_t *p,
			     uint16_t udp_len)
{
	vn_put_be32(p + VN_IPV6_VTF, 6u << 28 | (uint32_t)s->cfg.traffic_class << 20);
	p[VN_IPV6_NEXT] = VN_IPPROTO_UDP;
	p[VN_IPV6_HOPS] = IPV6_HOPS;
	if (!vn_edit_size(s))
		vn_put_be16(p + VN_IPV6_LEN, udp_len);
	memcpy(p + VN_IPV6_SRC, &s->cur.saddr6, sizeof(s->cur.saddr6));
	if (!vn_edit_daddr6(s))
		memcpy(p + VN_IPV6_DST, &s->cur.daddr6, sizeof(s->cur.daddr6));
	b->ip_sum = 0;
	b->udp_sum = vn_csum_add(0, p + VN_IPV6_SRC, 32);
	return p + VN_IPV6_HLEN;
}

static void compile_udp(struct vn_builder *b, const struct vn_stream *s, uint8_t *p,
			uint16_t udp_len)
{
	if (!vn_edit_udp_src(s))
		vn_put_be16(p + VN_UDP_SRC, s->cur.udp_src);
	if (!vn_edit_udp_dst(s))
		vn_put_be16(p + VN_UDP_DST, s->cur.udp_dst);
	b->udp_sum += VN_IPPROTO_UDP;
	if (!vn_edit_size(s)) {
		vn_put_be16(p + VN_UDP_LEN, udp_len);
		b->udp_sum += udp_len; /* of the pseudo header */
	}
	vn_put_be32(p + VN_UDP_HLEN + VN_PGH_MAGIC,
		    s->cfg.stamp == VN_STAMP_NS ? VN_PGH_MAGIC_NS : VN_PGH_MAGIC_US);
	b->udp_sum = vn_csum_add(b->udp_sum, p, VN_UDP_HLEN + VN_PGH_HLEN);
}

/* --- edits -------------------------------------------------------------- */

static void add_edit(struct vn_builder *b, vn_edit_fn fn)
{
	if (fn)
		b->edit[b->n_edits++] = fn;
}

/* In pktgen's order: the flow decides on the destination, the rest is free. */
static void compile_edits(struct vn_builder *b, const struct vn_stream *s)
{
	b->n_edits = 0;
	add_edit(b, vn_edit_flow(s));
	add_edit(b, vn_edit_src_mac(s));
	add_edit(b, vn_edit_dst_mac(s));
	add_edit(b, vn_edit_mpls(s));
	add_edit(b, vn_edit_vid(s));
	add_edit(b, vn_edit_svid(s));
	add_edit(b, vn_edit_udp_src(s));
	add_edit(b, vn_edit_udp_dst(s));
	add_edit(b, vn_edit_saddr(s));
	add_edit(b, vn_edit_daddr(s));
	add_edit(b, vn_edit_daddr6(s));
	add_edit(b, vn_edit_size(s));
	add_edit(b, vn_edit_queue(s));
	if (is_ipv6(s))
		add_edit(b, b->has_csum ? finish_ipv6_csum : finish_ipv6_plain);
	else
		add_edit(b, b->has_csum ? finish_ipv4_csum : finish_ipv4_plain);
	add_edit(b, vn_edit_ipsec(s));
}

/* --- what cannot be built ------------------------------------------------ */

static int check(const struct vn_stream *s, uint32_t max_len, struct vn_err *err)
{
	uint32_t l3_len = max_len - VN_ETH_HLEN - vn_stream_tag_bytes(&s->cfg);

	if (l3_len > IPV4_PACKET_MAX)
		return vn_err_set(err, EMSGSIZE,
				  "a packet of %u bytes is longer than IP can carry (%d)", l3_len,
				  IPV4_PACKET_MAX);
	if (vn_edit_ipsec(s) && vn_stream_tag_bytes(&s->cfg))
		return vn_err_set(err, EOPNOTSUPP,
				  "flag IPSEC: not behind VLAN tags or MPLS labels");
	if (!is_ipv6(s) && !vn_daddr_exists(s))
		return vn_err_set(err, EINVAL,
				  "dst_min %s, dst_max %s: no address that IPDST_RND may take",
				  s->cfg.dst_min, s->cfg.dst_max);
	return 0;
}

/* The largest size the stream's edits can choose from here on. */
static int32_t largest_size(const struct vn_stream *s)
{
	int32_t size = s->cur.pkt_size;
	unsigned int i;

	if (s->sizes)
		return VN_MAX(size, vn_size_of_value(vn_series_greatest(s->sizes)));
	if (s->cfg.min_pkt_size < s->cfg.max_pkt_size)
		return VN_MAX(size, s->cfg.max_pkt_size);
	for (i = 0; i < s->imix.n; i++)
		size = VN_MAX(size, (int32_t)VN_MIN(s->imix.entry[i].size, (uint32_t)INT32_MAX));
	return size;
}

/* With IPsec the overhead comes and goes, and packets grow by more than it. */
static uint32_t longest_frame(const struct vn_stream *s)
{
	if (!vn_edit_ipsec(s))
		return vn_stream_frame_len(s, largest_size(s));
	return VN_ETH_HLEN + vn_stream_tag_bytes(&s->cfg) + VN_IPV4_HLEN + VN_UDP_HLEN +
	       vn_stream_data_len(s, largest_size(s), 0) + VN_IPSEC_GROWTH_MAX;
}

static int prepare(struct vn_stream *s, uint32_t *max_len, struct vn_err *err)
{
	int rc = vn_stream_reload_ipsec(s, err);

	if (rc < 0)
		return rc;
	*max_len = longest_frame(s);
	rc = check(s, *max_len, err);
	if (rc == 0 && vn_stream_reserve_flows(s) < 0)
		rc = vn_err_set(err, ENOMEM, "no memory for %u flows", s->cfg.flows);
	if (rc == 0)
		vn_flow_set_lengths(s);
	return rc;
}

int vn_builder_compile(struct vn_builder *b, struct vn_stream *s, struct vn_err *err)
{
	uint16_t udp_len = (uint16_t)(VN_UDP_HLEN + vn_stream_data_len(s, s->cur.pkt_size,
								       s->cur.pkt_overhead));
	uint32_t max_len;
	uint8_t *p;
	int rc = prepare(s, &max_len, err);

	if (rc < 0)
		return rc;

	b->s = s;
	b->max_len = max_len;
	b->max_batch = vn_edit_ipsec(s) ? 1 : VN_BATCH;
	b->has_csum = s->cfg.flags & VN_FLAG_UDPCSUM;
	b->sec = b->fraction = 0;
	b->sec_from_ns = 0;
	/* Unique while builders live: the address of a struct ends in three zero
	 * bits, user addresses have 47 bits. */
	b->tag = (uint64_t)(uintptr_t)b << 16 | (++b->n_compiled & 0x7ffff);

	memset(b->header, 0, sizeof(b->header));
	p = compile_l2(s, b->header);
	b->l3 = (uint16_t)(p - b->header);
	p = is_ipv6(s) ? compile_ipv6(b, s, p, udp_len) : compile_ipv4(b, s, p, udp_len);
	b->l4 = (uint16_t)(p - b->header);
	b->payload = (uint16_t)(b->l4 + VN_UDP_HLEN);
	b->header_len = (uint16_t)(b->payload + VN_PGH_HLEN);
	compile_udp(b, s, p, udp_len);
	compile_edits(b, s);
	return 0;
}

/* --- building ----------------------------------------------------------- */

static void load_template(const struct vn_builder *b, struct vn_frame *f)
{
	memcpy(f->data, b->header, b->header_len);
	memset(f->data + b->header_len, 0, b->max_len - b->header_len);
	f->len = b->max_len; /* an edit of the size writes its own */
	f->content = b->tag;
}

/* Divides once a second. */
static void set_stamp(struct vn_builder *b, uint64_t wall_ns)
{
	uint64_t in_sec = wall_ns - b->sec_from_ns;

	if (b->s->cfg.flags & VN_FLAG_NO_TIMESTAMP)
		return;
	if (vn_unlikely(in_sec >= VN_NSEC_PER_SEC)) {
		b->sec = (uint32_t)(wall_ns / VN_NSEC_PER_SEC);
		in_sec = wall_ns % VN_NSEC_PER_SEC;
		b->sec_from_ns = wall_ns - in_sec;
	}
	b->fraction = (uint32_t)in_sec;
	if (b->s->cfg.stamp == VN_STAMP_US)
		b->fraction /= VN_NSEC_PER_USEC;
}

void vn_builder_fill(struct vn_builder *b, struct vn_frame *f, unsigned int n, uint32_t seq,
		     uint64_t wall_ns)
{
	unsigned int i;

	b->seq = seq;
	set_stamp(b, wall_ns);
	for (i = 0; i < n; i++) {
		if (vn_unlikely(f[i].content != b->tag))
			load_template(b, &f[i]);
		b->ip_sums[i] = b->ip_sum;
		b->udp_sums[i] = b->udp_sum;
	}
	for (i = 0; i < b->n_edits; i++)
		b->edit[i](b, f, n);
}

/* RFC 1624: the new sum is the old one less the old words plus the new. */
static void reseq_csum(uint8_t *udp, uint32_t old_seq, uint32_t new_seq)
{
	uint32_t sum = (uint16_t)~vn_get_be16(udp + VN_UDP_CSUM);

	sum += (uint16_t)~(old_seq >> 16) + (uint32_t)(uint16_t)~old_seq;
	sum += vn_csum_u32(new_seq);
	vn_put_be16(udp + VN_UDP_CSUM, vn_csum_finish_udp(sum));
}

void vn_builder_reseq(struct vn_builder *b, struct vn_frame *f, unsigned int n, uint32_t seq)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint8_t *p = f[i].data + b->payload + VN_PGH_SEQ;

		if (b->has_csum)
			reseq_csum(f[i].data + b->l4, vn_get_be32(p), seq + i);
		vn_put_be32(p, seq + i);
	}
}

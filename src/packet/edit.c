/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The edits: each changes one field of a batch of frames and adds what it
 * wrote to the frames' checksum sums. Ranges and their odd ends (a port's
 * maximum is never used, an address walk's is) are pktgen's, spec section 8.1.
 *
 * Generators and current values are copied into locals around each loop, so
 * that the compiler can keep them in registers across the stores.
 */
#include <string.h>

#include "base/macros.h"
#include "packet/packet_priv.h"

static bool has_flag(const struct vn_stream *s, enum vn_stream_flag flag)
{
	return s->cfg.flags & flag;
}

static bool is_ipv6(const struct vn_stream *s)
{
	return has_flag(s, VN_FLAG_IPV6);
}

static bool has_vlan(const struct vn_stream *s)
{
	return s->cfg.vlan_id != VN_VLAN_OFF;
}

/* --- MAC addresses: the offset is added to the low 40 bits ------------- */

static void mac_rnd(struct vn_rng *r, const uint8_t base[6], uint32_t count, uint8_t hdr[6],
		    struct vn_frame *f, unsigned int n, unsigned int at)
{
	const uint64_t low = vn_mac_low40(base);
	struct vn_rng rng = *r;
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		v = low + vn_rng_below(&rng, count);
		vn_mac_put_low40(f[i].data + at, v);
	}
	*r = rng;
	vn_mac_put_low40(hdr, v);
}

static void mac_walk(uint32_t *offset, const uint8_t base[6], uint32_t count, uint8_t hdr[6],
		     struct vn_frame *f, unsigned int n, unsigned int at)
{
	const uint64_t low = vn_mac_low40(base);
	uint32_t m = *offset;
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		v = low + m;
		vn_mac_put_low40(f[i].data + at, v);
		m = vn_mac_walk(m, count);
	}
	*offset = m;
	vn_mac_put_low40(hdr, v);
}

static void src_mac_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	mac_rnd(&s->rng[VN_DRAW_MACSRC], s->cfg.src_mac, s->cfg.src_mac_count, s->cur.hdr_src, f, n,
		VN_ETH_SRC);
}

static void src_mac_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	mac_walk(&s->cur.src_mac_offset, s->cfg.src_mac, s->cfg.src_mac_count, s->cur.hdr_src, f, n,
		 VN_ETH_SRC);
}

static void dst_mac_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	mac_rnd(&s->rng[VN_DRAW_MACDST], s->cfg.dst_mac, s->cfg.dst_mac_count, s->cur.hdr_dst, f, n,
		VN_ETH_DST);
}

static void dst_mac_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	mac_walk(&s->cur.dst_mac_offset, s->cfg.dst_mac, s->cfg.dst_mac_count, s->cur.hdr_dst, f, n,
		 VN_ETH_DST);
}

vn_edit_fn vn_edit_src_mac(const struct vn_stream *s)
{
	if (s->cfg.src_mac_count <= 1)
		return NULL;
	return has_flag(s, VN_FLAG_MACSRC_RND) ? src_mac_rnd : src_mac_walk;
}

vn_edit_fn vn_edit_dst_mac(const struct vn_stream *s)
{
	if (s->cfg.dst_mac_count <= 1)
		return NULL;
	return has_flag(s, VN_FLAG_MACDST_RND) ? dst_mac_rnd : dst_mac_walk;
}

/* --- tags and labels: random values are stored back, as they are shown -- */

static void mpls_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream_cfg *cfg = &b->s->cfg;
	struct vn_rng *rng = &b->s->rng[VN_DRAW_MPLS];
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		uint8_t *p = f[i].data + VN_ETH_HLEN;

		for (k = 0; k < cfg->n_labels; k++, p += VN_MPLS_HLEN) {
			if (!(cfg->labels[k] & VN_MPLS_BOTTOM))
				continue;
			cfg->labels[k] = vn_label_draw(rng);
			vn_put_be32(p, vn_mpls_wire(cfg->labels[k], k + 1 == cfg->n_labels));
		}
	}
}

vn_edit_fn vn_edit_mpls(const struct vn_stream *s)
{
	if (!has_flag(s, VN_FLAG_MPLS_RND) || has_vlan(s) || s->cfg.n_labels == 0)
		return NULL;
	return mpls_rnd;
}

static void id_rnd(struct vn_rng *rng, uint16_t *id, uint16_t rest, struct vn_frame *f,
		   unsigned int n, unsigned int at)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		*id = vn_vid_draw(rng);
		vn_put_be16(f[i].data + at, *id | rest);
	}
}

static void vid_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream_cfg *cfg = &b->s->cfg;
	unsigned int at = VN_ETH_HLEN + (cfg->svlan_id != VN_VLAN_OFF ? VN_VLAN_HLEN : 0);

	id_rnd(&b->s->rng[VN_DRAW_VID], &cfg->vlan_id, vn_tci(0, cfg->vlan_p, cfg->vlan_cfi), f, n,
	       at);
}

static void svid_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream_cfg *cfg = &b->s->cfg;

	id_rnd(&b->s->rng[VN_DRAW_SVID], &cfg->svlan_id, vn_tci(0, cfg->svlan_p, cfg->svlan_cfi), f,
	       n, VN_ETH_HLEN);
}

vn_edit_fn vn_edit_vid(const struct vn_stream *s)
{
	return has_flag(s, VN_FLAG_VID_RND) && has_vlan(s) ? vid_rnd : NULL;
}

vn_edit_fn vn_edit_svid(const struct vn_stream *s)
{
	return has_flag(s, VN_FLAG_SVID_RND) && s->cfg.svlan_id != VN_VLAN_OFF ? svid_rnd : NULL;
}

/* --- UDP ports: [min, max) --------------------------------------------- */

static void port_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n, struct vn_rng *r,
		     uint16_t *cur, uint16_t min, uint16_t max, unsigned int at)
{
	struct vn_rng rng = *r;
	uint16_t port = *cur;
	unsigned int i;

	for (i = 0; i < n; i++) {
		port = vn_port_draw(&rng, min, max);
		vn_put_be16(f[i].data + at, port);
		b->udp_sums[i] += port;
	}
	*r = rng;
	*cur = port;
}

static void port_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n, uint16_t *cur,
		      uint16_t min, uint16_t max, unsigned int at)
{
	uint16_t port = *cur;
	unsigned int i;

	for (i = 0; i < n; i++) {
		port = vn_port_walk(port, min, max);
		vn_put_be16(f[i].data + at, port);
		b->udp_sums[i] += port;
	}
	*cur = port;
}

static void udp_src_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	port_rnd(b, f, n, &s->rng[VN_DRAW_UDPSRC], &s->cur.udp_src, s->cfg.udp_src_min,
		 s->cfg.udp_src_max, b->l4 + VN_UDP_SRC);
}

static void udp_src_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	port_walk(b, f, n, &s->cur.udp_src, s->cfg.udp_src_min, s->cfg.udp_src_max,
		  b->l4 + VN_UDP_SRC);
}

static void udp_dst_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	port_rnd(b, f, n, &s->rng[VN_DRAW_UDPDST], &s->cur.udp_dst, s->cfg.udp_dst_min,
		 s->cfg.udp_dst_max, b->l4 + VN_UDP_DST);
}

static void udp_dst_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;

	port_walk(b, f, n, &s->cur.udp_dst, s->cfg.udp_dst_min, s->cfg.udp_dst_max,
		  b->l4 + VN_UDP_DST);
}

vn_edit_fn vn_edit_udp_src(const struct vn_stream *s)
{
	if (s->cfg.udp_src_min >= s->cfg.udp_src_max)
		return NULL;
	return has_flag(s, VN_FLAG_UDPSRC_RND) ? udp_src_rnd : udp_src_walk;
}

vn_edit_fn vn_edit_udp_dst(const struct vn_stream *s)
{
	if (s->cfg.udp_dst_min >= s->cfg.udp_dst_max)
		return NULL;
	return has_flag(s, VN_FLAG_UDPDST_RND) ? udp_dst_rnd : udp_dst_walk;
}

/* --- IPv4 addresses: draws [min, max), walks [min, max] ----------------- */

static inline void addr_put(struct vn_builder *b, struct vn_frame *f, unsigned int i,
			    unsigned int at, uint32_t addr)
{
	uint32_t sum = vn_csum_u32(addr);

	vn_put_be32(f[i].data + at, addr);
	b->ip_sums[i] += sum;
	b->udp_sums[i] += sum;
}

static void saddr_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream_cur *cur = &b->s->cur;
	const uint32_t min = cur->saddr_min, max = cur->saddr_max;
	const unsigned int at = b->l3 + VN_IPV4_SRC;
	struct vn_rng rng = b->s->rng[VN_DRAW_IPSRC];
	uint32_t addr = cur->saddr;
	unsigned int i;

	for (i = 0; i < n; i++) {
		addr = vn_addr_draw(&rng, min, max);
		addr_put(b, f, i, at, addr);
	}
	b->s->rng[VN_DRAW_IPSRC] = rng;
	cur->saddr = addr;
}

static void saddr_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream_cur *cur = &b->s->cur;
	const uint32_t min = cur->saddr_min, max = cur->saddr_max;
	const unsigned int at = b->l3 + VN_IPV4_SRC;
	uint32_t addr = cur->saddr;
	unsigned int i;

	for (i = 0; i < n; i++) {
		addr = vn_addr_walk(addr, min, max);
		addr_put(b, f, i, at, addr);
	}
	cur->saddr = addr;
}

vn_edit_fn vn_edit_saddr(const struct vn_stream *s)
{
	if (is_ipv6(s) || s->cur.saddr_min >= s->cur.saddr_max)
		return NULL;
	return has_flag(s, VN_FLAG_IPSRC_RND) ? saddr_rnd : saddr_walk;
}

static void daddr_each(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	const unsigned int at = b->l3 + VN_IPV4_DST;
	unsigned int i;

	for (i = 0; i < n; i++)
		addr_put(b, f, i, at, vn_daddr_next(b->s));
}

static void daddr_flow(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	const unsigned int at = b->l3 + VN_IPV4_DST;
	unsigned int i;

	for (i = 0; i < n; i++)
		addr_put(b, f, i, at, vn_flow_daddr(b->s));
}

vn_edit_fn vn_edit_daddr(const struct vn_stream *s)
{
	if (is_ipv6(s))
		return NULL;
	if (s->cfg.flows)
		return daddr_flow;
	return s->cur.daddr_min < s->cur.daddr_max ? daddr_each : NULL;
}

/* --- IPv6 destination: (random | minimum) & maximum, word by word ------- */

static void daddr6_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	const uint8_t *min = b->s->cfg.dst6_min.s6_addr;
	const uint8_t *max = b->s->cfg.dst6_max.s6_addr;
	struct vn_rng *rng = &b->s->rng[VN_DRAW_IP6DST];
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		uint8_t *p = f[i].data + b->l3 + VN_IPV6_DST;

		for (k = 0; k < 16; k += 4) {
			uint32_t w = vn_addr6_draw(rng, vn_get_be32(min + k),
						   vn_get_be32(max + k));

			vn_put_be32(p + k, w);
			b->udp_sums[i] += vn_csum_u32(w);
		}
	}
	memcpy(&b->s->cur.daddr6, f[n - 1].data + b->l3 + VN_IPV6_DST, sizeof(struct in6_addr));
}

vn_edit_fn vn_edit_daddr6(const struct vn_stream *s)
{
	return is_ipv6(s) && !IN6_IS_ADDR_UNSPECIFIED(&s->cfg.dst6_min) ? daddr6_rnd : NULL;
}

/* --- size: a series, draws [min, max), walks [min, max], else IMIX -------- */

static void put_size(struct vn_builder *b, struct vn_frame *f, unsigned int i, int32_t size)
{
	uint32_t data = vn_stream_data_len(b->s, size, b->s->cur.pkt_overhead);
	uint16_t udp_len = (uint16_t)(VN_UDP_HLEN + data);
	uint8_t *ip = f[i].data + b->l3;

	f[i].len = b->payload + data;
	if (is_ipv6(b->s)) {
		vn_put_be16(ip + VN_IPV6_LEN, udp_len);
	} else {
		vn_put_be16(ip + VN_IPV4_LEN, (uint16_t)(udp_len + VN_IPV4_HLEN));
		b->ip_sums[i] += (uint16_t)(udp_len + VN_IPV4_HLEN);
	}
	vn_put_be16(f[i].data + b->l4 + VN_UDP_LEN, udp_len);
	b->udp_sums[i] += 2u * udp_len; /* pseudo header and header */
}

/* Of the same configured size, the overhead differs from flow to flow. */
static void size_same(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_size(b, f, i, b->s->cur.pkt_size);
}

static void size_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	unsigned int i;

	for (i = 0; i < n; i++) {
		s->cur.pkt_size = vn_size_draw(&s->rng[VN_DRAW_SIZE], s->cfg.min_pkt_size,
					       s->cfg.max_pkt_size);
		put_size(b, f, i, s->cur.pkt_size);
	}
}

static void size_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	unsigned int i;

	for (i = 0; i < n; i++) {
		s->cur.pkt_size = vn_size_walk(s->cur.pkt_size, s->cfg.min_pkt_size,
					       s->cfg.max_pkt_size);
		put_size(b, f, i, s->cur.pkt_size);
	}
}

static void size_imix(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	unsigned int i;

	for (i = 0; i < n; i++) {
		unsigned int at = s->imix.slot[vn_rng_below(&s->rng[VN_DRAW_SIZE], VN_IMIX_SLOTS)];

		s->imix.entry[at].packets++;
		s->cur.pkt_size = (int32_t)s->imix.entry[at].size;
		put_size(b, f, i, s->cur.pkt_size);
	}
}

static void size_series(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	uint64_t v[VN_BATCH];
	unsigned int i;

	vn_series_fill(s->sizes, v, n);
	for (i = 0; i < n; i++) {
		s->cur.pkt_size = vn_size_of_value(v[i]);
		put_size(b, f, i, s->cur.pkt_size);
	}
}

vn_edit_fn vn_edit_size(const struct vn_stream *s)
{
	if (s->sizes)
		return size_series;
	if (s->cfg.min_pkt_size < s->cfg.max_pkt_size)
		return has_flag(s, VN_FLAG_TXSIZE_RND) ? size_rnd : size_walk;
	if (s->imix.n)
		return size_imix;
	return vn_edit_ipsec(s) ? size_same : NULL;
}

/* --- queue map: touches no byte of a frame (spec section 7.8) ----------- */

static void queue_cpu(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	b->s->cur.queue_map = (uint16_t)(b->s->cpu % b->s->n_txq);
}

static void queue_rnd(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	uint32_t span = (uint32_t)s->cfg.queue_map_max - s->cfg.queue_map_min + 1;
	uint32_t q = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		q = s->cfg.queue_map_min + vn_rng_below(&s->rng[VN_DRAW_QUEUE], span);
	s->cur.queue_map = (uint16_t)(q % s->n_txq);
}

static void queue_walk(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_stream *s = b->s;
	const uint32_t min = s->cfg.queue_map_min, max = s->cfg.queue_map_max;
	uint32_t q = min == max ? min : s->cur.queue_map;
	unsigned int i;

	for (i = 0; i < n && min < max; i++)
		if (++q > max)
			q = min;
	s->cur.queue_map = (uint16_t)(q % s->n_txq);
}

vn_edit_fn vn_edit_queue(const struct vn_stream *s)
{
	if (has_flag(s, VN_FLAG_QUEUE_MAP_CPU))
		return queue_cpu;
	if (s->cfg.queue_map_min > s->cfg.queue_map_max)
		return NULL;
	return has_flag(s, VN_FLAG_QUEUE_MAP_RND) ? queue_rnd : queue_walk;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan asks the same rules as the compiler of templates (packet_priv.h) which
 * fields vary, so that it cannot hold another list of edits than the builder.
 */
#include "packet/plan.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "packet/packet_priv.h"

static uint32_t how(bool varies, bool is_drawn)
{
	if (!varies)
		return VN_VARY_FIXED;
	return is_drawn ? VN_VARY_DRAW : VN_VARY_WALK;
}

static bool has_flag(const struct vn_stream *s, enum vn_stream_flag flag)
{
	return s->cfg.flags & flag;
}

/* --- the plan --------------------------------------------------------------- */

static void plan_l2(const struct vn_stream *s, struct vn_plan *p)
{
	const struct vn_stream_cfg *cfg = &s->cfg;
	unsigned int i;

	p->src_mac = (struct vn_plan_mac){
		.how = how(vn_edit_src_mac(s), has_flag(s, VN_FLAG_MACSRC_RND)),
		.count = cfg->src_mac_count,
		.low40 = vn_mac_low40(cfg->src_mac),
	};
	p->dst_mac = (struct vn_plan_mac){
		.how = how(vn_edit_dst_mac(s), has_flag(s, VN_FLAG_MACDST_RND)),
		.count = cfg->dst_mac_count,
		.low40 = vn_mac_low40(cfg->dst_mac),
	};
	p->n_labels = cfg->n_labels;
	for (i = 0; i < cfg->n_labels && vn_edit_mpls(s); i++)
		if (cfg->labels[i] & VN_MPLS_BOTTOM)
			p->drawn_labels |= 1u << i;
	p->svid = (struct vn_plan_tag){
		.is_drawn = vn_edit_svid(s) != NULL,
		.at = VN_ETH_HLEN,
		.rest = vn_tci(0, cfg->svlan_p, cfg->svlan_cfi),
	};
	p->vid = (struct vn_plan_tag){
		.is_drawn = vn_edit_vid(s) != NULL,
		.at = VN_ETH_HLEN + (cfg->svlan_id != VN_VLAN_OFF ? VN_VLAN_HLEN : 0),
		.rest = vn_tci(0, cfg->vlan_p, cfg->vlan_cfi),
	};
}

static void plan_ipv4(const struct vn_stream *s, struct vn_plan *p)
{
	const struct vn_stream_cur *cur = &s->cur;
	bool varies = cur->daddr_min < cur->daddr_max;

	p->saddr = (struct vn_plan_range){
		how(vn_edit_saddr(s), has_flag(s, VN_FLAG_IPSRC_RND)),
		cur->saddr_min, cur->saddr_max,
	};
	p->daddr = (struct vn_plan_range){
		how(varies, has_flag(s, VN_FLAG_IPDST_RND)), cur->daddr_min, cur->daddr_max,
	};
	p->daddr_is_drawn = p->daddr.how == VN_VARY_DRAW;
	if (s->cfg.flows)
		p->daddr.how = VN_VARY_FLOW;
}

static void plan_ipv6(const struct vn_stream *s, struct vn_plan *p)
{
	unsigned int k;

	p->daddr6_is_drawn = vn_edit_daddr6(s) != NULL;
	for (k = 0; k < 4; k++) {
		p->daddr6_min[k] = vn_get_be32(s->cfg.dst6_min.s6_addr + 4 * k);
		p->daddr6_max[k] = vn_get_be32(s->cfg.dst6_max.s6_addr + 4 * k);
	}
}

static void plan_udp(const struct vn_stream *s, struct vn_plan *p)
{
	p->udp_src = (struct vn_plan_range){
		how(vn_edit_udp_src(s), has_flag(s, VN_FLAG_UDPSRC_RND)),
		s->cfg.udp_src_min, s->cfg.udp_src_max,
	};
	p->udp_dst = (struct vn_plan_range){
		how(vn_edit_udp_dst(s), has_flag(s, VN_FLAG_UDPDST_RND)),
		s->cfg.udp_dst_min, s->cfg.udp_dst_max,
	};
}

static void plan_size(const struct vn_builder *b, struct vn_plan *p)
{
	const struct vn_stream *s = b->s;
	unsigned int i;

	p->size = (struct vn_plan_range){
		VN_VARY_FIXED, (uint32_t)s->cfg.min_pkt_size, (uint32_t)s->cfg.max_pkt_size,
	};
	/* The payload header counts as payload: what is left of a size. */
	p->data_rest = (int32_t)(VN_ETH_HLEN + VN_UDP_HLEN) + s->cur.pkt_overhead +
		       (int32_t)(p->is_ipv6 ? VN_IPV6_HLEN : VN_IPV4_HLEN);
	if (!vn_edit_size(s))
		return;
	if (s->sizes) {
		p->size.how = VN_VARY_FED;
		p->size.min = (uint32_t)vn_size_of_value(vn_series_least(s->sizes));
		p->size.max = (uint32_t)vn_size_of_value(vn_series_greatest(s->sizes));
		return;
	}
	if (s->cfg.min_pkt_size < s->cfg.max_pkt_size) {
		p->size.how = how(true, has_flag(s, VN_FLAG_TXSIZE_RND));
		return;
	}
	p->size.how = VN_VARY_IMIX;
	for (i = 0; i < s->imix.n; i++)
		p->imix_size[i] = s->imix.entry[i].size;
	memcpy(p->imix_slot, s->imix.slot, sizeof(p->imix_slot));
}

static void make_plan(const struct vn_builder *b, uint32_t copies, struct vn_plan *p)
{
	const struct vn_stream *s = b->s;

	_Static_assert(sizeof(p->header) >= sizeof(b->header), "a template fits");
	memset(p, 0, sizeof(*p));
	memcpy(p->header, b->header, b->header_len);
	p->header_len = b->header_len;
	p->l3 = b->l3;
	p->l4 = b->l4;
	p->payload = b->payload;
	p->max_len = b->max_len;
	p->ip_sum = b->ip_sum;
	p->udp_sum = b->udp_sum;
	p->is_ipv6 = has_flag(s, VN_FLAG_IPV6);
	p->has_csum = b->has_csum;
	p->has_stamp = !has_flag(s, VN_FLAG_NO_TIMESTAMP);
	p->is_stamp_ns = s->cfg.stamp == VN_STAMP_NS;
	p->copies = copies;
	p->flows = s->cfg.flows;
	p->n_flow = s->n_flow;
	p->flow_is_walked = has_flag(s, VN_FLAG_FLOW_SEQ);
	plan_l2(s, p);
	if (p->is_ipv6)
		plan_ipv6(s, p);
	else
		plan_ipv4(s, p);
	plan_udp(s, p);
	plan_size(b, p);
}

static void make_state(const struct vn_stream *s, struct vn_plan_state *st)
{
	const struct vn_stream_cur *cur = &s->cur;
	unsigned int i;

	memset(st, 0, sizeof(*st));
	memcpy(st->rng, s->rng, sizeof(st->rng));
	memcpy(st->labels, s->cfg.labels, sizeof(st->labels));
	for (i = 0; i < s->imix.n; i++)
		st->imix_packets[i] = s->imix.entry[i].packets;
	for (i = 0; i < 4; i++)
		st->daddr6[i] = vn_get_be32(cur->daddr6.s6_addr + 4 * i);
	st->src_mac_offset = cur->src_mac_offset;
	st->dst_mac_offset = cur->dst_mac_offset;
	st->src_mac_low40 = vn_mac_low40(cur->hdr_src);
	st->dst_mac_low40 = vn_mac_low40(cur->hdr_dst);
	st->saddr = cur->saddr;
	st->daddr = cur->daddr;
	st->flow = cur->flow;
	st->nflows = cur->nflows;
	st->pkt_size = cur->pkt_size;
	st->udp_src = cur->udp_src;
	st->udp_dst = cur->udp_dst;
	st->vid = s->cfg.vlan_id;
	st->svid = s->cfg.svlan_id;
	st->ip_id = cur->ip_id;
}

/* --- what a plan has not ------------------------------------------------------ */

static int check(const struct vn_builder *b, const struct vn_plan *p, struct vn_err *err)
{
	if (vn_edit_ipsec(b->s))
		return vn_err_set(err, EOPNOTSUPP, "flag IPSEC: not where packets are built "
				  "in the kernel");
	if (b->s->lengths && b->s->cfg.flows)
		return vn_err_set(err, EOPNOTSUPP,
				  "flow_length %s: not where packets are built "
				  "in the kernel",
				  vn_series_text(b->s->lengths));
	if (!p->daddr_is_drawn)
		return 0;
	if (2 * vn_daddr_choices(b->s) < (uint64_t)p->daddr.max - p->daddr.min)
		return vn_err_set(err, EOPNOTSUPP,
				  "dst_min %s, dst_max %s: IPDST_RND may take less than half of "
				  "them, which is not for where packets are built in the kernel",
				  b->s->cfg.dst_min, b->s->cfg.dst_max);
	return 0;
}

int vn_plan_make(const struct vn_builder *b, uint32_t copies, struct vn_plan *plan,
		 struct vn_plan_state *state, struct vn_err *err)
{
	/* Flows that come back from an older plan bring the lengths they had there. */
	vn_flow_set_lengths(b->s);
	make_plan(b, copies, plan);
	make_state(b->s, state);
	return check(b, plan, err);
}

/* --- and back ------------------------------------------------------------------ */

static void store_l2(struct vn_stream *s, const struct vn_plan *p, const struct vn_plan_state *st)
{
	struct vn_stream_cur *cur = &s->cur;

	cur->src_mac_offset = st->src_mac_offset;
	cur->dst_mac_offset = st->dst_mac_offset;
	if (p->src_mac.how)
		vn_mac_put_low40(cur->hdr_src, st->src_mac_low40);
	if (p->dst_mac.how)
		vn_mac_put_low40(cur->hdr_dst, st->dst_mac_low40);
	memcpy(s->cfg.labels, st->labels, sizeof(st->labels));
	s->cfg.vlan_id = st->vid;
	s->cfg.svlan_id = st->svid;
}

/* Touches no byte of a packet: the edit of the host does it. */
static void store_queue(struct vn_builder *b, uint32_t n)
{
	vn_edit_fn edit = vn_edit_queue(b->s);

	if (edit && n)
		edit(b, NULL, n);
}

void vn_plan_store(struct vn_builder *b, const struct vn_plan *plan,
		   const struct vn_plan_state *state, uint32_t n)
{
	struct vn_stream *s = b->s;
	struct vn_stream_cur *cur = &s->cur;
	unsigned int i;

	memcpy(s->rng, state->rng, sizeof(s->rng));
	for (i = 0; i < s->imix.n; i++)
		s->imix.entry[i].packets = state->imix_packets[i];
	for (i = 0; i < 4 && plan->daddr6_is_drawn; i++)
		vn_put_be32(cur->daddr6.s6_addr + 4 * i, state->daddr6[i]);
	store_l2(s, plan, state);
	cur->saddr = state->saddr;
	cur->daddr = state->daddr;
	cur->flow = state->flow;
	cur->nflows = state->nflows;
	cur->pkt_size = state->pkt_size;
	cur->udp_src = state->udp_src;
	cur->udp_dst = state->udp_dst;
	cur->ip_id = state->ip_id;
	store_queue(b, n);
}

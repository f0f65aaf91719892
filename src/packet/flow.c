/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows: a table of destinations that packets come back to, flowlen packets at
 * a time (spec section 8.1 steps 1, 8 and 12). The table, its counts and the
 * current flow live on between runs, as in the kernel. With IPv6 a flow has no
 * destination of its own: only the counting goes on.
 */
#include "base/macros.h"
#include "packet/packet_priv.h"

static void renew(struct vn_flow *flow)
{
	flow->count = 0;
	flow->is_seen = false;
}

/*
 * In sequence a flow ends after flowlen packets; drawn at random it ends only
 * when it has more than flowlen behind it: the kernel's "strictly more".
 */
static struct vn_flow *pick(struct vn_stream *s)
{
	uint32_t n = VN_MIN(s->cfg.flows, s->n_flow);
	struct vn_flow *flow;

	if (s->cfg.flags & VN_FLAG_FLOW_SEQ) {
		if (s->cur.flow >= s->n_flow)
			s->cur.flow = 0;
		flow = &s->flow[s->cur.flow];
		if (flow->count >= s->cfg.flowlen) {
			renew(flow);
			if (++s->cur.flow >= n)
				s->cur.flow = 0;
		}
		return &s->flow[s->cur.flow];
	}
	s->cur.flow = vn_rng_below(&s->rng[VN_DRAW_FLOW], n);
	flow = &s->flow[s->cur.flow];
	if (flow->count > s->cfg.flowlen)
		renew(flow);
	return flow;
}

uint32_t vn_flow_daddr(struct vn_stream *s)
{
	struct vn_flow *flow = pick(s);

	flow->count++;
	if (flow->is_seen) {
		s->cur.daddr = flow->daddr;
		return flow->daddr;
	}
	flow->is_seen = true;
	flow->daddr = vn_daddr_next(s);
	s->cur.nflows++;
	return flow->daddr;
}

static void flow_count(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		pick(b->s)->count++;
}

static void no_flow_count(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	b->s->flow[0].count += n;
}

/* Without flows the first entry is still counted in. */
vn_edit_fn vn_edit_flow(const struct vn_stream *s)
{
	if (s->cfg.flows == 0)
		return no_flow_count;
	return s->cfg.flags & VN_FLAG_IPV6 ? flow_count : NULL;
}

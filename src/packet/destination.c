/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which IPv4 destination comes next: a walk or a draw from the range, or that
 * of a flow (spec section 8.1 steps 1, 8 and 12).
 *
 * Flows are a table of destinations that packets come back to, flowlen packets
 * at a time. The table, its counts and the current flow live on between runs,
 * as in the kernel. With IPv6 a flow has no destination of its own: only the
 * counting goes on.
 */
#include "base/macros.h"
#include "packet/packet_priv.h"

/* What IPDST_RND may take: not 0.0.0.0, loopback, multicast, broadcast. */
static const struct {
	uint32_t first, last;
} allowed[] = {
	{ 0x00000001, 0x7effffff },
	{ 0x80000000, 0xdfffffff },
	{ 0xf0000000, 0xfffffffe },
};

static bool is_allowed(uint32_t addr)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(allowed); i++)
		if (addr <= allowed[i].last)
			return addr >= allowed[i].first;
	return false;
}

static bool is_drawn(const struct vn_stream *s)
{
	return (s->cfg.flags & VN_FLAG_IPDST_RND) && s->cur.daddr_min < s->cur.daddr_max;
}

bool vn_daddr_exists(const struct vn_stream *s)
{
	unsigned int i;

	if (!is_drawn(s))
		return true;
	for (i = 0; i < VN_ARRAY_SIZE(allowed); i++)
		if (s->cur.daddr_min <= allowed[i].last && s->cur.daddr_max > allowed[i].first)
			return true;
	return false;
}

uint32_t vn_daddr_next(struct vn_stream *s)
{
	struct vn_stream_cur *cur = &s->cur;
	const uint32_t span = cur->daddr_max - cur->daddr_min;

	if (is_drawn(s)) {
		do {
			cur->daddr = cur->daddr_min +
				     vn_rng_below(&s->rng[VN_DRAW_IPDST], span);
		} while (!is_allowed(cur->daddr));
	} else if (cur->daddr_min < cur->daddr_max && ++cur->daddr > cur->daddr_max) {
		cur->daddr = cur->daddr_min;
	}
	return cur->daddr;
}

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
	vn_flow_find_ipsec(s, flow);
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

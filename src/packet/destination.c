/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which IPv4 destination comes next: a walk or a draw from the range, or that
 * of a flow (spec section 8.1 steps 1, 8 and 12).
 *
 * Flows are a table of destinations that packets come back to, flowlen packets
 * at a time, or as many as a series of lengths says when a flow begins. The
 * table, its counts and the current flow live on between runs, as in the kernel.
 * With IPv6 a flow has no destination of its own: only the counting goes on.
 */
#include "base/macros.h"
#include "packet/packet_priv.h"

/* The stretches that vn_daddr_is_allowed() allows. */
static const struct {
	uint32_t first, last;
} allowed[] = {
	{ 0x00000001, 0x7effffff },
	{ 0x80000000, 0xdfffffff },
	{ 0xf0000000, 0xfffffffe },
};

static bool is_drawn(const struct vn_stream *s)
{
	return (s->cfg.flags & VN_FLAG_IPDST_RND) && s->cur.daddr_min < s->cur.daddr_max;
}

uint64_t vn_daddr_choices(const struct vn_stream *s)
{
	const uint64_t min = s->cur.daddr_min, max = s->cur.daddr_max;
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(allowed); i++) {
		uint64_t from = VN_MAX(min, (uint64_t)allowed[i].first);
		uint64_t end = VN_MIN(max, (uint64_t)allowed[i].last + 1);

		n += end > from ? end - from : 0;
	}
	return n;
}

bool vn_daddr_exists(const struct vn_stream *s)
{
	return !is_drawn(s) || vn_daddr_choices(s) > 0;
}

uint32_t vn_daddr_next(struct vn_stream *s)
{
	struct vn_stream_cur *cur = &s->cur;

	if (is_drawn(s)) {
		do {
			cur->daddr = vn_addr_draw(&s->rng[VN_DRAW_IPDST], cur->daddr_min,
						  cur->daddr_max);
		} while (!vn_daddr_is_allowed(cur->daddr));
	} else if (cur->daddr_min < cur->daddr_max) {
		cur->daddr = vn_addr_walk(cur->daddr, cur->daddr_min, cur->daddr_max);
	}
	return cur->daddr;
}

void vn_flow_set_lengths(struct vn_stream *s)
{
	uint32_t i;

	for (i = 0; i < s->n_flow; i++) {
		if (!s->lengths)
			s->flow[i].len = s->cfg.flowlen;
		else if (s->flow[i].count == 0)
			s->flow[i].len = 1; /* until it begins */
	}
}

/* That many packets in either order: one at random ends with more than its length. */
static uint32_t drawn_length(struct vn_stream *s)
{
	uint64_t n = vn_series_next_whole(s->lengths);

	n = VN_MIN(VN_MAX(n, UINT64_C(1)), (uint64_t)UINT32_MAX);
	return (uint32_t)n - (s->cfg.flags & VN_FLAG_FLOW_SEQ ? 0 : 1);
}

/* Index of the flow of the next packet. */
static uint32_t pick(struct vn_stream *s)
{
	uint32_t n = VN_MIN(s->cfg.flows, s->n_flow);

	if (s->cfg.flags & VN_FLAG_FLOW_SEQ)
		s->cur.flow = vn_flow_walk(s->flow, s->n_flow, s->cur.flow, n);
	else
		s->cur.flow = vn_flow_draw(s->flow, &s->rng[VN_DRAW_FLOW], n);
	if (s->lengths && s->flow[s->cur.flow].count == 0)
		s->flow[s->cur.flow].len = drawn_length(s);
	return s->cur.flow;
}

uint32_t vn_flow_daddr(struct vn_stream *s)
{
	uint32_t at = pick(s);
	struct vn_flow *flow = &s->flow[at];

	flow->count++;
	if (flow->is_seen) {
		s->cur.daddr = flow->daddr;
		return flow->daddr;
	}
	flow->is_seen = true;
	flow->daddr = vn_daddr_next(s);
	vn_flow_find_ipsec(s, at);
	s->cur.nflows++;
	return flow->daddr;
}

static void flow_count(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		b->s->flow[pick(b->s)].count++;
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

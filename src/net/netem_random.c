/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netem_random.h"

void vn_netem_draw_init(struct vn_netem_draw *d, uint64_t seed, enum vn_netem_stream stream,
			uint32_t corr)
{
	vn_rng_seed(&d->rng, seed, stream);
	d->corr = corr;
	d->last = (uint32_t)(vn_rng_next(&d->rng) >> 32);
}

uint32_t vn_netem_draw(struct vn_netem_draw *d)
{
	uint64_t fresh = vn_rng_next(&d->rng) >> 32, r = (uint64_t)d->corr + 1;

	if (d->corr == 0)
		return (uint32_t)fresh;
	d->last = (uint32_t)((fresh * ((UINT64_C(1) << 32) - r) + d->last * r) >> 32);
	return d->last;
}

bool vn_netem_draw_hits(struct vn_netem_draw *d, uint32_t p)
{
	return p > 0 && p >= vn_netem_draw(d);
}

void vn_netem_loss_init(struct vn_netem_loss *l, const struct vn_netem_params *params,
			uint64_t seed)
{
	bool is_random = params->loss_model == VN_NETEM_LOSS_RANDOM;

	l->params = params;
	vn_netem_draw_init(&l->draw, seed, VN_NETEM_DRAW_LOSS, is_random ? params->loss.corr : 0);
	vn_netem_draw_init(&l->outcome, seed, VN_NETEM_DRAW_LOSS_OUTCOME, 0);
	l->state = 1;
}

/* How many of the 2^32 numbers that can be drawn stand for p: 0 never, the
 * greatest always. */
static uint64_t share(uint32_t p)
{
	return p ? (uint64_t)p + 1 : 0;
}

enum { /* of the paper */
       GAP_RECEIVED = 1,
       BURST_RECEIVED = 2,
       BURST_LOST = 3,
       GAP_LOST = 4,
};

/* The states can be left in two ways at most: two shares of one drawn number. */
static unsigned int step(uint32_t drawn, unsigned int stay, unsigned int to_a, uint32_t p_a,
			 unsigned int to_b, uint32_t p_b)
{
	if (drawn < share(p_a))
		return to_a;
	return drawn < share(p_a) + share(p_b) ? to_b : stay;
}

/* A packet is lost or not by the state that its step leads to. */
static bool four_states(struct vn_netem_loss *l)
{
	const struct vn_netem_params *p = l->params;
	uint32_t drawn = vn_netem_draw(&l->draw);

	switch (l->state) {
	case GAP_RECEIVED:
		l->state = step(drawn, GAP_RECEIVED, GAP_LOST, p->p14, BURST_LOST, p->p13);
		break;
	case BURST_RECEIVED:
		l->state = step(drawn, BURST_RECEIVED, BURST_LOST, p->p23, BURST_RECEIVED, 0);
		break;
	case BURST_LOST:
		l->state = step(drawn, BURST_LOST, BURST_RECEIVED, p->p32, GAP_RECEIVED, p->p31);
		break;
	default:
		l->state = GAP_RECEIVED; /* a loss in a gap is alone */
	}
	return l->state == BURST_LOST || l->state == GAP_LOST;
}

enum { GOOD = 1, BAD = 2 };

/* A packet is lost or not by the state that it finds. */
static bool gilbert_elliott(struct vn_netem_loss *l)
{
	const struct vn_netem_params *p = l->params;
	bool is_good = l->state == GOOD;

	if (vn_netem_draw_hits(&l->draw, is_good ? p->ge_p : p->ge_r))
		l->state = is_good ? BAD : GOOD;
	return vn_netem_draw_hits(&l->outcome, is_good ? p->ge_1k : p->ge_1h);
}

bool vn_netem_loss_next(struct vn_netem_loss *l)
{
	switch (l->params->loss_model) {
	case VN_NETEM_LOSS_STATE:
		return four_states(l);
	case VN_NETEM_LOSS_GEMODEL:
		return gilbert_elliott(l);
	default:
		return vn_netem_draw_hits(&l->draw, l->params->loss.p);
	}
}

int64_t vn_netem_delay(uint32_t drawn, uint64_t mean_ns, uint64_t jitter_ns,
		       const struct vn_netem_table *t)
{
	int64_t mean = (int64_t)mean_ns, jitter = (int64_t)jitter_ns;
	__int128_t x;

	if (jitter == 0)
		return mean;
	if (!t)
		return mean - jitter + (int64_t)(((__uint128_t)drawn * jitter_ns * 2) >> 32);
	/* The top bits, so that numbers that are near give delays that are. */
	x = (__int128_t)jitter * t->value[drawn >> 20];
	x += x < 0 ? -VN_NETEM_TABLE_UNIT / 2 : VN_NETEM_TABLE_UNIT / 2;
	return mean + (int64_t)(x / VN_NETEM_TABLE_UNIT);
}

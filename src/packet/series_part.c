/* SPDX-License-Identifier: BSD-2-Clause */
/* The simple parts of a series, and those that are made of others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/series_priv.h"

static void free_plain(struct vn_part *p)
{
	free(p);
}

/* ---- a value ---- */

static uint64_t constant_next(struct vn_part *p)
{
	return p->least;
}

static bool constant_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	*mean = (double)vn_rounded(r, p->least);
	return true;
}

static const struct vn_part_ops constant_ops = {
	.next = constant_next,
	.mean = constant_mean,
	.free = free_plain,
	.keeps_bounds = true,
};

int vn_constant_new(uint64_t value, struct vn_part **out)
{
	struct vn_part *p = malloc(sizeof(*p));

	*out = p;
	if (!p)
		return -ENOMEM;
	*p = (struct vn_part){ &constant_ops, value, value };
	return 0;
}

/* ---- uniform ---- */

struct uniform {
	struct vn_part part;
	struct vn_rng rng;
	unsigned int number;
	uint64_t low, step, n; /* low + i * step, 0 <= i < n */
};

static uint64_t uniform_next(struct vn_part *p)
{
	struct uniform *u = vn_container_of(p, struct uniform, part);
	uint64_t rest;
	uint64_t i = vn_mul(vn_rng_next(&u->rng), u->n, &rest);

	return vn_clamp(u->low + i * u->step, p->least, p->greatest);
}

static void uniform_seed(struct vn_part *p, uint64_t key)
{
	struct uniform *u = vn_container_of(p, struct uniform, part);

	vn_rng_seed(&u->rng, key, u->number);
}

/* How many of the values are below v. */
static uint64_t uniform_below(const struct uniform *u, uint64_t v)
{
	return v <= u->low ? 0 : VN_MIN((v - u->low - 1) / u->step + 1, u->n);
}

/* Those outside the bounds count as the bounds, those between are a row of steps. */
static bool uniform_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	const struct uniform *u = vn_container_of(p, struct uniform, part);
	uint64_t low = vn_rounded(r, p->least), high = vn_rounded(r, p->greatest);
	uint64_t under = uniform_below(u, low), over = u->n - uniform_below(u, high + 1);
	double inside = (double)(u->n - under - over);
	double first = (double)u->low + (double)under * (double)u->step;

	*mean = ((double)under * (double)low + (double)over * (double)high +
		 inside * (first + (inside - 1) * (double)u->step / 2)) /
		(double)u->n;
	return !r.is_whole || u->step == VN_SERIES_ONE;
}

static const struct vn_part_ops uniform_ops = {
	.next = uniform_next,
	.seed = uniform_seed,
	.mean = uniform_mean,
	.free = free_plain,
	.keeps_bounds = true,
};

int vn_uniform_new(uint64_t low, uint64_t high, uint64_t step, unsigned int number,
		   struct vn_part **out)
{
	struct uniform *u = calloc(1, sizeof(*u));

	*out = u ? &u->part : NULL;
	if (!u)
		return -ENOMEM;
	u->part = (struct vn_part){ &uniform_ops, low, high };
	u->number = number;
	u->low = low;
	u->step = step;
	u->n = (high - low) / step + 1;
	return 0;
}

/* ---- a sum ---- */

struct sum {
	struct vn_part part;
	unsigned int n;
	struct vn_part *v[VN_SERIES_PARTS_MAX];
};

static uint64_t sum_next(struct vn_part *p)
{
	struct sum *s = vn_container_of(p, struct sum, part);
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < s->n; i++)
		sum = vn_add_values(sum, vn_part_next(s->v[i]));
	return sum;
}

static void sum_seed(struct vn_part *p, uint64_t key)
{
	struct sum *s = vn_container_of(p, struct sum, part);
	unsigned int i;

	for (i = 0; i < s->n; i++)
		vn_part_seed(s->v[i], key);
}

/* Whole numbers that are added to what varies do not change how it is rounded; of
 * two that vary the rounding is of the sum, about which nothing is known here. */
static bool sum_mean_whole(const struct sum *s, struct vn_rounding r, double *mean)
{
	const struct vn_part *varies = NULL;
	uint64_t fixed = 0;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (s->v[i]->least == s->v[i]->greatest)
			fixed = vn_add_values(fixed, s->v[i]->least);
		else if (varies)
			return false;
		else
			varies = s->v[i];
	}
	if (!varies || fixed % VN_SERIES_ONE)
		return false;
	r.floor -= VN_MIN(r.floor, fixed);
	if (!vn_part_mean(varies, r, mean))
		return false;
	*mean += (double)fixed;
	return true;
}

static bool sum_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	const struct sum *s = vn_container_of(p, struct sum, part);
	double one;
	unsigned int i;

	if (r.is_whole)
		return sum_mean_whole(s, r, mean);
	*mean = 0;
	for (i = 0; i < s->n; i++) {
		if (!vn_part_mean(s->v[i], r, &one))
			return false;
		*mean += one;
	}
	return true;
}

static void sum_free(struct vn_part *p)
{
	struct sum *s = vn_container_of(p, struct sum, part);
	unsigned int i;

	for (i = 0; i < s->n; i++)
		vn_part_free(s->v[i]);
	free(s);
}

static const struct vn_part_ops sum_ops = {
	.next = sum_next,
	.seed = sum_seed,
	.mean = sum_mean,
	.free = sum_free,
};

int vn_sum_new(struct vn_part *const v[], unsigned int n, struct vn_part **out)
{
	struct sum *s = calloc(1, sizeof(*s));
	unsigned int i;

	*out = s ? &s->part : NULL;
	if (!s) {
		for (i = 0; i < n; i++)
			vn_part_free(v[i]);
		return -ENOMEM;
	}
	s->part.ops = &sum_ops;
	s->n = n;
	memcpy(s->v, v, n * sizeof(*v));
	for (i = 0; i < n; i++) {
		s->part.least = vn_add_values(s->part.least, v[i]->least);
		s->part.greatest = vn_add_values(s->part.greatest, v[i]->greatest);
	}
	return 0;
}

/* ---- bounds ---- */

struct clip {
	struct vn_part part;
	struct vn_part *of;
};

static uint64_t clip_next(struct vn_part *p)
{
	struct clip *c = vn_container_of(p, struct clip, part);

	return vn_clamp(vn_part_next(c->of), p->least, p->greatest);
}

static void clip_seed(struct vn_part *p, uint64_t key)
{
	vn_part_seed(vn_container_of(p, struct clip, part)->of, key);
}

static void clip_free(struct vn_part *p)
{
	struct clip *c = vn_container_of(p, struct clip, part);

	vn_part_free(c->of);
	free(c);
}

/* Of what it cuts only the means are known, not how the values lie around them. */
static const struct vn_part_ops clip_ops = {
	.next = clip_next,
	.seed = clip_seed,
	.free = clip_free,
	.keeps_bounds = true,
};

int vn_clip_new(struct vn_part *of, uint64_t low, uint64_t high, struct vn_part **out)
{
	uint64_t least = vn_clamp(of->least, low, high);
	uint64_t greatest = vn_clamp(of->greatest, low, high);
	struct clip *c;

	*out = of;
	if (of->ops->keeps_bounds) {
		of->least = least;
		of->greatest = greatest;
		return 0;
	}
	if (least == of->least && greatest == of->greatest)
		return 0;
	c = malloc(sizeof(*c));
	*out = c ? &c->part : NULL;
	if (!c) {
		vn_part_free(of);
		return -ENOMEM;
	}
	*c = (struct clip){ { &clip_ops, least, greatest }, of };
	return 0;
}

/* ---- bursts ---- */

struct onoff {
	struct vn_part part;
	struct vn_part *gap, *count, *pause;
	uint64_t left; /* of the burst, that being the last; 0: it has not begun */
};

static uint64_t onoff_next(struct vn_part *p)
{
	struct onoff *o = vn_container_of(p, struct onoff, part);
	uint64_t v = vn_part_next(o->gap), count;

	if (o->left == 0) {
		count = vn_round_whole(vn_part_next(o->count)) / VN_SERIES_ONE;
		o->left = VN_MAX(count, 1u);
	}
	o->left--;
	return o->left ? v : vn_add_values(v, vn_part_next(o->pause));
}

static void onoff_seed(struct vn_part *p, uint64_t key)
{
	struct onoff *o = vn_container_of(p, struct onoff, part);

	vn_part_seed(o->gap, key);
	vn_part_seed(o->count, key);
	vn_part_seed(o->pause, key);
	o->left = 0;
}

/* A pause for each burst, shared by as many values as bursts have on average. */
static bool onoff_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	static const struct vn_rounding as_it_is = { false, 0 }, burst = { true, VN_SERIES_ONE };
	const struct onoff *o = vn_container_of(p, struct onoff, part);
	double gap, count, pause;

	if (r.is_whole || !vn_part_mean(o->gap, as_it_is, &gap) ||
	    !vn_part_mean(o->pause, as_it_is, &pause) || !vn_part_mean(o->count, burst, &count))
		return false;
	*mean = gap + pause / (count / (double)VN_SERIES_ONE);
	return true;
}

static void onoff_free(struct vn_part *p)
{
	struct onoff *o = vn_container_of(p, struct onoff, part);

	vn_part_free(o->gap);
	vn_part_free(o->count);
	vn_part_free(o->pause);
	free(o);
}

static const struct vn_part_ops onoff_ops = {
	.next = onoff_next,
	.seed = onoff_seed,
	.mean = onoff_mean,
	.free = onoff_free,
};

int vn_onoff_new(struct vn_part *gap, struct vn_part *count, struct vn_part *pause,
		 struct vn_part **out)
{
	struct onoff *o = calloc(1, sizeof(*o));

	*out = o ? &o->part : NULL;
	if (!o) {
		vn_part_free(gap);
		vn_part_free(count);
		vn_part_free(pause);
		return -ENOMEM;
	}
	o->part.ops = &onoff_ops;
	o->part.least = gap->least;
	o->part.greatest = vn_add_values(gap->greatest, pause->greatest);
	o->gap = gap;
	o->count = count;
	o->pause = pause;
	return 0;
}

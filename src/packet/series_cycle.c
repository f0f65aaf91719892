/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values from a file, over and over. They are kept in four bytes each where their
 * common power of two leaves them so small, which whole nanoseconds below 4 s and all
 * sizes do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/series_priv.h"

static int add(struct vn_values *a, uint64_t v)
{
	uint64_t *bigger;
	size_t cap;

	if (a->n == VN_SERIES_VALUES_MAX)
		return -E2BIG;
	if (a->n == a->cap) {
		cap = a->cap ? 2 * a->cap : 1024;
		bigger = realloc(a->v, cap * sizeof(*a->v));
		if (!bigger)
			return -ENOMEM;
		a->v = bigger;
		a->cap = cap;
	}
	a->v[a->n++] = v;
	return 0;
}

int vn_parser_add(struct vn_parser *p, const char *path, struct vn_values *a, uint64_t v)
{
	int rc = add(a, v);

	if (rc == -E2BIG)
		return vn_parser_fail(p, E2BIG, "%s: more than %d values", path,
				      VN_SERIES_VALUES_MAX);
	return rc < 0 ? vn_parser_fail(p, -rc, "%s: no memory", path) : 0;
}

FILE *vn_parser_open(struct vn_parser *p, const char *path, int *rc)
{
	FILE *f = p->files->open(p->files->arg, path);

	*rc = f ? 0 : vn_parser_fail(p, errno, "%s: %s", path, strerror(errno));
	return f;
}

struct cycle {
	struct vn_part part;
	size_t n, at;
	unsigned int shift; /* of small values */
	uint32_t *small;    /* or NULL */
	uint64_t *large;    /* or NULL */
};

static uint64_t value_at(const struct cycle *c, size_t i)
{
	return c->small ? (uint64_t)c->small[i] << c->shift : c->large[i];
}

static uint64_t cycle_next(struct vn_part *p)
{
	struct cycle *c = vn_container_of(p, struct cycle, part);
	uint64_t v = value_at(c, c->at);

	c->at = c->at + 1 == c->n ? 0 : c->at + 1;
	return vn_clamp(v, p->least, p->greatest);
}

static void cycle_seed(struct vn_part *p, uint64_t key)
{
	vn_container_of(p, struct cycle, part)->at = 0;
}

static bool cycle_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	const struct cycle *c = vn_container_of(p, struct cycle, part);
	__uint128_t sum = 0;
	size_t i;

	for (i = 0; i < c->n; i++)
		sum += vn_rounded(r, vn_clamp(value_at(c, i), p->least, p->greatest));
	*mean = (double)sum / (double)c->n;
	return true;
}

static void cycle_free(struct vn_part *p)
{
	struct cycle *c = vn_container_of(p, struct cycle, part);

	free(c->small);
	free(c->large);
	free(c);
}

static const struct vn_part_ops cycle_ops = {
	.next = cycle_next,
	.seed = cycle_seed,
	.mean = cycle_mean,
	.free = cycle_free,
	.keeps_bounds = true,
};

/* Into four bytes each, when shifting them keeps every bit that is set. */
static int make_small(struct cycle *c, uint64_t bits)
{
	size_t i;

	c->shift = bits ? (unsigned int)__builtin_ctzll(bits) : 0;
	if (bits >> c->shift > UINT32_MAX)
		return 0;
	c->small = malloc(c->n * sizeof(*c->small));
	if (!c->small)
		return -ENOMEM;
	for (i = 0; i < c->n; i++)
		c->small[i] = (uint32_t)(c->large[i] >> c->shift);
	free(c->large);
	c->large = NULL;
	return 0;
}

int vn_cycle_new(struct vn_values *a, struct vn_part **out)
{
	struct cycle *c = calloc(1, sizeof(*c));
	uint64_t bits = 0;
	size_t i;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->part = (struct vn_part){ &cycle_ops, VN_SERIES_MAX, 0 };
	c->n = a->n;
	c->large = a->v;
	*a = (struct vn_values){ 0 };
	for (i = 0; i < c->n; i++) {
		bits |= c->large[i];
		c->part.least = VN_MIN(c->part.least, c->large[i]);
		c->part.greatest = VN_MAX(c->part.greatest, c->large[i]);
	}
	if (make_small(c, bits) < 0) {
		vn_part_free(&c->part);
		return -ENOMEM;
	}
	*out = &c->part;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A series as the rest of the program sees it; its text is read in series_parse.c. */
#include "packet/series.h"

#include <stdlib.h>

#include "packet/series_priv.h"

void vn_part_free(struct vn_part *p)
{
	if (p)
		p->ops->free(p);
}

bool vn_part_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	return p->ops->mean && p->ops->mean(p, r, mean);
}

static FILE *open_file(void *arg, const char *path)
{
	return fopen(path, "re");
}

int vn_series_parse(enum vn_series_of of, const char *what, const char *text,
		    struct vn_series **out, struct vn_err *err)
{
	static const struct vn_series_files files = { .open = open_file };

	return vn_series_parse_with(of, what, text, &files, out, err);
}

void vn_series_free(struct vn_series *s)
{
	if (!s)
		return;
	vn_part_free(s->root);
	free(s->text);
	free(s);
}

const char *vn_series_text(const struct vn_series *s)
{
	return s->text;
}

/* Each part that draws has its own generator: mixed from the key and its number. */
void vn_series_seed(struct vn_series *s, uint64_t seed, uint64_t stream)
{
	struct vn_rng rng;

	vn_rng_seed(&rng, seed, stream);
	vn_part_seed(s->root, vn_rng_next(&rng));
}

uint64_t vn_series_next(struct vn_series *s)
{
	return vn_part_next(s->root);
}

void vn_series_fill(struct vn_series *s, uint64_t *v, unsigned int n)
{
	uint64_t (*next)(struct vn_part * p) = s->root->ops->next;
	unsigned int i;

	for (i = 0; i < n; i++)
		v[i] = next(s->root);
}

bool vn_series_mean(const struct vn_series *s, double *mean)
{
	double v;

	if (!vn_part_mean(s->root, (struct vn_rounding){ false, 0 }, &v))
		return false;
	*mean = v / (double)VN_SERIES_ONE;
	return true;
}

uint64_t vn_series_least(const struct vn_series *s)
{
	return s->root->least;
}

uint64_t vn_series_greatest(const struct vn_series *s)
{
	return s->root->greatest;
}

/* What can be one value only has become a constant when it was read. */
bool vn_series_is_constant(const struct vn_series *s, uint64_t *value)
{
	if (s->root->least != s->root->greatest)
		return false;
	*value = s->root->least;
	return true;
}

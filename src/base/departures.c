/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/departures.h"

#include <stdlib.h>
#include <string.h>

const uint64_t vn_within_ns[VN_WITHIN_COUNT] = {
#define VN_X(ns, key) ns,
	VN_WITHINS(VN_X)
#undef VN_X
};

struct vn_departures *vn_departures_new(void)
{
	struct vn_departures *d = malloc(sizeof(*d));

	if (!d)
		return NULL;
	d->before.is_there = 1;
	vn_departures_clear(d);
	return d;
}

/* It is large, and many are never used. */
void vn_departures_clear(struct vn_departures *d)
{
	if (!d || !d->before.is_there)
		return;
	memset(d, 0, sizeof(*d));
	vn_hist_clear(&d->lateness);
	vn_hist_clear(&d->gap_error);
}

uint64_t vn_departures_within(const struct vn_departures *d, enum vn_within w)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i <= w; i++)
		n += vn_stat_get(&d->n.within[i]);
	return n;
}

void vn_departures_take_counts(struct vn_departures *d, struct vn_departures *from)
{
	struct vn_departure_counts *n = &from->n;
	unsigned int i;

	if (!vn_stat_get(&n->asked_last_ns)) /* nothing since last time */
		return;
	if (!d->before.is_there)
		vn_stat_set(&d->n.asked_first_ns, vn_stat_get(&n->asked_first_ns));
	vn_stat_set(&d->n.asked_last_ns, vn_stat_get(&n->asked_last_ns));
	vn_stat_add(&d->n.late, vn_stat_get(&n->late));
	vn_stat_raise(&d->n.late_max_ns, vn_stat_get(&n->late_max_ns));
	vn_stat_add(&d->n.early, vn_stat_get(&n->early));
	vn_stat_raise(&d->n.early_max_ns, vn_stat_get(&n->early_max_ns));
	vn_stat_add(&d->n.gaps, vn_stat_get(&n->gaps));
	vn_stat_add(&d->n.asked_gaps_ns, vn_stat_get(&n->asked_gaps_ns));
	for (i = 0; i < VN_WITHIN_COUNT; i++)
		vn_stat_add(&d->n.within[i], vn_stat_get(&n->within[i]));
	vn_stat_add(&d->n.bursts, vn_stat_get(&n->bursts));
	d->before = from->before;
	memset(n, 0, sizeof(*n));
}

static void take_hist(struct vn_hist *h, struct vn_hist *from)
{
	vn_hist_merge(h, from);
	vn_hist_clear(from);
}

void vn_departures_take_hists(struct vn_departures *d, struct vn_departures *from)
{
	if (from->lateness.count)
		take_hist(&d->lateness, &from->lateness);
	if (from->gap_error.count)
		take_hist(&d->gap_error, &from->gap_error);
}

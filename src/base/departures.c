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
	d->has_before = true;
	vn_departures_clear(d);
	return d;
}

/* It is large, and many are never used. */
void vn_departures_clear(struct vn_departures *d)
{
	if (!d || !d->has_before)
		return;
	memset(d, 0, sizeof(*d));
	vn_hist_clear(&d->lateness);
	vn_hist_clear(&d->gap_error);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void raise_to(_Atomic uint64_t *max, uint64_t n)
{
	if (n > atomic_load_explicit(max, memory_order_relaxed))
		vn_stat_set(max, n);
}

static void add_time(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	if (ns < asked_ns) {
		vn_stat_add(&d->early, 1);
		raise_to(&d->early_max_ns, asked_ns - ns);
		return;
	}
	vn_hist_add(&d->lateness, ns - asked_ns);
	if (ns - asked_ns > VN_LATE_NS)
		vn_stat_add(&d->late, 1);
	raise_to(&d->late_max_ns, ns - asked_ns);
}

/* Without a branch for each distance: most gaps are near, but which is near is
 * what is measured. */
static void add_gap(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	uint64_t error = distance(ns, asked_ns);
	unsigned int i, w = 0;

	vn_hist_add(&d->gap_error, error);
	for (i = 0; i < VN_WITHIN_COUNT; i++)
		w += error > vn_within_ns[i];
	if (w < VN_WITHIN_COUNT)
		vn_stat_add(&d->within[w], 1);
	if (2 * ns < asked_ns)
		vn_stat_add(&d->bursts, 1);
	vn_stat_add(&d->gaps, 1);
}

void vn_departures_add(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	add_time(d, asked_ns, ns);
	if (d->has_before)
		add_gap(d, asked_ns - d->before_asked_ns, ns - d->before_ns);
	else
		vn_stat_set(&d->asked_first_ns, asked_ns);
	vn_stat_set(&d->asked_last_ns, asked_ns);
	d->has_before = true;
	d->before_asked_ns = asked_ns;
	d->before_ns = ns;
}

uint64_t vn_departures_within(const struct vn_departures *d, enum vn_within w)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i <= w; i++)
		n += vn_stat_get(&d->within[i]);
	return n;
}

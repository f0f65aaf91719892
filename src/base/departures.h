/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was asked of departures against what happened, packet by packet: how late
 * each one left, and how far each gap was from the one asked for. The columns are
 * those by which generators are compared in the literature: shares of gaps within
 * some distances of the asked one, and in bursts.
 *
 * One writer; counters may be read at any time, histograms when the writer has
 * stopped. Recording needs no more than a compiler: the program that sends in the
 * kernel (bpf/generate.bpf.c) does it by the same functions.
 */
#ifndef VN_BASE_DEPARTURES_H
#define VN_BASE_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/stat.h"

#define VN_LATE_NS 1000 /* lateness from which a packet is counted late */

/* Distances from the asked gap. X(ns, key) */
/* clang-format off */
#define VN_WITHINS(X) \
	X(64, 64ns) X(128, 128ns) X(256, 256ns) X(512, 512ns) \
	X(1000, 1us) X(10000, 10us) X(100000, 100us)

enum vn_within {
#define VN_X(ns, key) VN_WITHIN_##key,
	VN_WITHINS(VN_X)
#undef VN_X
	VN_WITHIN_COUNT,
};
/* clang-format on */

struct vn_departure_counts {
	vn_counter late;    /* by more than VN_LATE_NS */
	vn_counter late_max_ns;
	vn_counter early, early_max_ns; /* left before their time */
	vn_counter gaps;
	vn_counter asked_gaps_ns; /* sum of those asked for: what slid is not in it */
	/* Gaps by the least distance that holds them; of no one's: beyond all. */
	vn_counter within[VN_WITHIN_COUNT];
	vn_counter bursts;  /* gaps of less than half of what was asked */
	/* Asked times of the first and the last: with those when they left they
	 * give the rate asked and the one achieved. */
	vn_counter asked_first_ns, asked_last_ns;
};

/* The packet before the next one, of which a gap may follow. */
struct vn_departure_before {
	uint64_t asked_ns, ns;
	uint64_t is_there;
};

struct vn_departures {
	struct vn_departure_counts n;
	struct vn_departure_before before;
	struct vn_hist lateness;  /* actual - asked time, of all that were not early, ns */
	struct vn_hist gap_error; /* |actual - asked gap|, ns */
};

static inline void vn_departures_add_time(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	uint64_t late_ns = ns - asked_ns;

	if (ns < asked_ns) {
		vn_stat_add(&d->n.early, 1);
		vn_stat_raise(&d->n.early_max_ns, asked_ns - ns);
		return;
	}
	vn_hist_add(&d->lateness, late_ns);
	if (late_ns > VN_LATE_NS)
		vn_stat_add(&d->n.late, 1);
	vn_stat_raise(&d->n.late_max_ns, late_ns);
}

/* Without a branch for each distance: which one it is, is what is measured. */
static inline void vn_departures_add_gap(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	uint64_t error = ns > asked_ns ? ns - asked_ns : asked_ns - ns;
	unsigned int w = 0;

#define VN_X(distance, key) w += error > (distance);
	VN_WITHINS(VN_X)
#undef VN_X
	vn_hist_add(&d->gap_error, error);
	if (w < VN_WITHIN_COUNT)
		vn_stat_add(&d->n.within[w], 1);
	if (2 * ns < asked_ns)
		vn_stat_add(&d->n.bursts, 1);
	vn_stat_add(&d->n.asked_gaps_ns, asked_ns);
	vn_stat_add(&d->n.gaps, 1);
}

/* A packet asked for at asked_ns left at ns, both of one clock. */
static inline void vn_departures_add(struct vn_departures *d, uint64_t asked_ns, uint64_t ns)
{
	/* pktgen's first packet leaves beside the schedule, which may begin before it. */
	uint64_t asked_gap = asked_ns > d->before.asked_ns ? asked_ns - d->before.asked_ns : 0;

	vn_departures_add_time(d, asked_ns, ns);
	if (d->before.is_there)
		vn_departures_add_gap(d, asked_gap, ns - d->before.ns);
	else
		vn_stat_set(&d->n.asked_first_ns, asked_ns);
	vn_stat_set(&d->n.asked_last_ns, asked_ns);
	d->before.is_there = 1;
	d->before.asked_ns = asked_ns;
	d->before.ns = ns;
}

/* The schedule from here on is asked for later by ns: that is no gap asked for. */
static inline void vn_departures_slide(struct vn_departures *d, uint64_t ns)
{
	d->before.asked_ns += ns;
}

#ifndef __bpf__
extern const uint64_t vn_within_ns[VN_WITHIN_COUNT];

/* NULL: no memory. For free(). */
struct vn_departures *vn_departures_new(void);
void vn_departures_clear(struct vn_departures *d); /* NULL accepted */

/* All gaps within vn_within_ns[w] of the asked one. Any thread. */
uint64_t vn_departures_within(const struct vn_departures *d, enum vn_within w);

/*
 * What was recorded elsewhere, by a writer that rests now and whose times are not
 * 0, goes over to this record, and is none any more there; what follows goes on
 * from it. Counters at any time, histograms with them or later.
 */
void vn_departures_take_counts(struct vn_departures *d, struct vn_departures *from);
void vn_departures_take_hists(struct vn_departures *d, struct vn_departures *from);
#endif

#endif

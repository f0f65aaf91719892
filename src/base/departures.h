/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was asked of departures against what happened, packet by packet: how late
 * each one left, and how far each gap was from the one asked for. The columns are
 * those by which generators are compared in the literature: shares of gaps within
 * some distances of the asked one, and in bursts.
 *
 * One writer; counters may be read at any time, histograms when the writer has
 * stopped.
 */
#ifndef VN_BASE_DEPARTURES_H
#define VN_BASE_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/macros.h"
#include "base/stat.h"

#define VN_LATE_NS 1000 /* lateness from which a packet is counted late */

/* Distances from the asked gap, ns. X(ns, key) */
#define VN_WITHINS(X)                                                                              \
	X(64, 64ns)                                                                                \
	X(128, 128ns) X(256, 256ns) X(512, 512ns) X(1000, 1us) X(10000, 10us) X(100000, 100us)

enum vn_within {
#define VN_X(ns, key) VN_WITHIN_##key,
	VN_WITHINS(VN_X)
#undef VN_X
		VN_WITHIN_COUNT,
};

extern const uint64_t vn_within_ns[VN_WITHIN_COUNT];

struct vn_departures {
	struct vn_hist lateness;  /* actual - asked time, of all that were not early, ns */
	struct vn_hist gap_error; /* |actual - asked gap|, ns */
	_Atomic uint64_t late;	  /* by more than VN_LATE_NS */
	_Atomic uint64_t late_max_ns;
	_Atomic uint64_t early, early_max_ns; /* left before their time */
	_Atomic uint64_t gaps;
	/* Gaps by the least distance that holds them; of no one's: beyond all. */
	_Atomic uint64_t within[VN_WITHIN_COUNT];
	_Atomic uint64_t bursts; /* gaps of less than half of what was asked */
	/* Asked times of the first and the last: with those of struct
	 * vn_entry_stats they give the rate asked and the one achieved. */
	_Atomic uint64_t asked_first_ns, asked_last_ns;
	/* The one before; valid when gaps may follow. */
	uint64_t before_asked_ns, before_ns;
	bool has_before; /* something was added */
};

/* NULL: no memory. For free(). */
struct vn_departures *vn_departures_new(void);
void vn_departures_clear(struct vn_departures *d); /* NULL accepted */

/* A packet asked for at asked_ns left at ns, both of one clock. */
void vn_departures_add(struct vn_departures *d, uint64_t asked_ns, uint64_t ns);

/* All gaps within vn_within_ns[w] of the asked one. Any thread. */
uint64_t vn_departures_within(const struct vn_departures *d, enum vn_within w);

#endif

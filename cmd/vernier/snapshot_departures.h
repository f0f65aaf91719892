/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a snapshot tells of departures, asked against achieved. The same fields
 * are there twice: of packets as they were handed over, and, where the kernel or
 * the hardware stamps what leaves, of its stamps.
 */
#ifndef VN_CMD_SNAPSHOT_DEPARTURES_H
#define VN_CMD_SNAPSHOT_DEPARTURES_H

#include "base/departures.h"
#include "engine/engine.h"

struct vn_snap_row;

/*
 * X(name, kind, heading), as VN_SNAP_FIELDS; P is what keys begin with. Shares
 * are cumulative, of all gaps. The shares stand in the order of VN_WITHINS.
 */
/* clang-format off */
#define VN_SNAP_DEPARTED_FIELDS(X, P) \
	X(P##late, COUNT, "late") /* by more than VN_LATE_NS */ \
	X(P##late_max_ns, NS, "late max") \
	X(P##early, COUNT, "early") \
	X(P##early_max_ns, NS, "early max") \
	X(P##lateness_samples, COUNT, "scheduled") \
	X(P##lateness_p50_ns, NS, "late p50") \
	X(P##lateness_p90_ns, NS, "late p90") \
	X(P##lateness_p99_ns, NS, "late p99") \
	X(P##lateness_p999_ns, NS, "late p99.9") \
	X(P##lateness_max_ns, NS, "late max") \
	X(P##lateness_mean_ns, NS, "late mean") \
	X(P##asked_gaps, COUNT, "gaps") \
	X(P##gap_error_samples, COUNT, "gaps") \
	X(P##gap_error_p50_ns, NS, "error p50") \
	X(P##gap_error_p99_ns, NS, "error p99") \
	X(P##gap_error_p999_ns, NS, "error p99.9") \
	X(P##gap_error_max_ns, NS, "error max") \
	X(P##within_64ns_ratio, RATIO, "64ns") \
	X(P##within_128ns_ratio, RATIO, "128ns") \
	X(P##within_256ns_ratio, RATIO, "256ns") \
	X(P##within_512ns_ratio, RATIO, "512ns") \
	X(P##within_1us_ratio, RATIO, "1us") \
	X(P##within_10us_ratio, RATIO, "10us") \
	X(P##within_100us_ratio, RATIO, "100us") \
	X(P##bursts, COUNT, "bursts") \
	X(P##bursts_ratio, RATIO, "bursts")
/* clang-format on */

/* Counters of one record, copied. */
struct vn_snap_departed {
	bool is_known;
	uint64_t late, late_max_ns, early, early_max_ns, gaps, bursts;
	uint64_t within[VN_WITHIN_COUNT]; /* cumulative */
	uint64_t asked_first_ns, asked_gaps_ns;
};

/* is_asked: there is something to know even when no packet has left yet. NULL
 * accepted: nothing is known. */
void vn_snap_departed_read(const struct vn_departures *d, bool is_asked,
			   struct vn_snap_departed *out);
/* Sums; what one does not know, both do not. */
void vn_snap_departed_add(struct vn_snap_departed *into, const struct vn_snap_departed *d);
/* base: VN_F_late or VN_F_stamped_late, the first of the fields. */
void vn_snap_departed_fill(struct vn_snap_row *row, unsigned int base,
			   const struct vn_snap_departed *d);

/* How a schedule was kept, and what became of its departures. */
struct vn_snap_schedule {
	bool is_known;
	uint64_t asked_first_ns, asked_last_ns; /* the gaps asked for lie between them */
	uint64_t asked;				/* packets between them, both included */
	uint64_t skipped, slid_ns, batch_max, call_ns;
};

/* sent: packets that were counted as sent; burst: of one departure. */
void vn_snap_schedule_read(const struct vn_entry_stats *s, const struct vn_snap_departed *d,
			   uint64_t sent, uint32_t burst, struct vn_snap_schedule *out);
/* That of streams which share one schedule; of others only sums are known. */
void vn_snap_schedule_add(struct vn_snap_schedule *into, const struct vn_snap_schedule *s);

/* Packets that left between the first and the last, of which `opened` with the
 * first: they only open the measurement. */
struct vn_snap_left {
	uint64_t packets, opened, first_ns, last_ns;
};

/* has_rate: the rate asked for is told, and the error against it. */
void vn_snap_schedule_fill(struct vn_snap_row *row, const struct vn_snap_schedule *s,
			   const struct vn_snap_left *left, bool has_rate);

#endif

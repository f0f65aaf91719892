/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All numbers of a run at one instant. The tables, the progress line and the
 * JSON lines print from here and nowhere else, so they cannot disagree.
 *
 * A number that is not known is not 0: it says so, prints as a dash and is
 * null in JSON.
 *
 * Rates: the first of n packets that leave (or arrive) between first and last
 * opens the measurement, so pps = (n - 1) / (last - first), with bursts of b
 * (n - b) / (last - first); bits are counted in the same proportion.
 */
#ifndef VN_CMD_SNAPSHOT_H
#define VN_CMD_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock_grain.h"
#include "base/hist.h"
#include "engine/engine.h"
#include "net/netdev.h"
#include "rx/receiver.h"
#include "rx/responder.h"
#include "snapshot_departures.h"

/*
 * What is known of a stream or flow. X(name, kind, heading of a table): the
 * name is the JSON key. Kinds: COUNT and NS are integers, PPS, MBPS and PPM
 * are not. SIGNED is a time that may be negative, RATIO a part of one.
 *
 * A percentile that so few samples cannot have is not known: p99.9 takes at
 * least 1000 of them, p99 100.
 */
/* clang-format off */
#define VN_SNAP_FIELDS(X) \
	X(sent, COUNT, "sent") \
	X(received, COUNT, "received") \
	X(unique, COUNT, "unique") /* first arrivals */ \
	X(lost, COUNT, "lost") \
	X(in_flight, COUNT, "in flight") \
	X(duplicates, COUNT, "dup") \
	X(reordered, COUNT, "reord") \
	X(reordered_ratio, RATIO, "reord %") /* of the first arrivals */ \
	X(too_late, COUNT, "too late") /* older than the receiver's window */ \
	X(overdue, COUNT, "overdue") /* under way longer than --late-after */ \
	X(corrupt, COUNT, "corrupt") \
	X(errors, COUNT, "errors") \
	X(asked_pps, PPS, "asked pps") /* as settings say */ \
	X(asked_mean_pps, PPS, "asked mean") /* by the departures asked for */ \
	X(pps, PPS, "pps") /* sent */ \
	X(now_pps, PPS, "pps now") /* since the snapshot before; null in the last */ \
	X(mbps_l1, MBPS, "Mb/s L1") \
	X(mbps_l2, MBPS, "Mb/s L2") \
	X(rate_error_ppm, PPM, "error ppm") \
	X(rx_pps, PPS, "pps") \
	X(rx_now_pps, PPS, "pps now") \
	X(rx_mbps_l1, MBPS, "Mb/s L1") \
	X(rx_mbps_l2, MBPS, "Mb/s L2") \
	X(skipped, COUNT, "skipped") /* by policy skip */ \
	X(slid_ns, NS, "slid by") /* by policy slide */ \
	X(batch_max, COUNT, "batch") /* most departures of a call */ \
	X(call_ns, NS, "a call") \
	VN_SNAP_DEPARTED_FIELDS(X, ) \
	VN_SNAP_DEPARTED_FIELDS(X, stamped_) \
	X(gap_samples, COUNT, "gaps") \
	X(gap_p50_ns, NS, "gap p50") \
	X(gap_p99_ns, NS, "gap p99") \
	X(gap_p999_ns, NS, "gap p99.9") \
	X(gap_max_ns, NS, "gap max") \
	X(latency_samples, COUNT, "stamps") \
	X(latency_min_ns, NS, "lat min") \
	X(latency_p50_ns, NS, "lat p50") \
	X(latency_p99_ns, NS, "lat p99") \
	X(latency_p999_ns, NS, "lat p99.9") \
	X(latency_max_ns, NS, "lat max") \
	X(latency_negative, COUNT, "lat < 0") /* the clocks of both ends differ */ \
	X(pdv_p50_ns, NS, "pdv p50") /* latency less the least one of the flow */ \
	X(pdv_p99_ns, NS, "pdv p99") \
	X(pdv_p999_ns, NS, "pdv p99.9") \
	X(pdv_max_ns, NS, "pdv max") \
	X(jitter_ns, NS, "jitter") /* RFC 3550 */ \
	X(ipdv_samples, COUNT, "pairs") /* of consecutive numbers */ \
	X(ipdv_min_ns, SIGNED, "ipdv min") \
	X(ipdv_abs_p50_ns, NS, "|ipdv| p50") \
	X(ipdv_abs_p99_ns, NS, "|ipdv| p99") \
	X(ipdv_max_ns, SIGNED, "ipdv max") \
	X(reorder_extent_samples, COUNT, "extents") /* RFC 4737, in arrivals */ \
	X(reorder_extent_unknown, COUNT, "beyond") /* further than is remembered */ \
	X(reorder_extent_p50, COUNT, "ext p50") \
	X(reorder_extent_p99, COUNT, "ext p99") \
	X(reorder_extent_max, COUNT, "ext max") \
	X(reorder_late_p50_ns, NS, "time p50") /* behind the one that came first */ \
	X(reorder_late_p99_ns, NS, "time p99") \
	X(reorder_late_max_ns, NS, "time max")
/* clang-format on */

enum vn_snap_field {
#define VN_X(name, kind, heading) VN_F_##name,
	VN_SNAP_FIELDS(VN_X)
#undef VN_X
	VN_F_COUNT,
};

enum vn_snap_kind {
	VN_KIND_COUNT,
	VN_KIND_NS,
	VN_KIND_SIGNED, /* n holds an int64_t */
	VN_KIND_PPS,
	VN_KIND_MBPS,
	VN_KIND_PPM,
	VN_KIND_RATIO,
};

/* The distributions behind the percentiles. Those from VN_H_TOLD on have
 * percentiles only. */
enum vn_snap_hist {
	VN_H_gap,
	VN_H_latency,
	VN_H_lateness,
	VN_H_gap_error,
	VN_H_stamped_lateness,
	VN_H_stamped_gap_error,
	VN_H_ipdv, /* of magnitudes */
	VN_H_reorder_extent,
	VN_H_TOLD,
	VN_H_reorder_late = VN_H_TOLD,
	VN_H_COUNT,
};

struct vn_snap_field_info {
	const char *key;
	enum vn_snap_kind kind;
	const char *heading;
};

extern const struct vn_snap_field_info vn_snap_fields[VN_F_COUNT];

struct vn_snap_value {
	bool is_known;
	uint64_t n; /* COUNT, NS, SIGNED */
	double x;   /* the others */
};

#define VN_SNAP_NAME 64

struct vn_snap_row {
	char name[VN_SNAP_NAME];
	char interface[VN_SNAP_NAME]; /* sent on, else received on; "": none */
	const char *driver;           /* NULL: unknown */
	const char *stamped_by;       /* who stamped departures; NULL: nobody, or not yet */
	const char *result; /* the engine's text, NULL until the end */
	struct vn_snap_value value[VN_F_COUNT];
	/* Of all samples, 0 where there are none. No fields: they are no report's. */
	uint64_t sum[VN_H_COUNT];
	/* At the end only, where it is known: the writer has stopped. Belongs to
	 * the source, or to the snapshot. */
	const struct vn_hist *hist[VN_H_COUNT];
};

/* Counters of the receiver as a whole. */
struct vn_snap_receiver {
	bool is_known;
	uint64_t frames, ours, other, over_limit, drops;
	uint64_t late_after_ns, clock_error_ns; /* as stated; 0: nothing was */
	uint64_t filtered; /* left out by the filter */
	bool sees_filtered;
	const char *stamp_source; /* NULL: not known */
	uint64_t stamp_other, stamp_resolution_ns; /* resolution: 0 = not known */
	bool has_responder;
	struct vn_responder_counts responder;
};

struct vn_snapshot {
	bool is_final;
	double time_s; /* since the run began */
	unsigned int n_rows;
	struct vn_snap_row *rows; /* owned */
	struct vn_snap_row total;
	struct vn_hist *merged; /* the total's, of several rows; owned */
	struct vn_snap_receiver receiver;
	struct vn_clock_grain clock;
	struct vn_worker_machine *machine; /* of each worker; owned */
	unsigned int n_machine;
};

/* Where the numbers of a row come from. What is missing is NULL. */
struct vn_snap_source {
	const char *name;
	const char *interface, *driver;
	const struct vn_entry_stats *tx;
	struct vn_rx_flow *rx;
	/* Every packet has a number of its own (no clone_skb, no burst), so
	 * loss and duplicates can be told from numbers. */
	bool is_numbered;
	double asked_pps;  /* 0: full speed */
	uint32_t burst;    /* at least 1 */
	const struct vn_departures *departures; /* of those with an asked time */
	const struct vn_departures *stamped;    /* the same, by stamps */
	const char *stamped_by;
	bool is_share; /* as all others, a worker's part of one stream */
	const char *result;
};

struct vn_snap_input {
	const struct vn_snap_source *sources;
	unsigned int n;
	bool is_final;
	uint64_t begin_ns, now_ns;
	const struct vn_rx_stats *rx;    /* NULL: no receiver */
	const struct vn_rxq_stats *rxq;  /* together with rx */
	uint64_t late_after_ns, clock_error_ns;
	const uint64_t *filtered;        /* NULL: nobody counts them */
	const struct vn_responder *responder; /* NULL: none */
	const struct vn_clock_grain *clock; /* NULL: departures are not timed */
	struct vn_engine *engine;        /* of whose workers is told; NULL: none */
	const struct vn_snapshot *prev;  /* for the rates of now; NULL: none */
};

/* Reads the counters (any thread). 0 or -ENOMEM. */
int vn_snapshot_take(const struct vn_snap_input *in, struct vn_snapshot *out);
void vn_snapshot_free(struct vn_snapshot *s); /* a zeroed one is accepted */

/* A time with its unit, in six or so digits. */
#define VN_SNAP_TEXT 32
void vn_snap_ns_text(uint64_t ns, char buf[VN_SNAP_TEXT]);

/* A value as text, "-" when it is not known; times with their unit. */
void vn_snap_text(const struct vn_snap_row *row, enum vn_snap_field field, char buf[VN_SNAP_TEXT]);

static inline bool vn_snap_is_zero(const struct vn_snap_row *row, enum vn_snap_field field)
{
	return !row->value[field].is_known || row->value[field].n == 0;
}

#endif

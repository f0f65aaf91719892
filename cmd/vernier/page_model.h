/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run as its JSON lines tell it, in plain structs: what the page is made
 * from. The last line gives the rows; of the others only the course of the
 * total is kept.
 *
 * What is missing or null is unknown, so that files of other versions can be
 * read; what is there and of the wrong kind is an error with its line.
 */
#ifndef VN_CMD_PAGE_MODEL_H
#define VN_CMD_PAGE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "snapshot.h"

/* Of a longer run, neighboring intervals are put together. */
#define PAGE_POINTS_MAX 400

/* X(name): the key in "histograms". */
/* clang-format off */
#define PAGE_HISTS(X) \
	X(gap) X(latency) X(lateness) X(gap_error) X(stamped_lateness) X(stamped_gap_error) \
	X(ipdv) X(reorder_extent)
/* clang-format on */

enum page_hist_kind {
#define PAGE_X(name) PAGE_H_##name,
	PAGE_HISTS(PAGE_X)
#undef PAGE_X
		PAGE_H_COUNT,
};

struct page_bucket {
	uint64_t low, high; /* both included */
	uint64_t count;
};

struct page_hist {
	bool is_known;
	uint64_t samples, min, max;
	double mean;
	size_t n;
	struct page_bucket *buckets; /* owned, by growing value */
};

struct page_setting {
	const char *key, *value;
};

struct page_settings {
	size_t n;
	struct page_setting *v; /* owned; the texts are the run's */
};

struct page_row {
	const char *name; /* NULL: unknown, as every text here */
	const char *result;
	const char *stamped_by;
	struct vn_snap_value value[VN_F_COUNT];
	struct page_hist hist[PAGE_H_COUNT];
	struct page_settings settings;
};

/* From the point before (or the beginning) to time_s. */
struct page_point {
	double time_s;
	struct vn_snap_value sent_pps, got_pps;
	struct vn_snap_value lost; /* in all until time_s */
};

struct page_receiver {
	bool is_known;
	const char *stamp_source;
	struct vn_snap_value stamp_resolution_ns, late_after_ns, clock_error_ns;
	struct vn_snap_value frames, ours, other, over_limit, drops, filtered, stamp_other;
};

struct page_clock {
	const char *name; /* NULL: nothing is known of it */
	struct vn_snap_value resolution_ns, read_ns;
};

/* What the machine gave to a worker and took from it. */
struct page_worker {
	struct vn_snap_value cpu;
	const char *policy, *why, *idle_state, *governor;
	struct vn_snap_value value[VN_M_COUNT];
};

struct page_run {
	const char *source; /* the file's name; the caller's */
	const char *version, *command, *driver, *interface, *rx_interface, *pcap, *verdict;
	bool has_seed, is_virtual;
	uint64_t seed;
	bool is_final; /* there was a final line: the run was not cut */
	double time_s;
	size_t n_points, points_each; /* intervals in a point */
	struct page_point *points;
	size_t n_rows;
	struct page_row *rows;
	struct page_row total;
	struct page_receiver receiver;
	struct page_clock clock;
	size_t n_workers;
	struct page_worker *workers;
	struct page_settings settings;
	void *last; /* of the JSON library: holds the texts */
};

/* 0 or -errno with a sentence that names source and line; *run is then empty. */
int page_run_read(FILE *in, const char *source, struct page_run *run, struct vn_err *err);
void page_run_free(struct page_run *run); /* a zeroed one is accepted */

/* The value below or at which pct percent of the samples are; unknown when there
 * are none, or so few that they cannot have it, as in a snapshot. */
struct vn_snap_value page_hist_percentile(const struct page_hist *h, double pct);

#endif

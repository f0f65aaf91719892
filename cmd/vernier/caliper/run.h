/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of `vernier caliper`: what it was asked, what becomes of it, and what the
 * ways of sending (udp.h, flow.h) leave for the summary.
 */
#ifndef VN_CALIPER_RUN_H
#define VN_CALIPER_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/departures.h"
#include "base/err.h"
#include "nudge.h"
#include "plan.h"
#include "settings.h"
#include "vernier/caliper.h"

/* Why a run is over. X(NAME, "as the statistics have it") */
#define CALIPER_ENDS(X)                                                                            \
	X(PLAN, "plan")                                                                            \
	X(TIME, "time")                                                                            \
	X(INTERRUPTED, "interrupted")                                                              \
	X(FAILED, "failed")

enum caliper_end {
#define VN_X(name, text) CALIPER_END_##name,
	CALIPER_ENDS(VN_X)
#undef VN_X
};

struct caliper_result {
	enum caliper_end end;
	uint64_t packets, bytes; /* of frames without FCS, what was taken back is not in it */
	uint64_t first_bytes;	 /* of packet 0, which opens the time that is measured */
	/* Departures of the first and last packet: card time with -N, else CLOCK_MONOTONIC. */
	bool has_first, has_last;
	bool last_is_planned; /* what was taken back came behind it, and nobody told of it */
	uint64_t first_ns, last_ns;
	uint64_t late, late_max_ns;
	bool late_max_is_least; /* not of all that were late it is known by how much */

	/* Without -N. */
	struct vn_departures *departures;
	uint64_t refused; /* answers that nobody listens there */
	uint16_t sport;	  /* bound */

	/* With -N. */
	bool has_counters; /* both looks at them were answered */
	uint64_t before[CAL_N_COUNTERS], after[CAL_N_COUNTERS];
	uint64_t given, cancelled; /* packets that the driver got, and gave back */
	uint64_t marks, events_lost;
	enum cal_precision precision;
	bool has_left; /* --cosim */
	uint64_t left; /* frames that left the card: fewer where its queue to the wire was full */
	char ifname[16];
};

struct caliper_run {
	struct caliper_settings s;
	const char *prefix; /* of lines on standard error */
	struct caliper_plan plan;
	struct caliper_result res;
	struct vn_clock clock; /* the machine's */
	struct caliper_nudge nudge;
	/* A signal wants an end: looked at in every loop. */
	_Atomic uint32_t stop_word;
	/* Standard error, once a second: NULL, no one looks. */
	FILE *progress;
	uint64_t told_ns;
	bool has_progress;
};

static inline bool caliper_is_stopped(const struct caliper_run *r)
{
	return atomic_load_explicit(&r->stop_word, memory_order_relaxed);
}

#endif

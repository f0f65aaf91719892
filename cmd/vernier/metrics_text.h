/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot in Prometheus' text format 0.0.4. docs/metrics.md lists what there
 * is; a metric is a row of a table in metrics_text.c.
 *
 * Units are seconds and bytes. What is not known is absent. Gaps and latencies
 * are summaries: their quantiles are the numbers of the JSON, within 0.8 %.
 * Buckets that are few enough to be stored each 15 s would tell them to a
 * factor of two. What summaries cannot do, adding up over streams, the JSON
 * does not do either: percentiles of several streams are not known.
 */
#ifndef VN_CMD_METRICS_TEXT_H
#define VN_CMD_METRICS_TEXT_H

#include <stdio.h>

#include "snapshot.h"

/* What stays the same over a run. NULL is left out. */
struct vn_metrics_run {
	const char *command;
	const char *driver;
	const char *interface;	  /* sent on */
	const char *rx_interface; /* received on */
};

#define VN_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* s NULL: nothing is known of the run yet. Errors of out are the caller's. */
void vn_metrics_write(FILE *out, const struct vn_metrics_run *run, const struct vn_snapshot *s);

#endif

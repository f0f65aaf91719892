/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run came to, as text and as JSON (docs/caliper.schema.json). */
#ifndef VN_CALIPER_SUMMARY_H
#define VN_CALIPER_SUMMARY_H

#include <stdio.h>

#include "run.h"

/* From the first departure to the last, over the packets behind the first. */
struct caliper_rates {
	bool is_known;
	uint64_t duration_ns;
	double pps, mbps, mbps_fcs; /* bits of frames without FCS, and with */
};
void caliper_rates(const struct caliper_result *res, struct caliper_rates *out);

void caliper_summary_print(const struct caliper_run *r, FILE *out);
/* 0 or -errno. */
int caliper_summary_json(const struct caliper_run *r, FILE *out);

#endif

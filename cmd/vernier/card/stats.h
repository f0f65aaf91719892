/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run did, as one object of JSON (docs/card.schema.json): counters of
 * the hardware, the threads, inputs and interfaces. Nothing of the machine is
 * in it but with -rt, so that two runs can be compared byte by byte.
 */
#ifndef VN_CARD_STATS_H
#define VN_CARD_STATS_H

#include <stdio.h>

struct card_run;

/* Also during the run. 0 or -errno: of the stream, or -ENOMEM. */
int card_stats_write(const struct card_run *r, FILE *out);

#endif

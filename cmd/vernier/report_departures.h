/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands below the tables about departures, in words: the clock by which
 * they were timed, and how many of them a call served, and why.
 */
#ifndef VN_CMD_REPORT_DEPARTURES_H
#define VN_CMD_REPORT_DEPARTURES_H

#include <stdio.h>

#include "snapshot.h"

void vn_report_departures(FILE *out, const struct vn_snapshot *s);

#endif

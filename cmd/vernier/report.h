/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot as text for people: the progress line and the tables at the end.
 */
#ifndef VN_CMD_REPORT_H
#define VN_CMD_REPORT_H

#include <stdio.h>

#include "snapshot.h"

/* Which side of the wire the report is about. */
enum vn_report_kind { VN_REPORT_SEND, VN_REPORT_RECV };

/* Progress on out; one line written over and over when it is a terminal. */
void vn_report_progress(FILE *out, enum vn_report_kind kind, const struct vn_snapshot *s);
/* Ends the line that is written over. Nothing if none was begun. */
void vn_report_progress_end(FILE *out);

void vn_report_tables(FILE *out, enum vn_report_kind kind, const struct vn_snapshot *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine gave to the workers and took from them (engine/machine.h), told
 * in each form of a report: beside what came of the departures, so that a bad tail
 * is explained.
 */
#ifndef VN_CMD_MACHINE_REPORT_H
#define VN_CMD_MACHINE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "snapshot.h"

struct vn_machine_field_info {
	const char *key;
	enum vn_snap_kind kind;
	const char *heading;
};

extern const struct vn_machine_field_info vn_machine_fields[VN_M_COUNT];

/* All workers of the engine, into the snapshot. NULL: there are none. 0 or -ENOMEM. */
int vn_machine_take(struct vn_engine *e, struct vn_snapshot *out);

/* A table, a line for each worker, and why the greatest lateness was so great where
 * that can be told. Nothing when no worker has run on a CPU. */
void vn_machine_print(FILE *out, const struct vn_snapshot *s);

#define VN_MACHINE_EXPLAINED 320
/* A sentence about the greatest lateness of the snapshot; false: there is none. */
bool vn_machine_explain(const struct vn_snapshot *s, char out[VN_MACHINE_EXPLAINED]);

/* machine_data.c: an array with an object for each worker, and Prometheus' text. */
json_t *vn_machine_json(const struct vn_snapshot *s);
void vn_machine_metrics(FILE *out, const struct vn_snapshot *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A snapshot as one line of JSON. Lines while running and the last one have
 * the same keys; what is not known is null. docs/run.schema.json is the
 * schema, docs/json.md says what the numbers mean.
 */
#ifndef VN_CMD_JSON_H
#define VN_CMD_JSON_H

#include <stdio.h>

#include "snapshot.h"

/* What stays the same over a run. NULL texts become null. */
struct vn_json_run {
	const char *command;      /* "send" or "recv" */
	const char *driver;
	const char *interface;    /* sent on; NULL: none */
	const char *rx_interface; /* received on; NULL: none */
	const char *pcap;
	bool has_seed;
	uint64_t seed;
	bool is_virtual; /* simulated time */
	/* Devices that count something themselves, looked at in the last line. */
	struct vn_netdev *const *devs;
	unsigned int n_devs;
	/* The effective settings as --show-settings prints them, a line of
	 * key=value each; "stream=NAME" begins those of a stream. */
	const char *settings;
};

struct vn_json {
	FILE *out; /* NULL: nothing is written */
	struct vn_json_run run;
};

/* path "-" is standard output; NULL: no JSON. 0 or a negative errno. */
int vn_json_open(struct vn_json *j, const char *path, struct vn_err *err);

/* verdict: "running", "ok", "interrupted" or "failed". 0 or a negative errno. */
int vn_json_write(struct vn_json *j, const struct vn_snapshot *s, const char *verdict);

/* 0, or a negative errno when something could not be written. */
int vn_json_close(struct vn_json *j, struct vn_err *err);

#endif

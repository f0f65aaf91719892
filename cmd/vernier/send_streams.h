/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The streams of a `vernier send`, as told by the command line and by files of
 * pktgen commands, before there are devices and workers for them.
 *
 * Stream options before the first --stream or --file are defaults of all
 * streams; those after it belong to that stream, or to all streams of that
 * file. Options are applied in the order of the parameter table, so that
 * their order on the command line does not matter (a rate in Mbit/s needs the
 * size); lines of a file are applied in their order, as a script's would be:
 * after the defaults, before the options that follow --file.
 */
#ifndef VN_CMD_SEND_STREAMS_H
#define VN_CMD_SEND_STREAMS_H

#include <stdio.h>

#include "base/err.h"
#include "engine/engine.h"
#include "rx/receiver.h"

struct vn_param;

struct send_setting {
	const struct vn_param *param; /* as it was named: an alias is not resolved */
	char *value;       /* owned, NULL: no value */
	const char *file;  /* NULL: command line */
	unsigned int line;
};

struct send_settings {
	struct send_setting *v; /* owned */
	unsigned int n;
};

/* What was described, and in the second half what was made of it. */
struct send_stream {
	char name[VN_ENTRY_NAME];
	char ifname[VN_ENTRY_NAME]; /* "": the command line's */
	int cpu;                    /* of the worker, -1: any */
	const char *file;           /* where it was begun, NULL: command line */
	unsigned int line;
	struct send_settings lines, options; /* those of share 0, of all of them */
	uint32_t share, shares;     /* struct vn_entry */

	struct vn_worker *worker;
	struct vn_netdev *dev;
	struct vn_entry *entry;
	struct vn_rx_flow *flow;  /* with --rx */
	/* copied from the entry, which belongs to its worker */
	uint64_t count, time_ns;
	uint16_t port_min, port_max; /* UDP destination, both included */
	bool is_never;            /* delay "never": sends nothing */
	bool is_numbered;         /* every packet has a sequence number of its own */
	uint32_t burst;
	bool is_paced;            /* departures are asked for at times */
	bool is_steady;           /* and all gaps are the same: a time tells how many */
	double asked_pps;         /* 0: full speed, or no rate that can be told */
	uint32_t max_frame_len, tags_len; /* bytes; of VLAN tags */
	char plan[160];           /* what will be sent, in words */
	char result[VN_RESULT_SIZE]; /* at the end */
	const char *stamped_by;      /* the same: who stamped departures, NULL: nobody */
	char trouble[320];           /* why it did not start or ended early, "": nothing */
};

struct send_streams {
	struct send_settings defaults;
	struct send_stream *v; /* owned */
	unsigned int n;
	unsigned int first; /* options now go to v[first..n-1]; n: to the defaults */
};

/* -EINVAL with a sentence when the name is empty, too long or taken. */
int send_streams_add(struct send_streams *s, const char *name, struct send_stream **out,
		     struct vn_err *err);

/* --NAME VALUE of the command line. */
int send_streams_option(struct send_streams *s, const struct vn_param *p, const char *value,
			struct vn_err *err);

/* --file: path must outlive the streams. */
int send_streams_file(struct send_streams *s, const char *path, struct vn_err *err);
/* The same from an open file (closed by the caller). */
int send_streams_read(struct send_streams *s, FILE *in, const char *path, struct vn_err *err);

int send_settings_add(struct send_settings *list, const struct vn_param *p, const char *value,
		      const char *file, unsigned int line, struct vn_err *err);

/* Applies defaults, lines and options to the entry, whose worker must be
 * idle or the caller. 0 or -errno with a sentence. */
int send_stream_apply(const struct send_streams *s, const struct send_stream *stream,
		      struct vn_entry *entry, struct vn_err *err);

/* The same on an entry that is of no worker, to see what it comes to. dev: where it
 * would go. *out is NULL on failure. */
int send_stream_try(const struct send_streams *s, const struct send_stream *stream,
		    struct vn_netdev *dev, struct vn_entry **out, struct vn_err *err);
void send_stream_try_end(struct vn_entry *entry); /* NULL accepted */

/* Makes stream k, the first or one that is added, share k of the one called
 * whole, on that CPU: "whole@CPU". 0 or -errno with a sentence. */
int send_streams_share(struct send_streams *s, const char *whole, uint32_t k, uint32_t shares,
		       int cpu, struct vn_err *err);

/* Copies what the command needs to know from the entry. The same caller. */
void send_stream_learn(struct send_stream *stream, const struct vn_entry *entry);

void send_streams_free(struct send_streams *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes out of the card: frames into captures, the program's log, the
 * trace. Everything is opened before the run, so that what cannot be written is
 * known before anything was done.
 */
#ifndef VN_CARD_OUTPUTS_H
#define VN_CARD_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "nt/hw.h"
#include "settings.h"

struct vn_capture;

struct card_outputs {
	struct vn_capture *capture[VN_NT_PORTS]; /* NULL: none */
	FILE *log;				 /* standard output or error */
	FILE *trace;				 /* NULL: none */
	FILE *stats;				 /* NULL: none */
	const char *trace_path, *stats_path;	 /* for sentences */
	bool has_printed;			 /* since standard output was flushed */
};

/* -errno with a sentence. Zeroes first. */
int card_outputs_open(struct card_outputs *o, const struct card_settings *s, struct vn_err *err);

/* Writes what is for a file; the rest is somebody else's. */
void card_outputs_write(struct card_outputs *o, const struct vn_nt_out *out);

/* For who reads along: what was printed, at once; files now and then. */
void card_outputs_flush_text(struct card_outputs *o);
void card_outputs_flush(struct card_outputs *o);

/* Writes out and closes all but the statistics. -errno with a sentence about the
 * first that could not be written; for the others a line of their own. */
int card_outputs_finish(struct card_outputs *o, struct vn_err *err);
/* Closes the statistics; -errno with a sentence. */
int card_outputs_finish_stats(struct card_outputs *o, struct vn_err *err);

#endif

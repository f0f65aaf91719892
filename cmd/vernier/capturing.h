/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options about captures and filters, and what becomes of them: for `recv`,
 * `send`, and `serve` and `exec`. A receiver's thread and the taps on transmit
 * queues write into the same file.
 */
#ifndef VN_CMD_CAPTURING_H
#define VN_CMD_CAPTURING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "net/netdev.h"
#include "rx/capture.h"
#include "rx/filter.h"
#include "snapshot.h"

struct capturing_options {
	const char *file, *filter, *direction; /* NULL: not given */
	uint64_t max, snaplen;                 /* 0: no limit */
};

/* Rows of the options above; OFF(member) must give the offset of a member of
 * struct capturing_options in the sub-command's struct. */
#define CAPTURING_ROWS(OFF) \
	{ .name = "capture", .metavar = "FILE", .offset = OFF(file), \
	  .help = "write the frames into FILE (pcap), - for standard output" }, \
	{ .name = "filter", .metavar = "EXPR", .offset = OFF(filter), \
	  .help = "only the frames that EXPR chooses (pcap-filter(7))" }, \
	{ .name = "snaplen", .metavar = "N", .offset = OFF(snaplen), .def = "0", \
	  .units = vn_units_count, .max = VN_CAPTURE_SNAPLEN, \
	  .help = "bytes of each frame in the capture, 0: all" }, \
	{ .name = "pcap-max", .metavar = "N", .offset = OFF(max), \
	  .def = "0", .units = vn_units_count, .max = INT64_MAX, \
	  .help = "frames in the capture at most, 0: no limit" }
#define CAPTURING_DIRECTION_ROW(OFF) \
	{ .name = "direction", .metavar = "WORD", .offset = OFF(direction), \
	  .word = capturing_direction, \
	  .help = "captured is what comes in, goes out, or both: in, out, both" }

const char *capturing_direction(unsigned int i); /* the words; NULL after them */

struct capturing {
	const struct capturing_options *o;
	struct vn_capture *capture; /* NULL: none */
	struct vn_filter *filter;   /* NULL: every frame */
	bool takes_in, takes_out;   /* directions of frames in the capture */
	struct vn_tap tap;          /* for devices, when takes_out is from queues of ours */
};

/*
 * Compiles the filter and reads the direction, whose default is given.
 * -EINVAL with a sentence is a mistake of usage.
 */
int capturing_plan(struct capturing *c, const struct capturing_options *o,
		   const char *default_direction, struct vn_err *err);
/* Options that would have no effect without a capture are refused. */
int capturing_check(const struct capturing_options *o, struct vn_err *err);
/* Makes the file, if there is to be one. From here on a reader that leaves is
 * an error of writing, no signal. 0 or -errno with a sentence. */
int capturing_open(struct capturing *c, struct vn_err *err);
/* When nobody writes any more. 0, or -errno with a sentence when not all could
 * be written. */
int capturing_finish(struct capturing *c, struct vn_err *err);
void capturing_close(struct capturing *c); /* a zeroed one is accepted */

/* The capture takes standard output, which then is not for people. */
bool capturing_takes_stdout(const struct capturing_options *o);

/* What the filter left out (r->filtered), and how much is in the finished file. */
void capturing_report(const struct capturing *c, const struct vn_snap_receiver *r, FILE *out);

/* For who reads the file along; any thread. */
void capturing_flush(struct capturing *c);

#endif

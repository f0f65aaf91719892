/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --metrics: the numbers of a run for Prometheus, on GET /metrics of an address
 * of this machine, while it runs.
 *
 * A thread of its own answers. Each answer is made from a snapshot taken for
 * it, by the function that the progress lines are made with, so that screen,
 * JSON and metrics cannot disagree; it reads what workers count and takes no
 * lock of theirs. Without libmicrohttpd vn_metrics_check() says so.
 *
 * All functions accept NULL for what was not asked for.
 */
#ifndef VN_CMD_METRICS_H
#define VN_CMD_METRICS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "interrupt.h"
#include "metrics_text.h"
#include "snapshot.h"

/* The two options, with the offsets of a const char * and a uint64_t in the
 * sub-command's struct. */
#define METRICS_ROW(where_offset) \
	{ .name = "metrics", .metavar = "ADDR:PORT", .offset = (where_offset), \
	  .help = "serve /metrics for Prometheus; PORT alone: on 127.0.0.1, 0: any port" }
#define METRICS_LINGER_ROW(linger_offset) \
	{ .name = "metrics-linger", .metavar = "TIME", .offset = (linger_offset), .def = "0", \
	  .units = vn_units_seconds, .max = INT64_MAX, \
	  .help = "serve the last numbers for so long when the run is over" }

struct vn_metrics;

/* A snapshot of now; any thread. 0 or a negative errno. */
typedef int (*vn_metrics_take)(void *arg, struct vn_snapshot *out);

/* Can these options be obeyed? 0, or -errno with a sentence on their misuse. */
int vn_metrics_check(const char *where, uint64_t linger_ns, struct vn_err *err);

/*
 * Listens and answers from now on; of the run there is nothing to tell yet.
 * where NULL: *out is NULL. 0 or -errno with a sentence.
 */
int vn_metrics_open(const char *where, const struct vn_metrics_run *run, struct vn_metrics **out,
		    struct vn_err *err);

/* One line on where it is, and a warning when others can read it there. is_quiet:
 * only where it is, and only if nobody can know, since port 0 was asked for. */
void vn_metrics_print(const struct vn_metrics *m, bool is_quiet, FILE *out);

/* Answers come from take(arg), until vn_metrics_end() or vn_metrics_close(). */
void vn_metrics_begin(struct vn_metrics *m, vn_metrics_take take, void *arg);
/* Answers are these last numbers from now on; take is not called any more. */
void vn_metrics_end(struct vn_metrics *m, const struct vn_snapshot *last);
/* Waits, for those who ask seldom, until the time is over or a signal comes. */
void vn_metrics_linger(struct vn_metrics *m, struct vn_clock *clock, uint64_t linger_ns,
		       const struct vn_interrupt *interrupt);
void vn_metrics_close(struct vn_metrics *m);

#endif

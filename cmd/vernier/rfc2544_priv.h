/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of `vernier rfc2544` share: one benchmark from the options to
 * the report. rfc2544.c has the options and the order of things, rfc2544_plan.c
 * chooses what they leave open and opens devices, rfc2544_report.c and
 * rfc2544_json.c tell. The procedures are in search.h, a trial is in trial.h.
 */
#ifndef VN_CMD_RFC2544_PRIV_H
#define VN_CMD_RFC2544_PRIV_H

#include <stdio.h>

#include "base/clock.h"
#include "interrupt.h"
#include "json.h"
#include "options.h"
#include "search.h"
#include "trial.h"

#define RFC2544_SIZES_MAX 32

/* As given; rfc2544_plan() writes what was chosen for the rest. */
struct rfc2544_options {
	const char *driver, *rx, *sizes, *tests, *min, *max, *resolution, *loss_step;
	const char *json, *seed, *cpu, *rx_cpu, *really_on;
	uint64_t final_ns, search_ns, latency_ns, burst_ns, settle_ns, stabilize_ns, learn_wait_ns;
	uint64_t repeat, burst_resolution, learn, port, link_bps;
	uint64_t loss_ppm, late_ppm;
	bool is_sim, show_settings, is_quiet;
	struct send_streams *streams; /* stream options go here */
};

/* Frames of one size, and what was found with them. */
struct rfc2544_size {
	struct vn_search search;
	bool has[VN_TESTS_N]; /* the test was begun: its result below says how far it came */
	struct vn_throughput throughput;
	struct vn_latency latency;
	struct vn_loss loss;
	struct vn_back_to_back back_to_back;
};

struct rfc2544_run {
	struct rfc2544_options o;
	const char *target; /* NULL: none given */
	const char *rx_driver;
	struct send_streams streams;
	uint64_t seed, link_bps;
	int cpu, rx_cpu; /* rx_cpu -1: not bound */
	bool wants[VN_TESTS_N];
	struct rfc2544_size sizes[RFC2544_SIZES_MAX];
	unsigned int n_sizes;

	struct vn_clock clock;
	struct vn_netdev *dev, *back;
	struct vn_trial_bed *bed;
	struct vn_json json;
	struct vn_interrupt interrupt;
	uint64_t n_trials;
};

/* rfc2544_plan.c. A mistake in the first is one of usage; the second returns
 * -EINVAL or -ERANGE for those that show only when devices are known. */
int rfc2544_plan(struct rfc2544_run *run, struct vn_err *err);
int rfc2544_open(struct rfc2544_run *run, struct vn_err *err);
/* "--loss-tolerance 0.1%": millionths */
extern const struct vn_unit rfc2544_units_share[];

/* rfc2544_report.c */
FILE *rfc2544_out(const struct rfc2544_run *run); /* where text for people goes */
void rfc2544_print_plan(const struct rfc2544_run *run);
void rfc2544_print_trial(const struct rfc2544_run *run, const struct vn_trial *t,
			 const struct vn_trial_result *r, uint64_t medium_milli);
void rfc2544_print_report(const struct rfc2544_run *run);
static inline double rfc2544_fps(uint64_t milli)
{
	return (double)milli / VN_MILLI;
}

/* rfc2544_json.c: docs/rfc2544.schema.json. verdict: "ok", "interrupted" or
 * "failed". What cannot be written, vn_json_close() tells. */
void rfc2544_json_trial(struct rfc2544_run *run, const struct vn_trial *t,
			const struct vn_trial_result *r, uint64_t medium_milli);
void rfc2544_json_result(struct rfc2544_run *run, const char *verdict);
const char *rfc2544_test_name(unsigned int i); /* NULL: no more */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of `vernier send` share: one run from the options to the
 * report. send.c has the options and the order of things, send_plan.c chooses
 * what they leave open, send_setup.c makes devices, workers and entries,
 * send_run.c runs them, send_report.c judges and tells, send_off.c judges rates.
 */
#ifndef VN_CMD_SEND_PRIV_H
#define VN_CMD_SEND_PRIV_H

#include "base/clock.h"
#include "capturing.h"
#include "cpus.h"
#include "dev/simnet.h"
#include "engine/engine.h"
#include "interrupt.h"
#include "json.h"
#include "metrics.h"
#include "options.h"
#include "rxthread.h"
#include "sas.h"
#include "send_streams.h"
#include "snapshot.h"

#define SEND_DEVS_MAX 64 /* interfaces of one run */
#define SEND_SETTLE_OPEN UINT64_MAX /* send_plan() chooses */

/* As given; send_plan() writes what was chosen for the rest. */
struct send_options {
	const char *driver, *rx, *json, *seed, *cpus, *rx_cpu, *really_on, *sa;
	const char *metrics, *fail_if_off, *realtime;
	struct capturing_options capture;
	struct rx_options receive;
	uint64_t interval_ns, settle_ns, threads, link_bps, slack_ns;
	uint64_t late_after_ns, clock_error_ns, linger_ns;
	bool is_sim, show_settings, has_histogram, is_quiet;
	struct send_streams *streams; /* --stream, --file and stream options go here */
};

struct send_run {
	struct send_options o;
	const char *ifname;  /* NULL: none given */
	bool is_auto;        /* send_choose() finds the driver */
	char driver_why[700]; /* why that one; "": it was asked for */
	const char *rx_driver;
	struct send_streams streams;
	uint64_t seed;
	struct vn_cpus cpus; /* of the workers */
	unsigned int n_isolated; /* of these */
	enum vn_realtime realtime;
	int rx_cpu;          /* -1: not bound */
	char seed_text[24], cpus_text[VN_CPUS_MAX * 5], rx_cpu_text[12];

	struct vn_clock clock;
	struct vn_clock_grain grain; /* of it, measured before the run */
	struct vn_simnet *simnet;   /* of simulated devices; NULL: none of these */
	struct vn_netdev *devs[SEND_DEVS_MAX];
	unsigned int n_devs;
	struct capturing capturing; /* of no file where the driver writes it itself */
	struct sas sas;
	struct vn_engine *engine;
	struct vn_rxthread *rx;     /* NULL without --rx or far ends */
	struct vn_json json;
	char *settings;             /* as lines, for the JSON */
	char *whole;                /* settings of the stream that workers share, or NULL */
	struct vn_metrics *metrics; /* NULL without --metrics */
	struct vn_interrupt interrupt;
	uint64_t off_max_ppb;       /* of --fail-if-off, when it was given */
	struct vn_snapshot last;    /* the one before, for the rates of now */
	uint64_t begin_ns, end_ns;  /* of the sending */
	bool was_interrupted;
	int rx_rc, capture_rc;      /* what became of receiving, of the capture */
	struct vn_err rx_err, capture_err;
};

/* send_plan.c: a mistake here is one of usage. */
int send_plan(struct send_run *run, struct vn_err *err);
const char *send_realtime_word(unsigned int i); /* NULL: no more */
bool send_writes_file(const struct send_run *run); /* the driver's target is --capture */

/* send_setup.c. Each returns 0 or -errno with a sentence. */
int send_open_devs(struct send_run *run, struct vn_err *err);
void send_undo(struct send_run *run); /* closes what these made; may be called again */
int send_make_engine(struct send_run *run, struct vn_err *err);
int send_make_entries(struct send_run *run, struct vn_err *err);
int send_check_streams(struct send_run *run, struct vn_err *err); /* usage */
int send_check_devs(struct send_run *run, struct vn_err *err);
/* The device is fit to send on; really_on: it may be the way out (NULL: none). */
int send_check_dev(const struct vn_netdev *dev, const char *really_on, struct vn_err *err);
int send_check_frame_len(const struct send_stream *stream, struct vn_err *err);
int send_open_rx(struct send_run *run, struct vn_err *err);
int send_open_capture(struct send_run *run, struct vn_err *err);
int send_expect_flows(struct send_run *run, struct vn_err *err); /* usage */

/* send_run.c: from start to the last straggler. Fails only if nothing was sent. */
int send_execute(struct send_run *run, struct vn_err *err);
/* prev: the snapshot before, for the rates of now; NULL: none. Any thread, but
 * for the final one. */
int send_snapshot(struct send_run *run, bool is_final, const struct vn_snapshot *prev,
		  struct vn_snapshot *out);

/* send_off.c: --fail-if-off. Nothing without the option. */
int send_plan_off(struct send_run *run, struct vn_err *err); /* usage */
int send_check_off(struct send_run *run, struct vn_err *err); /* usage: each has a rate */
int send_judge_off(const struct send_run *run, const struct vn_snapshot *s, struct vn_err *err);
/* Of which streams nothing can be said. */
void send_print_off(const struct send_run *run, const struct vn_snapshot *s, FILE *out);

/* send_report.c */
FILE *send_out(const struct send_run *run); /* where text for people goes */
void send_show_settings(struct send_run *run, FILE *out); /* before the run */
void send_show_entry(const char *name, const struct vn_entry *entry, FILE *out);
void send_print_plan(struct send_run *run);
/* Final report; -errno with a sentence when the run was not what was asked. */
int send_report(struct send_run *run, struct vn_err *err);

#endif

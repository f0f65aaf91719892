/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four procedures of RFC 2544, section 26, for frames of one size, as pure
 * logic: which trial comes next, and what the results say. What carries a
 * trial out is behind struct vn_trial_ops, so the procedures are the same over
 * a wire, over a simulated device and over a model in a test.
 *
 * Rates are in thousandths of a frame a second, "milli": a medium's greatest
 * rate (14 880 952.381 frames/s) keeps its fraction, and everything stays
 * integer, so that the same answers always lead to the same trials.
 */
#ifndef VN_CMD_SEARCH_H
#define VN_CMD_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hist.h"

/* X(NAME, word for options, heading, section of RFC 2544), in their order: a
 * test may want what one before it found. */
#define VN_TESTS(X)                                                                                \
	X(THROUGHPUT, "throughput", "Throughput", "26.1")                                          \
	X(LATENCY, "latency", "Latency", "26.2")                                                   \
	X(LOSS, "loss", "Frame loss rate", "26.3")                                                 \
	X(BACK_TO_BACK, "back-to-back", "Back-to-back frames", "26.4")

enum vn_test {
#define VN_X(name, word, heading, section) VN_TEST_##name,
	VN_TESTS(VN_X)
#undef VN_X
		VN_TESTS_N,
};

#define VN_MILLI 1000 /* milli in one frame a second */
#define VN_PPM	 UINT64_C(1000000)

/* What is to be sent. */
struct vn_trial {
	enum vn_test test;
	bool is_final;	     /* its result is reported; else it only leads the search */
	uint32_t frame_size; /* bytes, FCS included, as the RFC counts */
	uint64_t rate_milli;
	uint64_t frames;	 /* at least 1 */
	uint64_t duration_ns;	 /* the trial lasts at least this long */
	struct vn_hist *latency; /* latencies are added to it, NULL: not wanted */
};

/* What became of it. Frames of other trials are in stragglers only. */
struct vn_trial_result {
	uint64_t sent;
	uint64_t received; /* first arrivals */
	uint64_t lost;	   /* sent - received */
	uint64_t duplicates, reordered, corrupt;
	uint64_t errors;	/* refused by the sending device, not sent */
	uint64_t stragglers;	/* of earlier trials */
	uint64_t drops;		/* of the receiving side, for want of room */
	uint64_t offered_milli; /* between the first frame and the last, 0: not known */
	bool is_short;		/* the sender did not reach the rate: says nothing about it */
	uint64_t latency_samples;
	uint64_t latency_min_ns, latency_max_ns;
	double latency_mean_ns;
};

struct vn_trial_ops {
	/* 0, or -errno with a sentence: there is no result, and no further trial. */
	int (*run)(void *arg, const struct vn_trial *trial, struct vn_trial_result *out,
		   struct vn_err *err);
};

/* Does not change while a procedure runs. */
struct vn_search {
	const struct vn_trial_ops *ops;
	void *arg;
	uint32_t frame_size;
	uint64_t medium_milli; /* greatest rate of the medium at this size */
	/* Rates tried are min + k * step, and max. 0 < min <= max, step > 0. */
	uint64_t min_milli, max_milli, step_milli;
	uint32_t loss_ppm;	      /* loss that passes, in throughput; RFC: 0 */
	uint64_t search_ns, final_ns; /* length of trials that lead, that count */
	uint64_t latency_ns;
	uint32_t latency_repeats;
	uint64_t loss_step_milli;
	uint64_t burst_ns;   /* the longest burst, at the medium's rate */
	uint64_t burst_step; /* frames */
	uint32_t burst_repeats;
};

/*
 * Each of the four returns 0 or what a trial returned, with its sentence; *out
 * then holds what was known up to there.
 */

struct vn_throughput {
	bool is_confirmed;	/* a trial of full length held at rate_milli, or none holds */
	uint64_t rate_milli;	/* greatest that held, 0: none */
	uint64_t failed_milli;	/* the next one tried above, which did not; 0: none was */
	bool is_sender_limited; /* there nothing was lost, but the sender was too slow */
	unsigned int n_trials;
};

/*
 * The greatest rate at which no more than loss_ppm was lost, by bisection of
 * the steps between min and max, max first. What it leads to is run again at
 * full length; when that fails, the search goes on below it.
 */
int vn_search_throughput(const struct vn_search *s, struct vn_throughput *out, struct vn_err *err);

struct vn_latency {
	uint64_t rate_milli;
	unsigned int n_done; /* repetitions that had samples */
	uint64_t sent, lost, samples;
	double mean_ns;		 /* of the repetitions' averages, as the RFC reports it */
	uint64_t min_ns, max_ns; /* of all frames, like the percentiles */
	uint64_t p50_ns, p90_ns, p99_ns, p999_ns; /* or VN_LATENCY_UNKNOWN */
};

#define VN_LATENCY_UNKNOWN UINT64_MAX /* of too few samples */

/* Repeated trials at one rate: the throughput. */
int vn_search_latency(const struct vn_search *s, uint64_t rate_milli, struct vn_latency *out,
		      struct vn_err *err);

struct vn_loss_point {
	uint64_t rate_milli, offered_milli, sent, lost;
	bool is_short;
};

struct vn_loss {
	struct vn_loss_point *points; /* greatest rate first; owned */
	unsigned int n;
	bool is_complete; /* ended by two trials without loss */
};

/* From max_milli down in steps, until two trials in succession lose nothing. */
int vn_search_loss(const struct vn_search *s, struct vn_loss *out, struct vn_err *err);
void vn_loss_free(struct vn_loss *loss); /* a zeroed one is accepted */

struct vn_back_to_back {
	unsigned int n_done; /* repetitions */
	double mean_frames, stddev_frames;
	uint64_t min_frames, max_frames;
	bool is_at_least;     /* the longest burst tried passed: the device may take more */
	unsigned int n_short; /* trials in which the sender left larger gaps than asked */
	unsigned int n_trials;
};

/* The longest burst at the medium's rate of which nothing is lost, repeated. */
int vn_search_back_to_back(const struct vn_search *s, struct vn_back_to_back *out,
			   struct vn_err *err);

/*
 * RFC 9004: the time that the device's buffer stands for, as the burst alone
 * implies it, and corrected for what the device sent on meanwhile.
 */
double vn_back_to_back_implied_s(const struct vn_search *s, double frames);
double vn_back_to_back_corrected_s(const struct vn_search *s, double frames,
				   uint64_t throughput_milli);

/* Frames that take this long at that rate, at least 1. */
uint64_t vn_search_frames(uint64_t rate_milli, uint64_t duration_ns);

#endif

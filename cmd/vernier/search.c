/* SPDX-License-Identifier: BSD-2-Clause */
#include "search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define MILLI_NS (VN_NSEC_PER_SEC * VN_MILLI) /* ns that 1 milli takes for a frame */

uint64_t vn_search_frames(uint64_t rate_milli, uint64_t duration_ns)
{
	__uint128_t n = (__uint128_t)rate_milli * duration_ns / MILLI_NS;

	return n < 1 ? 1 : (uint64_t)VN_MIN(n, (__uint128_t)INT64_MAX);
}

static int run_trial(const struct vn_search *s, const struct vn_trial *t,
		     struct vn_trial_result *out, struct vn_err *err)
{
	*out = (struct vn_trial_result){ 0 };
	return s->ops->run(s->arg, t, out, err);
}

/* A trial of full length at a rate. */
static int run_rate(const struct vn_search *s, enum vn_test test, uint64_t rate_milli,
		    struct vn_trial_result *out, struct vn_err *err)
{
	const struct vn_trial trial = {
		.test = test,
		.is_final = true,
		.frame_size = s->frame_size,
		.rate_milli = rate_milli,
		.frames = vn_search_frames(rate_milli, s->final_ns),
		.duration_ns = s->final_ns,
	};

	return run_trial(s, &trial, out, err);
}

/* --- throughput -------------------------------------------------------------- */

/*
 * Steps are numbered; `held` is the highest that passed, -1: none, `failed` the
 * lowest above it that did not, one past the last: none.
 */
struct hunt {
	const struct vn_search *s;
	struct vn_throughput *out;
	int64_t last, held, failed;
	int64_t fall;	/* steps to go down when a confirmation fails, doubled each time */
	bool is_strict; /* short trials have misled: from now on all have full length */
};

static uint64_t step_rate(const struct vn_search *s, int64_t k)
{
	return VN_MIN(s->min_milli + (uint64_t)k * s->step_milli, s->max_milli);
}

static bool is_loss_allowed(const struct vn_search *s, const struct vn_trial_result *r)
{
	return (__uint128_t)r->lost * VN_PPM <= (__uint128_t)r->sent * s->loss_ppm;
}

/* Keeps *out true after each trial: it is what an error leaves behind. */
static void tell(const struct hunt *h)
{
	h->out->rate_milli = h->held < 0 ? 0 : step_rate(h->s, h->held);
	h->out->failed_milli = h->failed > h->last ? 0 : step_rate(h->s, h->failed);
}

/* Tries step k; *passed when it held. */
static int try_step(struct hunt *h, int64_t k, bool is_final, bool *passed, struct vn_err *err)
{
	const struct vn_search *s = h->s;
	uint64_t ns = is_final ? s->final_ns : s->search_ns;
	const struct vn_trial trial = {
		.test = VN_TEST_THROUGHPUT,
		.is_final = is_final,
		.frame_size = s->frame_size,
		.rate_milli = step_rate(s, k),
		.frames = vn_search_frames(step_rate(s, k), ns),
		.duration_ns = ns,
	};
	struct vn_trial_result r;
	int rc = run_trial(s, &trial, &r, err);

	if (rc)
		return rc;
	h->out->n_trials++;
	*passed = is_loss_allowed(s, &r) && !r.is_short;
	if (!*passed)
		h->out->is_sender_limited = is_loss_allowed(s, &r);
	return 0;
}

/* Until held and failed are neighbours. k is the first step to try. */
static int bisect(struct hunt *h, int64_t k, struct vn_err *err)
{
	bool passed;

	while (h->failed - h->held > 1) {
		int rc = try_step(h, k, h->is_strict, &passed, err);

		if (rc)
			return rc;
		if (passed)
			h->held = k;
		else
			h->failed = k;
		tell(h);
		k = h->held + (h->failed - h->held) / 2;
	}
	return 0;
}

/*
 * A short trial may fit into the device's buffer, and a device with noise may
 * hold at a step once and not again. The steps below are then not known to hold
 * either: the search falls by more each time, so that it ends, and believes
 * trials of full length only.
 */
static void fall(struct hunt *h)
{
	h->failed = h->held;
	h->held = VN_MAX(h->failed - 1 - h->fall, -1);
	h->fall *= 2;
	h->is_strict = true;
	tell(h);
}

int vn_search_throughput(const struct vn_search *s, struct vn_throughput *out, struct vn_err *err)
{
	int64_t last = (int64_t)((s->max_milli - s->min_milli + s->step_milli - 1) / s->step_milli);
	struct hunt h = { s, out, .last = last, .held = -1, .failed = last + 1, .fall = 1 };
	int64_t k = last;
	bool passed = false;

	*out = (struct vn_throughput){ 0 };
	while (!passed) {
		int rc = bisect(&h, k, err);

		if (!rc && h.held >= 0)
			rc = try_step(&h, h.held, true, &passed, err);
		if (rc)
			return rc;
		if (h.held < 0)
			break;
		if (!passed)
			fall(&h);
		k = h.held + (h.failed - h.held) / 2;
	}
	out->is_confirmed = true;
	return 0;
}

/* --- latency ----------------------------------------------------------------- */

static void add_repetition(struct vn_latency *out, const struct vn_trial_result *r)
{
	out->sent += r->sent;
	out->lost += r->lost;
	if (!r->latency_samples)
		return;
	out->n_done++;
	out->mean_ns += (r->latency_mean_ns - out->mean_ns) / out->n_done;
}

/* Of fewer samples than these the percentile would be the greatest. */
static uint64_t percentile(const struct vn_hist *h, double pct, uint64_t least)
{
	return vn_hist_count(h) < least ? VN_LATENCY_UNKNOWN : vn_hist_percentile(h, pct);
}

static void summarize(struct vn_latency *out, const struct vn_hist *h)
{
	out->samples = vn_hist_count(h);
	if (!out->samples)
		return;
	out->min_ns = h->min;
	out->max_ns = h->max;
	out->p50_ns = percentile(h, 50, 2);
	out->p90_ns = percentile(h, 90, 10);
	out->p99_ns = percentile(h, 99, 100);
	out->p999_ns = percentile(h, 99.9, 1000);
}

int vn_search_latency(const struct vn_search *s, uint64_t rate_milli, struct vn_latency *out,
		      struct vn_err *err)
{
	struct vn_hist *hist = malloc(sizeof(*hist));
	const struct vn_trial trial = {
		.test = VN_TEST_LATENCY,
		.is_final = true,
		.frame_size = s->frame_size,
		.rate_milli = rate_milli,
		.frames = vn_search_frames(rate_milli, s->latency_ns),
		.duration_ns = s->latency_ns,
		.latency = hist,
	};
	struct vn_trial_result r;
	int rc = 0;

	*out = (struct vn_latency){ .rate_milli = rate_milli };
	if (!hist)
		return vn_err_set(err, ENOMEM, "no memory for a histogram of latencies");
	vn_hist_clear(hist);
	for (uint32_t i = 0; i < s->latency_repeats && !rc; i++) {
		rc = run_trial(s, &trial, &r, err);
		if (!rc)
			add_repetition(out, &r);
	}
	summarize(out, hist);
	free(hist);
	return rc;
}

/* --- frame loss rate ---------------------------------------------------------- */

static int add_point(struct vn_loss *loss, uint64_t rate_milli, const struct vn_trial_result *r,
		     struct vn_err *err)
{
	struct vn_loss_point *points =
		reallocarray(loss->points, loss->n + 1, sizeof(*loss->points));

	if (!points)
		return vn_err_set(err, ENOMEM, "no memory for %u rates", loss->n + 1);
	loss->points = points;
	points[loss->n++] = (struct vn_loss_point){
		.rate_milli = rate_milli,
		.offered_milli = r->offered_milli,
		.sent = r->sent,
		.lost = r->lost,
		.is_short = r->is_short,
	};
	return 0;
}

int vn_search_loss(const struct vn_search *s, struct vn_loss *out, struct vn_err *err)
{
	unsigned int without_loss = 0;
	struct vn_trial_result r;
	uint64_t rate = s->max_milli;
	int rc;

	*out = (struct vn_loss){ 0 };
	for (;;) {
		rc = run_rate(s, VN_TEST_LOSS, rate, &r, err);
		if (!rc)
			rc = add_point(out, rate, &r, err);
		if (rc)
			return rc;
		without_loss = r.lost ? 0 : without_loss + 1;
		out->is_complete = without_loss == 2;
		/* what the rounding of a share leaves over is no further rate */
		if (out->is_complete || rate <= s->loss_step_milli + s->loss_step_milli / 1000)
			return 0;
		rate -= s->loss_step_milli;
	}
}

void vn_loss_free(struct vn_loss *loss)
{
	free(loss->points);
	*loss = (struct vn_loss){ 0 };
}

/* --- back-to-back frames ------------------------------------------------------ */

/* Bursts of k * step frames; 0 passes by itself, one past the last: none failed. */
struct burst_hunt {
	const struct vn_search *s;
	struct vn_back_to_back *out;
	int64_t last, held, failed;
};

static int try_burst(struct burst_hunt *h, int64_t k, struct vn_err *err)
{
	const struct vn_search *s = h->s;
	const struct vn_trial trial = {
		.test = VN_TEST_BACK_TO_BACK,
		.is_final = true,
		.frame_size = s->frame_size,
		.rate_milli = s->medium_milli,
		.frames = (uint64_t)k * s->burst_step,
		.duration_ns = s->burst_ns,
	};
	struct vn_trial_result r;
	int rc = run_trial(s, &trial, &r, err);

	if (rc)
		return rc;
	h->out->n_trials++;
	h->out->n_short += r.is_short;
	if (r.lost)
		h->failed = k;
	else
		h->held = k;
	return 0;
}

/* Where to look next: by steps that double until one side of the answer and
 * then the other is known, then in the middle. */
static int64_t next_burst(const struct burst_hunt *h, int64_t reach)
{
	bool none_held = h->held == 0, none_failed = h->failed > h->last;

	if (none_failed && !none_held)
		return VN_MIN(h->held + reach, h->last);
	if (none_held && !none_failed)
		return VN_MAX(h->failed - reach, h->failed / 2);
	return h->held + (h->failed - h->held) / 2;
}

/*
 * One repetition, begun at the burst that the one before found: a device that
 * answers the same again is done with after two trials.
 */
static int find_burst(const struct vn_search *s, int64_t *k, int64_t last,
		      struct vn_back_to_back *out, struct vn_err *err)
{
	struct burst_hunt h = { s, out, .last = last, .failed = last + 1 };
	int64_t next = VN_MAX(*k, 1);

	for (int64_t reach = *k == last ? last : 1; h.failed - h.held > 1;
	     reach = VN_MIN(2 * reach, last)) {
		int rc = try_burst(&h, next, err);

		if (rc)
			return rc;
		next = next_burst(&h, reach);
	}
	*k = h.held;
	return 0;
}

/* Welford's running mean and sum of squared differences. */
static void add_burst(struct vn_back_to_back *out, uint64_t frames, double *squares)
{
	double delta = (double)frames - out->mean_frames;

	out->n_done++;
	out->mean_frames += delta / out->n_done;
	*squares += delta * ((double)frames - out->mean_frames);
	out->stddev_frames = out->n_done > 1 ? sqrt(*squares / (out->n_done - 1)) : 0;
	out->min_frames = out->n_done == 1 ? frames : VN_MIN(out->min_frames, frames);
	out->max_frames = VN_MAX(out->max_frames, frames);
}

int vn_search_back_to_back(const struct vn_search *s, struct vn_back_to_back *out,
			   struct vn_err *err)
{
	uint64_t longest = vn_search_frames(s->medium_milli, s->burst_ns);
	int64_t last = (int64_t)VN_MAX(longest / s->burst_step, 1);
	int64_t k = last;
	double squares = 0;

	*out = (struct vn_back_to_back){ 0 };
	for (uint32_t i = 0; i < s->burst_repeats; i++) {
		int rc = find_burst(s, &k, last, out, err);

		if (rc)
			return rc;
		add_burst(out, (uint64_t)k * s->burst_step, &squares);
		out->is_at_least |= k == last;
	}
	return 0;
}

double vn_back_to_back_implied_s(const struct vn_search *s, double frames)
{
	return frames * VN_MILLI / (double)s->medium_milli;
}

double vn_back_to_back_corrected_s(const struct vn_search *s, double frames,
				   uint64_t throughput_milli)
{
	double share = (double)throughput_milli / (double)s->medium_milli;

	return vn_back_to_back_implied_s(s, frames) * (1 - share);
}

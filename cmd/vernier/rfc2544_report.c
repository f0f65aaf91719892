/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line a trial while it runs, and at the end the tables that the RFC wants:
 * what was found beside what the medium could carry.
 */
#include "rfc2544_priv.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define TIME_TEXT 24

FILE *rfc2544_out(const struct rfc2544_run *run)
{
	bool is_taken = run->o.json && !strcmp(run->o.json, "-");

	return is_taken ? stderr : stdout;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* --- before and while it runs --------------------------------------------------- */

void rfc2544_print_plan(const struct rfc2544_run *run)
{
	FILE *out = rfc2544_out(run);

	fprintf(out, "%s by %s, medium of %.10g Mbit/s", run->dev->name, run->o.driver,
		(double)run->link_bps / 1e6);
	if (run->o.rx)
		fprintf(out, ", received on %s by %s\n", run->o.rx, run->rx_driver);
	else
		fprintf(out, ", received at its far end%s\n",
			run->o.is_sim ? ", simulated time" : "");
	fprintf(out, "frames of %s bytes, FCS included; trials of %.10g s; seed %s\n\n",
		run->o.sizes, (double)run->o.final_ns / 1e9, run->o.seed);
	fflush(out);
}

void rfc2544_print_trial(const struct rfc2544_run *run, const struct vn_trial *t,
			 const struct vn_trial_result *r, uint64_t medium_milli)
{
	fprintf(stderr, "trial %" PRIu64 ": %u bytes, %s, ", run->n_trials, t->frame_size,
		rfc2544_test_name(t->test));
	if (t->test == VN_TEST_BACK_TO_BACK)
		fprintf(stderr, "%" PRIu64 " frames", t->frames);
	else
		fprintf(stderr, "%.2f frames/s (%.2f %%)", rfc2544_fps(t->rate_milli),
			percent(t->rate_milli, medium_milli));
	fprintf(stderr, ": sent %" PRIu64 ", lost %" PRIu64 "%s", r->sent, r->lost,
		r->is_short ? ", slower than asked" : "");
	if (r->stragglers)
		fprintf(stderr, ", %" PRIu64 " of earlier trials", r->stragglers);
	if (r->drops)
		fprintf(stderr, ", %" PRIu64 " dropped by the receiver itself", r->drops);
	fputc('\n', stderr);
}

/* --- tables --------------------------------------------------------------------- */

static void time_text(double ns, char buf[TIME_TEXT])
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 0, "ns" } };
	unsigned int i = 0;

	while (ns < units[i].ns)
		i++;
	snprintf(buf, TIME_TEXT, "%.4g %s", units[i].ns > 0 ? ns / units[i].ns : ns, units[i].unit);
}

static void put_time(FILE *out, bool is_known, double ns)
{
	char text[TIME_TEXT] = "-";

	if (is_known)
		time_text(ns, text);
	fprintf(out, "%11s", text);
}

static const char *throughput_note(const struct vn_throughput *t)
{
	if (!t->is_confirmed)
		return "  (not confirmed)";
	if (t->is_sender_limited)
		return "  (the sender does no more)";
	return t->rate_milli ? "" : "  (every rate lost frames)";
}

static void throughput_row(FILE *out, const struct rfc2544_size *z)
{
	const struct vn_throughput *t = &z->throughput;
	double bits = rfc2544_fps(t->rate_milli) * z->search.frame_size * 8;

	fprintf(out, "%6u%16.2f%16.2f%10.2f%13.3f%8u%s\n", z->search.frame_size,
		rfc2544_fps(z->search.medium_milli), rfc2544_fps(t->rate_milli),
		percent(t->rate_milli, z->search.medium_milli), bits / 1e6, t->n_trials,
		throughput_note(t));
}

static void latency_row(FILE *out, const struct rfc2544_size *z)
{
	const struct vn_latency *l = &z->latency;
	const uint64_t times[] = {
		l->min_ns, l->p50_ns, l->p90_ns, l->p99_ns, l->p999_ns, l->max_ns,
	};

	fprintf(out, "%6u%16.2f%6u", z->search.frame_size, rfc2544_fps(l->rate_milli), l->n_done);
	put_time(out, l->n_done, l->mean_ns);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(times); i++)
		put_time(out, l->n_done && times[i] != VN_LATENCY_UNKNOWN, (double)times[i]);
	fprintf(out, "%10" PRIu64 "\n", l->lost);
}

static void loss_row(FILE *out, const struct rfc2544_size *z)
{
	for (unsigned int i = 0; i < z->loss.n; i++) {
		const struct vn_loss_point *p = &z->loss.points[i];

		fprintf(out, "%6u%16.2f%10.2f%14" PRIu64 "%14" PRIu64 "%10.4f%s\n",
			z->search.frame_size, rfc2544_fps(p->rate_milli),
			percent(p->rate_milli, z->search.medium_milli), p->sent, p->lost,
			percent(p->lost, p->sent), p->is_short ? "  (slower than asked)" : "");
	}
}

/* RFC 9004: what left the buffer meanwhile is known where the throughput is. */
static void back_to_back_row(FILE *out, const struct rfc2544_size *z)
{
	const struct vn_back_to_back *b = &z->back_to_back;
	bool is_corrected = z->has[VN_TEST_THROUGHPUT] && z->throughput.is_confirmed && b->n_done &&
			    !b->is_at_least;

	fprintf(out, "%6u%6u%14.1f%12" PRIu64 "%12" PRIu64 "%10.1f", z->search.frame_size,
		b->n_done, b->mean_frames, b->min_frames, b->max_frames, b->stddev_frames);
	put_time(out, b->n_done, vn_back_to_back_implied_s(&z->search, b->mean_frames) * 1e9);
	put_time(out, is_corrected,
		 vn_back_to_back_corrected_s(&z->search, b->mean_frames, z->throughput.rate_milli) *
			 1e9);
	fprintf(out, "%s", b->is_at_least ? "  (or more: the longest passed)" : "");
	if (b->n_short)
		fprintf(out, "  (%u of %u trials slower than asked)", b->n_short, b->n_trials);
	fputc('\n', out);
}

/* In the order of enum vn_test. */
static const struct {
	const char *heading;
	const char *columns;
	void (*row)(FILE *out, const struct rfc2544_size *z);
} tables[VN_TESTS_N] = {
	[VN_TEST_THROUGHPUT] = {
		"Throughput (RFC 2544, 26.1), frames/s",
		"  size         maximum           found      of %    Mbit/s L2  trials",
		throughput_row,
	},
	[VN_TEST_LATENCY] = {
		"Latency (26.2) at the throughput, all frames stamped",
		"  size        frames/s   rep    average        min        50%        90%"
		"        99%      99.9%        max      lost",
		latency_row,
	},
	[VN_TEST_LOSS] = {
		"Frame loss rate (26.3)",
		"  size        frames/s      of %          sent          lost    loss %",
		loss_row,
	},
	[VN_TEST_BACK_TO_BACK] = {
		"Back-to-back frames (26.4), buffer times (RFC 9004)",
		"  size   rep       average         min         max    stddev    implied"
		"  corrected",
		back_to_back_row,
	},
};

static bool has_any(const struct rfc2544_run *run, unsigned int test)
{
	for (unsigned int i = 0; i < run->n_sizes; i++)
		if (run->sizes[i].has[test])
			return true;
	return false;
}

void rfc2544_print_report(const struct rfc2544_run *run)
{
	FILE *out = rfc2544_out(run);

	for (unsigned int test = 0; test < VN_TESTS_N; test++) {
		if (!has_any(run, test))
			continue;
		fprintf(out, "%s\n%s\n", tables[test].heading, tables[test].columns);
		for (unsigned int i = 0; i < run->n_sizes; i++)
			if (run->sizes[i].has[test])
				tables[test].row(out, &run->sizes[i]);
		fputc('\n', out);
	}
	if (run->o.json)
		fprintf(out, "JSON: %s\n", run->o.json);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One object a trial and one at the end, by docs/rfc2544.schema.json; what is
 * not known is null. A line that cannot be written does not end the benchmark:
 * the stream remembers, and vn_json_close() tells.
 */
#include "rfc2544_priv.h"

#include <jansson.h>
#include <string.h>

#define REAL_DIGITS 12 /* as the other lines */

static json_t *known_real(bool is_known, double x)
{
	return is_known ? json_real(x) : json_null();
}

static json_t *known_count(bool is_known, uint64_t n)
{
	return is_known ? json_integer((json_int_t)n) : json_null();
}

static json_t *known_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* 0 is "not known". */
static json_t *rate(uint64_t milli)
{
	return known_real(milli, rfc2544_fps(milli));
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static void put_line(struct rfc2544_run *run, json_t *o)
{
	if (!json_dumpf(o, run->json.out, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS))) {
		fputc('\n', run->json.out);
		fflush(run->json.out);
	}
	json_decref(o);
}

static json_t *begin_line(const char *kind)
{
	json_t *o = json_object();

	json_object_set_new(o, "vernier", json_string(VN_VERSION));
	json_object_set_new(o, "command", json_string("rfc2544"));
	json_object_set_new(o, "kind", json_string(kind));
	return o;
}

static void add_result(json_t *o, const struct vn_trial_result *r)
{
	const struct {
		const char *key;
		uint64_t n;
	} counts[] = {
		{ "sent", r->sent },	       { "received", r->received },
		{ "lost", r->lost },	       { "duplicates", r->duplicates },
		{ "reordered", r->reordered }, { "corrupt", r->corrupt },
		{ "errors", r->errors },       { "stragglers", r->stragglers },
		{ "drops", r->drops },	       { "latency_samples", r->latency_samples },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(counts); i++)
		json_object_set_new(o, counts[i].key, count(counts[i].n));
	json_object_set_new(o, "short", json_boolean(r->is_short));
	json_object_set_new(o, "latency_mean_ns",
			    known_real(r->latency_samples, r->latency_mean_ns));
	json_object_set_new(o, "latency_min_ns",
			    known_count(r->latency_samples, r->latency_min_ns));
	json_object_set_new(o, "latency_max_ns",
			    known_count(r->latency_samples, r->latency_max_ns));
}

void rfc2544_json_trial(struct rfc2544_run *run, const struct vn_trial *t,
			const struct vn_trial_result *r, uint64_t medium_milli)
{
	json_t *o;

	if (!run->json.out)
		return;
	o = begin_line("trial");
	json_object_set_new(o, "trial", count(run->n_trials));
	json_object_set_new(o, "test", json_string(rfc2544_test_name(t->test)));
	json_object_set_new(o, "final", json_boolean(t->is_final));
	json_object_set_new(o, "frame_size", count(t->frame_size));
	json_object_set_new(o, "maximum_fps", rate(medium_milli));
	json_object_set_new(o, "asked_fps", rate(t->rate_milli));
	json_object_set_new(o, "offered_fps", rate(r->offered_milli));
	json_object_set_new(o, "asked_frames", count(t->frames));
	json_object_set_new(o, "duration_s", json_real((double)t->duration_ns / 1e9));
	add_result(o, r);
	put_line(run, o);
}

/* --- the last line --------------------------------------------------------------- */

static json_t *throughput_json(const struct rfc2544_size *z)
{
	const struct vn_throughput *t = &z->throughput;

	return json_pack("{s:f, s:b, s:b, s:o, s:i}", "fps", rfc2544_fps(t->rate_milli),
			 "confirmed", t->is_confirmed, "sender_limited", t->is_sender_limited,
			 "failed_fps", rate(t->failed_milli), "trials", (int)t->n_trials);
}

static json_t *latency_json(const struct rfc2544_size *z)
{
	const struct vn_latency *l = &z->latency;
	const struct {
		const char *key;
		uint64_t ns;
	} times[] = {
		{ "min_ns", l->min_ns }, { "p50_ns", l->p50_ns },   { "p90_ns", l->p90_ns },
		{ "p99_ns", l->p99_ns }, { "p999_ns", l->p999_ns }, { "max_ns", l->max_ns },
	};
	json_t *o = json_pack("{s:o, s:i, s:o, s:o, s:o, s:o}", "fps", rate(l->rate_milli),
			      "repetitions", (int)l->n_done, "sent", count(l->sent), "lost",
			      count(l->lost), "samples", count(l->samples), "mean_ns",
			      known_real(l->n_done, l->mean_ns));

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(times); i++)
		json_object_set_new(
			o, times[i].key,
			known_count(l->n_done && times[i].ns != VN_LATENCY_UNKNOWN, times[i].ns));
	return o;
}

static json_t *loss_json(const struct rfc2544_size *z)
{
	json_t *points = json_array();

	for (unsigned int i = 0; i < z->loss.n; i++) {
		const struct vn_loss_point *p = &z->loss.points[i];
		double loss = p->sent ? 100.0 * (double)p->lost / (double)p->sent : 0;

		json_array_append_new(points,
				      json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "fps",
						rate(p->rate_milli), "offered_fps",
						rate(p->offered_milli), "sent", count(p->sent),
						"lost", count(p->lost), "loss_percent",
						known_real(p->sent, loss), "short", p->is_short));
	}
	return json_pack("{s:b, s:o}", "complete", z->loss.is_complete, "points", points);
}

static json_t *back_to_back_json(const struct rfc2544_size *z)
{
	const struct vn_back_to_back *b = &z->back_to_back;
	bool is_known = b->n_done;
	bool is_corrected = is_known && !b->is_at_least && z->has[VN_TEST_THROUGHPUT] &&
			    z->throughput.is_confirmed;
	double implied = vn_back_to_back_implied_s(&z->search, b->mean_frames);
	double corrected =
		vn_back_to_back_corrected_s(&z->search, b->mean_frames, z->throughput.rate_milli);

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:b, s:i, s:i, s:o, s:o}", "repetitions",
			 (int)b->n_done, "mean_frames", known_real(is_known, b->mean_frames),
			 "min_frames", known_count(is_known, b->min_frames), "max_frames",
			 known_count(is_known, b->max_frames), "stddev_frames",
			 known_real(is_known, b->stddev_frames), "at_least", b->is_at_least,
			 "short_trials", (int)b->n_short, "trials", (int)b->n_trials,
			 "implied_buffer_s", known_real(is_known, implied), "corrected_buffer_s",
			 known_real(is_corrected, corrected));
}

static json_t *size_json(const struct rfc2544_size *z)
{
	static const struct {
		const char *key;
		json_t *(*make)(const struct rfc2544_size *z);
	} results[VN_TESTS_N] = {
		[VN_TEST_THROUGHPUT] = { "throughput", throughput_json },
		[VN_TEST_LATENCY] = { "latency", latency_json },
		[VN_TEST_LOSS] = { "loss", loss_json },
		[VN_TEST_BACK_TO_BACK] = { "back_to_back", back_to_back_json },
	};
	json_t *o = json_pack("{s:i, s:o}", "frame_size", (int)z->search.frame_size, "maximum_fps",
			      rate(z->search.medium_milli));

	for (unsigned int i = 0; i < VN_TESTS_N; i++)
		json_object_set_new(o, results[i].key,
				    z->has[i] ? results[i].make(z) : json_null());
	return o;
}

void rfc2544_json_result(struct rfc2544_run *run, const char *verdict)
{
	json_t *o, *sizes;

	if (!run->json.out)
		return;
	o = begin_line("result");
	sizes = json_array();
	json_object_set_new(o, "verdict", json_string(verdict));
	json_object_set_new(o, "driver", json_string(run->o.driver));
	json_object_set_new(o, "interface", known_text(run->target));
	json_object_set_new(o, "rx_interface", known_text(run->o.rx));
	json_object_set_new(o, "virtual_time", json_boolean(run->o.is_sim));
	json_object_set_new(o, "seed", count(run->seed));
	json_object_set_new(o, "link_mbps", json_real((double)run->link_bps / 1e6));
	json_object_set_new(o, "trials", count(run->n_trials));
	for (unsigned int i = 0; i < run->n_sizes; i++)
		json_array_append_new(sizes, size_json(&run->sizes[i]));
	json_object_set_new(o, "sizes", sizes);
	put_line(run, o);
}

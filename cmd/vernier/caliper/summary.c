/* SPDX-License-Identifier: BSD-2-Clause */
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <vernier/vernier.h>

#include "base/macros.h"

#define FCS_BYTES 4

static const char *const ends[] = {
#define VN_X(name, text) text,
	CALIPER_ENDS(VN_X)
#undef VN_X
};

static const char *const precisions[] = {
	[CAL_BY_CARD] = "card",
	[CAL_BY_SPINNING] = "spinning",
	[CAL_BY_QDISC] = "qdisc",
	[CAL_BY_DEVICE] = "device",
};

static const char *precision(const struct caliper_result *res)
{
	return (unsigned int)res->precision < VN_ARRAY_SIZE(precisions) ? precisions[res->precision]
									: "unknown";
}

void caliper_rates(const struct caliper_result *res, struct caliper_rates *out)
{
	uint64_t gaps = res->packets - 1;
	double seconds;

	*out = (struct caliper_rates){ .is_known = false };
	if (!res->has_first || !res->has_last || res->last_ns < res->first_ns)
		return;
	out->duration_ns = res->last_ns - res->first_ns;
	if (res->packets < 2 || !out->duration_ns)
		return;
	out->is_known = true;
	seconds = (double)out->duration_ns / (double)VN_NSEC_PER_SEC;
	out->pps = (double)gaps / seconds;
	out->mbps = (double)(res->bytes - res->first_bytes) * 8 / seconds / 1e6;
	out->mbps_fcs = out->mbps + (double)(gaps * FCS_BYTES) * 8 / seconds / 1e6;
}

/* Is it what is counted since the driver began, or a state or a greatest value? */
static bool is_sum(unsigned int counter)
{
	switch (counter) {
	case CAL_COUNTER_late_max_ns:
	case CAL_COUNTER_free_txbuffs:
	case CAL_COUNTER_waiting:
	case CAL_COUNTER_building:
	case CAL_COUNTER_allowed_send:
	case CAL_COUNTER_state:
		return false;
	default:
		return true;
	}
}

/* Over the run; states as they are at its end. */
static uint64_t counted(const struct caliper_result *res, unsigned int counter)
{
	return res->after[counter] - (is_sum(counter) ? res->before[counter] : 0);
}

/* --- text ----------------------------------------------------------------------------- */

static void print_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64 " s", ns / VN_NSEC_PER_SEC, ns % VN_NSEC_PER_SEC);
}

static void print_times(const struct caliper_run *r, FILE *out)
{
	const struct caliper_result *res = &r->res;
	struct caliper_rates rates;

	if (!res->has_first || !res->has_last) {
		if (res->packets)
			fputs("departures: not all of them were told\n", out);
		return;
	}
	caliper_rates(res, &rates);
	fputs("departures: first ", out);
	print_seconds(out, res->first_ns);
	fputs(", last ", out);
	print_seconds(out, res->last_ns);
	fprintf(out, " of %s%s\nduration: ", r->s.by_driver ? "the card's time" : "the clock",
		res->last_is_planned ? ", as it is planned" : "");
	print_seconds(out, rates.duration_ns);
	if (rates.is_known)
		fprintf(out, ", %.1f packets/s, %.1f Mb/s (%.1f with FCS)", rates.pps, rates.mbps,
			rates.mbps_fcs);
	fputc('\n', out);
}

static void print_late(const struct caliper_result *res, FILE *out)
{
	fprintf(out, "late: %" PRIu64 " packets, ", res->late);
	if (res->late_max_is_least && !res->late_max_ns)
		fputs("by how much was not told\n", out);
	else
		fprintf(out, "at most by %" PRIu64 " ns%s\n", res->late_max_ns,
			res->late_max_is_least ? ", of those of which it was told" : "");
}

static void print_driver(const struct caliper_result *res, FILE *out)
{
	uint64_t transfers = counted(res, CAL_COUNTER_transfers);

	if (res->precision != CAL_BY_CARD)
		fprintf(out, "times are kept by: %s, not by a card\n", precision(res));
	if (res->has_left && res->left != res->packets)
		fprintf(out,
			"wire: %" PRIu64
			" frames left; the card's queue to it was full of others\n",
			res->left);
	if (!res->has_counters)
		return;
	fprintf(out, "driver: %" PRIu64 " txbuff waits, %" PRIu64 " DMA transfers",
		counted(res, CAL_COUNTER_txbuff_waits), transfers);
	if (transfers)
		fprintf(out, ", %.1f packets a transfer",
			(double)counted(res, CAL_COUNTER_entries) / (double)transfers);
	fputc('\n', out);
}

static void print_departures(const struct caliper_result *res, FILE *out)
{
	const struct vn_departures *d = res->departures;
	uint64_t gaps = vn_stat_get(&d->n.gaps);

	if (vn_hist_count(&d->lateness))
		fprintf(out,
			"lateness: 50%% %" PRIu64 " ns, 99%% %" PRIu64 " ns, 99.9%% %" PRIu64
			" ns, most %" PRIu64 " ns\n",
			vn_hist_percentile(&d->lateness, 50), vn_hist_percentile(&d->lateness, 99),
			vn_hist_percentile(&d->lateness, 99.9), res->late_max_ns);
	if (!gaps)
		return;
	fprintf(out, "gaps off: 50%% %" PRIu64 " ns, 99%% %" PRIu64 " ns; within",
		vn_hist_percentile(&d->gap_error, 50), vn_hist_percentile(&d->gap_error, 99));
#define VN_X(ns, key)                                                                              \
	fprintf(out, " " #key " %.1f%%",                                                           \
		100 * (double)vn_departures_within(d, VN_WITHIN_##key) / (double)gaps);
	VN_WITHINS(VN_X)
#undef VN_X
	fputc('\n', out);
}

static void print_udp(const struct caliper_result *res, FILE *out)
{
	if (res->departures)
		print_departures(res, out);
	if (res->refused)
		fprintf(out,
			"answers: %" PRIu64 " times, nobody listens on that port of the receiver\n",
			res->refused);
}

static void print_interrupted(const struct caliper_run *r, FILE *out)
{
	const struct caliper_result *res = &r->res;
	uint64_t in_card = res->given - res->cancelled - res->packets;

	if (!r->s.by_driver) {
		fputs("interrupted: by a signal\n", out);
		return;
	}
	fprintf(out, "interrupted: %" PRIu64 " packets were taken back from the driver",
		res->cancelled);
	if (in_card) /* --cosim */
		fprintf(out, ", %" PRIu64 " were in the card when the time ended", in_card);
	fputc('\n', out);
}

void caliper_summary_print(const struct caliper_run *r, FILE *out)
{
	const struct caliper_result *res = &r->res;

	fprintf(out, "packets: %" PRIu64 ", %" PRIu64 " bytes of frames without FCS\n",
		res->packets, res->bytes);
	print_times(r, out);
	print_late(res, out);
	if (r->s.by_driver)
		print_driver(res, out);
	else
		print_udp(res, out);
	if (res->end == CALIPER_END_INTERRUPTED)
		print_interrupted(r, out);
	if (res->end == CALIPER_END_FAILED && res->given > res->packets)
		fprintf(out, "failed: of %" PRIu64 " more packets nobody knows\n",
			res->given - res->packets);
}

/* --- JSON ----------------------------------------------------------------------------- */

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *if_known(bool is_known, uint64_t n)
{
	return is_known ? number(n) : json_null();
}

static json_t *rate(const struct caliper_rates *rates, double value)
{
	return rates->is_known ? json_real(value) : json_null();
}

/* A name that is no UTF-8 is told as far as it can be. */
static json_t *text(const char *s)
{
	json_t *o = s ? json_string(s) : json_null();

	return o ? o : json_string("?");
}

static json_t *counters_json(const struct caliper_result *res)
{
	json_t *o = json_object();

	for (unsigned int i = 0; i < CAL_N_COUNTERS; i++)
		json_object_set_new(o, vn_caliper_counter_name(i), number(counted(res, i)));
	return o;
}

static json_t *driver_json(const struct caliper_result *res)
{
	json_t *counters = res->has_counters ? counters_json(res) : json_null();

	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "interface",
			 res->ifname[0] ? text(res->ifname) : json_null(), "precision",
			 precision(res), "given", number(res->given), "cancelled",
			 number(res->cancelled), "left", if_known(res->has_left, res->left),
			 "marks", number(res->marks), "events_lost", number(res->events_lost),
			 "counters", counters);
}

static json_t *hist_json(const struct vn_hist *h)
{
	if (!vn_hist_count(h))
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:f}", "p50_ns", number(vn_hist_percentile(h, 50)),
		"p90_ns", number(vn_hist_percentile(h, 90)), "p99_ns",
		number(vn_hist_percentile(h, 99)), "p999_ns", number(vn_hist_percentile(h, 99.9)),
		"max_ns", number(h->max), "mean_ns", vn_hist_mean(h));
}

static json_t *within_json(const struct vn_departures *d)
{
	json_t *o = json_object();

#define VN_X(ns, key)                                                                              \
	json_object_set_new(o, #key, number(vn_departures_within(d, VN_WITHIN_##key)));
	VN_WITHINS(VN_X)
#undef VN_X
	return o;
}

static json_t *udp_json(const struct caliper_result *res)
{
	const struct vn_departures *d = res->departures;

	if (!d)
		return json_null();
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "source_port", (int)res->sport,
			 "refused", number(res->refused), "lateness", hist_json(&d->lateness),
			 "gap_error", hist_json(&d->gap_error), "gaps",
			 number(vn_stat_get(&d->n.gaps)), "within", within_json(d), "bursts",
			 number(vn_stat_get(&d->n.bursts)));
}

/* What was asked; of files their names. */
static json_t *asked_json(const struct caliper_settings *s)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:I, s:I}", "packets",
		if_known(s->n_packets, s->n_packets), "time_ns", if_known(s->time_ns, s->time_ns),
		"delay_ns", if_known(!s->delay_file, s->delays.v[0]), "delay_file",
		text(s->delay_file), "payload", if_known(!s->payload_file, s->payloads.v[0]),
		"payload_file", text(s->payload_file), "destination", s->dst_text, "stamp",
		s->stamps, "catchup", s->catches_up, "burst", (json_int_t)s->burst, "ahead",
		(json_int_t)s->ahead);
}

static const char *way(const struct caliper_settings *s)
{
	return s->app ? "cosim" : s->by_driver ? "driver" : "udp";
}

int caliper_summary_json(const struct caliper_run *r, FILE *out)
{
	const struct caliper_result *res = &r->res;
	struct caliper_rates rates;
	json_t *o;
	int rc;

	caliper_rates(res, &rates);
	o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, "
		      "s:b, s:o, s:o, s:o}",
		      "vernier", VN_VERSION, "command", "caliper", "way", way(&r->s), "end",
		      ends[res->end], "packets", number(res->packets), "bytes", number(res->bytes),
		      "first_ns", if_known(res->has_first, res->first_ns), "last_ns",
		      if_known(res->has_last, res->last_ns), "last_is_planned",
		      res->last_is_planned, "duration_ns",
		      if_known(res->has_first && res->has_last, rates.duration_ns), "pps",
		      rate(&rates, rates.pps), "mbps", rate(&rates, rates.mbps), "mbps_fcs",
		      rate(&rates, rates.mbps_fcs), "late", number(res->late), "late_max_ns",
		      number(res->late_max_ns), "late_max_is_least", res->late_max_is_least,
		      "driver", r->s.by_driver ? driver_json(res) : json_null(), "udp",
		      udp_json(res), "asked", asked_json(&r->s));
	if (!o)
		return -ENOMEM;
	rc = json_dumpf(o, out, JSON_INDENT(2));
	json_decref(o);
	return rc || fputc('\n', out) == EOF ? -EIO : 0;
}

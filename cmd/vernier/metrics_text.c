/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics_text.h"

#include <inttypes.h>

#include "machine_report.h"

/* From the unit of the snapshot to Prometheus' base unit. */
#define MBPS 125000.0 /* bytes a second */
#define PPM  1e-6

/*
 * A number of each stream. Counters never go down while a run lasts; what can,
 * like lost (a late packet is not lost any more), is a gauge.
 */
static const struct metric {
	const char *name, *type, *help;
	enum vn_snap_field field;
	double scale; /* of fields that are no counts and no times */
} metrics[] = {
	{ "sent_packets_total", "counter", "Packets sent.", VN_F_sent, 1 },
	{ "received_packets_total", "counter", "Packets received, duplicates included.",
	  VN_F_received, 1 },
	{ "unique_packets_total", "counter", "First arrivals, by sequence number.", VN_F_unique,
	  1 },
	{ "duplicate_packets_total", "counter", "Packets whose number had come before.",
	  VN_F_duplicates, 1 },
	{ "reordered_packets_total", "counter",
	  "Packets whose number is smaller than one that came before (RFC 4737).", VN_F_reordered,
	  1 },
	{ "too_late_packets_total", "counter", "Packets older than the receiver's window.",
	  VN_F_too_late, 1 },
	{ "overdue_packets_total", "counter",
	  "Packets that were under way longer than --late-after.", VN_F_overdue, 1 },
	{ "reorder_extent_unknown_packets_total", "counter",
	  "Reordered packets displaced further than is remembered.", VN_F_reorder_extent_unknown,
	  1 },
	{ "corrupt_packets_total", "counter", "Packets with a wrong IPv4 or UDP checksum.",
	  VN_F_corrupt, 1 },
	{ "send_errors_total", "counter", "Packets the device took and lost when sending.",
	  VN_F_errors, 1 },
	{ "late_packets_total", "counter", "Packets handed over more than 1 us after their time.",
	  VN_F_late, 1 },
	{ "early_packets_total", "counter", "Packets handed over before their time.", VN_F_early,
	  1 },
	{ "skipped_departures_total", "counter",
	  "Departures left out since their time had passed (policy skip).", VN_F_skipped, 1 },
	{ "departure_gaps_total", "counter", "Gaps between departures, compared with those asked.",
	  VN_F_asked_gaps, 1 },
	{ "burst_gaps_total", "counter", "Gaps of less than half of the one asked for.",
	  VN_F_bursts, 1 },
	{ "stamped_late_packets_total", "counter",
	  "Packets stamped more than 1 us after their time.", VN_F_stamped_late, 1 },
	{ "stamped_early_packets_total", "counter", "Packets stamped before their time.",
	  VN_F_stamped_early, 1 },
	{ "stamped_departure_gaps_total", "counter",
	  "Gaps between stamps of departures, compared with those asked.", VN_F_stamped_asked_gaps,
	  1 },
	{ "stamped_burst_gaps_total", "counter",
	  "Gaps between stamps of less than half of the one asked for.", VN_F_stamped_bursts, 1 },
	{ "negative_latency_packets_total", "counter",
	  "Packets stamped later than they arrived: the clocks differ.", VN_F_latency_negative, 1 },
	{ "lost_packets", "gauge", "Packets that were sent and have not come, as far as is known.",
	  VN_F_lost, 1 },
	{ "in_flight_packets", "gauge", "Packets sent, neither received nor lost.", VN_F_in_flight,
	  1 },
	{ "asked_packets_per_second", "gauge", "Rate asked for; absent at full speed.",
	  VN_F_asked_pps, 1 },
	{ "asked_mean_packets_per_second", "gauge",
	  "Rate asked for, from the first departure to the last.", VN_F_asked_mean_pps, 1 },
	{ "sent_packets_per_second", "gauge", "Rate sent, from the first packet to the last.",
	  VN_F_pps, 1 },
	{ "sent_l1_bytes_per_second", "gauge", "The same in bytes, preamble and gap included.",
	  VN_F_mbps_l1, MBPS },
	{ "sent_l2_bytes_per_second", "gauge", "The same in bytes, frame and FCS.", VN_F_mbps_l2,
	  MBPS },
	{ "rate_error_ratio", "gauge", "Rate sent over rate asked for, less 1.",
	  VN_F_rate_error_ppm, PPM },
	{ "received_packets_per_second", "gauge",
	  "Rate received, from the first packet to the last.", VN_F_rx_pps, 1 },
	{ "received_l1_bytes_per_second", "gauge", "The same in bytes, preamble and gap included.",
	  VN_F_rx_mbps_l1, MBPS },
	{ "received_l2_bytes_per_second", "gauge", "The same in bytes, frame and FCS.",
	  VN_F_rx_mbps_l2, MBPS },
	{ "late_max_seconds", "gauge", "Greatest lateness so far.", VN_F_late_max_ns, 1 },
	{ "early_max_seconds", "gauge", "Greatest earliness so far.", VN_F_early_max_ns, 1 },
	{ "slid_seconds", "gauge", "Time by which the schedule was put off (policy slide).",
	  VN_F_slid_ns, 1 },
	{ "batch_max_departures", "gauge", "Most departures that one call served.", VN_F_batch_max,
	  1 },
	{ "call_seconds", "gauge", "What a call for one packet costs, as measured.", VN_F_call_ns,
	  1 },
	{ "burst_gaps_ratio", "gauge", "Part of the gaps below half of the one asked for.",
	  VN_F_bursts_ratio, 1 },
	{ "stamped_burst_gaps_ratio", "gauge", "The same of gaps between stamps.",
	  VN_F_stamped_bursts_ratio, 1 },
	{ "latency_min_seconds", "gauge", "Least time from sending to arrival.",
	  VN_F_latency_min_ns, 1 },
	{ "jitter_seconds", "gauge", "Interarrival jitter (RFC 3550).", VN_F_jitter_ns, 1 },
};

struct quantile {
	const char *text;
	enum vn_snap_field field;
};

#define QUANTILES 5

static const struct summary {
	const char *name, *help;
	enum vn_snap_field samples;
	enum vn_snap_hist hist; /* of the sum */
	bool is_count;		/* values are numbers of packets, not times */
	struct quantile quantiles[QUANTILES];
} summaries[] = {
	{ "gap_seconds",
	  "Gaps between arrivals.",
	  VN_F_gap_samples,
	  VN_H_gap,
	  false,
	  { { "0.5", VN_F_gap_p50_ns },
	    { "0.99", VN_F_gap_p99_ns },
	    { "0.999", VN_F_gap_p999_ns },
	    { "1", VN_F_gap_max_ns } } },
	{ "latency_seconds",
	  "Times from sending to arrival.",
	  VN_F_latency_samples,
	  VN_H_latency,
	  false,
	  { { "0.5", VN_F_latency_p50_ns },
	    { "0.99", VN_F_latency_p99_ns },
	    { "0.999", VN_F_latency_p999_ns },
	    { "1", VN_F_latency_max_ns } } },
	{ "lateness_seconds",
	  "Departures less the times asked for; known when the run is over.",
	  VN_F_lateness_samples,
	  VN_H_lateness,
	  false,
	  { { "0.5", VN_F_lateness_p50_ns },
	    { "0.9", VN_F_lateness_p90_ns },
	    { "0.99", VN_F_lateness_p99_ns },
	    { "0.999", VN_F_lateness_p999_ns },
	    { "1", VN_F_lateness_max_ns } } },
	{ "gap_error_seconds",
	  "Gaps between departures against those asked for, without sign; known when the run is "
	  "over.",
	  VN_F_gap_error_samples,
	  VN_H_gap_error,
	  false,
	  { { "0.5", VN_F_gap_error_p50_ns },
	    { "0.99", VN_F_gap_error_p99_ns },
	    { "0.999", VN_F_gap_error_p999_ns },
	    { "1", VN_F_gap_error_max_ns } } },
	{ "stamped_lateness_seconds",
	  "Stamps of departures less the times asked for; known when the run is over.",
	  VN_F_stamped_lateness_samples,
	  VN_H_stamped_lateness,
	  false,
	  { { "0.5", VN_F_stamped_lateness_p50_ns },
	    { "0.9", VN_F_stamped_lateness_p90_ns },
	    { "0.99", VN_F_stamped_lateness_p99_ns },
	    { "0.999", VN_F_stamped_lateness_p999_ns },
	    { "1", VN_F_stamped_lateness_max_ns } } },
	{ "stamped_gap_error_seconds",
	  "Gaps between stamps against those asked for, without sign; known when the run is over.",
	  VN_F_stamped_gap_error_samples,
	  VN_H_stamped_gap_error,
	  false,
	  { { "0.5", VN_F_stamped_gap_error_p50_ns },
	    { "0.99", VN_F_stamped_gap_error_p99_ns },
	    { "0.999", VN_F_stamped_gap_error_p999_ns },
	    { "1", VN_F_stamped_gap_error_max_ns } } },
	{ "delay_variation_seconds",
	  "Latency of a packet against that of the one before (RFC 5481, IPDV), without sign.",
	  VN_F_ipdv_samples,
	  VN_H_ipdv,
	  false,
	  { { "0.5", VN_F_ipdv_abs_p50_ns }, { "0.99", VN_F_ipdv_abs_p99_ns } } },
	{ "reorder_extent_packets",
	  "Arrivals by which a reordered packet came too late (RFC 4737).",
	  VN_F_reorder_extent_samples,
	  VN_H_reorder_extent,
	  true,
	  { { "0.5", VN_F_reorder_extent_p50 },
	    { "0.99", VN_F_reorder_extent_p99 },
	    { "1", VN_F_reorder_extent_max } } },
	{ "reorder_late_seconds",
	  "Time by which a reordered packet came too late (RFC 4737).",
	  VN_F_reorder_extent_samples,
	  VN_H_reorder_late,
	  false,
	  { { "0.5", VN_F_reorder_late_p50_ns },
	    { "0.99", VN_F_reorder_late_p99_ns },
	    { "1", VN_F_reorder_late_max_ns } } },
};

/* --- pieces ------------------------------------------------------------------- */

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP vernier_%s %s\n# TYPE vernier_%s %s\n", name, help, name, type);
}

/* Bytes of the UTF-8 character at c, 0 when it is none. */
static unsigned int utf8_len(const unsigned char *c)
{
	unsigned int n = c[0] < 0x80 ? 1 : c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;

	if (c[0] >= 0x80 && (c[0] < 0xc2 || c[0] > 0xf4))
		return 0;
	for (unsigned int i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, half of a pair, beyond the last. */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

/* Label values are UTF-8, in which \, " and newlines are escaped. */
static void label_value(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	while (*c) {
		unsigned int n = utf8_len(c);

		if (!n)
			fputs("\xef\xbf\xbd", out);
		else if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '\\' || *c == '"')
			fprintf(out, "\\%c", *c);
		else
			fwrite(c, 1, n, out);
		c += n ? n : 1;
	}
}

/* ,name="value" behind *sep, which then is a comma; nothing for no value. */
static void label(FILE *out, const char **sep, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	fprintf(out, "%s%s=\"", *sep, name);
	label_value(out, value);
	fputc('"', out);
	*sep = ",";
}

/* vernier_name_suffix{stream="...",...,KEY="..."}, and a blank. NULL: no key. */
static void sample_with(FILE *out, const char *name, const char *suffix,
			const struct vn_snap_row *row, const char *key, const char *what)
{
	const char *sep = "";

	fprintf(out, "vernier_%s%s{", name, suffix);
	label(out, &sep, "stream", row->name);
	label(out, &sep, "interface", row->interface);
	label(out, &sep, "driver", row->driver);
	label(out, &sep, key, what);
	fputs("} ", out);
}

static void sample(FILE *out, const char *name, const char *suffix, const struct vn_snap_row *row,
		   const char *quantile)
{
	sample_with(out, name, suffix, row, "quantile", quantile);
}

static void seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / VN_NSEC_PER_SEC, ns % VN_NSEC_PER_SEC);
}

static void value(FILE *out, const struct vn_snap_value *v, enum vn_snap_kind kind, double scale)
{
	if (kind == VN_KIND_COUNT)
		fprintf(out, "%" PRIu64 "\n", v->n);
	else if (kind == VN_KIND_NS)
		seconds(out, v->n);
	else
		fprintf(out, "%.12g\n", v->x * scale);
}

/* --- metrics of streams ---------------------------------------------------------- */

static bool any_knows(const struct vn_snapshot *s, enum vn_snap_field field)
{
	for (unsigned int i = 0; i < s->n_rows; i++)
		if (s->rows[i].value[field].is_known)
			return true;
	return false;
}

static void write_metric(FILE *out, const struct vn_snapshot *s, const struct metric *m)
{
	if (!any_knows(s, m->field))
		return;
	begin(out, m->name, m->type, m->help);
	for (unsigned int i = 0; i < s->n_rows; i++) {
		const struct vn_snap_value *v = &s->rows[i].value[m->field];

		if (!v->is_known)
			continue;
		sample(out, m->name, "", &s->rows[i], NULL);
		value(out, v, vn_snap_fields[m->field].kind, m->scale);
	}
}

static void quantity(FILE *out, uint64_t n, const struct summary *m)
{
	if (m->is_count)
		fprintf(out, "%" PRIu64 "\n", n);
	else
		seconds(out, n);
}

static void write_quantiles(FILE *out, const struct vn_snap_row *row, const struct summary *m)
{
	for (unsigned int i = 0; i < QUANTILES && m->quantiles[i].text; i++) {
		const struct vn_snap_value *v = &row->value[m->quantiles[i].field];

		if (!v->is_known)
			continue;
		sample(out, m->name, "", row, m->quantiles[i].text);
		quantity(out, v->n, m);
	}
}

static void write_summary(FILE *out, const struct vn_snapshot *s, const struct summary *m)
{
	if (!any_knows(s, m->samples))
		return;
	begin(out, m->name, "summary", m->help);
	for (unsigned int i = 0; i < s->n_rows; i++) {
		const struct vn_snap_row *row = &s->rows[i];

		if (!row->value[m->samples].is_known)
			continue;
		write_quantiles(out, row, m);
		sample(out, m->name, "_sum", row, NULL);
		quantity(out, row->sum[m->hist], m);
		sample(out, m->name, "_count", row, NULL);
		value(out, &row->value[m->samples], VN_KIND_COUNT, 1);
	}
}

static void write_row_shares(FILE *out, const char *name, const struct vn_snap_row *row,
			     enum vn_snap_field first)
{
	static const char *const distances[VN_WITHIN_COUNT] = {
#define VN_X(ns, key) #key,
		VN_WITHINS(VN_X)
#undef VN_X
	};

	for (unsigned int w = 0; w < VN_WITHIN_COUNT && row->value[first].is_known; w++) {
		sample_with(out, name, "", row, "within", distances[w]);
		value(out, &row->value[first + w], VN_KIND_RATIO, 1);
	}
}

/* Of gaps, by their distance from the one asked for: a label, so that a picture of
 * all of them is one query. */
static void write_shares(FILE *out, const struct vn_snapshot *s)
{
	static const struct {
		const char *name, *help;
		enum vn_snap_field first;
	} rows[] = {
		{ "gaps_within_ratio", "Part of the gaps so near to the one asked for.",
		  VN_F_within_64ns_ratio },
		{ "stamped_gaps_within_ratio", "The same of gaps between stamps.",
		  VN_F_stamped_within_64ns_ratio },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		if (!any_knows(s, rows[i].first))
			continue;
		begin(out, rows[i].name, "gauge", rows[i].help);
		for (unsigned int k = 0; k < s->n_rows; k++)
			write_row_shares(out, rows[i].name, &s->rows[k], rows[i].first);
	}
}

/* --- metrics of the whole ---------------------------------------------------------- */

static void write_info(FILE *out, const struct vn_metrics_run *run)
{
	const char *sep = "";

	begin(out, "build_info", "gauge", "Version of the program.");
	fputs("vernier_build_info{version=\"" VN_VERSION "\"} 1\n", out);
	begin(out, "run_info", "gauge", "What runs.");
	fputs("vernier_run_info{", out);
	label(out, &sep, "command", run->command);
	label(out, &sep, "driver", run->driver);
	label(out, &sep, "interface", run->interface);
	label(out, &sep, "rx_interface", run->rx_interface);
	fputs("} 1\n", out);
}

static void write_receiver(FILE *out, const struct vn_snap_receiver *r)
{
	const struct {
		const char *name, *help;
		uint64_t n;
	} counters[] = {
		{ "receiver_frames_total", "Frames that came in.", r->frames },
		{ "receiver_own_frames_total", "Frames of streams.", r->ours },
		{ "receiver_other_frames_total", "Frames of others.", r->other },
		{ "receiver_over_limit_frames_total", "Frames of flows beyond the limit.",
		  r->over_limit },
		{ "receiver_otherwise_stamped_frames_total",
		  "Frames whose stamp is of another source than most.", r->stamp_other },
		{ "receiver_dropped_frames_total", "Frames dropped for want of room.", r->drops },
	};

	for (unsigned int i = 0; r->is_known && i < VN_ARRAY_SIZE(counters); i++) {
		begin(out, counters[i].name, "counter", counters[i].help);
		fprintf(out, "vernier_%s %" PRIu64 "\n", counters[i].name, counters[i].n);
	}
}

static void write_clock(FILE *out, const struct vn_clock_grain *clock)
{
	if (!clock->name)
		return;
	if (clock->resolution_ns) {
		begin(out, "clock_resolution_seconds", "gauge",
		      "Smallest step seen between two reads of the clock.");
		fputs("vernier_clock_resolution_seconds ", out);
		seconds(out, clock->resolution_ns);
	}
	begin(out, "clock_read_seconds", "gauge", "What a read of the clock costs.");
	fputs("vernier_clock_read_seconds ", out);
	seconds(out, clock->read_ns);
}

void vn_metrics_write(FILE *out, const struct vn_metrics_run *run, const struct vn_snapshot *s)
{
	write_info(out, run);
	begin(out, "run_finished", "gauge", "1 when the numbers are the last of the run.");
	fprintf(out, "vernier_run_finished %d\n", s && s->is_final);
	if (!s)
		return;
	begin(out, "run_duration_seconds", "gauge", "Time since the run began.");
	fprintf(out, "vernier_run_duration_seconds %.12g\n", s->time_s);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(metrics); i++)
		write_metric(out, s, &metrics[i]);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(summaries); i++)
		write_summary(out, s, &summaries[i]);
	write_shares(out, s);
	write_clock(out, &s->clock);
	write_receiver(out, &s->receiver);
	vn_machine_metrics(out, s);
}

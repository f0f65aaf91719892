/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run: what came of it, its headline numbers, charts, tables and settings.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "page_chart.h"
#include "page_html.h"
#include "page_machine.h"
#include "page_table.h"

#define CHARTS_OPEN 4  /* streams whose charts are shown without asking */
#define CHARTS_MAX  32 /* streams that have charts */

/* --- verdict ---------------------------------------------------------------------- */

static const struct verdict {
	const char *word, *class, *title, *text;
} verdicts[] = {
	{ "ok", "good", "OK", "The run did what it was asked for." },
	{ "interrupted", "fair", "Interrupted", "The run was ended before it was complete." },
	{ "failed", "bad", "Failed", "The run did not do what it was asked for." },
};

static const struct verdict cut = {
	"cut",
	"fair",
	"Cut",
	"The file has no final line: the run was cut, or still goes on. It is shown as far as it "
	"goes.",
};
static const struct verdict unknown = { "", "fair", "Unknown", "The file has no verdict." };

static const struct verdict *verdict_of(const struct page_run *run)
{
	if (!run->is_final)
		return &cut;
	for (unsigned int i = 0; run->verdict && i < VN_ARRAY_SIZE(verdicts); i++)
		if (!strcmp(run->verdict, verdicts[i].word))
			return &verdicts[i];
	return &unknown;
}

const char *page_run_verdict(const struct page_run *run)
{
	return verdict_of(run)->title;
}

static void verdict(struct page *p, const struct page_run *run)
{
	const struct verdict *v = verdict_of(run);

	fprintf(p->out, "<p class=\"verdict %s\"><b>%s</b> <span>%s</span></p>\n", v->class,
		v->title, v->text);
}

/* --- headline ----------------------------------------------------------------------- */

void page_run_heading(FILE *out, const struct page_run *run)
{
	const char *from = run->interface ? run->interface : run->pcap;

	if (run->interface && run->rx_interface) {
		page_escape(out, run->interface);
		fputs(" \xe2\x86\x92 ", out); /* an arrow */
		page_escape(out, run->rx_interface);
	} else {
		page_escape(out, from ? from : run->rx_interface ? run->rx_interface : run->source);
	}
}

static void subtitle(struct page *p, const struct page_run *run)
{
	fputs("<p class=\"facts\">", p->out);
	page_name(p->out, run->source);
	fputs(" \xc2\xb7 ", p->out);
	page_escape(p->out, run->command ? run->command : "run");
	fprintf(p->out, " \xc2\xb7 <data value=\"%.12g\">%.*f" PAGE_THIN "s</data>", run->time_s,
		run->time_s < 10 ? 3 : 1, run->time_s);
	if (run->is_virtual)
		fputs(" of virtual time", p->out);
	fprintf(p->out, " \xc2\xb7 %zu stream%s</p>\n", run->n_rows, run->n_rows == 1 ? "" : "s");
}

struct tile {
	const char *label;
	enum vn_snap_field field;
	enum vn_snap_field of; /* its share of this is told; VN_F_COUNT: none */
	bool is_bad;	       /* when above 0 */
};

static const struct tile tiles[] = {
	{ "Sent", VN_F_sent, VN_F_COUNT, false },
	{ "Received", VN_F_received, VN_F_sent, false },
	{ "Lost", VN_F_lost, VN_F_sent, true },
	{ "Duplicated", VN_F_duplicates, VN_F_received, true },
	{ "Reordered", VN_F_reordered, VN_F_received, true },
	{ "Asked rate", VN_F_asked_pps, VN_F_COUNT, false },
	{ "Achieved rate", VN_F_pps, VN_F_COUNT, false },
	{ "Rate error", VN_F_rate_error_ppm, VN_F_COUNT, false },
};

/* A share that is not all and not nothing is not rounded to either. */
static void tile_note(struct page *p, const struct page_row *t, const struct tile *tile)
{
	const struct vn_snap_value *v = &t->value[tile->field], *of;
	double share;

	if (tile->field == VN_F_rate_error_ppm && v->is_known)
		fputs("<small>ppm</small>", p->out);
	if (tile->of == VN_F_COUNT)
		return;
	of = &t->value[tile->of];
	if (!v->is_known || !of->is_known || !of->n)
		return;
	share = 100 * v->x / of->x;
	if (v->n && share < 0.001)
		fputs("<small>below 0.001" PAGE_THIN "%</small>", p->out);
	else if (v->n < of->n && share > 99.999)
		fputs("<small>above 99.999" PAGE_THIN "%</small>", p->out);
	else
		fprintf(p->out, "<small>%.*f" PAGE_THIN "%%</small>", fmod(share, 1) == 0 ? 0 : 3,
			share);
}

static void headline(struct page *p, const struct page_run *run)
{
	const struct page_row *t = &run->total;

	fputs("<dl class=\"tiles\">\n", p->out);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(tiles); i++) {
		const struct vn_snap_value *v = &t->value[tiles[i].field];

		fprintf(p->out, "<div%s><dt>%s</dt><dd>",
			tiles[i].is_bad && v->is_known && v->n ? " class=\"bad\"" : "",
			tiles[i].label);
		page_value(p->out, v, tiles[i].field);
		tile_note(p, t, &tiles[i]);
		fputs("</dd></div>\n", p->out);
	}
	fputs("</dl>\n", p->out);
}

/* --- tables ------------------------------------------------------------------------- */

static const struct page_column packets[] = {
	{ VN_F_sent, "sent" },		 { VN_F_received, "received" },
	{ VN_F_lost, "lost" },		 { VN_F_duplicates, "duplicated" },
	{ VN_F_reordered, "reordered" }, { VN_F_too_late, "too late" },
	{ VN_F_corrupt, "corrupt" },	 { VN_F_errors, "errors" },
	{ VN_F_mbps_l1, "sent L1" },	 { VN_F_rx_mbps_l1, "received L1" },
};
static const struct page_column departures[] = {
	{ VN_F_asked_pps, "asked" },	   { VN_F_asked_mean_pps, "asked mean" },
	{ VN_F_pps, "achieved" },	   { VN_F_rate_error_ppm, "error ppm" },
	{ VN_F_skipped, "skipped" },	   { VN_F_slid_ns, "slid by" },
	{ VN_F_batch_max, "most a call" }, { VN_F_call_ns, "a call takes" },
};

/* Of departures as they were handed over, and as they were stamped. */
/* clang-format off */
#define LATENESS(P) { \
	{ VN_F_##P##lateness_samples, "samples" }, { VN_F_##P##late, "left late" }, \
	{ VN_F_##P##lateness_p50_ns, "p50" }, { VN_F_##P##lateness_p90_ns, "p90" }, \
	{ VN_F_##P##lateness_p99_ns, "p99" }, { VN_F_##P##lateness_p999_ns, "p99.9" }, \
	{ VN_F_##P##lateness_max_ns, "max" }, { VN_F_##P##lateness_mean_ns, "mean" }, \
	{ VN_F_##P##early, "early" }, { VN_F_##P##early_max_ns, "early by" } }
#define GAPS(P) { \
	{ VN_F_##P##asked_gaps, "gaps" }, { VN_F_##P##gap_error_p50_ns, "error p50" }, \
	{ VN_F_##P##gap_error_p99_ns, "p99" }, { VN_F_##P##gap_error_p999_ns, "p99.9" }, \
	{ VN_F_##P##gap_error_max_ns, "max" }, { VN_F_##P##within_64ns_ratio, "64 ns" }, \
	{ VN_F_##P##within_128ns_ratio, "128 ns" }, { VN_F_##P##within_256ns_ratio, "256 ns" }, \
	{ VN_F_##P##within_512ns_ratio, "512 ns" }, \
	{ VN_F_##P##within_1us_ratio, "1 " PAGE_MICRO "s" }, \
	{ VN_F_##P##within_10us_ratio, "10 " PAGE_MICRO "s" }, \
	{ VN_F_##P##within_100us_ratio, "100 " PAGE_MICRO "s" }, \
	{ VN_F_##P##bursts, "bursts" }, { VN_F_##P##bursts_ratio, "in bursts" } }
/* clang-format on */

static const struct page_column lateness[] = LATENESS();
static const struct page_column stamped_lateness[] = LATENESS(stamped_);
static const struct page_column gaps[] = GAPS();
static const struct page_column stamped_gaps[] = GAPS(stamped_);
static const struct page_column arrivals[] = {
	{ VN_F_gap_samples, "gaps" },
	{ VN_F_gap_p50_ns, "gap p50" },
	{ VN_F_gap_p99_ns, "p99" },
	{ VN_F_gap_p999_ns, "p99.9" },
	{ VN_F_gap_max_ns, "max" },
	{ VN_F_latency_samples, "stamps" },
	{ VN_F_latency_p50_ns, "latency p50" },
	{ VN_F_latency_p99_ns, "p99" },
	{ VN_F_latency_p999_ns, "p99.9" },
	{ VN_F_latency_max_ns, "max" },
	{ VN_F_latency_negative, "below 0" },
};

static const struct page_column variation[] = {
	{ VN_F_jitter_ns, "jitter" },
	{ VN_F_pdv_p99_ns, "PDV p99" },
	{ VN_F_ipdv_min_ns, "IPDV min" },
	{ VN_F_ipdv_abs_p50_ns, "|IPDV| p50" },
	{ VN_F_ipdv_abs_p99_ns, "p99" },
	{ VN_F_ipdv_max_ns, "max" },
	{ VN_F_overdue, "overdue" },
	{ VN_F_reordered_ratio, "reordered" },
	{ VN_F_reorder_extent_p50, "extent p50" },
	{ VN_F_reorder_extent_max, "max" },
	{ VN_F_reorder_late_max_ns, "late by" },
};

static bool knows(const struct page_run *run, enum vn_snap_field field)
{
	bool is_known = run->total.value[field].is_known;

	for (size_t i = 0; i < run->n_rows; i++)
		is_known |= run->rows[i].value[field].is_known;
	return is_known;
}

static void timing(struct page *p, const struct page_run *run)
{
	fputs("<h3>Asked and achieved departures</h3>\n", p->out);
	page_table_streams(p, run, departures, VN_ARRAY_SIZE(departures));
	if (knows(run, VN_F_late)) {
		fputs("<h3>Lateness of departures</h3>\n", p->out);
		page_table_streams(p, run, lateness, VN_ARRAY_SIZE(lateness));
	}
	if (knows(run, VN_F_asked_gaps)) {
		fputs("<h3>Gaps between departures, and shares of them within a distance of the "
		      "one asked for</h3>\n",
		      p->out);
		page_table_streams(p, run, gaps, VN_ARRAY_SIZE(gaps));
	}
	if (knows(run, VN_F_stamped_late)) {
		fputs("<h3>Lateness of departures as they were stamped</h3>\n", p->out);
		page_table_streams(p, run, stamped_lateness, VN_ARRAY_SIZE(stamped_lateness));
		fputs("<h3>Gaps between departures as they were stamped</h3>\n", p->out);
		page_table_streams(p, run, stamped_gaps, VN_ARRAY_SIZE(stamped_gaps));
	}
}

static void streams(struct page *p, const struct page_run *run)
{
	fputs("<section><h2>Streams</h2>\n<h3>Packets</h3>\n", p->out);
	page_table_streams(p, run, packets, VN_ARRAY_SIZE(packets));
	if (knows(run, VN_F_sent))
		timing(p, run);
	if (knows(run, VN_F_received)) {
		fputs("<h3>Arrivals</h3>\n", p->out);
		page_table_streams(p, run, arrivals, VN_ARRAY_SIZE(arrivals));
		fputs("<h3>Variation of delay, and order</h3>\n", p->out);
		page_table_streams(p, run, variation, VN_ARRAY_SIZE(variation));
	}
	fputs("</section>\n", p->out);
}

/* --- charts ------------------------------------------------------------------------- */

static bool has_charts(const struct page_row *row)
{
	for (unsigned int k = 0; k < PAGE_H_COUNT; k++)
		if (page_hist_is_known(row, k))
			return true;
	return false;
}

static void row_charts(struct page *p, const struct page_row *row, bool is_open)
{
	static const enum page_hist_kind order[] = {
		PAGE_H_lateness,
		PAGE_H_gap_error,
		PAGE_H_stamped_lateness,
		PAGE_H_stamped_gap_error,
		PAGE_H_gap,
		PAGE_H_latency,
		PAGE_H_ipdv,
		PAGE_H_reorder_extent,
	};

	fprintf(p->out, "<details class=\"stream\"%s><summary>", is_open ? " open" : "");
	page_name(p->out, row->name);
	fputs("</summary><div class=\"figures\">\n", p->out);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(order); i++)
		page_hist_figure(p, row, order[i]);
	fputs("</div></details>\n", p->out);
}

static void charts(struct page *p, const struct page_run *run)
{
	size_t n = 0;

	fputs("<section><h2>Distributions</h2>\n", p->out);
	for (size_t i = 0; i < run->n_rows; i++)
		if (has_charts(&run->rows[i]) && n++ < CHARTS_MAX)
			row_charts(p, &run->rows[i], n <= CHARTS_OPEN);
	if (!n)
		fputs("<p class=\"note\">Nothing was timed.</p>\n", p->out);
	else if (n > CHARTS_MAX)
		fprintf(p->out,
			"<p class=\"note\">Charts of the first %d of %zu streams; the tables below "
			"have all.</p>\n",
			CHARTS_MAX, n);
	fputs("</section>\n", p->out);
}

/* --- settings ------------------------------------------------------------------------- */

static void fact(struct page *p, const char *label, const char *text)
{
	fprintf(p->out, "<div><dt>%s</dt><dd>", label);
	page_name(p->out, text);
	fputs("</dd></div>\n", p->out);
}

static void count_fact(struct page *p, const char *label, const struct vn_snap_value *v)
{
	char text[PAGE_TEXT];

	page_group(v->n, text);
	fact(p, label, v->is_known ? text : NULL);
}

static void time_fact(struct page *p, const char *label, const struct vn_snap_value *v)
{
	char text[PAGE_TEXT];

	page_quantity(v->x, page_units_time, text);
	fact(p, label, v->is_known ? text : NULL);
}

static void receiver(struct page *p, const struct page_run *run)
{
	const struct page_receiver *r = &run->receiver;

	if (!r->is_known)
		return;
	fact(p, "Receive stamps from", r->stamp_source);
	time_fact(p, "Resolution of stamps", &r->stamp_resolution_ns);
	time_fact(p, "Error of clocks, as stated", &r->clock_error_ns);
	time_fact(p, "Overdue after", &r->late_after_ns);
	count_fact(p, "Frames received", &r->frames);
	count_fact(p, "Frames of ours", &r->ours);
	count_fact(p, "Frames of others", &r->other);
	count_fact(p, "Frames left out by the filter", &r->filtered);
	count_fact(p, "Frames with another stamp", &r->stamp_other);
	count_fact(p, "Frames dropped for want of room", &r->drops);
	count_fact(p, "Frames of flows over the limit", &r->over_limit);
}

static void clock_facts(struct page *p, const struct page_run *run)
{
	if (run->total.stamped_by)
		fact(p, "Departures stamped by", run->total.stamped_by);
	if (!run->clock.name)
		return;
	fact(p, "Clock", run->clock.name);
	time_fact(p, "Resolution of the clock", &run->clock.resolution_ns);
	time_fact(p, "Read of the clock", &run->clock.read_ns);
}

static void set_up(struct page *p, const struct page_run *run)
{
	char seed[24];

	fputs("<section><h2>Set-up</h2>\n<dl class=\"set\">\n", p->out);
	fact(p, "Interface", run->interface);
	fact(p, "Receiving interface", run->rx_interface);
	fact(p, "Driver", run->driver);
	snprintf(seed, sizeof(seed), "%" PRIu64, run->seed);
	fact(p, "Seed", run->has_seed ? seed : NULL);
	fact(p, "Capture", run->pcap);
	fact(p, "Vernier", run->version);
	clock_facts(p, run);
	receiver(p, run);
	fputs("</dl>\n", p->out);
}

static void settings(struct page *p, const char *name, const struct page_settings *s)
{
	if (!s->n)
		return;
	fputs("<details><summary>", p->out);
	page_name(p->out, name);
	fputs("</summary><dl class=\"set\">\n", p->out);
	for (size_t i = 0; i < s->n; i++) {
		fputs("<div><dt>", p->out);
		page_name(p->out, s->v[i].key);
		fputs("</dt><dd>", p->out);
		page_name(p->out, s->v[i].value);
		fputs("</dd></div>\n", p->out);
	}
	fputs("</dl></details>\n", p->out);
}

static void all_settings(struct page *p, const struct page_run *run)
{
	set_up(p, run);
	settings(p, "Settings of the run", &run->settings);
	for (size_t i = 0; i < run->n_rows; i++)
		settings(p, run->rows[i].name, &run->rows[i].settings);
	fputs("<details><summary>All numbers</summary>\n", p->out);
	page_table_all(p, run);
	fputs("</details>\n", p->out);
	for (size_t i = 0; i < run->n_rows; i++) {
		if (!run->rows[i].result || !run->rows[i].result[0])
			continue;
		fputs("<p class=\"note\">", p->out);
		page_name(p->out, run->rows[i].name);
		fputs(": ", p->out);
		page_name(p->out, run->rows[i].result);
		fputs("</p>\n", p->out);
	}
	fputs("</section>\n", p->out);
}

void page_run_write(struct page *p, const struct page_run *run, unsigned int i, bool is_only)
{
	const char *h = is_only ? "h1" : "h1 class=\"run\"";

	fprintf(p->out, "<article id=\"run%u\">\n<header><%s><bdi>", i, h);
	page_run_heading(p->out, run);
	fputs("</bdi></h1>\n", p->out);
	subtitle(p, run);
	verdict(p, run);
	fputs("</header>\n", p->out);
	headline(p, run);
	fputs("<section><h2>Rate over time</h2>\n", p->out);
	page_rate_figure(p, run);
	fputs("</section>\n", p->out);
	charts(p, run);
	streams(p, run);
	page_machine_write(p, run);
	all_settings(p, run);
	fputs("</article>\n", p->out);
}

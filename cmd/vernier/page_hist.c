/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A distribution: bars on a logarithmic axis, whose heights are logarithmic
 * too when there are many samples, since what one looks for is the one packet
 * in a million; percentiles as lines, and as numbers below.
 */
#include <inttypes.h>
#include <math.h>

#include "page_chart.h"

#define WIDTH	 440
#define PLOT	 150 /* height of the bars' area */
#define LEVEL	 13  /* from one row of labels to the next */
#define LABEL	 46  /* room for a label */
#define LOG_FROM 20  /* counts up to this are drawn on a linear axis */
#define NONE	 VN_F_COUNT

/* A field that has the number already is shown before one from the buckets. */
struct mark {
	const char *label;
	double pct;
	enum vn_snap_field fields[PAGE_H_COUNT]; /* in the order of PAGE_HISTS */
};

/* clang-format off */
#define DEPARTED(p) \
	VN_F_lateness_##p##_ns, VN_F_gap_error_##p##_ns, \
	VN_F_stamped_lateness_##p##_ns, VN_F_stamped_gap_error_##p##_ns

static const struct mark marks[] = {
	{ "p50", 50, { VN_F_gap_p50_ns, VN_F_latency_p50_ns, DEPARTED(p50),
		       VN_F_ipdv_abs_p50_ns, VN_F_reorder_extent_p50 } },
	{ "p99", 99, { VN_F_gap_p99_ns, VN_F_latency_p99_ns, DEPARTED(p99),
		       VN_F_ipdv_abs_p99_ns, VN_F_reorder_extent_p99 } },
	{ "p99.9", 99.9, { VN_F_gap_p999_ns, VN_F_latency_p999_ns, DEPARTED(p999), NONE, NONE } },
	{ "max", 100, { VN_F_gap_max_ns, VN_F_latency_max_ns, DEPARTED(max), NONE,
			VN_F_reorder_extent_max } },
};
/* clang-format on */
#define MARKS VN_ARRAY_SIZE(marks)

static const struct {
	const char *title;
	const char *text;
	enum vn_snap_field samples;
	const struct page_unit *units;
} kinds[PAGE_H_COUNT] = {
	[PAGE_H_gap] = { "Gap between arrivals", "time from one packet to the next",
			 VN_F_gap_samples, page_units_time },
	[PAGE_H_latency] = { "Latency", "time from sending to arrival", VN_F_latency_samples,
			     page_units_time },
	[PAGE_H_lateness] = { "Lateness of departures", "departure less the time asked for",
			      VN_F_lateness_samples, page_units_time },
	[PAGE_H_gap_error] = { "Error of gaps", "gap between departures against the one asked for",
			       VN_F_gap_error_samples, page_units_time },
	[PAGE_H_stamped_lateness] = { "Lateness of stamps", "stamp less the time asked for",
				      VN_F_stamped_lateness_samples, page_units_time },
	[PAGE_H_stamped_gap_error] = { "Error of gaps between stamps",
				       "gap between stamps against the one asked for",
				       VN_F_stamped_gap_error_samples, page_units_time },
	[PAGE_H_ipdv] = { "Delay variation", "latency against the packet before, without sign",
			  VN_F_ipdv_samples, page_units_time },
	[PAGE_H_reorder_extent] = { "Reordering extent", "arrivals by which a packet came too late",
				    VN_F_reorder_extent_samples, page_units_count },
};

static struct vn_snap_value mark_value(const struct page_row *row, enum page_hist_kind kind,
				       const struct mark *m)
{
	enum vn_snap_field field = m->fields[kind];

	if (field != NONE && row->value[field].is_known)
		return row->value[field];
	return page_hist_percentile(&row->hist[kind], m->pct);
}

static struct vn_snap_value sample_count(const struct page_row *row, enum page_hist_kind kind)
{
	const struct page_hist *h = &row->hist[kind];

	if (row->value[kinds[kind].samples].is_known)
		return row->value[kinds[kind].samples];
	return (struct vn_snap_value){ .is_known = h->is_known, .n = h->samples };
}

bool page_hist_is_known(const struct page_row *row, enum page_hist_kind kind)
{
	struct vn_snap_value samples = sample_count(row, kind);

	return samples.is_known && samples.n;
}

/* --- the drawing ---------------------------------------------------------------- */

static void scale_counts(struct page_scale *y, const struct page_bin *bins, unsigned int n)
{
	uint64_t most = 1;

	for (unsigned int i = 0; i < n; i++)
		most = VN_MAX(most, bins[i].count);
	if (most < LOG_FROM)
		page_scale_linear(y, 0, (double)most, 4);
	else /* 1 stands above the line */
		page_scale_log(y, 0.6, (double)most * 1.2, 5);
}

static void range_text(const struct page_bin *bin, const struct page_unit *units,
		       char buf[2 * PAGE_TEXT + 8])
{
	char lo[PAGE_TEXT], hi[PAGE_TEXT];

	page_quantity(bin->lo < 1 ? 0 : bin->lo, units, lo);
	page_quantity(bin->hi, units, hi);
	snprintf(buf, 2 * PAGE_TEXT + 8, "%s to %s", lo, hi);
}

static void draw_bars(struct page *p, const struct page_frame *f, const struct page_bin *bins,
		      unsigned int n, const struct page_unit *units)
{
	char range[2 * PAGE_TEXT + 8], count[PAGE_TEXT];

	for (unsigned int i = 0; i < n; i++) {
		double x = page_scale_at(&f->x, bins[i].lo), y;

		y = page_scale_at(&f->y, (double)bins[i].count);
		range_text(&bins[i], units, range);
		page_group(bins[i].count, count);
		fprintf(p->out,
			"<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>%s: %s</title></rect>\n",
			x, y, fmax(page_scale_at(&f->x, bins[i].hi) - x - 0.6, 1), f->y.from - y,
			range, count);
	}
}

/*
 * Where the labels of marks stand: to the left of their lines, one level higher
 * when too near to the one before, so that no line crosses a label. A mark at
 * the place of the next is not drawn.
 */
struct places {
	double x[MARKS];
	unsigned int level[MARKS], top;
	bool is_drawn[MARKS];
};

static void place_marks(const struct page_row *row, enum page_hist_kind kind,
			const struct page_scale *x, struct places *at)
{
	double last = -LABEL;
	unsigned int level = 0;

	*at = (struct places){ .top = 0 };
	for (unsigned int i = 0; i < MARKS; i++) {
		struct vn_snap_value v = mark_value(row, kind, &marks[i]);

		at->x[i] = page_scale_at(x, (double)v.n + 0.5);
		at->is_drawn[i] = v.is_known;
		if (i && at->x[i] - at->x[i - 1] < 1)
			at->is_drawn[i - 1] = false;
	}
	for (unsigned int i = 0; i < MARKS; i++) {
		if (!at->is_drawn[i])
			continue;
		level = at->x[i] - last < LABEL ? level + 1 : 0;
		last = at->x[i];
		at->level[i] = level;
		at->top = VN_MAX(at->top, level);
	}
}

static void draw_marks(struct page *p, const struct page_frame *f, const struct places *at)
{
	for (unsigned int i = 0; i < MARKS; i++) {
		double y = f->y.to - 6 - LEVEL * at->level[i];

		if (!at->is_drawn[i])
			continue;
		fprintf(p->out,
			"<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>"
			"<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s"
			"</text>\n",
			at->x[i], y - 9, f->y.from, at->x[i] - 3, y, marks[i].label);
	}
}

static void describe(const struct page_row *row, enum page_hist_kind kind, char *buf, size_t cap)
{
	char text[PAGE_TEXT];
	size_t len = 0;

	page_group(sample_count(row, kind).n, text);
	len += (size_t)snprintf(buf, cap, "%s of %s: %s samples", kinds[kind].text,
				row->name ? row->name : "-", text);
	for (unsigned int i = 0; i < MARKS && len < cap; i++) {
		struct vn_snap_value v = mark_value(row, kind, &marks[i]);

		page_quantity((double)v.n, kinds[kind].units, text);
		len += (size_t)snprintf(buf + len, cap - len, ", %s %s", marks[i].label,
					v.is_known ? text : PAGE_DASH);
	}
}

static void draw(struct page *p, const struct page_row *row, enum page_hist_kind kind,
		 const struct page_bin *bins, unsigned int n, const struct page_scale *x)
{
	struct page_frame f = { .width = WIDTH, .x = *x };
	char text[512];
	struct places at;

	scale_counts(&f.y, bins, n);
	page_frame_place(&f);
	place_marks(row, kind, &f.x, &at);
	f.top = 22 + LEVEL * at.top;
	f.height = f.top + PLOT + PAGE_AXIS_BOTTOM;
	page_frame_place(&f);
	describe(row, kind, text, sizeof(text));
	page_svg_open(p, &f, "", kinds[kind].title, text);
	page_svg_y(p, &f, page_units_count);
	draw_bars(p, &f, bins, n, kinds[kind].units);
	page_svg_x(p, &f, kinds[kind].units);
	draw_marks(p, &f, &at);
	page_svg_close(p);
}

/* --- the numbers ---------------------------------------------------------------- */

static void list_marks(struct page *p, const struct page_row *row, enum page_hist_kind kind)
{
	char text[PAGE_TEXT];

	fputs("<dl class=\"marks\">", p->out);
	for (unsigned int i = 0; i < MARKS; i++) {
		struct vn_snap_value v = mark_value(row, kind, &marks[i]);

		page_quantity((double)v.n, kinds[kind].units, text);
		fprintf(p->out, "<div><dt>%s</dt><dd>", marks[i].label);
		if (v.is_known)
			fprintf(p->out, "<data data-mark=\"%s\" value=\"%" PRIu64 "\">%s</data>",
				marks[i].label, v.n, text);
		else
			fputs(PAGE_DASH, p->out);
		fputs("</dd></div>", p->out);
	}
	fputs("</dl>\n", p->out);
}

static void list_bins(struct page *p, const struct page_bin *bins, unsigned int n, uint64_t samples,
		      const struct page_unit *units)
{
	char range[2 * PAGE_TEXT + 8], count[PAGE_TEXT];

	fputs("<details><summary>Table</summary><div class=\"scroll\"><table>"
	      "<thead><tr><th>range</th><th class=\"n\">count</th><th class=\"n\">share</th></tr>"
	      "</thead><tbody>\n",
	      p->out);
	for (unsigned int i = 0; i < n; i++) {
		range_text(&bins[i], units, range);
		page_group(bins[i].count, count);
		fprintf(p->out,
			"<tr><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%.4f %%</td></tr>\n",
			range, count, 100.0 * (double)bins[i].count / (double)samples);
	}
	fputs("</tbody></table></div></details>\n", p->out);
}

static void caption(struct page *p, const struct page_row *row, enum page_hist_kind kind)
{
	const struct page_hist *h = &row->hist[kind];
	struct vn_snap_value samples = sample_count(row, kind);
	char text[PAGE_TEXT];

	page_group(samples.n, text);
	fprintf(p->out,
		"<figcaption><b>%s</b> <span>%s, <data data-samples=\"%d\" "
		"value=\"%" PRIu64 "\">%s</data> samples",
		kinds[kind].title, kinds[kind].text, (int)kind, samples.n, text);
	if (h->is_known && h->samples && kinds[kind].units == page_units_count) {
		fprintf(p->out, ", mean %.2f", h->mean);
	} else if (h->is_known && h->samples) {
		page_quantity(h->mean, kinds[kind].units, text);
		fprintf(p->out, ", mean %s", text);
	}
	fputs("</span></figcaption>\n", p->out);
}

void page_hist_figure(struct page *p, const struct page_row *row, enum page_hist_kind kind)
{
	const struct page_hist *h = &row->hist[kind];
	struct page_bin bins[PAGE_BINS];
	struct page_scale x;
	unsigned int n = 0;

	if (!page_hist_is_known(row, kind))
		return;
	fputs("<figure>\n", p->out);
	caption(p, row, kind);
	if (h->n) {
		page_bins_axis(h, &x);
		n = page_bins_fill(h, &x, bins);
		draw(p, row, kind, bins, n, &x);
	}
	list_marks(p, row, kind);
	if (h->n)
		list_bins(p, bins, n, h->samples, kinds[kind].units);
	fputs("</figure>\n", p->out);
}

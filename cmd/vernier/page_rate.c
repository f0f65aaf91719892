/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates over time. What a progress line tells is the mean since the line
 * before, so it is drawn as a step of that width, not as a point.
 *
 * Drawn twice, for wide and for narrow columns: scaled down to a telephone the
 * labels of the wide one could not be read.
 */
#include <math.h>

#include "page_chart.h"

#define LOSS_HEIGHT 120

static const struct layout {
	const char *class;
	unsigned int width, height, ticks;
	bool has_hints; /* a telephone has no pointer to rest on them */
} layouts[] = {
	{ "wide", 960, 260, 10, true },
	{ "narrow", 440, 250, 5, false },
};

static double greatest_rate(const struct page_run *run)
{
	double most = 0;

	if (run->total.value[VN_F_asked_pps].is_known)
		most = run->total.value[VN_F_asked_pps].x;
	for (size_t i = 0; i < run->n_points; i++) {
		const struct page_point *q = &run->points[i];

		if (q->sent_pps.is_known)
			most = fmax(most, q->sent_pps.x);
		if (q->got_pps.is_known)
			most = fmax(most, q->got_pps.x);
	}
	return most;
}

static bool has_sent(const struct page_point *p)
{
	return p->sent_pps.is_known;
}

static bool has_got(const struct page_point *p)
{
	return p->got_pps.is_known;
}

static bool any(const struct page_run *run, bool (*is)(const struct page_point *p))
{
	for (size_t i = 0; i < run->n_points; i++)
		if (is(&run->points[i]))
			return true;
	return false;
}

/* Packets newly lost in point i. Less than none: late ones came after all. */
static int64_t newly_lost(const struct page_run *run, size_t i)
{
	uint64_t before = i ? run->points[i - 1].lost.n : 0;

	return (int64_t)(run->points[i].lost.n - before);
}

static int64_t most_lost(const struct page_run *run)
{
	int64_t most = 0;

	for (size_t i = 0; i < run->n_points; i++)
		if (run->points[i].lost.is_known)
			most = VN_MAX(most, newly_lost(run, i));
	return most;
}

static double begin_of(const struct page_run *run, size_t i)
{
	return i ? run->points[i - 1].time_s : 0;
}

/* --- the drawings --------------------------------------------------------------- */

/* Steps from point to point; where the rate is not known there is none. */
static void draw_steps(struct page *p, const struct page_frame *f, const struct page_run *run,
		       bool is_sent, const char *class)
{
	bool is_open = false;

	fprintf(p->out, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < run->n_points; i++) {
		const struct page_point *q = &run->points[i];
		const struct vn_snap_value *v = is_sent ? &q->sent_pps : &q->got_pps;

		if (v->is_known && !is_open)
			fprintf(p->out, "M%.1f ", page_scale_at(&f->x, begin_of(run, i)));
		if (v->is_known)
			fprintf(p->out, "%s%.1fH%.1f", is_open ? "V" : "",
				page_scale_at(&f->y, v->x), page_scale_at(&f->x, q->time_s));
		is_open = v->is_known;
	}
	fputs("\"/>\n", p->out);
}

static void draw_area(struct page *p, const struct page_frame *f, const struct page_run *run)
{
	for (size_t i = 0; i < run->n_points; i++) {
		double x = page_scale_at(&f->x, begin_of(run, i)), y;

		if (!run->points[i].sent_pps.is_known)
			continue;
		y = page_scale_at(&f->y, run->points[i].sent_pps.x);
		fprintf(p->out, "<path class=\"area\" d=\"M%.1f %.1fV%.1fH%.1fV%.1fz\"/>\n", x,
			f->y.from, y, page_scale_at(&f->x, run->points[i].time_s), f->y.from);
	}
}

static void draw_asked(struct page *p, const struct page_frame *f, const struct page_run *run)
{
	const struct vn_snap_value *asked = &run->total.value[VN_F_asked_pps];

	if (asked->is_known)
		fprintf(p->out, "<path class=\"asked\" d=\"M%.1f %.1fH%.1f\"/>\n", f->x.from,
			page_scale_at(&f->y, asked->x), f->x.to);
}

static void rate_text(const struct vn_snap_value *v, char buf[PAGE_TEXT])
{
	if (v->is_known)
		page_quantity(v->x, page_units_pps, buf);
	else
		snprintf(buf, PAGE_TEXT, PAGE_DASH);
}

/* What the pointer rests on: the whole height of each step. */
static void draw_hints(struct page *p, const struct page_frame *f, const struct page_run *run)
{
	char sent[PAGE_TEXT], got[PAGE_TEXT];

	for (size_t i = 0; i < run->n_points; i++) {
		const struct page_point *q = &run->points[i];
		double x = page_scale_at(&f->x, begin_of(run, i));

		rate_text(&q->sent_pps, sent);
		rate_text(&q->got_pps, got);
		fprintf(p->out,
			"<rect class=\"hint\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>%.3g s to %.3g s: sent %s, received %s</title></rect>\n",
			x, f->y.to, page_scale_at(&f->x, q->time_s) - x, f->y.from - f->y.to,
			begin_of(run, i), q->time_s, sent, got);
	}
}

static const struct page_unit seconds[] = { { 1, "s" }, { 0, NULL } };

/* The time ends with the last point, not at a round number behind it. */
static void scale_time(struct page_scale *x, const struct page_run *run, unsigned int ticks)
{
	double end_s = run->points[run->n_points - 1].time_s;

	page_scale_linear(x, 0, end_s, ticks);
	x->hi = end_s;
	while (x->n_ticks && x->ticks[x->n_ticks - 1] > end_s * (1 + 1e-9))
		x->n_ticks--;
}

static void draw_rates(struct page *p, const struct page_run *run, const struct layout *l)
{
	struct page_frame f = { .width = l->width, .height = l->height, .top = 12 };
	char text[200], most[PAGE_TEXT];

	page_quantity(greatest_rate(run), page_units_pps, most);
	snprintf(text, sizeof(text),
		 "Packets a second sent and received in each of %zu intervals, over %.3g s; "
		 "at most %s.",
		 run->n_points, run->points[run->n_points - 1].time_s, most);
	scale_time(&f.x, run, l->ticks);
	page_scale_linear(&f.y, 0, greatest_rate(run) * 1.05, 5);
	page_frame_place(&f);
	page_svg_open(p, &f, l->class, "Rate over time", text);
	page_svg_y(p, &f, page_units_pps);
	draw_area(p, &f, run);
	draw_steps(p, &f, run, true, "sent");
	draw_steps(p, &f, run, false, "got");
	draw_asked(p, &f, run);
	page_svg_x(p, &f, seconds);
	if (l->has_hints)
		draw_hints(p, &f, run);
	page_svg_close(p);
}

static void draw_losses(struct page *p, const struct page_run *run, const struct layout *l)
{
	struct page_frame f = { .width = l->width, .height = LOSS_HEIGHT, .top = 10 };
	char count[PAGE_TEXT];

	scale_time(&f.x, run, l->ticks);
	page_scale_linear(&f.y, 0, (double)most_lost(run), 2);
	page_frame_place(&f);
	page_svg_open(p, &f, l->class, "Packets lost over time",
		      "Packets newly lost in each interval.");
	page_svg_y(p, &f, page_units_count);
	for (size_t i = 0; i < run->n_points; i++) {
		double x = page_scale_at(&f.x, begin_of(run, i)), y;

		if (!run->points[i].lost.is_known || newly_lost(run, i) <= 0)
			continue;
		y = page_scale_at(&f.y, (double)newly_lost(run, i));
		page_group((uint64_t)newly_lost(run, i), count);
		fprintf(p->out,
			"<rect class=\"lost\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>%.3g s: %s lost</title></rect>\n",
			x, y, fmax(page_scale_at(&f.x, run->points[i].time_s) - x - 0.6, 1),
			f.y.from - y, run->points[i].time_s, count);
	}
	page_svg_x(p, &f, seconds);
	page_svg_close(p);
}

/* --- the figure ----------------------------------------------------------------- */

static void list_points(struct page *p, const struct page_run *run)
{
	const struct page_unit *unit = page_unit_for(page_units_pps, greatest_rate(run));
	int decimals = page_decimals(greatest_rate(run), unit, VN_KIND_PPS);

	fprintf(p->out,
		"<details><summary>Table</summary><div class=\"scroll\"><table><thead><tr>"
		"<th class=\"n\">until s</th><th class=\"n\">sent %s</th>"
		"<th class=\"n\">received %s</th><th class=\"n\">newly lost</th></tr></thead>"
		"<tbody>\n",
		unit->name, unit->name);
	for (size_t i = 0; i < run->n_points; i++) {
		const struct page_point *q = &run->points[i];

		fprintf(p->out, "<tr><td class=\"n\">%.3f</td><td class=\"n\">", q->time_s);
		page_value_in(p->out, &q->sent_pps, VN_F_now_pps, unit, decimals);
		fputs("</td><td class=\"n\">", p->out);
		page_value_in(p->out, &q->got_pps, VN_F_rx_now_pps, unit, decimals);
		if (q->lost.is_known)
			fprintf(p->out, "</td><td class=\"n\">%lld</td></tr>\n",
				(long long)newly_lost(run, i));
		else
			fputs("</td><td class=\"n\">" PAGE_DASH "</td></tr>\n", p->out);
	}
	fputs("</tbody></table></div></details>\n", p->out);
}

static void legend(struct page *p, const struct page_run *run)
{
	fputs("<p class=\"legend\">", p->out);
	if (any(run, has_sent))
		fputs("<span class=\"key sent\">sent</span> ", p->out);
	if (any(run, has_got))
		fputs("<span class=\"key got\">received</span> ", p->out);
	if (run->total.value[VN_F_asked_pps].is_known)
		fputs("<span class=\"key asked\">asked</span>", p->out);
	fputs("</p>\n", p->out);
}

void page_rate_figure(struct page *p, const struct page_run *run)
{
	if (!run->n_points) {
		fputs("<p class=\"note\">The run was over before its first progress line: there "
		      "is no course to show.</p>\n",
		      p->out);
		return;
	}
	fputs("<figure class=\"broad\">\n", p->out);
	legend(p, run);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(layouts); i++)
		draw_rates(p, run, &layouts[i]);
	if (most_lost(run) > 0) {
		fputs("<figcaption><b>Newly lost</b> <span>packets an interval</span>"
		      "</figcaption>\n",
		      p->out);
		for (unsigned int i = 0; i < VN_ARRAY_SIZE(layouts); i++)
			draw_losses(p, run, &layouts[i]);
	}
	list_points(p, run);
	if (run->points_each > 1)
		fprintf(p->out, "<p class=\"note\">Each step is the mean over %zu intervals.</p>\n",
			run->points_each);
	fputs("</figure>\n", p->out);
}

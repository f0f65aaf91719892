/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_svg.h"

void page_frame_place(struct page_frame *f)
{
	f->x.from = PAGE_AXIS_LEFT;
	f->x.to = f->width - PAGE_AXIS_RIGHT;
	f->y.from = f->height - PAGE_AXIS_BOTTOM;
	f->y.to = f->top;
}

void page_svg_open(struct page *p, const struct page_frame *f, const char *class, const char *title,
		   const char *text)
{
	unsigned int id = ++p->n_ids;

	fprintf(p->out,
		"<svg class=\"chart%s%s\" viewBox=\"0 0 %u %u\" role=\"img\" "
		"aria-labelledby=\"t%u d%u\"><title id=\"t%u\">",
		*class ? " " : "", class, f->width, f->height, id, id, id);
	page_escape(p->out, title);
	fprintf(p->out, "</title><desc id=\"d%u\">", id);
	page_escape(p->out, text);
	fputs("</desc>\n", p->out);
}

void page_svg_close(struct page *p)
{
	fputs("</svg>\n", p->out);
}

void page_svg_y(struct page *p, const struct page_frame *f, const struct page_unit *units)
{
	const struct page_unit *unit = page_unit_for(units, f->y.hi);
	char text[PAGE_TEXT];

	for (unsigned int i = 0; i < f->y.n_ticks; i++) {
		double y = page_scale_at(&f->y, f->y.ticks[i]);

		if (f->y.is_log) /* from 1 to millions: each in its own */
			unit = page_unit_for(units, f->y.ticks[i]);
		page_tick_text(f->y.ticks[i], unit, text);
		fprintf(p->out,
			"<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
			"<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">"
			"%s</text>\n",
			f->x.from, y, f->x.to, f->x.from - 8, y + 4, text);
	}
	fprintf(p->out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n", f->x.from, f->y.from,
		f->x.to);
}

void page_svg_x(struct page *p, const struct page_frame *f, const struct page_unit *units)
{
	const struct page_unit *unit = page_unit_for(units, f->x.hi);
	char text[PAGE_TEXT];

	for (unsigned int i = 0; i < f->x.n_ticks; i++) {
		/* Bars of whole numbers stand from n to n + 1. */
		double middle = f->x.is_log ? 0.5 : 0;
		double x = page_scale_at(&f->x, f->x.ticks[i] + middle);

		if (f->x.ticks[i] + middle > f->x.hi)
			continue;
		/* Over powers of ten each in its own unit, else all in one. */
		if (f->x.is_log && f->x.hi / f->x.lo >= 10)
			unit = page_unit_for(units, f->x.ticks[i]);
		page_tick_text(f->x.ticks[i], unit, text);
		fprintf(p->out,
			"<path class=\"axis\" d=\"M%.1f %.1fv5\"/>"
			"<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">"
			"%s</text>\n",
			x, f->y.from, x, f->y.from + 20, text);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_scale.h"

#include <math.h>

/* Steps between ticks are 1, 2 or 5 times a power of ten. */
static double round_step(double about)
{
	double ten = pow(10, floor(log10(about)));
	double part = about / ten;

	return ten * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void add_tick(struct page_scale *s, double value)
{
	if (s->n_ticks < PAGE_TICKS_MAX)
		s->ticks[s->n_ticks++] = value;
}

/* Multiples of step, from lo to hi. Counted, since added fractions drift. */
static void add_steps(struct page_scale *s, double step)
{
	double first = ceil(s->lo / step - 1e-9), last = floor(s->hi / step + 1e-9);

	for (double i = first; i <= last; i++)
		add_tick(s, i ? i * step : 0); /* not -0 */
}

void page_scale_linear(struct page_scale *s, double lo, double hi, unsigned int n)
{
	double step = round_step(hi > lo ? (hi - lo) / n : 1);

	s->is_log = false;
	s->n_ticks = 0;
	s->lo = lo;
	s->hi = lo + step * ceil((hi > lo ? hi - lo : 1) / step - 1e-9);
	add_steps(s, step);
}

static void add_powers(struct page_scale *s, unsigned int n)
{
	static const double parts[] = { 1, 2, 5 };
	double decades = log10(s->hi / s->lo);
	unsigned int each = decades * 3 <= n ? 3 : 1;
	double skip = ceil(decades / n); /* powers of ten from label to label */
	double first = floor(log10(s->lo)), last = ceil(log10(s->hi));

	for (double p = first; p <= last; p++)
		for (unsigned int i = 0; i < each; i++) {
			double v = parts[i] * pow(10, p);

			if (v >= s->lo * (1 - 1e-9) && v <= s->hi * (1 + 1e-9) &&
			    (skip <= 1 || fmod(p, skip) == 0))
				add_tick(s, v);
		}
}

void page_scale_log(struct page_scale *s, double lo, double hi, unsigned int n)
{
	s->is_log = true;
	s->n_ticks = 0;
	s->lo = lo;
	s->hi = hi;
	if (hi / lo >= 10)
		add_powers(s, n);
	else
		add_steps(s, round_step((hi - lo) / n));
}

double page_scale_at(const struct page_scale *s, double value)
{
	double v = fmin(fmax(value, s->lo), s->hi);
	double part =
		s->is_log ? log(v / s->lo) / log(s->hi / s->lo) : (v - s->lo) / (s->hi - s->lo);

	return s->from + part * (s->to - s->from);
}

void page_tick_text(double value, const struct page_unit *unit, char buf[PAGE_TEXT])
{
	double shown = value / unit->scale;
	int decimals = 0;

	/* Up to nine: a step of a narrow axis far from 0 has many digits. */
	while (decimals < 9 &&
	       fabs(shown * pow(10, decimals) - round(shown * pow(10, decimals))) > 1e-6)
		decimals++;
	snprintf(buf, PAGE_TEXT, "%.*f%s%s", decimals, shown, unit->name[0] ? PAGE_THIN : "",
		 unit->name);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of a distribution by a table of its quantiles: a random number is taken
 * as the probability of a tail, above or below the median, and the value that has
 * such a tail is interpolated between two rows.
 *
 * Rows are log-linear in the tail's probability (as buckets of base/hist.h are in
 * value): each halving of it has 64, down to 2^-58, so what is rare is as exact as
 * what is common. Draws come from few rows: half of them from 1 KiB of the table, 99
 * in a hundred from 7.
 *
 * A line between two points of a curve is beside the curve, always on the same side
 * where it is always bent the same way, and the mean would be, too. Therefore rows
 * are moved by what the cells around them are off, weighted by the cells' probability:
 * the mean of the table is then that of the distribution. Floating point is used to
 * make the table, not to draw.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "packet/series_priv.h"

#define SUB_BITS 6
#define SUB	 (1u << SUB_BITS)
#define OCTAVES	 (63 - SUB_BITS)
#define CELLS	 (OCTAVES * SUB)
#define SIDES	 2 /* below the median, above */

#define VALUE_LOW  (-0x1p61) /* of rows; what is below 0 is cut when it is drawn */
#define VALUE_HIGH 0x1p63

struct table {
	struct vn_part part;
	struct vn_rng rng;
	unsigned int number;
	bool has_mean;
	uint64_t end;		       /* the greatest of all rows */
	int64_t row[SIDES][CELLS + 1]; /* from the far tail to the median */
};

size_t vn_table_bytes(void)
{
	return sizeof(((struct table *)NULL)->row);
}

static uint64_t table_next(struct vn_part *p)
{
	struct table *t = vn_container_of(p, struct table, part);
	uint64_t random = vn_rng_next(&t->rng);
	/* In 2^-64; the bit that is set keeps it from tails beyond the last row. */
	uint64_t tail = (random & (UINT64_MAX >> 1)) | SUB;
	unsigned int zeros = (unsigned int)__builtin_clzll(tail);
	uint64_t bits = tail << zeros;
	const int64_t *row = &t->row[random >> 63][(OCTAVES - zeros) * SUB +
						   ((bits >> (63 - SUB_BITS)) & (SUB - 1))];
	__int128_t part = (__int128_t)(row[1] - row[0]) * (bits << (SUB_BITS + 1));
	int64_t v = row[0] + (int64_t)((part + ((__int128_t)1 << 63)) >> 64);
	int64_t least = (int64_t)p->least, greatest = (int64_t)p->greatest;

	v = v < least ? least : v;
	return (uint64_t)(v > greatest ? greatest : v);
}

static void table_seed(struct vn_part *p, uint64_t key)
{
	struct table *t = vn_container_of(p, struct table, part);

	vn_rng_seed(&t->rng, key, t->number);
}

/* The probability below row i of a side, counted from its end. */
static double tail_of(unsigned int i)
{
	return ldexp(SUB + i % SUB, (int)(i / SUB) - 64);
}

/* ---- means ---- */

/* The integral of x rounded half up, from 0 to x, in ones. */
static double rounded_integral(double x)
{
	double n = floor(x + 0.5);

	return n * (n - 1) / 2 + n * (x + 0.5 - n);
}

/* The mean of what lies evenly between a and b, by whole numbers if asked so;
 * counted from a whole number near a, so that large ones do not take the digits. */
static double mean_between(double a, double b, bool is_whole)
{
	double one = (double)VN_SERIES_ONE, base = floor(a / one);

	if (!is_whole)
		return (a + b) / 2;
	a = a / one - base;
	b = b / one - base;
	if (b - a < 1e-9)
		return (base + floor(a + 0.5)) * one;
	return (base + (rounded_integral(b) - rounded_integral(a)) / (b - a)) * one;
}

/* The same, and what is below low or above high is one of these. */
static double mean_of_cell(double a, double b, double low, double high, bool is_whole)
{
	double from = fmax(a, low), to = fmin(b, high);

	if (b <= low)
		return low;
	if (a >= high)
		return high;
	if (a >= b)
		return mean_between(a, a, is_whole);
	return ((from - a) * low + (to - from) * mean_between(from, to, is_whole) +
		(b - to) * high) /
	       (b - a);
}

static bool table_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	const struct table *t = vn_container_of(p, struct table, part);
	double low = (double)vn_rounded(r, p->least), high = (double)vn_rounded(r, p->greatest);
	unsigned int side, i;
	double sum = 0;

	if (!t->has_mean && p->greatest == t->end)
		return false;
	for (side = 0; side < SIDES; side++) {
		const int64_t *row = t->row[side];

		for (i = 0; i < CELLS; i++)
			sum += (tail_of(i + 1) - tail_of(i)) *
			       mean_of_cell((double)VN_MIN(row[i], row[i + 1]),
					    (double)VN_MAX(row[i], row[i + 1]), low, high,
					    r.is_whole);
	}
	*mean = sum / (1 - SIDES * tail_of(0));
	return true;
}

/* ---- construction ---- */

static double quantile(const struct vn_shape *s, double tail, bool is_upper)
{
	return fmin(fmax(s->quantile(s->a, tail, is_upper), VALUE_LOW), VALUE_HIGH);
}

/* How much the line over a cell is above the curve, on average; the curve's average
 * by Gauss' two points. */
static double excess(const struct vn_shape *s, bool is_upper, const double v[2], unsigned int i)
{
	double middle = (tail_of(i) + tail_of(i + 1)) / 2;
	double off = (tail_of(i + 1) - tail_of(i)) / 2 / sqrt(3);

	return (v[0] + v[1] - quantile(s, middle - off, is_upper) -
		quantile(s, middle + off, is_upper)) /
	       2;
}

static int64_t to_row(double v)
{
	return v >= VALUE_HIGH ? (int64_t)VN_SERIES_MAX : (int64_t)llrint(fmax(v, VALUE_LOW));
}

/*
 * One side but its last row, the median; *last: the excess of the cell before that.
 * A row is moved by the mean excess of the two cells that share it, weighted by
 * their widths, which are what they are likely: taken together these movements are
 * exactly the excess of all cells.
 */
static void fill_side(struct table *t, const struct vn_shape *s, bool is_upper, double *last)
{
	double v[2], before = 0, before_width = 0;
	unsigned int i;

	v[0] = quantile(s, tail_of(0), is_upper);
	for (i = 0; i < CELLS; i++) {
		double width = tail_of(i + 1) - tail_of(i), over;

		v[1] = quantile(s, tail_of(i + 1), is_upper);
		over = excess(s, is_upper, v, i);
		t->row[is_upper][i] = to_row(v[0] - (before_width * before + width * over) /
							    (before_width + width));
		v[0] = v[1];
		before = over;
		before_width = width;
	}
	*last = before;
}

static void fill_rows(struct table *t, const struct vn_shape *s)
{
	double below, above;
	int64_t least = INT64_MAX, greatest = 0;
	unsigned int side, i;

	fill_side(t, s, false, &below);
	fill_side(t, s, true, &above);
	t->row[0][CELLS] = to_row(quantile(s, 0.5, false) - (below + above) / 2);
	t->row[1][CELLS] = t->row[0][CELLS];
	for (side = 0; side < SIDES; side++) {
		for (i = 0; i <= CELLS; i++) {
			least = VN_MIN(least, t->row[side][i]);
			greatest = VN_MAX(greatest, t->row[side][i]);
		}
	}
	t->part.least = (uint64_t)VN_MAX(least, to_row(s->least));
	t->part.greatest = VN_MAX((uint64_t)greatest, t->part.least);
	t->end = t->part.greatest;
}

static void table_free(struct vn_part *p)
{
	free(vn_container_of(p, struct table, part));
}

static const struct vn_part_ops table_ops = {
	.next = table_next,
	.seed = table_seed,
	.mean = table_mean,
	.free = table_free,
	.keeps_bounds = true,
};

int vn_table_new(const struct vn_shape *shape, unsigned int number, struct vn_part **out)
{
	struct table *t = calloc(1, sizeof(*t));

	*out = t ? &t->part : NULL;
	if (!t)
		return -ENOMEM;
	t->part.ops = &table_ops;
	t->number = number;
	t->has_mean = shape->has_mean;
	fill_rows(t, shape);
	return 0;
}

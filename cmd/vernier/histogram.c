/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The longest bar is as long as there is room; every row that holds a sample
 * has a bar that can be seen, however short, since the few are what one looks
 * for.
 */
#include "histogram.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80
#define BAR_MIN 8
#define EIGHTHS 8

struct row {
	uint64_t low, high; /* both included */
	uint64_t count;
};

struct rows {
	unsigned int n;
	struct row v[VN_HISTOGRAM_ROWS];
	uint64_t most; /* in one row */
	uint64_t count;
};

/* The locale that the environment asks for; the program's own stays "C". */
static bool locale_has_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool is_utf8;

	if (!locale)
		return false;
	is_utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return is_utf8;
}

struct vn_histogram_style vn_histogram_style(FILE *out)
{
	struct winsize size;
	bool has_size = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;

	return (struct vn_histogram_style){
		.columns = has_size ? size.ws_col : COLUMNS,
		.has_blocks = locale_has_utf8(),
	};
}

/* The first and the last bucket with samples. False: there are none. */
static bool find_ends(const struct vn_hist *h, unsigned int *first, unsigned int *last)
{
	uint64_t low, high;

	*first = VN_HIST_BUCKETS;
	*last = 0;
	for (unsigned int i = 0; i < VN_HIST_BUCKETS; i++) {
		if (!vn_hist_bucket(h, i, &low, &high))
			continue;
		*first = VN_MIN(*first, i);
		*last = i;
	}
	return *first < VN_HIST_BUCKETS;
}

static struct row join_buckets(const struct vn_hist *h, unsigned int first, unsigned int n)
{
	struct row row = { 0 };
	uint64_t low;

	vn_hist_bucket(h, first, &row.low, &row.high);
	for (unsigned int i = first; i < first + n; i++)
		row.count += vn_hist_bucket(h, i, &low, &row.high);
	return row;
}

static bool make_rows(const struct vn_hist *h, struct rows *out)
{
	unsigned int first, last, each;

	*out = (struct rows){ 0 };
	if (!find_ends(h, &first, &last))
		return false;
	each = (last - first) / VN_HISTOGRAM_ROWS + 1;
	for (unsigned int i = first; i <= last; i += each) {
		struct row *row = &out->v[out->n++];

		*row = join_buckets(h, i, VN_MIN(each, last - i + 1));
		out->most = VN_MAX(out->most, row->count);
		out->count += row->count;
	}
	/* Buckets are wider than what fell into them. */
	out->v[0].low = vn_hist_min(h);
	out->v[out->n - 1].high = vn_hist_percentile(h, 100);
	return true;
}

static void print_bar(FILE *out, double part, unsigned int room, bool has_blocks)
{
	/* Each code is three bytes in UTF-8: U+2588 is a whole block, U+258F an eighth. */
	static const char *const blocks[EIGHTHS + 1] = {
		"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589", "\u2588",
	};
	unsigned int unit = has_blocks ? EIGHTHS : 1;
	double exact = part * (double)(room * unit);
	unsigned int n = (unsigned int)exact;

	n += (double)n < exact; /* rounded up: what is there is seen */
	for (unsigned int i = 0; i < n / unit; i++)
		fputs(has_blocks ? blocks[EIGHTHS] : "#", out);
	fputs(blocks[n % unit], out);
}

static void print_row(FILE *out, const struct row *row, const struct rows *rows, uint64_t below,
		      const struct vn_histogram_style *style)
{
	char low[VN_SNAP_TEXT], high[VN_SNAP_TEXT];
	int used;

	vn_snap_ns_text(row->low, low);
	vn_snap_ns_text(row->high, high);
	used = fprintf(out, "%10s %10s %12" PRIu64 " %7.2f%% ", low, high, row->count,
		       100.0 * (double)(below + row->count) / (double)rows->count);
	if (row->count)
		print_bar(out, (double)row->count / (double)rows->most,
			  VN_MAX((int)style->columns - used, BAR_MIN), style->has_blocks);
	fputc('\n', out);
}

void vn_histogram_print(FILE *out, const char *title, const struct vn_hist *h,
			const struct vn_histogram_style *style)
{
	uint64_t below = 0;
	struct rows rows;

	if (!make_rows(h, &rows))
		return;
	fprintf(out, "%s (%" PRIu64 " samples)\n%10s %10s %12s %8s\n", title, rows.count, "from",
		"to", "count", "up to");
	for (unsigned int i = 0; i < rows.n; i++) {
		print_row(out, &rows.v[i], &rows, below, style);
		below += rows.v[i].count;
	}
	fputc('\n', out);
}

void vn_histogram_report(FILE *out, const struct vn_snapshot *s)
{
	static const struct {
		enum vn_snap_hist hist;
		const char *name;
	} shown[] = {
		{ VN_H_lateness, "lateness" },
		{ VN_H_gap_error, "gap error" },
		{ VN_H_stamped_lateness, "stamped lateness" },
		{ VN_H_stamped_gap_error, "stamped gap error" },
		{ VN_H_gap, "gap" },
		{ VN_H_latency, "latency" },
	};
	struct vn_histogram_style style = vn_histogram_style(out);
	char title[VN_SNAP_NAME + 16];

	for (unsigned int i = 0; i < s->n_rows; i++) {
		for (unsigned int k = 0; k < VN_ARRAY_SIZE(shown); k++) {
			const struct vn_hist *h = s->rows[i].hist[shown[k].hist];

			snprintf(title, sizeof(title), "%s: %s", s->rows[i].name, shown[k].name);
			if (h)
				vn_histogram_print(out, title, h, &style);
		}
	}
}

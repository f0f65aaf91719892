/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_table.h"

#include <math.h>

#include "page_html.h"

#define ALL_STREAMS_MAX 24  /* columns of the table of everything */
#define RATIO_MAX	100 /* of the numbers of a column with one unit */

/* A column's unit; NULL: each number is shown as it is, or in a unit of its own
 * when they are so different that one would leave nothing of the least. */
struct format {
	const struct page_unit *unit;
	int decimals;
};

/* The i-th row of a table. */
struct rows {
	unsigned int n;
	const struct page_row *(*row)(const void *arg, unsigned int i);
	const void *arg;
};

static struct format format_of(const struct rows *rows, enum vn_snap_field field)
{
	const struct page_unit *units = page_units_of(field);
	struct format f = { NULL, 0 };
	double most = 0, least = INFINITY;

	for (unsigned int i = 0; i < rows->n; i++) {
		const struct vn_snap_value *v = &rows->row(rows->arg, i)->value[field];

		if (!v->is_known || v->x == 0)
			continue;
		most = fmax(most, fabs(v->x));
		least = fmin(least, fabs(v->x));
	}
	if (!units || most > RATIO_MAX * least)
		return f;
	f.unit = page_unit_for(units, most);
	f.decimals = page_decimals(most, f.unit, vn_snap_fields[field].kind);
	return f;
}

static void open_table(struct page *p)
{
	/* Wider than the window, it is moved in its frame: with the keys too. */
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>",
	      p->out);
}

static void close_table(struct page *p)
{
	fputs("</tbody></table></div>\n", p->out);
}

static void head_cell(struct page *p, const char *head, const struct page_unit *unit)
{
	fprintf(p->out, "<th scope=\"col\" class=\"n\">%s", head);
	if (unit)
		fprintf(p->out, " <small>%s</small>", unit->name);
	fputs("</th>", p->out);
}

static void heads(struct page *p, const char *first, const struct rows *rows,
		  const struct page_column *columns, unsigned int n)
{
	fprintf(p->out, "<thead><tr><th scope=\"col\">%s</th>", first);
	for (unsigned int i = 0; i < n; i++)
		head_cell(p, columns[i].head, format_of(rows, columns[i].field).unit);
	fputs("</tr></thead><tbody>\n", p->out);
}

static void cells(struct page *p, const struct rows *rows, const struct page_row *row,
		  const struct page_column *columns, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct format f = format_of(rows, columns[i].field);

		fputs("<td class=\"n\">", p->out);
		if (f.unit)
			page_value_in(p->out, &row->value[columns[i].field], columns[i].field,
				      f.unit, f.decimals);
		else
			page_value(p->out, &row->value[columns[i].field], columns[i].field);
		fputs("</td>", p->out);
	}
	fputs("</tr>\n", p->out);
}

/* --- streams ------------------------------------------------------------------ */

/* The streams, and behind them the total. */
static const struct page_row *run_row(const void *arg, unsigned int i)
{
	const struct page_run *run = arg;

	return i < run->n_rows ? &run->rows[i] : &run->total;
}

/* The total of one stream is that stream. */
static struct rows rows_of(const struct page_run *run)
{
	return (struct rows){
		.n = (unsigned int)run->n_rows + (run->n_rows != 1),
		.row = run_row,
		.arg = run,
	};
}

void page_table_streams(struct page *p, const struct page_run *run,
			const struct page_column *columns, unsigned int n)
{
	struct rows rows = rows_of(run);

	open_table(p);
	heads(p, "stream", &rows, columns, n);
	for (unsigned int i = 0; i < rows.n; i++) {
		const struct page_row *row = run_row(run, i);

		fprintf(p->out, "<tr%s data-row=\"%u\"><th scope=\"row\">",
			i == run->n_rows ? " class=\"total\"" : "", i);
		page_name(p->out, row->name);
		fputs("</th>", p->out);
		cells(p, &rows, row, columns, n);
	}
	close_table(p);
}

/* --- runs ----------------------------------------------------------------------- */

static const struct page_row *total_row(const void *arg, unsigned int i)
{
	return &((const struct page_run *)arg)[i].total;
}

void page_table_runs(struct page *p, const struct page_run *runs, unsigned int n_runs,
		     const struct page_column *columns, unsigned int n)
{
	struct rows rows = { .n = n_runs, .row = total_row, .arg = runs };

	open_table(p);
	heads(p, "run</th><th scope=\"col\">verdict", &rows, columns, n);
	for (unsigned int i = 0; i < n_runs; i++) {
		fprintf(p->out, "<tr data-run=\"%u\"><th scope=\"row\"><a href=\"#run%u\">", i, i);
		page_name(p->out, runs[i].source);
		fprintf(p->out, "</a></th><td>%s</td>", page_run_verdict(&runs[i]));
		cells(p, &rows, &runs[i].total, columns, n);
	}
	close_table(p);
}

/* --- everything ------------------------------------------------------------------- */

/* Many streams would make a table that nobody reads: the first, and the total. */
static unsigned int shown_rows(const struct page_run *run)
{
	return (unsigned int)VN_MIN(run->n_rows, ALL_STREAMS_MAX);
}

static bool is_field_known(const struct rows *rows, enum vn_snap_field field)
{
	for (unsigned int i = 0; i < rows->n; i++)
		if (rows->row(rows->arg, i)->value[field].is_known)
			return true;
	return false;
}

static void all_heads(struct page *p, const struct page_run *run)
{
	fputs("<thead><tr><th scope=\"col\">number</th><th scope=\"col\" class=\"n\">total</th>",
	      p->out);
	for (unsigned int i = 0; run->n_rows > 1 && i < shown_rows(run); i++) {
		fputs("<th scope=\"col\" class=\"n\">", p->out);
		page_name(p->out, run->rows[i].name);
		fputs("</th>", p->out);
	}
	fputs("</tr></thead><tbody>\n", p->out);
}

static void all_cell(struct page *p, const struct page_row *row, enum vn_snap_field field)
{
	fputs("<td class=\"n\">", p->out);
	page_value(p->out, &row->value[field], field);
	fputs("</td>", p->out);
}

void page_table_all(struct page *p, const struct page_run *run)
{
	struct rows rows = rows_of(run);

	open_table(p);
	all_heads(p, run);
	for (unsigned int f = 0; f < VN_F_COUNT; f++) {
		if (!is_field_known(&rows, f))
			continue;
		fprintf(p->out, "<tr><th scope=\"row\"><code>%s</code></th>",
			vn_snap_fields[f].key);
		all_cell(p, &run->total, f);
		for (unsigned int i = 0; run->n_rows > 1 && i < shown_rows(run); i++)
			all_cell(p, &run->rows[i], f);
		fputs("</tr>\n", p->out);
	}
	close_table(p);
	if (run->n_rows > ALL_STREAMS_MAX)
		fprintf(p->out, "<p class=\"note\">The first %d of %zu streams.</p>\n",
			ALL_STREAMS_MAX, run->n_rows);
}

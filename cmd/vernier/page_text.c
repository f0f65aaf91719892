/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const struct page_unit page_units_count[] = {
	{ 1, "" }, { 1e3, "k" }, { 1e6, "M" }, { 1e9, "G" }, { 0, NULL },
};
const struct page_unit page_units_pps[] = {
	{ 1, "pps" }, { 1e3, "kpps" }, { 1e6, "Mpps" }, { 1e9, "Gpps" }, { 0, NULL },
};
const struct page_unit page_units_time[] = {
	{ 1, "ns" }, { 1e3, PAGE_MICRO "s" }, { 1e6, "ms" }, { 1e9, "s" }, { 0, NULL },
};
const struct page_unit page_units_bits[] = {
	{ 1e-3, "kbit/s" },
	{ 1, "Mbit/s" },
	{ 1e3, "Gbit/s" },
	{ 0, NULL },
};

const struct page_unit *page_unit_for(const struct page_unit *units, double x)
{
	/* A tick at 1000 may have come out a little below. */
	while (units[1].name && fabs(x) * (1 + 1e-9) >= units[1].scale)
		units++;
	return units;
}

const struct page_unit *page_units_of(enum vn_snap_field field)
{
	switch (vn_snap_fields[field].kind) {
	case VN_KIND_NS:
	case VN_KIND_SIGNED:
		return page_units_time;
	case VN_KIND_PPS:
		return page_units_pps;
	case VN_KIND_MBPS:
		return page_units_bits;
	default:
		return NULL;
	}
}

int page_decimals(double x, const struct page_unit *unit, enum vn_snap_kind kind)
{
	double shown = fabs(x) / unit->scale;

	if ((kind == VN_KIND_NS || kind == VN_KIND_SIGNED) && unit->scale <= 1)
		return 0;
	return shown >= 1000 ? 0 : shown >= 100 ? 1 : shown >= 10 ? 2 : 3;
}

void page_group(uint64_t n, char buf[PAGE_TEXT])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
}

void page_quantity(double x, const struct page_unit *units, char buf[PAGE_TEXT])
{
	const struct page_unit *unit = page_unit_for(units, x);
	bool is_whole_number = units == page_units_time || units == page_units_count;
	enum vn_snap_kind kind = is_whole_number ? VN_KIND_NS : VN_KIND_PPS;

	snprintf(buf, PAGE_TEXT, "%.*f%s%s", page_decimals(x, unit, kind), x / unit->scale,
		 unit->name[0] ? PAGE_THIN : "", unit->name);
}

/* --- texts -------------------------------------------------------------------- */

void page_escape(FILE *out, const char *text)
{
	if (!text) {
		fputs(PAGE_DASH, out);
		return;
	}
	for (const char *c = text; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		else if (*c == '\'')
			fputs("&#39;", out);
		else if ((byte < ' ' && *c != '\t' && *c != '\n') || byte == 0x7f)
			fputs("\xef\xbf\xbd", out);
		else
			fputc(*c, out);
	}
}

void page_name(FILE *out, const char *text)
{
	fputs("<bdi>", out);
	page_escape(out, text);
	fputs("</bdi>", out);
}

/* --- numbers ------------------------------------------------------------------ */

static bool is_whole(enum vn_snap_field field)
{
	enum vn_snap_kind kind = vn_snap_fields[field].kind;

	return kind == VN_KIND_COUNT || kind == VN_KIND_NS;
}

/* The start tag, with the number as the JSON has it. */
static void open_data(FILE *out, const struct vn_snap_value *v, enum vn_snap_field field)
{
	fprintf(out, "<data data-key=\"%s\" value=\"", vn_snap_fields[field].key);
	if (vn_snap_fields[field].kind == VN_KIND_SIGNED)
		fprintf(out, "%" PRId64 "\">", (int64_t)v->n);
	else if (is_whole(field))
		fprintf(out, "%" PRIu64 "\">", v->n);
	else
		fprintf(out, "%.12g\">", v->x);
}

void page_value_in(FILE *out, const struct vn_snap_value *v, enum vn_snap_field field,
		   const struct page_unit *unit, int decimals)
{
	char text[PAGE_TEXT];

	if (!v->is_known) {
		fputs(PAGE_DASH, out);
		return;
	}
	if (unit)
		snprintf(text, sizeof(text), "%.*f", decimals, v->x / unit->scale);
	else if (vn_snap_fields[field].kind == VN_KIND_PPM)
		snprintf(text, sizeof(text), "%+.1f", v->x);
	else if (vn_snap_fields[field].kind == VN_KIND_RATIO)
		snprintf(text, sizeof(text), "%.4f" PAGE_THIN "%%", v->x * 100);
	else if (is_whole(field))
		page_group(v->n, text);
	else
		snprintf(text, sizeof(text), "%.6g", v->x);
	open_data(out, v, field);
	fprintf(out, "%s</data>", text);
}

void page_value(FILE *out, const struct vn_snap_value *v, enum vn_snap_field field)
{
	const struct page_unit *units = page_units_of(field);
	char text[PAGE_TEXT];

	if (!units || !v->is_known) {
		page_value_in(out, v, field, NULL, 0);
		return;
	}
	page_quantity(v->x, units, text);
	open_data(out, v, field);
	fprintf(out, "%s</data>", text);
}

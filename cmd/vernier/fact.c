/* SPDX-License-Identifier: BSD-2-Clause */
#include "fact.h"

#include <inttypes.h>
#include <string.h>

void vn_fact_text(struct vn_fact *f, const char *text)
{
	f->is_known = true;
	snprintf(f->text, sizeof(f->text), "%s", text);
}

void vn_fact_number(struct vn_fact *f, uint64_t n)
{
	f->is_known = true;
	f->n = n;
}

void vn_fact_yes(struct vn_fact *f, bool is_yes)
{
	f->is_known = true;
	f->is_yes = is_yes;
}

void vn_fact_ability(struct vn_fact *f, int rc, const char *why)
{
	vn_fact_yes(f, !rc);
	if (rc)
		snprintf(f->text, sizeof(f->text), "%s", why);
}

static struct vn_fact ask(const struct vn_fact_row *row, const void *arg)
{
	struct vn_fact f = { .kind = row->kind };

	row->ask(&f, arg);
	return f;
}

static void print_value(const struct vn_fact_row *row, const struct vn_fact *f, FILE *out)
{
	if (!f->is_known)
		fputs("-", out);
	else if (f->kind == VN_FACT_IS_TEXT)
		fputs(f->text[0] ? f->text : "none", out);
	else if (f->kind == VN_FACT_IS_NUMBER)
		fprintf(out, "%" PRIu64 "%s%s", f->n, row->unit[0] ? " " : "", row->unit);
	else
		fprintf(out, "%s%s%s", f->is_yes ? "yes" : "no", f->text[0] ? ": " : "", f->text);
}

void vn_facts_print(const struct vn_fact_row *rows, unsigned int n, const void *arg, FILE *out)
{
	for (unsigned int i = 0; i < n; i++) {
		struct vn_fact f = ask(&rows[i], arg);

		fprintf(out, "  %-29s", rows[i].label);
		print_value(&rows[i], &f, out);
		fputc('\n', out);
	}
}

static json_t *value_json(const struct vn_fact *f)
{
	if (!f->is_known)
		return json_null();
	switch (f->kind) {
	case VN_FACT_IS_NUMBER:
		return json_integer((json_int_t)f->n);
	case VN_FACT_IS_YES:
		return json_boolean(f->is_yes);
	case VN_FACT_IS_ABILITY:
		return json_pack("{s:b,s:s}", "yes", f->is_yes, "why", f->text);
	case VN_FACT_IS_TEXT:
		break;
	}
	return json_string(f->text);
}

json_t *vn_facts_json(const struct vn_fact_row *rows, unsigned int n, const void *arg)
{
	json_t *o = json_object();

	for (unsigned int i = 0; i < n; i++) {
		struct vn_fact f = ask(&rows[i], arg);

		json_object_set_new(o, rows[i].key, value_json(&f));
	}
	return o;
}

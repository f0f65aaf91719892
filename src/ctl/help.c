/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table as a text for people: the list of options that --help prints, and
 * a section of the manual page. Both say the same in the same order.
 */
#include "ctl/ctl_priv.h"

#include <string.h>

#define COLUMNS	    100
#define HELP_COLUMN 32

/* "(0-4095)", "(IPV6, IPSRC_RND, ...)", or nothing: a range that only the
 * width of the field sets is not worth telling. */
static void add_accepted(struct vn_text *t, const struct vn_param *p)
{
	const char *(*word)(unsigned int i) = p->impl->kind->word;
	unsigned int i;

	if (p->max > 0 && p->max <= UINT32_MAX)
		vn_text_add(t, " (%llu-%llu)", (unsigned long long)p->min,
			    (unsigned long long)p->max);
	if (p->units || !word)
		return;
	for (i = 0; word(i); i++)
		vn_text_add(t, "%s%s", i ? ", " : " (", word(i));
	vn_text_add(t, ")");
}

static bool is_new_group(unsigned int row)
{
	return row == 0 || strcmp(vn_params[row].group, vn_params[row - 1].group) != 0;
}

static void option_text(struct vn_text *t, const struct vn_param *p)
{
	const char *c;

	vn_text_add(t, "--");
	for (c = p->name; *c; c++)
		vn_text_add(t, "%c", *c == '_' ? '-' : *c);
}

/* Words of text from column HELP_COLUMN on, broken before COLUMNS. */
static void print_wrapped(FILE *out, const char *text, size_t column)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + n > COLUMNS) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		if (column > HELP_COLUMN)
			column += (size_t)fprintf(out, " ");
		column += (size_t)fprintf(out, "%.*s", (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
	fprintf(out, "\n");
}

static void help_row(FILE *out, const struct vn_param *p)
{
	char option[80], text[1024];
	struct vn_text t;

	vn_text_init(&t, option, sizeof(option));
	vn_text_add(&t, "  ");
	option_text(&t, p);
	vn_text_add(&t, " %s", p->metavar);
	if (t.len + 2 > HELP_COLUMN)
		fprintf(out, "%s\n%*s", option, HELP_COLUMN, "");
	else
		fprintf(out, "%-*s", HELP_COLUMN, option);

	vn_text_init(&t, text, sizeof(text));
	vn_text_add(&t, "%s", p->help);
	add_accepted(&t, p);
	print_wrapped(out, text, HELP_COLUMN);
}

/* Has an earlier row the same metavar, and so told its units? */
static bool is_told(unsigned int row)
{
	unsigned int i;

	for (i = 0; i < row; i++)
		if (vn_params[i].units && strcmp(vn_params[i].metavar, vn_params[row].metavar) == 0)
			return true;
	return false;
}

static bool has_suffixes(const struct vn_unit *u)
{
	for (; u && u->suffix; u++)
		if (u->suffix[0])
			return true;
	return false;
}

/* "k, M, G" */
static void suffixes_text(struct vn_text *t, const struct vn_unit *u)
{
	for (; u->suffix; u++)
		if (u->suffix[0])
			vn_text_add(t, "%s%s", t->len ? ", " : "", u->suffix);
}

/* One line for each kind of quantity: what may stand behind the number. */
static void each_unit(FILE *out, void (*print)(FILE *out, const char *metavar, const char *list))
{
	struct vn_text t;
	unsigned int i;
	char list[160];

	for (i = 0; i < vn_n_params; i++) {
		if (!has_suffixes(vn_params[i].units) || is_told(i))
			continue;
		vn_text_init(&t, list, sizeof(list));
		suffixes_text(&t, vn_params[i].units);
		print(out, vn_params[i].metavar, list);
	}
}

static void help_unit(FILE *out, const char *metavar, const char *list)
{
	fprintf(out, "  %-*snumber, or number with %s\n", HELP_COLUMN - 2, metavar, list);
}

void vn_params_help(FILE *out)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++) {
		if (vn_params[i].flags & VN_PARAM_CTL)
			continue;
		if (is_new_group(i))
			fprintf(out, "%s%s\n", i ? "\n" : "", vn_params[i].group);
		help_row(out, &vn_params[i]);
	}
	fprintf(out, "\nUnits\n");
	each_unit(out, help_unit);
}

/* Text for troff: no hyphen that may be broken or become a dash, no control
 * line by accident. */
static void print_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fprintf(out, "\\&");
	for (; *text; text++) {
		if (*text == '-')
			fprintf(out, "\\-");
		else if (*text == '\\')
			fprintf(out, "\\e");
		else if (*text == '"')
			fprintf(out, "\\(dq");
		else
			fputc(*text, out);
	}
}

static void man_heading(FILE *out, const struct vn_param *p)
{
	struct vn_text t;
	char option[80];

	fprintf(out, ".TP\n\\fB");
	vn_text_init(&t, option, sizeof(option));
	if (p->flags & VN_PARAM_CTL)
		vn_text_add(&t, "%s", p->name);
	else
		option_text(&t, p);
	print_roff(out, option);
	fprintf(out, "\\fR");
	if (p->metavar) {
		fprintf(out, " \\fI");
		print_roff(out, p->metavar);
		fprintf(out, "\\fR");
	}
	fprintf(out, "\n");
}

static void man_row(FILE *out, const struct vn_param *p)
{
	struct vn_text t;
	char text[1024];

	man_heading(out, p);
	vn_text_init(&t, text, sizeof(text));
	vn_text_add(&t, "%c%s",
		    p->help[0] >= 'a' && p->help[0] <= 'z' ? p->help[0] - 'a' + 'A' : p->help[0],
		    p->help + 1);
	add_accepted(&t, p);
	vn_text_add(&t, ".");
	if (p->flags & VN_PARAM_OURS)
		vn_text_add(&t, " No command of the device file.");
	print_roff(out, text);
	fprintf(out, "\n");
}

static void man_unit(FILE *out, const char *metavar, const char *list)
{
	fprintf(out, ".TP\n\\fI%s\\fR\nA number, or a number with %s behind it.\n", metavar, list);
}

void vn_params_man(FILE *out)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++) {
		if (is_new_group(i))
			fprintf(out, ".SS %s\n", vn_params[i].group);
		man_row(out, &vn_params[i]);
	}
	fprintf(out, ".SS Units\n");
	each_unit(out, man_unit);
}

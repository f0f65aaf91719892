/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/param.h"

#define HELP	  1   /* getopt values: --help, which is no letter, */
#define FIRST_ROW 256 /* and what is above every letter */
#define HELP_COLUMN 32 /* as the stream options below them */
#define SHORTS_SIZE 64 /* "+:h" and two characters for each letter of a table */

const struct vn_option vn_option_help = {
	.name = "help",
	.help = "print this and exit",
};

/*
 * getopt's list. Stream parameters appear twice when they have a '_', once in
 * each spelling; same value, so an abbreviation of both is not ambiguous.
 */
struct long_list {
	struct option *v;
	unsigned int n;
	char *names; /* the second spellings */
	bool *seen;  /* by row */
};

static void list_add(struct long_list *l, const char *name, bool has_value, int val)
{
	l->v[l->n++] = (struct option){
		.name = name,
		.has_arg = has_value ? required_argument : no_argument,
		.val = val,
	};
}

/* Copies name to *at with every `from` as `to`; returns NULL if it has none. */
static char *respell(const char *name, char from, char to, char **at)
{
	char *copy = *at;
	size_t len = strlen(name) + 1;

	if (!strchr(name, from))
		return NULL;
	memcpy(copy, name, len);
	for (char *c = copy; *c; c++)
		*c = *c == from ? to : *c;
	*at += len;
	return copy;
}

static size_t names_size(const struct vn_options *spec, unsigned int n_params)
{
	size_t size = 1;

	for (unsigned int i = 0; i < spec->n_rows; i++)
		size += strlen(spec->rows[i].name) + 1;
	for (unsigned int i = 0; i < n_params; i++)
		size += strlen(vn_params[i].name) + 1;
	return size;
}

static int list_make(struct long_list *l, const struct vn_options *spec)
{
	unsigned int n_params = spec->param ? vn_n_params : 0;
	char *at, *other;

	l->n = 0;
	l->v = calloc(2 * (spec->n_rows + n_params) + 2, sizeof(*l->v));
	l->names = malloc(names_size(spec, n_params));
	l->seen = calloc(spec->n_rows + 1, sizeof(*l->seen));
	if (!l->v || !l->names || !l->seen)
		return -ENOMEM;
	at = l->names;
	list_add(l, vn_option_help.name, false, HELP);
	for (unsigned int i = 0; i < spec->n_rows; i++) {
		const struct vn_option *o = &spec->rows[i];

		list_add(l, o->name, o->metavar, (int)(FIRST_ROW + i));
		other = respell(o->name, '-', '_', &at);
		if (other)
			list_add(l, other, o->metavar, (int)(FIRST_ROW + i));
	}
	for (unsigned int i = 0; i < n_params; i++) {
		const struct vn_param *p = &vn_params[i];
		int val = (int)(FIRST_ROW + spec->n_rows + i);

		if (p->flags & VN_PARAM_CTL)
			continue;
		list_add(l, p->name, p->metavar, val);
		other = respell(p->name, '_', '-', &at);
		if (other)
			list_add(l, other, p->metavar, val);
	}
	return 0;
}

static void list_free(struct long_list *l)
{
	free(l->v);
	free(l->names);
	free(l->seen);
}

/* How names are spelled where they are listed. */
static const char *dashes(const struct vn_options *spec)
{
	return spec->single_dash ? "-" : "--";
}

static int option_store(const struct vn_options *spec, const struct vn_option *o, void *dest,
			const char *value, struct vn_err *err)
{
	char *field = (char *)dest + o->offset;
	char what[64];

	if (o->call)
		return o->call(dest, value, err);
	if (!o->metavar) {
		*(bool *)field = true;
		return 0;
	}
	if (!o->units) {
		*(const char **)field = value;
		return 0;
	}
	snprintf(what, sizeof(what), "%s%s", dashes(spec), o->name);
	return vn_parse_quantity(what, value, o->units, o->min, o->max, (uint64_t *)field, err);
}

static int defaults_store(const struct vn_options *spec, void *dest, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < spec->n_rows && !rc; i++)
		if (spec->rows[i].def)
			rc = option_store(spec, &spec->rows[i], dest, spec->rows[i].def, err);
	return rc;
}

/* getopt said '?' or ':' about argv[at]. */
static int refuse(const struct vn_options *spec, int c, const char *arg, struct vn_err *err)
{
	int len = (int)strcspn(arg, "=");

	if (c == ':')
		return vn_err_set(err, EINVAL, "%.*s needs a value", len, arg);
	if (optopt >= FIRST_ROW)
		return vn_err_set(err, EINVAL, "%.*s takes no value", len, arg);
	if (optopt)
		return vn_err_set(err, EINVAL, "unknown option -%c (vernier %s --help lists them)",
				  optopt, spec->command);
	return vn_err_set(err, EINVAL,
			  "unknown or ambiguous option %.*s (vernier %s --help lists them)", len,
			  arg, spec->command);
}

/* getopt's list of letters: 'o' as "o:" when it has a value. */
static void shorts_make(const struct vn_options *spec, char buf[SHORTS_SIZE])
{
	struct vn_text text;

	vn_text_init(&text, buf, SHORTS_SIZE);
	vn_text_add(&text, spec->ends_at_args ? "+:h" : ":h"); /* the first of two h counts */
	for (unsigned int i = 0; i < spec->n_rows; i++)
		if (spec->rows[i].letter)
			vn_text_add(&text, "%c%s", spec->rows[i].letter,
				    spec->rows[i].metavar ? ":" : "");
}

/* The row that getopt means: by its number, or by its letter. Above all rows: a
 * stream parameter, or a letter that no row has. */
static unsigned int row_of(const struct vn_options *spec, int c)
{
	for (unsigned int i = 0; i < spec->n_rows; i++)
		if (c < FIRST_ROW && spec->rows[i].letter == c)
			return i;
	return (unsigned int)c - FIRST_ROW;
}

static int check_once(const struct vn_options *spec, const struct vn_option *o, bool *seen,
		      struct vn_err *err)
{
	if (spec->once && *seen && o->letter)
		return vn_err_set(err, EINVAL, "-%c is given twice", o->letter);
	if (spec->once && *seen)
		return vn_err_set(err, EINVAL, "%s%s is given twice", dashes(spec), o->name);
	*seen = true;
	return 0;
}

static int take_row(const struct vn_options *spec, void *dest, unsigned int row, bool *seen,
		    struct vn_err *err)
{
	int rc = check_once(spec, &spec->rows[row], &seen[row], err);

	return rc ? rc : option_store(spec, &spec->rows[row], dest, optarg, err);
}

static int take(const struct vn_options *spec, void *dest, int c, char **argv, bool *seen,
		struct vn_err *err)
{
	unsigned int row = row_of(spec, c);

	if (c == '?' || c == ':')
		return refuse(spec, c, argv[optind - 1], err);
	if (c == HELP || (c == 'h' && row >= spec->n_rows)) {
		vn_options_help(spec, stdout);
		return VN_OPTIONS_HELPED;
	}
	if (row < spec->n_rows)
		return take_row(spec, dest, row, seen, err);
	return spec->param(dest, &vn_params[row - spec->n_rows], optarg, err);
}

static int check_args(const struct vn_options *spec, int argc, char **argv, struct vn_err *err)
{
	unsigned int n = (unsigned int)(argc - optind);

	if (n > spec->args_max)
		return vn_err_set(err, EINVAL, "unexpected argument \"%s\"",
				  argv[optind + (int)spec->args_max]);
	if (n < spec->args_min)
		return vn_err_set(err, EINVAL, "missing argument: vernier %s %s", spec->command,
				  spec->args);
	return 0;
}

static int get_next(const struct vn_options *spec, int argc, char **argv, const char *shorts,
		    const struct option *list)
{
	return spec->single_dash ? getopt_long_only(argc, argv, shorts, list, NULL) :
				   getopt_long(argc, argv, shorts, list, NULL);
}

int vn_options_parse(const struct vn_options *spec, void *dest, int argc, char **argv, int *first,
		     struct vn_err *err)
{
	char shorts[SHORTS_SIZE];
	struct long_list list;
	int c, rc;

	rc = list_make(&list, spec);
	if (rc)
		vn_err_set(err, ENOMEM, "out of memory");
	else
		rc = defaults_store(spec, dest, err);
	shorts_make(spec, shorts);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while (!rc && (c = get_next(spec, argc, argv, shorts, list.v)) != -1)
		rc = take(spec, dest, c, argv, list.seen, err);
	if (!rc)
		rc = check_args(spec, argc, argv, err);
	*first = optind;
	list_free(&list);
	return rc;
}

static void help_row(const struct vn_options *spec, const struct vn_option *o, FILE *out)
{
	char letter[8] = "";
	int n;

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	n = fprintf(out, "  %s%s%s%s%s", letter, dashes(spec), o->name, o->metavar ? " " : "",
		    o->metavar ? o->metavar : "");
	if (n < HELP_COLUMN - 1)
		fprintf(out, "%*s", HELP_COLUMN - n, "");
	else
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	fputs(o->help, out);
	if (o->def)
		fprintf(out, " (default %s)", o->def);
	fputc('\n', out);
}

void vn_options_help(const struct vn_options *spec, FILE *out)
{
	fprintf(out, "Usage: vernier %s%s%s [options]\n\n%s\n\nOptions:\n", spec->command,
		spec->args[0] ? " " : "", spec->args, spec->summary);
	for (unsigned int i = 0; i < spec->n_rows; i++)
		help_row(spec, &spec->rows[i], out);
	help_row(spec, &vn_option_help, out);
	if (spec->param) {
		fputs("\nStream options:\n", out);
		vn_params_help(out);
	}
	fprintf(out, "\nExamples:\n%s", spec->examples);
}

/* The unit of a table's base, as its own suffix that multiplies by one. */
static const char *base_suffix(const struct vn_unit *units)
{
	for (; units->suffix; units++)
		if (units->scale == 1 && units->suffix[0])
			return units->suffix;
	return "";
}

void vn_options_show(const struct vn_options *spec, const void *src, FILE *out)
{
	for (unsigned int i = 0; i < spec->n_rows; i++) {
		const struct vn_option *o = &spec->rows[i];
		const char *field = (const char *)src + o->offset;

		if (o->call)
			continue;
		if (!o->metavar)
			fprintf(out, "%s=%d\n", o->name, *(const bool *)field);
		else if (o->units)
			fprintf(out, "%s=%" PRIu64 "%s\n", o->name, *(const uint64_t *)field,
				base_suffix(o->units));
		else if (*(const char *const *)field)
			fprintf(out, "%s=%s\n", o->name, *(const char *const *)field);
	}
}

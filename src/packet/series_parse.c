/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a series: kinds are rows of a table, whose arguments stand there as a
 * word, too; those that read theirs in another way (bursts, files, profiles) have a
 * function for it.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "packet/series_priv.h"
#include "packet/series_shape.h"

#define EXCERPT_MAX 60 /* characters of a part in a message */

struct args {
	uint64_t value[2];
	struct vn_decimal factor;
};

struct vn_kind {
	const char *name, *args; /* args: as they stand in the manual */
	const char *spec;	 /* a letter each: v value, f factor */
	int (*make)(struct vn_parser *p, const struct args *a, struct vn_part **out);
	int (*read)(struct vn_parser *p, struct vn_part **out); /* instead of both */
};

/* ---- messages ---- */

/* From the beginning of a part to the ')' that ends it, as far as it goes. */
static int excerpt(const char *begin)
{
	unsigned int open = 0;
	int n;

	for (n = 0; begin[n] && n < EXCERPT_MAX; n++) {
		if (begin[n] == '(')
			open++;
		if (begin[n] == ')' && (open == 0 || --open == 0))
			return n + 1;
	}
	return n;
}

int vn_parser_fail(struct vn_parser *p, int code, const char *fmt, ...)
{
	struct vn_err why;
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(why.text, sizeof(why.text), fmt, ap);
	va_end(ap);
	if (!p->kind)
		return vn_err_set(p->err, code, "%s: %s", p->what, why.text);
	n = excerpt(p->begin);
	return vn_err_set(p->err, code, "%s: %.*s%s: %s", p->what, n, p->begin,
			  n == EXCERPT_MAX && p->begin[n] ? "..." : "", why.text);
}

static unsigned int arguments(const struct vn_kind *k)
{
	const char *c;
	unsigned int n = 1;

	for (c = k->args; *c; c++)
		n += *c == ',';
	return n;
}

static int fail_arguments(struct vn_parser *p)
{
	unsigned int n = arguments(p->kind);

	if (!p->kind->spec)
		return vn_parser_fail(p, EINVAL, "%s is written %s(%s)", p->kind->name,
				      p->kind->name, p->kind->args);
	return vn_parser_fail(p, EINVAL, "%s takes %u argument%s (%s)", p->kind->name, n,
			      n == 1 ? "" : "s", p->kind->args);
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void vn_parser_blanks(struct vn_parser *p)
{
	while (is_blank(*p->at))
		p->at++;
}

static bool take(struct vn_parser *p, char c)
{
	vn_parser_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

bool vn_parser_more(struct vn_parser *p)
{
	return take(p, ',');
}

static int fail_here(struct vn_parser *p, const char *wanted)
{
	char word[VN_WORD_MAX];

	if (!*p->at)
		return vn_parser_fail(p, EINVAL, "%s is missing at the end", wanted);
	snprintf(word, sizeof(word), "%.20s", p->at);
	return vn_parser_fail(p, EINVAL, "%s is missing before '%s'", wanted, word);
}

int vn_parser_comma(struct vn_parser *p)
{
	if (take(p, ','))
		return 0;
	return *p->at == ')' ? fail_arguments(p) : fail_here(p, "','");
}

int vn_parser_end(struct vn_parser *p)
{
	if (take(p, ')'))
		return 0;
	return *p->at == ',' ? fail_arguments(p) : fail_here(p, "')'");
}

int vn_parser_word(struct vn_parser *p, char word[VN_WORD_MAX])
{
	size_t n = 0;

	vn_parser_blanks(p);
	while (p->at[n] && !is_blank(p->at[n]) && !strchr(",()+\"", p->at[n]) &&
	       strncmp(p->at + n, "..", 2) != 0)
		n++;
	if (n == 0 && p->kind && (!*p->at || strchr(",)", *p->at)))
		return fail_arguments(p);
	if (n == 0)
		return fail_here(p, "a value");
	if (n >= VN_WORD_MAX)
		return vn_parser_fail(p, EINVAL, "'%.20s...' is too long for a value", p->at);
	memcpy(word, p->at, n);
	word[n] = '\0';
	p->at += n;
	return 0;
}

/* Up to ',' or ')', or between quotation marks. */
int vn_parser_path(struct vn_parser *p, char **path)
{
	bool is_quoted = take(p, '"');
	size_t n = strcspn(p->at, is_quoted ? "\"" : ",)");
	const char *begin = p->at;

	*path = NULL;
	if (is_quoted && !begin[n])
		return fail_here(p, "'\"'");
	p->at += n + is_quoted;
	while (!is_quoted && n > 0 && is_blank(begin[n - 1]))
		n--;
	if (n == 0)
		return fail_arguments(p);
	*path = strndup(begin, n);
	return *path ? 0 : -ENOMEM;
}

static int read_value(struct vn_parser *p, bool is_whole, uint64_t *v)
{
	char word[VN_WORD_MAX];
	struct vn_err why = { "" };
	int rc = vn_parser_word(p, word);

	if (rc < 0)
		return rc;
	rc = vn_value_read(p->of, word, v, &why);
	if (rc == 0 && is_whole)
		rc = vn_value_check_whole(p->of, word, *v, &why);
	return rc < 0 ? vn_parser_fail(p, -rc, "%s", why.text) : 0;
}

int vn_parser_value(struct vn_parser *p, uint64_t *v)
{
	return read_value(p, false, v);
}

int vn_parser_factor(struct vn_parser *p, const char *name, struct vn_decimal *d)
{
	char word[VN_WORD_MAX];
	const char *end;
	int rc = vn_parser_word(p, word);

	if (rc < 0)
		return rc;
	rc = vn_decimal_read(word, d, &end);
	if (rc < 0 || *end || d->digits == 0)
		return vn_parser_fail(p, EINVAL, "%s '%s' is not a decimal number above 0 (0.5, 2)",
				      name, word);
	return 0;
}

/* ---- distributions ---- */

static double decimal(struct vn_decimal d)
{
	return (double)d.digits / (double)d.divisor;
}

static int make_table(struct vn_parser *p, vn_quantile quantile, double a, double b,
		      struct vn_part **out)
{
	struct vn_shape shape = { quantile, { a, b }, 0, true };

	return vn_table_new(&shape, p->parts, out);
}

static int check_above_0(struct vn_parser *p, const char *name, uint64_t v)
{
	return v ? 0 : vn_parser_fail(p, ERANGE, "%s must be above 0", name);
}

static int make_exp(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	int rc = check_above_0(p, "MEAN", a->value[0]);

	return rc < 0 ? rc : make_table(p, vn_exp_quantile, (double)a->value[0], 0, out);
}

static int make_normal(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	return make_table(p, vn_normal_quantile, (double)a->value[0], (double)a->value[1], out);
}

static int make_lognormal(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	int rc = check_above_0(p, "MEAN", a->value[0]);

	return rc < 0 ? rc
		      : make_table(p, vn_lognormal_quantile, (double)a->value[0],
				   (double)a->value[1], out);
}

#define SHAPE_MIN 0.01
#define SHAPE_MAX 100

static int check_shape(struct vn_parser *p, double shape)
{
	if (shape >= SHAPE_MIN && shape <= SHAPE_MAX)
		return 0;
	return vn_parser_fail(p, ERANGE, "SHAPE %g is out of range (%g to %d)", shape, SHAPE_MIN,
			      SHAPE_MAX);
}

static int make_pareto(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	struct vn_shape shape = { vn_pareto_quantile,
				  { (double)a->value[0], decimal(a->factor) },
				  (double)a->value[0],
				  decimal(a->factor) > 1 };
	int rc = check_above_0(p, "MIN", a->value[0]);

	if (rc == 0)
		rc = check_shape(p, shape.a[1]);
	return rc < 0 ? rc : vn_table_new(&shape, p->parts, out);
}

static int make_weibull(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	int rc = check_above_0(p, "SCALE", a->value[0]);

	if (rc == 0)
		rc = check_shape(p, decimal(a->factor));
	return rc < 0 ? rc
		      : make_table(p, vn_weibull_quantile, (double)a->value[0], decimal(a->factor),
				   out);
}

/* Bytes and packets are whole; rounding what lies evenly between two of them would
 * make the ends half as likely. */
static int make_uniform(struct vn_parser *p, const struct args *a, struct vn_part **out)
{
	uint64_t step = p->of == VN_SERIES_GAPS ? 1 : VN_SERIES_ONE;

	if (a->value[0] > a->value[1])
		return vn_parser_fail(p, EINVAL, "MIN is above MAX");
	if (a->value[0] % step || a->value[1] % step)
		return vn_parser_fail(p, EINVAL, "MIN and MAX must be whole numbers");
	return vn_uniform_new(a->value[0], a->value[1], step, p->parts, out);
}

/* ---- what is made of series ---- */

/* On failure *out is NULL, so that the parts behind it can be freed. */
static int read_inner(struct vn_parser *p, bool is_first, enum vn_series_of of,
		      struct vn_part **out)
{
	enum vn_series_of outer = p->of;
	int rc = is_first ? 0 : vn_parser_comma(p);

	if (rc < 0)
		return rc;
	p->of = of;
	rc = vn_parser_series(p, out);
	p->of = outer;
	return rc;
}

static int read_clip(struct vn_parser *p, struct vn_part **out)
{
	struct vn_part *of = NULL;
	uint64_t low = 0, high = 0;
	int rc = read_inner(p, true, p->of, &of);

	if (rc == 0)
		rc = vn_parser_comma(p);
	if (rc == 0)
		rc = vn_parser_value(p, &low);
	if (rc == 0)
		rc = vn_parser_comma(p);
	if (rc == 0)
		rc = vn_parser_value(p, &high);
	if (rc == 0)
		rc = vn_parser_end(p);
	if (rc == 0 && low > high)
		rc = vn_parser_fail(p, EINVAL, "MIN is above MAX");
	if (rc == 0)
		return vn_clip_new(of, low, high, out);
	vn_part_free(of);
	return rc;
}

static int read_onoff(struct vn_parser *p, struct vn_part **out)
{
	struct vn_part *gap = NULL, *count = NULL, *pause = NULL;
	int rc = read_inner(p, true, p->of, &gap);

	if (rc == 0)
		rc = read_inner(p, false, VN_SERIES_LENGTHS, &count);
	if (rc == 0 && count->greatest < VN_SERIES_ONE)
		rc = vn_parser_fail(p, ERANGE, "COUNT must be at least 1");
	if (rc == 0)
		rc = read_inner(p, false, p->of, &pause);
	if (rc == 0)
		rc = vn_parser_end(p);
	if (rc == 0)
		return vn_onoff_new(gap, count, pause, out);
	vn_part_free(gap);
	vn_part_free(count);
	vn_part_free(pause);
	return rc;
}

static const struct vn_kind kinds[] = {
	{ "uniform", "MIN, MAX", "vv", make_uniform, NULL },
	{ "exp", "MEAN", "v", make_exp, NULL },
	{ "normal", "MEAN, DEVIATION", "vv", make_normal, NULL },
	{ "lognormal", "MEAN, DEVIATION", "vv", make_lognormal, NULL },
	{ "pareto", "MIN, SHAPE", "vf", make_pareto, NULL },
	{ "weibull", "SCALE, SHAPE", "vf", make_weibull, NULL },
	{ "onoff", "GAP, COUNT, PAUSE", NULL, NULL, read_onoff },
	{ "list", "FILE", NULL, NULL, vn_list_read },
	{ "pcap", "FILE[, scale, X | , fixed, GAP]", NULL, NULL, vn_pcap_read },
	{ "profile", "RATE[..RATE] TIME, ...", NULL, NULL, vn_profile_read },
	{ "clip", "SERIES, MIN, MAX", NULL, NULL, read_clip },
};

/* ---- the tree ---- */

static int read_by_spec(struct vn_parser *p, struct vn_part **out)
{
	const char *spec = p->kind->spec;
	struct args a = { { 0, 0 }, { 0, 1 } };
	unsigned int i;
	int rc = 0;

	for (i = 0; rc == 0 && spec[i]; i++) {
		if (i > 0)
			rc = vn_parser_comma(p);
		if (rc == 0 && spec[i] == 'v')
			rc = vn_parser_value(p, &a.value[i]);
		else if (rc == 0)
			rc = vn_parser_factor(p, "SHAPE", &a.factor);
	}
	if (rc == 0)
		rc = vn_parser_end(p);
	return rc < 0 ? rc : p->kind->make(p, &a, out);
}

static int fail_kind(struct vn_parser *p, const char *word)
{
	char list[160];
	struct vn_text t;
	size_t i;

	vn_text_init(&t, list, sizeof(list));
	for (i = 0; i < VN_ARRAY_SIZE(kinds); i++)
		vn_text_add(&t, "%s%s", i ? ", " : "", kinds[i].name);
	return vn_parser_fail(p, EINVAL, "'%s' is no kind of series (a value, or %s)", word, list);
}

/* A kind; p->at stands at its name. */
static int read_kind(struct vn_parser *p, struct vn_part **out)
{
	const struct vn_kind *outer = p->kind;
	const char *outer_begin = p->begin, *begin = p->at;
	char word[VN_WORD_MAX];
	size_t i;
	int rc = vn_parser_word(p, word);

	if (rc < 0)
		return rc;
	for (i = 0; i < VN_ARRAY_SIZE(kinds) && strcmp(kinds[i].name, word) != 0; i++)
		;
	if (i == VN_ARRAY_SIZE(kinds))
		return fail_kind(p, word);
	p->kind = &kinds[i];
	p->begin = begin;
	if (p->depth == VN_SERIES_DEPTH_MAX)
		return vn_parser_fail(p, EINVAL, "is nested deeper than %d", VN_SERIES_DEPTH_MAX);
	if (!take(p, '('))
		return fail_arguments(p);
	p->depth++;
	rc = p->kind->read ? p->kind->read(p, out) : read_by_spec(p, out);
	p->depth--;
	/* A failure's message is written: what surrounds it has nothing to add. */
	p->kind = outer;
	p->begin = outer_begin;
	return rc;
}

static int read_term(struct vn_parser *p, struct vn_part **out)
{
	struct vn_part *part;
	uint64_t v;
	int rc;

	*out = NULL;
	if (++p->parts > VN_SERIES_PARTS_MAX)
		return vn_parser_fail(p, E2BIG, "has more than %d parts", VN_SERIES_PARTS_MAX);
	vn_parser_blanks(p);
	if (is_letter(*p->at)) {
		rc = read_kind(p, &part);
	} else {
		rc = read_value(p, true, &v);
		if (rc == 0)
			rc = vn_constant_new(v, &part);
	}
	if (rc < 0)
		return rc;
	*out = part;
	if (part->least < part->greatest)
		return 0;
	v = part->least; /* whatever it was made of */
	vn_part_free(part);
	return vn_constant_new(v, out);
}

int vn_parser_series(struct vn_parser *p, struct vn_part **out)
{
	struct vn_part *v[VN_SERIES_PARTS_MAX], *term;
	unsigned int n = 0;
	int rc;

	*out = NULL;
	do {
		rc = read_term(p, &term); /* refuses one more than v has room for */
		if (rc == 0)
			v[n++] = term;
	} while (rc == 0 && take(p, '+'));
	if (rc < 0) {
		while (n > 0)
			vn_part_free(v[--n]);
		return rc;
	}
	if (n > 1)
		return vn_sum_new(v, n, out);
	*out = v[0];
	return 0;
}

static int read_all(struct vn_parser *p, const char *text, struct vn_part **out)
{
	int rc;

	*out = NULL;
	if (strlen(text) > VN_SERIES_TEXT_MAX)
		return vn_parser_fail(p, E2BIG, "is longer than %d characters", VN_SERIES_TEXT_MAX);
	rc = vn_parser_series(p, out);
	if (rc == 0 && *p->at) {
		rc = fail_here(p, "'+'");
		vn_part_free(*out);
		*out = NULL;
	}
	return rc;
}

int vn_series_parse_with(enum vn_series_of of, const char *what, const char *text,
			 const struct vn_series_files *files, struct vn_series **out,
			 struct vn_err *err)
{
	struct vn_parser p = { .of = of, .what = what, .at = text, .files = files, .err = err };
	struct vn_series *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	*out = NULL;
	if (s && (s->text = strdup(text)))
		rc = read_all(&p, text, &s->root);
	if (rc < 0) {
		if (s)
			free(s->text);
		free(s);
		return rc == -ENOMEM ? vn_err_set(err, ENOMEM, "%s: no memory", what) : rc;
	}
	vn_series_seed(s, 0, 0);
	*out = s;
	return 0;
}

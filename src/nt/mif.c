/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser is a lexer with one token in sight and a function a rule. It never
 * looks behind the last byte: texts come from mapped files and fuzzers, without
 * a NUL.
 */
#include "nt/mif.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/parse.h"

#define WIDTH_BITS 32
#define SHOWN	   40 /* bytes of a token in a message */

enum kind {
	TOKEN_NONE, /* the end of the text */
	TOKEN_WORD, /* a keyword or a number */
	TOKEN_DOTS, /* ".." */
	TOKEN_MARK, /* one of the grammar's characters */
};

struct token {
	enum kind kind;
	const char *text;
	size_t len;
	unsigned int line;
};

enum { WIDTH, DEPTH, ADDRESS_RADIX, DATA_RADIX, N_SETTINGS };

static const char *const settings[N_SETTINGS] = {
	[WIDTH] = "WIDTH",
	[DEPTH] = "DEPTH",
	[ADDRESS_RADIX] = "ADDRESS_RADIX",
	[DATA_RADIX] = "DATA_RADIX",
};

static const struct radix {
	const char *name;
	unsigned int base;
	bool is_signed;
} radixes[] = {
	{ "HEX", 16, false }, { "DEC", 10, true }, { "UNS", 10, false },
	{ "OCT", 8, false },  { "BIN", 2, false },
};

struct parser {
	const char *name; /* of the file */
	const char *p, *end;
	unsigned int line;   /* of *p */
	struct token token;  /* in sight */
	struct token before; /* taken last */
	bool is_set[N_SETTINGS];
	uint64_t depth;
	const struct radix *address, *data;
	uint32_t words; /* of the memory */
	struct vn_nt_mif *mif;
	struct vn_err *err;
};

void vn_nt_mif_fini(struct vn_nt_mif *mif)
{
	if (!mif)
		return;
	free(mif->words);
	*mif = (struct vn_nt_mif){ 0 };
}

/* -- Tokens --------------------------------------------------------------- */

/* A token as it is shown in messages: the end of the text has no characters. */
struct shown {
	char text[SHOWN + 3]; /* quotes and NUL */
};

static struct shown show(const struct token *t)
{
	struct shown s;
	size_t n = VN_MIN(t->len, (size_t)SHOWN);

	if (t->kind == TOKEN_NONE) {
		memcpy(s.text, "the end of the file", sizeof("the end of the file"));
		return s;
	}
	s.text[0] = '"';
	for (size_t i = 0; i < n; i++)
		s.text[i + 1] = t->text[i] >= ' ' && t->text[i] <= '~' ? t->text[i] : '?';
	s.text[n + 1] = '"';
	s.text[n + 2] = '\0';
	return s;
}

static int expected(struct parser *p, const char *what)
{
	return vn_err_set(p->err, EINVAL, "%s:%u: %s where %s is expected", p->name, p->token.line,
			  show(&p->token).text, what);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-' || c == '+';
}

static bool begins(const struct parser *p, const char *two)
{
	return p->end - p->p >= 2 && p->p[0] == two[0] && p->p[1] == two[1];
}

static void skip_line(struct parser *p)
{
	while (p->p < p->end && *p->p != '\n')
		p->p++;
}

/* From one '%' to the next. */
static int skip_block(struct parser *p)
{
	unsigned int line = p->line;

	for (p->p++; p->p < p->end; p->p++) {
		if (*p->p == '%') {
			p->p++;
			return 0;
		}
		p->line += *p->p == '\n';
	}
	return vn_err_set(p->err, EINVAL, "%s:%u: the comment that begins here has no second %%",
			  p->name, line);
}

static int skip_blanks(struct parser *p)
{
	int rc = 0;

	while (!rc && p->p < p->end) {
		if (*p->p == '%') {
			rc = skip_block(p);
		} else if (begins(p, "--")) {
			skip_line(p);
		} else if (*p->p == ' ' || (*p->p >= '\t' && *p->p <= '\r')) {
			p->line += *p->p == '\n';
			p->p++;
		} else {
			break;
		}
	}
	return rc;
}

/* Bytes of the word at *p; "--" within it is a comment already. */
static size_t word_len(struct parser *p)
{
	const char *from = p->p;
	size_t len;

	while (p->p < p->end && is_word(*p->p) && !begins(p, "--"))
		p->p++;
	len = (size_t)(p->p - from);
	p->p = from;
	return len;
}

/* Takes the token in sight and looks at the next. */
static int next(struct parser *p)
{
	struct token *t = &p->token;
	int rc = skip_blanks(p);

	if (rc < 0)
		return rc;
	p->before = *t;
	*t = (struct token){ .kind = TOKEN_NONE, .text = p->p, .line = p->line };
	if (p->p == p->end)
		return 0;
	t->kind = is_word(*p->p) ? TOKEN_WORD : begins(p, "..") ? TOKEN_DOTS : TOKEN_MARK;
	t->len = t->kind == TOKEN_WORD ? word_len(p) : t->kind == TOKEN_DOTS ? 2 : 1;
	p->p += t->len;
	if (t->kind == TOKEN_MARK && !memchr("=:;[]", *t->text, 5))
		return vn_err_set(p->err, EINVAL, "%s:%u: unexpected character %s", p->name,
				  t->line, show(t).text);
	return 0;
}

static bool sees_mark(const struct parser *p, char c)
{
	return p->token.kind == TOKEN_MARK && *p->token.text == c;
}

static bool sees_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && p->token.len == strlen(word) &&
	       strncasecmp(p->token.text, word, p->token.len) == 0;
}

static int take_mark(struct parser *p, char c, const char *what)
{
	return sees_mark(p, c) ? next(p) : expected(p, what);
}

/* What lacks its ';' is named with the line where it should have stood. */
static int take_semicolon(struct parser *p, const struct token *behind)
{
	if (sees_mark(p, ';'))
		return next(p);
	return vn_err_set(p->err, EINVAL, "%s:%u: missing ';' behind %s", p->name, behind->line,
			  show(behind).text);
}

/* -- Numbers -------------------------------------------------------------- */

/* Digits of one radix; false: something else, or more than 64 bits would hold. */
static bool digits(const char *text, size_t len, unsigned int base, uint64_t *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		int digit = vn_hex_digit(text[i]);

		if (digit < 0 || (unsigned int)digit >= base)
			return false;
		if (v <= UINT32_MAX) /* above, it is too large whatever follows */
			v = v * base + (unsigned int)digit;
	}
	*value = v;
	return len > 0;
}

static int take_number(struct parser *p, const struct radix *r, const char *what, uint64_t *value)
{
	const struct token *t = &p->token;

	if (t->kind != TOKEN_WORD)
		return expected(p, what);
	if (!digits(t->text, t->len, r->base, value))
		return vn_err_set(p->err, EINVAL, "%s:%u: %s %s is not a number of radix %s",
				  p->name, t->line, what, show(t).text, r->name);
	return next(p);
}

static int too_wide(struct parser *p)
{
	return vn_err_set(p->err, EINVAL, "%s:%u: value %s is wider than 32 bits", p->name,
			  p->token.line, show(&p->token).text);
}

/* A word of the memory: 32 bits, of either sign where the radix has one. */
static int take_value(struct parser *p, uint32_t *value)
{
	const struct token *t = &p->token;
	bool is_negative = p->data->is_signed && t->len > 0 && *t->text == '-';
	uint64_t v;

	if (t->kind != TOKEN_WORD)
		return expected(p, "a value");
	if (!digits(t->text + is_negative, t->len - is_negative, p->data->base, &v))
		return vn_err_set(p->err, EINVAL, "%s:%u: value %s is not a number of radix %s",
				  p->name, t->line, show(t).text, p->data->name);
	if (v > (is_negative ? UINT64_C(0x80000000) : UINT32_MAX))
		return too_wide(p);
	*value = is_negative ? -(uint32_t)v : (uint32_t)v;
	return next(p);
}

static int take_address(struct parser *p, uint32_t *addr)
{
	struct token t = p->token;
	uint64_t v;
	int rc = take_number(p, p->address, "address", &v);

	if (rc < 0)
		return rc;
	if (v >= p->depth)
		return vn_err_set(p->err, EINVAL,
				  "%s:%u: address %s is beyond DEPTH, %" PRIu64 " words", p->name,
				  t.line, show(&t).text, p->depth);
	if (v >= p->words)
		return vn_err_set(p->err, EINVAL,
				  "%s:%u: address %s is beyond the memory, %u words", p->name,
				  t.line, show(&t).text, p->words);
	*addr = (uint32_t)v;
	return 0;
}

/* -- Settings ------------------------------------------------------------- */

static int take_radix(struct parser *p, const struct radix **radix)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(radixes); i++) {
		if (sees_word(p, radixes[i].name)) {
			*radix = &radixes[i];
			return next(p);
		}
	}
	return expected(p, "HEX, DEC, UNS, OCT or BIN");
}

static int take_width(struct parser *p)
{
	struct token t = p->token;
	uint64_t width;
	int rc = take_number(p, &radixes[1], "WIDTH", &width);

	if (rc < 0 || width == WIDTH_BITS)
		return rc;
	return vn_err_set(p->err, EINVAL, "%s:%u: WIDTH %s: the card's words have 32 bits", p->name,
			  t.line, show(&t).text);
}

static int take_setting(struct parser *p, unsigned int which)
{
	int rc;

	if (p->is_set[which])
		return vn_err_set(p->err, EINVAL, "%s:%u: %s is set a second time", p->name,
				  p->token.line, settings[which]);
	p->is_set[which] = true;
	rc = next(p);
	if (!rc)
		rc = take_mark(p, '=', "'='");
	if (rc < 0)
		return rc;
	switch (which) {
	case WIDTH:
		return take_width(p);
	case DEPTH:
		return take_number(p, &radixes[1], "DEPTH", &p->depth);
	case ADDRESS_RADIX:
		return take_radix(p, &p->address);
	default:
		return take_radix(p, &p->data);
	}
}

static int take_settings(struct parser *p)
{
	unsigned int i;
	int rc = 0;

	while (!rc && !sees_word(p, "CONTENT")) {
		for (i = 0; i < N_SETTINGS && !sees_word(p, settings[i]); i++)
			;
		if (i == N_SETTINGS)
			return expected(p, "WIDTH, DEPTH, ADDRESS_RADIX, DATA_RADIX or CONTENT");
		rc = take_setting(p, i);
		if (!rc)
			rc = take_semicolon(p, &p->before);
	}
	for (i = WIDTH; !rc && i <= DEPTH; i++)
		if (!p->is_set[i])
			rc = vn_err_set(p->err, EINVAL, "%s:%u: CONTENT without %s before it",
					p->name, p->token.line, settings[i]);
	return rc;
}

/* -- Content -------------------------------------------------------------- */

/* Room for words 0..last, new ones 0. */
static int reserve(struct parser *p, uint32_t last)
{
	struct vn_nt_mif *mif = p->mif;
	uint32_t room = VN_MAX(mif->room, 64u);
	uint32_t *words;

	if (last >= mif->room) {
		while (room <= last)
			room = VN_MIN(2 * room, p->words);
		words = realloc(mif->words, room * sizeof(*words));
		if (!words)
			return vn_err_set(p->err, ENOMEM, "%s:%u: out of memory", p->name, p->line);
		memset(words + mif->room, 0, (room - mif->room) * sizeof(*words));
		mif->words = words;
		mif->room = room;
	}
	mif->n = VN_MAX(mif->n, last + 1);
	return 0;
}

/* What a list of values has to fill: one address, or a range that was given. */
struct span {
	uint32_t first, last;
	bool is_range;
	unsigned int line;
};

static int take_span(struct parser *p, struct span *s)
{
	int rc;

	s->is_range = sees_mark(p, '[');
	s->line = p->token.line;
	if (!s->is_range)
		return take_address(p, &s->first);
	rc = next(p);
	if (!rc)
		rc = take_address(p, &s->first);
	if (!rc)
		rc = p->token.kind == TOKEN_DOTS ? next(p) : expected(p, "..");
	if (!rc)
		rc = take_address(p, &s->last);
	if (!rc)
		rc = take_mark(p, ']', "']'");
	if (!rc && s->last < s->first)
		rc = vn_err_set(p->err, EINVAL, "%s:%u: range reversed: it ends before it begins",
				p->name, s->line);
	return rc;
}

static int put_value(struct parser *p, const struct span *s, uint64_t at, uint32_t value,
		     unsigned int line)
{
	int rc;

	if (s->is_range && at > s->last)
		return vn_err_set(p->err, EINVAL, "%s:%u: more values than the range has words",
				  p->name, line);
	if (at >= VN_MIN(p->depth, (uint64_t)p->words))
		return vn_err_set(p->err, EINVAL, "%s:%u: values beyond %s", p->name, line,
				  at >= p->depth ? "DEPTH" : "the memory");
	rc = reserve(p, (uint32_t)at);
	if (!rc)
		p->mif->words[at] = value;
	return rc;
}

/* The n values at the beginning of the range repeat to its end. */
static int repeat(struct parser *p, const struct span *s, uint32_t n)
{
	uint32_t *w;
	int rc = reserve(p, s->last);

	if (rc < 0)
		return rc;
	w = p->mif->words;
	for (uint64_t i = (uint64_t)s->first + n; i <= s->last; i++)
		w[i] = w[i - n];
	return 0;
}

/*
 * The values of an entry and its ';'. A ':' among them says that the last of them
 * was meant as the address of a next entry, and which value lacks the ';'.
 */
static int take_values(struct parser *p, const struct span *s, uint32_t *n)
{
	struct token before, value = { 0 };
	uint32_t word = 0;
	int rc;

	*n = 0;
	do {
		before = value;
		value = p->token;
		rc = take_value(p, &word);
		if (rc < 0)
			return rc;
		if (*n > 0 && sees_mark(p, ':'))
			return take_semicolon(p, &before);
		rc = put_value(p, s, (uint64_t)s->first + (*n)++, word, value.line);
	} while (!rc && p->token.kind == TOKEN_WORD && !sees_word(p, "END"));
	return rc ? rc : take_semicolon(p, &value);
}

static int take_entry(struct parser *p)
{
	struct span span;
	uint32_t n;
	int rc = take_span(p, &span);

	if (!rc)
		rc = take_mark(p, ':', "':'");
	if (!rc)
		rc = take_values(p, &span, &n);
	return rc || !span.is_range ? rc : repeat(p, &span, n);
}

static int take_content(struct parser *p)
{
	int rc = next(p); /* CONTENT */

	if (!rc)
		rc = sees_word(p, "BEGIN") ? next(p) : expected(p, "BEGIN");
	while (!rc && !sees_word(p, "END")) {
		if (p->token.kind == TOKEN_NONE)
			return vn_err_set(p->err, EINVAL, "%s:%u: missing END", p->name, p->line);
		rc = take_entry(p);
	}
	if (!rc)
		rc = next(p);
	if (!rc)
		rc = take_semicolon(p, &p->before);
	if (!rc && p->token.kind != TOKEN_NONE)
		rc = expected(p, "the end of the file");
	return rc;
}

int vn_nt_mif_parse(struct vn_nt_mif *mif, const char *name, const char *text, size_t len,
		    uint32_t words, struct vn_err *err)
{
	struct parser p = { .name = name,
			    .p = text,
			    .end = text + len,
			    .line = 1,
			    .address = &radixes[0],
			    .data = &radixes[0],
			    .words = words,
			    .mif = mif,
			    .err = err };
	int rc = next(&p);

	if (!rc)
		rc = take_settings(&p);
	if (!rc)
		rc = take_content(&p);
	if (rc < 0)
		vn_nt_mif_fini(mif);
	return rc;
}

/* -- Writing -------------------------------------------------------------- */

int vn_nt_mif_write(const uint32_t *words, uint32_t n, FILE *out)
{
	uint64_t depth = VN_NT_MIF_DEPTH;

	while (depth < n)
		depth *= 2;
	fprintf(out,
		"WIDTH=32;\nDEPTH=%" PRIu64 ";\n\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n\n"
		"CONTENT BEGIN\n\n",
		depth);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%08x : %08x;\n", i, words[i]);
	if (n == 0)
		fputs("00000000 : 00000000;\n", out);
	fputs("END;\n", out);
	return ferror(out) ? -EIO : 0;
}

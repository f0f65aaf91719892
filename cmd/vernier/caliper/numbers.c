/* SPDX-License-Identifier: BSD-2-Clause */
#include "numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define CHUNK	   (1 << 18)
#define TEXT_SHOWN 40
#define FIRST_ROOM 4096

/* The number that is being read. */
struct token {
	uint64_t value;
	size_t len;
	bool is_bad, is_over; /* not all digits; above the greatest */
	char text[TEXT_SHOWN + 1];
};

struct reader {
	const char *name; /* for sentences */
	uint64_t line;
	uint64_t min, max;
	struct token t;
	struct caliper_numbers *out;
	size_t room;
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* As isspace() has it where there is no locale. */
static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void token_add(struct token *t, unsigned char c, uint64_t max)
{
	if (t->len < TEXT_SHOWN)
		t->text[t->len] = (char)(c > ' ' && c < 0x7f ? c : '?');
	t->len++;
	if (!is_digit(c)) {
		t->is_bad = true;
		return;
	}
	t->is_over = t->is_over || __builtin_mul_overflow(t->value, 10, &t->value) ||
		     __builtin_add_overflow(t->value, (uint64_t)(c - '0'), &t->value) ||
		     t->value > max;
}

/* No more of it has to be seen to know that it is wrong, nor fits into a sentence. */
static bool token_is_hopeless(const struct token *t)
{
	return t->len >= TEXT_SHOWN && (t->is_bad || t->is_over);
}

static const char *token_text(struct token *t)
{
	t->text[VN_MIN(t->len, (size_t)TEXT_SHOWN)] = '\0';
	return t->text;
}

/* -EINVAL or -ERANGE behind "WHERE: ". */
static int token_refuse(struct token *t, const char *where, uint64_t min, uint64_t max,
			struct vn_err *err)
{
	const char *text = token_text(t);

	if (t->is_bad || !t->len)
		return vn_err_set(err, EINVAL,
				  "%s: '%s' is not a number (only decimal digits, %" PRIu64
				  " to %" PRIu64 ")",
				  where, text, min, max);
	return vn_err_set(err, ERANGE, "%s: '%s' is out of range (%" PRIu64 " to %" PRIu64 ")",
			  where, text, min, max);
}

static bool token_is_good(const struct token *t, uint64_t min)
{
	return t->len && !t->is_bad && !t->is_over && t->value >= min;
}

int caliper_number(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *out,
		   struct vn_err *err)
{
	struct token t = { 0 };

	for (const char *c = text; *c && !token_is_hopeless(&t); c++)
		token_add(&t, (unsigned char)*c, max);
	if (!token_is_good(&t, min))
		return token_refuse(&t, what, min, max, err);
	*out = t.value;
	return 0;
}

/* --- files --------------------------------------------------------------------------- */

static int refuse_in_file(struct reader *r, struct vn_err *err)
{
	char where[256];

	snprintf(where, sizeof(where), "%s:%" PRIu64, r->name, r->line);
	return token_refuse(&r->t, where, r->min, r->max, err);
}

static int make_room(struct reader *r, struct vn_err *err)
{
	size_t room = r->room ? 2 * r->room : FIRST_ROOM;
	uint64_t *v;

	if (r->out->n >= CALIPER_NUMBERS_MAX)
		return vn_err_set(err, ERANGE, "%s:%" PRIu64 ": more than %" PRIu64 " numbers",
				  r->name, r->line, CALIPER_NUMBERS_MAX);
	v = realloc(r->out->v, room * sizeof(*v));
	if (!v)
		return vn_err_set(err, ENOMEM, "%s:%" PRIu64 ": no memory for %zu numbers", r->name,
				  r->line, room);
	r->out->v = v;
	r->room = room;
	return 0;
}

static int token_end(struct reader *r, struct vn_err *err)
{
	int rc = 0;

	if (!r->t.len)
		return 0;
	if (!token_is_good(&r->t, r->min))
		return refuse_in_file(r, err);
	if (r->out->n == r->room)
		rc = make_room(r, err);
	if (!rc)
		r->out->v[r->out->n++] = r->t.value;
	r->t.value = r->t.len = 0;
	return rc;
}

static int take_chunk(struct reader *r, const unsigned char *bytes, size_t n, struct vn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (!is_space(bytes[i])) {
			token_add(&r->t, bytes[i], r->max);
			if (vn_unlikely(token_is_hopeless(&r->t)))
				return refuse_in_file(r, err);
			continue;
		}
		rc = token_end(r, err);
		r->line += bytes[i] == '\n';
	}
	return rc;
}

static int read_all(struct reader *r, int fd, struct vn_err *err)
{
	unsigned char *bytes = malloc(CHUNK);
	ssize_t n = 0;
	int rc = 0;

	if (!bytes)
		return vn_err_set(err, ENOMEM, "%s: out of memory", r->name);
	while (!rc && (n = read(fd, bytes, CHUNK)) > 0)
		rc = take_chunk(r, bytes, (size_t)n, err);
	if (!rc && n < 0)
		rc = vn_err_set(err, errno, "%s: cannot be read (%s)", r->name, strerror(errno));
	if (!rc)
		rc = token_end(r, err);
	if (!rc && !r->out->n)
		rc = vn_err_set(err, EINVAL, "%s: is empty, a number at least is needed", r->name);
	free(bytes);
	return rc;
}

int caliper_numbers_read(const char *path, uint64_t min, uint64_t max, struct caliper_numbers *out,
			 struct vn_err *err)
{
	bool is_stdin = !strcmp(path, "-");
	struct reader r = {
		.name = is_stdin ? "standard input" : path,
		.line = 1,
		.min = min,
		.max = max,
		.out = out,
	};
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	*out = (struct caliper_numbers){ 0 };
	if (fd < 0)
		return vn_err_set(err, errno, "%s: cannot be opened (%s)", path, strerror(errno));
	rc = read_all(&r, fd, err);
	if (!is_stdin)
		close(fd);
	if (rc)
		caliper_numbers_fini(out);
	return rc;
}

void caliper_numbers_fini(struct caliper_numbers *numbers)
{
	free(numbers->v);
	*numbers = (struct caliper_numbers){ 0 };
}

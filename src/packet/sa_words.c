/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/sa_words.h"

#include <errno.h>
#include <string.h>

void vn_sa_words_init(struct vn_sa_words *w, const char *text, size_t len)
{
	*w = (struct vn_sa_words){ .at = text, .end = text + len, .line = 1 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void end_line(struct vn_sa_words *w)
{
	w->line++;
	w->is_line_begun = w->is_indented = false;
}

/* Whether the backslash at p stands for a blank: before one or a line's end it
 * does. So lines are joined, and `ip -o`, which writes a backslash where lines
 * end, is understood. */
static bool is_joint(const struct vn_sa_words *w, const char *p)
{
	return *p == '\\' && (p + 1 == w->end || is_blank(p[1]) || p[1] == '\n');
}

static void skip_joint(struct vn_sa_words *w)
{
	w->at++;
	if (w->at < w->end)
		w->line += *w->at++ == '\n';
}

static void skip_comment(struct vn_sa_words *w)
{
	const char *nl = memchr(w->at, '\n', (size_t)(w->end - w->at));

	w->at = nl ? nl : w->end;
}

/* To the next word or the end. */
static void skip_blanks(struct vn_sa_words *w)
{
	while (w->at < w->end) {
		if (is_joint(w, w->at)) {
			skip_joint(w);
		} else if (*w->at == '\n') {
			w->at++;
			end_line(w);
		} else if (is_blank(*w->at)) {
			if (!w->is_line_begun)
				w->is_indented = true;
			w->at++;
		} else if (*w->at == '#') {
			skip_comment(w);
		} else {
			return;
		}
	}
}

struct pen {
	struct vn_sa_word *word;
	size_t len;
	bool is_full;
};

static void put(struct pen *p, char c)
{
	if (p->len == VN_SA_WORD_MAX || c == '\0')
		p->is_full = true;
	else
		p->word->text[p->len++] = c;
}

/* Behind an opening quote, up to and with the closing one; false: there is none. */
static bool take_quoted(struct vn_sa_words *w, char quote, struct pen *pen)
{
	for (; w->at < w->end; w->at++) {
		if (*w->at == quote) {
			w->at++;
			return true;
		}
		if (quote == '"' && *w->at == '\\' && w->end - w->at > 1)
			w->at++;
		w->line += *w->at == '\n';
		put(pen, *w->at);
	}
	return false;
}

static bool take_word(struct vn_sa_words *w, struct pen *pen)
{
	while (w->at < w->end && !is_blank(*w->at) && *w->at != '\n' && !is_joint(w, w->at)) {
		char c = *w->at++;

		if (c == '\'' || c == '"') {
			if (!take_quoted(w, c, pen))
				return false;
		} else {
			put(pen, c == '\\' ? *w->at++ : c);
		}
	}
	return true;
}

int vn_sa_words_next(struct vn_sa_words *w, struct vn_sa_word *word, struct vn_err *err)
{
	struct pen pen = { .word = word };
	bool is_closed;

	skip_blanks(w);
	word->line = w->line;
	word->is_first = !w->is_line_begun;
	word->is_indented = w->is_indented;
	word->is_end = w->at == w->end;
	w->is_line_begun = true;
	is_closed = take_word(w, &pen);
	word->text[pen.len] = '\0';
	if (!is_closed)
		return vn_err_set(err, EINVAL, "a quote is not closed");
	if (pen.is_full)
		return vn_err_set(err, EINVAL, "a word of more than %d characters, or with a NUL",
				  VN_SA_WORD_MAX);
	return 0;
}

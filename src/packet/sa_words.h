/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text as words with the place each stands in: quotes, backslashes and
 * comments as in a shell. What sa_parse.c reads by.
 */
#ifndef VN_PACKET_SA_WORDS_H
#define VN_PACKET_SA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define VN_SA_WORD_MAX 511 /* bytes; a key of 128 bytes has 258 digits */

struct vn_sa_word {
	char text[VN_SA_WORD_MAX + 1];
	unsigned int line;   /* from 1 */
	bool is_first;       /* in its line, joined lines being one */
	bool is_indented;    /* its line begins with a blank */
	bool is_end;         /* of the text: there is no word */
};

struct vn_sa_words {
	const char *at, *end;
	unsigned int line;
	bool is_indented, is_line_begun;
};

void vn_sa_words_init(struct vn_sa_words *w, const char *text, size_t len);
/* The next word, or is_end. 0, or -EINVAL with a sentence that lacks only the
 * place, which word->line is set to in either case. */
int vn_sa_words_next(struct vn_sa_words *w, struct vn_sa_word *word, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks over the words of netem, and takes values of the kinds that occur
 * there. what names the value in messages: "loss", "rate: cell size".
 */
#ifndef VN_NET_NETEM_CURSOR_H
#define VN_NET_NETEM_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/parse.h"

#define VN_NETEM_WORD_MAX     64
#define VN_NETEM_OVERHEAD_MAX 65535 /* bytes; no packet is longer */

struct vn_netem_cursor {
	const char *at;		      /* behind the words that were taken */
	char word[VN_NETEM_WORD_MAX]; /* the last one, in small letters */
	struct vn_err *err;
};

/* Puts at on the next word, and gives its length; 0: there is none. */
size_t vn_netem_look(struct vn_netem_cursor *c);
bool vn_netem_next_is_number(struct vn_netem_cursor *c);
bool vn_netem_next_is_signed_number(struct vn_netem_cursor *c);
/* Whether this word was the next one; if so it is taken. */
bool vn_netem_skip(struct vn_netem_cursor *c, const char *word);

/* Each takes a word. 0 or -errno with a sentence, *out not changed. */
int vn_netem_take(struct vn_netem_cursor *c, const char *what, const char *accepted);
int vn_netem_take_quantity(struct vn_netem_cursor *c, const char *what, const struct vn_unit *units,
			   uint64_t max, uint64_t *out);
int vn_netem_take_u32(struct vn_netem_cursor *c, const char *what, const struct vn_unit *units,
		      uint32_t max, uint32_t *out);
int vn_netem_take_time(struct vn_netem_cursor *c, const char *what, uint64_t *out); /* ns */
int vn_netem_take_overhead(struct vn_netem_cursor *c, const char *what, int32_t *out);
int vn_netem_take_percent(struct vn_netem_cursor *c, const char *what, uint32_t *out);

#endif

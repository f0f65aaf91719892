/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion scripts. What there is to complete stands in the tables of
 * sub-commands and options; completion.c walks through them, and each shell
 * has a file that says it in its language.
 */
#ifndef VN_CMD_COMPLETION_H
#define VN_CMD_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "command.h"
#include "options.h"

/* An option of a sub-command: one of its rows, or a stream parameter. */
struct vn_completion_option {
	const struct vn_option *row;  /* NULL: a parameter */
	const struct vn_param *param; /* NULL: a row */
	const char *dashes;	      /* in front of the name */
	const char *metavar;	      /* NULL: takes no value */
	const char *help;
	bool is_repeated; /* may be given several times */
};

typedef void vn_completion_fn(FILE *out, const struct vn_options *spec,
			      const struct vn_completion_option *o);

/* Calls fn for all options of the sub-command, --help too; for each of its two
 * spellings where names have one dash. */
void vn_completion_each(const struct vn_options *spec, vn_completion_fn *fn, FILE *out);

/* "--pkt-size" */
void vn_completion_put_name(FILE *out, const struct vn_completion_option *o);

/* The words that the option's value may be, a blank between them. */
bool vn_completion_has_words(const struct vn_completion_option *o);
void vn_completion_put_words(FILE *out, const struct vn_completion_option *o);

/* The words that an argument of the sub-command may be, likewise. */
void vn_completion_put_args(FILE *out, const struct vn_options *spec);

/* completion_bash.c, completion_zsh.c: the whole script */
void vn_completion_bash(FILE *out, const struct vn_command *commands);
void vn_completion_zsh(FILE *out, const struct vn_command *commands);

#endif

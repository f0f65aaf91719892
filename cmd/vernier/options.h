/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of a sub-command as a table of rows, from which come parsing, the
 * defaults, --help, the key=value lines of the effective settings and the
 * completion words. A row stores into the sub-command's own struct.
 *
 * Options are long, spelled with '-' (a '_' is taken as well); a row may have a
 * letter besides. --help and -h are understood everywhere; a row whose letter is
 * h takes that one over.
 */
#ifndef VN_CMD_OPTIONS_H
#define VN_CMD_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/parse.h"

struct vn_param;

/*
 * What a row stores follows from what it has: `call` (asked in the order of
 * the command line), else no metavar (a bool, set), else units (a uint64_t
 * between min and max), else a const char * into argv.
 */
struct vn_option {
	const char *name;
	char letter;       /* -o, where there is a custom; 0: none */
	const char *metavar;
	const char *help;  /* no final stop */
	const char *def;   /* default, as it would be typed; NULL: none */
	size_t offset;     /* in the sub-command's struct */
	const struct vn_unit *units;
	uint64_t min, max;
	int (*call)(void *dest, const char *value, struct vn_err *err);
	/* The i-th word that the value may be, for completion; NULL: no more.
	 * The function is NULL when values are not words of a list. */
	const char *(*word)(unsigned int i);
};

/* --help, which every sub-command has without a row. */
extern const struct vn_option vn_option_help;

struct vn_options {
	const char *command;  /* "send" */
	const char *brief;    /* for lists of sub-commands, no final stop */
	const char *args;     /* positional arguments in the usage line, "[IF]" */
	const char *summary;  /* a sentence or two */
	const char *examples; /* lines, each ended by a newline */
	const struct vn_option *rows;
	unsigned int n_rows;
	unsigned int args_min, args_max;
	bool ends_at_args; /* options end at the first argument: the rest is a command */
	/* Names with one dash are options too, and so spelled in lists: -mac0 is
	 * --mac0. A single letter is that of a row before it is an abbreviation. */
	bool single_dash;
	bool once; /* an option that is given twice is an error */
	/* For completion: an argument is the name of an interface, or one of
	 * these words (as vn_option.word). */
	bool has_interface;
	const char *(*arg_word)(unsigned int i);
	/* Stream parameters (ctl/param.h) are options too when this is set. */
	int (*param)(void *dest, const struct vn_param *p, const char *value, struct vn_err *err);
};

#define VN_OPTIONS_HELPED 1

/*
 * Stores the defaults, then what argv says; *first becomes the index of the
 * first positional argument (argv is put in order, and ends with NULL). 0,
 * -EINVAL or -ERANGE with a sentence, or VN_OPTIONS_HELPED when help was asked
 * for and printed.
 */
int vn_options_parse(const struct vn_options *spec, void *dest, int argc, char **argv, int *first,
		     struct vn_err *err);

void vn_options_help(const struct vn_options *spec, FILE *out);

/* One key=value line a row that holds a value; flags as 0 or 1, quantities in
 * their base unit with its name. Rows with `call` are left out. */
void vn_options_show(const struct vn_options *spec, const void *src, FILE *out);

#endif

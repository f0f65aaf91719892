/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of stream parameters. Each row gives a name, an argument kind,
 * how to store it and how to say so; from the rows come the commands of the
 * device file, the options of the command line with their units and ranges,
 * the help text, the man page section and the shell completion.
 *
 * All functions here work on an entry that the caller may touch: before its
 * worker runs, or on the worker's thread (vn_worker_call).
 */
#ifndef VN_CTL_PARAM_H
#define VN_CTL_PARAM_H

#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/parse.h"
#include "engine/engine.h"

struct vn_ctl_scan; /* ctl/scan.h: the kernel's way to read words and numbers */

/*
 * One write to a device file: text is len bytes, not necessarily terminated.
 * Returns the number of bytes taken or a negative errno; writes entry->result
 * as the kernel does (spec sections 2 and 5, profile P72). Rows marked
 * VN_PARAM_OURS are unknown here.
 */
ssize_t vn_ctl_device_write(struct vn_entry *entry, const char *text, size_t len);

/* The whole text of a device file (spec section 6.1). Returns its length. */
size_t vn_ctl_device_show(struct vn_entry *entry, char *buf, size_t cap);

enum vn_param_flag {
	VN_PARAM_OURS = 1 << 0,	  /* not a kernel command: command line and stream files only */
	VN_PARAM_REPEAT = 1 << 1, /* may be given several times (flag) */
	VN_PARAM_ALIAS = 1 << 2,  /* another name of the row above: not shown in key=value */
	VN_PARAM_CTL = 1 << 3,	  /* a command of the device file only: no option */
};

struct vn_param {
	const char *name;    /* pktgen's spelling; the option is --name, '-' or '_' */
	const char *metavar; /* "N", "NS", "ADDR" ...; NULL: takes no argument */
	const char *help;    /* one sentence, no final stop, unit named */
	const char *group;   /* heading in help and manual: "Size", "Addresses" ... */
	uint32_t flags;	     /* enum vn_param_flag */
	/* command line: unit table and range of numbers (units NULL: a word) */
	const struct vn_unit *units;
	uint64_t min, max;
	const struct vn_param_impl *impl; /* param.c: argument kind, storage, texts */
};

/*
 * Groups follow on each other, and rows come after what they depend on: sizes
 * before rate, vlan_id before vlan_p, xmit_mode before burst. Apply options in
 * the order of the table, not in the order they were given.
 */
extern const struct vn_param vn_params[];
extern const unsigned int vn_n_params;
const struct vn_param *vn_param_find(const char *name); /* '-' matches '_'; NULL: none */

/*
 * Command line and stream files: strict where the control file is forgiving.
 * Parses value with the row's units, checks its range or form, then applies
 * the same command. 0, or -EINVAL/-ERANGE/-EOPNOTSUPP with a sentence that
 * names the option, the value and what is accepted.
 */
int vn_param_set(struct vn_entry *entry, const struct vn_param *p, const char *value,
		 struct vn_err *err);

/* Effective value as vn_param_set would take it; returns false when the row
 * has nothing to say (unset text, alias, action). */
bool vn_param_get(const struct vn_entry *entry, const struct vn_param *p, char *buf, size_t cap);

/* As it is given on the command line: "--rate-l1". Returns out. */
#define VN_PARAM_OPTION_SIZE 40
char *vn_param_option(const struct vn_param *p, char out[VN_PARAM_OPTION_SIZE]);

/* The i-th word that the value may be, for completion; NULL: no more, or the
 * value is none of a list of words. */
const char *vn_param_word(const struct vn_param *p, unsigned int i);

/* Help and manual (man macros), printed from the table. */
void vn_params_help(FILE *out);
void vn_params_man(FILE *out);

#endif

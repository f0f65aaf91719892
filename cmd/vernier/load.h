/* SPDX-License-Identifier: BSD-2-Clause */
/* What `vernier load` has to do, apart from how it is told. */
#ifndef VN_CMD_LOAD_H
#define VN_CMD_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "cardclient.h"

struct vn_load {
	const char *socket;
	const char *instr, *data; /* files; NULL: not this one */
	const char *elf;	  /* to be written as MIF files; nothing is loaded */
	bool nodebug;
	uint64_t steps; /* 0: none */
	bool go;
};

/* Refuses what makes no sense, and encoded programs. -EINVAL with a sentence. */
int vn_load_check(const struct vn_load *load, struct vn_err *err);

/* The sentence about a file for -h, or about an encoded one; returns -EINVAL. */
int vn_load_refuse_encoded(const char *file, struct vn_err *err);

/* Does it, on a connection that has said nothing so far; result lines go to out. */
int vn_load_run(const struct vn_load *load, struct vn_cardclient *client, FILE *out,
		struct vn_err *err);

/* FILE.instr.mif and FILE.data.mif beside the program. */
int vn_load_write_mifs(const char *elf, FILE *out, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file with the number of the process. It is locked as long as the process runs:
 * a file that nobody has locked is what a killed one left, whoever has its number now.
 */
#ifndef VN_NF2D_PIDFILE_H
#define VN_NF2D_PIDFILE_H

#include "base/err.h"

struct nf2d_pidfile {
	const char *path;
	int fd; /* -1: none */
};

/* -EBUSY: another process that runs has it; -errno. A sentence with each, and no file is left that
 * was not there. The lock is of the calling process, not of its children. */
int nf2d_pidfile_open(struct nf2d_pidfile *p, const char *path, struct vn_err *err);
/* Removes it. Accepts a closed one. */
void nf2d_pidfile_close(struct nf2d_pidfile *p);

#endif

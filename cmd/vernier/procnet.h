/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A private mount namespace in which /proc/net is a directory of links to what
 * is really there, with the control tree as pktgen among them.
 */
#ifndef VN_CMD_PROCNET_H
#define VN_CMD_PROCNET_H

#include "base/err.h"

struct procnet {
	const char *dir; /* holds everything, on a file system of its own */
	char mount[80];  /* where the control tree is to be mounted */
	char made[64];   /* a directory to be removed at the end, "" for none */
};

/* Enters the namespace and makes the directories. Before any thread is made.
 * 0 or -errno with a sentence. */
int procnet_enter(struct procnet *p, struct vn_err *err);
/* The tree is mounted: puts it, and the links, where /proc/net is. */
int procnet_cover(struct procnet *p, struct vn_err *err);
/* The namespace goes with its last process; this removes what was made outside. */
void procnet_leave(struct procnet *p);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that goes to the background when it serves: it is a child, whose
 * parent ends when the child says that everything is there, or when it failed and
 * told why (both have the same standard error until then).
 */
#ifndef VN_CMD_BACKGROUND_H
#define VN_CMD_BACKGROUND_H

#include "base/err.h"

/*
 * Runs serve(arg, ready, err) in a child with a session of its own. In the child: what
 * that returned. In the parent: 0, or -ECHILD with nothing in err when the child ended
 * before it was ready, or was to; -errno with a sentence when there is none. SIGINT and SIGTERM
 * are blocked by the caller (vn_interrupt_block()); those of the parent are passed on.
 */
int vn_background_run(int (*serve)(void *arg, int ready, struct vn_err *err), void *arg,
		      struct vn_err *err);

/* Lets the parent go, and its terminal or pipes with it. ready: as given to serve();
 * -1: nobody waits, and nothing is done. */
void vn_background_ready(int ready);

#endif

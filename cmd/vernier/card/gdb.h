/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * -gdb: the connection of a debugger, by TCP from this machine or by a socket in
 * the file system. The card waits for the first one before its first cycle; a
 * later one halts it when it comes, and one that leaves lets it go on.
 *
 * All in the thread of the card: while the debugger thinks, the card stands.
 */
#ifndef VN_CARD_GDB_H
#define VN_CARD_GDB_H

#include "run.h"

/* If the settings name a port or a path: from now on the debugger stands between the run
 * and its card. -errno with a sentence. */
int card_gdb_open(struct card_run *r, struct vn_err *err);

/* The run is over; a debugger that waits is told the status with which we exit. */
void card_gdb_close(struct card_run *r, int status);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without -N: a UDP socket, connected, and a thread that spins on the clock until
 * a packet's time. When it leaves the socket is the system's business; asked
 * against actual is told of the hand-over to it.
 */
#ifndef VN_CALIPER_UDP_H
#define VN_CALIPER_UDP_H

#include "run.h"

/* Sends r->plan; the result is in r->res. -errno with a sentence, what was sent before is in the
 * result all the same. */
int caliper_udp(struct caliper_run *r, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The main loop of a simple program: every thread takes the next packet that came
 * and gives it to the program, for ever. */
#ifndef PROCESS_H
#define PROCESS_H

#include "support.h"

/* The program's: what to do with a packet (its IOQ header is first), which must be
 * freed or sent. Called by all threads. */
void process_pkt(t_addr *p);

#endif

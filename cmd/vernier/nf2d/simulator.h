/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card of our own: `vernier card` in real time as a child, with a socket that
 * nobody else knows. It ends with us, however we end; Ctrl-C is for us alone. What
 * it prints comes to us, line by line, and goes where our own messages go.
 */
#ifndef VN_NF2D_SIMULATOR_H
#define VN_NF2D_SIMULATOR_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"
#include "cardlink.h"

#define NF2D_SIMULATOR_ARGS 64 /* options of the user's */

struct nf2d_simulator {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended; -1 */
	int fd;	   /* readable when it has printed something; -1 */
	char dir[64], path[80];
	char line[512]; /* what it has printed of a line */
	size_t line_len;
};

/* The signal mask that the child has, its program, and further options of it (ended by
 * NULL, at most NF2D_SIMULATOR_ARGS). Waits until it listens, and is its driver. -errno
 * with a sentence, which has what the card said. */
int nf2d_simulator_start(struct nf2d_simulator *sim, const char *program, char *const *options,
			 const sigset_t *mask, struct nf2d_cardlink *link, struct vn_err *err);

/* Gives each line that it has printed to log; of a longer one the beginning. */
void nf2d_simulator_hear(struct nf2d_simulator *sim, void (*log)(void *arg, const char *line),
			 void *arg);

/* It has ended: how, "ended with status 3". */
void nf2d_simulator_reap(struct nf2d_simulator *sim, char *text, size_t cap);

/* Ends it, if it runs. */
void nf2d_simulator_end(struct nf2d_simulator *sim);

#endif

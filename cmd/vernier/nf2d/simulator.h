/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card of our own: `vernier card` in real time as a child, with a socket that
 * nobody else knows. It ends with us, however we end; Ctrl-C is for us alone. What
 * it prints comes to us, line by line, and goes where our own messages go, until it
 * has ended.
 */
#ifndef VN_NF2D_SIMULATOR_H
#define VN_NF2D_SIMULATOR_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"
#include "cardlink.h"
#include "said.h"

#define NF2D_SIMULATOR_ARGS 64 /* options of the user's */

struct nf2d_simulator {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended; -1 */
	int fd;	   /* what it prints; -1 */
	char dir[64], path[80];
	struct nf2d_said said;
};

struct nf2d_simulator_opts {
	const char *program;
	char *const *options; /* further ones, ended by NULL, at most NF2D_SIMULATOR_ARGS */
	const sigset_t *mask; /* the signal mask that the child has */
	void (*log)(void *arg, const char *line); /* each line that it prints; of another thread */
	void *arg;
};

/* Waits until it listens, and is its driver. -errno with a sentence, which has what the card
 * said last. */
int nf2d_simulator_start(struct nf2d_simulator *sim, const struct nf2d_simulator_opts *opts,
			 struct nf2d_cardlink *link, struct vn_err *err);

/* It has ended: how, "ended with status 3". All that it printed was given to log. */
void nf2d_simulator_died(struct nf2d_simulator *sim, char *text, size_t cap);

/* Ends it, if it runs. -errno with a sentence when it did not end well, or had to be killed. */
int nf2d_simulator_end(struct nf2d_simulator *sim, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a card of our own prints, line by line. A thread reads it, always: the card
 * would stand still before a pipe that is full, also while its driver waits for it,
 * at its beginning and at its end.
 *
 * At the beginning the newest line is kept back, since of a card that does not come
 * up it is the reason.
 */
#ifndef VN_NF2D_SAID_H
#define VN_NF2D_SAID_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define NF2D_SAID_LINE 512 /* of a longer one the beginning */

struct nf2d_said {
	pthread_t thread;
	bool is_started;
	int fd;					  /* the thread's, blocks */
	void (*log)(void *arg, const char *line); /* called by either thread */
	void *arg;
	char line[NF2D_SAID_LINE]; /* the thread's: what it has of a line */
	size_t line_len;

	pthread_mutex_t lock; /* of what follows */
	bool keeps;
	char kept[NF2D_SAID_LINE]; /* "": none */
};

/* fd: the pipe; the caller closes it behind nf2d_said_finish(). -errno with a sentence. Zeroes
 * first. */
int nf2d_said_start(struct nf2d_said *s, int fd, void (*log)(void *arg, const char *line),
		    void *arg, struct vn_err *err);
/* No line is kept back any more. Accepts what was not started. */
void nf2d_said_go_on(struct nf2d_said *s);
/* Waits for the end of the pipe. The line that was kept back, "": none, lasts until the next
 * start. Accepts what was not started. */
const char *nf2d_said_finish(struct nf2d_said *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that the host's stack sends by the TAP interface, on their way to the
 * driver. The kernel keeps 1000 of them and drops the next ones without a word, so
 * a thread does nothing but read them into a queue of its own, where those that
 * find no room are counted.
 *
 * Two threads: the reader, and the owner, who calls everything here. The queue is
 * for one writer and one reader, with indices that only grow; C11 atomics, so that
 * the thread sanitizer understands it.
 */
#ifndef VN_NF2D_FRAMES_H
#define VN_NF2D_FRAMES_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"

#define NF2D_FRAMES	 4096
#define NF2D_FRAME_BYTES 2040 /* longer than any that can be sent: what is cut is too long */

struct nf2d_frame {
	uint32_t len;
	uint8_t bytes[NF2D_FRAME_BYTES];
};

struct nf2d_frames {
	pthread_t thread;
	bool is_open, is_started;
	int tap_fd;	 /* read, not owned; does not block */
	int wake_fd;	 /* the reader is asked for something */
	int fd;		 /* readable: frames came since nf2d_frames_woke() */
	sem_t discarded; /* posted when `wants_discard` was done */
	struct nf2d_frame *frames;

	VN_ALIGNED _Atomic bool must_stop, wants_discard; /* the owner's */
	_Atomic uint32_t taken;				  /* frames, ever; modulo 2^32 */
	VN_ALIGNED _Atomic uint32_t put;		  /* the reader's */
	_Atomic uint64_t dropped; /* found no room, or were discarded by the reader */
	uint64_t told;		  /* the owner's: of dropped */
};

/* Begins to read. -errno with a sentence. Zeroes first. */
int nf2d_frames_start(struct nf2d_frames *f, int tap_fd, struct vn_err *err);
void nf2d_frames_stop(struct nf2d_frames *f); /* accepts a half-started one */

/* The descriptor was readable: not any more, until the next frames come. */
void nf2d_frames_woke(struct nf2d_frames *f);

/* The oldest, NULL: none. It stays until it is taken. */
const struct nf2d_frame *nf2d_frames_first(struct nf2d_frames *f);
void nf2d_frames_take(struct nf2d_frames *f);

/* Throws away all that is in the queue and in the interface; waits for the reader. They
 * are among the dropped ones. */
void nf2d_frames_discard(struct nf2d_frames *f);

/* Dropped since it was asked last. */
uint64_t nf2d_frames_dropped(struct nf2d_frames *f);

#endif

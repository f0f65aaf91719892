/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGINT and SIGTERM as a request to stop. A thread of its own waits for them
 * with every other thread's mask closed, so what is done on a signal is
 * ordinary code and needs no variable that a handler can reach.
 *
 * The first signal calls stop(arg); one that comes a second or more behind it ends the
 * process at once. Sooner ones say the same again: timeout(1) signals the process and
 * then its group.
 */
#ifndef VN_CMD_INTERRUPT_H
#define VN_CMD_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct vn_interrupt {
	pthread_t thread;
	bool is_started;
	_Atomic bool is_seen, is_ending;
	sigset_t signals, old_mask;
	void (*stop)(void *arg);
	void *arg;
};

/* Closes the mask; before any thread is made, whose masks are copies. */
void vn_interrupt_block(struct vn_interrupt *it);

/* Begins to listen; a signal that came since vn_interrupt_block counts.
 * 0 or a negative errno. */
int vn_interrupt_listen(struct vn_interrupt *it, void (*stop)(void *arg), void *arg);

/* True from before stop() is called. */
bool vn_interrupt_seen(const struct vn_interrupt *it);

/* Ends the thread and restores the mask; signals that came meanwhile are over with it. */
void vn_interrupt_end(struct vn_interrupt *it);

#endif

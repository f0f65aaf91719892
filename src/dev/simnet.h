/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A net (net/net.h) that several threads may use: a lock around it, and a
 * thread that runs its timers. On a virtual clock there is neither: the one
 * thread that there is calls everything, and the clock runs the timers.
 *
 * Simulated devices live in one; those of a process in the same, so that its
 * files (`dev`, `ptype`) show them together.
 */
#ifndef VN_DEV_SIMNET_H
#define VN_DEV_SIMNET_H

#include "base/clock.h"
#include "base/err.h"
#include "net/net.h"

struct vn_simnet;

struct vn_simnet_opts {
	struct vn_clock *clock; /* outlives it */
	uint64_t seed;
	void (*log)(void *arg, const char *line); /* the core's log; under the lock. NULL */
	void *log_arg;
};

/* 0 or -errno with a sentence, *out NULL. */
int vn_simnet_new(const struct vn_simnet_opts *opts, struct vn_simnet **out, struct vn_err *err);
void vn_simnet_hold(struct vn_simnet *s);
void vn_simnet_put(struct vn_simnet *s); /* the last one ends it; NULL accepted */

/* The net is the caller's between these, who acts on the CPU he runs on. What
 * was raised meanwhile is done before the lock is given back. */
struct vn_net *vn_simnet_lock(struct vn_simnet *s);
void vn_simnet_unlock(struct vn_simnet *s);

#endif

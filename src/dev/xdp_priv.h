/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the xdp driver only. */
#ifndef VN_DEV_XDP_PRIV_H
#define VN_DEV_XDP_PRIV_H

#include "base/stat.h"
#include "dev/ifdev.h"

struct vn_xdp {
	struct vn_ifdev base;
	/* Of all its queues: packets that found no room, which others took the
	 * numbers of. */
	_Atomic uint64_t refused;
};

static inline struct vn_xdp *vn_xdp_of(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct vn_xdp, base.net);
}
#include "dev/xdp_features.h"

/* --- keeping a program where it is run without waiting (xdp_anchor.c) --- */

/*
 * Running a program more than once in a call makes the kernel patch it into its
 * dispatcher, and out again afterwards, and each time it waits for all CPUs: some
 * 50 ms a call. Unless the program is there already, because an interface has it.
 * So it is given to one: the loopback interface of a network namespace that is
 * made for this and that nobody else can reach.
 */
struct vn_xdp_anchor {
	int netns; /* -1: not anchored */
	int link;
};

/* Works without rights for it, too: then calls are slow. */
void vn_xdp_anchor_open(struct vn_xdp_anchor *a, int program);
void vn_xdp_anchor_close(struct vn_xdp_anchor *a);

/* --- the queue (xdp_tx.c) --- */

int vn_xdp_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		    struct vn_err *err);
void vn_xdp_txq_close(struct vn_txq *q);

/* 0, or why packets cannot be built in the kernel here; sends nothing. */
int vn_xdp_try(const char *name, struct vn_err *err);

#endif

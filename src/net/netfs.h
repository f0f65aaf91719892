/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a net as a tree of files (base/files.h), with the names that
 * they have below /proc and /sys, from a root that stands for both:
 *
 *	net/dev, net/softnet_stat, net/ptype
 *	sys/net/core/NAME
 *	class/net/NAME -> ../../devices/virtual/net/NAME
 *	devices/virtual/net/NAME/...
 *
 * A device's nodes are numbered by its index: they follow it when it is
 * renamed, and when it is gone answer EINVAL, also to who has them open.
 */
#ifndef VN_NET_NETFS_H
#define VN_NET_NETFS_H

#include "base/files.h"

struct vn_net;

/* A net has one owner at a time (net.h). lock makes the caller that; unlock
 * has called vn_net_run() before, if something was raised. NULL: who calls the
 * tree is the owner, and the tree does that itself. */
struct vn_netfs_opts {
	struct vn_net *net;
	void (*lock)(void *arg);
	void (*unlock)(void *arg);
	void *arg;
};

struct vn_netfs {
	struct vn_files files;
	struct vn_netfs_opts o;
};

/* The net outlives it; there is nothing to free. */
void vn_netfs_init(struct vn_netfs *fs, const struct vn_netfs_opts *opts);

#endif

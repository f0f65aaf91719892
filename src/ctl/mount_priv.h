/* SPDX-License-Identifier: BSD-2-Clause */
/* What mounting (mount.c) and the files of the mount (mount_files.c) share. */
#ifndef VN_CTL_MOUNT_PRIV_H
#define VN_CTL_MOUNT_PRIV_H

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "ctl/mount.h"
#include "ctl/tree_files.h"

#define VN_MOUNT_TREES 2

struct vn_mount {
	struct vn_tree_files pktgen;
	struct vn_files *trees[VN_MOUNT_TREES]; /* asked in this order */
	unsigned int n_trees;
	struct fuse_session *se;
	char *dir;
	time_t made;
	pthread_t thread;
	_Atomic bool is_gone;
	_Atomic bool is_over; /* asks the thread to end */
	int wake;	      /* an event: is_over was set */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* n_writers */
	unsigned int n_writers; /* threads that write what may wait; under lock */
	/* Of the thread: what is asked is answered there, but such writes. */
	struct handle *handles;
};

/* What the kernel asks, and who answers. Userdata is a struct vn_mount. */
extern const struct fuse_lowlevel_ops vn_mount_files;

/* Nothing is under way that should have the CPU. */
bool vn_mount_is_idle(struct vn_mount *m);

/* Frees what open files left when the connection went before they were closed. */
void vn_mount_free_handles(struct vn_mount *m);

#endif

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

struct vn_mount {
	struct vn_tree *tree;
	struct fuse_session *se;
	char *dir;
	time_t made;
	pthread_t thread;
	_Atomic bool is_gone;
	_Atomic bool is_over;   /* asks the thread to end */
	int wake;               /* an event: is_over was set */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* n_writers */
	unsigned int n_writers; /* threads that write pgctrl; under lock */
	/* Of the thread: what is asked is answered there, but writes of pgctrl. */
	struct handle *handles;
	uint64_t n_pgctrls;     /* looked up */
};

/* What the kernel asks, and who answers. Userdata is a struct vn_mount. */
extern const struct fuse_lowlevel_ops vn_mount_files;

/* Frees what open files left when the connection went before they were closed. */
void vn_mount_free_handles(struct vn_mount *m);

#endif

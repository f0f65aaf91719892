/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control tree as files: DIR/net/pktgen/..., served through FUSE, and
 * another tree over it, the net core's (net/netfs.h). DIR stands for /proc, so
 * that what looks below /proc/net finds the same names.
 *
 * Absent in a build without libfuse3: then vn_mount_open() says so.
 */
#ifndef VN_CTL_MOUNT_H
#define VN_CTL_MOUNT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/files.h"
#include "ctl/tree.h"

#define VN_MOUNT_TREE "net/pktgen" /* below DIR */

struct vn_mount;

/*
 * Mounts on dir, which must be a directory, and serves from a thread of its
 * own. A mount that a killed server left on dir is taken off first; -EBUSY
 * when a living one is there. The tree must outlive the mount, and so must
 * `more`, the other tree (NULL: none); that one is called from the mount's
 * thread only. 0 or -errno with a sentence (-ENODEV: this system has no FUSE;
 * -EPERM).
 */
int vn_mount_open(struct vn_tree *tree, struct vn_files *more, const char *dir,
		  struct vn_mount **out, struct vn_err *err);

/* The file system was taken off from outside (umount), or its connection
 * aborted: nothing is served any more. */
bool vn_mount_is_gone(const struct vn_mount *m);

/* Unmounts and ends the thread. Call vn_tree_shut() first, or a waiting start
 * is waited for. NULL accepted. */
void vn_mount_close(struct vn_mount *m);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A build without libfuse3. */
#include "ctl/mount.h"

#include <errno.h>
#include <stddef.h>

int vn_mount_open(struct vn_tree *tree, struct vn_files *more, const char *dir,
		  struct vn_mount **out, struct vn_err *err)
{
	*out = NULL;
	return vn_err_set(err, ENODEV, "%s: this program was built without libfuse3", dir);
}

bool vn_mount_is_gone(const struct vn_mount *m)
{
	return true;
}

void vn_mount_close(struct vn_mount *m)
{
}

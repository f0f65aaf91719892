/* SPDX-License-Identifier: BSD-2-Clause */
/* The row "stamp", which is ours: the device file has no such command, and its
 * text does not show it. */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

/* By enum vn_stamp. */
static const char *const stamp_names[] = { "us", "ns" };

static const char *stamp_name(unsigned int i)
{
	return i < VN_ARRAY_SIZE(stamp_names) ? stamp_names[i] : NULL;
}

static int stamp_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		     const char *text, struct vn_err *err)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(stamp_names); i++) {
		if (strcmp(text, stamp_names[i]) == 0) {
			e->stream.cfg.stamp = (enum vn_stamp)i;
			return 0;
		}
	}
	return vn_err_set(err, EINVAL, "%s: %s is none of %s, %s", what, text, stamp_names[0],
			  stamp_names[1]);
}

static bool stamp_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	vn_text_add(out, "%s", stamp_names[e->stream.cfg.stamp]);
	return true;
}

const struct vn_param_kind vn_kind_stamp = {
	.set = stamp_set,
	.get = stamp_get,
	.word = stamp_name,
};

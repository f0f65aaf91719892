/* SPDX-License-Identifier: BSD-2-Clause */
/* The row "late_policy", which is ours: the device file has no such command, and its
 * text does not show it. */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

/* By enum vn_late_policy. */
static const char *const policy_names[] = { "catch-up", "skip", "slide" };

static const char *policy_name(unsigned int i)
{
	return i < VN_ARRAY_SIZE(policy_names) ? policy_names[i] : NULL;
}

static int policy_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		     const char *text, struct vn_err *err)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(policy_names); i++) {
		if (strcmp(text, policy_names[i]) == 0) {
			e->stream.cfg.late_policy = (enum vn_late_policy)i;
			return 0;
		}
	}
	return vn_err_set(err, EINVAL, "%s: %s is none of %s, %s, %s", what, text,
			  policy_names[0], policy_names[1], policy_names[2]);
}

static bool policy_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	vn_text_add(out, "%s", policy_names[e->stream.cfg.late_policy]);
	return true;
}

const struct vn_param_kind vn_kind_late_policy = {
	.set = policy_set,
	.get = policy_get,
	.word = policy_name,
};

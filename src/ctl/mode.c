/* SPDX-License-Identifier: BSD-2-Clause */
/* The row "xmit_mode". */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#define MODE_WORD 31

/* By enum vn_xmit_mode. */
static const char *const mode_names[] = { "start_xmit", "netif_receive", "queue_xmit" };

static const char *mode_name(unsigned int i)
{
	return i < VN_ARRAY_SIZE(mode_names) ? mode_names[i] : NULL;
}

static bool mode_find(const char *word, enum vn_xmit_mode *mode)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(mode_names); i++) {
		if (strcmp(word, mode_names[i]) == 0) {
			*mode = (enum vn_xmit_mode)i;
			return true;
		}
	}
	return false;
}

/* The two indirect modes count as having sent well, so that the first packet
 * keeps to the schedule. */
static void store_mode(struct vn_entry *e, enum vn_xmit_mode mode)
{
	e->stream.cfg.xmit_mode = mode;
	if (mode != VN_START_XMIT)
		e->last_ok = true;
}

static int mode_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	char word[MODE_WORD + 1];
	enum vn_xmit_mode mode;
	int rc;

	vn_scan_word(arg, word, MODE_WORD);
	if (!mode_find(word, &mode)) {
		/* Does not name queue_xmit, as the kernel does not. */
		vn_ctl_result(e,
			      "xmit_mode -:%s:- unknown\nAvailable modes: start_xmit, "
			      "netif_receive\n",
			      word);
		return 0;
	}
	rc = vn_check_mode(e, mode, NULL);
	if (rc < 0)
		return rc;
	store_mode(e, mode);
	vn_ctl_result(e, "OK: %s=%s", p->name, mode_names[mode]);
	return 0;
}

/* The device must be able to: here it is an error now, not at the start. */
static int mode_check_device(const struct vn_entry *e, enum vn_xmit_mode mode, struct vn_err *why)
{
	uint32_t caps = e->dev->ops->caps;

	if (mode == VN_NETIF_RECEIVE && !(caps & VN_CAP_RX_INJECT))
		return vn_err_set(why, EOPNOTSUPP, "cannot be had: driver %s does not inject",
				  e->dev->ops->name);
	if (mode == VN_QUEUE_XMIT && !(caps & VN_CAP_QUEUE_XMIT))
		return vn_err_set(why, EOPNOTSUPP, "cannot be had: driver %s does not queue",
				  e->dev->ops->name);
	return 0;
}

static int mode_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	enum vn_xmit_mode mode;
	struct vn_err why;
	int rc;

	if (!mode_find(text, &mode))
		return vn_err_set(err, EINVAL, "%s: %s is none of %s, %s, %s", what, text,
				  mode_names[0], mode_names[1], mode_names[2]);
	rc = vn_check_mode(e, mode, &why);
	if (rc == 0)
		rc = mode_check_device(e, mode, &why);
	if (rc < 0)
		return vn_option_refuse(err, what, text, rc, &why);
	store_mode(e, mode);
	return 0;
}

static bool mode_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	vn_text_add(out, "%s", mode_names[e->stream.cfg.xmit_mode]);
	return true;
}

const struct vn_param_kind vn_kind_mode = {
	.command = mode_command,
	.set = mode_set,
	.get = mode_get,
	.word = mode_name,
};

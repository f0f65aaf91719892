/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two disciplines that hold no packet: noop refuses each, and noqueue is
 * the mark of a queue whose packets go straight to the device.
 */
#include <errno.h>
#include <stdlib.h>

#include "net/device.h"
#include "net/net_priv.h"

static int make(const struct vn_qdisc_ops *ops, struct vn_device *dev, const char *words,
		struct vn_qdisc **out, struct vn_err *err)
{
	int rc = vn_qdisc_no_words(ops, words, err);

	*out = NULL;
	if (rc)
		return rc;
	*out = malloc(sizeof(**out));
	if (!*out)
		return vn_err_set(err, ENOMEM, "%s: no memory for %s", dev->name, ops->id);
	vn_qdisc_init(*out, ops, dev);
	return 0;
}

static int noop_make(struct vn_device *dev, const char *words, struct vn_qdisc **out,
		     struct vn_err *err)
{
	return make(&vn_noop_ops, dev, words, out, err);
}

static int noqueue_make(struct vn_device *dev, const char *words, struct vn_qdisc **out,
			struct vn_err *err)
{
	return make(&vn_noqueue_ops, dev, words, out, err);
}

/* Counted at the device, since a device that is down shows no discipline. */
static enum vn_tx_code noop_enqueue(struct vn_qdisc *q, struct vn_skb *skb)
{
	q->dev->core.tx_dropped++;
	vn_skb_free(skb);
	return VN_XMIT_CN;
}

static void simple_free(struct vn_qdisc *q)
{
	free(q);
}

const struct vn_qdisc_ops vn_noop_ops = {
	.id = "noop",
	.syntax = "",
	.make = noop_make,
	.enqueue = noop_enqueue,
	.free = simple_free,
};

const struct vn_qdisc_ops vn_noqueue_ops = {
	.id = "noqueue",
	.syntax = "",
	.make = noqueue_make,
	.free = simple_free,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root of a device with several queues: each queue has a child of its own,
 * of the default kind, and packets never pass by mq itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"

struct mq {
	struct vn_qdisc qdisc;
	unsigned int n;
	struct vn_qdisc *child[];
};

static struct mq *to_mq(struct vn_qdisc *q)
{
	return vn_container_of(q, struct mq, qdisc);
}

static void mq_free(struct vn_qdisc *q)
{
	struct mq *mq = to_mq(q);

	for (unsigned int i = 0; i < mq->n; i++)
		vn_qdisc_free(mq->child[i]);
	free(mq);
}

static int make_children(struct mq *mq, struct vn_device *dev, struct vn_err *err)
{
	const char *id = dev->net->settings.default_qdisc;
	const struct vn_qdisc_ops *ops = vn_qdisc_kind(id);
	int rc = 0;

	if (!ops || ops == &vn_mq_ops)
		return vn_err_set(err, EINVAL,
				  "%s: mq: default_qdisc '%s' is not one that a queue can have",
				  dev->name, id);
	for (; !rc && mq->n < dev->n_txq; mq->n += !rc) {
		rc = ops->make(dev, "", &mq->child[mq->n], err);
		if (!rc)
			mq->child[mq->n]->txq = &dev->tx[mq->n];
	}
	return rc;
}

static int mq_make(struct vn_device *dev, const char *words, struct vn_qdisc **out,
		   struct vn_err *err)
{
	int rc = vn_qdisc_no_words(&vn_mq_ops, words, err);
	struct mq *mq;

	*out = NULL;
	if (rc)
		return rc;
	if (dev->n_txq == 1)
		return vn_err_set(err, EOPNOTSUPP, "%s: mq: the device has 1 queue (at least 2)",
				  dev->name);
	mq = calloc(1, sizeof(*mq) + dev->n_txq * sizeof(struct vn_qdisc *));
	if (!mq)
		return vn_err_set(err, ENOMEM, "%s: no memory for mq", dev->name);
	vn_qdisc_init(&mq->qdisc, &vn_mq_ops, dev);
	rc = make_children(mq, dev, err);
	if (rc) {
		mq_free(&mq->qdisc);
		return rc;
	}
	*out = &mq->qdisc;
	return 0;
}

static void mq_attach(struct vn_qdisc *q)
{
	struct mq *mq = to_mq(q);

	for (unsigned int i = 0; i < mq->n; i++) {
		mq->child[i]->parent = q->handle | (i + 1);
		q->dev->tx[i].qdisc_sleeping = mq->child[i];
	}
}

static void mq_reset(struct vn_qdisc *q)
{
	for (unsigned int i = 0; i < to_mq(q)->n; i++)
		vn_qdisc_reset(to_mq(q)->child[i]);
}

static void mq_stats(const struct vn_qdisc *q, struct vn_qdisc_stats *out)
{
	const struct mq *mq = vn_container_of(q, const struct mq, qdisc);
	struct vn_qdisc_stats s;

	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < mq->n; i++) {
		vn_qdisc_get_stats(mq->child[i], &s);
		out->bytes += s.bytes;
		out->packets += s.packets;
		out->drops += s.drops;
		out->overlimits += s.overlimits;
		out->requeues += s.requeues;
		out->backlog_bytes += s.backlog_bytes;
		out->qlen += s.qlen;
	}
}

const struct vn_qdisc_ops vn_mq_ops = {
	.id = "mq",
	.syntax = "",
	.make = mq_make,
	.reset = mq_reset,
	.attach = mq_attach,
	.stats = mq_stats,
	.free = mq_free,
};

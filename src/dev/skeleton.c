/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver to copy when a new one is begun: complete, and as small as one
 * can be. It keeps the length of the last frame it was given and nothing else.
 *
 *  1. Copy this file, rename it, add it to meson.build and to the list in
 *     drivers.c.
 *  2. Give `struct mine` what the device needs: a descriptor, a ring.
 *  3. open: check the target, fill the device's fields, declare in `caps` only
 *     what is true. Whatever is not declared is refused before it is asked.
 *  4. txq_open: lend memory (vn_txq_init, or your own ring's frames) and set
 *     `commit`. A queue belongs to one thread; use nothing shared in commit.
 *  5. commit: hand the n oldest frames over, say how many went and what became
 *     of the next one. No allocation, no lock, no wait.
 *  6. A test beside it, and a line in the manual.
 *
 * close and txq_close take NULL and half-open objects, so that the functions
 * that open can unwind through them.
 */
#include <errno.h>
#include <stdlib.h>

#include "dev/drivers.h"

struct mine {
	struct vn_netdev dev; /* what everybody else knows of us */
};

struct mine_txq {
	struct vn_txq q;      /* what the send loop follows */
	uint32_t last_len;    /* ours: bytes */
};

static struct mine *to_mine(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct mine, dev);
}

/*
 * Frames to send: txq->frames[(txq->tail + i) & txq->mask], i = 0..n-1, each
 * with its bytes, length and asked departure. The caller moves tail on.
 * VN_TX_BUSY leaves a frame where it is; VN_XMIT_DROP uses it up as an error;
 * VN_TX_DOWN ends the run.
 */
static struct vn_tx_done mine_commit(struct vn_txq *txq, unsigned int n)
{
	struct mine_txq *q = vn_container_of(txq, struct mine_txq, q);

	if (n)
		q->last_len = txq->frames[(txq->tail + n - 1) & txq->mask].len;
	return (struct vn_tx_done){ n, VN_TX_OK };
}

static void mine_txq_close(struct vn_txq *txq)
{
	if (!txq)
		return;
	vn_txq_fini(txq);
	free(vn_container_of(txq, struct mine_txq, q));
}

static int mine_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err)
{
	struct mine_txq *q = calloc(1, sizeof(*q));

	*out = NULL;
	if (!q || vn_txq_init(&q->q, dev, opts->n_frames,
			      opts->frame_cap) < 0) {
		free(q);
		return vn_err_set(err, ENOMEM, "%s: no memory for frames", dev->name);
	}
	q->q.commit = mine_commit;
	*out = &q->q;
	return 0;
}

static int nothing_changes(struct vn_netdev *dev, struct vn_err *err)
{
	return 0;
}

static void mine_close(struct vn_netdev *dev)
{
	if (dev)
		free(to_mine(dev));
}

static int mine_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct mine *d = calloc(1, sizeof(*d));

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "no memory for a device");
	/* A device of the system fills these fields from what it finds. */
	vn_netdev_init(&d->dev, &vn_skeleton_ops, opts);
	*out = &d->dev;
	return 0;
}

const struct vn_netdev_ops vn_skeleton_ops = {
	.name = "skeleton",
	.summary = "an example to begin a driver from; takes frames and forgets them",
	.caps = VN_CAP_TX | VN_CAP_VIRTUAL,
	.open = mine_open,
	.refresh = nothing_changes,
	.txq_open = mine_txq_open,
	.txq_close = mine_txq_close,
	.close = mine_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * afxdp: sends and receives on an interface of the system past most of its
 * network stack, from memory that is shared with the kernel or, where the
 * interface's driver can, with the hardware. This file opens the device;
 * afxdp_tx.c and afxdp_rx.c are its queues, each with a socket and memory of its
 * own on one queue of the interface (afxdp_socket.c). A queue of the interface
 * has one user: the kernel's rings have room for one, and two threads would have
 * to take turns.
 *
 * No frame is shared between packets (clone_skb, burst): the engine copies, and
 * a place in memory is free again with the first completion, while others of it
 * might still be read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afxdp_priv.h"
#include "dev/drivers.h"

static void afxdp_close(struct vn_netdev *dev)
{
	struct vn_afxdp *d;

	if (!dev)
		return;
	d = vn_afxdp_of(dev);
	if (d->ask_fd >= 0)
		close(d->ask_fd);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int set_up(struct vn_afxdp *d, const char *name, struct vn_err *err)
{
	int rc = vn_ifdev_find(&d->base, name, err);

	/* Asked for now, not when the first queue is: a user without the right
	 * should hear it before anything else is prepared. */
	if (!rc)
		rc = vn_afxdp_try_socket(name, err);
	if (rc)
		return rc;
	d->ask_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (d->ask_fd < 0)
		return vn_err_set(err, errno, "%s: no socket: %s", name, strerror(errno));
	return 0;
}

static int afxdp_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct vn_afxdp *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "%s: no memory", opts->target);
	d->ask_fd = d->prog.map = d->prog.prog = d->prog.link = -1;
	pthread_mutex_init(&d->lock, NULL);
	vn_netdev_init(&d->base.net, &vn_afxdp_ops, opts);
	rc = set_up(d, opts->target, err);
	if (rc) {
		afxdp_close(&d->base.net);
		return rc;
	}
	*out = &d->base.net;
	return 0;
}

/* zero_copy is told where it is so: elsewhere frames are copied. */
static unsigned int afxdp_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				   unsigned int cap)
{
	if (!cap || !atomic_load_explicit(&vn_afxdp_of(dev)->is_zero_copy, memory_order_relaxed))
		return vn_ifdev_counters(dev, out, cap);
	*out = (struct vn_netdev_counter){ .name = "zero_copy", .n = 1 };
	return 1 + vn_ifdev_counters(dev, out + 1, cap - 1);
}

const struct vn_netdev_ops vn_afxdp_ops = {
	.name = "afxdp",
	.summary = "AF_XDP sockets: shared memory, zero copy where the interface has it",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_NEEDS_IF | VN_CAP_LAUNCH | VN_CAP_TX_STAMPS,
	.open = afxdp_open,
	.probe = vn_afxdp_probe,
	.refresh = vn_ifdev_refresh,
	.txq_open = vn_afxdp_txq_open,
	.txq_close = vn_afxdp_txq_close,
	.rxq_open = vn_afxdp_rxq_open,
	.rxq_close = vn_afxdp_rxq_close,
	.counters = afxdp_counters,
	.close = afxdp_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * afpacket: sends and receives on an interface of the system through packet
 * sockets, which every interface and every kernel has. This file opens the
 * device and says what it is; afpacket_tx.c, inject.c and afpacket_rx.c are its
 * queues.
 *
 * The transmit modes are the kernel's own: past the queueing discipline
 * straight to the driver (start_xmit), through it (queue_xmit), or up into the
 * receive path (netif_receive), which is the one that needs more than a packet
 * socket.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afpacket_priv.h"
#include "dev/drivers.h"
#include "dev/link.h"

int vn_afpacket_socket(const char *name, struct vn_err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		return fd;
	if (errno == EPERM || errno == EACCES)
		return vn_err_set(err, errno,
				  "%s: needs CAP_NET_RAW (run as root or in a user namespace "
				  "with a network namespace of its own)",
				  name);
	return vn_err_set(err, errno, "%s: no packet socket: %s", name, strerror(errno));
}

static void afpacket_close(struct vn_netdev *dev)
{
	if (dev)
		free(vn_ifdev_of(dev));
}

/* Asked for at open, not when the first queue is: a user without the right
 * should hear it before anything else is prepared. */
static int check_permission(const char *name, struct vn_err *err)
{
	int fd = vn_afpacket_socket(name, err);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int afpacket_open(const struct vn_netdev_opts *opts, struct vn_netdev **out,
			 struct vn_err *err)
{
	struct vn_ifdev *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "%s: no memory", opts->target);
	vn_netdev_init(&d->net, &vn_afpacket_ops, opts);
	rc = vn_ifdev_find(d, opts->target, err);
	if (!rc)
		rc = check_permission(opts->target, err);
	if (rc) {
		afpacket_close(&d->net);
		return rc;
	}
	*out = &d->net;
	return 0;
}

static int afpacket_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			     struct vn_txq **out, struct vn_err *err)
{
	if (opts->path == VN_PATH_RECEIVE && (opts->launch || opts->stamps))
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: %s: with xmit_mode netif_receive frames go up, and never "
				  "leave",
				  dev->name, opts->launch ? "launch" : "departure_stamps");
	if (opts->path == VN_PATH_RECEIVE)
		return vn_inject_txq_open(dev, opts, out, err);
	return vn_afpacket_txq_open(dev, opts, out, err);
}

static void afpacket_txq_close(struct vn_txq *q)
{
	if (q)
		vn_container_of(q, struct vn_afpacket_txq, txq)->close(q);
}

static void afpacket_probe(const char *name, struct vn_netdev_probe *out)
{
	struct vn_err why = { "" };
	struct vn_link l;
	int rc = vn_link_find(name, &l);

	snprintf(out->how, sizeof(out->how), "packet sockets");
	if (rc) {
		snprintf(out->why, sizeof(out->why), "%s: %s", name,
			 rc == -ENODEV ? "no such interface" : strerror(-rc));
		return;
	}
	rc = check_permission(name, &why);
	out->can_send = out->can_receive = !rc;
	if (rc == -EPERM || rc == -EACCES)
		snprintf(out->why, sizeof(out->why), "needs CAP_NET_RAW");
	else if (rc)
		snprintf(out->why, sizeof(out->why), "%.199s", why.text);
}

const struct vn_netdev_ops vn_afpacket_ops = {
	.name = "afpacket",
	.summary = "packet sockets, on any interface of the system",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_RX_OUTGOING | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT |
		VN_CAP_NEEDS_IF | VN_CAP_LAUNCH | VN_CAP_TX_STAMPS,
	.open = afpacket_open,
	.probe = afpacket_probe,
	.refresh = vn_ifdev_refresh,
	.txq_open = afpacket_txq_open,
	.txq_close = afpacket_txq_close,
	.rxq_open = vn_afpacket_rxq_open,
	.rxq_close = vn_afpacket_rxq_close,
	.counters = vn_ifdev_counters,
	.close = afpacket_close,
};

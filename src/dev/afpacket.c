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
 *
 * A name is good for finding the interface once. After that the device is that
 * interface, known by its number, whatever it is called.
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
#include "dev/route.h"

int vn_afpacket_socket(const char *name, struct vn_err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		return fd;
	if (errno == EPERM || errno == EACCES)
		return vn_err_set(err, errno,
				  "%s: needs CAP_NET_RAW (run as root or in a user namespace "
				  "with a network namespace of its own)", name);
	return vn_err_set(err, errno, "%s: no packet socket: %s", name, strerror(errno));
}

static void take_over(struct vn_netdev *dev, const struct vn_link *l)
{
	vn_afpacket_of(dev)->rereads_type = l->rereads_type;
	snprintf(dev->name, sizeof(dev->name), "%s", l->name);
	dev->ifindex = l->ifindex;
	dev->is_up = l->is_up;
	dev->has_carrier = l->has_carrier;
	dev->can_share = l->can_share;
	dev->n_txq = l->n_txq;
	dev->type = l->type;
	dev->mtu = l->mtu;
	dev->link_bps = l->speed_bps;
	memcpy(dev->mac, l->mac, sizeof(dev->mac));
	dev->ipv4 = l->ipv4;
	dev->ipv6_ll = l->ipv6_ll;
}

static int cannot_be_looked_up(const char *name, int rc, struct vn_err *err)
{
	return vn_err_set(err, -rc, "%s: cannot be looked up: %s", name, strerror(-rc));
}

/* By its number: the interface that was opened, whatever it is called now. */
static int afpacket_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_read(dev->ifindex, &l);

	if (rc == -ENODEV)
		return vn_err_set(err, ENODEV, "%s: the interface is gone", dev->name);
	if (rc)
		return cannot_be_looked_up(dev->name, rc, err);
	take_over(dev, &l);
	return 0;
}

/* The one look-up by name. The routes are read here only: it can take long. */
static int find(struct vn_netdev *dev, const char *name, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_find(name, &l);

	if (rc == -ENODEV)
		return vn_err_set(err, ENODEV, "%s: no such interface", name);
	if (!rc)
		rc = vn_route_is_way_out(l.ifindex, l.master, &dev->holds_default_route);
	if (rc)
		return cannot_be_looked_up(name, rc, err);
	take_over(dev, &l);
	return 0;
}

static void afpacket_close(struct vn_netdev *dev)
{
	if (dev)
		free(vn_afpacket_of(dev));
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
	struct vn_afpacket *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "%s: no memory", opts->target);
	vn_netdev_init(&d->net, &vn_afpacket_ops, opts);
	rc = find(&d->net, opts->target, err);
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
	if (opts->path == VN_PATH_RECEIVE)
		return vn_inject_txq_open(dev, opts, out, err);
	return vn_afpacket_txq_open(dev, opts, out, err);
}

static void afpacket_txq_close(struct vn_txq *q)
{
	if (q)
		vn_container_of(q, struct vn_afpacket_txq, txq)->close(q);
}

const struct vn_netdev_ops vn_afpacket_ops = {
	.name = "afpacket",
	.summary = "packet sockets, on any interface of the system",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_RX_OUTGOING | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT |
		VN_CAP_NEEDS_IF,
	.open = afpacket_open,
	.refresh = afpacket_refresh,
	.txq_open = afpacket_txq_open,
	.txq_close = afpacket_txq_close,
	.rxq_open = vn_afpacket_rxq_open,
	.rxq_close = vn_afpacket_rxq_close,
	.close = afpacket_close,
};

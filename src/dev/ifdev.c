/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/ifdev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/link.h"
#include "dev/route.h"

static void take_over(struct vn_ifdev *d, const struct vn_link *l)
{
	struct vn_netdev *dev = &d->net;

	d->rereads_type = l->rereads_type;
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
int vn_ifdev_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_read(dev->ifindex, &l);

	if (rc == -ENODEV)
		return vn_err_set(err, ENODEV, "%s: the interface is gone", dev->name);
	if (rc)
		return cannot_be_looked_up(dev->name, rc, err);
	take_over(vn_ifdev_of(dev), &l);
	return 0;
}

/* The one look-up by name. The routes are read here only: it can take long. */
int vn_ifdev_find(struct vn_ifdev *d, const char *name, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_find(name, &l);

	if (rc == -ENODEV)
		return vn_err_set(err, ENODEV, "%s: no such interface", name);
	if (!rc)
		rc = vn_route_is_way_out(l.ifindex, l.master, &d->net.holds_default_route);
	if (rc)
		return cannot_be_looked_up(name, rc, err);
	take_over(d, &l);
	return 0;
}

unsigned int vn_ifdev_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
			       unsigned int cap)
{
	return vn_txstamp_counters(&vn_ifdev_of(dev)->times, out, cap);
}

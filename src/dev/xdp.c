/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp: packets are built and sent in the kernel, by a program of ours that the
 * kernel runs on frames of its own and redirects to the interface ("live
 * frames", Linux 5.18 and later). Nothing of a packet passes between the kernel
 * and us. The interface must take redirected frames; that and nothing else of it
 * is used: no program is attached to it.
 *
 * This file opens the device and says what it can do, xdp_tx.c is its queue.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/drivers.h"
#include "dev/link.h"
#include "dev/xdp_priv.h"

/* Does the interface take redirected frames? 0, or why not and, in cap bytes of mend
 * if there are any, what helps. */
static int check_interface(const char *name, int ifindex, char *mend, size_t cap,
			   struct vn_err *err)
{
	uint64_t features;
	struct vn_link l;
	int rc = vn_xdp_features(ifindex, &features);

	/* Not told: then it shows when nothing is taken. */
	if (rc || features & VN_XDP_NDO_XMIT)
		return 0;
	if (vn_link_read(ifindex, &l) || !l.rereads_type)
		return vn_err_set(err, EOPNOTSUPP, "%s: takes no frames by XDP", name);
	snprintf(mend, cap, "ethtool -K PEER gro on (PEER: the other end of %s)", name);
	return vn_err_set(err, EOPNOTSUPP,
			  "%s: the other end of this veth polls for no frames: it needs `ethtool "
			  "-K PEER gro on`, or an XDP program", name);
}

static void xdp_close(struct vn_netdev *dev)
{
	if (dev)
		free(vn_xdp_of(dev));
}

static int xdp_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct vn_xdp *x = calloc(1, sizeof(*x));
	struct vn_netdev *dev = x ? &x->base.net : NULL;
	int rc;

	*out = NULL;
	if (!x)
		return vn_err_set(err, ENOMEM, "%s: no memory", opts->target);
	vn_netdev_init(dev, &vn_xdp_ops, opts);
	rc = vn_ifdev_find(&x->base, opts->target, err);
	if (!rc)
		rc = check_interface(opts->target, dev->ifindex, NULL, 0, err);
	if (!rc)
		rc = vn_xdp_try(opts->target, err);
	if (rc) {
		xdp_close(dev);
		return rc;
	}
	/* Frames are the kernel's own: one is as good as another. */
	dev->can_share = true;
	*out = dev;
	return 0;
}

static int xdp_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	int rc = vn_ifdev_refresh(dev, err);

	dev->can_share = true;
	return rc;
}

static void xdp_probe(const char *ifname, struct vn_netdev_probe *out)
{
	int ifindex = (int)if_nametoindex(ifname);
	struct vn_err err = { "" };
	int rc;

	snprintf(out->how, sizeof(out->how), "live frames");
	if (!ifindex) {
		snprintf(out->why, sizeof(out->why), "no such interface");
		return;
	}
	rc = check_interface(ifname, ifindex, out->mend, sizeof(out->mend), &err);
	if (!rc)
		rc = vn_xdp_try(ifname, &err);
	out->can_send = !rc;
	if (rc)
		snprintf(out->why, sizeof(out->why), "%s", vn_err_reason(err.text, ifname));
}

static unsigned int xdp_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				 unsigned int cap)
{
	struct vn_xdp *x = vn_xdp_of(dev);
	const struct vn_netdev_counter all[] = {
		{ "refused", vn_stat_get(&x->refused) },
	};
	unsigned int n = VN_MIN(cap, (unsigned int)VN_ARRAY_SIZE(all));

	memcpy(out, all, n * sizeof(*out));
	return n;
}

const struct vn_netdev_ops vn_xdp_ops = {
	.name = "xdp",
	.summary = "packets built and sent in the kernel, by a BPF program",
	.caps = VN_CAP_TX | VN_CAP_BUILDS | VN_CAP_NEEDS_IF,
	.open = xdp_open,
	.probe = xdp_probe,
	.refresh = xdp_refresh,
	.txq_open = vn_xdp_txq_open,
	.txq_close = vn_xdp_txq_close,
	.counters = xdp_counters,
	.close = xdp_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device comes, is held, counts and goes. Its names are device_name.c, up and
 * down and carrier device_state.c, what can be set device_change.c.
 */
#include "net/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_priv.h"

#define ETHERNET       1 /* ARPHRD_ETHER */
#define LOOPBACK       772
#define ETH_HLEN       14
#define NAME_BY_KERNEL 1 /* /sys/class/net's name_assign_type: numbered */
#define NAME_BY_USER   3
/* What a fresh byte limit of Linux shows in its files. */
#define BQL_LIMIT_MAX 1879048192u
#define BQL_HOLD_MS   1000

static void queue_init(struct vn_device *dev, uint16_t index)
{
	dev->tx[index] = (struct vn_tx_queue){
		.dev = dev,
		.index = index,
		.qdisc = &dev->noop,
		.qdisc_sleeping = &dev->noop,
		.owner = VN_QUEUE_NO_OWNER,
		.bql = { .limit_max = BQL_LIMIT_MAX, .hold_time_ms = BQL_HOLD_MS },
	};
}

static void set_defaults(struct vn_device_info *info)
{
	info->type = info->type ? info->type : ETHERNET;
	info->n_txq = info->n_txq ? info->n_txq : 1;
	info->n_rxq = info->n_rxq ? info->n_rxq : 1;
	info->mtu = info->mtu ? info->mtu : 1500;
	info->min_mtu = info->min_mtu ? info->min_mtu : 68;
	info->max_mtu = info->max_mtu ? info->max_mtu : 65535;
	info->tx_queue_len = info->tx_queue_len ? info->tx_queue_len : 1000;
	info->watchdog_ns = info->watchdog_ns ? info->watchdog_ns : 5 * VN_NSEC_PER_SEC;
}

static void take_info(struct vn_device *dev, const struct vn_device_info *info)
{
	dev->info = *info;
	set_defaults(&dev->info);
	dev->type = dev->info.type;
	dev->hard_header_len = ETH_HLEN;
	dev->flags = VN_IFF_BROADCAST | VN_IFF_MULTICAST;
	dev->addr_len = sizeof(dev->addr);
	memcpy(dev->addr, info->mac, sizeof(dev->addr));
	memcpy(dev->perm_addr, info->mac, sizeof(dev->perm_addr));
	memset(dev->broadcast, 0xff, sizeof(dev->broadcast));
	if (dev->type == LOOPBACK) {
		dev->flags = VN_IFF_LOOPBACK;
		memset(dev->broadcast, 0, sizeof(dev->broadcast));
	}
	dev->n_txq = dev->info.n_txq;
	dev->n_rxq = dev->info.n_rxq;
	dev->real_n_txq = dev->n_txq;
	dev->real_n_rxq = dev->n_rxq;
	dev->mtu = dev->info.mtu;
	dev->tx_queue_len = dev->info.tx_queue_len;
}

int vn_device_init(struct vn_device *dev, struct vn_net *net, const struct vn_device_ops *ops,
		   const struct vn_device_info *info)
{
	dev->net = net;
	dev->ops = ops;
	take_info(dev, info);
	dev->state = VN_DEV_PRESENT;
	vn_qdisc_init(&dev->noop, &vn_noop_ops, dev);
	dev->qdisc = &dev->noop;
	vn_watchdog_init(dev);
	vn_linkwatch_init(dev);
	dev->tx = calloc(dev->n_txq, sizeof(*dev->tx));
	dev->rx = calloc(dev->n_rxq, sizeof(*dev->rx));
	if (!dev->tx || !dev->rx) {
		vn_device_fini(dev);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < dev->n_txq; i++)
		queue_init(dev, i);
	return 0;
}

static void free_root(struct vn_device *dev)
{
	struct vn_qdisc *root = dev->qdisc;

	if (!root || root == &dev->noop)
		return;
	vn_qdisc_place(dev, &dev->noop);
	vn_qdisc_free(root);
}

void vn_device_fini(struct vn_device *dev)
{
	free_root(dev);
	while (dev->altnames)
		vn_device_del_altname(dev, dev->altnames->name);
	free(dev->tx);
	free(dev->rx);
	dev->tx = NULL;
	dev->rx = NULL;
}

static int name_error(int rc, const char *name, struct vn_err *err)
{
	switch (rc) {
	case -EEXIST:
		return vn_err_set(err, EEXIST, "%s: a device of this name is there already", name);
	case -ENFILE:
		return vn_err_set(err, ENFILE, "%s: all numbers are taken", name);
	}
	return vn_err_set(err, EINVAL,
			  "'%s': not a name for a device (1 to %d characters, none of them "
			  "blank, '/' or ':', one %%d at most)",
			  name, VN_IFNAMSIZ - 1);
}

/* Behind the others: the list is in the order of indices. */
static void link_device(struct vn_net *net, struct vn_device *dev)
{
	struct vn_device **p = &net->devices;

	while (*p)
		p = &(*p)->next;
	dev->next = NULL;
	*p = dev;
}

static void unlink_device(struct vn_net *net, struct vn_device *dev)
{
	struct vn_device **p = &net->devices;

	while (*p && *p != dev)
		p = &(*p)->next;
	if (*p)
		*p = dev->next;
	if (net->loopback == dev)
		net->loopback = NULL;
}

int vn_device_register(struct vn_device *dev, struct vn_err *err)
{
	const char *pattern = dev->info.name ? dev->info.name : "";
	int rc = vn_device_choose_name(dev->net, pattern, dev->name);

	if (rc)
		return name_error(rc, pattern, err);
	dev->info.name = dev->name; /* what the caller gave need not live on */
	dev->name_assign_type = strchr(pattern, '%') ? NAME_BY_KERNEL : NAME_BY_USER;
	dev->ifindex = ++dev->net->last_ifindex;
	if (!dev->iflink)
		dev->iflink = dev->ifindex;
	dev->is_registered = true;
	link_device(dev->net, dev);
	vn_net_notify(dev->net, VN_NET_REGISTER, dev);
	return 0;
}

void vn_device_unregister(struct vn_device *dev)
{
	struct vn_net *net = dev->net;

	vn_device_hold(dev); /* a listener may let go of it */
	vn_device_close(dev);
	free_root(dev);
	vn_timer_cancel(&dev->linkwatch);
	unlink_device(net, dev);
	dev->is_registered = false;
	dev->is_gone = true;
	vn_net_notify(net, VN_NET_UNREGISTER, dev);
	vn_softnet_forget_device(net, dev);
	vn_device_put(dev);
}

void vn_device_hold(struct vn_device *dev)
{
	dev->refs++;
}

void vn_device_put(struct vn_device *dev)
{
	if (--dev->refs || !dev->is_gone)
		return;
	vn_device_fini(dev);
	if (dev->ops->free)
		dev->ops->free(dev);
}

void vn_device_get_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	memset(out, 0, sizeof(*out));
	if (dev->ops->get_stats)
		dev->ops->get_stats(dev, out);
#define VN_X(name) out->name += dev->core.name;
	VN_DEVICE_STATS(VN_X)
#undef VN_X
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be set on a device, with the answers a kernel gives.
 */
#include <errno.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"

#define ADDR_SET     3 /* /sys/class/net's addr_assign_type: by a user */
#define NAME_RENAMED 4 /* and name_assign_type */

static const uint32_t settable = VN_IFF_NOARP | VN_IFF_PROMISC | VN_IFF_ALLMULTI | VN_IFF_MULTICAST;

int vn_device_rename(struct vn_device *dev, const char *name)
{
	int rc;

	if (dev->flags & VN_IFF_UP)
		return -EBUSY;
	if (!strcmp(name, dev->name))
		return 0;
	rc = vn_device_choose_name(dev->net, name, dev->name);
	if (rc)
		return rc;
	dev->name_assign_type = NAME_RENAMED;
	vn_net_notify(dev->net, VN_NET_CHANGENAME, dev);
	return 0;
}

int vn_device_set_mac(struct vn_device *dev, const uint8_t mac[6])
{
	int rc;

	if (!(dev->state & VN_DEV_PRESENT))
		return -ENODEV;
	rc = dev->ops->set_mac ? dev->ops->set_mac(dev, mac) : 0;
	if (rc)
		return rc;
	memcpy(dev->addr, mac, sizeof(dev->addr));
	dev->addr_assign_type = ADDR_SET;
	vn_net_notify(dev->net, VN_NET_CHANGE, dev);
	return 0;
}

int vn_device_set_mtu(struct vn_device *dev, uint32_t mtu)
{
	int rc;

	if (mtu == dev->mtu)
		return 0;
	if (mtu < dev->info.min_mtu || mtu > dev->info.max_mtu)
		return -EINVAL;
	if (!(dev->state & VN_DEV_PRESENT))
		return -ENODEV;
	rc = dev->ops->change_mtu ? dev->ops->change_mtu(dev, mtu) : 0;
	if (rc)
		return rc;
	dev->mtu = mtu;
	vn_net_notify(dev->net, VN_NET_CHANGE, dev);
	return 0;
}

/* What waits is discarded: Linux takes the disciplines down for it too. */
int vn_device_set_tx_queue_len(struct vn_device *dev, uint32_t len)
{
	bool is_up = dev->flags & VN_IFF_UP;

	if (len == dev->tx_queue_len)
		return 0;
	if (is_up)
		vn_device_deactivate(dev);
	dev->tx_queue_len = len;
	if (is_up)
		return vn_device_activate(dev);
	return 0;
}

int vn_device_set_flags(struct vn_device *dev, uint32_t flags)
{
	uint32_t old = dev->flags;
	int rc = 0;

	dev->flags = (old & ~settable) | (flags & settable);
	if (dev->flags != old && (old & VN_IFF_UP))
		vn_net_notify(dev->net, VN_NET_CHANGE, dev);
	if (flags & VN_IFF_UP)
		rc = vn_device_open(dev);
	else
		vn_device_close(dev);
	return rc;
}

/* The disciplines of queues that go out of use discard what they hold. */
void vn_device_set_queues(struct vn_device *dev, uint16_t real_n_txq)
{
	uint16_t n = VN_MIN(VN_MAX(real_n_txq, 1), dev->n_txq);

	for (unsigned int i = n; i < dev->real_n_txq; i++)
		if (dev->tx[i].qdisc_sleeping->txq == &dev->tx[i])
			vn_qdisc_reset(dev->tx[i].qdisc_sleeping);
	dev->real_n_txq = n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device lo: what is sent on it comes in on it, by the input queue of the
 * CPU that sent. Its two directions are one count, of packets that came in and
 * their bytes without the Ethernet header, as lo of Linux counts them.
 */
#include <errno.h>
#include <stdlib.h>

#include "net/device.h"
#include "net/net_priv.h"

#define LOOPBACK	 772 /* ARPHRD_LOOPBACK */
#define ETH_HLEN	 14
#define NAME_PREDICTABLE 2 /* /sys/class/net's name_assign_type */
#define MTU		 65536

struct loopback {
	struct vn_device dev;
	uint64_t packets, bytes;
};

static struct loopback *to_loopback(struct vn_device *dev)
{
	return vn_container_of(dev, struct loopback, dev);
}

static enum vn_tx_code loopback_xmit(struct vn_device *dev, struct vn_tx_queue *q,
				     struct vn_skb *skb, bool more)
{
	uint32_t len = skb->len - VN_MIN(skb->len, ETH_HLEN);

	/* It has left: from here on it is a packet that arrives. */
	vn_skb_orphan(skb);
	skb->stamp_ns = 0;
	if (vn_netif_rx(dev->net, skb) == VN_RX_SUCCESS) {
		to_loopback(dev)->packets++;
		to_loopback(dev)->bytes += len;
	}
	return VN_TX_OK;
}

static void loopback_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	out->rx_packets = out->tx_packets = to_loopback(dev)->packets;
	out->rx_bytes = out->tx_bytes = to_loopback(dev)->bytes;
}

static void loopback_free(struct vn_device *dev)
{
	free(to_loopback(dev));
}

static const struct vn_device_ops loopback_ops = {
	.driver = "loopback",
	.start_xmit = loopback_xmit,
	.get_stats = loopback_stats,
	.free = loopback_free,
};

static const struct vn_device_info loopback_info = {
	.name = "lo",
	.type = LOOPBACK,
	.mtu = MTU,
	.max_mtu = UINT32_MAX,
	.is_no_queue = true,
	.has_own_lock = true,
};

int vn_loopback_new(struct vn_net *net, struct vn_err *err)
{
	struct loopback *lo = calloc(1, sizeof(*lo));
	int rc;

	if (!lo)
		return vn_err_set(err, ENOMEM, "lo: no memory");
	rc = vn_device_init(&lo->dev, net, &loopback_ops, &loopback_info);
	if (rc)
		vn_err_set(err, -rc, "lo: no memory for its queue");
	else
		rc = vn_device_register(&lo->dev, err);
	if (rc) {
		vn_device_fini(&lo->dev);
		free(lo);
		return rc;
	}
	lo->dev.name_assign_type = NAME_PREDICTABLE;
	lo->dev.info.min_mtu = 0; /* declared as 0 it were the default */
	net->loopback = &lo->dev;
	return vn_device_open(&lo->dev);
}

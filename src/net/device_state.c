/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Up and down, and what the queues do with it: a device that is up and has
 * carrier has its disciplines, any other has noop (spec section 2.4).
 *
 * A carrier that comes is acted on at once. One that is lost is acted on by a
 * timer, at most once a second, so that a flapping link does not keep discarding
 * what waits; who sends meanwhile finds the device without carrier by itself.
 */
#include <errno.h>

#include "net/device.h"
#include "net/net_priv.h"

int vn_device_activate(struct vn_device *dev)
{
	uint64_t now = vn_net_now(dev->net);
	int rc = 0;

	if (dev->qdisc == &dev->noop)
		rc = vn_qdisc_place_default(dev);
	if (rc || !vn_device_has_carrier(dev))
		return rc;
	for (unsigned int i = 0; i < dev->n_txq; i++) {
		struct vn_tx_queue *q = &dev->tx[i];

		q->qdisc_sleeping->is_deactivated = false;
		q->qdisc = q->qdisc_sleeping;
		q->trans_start_ns = now;
	}
	vn_watchdog_start(dev);
	return 0;
}

void vn_device_deactivate(struct vn_device *dev)
{
	vn_watchdog_stop(dev);
	for (unsigned int i = 0; i < dev->n_txq; i++) {
		struct vn_tx_queue *q = &dev->tx[i];

		if (q->qdisc != &dev->noop)
			q->qdisc->is_deactivated = true;
		q->qdisc = &dev->noop;
	}
	vn_qdisc_reset(dev->qdisc);
}

int vn_device_open(struct vn_device *dev)
{
	int rc;

	if (dev->flags & VN_IFF_UP)
		return 0;
	if (!dev->is_registered || !(dev->state & VN_DEV_PRESENT))
		return -ENODEV;
	dev->state |= VN_DEV_START;
	rc = dev->ops->open ? dev->ops->open(dev) : 0;
	if (rc) {
		dev->state &= ~(uint32_t)VN_DEV_START;
		return rc;
	}
	dev->flags |= VN_IFF_UP;
	vn_device_activate(dev); /* without memory it is up all the same, with noop */
	vn_net_notify(dev->net, VN_NET_UP, dev);
	return 0;
}

void vn_device_close(struct vn_device *dev)
{
	if (!(dev->flags & VN_IFF_UP))
		return;
	vn_net_notify(dev->net, VN_NET_GOING_DOWN, dev);
	dev->state &= ~(uint32_t)VN_DEV_START;
	vn_device_deactivate(dev);
	if (dev->ops->stop)
		dev->ops->stop(dev);
	dev->flags &= ~(uint32_t)VN_IFF_UP;
	vn_net_notify(dev->net, VN_NET_DOWN, dev);
}

static void act_on_carrier(struct vn_device *dev)
{
	vn_timer_cancel(&dev->linkwatch);
	dev->state &= ~(uint32_t)VN_DEV_LINKWATCH_PENDING;
	if (!(dev->flags & VN_IFF_UP))
		return;
	if (vn_device_has_carrier(dev))
		vn_device_activate(dev);
	else
		vn_device_deactivate(dev);
	vn_net_notify(dev->net, VN_NET_CHANGE, dev);
}

static void linkwatch_fires(struct vn_timer *t)
{
	struct vn_device *dev = vn_container_of(t, struct vn_device, linkwatch);
	struct vn_net *net = dev->net;

	dev->linkwatch_next_ns = vn_net_now(net) + VN_NSEC_PER_SEC;
	act_on_carrier(dev);
	vn_net_run(net);
}

void vn_linkwatch_init(struct vn_device *dev)
{
	dev->linkwatch.fn = linkwatch_fires;
}

void vn_device_carrier_on(struct vn_device *dev)
{
	if (vn_device_has_carrier(dev))
		return;
	dev->state &= ~(uint32_t)VN_DEV_NOCARRIER;
	if (!dev->is_registered) /* how a back end begins is no change */
		return;
	dev->carrier_up_count++;
	act_on_carrier(dev);
}

void vn_device_carrier_off(struct vn_device *dev)
{
	if (!vn_device_has_carrier(dev))
		return;
	dev->state |= VN_DEV_NOCARRIER;
	if (!dev->is_registered)
		return;
	dev->carrier_down_count++;
	dev->state |= VN_DEV_LINKWATCH_PENDING;
	vn_timer_arm(dev->net->opts.timers, &dev->linkwatch,
		     VN_MAX(vn_net_now(dev->net), dev->linkwatch_next_ns));
}

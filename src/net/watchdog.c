/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit watchdog (spec section 9): a queue that has been stopped for
 * longer than the watchdog time has timed out. Only its last start of a
 * transmission counts: packets may wait in a discipline as long as they like.
 *
 * The timer is rounded up to whole seconds, as Linux rounds it, so that the
 * watchdogs of many devices wake a machine once.
 */
#include "net/device.h"
#include "net/net_priv.h"

#define NSEC_PER_MSEC UINT64_C(1000000)
#define TICK_NS	      (4 * NSEC_PER_MSEC) /* of a kernel with 250 Hz */

/* A time that is a whole second already, and has come, is one tick off: that is
 * when "more than the watchdog time ago" becomes true. */
static uint64_t rounded_up(uint64_t t_ns, uint64_t now)
{
	uint64_t second = (t_ns + VN_NSEC_PER_SEC - 1) / VN_NSEC_PER_SEC * VN_NSEC_PER_SEC;

	return second > now ? second : now + TICK_NS;
}

static void arm(struct vn_device *dev, uint64_t start_ns)
{
	vn_timer_arm(dev->net->opts.timers, &dev->watchdog,
		     rounded_up(start_ns + dev->info.watchdog_ns, vn_net_now(dev->net)));
}

static bool has_only_noop(const struct vn_device *dev)
{
	for (unsigned int i = 0; i < dev->n_txq; i++)
		if (dev->tx[i].qdisc->ops != &vn_noop_ops)
			return false;
	return true;
}

static bool is_watched(const struct vn_device *dev)
{
	return (dev->state & VN_DEV_PRESENT) && vn_device_is_running(dev) &&
	       vn_device_has_carrier(dev) && !has_only_noop(dev);
}

/* The first that has timed out, NULL: none. *oldest: the last start of the
 * stopped ones before it, now if there is none. */
static struct vn_tx_queue *find_timed_out(struct vn_device *dev, uint64_t now, uint64_t *oldest)
{
	*oldest = now;
	for (unsigned int i = 0; i < dev->n_txq; i++) {
		struct vn_tx_queue *q = &dev->tx[i];

		if (!vn_queue_is_stopped(q))
			continue;
		if (now - q->trans_start_ns > dev->info.watchdog_ns)
			return q;
		*oldest = VN_MIN(*oldest, q->trans_start_ns);
	}
	return NULL;
}

static void time_out(struct vn_device *dev, struct vn_tx_queue *q, uint64_t now)
{
	q->trans_timeout++;
	vn_net_log(dev->net,
		   "%s (%s): NETDEV WATCHDOG: CPU: %u: transmit queue %u timed out %llu ms",
		   dev->name, dev->ops->driver, dev->net->cpu, q->index,
		   (unsigned long long)((now - q->trans_start_ns) / NSEC_PER_MSEC));
	vn_queues_freeze(dev);
	dev->ops->tx_timeout(dev, q->index);
	vn_queues_unfreeze(dev);
}

static void watchdog_fires(struct vn_timer *t)
{
	struct vn_device *dev = vn_container_of(t, struct vn_device, watchdog);
	struct vn_net *net = dev->net;
	uint64_t now = vn_net_now(net), oldest;
	struct vn_tx_queue *q;

	if (!is_watched(dev))
		return;
	q = find_timed_out(dev, now, &oldest);
	if (q)
		time_out(dev, q, now);
	arm(dev, oldest);
	vn_net_run(net);
}

void vn_watchdog_init(struct vn_device *dev)
{
	dev->watchdog.fn = watchdog_fires;
}

void vn_watchdog_start(struct vn_device *dev)
{
	if (dev->ops->tx_timeout)
		arm(dev, vn_net_now(dev->net));
}

void vn_watchdog_stop(struct vn_device *dev)
{
	vn_timer_cancel(&dev->watchdog);
}

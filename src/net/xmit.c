/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways a packet goes to a back end: through the discipline of its queue,
 * past it, without one, or directly (spec section 5).
 */
#include <errno.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"
#include "net/ptype.h"

#define DEPTH_MAX 8 /* of devices that send on devices */
#define CODE_MASK 0x0f

/* Of the queues that the map gives to this CPU, all of them when it gives none,
 * the flow's. */
static unsigned int choose_by_cpu(const struct vn_device *dev, uint64_t hash)
{
	uint64_t cpu = 1ull << dev->net->cpu;
	unsigned int n = 0, nth, at;

	for (at = 0; at < dev->real_n_txq; at++)
		n += (dev->tx[at].xps_cpus & cpu) != 0;
	if (!n)
		return (unsigned int)(hash * dev->real_n_txq >> 32);
	nth = (unsigned int)(hash * n >> 32);
	for (at = 0; !(dev->tx[at].xps_cpus & cpu) || nth--; at++)
		;
	return at;
}

static unsigned int choose(struct vn_device *dev, const struct vn_skb *skb)
{
	uint64_t hash;

	if (dev->ops->select_queue)
		return dev->ops->select_queue(dev, skb);
	hash = vn_flow_hash(skb->data, skb->len, dev->net->opts.seed);
	return choose_by_cpu(dev, hash);
}

static struct vn_tx_queue *choose_queue(struct vn_device *dev, struct vn_skb *skb)
{
	unsigned int at = dev->real_n_txq > 1 ? choose(dev, skb) : 0;

	if (at >= dev->real_n_txq) {
		vn_net_log_limited(dev->net,
				   "%s selects TX queue %u, but real number of TX queues is %u",
				   dev->name, at, dev->real_n_txq);
		at = 0;
	}
	skb->queue_mapping = (uint16_t)at;
	return &dev->tx[at];
}

static void show_to_taps(struct vn_device *dev, const struct vn_skb *skb)
{
	struct vn_rx_pkt pkt;

	if (!dev->net->ptype_all && !dev->ptype_all)
		return;
	pkt = vn_skb_view(skb);
	pkt.stamp_ns = vn_net_wall(dev->net);
	vn_ptype_outgoing(dev->net, dev, &pkt, 1);
}

/* Gives it to the back end. */
static int start_xmit(struct vn_tx_queue *q, struct vn_skb *skb, bool more)
{
	struct vn_device *dev = q->dev;
	int code = dev->ops->start_xmit(dev, q, skb, more);

	if (code == VN_TX_OK)
		q->trans_start_ns = vn_net_now(dev->net);
	if (vn_xmit_is_complete(code))
		dev->net->moved++;
	return code;
}

bool vn_queue_send(struct vn_tx_queue *q, struct vn_skb *skb, bool more)
{
	int code = VN_TX_BUSY;

	if (!vn_queue_lock(q))
		return false;
	if (!vn_queue_is_frozen_or_stopped(q)) {
		show_to_taps(q->dev, skb);
		code = start_xmit(q, skb, more);
	}
	vn_queue_unlock(q);
	return vn_xmit_is_complete(code);
}

bool vn_dev_hand_over(struct vn_qdisc *qdisc, struct vn_tx_queue *q, struct vn_skb *skb, bool more)
{
	if (vn_queue_send(q, skb, more))
		return true;
	vn_qdisc_requeue(qdisc, skb);
	return false;
}

static bool may_bypass(const struct vn_qdisc *q)
{
	return q->ops->can_bypass && !q->stats.qlen && !q->is_running;
}

static void bypass(struct vn_qdisc *q, struct vn_tx_queue *txq, struct vn_skb *skb)
{
	bool is_sent;

	q->stats.packets++;
	q->stats.bytes += skb->len;
	q->is_running = true; /* what is sent from inside comes behind */
	is_sent = vn_dev_hand_over(q, txq, skb, false);
	q->is_running = false;
	if (is_sent && q->stats.qlen)
		vn_qdisc_run(q);
}

static int xmit_queued(struct vn_qdisc *q, struct vn_tx_queue *txq, struct vn_skb *skb)
{
	int code;

	if (q->is_deactivated)
		return vn_qdisc_drop(q, skb);
	if (may_bypass(q)) {
		bypass(q, txq, skb);
		return VN_TX_OK;
	}
	code = q->ops->enqueue(q, skb);
	vn_qdisc_run(q);
	return code & CODE_MASK;
}

/* What has no discipline to wait in is sent now or dropped. */
static int drop_unqueued(struct vn_skb *skb, int code)
{
	skb->dev->core.tx_dropped++;
	vn_skb_free(skb);
	return code;
}

static int xmit_unqueued(struct vn_tx_queue *q, struct vn_skb *skb)
{
	struct vn_net *net = q->dev->net;
	int code = VN_TX_BUSY;

	if (!(q->dev->flags & VN_IFF_UP))
		return drop_unqueued(skb, -ENOMEM);
	if (net->xmit_depth > DEPTH_MAX || !vn_queue_lock(q)) {
		vn_net_log_limited(net, "Dead loop on virtual device %s, fix it urgently!",
				   q->dev->name);
		return drop_unqueued(skb, -ENETDOWN);
	}
	if (!vn_queue_is_stopped(q)) {
		net->xmit_depth++;
		show_to_taps(q->dev, skb);
		code = start_xmit(q, skb, false);
		net->xmit_depth--;
	}
	vn_queue_unlock(q);
	if (vn_xmit_is_complete(code))
		return code;
	vn_net_log_limited(net, "Virtual device %s asks to queue packet!", q->dev->name);
	return drop_unqueued(skb, -ENETDOWN);
}

int vn_dev_queue_xmit(struct vn_skb *skb)
{
	struct vn_tx_queue *txq = choose_queue(skb->dev, skb);

	if (txq->qdisc->ops->enqueue)
		return xmit_queued(txq->qdisc, txq, skb);
	return xmit_unqueued(txq, skb);
}

int vn_dev_direct_xmit(struct vn_skb *skb, bool more)
{
	struct vn_device *dev = skb->dev;
	unsigned int at = skb->queue_mapping < dev->real_n_txq ? skb->queue_mapping : 0;
	struct vn_tx_queue *q = &dev->tx[at];
	int code = VN_TX_BUSY;

	if (!vn_device_is_running(dev))
		return VN_TX_DOWN;
	if (!vn_queue_lock(q))
		return VN_TX_BUSY;
	if (!vn_queue_is_frozen_or_stopped_by_driver(q))
		code = start_xmit(q, skb, more);
	vn_queue_unlock(q);
	return code;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generator's side of the simulated device. Frames are copied into packets
 * of the net: what waits in a discipline or a ring cannot stay in memory that
 * was lent for the next frame.
 *
 * The three paths are the net core's own: start_xmit to the back end, queue_xmit
 * through the discipline, netif_receive to the handlers of the near end.
 */
#include "dev/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/drivers.h"
#include "dev/sim_priv.h"
#include "net/netem.h"

#define NAME_DEFAULT "sim%d"

struct sim {
	struct vn_netdev net;
	struct vn_simnet *simnet;
	struct sim_device *dev; /* referenced */
	uint16_t n_opened;	/* transmit queues so far: they take turns on the device's */
	struct vn_ptype tap;	/* listens at the far end */
	bool is_listening;
};

/* What became of one frame; taken: it is used up. */
typedef int (*send_fn)(struct vn_net *net, struct vn_txq *q, const struct vn_frame *f, bool more);

struct sim_txq {
	struct vn_txq txq;
	struct sim_device *dev;
	struct vn_simnet *simnet;
	send_fn send;
	uint32_t priority;
	uint16_t queue;
	struct sim_charge *charge;
};

static struct sim *to_sim(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct sim, net);
}

/* --- sending --------------------------------------------------------------------- */

static struct vn_skb *make_skb(struct vn_net *net, struct sim_txq *q, const struct vn_frame *f)
{
	struct vn_skb *skb = vn_skb_new(net, f->len);

	if (!skb)
		return NULL;
	memcpy(skb->data, f->data, f->len);
	skb->dev = &q->dev->near;
	skb->priority = q->priority;
	skb->queue_mapping = q->queue;
	skb->outstanding = &q->charge->n;
	q->charge->n++;
	return skb;
}

static int send_to_driver(struct vn_net *net, struct vn_txq *txq, const struct vn_frame *f,
			  bool more)
{
	struct sim_txq *q = vn_container_of(txq, struct sim_txq, txq);
	struct vn_skb *skb;
	int code;

	if (vn_queue_is_frozen_or_stopped(&q->dev->near.tx[q->queue]))
		return VN_TX_BUSY;
	skb = make_skb(net, q, f);
	if (!skb)
		return VN_TX_BUSY;
	code = vn_dev_direct_xmit(skb, more);
	if (code == VN_TX_BUSY || code == VN_TX_DOWN)
		vn_skb_free(skb);
	return code;
}

static int send_to_qdisc(struct vn_net *net, struct vn_txq *txq, const struct vn_frame *f,
			 bool more)
{
	struct sim_txq *q = vn_container_of(txq, struct sim_txq, txq);
	struct vn_skb *skb = make_skb(net, q, f);

	return skb ? vn_dev_queue_xmit(skb) : VN_TX_BUSY;
}

static int send_to_handlers(struct vn_net *net, struct vn_txq *txq, const struct vn_frame *f,
			    bool more)
{
	struct sim_txq *q = vn_container_of(txq, struct sim_txq, txq);
	const struct vn_rx_pkt pkt = {
		.data = f->data,
		.caplen = f->len,
		.len = f->len,
		.stamp_ns = net->opts.clock->wall(net->opts.clock),
	};

	return vn_netif_receive(net, &q->dev->near, &pkt, 1) ? VN_TX_OK : VN_XMIT_DROP;
}

/* An answer of one of the paths in the words of a commit. */
static int32_t code_of(int answer)
{
	if (answer < 0) /* the packet is gone, and why is an error of the path */
		return VN_XMIT_DROP;
	return answer;
}

/* On the virtual clock only its timers change anything: without one nobody will
 * ever take what was refused. */
static bool is_stuck_for_good(const struct vn_net *net)
{
	return vn_clock_is_virtual(net->opts.clock) &&
	       vn_timers_next(net->opts.timers) == UINT64_MAX;
}

static struct vn_tx_done sim_commit(struct vn_txq *txq, unsigned int n)
{
	struct sim_txq *q = vn_container_of(txq, struct sim_txq, txq);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	struct vn_net *net = vn_simnet_lock(q->simnet);
	const struct vn_device *near = &q->dev->near;
	struct vn_frame *f;

	vn_txq_peek(txq, &f);
	for (; done.sent < n; done.sent++, f++) {
		if (!vn_device_is_running(near) || !vn_device_has_carrier(near))
			done.code = VN_TX_DOWN;
		else
			done.code = code_of(q->send(net, txq, f, done.sent + 1 < n));
		if (done.code != VN_TX_OK)
			break;
	}
	if (done.code != VN_TX_OK && q->send != send_to_handlers && is_stuck_for_good(net))
		done.code = VN_TX_DOWN;
	vn_simnet_unlock(q->simnet);
	return done;
}

static uint32_t sim_outstanding(struct vn_txq *txq)
{
	struct sim_txq *q = vn_container_of(txq, struct sim_txq, txq);
	uint32_t n;

	vn_simnet_lock(q->simnet);
	n = q->charge->n;
	vn_simnet_unlock(q->simnet);
	return n;
}

static void sim_txq_close(struct vn_txq *txq)
{
	struct sim_txq *q;

	if (!txq)
		return;
	q = vn_container_of(txq, struct sim_txq, txq);
	if (q->charge) {
		vn_simnet_lock(q->simnet);
		q->charge->is_taken = false;
		vn_simnet_unlock(q->simnet);
	}
	vn_txq_fini(txq);
	free(q);
}

static int take_charge(struct sim_txq *q, const struct sim *s)
{
	q->simnet = s->simnet;
	q->dev = s->dev;
	vn_simnet_lock(q->simnet);
	q->charge = sim_device_charge(q->dev);
	vn_simnet_unlock(q->simnet);
	return q->charge ? 0 : -ENOMEM;
}

static int sim_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			struct vn_err *err)
{
	static const send_fn paths[] = {
		[VN_PATH_DRIVER] = send_to_driver,
		[VN_PATH_RECEIVE] = send_to_handlers,
		[VN_PATH_QDISC] = send_to_qdisc,
	};
	struct sim_txq *q = calloc(1, sizeof(*q));
	struct sim *s = to_sim(dev);
	int rc;

	*out = NULL;
	if (!q)
		return vn_err_set(err, ENOMEM, "%s: no memory for a queue", dev->name);
	rc = vn_txq_init(&q->txq, dev, opts->n_frames, opts->frame_cap);
	if (!rc)
		rc = take_charge(q, s);
	if (rc) {
		sim_txq_close(&q->txq);
		return vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
				  opts->n_frames, opts->frame_cap);
	}
	q->txq.commit = sim_commit;
	q->txq.outstanding = sim_outstanding;
	q->send = paths[opts->path];
	q->priority = opts->priority;
	q->queue = s->n_opened++ % dev->n_txq;
	*out = &q->txq;
	return 0;
}

/* --- the far end ------------------------------------------------------------------ */

static void sim_listen(struct vn_netdev *dev, vn_rx_handler handler, void *arg)
{
	struct sim *s = to_sim(dev);
	struct vn_net *net = vn_simnet_lock(s->simnet);

	if (s->is_listening)
		vn_ptype_remove(net, &s->tap);
	s->is_listening = handler;
	if (handler) {
		s->tap = (struct vn_ptype){
			.type = VN_ETH_P_ALL,
			.dev = &s->dev->far,
			.name = "packet_rcv",
			.is_deaf_to_outgoing = true,
			.func = handler,
			.arg = arg,
		};
		vn_ptype_add(net, &s->tap);
	}
	vn_simnet_unlock(s->simnet);
}

/* --- what it counted ---------------------------------------------------------------- */

struct counters {
	struct vn_netdev_counter *out;
	unsigned int n, cap;
};

static void count(struct counters *c, const char *name, uint64_t n)
{
	if (c->n == c->cap)
		return;
	snprintf(c->out[c->n].name, sizeof(c->out[c->n].name), "%s", name);
	c->out[c->n++].n = n;
}

static void count_qdisc(struct counters *c, const struct vn_device *near)
{
	struct vn_netem_counts netem;
	struct vn_qdisc_stats s;

	vn_qdisc_get_stats(near->qdisc, &s);
	count(c, "qdisc_packets", s.packets);
	count(c, "qdisc_drops", s.drops);
	count(c, "qdisc_overlimits", s.overlimits);
	count(c, "qdisc_requeues", s.requeues);
	count(c, "qdisc_backlog", s.qlen);
	if (near->qdisc->ops != &vn_netem_ops)
		return;
	vn_netem_get_counts(near->qdisc, &netem);
	count(c, "netem_lost", netem.lost);
	count(c, "netem_marked", netem.marked);
	count(c, "netem_duplicated", netem.duplicated);
	count(c, "netem_reordered", netem.reordered);
	count(c, "netem_corrupted", netem.corrupted);
}

static unsigned int sim_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				 unsigned int cap)
{
	struct sim *s = to_sim(dev);
	struct vn_device *near = &s->dev->near;
	struct counters c = { .out = out, .cap = cap };
	struct vn_device_stats stats;
	uint64_t timeouts = 0;

	vn_simnet_lock(s->simnet);
	vn_device_get_stats(near, &stats);
	for (unsigned int i = 0; i < near->n_txq; i++)
		timeouts += near->tx[i].trans_timeout;
	count(&c, "tx_packets", stats.tx_packets);
	count(&c, "tx_dropped", stats.tx_dropped);
	count(&c, "tx_timeouts", timeouts);
	count_qdisc(&c, near);
	count(&c, "far_refused", s->dev->refused);
	count(&c, "far_packets", s->dev->far_stats.rx_packets);
	vn_simnet_unlock(s->simnet);
	return c.n;
}

/* --- the device --------------------------------------------------------------------- */

static int sim_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct sim *s = to_sim(dev);
	const struct vn_device *near = &s->dev->near;

	vn_simnet_lock(s->simnet);
	dev->is_up = vn_device_is_running(near);
	dev->has_carrier = vn_device_has_carrier(near);
	dev->mtu = near->mtu;
	dev->n_txq = near->real_n_txq;
	memcpy(dev->mac, near->addr, sizeof(dev->mac));
	snprintf(dev->name, sizeof(dev->name), "%s", near->name);
	vn_simnet_unlock(s->simnet);
	return 0;
}

static void sim_close(struct vn_netdev *dev)
{
	struct sim *s;

	if (!dev)
		return;
	s = to_sim(dev);
	if (s->dev) {
		sim_listen(dev, NULL, NULL);
		vn_simnet_lock(s->simnet);
		sim_device_put(s->dev);
		vn_simnet_unlock(s->simnet);
	}
	vn_simnet_put(s->simnet);
	free(s);
}

static int open_net(struct sim *s, const struct vn_netdev_opts *opts, struct vn_err *err)
{
	const struct vn_simnet_opts net_opts = {
		.clock = opts->clock,
		.seed = opts->seed,
	};

	if (!opts->clock)
		return vn_err_set(err, EINVAL, "sim: needs a clock");
	if (!opts->simnet)
		return vn_simnet_new(&net_opts, &s->simnet, err);
	vn_simnet_hold(opts->simnet);
	s->simnet = opts->simnet;
	return 0;
}

/* The device of this name if there is one; its target is what it was made with. */
static int open_device(struct sim *s, const struct vn_netdev_opts *opts, struct vn_err *err)
{
	struct sim_target target;
	struct vn_net *net;
	int rc = sim_target_parse(opts->target ? opts->target : "", &target, err);

	if (rc)
		return rc;
	if (!target.link_bps)
		target.link_bps = opts->link_bps;
	net = vn_simnet_lock(s->simnet);
	s->dev = opts->name ? sim_device_find(net, opts->name) : NULL;
	if (s->dev)
		s->dev->refs++;
	else
		rc = sim_device_new(net, opts->name ? opts->name : NAME_DEFAULT, &target, &s->dev,
				    err);
	if (!rc) {
		s->net.can_share = s->dev->target.can_share;
		s->net.link_bps = s->dev->target.link_bps;
	}
	vn_simnet_unlock(s->simnet);
	return rc;
}

static int sim_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct sim *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (!s)
		return vn_err_set(err, ENOMEM, "sim: no memory");
	vn_netdev_init(&s->net, &vn_sim_ops, opts);
	rc = open_net(s, opts, err);
	if (!rc)
		rc = open_device(s, opts, err);
	if (!rc)
		rc = sim_refresh(&s->net, err);
	if (rc) {
		sim_close(&s->net);
		return rc;
	}
	*out = &s->net;
	return 0;
}

struct vn_simnet *vn_sim_net(struct vn_netdev *dev)
{
	return dev->ops == &vn_sim_ops ? to_sim(dev)->simnet : NULL;
}

struct vn_device *vn_sim_near(struct vn_netdev *dev)
{
	return dev->ops == &vn_sim_ops ? &to_sim(dev)->dev->near : NULL;
}

struct vn_device *vn_sim_far(struct vn_netdev *dev)
{
	return dev->ops == &vn_sim_ops ? &to_sim(dev)->dev->far : NULL;
}

const struct vn_netdev_ops vn_sim_ops = {
	.name = "sim",
	.summary = "simulated device: rings, disciplines, watchdog, cable, far device",
	.caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT | VN_CAP_VIRTUAL | VN_CAP_FAR_END,
	.open = sim_open,
	.refresh = sim_refresh,
	.txq_open = sim_txq_open,
	.txq_close = sim_txq_close,
	.listen = sim_listen,
	.counters = sim_counters,
	.close = sim_close,
};

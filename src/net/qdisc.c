/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all disciplines have in common: counting, scheduling, running, being
 * made from words and put in place.
 *
 * A run takes the next packet before it hands over the one it has, for only so
 * does it know whether one follows; what it has in its hands when the queue
 * stops goes back to the head.
 */
#include "net/qdisc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/device.h"
#include "net/net_priv.h"

#define PARENT_ROOT 0xffffffffu /* as NetLink has it */

const struct vn_qdisc_ops *const vn_qdisc_kinds[] = {
	&vn_pfifo_fast_ops, &vn_mq_ops, &vn_netem_ops, &vn_noqueue_ops, &vn_noop_ops, NULL,
};

const struct vn_qdisc_ops *vn_qdisc_kind(const char *id)
{
	for (const struct vn_qdisc_ops *const *k = vn_qdisc_kinds; *k; k++)
		if (!strcmp((*k)->id, id))
			return *k;
	return NULL;
}

static int unknown_kind(const struct vn_device *dev, const char *id, struct vn_err *err)
{
	char kinds[200];
	struct vn_text t;

	vn_text_init(&t, kinds, sizeof(kinds));
	for (const struct vn_qdisc_ops *const *k = vn_qdisc_kinds; *k; k++)
		vn_text_add(&t, "%s%s", t.len ? ", " : "", (*k)->id);
	return vn_err_set(err, EINVAL, "%s: '%s': no such discipline (there are: %s)", dev->name,
			  id, kinds);
}

int vn_qdisc_parse(struct vn_device *dev, const char *text, struct vn_qdisc **out,
		   struct vn_err *err)
{
	static const char blank[] = " \t\n";
	const char *begin = text + strspn(text, blank);
	size_t len = strcspn(begin, blank);
	const struct vn_qdisc_ops *ops;
	char id[32];

	*out = NULL;
	snprintf(id, sizeof(id), "%.*s", (int)VN_MIN(len, sizeof(id) - 1), begin);
	ops = len < sizeof(id) ? vn_qdisc_kind(id) : NULL;
	if (!ops)
		return unknown_kind(dev, id, err);
	begin += len;
	return ops->make(dev, begin + strspn(begin, blank), out, err);
}

int vn_qdisc_no_words(const struct vn_qdisc_ops *ops, const char *words, struct vn_err *err)
{
	if (!*words)
		return 0;
	return vn_err_set(err, EINVAL, "%s: '%s': it takes no words", ops->id, words);
}

void vn_qdisc_init(struct vn_qdisc *q, const struct vn_qdisc_ops *ops, struct vn_device *dev)
{
	memset(q, 0, sizeof(*q));
	q->ops = ops;
	q->dev = dev;
}

/* Waiting apart from dequeued: a packet that is put back waits again, but is not
 * dequeued a second time. */
static void count_waiting(struct vn_qdisc *q, const struct vn_skb *skb)
{
	q->stats.qlen++;
	q->stats.backlog_bytes += skb->len;
}

static void count_gone(struct vn_qdisc *q, const struct vn_skb *skb)
{
	q->stats.qlen--;
	q->stats.backlog_bytes -= skb->len;
}

void vn_qdisc_count_in(struct vn_qdisc *q, const struct vn_skb *skb)
{
	count_waiting(q, skb);
}

void vn_qdisc_count_out(struct vn_qdisc *q, const struct vn_skb *skb)
{
	count_gone(q, skb);
	q->stats.packets++;
	q->stats.bytes += skb->len;
}

enum vn_tx_code vn_qdisc_drop(struct vn_qdisc *q, struct vn_skb *skb)
{
	q->stats.drops++;
	vn_skb_free(skb);
	return VN_XMIT_DROP;
}

static void put_back(struct vn_qdisc *q, struct vn_skb *skb)
{
	vn_skb_prepend(&q->requeued, skb);
	count_waiting(q, skb);
}

void vn_qdisc_requeue(struct vn_qdisc *q, struct vn_skb *skb)
{
	put_back(q, skb);
	q->stats.requeues++;
	vn_qdisc_schedule(q);
}

void vn_qdisc_reset(struct vn_qdisc *q)
{
	vn_skb_purge(&q->requeued);
	if (q->ops->reset)
		q->ops->reset(q);
	q->stats.qlen = 0;
	q->stats.backlog_bytes = 0;
}

void vn_qdisc_free(struct vn_qdisc *q)
{
	if (!q)
		return;
	vn_qdisc_reset(q);
	vn_softnet_forget_qdisc(q->dev->net, q);
	q->ops->free(q);
}

void vn_qdisc_get_stats(const struct vn_qdisc *q, struct vn_qdisc_stats *out)
{
	if (q->ops->stats)
		q->ops->stats(q, out);
	else
		*out = q->stats;
}

void vn_qdisc_schedule(struct vn_qdisc *q)
{
	struct vn_softnet *s = vn_net_softnet(q->dev->net);

	if (q->is_scheduled || !q->ops->dequeue) /* the latter never hold a packet */
		return;
	q->is_scheduled = true;
	q->next_output = NULL;
	if (s->output_last)
		s->output_last->next_output = q;
	else
		s->output_first = q;
	s->output_last = q;
	vn_softnet_raise(s, VN_NET_TX);
}

static struct vn_tx_queue *queue_of(const struct vn_qdisc *q, const struct vn_skb *skb)
{
	return q->txq ? q->txq : &q->dev->tx[skb->queue_mapping];
}

/* What was put back first, and for as long as its queue is stopped nothing else:
 * packets keep their order. */
static struct vn_skb *take(struct vn_qdisc *q)
{
	struct vn_skb *skb = q->requeued.head;

	if (skb) {
		if (vn_queue_is_frozen_or_stopped(queue_of(q, skb)))
			return NULL;
		count_gone(q, skb);
		return vn_skb_take(&q->requeued);
	}
	if (q->txq && vn_queue_is_frozen_or_stopped(q->txq))
		return NULL;
	return q->ops->dequeue(q);
}

static void run(struct vn_qdisc *q)
{
	const struct vn_net_settings *s = &q->dev->net->settings;
	uint64_t quota = VN_MAX((uint64_t)s->dev_weight * s->dev_weight_tx_bias, 1);
	struct vn_skb *skb = take(q), *next;

	for (; skb; skb = next) {
		struct vn_tx_queue *txq = queue_of(q, skb);

		next = --quota ? take(q) : NULL;
		if (!vn_queue_send(txq, skb, next && queue_of(q, next) == txq)) {
			if (next)
				put_back(q, next);
			vn_qdisc_requeue(q, skb);
			return;
		}
		if (next && vn_queue_is_frozen_or_stopped(queue_of(q, next))) {
			put_back(q, next); /* until it is woken */
			return;
		}
	}
	if (!quota)
		vn_qdisc_schedule(q);
}

void vn_qdisc_run(struct vn_qdisc *q)
{
	if (q->is_running || q->is_deactivated || !q->ops->dequeue)
		return;
	q->is_running = true;
	run(q);
	q->is_running = false;
}

void vn_qdisc_place(struct vn_device *dev, struct vn_qdisc *q)
{
	dev->qdisc = q;
	q->parent = PARENT_ROOT;
	if (q->ops->attach) {
		q->ops->attach(q);
		return;
	}
	q->txq = dev->n_txq == 1 ? &dev->tx[0] : NULL;
	for (unsigned int i = 0; i < dev->n_txq; i++)
		dev->tx[i].qdisc_sleeping = q;
}

static int make_default(struct vn_device *dev, struct vn_qdisc **out)
{
	const struct vn_qdisc_ops *ops = vn_qdisc_kind(dev->net->settings.default_qdisc);

	if (dev->info.is_no_queue)
		ops = &vn_noqueue_ops;
	else if (dev->n_txq > 1)
		ops = &vn_mq_ops;
	*out = NULL;
	return ops ? ops->make(dev, "", out, NULL) : -EINVAL;
}

int vn_qdisc_place_default(struct vn_device *dev)
{
	struct vn_qdisc *q;
	int rc = make_default(dev, &q);

	if (rc) {
		vn_net_log(dev->net, "%s (%s): default qdisc (%s) fail, fallback to %s", dev->name,
			   dev->ops->driver, dev->net->settings.default_qdisc, vn_noqueue_ops.id);
		rc = vn_noqueue_ops.make(dev, "", &q, NULL);
	}
	if (!rc)
		vn_qdisc_place(dev, q);
	return rc;
}

int vn_qdisc_set_root(struct vn_device *dev, struct vn_qdisc *q, struct vn_err *err)
{
	struct vn_qdisc *old = dev->qdisc;
	bool is_up = dev->flags & VN_IFF_UP;
	int rc = 0;

	if (is_up)
		vn_device_deactivate(dev);
	vn_qdisc_place(dev, q ? q : &dev->noop);
	if (old != &dev->noop)
		vn_qdisc_free(old);
	if (is_up)
		rc = vn_device_activate(dev);
	if (rc)
		return vn_err_set(err, -rc, "%s: no memory for a discipline", dev->name);
	return 0;
}

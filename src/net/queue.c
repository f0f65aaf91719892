/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stopping and waking, the lock and the byte limit.
 *
 * The byte limit finds itself, after the idea of dynamic queue limits (T.
 * Herbert): it grows when the back end ran dry while packets were held back,
 * and shrinks by what was still with the back end at every completion of the
 * hold time, which was more than it needed.
 */
#include "net/queue.h"

#include "net/device.h"
#include "net/net.h"
#include "net/qdisc.h"

#define NSEC_PER_MSEC UINT64_C(1000000)

void vn_queue_stop(struct vn_tx_queue *q)
{
	q->trans_start_ns = vn_net_now(q->dev->net);
	q->state |= VN_QUEUE_DRV_XOFF;
}

void vn_queue_start(struct vn_tx_queue *q)
{
	q->state &= ~(uint32_t)VN_QUEUE_DRV_XOFF;
}

void vn_queue_wake(struct vn_tx_queue *q)
{
	if (!vn_queue_is_stopped_by_driver(q))
		return;
	vn_queue_start(q);
	vn_qdisc_schedule(q->qdisc);
}

/* Nothing is under way when this is called, since one thread has the net: so
 * there is no lock to wait for. */
void vn_queues_freeze(struct vn_device *dev)
{
	for (unsigned int i = 0; i < dev->n_txq; i++)
		dev->tx[i].state |= VN_QUEUE_FROZEN;
}

void vn_queues_unfreeze(struct vn_device *dev)
{
	for (unsigned int i = 0; i < dev->n_txq; i++) {
		struct vn_tx_queue *q = &dev->tx[i];

		q->state &= ~(uint32_t)VN_QUEUE_FROZEN;
		if (!vn_queue_is_stopped(q))
			vn_qdisc_schedule(q->qdisc);
	}
}

/* Looks for the least that is left from now on. */
static void hold_anew(struct vn_queue_limit *l, uint64_t now)
{
	l->least_left = UINT64_MAX;
	l->hold_since_ns = now;
}

void vn_queue_sent(struct vn_tx_queue *q, uint32_t bytes)
{
	struct vn_queue_limit *l = &q->bql;

	l->is_used = true;
	if (!l->inflight) /* it was idle, which says nothing of what it needs */
		hold_anew(l, vn_net_now(q->dev->net));
	l->inflight += bytes;
	if (l->inflight > l->limit)
		q->state |= VN_QUEUE_STACK_XOFF;
}

static void adapt_limit(struct vn_queue_limit *l, uint32_t completed, bool was_held, uint64_t now)
{
	uint64_t limit = l->limit;

	if (was_held && !l->inflight) {
		limit += completed;
		hold_anew(l, now);
	} else if (l->inflight < l->least_left) {
		l->least_left = l->inflight;
	}
	if (now - l->hold_since_ns > l->hold_time_ms * NSEC_PER_MSEC) {
		limit -= VN_MIN(limit, l->least_left);
		hold_anew(l, now);
	}
	l->limit = (uint32_t)VN_MAX(VN_MIN(limit, l->limit_max), l->limit_min);
}

void vn_queue_completed(struct vn_tx_queue *q, uint32_t bytes)
{
	struct vn_queue_limit *l = &q->bql;
	bool was_held = q->state & VN_QUEUE_STACK_XOFF;

	l->inflight -= VN_MIN(bytes, l->inflight);
	adapt_limit(l, bytes, was_held, vn_net_now(q->dev->net));
	if (!was_held || l->inflight > l->limit)
		return;
	q->state &= ~(uint32_t)VN_QUEUE_STACK_XOFF;
	vn_qdisc_schedule(q->qdisc);
}

/* Whichever CPU has it, it cannot let go before we return: the net is one
 * thread's. */
bool vn_queue_lock(struct vn_tx_queue *q)
{
	if (q->dev->info.has_own_lock)
		return true;
	if (q->owner != VN_QUEUE_NO_OWNER)
		return false;
	q->owner = (int)q->dev->net->cpu;
	return true;
}

void vn_queue_unlock(struct vn_tx_queue *q)
{
	q->owner = VN_QUEUE_NO_OWNER;
}

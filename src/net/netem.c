/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discipline netem (spec section 6.3): what happens to a packet is decided
 * when it comes, by what is drawn then; afterwards it only waits for its time.
 *
 * Beyond the kernel's: transmission times at a rate carry the remainder of
 * their division from packet to packet, so that ten thousand packets take as
 * long as one of their length. A packet's checksum is complete before it comes
 * here, so a bit error needs not finish it first.
 */
#include "net/netem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/timer.h"
#include "net/device.h"
#include "net/net.h"
#include "net/netem_edit.h"
#include "net/netem_order.h"
#include "net/netem_random.h"
#include "net/qdisc.h"
#include "net/queue.h"

struct netem {
	struct vn_qdisc qdisc;
	struct vn_netem_params params;
	/* state */
	struct vn_netem_order order;
	struct vn_skb_list ahead;	  /* reordered: sent before all that wait */
	uint32_t in_gap;		  /* packets since the last one that went ahead */
	uint64_t rate_remainder;	  /* of the last transmission time, 1 / rate ns */
	uint64_t slot_ns;		  /* the slot is open from then on */
	int64_t slot_packets, slot_bytes; /* that may still go in it */
	struct vn_timer timer;
	/* what is drawn */
	struct vn_netem_draw delay, duplicate, reorder, corrupt, corrupt_bit, slot;
	struct vn_netem_loss loss;
	struct vn_netem_table *delay_table, *slot_table; /* NULL: uniform */
	/* stats */
	struct vn_netem_counts counts;
};

static struct netem *netem_of(const struct vn_qdisc *q)
{
	return vn_container_of(q, struct netem, qdisc);
}

static struct vn_net *net_of(const struct netem *n)
{
	return n->qdisc.dev->net;
}

/* The discipline that this one's packets come through: under mq the queue's. */
static struct vn_qdisc *root_of(struct netem *n)
{
	struct vn_tx_queue *txq = n->qdisc.txq;
	struct vn_qdisc *root = txq ? txq->qdisc_sleeping : n->qdisc.dev->qdisc;

	return root && root->ops->enqueue ? root : &n->qdisc;
}

static uint32_t waiting(const struct netem *n)
{
	return vn_netem_order_len(&n->order) + n->ahead.len;
}

/* Bytes for which the line is busy, cells and overhead counted. */
static uint64_t bytes_on_line(const struct vn_netem_params *p, uint32_t len)
{
	int64_t bytes = VN_MAX((int64_t)len + p->packet_overhead, 0);

	if (p->cell_size) {
		int64_t cells = (bytes + p->cell_size - 1) / p->cell_size;

		bytes = VN_MAX(cells * ((int64_t)p->cell_size + p->cell_overhead), 0);
	}
	return (uint64_t)bytes;
}

/* The time the packet is on the line, and the new remainder. */
static uint64_t transmission(struct netem *n, const struct vn_skb *skb)
{
	__uint128_t t = (__uint128_t)bytes_on_line(&n->params, skb->len) * 8 * VN_NSEC_PER_SEC;

	t += n->rate_remainder;
	n->rate_remainder = (uint64_t)(t % n->params.rate_bps);
	t /= n->params.rate_bps;
	return t > UINT64_MAX ? UINT64_MAX : (uint64_t)t;
}

/* When the packet leaves: after its delay, and where there is a rate, not
 * before the line is free, and when it has wholly been on it. */
static uint64_t time_to_send(struct netem *n, const struct vn_skb *skb)
{
	const struct vn_netem_params *p = &n->params;
	const struct vn_skb *last = vn_netem_order_last(&n->order);
	uint64_t now = vn_net_now(net_of(n)), at;
	int64_t delay = vn_netem_delay(p->jitter_ns ? vn_netem_draw(&n->delay) : 0, p->delay_ns,
				       p->jitter_ns, n->delay_table);

	at = delay < 0 && now < (uint64_t)-delay ? 0 : now + (uint64_t)delay;
	if (p->rate_bps == 0)
		return at;
	if (last && last->time_to_send_ns >= at)
		at = last->time_to_send_ns;
	else
		n->rate_remainder = 0;
	if (__builtin_add_overflow(at, transmission(n, skb), &at))
		return UINT64_MAX;
	return at;
}

/* Holds packets back, so that their sender should not wait for them. */
static bool can_delay(const struct vn_netem_params *p)
{
	return p->delay_ns || p->jitter_ns || p->rate_bps || vn_netem_has_slots(p);
}

static bool goes_ahead(struct netem *n)
{
	const struct vn_netem_params *p = &n->params;

	return p->gap != 0 && n->in_gap + 1 >= p->gap &&
	       vn_netem_draw_hits(&n->reorder, p->reorder.p);
}

static void put_ahead(struct netem *n, struct vn_skb *skb)
{
	skb->time_to_send_ns = vn_net_now(net_of(n));
	n->in_gap = 0;
	n->qdisc.stats.requeues++;
	n->counts.reordered++;
	vn_qdisc_count_in(&n->qdisc, skb);
	vn_skb_prepend(&n->ahead, skb);
}

static int put_in_order(struct netem *n, struct vn_skb *skb)
{
	int rc;

	if (n->in_gap < n->params.gap)
		n->in_gap++;
	skb->time_to_send_ns = time_to_send(n, skb);
	rc = vn_netem_order_put(&n->order, skb);
	if (rc == 0)
		vn_qdisc_count_in(&n->qdisc, skb);
	return rc;
}

/* The copy goes through all of it again, but is not doubled. */
static void put_copy(struct netem *n, const struct vn_skb *skb)
{
	struct vn_skb *copy = vn_skb_copy(skb);
	struct vn_qdisc *root = root_of(n);

	if (!copy)
		return;
	copy->is_duplicate = true;
	root->ops->enqueue(root, copy);
}

static bool is_lost(struct netem *n, struct vn_skb *skb)
{
	if (!vn_netem_loss_next(&n->loss))
		return false;
	if (!n->params.ecn || !vn_netem_mark(skb->data, skb->len))
		return true;
	n->counts.marked++;
	return false;
}

/* How many of it go on: 0, 1 or 2. */
static unsigned int count_copies(struct netem *n, struct vn_skb *skb)
{
	unsigned int copies = 1;

	if (!skb->is_duplicate && vn_netem_draw_hits(&n->duplicate, n->params.duplicate.p))
		copies++;
	return is_lost(n, skb) ? copies - 1 : copies;
}

/* The sender does not learn of it. */
static enum vn_tx_code lose(struct netem *n, struct vn_skb *skb)
{
	n->counts.lost += !skb->is_duplicate;
	vn_qdisc_drop(&n->qdisc, skb);
	return VN_TX_OK;
}

static void corrupt(struct netem *n, struct vn_skb *skb)
{
	uint32_t byte;

	if (!vn_netem_draw_hits(&n->corrupt, n->params.corrupt.p))
		return;
	byte = vn_netem_draw(&n->corrupt_bit);
	vn_netem_corrupt(skb->data, skb->len, byte, vn_netem_draw(&n->corrupt_bit));
	n->counts.corrupted++;
}

static enum vn_tx_code netem_enqueue(struct vn_qdisc *q, struct vn_skb *skb)
{
	struct netem *n = netem_of(q);
	unsigned int copies = count_copies(n, skb);

	if (copies == 0)
		return lose(n, skb);
	if (can_delay(&n->params))
		vn_skb_orphan(skb);
	if (copies > 1)
		put_copy(n, skb);
	corrupt(n, skb);
	if (waiting(n) >= n->params.limit) {
		q->stats.overlimits++;
		return vn_qdisc_drop(q, skb);
	}
	if (goes_ahead(n))
		put_ahead(n, skb);
	else if (put_in_order(n, skb) < 0)
		return vn_qdisc_drop(q, skb);
	n->counts.duplicated += skb->is_duplicate;
	return VN_TX_OK;
}

static void slot_open_at(struct netem *n, uint64_t at)
{
	n->slot_ns = at;
	n->slot_packets = n->params.slot_packets ? n->params.slot_packets : INT64_MAX;
	n->slot_bytes = n->params.slot_bytes ? n->params.slot_bytes : INT64_MAX;
}

static void slot_open_next(struct netem *n, uint64_t now)
{
	const struct vn_netem_params *p = &n->params;
	uint64_t range = p->slot_max_ns - p->slot_min_ns;
	uint32_t drawn = vn_netem_draw(&n->slot);
	int64_t wait;

	if (p->slot_has_distribution)
		wait = vn_netem_delay(drawn, p->slot_delay_ns, p->slot_jitter_ns, n->slot_table);
	else
		wait = (int64_t)p->slot_min_ns + (int64_t)(((__uint128_t)drawn * range) >> 32);
	slot_open_at(n, now + (uint64_t)VN_MAX(wait, 0));
}

/* A packet goes in the present slot; the next one opens when this one is full. */
static void slot_use(struct netem *n, const struct vn_skb *skb)
{
	n->slot_packets--;
	n->slot_bytes -= skb->len;
	if (n->slot_packets <= 0 || n->slot_bytes <= 0)
		slot_open_next(n, vn_net_now(net_of(n)));
}

/* The next to go in order, when it may go; else the timer is set for then. */
static struct vn_skb *first_in_time(struct netem *n)
{
	struct vn_skb *first = vn_netem_order_first(&n->order);
	uint64_t now, at;

	if (!first)
		return NULL;
	now = vn_net_now(net_of(n));
	at = first->time_to_send_ns;
	if (vn_netem_has_slots(&n->params)) {
		if (n->slot_ns < at) /* that slot is over before the packet can use it */
			slot_open_next(n, now);
		at = VN_MAX(at, n->slot_ns);
	}
	if (at <= now)
		return first;
	vn_timer_arm(net_of(n)->opts.timers, &n->timer, at);
	return NULL;
}

static struct vn_skb *netem_peek(struct vn_qdisc *q)
{
	struct netem *n = netem_of(q);

	return n->ahead.head ? n->ahead.head : first_in_time(n);
}

static struct vn_skb *netem_dequeue(struct vn_qdisc *q)
{
	struct netem *n = netem_of(q);
	struct vn_skb *skb = vn_skb_take(&n->ahead);

	if (!skb) {
		if (!first_in_time(n))
			return NULL;
		skb = vn_netem_order_take(&n->order);
		if (vn_netem_has_slots(&n->params))
			slot_use(n, skb);
	}
	vn_qdisc_count_out(q, skb);
	return skb;
}

static void timer_fires(struct vn_timer *t)
{
	struct netem *n = vn_container_of(t, struct netem, timer);
	struct vn_net *net = net_of(n);

	vn_qdisc_schedule(root_of(n));
	vn_net_run(net);
}

static void netem_reset(struct vn_qdisc *q)
{
	struct netem *n = netem_of(q);

	vn_timer_cancel(&n->timer);
	vn_skb_purge(&n->ahead);
	vn_netem_order_purge(&n->order);
	n->rate_remainder = 0;
	q->stats.qlen = 0;
	q->stats.backlog_bytes = 0;
}

static void netem_free(struct vn_qdisc *q)
{
	struct netem *n = netem_of(q);

	vn_netem_order_fini(&n->order);
	free(n->delay_table);
	free(n->slot_table);
	free(n);
}

/* NULL with 0: uniform, no table. */
static int table_new(enum vn_netem_distribution d, struct vn_netem_table **out)
{
	*out = NULL;
	if (d == VN_NETEM_UNIFORM)
		return 0;
	*out = malloc(sizeof(**out));
	if (!*out)
		return -ENOMEM;
	vn_netem_table_make(*out, d);
	return 0;
}

static void init_draws(struct netem *n)
{
	const struct vn_netem_params *p = &n->params;

	vn_netem_draw_init(&n->delay, p->seed, VN_NETEM_DRAW_DELAY, p->delay_corr);
	vn_netem_draw_init(&n->duplicate, p->seed, VN_NETEM_DRAW_DUPLICATE, p->duplicate.corr);
	vn_netem_draw_init(&n->reorder, p->seed, VN_NETEM_DRAW_REORDER, p->reorder.corr);
	vn_netem_draw_init(&n->corrupt, p->seed, VN_NETEM_DRAW_CORRUPT, p->corrupt.corr);
	vn_netem_draw_init(&n->corrupt_bit, p->seed, VN_NETEM_DRAW_CORRUPT_BIT, 0);
	vn_netem_draw_init(&n->slot, p->seed, VN_NETEM_DRAW_SLOT, 0);
	vn_netem_loss_init(&n->loss, p, p->seed);
}

static int netem_make(struct vn_device *dev, const char *words, struct vn_qdisc **out,
		      struct vn_err *err)
{
	struct vn_netem_params params;
	struct netem *n;
	int rc;

	*out = NULL;
	rc = vn_netem_parse(words, &params, err);
	if (rc < 0)
		return rc;
	n = calloc(1, sizeof(*n));
	if (!n)
		goto err_memory;
	n->params = params;
	if (!params.has_seed)
		n->params.seed = vn_rng_next(&dev->net->rng);
	n->params.has_seed = true;
	if (table_new(params.distribution, &n->delay_table) < 0 ||
	    table_new(params.slot_distribution, &n->slot_table) < 0)
		goto err_memory;
	n->timer.fn = timer_fires;
	init_draws(n);
	vn_qdisc_init(&n->qdisc, &vn_netem_ops, dev);
	slot_open_at(n, vn_net_now(dev->net));
	*out = &n->qdisc;
	return 0;

err_memory:
	if (n)
		netem_free(&n->qdisc);
	return vn_err_set(err, ENOMEM, "netem: no memory");
}

void vn_netem_get_counts(const struct vn_qdisc *q, struct vn_netem_counts *out)
{
	assert(q->ops == &vn_netem_ops);
	*out = netem_of(q)->counts;
}

const struct vn_netem_params *vn_netem_get_params(const struct vn_qdisc *q)
{
	assert(q->ops == &vn_netem_ops);
	return &netem_of(q)->params;
}

const struct vn_qdisc_ops vn_netem_ops = {
	.id = "netem",
	.syntax = "[limit PACKETS] [delay TIME [JITTER [CORRELATION]]] "
		  "[distribution uniform|normal|pareto|paretonormal] "
		  "[loss [random] PERCENT [CORRELATION] | loss state P13 [P31 [P32 [P23 [P14]]]] | "
		  "loss gemodel P [R [1-H [1-K]]]] [ecn] [duplicate PERCENT [CORRELATION]] "
		  "[reorder PERCENT [CORRELATION]] [gap N] [corrupt PERCENT [CORRELATION]] "
		  "[rate RATE [PACKETOVERHEAD [CELLSIZE [CELLOVERHEAD]]]] "
		  "[slot MIN [MAX] | slot distribution NAME DELAY JITTER] [packets N] [bytes N] "
		  "[seed N]",
	.make = netem_make,
	.enqueue = netem_enqueue,
	.dequeue = netem_dequeue,
	.peek = netem_peek,
	.reset = netem_reset,
	.free = netem_free,
};

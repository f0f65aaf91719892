/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each transmit queue has a ring of its own to the other end, with one
 * producer (the queue's thread) and one consumer (the receiver's), so queues
 * of several workers do not meet. The sender copies its frame into the ring:
 * memory that was lent stays with the device, and the template stays in it.
 *
 * A ring outlives its queue, for not all of it may have been read; the next
 * queue takes it over where it stands.
 *
 * Stamps: when the frame leaves, as time of day: at the commit, or at its
 * asked departure when the virtual clock is not there yet.
 */
#include "dev/pair.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dev/drivers.h"
#include "net/grain.h"

#define RING_SLOTS 1024 /* power of two */
#define RINGS_MAX 64    /* transmit queues towards an end at a time */
#define GROUP 64

struct slot {
	uint64_t stamp_ns;
	uint32_t len;
};

/* Free-running indices, masked on use, each on a line of its own. */
struct ring {
	_Atomic uint32_t head VN_ALIGNED; /* written by the sender: slots filled */
	_Atomic uint32_t tail VN_ALIGNED; /* written by the receiver: slots read */
	struct slot slot[RING_SLOTS] VN_ALIGNED;
	_Atomic bool is_taken; /* a transmit queue writes it */
	uint32_t slot_bytes;
	uint8_t *data;
};

struct pair;

struct end {
	struct vn_netdev net;
	struct pair *pair;
	_Atomic bool is_open;
	/* Rings towards this end. Each is set once (release) by a sender's
	 * txq_open, read (acquire) by the receiver's poll; freed with the pair. */
	_Atomic(struct ring *) rings[RINGS_MAX];
	/* Word the receiver sleeps on: 0 = it may be asleep, 1 = it is not. */
	_Atomic uint32_t awake;
};

struct pair {
	struct end end[2];
	_Atomic int n_open;
};

struct pair_txq {
	struct vn_txq txq;
	struct ring *ring;
	struct end *to;
};

struct pair_rxq {
	struct vn_rxq rxq;
	struct end *end;
	uint64_t packets;
	struct vn_grain grain;
};

static struct end *to_end(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct end, net);
}

static struct end *other(struct end *e)
{
	return &e->pair->end[e == &e->pair->end[0]];
}

static void put(struct ring *r, uint32_t at, const struct vn_frame *f, uint64_t stamp_ns)
{
	at &= RING_SLOTS - 1;
	memcpy(r->data + (size_t)at * r->slot_bytes, f->data, f->len);
	r->slot[at].stamp_ns = stamp_ns;
	r->slot[at].len = f->len;
}

/* Makes n more slots visible and wakes the receiver if it may be asleep. */
static void publish(struct pair_txq *q, uint32_t head)
{
	/* Release: the receiver sees whole slots (read_ring). */
	atomic_store_explicit(&q->ring->head, head, memory_order_release);
	/* Both ends change this word (here by 0), so one comes first. If it is
	 * the receiver (pair_poll), we see it asleep; if we do, it acquires what
	 * we release here and sees our slots before it sleeps. */
	if (!atomic_fetch_or_explicit(&q->to->awake, 0, memory_order_acq_rel))
		vn_clock_wake(&q->to->awake, 1);
}

static struct vn_tx_done pair_commit(struct vn_txq *txq, unsigned int n)
{
	struct pair_txq *q = vn_container_of(txq, struct pair_txq, txq);
	struct vn_clock *clock = txq->dev->clock;
	uint32_t head = atomic_load_explicit(&q->ring->head, memory_order_relaxed);
	/* Acquire: pairs with the receiver's release, who has read the slots. */
	uint32_t tail = atomic_load_explicit(&q->ring->tail, memory_order_acquire);
	uint32_t room = RING_SLOTS - (head - tail);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	uint64_t now, offset;
	struct vn_frame *f;

	if (!atomic_load_explicit(&q->to->is_open, memory_order_relaxed)) {
		done.code = VN_TX_DOWN;
		return done;
	}
	now = vn_clock_now(clock);
	offset = clock->wall(clock) - now;
	vn_txq_peek(txq, &f);
	for (; done.sent < n && done.sent < room; done.sent++, f++) {
		if (f->len > q->ring->slot_bytes) {
			done.code = VN_XMIT_DROP;
			break;
		}
		put(q->ring, head + done.sent, f, offset + VN_MAX(now, f->depart_ns));
	}
	if (done.sent < n && done.code == VN_TX_OK)
		done.code = VN_TX_BUSY;
	if (done.sent)
		publish(q, head + done.sent);
	return done;
}

static uint32_t pair_outstanding(struct vn_txq *txq)
{
	const struct ring *r = vn_container_of(txq, struct pair_txq, txq)->ring;

	return atomic_load_explicit(&r->head, memory_order_relaxed) -
	       atomic_load_explicit(&r->tail, memory_order_acquire);
}

static void ring_free(struct ring *r)
{
	if (!r)
		return;
	free(r->data);
	free(r);
}

static struct ring *ring_new(uint32_t slot_bytes)
{
	struct ring *r = aligned_alloc(VN_CACHELINE, sizeof(*r));

	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->slot_bytes = slot_bytes;
	atomic_store_explicit(&r->is_taken, true, memory_order_relaxed);
	r->data = malloc((size_t)RING_SLOTS * slot_bytes);
	if (r->data)
		return r;
	ring_free(r);
	return NULL;
}

/* A ring that a closed queue left and whose slots are long enough. */
static struct ring *take_left_ring(struct end *to, uint32_t slot_bytes)
{
	for (unsigned int i = 0; i < RINGS_MAX; i++) {
		struct ring *r = atomic_load_explicit(&to->rings[i], memory_order_acquire);

		/* Acquire: pairs with the release in pair_txq_close; we go on
		 * from the head that queue left. */
		if (r && r->slot_bytes >= slot_bytes &&
		    !atomic_exchange_explicit(&r->is_taken, true, memory_order_acquire))
			return r;
	}
	return NULL;
}

/* A new ring, shown to the other end's receiver. */
static struct ring *add_ring(struct end *to, uint32_t slot_bytes)
{
	struct ring *r = ring_new(slot_bytes);

	for (unsigned int i = 0; r && i < RINGS_MAX; i++) {
		struct ring *none = NULL;

		if (atomic_compare_exchange_strong_explicit(&to->rings[i], &none, r,
							    memory_order_release,
							    memory_order_relaxed))
			return r;
	}
	ring_free(r);
	return NULL;
}

static void pair_txq_close(struct vn_txq *txq)
{
	struct pair_txq *q;

	if (!txq)
		return;
	q = vn_container_of(txq, struct pair_txq, txq);
	if (q->ring)
		atomic_store_explicit(&q->ring->is_taken, false, memory_order_release);
	vn_txq_fini(txq);
	free(q);
}

static int pair_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err)
{
	struct pair_txq *q = calloc(1, sizeof(*q));
	int rc;

	*out = NULL;
	if (!q)
		return vn_err_set(err, ENOMEM, "%s: no memory for a queue", dev->name);
	q->to = other(to_end(dev));
	rc = vn_txq_init(&q->txq, dev, opts->n_frames, opts->frame_cap);
	if (!rc) {
		q->ring = take_left_ring(q->to, opts->frame_cap);
		if (!q->ring)
			q->ring = add_ring(q->to, opts->frame_cap);
		rc = q->ring ? 0 : -ENOMEM;
	}
	if (rc) {
		pair_txq_close(&q->txq);
		return vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
				  opts->n_frames, opts->frame_cap);
	}
	q->txq.commit = pair_commit;
	q->txq.outstanding = pair_outstanding;
	*out = &q->txq;
	return 0;
}

static unsigned int read_ring(struct pair_rxq *q, struct ring *r, unsigned int budget,
			      vn_rx_handler handler, void *arg)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Acquire: pairs with the release in publish. */
	uint32_t filled = atomic_load_explicit(&r->head, memory_order_acquire) - tail;
	unsigned int total = VN_MIN(budget, filled), n, i;
	struct vn_rx_pkt group[GROUP];

	for (n = 0; n < total; n += i) {
		for (i = 0; i < GROUP && n + i < total; i++) {
			uint32_t at = (tail + n + i) & (RING_SLOTS - 1);

			group[i] = (struct vn_rx_pkt){
				.data = r->data + (size_t)at * r->slot_bytes,
				.caplen = r->slot[at].len,
				.len = r->slot[at].len,
				.stamp_ns = r->slot[at].stamp_ns,
			};
			vn_grain_add(&q->grain, group[i].stamp_ns);
		}
		handler(arg, group, i);
	}
	/* Release: the slots are read; the sender may fill them (pair_commit). */
	atomic_store_explicit(&r->tail, tail + total, memory_order_release);
	return total;
}

static unsigned int read_rings(struct pair_rxq *q, unsigned int budget, vn_rx_handler handler,
			       void *arg)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < RINGS_MAX && total < budget; i++) {
		struct ring *r = atomic_load_explicit(&q->end->rings[i], memory_order_acquire);

		if (!r)
			break;
		total += read_ring(q, r, budget - total, handler, arg);
	}
	return total;
}

/* Sleeps until until_ns or a sender's wake, unless there is something already. */
static unsigned int sleep_and_read(struct pair_rxq *q, unsigned int budget, uint64_t until_ns,
				   vn_rx_handler handler, void *arg)
{
	struct vn_clock *clock = q->rxq.dev->clock;
	unsigned int total;

	/* Pairs with publish. */
	atomic_exchange_explicit(&q->end->awake, 0, memory_order_acq_rel);
	total = read_rings(q, budget, handler, arg);
	if (total)
		return total;
	clock->wait(clock, until_ns, &q->end->awake);
	return read_rings(q, budget, handler, arg);
}

static int pair_poll(struct vn_rxq *rxq, unsigned int budget, uint64_t timeout_ns,
		     vn_rx_handler handler, void *arg)
{
	struct pair_rxq *q = vn_container_of(rxq, struct pair_rxq, rxq);
	struct vn_clock *clock = rxq->dev->clock;
	unsigned int total = read_rings(q, budget, handler, arg);
	uint64_t until;

	if (!total && timeout_ns) {
		until = vn_clock_now(clock) + timeout_ns;
		/* Again when woken for nothing: a sender may be so slow to wake us
		 * that we have read its slots by then. */
		while (!total && vn_clock_now(clock) < until)
			total = sleep_and_read(q, budget, until, handler, arg);
		atomic_store_explicit(&q->end->awake, 1, memory_order_relaxed);
	}
	q->packets += total;
	return (int)total;
}

static void pair_rx_stats(struct vn_rxq *rxq, struct vn_rxq_stats *out)
{
	const struct pair_rxq *q = vn_container_of(rxq, struct pair_rxq, rxq);

	*out = (struct vn_rxq_stats){
		.packets = q->packets,
		.stamp_source =
			vn_clock_is_virtual(rxq->dev->clock) ? "virtual clock" : "clock at read",
		.stamp_resolution_ns = vn_grain_ns(&q->grain),
	};
}

static int pair_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			 struct vn_err *err)
{
	struct pair_rxq *q = calloc(1, sizeof(*q));

	*out = NULL;
	if (!q)
		return vn_err_set(err, ENOMEM, "%s: no memory for a queue", dev->name);
	q->rxq.dev = dev;
	q->rxq.poll = pair_poll;
	q->rxq.stats = pair_rx_stats;
	q->end = to_end(dev);
	*out = &q->rxq;
	return 0;
}

static void pair_rxq_close(struct vn_rxq *rxq)
{
	if (rxq)
		free(vn_container_of(rxq, struct pair_rxq, rxq));
}

static int pair_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	dev->has_carrier = atomic_load_explicit(&other(to_end(dev))->is_open, memory_order_relaxed);
	return 0;
}

static void pair_free(struct pair *p)
{
	for (unsigned int i = 0; i < RINGS_MAX; i++) {
		ring_free(atomic_load_explicit(&p->end[0].rings[i], memory_order_relaxed));
		ring_free(atomic_load_explicit(&p->end[1].rings[i], memory_order_relaxed));
	}
	free(p);
}

static void pair_close(struct vn_netdev *dev)
{
	struct end *e;

	if (!dev)
		return;
	e = to_end(dev);
	atomic_store_explicit(&e->is_open, false, memory_order_relaxed);
	/* Acquire and release: the last one sees all the other end did. */
	if (atomic_fetch_sub_explicit(&e->pair->n_open, 1, memory_order_acq_rel) == 1)
		pair_free(e->pair);
}

static int pair_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct pair *p;

	*out = NULL;
	if (!opts->clock)
		return vn_err_set(err, EINVAL, "pair: needs a clock");
	p = calloc(1, sizeof(*p));
	if (!p)
		return vn_err_set(err, ENOMEM, "pair: no memory");
	for (unsigned int i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		vn_netdev_init(&e->net, &vn_pair_ops, opts);
		e->net.mac[5] = (uint8_t)(i + 1);
		e->net.has_carrier = false;
		e->pair = p;
		atomic_store_explicit(&e->awake, 1, memory_order_relaxed);
	}
	atomic_store_explicit(&p->n_open, 1, memory_order_relaxed);
	atomic_store_explicit(&p->end[0].is_open, true, memory_order_relaxed);
	*out = &p->end[0].net;
	return 0;
}

struct vn_netdev *vn_pair_peer(struct vn_netdev *dev)
{
	struct end *e;

	if (dev->ops != &vn_pair_ops)
		return NULL;
	e = other(to_end(dev));
	if (atomic_exchange_explicit(&e->is_open, true, memory_order_relaxed))
		return NULL;
	atomic_fetch_add_explicit(&e->pair->n_open, 1, memory_order_relaxed);
	e->net.has_carrier = true;
	dev->has_carrier = true;
	return &e->net;
}

const struct vn_netdev_ops vn_pair_ops = {
	.name = "pair",
	.summary = "two devices in one process: what one sends the other receives",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_VIRTUAL,
	.open = pair_open,
	.refresh = pair_refresh,
	.txq_open = pair_txq_open,
	.txq_close = pair_txq_close,
	.rxq_open = pair_rxq_open,
	.rxq_close = pair_rxq_close,
	.close = pair_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit queue of a port. The frames lent are DPDK's buffers: built in place,
 * handed over as they are, never copied, and never allocated in the loop.
 *
 * A buffer that was handed over may be written to when the port's driver has let
 * go of it. The queue keeps a reference to each of its buffers, so a driver that
 * frees one, on whatever thread, only takes its own away and the pool never sees
 * it again: one reference left says that it is back. Nothing of that depends on
 * the thread, so workers need not be registered with DPDK.
 *
 * On net_null, short buffers side by side, that took 5.9 ns a frame; fresh buffers
 * from a pool with caches for registered threads 7.8, a pool of a kind of our own
 * whose buffers are marked when given back 8.4. What it gives up is the bulk
 * freeing that some hardware's drivers offer for buffers with one reference.
 *
 * Buffers that are back when the burst is (drivers that copy or forget) stay in
 * their place in the ring with the template that is in them. The others, whose
 * descriptors hardware still reads, change places with the oldest spare, which
 * knows its template as well. There are as many spares as the port has
 * descriptors and the ring has frames, so that one is always back.
 */
#include <errno.h>
#include <rte_errno.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dpdk_priv.h"

/* Successive refusals between two looks at whether the link is down. */
#define LOOK_EVERY 1024
/* A driver that lets go of nothing for so long keeps frames for another reason
 * than that they wait: many clean up only when they are given more. */
#define SETTLED_NS 20000000ull

/* What is ours in a buffer, behind DPDK's part of it. */
struct note {
	uint64_t content; /* of a spare: as in struct vn_frame */
};

/* Memory of a queue. What is handed over is spare as well, until it is back. */
struct vn_dpdk_txmem {
	struct vn_dpdk_txmem *older; /* too small; a driver may still hold some of it */
	struct rte_mempool *pool;
	struct vn_frame *frames;
	uint32_t n_frames, frame_cap;
	struct rte_mbuf **bufs;	  /* of the frames */
	struct rte_mbuf **spares; /* a circle; the oldest at `next` */
	uint32_t n_spares, next;
	uint32_t n_back; /* from the oldest on, found to be back */
};

struct dpdk_txq {
	struct vn_txq txq;
	struct vn_dpdk_txmem *mem;
	uint16_t port, queue;
	uint32_t frame_max;
	uint32_t refusals;  /* in a row */
	uint32_t last_held; /* at the last question, and when it last was another */
	uint64_t settling_ns;
};

static struct dpdk_txq *to_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct dpdk_txq, txq);
}

static struct note *note_of(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

/* Who reads the buffer takes its reference away with release. */
static bool is_back(struct rte_mbuf *m)
{
	return __atomic_load_n(&m->refcnt, __ATOMIC_ACQUIRE) == 1;
}

/* --- memory ------------------------------------------------------------------------------ */

void vn_dpdk_txmem_free(struct vn_dpdk_txmem *m)
{
	while (m) {
		struct vn_dpdk_txmem *older = m->older;

		rte_mempool_free(m->pool);
		free(m->frames);
		free(m->bufs);
		free(m->spares);
		free(m);
		m = older;
	}
}

/* Takes n buffers out of the pool, for good: a driver that wants some of it for
 * itself must not find ours. */
static int take_all(struct rte_mempool *pool, struct rte_mbuf **bufs, uint32_t n)
{
	if (rte_mempool_get_bulk(pool, (void **)bufs, n))
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		memset(bufs[i]->buf_addr, 0, bufs[i]->buf_len);
		rte_pktmbuf_reset(bufs[i]);
		rte_mbuf_refcnt_set(bufs[i], 1);
	}
	return 0;
}

/*
 * Without huge pages DPDK takes care that no buffer lies across two small ones,
 * for hardware that is given physical addresses, and there they can only be a
 * page apart: in a few sets of the cache, 18 ns a frame on net_null instead of 6.
 * Addresses are virtual then and this is not needed.
 */
static struct rte_mempool *make_pool(const char *name, unsigned int n, uint32_t room, int socket)
{
	unsigned int flags = rte_eal_has_hugepages() ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
	struct rte_pktmbuf_pool_private priv = {
		.mbuf_data_room_size = (uint16_t)room,
		.mbuf_priv_size = sizeof(struct note),
	};
	unsigned int size = (unsigned int)(sizeof(struct rte_mbuf) + sizeof(struct note)) + room;
	struct rte_mempool *pool =
		rte_mempool_create_empty(name, n, size, 0, sizeof(priv), socket, flags);

	if (!pool)
		return NULL;
	rte_pktmbuf_pool_init(pool, &priv);
	if (rte_mempool_set_ops_byname(pool, "ring_mp_mc", NULL) ||
	    rte_mempool_populate_default(pool) < 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int fill_txmem(struct vn_dpdk_txmem *m, const struct vn_dpdk_port *p, const char *name)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + m->frame_cap;
	int rc;

	if (posix_memalign((void **)&m->frames, VN_CACHELINE, m->n_frames * sizeof(*m->frames)))
		return -ENOMEM;
	m->bufs = calloc(m->n_frames, sizeof(struct rte_mbuf *));
	m->spares = calloc(m->n_spares, sizeof(struct rte_mbuf *));
	if (!m->bufs || !m->spares)
		return -ENOMEM;
	m->pool = make_pool(name, m->n_frames + m->n_spares, room, rte_eth_dev_socket_id(p->id));
	if (!m->pool)
		return -ENOMEM;
	rc = take_all(m->pool, m->bufs, m->n_frames);
	return rc ? rc : take_all(m->pool, m->spares, m->n_spares);
}

/* The frame that a buffer is. */
static void lend(struct vn_frame *f, struct rte_mbuf *buf, uint32_t cap, uint64_t content)
{
	f->data = (uint8_t *)buf->buf_addr + RTE_PKTMBUF_HEADROOM;
	f->cap = cap;
	f->content = content;
}

static int make_txmem(struct vn_dpdk_port *p, uint16_t queue, uint32_t n_frames, uint32_t cap)
{
	struct vn_dpdk_txmem *m = calloc(1, sizeof(*m));
	struct vn_dpdk_call call;
	char name[RTE_MEMPOOL_NAMESIZE];
	unsigned int age = 0;
	int rc;

	if (!m)
		return -ENOMEM;
	for (const struct vn_dpdk_txmem *older = p->txmem[queue]; older; older = older->older)
		age++;
	snprintf(name, sizeof(name), "vn_tx_%u_%u_%u", p->id, queue, age);
	m->n_frames = n_frames;
	m->n_spares = n_frames + p->tx_desc;
	m->frame_cap = (cap + VN_CACHELINE - 1) / VN_CACHELINE * VN_CACHELINE;
	vn_dpdk_call_begin(&call);
	rc = fill_txmem(m, p, name);
	vn_dpdk_call_end(&call);
	if (rc) {
		vn_dpdk_txmem_free(m);
		return rc;
	}
	m->older = p->txmem[queue];
	p->txmem[queue] = m;
	return 0;
}

/* Memory of an earlier queue is taken again, what was built in it forgotten. */
static int get_txmem(struct vn_dpdk_port *p, uint16_t queue, uint32_t n_frames, uint32_t cap)
{
	struct vn_dpdk_txmem *m = p->txmem[queue];
	int rc;

	if (!m || m->n_frames != n_frames || m->frame_cap < cap) {
		rc = make_txmem(p, queue, n_frames, cap);
		if (rc)
			return rc;
		m = p->txmem[queue];
	}
	for (uint32_t i = 0; i < m->n_frames; i++)
		lend(&m->frames[i], m->bufs[i], m->frame_cap, 0);
	for (uint32_t i = 0; i < m->n_spares; i++)
		note_of(m->spares[i])->content = 0;
	return 0;
}

/* --- sending ------------------------------------------------------------------------------- */

static void look_for_spares(struct vn_dpdk_txmem *m)
{
	while (m->n_back < m->n_spares && is_back(m->spares[(m->next + m->n_back) % m->n_spares]))
		m->n_back++;
}

/* How many of n frames may be handed over: each might need a spare. */
static unsigned int spares_for(struct dpdk_txq *t, unsigned int n)
{
	struct vn_dpdk_txmem *m = t->mem;

	if (vn_likely(m->n_back >= n))
		return n;
	look_for_spares(m);
	if (m->n_back < n) {
		rte_eth_tx_done_cleanup(t->port, t->queue, 0);
		look_for_spares(m);
	}
	return VN_MIN(n, m->n_back);
}

/* Up to a frame that is too long for the port. Drivers may have moved the
 * beginning of the data. */
static unsigned int prepare(struct dpdk_txq *t, const struct vn_frame *f, struct rte_mbuf **bufs,
			    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = bufs[i];

		if (vn_unlikely(f[i].len > t->frame_max))
			return i;
		m->data_off = RTE_PKTMBUF_HEADROOM;
		m->data_len = (uint16_t)f[i].len;
		m->pkt_len = f[i].len;
		rte_mbuf_refcnt_set(m, 2); /* ours and the driver's */
	}
	return n;
}

static void exchange(struct vn_dpdk_txmem *m, uint32_t at)
{
	struct rte_mbuf *spare = m->spares[m->next];

	note_of(m->bufs[at])->content = m->frames[at].content;
	m->spares[m->next] = m->bufs[at];
	m->bufs[at] = spare;
	lend(&m->frames[at], spare, m->frame_cap, note_of(spare)->content);
	m->next = m->next + 1 == m->n_spares ? 0 : m->next + 1;
	m->n_back--;
}

static bool link_is_down(struct dpdk_txq *t)
{
	return t->refusals++ % LOOK_EVERY == LOOK_EVERY - 1 &&
	       vn_dpdk_port_is_down(vn_dpdk_dev_of(t->txq.dev)->port);
}

static struct vn_tx_done dpdk_commit(struct vn_txq *q, unsigned int n)
{
	struct dpdk_txq *t = to_txq(q);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	uint32_t at = q->tail & q->mask;
	unsigned int room = spares_for(t, n);
	unsigned int good = prepare(t, &q->frames[at], &t->mem->bufs[at], room);

	while (done.sent < good) {
		unsigned int want = VN_MIN(good - done.sent, VN_DPDK_BURST);
		uint16_t got = rte_eth_tx_burst(t->port, t->queue, &t->mem->bufs[at + done.sent],
						(uint16_t)want);

		for (uint32_t i = at + done.sent; i < at + done.sent + got; i++)
			if (!is_back(t->mem->bufs[i]))
				exchange(t->mem, i);
		done.sent += got;
		if (got < want)
			break;
	}
	if (done.sent)
		t->refusals = 0;
	if (done.sent == n)
		return done;
	if (done.sent == good && good < room)
		done.code = VN_XMIT_DROP;
	else
		done.code = link_is_down(t) ? VN_TX_DOWN : VN_TX_BUSY;
	return done;
}

/* What is not back; no more than that when it has not become less for a while. */
static uint32_t dpdk_outstanding(struct vn_txq *q)
{
	struct dpdk_txq *t = to_txq(q);
	struct vn_dpdk_txmem *m = t->mem;
	uint64_t now;
	uint32_t held;

	look_for_spares(m);
	if (m->n_back < m->n_spares) {
		rte_eth_tx_done_cleanup(t->port, t->queue, 0);
		look_for_spares(m);
	}
	held = m->n_spares - m->n_back;
	now = vn_clock_now(q->dev->clock);
	if (held != t->last_held) {
		t->last_held = held;
		t->settling_ns = now;
	}
	return now - t->settling_ns < SETTLED_NS ? held : 0;
}

/* --- the queue ----------------------------------------------------------------------------- */

/* The one asked for, or the next one that is free; -1 if none is. */
static int take_queue(struct vn_dpdk_port *p, uint16_t wanted)
{
	for (unsigned int i = 0; i < p->n_txq; i++) {
		unsigned int queue = (wanted + i) % p->n_txq;

		if (!p->tx_taken[queue]) {
			p->tx_taken[queue] = true;
			return (int)queue;
		}
	}
	return -1;
}

void vn_dpdk_txq_close(struct vn_txq *q)
{
	if (!q)
		return;
	vn_dpdk_lock();
	vn_dpdk_dev_of(q->dev)->port->tx_taken[to_txq(q)->queue] = false;
	vn_dpdk_unlock();
	free(to_txq(q));
}

static int set_up(struct dpdk_txq *t, struct vn_dpdk_port *p, uint32_t n_frames, uint32_t cap)
{
	int rc = get_txmem(p, t->queue, n_frames, cap);

	if (rc)
		return rc;
	t->mem = p->txmem[t->queue];
	t->port = p->id;
	t->frame_max = p->frame_max;
	t->txq.frames = t->mem->frames;
	t->txq.mask = n_frames - 1;
	t->txq.commit = dpdk_commit;
	t->txq.outstanding = dpdk_outstanding;
	return 0;
}

static int open_under_lock(struct dpdk_txq *t, const struct vn_txq_opts *opts, struct vn_err *err)
{
	struct vn_dpdk_port *p = vn_dpdk_dev_of(t->txq.dev)->port;
	uint32_t n = opts->n_frames ? opts->n_frames : VN_TXQ_FRAMES;
	int rc = -EINVAL, queue = take_queue(p, opts->queue);

	if (queue < 0)
		return vn_err_set(
			err, EBUSY,
			"%s: all %u transmit queues are in use (port-txqs=N sets up more, "
			"if the port has them)",
			p->name, p->n_txq);
	t->queue = (uint16_t)queue;
	if (n <= VN_TXQ_FRAMES_MAX && !(n & (n - 1)) &&
	    opts->frame_cap <= UINT16_MAX - RTE_PKTMBUF_HEADROOM - VN_CACHELINE)
		rc = set_up(t, p, n, opts->frame_cap);
	if (!rc)
		return 0;
	p->tx_taken[queue] = false;
	return vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes%s", p->name, n,
			  opts->frame_cap,
			  rc == -ENOMEM ? " (eal-mem=MB gives DPDK more memory)" : "");
}

int vn_dpdk_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		     struct vn_err *err)
{
	struct dpdk_txq *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	t->txq.dev = dev;
	vn_dpdk_lock();
	rc = open_under_lock(t, opts, err);
	vn_dpdk_unlock();
	if (rc) {
		free(t);
		return rc;
	}
	*out = &t->txq;
	return 0;
}

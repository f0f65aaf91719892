/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive queue: one of the port's, or all of them in turn. DPDK has nothing to
 * sleep on that all drivers know, so a poll with a timeout asks again and again
 * and takes a CPU; between the questions it lets others have it.
 *
 * A tag that the port took off is told as such. Frames are shown as they lie; of
 * one that takes several buffers, the first.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dpdk_priv.h"

/* Questions in a row between two looks at the clock. */
#define ASK_TIMES 32

struct dpdk_rxq {
	struct vn_rxq rxq;
	struct vn_dpdk_port *port;
	uint16_t first, n; /* queues of the port */
	uint16_t turn;
	bool was_up;
	uint64_t missed_before; /* by the port when this queue was opened */
	struct vn_rxq_stats stats;
};

static struct dpdk_rxq *to_rxq(struct vn_rxq *q)
{
	return vn_container_of(q, struct dpdk_rxq, rxq);
}

static void describe(const struct rte_mbuf *m, uint64_t stamp_ns, struct vn_rx_pkt *p)
{
	bool was_tagged = m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED;

	*p = (struct vn_rx_pkt){
		.data = rte_pktmbuf_mtod(m, const uint8_t *),
		.caplen = m->data_len,
		.len = m->pkt_len,
		.stamp_ns = stamp_ns,
		.has_vlan = was_tagged,
		.vlan_tci = was_tagged ? m->vlan_tci : 0,
		.vlan_tpid = was_tagged ? RTE_ETHER_TYPE_VLAN : 0,
	};
}

/* One burst, of the first queue from `turn` on that has something. */
static unsigned int take_burst(struct dpdk_rxq *r, unsigned int most, vn_rx_handler handler,
			       void *arg)
{
	struct vn_clock *clock = r->rxq.dev->clock;
	struct rte_mbuf *bufs[VN_DPDK_BURST];
	struct vn_rx_pkt pkts[VN_DPDK_BURST];
	uint16_t n = 0;
	uint64_t now;

	most = VN_MIN(most, VN_DPDK_BURST);
	for (unsigned int i = 0; i < r->n && !n; i++) {
		n = rte_eth_rx_burst(r->port->id, (uint16_t)(r->first + r->turn), bufs,
				     (uint16_t)most);
		r->turn = r->turn + 1 == r->n ? 0 : (uint16_t)(r->turn + 1);
	}
	if (!n)
		return 0;
	now = clock->wall(clock);
	for (unsigned int i = 0; i < n; i++)
		describe(bufs[i], now, &pkts[i]);
	handler(arg, pkts, n);
	rte_pktmbuf_free_bulk(bufs, n);
	return n;
}

static unsigned int take(struct dpdk_rxq *r, unsigned int budget, vn_rx_handler handler, void *arg)
{
	unsigned int n, done = 0;

	do {
		n = take_burst(r, budget - done, handler, arg);
		done += n;
	} while (n && done < budget);
	r->stats.packets += done;
	return done;
}

static unsigned int wait_and_take(struct dpdk_rxq *r, unsigned int budget, uint64_t timeout_ns,
				  vn_rx_handler handler, void *arg)
{
	struct vn_clock *clock = r->rxq.dev->clock;
	uint64_t end = vn_clock_now(clock) + timeout_ns;
	unsigned int n = 0;

	do {
		for (unsigned int i = 0; i < ASK_TIMES && !n; i++)
			n = take(r, budget, handler, arg);
		if (!n)
			sched_yield();
	} while (!n && vn_clock_now(clock) < end);
	return n;
}

static int dpdk_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		     vn_rx_handler handler, void *arg)
{
	struct dpdk_rxq *r = to_rxq(q);
	unsigned int n = take(r, budget, handler, arg);
	bool was_up = r->was_up;

	if (n || !budget || !timeout_ns)
		return (int)n;
	n = wait_and_take(r, budget, timeout_ns, handler, arg);
	if (n)
		return (int)n;
	r->was_up = !vn_dpdk_port_is_down(r->port);
	return was_up && !r->was_up ? -ENETDOWN : 0;
}

static uint64_t missed(struct vn_dpdk_port *p)
{
	struct rte_eth_stats s;

	return vn_dpdk_port_stats(p, &s) ? 0 : s.imissed + s.rx_nombuf;
}

static void dpdk_rx_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	struct dpdk_rxq *r = to_rxq(q);

	r->stats.drops = missed(r->port) - r->missed_before;
	*out = r->stats;
}

/* Some ports have no such mode and receive everything. */
static void set_promiscuous(struct vn_dpdk_port *p, bool on)
{
	if (on && p->n_promiscuous++ == 0)
		rte_eth_promiscuous_enable(p->id);
	else if (!on && --p->n_promiscuous == 0)
		rte_eth_promiscuous_disable(p->id);
}

static void set_taken(struct dpdk_rxq *r, bool is_taken)
{
	for (unsigned int i = 0; i < r->n; i++)
		r->port->rx_taken[r->first + i] = is_taken;
}

static int take_queues(struct dpdk_rxq *r, uint16_t queue, struct vn_err *err)
{
	struct vn_dpdk_port *p = r->port;

	if (queue != VN_RXQ_ALL && queue >= p->n_rxq)
		return vn_err_set(err, ERANGE,
				  "%s: receive queue %u: the port was set up with %u "
				  "(port-rxqs=N)",
				  p->name, queue, p->n_rxq);
	r->first = queue == VN_RXQ_ALL ? 0 : queue;
	r->n = queue == VN_RXQ_ALL ? p->n_rxq : 1;
	for (unsigned int i = 0; i < r->n; i++)
		if (p->rx_taken[r->first + i])
			return vn_err_set(err, EBUSY, "%s: receive queue %u is in use", p->name,
					  r->first + i);
	set_taken(r, true);
	set_promiscuous(p, true);
	return 0;
}

void vn_dpdk_rxq_close(struct vn_rxq *q)
{
	struct dpdk_rxq *r;

	if (!q)
		return;
	r = to_rxq(q);
	vn_dpdk_lock();
	set_taken(r, false);
	set_promiscuous(r->port, false);
	vn_dpdk_unlock();
	free(r);
}

int vn_dpdk_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
		     struct vn_err *err)
{
	struct dpdk_rxq *r;
	int rc;

	*out = NULL;
	if (opts->ring_bytes)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: a ring of %llu bytes: the port's is asked for by the word "
				  "port-rxd=N in its name, in frames",
				  dev->name, (unsigned long long)opts->ring_bytes);
	r = calloc(1, sizeof(*r));
	if (!r)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	r->rxq.poll = dpdk_poll;
	r->rxq.stats = dpdk_rx_stats;
	r->rxq.dev = dev;
	r->port = vn_dpdk_dev_of(dev)->port;
	r->stats.stamp_source = "clock at read";
	vn_dpdk_lock();
	rc = take_queues(r, opts->queue, err);
	vn_dpdk_unlock();
	if (rc) {
		free(r);
		return rc;
	}
	r->missed_before = missed(r->port);
	r->was_up = !vn_dpdk_port_is_down(r->port);
	*out = &r->rxq;
	return 0;
}

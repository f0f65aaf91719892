/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From frames to flows. A table with an entry for every UDP port leads to the
 * flow, so finding it is one load, whatever ports a stranger may send to. A
 * flow is made when it is announced or first seen: that is the only allocation,
 * and a port that got no flow is not tried again. It is half a megabyte, of which
 * only what is written to takes memory: some 50 KB while packets come in order
 * and at even times.
 */
#include "rx/receiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "rx/delay.h"
#include "rx/dissect.h"
#include "rx/sequence.h"
#include "wire/wire.h"

/* Entries of the port table beside 1 + index of a flow. */
#define UNSEEN	   0
#define OVER_LIMIT UINT16_MAX

_Static_assert(VN_RX_FLOWS_MAX < OVER_LIMIT, "indices fit beside the marks");

struct vn_receiver {
	struct vn_rx_stats stats;
	bool only_expected;
	uint64_t late_after_ns;
	/* Stored with release after flow[]: who reads the number (acquire, in
	 * vn_receiver_n_flows) may look at that many flows. */
	_Atomic unsigned int n_flows;
	struct vn_rx_flow *flow[VN_RX_FLOWS_MAX];
	uint16_t by_port[65536];
};

int vn_receiver_new(struct vn_receiver **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void vn_receiver_free(struct vn_receiver *r)
{
	unsigned int i, n;

	if (!r)
		return;
	n = vn_receiver_n_flows(r);
	for (i = 0; i < n; i++)
		free(r->flow[i]);
	free(r);
}

/* In memory that calloc cleared: vn_hist_clear() would have the kernel provide
 * every page of it. */
static void begin_hist(struct vn_hist *h)
{
	h->min = UINT64_MAX;
}

/* Takes the next index for ports port_min..port_max. NULL: no room. */
static struct vn_rx_flow *add_flow(struct vn_receiver *r, uint16_t port_min, uint16_t port_max)
{
	unsigned int n = atomic_load_explicit(&r->n_flows, memory_order_relaxed), port;
	struct vn_rx_flow *f;

	f = n < VN_RX_FLOWS_MAX ? calloc(1, sizeof(*f)) : NULL;
	if (!f)
		return NULL;
	f->port = port_min;
	f->late_after_ns = r->late_after_ns;
	snprintf(f->label, sizeof(f->label), "udp_dst %u", port_min);
	begin_hist(&f->gap);
	begin_hist(&f->latency);
	begin_hist(&f->ipdv);
	begin_hist(&f->extent);
	begin_hist(&f->late_time);
	r->flow[n] = f;
	for (port = port_min; port <= port_max; port++)
		r->by_port[port] = (uint16_t)(n + 1);
	return f;
}

/* Shows the flow that was added last to readers in other threads. */
static unsigned int publish_flow(struct vn_receiver *r)
{
	unsigned int n = atomic_load_explicit(&r->n_flows, memory_order_relaxed);

	atomic_store_explicit(&r->n_flows, n + 1, memory_order_release);
	return n;
}

int vn_receiver_expect(struct vn_receiver *r, const char *label, uint16_t port_min,
		       uint16_t port_max)
{
	struct vn_rx_flow *f;
	unsigned int port;

	if (port_min > port_max)
		return -EINVAL;
	for (port = port_min; port <= port_max; port++)
		if (r->by_port[port] != UNSEEN)
			return -EEXIST;
	if (vn_receiver_n_flows(r) == VN_RX_FLOWS_MAX)
		return -ENOSPC;
	f = add_flow(r, port_min, port_max);
	if (!f)
		return -ENOMEM;
	snprintf(f->label, sizeof(f->label), "%s", label);
	vn_stat_set(&f->stats.first_seq, 1);
	return (int)publish_flow(r);
}

void vn_receiver_only_expected(struct vn_receiver *r, bool only)
{
	r->only_expected = only;
}

void vn_receiver_late_after(struct vn_receiver *r, uint64_t ns)
{
	r->late_after_ns = ns;
}

/* The way of a port's first packet. */
static struct vn_rx_flow *meet_port(struct vn_receiver *r, uint16_t port)
{
	struct vn_rx_flow *f;

	if (r->by_port[port] == OVER_LIMIT)
		return NULL;
	f = add_flow(r, port, port);
	if (f)
		publish_flow(r);
	else
		r->by_port[port] = OVER_LIMIT;
	return f;
}

static struct vn_rx_flow *flow_of(struct vn_receiver *r, uint16_t port)
{
	unsigned int entry = r->by_port[port];

	if (vn_likely(entry != UNSEEN && entry != OVER_LIMIT))
		return r->flow[entry - 1];
	return meet_port(r, port);
}

/* What needs no trust in the packet's content: there it is, so long, now. */
static void count_arrival(struct vn_rx_flow *f, const struct vn_rx_pkt *pkt)
{
	struct vn_rx_flow_stats *s = &f->stats;
	uint64_t len = (uint64_t)pkt->len + (pkt->has_vlan ? VN_VLAN_HLEN : 0);
	uint64_t last_ns = vn_stat_get(&s->last_ns);

	/* A clock that was set back, or two queues, may turn stamps round. */
	if (vn_stat_get(&s->received) == 0)
		vn_stat_set(&s->first_ns, pkt->stamp_ns);
	else
		vn_hist_add(&f->gap, pkt->stamp_ns > last_ns ? pkt->stamp_ns - last_ns : 0);
	vn_stat_set(&s->last_ns, pkt->stamp_ns);
	vn_stat_add(&s->received, 1);
	vn_stat_add(&s->bytes, len);
	vn_stat_add(&s->bits_l1, vn_wire_bits_l1(len));
	vn_stat_add(&s->bits_l2, vn_wire_bits_l2(len));
}

static void count_delay(struct vn_rx_flow *f, uint64_t number, uint64_t stamp_ns,
			const struct vn_dissected *d)
{
	uint64_t sent_ns = vn_get_be32(d->payload + VN_PGH_SEC) * VN_NSEC_PER_SEC +
			   vn_get_be32(d->payload + VN_PGH_FRACTION) * (uint64_t)d->fraction_ns;

	if (sent_ns == 0)
		vn_delay_take_none(f, number);
	else
		vn_delay_take(f, number, (int64_t)(stamp_ns - sent_ns));
}

static void count_in_flow(struct vn_rx_flow *f, const struct vn_rx_pkt *pkt,
			  const struct vn_dissected *d)
{
	uint64_t number = 0;

	vn_stat_begin(&f->stats.version);
	count_arrival(f, pkt);
	if (vn_unlikely(d->is_corrupt))
		vn_stat_add(&f->stats.corrupt, 1);
	else
		number = vn_sequence_take(f, vn_get_be32(d->payload + VN_PGH_SEQ), pkt->stamp_ns);
	if (vn_likely(number != 0))
		count_delay(f, number, pkt->stamp_ns, d);
	vn_stat_end(&f->stats.version);
}

static void handle_one(struct vn_receiver *r, const struct vn_rx_pkt *pkt)
{
	struct vn_dissected d;
	struct vn_rx_flow *f;

	vn_stat_add(&r->stats.frames, 1);
	if (!vn_dissect(pkt, &d) || (r->only_expected && r->by_port[d.port] == UNSEEN)) {
		vn_stat_add(&r->stats.other, 1);
		return;
	}
	vn_stat_add(&r->stats.ours, 1);
	f = flow_of(r, d.port);
	if (vn_likely(f != NULL))
		count_in_flow(f, pkt, &d);
	else
		vn_stat_add(&r->stats.over_limit, 1);
}

void vn_receiver_handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_receiver *r = arg;
	unsigned int i;

	for (i = 0; i < n; i++)
		handle_one(r, &pkts[i]);
}

unsigned int vn_receiver_n_flows(const struct vn_receiver *r)
{
	return atomic_load_explicit(&r->n_flows, memory_order_acquire);
}

struct vn_rx_flow *vn_receiver_flow(struct vn_receiver *r, unsigned int i)
{
	return i < vn_receiver_n_flows(r) ? r->flow[i] : NULL;
}

const struct vn_rx_stats *vn_receiver_stats(const struct vn_receiver *r)
{
	return &r->stats;
}

void vn_rx_flow_read(const struct vn_rx_flow *f, struct vn_rx_flow_counts *out)
{
	uint32_t version;

	do {
		version = vn_stat_read(&f->stats.version);
#define VN_X(name) out->name = vn_stat_get(&f->stats.name);
		VN_RX_FLOW_COUNTS(VN_X)
#undef VN_X
	} while (vn_stat_reread(&f->stats.version, version));
}

uint64_t vn_rx_counts_lost(const struct vn_rx_flow_counts *c)
{
	return c->max_seq ? c->max_seq - c->first_seq + 1 - c->unique : 0;
}

uint64_t vn_rx_flow_lost(const struct vn_rx_flow *f)
{
	struct vn_rx_flow_counts c;

	vn_rx_flow_read(f, &c);
	return vn_rx_counts_lost(&c);
}

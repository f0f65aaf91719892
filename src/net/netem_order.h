/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets in order of their time to send, those of equal times in the order in
 * which they came.
 *
 * Most come in order: with a fixed delay all of them. They go to the end of a
 * list, in constant time. One that is earlier than the end of the list goes
 * into a heap, in logarithmic time. Everything in the heap is earlier than the
 * end of the list, so the latest packet is always there, and of two packets of
 * the same time the one in the list came first.
 */
#ifndef VN_NET_NETEM_ORDER_H
#define VN_NET_NETEM_ORDER_H

#include <stdint.h>

#include "net/skb.h"

struct vn_netem_heap_entry {
	uint64_t at_ns;
	uint64_t number; /* of arrival */
	struct vn_skb *skb;
};

struct vn_netem_order {
	struct vn_skb_list line;
	struct vn_netem_heap_entry *heap; /* entry i is not after 2 i + 1 and 2 i + 2 */
	uint32_t n, cap;		  /* of the heap */
	uint64_t arrivals;		  /* in the heap, ever */
};

/* A zeroed one is empty. Frees the packets too. */
void vn_netem_order_fini(struct vn_netem_order *o);
/* By skb->time_to_send_ns. 0, or -ENOMEM: the packet stays the caller's. */
int vn_netem_order_put(struct vn_netem_order *o, struct vn_skb *skb);
/* The earliest; NULL: empty. */
struct vn_skb *vn_netem_order_first(const struct vn_netem_order *o);
struct vn_skb *vn_netem_order_take(struct vn_netem_order *o);
void vn_netem_order_purge(struct vn_netem_order *o);

/* The latest; NULL: empty. */
static inline const struct vn_skb *vn_netem_order_last(const struct vn_netem_order *o)
{
	return o->line.tail;
}

static inline uint32_t vn_netem_order_len(const struct vn_netem_order *o)
{
	return o->line.len + o->n;
}

#endif

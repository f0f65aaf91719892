/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netem_order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIRST_CAP 64

static bool is_before(const struct vn_netem_heap_entry *a, const struct vn_netem_heap_entry *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static int heap_grow(struct vn_netem_order *o)
{
	uint32_t cap = o->cap ? 2 * o->cap : FIRST_CAP;
	void *heap;

	if (o->n < o->cap)
		return 0;
	heap = cap > o->cap ? reallocarray(o->heap, cap, sizeof(*o->heap)) : NULL;
	if (!heap)
		return -ENOMEM;
	o->heap = heap;
	o->cap = cap;
	return 0;
}

static int heap_put(struct vn_netem_order *o, struct vn_skb *skb)
{
	struct vn_netem_heap_entry e = { skb->time_to_send_ns, o->arrivals, skb };
	uint32_t i = o->n, up;
	int rc = heap_grow(o);

	if (rc < 0)
		return rc;
	o->arrivals++;
	o->n++;
	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!is_before(&e, &o->heap[up]))
			break;
		o->heap[i] = o->heap[up];
	}
	o->heap[i] = e;
	return 0;
}

static struct vn_skb *heap_take(struct vn_netem_order *o)
{
	struct vn_skb *skb = o->heap[0].skb;
	struct vn_netem_heap_entry e = o->heap[--o->n];
	uint64_t i = 0, down;

	for (; (down = 2 * i + 1) < o->n; i = down) {
		if (down + 1 < o->n && is_before(&o->heap[down + 1], &o->heap[down]))
			down++;
		if (!is_before(&o->heap[down], &e))
			break;
		o->heap[i] = o->heap[down];
	}
	o->heap[i] = e;
	return skb;
}

static bool first_is_in_heap(const struct vn_netem_order *o)
{
	return o->n > 0 && o->heap[0].at_ns < o->line.head->time_to_send_ns;
}

int vn_netem_order_put(struct vn_netem_order *o, struct vn_skb *skb)
{
	if (o->line.tail && skb->time_to_send_ns < o->line.tail->time_to_send_ns)
		return heap_put(o, skb);
	vn_skb_append(&o->line, skb);
	return 0;
}

struct vn_skb *vn_netem_order_first(const struct vn_netem_order *o)
{
	return first_is_in_heap(o) ? o->heap[0].skb : o->line.head;
}

struct vn_skb *vn_netem_order_take(struct vn_netem_order *o)
{
	return first_is_in_heap(o) ? heap_take(o) : vn_skb_take(&o->line);
}

void vn_netem_order_purge(struct vn_netem_order *o)
{
	while (o->n > 0)
		vn_skb_free(o->heap[--o->n].skb);
	vn_skb_purge(&o->line);
}

void vn_netem_order_fini(struct vn_netem_order *o)
{
	vn_netem_order_purge(o);
	free(o->heap);
	o->heap = NULL;
	o->cap = 0;
}

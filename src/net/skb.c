/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet and its bytes are one block. Freed ones wait in the net for the next
 * of their size or less: a run sends packets of few sizes, so after its first
 * moments nothing is allocated. A spare one that is too short is given back, so
 * there are never more of them than packets were alive at a time.
 */
#include "net/skb.h"

#include <stdlib.h>
#include <string.h>

#include "net/net.h"

#define CAP_STEP 256 /* bytes; sizes that differ little share blocks */

static struct vn_skb *take_spare(struct vn_net *net, uint32_t cap)
{
	struct vn_skb *skb = net->spare;

	if (!skb)
		return NULL;
	net->spare = skb->next;
	if (skb->cap >= cap)
		return skb;
	free(skb);
	return NULL;
}

struct vn_skb *vn_skb_new(struct vn_net *net, uint32_t len)
{
	struct vn_skb *skb = take_spare(net, len);
	uint32_t cap;

	if (!skb) {
		cap = (len / CAP_STEP + 1) * CAP_STEP;
		skb = malloc(sizeof(*skb) + cap);
		if (!skb)
			return NULL;
		skb->cap = cap;
	}
	cap = skb->cap;
	*skb = (struct vn_skb){
		.net = net,
		.data = (uint8_t *)(skb + 1),
		.len = len,
		.cap = cap,
	};
	return skb;
}

struct vn_skb *vn_skb_copy(const struct vn_skb *skb)
{
	struct vn_skb *copy = vn_skb_new(skb->net, skb->len);
	uint32_t cap;
	uint8_t *data;

	if (!copy)
		return NULL;
	cap = copy->cap;
	data = copy->data;
	*copy = *skb;
	copy->next = NULL;
	copy->cap = cap;
	copy->data = data;
	copy->outstanding = NULL;
	memcpy(data, skb->data, skb->len);
	return copy;
}

void vn_skb_orphan(struct vn_skb *skb)
{
	if (skb->outstanding)
		--*skb->outstanding;
	skb->outstanding = NULL;
}

void vn_skb_free(struct vn_skb *skb)
{
	if (!skb)
		return;
	vn_skb_orphan(skb);
	skb->next = skb->net->spare;
	skb->net->spare = skb;
}

void vn_skb_append(struct vn_skb_list *list, struct vn_skb *skb)
{
	skb->next = NULL;
	if (list->tail)
		list->tail->next = skb;
	else
		list->head = skb;
	list->tail = skb;
	list->len++;
	list->bytes += skb->len;
}

void vn_skb_prepend(struct vn_skb_list *list, struct vn_skb *skb)
{
	skb->next = list->head;
	list->head = skb;
	if (!list->tail)
		list->tail = skb;
	list->len++;
	list->bytes += skb->len;
}

struct vn_skb *vn_skb_take(struct vn_skb_list *list)
{
	struct vn_skb *skb = list->head;

	if (!skb)
		return NULL;
	list->head = skb->next;
	if (!list->head)
		list->tail = NULL;
	list->len--;
	list->bytes -= skb->len;
	skb->next = NULL;
	return skb;
}

uint32_t vn_skb_purge(struct vn_skb_list *list)
{
	uint32_t n = list->len;
	struct vn_skb *skb;

	while ((skb = vn_skb_take(list)))
		vn_skb_free(skb);
	return n;
}

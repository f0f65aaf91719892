/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of handlers, and what leaves shown to the taps.
 */
#include "net/ptype.h"

#include <stddef.h>

#include "net/device.h"
#include "net/net.h"

static struct vn_ptype **list_of(struct vn_net *net, const struct vn_ptype *pt)
{
	if (pt->type == VN_ETH_P_ALL)
		return pt->dev ? &pt->dev->ptype_all : &net->ptype_all;
	return pt->dev ? &pt->dev->ptype_specific : &net->ptype_hash[pt->type % VN_PTYPE_HASH];
}

void vn_ptype_add(struct vn_net *net, struct vn_ptype *pt)
{
	struct vn_ptype **list = list_of(net, pt);

	pt->next = *list;
	*list = pt;
}

void vn_ptype_remove(struct vn_net *net, struct vn_ptype *pt)
{
	for (struct vn_ptype **p = list_of(net, pt); *p; p = &(*p)->next)
		if (*p == pt) {
			*p = pt->next;
			return;
		}
}

static void show(struct vn_ptype *pt, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_ptype *next;

	for (; pt; pt = next) {
		next = pt->next; /* it may remove itself */
		if (!pt->is_deaf_to_outgoing)
			pt->func(pt->arg, pkts, n);
	}
}

void vn_ptype_outgoing(struct vn_net *net, struct vn_device *dev, const struct vn_rx_pkt *pkts,
		       unsigned int n)
{
	show(net->ptype_all, pkts, n);
	show(dev->ptype_all, pkts, n);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a device to the handlers, in the order of spec section 7.
 *
 * Packets that follow each other and are alike (the same type and tag) go
 * together: lists are walked and counters written once for the group, and
 * handlers get the very array the back end gave. Only packets with a tag have
 * their descriptions copied, for the tag is taken from them on their way, and
 * only those that still carry it between their bytes are copied themselves.
 *
 * Who takes a packet is answered as a kernel does: a tap counts, unless the
 * packet had to be given to it early, before a VLAN or a receive handler.
 */
#include <stdbool.h>
#include <string.h>

#include "base/stat.h"
#include "net/device.h"
#include "net/net_priv.h"
#include "net/ptype.h"

enum {
	ETH_HLEN = 14,
	ETH_TYPE = 12,
	VLAN_HLEN = 4,
	VLAN_VID_MASK = 0x0fff,
	TYPE_8021Q = 0x8100,
	TYPE_FIRST = 0x0600, /* below: a length */
	TYPE_802_3 = 0x0001,
	TYPE_802_2 = 0x0004,
	TAGGED_MAX = 64, /* in a group */
};

/* A group on its way. */
struct group {
	struct vn_net *net;
	struct vn_device *orig; /* it came in here */
	struct vn_device *dev;	/* and is here now */
	const struct vn_rx_pkt *pkts;
	unsigned int n;
	uint16_t type;
};

static unsigned int receive(struct vn_net *net, struct vn_device *orig, struct vn_device *dev,
			    const struct vn_rx_pkt *pkts, unsigned int n);

static uint16_t type_of(const struct vn_rx_pkt *pkt)
{
	uint16_t type;

	if (pkt->caplen < ETH_HLEN)
		return 0;
	type = vn_frame_be16(pkt->data + ETH_TYPE);
	if (type >= TYPE_FIRST)
		return type;
	/* What old Novell frames have in the place of an LLC header. */
	if (pkt->caplen >= ETH_HLEN + 2 && vn_frame_be16(pkt->data + ETH_HLEN) == 0xffff)
		return TYPE_802_3;
	return TYPE_802_2;
}

static bool are_alike(const struct vn_rx_pkt *a, const struct vn_rx_pkt *b)
{
	return a->has_vlan == b->has_vlan &&
	       (!a->has_vlan || (a->vlan_tci == b->vlan_tci && a->vlan_tpid == b->vlan_tpid));
}

/* How many from the first on go together. */
static unsigned int group_length(const struct vn_device *dev, const struct vn_rx_pkt *pkts,
				 unsigned int n, uint16_t type)
{
	unsigned int i;

	if (dev->rx_handler || vn_is_vlan_type(type))
		return 1; /* each may go another way */
	if (pkts->has_vlan)
		n = VN_MIN(n, TAGGED_MAX);
	for (i = 1; i < n; i++)
		if (!are_alike(pkts, &pkts[i]) || type_of(&pkts[i]) != type)
			break;
	return i;
}

/* True: there was one. Each may remove itself. */
static bool give(struct vn_ptype *pt, const struct group *g)
{
	struct vn_ptype *next;
	bool is_any = pt;

	for (; pt; pt = next) {
		next = pt->next;
		pt->func(pt->arg, g->pkts, g->n);
	}
	return is_any;
}

static bool give_type(struct vn_ptype *pt, const struct group *g)
{
	struct vn_ptype *next;
	bool is_any = false;

	for (; pt; pt = next) {
		next = pt->next;
		if (pt->type != g->type)
			continue;
		is_any = true;
		pt->func(pt->arg, g->pkts, g->n);
	}
	return is_any;
}

/* Steps 7 and 8; had_tap: a tap has it already. */
static unsigned int give_to_types(const struct group *g, bool is_exact, bool had_tap)
{
	bool is_taken = had_tap;

	if (!is_exact)
		is_taken |= give_type(g->net->ptype_hash[g->type % VN_PTYPE_HASH], g);
	is_taken |= give_type(g->orig->ptype_specific, g);
	if (g->dev != g->orig)
		is_taken |= give_type(g->dev->ptype_specific, g);
	if (is_taken)
		return g->n;
	if (is_exact)
		g->dev->core.rx_nohandler += g->n;
	else
		g->dev->core.rx_dropped += g->n;
	return 0;
}

/* Step 6, a single packet where there is a handler. */
static unsigned int give_to_device(const struct group *g, bool had_tap)
{
	struct vn_device *dev = g->dev;
	bool is_exact = false;

	if (!dev->rx_handler)
		return give_to_types(g, false, had_tap);
	switch (dev->rx_handler(dev->rx_handler_arg, &dev, g->pkts)) {
	case VN_RX_CONSUMED:
		return g->n;
	case VN_RX_ANOTHER:
		return receive(g->net, g->orig, dev, g->pkts, g->n);
	case VN_RX_EXACT:
		is_exact = true;
		break;
	case VN_RX_PASS:
		break;
	}
	return give_to_types(g, is_exact, false);
}

static struct vn_device *find_vlan(const struct group *g)
{
	uint16_t id = g->pkts->vlan_tci & VLAN_VID_MASK;
	struct vn_device *dev;

	if (g->pkts->vlan_tpid != TYPE_8021Q)
		return NULL;
	for (dev = g->net->devices; dev; dev = dev->next)
		if (dev->vlan_of == g->dev && dev->vlan_id == id)
			break;
	return dev;
}

static void count_vlan(struct vn_device *vlan, const struct vn_rx_pkt *pkts, unsigned int n)
{
	vlan->core.rx_packets += n;
	for (unsigned int i = 0; i < n; i++) {
		vlan->core.rx_bytes += pkts[i].len - VN_MIN(pkts[i].len, ETH_HLEN);
		vlan->core.multicast += pkts[i].caplen && (pkts[i].data[0] & 1);
	}
}

/*
 * Step 5. The tag has done its duty with a VLAN device, and is but a priority
 * with number 0; any other stays in sight: to the handlers of types it says
 * that the packet is for another host.
 */
static unsigned int give_tagged(struct group *g)
{
	struct vn_device *vlan = find_vlan(g);
	struct vn_rx_pkt untagged[TAGGED_MAX];

	if (!vlan && (g->pkts->vlan_tci & VLAN_VID_MASK))
		return give_to_device(g, false);
	for (unsigned int i = 0; i < g->n; i++) {
		untagged[i] = g->pkts[i];
		untagged[i].has_vlan = false;
	}
	g->pkts = untagged;
	if (!vlan)
		return give_to_device(g, false);
	if (!(vlan->flags & VN_IFF_UP)) {
		vlan->core.rx_dropped += g->n;
		return 0;
	}
	count_vlan(vlan, untagged, g->n);
	return receive(g->net, g->orig, vlan, untagged, g->n);
}

/* Steps 3 to 8. */
static unsigned int deliver(struct group *g)
{
	bool had_tap = give(g->net->ptype_all, g);

	had_tap |= give(g->dev->ptype_all, g);
	return g->pkts->has_vlan ? give_tagged(g) : give_to_device(g, had_tap);
}

/* Step 2, for a tag between the packet's bytes, which are the caller's: so it is
 * a copy that the tag is taken off from. */
static unsigned int deliver_untagged(struct group *g)
{
	struct vn_rx_pkt pkt = *g->pkts;
	struct vn_skb *copy = NULL;
	unsigned int taken;

	if (pkt.caplen >= ETH_HLEN + VLAN_HLEN)
		copy = vn_skb_new(g->net, pkt.caplen - VLAN_HLEN);
	if (!copy) {
		g->dev->core.rx_dropped++;
		return 0;
	}
	memcpy(copy->data, pkt.data, ETH_TYPE);
	memcpy(copy->data + ETH_TYPE, pkt.data + ETH_TYPE + VLAN_HLEN, copy->len - ETH_TYPE);
	pkt.has_vlan = true;
	pkt.vlan_tpid = g->type;
	pkt.vlan_tci = vn_frame_be16(pkt.data + ETH_HLEN);
	pkt.data = copy->data;
	pkt.caplen -= VLAN_HLEN;
	pkt.len -= VLAN_HLEN;
	g->pkts = &pkt;
	g->type = type_of(&pkt);
	taken = deliver(g);
	vn_skb_free(copy);
	return taken;
}

static unsigned int receive(struct vn_net *net, struct vn_device *orig, struct vn_device *dev,
			    const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int taken = 0;
	struct group g;

	for (; n; pkts += g.n, n -= g.n) {
		uint16_t type = type_of(pkts);
		unsigned int len = group_length(dev, pkts, n, type);

		g = (struct group){ net, orig, dev, pkts, len, type };
		vn_stat_add(&vn_net_softnet(net)->processed, len);
		if (vn_is_vlan_type(type) && !pkts->has_vlan)
			taken += deliver_untagged(&g);
		else
			taken += deliver(&g);
	}
	return taken;
}

unsigned int vn_netif_receive(struct vn_net *net, struct vn_device *dev,
			      const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int taken;

	vn_device_hold(dev); /* a handler may unregister it */
	taken = receive(net, dev, dev, pkts, n);
	vn_device_put(dev);
	return taken;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet inside the net core: bytes and what is kept beside them. (Between
 * generator and driver frames are lent in place, base/frame.h; a packet exists
 * where one has to wait: in a discipline, a ring, an input queue.)
 *
 * A packet has one holder, who passes it on or frees it; lists hold what is in
 * them. Packets of a net are recycled by it and belong to its thread (net.h).
 */
#ifndef VN_NET_SKB_H
#define VN_NET_SKB_H

#include <stdbool.h>
#include <stdint.h>

struct vn_device;
struct vn_net;

struct vn_skb {
	struct vn_skb *next;    /* in the list that holds it */
	struct vn_net *net;
	struct vn_device *dev;  /* on its way out or in */
	uint8_t *data;          /* the frame, from the Ethernet header on, no FCS */
	uint32_t len, cap;      /* bytes */
	uint32_t priority;
	uint16_t queue_mapping; /* number of the transmit queue */
	uint16_t vlan_tci, vlan_tpid; /* the tag taken off, valid with has_vlan */
	bool has_vlan;
	bool is_duplicate;      /* netem's second copy: it is not doubled again */
	uint64_t stamp_ns;      /* arrival, wall clock */
	uint64_t time_to_send_ns; /* netem, the net's clock */
	/* Packets that their sender waits for: one less when this one is freed or
	 * orphaned. NULL: nobody waits. */
	uint32_t *outstanding;
};

/* In the order of arrival. */
struct vn_skb_list {
	struct vn_skb *head, *tail;
	uint32_t len;   /* packets */
	uint64_t bytes;
};

/* A packet of len bytes, content not set; NULL: no memory. */
struct vn_skb *vn_skb_new(struct vn_net *net, uint32_t len);
/* A copy of its own, not charged to the sender; NULL: no memory. */
struct vn_skb *vn_skb_copy(const struct vn_skb *skb);
void vn_skb_free(struct vn_skb *skb);   /* NULL accepted */
void vn_skb_orphan(struct vn_skb *skb); /* its sender need not wait for it */

void vn_skb_append(struct vn_skb_list *list, struct vn_skb *skb);
void vn_skb_prepend(struct vn_skb_list *list, struct vn_skb *skb);
struct vn_skb *vn_skb_take(struct vn_skb_list *list); /* the first; NULL: empty */
uint32_t vn_skb_purge(struct vn_skb_list *list);      /* frees all; how many */

#endif

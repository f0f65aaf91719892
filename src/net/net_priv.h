/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the net core ask of each other and nobody else does.
 */
#ifndef VN_NET_NET_PRIV_H
#define VN_NET_NET_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "net/device.h"
#include "net/net.h"
#include "net/qdisc.h"
#include "net/softnet.h"

/* A packet as handlers see it; its bytes stay the packet's. */
static inline struct vn_rx_pkt vn_skb_view(const struct vn_skb *skb)
{
	return (struct vn_rx_pkt){
		.data = skb->data,
		.caplen = skb->len,
		.len = skb->len,
		.stamp_ns = skb->stamp_ns,
		.vlan_tci = skb->vlan_tci,
		.vlan_tpid = skb->vlan_tpid,
		.has_vlan = skb->has_vlan,
	};
}

static inline uint64_t vn_net_wall(const struct vn_net *net)
{
	return net->opts.clock->wall(net->opts.clock);
}

static inline void vn_softnet_raise(struct vn_softnet *s, enum vn_softirq irq)
{
	s->raised |= irq;
}

/* As vn_net_log(), for what a packet can cause: at most 10 lines in 5 s. */
void vn_net_log_limited(struct vn_net *net, const char *format, ...) VN_PRINTF(2, 3);

/* The namespace's lo, index 1. */
int vn_loopback_new(struct vn_net *net, struct vn_err *err);

/* For vn_device_init(): what their timers call. */
void vn_watchdog_init(struct vn_device *dev);
void vn_linkwatch_init(struct vn_device *dev);

/* The name a pattern stands for: itself, or with the lowest free number for %d.
 * 0, -EINVAL (no name), -EEXIST (taken), -ENFILE (all numbers taken). */
int vn_device_choose_name(struct vn_net *net, const char *pattern, char out[VN_IFNAMSIZ]);

/* Makes q the root, and it or its children what the queues are configured for. */
void vn_qdisc_place(struct vn_device *dev, struct vn_qdisc *q);
/* The default root is made and placed. 0 or -ENOMEM: noop stays. */
int vn_qdisc_place_default(struct vn_device *dev);
/* A packet that its queue refused waits again, at the head, for NET_TX. */
void vn_qdisc_requeue(struct vn_qdisc *q, struct vn_skb *skb);
/* For kinds without words. */
int vn_qdisc_no_words(const struct vn_qdisc_ops *ops, const char *words, struct vn_err *err);

/* Nothing that is about to be freed stays in a list of a CPU. */
void vn_softnet_forget_qdisc(struct vn_net *net, struct vn_qdisc *q);
void vn_softnet_forget_device(struct vn_net *net, struct vn_device *dev);

static inline uint16_t vn_frame_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* 802.1Q, 802.1ad */
static inline bool vn_is_vlan_type(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8;
}

/* Of a frame's type, addresses and ports: the same for the packets of a flow. */
uint32_t vn_flow_hash(const uint8_t *frame, uint32_t len, uint64_t seed);

/* Under q's lock: taps, then the back end. False: q refused, nothing happened. */
bool vn_queue_send(struct vn_tx_queue *q, struct vn_skb *skb, bool more);

/* A code with which the packet is not the caller's any more (spec section 4). */
static inline bool vn_xmit_is_complete(int code)
{
	return code < 0x0f;
}

#endif

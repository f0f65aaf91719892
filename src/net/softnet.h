/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive side of a CPU (net core spec section 8): input queue, process
 * queue, pollers that have work; and the two deferred handlers, NET_RX here
 * and NET_TX for disciplines that were scheduled.
 */
#ifndef VN_NET_SOFTNET_H
#define VN_NET_SOFTNET_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"
#include "net/skb.h"

struct vn_device;
struct vn_net;
struct vn_qdisc;

/* A poller: handles at most budget packets and returns how many; fewer means
 * that it is done, and it is off the list. */
struct vn_napi {
	int (*poll)(struct vn_napi *napi, int budget);
	int weight; /* packets at a time, 64 usually */
	bool is_scheduled;
	struct vn_napi *next;
};

struct vn_napi_list {
	struct vn_napi *first, *last;
};

enum vn_softirq {
	VN_NET_TX = 1 << 0,
	VN_NET_RX = 1 << 1,
};

/* Counters are read by any thread (base/stat.h). */
struct vn_softnet {
	_Atomic uint64_t processed, dropped, time_squeeze, received_rps;
	struct vn_skb_list input, process;
	struct vn_napi_list poll;   /* have work */
	struct vn_napi_list round;  /* inside NET_RX: still to be called this time */
	struct vn_napi_list repoll; /* the same: used their weight, come again */
	struct vn_napi *polling;    /* being called; NULL: none, or it was canceled */
	struct vn_napi backlog;
	struct vn_net *net;
	struct vn_skb *completion; /* sent packets to free */
	struct vn_qdisc *output_first, *output_last;
	uint32_t raised; /* enum vn_softirq */
};

void vn_softnet_init(struct vn_softnet *s, struct vn_net *net);
void vn_softnet_fini(struct vn_softnet *s); /* frees what waits */

enum vn_rx_code { VN_RX_SUCCESS = 0, VN_RX_DROP = 1 };

/* Into the input queue of the caller's CPU. Takes the packet in any case. */
enum vn_rx_code vn_netif_rx(struct vn_net *net, struct vn_skb *skb);
/* Straight to the handlers, in the caller (pktgen's netif_receive). All of dev;
 * data is the caller's. Counts them as processed; returns how many somebody
 * took (spec section 7). */
unsigned int vn_netif_receive(struct vn_net *net, struct vn_device *dev,
			      const struct vn_rx_pkt *pkts, unsigned int n);

/* Puts a poller onto the caller's CPU's list, once, and raises NET_RX. From
 * inside its own poll: it is called once more. */
void vn_napi_schedule(struct vn_net *net, struct vn_napi *napi);
void vn_napi_cancel(struct vn_net *net, struct vn_napi *napi); /* from anywhere */

/* A packet that was sent: freed by the next NET_TX of the caller's CPU. */
void vn_softnet_complete(struct vn_net *net, struct vn_skb *skb);

/* The deferred handlers, of the caller's CPU. */
void vn_net_rx_action(struct vn_net *net);
void vn_net_tx_action(struct vn_net *net);

#endif

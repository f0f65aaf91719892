/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver's receive queue as a poller in the softnet loop of a net (net core
 * spec section 8.2): what arrives goes to the handlers of its packet type, as
 * packets of a device of that net. The first packets after a silence are waited
 * for, as for an interrupt; while there are more the loop polls.
 *
 * The net, and all that is in it, belongs to the thread that runs it.
 */
#ifndef VN_NET_RXDEV_H
#define VN_NET_RXDEV_H

#include "net/net.h"
#include "net/netdev.h"

struct vn_rxdev;

/* name: of the device in the net; where it is none that a device can have, it
 * is called rx0. The queue stays the caller's; NULL: frames are only delivered.
 * 0 or -errno with a sentence. */
int vn_rxdev_new(struct vn_net *net, struct vn_rxq *rxq, const char *name, struct vn_rxdev **out,
		 struct vn_err *err);
void vn_rxdev_free(struct vn_rxdev *r); /* NULL accepted */

/* What a poll brings goes to fn first, who delivers what he lets pass. */
void vn_rxdev_set_ingress(struct vn_rxdev *r, vn_rx_handler fn, void *arg);

/* To the handlers of the net: frames that came in to all of them, those that
 * went out to the taps that want them. */
void vn_rxdev_deliver(struct vn_rxdev *r, const struct vn_rx_pkt *pkts, unsigned int n);

/*
 * Waits up to timeout_ns for packets and hands what there is to the handlers,
 * at most limit. Returns how many, or what the queue answered when it failed
 * (packets that came before have been handed over).
 */
int vn_rxdev_run(struct vn_rxdev *r, unsigned int limit, uint64_t timeout_ns);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of received frames: they pass the filter and go into the softnet
 * loop of a net of their own, where the receiver and the capture are taps and
 * the responder is a handler of the packet types it knows.
 *
 * One thread at a time uses it; counters are read by any.
 */
#ifndef VN_CMD_RXPATH_H
#define VN_CMD_RXPATH_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/netdev.h"
#include "rx/capture.h"
#include "rx/filter.h"
#include "rx/receiver.h"
#include "rx/responder.h"

/* Everything is referenced; what is missing is NULL. */
struct vn_rxpath_opts {
	struct vn_clock *clock;
	const char *name;      /* of the device in the net */
	struct vn_rxq *rxq;    /* NULL: frames are brought by vn_rxpath_take() */
	struct vn_receiver *receiver;
	struct vn_responder *responder;
	struct vn_filter *filter;
	/* Opened by the time frames come; *capture NULL: none. */
	struct vn_capture *const *capture;
	bool captures_in, captures_out;
	/* Sees every group before anything else does, and says how many of it, from
	 * the first on, shall be gone on with. NULL: all. */
	unsigned int (*look)(void *arg, const struct vn_rx_pkt *pkts, unsigned int n);
	void *arg;
};

struct vn_rxpath;

/* 0 or -errno with a sentence, *out NULL. */
int vn_rxpath_open(const struct vn_rxpath_opts *opts, struct vn_rxpath **out, struct vn_err *err);
void vn_rxpath_close(struct vn_rxpath *p); /* NULL and half-open accepted */

/* As vn_rxdev_run(). */
int vn_rxpath_run(struct vn_rxpath *p, unsigned int limit, uint64_t timeout_ns);

/* A vn_rx_handler: arg is the struct vn_rxpath. */
void vn_rxpath_take(void *arg, const struct vn_rx_pkt *pkts, unsigned int n);

/* Frames that the filter left out, into *out. False when nobody counts them all:
 * there is no filter, or the kernel has applied it before. */
bool vn_rxpath_filtered(const struct vn_rxpath *p, uint64_t *out);

#endif

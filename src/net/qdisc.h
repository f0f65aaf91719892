/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queueing disciplines (net core spec section 6): a kind is a struct of
 * functions, a discipline an object of a kind that belongs to a transmit queue
 * or is the root of several (mq).
 */
#ifndef VN_NET_QDISC_H
#define VN_NET_QDISC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/netdev.h"
#include "net/skb.h"

struct vn_device;
struct vn_net;
struct vn_tx_queue;
struct vn_qdisc;

/* What `tc -s qdisc` shows. */
struct vn_qdisc_stats {
	uint64_t bytes, packets; /* dequeued */
	uint64_t drops, overlimits, requeues;
	uint64_t backlog_bytes;  /* waiting now */
	uint32_t qlen;
};

struct vn_qdisc_ops {
	const char *id;      /* "netem" */
	const char *syntax;  /* its words, as tc takes them: for messages and manuals */
	/*
	 * Allocates an object of this kind for dev; words: what stood behind the
	 * kind in tc's syntax, "" for defaults. Fills *out with vn_qdisc_init().
	 * 0 or -errno with a sentence, *out NULL.
	 */
	int (*make)(struct vn_device *dev, const char *words, struct vn_qdisc **out,
		    struct vn_err *err);
	/* Takes the packet in any case. VN_TX_OK (XMIT_SUCCESS), VN_XMIT_DROP or
	 * VN_XMIT_CN. NULL: noqueue. */
	enum vn_tx_code (*enqueue)(struct vn_qdisc *q, struct vn_skb *skb);
	struct vn_skb *(*dequeue)(struct vn_qdisc *q); /* NULL: nothing (yet) */
	struct vn_skb *(*peek)(struct vn_qdisc *q);    /* stays where it is */
	void (*reset)(struct vn_qdisc *q); /* discards what waits, stops timers */
	void (*attach)(struct vn_qdisc *q); /* became the root: mq places its children; NULL */
	void (*stats)(const struct vn_qdisc *q, struct vn_qdisc_stats *out); /* NULL: q->stats */
	void (*free)(struct vn_qdisc *q);  /* memory of the kind; after reset */
	bool can_bypass;     /* an empty one lets packets pass by it */
};

struct vn_qdisc {
	const struct vn_qdisc_ops *ops;
	struct vn_device *dev;
	struct vn_tx_queue *txq; /* that it feeds; NULL: of none yet, or of several */
	uint32_t handle, parent; /* major << 16 | minor */
	struct vn_skb_list requeued; /* put back at the head by a queue that refused */
	struct vn_qdisc_stats stats;
	bool is_running, is_scheduled, is_deactivated;
	struct vn_qdisc *next_output; /* in a softnet's output queue */
};

/* For kinds. */
void vn_qdisc_init(struct vn_qdisc *q, const struct vn_qdisc_ops *ops, struct vn_device *dev);
void vn_qdisc_count_in(struct vn_qdisc *q, const struct vn_skb *skb);  /* waits now */
void vn_qdisc_count_out(struct vn_qdisc *q, const struct vn_skb *skb); /* was dequeued */
enum vn_tx_code vn_qdisc_drop(struct vn_qdisc *q, struct vn_skb *skb); /* VN_XMIT_DROP */

/* All kinds, ended by NULL. */
extern const struct vn_qdisc_ops *const vn_qdisc_kinds[];
const struct vn_qdisc_ops *vn_qdisc_kind(const char *id); /* NULL: no such */
extern const struct vn_qdisc_ops vn_noop_ops, vn_noqueue_ops, vn_pfifo_fast_ops, vn_mq_ops,
	vn_netem_ops;

/* "netem delay 10ms loss 1%": a kind and its words, as behind `tc qdisc add dev
 * IF root`. 0 or -errno with a sentence that names the word. */
int vn_qdisc_parse(struct vn_device *dev, const char *text, struct vn_qdisc **out,
		   struct vn_err *err);
/* Resets and frees it, with its children. NULL accepted. */
void vn_qdisc_free(struct vn_qdisc *q);
void vn_qdisc_reset(struct vn_qdisc *q);
void vn_qdisc_get_stats(const struct vn_qdisc *q, struct vn_qdisc_stats *out);

/* Makes q (NULL: the default one) the device's root discipline, in the place of
 * the one before, which is freed. q is the device's then, also on error. */
int vn_qdisc_set_root(struct vn_device *dev, struct vn_qdisc *q, struct vn_err *err);

/* Onto the output queue of the caller's CPU, once, and raises NET_TX. */
void vn_qdisc_schedule(struct vn_qdisc *q);
/* Transmits until it is empty, its queue refuses, or 64 packets are gone (then
 * it is scheduled). */
void vn_qdisc_run(struct vn_qdisc *q);

#endif

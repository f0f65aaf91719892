/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three bands by priority, each first-in first-out, the lower number first.
 * Each holds as many packets as the device's tx_queue_len says at the time.
 */
#include <errno.h>
#include <stdlib.h>

#include "net/device.h"
#include "net/net_priv.h"

#define BANDS	   3
#define PRIORITIES 16

struct pfifo_fast {
	struct vn_qdisc qdisc;
	struct vn_skb_list band[BANDS];
};

/* By priority & 15, from the days of the TOS bits (tc-prio(8) has the story). */
static const uint8_t band_of[PRIORITIES] = { 1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 };

static struct pfifo_fast *to_pfifo(struct vn_qdisc *q)
{
	return vn_container_of(q, struct pfifo_fast, qdisc);
}

static int pfifo_make(struct vn_device *dev, const char *words, struct vn_qdisc **out,
		      struct vn_err *err)
{
	int rc = vn_qdisc_no_words(&vn_pfifo_fast_ops, words, err);
	struct pfifo_fast *p;

	*out = NULL;
	if (rc)
		return rc;
	if (!dev->tx_queue_len)
		return vn_err_set(err, EINVAL, "%s: pfifo_fast: tx_queue_len is 0 (at least 1)",
				  dev->name);
	p = calloc(1, sizeof(*p));
	if (!p)
		return vn_err_set(err, ENOMEM, "%s: no memory for pfifo_fast", dev->name);
	vn_qdisc_init(&p->qdisc, &vn_pfifo_fast_ops, dev);
	*out = &p->qdisc;
	return 0;
}

static enum vn_tx_code pfifo_enqueue(struct vn_qdisc *q, struct vn_skb *skb)
{
	struct vn_skb_list *band = &to_pfifo(q)->band[band_of[skb->priority % PRIORITIES]];

	if (band->len >= q->dev->tx_queue_len)
		return vn_qdisc_drop(q, skb);
	vn_skb_append(band, skb);
	vn_qdisc_count_in(q, skb);
	return VN_TX_OK;
}

static struct vn_skb_list *first_band(struct pfifo_fast *p)
{
	for (unsigned int i = 0; i < BANDS; i++)
		if (p->band[i].len)
			return &p->band[i];
	return NULL;
}

static struct vn_skb *pfifo_dequeue(struct vn_qdisc *q)
{
	struct vn_skb_list *band = first_band(to_pfifo(q));
	struct vn_skb *skb;

	if (!band)
		return NULL;
	skb = vn_skb_take(band);
	vn_qdisc_count_out(q, skb);
	return skb;
}

static struct vn_skb *pfifo_peek(struct vn_qdisc *q)
{
	struct vn_skb_list *band = first_band(to_pfifo(q));

	return band ? band->head : NULL;
}

static void pfifo_reset(struct vn_qdisc *q)
{
	for (unsigned int i = 0; i < BANDS; i++)
		vn_skb_purge(&to_pfifo(q)->band[i]);
}

static void pfifo_free(struct vn_qdisc *q)
{
	free(to_pfifo(q));
}

const struct vn_qdisc_ops vn_pfifo_fast_ops = {
	.id = "pfifo_fast",
	.syntax = "",
	.make = pfifo_make,
	.enqueue = pfifo_enqueue,
	.dequeue = pfifo_dequeue,
	.peek = pfifo_peek,
	.reset = pfifo_reset,
	.free = pfifo_free,
	.can_bypass = true,
};

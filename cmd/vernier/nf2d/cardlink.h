/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card by its socket (nt/cardmsg.h), as its driver. Interrupt messages bring the
 * bits of the status register, so that it is kept here and reading it takes no
 * round trip; so does the mask. Nothing blocks but opening.
 */
#ifndef VN_NF2D_CARDLINK_H
#define VN_NF2D_CARDLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cardclient.h"

struct nf2d_cardlink {
	struct vn_cardclient client; /* .fd -1: no card */
	uint32_t status;	     /* bits that came and were not read */
};

/* How long a card may take to say that it has us. */
#define NF2D_HELLO_MS 2000

/* Connects and says that it is the driver; no answer is waited for longer than ms. -errno with a
 * sentence: -ENOENT, -ECONNREFUSED: nobody is there; -EBUSY: it has a driver; -ETIMEDOUT. */
int nf2d_cardlink_open(struct nf2d_cardlink *link, const char *path, unsigned int ms,
		       struct vn_err *err);
/* The same by a connection that is there, which belongs to the link from now on. */
int nf2d_cardlink_attach(struct nf2d_cardlink *link, int fd, struct vn_err *err);
void nf2d_cardlink_close(struct nf2d_cardlink *link); /* accepts a closed one */
static inline bool nf2d_cardlink_is_open(const struct nf2d_cardlink *link)
{
	return link->client.fd >= 0;
}

/* As struct vn_nf2_ops has them. -ENODEV: the card is gone. */
int nf2d_cardlink_dma_tx(struct nf2d_cardlink *link, const uint8_t *bytes, uint32_t len);
int nf2d_cardlink_dma_rx(struct nf2d_cardlink *link);
uint32_t nf2d_cardlink_read_status(struct nf2d_cardlink *link);
void nf2d_cardlink_write_mask(struct nf2d_cardlink *link, uint32_t mask);

enum nf2d_heard {
	NF2D_HEARD_NOTHING,
	NF2D_HEARD_IRQ,	    /* status has new bits */
	NF2D_HEARD_DATA,    /* of a transfer from the card */
	NF2D_HEARD_REFUSAL, /* of what was asked: text; errno and status are taken care of */
};

struct nf2d_hearing {
	const uint8_t *bytes; /* until the next call */
	uint32_t len;
	char text[160];
};

/* The next thing that the card says. -errno with a sentence when it is gone, or speaks
 * another language. */
int nf2d_cardlink_next(struct nf2d_cardlink *link, struct nf2d_hearing *out, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's end of the card socket (cardmsg.h has the protocol): packets of
 * clients in, packets to them out. It does what they ask for with a struct
 * vn_nt_card, and knows nothing of sockets and of host time: whoever owns the
 * connections brings both.
 *
 * The owner's loop, in one thread, that of the card:
 *
 *     new clients:    fill in .send, vn_nt_cardserve_join()
 *     packets:        vn_nt_cardserve_packet(), then close if it says so
 *     closed ones:    vn_nt_cardserve_leave()
 *     time:           vn_nt_card_run(card, min(target, vn_nt_cardserve_until()))
 *     what happened:  vn_nt_cardserve_event() for all that vn_nt_hw_take() gives,
 *                     before further packets are handed in
 */
#ifndef VN_NT_CARDSERVE_H
#define VN_NT_CARDSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nt/card.h"
#include "nt/cardmsg.h"

/* A connection; the owner embeds it. */
struct vn_nt_cardclient {
	/* Sends one message, whole, or drops the client. It is called from packet()
	 * and event(); msg->data lasts no longer than the call. It must not block for
	 * long: a client that does not read is one to be dropped. */
	void (*send)(struct vn_nt_cardclient *client, const struct vn_nt_cardmsg *msg);
	enum vn_nt_card_role role; /* the server's: NONE until a good HELLO */
};

/* What the server asks its owner. */
struct vn_nt_cardserve_ops {
	/* Writes the document of STATS, at most VN_NT_CARDMSG_DATA_MAX bytes; -errno. */
	int (*stats)(void *arg, FILE *out);
};

struct vn_nt_cardserve;

/* The card (with hw.has_driver) and ops are used, not owned. -ENOMEM. */
int vn_nt_cardserve_new(struct vn_nt_card *card, const struct vn_nt_cardserve_ops *ops, void *arg,
			struct vn_nt_cardserve **out);
void vn_nt_cardserve_free(struct vn_nt_cardserve *serve);

/* The owner has loaded and started a program itself. */
void vn_nt_cardserve_started(struct vn_nt_cardserve *serve);

/* A new connection: no role, and heard only when it says HELLO. */
void vn_nt_cardserve_join(struct vn_nt_cardclient *client);

/* Its connection is closed, or about to be. Its role is free; nothing is sent to it. */
void vn_nt_cardserve_leave(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client);

/*
 * A packet came. Does what it asks, at the cycle at which the card stands, and
 * sends the answer. false: the connection is to be closed.
 */
bool vn_nt_cardserve_packet(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			    const uint8_t *packet, size_t len);

/* Tells the driver, if there is one, of interrupts and of frames that a transfer
 * brought. Kinds that are not for it are ignored, so that every event can be
 * handed in. */
void vn_nt_cardserve_event(struct vn_nt_cardserve *serve, const struct vn_nt_out *out);

/*
 * The cycle up to which the card may run: VN_NT_NEVER but in debug hold. At
 * that cycle virtual time stands still, and does not lag.
 */
uint64_t vn_nt_cardserve_until(const struct vn_nt_cardserve *serve);

/* Whether the driver was told of a frame that waits for it, and has not asked for it. */
bool vn_nt_cardserve_awaits_driver(const struct vn_nt_cardserve *serve);

#endif

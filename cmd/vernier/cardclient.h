/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of a card socket (nt/cardmsg.h): one request, one answer. What the
 * card says of its own accord is not for such a client and passed over.
 */
#ifndef VN_CMD_CARDCLIENT_H
#define VN_CMD_CARDCLIENT_H

#include <stdint.h>

#include "base/err.h"
#include "nt/cardmsg.h"

#define VN_CARD_SOCKET "card.sock" /* of `vernier load` when none is named */

struct vn_cardclient {
	int fd;		 /* -1: closed */
	uint8_t *packet; /* what was heard last: VN_NT_CARDMSG_MAX */
};

/* Connects to the socket at path. -errno with a sentence that names it. */
int vn_cardclient_open(struct vn_cardclient *client, const char *path, struct vn_err *err);
/* The same on a connection that is there; it belongs to the client from now on,
 * also when this fails. */
int vn_cardclient_attach(struct vn_cardclient *client, int fd, struct vn_err *err);
void vn_cardclient_close(struct vn_cardclient *client);

/*
 * Says the request and waits for its answer; answer->data lasts until the next
 * call. The error that the card gives, with its sentence; -EPROTO for an answer
 * that is none, -ECONNRESET when the card went away.
 */
int vn_cardclient_ask(struct vn_cardclient *client, const struct vn_nt_cardmsg *request,
		      struct vn_nt_cardmsg *answer, struct vn_err *err);

#endif

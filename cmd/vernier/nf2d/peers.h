/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's two NetLink sockets (vernier/caliper.h): datagrams of clients in,
 * with who may be heard; datagrams to them out. Nothing here blocks.
 *
 * The data socket is read only as long as the driver takes something: what is not
 * read makes its sender wait. Datagrams are received several at a time, so that
 * some wait here when the driver has just become full.
 */
#ifndef VN_NF2D_PEERS_H
#define VN_NF2D_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum nf2d_socket { NF2D_DATA, NF2D_CONTROL, NF2D_SOCKETS };

struct nf2d_datagram {
	uint32_t pid;	      /* of its sender's socket: the client's name */
	bool is_allowed;      /* root, this process's user, or the one that was named */
	const uint8_t *bytes; /* until the next call for this socket */
	size_t len;	      /* more than CAL_DATAGRAM_MAX: it was cut, and is too long */
};

struct nf2d_peers;

#define NF2D_NOBODY ((uid_t)-1)

/* uid: who may use it besides; NF2D_NOBODY. -EADDRINUSE: another driver has this card;
 * -errno. A sentence with each; *out NULL. */
int nf2d_peers_open(unsigned int card, uid_t uid, struct nf2d_peers **out, struct vn_err *err);
void nf2d_peers_close(struct nf2d_peers *p); /* accepts NULL */

/* Readable when there may be a datagram; those that are here already are to be taken first. */
int nf2d_peers_fd(const struct nf2d_peers *p, enum nf2d_socket which);
bool nf2d_peers_has(const struct nf2d_peers *p, enum nf2d_socket which);

/* The next datagram; false: none now. */
bool nf2d_peers_next(struct nf2d_peers *p, enum nf2d_socket which, struct nf2d_datagram *out);

/* 0, -EAGAIN: that client has no room; -ECONNREFUSED: it is gone. */
int nf2d_peers_send(struct nf2d_peers *p, uint32_t pid, const void *bytes, size_t len);

#endif

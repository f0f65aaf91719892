/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card socket: connections of a driver and of a loader, whose packets
 * nt/cardserve.h understands. All in the thread of the card; nothing here
 * blocks. What a client does not read at once waits for it, up to a bound; a
 * client that has fallen behind further is closed.
 */
#ifndef VN_CARD_SERVER_H
#define VN_CARD_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "nt/cardserve.h"

#define CARD_CLIENTS	  8 /* a driver, a loader, and some that have not said who they are */
#define CARD_CLIENT_BYTES (1u << 20)

/* A message that its client has not taken yet. */
struct card_packet {
	struct card_packet *next;
	size_t len;
	uint8_t bytes[];
};

struct card_client {
	struct vn_nt_cardclient client;
	int fd;	      /* -1: nobody */
	uint64_t age; /* number of those who came before it */
	bool is_lost; /* to be closed */
	struct card_packet *first, **last;
	size_t waiting; /* bytes */
};

struct card_server {
	int fd; /* listens; -1: there is no socket */
	struct sockaddr_un addr;
	struct vn_nt_cardserve *serve;
	uint64_t n_came;
	struct card_client clients[CARD_CLIENTS];
	uint8_t packet[VN_NT_CARDMSG_MAX + 1]; /* one that is too long is seen as such */
};

/* path NULL: no socket. A file that a dead server left is replaced. -errno with a
 * sentence. Zeroes first. */
int card_server_open(struct card_server *s, const char *path, struct vn_nt_card *card,
		     const struct vn_nt_cardserve_ops *ops, void *arg, struct vn_err *err);
/* The file goes too. */
void card_server_close(struct card_server *s);

/* Takes new clients, does what the others say, sends what waits. */
void card_server_run(struct card_server *s);

/* Whether it is the driver's turn: it has yet to read what it was told, or to ask for a frame of
 * which it knows. */
bool card_server_awaits_driver(const struct card_server *s);

/* What to wait for, at most CARD_CLIENTS + 1; returns how many. */
unsigned int card_server_fds(const struct card_server *s, struct pollfd *fds);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface of a card, nf2c<k>: a TAP that is made here and goes with us. Down
 * and without carrier at first; no address of its own making, so that the host's
 * stack sends nothing that nobody asked for.
 *
 * Or, where an ordinary interface is the card (-b), that one: it is only watched.
 */
#ifndef VN_NF2D_IFACE_H
#define VN_NF2D_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct vn_link_watch;

struct nf2d_iface {
	int fd;	    /* the TAP; -1: an interface that is only watched */
	int ask_fd; /* a socket for questions about it */
	int ifindex;
	char name[16]; /* as nf2d_iface_next() has seen it last, as the MAC */
	uint8_t mac[6];
	bool is_up;
	struct vn_link_watch *watch;
};

enum nf2d_change { NF2D_NO_CHANGE, NF2D_WENT_UP, NF2D_WENT_DOWN, NF2D_IS_GONE };

/* Makes the TAP. -errno with a sentence. Zeroes first; close it in either case. */
int nf2d_iface_make(struct nf2d_iface *i, const char *name, unsigned int card, struct vn_err *err);
/* One that is there. */
int nf2d_iface_find(struct nf2d_iface *i, const char *name, struct vn_err *err);
void nf2d_iface_close(struct nf2d_iface *i);

int nf2d_iface_set_up(struct nf2d_iface *i, struct vn_err *err);
void nf2d_iface_carrier(struct nf2d_iface *i, bool on);
/* To the host's stack; lost when the interface is down. */
void nf2d_iface_write(struct nf2d_iface *i, const uint8_t *frame, uint32_t len);

/* Readable when something may have changed. */
int nf2d_iface_fd(const struct nf2d_iface *i);
/* The next change, each of them, in order; NF2D_NO_CHANGE: no more now. */
enum nf2d_change nf2d_iface_next(struct nf2d_iface *i);

#endif

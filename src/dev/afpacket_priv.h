/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the afpacket driver only. */
#ifndef VN_DEV_AFPACKET_PRIV_H
#define VN_DEV_AFPACKET_PRIV_H

#include "dev/ifdev.h"

struct vn_launch_qdisc;

/* A packet socket that receives nothing, or -errno with a sentence. */
int vn_afpacket_socket(const char *name, struct vn_err *err);

/* What the two kinds of transmit queue begin with. */
struct vn_afpacket_txq {
	struct vn_txq txq;
	void (*close)(struct vn_txq *q); /* accepts a half-open one */
	int fd; /* packet socket: sends, or is only asked about the link; -1 = none */
};

/* Sends through a packet socket (afpacket_tx.c). */
int vn_afpacket_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err);
/* The same with launch times for a discipline that is taken to be there; NULL:
 * without them. */
int vn_afpacket_txq_open_under(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			       const struct vn_launch_qdisc *launcher, struct vn_txq **out,
			       struct vn_err *err);
/* Sends up, as if received (inject.c). */
int vn_inject_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		       struct vn_err *err);

int vn_afpacket_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			 struct vn_err *err);
void vn_afpacket_rxq_close(struct vn_rxq *q);

#endif

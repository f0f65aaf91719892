/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the afpacket driver only. */
#ifndef VN_DEV_AFPACKET_PRIV_H
#define VN_DEV_AFPACKET_PRIV_H

#include "net/netdev.h"

struct vn_afpacket {
	struct vn_netdev net;
	/* as of the last refresh */
	int ifindex;
	bool rereads_type; /* struct vn_link */
};

static inline struct vn_afpacket *vn_afpacket_of(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct vn_afpacket, net);
}

/* A packet socket that receives nothing, or -errno with a sentence. */
int vn_afpacket_socket(const char *name, struct vn_err *err);

int vn_afpacket_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err);
void vn_afpacket_txq_close(struct vn_txq *q);

int vn_afpacket_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			 struct vn_err *err);
void vn_afpacket_rxq_close(struct vn_rxq *q);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the afxdp driver only. */
#ifndef VN_DEV_AFXDP_PRIV_H
#define VN_DEV_AFXDP_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <xdp/xsk.h>

#include "dev/ifdev.h"

/* Room of one chunk of shared memory. The kernel takes powers of two from 2 KiB
 * to a page; what it receives begins 256 bytes into a chunk. */
#define VN_AFXDP_CHUNK_MIN   2048u
#define VN_AFXDP_CHUNK_MAX   4096u
#define VN_AFXDP_QUEUES_MAX  1024
#define VN_AFXDP_RX_HEADROOM 256u

/*
 * The program that hands what arrives to our sockets, on the interface while
 * there are receive queues (afxdp_prog.c).
 */
struct vn_afxdp_prog {
	int map;  /* XSKMAP: the socket of each queue; -1 = none */
	int prog; /* -1 = none */
	int link; /* holds the program on the interface, and goes with us; -1 = none */
};

struct vn_afxdp {
	struct vn_ifdev base;
	int ask_fd; /* a socket, for questions about the interface: AF_XDP's answer none */
	pthread_mutex_t lock;	   /* queues are opened by the threads that use them */
	struct vn_afxdp_prog prog; /* under lock */
	unsigned int n_rxq;	   /* under lock: receive queues that need it */
	uint64_t taken[VN_AFXDP_QUEUES_MAX / 64]; /* under lock: queues with a socket of ours */
	_Atomic bool is_zero_copy;		  /* as of the queue that was opened last */
};

static inline struct vn_afxdp *vn_afxdp_of(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct vn_afxdp, base.net);
}

/* A socket on one queue of the interface, with memory of its own. */
struct vn_afxdp_socket {
	struct vn_afxdp *owner; /* NULL: has no queue */
	uint16_t queue;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons completed, rx;
	uint8_t *area;
	size_t size;
	uint32_t chunk; /* bytes */
	int fd;		/* goes with umem, or is own.fd */
	bool is_zero_copy;
	struct { /* in the place of umem and xsk, where frames have metadata (afxdp_rings.c) */
		bool is_open;
		int fd;
		void *map[3];
		size_t map_size[3];
	} own;
};

struct vn_afxdp_socket_opts {
	uint16_t queue;
	bool may_move;	/* struct vn_txq_opts */
	uint32_t chunk; /* bytes: VN_AFXDP_CHUNK_MIN or _MAX */
	uint32_t n_chunks;
	uint32_t n_fill, n_completed, n_tx, n_rx; /* powers of two; n_tx, n_rx: 0 = none */
	bool has_metadata; /* before each frame (dev/afxdp_meta.h); n_rx is 0 then */
};

/* *s was zeroed. 0 or -errno with a sentence (-EBUSY: the queue is taken;
 * -EINVAL: the interface has no such queue). */
int vn_afxdp_socket_open(struct vn_netdev *dev, const struct vn_afxdp_socket_opts *opts,
			 struct vn_afxdp_socket *s, struct vn_err *err);
/* Gives n chunks from the first on to be filled; the ring has room for them. */
void vn_afxdp_socket_fill(struct vn_afxdp_socket *s, uint32_t first, uint32_t n);
void vn_afxdp_socket_close(struct vn_afxdp_socket *s); /* a half-open or zeroed one too */

/* A socket with metadata on s->queue, with s->area; flags as of bind. 0 or -errno;
 * close it in either case. */
int vn_afxdp_rings_open(struct vn_afxdp_socket *s, int ifindex,
			const struct vn_afxdp_socket_opts *opts, uint16_t flags);
void vn_afxdp_rings_close(struct vn_afxdp_socket *s); /* a zeroed one too */

/* Whether there can be such sockets at all. 0 or -errno with a sentence. */
int vn_afxdp_try_socket(const char *name, struct vn_err *err);

/* open makes the program, add tells it of a queue's socket, attach puts it on the
 * interface. 0 or -errno, add without a sentence; close it in either case. try:
 * whether it could be made. other: the number of the program that is on the
 * interface, 0 if there is none. */
int vn_afxdp_prog_open(struct vn_afxdp_prog *p, const char *name, struct vn_err *err);
int vn_afxdp_prog_add(struct vn_afxdp_prog *p, uint32_t queue, int fd);
int vn_afxdp_prog_attach(struct vn_afxdp_prog *p, struct vn_netdev *dev, struct vn_err *err);
int vn_afxdp_prog_try(const char *name, struct vn_err *err);
uint32_t vn_afxdp_prog_other(int ifindex);
void vn_afxdp_prog_close(struct vn_afxdp_prog *p);

/* Whether frames that the MTU allows find room. 0 or -errno with a sentence. */
int vn_afxdp_check_mtu(const char *name, uint32_t mtu, struct vn_err *err);
int vn_afxdp_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		      struct vn_err *err);
/* The same with launch times and stamps by somebody who is taken to be there; NULL:
 * without them. */
struct vn_afxdp_launcher;
int vn_afxdp_txq_open_with(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			   const struct vn_afxdp_launcher *who, struct vn_txq **out,
			   struct vn_err *err);
void vn_afxdp_txq_close(struct vn_txq *q);
int vn_afxdp_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
		      struct vn_err *err);
void vn_afxdp_rxq_close(struct vn_rxq *q);

/* The operation `probe` of struct vn_netdev_ops. */
void vn_afxdp_probe(const char *ifname, struct vn_netdev_probe *out);

#endif

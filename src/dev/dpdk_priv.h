/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the dpdk driver only, the ones that see DPDK's headers.
 *
 * A port is DPDK's and there is one of it in a process; devices that name the
 * same one share it (what is sent to a ring is received from it). All its
 * queues are set up when it is made, because many ports can do that only while
 * they are stopped; queues of ours take them one by one.
 */
#ifndef VN_DEV_DPDK_PRIV_H
#define VN_DEV_DPDK_PRIV_H

#include <pthread.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <signal.h>

#include "net/netdev.h"

#define VN_DPDK_QUEUES 64 /* most of a port, each way */
#define VN_DPDK_BURST  64
#define VN_DPDK_IFACES 2

/* 0: as the port likes. Compared as bytes. */
struct vn_dpdk_port_words {
	uint64_t n_txq, n_rxq, tx_desc, rx_desc, mtu;
};

/* What a target says (dpdk_target.c). A text that is not given is NULL, a
 * number 0. */
struct vn_dpdk_target {
	char *copy;    /* holds the texts */
	char *devargs; /* for DPDK: the port with its driver's arguments */
	char name[64]; /* the port alone */
	bool is_pci;
	/* Interfaces of the system that it sends on. */
	char ifaces[VN_DPDK_IFACES][16];
	unsigned int n_ifaces;
	/* words for the environment */
	bool huge, no_huge;
	uint64_t mem_mb, core;
	bool has_core;
	const char *file_prefix, *huge_dir, *iova, *driver;
	struct vn_dpdk_port_words port;
};

/* 0 or -errno with a sentence. fini frees what init made, zeroed accepted. */
int vn_dpdk_target_init(struct vn_dpdk_target *t, const char *text, struct vn_err *err);
void vn_dpdk_target_fini(struct vn_dpdk_target *t);

/*
 * The environment (dpdk_eal.c): set up once in a process, by the first target.
 * Later ones may not ask for another. 0 or -errno with a sentence. Under the
 * lock.
 */
int vn_dpdk_eal_start(const struct vn_dpdk_target *t, struct vn_err *err);
/* For the time of a call that may start threads or log: blocks signals and
 * forgets what was logged before. `end` gives the first line that was logged
 * meanwhile, "" if there was none, valid until the next begin. */
struct vn_dpdk_call {
	sigset_t signals;
	cpu_set_t cpus;
};
void vn_dpdk_call_begin(struct vn_dpdk_call *c);
const char *vn_dpdk_call_end(struct vn_dpdk_call *c);
/* Ports are opened, closed, and given to queues under this lock. */
void vn_dpdk_lock(void);
void vn_dpdk_unlock(void);

struct vn_dpdk_txmem;
struct vn_dpdk_port;

struct vn_dpdk_port **vn_dpdk_ports(void); /* the head of their list; under the lock */

struct vn_dpdk_port {
	struct vn_dpdk_port *next;
	unsigned int n_users; /* devices */
	char name[64];
	char *devargs;
	struct vn_dpdk_port_words words; /* as asked for */
	uint16_t id;
	uint16_t n_txq, n_rxq, tx_desc, rx_desc;
	uint32_t frame_max;	     /* bytes, no FCS, two tags allowed for */
	int ifindex[VN_DPDK_IFACES]; /* of interfaces it sends on */
	unsigned int n_ifindex;
	bool holds_default_route;
	uint64_t tx_errors; /* counted before it was ours */
	/* Some drivers have one mailbox to the port, in which they ask. */
	pthread_mutex_t stats_lock;
	bool tx_taken[VN_DPDK_QUEUES], rx_taken[VN_DPDK_QUEUES];
	unsigned int n_promiscuous; /* receive queues that ask for it */
	/* A driver may keep frames of a closed queue until it is used again or the
	 * port stops: their memory is the port's. */
	struct vn_dpdk_txmem *txmem[VN_DPDK_QUEUES]; /* the newest first */
	struct rte_mempool *rx_pool[VN_DPDK_QUEUES];
};

struct vn_dpdk_dev {
	struct vn_netdev net;
	struct vn_dpdk_port *port;
};

static inline struct vn_dpdk_dev *vn_dpdk_dev_of(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct vn_dpdk_dev, net);
}

/* Makes the port or finds the one that is there; put gives it back. Under the
 * lock. 0 or -errno with a sentence (dpdk_port.c). */
int vn_dpdk_port_get(const struct vn_dpdk_target *t, struct vn_dpdk_port **out, struct vn_err *err);
void vn_dpdk_port_put(struct vn_dpdk_port *p);
/* Any thread. 0 or -errno. */
int vn_dpdk_port_stats(struct vn_dpdk_port *p, struct rte_eth_stats *out);
/* The port or an interface that it sends on is down, gone or without carrier. */
bool vn_dpdk_port_is_down(const struct vn_dpdk_port *p);

void vn_dpdk_txmem_free(struct vn_dpdk_txmem *m); /* and those that it took the place of */

int vn_dpdk_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		     struct vn_err *err);
void vn_dpdk_txq_close(struct vn_txq *q);
int vn_dpdk_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
		     struct vn_err *err);
void vn_dpdk_rxq_close(struct vn_rxq *q);

#endif

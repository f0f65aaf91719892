/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The net core: a network stack's lower half in user space, for devices that
 * are simulated (net core spec section 1). A net is a namespace: devices by
 * name and index, the softnet data of each CPU, handlers of packet types,
 * settings, listeners. Its first device is always lo, index 1.
 *
 * Threads: a net, with everything in it, belongs to one thread at a time. It
 * starts none and takes no lock; who shares it between threads has a lock of
 * his own around every call (dev/sim.c does). "CPU" is a number the caller
 * says he acts as, vn_net_on_cpu().
 *
 * Time comes from the net's clock; what waits for a time is a timer of
 * `timers`, which a virtual clock runs by itself. Work that the kernel defers
 * to a soft interrupt is raised, and done by vn_net_run(), which every caller
 * from outside calls when he is done, and every timer.
 */
#ifndef VN_NET_NET_H
#define VN_NET_NET_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/rng.h"
#include "base/timer.h"
#include "net/ptype.h"
#include "net/skb.h"
#include "net/softnet.h"

struct vn_device;

/* What listeners are told (spec section 2.3). */
enum vn_net_event {
	VN_NET_REGISTER,
	VN_NET_UP,
	VN_NET_GOING_DOWN,
	VN_NET_DOWN,
	VN_NET_CHANGENAME,
	VN_NET_CHANGE, /* carrier, address, mtu */
	VN_NET_UNREGISTER,
};

struct vn_net_listener {
	void (*fn)(struct vn_net_listener *l, enum vn_net_event event, struct vn_device *dev);
	struct vn_net_listener *next;
};

/* /proc/sys/net/core (spec section 8.3); written by the control files. */
struct vn_net_settings {
	uint32_t netdev_max_backlog;  /* 1000 packets */
	uint32_t dev_weight;          /* 64 packets */
	uint32_t dev_weight_rx_bias;  /* 1 */
	uint32_t dev_weight_tx_bias;  /* 1 */
	uint32_t netdev_budget;       /* 300 packets */
	uint32_t netdev_budget_usecs; /* 8000 */
	char default_qdisc[16];       /* "pfifo_fast" */
};

struct vn_net_opts {
	struct vn_clock *clock;
	struct vn_timers *timers; /* the virtual clock's, or of whoever runs the net */
	unsigned int n_cpus;
	uint64_t seed;            /* of hashes and disciplines that draw */
	/* The kernel's log, one line without newline; NULL: nowhere. */
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

#define VN_NET_CPUS_MAX 64
#define VN_PTYPE_HASH 16

struct vn_net {
	struct vn_net_opts opts;
	struct vn_net_settings settings;
	struct vn_rng rng;
	struct vn_device *devices;  /* by index */
	struct vn_device *loopback;
	int last_ifindex;
	unsigned int cpu;           /* the caller's */
	unsigned int xmit_depth;    /* of nested virtual devices (spec section 5.3) */
	bool is_running;            /* inside vn_net_run */
	struct vn_softnet softnet[VN_NET_CPUS_MAX];
	struct vn_ptype *ptype_all; /* newest first, as in each of these lists */
	struct vn_ptype *ptype_hash[VN_PTYPE_HASH]; /* by type & 15 */
	struct vn_net_listener *listeners;
	struct vn_skb *spare;       /* freed packets */
	uint64_t moved;             /* packets that went somewhere in vn_net_run */
	struct vn_timer retry;      /* of work that nothing came of */
	uint64_t log_since_ns;      /* first line of those that log_lines counts */
	unsigned int log_lines;
};

/* A net with its loopback device, up. 0 or -errno, *out NULL. */
int vn_net_new(const struct vn_net_opts *opts, struct vn_net **out, struct vn_err *err);
/* Unregisters what is left, lo last. NULL accepted. */
void vn_net_free(struct vn_net *net);

static inline void vn_net_on_cpu(struct vn_net *net, unsigned int cpu)
{
	net->cpu = cpu;
}

static inline uint64_t vn_net_now(const struct vn_net *net)
{
	return vn_clock_now(net->opts.clock);
}

static inline struct vn_softnet *vn_net_softnet(struct vn_net *net)
{
	return &net->softnet[net->cpu];
}

struct vn_device *vn_net_find(struct vn_net *net, const char *name);
struct vn_device *vn_net_find_index(struct vn_net *net, int ifindex);

/* At registration a listener is told REGISTER (and UP) of what is there. */
void vn_net_listen(struct vn_net *net, struct vn_net_listener *l);
void vn_net_unlisten(struct vn_net *net, struct vn_net_listener *l);
void vn_net_notify(struct vn_net *net, enum vn_net_event event, struct vn_device *dev);

void vn_net_log(struct vn_net *net, const char *format, ...) VN_PRINTF(2, 3);

/* Does what was raised on every CPU (NET_TX, NET_RX), until nothing is, or until
 * nothing comes of it any more: then a timer tries again. */
void vn_net_run(struct vn_net *net);

#endif

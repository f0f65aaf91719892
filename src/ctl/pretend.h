/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the control tree: a machine that is only pretended. It has the
 * interfaces that the recordings of a kernel were made with, which come, go,
 * are renamed, go up and down as a test says, and tell of it as the system
 * would; what is sent on them is taken at once and forgotten.
 *
 * Any thread may call anything but init and fini.
 */
#ifndef VN_CTL_PRETEND_H
#define VN_CTL_PRETEND_H

#include <pthread.h>
#include <stdatomic.h>

#include "ctl/tree.h"

#define PRETEND_IFS    32
#define PRETEND_EVENTS 64

struct pretend_if {
	char name[16];
	int ifindex;             /* 0: the place is free */
	bool is_up;
	bool holds_default_route;
	const struct pretend_kind *kind;
	uint8_t mac[6];
	uint32_t ipv4;           /* host order, 0 = none */
};

struct pretend {
	pthread_mutex_t lock;    /* all but the counters */
	struct vn_clock *clock;
	struct pretend_if ifs[PRETEND_IFS];
	int last_ifindex;
	struct vn_netdev_event events[PRETEND_EVENTS];
	unsigned int first, n_events;
	bool has_lost;           /* events, since the last look */
	_Atomic unsigned int n_open;  /* devices opened and not closed */
	_Atomic unsigned int n_txq;   /* the same of queues */
};

/* The interfaces of the recordings; with_all clear: only lo, down, as in a
 * network namespace that was just made. */
void pretend_init(struct pretend *p, struct vn_clock *clock, bool with_all);
void pretend_fini(struct pretend *p);
struct vn_tree_devices pretend_devices(struct pretend *p);

/* What `ip` does. Kinds: dummy, veth, card, tun, loopback. An interface that
 * is not there is left alone. */
void pretend_add(struct pretend *p, const char *name, const char *kind);
void pretend_del(struct pretend *p, const char *name);
void pretend_rename(struct pretend *p, const char *name, const char *to);
void pretend_up(struct pretend *p, const char *name, bool is_up);
void pretend_addr(struct pretend *p, const char *name, uint32_t ipv4);
void pretend_default_route(struct pretend *p, const char *name);
/* The events that wait are lost. */
void pretend_lose(struct pretend *p);

#endif

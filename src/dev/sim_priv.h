/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the simulated device: what its target says (sim_target.c), the back
 * end on the net core (sim_device.c), the driver on top of both (sim.c).
 */
#ifndef VN_DEV_SIM_PRIV_H
#define VN_DEV_SIM_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/timer.h"
#include "net/device.h"

/* How the device gives back the entries of its ring. */
enum sim_mode {
	SIM_COMPLETE, /* each as soon as its frame is on the cable */
	SIM_LAZY,     /* those that are done, when the next packet is sent */
	SIM_STUCK,    /* never: no frame leaves either */
};

struct sim_target {
	enum sim_mode mode;
	uint32_t ring; /* entries of each transmit queue */
	uint16_t queues;
	bool is_no_queue, can_share, has_no_timeout, has_byte_limits;
	uint32_t mtu, txqlen;
	uint64_t link_bps;	 /* of the cable, 0: takes no time */
	uint64_t watchdog_ns;	 /* 0: the core's */
	uint64_t pps;		 /* packets/s the far device forwards, 0: all */
	uint32_t buffer;	 /* packets that wait in front of it */
	uint64_t latency_ns;	 /* from the cable's end to the far end */
	uint64_t down_ns, up_ns; /* set down and up again so long after its making; 0: not */
	char qdisc[512];	 /* tc's words, "": the default one */
};

/* Words separated by commas; 0 or -errno with a sentence. */
int sim_target_parse(const char *text, struct sim_target *t, struct vn_err *err);

/*
 * Time at which something that serves one after the other is free: exactly
 * free_ns + rest / den, den being the rate of the last use.
 */
struct sim_line {
	uint64_t free_ns, rest;
};

/* Occupies the line from now on, or from when it is free, for num / den ns;
 * returns when that ends, rounded down. */
uint64_t sim_line_take(struct sim_line *l, uint64_t now_ns, uint64_t num, uint64_t den);

/* Entries of a queue's ring. */
struct sim_ring {
	uint32_t used; /* hold a packet or have not been cleaned */
	uint32_t done; /* of these, those whose frame has left (lazy) */
};

/* Packets of one sender that are held somewhere. It stays with the device, for
 * they may be held longer than their sender's queue is open. */
struct sim_charge {
	uint32_t n;
	bool is_taken; /* by an open queue */
	struct sim_charge *next;
};

/* Of the device's two ends: what `near` sends comes out at `far`. */
struct sim_device {
	struct vn_device near;
	struct vn_device far;
	struct sim_target target;
	int refs;		/* handles of the driver; and each end has one */
	struct sim_ring *rings; /* one a queue */
	struct sim_charge *charges;
	struct vn_skb_list stuck; /* in the rings for ever */
	struct sim_line cable;
	struct vn_skb_list on_cable; /* in order of the end of their transmission */
	struct vn_timer cable_timer;
	struct sim_line server;	    /* the far device's forwarding */
	struct vn_skb_list waiting; /* in it, in order of their times out */
	struct vn_timer server_timer;
	struct vn_napi far_napi;     /* takes in what is out of it */
	uint64_t refused; /* its buffer was full */
	struct vn_timer down_timer, up_timer;
	struct vn_device_stats near_stats, far_stats;
};

/* Makes and registers both ends, opens them; near is called name (may hold a
 * %d). 0 or -errno with a sentence, *out NULL. One reference is the caller's. */
int sim_device_new(struct vn_net *net, const char *name, const struct sim_target *target,
		   struct sim_device **out, struct vn_err *err);
/* The one that is near in this net under this name; NULL: none. */
struct sim_device *sim_device_find(struct vn_net *net, const char *name);
/* A charge that is nobody's and 0; NULL: no memory. Given back by is_taken. */
struct sim_charge *sim_device_charge(struct sim_device *d);
/* The last one unregisters both ends and frees the device. NULL accepted. */
void sim_device_put(struct sim_device *d);

#endif

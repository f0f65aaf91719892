/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `vernier serve` and `vernier exec` share: an engine with a worker on
 * each CPU, the control tree on it, and where the tree finds devices.
 */
#ifndef VN_CMD_CONTROL_H
#define VN_CMD_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "capturing.h"
#include "ctl/tree.h"
#include "dev/simnet.h"
#include "dev/watch.h"
#include "drivers.h"
#include "engine/engine.h"
#include "sas.h"

#define CONTROL_SIMULATED_MAX 32

/* A device that is none of the system's: --device NAME=DRIVER[:TARGET]. */
struct control_simulated {
	char name[16];
	char driver[32];
	const char *target;
};

struct control_options {
	const char *cpus, *seed, *really_on, *sa, *driver;
	uint64_t count, delay_ns, clone_skb, debug;
	struct capturing_options capture; /* in no row below: for who has them */
	bool is_quiet;
	struct control_simulated simulated[CONTROL_SIMULATED_MAX];
	unsigned int n_simulated;
};

/* Rows of the options above; OFF(member) must give the offset of a member of
 * struct control_options in the sub-command's struct, whose beginning it is. */
#define CONTROL_ROWS \
	{ .name = "device", .metavar = "NAME=DRIVER", .call = control_take_device, \
	  .help = "a device of another driver by this name: dummy0=null, out=pcap:FILE" }, \
	{ .name = "driver", .metavar = "NAME", .offset = OFF(driver), .def = "afpacket", \
	  .word = vn_driver_name, \
	  .help = "driver of the system's interfaces (vernier drivers)" }, \
	{ .name = "count", .metavar = "N", .offset = OFF(count), .def = "1000", \
	  .units = vn_units_none, .max = UINT64_MAX, \
	  .help = "packets of a new device's run (pg_count_d), 0: endless" }, \
	{ .name = "delay", .metavar = "TIME", .offset = OFF(delay_ns), .def = "0", \
	  .units = vn_units_time, .max = INT64_MAX, \
	  .help = "delay of a new device (pg_delay_d)" }, \
	{ .name = "clone-skb", .metavar = "N", .offset = OFF(clone_skb), .def = "0", \
	  .units = vn_units_none, .max = INT32_MAX, \
	  .help = "clone_skb of a new device that can share buffers (pg_clone_skb_d)" }, \
	{ .name = "debug", .metavar = "N", .offset = OFF(debug), .def = "0", \
	  .units = vn_units_none, .max = INT32_MAX, \
	  .help = "not 0: log every write and what it returned" }, \
	{ .name = "sa", .metavar = "FILE", .offset = OFF(sa), \
	  .help = "security associations, as ip xfrm state prints them" }, \
	{ .name = "cpus", .metavar = "LIST", .offset = OFF(cpus), \
	  .help = "threads on these CPUs only (0,2-3)" }, \
	{ .name = "seed", .metavar = "N", .offset = OFF(seed), \
	  .help = "of all random draws (default: random)" }, \
	{ .name = "really-on", .metavar = "IF", .offset = OFF(really_on), \
	  .help = "allow IF although it holds the default route" }, \
	{ .name = "quiet", .offset = OFF(is_quiet), \
	  .help = "print errors only, no log" }

int control_take_device(void *dest, const char *value, struct vn_err *err);

struct control {
	const struct control_options *o;
	struct vn_clock clock;
	struct vn_link_watch *watch; /* NULL: this system tells of no changes */
	struct vn_simnet *simnet;    /* where simulated devices live, with their files */
	/* Those of them that live from the beginning, whoever attaches them. */
	struct vn_netdev *kept[CONTROL_SIMULATED_MAX];
	struct capturing capturing; /* of what all devices send */
	struct vn_engine *engine;
	struct vn_tree *tree;
	struct sas sas;
	uint64_t seed;
};

/* 0 or -errno with a sentence; -EINVAL is a mistake of usage. */
int control_open(struct control *c, const struct control_options *o, struct vn_err *err);
/* When nothing sends any more and before it is closed: -errno with a sentence
 * when the capture could not be written whole. */
int control_finish(struct control *c, struct vn_err *err);
void control_close(struct control *c); /* a zeroed or half-open one is accepted */

#endif

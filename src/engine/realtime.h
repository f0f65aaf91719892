/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a worker's thread becomes SCHED_FIFO. Such a thread runs before all
 * common ones of its CPU; while it spins it leaves them nothing, and so the kernel
 * takes the CPU from it for some of each second (sched_rt_runtime_us): in one
 * piece, 50 ms by default. A worker that sleeps between departures gains by it,
 * one that always spins loses.
 */
#ifndef VN_ENGINE_REALTIME_H
#define VN_ENGINE_REALTIME_H

#include "base/err.h"
#include "base/realtime.h"
#include "engine/machine.h"

/* Of the time a thread that is real-time of itself may spin; a device that sends by
 * itself may do so before each departure besides. */
#define VN_REALTIME_PERMILLE 700

struct vn_realtime_case {
	enum vn_realtime asked;
	bool is_paced;	       /* something with a schedule runs or will */
	bool has_slack;	       /* it may be late: nobody spins */
	bool is_isolated;      /* the CPU */
	bool is_shared;	       /* another thread of ours is bound to the CPU */
	unsigned int n_cpus;   /* that the process may use */
	unsigned int permille; /* of the time it spins, about; above 1000: always */
	struct vn_rt_budget budget;
};

/* Yes or no, and why as a few words. */
bool vn_realtime_wants(const struct vn_realtime_case *c, char why[VN_MACHINE_WHY]);

/* A thread that became real-time by these would lose the CPU if it always spun. */
bool vn_realtime_must_sleep(const struct vn_realtime_case *c);

/* What was asked for cannot be: -EINVAL with a sentence where it would stop the
 * machine, else 0. */
int vn_realtime_check(const struct vn_realtime_case *c, int cpu, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine gave to a worker, and what it took away during a run: so that
 * a bad tail of lateness is explained and not hidden.
 *
 * Given: how late the kernel wakes its thread, where it therefore begins to spin,
 * its timer slack and scheduling, whether its CPU is kept from others. Taken, from
 * the preparation of the last run to its end, or until now: the counters of the
 * kernel for the thread and its CPU, and what the thread saw itself while it spun.
 */
#ifndef VN_ENGINE_MACHINE_H
#define VN_ENGINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/realtime.h"

struct vn_worker;

/* SCHED_FIFO for workers with paced entries: where it helps and is allowed, never,
 * or a start fails that cannot have it. */
enum vn_realtime { VN_REALTIME_AUTO, VN_REALTIME_OFF, VN_REALTIME_ON };

/*
 * X(name, kind, heading of a table): the name is the JSON key. Kinds: COUNT, NS.
 */
#define VN_MACHINE_NUMBERS(X)                                                                      \
	X(timer_samples, COUNT, "sleeps")                                                          \
	X(timer_p50_ns, NS, "wake p50") /* the kernel's lateness in waking the thread */           \
	X(timer_p90_ns, NS, "wake p90")                                                            \
	X(timer_max_ns, NS, "wake max")                                                            \
	X(timer_slack_ns, NS, "slack")                                                             \
	X(spin_ns, NS, "spins below")	 /* nearer than that to a departure */                     \
	X(overslept, COUNT, "overslept") /* sleeps that ended after the departure */               \
	X(overslept_max_ns, NS, "longest")                                                         \
	X(preempted, COUNT, "preempted") /* involuntary switches of context */                     \
	X(waited_ns, NS, "waited")	 /* ready to run, without a CPU */                         \
	X(steal_ns, NS, "stolen")	 /* from its CPU, by the hypervisor */                     \
	X(steal_grain_ns, NS, "grain")                                                             \
	X(interrupts, COUNT, "irqs") /* on its CPU */                                              \
	X(softirqs, COUNT, "softirqs")                                                             \
	X(stalls, COUNT, "stalls") /* it spun, and did not run for more than VN_STALL_NS */        \
	X(stall_ns, NS, "stalled")                                                                 \
	X(stall_max_ns, NS, "longest")                                                             \
	X(idle_entries, COUNT, "idle") /* its CPU went into its deepest idle state */

enum vn_machine_field {
#define VN_X(name, kind, heading) VN_M_##name,
	VN_MACHINE_NUMBERS(VN_X)
#undef VN_X
		VN_M_COUNT,
};

struct vn_machine_number {
	bool is_known;
	uint64_t n;
};

#define VN_MACHINE_WORD 32
#define VN_MACHINE_WHY	160

struct vn_worker_machine {
	int cpu;
	bool has_run; /* else nothing was taken yet: those numbers are unknown */
	bool knows_isolated, is_isolated;
	char policy[VN_SCHED_TEXT];	  /* of the run; "" is unknown, as of the next two */
	char idle_state[VN_MACHINE_WORD]; /* the deepest that its CPU was in */
	char governor[VN_MACHINE_WORD];
	char why[VN_MACHINE_WHY]; /* that policy; "" before a run */
	struct vn_machine_number value[VN_M_COUNT];
};

/* Any thread; on a virtual clock all is unknown. */
void vn_worker_machine(struct vn_worker *w, struct vn_worker_machine *out);

/* Stalls that somebody saw who spun in the worker's place: so many, in all, and the
 * longest. On the worker's thread. */
void vn_machine_add_stalls(struct vn_worker *w, uint64_t n, uint64_t sum_ns, uint64_t max_ns);

#endif

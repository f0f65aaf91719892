/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of the kernel for a thread and its CPU, read from /proc and /sys below
 * a root. All of them go up; what cannot be read is unknown.
 */
#ifndef VN_ENGINE_TAKEN_H
#define VN_ENGINE_TAKEN_H

#include <sys/types.h>

#include "engine/machine.h"

#define VN_IDLE_STATES 16

struct vn_taken {
	struct vn_machine_number steal_ns, waited_ns, preempted, interrupts, softirqs;
	unsigned int n_idle; /* states, the deepest last; 0: unknown */
	struct {
		char name[VN_MACHINE_WORD];
		uint64_t entries;
	} idle[VN_IDLE_STATES];
};

/* tid: a thread of this process. */
void vn_taken_read(const char *root, int cpu, pid_t tid, struct vn_taken *out);

/* What was taken between the two, into the fields that tell it. */
void vn_taken_between(const struct vn_taken *from, const struct vn_taken *to,
		      struct vn_worker_machine *out);

/* How fine steal time is: the kernel's tick for user space. */
uint64_t vn_taken_grain_ns(void);

/* The CPU's frequency governor; "" is unknown. */
void vn_taken_governor(const char *root, int cpu, char out[VN_MACHINE_WORD]);

#endif

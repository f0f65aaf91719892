/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How late the kernel wakes a thread that sleeps until some time, and from that
 * where sleeping has to end and spinning to begin. It depends on the machine
 * (a few us on one, hundreds in a virtual machine or with deep idle states) and
 * on the thread (timer slack, scheduling), so that each thread measures it for
 * itself.
 */
#ifndef VN_BASE_WAKEUP_H
#define VN_BASE_WAKEUP_H

#include <stdint.h>

#define VN_WAKEUP_SAMPLES 48

#define VN_SPIN_MIN_NS 5000    /* below it a sleep is not worth the two system calls */
#define VN_SPIN_MAX_NS 2000000 /* beyond it spinning costs more than it saves */

struct vn_wakeup {
	unsigned int samples;		 /* 0: not measured */
	uint64_t p50_ns, p90_ns, max_ns; /* lateness */
	uint64_t spin_ns;		 /* nearer than this to a departure it is better to spin */
	uint64_t spin_least_ns;		 /* and this would do most of the time */
};

/* Sleeps some dozens of times on the calling thread, as vn_clock_wait_by() does: for
 * 8 ms, or for one sleep that is longer. */
void vn_wakeup_measure(struct vn_wakeup *out);

/* What n > 0 latenesses amount to; they are put in order. */
void vn_wakeup_judge(uint64_t late_ns[], unsigned int n, struct vn_wakeup *out);

#endif

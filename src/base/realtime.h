/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling of the calling thread: SCHED_FIFO of the lowest priority, which is
 * above every thread of the common kind, and back.
 */
#ifndef VN_BASE_REALTIME_H
#define VN_BASE_REALTIME_H

#include <stdbool.h>
#include <stdint.h>

/* What has to be had for it, for messages. */
#define VN_REALTIME_RIGHT "CAP_SYS_NICE, or a limit RLIMIT_RTPRIO above 0 (ulimit -r 1)"

/* 0 or a negative errno: -EPERM without the right. */
int vn_realtime_begin(void);
int vn_realtime_end(void);

/* Whether it could begin: tried, and put back. 0 or a negative errno. */
int vn_realtime_try(void);

/* SCHED_OTHER, of which another may be made without harm to what somebody chose. */
bool vn_sched_is_common(void);

#define VN_SCHED_TEXT 24
/* "SCHED_FIFO 1", "SCHED_OTHER" */
void vn_sched_text(char buf[VN_SCHED_TEXT]);

/*
 * Of each period (/proc/sys/kernel/sched_rt_period_us below root) real-time threads
 * of a CPU get so much at most; the rest is for the common ones. Older kernels take
 * it away whether somebody wants it or not, newer ones when somebody waits.
 */
struct vn_rt_budget {
	bool is_known, is_unlimited;
	uint64_t runtime_us, period_us;
};
void vn_rt_budget_read(const char *root, struct vn_rt_budget *out);

#endif

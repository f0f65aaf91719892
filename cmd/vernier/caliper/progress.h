/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of standard error that is written over, for who watches. */
#ifndef VN_CALIPER_PROGRESS_H
#define VN_CALIPER_PROGRESS_H

#include "base/macros.h"
#include "run.h"

/* now_ns: of a clock that goes on; nothing happens more than once a second. */
void caliper_progress_tell(struct caliper_run *r, uint64_t now_ns);
void caliper_progress_end(struct caliper_run *r);

/* Beside the loop that sends: no call. */
static inline void caliper_progress(struct caliper_run *r, uint64_t now_ns)
{
	if (vn_unlikely(r->progress && now_ns - r->told_ns >= VN_NSEC_PER_SEC))
		caliper_progress_tell(r, now_ns);
}

#endif

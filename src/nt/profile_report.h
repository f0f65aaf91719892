/* SPDX-License-Identifier: BSD-2-Clause */
/* A profile by function: what the counts of its instructions come to, whoever called it. */
#ifndef VN_NT_PROFILE_REPORT_H
#define VN_NT_PROFILE_REPORT_H

#include "nt/card.h"
#include "nt/profile.h"

struct vn_nt_profile_sum {
	const struct vn_nt_profile_function *function;
	uint64_t executed;		   /* instructions */
	uint64_t calls;			   /* as those of a node (profile.h) */
	uint64_t stalled[VN_NT_N_STALLS];  /* cycles */
	uint64_t cycles;		   /* its own: those, and its slots */
	uint64_t total;			   /* with all that it called */
	uint64_t by_thread[VN_NT_THREADS]; /* cycles, its own */
};

/* Threads that sleep on a lock now: counts what has passed of their waits. */
void vn_nt_profile_settle(struct vn_nt_profile *p, const struct vn_nt_card *card);

/* Functions that were executed, the one with most cycles first. The array is the caller's
 * to free. -ENOMEM. */
int vn_nt_profile_sums(const struct vn_nt_profile *p, struct vn_nt_profile_sum **sums,
		       uint32_t *n_sums, struct vn_err *err);

/* What the instructions of one thread come to; the cycles of such a row. */
struct vn_nt_profile_row vn_nt_profile_thread(const struct vn_nt_profile *p, unsigned int tid);
uint64_t vn_nt_profile_cycles(const struct vn_nt_profile_row *row);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of a run with -N: that of this network namespace, or, with --cosim,
 * one in this process with a card behind it, on virtual time.
 */
#ifndef VN_CALIPER_LINK_H
#define VN_CALIPER_LINK_H

#include <vernier/vernier.h>

#include "run.h"
#include "virtual.h"

struct caliper_link {
	struct vn_caliper *c;
	/* From the host time that the driver knows to that since 1970, where there is one. */
	uint64_t wall_minus_host_ns;
	struct caliper_virtual virtual; /* --cosim */
};

/* Opens it, and sees to a source address. -errno with a sentence, -EINVAL where the user must say
 * something else. Zeroes first; to be closed in every case. */
int caliper_link_open(struct caliper_link *l, struct caliper_run *r, struct vn_err *err);
/* What is on its way leaves, up to the last packet of the result, which learns how many frames
 * left; the capture is written. */
int caliper_link_finish(struct caliper_link *l, struct caliper_result *res, struct vn_err *err);
/* What stopped virtual time; "" */
const char *caliper_link_why(const struct caliper_link *l);
void caliper_link_close(struct caliper_link *l);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver of a run with -N: that of this network namespace. */
#ifndef VN_CALIPER_LINK_H
#define VN_CALIPER_LINK_H

#include <vernier/vernier.h>

#include "run.h"

struct caliper_link {
	struct vn_caliper *c;
	/* From the host time that the driver knows to that since 1970. */
	uint64_t wall_minus_host_ns;
};

/* Opens it, and sees to a source address. -errno with a sentence, -EINVAL where the user must say
 * something else. Zeroes first; to be closed in every case. */
int caliper_link_open(struct caliper_link *l, struct caliper_run *r, struct vn_err *err);
void caliper_link_close(struct caliper_link *l);

#endif

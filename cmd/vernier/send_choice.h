/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver that `vernier send --driver auto` takes. */
#ifndef VN_CMD_SEND_CHOICE_H
#define VN_CMD_SEND_CHOICE_H

#include "choice.h"
#include "send_priv.h"

struct send_choice {
	struct vn_choice c;
	const char *ifnames[SEND_DEVS_MAX];
};

/* Makes what run->o.driver says up to open queues. 0, or an exit status with a
 * sentence; *is_drivers: another driver may do it. */
typedef int (*send_set_up_fn)(struct send_run *run, bool *is_drivers, struct vn_err *err);

/* Sets up with one driver after the other. The first that takes the run is then
 * run->o.driver, run->driver_why says why; else the last one's failure. */
int send_choose(struct send_run *run, send_set_up_fn set_up, struct vn_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which queueing discipline would let an interface's frames go at their launch
 * time (SO_TXTIME): fq and etf do, at the root or on the queues of a
 * discipline that has one for each queue (mq, mqprio, taprio). Under any other
 * the kernel takes launch times and ignores them, so it is asked before.
 */
#ifndef VN_DEV_LAUNCH_QDISC_H
#define VN_DEV_LAUNCH_QDISC_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "base/err.h"
#include "net/launch.h"
#include "net/netdev.h"

#define VN_LAUNCH_QDISCS_MAX 256

struct vn_launch_qdisc {
	char kind[16];
	uint32_t handle, parent;
	int clock;		 /* CLOCK_* of its launch times */
	struct vn_launch launch; /* its horizon and lead; the offset is not known here */
	bool is_deadline;	 /* etf: may send before the time */
};

/* All of an interface. Begins zeroed but for the interface's number. */
struct vn_launch_qdiscs {
	int ifindex;
	unsigned int n;
	struct vn_launch_qdisc v[VN_LAUNCH_QDISCS_MAX]; /* more are left out */
};

/* One message of the kernel's answer to RTM_GETQDISC; arg: struct
 * vn_launch_qdiscs. For mnl_cb_run(). */
int vn_launch_qdisc_message(const struct nlmsghdr *nlh, void *arg);

/*
 * The one that frames of this queue pass, with what all have in common where the
 * queue may be any. 0 or -EOPNOTSUPP with a sentence that names the discipline
 * that is there, and the command that puts one there that can. of_link: what the
 * interface says of itself, when no discipline was listed.
 */
int vn_launch_qdisc_choose(const struct vn_launch_qdiscs *all, const struct vn_netdev *dev,
			   const struct vn_txq_opts *opts, const char *of_link,
			   struct vn_launch_qdisc *out, struct vn_err *err);

/* The same with the system asked. */
int vn_launch_qdisc_find(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			 struct vn_launch_qdisc *out, struct vn_err *err);

#endif

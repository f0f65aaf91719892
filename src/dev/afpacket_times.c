/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/afpacket_times.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>

#include "dev/ifdev.h"

/*
 * So long before a launch time, and before what the discipline needs, frames are
 * handed over: longer than a thread that is woken up is late, as a rule. At
 * 100,000 packets/s it is the 100 packets that fq holds of one flow.
 */
#define AHEAD_NS    1000000
#define FOLLOW_NS   VN_NSEC_PER_SEC
#define STEP_NS	    1000 /* of a clock that was set: no error of measuring */
#define CONTROL	    CMSG_SPACE(sizeof(uint64_t))
#define READ_FRAMES 256 /* launched frames to a look at the error queue */

int vn_afpacket_find_launcher(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			      struct vn_launch_qdisc *out, struct vn_err *err)
{
	if (opts->launch == VN_LAUNCH_DEVICE)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: launch device: packet sockets hand no launch times to "
				  "hardware; driver afxdp does, where the interface can",
				  dev->name);
	if (opts->path != VN_PATH_QDISC)
		return vn_err_set(err, EINVAL,
				  "%s: launch qdisc: frames pass the queueing discipline with "
				  "xmit_mode queue_xmit only",
				  dev->name);
	return vn_launch_qdisc_find(dev, opts, out, err);
}

uint64_t vn_afpacket_ahead(const struct vn_launch *l)
{
	return vn_launch_ahead(l, l->lead_ns + AHEAD_NS);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void follow_clock(struct vn_afpacket_times *t)
{
	int64_t offset;

	if (t->now_ns - t->followed_ns < FOLLOW_NS)
		return;
	t->followed_ns = t->now_ns;
	offset = -vn_txstamp_to_clock(t->clock);
	if (llabs(offset - t->launch.offset_ns) > STEP_NS)
		t->launch.offset_ns = offset;
}

static void put_launch(struct vn_afpacket_times *t, uint32_t at, uint64_t depart_ns)
{
	uint64_t value = vn_launch_value(&t->launch, depart_ns);

	memcpy(CMSG_DATA((struct cmsghdr *)(t->control + at * CONTROL)), &value, sizeof(value));
}

unsigned int vn_afpacket_times_begin(struct vn_afpacket_times *t, const struct vn_txq *q,
				     uint32_t at, unsigned int n)
{
	unsigned int i;

	t->now_ns = now_ns();
	if (!t->has_launch)
		return n;
	follow_clock(t);
	if (t->stamps.unread >= READ_FRAMES)
		vn_txstamp_read(&t->stamps);
	for (i = 0; i < n; i++) {
		uint64_t depart_ns = q->frames[at + i].depart_ns;

		if (vn_launch_check(&t->launch, depart_ns, t->now_ns) == VN_LAUNCH_TOO_FAR)
			break;
		put_launch(t, at + i, depart_ns);
	}
	return i;
}

void vn_afpacket_times_sent(struct vn_afpacket_times *t, const struct vn_frame *f)
{
	uint64_t leaves_ns = t->now_ns;

	if (t->has_launch) {
		leaves_ns = VN_MAX(leaves_ns, f->depart_ns);
		if (vn_launch_check(&t->launch, f->depart_ns, t->now_ns) == VN_LAUNCH_TOO_LATE)
			atomic_fetch_add_explicit(&t->counters->launch_late, 1,
						  memory_order_relaxed);
	}
	vn_txstamp_sent(&t->stamps, f->depart_ns, leaves_ns);
}

/* --- opening ---------------------------------------------------------------------- */

static int lay_out_control(struct vn_afpacket_times *t, struct mmsghdr *msgs, uint32_t n)
{
	t->control = calloc(n, CONTROL);
	if (!t->control)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct cmsghdr *c = (struct cmsghdr *)(t->control + i * CONTROL);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_TXTIME;
		c->cmsg_len = CMSG_LEN(sizeof(uint64_t));
		msgs[i].msg_hdr.msg_control = c;
		msgs[i].msg_hdr.msg_controllen = CONTROL;
	}
	return 0;
}

static int start_launch(struct vn_afpacket_times *t, const struct vn_netdev *dev,
			const struct vn_launch_qdisc *launcher, struct vn_err *err)
{
	const struct sock_txtime how = {
		.clockid = launcher->clock,
		.flags = SOF_TXTIME_REPORT_ERRORS,
	};

	t->has_launch = true;
	t->clock = launcher->clock;
	t->launch = launcher->launch;
	t->launch.offset_ns = -vn_txstamp_to_clock(t->clock);
	t->followed_ns = now_ns();
	atomic_store_explicit(&t->counters->has_launch, true, memory_order_relaxed);
	if (setsockopt(t->fd, SOL_SOCKET, SO_TXTIME, &how, sizeof(how)))
		return vn_err_set(err, errno, "%s: launch qdisc: no launch times of a socket: %s%s",
				  dev->name, strerror(errno),
				  errno == EPERM ? " (a clock other than CLOCK_MONOTONIC needs "
						   "CAP_NET_ADMIN)"
						 : "");
	return 0;
}

int vn_afpacket_times_open(struct vn_afpacket_times *t, const struct vn_txq *q, int fd,
			   const struct vn_txq_opts *opts, const struct vn_launch_qdisc *launcher,
			   struct mmsghdr *msgs, struct vn_err *err)
{
	int rc;

	t->fd = fd;
	t->counters = &vn_ifdev_of(q->dev)->times;
	t->has_stamps = opts->stamps != VN_TX_STAMPS_OFF;
	rc = vn_txstamp_open(&t->stamps, q->dev, fd, opts->stamps, t->counters, err);
	if (rc || !launcher)
		return rc;
	if (lay_out_control(t, msgs, q->mask + 1))
		return vn_err_set(err, ENOMEM, "%s: no memory for launch times", q->dev->name);
	return start_launch(t, q->dev, launcher, err);
}

void vn_afpacket_times_close(struct vn_afpacket_times *t)
{
	vn_txstamp_close(&t->stamps);
	free(t->control);
	t->control = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The times of a queue on a packet socket: launch times, which go beside each
 * frame as a control message for the queueing discipline, and stamps of
 * departure. A queue that has neither has none of this in its way.
 */
#ifndef VN_DEV_AFPACKET_TIMES_H
#define VN_DEV_AFPACKET_TIMES_H

#include <sys/socket.h>
#include <time.h>

#include "dev/launch_qdisc.h"
#include "dev/txstamp.h"

struct vn_afpacket_times {
	struct vn_txstamp stamps;
	struct vn_txstamp_counters *counters;
	bool has_launch, has_stamps;
	int fd; /* not ours */
	clockid_t clock;
	struct vn_launch launch;
	uint8_t *control;     /* a control message for each frame of the ring */
	uint64_t now_ns;      /* of the commit under way */
	uint64_t followed_ns; /* when the offset of the clocks was looked at */
};

/*
 * The discipline that a queue with these options would have: 0, or -errno with a
 * sentence that says what keeps it from launching frames.
 */
int vn_afpacket_find_launcher(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			      struct vn_launch_qdisc *out, struct vn_err *err);

/* *t is zeroed; launcher: NULL without launch times. msgs: of the n frames of the
 * queue, which get their control messages. 0 or -errno with a sentence; close it
 * in either case, before the socket. */
int vn_afpacket_times_open(struct vn_afpacket_times *t, const struct vn_txq *q, int fd,
			   const struct vn_txq_opts *opts, const struct vn_launch_qdisc *launcher,
			   struct mmsghdr *msgs, struct vn_err *err);
void vn_afpacket_times_close(struct vn_afpacket_times *t); /* a zeroed one too */

/* struct vn_txq.launch_ns */
uint64_t vn_afpacket_ahead(const struct vn_launch *l);

/* First thing of a commit of n frames, from index `at` of the ring on: how many
 * may be handed over now; the others are too far ahead. */
unsigned int vn_afpacket_times_begin(struct vn_afpacket_times *t, const struct vn_txq *q,
				     uint32_t at, unsigned int n);
/* The frame was handed over. */
void vn_afpacket_times_sent(struct vn_afpacket_times *t, const struct vn_frame *f);

#endif

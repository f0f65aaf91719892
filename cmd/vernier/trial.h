/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test bed: carries out one trial after the other (struct vn_trial) over a
 * sending device and a receiving one, or over a simulated device whose far end
 * is in this process. A trial is what RFC 2544, section 23 makes of it: learning
 * frames before the first of a kind, the frames, a wait for the last of them, and
 * between trials time for the device under test to calm down. On a virtual clock
 * all waits are virtual.
 *
 * Frames of a trial are told from those of others by their UDP destination port,
 * of which trials take VN_TRIAL_PORTS in turn; what is still under way from an
 * earlier trial is counted apart.
 *
 * One thread; vn_trial_bed_stop() may be called by any.
 */
#ifndef VN_CMD_TRIAL_H
#define VN_CMD_TRIAL_H

#include "base/clock.h"
#include "net/netdev.h"
#include "search.h"
#include "send_streams.h"

#define VN_TRIAL_PORTS 16

/* Everything pointed at stays the caller's, and must outlive the bed. */
struct vn_trial_bed_opts {
	struct vn_clock *clock;
	struct vn_netdev *dev;		   /* sends */
	const char *really_on;		   /* send_check_dev() */
	const char *rx_driver, *rx_target; /* NULL: the far end of dev */
	struct vn_netdev *back; /* of the receiving side, learning frames leave here; or NULL */
	int cpu, rx_cpu;	/* rx_cpu -1: not bound */
	uint64_t seed;
	const struct send_streams *streams; /* frames are like those of the first one */
	uint16_t port;			    /* the first of VN_TRIAL_PORTS */
	uint32_t late_ppm;		    /* an offered rate lower by more is short */
	uint64_t learn_frames;		    /* of the stream; 0: nobody has to learn */
	uint64_t learn_wait_ns, settle_ns, stabilize_ns;
};

struct vn_trial_bed;

int vn_trial_bed_open(const struct vn_trial_bed_opts *opts, struct vn_trial_bed **out,
		      struct vn_err *err);
void vn_trial_bed_close(struct vn_trial_bed *bed); /* NULL accepted */

/* Goes as far as one can without sending: 0 when frames of this size (FCS
 * included) can be sent and received. */
int vn_trial_bed_check(struct vn_trial_bed *bed, uint32_t frame_size, struct vn_err *err);

/* vn_trial_ops.run, on a struct vn_trial_bed. -EINTR after vn_trial_bed_stop(). */
int vn_trial_bed_run(void *bed, const struct vn_trial *trial, struct vn_trial_result *out,
		     struct vn_err *err);

/* Ends the trial under way and refuses further ones. Any thread. */
void vn_trial_bed_stop(void *bed);

#endif

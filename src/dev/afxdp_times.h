/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launch times and stamps of departure of an AF_XDP queue: both lie before each
 * frame, where the hardware reads the one and writes the other. Only with zero
 * copy: in a copy the kernel ignores launch times.
 *
 * The hardware goes by a clock of its own, which is followed (dev/hwstamp.h).
 */
#ifndef VN_DEV_AFXDP_TIMES_H
#define VN_DEV_AFXDP_TIMES_H

#include "dev/afxdp_priv.h"
#include "net/launch.h"

/* Who launches and stamps. */
struct vn_afxdp_launcher {
	bool is_hardware; /* by its clock; else by one of the system's */
	clockid_t clock;
	struct vn_launch launch; /* the offset is not known here */
};

struct vn_afxdp_times {
	struct vn_afxdp_launcher who;
	bool has_launch, has_stamps;
	struct vn_hwstamp_io io;
	struct vn_hwstamp hw;
	int fd; /* for questions about the interface; not ours */
	uint64_t now_ns, followed_ns;
	struct vn_txstamp_counters *counters;
	uint64_t *asked;	 /* of the frame in each cache line of the memory */
	size_t size;		 /* of that memory, bytes */
	struct vn_departed *got; /* that nobody has taken yet */
	uint32_t got_head, got_tail;
};

/* What the interface would launch and stamp with. 0, or -errno with a sentence that
 * names the feature that is not there. */
int vn_afxdp_find_launcher(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			   struct vn_afxdp_launcher *out, struct vn_err *err);

/* *t is zeroed; for frames in s, which is open. 0 or -errno with a sentence; close it
 * in either case. */
int vn_afxdp_times_open(struct vn_afxdp_times *t, const struct vn_netdev *dev,
			const struct vn_afxdp_socket *s, const struct vn_txq_opts *opts,
			const struct vn_afxdp_launcher *who, struct vn_err *err);
void vn_afxdp_times_close(struct vn_afxdp_times *t); /* a zeroed one too */

uint64_t vn_afxdp_ahead(const struct vn_launch *l); /* struct vn_txq.launch_ns */

/* First thing of a commit: how many of n frames may be handed over now. */
unsigned int vn_afxdp_times_begin(struct vn_afxdp_times *t, const struct vn_frame *f,
				  unsigned int n);
/* Writes what lies before a frame of the memory, from its begin `area` on. */
void vn_afxdp_times_write(struct vn_afxdp_times *t, uint8_t *area, const struct vn_frame *f);
/* n frames, with these departures, went. */
void vn_afxdp_times_sent(struct vn_afxdp_times *t, const struct vn_frame *f, unsigned int n);
/* The completion of a frame at this place of the memory is back. */
void vn_afxdp_times_back(struct vn_afxdp_times *t, uint8_t *area, uint64_t place);
unsigned int vn_afxdp_times_take(struct vn_afxdp_times *t, struct vn_departed *out,
				 unsigned int cap);

#endif

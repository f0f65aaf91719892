/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamps by an interface's own hardware, of arrival or of departure: whether it
 * offers them for every frame, turned on and, at the end, put back as they were
 * found. The two are turned on apart, and each end puts back its own only.
 *
 * Such stamps are of a clock in the interface. They are put on CLOCK_REALTIME
 * by the difference between the two, which is measured.
 *
 * What is asked of the system goes through struct vn_hwstamp_io, so that the
 * tests can be an interface that has such stamps. One thread.
 */
#ifndef VN_DEV_HWSTAMP_H
#define VN_DEV_HWSTAMP_H

#include <linux/ptp_clock.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct vn_hwstamp_io {
	/* An ioctl of a socket. 0 or -errno. */
	int (*ask)(void *arg, unsigned long request, struct ifreq *ifr);
	/* Measures clock number `clock` against CLOCK_REALTIME. 0 or -errno. */
	int (*compare)(void *arg, int clock, struct ptp_sys_offset *out);
	void *arg;
};

/* The system itself, by this socket; lives as long as the socket. */
void vn_hwstamp_system(struct vn_hwstamp_io *io, const int *fd);

struct vn_hwstamp {
	const struct vn_hwstamp_io *io;
	int ifindex;
	int clock;	   /* number of the interface's clock */
	bool is_tx;	   /* of departure */
	int old;	   /* the setting that was found, of this side */
	bool is_changed;   /* and is to be put back */
	int64_t offset_ns; /* CLOCK_REALTIME - the interface's clock */
};

/*
 * Turns stamps for every frame on. 0 or -errno with a sentence that says what
 * is offered (-EOPNOTSUPP: not these), with everything as it was.
 */
int vn_hwstamp_begin(struct vn_hwstamp *h, const struct vn_hwstamp_io *io, int ifindex,
		     struct vn_err *err);
/* The same for stamps of departure. */
int vn_hwstamp_begin_tx(struct vn_hwstamp *h, const struct vn_hwstamp_io *io, int ifindex,
			struct vn_err *err);
/* Whether the interface's driver has the kernel stamp what it sends. 0 or -errno
 * with a sentence (-EOPNOTSUPP: it has not). */
int vn_hwstamp_kernel_tx(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err);

/* Whether that is offered, as far as can be told without turning it on. 0 or
 * -errno with a sentence. */
int vn_hwstamp_offered(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err);
int vn_hwstamp_offered_tx(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err);
/* Puts back what was found. A zeroed one is accepted; may be called again. */
void vn_hwstamp_end(struct vn_hwstamp *h);

/*
 * Measures the offset anew, for clocks drift apart where nobody keeps them
 * together. A difference that is smaller than the error of measuring it changes
 * nothing: it would only make gaps worse.
 */
void vn_hwstamp_follow(struct vn_hwstamp *h);

/* The offset from the sample that took the shortest time. */
int64_t vn_hwstamp_offset(const struct ptp_sys_offset *s);

#endif

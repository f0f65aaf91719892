/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What carries a client's messages to a driver and back: NetLink between
 * processes (transport_netlink.c), or a function call and virtual time between
 * parts of one process (cosim.h). The client library knows nothing else of
 * where its driver is.
 */
#ifndef VN_CALIPER_TRANSPORT_H
#define VN_CALIPER_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum vn_cal_socket { VN_CAL_DATA, VN_CAL_CONTROL };

struct vn_cal_transport {
	/* One datagram, whole, to a socket of the driver; waits while its data socket has no
	 * room. The control socket's is not waited for: what is asked has a time limit. 0,
	 * -ECONNREFUSED (nobody is there), -EINTR (a signal came while it waited; it was not
	 * sent), -EAGAIN (control: no room now), -errno. */
	int (*send)(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
		    size_t len);
	/* The next datagram of the driver's, waiting for it up to timeout_ns (UINT64_MAX: for
	 * ever). Its length; 0 when the time is over; -EINTR; -ENOBUFS (some were lost); -EPIPE
	 * (the driver is gone, where that can be told); -errno. */
	ssize_t (*recv)(struct vn_cal_transport *t, void *bytes, size_t cap, uint64_t timeout_ns);
	/* CLOCK_MONOTONIC, or the virtual time. */
	uint64_t (*now)(struct vn_cal_transport *t);
	/* For poll(); -1: none */
	int (*fd)(const struct vn_cal_transport *t);
	void (*close)(struct vn_cal_transport *t);
};

/* To the driver of that card in this network namespace. */
int vn_cal_netlink_open(unsigned int card, struct vn_cal_transport **out, struct vn_err *err);

struct vn_caliper;
struct vn_caliper_options;

/* vn_caliper_open() over a transport, which belongs to the connection from now on, also when this
 * fails. err: a sentence for failures. */
int vn_caliper_open_by(struct vn_caliper **out, const struct vn_caliper_options *options,
		       struct vn_cal_transport *t, struct vn_err *err);

#endif

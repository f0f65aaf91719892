/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that receives: device, receiver, responder and capture file put
 * together, for `recv` and for `send --rx`. Simulated devices bring what they
 * received by themselves, at their far end: then there is no thread, but all
 * the rest except a responder.
 *
 * The thread that opens it also closes it. While the thread runs, the device's
 * queue is its own; the receiver's counters are read by any.
 */
#ifndef VN_CMD_RXTHREAD_H
#define VN_CMD_RXTHREAD_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "capturing.h"
#include "net/netdev.h"
#include "respond.h"
#include "rx/receiver.h"

/* Options about the queue that `recv` and `send --rx` share. */
struct rx_options {
	const char *stamps;  /* NULL: not given */
	uint64_t ring_bytes; /* 0: the driver's own */
};

/* Rows of the options above; OFF(member) must give the offset of a member of
 * struct rx_options in the sub-command's struct. */
#define RX_ROWS(OFF) \
	{ .name = "stamps", .metavar = "WORD", .offset = OFF(stamps), .word = rx_stamps, \
	  .help = "whose stamps of arrival: auto, hardware, kernel" }, \
	{ .name = "ring", .metavar = "BYTES", .offset = OFF(ring_bytes), .def = "0", \
	  .units = vn_units_bytes, .max = UINT32_MAX, \
	  .help = "room for frames not yet looked at, 0: the driver's own" }

const char *rx_stamps(unsigned int i); /* the words; NULL after them */
/* -EINVAL with a sentence when a word is none. */
int rx_options_check(const struct rx_options *o, struct vn_err *err);

struct vn_rxthread_opts {
	const char *driver;
	const char *target;
	struct vn_clock *clock;
	int cpu;           /* -1: not bound to one */
	uint64_t late_after_ns; /* vn_receiver_late_after() */
	struct capturing *capturing; /* the caller's, open when the thread starts; its
					filter holds for all that is received; NULL: none */
	/* What goes out on the device is for the capture, if it takes that: clear
	 * where transmit queues are tapped. */
	bool shows_outgoing;
	const struct rx_options *rx; /* NULL: the defaults */
	bool outlasts_down; /* goes on when the device is up again */
	uint64_t count;    /* ends after so many of our packets, 0 = no limit */
	/* Instead of driver and target: these devices' far ends, all of one net. */
	struct vn_netdev *const *far;
	unsigned int n_far;
	uint64_t time_ns;  /* of a recording: ends so long after its first frame, 0 = no limit */
	const struct vn_respond_opts *respond; /* NULL or without addresses: no responder */
};

struct vn_rxthread;

/* What a driver must be able to do (enum vn_netdev_cap). respond may be NULL. */
uint32_t vn_rxthread_needs(const struct vn_respond_opts *respond);

/* Everything but the thread: after this, frames are queued by the device.
 * 0 or -errno with a sentence. */
int vn_rxthread_open(const struct vn_rxthread_opts *opts, struct vn_rxthread **out,
		     struct vn_err *err);
struct vn_receiver *vn_rxthread_receiver(struct vn_rxthread *t);
const struct vn_responder *vn_rxthread_responder(const struct vn_rxthread *t); /* NULL: none */
const struct vn_netdev *vn_rxthread_dev(const struct vn_rxthread *t); /* NULL: far ends */

int vn_rxthread_start(struct vn_rxthread *t, struct vn_err *err);

/* Asks the thread to end. Any thread. */
void vn_rxthread_stop(struct vn_rxthread *t);

/* Waits until the thread has ended; false when timeout_ns have passed before. On
 * a virtual clock it is moved by that. */
bool vn_rxthread_wait(struct vn_rxthread *t, uint64_t timeout_ns);

/* The queue's counters, as of at most a tenth of a second ago. */
void vn_rxthread_stats(const struct vn_rxthread *t, struct vn_rxq_stats *out);

/*
 * Of a device that gives back what was recorded (vn_rxq.is_recorded), whose run
 * lasts as long as its stamps say: the earliest stamp and the latest, both 0
 * before the first frame. False of others.
 */
bool vn_rxthread_span(const struct vn_rxthread *t, uint64_t *first_ns, uint64_t *last_ns);

/* Frames that the filter left out; false when the kernel did, which does not
 * count them, or there is no filter. */
bool vn_rxthread_filtered(const struct vn_rxthread *t, uint64_t *out);

/* How often the device went down and receiving went on. */
uint64_t vn_rxthread_downs(const struct vn_rxthread *t);

/*
 * Stops and joins the thread. 0, or -errno with a sentence when receiving
 * failed. What was counted can still be read.
 */
int vn_rxthread_end(struct vn_rxthread *t, struct vn_err *err);

void vn_rxthread_close(struct vn_rxthread *t); /* NULL and half-open accepted */

#endif

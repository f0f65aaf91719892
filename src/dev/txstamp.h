/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sender's socket says of frames after they were handed over: when they
 * left (SO_TIMESTAMPING), and which launch times were refused (SO_TXTIME). Both
 * come through the socket's error queue.
 *
 * The kernel numbers the frames of a socket; a stamp has the number of its frame
 * and nothing else, so numbers are kept with what was asked for, in a ring. One
 * that is passed over is lost: the error queue was full (it never blocks a
 * sender), or its frame was dropped on the way.
 *
 * Stamps are put on CLOCK_MONOTONIC, the run's clock. The kernel's are of
 * CLOCK_REALTIME; the two run at one rate, so the difference is measured once, to
 * some 50 ns, and again only after somebody has set the time of day: gaps are
 * exact, and all lateness is off by the same 50 ns. Those of hardware go over
 * CLOCK_REALTIME too (dev/hwstamp.h), with an error of 1 us.
 *
 * One thread, but for the counters.
 */
#ifndef VN_DEV_TXSTAMP_H
#define VN_DEV_TXSTAMP_H

#include <sys/socket.h>
#include <time.h>

#include "dev/hwstamp.h"
#include "net/netdev.h"

/* Of a device, over all its queues; added to by the threads that use them. */
struct vn_txstamp_counters {
	_Atomic bool has_launch, has_stamps; /* somebody asked for them */
	_Atomic uint64_t launch_late;	     /* handed over too late to leave at their time */
	_Atomic uint64_t launch_missed;	     /* and dropped therefore */
	_Atomic uint64_t launch_invalid;
	_Atomic uint64_t stamps_lost;
};

unsigned int vn_txstamp_counters(const struct vn_txstamp_counters *c, struct vn_netdev_counter *out,
				 unsigned int cap);

/* CLOCK_MONOTONIC - another one of the system's, measured. */
int64_t vn_txstamp_to_clock(clockid_t from);

#define VN_TXSTAMP_FRAMES 16384u /* that wait for stamps; also stamps that wait for a reader */

struct vn_txstamp {
	int fd; /* not ours */
	struct vn_txstamp_counters *counters;
	enum vn_tx_stamps kind;
	uint64_t *asked;	 /* by number; NULL: no stamps */
	uint32_t next, back;	 /* numbers given / accounted for */
	uint32_t unread;	 /* frames handed over since the queue was read */
	uint64_t due_ns;	 /* the last of them has left by then */
	bool is_asked_again;	 /* nothing was handed over since stamps were taken */
	struct vn_departed *got; /* that nobody has taken yet */
	uint32_t got_head, got_tail;
	int64_t to_clock_ns; /* CLOCK_MONOTONIC - CLOCK_REALTIME */
	uint64_t followed_ns;
	struct vn_hwstamp_io io;
	struct vn_hwstamp hw;
};

/*
 * *s is zeroed. Turns stamps of that kind on for a socket (VN_TX_STAMPS_OFF: its
 * error queue is read for refused launch times only). 0 or -errno with a sentence;
 * close it in either case, before the socket.
 */
int vn_txstamp_open(struct vn_txstamp *s, const struct vn_netdev *dev, int fd,
		    enum vn_tx_stamps kind, struct vn_txstamp_counters *counters,
		    struct vn_err *err);
void vn_txstamp_close(struct vn_txstamp *s); /* a zeroed one too */

/* A frame was handed over; it leaves at leaves_ns or a little later. */
void vn_txstamp_sent(struct vn_txstamp *s, uint64_t asked_ns, uint64_t leaves_ns);
/* The kernel refused one that had its number already. */
void vn_txstamp_skip(struct vn_txstamp *s);

/* Reads the error queue to its end. */
void vn_txstamp_read(struct vn_txstamp *s);
/* One message of it. */
void vn_txstamp_message(struct vn_txstamp *s, struct msghdr *m);

/* struct vn_txq.departed; and how many are still to come, 0 when none can be
 * expected any more. */
unsigned int vn_txstamp_take(struct vn_txstamp *s, struct vn_departed *out, unsigned int cap);
uint32_t vn_txstamp_expected(struct vn_txstamp *s);

#endif

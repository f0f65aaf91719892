/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program that builds and sends packets in the kernel
 * (generate.bpf.c) and the driver that runs it (src/dev/xdp_tx.c) share. The
 * driver fills in the first part before each call and clears the rest.
 */
#ifndef VN_BPF_GENERATE_H
#define VN_BPF_GENERATE_H

#include "base/departures.h"
#include "base/schedule.h"
#include "packet/plan.h"

#define VN_GENERATE_MAX 16384 /* paced packets of one call */
#define VN_GENERATE_BATCH_MAX 256 /* a power of two: the kernel's limit */
#define VN_GENERATE_FLUSH 16      /* packets the kernel gives to the device at a time */
#define VN_GENERATE_STALL_NS 1000 /* between two looks at the clock: the machine was away */

struct vn_generate_run {
	struct vn_schedule sched; /* of the next packet, if there are departures */
	uint64_t end_ns;          /* nothing is sent at or after this, CLOCK_MONOTONIC */
	uint64_t due_ns;          /* nor what departs after this */
	uint64_t not_before_ns;   /* nothing is sent before this */
	uint32_t is_spaced;       /* what was missed is made up with space between */
	uint64_t to_wall_ns;      /* time of day less CLOCK_MONOTONIC */
	uint32_t next_seq;        /* number of the next packet that gets a new one */

	uint64_t burst_depart_ns; /* of the packets that burst_left counts */
	uint32_t burst_left;      /* still to come of that departure */
	uint32_t is_over;         /* end_ns has passed, or nothing goes: the rest is not sent */
	uint64_t task;            /* who runs it: whose flushes are counted */
	uint64_t now_ns;          /* clock as last read */
	uint64_t first_ns;
	uint64_t idle_ns;         /* spent waiting for departures */
	uint64_t skipped;         /* departures that had passed, policy skip */
	uint64_t slid_ns;         /* by which the schedule was put off, policy slide */
	uint64_t slide_ns;        /* of it, not told to the record yet */
	uint64_t stalls, stall_ns, stall_max_ns; /* seen while waiting */
	uint64_t first_late_ns, last_late_ns; /* of the first and the last packet, at its turn */
	uint64_t built;           /* packets given to the device's queue */
	uint64_t sent, refused;   /* by the device */
	uint64_t bytes, bits_l2;  /* of those built, if sizes vary */
	uint64_t refused_bytes, refused_bits_l2;
	uint32_t stamp_left;      /* packets until the next look at the clock */
	uint32_t stamp_sec, stamp_fraction; /* of the payload header */
	uint64_t sec_from_ns;     /* time of day when that second began */
	/* Of packets that are not flushed yet. */
	uint64_t asked_ns[VN_GENERATE_BATCH_MAX];
	uint16_t lens[VN_GENERATE_BATCH_MAX];
	uint32_t seqs[VN_GENERATE_BATCH_MAX];
};

/*
 * What is drawn by the driver, one after the other, for the packets to come: gaps in
 * 1/65536 ns, or sizes in bytes. A ring with free-running indices; what a call
 * leaves is for the next one.
 */
struct vn_generate_feed {
	uint32_t head, tail;
	uint64_t v[VN_GENERATE_MAX];
};

/*
 * Numbers of packets that the device refused: packets built later take them, so
 * that what was sent has all numbers. A ring with free-running indices; there is
 * room for more than is ever under way.
 */
struct vn_generate_again {
	uint32_t head, tail;
	uint32_t seq[4 * VN_GENERATE_BATCH_MAX];
};

#endif

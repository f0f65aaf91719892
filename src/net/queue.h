/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transmit queue of a device of the net core (spec section 3): state bits,
 * lock with its owner, time of the last start.
 */
#ifndef VN_NET_QUEUE_H
#define VN_NET_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct vn_device;
struct vn_qdisc;

enum vn_queue_state {
	VN_QUEUE_DRV_XOFF = 1, /* by the back end: its ring is full */
	VN_QUEUE_STACK_XOFF = 2, /* by the byte limit */
	VN_QUEUE_FROZEN = 4,
};

#define VN_QUEUE_NO_OWNER -1

/* Bytes given to the back end and not completed (byte queue limits). */
struct vn_queue_limit {
	bool is_used;         /* the back end reports completions */
	uint64_t inflight;    /* bytes */
	uint32_t limit, limit_min, limit_max; /* bytes */
	uint32_t hold_time_ms; /* a limit that was too high this long shrinks */
	uint64_t least_left;   /* bytes left at a completion since hold_since_ns */
	uint64_t hold_since_ns;
};

struct vn_tx_queue {
	struct vn_device *dev;
	uint16_t index;
	struct vn_qdisc *qdisc;          /* active */
	struct vn_qdisc *qdisc_sleeping; /* configured */
	uint32_t state;                  /* enum vn_queue_state */
	int owner;                       /* CPU that transmits, or VN_QUEUE_NO_OWNER */
	uint64_t trans_start_ns;         /* last start of a transmission */
	uint64_t trans_timeout;          /* firings of the watchdog */
	uint32_t tx_maxrate;             /* Mbit/s, 0 = none */
	uint64_t xps_cpus;               /* mask, 0 = none: CPUs whose packets go here */
	uint64_t xps_rxqs;               /* mask, kept for the file that shows it */
	struct vn_queue_limit bql;
};

/* A receive queue: which CPUs its packets are to be handled by (receive
 * steering). Kept for the files that show it; nothing is steered. */
struct vn_rx_queue {
	uint64_t rps_cpus;     /* mask, 0 = the CPU that received */
	uint32_t rps_flow_cnt; /* flows, a power of two or 0 */
};

static inline bool vn_queue_is_stopped_by_driver(const struct vn_tx_queue *q)
{
	return q->state & VN_QUEUE_DRV_XOFF;
}

static inline bool vn_queue_is_stopped(const struct vn_tx_queue *q)
{
	return q->state & (VN_QUEUE_DRV_XOFF | VN_QUEUE_STACK_XOFF);
}

static inline bool vn_queue_is_frozen_or_stopped(const struct vn_tx_queue *q)
{
	return q->state & (VN_QUEUE_DRV_XOFF | VN_QUEUE_STACK_XOFF | VN_QUEUE_FROZEN);
}

static inline bool vn_queue_is_frozen_or_stopped_by_driver(const struct vn_tx_queue *q)
{
	return q->state & (VN_QUEUE_DRV_XOFF | VN_QUEUE_FROZEN);
}

/* By the back end. stop: its ring is full; the last start is set to now. wake:
 * goes on, the discipline is scheduled; start: the same without scheduling. */
void vn_queue_stop(struct vn_tx_queue *q);
void vn_queue_wake(struct vn_tx_queue *q);
void vn_queue_start(struct vn_tx_queue *q);

/* All queues of a device: nothing is transmitted until they thaw. */
void vn_queues_freeze(struct vn_device *dev);
void vn_queues_unfreeze(struct vn_device *dev);

/* Byte limits: what the back end took, and what it completed. */
void vn_queue_sent(struct vn_tx_queue *q, uint32_t bytes);
void vn_queue_completed(struct vn_tx_queue *q, uint32_t bytes);

/* The lock of a transmission; lock answers false when this CPU has it. Nothing
 * to do for a device that does its own locking. */
bool vn_queue_lock(struct vn_tx_queue *q);
void vn_queue_unlock(struct vn_tx_queue *q);

#endif

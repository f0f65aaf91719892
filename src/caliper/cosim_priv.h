/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the co-simulation: cosim.c has time, the driver and the card,
 * cosim_transport.c the sockets of its clients. What waits anywhere waits in a
 * struct vn_cosim_queue, which has a bound as the kernel's queues have.
 */
#ifndef VN_CALIPER_COSIM_PRIV_H
#define VN_CALIPER_COSIM_PRIV_H

#include "caliper/cosim.h"

/* A datagram or a frame. */
struct vn_cosim_item {
	struct vn_cosim_item *next;
	uint32_t pid; /* who sent it */
	uint32_t len;
	uint8_t bytes[] __attribute__((aligned(8))); /* messages are read where they lie */
};

struct vn_cosim_queue {
	struct vn_cosim_item *first, **end;
	uint64_t bytes, n;
};

struct vn_cosim_client {
	struct vn_cal_transport transport;
	struct vn_cosim *sim;
	struct vn_cosim_client *next;
	uint32_t pid;
	struct vn_cosim_queue in; /* what the driver has sent to it */
};

struct vn_cosim {
	struct vn_cosim_config cfg;
	struct vn_nt_card *card;
	struct vn_nf2 *driver;
	struct vn_cosim_client *clients;
	uint32_t n_clients;			     /* that there ever were */
	struct vn_cosim_queue data, control, frames; /* towards the driver */
	uint32_t mask, pending;			     /* of interrupts */
	uint64_t now;	    /* the cycle of what is being told to the driver, else the card's */
	uint64_t busy_till; /* ns: of the last thing that was planned or has happened */
	/* Frames that left, ever; that, and packets copied to the card, as of the last reset. */
	uint64_t n_left, left_at_reset, copied_at_reset;
	int broken; /* a negative errno: time does not go on any more */
	struct vn_err why;
	uint8_t frame[VN_NT_FRAME_MAX]; /* that left, for who looks */
};

void vn_cosim_queue_init(struct vn_cosim_queue *q);
void vn_cosim_queue_fini(struct vn_cosim_queue *q);
/* A copy at the end. -ENOMEM. */
int vn_cosim_queue_add(struct vn_cosim_queue *q, uint32_t pid, const void *bytes, uint32_t len);
/* The first, which the caller frees; NULL: empty. */
struct vn_cosim_item *vn_cosim_queue_take(struct vn_cosim_queue *q);

/* The driver takes what waits for it and what it can take; time does not go on. */
void vn_cosim_pump(struct vn_cosim *sim);
/* Time goes on to the next thing that the driver hears of, at most until until_ns. -EIO:
 * sim->why. */
int vn_cosim_step(struct vn_cosim *sim, uint64_t until_ns);
/* For who waits until then: -EDEADLK, sim->why, if nothing will come. */
int vn_cosim_is_hopeless(struct vn_cosim *sim, uint64_t until_ns);

/* nl_send of the driver's operations. */
int vn_cosim_tell(struct vn_cosim *sim, uint32_t pid, const void *bytes, size_t len);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client, driver and card in one process on virtual time: what a driver on a host
 * that takes no time does with a card, to the cycle, the same on every machine.
 * Measures are made with it, and `vernier caliper --cosim` is it.
 *
 * Time goes on inside of calls: when a client waits (or its socket is full), and
 * in vn_cosim_run(). Interrupts reach the driver in the cycle in which they are
 * raised; what the driver says to the card begins in that cycle.
 */
#ifndef VN_CALIPER_COSIM_H
#define VN_CALIPER_COSIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "caliper/driver.h"
#include "caliper/transport.h"
#include "nt/card.h"

#define VN_COSIM_CARDS 8

struct vn_cosim_config {
	struct vn_nt_config card;	 /* has_driver and attends_irq are set for it */
	const struct vn_nt_image *image; /* firmware/pktgen */
	struct vn_nf2_config driver;
	uint64_t socket_bytes; /* room of a driver's socket and of a client's; 0: 212992 */
	/* A frame that left a MAC (cycle of its first byte); in order. May feed the card and
	 * the driver. NULL: nobody looks. */
	void (*left)(void *arg, unsigned int mac, uint64_t cycle, const uint8_t *frame,
		     uint32_t len);
	/* A frame that the driver delivered to the interface. NULL: nobody looks. */
	void (*delivered)(void *arg, const uint8_t *frame, uint32_t len);
	/* What the driver has for its log. NULL: nobody reads it. */
	void (*log)(void *arg, const char *text);
	void *arg;
};

struct vn_cosim;

/* The card runs, the interface is down. -errno with a sentence. */
int vn_cosim_new(const struct vn_cosim_config *cfg, struct vn_cosim **out, struct vn_err *err);
void vn_cosim_free(struct vn_cosim *sim);

uint64_t vn_cosim_now_ns(const struct vn_cosim *sim);
/* Runs until then, or until the card stops by itself. 0; -EIO with a sentence when a program
 * faulted (vn_nt_card_fault() has it), all threads wait for each other, or it ended. */
int vn_cosim_run(struct vn_cosim *sim, uint64_t until_ns, struct vn_err *err);
/* Runs until the driver is in this state, at most for_ns. -ETIMEDOUT. */
int vn_cosim_run_to_state(struct vn_cosim *sim, enum cal_state state, uint64_t for_ns,
			  struct vn_err *err);

/* A new client: each has a port id of its own. The transport lives until it is closed, at most
 * as long as the simulation. What breaks off a wait: -EIO (a fault of the card's program), and
 * -EDEADLK where nothing will come: the wait has no end and all sleep, or nothing has come or
 * left for 40 s and the card has no packet, however long the wait may last. Who wants to let
 * such a time pass calls vn_cosim_run(). */
int vn_cosim_client(struct vn_cosim *sim, struct vn_cal_transport **out);
/* The sentence of what broke off a wait; "". */
const char *vn_cosim_why(const struct vn_cosim *sim);

/* A frame of the host's stack; waits in a queue of its own as on a TAP interface (1000 frames,
 * beyond that it is dropped and counted). */
void vn_cosim_frame(struct vn_cosim *sim, const uint8_t *frame, uint32_t len);
/* A frame that arrives on a MAC, at this cycle or when the line is free. */
int vn_cosim_feed(struct vn_cosim *sim, unsigned int mac, uint64_t cycle, const uint8_t *frame,
		  uint32_t len);

struct vn_nf2 *vn_cosim_driver(struct vn_cosim *sim);
struct vn_nt_card *vn_cosim_card(struct vn_cosim *sim);

#endif

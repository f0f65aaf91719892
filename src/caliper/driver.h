/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nf2drv: the driver of one card, a state machine without system calls (spec
 * caliper 4). Datagrams of clients, frames of the host's stack, interrupts and
 * time come in as calls; transfers, register writes, datagrams, received frames
 * and the carrier go out by struct vn_nf2_ops. The daemon, the co-simulation and,
 * some day, a kernel module stand around it.
 *
 * What it is connected to is a card that speaks drivercomm.h: the FPGA's program,
 * simulated or not, or a program that plays one before an ordinary interface
 * (softcard.h).
 *
 * driver_fixture_test.h is a card and clients in a few lines, and shows who calls what.
 *
 * One owner thread; all state in one struct; nothing is allocated after
 * vn_nf2_new(). Operations are called from inside the calls below and must not call
 * back into the driver.
 */
#ifndef VN_CALIPER_DRIVER_H
#define VN_CALIPER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "vernier/caliper.h"
#include "wire/nf2.h"

#define VN_NF2_DMA_MAX	     2048
#define VN_NF2_RESET_TRIES   10
#define VN_NF2_RESET_WAIT_NS UINT64_C(100000000)

struct vn_nf2_ops {
	/*
	 * Starts a transfer to the card. Its bytes stay as they are until
	 * INT_DMA_TX_COMPLETE says that it is over. -errno: it was not started (-EBUSY,
	 * -ENODEV: the card is gone, which is a FAULT).
	 */
	int (*dma_tx)(void *arg, const uint8_t *bytes, uint32_t len);
	/* Starts a transfer from the card; its bytes come by vn_nf2_dma_data(), then
	 * INT_DMA_RX_COMPLETE. */
	int (*dma_rx)(void *arg);
	/* VN_NT_INT_*; clears it. With several transfers at a time each read tells of the end of
	 * one. Those that a RESET ended are told before its answer is fetched, or not at all. */
	uint32_t (*read_status)(void *arg);
	void (*write_mask)(void *arg, uint32_t mask); /* interrupts that are not wanted */
	/* A datagram for the client with this port id; never waits. 0, -EAGAIN: it has no room;
	 * -ECONNREFUSED: it is gone. */
	int (*nl_send)(void *arg, uint32_t pid, const void *bytes, size_t len);
	void (*deliver)(void *arg, const uint8_t *frame, uint32_t len); /* to the interface */
	void (*carrier)(void *arg, bool on);
	uint64_t (*now)(void *arg); /* ns, CLOCK_MONOTONIC or virtual */
	/* A sentence for the log; at most one a second for each cause. */
	void (*log)(void *arg, const char *text);
};

struct vn_nf2_config {
	unsigned int card;
	unsigned int txbuffs;	  /* 2 to 4096; 0: 16 */
	unsigned int transfers;	  /* at a time: 1, as DMA has it; more for a card in software */
	unsigned int max_entries; /* 0: as many as fit */
	unsigned int quota;	  /* 0: 8 */
	uint32_t ns_per_cycle;	  /* of entries: a power of two; 0: 8 */
	enum cal_precision precision;
	char ifname[16];
	uint8_t mac[6]; /* of the interface */
};

struct vn_nf2;

/* -ENOMEM, -EINVAL with a sentence. ops and arg are used, not owned. State DOWN. */
int vn_nf2_new(const struct vn_nf2_config *cfg, const struct vn_nf2_ops *ops, void *arg,
	       struct vn_nf2 **out, struct vn_err *err);
void vn_nf2_free(struct vn_nf2 *d);

/* --- the interface ---------------------------------------------------------------- */

/* It was set up (nf2c_open): resets the card, RUNNING when that has answered. Also out of FAULT. */
void vn_nf2_up(struct vn_nf2 *d);
/* It was set down: drops what waits, answers its marks, ignores interrupts from now on. */
void vn_nf2_down(struct vn_nf2 *d);
/* The card is gone, or broke its word: FAULT, with the reason for the log. Transfers that are under
 * way then are over when the interface comes up again. */
void vn_nf2_fault(struct vn_nf2 *d, const char *why);

/* nf2c_tx_pkt: a frame of the host's stack, 14 to 1514 bytes (others are dropped and counted).
 * Only while vn_nf2_takes_frames(); in states other than RUNNING it is dropped, counted. */
bool vn_nf2_takes_frames(const struct vn_nf2 *d);
void vn_nf2_frame(struct vn_nf2 *d, const uint8_t *frame, uint32_t len);
/* The owner has dropped frames itself: if_txdrop. */
void vn_nf2_dropped(struct vn_nf2 *d, uint64_t n);
/* An interface that plays the card did not take packets: lost. */
void vn_nf2_lost(struct vn_nf2 *d, uint64_t n);

/* --- clients ----------------------------------------------------------------------- */

/*
 * nl_receive_msg: a datagram that came from pid, who may use the driver. On the data
 * socket only while vn_nf2_takes_data(): what finds no txbuff waits inside, and
 * nothing more is taken meanwhile, but for what a CANCEL has to know. Too long ones are refused.
 */
bool vn_nf2_takes_data(const struct vn_nf2 *d);
void vn_nf2_data(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len);
void vn_nf2_control(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len);
/* The data socket was found empty. What comes from now on was sent after every CANCEL that was
 * handled, whatever its number: a port id may be another client's by now. */
void vn_nf2_data_over(struct vn_nf2 *d);
/* There was a CANCEL since, which waits to be answered until then: its owner should look at the
 * data socket, also if nothing tells of it, before it hears others. */
bool vn_nf2_awaits_data_over(const struct vn_nf2 *d);
/* Refuses each message of a datagram (either socket) with this errno: -EPERM. */
void vn_nf2_refuse(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len, int error);
/* This client is gone: its subscription ends, its marks are dropped. Its packets leave. */
void vn_nf2_forget(struct vn_nf2 *d, uint32_t pid);

/* --- the card ---------------------------------------------------------------------- */

/* Bytes of the transfer that dma_rx began, before its interrupt. They are copied. */
void vn_nf2_dma_data(struct vn_nf2 *d, const uint8_t *bytes, uint32_t len);
/* nf2c_intr: reads the status register and does what it says, until it says nothing. Call it in
 * every state: what comes while the interface is down has to be known when it is up again. */
void vn_nf2_intr(struct vn_nf2 *d);

/* --- time -------------------------------------------------------------------------- */

/* When vn_nf2_timer() has something to do (a txbuff to flush, a reset to repeat), by
 * ops->now(); UINT64_MAX: never. */
uint64_t vn_nf2_next_ns(const struct vn_nf2 *d);
void vn_nf2_timer(struct vn_nf2 *d);

/* What the interface is called, and its MAC, from now on; packets that wait keep theirs. */
void vn_nf2_set_identity(struct vn_nf2 *d, const char *ifname, const uint8_t mac[6]);

/* --- looking ------------------------------------------------------------------------- */

enum cal_state vn_nf2_state(const struct vn_nf2 *d);
/* Up to n, in the order of CAL_COUNTERS; returns CAL_N_COUNTERS. */
unsigned int vn_nf2_counters(const struct vn_nf2 *d, uint64_t *out, unsigned int n);

#endif

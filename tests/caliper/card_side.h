/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's program with nobody but a host that never tires: a card, its program, and on
 * the other side of the bus a synthetic driver that always has the next command ready, keeps
 * to the quota, takes each message at once, and knows for each packet when it was to
 * leave. It fails the test when a packet comes out of order, with other bytes than it was
 * given, or too early; how many were late it counts.
 */
#ifndef CARD_SIDE_H
#define CARD_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "nt/card.h"
#include "wire/drivercomm.h"

#define SIDE_PENDING 8192 /* packets on their way; a power of two */
#define SIDE_LATENCY 72	  /* cycles: departure to the first byte of the destination address */

struct side_packet {
	uint64_t time; /* cycles, as in an entry */
	uint16_t flags, wire_len, copy_len;
};

struct side_message { /* from the card, in host order */
	unsigned int type, count, epoch;
	uint32_t credit, reports, frame_len, late, rx_lost;
	uint64_t time;	      /* that it says */
	uint64_t cycle;	      /* when it was there */
	const uint8_t *frame; /* and the reports, until it is over */
	const uint8_t *report;
};

struct side;

struct side_config {
	struct vn_nt_hw_config hw;
	unsigned int entries; /* of a command, at most */
	uint64_t packets;
	/* The k-th packet. NULL: `constant`, at this gap; the first after 2 ms. */
	void (*packet)(struct side *s, uint64_t k, struct side_packet *p);
	struct side_packet constant;
	/* A message came; a packet left, as planned (late 0) or after. NULL: nobody looks. */
	void (*message)(struct side *s, const struct side_message *m);
	void (*departed)(struct side *s, uint64_t k, uint64_t cycle, uint64_t late);
	/* Frames on MAC 0 as fast as they fit, of this length; 0: none. */
	uint32_t flood_len;
	void *arg;
};

struct side_pending {
	struct side_packet packet;
};

struct side {
	struct side_config cfg;
	struct vn_nt_card *card;
	struct vn_nt_hw *hw;
	struct vn_nt_image image;

	unsigned int epoch, new_epoch;
	uint32_t allowed;	    /* commands that the card can still take */
	bool is_sending, is_taking; /* transfers */
	bool is_held;		    /* no command is sent by itself */
	bool is_deaf;		    /* no message is taken */
	uint8_t command[DRIVERCOMM_MAX];

	uint64_t asked, left; /* packets of this epoch: sent to the card, departed */
	struct side_pending pending[SIDE_PENDING];
	uint64_t base; /* departure that the next relative one counts from */

	uint64_t exact, late, worst, first, last; /* last: departure */
	uint64_t credits, messages, frames, resets, reports;
	uint64_t commands;	       /* that took of the quota */
	uint32_t told_late, told_lost; /* by the last message */
	uint64_t fed, flood_at;
};

extern const struct side_config side_defaults;

/* The program's file is the environment's VN_PKTGEN_ELF. Runs until the program has
 * answered a reset. */
void side_open(struct side *s, const struct side_config *cfg);
void side_close(struct side *s);

/* Until all packets have left; or until the cycle. A fault of the program, or nothing
 * that leaves for a second, fails the test. */
void side_run(struct side *s);
void side_run_to(struct side *s, uint64_t cycle);
/* Until so many have left. */
void side_run_to_packet(struct side *s, uint64_t packets);

uint64_t side_now(const struct side *s);
/* A command of any kind, when the bus is free. */
void side_send(struct side *s, const void *bytes, uint32_t len);
/* The handshake, with the next epoch: when it is over nothing is on its way. */
void side_reset(struct side *s);
void side_configure(struct side *s, uint32_t flags, uint32_t step, uint32_t start);
/* A command of this epoch: up to n of the next packets of the configuration; returns its
 * length. */
uint32_t side_command(struct side *s, unsigned int n);

/* Byte i of the k-th frame of the flood. */
uint8_t side_flood_byte(uint64_t k, uint32_t i);

/* Mb/s of frames with FCS, from the first departure to the last. */
double side_rate(const struct side *s);
uint32_t side_word(struct side *s, const char *symbol, unsigned int index);

#endif

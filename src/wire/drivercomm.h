/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between driver and card program (spec caliper 4.8). One file for both:
 * the firmware includes it, too. All fields are big-endian (VN_BE16(), VN_BE32());
 * a message lies at a multiple of 8 in the memory of either side.
 *
 * To the card, one frame of at most DRIVERCOMM_MAX bytes, zeros up to 60:
 *     RESET    head; epoch is the new one
 *     PKTS     head, `count` entries, each at a multiple of 8. The card drops PKTS of
 *              another epoch without credit
 *     CONFIG   head, struct drivercomm_config. Of any epoch; it survives a RESET, after which
 *              quota_start is what the card announces. Before the first: no forwarding,
 *              DRIVERCOMM_QUOTA_STEP, DRIVERCOMM_QUOTA_START
 *
 * RESET takes nothing of the quota and gives no credit. CONFIG and PKTS take one each and give
 * one back.
 *
 * To the host, by host queue 0, zeros up to 60; epoch is the card's:
 *     RESET_DONE   head, body; credit = quota_start
 *     QUOTA        head, body, `reports` reports; if there are any, count = asked for ones that
 *                  were lost for want of room, since reset, modulo 2^16
 *     FRAME        head, body, frame_len bytes of a received frame and zeros up to a multiple of
 *                  8, `reports` reports; count = its whole length << 3 | port of arrival
 */
#ifndef VN_WIRE_DRIVERCOMM_H
#define VN_WIRE_DRIVERCOMM_H

#include <stdint.h>

enum {
	DRIVERCOMM_MAGIC = 0xCA11,
	DRIVERCOMM_VERSION = 1,
	DRIVERCOMM_MAX = 1592, /* a slot of packet memory less its IOQ header */
	DRIVERCOMM_MIN = 60,
	DRIVERCOMM_WIRE_MIN = 60, /* wire_len, without FCS */
	DRIVERCOMM_WIRE_MAX = 1514,
	DRIVERCOMM_QUOTA_START = 8,
	DRIVERCOMM_QUOTA_STEP = 4,
};

enum drivercomm_type {
	DRIVERCOMM_RESET = 1,
	DRIVERCOMM_PKTS = 2,
	DRIVERCOMM_CONFIG = 3,
	DRIVERCOMM_RESET_DONE = 0x81,
	DRIVERCOMM_QUOTA = 0x82,
	DRIVERCOMM_FRAME = 0x83,
};

struct drivercomm_head {
	uint16_t magic;
	uint8_t version, type;
	uint16_t count, epoch;
};

/* Followed by copy_len bytes of the frame; zeros are sent up to wire_len. */
struct drivercomm_entry {
	uint32_t time_high, time_low; /* cycles: relative to the departure before, or absolute */
	uint16_t wire_len;	      /* bytes without FCS */
	uint16_t copy_len;	      /* at most wire_len */
	uint16_t flags;
	uint16_t next; /* from the beginning of this entry to the next one; 0: it is the last */
};

enum drivercomm_entry_flags {
	DRIVERCOMM_ABSOLUTE = 1,
	DRIVERCOMM_CATCHUP = 2, /* the next relative time counts from the planned departure */
	DRIVERCOMM_REPORT = 4,
	DRIVERCOMM_ASAP = 8, /* nobody asked for a time: whenever it leaves, it is not late */
};

struct drivercomm_config {
	uint32_t flags;			  /* enum drivercomm_config_flags */
	uint32_t quota_step, quota_start; /* 1 to 8 */
};

enum drivercomm_config_flags {
	DRIVERCOMM_FORWARD = 1,		/* received frames go to the host */
	DRIVERCOMM_FORWARD_HEADERS = 2, /* their first 64 bytes do */
};

/* Of every message to the host. */
struct drivercomm_body {
	uint32_t credit;	      /* command frames more that the card can take */
	uint32_t time_high, time_low; /* cycles: when it was written */
	uint16_t reports;
	uint16_t frame_len; /* bytes in this message */
	uint32_t late;	    /* packets that left late, since reset */
	uint32_t rx_lost;   /* received frames that were not handed on, since reset */
};

/* A departure: of each packet with DRIVERCOMM_REPORT, and of packets that were late without it as
 * long as there is room for their report. */
struct drivercomm_report {
	uint32_t seq;		      /* 0 is the first packet since reset */
	uint32_t time_high, time_low; /* cycle of departure */
	uint32_t late;		      /* cycles; UINT32_MAX: that or more */
};

_Static_assert(sizeof(struct drivercomm_head) == 8, "the protocol's");
_Static_assert(sizeof(struct drivercomm_entry) == 16, "the protocol's");
_Static_assert(sizeof(struct drivercomm_body) == 24, "the protocol's");
_Static_assert(sizeof(struct drivercomm_report) == 16, "the protocol's");

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the measures of docs/measures.md share: a client whose driver and card are
 * in the same process (caliper/cosim.h), and somebody at the wire who compares each
 * frame that leaves with the plan.
 *
 * VN_PKTGEN_ELF names the program of the card. VN_MEASURES_N is the number of packets of most
 * measures (others take a multiple of it); without it there are few, for the gate.
 */
#ifndef VN_TESTS_MEASURES_H
#define VN_TESTS_MEASURES_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "caliper/cosim.h"
#include "vernier/vernier.h"

#define NS_PER_CYCLE   8
#define FCS	       4
#define LINE_GAP_BYTES 24 /* preamble, FCS, gap: of a frame on the wire, besides its bytes */
#define LONGEST	       1514
#define HEADERS	       42 /* Ethernet, IPv4, UDP */
#define FULL_N	       20000

/* Cycles from departure to the first byte of the destination address on a wire that is free. */
#define DEPARTURE_TO_WIRE (64 + 8)

struct measures {
	struct vn_nt_image image;
	struct vn_cosim *sim;
	struct vn_caliper *client;
	uint64_t *plan; /* cycle of departure of each packet; NULL: only the order counts */
	uint64_t n_planned;
	/* In place of the comparison with the plan. */
	void (*look)(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len);
	void *arg;
	/* What left: */
	uint64_t n, exact, late, early;
	uint64_t misplaced; /* another one was due */
	uint64_t damaged;   /* headers, checksum or payload are not what was asked for */
	uint64_t worst;	    /* cycles from plan to departure, at most */
	/* From the first quarter of them on; all, where there is no plan. */
	uint64_t first, last, frames, bytes;
};

/* A group's set-up and tear-down: RUNNING, one client. */
int measures_set_up(void **state);
int measures_tear_down(void **state);

/* One client more; the caller closes it before the end. */
struct vn_caliper *measures_client(struct measures *m);

/* From VN_MEASURES_N, or as many as the gate has time for. */
uint64_t measures_n(void);
bool measures_are_full(void);

/* "# K3: ..." among the test's lines, for bench/caliper.py. */
void figure(const char *id, const char *fmt, ...) VN_PRINTF(2, 3);

/* Packets of one length with gaps; packet k has k in its source address. */
struct stream {
	uint64_t n;
	uint32_t len; /* of a frame without FCS */
	/* From packet k - 1 to packet k, k from 1; NULL: gap_ns */
	uint64_t (*gap)(void *arg, uint64_t k);
	void *arg;
	uint64_t gap_ns;
	uint32_t flags;
	bool is_whole; /* all bytes cross the bus, not only headers */
};

/* The packet of a stream with this number, but for its time. */
struct vn_caliper_packet measures_packet(const struct stream *s, uint64_t k);
/* Plans, sends, and runs until all have left or nothing leaves any more. */
void measures_run(struct measures *m, const struct stream *s);
/* Until all that was sent has been copied to the card. */
void measures_wait(struct measures *m);
void measures_drain(struct measures *m, uint64_t n);
/* An absolute time 2 ms from now, at the beginning of a cycle. */
uint64_t measures_start_ns(const struct measures *m);
void measures_forget(struct measures *m);

uint64_t measures_counter(struct measures *m, enum cal_counter counter);
/* Nothing was lost, refused or changed anywhere, and all left in order. */
void measures_nothing_lost(struct measures *m, uint64_t n);
/* That, and each in its cycle. */
void measures_all_exact(struct measures *m, uint64_t n);
/* Packets, and bits of frames with FCS, of the last three quarters of a run: at its beginning
 * the card has more than the bus brings. */
double measures_per_second(const struct measures *m);
double measures_mbps(const struct measures *m);

/* The number of a packet that left. */
uint32_t measures_number(const uint8_t *frame);
/* Whether it is as the client had described it. */
bool measures_is_intact(const uint8_t *frame, uint32_t len);

extern const struct CMUnitTest measures_exact[], measures_rates[], measures_hard[],
	measures_flood[], measures_closed[];
extern const size_t n_measures_exact, n_measures_rates, n_measures_hard, n_measures_flood,
	n_measures_closed;

#define MEASURE(f) cmocka_unit_test_setup_teardown(f, measures_set_up, measures_tear_down)

#endif

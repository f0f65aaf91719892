/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is sent and when, as it was asked for: packet k leaves at S(k) after the
 * first, S(0) = 0, S(k+1) = S(k) + delay k, and carries payload k. Delays and
 * payloads are one number or a list that begins again at its end, each list for
 * itself. Whole nanoseconds, so that nothing is lost however long it gets.
 */
#ifndef VN_CALIPER_PLAN_H
#define VN_CALIPER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list of at least one; not owned. */
struct caliper_cycle {
	const uint64_t *v;
	size_t n, at;
};

struct caliper_plan {
	struct caliper_cycle delays, payloads;
	uint64_t n_packets; /* 0: no such limit */
	uint64_t time_ns;   /* packets with S(k) below it; 0: no such limit */
	uint64_t next;	    /* k of the next packet */
	uint64_t next_ns;   /* its S(k), and how far that is from the one before */
	uint64_t next_gap_ns;
};

struct caliper_packet {
	uint64_t k;
	uint64_t at_ns; /* S(k); stays at UINT64_MAX, 584 years, once it is there */
	uint64_t gap_ns;
	uint16_t payload;
	bool is_last; /* by number or time */
};

/* The plan of these lists from its beginning. Copies are plans of their own. */
void caliper_plan_begin(struct caliper_plan *p, const uint64_t *delays, size_t n_delays,
			const uint64_t *payloads, size_t n_payloads);

/* false: there is no more */
bool caliper_plan_next(struct caliper_plan *p, struct caliper_packet *out);
bool caliper_plan_is_over(const struct caliper_plan *p);

/* Bytes of a frame on an Ethernet, without its FCS. */
uint64_t caliper_frame_bytes(uint16_t payload);

#endif

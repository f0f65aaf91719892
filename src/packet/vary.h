/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a field of the next packet is: pktgen's rules (spec section 8.1) as small
 * functions of the value before, the range and a generator, with their odd ends
 * (a port's maximum is never used, an address walk's is).
 *
 * Written once: the edits on the host call them, and so does the program that
 * builds packets in the kernel (bpf/generate.bpf.c). So nothing here may need
 * more than a compiler: no system call, no loop that has no end.
 */
#ifndef VN_PACKET_VARY_H
#define VN_PACKET_VARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

#define VN_FLOWS_MAX 65536 /* a power of two */
#define VN_IMIX_MAX 20
#define VN_IMIX_SLOTS 100

/* Each thing that is drawn at random has its own generator. */
enum vn_stream_draw {
	VN_DRAW_FLOW, VN_DRAW_MACSRC, VN_DRAW_MACDST, VN_DRAW_MPLS, VN_DRAW_VID, VN_DRAW_SVID,
	VN_DRAW_UDPSRC, VN_DRAW_UDPDST, VN_DRAW_IPSRC, VN_DRAW_IPDST, VN_DRAW_IP6DST,
	VN_DRAW_SIZE, VN_DRAW_QUEUE, VN_DRAW_IPSEC,
	VN_DRAWS,
};

/* Series draw by themselves, apart from these, so that one more of either changes
 * nothing of what the others draw. One of sizes draws as VN_DRAW_SIZE. */
enum vn_stream_series_draw { VN_DRAW_GAP, VN_DRAW_FLOW_LENGTH, VN_DRAWS_OF_SERIES };

struct vn_flow {
	uint32_t daddr;
	uint32_t count; /* packets since it was begun */
	uint32_t len;	/* when it ends: see vn_flow_walk() and vn_flow_draw() */
	uint32_t is_seen;
};

/* --- ports: [min, max) --------------------------------------------------- */

static inline uint16_t vn_port_walk(uint16_t port, uint16_t min, uint16_t max)
{
	port++;
	return port >= max ? min : port;
}

static inline uint16_t vn_port_draw(struct vn_rng *r, uint16_t min, uint16_t max)
{
	return (uint16_t)(min + vn_rng_below(r, (uint32_t)max - min));
}

/* --- IPv4 addresses: walks [min, max], draws [min, max) ------------------- */

static inline uint32_t vn_addr_walk(uint32_t addr, uint32_t min, uint32_t max)
{
	addr++;
	return addr > max ? min : addr;
}

static inline uint32_t vn_addr_draw(struct vn_rng *r, uint32_t min, uint32_t max)
{
	return min + vn_rng_below(r, max - min);
}

/* What a drawn destination may be: not 0.0.0.0, loopback, multicast, broadcast. */
static inline bool vn_daddr_is_allowed(uint32_t addr)
{
	if (addr < 0x7f000000)
		return addr != 0;
	if (addr < 0xe0000000)
		return addr >= 0x80000000;
	return addr >= 0xf0000000 && addr != 0xffffffff;
}

/* --- one word of an IPv6 destination: (random | minimum) & maximum -------- */

static inline uint32_t vn_addr6_draw(struct vn_rng *r, uint32_t min, uint32_t max)
{
	return ((uint32_t)vn_rng_next(r) | min) & max;
}

/* --- MAC addresses: an offset to the low 40 bits, 0..count-1 -------------- */

static inline uint32_t vn_mac_walk(uint32_t offset, uint32_t count)
{
	offset++;
	return offset >= count ? 0 : offset;
}

/* --- tags and labels -------------------------------------------------------- */

static inline uint16_t vn_vid_draw(struct vn_rng *r)
{
	return (uint16_t)(vn_rng_next(r) & 0xfff);
}

/* A label as it is configured: the bottom bit marks it as random. */
static inline uint32_t vn_label_draw(struct vn_rng *r)
{
	return 0x100u | ((uint32_t)vn_rng_next(r) & 0x000fffff);
}

/* --- sizes: walks [min, max], draws [min, max), IMIX ------------------------ */

static inline int32_t vn_size_walk(int32_t size, int32_t min, int32_t max)
{
	size++;
	return size > max ? min : size;
}

static inline int32_t vn_size_draw(struct vn_rng *r, int32_t min, int32_t max)
{
	return min + (int32_t)vn_rng_below(r, (uint32_t)(max - min));
}

/* UDP payload bytes of a packet of that size with `rest` bytes of headers and
 * overhead: never less than the payload header, `least` (spec section 8.3). */
static inline uint32_t vn_data_len(int32_t size, int64_t rest, uint32_t least)
{
	int64_t n = size - rest;

	return n < (int64_t)least ? least : (uint32_t)n;
}

/* --- flows ------------------------------------------------------------------ */

/* A table's entry. The mask changes nothing: i is below its length. It is for
 * who has to see that (the kernel's verifier). */
static inline struct vn_flow *vn_flow_at(struct vn_flow *table, uint32_t i)
{
	return &table[i & (VN_FLOWS_MAX - 1)];
}

static inline void vn_flow_renew(struct vn_flow *flow)
{
	flow->count = 0;
	flow->is_seen = false;
}

/*
 * The flow of the next packet, of n in a table of n_table, after the one at
 * `at`. In sequence a flow ends after its `len` packets; drawn at random it ends
 * only when it has more than that behind it: the kernel's "strictly more". A flow
 * that is returned with a count of 0 begins; its len stays unless it is changed.
 */
static inline uint32_t vn_flow_walk(struct vn_flow *table, uint32_t n_table, uint32_t at,
				    uint32_t n)
{
	struct vn_flow *flow;

	if (at >= n_table)
		at = 0;
	flow = vn_flow_at(table, at);
	if (flow->count < flow->len)
		return at;
	vn_flow_renew(flow);
	at++;
	return at >= n ? 0 : at;
}

static inline uint32_t vn_flow_draw(struct vn_flow *table, struct vn_rng *r, uint32_t n)
{
	uint32_t at = vn_rng_below(r, n);
	struct vn_flow *flow = vn_flow_at(table, at);

	if (flow->count > flow->len)
		vn_flow_renew(flow);
	return at;
}

#endif

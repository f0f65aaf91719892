/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compiled stream as plain numbers, for programs that build its packets
 * elsewhere than on the host (bpf/generate.bpf.c): what the builder's template
 * holds, which edits there are and how, and the values that go on from packet to
 * packet. Nothing here needs more than a compiler.
 *
 * Numbers are in host order, lengths in bytes.
 */
#ifndef VN_PACKET_PLAN_H
#define VN_PACKET_PLAN_H

#include "packet/vary.h"
#include "wire/wire.h"

#define VN_HEADER_MAX (VN_ETH_HLEN + VN_MPLS_MAX * VN_MPLS_HLEN + VN_IPV6_HLEN + VN_UDP_HLEN + \
		       VN_PGH_HLEN) /* the longest template */
#define VN_PLAN_HEADER_MAX ((VN_HEADER_MAX + 7) & ~7)
/* Draws after which a destination is taken for not to be found: half of the
 * range may be taken at least, so this happens once in 2^64 packets. */
#define VN_PLAN_DADDR_TRIES 64

enum vn_vary {
	VN_VARY_FIXED,
	VN_VARY_WALK,
	VN_VARY_DRAW,
	VN_VARY_FLOW,
	VN_VARY_IMIX,
	VN_VARY_FED, /* sizes of a series, which whoever runs the plan brings */
};

struct vn_plan_range {
	uint32_t how; /* enum vn_vary */
	uint32_t min, max;
};

struct vn_plan_mac {
	uint32_t how;
	uint32_t count;
	uint64_t low40; /* of the address that offsets are added to */
};

struct vn_plan_tag {
	uint32_t is_drawn;
	uint32_t at;   /* offset of the TCI */
	uint32_t rest; /* of the TCI, beside the id */
};

struct vn_plan {
	uint8_t header[VN_PLAN_HEADER_MAX];
	uint32_t header_len, l3, l4, payload; /* offsets as in struct vn_builder */
	uint32_t max_len;      /* of a frame; of every frame if the size is fixed */
	uint32_t ip_sum, udp_sum;
	uint32_t is_ipv6, has_csum;
	uint32_t has_stamp, is_stamp_ns;
	uint32_t copies;       /* times each packet is sent, at least 1 */
	struct vn_plan_mac src_mac, dst_mac;
	uint32_t n_labels, drawn_labels; /* count; bit k: label k is drawn */
	struct vn_plan_tag vid, svid;
	struct vn_plan_range udp_src, udp_dst, saddr;
	struct vn_plan_range daddr;      /* how: FLOW, or as what is below */
	uint32_t daddr_is_drawn;         /* and not all of it may be taken */
	uint32_t flows, n_flow;		 /* flows 0: none */
	uint32_t flow_is_walked;
	uint32_t daddr6_is_drawn;
	uint32_t daddr6_min[4], daddr6_max[4];
	struct vn_plan_range size;
	int32_t data_rest; /* bytes of headers and overhead in a size */
	uint32_t imix_size[VN_IMIX_MAX];
	uint8_t imix_slot[VN_IMIX_SLOTS];
};

/* What goes on from packet to packet: struct vn_stream_cur and the generators. */
struct vn_plan_state {
	struct vn_rng rng[VN_DRAWS];
	uint64_t imix_packets[VN_IMIX_MAX];
	uint32_t src_mac_offset, dst_mac_offset;
	uint64_t src_mac_low40, dst_mac_low40; /* of the last packet */
	uint32_t labels[VN_MPLS_MAX];
	uint32_t saddr, daddr;
	uint32_t daddr6[4];
	uint32_t flow, nflows;
	int32_t pkt_size;
	uint16_t udp_src, udp_dst;
	uint16_t vid, svid;
	uint16_t ip_id;
	uint32_t copies_left; /* further times the last packet is sent */
};

#ifndef __bpf__
struct vn_builder;
struct vn_err;

/*
 * The plan of what is compiled, each packet sent `copies` times, and the state
 * of its stream as it is. Flows, with their lengths, are a table beside, which is
 * copied apart: struct vn_stream.flow. 0 or -EOPNOTSUPP with a sentence: IPsec and
 * series of flow lengths, which plans have not, or a range of destinations of which
 * less than half may be taken.
 */
int vn_plan_make(const struct vn_builder *b, uint32_t copies, struct vn_plan *plan,
		 struct vn_plan_state *state, struct vn_err *err);

/* Gives the stream the state after n packets, as if the builder had built them. */
void vn_plan_store(struct vn_builder *b, const struct vn_plan *plan,
		   const struct vn_plan_state *state, uint32_t n);
#endif

#endif

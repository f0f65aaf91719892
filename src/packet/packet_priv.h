/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of src/packet share among themselves. */
#ifndef VN_PACKET_PRIV_H
#define VN_PACKET_PRIV_H

#include "packet/builder.h"
#include "packet/ipsec.h"
#include "packet/stream.h"
#include "wire/csum.h"

/* Bytes of VLAN tags and MPLS labels as described now. */
uint32_t vn_stream_tag_bytes(const struct vn_stream_cfg *cfg);
/* UDP payload bytes of a packet of pkt_size with overhead bytes of tags. */
uint32_t vn_stream_data_len(const struct vn_stream *s, int32_t pkt_size, int32_t overhead);
/* Makes s->flow hold cfg.flows entries. 0 or -ENOMEM. */
int vn_stream_reserve_flows(struct vn_stream *s);
/* Flows are as long as the description says, those that are under way too; of a
 * series of lengths each gets its own when it begins. */
void vn_flow_set_lengths(struct vn_stream *s);

/*
 * Edits (edit.c, destination.c). Each comes with the rule when it is needed; the
 * compiler of templates (builder.c) asks the rules in pktgen's order.
 */
vn_edit_fn vn_edit_src_mac(const struct vn_stream *s);
vn_edit_fn vn_edit_dst_mac(const struct vn_stream *s);
vn_edit_fn vn_edit_mpls(const struct vn_stream *s);
vn_edit_fn vn_edit_vid(const struct vn_stream *s);
vn_edit_fn vn_edit_svid(const struct vn_stream *s);
vn_edit_fn vn_edit_udp_src(const struct vn_stream *s);
vn_edit_fn vn_edit_udp_dst(const struct vn_stream *s);
vn_edit_fn vn_edit_saddr(const struct vn_stream *s);
vn_edit_fn vn_edit_daddr(const struct vn_stream *s);
vn_edit_fn vn_edit_daddr6(const struct vn_stream *s);
vn_edit_fn vn_edit_size(const struct vn_stream *s);
vn_edit_fn vn_edit_queue(const struct vn_stream *s);
vn_edit_fn vn_edit_flow(const struct vn_stream *s);

/* The next destination outside of flows: a walk or a draw (spec section 8.1
 * step 8). Moves s->cur.daddr. Never ends for a draw from a range in which no
 * address may be taken, which vn_daddr_exists() tells beforehand. */
uint32_t vn_daddr_next(struct vn_stream *s);
bool vn_daddr_exists(const struct vn_stream *s);
/* How many addresses of the range a draw may take. */
uint64_t vn_daddr_choices(const struct vn_stream *s);
/* Picks the flow of the next packet, counts the packet in it and returns its
 * IPv4 destination, a new one when the flow begins. */
uint32_t vn_flow_daddr(struct vn_stream *s);

/* association.c. May packets of the stream be transformed? */
bool vn_stream_may_ipsec(const struct vn_stream *s);
/* Sets up what the source has for this run. 0 or -errno with a sentence. */
int vn_stream_load_ipsec(struct vn_stream *s, const struct vn_sa_source *sas, struct vn_err *err);
/* The same when a change during the run is the first to ask for it. */
int vn_stream_reload_ipsec(struct vn_stream *s, struct vn_err *err);
/* That of the packet under work, or built last; NULL: it goes out in clear. A
 * tunnel needs the stream's spi, also when a flow holds it. */
struct vn_ipsec *vn_stream_ipsec(const struct vn_stream *s);
/* A flow begins: its association, and the overhead that comes with it. */
void vn_flow_find_ipsec(struct vn_stream *s, uint32_t flow);
void vn_stream_free_ipsec(struct vn_stream *s);
vn_edit_fn vn_edit_ipsec(const struct vn_stream *s); /* the last of all */

/* The part of a MAC address that offsets are added to. */
static inline uint64_t vn_mac_low40(const uint8_t mac[6])
{
	return (uint64_t)mac[1] << 32 | vn_get_be32(mac + 2);
}

static inline void vn_mac_put_low40(uint8_t *mac, uint64_t v)
{
	mac[1] = (uint8_t)(v >> 32);
	vn_put_be32(mac + 2, (uint32_t)v);
}

/* VLAN tag control information. */
static inline uint16_t vn_tci(uint16_t id, uint8_t p, uint8_t cfi)
{
	return (uint16_t)(id | cfi << 12 | p << 13);
}

/* A label as it goes on the wire: the bottom bit on the last one only. */
static inline uint32_t vn_mpls_wire(uint32_t label, bool is_last)
{
	return (label & ~VN_MPLS_BOTTOM) | (is_last ? VN_MPLS_BOTTOM : 0);
}

#endif

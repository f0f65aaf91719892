/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of parameters. A new one is a row here, and a field in struct
 * vn_stream_cfg; a new kind of argument is a struct vn_param_kind.
 *
 * Order matters: groups follow on each other, and a row comes after those that
 * it depends on, so that options applied from top to bottom and effective
 * settings read back from top to bottom both work. The flags come after the
 * addresses and labels, which set flags too, and before what needs SHARED.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>

#define CFG(name) offsetof(struct vn_stream_cfg, name)
#define CUR(name) offsetof(struct vn_stream_cur, name)
#define IMPL(...) &(const struct vn_param_impl){ __VA_ARGS__ }

#define NUMBER(n_digits, t, f, ...) \
	IMPL(.kind = &vn_kind_number, .digits = n_digits, .type = t, .field = CFG(f), __VA_ARGS__)
#define PORT(f, ...) NUMBER(10, VN_FIELD_U16, f, __VA_ARGS__)
#define MAC_COUNT(f, ...) NUMBER(10, VN_FIELD_U32_AS_INT, f, __VA_ARGS__)
#define SIZE(f, ...) NUMBER(10, VN_FIELD_INT, f, .clamp = vn_clamp_size, __VA_ARGS__)
#define QUEUE(f, ...) NUMBER(5, VN_FIELD_U16, f, .check_strict = check_queue, __VA_ARGS__)
#define TYPED(k, t, f, ...) IMPL(.kind = &(k), .type = t, .field = CFG(f), __VA_ARGS__)

#define SIZE_RANGE .units = vn_units_none, .min = VN_PKT_SIZE_MIN, .max = VN_FRAME_MAX
#define U16_RANGE .units = vn_units_none, .max = UINT16_MAX
#define U32_RANGE .units = vn_units_none, .max = UINT32_MAX
#define BITRATE_RANGE .units = vn_units_bitrate, .min = 1, .max = 10000000000000ull
#define COUNT_RANGE .units = vn_units_count, .max = UINT32_MAX

static uint64_t clamp_flows(uint64_t value)
{
	return VN_MIN(value, (uint64_t)VN_FLOWS_MAX);
}

/* The current port follows the end of the range that was set, upper or lower. */
static void udp_src_min_changed(struct vn_entry *e)
{
	e->stream.cur.udp_src = e->stream.cfg.udp_src_min;
}

static void udp_src_max_changed(struct vn_entry *e)
{
	e->stream.cur.udp_src = e->stream.cfg.udp_src_max;
}

static void udp_dst_min_changed(struct vn_entry *e)
{
	e->stream.cur.udp_dst = e->stream.cfg.udp_dst_min;
}

static void udp_dst_max_changed(struct vn_entry *e)
{
	e->stream.cur.udp_dst = e->stream.cfg.udp_dst_max;
}

static void src_mac_count_changed(struct vn_entry *e)
{
	e->stream.cur.src_mac_offset = 0;
}

static void dst_mac_count_changed(struct vn_entry *e)
{
	e->stream.cur.dst_mac_offset = 0;
}

/* When a run begins the kernel takes the last queue instead. */
static int check_queue(const struct vn_entry *e, uint64_t queue, struct vn_err *err)
{
	if (queue < e->dev->n_txq)
		return 0;
	return vn_err_set(err, ERANGE, "is out of range: %s has %u transmit queue%s (0 to %u)",
			  e->dev->name, e->dev->n_txq, e->dev->n_txq == 1 ? "" : "s",
			  e->dev->n_txq - 1);
}

const struct vn_param vn_params[] = {
	{ .name = "count", .metavar = "COUNT", .group = "Run",
	  .help = "packets to send, 1000 unless time is given; 0 sends until it is stopped",
	  .units = vn_units_count, .max = UINT64_MAX,
	  .impl = NUMBER(10, VN_FIELD_U64, count) },
	{ .name = "time", .metavar = "TIME", .group = "Run", .flags = VN_PARAM_OURS,
	  .help = "end the run after this time; a bare number is seconds, 0 is no limit",
	  .units = vn_units_seconds, .max = INT64_MAX,
	  .impl = NUMBER(0, VN_FIELD_U64, time_ns) },

	{ .name = "pkt_size", .metavar = "BYTES", .group = "Size",
	  .help = "length of every frame, without the checksum (FCS) behind it",
	  SIZE_RANGE, .impl = IMPL(.kind = &vn_kind_pkt_size) },
	{ .name = "min_pkt_size", .metavar = "BYTES", .group = "Size",
	  .help = "shortest frame of a range; sizes go up by one unless TXSIZE_RND is set",
	  SIZE_RANGE, .impl = SIZE(min_pkt_size, .given = vn_size_given,
				   .changed = vn_min_size_changed) },
	{ .name = "max_pkt_size", .metavar = "BYTES", .group = "Size",
	  .help = "longest frame of a range",
	  SIZE_RANGE, .impl = SIZE(max_pkt_size, .given = vn_size_given,
				   .changed = vn_max_size_changed, .is_max = true,
				   .partner = CFG(min_pkt_size)) },
	{ .name = "imix_weights", .metavar = "\"SIZE,WEIGHT ...\"", .group = "Size",
	  .help = "sizes at random by weight, at most 20 pairs in one argument",
	  .min = VN_PKT_SIZE_MIN, .max = VN_FRAME_MAX, .impl = IMPL(.kind = &vn_kind_imix) },
	{ .name = "size", .metavar = "SERIES", .group = "Size", .flags = VN_PARAM_OURS,
	  .help = "lengths of frames one by one from a series, vernier-series(7): "
		  "uniform(64, 1514), list(FILE); in place of the other sizes",
	  .impl = IMPL(.kind = &vn_kind_size) },
	{ .name = "frags", .metavar = "N", .group = "Size",
	  .help = "page fragments that the payload counts as; the frame stays the same",
	  .units = vn_units_none, .max = VN_FRAGS_MAX,
	  .impl = NUMBER(10, VN_FIELD_INT, frags) },

	{ .name = "dst_min", .metavar = "ADDR", .group = "Addresses",
	  .help = "IPv4 destination, or the first of a range",
	  .impl = TYPED(vn_kind_dst4, 0, dst_min) },
	{ .name = "dst", .metavar = "ADDR", .group = "Addresses", .flags = VN_PARAM_ALIAS,
	  .help = "the same as dst_min",
	  .impl = TYPED(vn_kind_dst4, 0, dst_min) },
	{ .name = "dst_max", .metavar = "ADDR", .group = "Addresses",
	  .help = "last IPv4 destination of a range, walked through or at random (IPDST_RND)",
	  .impl = TYPED(vn_kind_dst4, 0, dst_max, .is_max = true, .partner = CFG(dst_min)) },
	{ .name = "src_min", .metavar = "ADDR", .group = "Addresses",
	  .help = "IPv4 source, or the first of a range; the device's own when not set",
	  .impl = TYPED(vn_kind_src4, 0, src_min) },
	{ .name = "src_max", .metavar = "ADDR", .group = "Addresses",
	  .help = "last IPv4 source of a range, walked through or at random (IPSRC_RND)",
	  .impl = TYPED(vn_kind_src4, 0, src_max, .is_max = true, .partner = CFG(src_min)) },
	{ .name = "dst6", .metavar = "ADDR6", .group = "Addresses",
	  .help = "IPv6 destination; makes the packets IPv6",
	  .impl = TYPED(vn_kind_ipv6, 0, dst6, .partner = CUR(daddr6)) },
	{ .name = "dst6_min", .metavar = "ADDR6", .group = "Addresses",
	  .help = "bits that every random IPv6 destination has; not ::, to have them random",
	  .impl = TYPED(vn_kind_ipv6, 0, dst6_min, .partner = CUR(daddr6)) },
	{ .name = "dst6_max", .metavar = "ADDR6", .group = "Addresses",
	  .help = "bits that a random IPv6 destination may have",
	  .impl = TYPED(vn_kind_ipv6, 0, dst6_max, .partner = VN_NO_PARTNER) },
	{ .name = "src6", .metavar = "ADDR6", .group = "Addresses",
	  .help = "IPv6 source; the device's link-local one when not set",
	  .impl = TYPED(vn_kind_ipv6, 0, src6, .partner = CUR(saddr6)) },
	{ .name = "dst_mac", .metavar = "MAC", .group = "Addresses",
	  .help = "Ethernet destination",
	  .impl = TYPED(vn_kind_mac, 0, dst_mac, .partner = CUR(hdr_dst)) },
	{ .name = "src_mac", .metavar = "MAC", .group = "Addresses",
	  .help = "Ethernet source; the device's own when not set",
	  .impl = TYPED(vn_kind_mac, 0, src_mac, .partner = CUR(hdr_src)) },
	{ .name = "dst_mac_count", .metavar = "COUNT", .group = "Addresses",
	  .help = "destinations to use, counted up from dst_mac, or at random (MACDST_RND)",
	  COUNT_RANGE, .impl = MAC_COUNT(dst_mac_count, .changed = dst_mac_count_changed) },
	{ .name = "src_mac_count", .metavar = "COUNT", .group = "Addresses",
	  .help = "sources to use, counted up from src_mac, or at random (MACSRC_RND)",
	  COUNT_RANGE, .impl = MAC_COUNT(src_mac_count, .changed = src_mac_count_changed) },

	{ .name = "udp_src_min", .metavar = "PORT", .group = "UDP ports",
	  .help = "source port, or the first of a range",
	  U16_RANGE, .impl = PORT(udp_src_min, .changed = udp_src_min_changed) },
	{ .name = "udp_src_max", .metavar = "PORT", .group = "UDP ports",
	  .help = "end of a range of source ports, itself not used; random with UDPSRC_RND",
	  U16_RANGE, .impl = PORT(udp_src_max, .changed = udp_src_max_changed, .is_max = true,
				  .partner = CFG(udp_src_min)) },
	{ .name = "udp_dst_min", .metavar = "PORT", .group = "UDP ports",
	  .help = "destination port, or the first of a range",
	  U16_RANGE, .impl = PORT(udp_dst_min, .changed = udp_dst_min_changed) },
	{ .name = "udp_dst_max", .metavar = "PORT", .group = "UDP ports",
	  .help = "end of a range of destination ports, itself not used; random with UDPDST_RND",
	  U16_RANGE, .impl = PORT(udp_dst_max, .changed = udp_dst_max_changed, .is_max = true,
				  .partner = CFG(udp_dst_min)) },

	{ .name = "vlan_id", .metavar = "ID", .group = "Tags and header fields",
	  .help = "VLAN tag; random with VID_RND",
	  .units = vn_units_none, .max = 4095,
	  .impl = TYPED(vn_kind_vlan_id, VN_FIELD_U16, vlan_id) },
	{ .name = "vlan_p", .metavar = "N", .group = "Tags and header fields",
	  .help = "priority in the VLAN tag",
	  .units = vn_units_none, .max = 7,
	  .impl = TYPED(vn_kind_vlan_part, VN_FIELD_U8, vlan_p, .partner = CFG(vlan_id)) },
	{ .name = "vlan_cfi", .metavar = "N", .group = "Tags and header fields",
	  .help = "CFI bit of the VLAN tag",
	  .units = vn_units_none, .max = 1,
	  .impl = TYPED(vn_kind_vlan_part, VN_FIELD_U8, vlan_cfi, .partner = CFG(vlan_id)) },
	{ .name = "svlan_id", .metavar = "ID", .group = "Tags and header fields",
	  .help = "outer VLAN tag, in front of that of vlan_id; random with SVID_RND",
	  .units = vn_units_none, .max = 4095,
	  .impl = TYPED(vn_kind_svlan_id, VN_FIELD_U16, svlan_id) },
	{ .name = "svlan_p", .metavar = "N", .group = "Tags and header fields",
	  .help = "priority in the outer VLAN tag",
	  .units = vn_units_none, .max = 7,
	  .impl = TYPED(vn_kind_vlan_part, VN_FIELD_U8, svlan_p, .partner = CFG(svlan_id)) },
	{ .name = "svlan_cfi", .metavar = "N", .group = "Tags and header fields",
	  .help = "CFI bit of the outer VLAN tag",
	  .units = vn_units_none, .max = 1,
	  .impl = TYPED(vn_kind_vlan_part, VN_FIELD_U8, svlan_cfi, .partner = CFG(svlan_id)) },
	{ .name = "mpls", .metavar = "LABEL,...", .group = "Tags and header fields",
	  .help = "at most 16 MPLS label entries, 8 hexadecimal digits each; with bit 100 random",
	  .impl = IMPL(.kind = &vn_kind_mpls) },
	{ .name = "tos", .metavar = "HH", .group = "Tags and header fields",
	  .help = "type of service of IPv4 (DSCP and ECN), hexadecimal, 00 to ff",
	  .impl = TYPED(vn_kind_octet, VN_FIELD_U8, tos) },
	{ .name = "traffic_class", .metavar = "HH", .group = "Tags and header fields",
	  .help = "traffic class of IPv6, hexadecimal, 00 to ff",
	  .impl = TYPED(vn_kind_octet, VN_FIELD_U8, traffic_class) },

	{ .name = "stamp", .metavar = "UNIT", .group = "Tags and header fields",
	  .flags = VN_PARAM_OURS,
	  .help = "grain of the time stamp in the payload: microseconds in pktgen's header, or "
		  "nanoseconds in one that Vernier alone understands",
	  .impl = IMPL(.kind = &vn_kind_stamp) },
	{ .name = "stamp_every", .metavar = "COUNT", .group = "Tags and header fields",
	  .flags = VN_PARAM_OURS,
	  .help = "packets that share one look at the clock for their stamp when they go out as "
		  "fast as they can, 1 to 64; 1 costs about as much as a packet",
	  .units = vn_units_none, .min = 1, .max = VN_STAMP_EVERY_MAX,
	  .impl = NUMBER(10, VN_FIELD_U32, stamp_every) },

	{ .name = "flows", .metavar = "COUNT", .group = "Flows",
	  .help = "flows to spread the packets over, each with a destination of its own",
	  .units = vn_units_count, .max = VN_FLOWS_MAX,
	  .impl = NUMBER(10, VN_FIELD_U32, flows, .clamp = clamp_flows) },
	{ .name = "flowlen", .metavar = "COUNT", .group = "Flows",
	  .help = "packets of a flow before it begins anew",
	  COUNT_RANGE, .impl = NUMBER(10, VN_FIELD_U32, flowlen, .given = vn_flowlen_given) },
	{ .name = "flow_length", .metavar = "SERIES", .group = "Flows", .flags = VN_PARAM_OURS,
	  .help = "packets of each flow from a series, vernier-series(7), drawn when it begins: "
		  "pareto(2, 1.2); in place of flowlen",
	  .impl = IMPL(.kind = &vn_kind_flow_length) },
	{ .name = "spi", .metavar = "N", .group = "Flows",
	  .help = "IPsec association to use by its SPI; 0 finds one by the addresses",
	  U32_RANGE, .impl = NUMBER(10, VN_FIELD_U32, spi) },

	{ .name = "flag", .metavar = "[!]NAME,...", .group = "Flags", .flags = VN_PARAM_REPEAT,
	  .help = "set flags, or with ! clear them; may be given more than once",
	  .impl = IMPL(.kind = &vn_kind_flag) },

	{ .name = "xmit_mode", .metavar = "MODE", .group = "Transmission",
	  .help = "straight to the driver, into the receive path, or through the queueing "
		  "discipline",
	  .impl = IMPL(.kind = &vn_kind_mode) },
	{ .name = "clone_skb", .metavar = "COUNT", .group = "Transmission",
	  .help = "times to send each packet before the next one is built; 0 is once",
	  .units = vn_units_count, .max = INT32_MAX,
	  .impl = NUMBER(10, VN_FIELD_INT, clone_skb, .check = vn_check_clone_skb) },
	{ .name = "burst", .metavar = "COUNT", .group = "Transmission",
	  .help = "times to hand each packet over at once; delay is from burst to burst",
	  .units = vn_units_count, .min = 1, .max = INT32_MAX,
	  .impl = NUMBER(10, VN_FIELD_U32, burst, .clamp = vn_clamp_burst,
			 .check = vn_check_burst, .changed = vn_burst_changed) },
	{ .name = "queue_map_min", .metavar = "QUEUE", .group = "Transmission",
	  .help = "transmit queue, or the first of a range",
	  U16_RANGE, .impl = QUEUE(queue_map_min) },
	{ .name = "queue_map_max", .metavar = "QUEUE", .group = "Transmission",
	  .help = "last transmit queue of a range, in turn or at random (QUEUE_MAP_RND)",
	  U16_RANGE, .impl = QUEUE(queue_map_max, .is_max = true, .partner = CFG(queue_map_min)) },
	{ .name = "skb_priority", .metavar = "N", .group = "Transmission",
	  .help = "priority that queueing disciplines see",
	  U32_RANGE, .impl = NUMBER(9, VN_FIELD_U32_AS_INT, skb_priority) },
	{ .name = "launch", .metavar = "WHO", .group = "Transmission", .flags = VN_PARAM_OURS,
	  .help = "who lets each frame go at its departure: nobody, it leaves when it is handed "
		  "over; the queueing discipline (fq, etf), with xmit_mode queue_xmit; or the "
		  "interface's hardware, with driver afxdp",
	  .impl = TYPED(vn_kind_launch, VN_FIELD_U8, launch) },
	{ .name = "departure_stamps", .metavar = "WHO", .group = "Transmission",
	  .flags = VN_PARAM_OURS,
	  .help = "who stamps each frame when it leaves, to tell how late it was",
	  .impl = TYPED(vn_kind_departure_stamps, VN_FIELD_U8, departure_stamps) },
	{ .name = "node", .metavar = "N", .group = "Transmission",
	  .help = "NUMA node that memory for packets is taken from",
	  .units = vn_units_none, .max = 1023,
	  .impl = IMPL(.kind = &vn_kind_node) },
	{ .name = "late_policy", .metavar = "POLICY", .group = "Transmission",
	  .flags = VN_PARAM_OURS,
	  .help = "when departures cannot be kept: send them as soon as possible, leave out those "
		  "that have passed, or put off all that follow",
	  .impl = IMPL(.kind = &vn_kind_late_policy) },

	{ .name = "delay", .metavar = "TIME", .group = "Rate",
	  .help = "from one packet (burst) to the next, fractions exactly; a bare number is ns, "
		  "NUM/DEN too; \"never\" sends nothing",
	  .units = vn_units_time, .max = INT64_MAX, .impl = IMPL(.kind = &vn_kind_delay) },
	{ .name = "rate", .metavar = "BITRATE", .group = "Rate",
	  .help = "bit/s of frames of the (shortest) size; a bare number is Mbit/s; sets delay",
	  BITRATE_RANGE, .impl = IMPL(.kind = &vn_kind_rate) },
	{ .name = "ratep", .metavar = "PPS", .group = "Rate",
	  .help = "packets (bursts) a second, fractions exactly, or N/TIME: one in ten seconds is "
		  "1/10s; at most 1G; sets delay",
	  .units = vn_units_pps,
	  .impl = IMPL(.kind = &vn_kind_ratep) },
	{ .name = "rate_l1", .metavar = "BITRATE", .group = "Rate", .flags = VN_PARAM_OURS,
	  .help = "bit/s on the cable: preamble, frame, FCS and the gap behind; in the mean of all "
		  "sizes; sets delay",
	  BITRATE_RANGE, .impl = IMPL(.kind = &vn_kind_bitrate, .type = 1) },
	{ .name = "rate_l2", .metavar = "BITRATE", .group = "Rate", .flags = VN_PARAM_OURS,
	  .help = "bit/s of frames with their FCS, short ones padded to 64 bytes as on a cable; in "
		  "the mean of all sizes; sets delay",
	  BITRATE_RANGE, .impl = IMPL(.kind = &vn_kind_bitrate, .type = 2) },
	{ .name = "rate_l3", .metavar = "BITRATE", .group = "Rate", .flags = VN_PARAM_OURS,
	  .help = "bit/s of IP packets; in the mean of all sizes; sets delay",
	  BITRATE_RANGE, .impl = IMPL(.kind = &vn_kind_bitrate, .type = 3) },
	{ .name = "load", .metavar = "PERCENT", .group = "Rate", .flags = VN_PARAM_OURS,
	  .help = "part of the link's speed that is taken, counted as by rate_l1: 50% or 99.9; "
		  "sets delay",
	  .units = vn_units_percent, .impl = IMPL(.kind = &vn_kind_load) },
	{ .name = "gap", .metavar = "SERIES", .group = "Rate", .flags = VN_PARAM_OURS,
	  .help = "gaps one by one from a series, vernier-series(7): exp(10us) for Poisson "
		  "arrivals, onoff(1us, 20, 5ms), pcap(FILE)",
	  .impl = IMPL(.kind = &vn_kind_gap) },

	{ .name = "clear_counters", .group = "Device file", .flags = VN_PARAM_CTL,
	  .help = "set the counters of the run to 0",
	  .impl = IMPL(.kind = &vn_kind_clear_counters) },
	{ .name = "debug", .metavar = "N", .group = "Device file", .flags = VN_PARAM_CTL,
	  .help = "accepted; has no effect",
	  .impl = IMPL(.kind = &vn_kind_debug) },
};

const unsigned int vn_n_params = VN_ARRAY_SIZE(vn_params);

/* Each flag can be set or cleared. */
static const char *const flag_words[] = {
#define VN_X(name) #name, "!" #name,
	VN_STREAM_FLAGS(VN_X)
#undef VN_X
};

/* The first word is left out: IPV6 can only be cleared. */
static const char *flag_word(unsigned int i)
{
	_Static_assert(VN_FLAG_BIT_IPV6 == 0, "IPV6 is the first word");

	return i + 1 < VN_ARRAY_SIZE(flag_words) ? flag_words[i + 1] : NULL;
}

const char *vn_param_word(const struct vn_param *p, unsigned int i)
{
	const struct vn_param_kind *kind = p->impl->kind;

	if (kind == &vn_kind_flag)
		return flag_word(i);
	return kind->word ? kind->word(i) : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one stream of packets is: the description a user gives (cfg), the
 * values the next packet is made from (cur), and the rules of pktgen for
 * beginning a run. Control commands write cfg and cur, the builder compiles
 * cfg into a template and edits (packet/builder.h) and moves cur on.
 *
 * Owner: the worker thread that runs the stream; while no worker runs, the
 * thread that set it up. Others ask the worker (engine/engine.h).
 *
 * Field names, defaults and widths are pktgen's; numbers are host order.
 */
#ifndef VN_PACKET_STREAM_H
#define VN_PACKET_STREAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/schedule.h"
#include "packet/sa.h"
#include "packet/series.h"
#include "packet/vary.h"
#include "wire/wire.h"

/*
 * The flag list, written once: bit order, the names that `flag` takes, the
 * order in which they are shown. X(NAME)
 */
#define VN_STREAM_FLAGS(X) \
	X(IPV6)          /* set by the IPv6 address commands only */ \
	X(IPSRC_RND)     /* IPv4 source at random from its range */ \
	X(IPDST_RND)     /* IPv4 destination at random from its range */ \
	X(TXSIZE_RND)    /* size at random from min_pkt_size..max_pkt_size */ \
	X(UDPSRC_RND)    /* UDP source port at random from its range */ \
	X(UDPDST_RND)    /* UDP destination port at random from its range */ \
	X(UDPCSUM)       /* UDP checksum */ \
	X(NO_TIMESTAMP)  /* time stamp fields of the payload header 0 */ \
	X(MPLS_RND)      /* labels given with the bottom bit are random */ \
	X(QUEUE_MAP_RND) /* queue at random from the queue map */ \
	X(QUEUE_MAP_CPU) /* queue = CPU of the worker */ \
	X(FLOW_SEQ)      /* flows one after the other, not at random */ \
	X(IPSEC)         /* transform by a security association */ \
	X(MACSRC_RND)    /* source MAC at random from src_mac_count */ \
	X(MACDST_RND)    /* destination MAC at random from dst_mac_count */ \
	X(VID_RND)       /* VLAN id at random */ \
	X(SVID_RND)      /* outer VLAN id at random */ \
	X(NODE)          /* memory from the node of the worker */ \
	X(SHARED)        /* one buffer may be sent many times (default on) */

enum vn_stream_flag_bit {
#define VN_X(name) VN_FLAG_BIT_##name,
	VN_STREAM_FLAGS(VN_X)
#undef VN_X
	VN_FLAG_BITS,
};

enum vn_stream_flag {
#define VN_X(name) VN_FLAG_##name = 1u << VN_FLAG_BIT_##name,
	VN_STREAM_FLAGS(VN_X)
#undef VN_X
};

enum vn_xmit_mode { VN_START_XMIT, VN_NETIF_RECEIVE, VN_QUEUE_XMIT };
enum vn_stamp { VN_STAMP_US, VN_STAMP_NS }; /* which payload header: pktgen's, ours */

#define VN_DELAY_NEVER UINT64_MAX    /* delay 2147483647: nothing is sent */
#define VN_VLAN_OFF 0xffff           /* vlan_id, svlan_id: no tag */
#define VN_PKT_SIZE_MIN 42           /* pktgen's lower clamp, ETH + IPv4 + UDP */
#define VN_FRAGS_MAX 17
#define VN_STAMP_EVERY_MAX 64
#define VN_FRAME_MAX 65600           /* longest frame we build, bytes */

struct vn_imix {
	unsigned int n; /* entries, 0..VN_IMIX_MAX */
	struct {
		uint32_t size;    /* bytes, as given, at least 42 */
		uint32_t weight;
		uint64_t packets; /* built with this size; never reset by a run */
	} entry[VN_IMIX_MAX];
	uint8_t slot[VN_IMIX_SLOTS]; /* index of the entry each of 100 draws takes */
};

/* As described by the user. */
struct vn_stream_cfg {
	uint64_t count;    /* packets, 0 = endless */
	uint64_t delay_ns; /* between packets (bursts) as shown; VN_DELAY_NEVER */
	/*
	 * The exact gap, period_num / period_den ns, that delay_ns is the
	 * integer part of: `ratep 3333333` asks for 10^9/3333333 ns, not for
	 * 300. den is never 0. Commands that set delay_ns set these too.
	 */
	uint64_t period_num, period_den;
	uint64_t time_ns;  /* end of the run after this long, 0 = no limit (ours) */
	enum vn_late_policy late_policy; /* (ours) */
	int32_t clone_skb;
	uint32_t burst;    /* at least 1 */
	enum vn_xmit_mode xmit_mode;
	enum vn_stamp stamp; /* (ours) */
	/* Packets to a look at the clock for their stamp, 1..VN_STAMP_EVERY_MAX; paced
	 * ones each get a fresh one (ours) */
	uint32_t stamp_every;
	uint32_t flags;    /* enum vn_stream_flag */
	int32_t min_pkt_size, max_pkt_size; /* bytes without FCS; 0 = not set */
	int32_t frags;
	int32_t node;      /* -1 = not set */
	uint16_t udp_src_min, udp_src_max, udp_dst_min, udp_dst_max;
	/* IPv4 ranges as texts (what is shown); converted when a run begins */
	char dst_min[32], dst_max[32], src_min[32], src_max[32];
	struct in6_addr dst6, src6;         /* as given; frames carry cur's */
	struct in6_addr dst6_min, dst6_max; /* range when dst6_min is not :: */
	struct in6_addr src6_min, src6_max; /* never set, shown */
	uint8_t src_mac[6]; /* zero: the device's own */
	uint8_t dst_mac[6];
	uint32_t src_mac_count, dst_mac_count;
	uint32_t flows, flowlen;
	uint16_t queue_map_min, queue_map_max;
	uint32_t n_labels;
	uint32_t labels[VN_MPLS_MAX]; /* host order; bottom bit marks "random" */
	uint16_t vlan_id, svlan_id;   /* VN_VLAN_OFF = no tag */
	uint8_t vlan_p, vlan_cfi, svlan_p, svlan_cfi;
	uint8_t tos, traffic_class;
	uint32_t skb_priority;
	uint32_t spi;
	uint8_t launch, departure_stamps; /* enum vn_launch_by, vn_tx_stamps (ours) */
};

/* What the next packet is made from; shown by the device file. */
struct vn_stream_cur {
	int32_t pkt_size;    /* cur packet size, as configured (not frame length) */
	uint32_t saddr_min, saddr_max, saddr; /* IPv4, host order */
	uint32_t daddr_min, daddr_max, daddr;
	struct in6_addr saddr6, daddr6;
	uint32_t src_mac_offset, dst_mac_offset;
	uint16_t udp_src, udp_dst;
	uint16_t queue_map;
	uint16_t ip_id;      /* of the next packet built */
	int32_t pkt_overhead; /* bytes of tags and labels, computed at start */
	uint32_t nflows;     /* flows begun in this run */
	uint32_t flow;       /* index of the current flow */
	uint8_t hdr_src[6], hdr_dst[6]; /* MAC addresses of the next header */
};

struct vn_stream {
	struct vn_stream_cfg cfg;
	struct vn_stream_cur cur;
	struct vn_imix imix;
	struct vn_flow *flow; /* max(cfg.flows, 1) as of the last begin, owned */
	/* Beside each flow one of the stream's associations; NULL: in clear. */
	struct vn_ipsec **flow_ipsec;
	uint32_t n_flow;
	uint16_t n_txq, cpu; /* of the device and worker of the run */
	/* Where associations come from, and those that packets of this run or one
	 * before could take (association.c), owned. */
	const struct vn_sa_source *sas;
	struct vn_ipsec **ipsec;
	uint32_t n_ipsec;
	bool is_ipsec_loaded; /* in this run */
	/*
	 * What comes one by one from a series instead of from cfg, owned; NULL: none.
	 * With gaps, the period is their mean. Set by the functions below.
	 */
	struct vn_series *gaps, *sizes, *lengths;
	struct vn_rng rng[VN_DRAWS];
	/* As of the last vn_stream_seed(), and runs begun since then: of the series. */
	uint64_t seed;
	uint32_t seed_index, n_runs;
	uint32_t gaps_index; /* seed_index of gaps: they may be drawn by several alike */
	/* Whoever changes cfg or cur from outside the builder counts this up;
	 * the worker compiles anew when it sees another number. */
	uint32_t generation;
};

/* What a run needs to know of the device it goes out on. */
struct vn_stream_env {
	uint8_t mac[6];
	uint32_t ipv4;             /* first address (peer's if point to point), 0 if none */
	struct in6_addr ipv6_ll;   /* first link-local, :: if none */
	uint16_t n_txq;            /* real transmit queues, at least 1 */
	uint16_t cpu;              /* of the worker */
	const struct vn_sa_source *sas; /* NULL: there are no associations */
};

/* pktgen's defaults for a fresh entry (spec section 4.3). */
void vn_stream_init(struct vn_stream *s);
void vn_stream_fini(struct vn_stream *s);

/* Seeds all draws, those of series when the next run begins. seed: the run's; index:
 * which stream of the run. */
void vn_stream_seed(struct vn_stream *s, uint64_t seed, uint32_t index);

/*
 * Beginning of a run, spec section 7.4 a-e and the overhead of f: queue map
 * clamped, MACs, addresses, sizes, current values. Writes cfg where pktgen
 * does (min_pkt_size, max_pkt_size, queue map). Associations are loaded when
 * the stream may use them. Series start anew: lists at their beginning, what is
 * drawn goes on to other values. 0 or -errno with a sentence.
 */
int vn_stream_begin(struct vn_stream *s, const struct vn_stream_env *env, struct vn_err *err);

/* Tells the source of associations what was sent through each since last time. */
void vn_stream_account(struct vn_stream *s);

/* Exact gap of num/den ns (den > 0); delay_ns becomes its integer part. Drops a
 * series of gaps. */
void vn_stream_set_period(struct vn_stream *s, uint64_t num, uint64_t den);
/*
 * Series, which become the stream's; NULL: none. The period becomes the mean of the
 * gaps; where none is known, 1 ns, which only says that there is a schedule.
 */
void vn_stream_set_gaps(struct vn_stream *s, struct vn_series *gaps);
void vn_stream_set_sizes(struct vn_stream *s, struct vn_series *sizes);
void vn_stream_set_lengths(struct vn_stream *s, struct vn_series *lengths);
/* Is the period the gap, or the mean of the gaps? */
bool vn_stream_knows_mean_gap(const struct vn_stream *s);

/* A size that a series gave as frames can have it. */
static inline int32_t vn_size_clip(uint64_t size)
{
	if (size < VN_PKT_SIZE_MIN)
		return VN_PKT_SIZE_MIN;
	return size > VN_FRAME_MAX ? VN_FRAME_MAX : (int32_t)size;
}

/* The same in 1/65536 byte, as vn_series_least() and vn_series_greatest() give it. */
static inline int32_t vn_size_of_value(uint64_t value)
{
	return vn_size_clip((value + VN_SERIES_ONE / 2) >> VN_SERIES_BITS);
}

/* Bytes of one frame of configured size, tags and labels included, no FCS. */
uint32_t vn_stream_frame_len(const struct vn_stream *s, int32_t pkt_size);
/* The longest frame the stream can produce as it is described now. */
uint32_t vn_stream_max_frame_len(const struct vn_stream *s);
/* The same of a size in a run that begins with what is described now, and what of it
 * is an IP packet. */
uint32_t vn_stream_run_len(const struct vn_stream *s, int32_t pkt_size);
uint32_t vn_stream_l3_len(const struct vn_stream *s, int32_t pkt_size);
/* Packets that leave together: the queueing discipline takes one at a time, and so
 * does a stream whose packets are not shared. */
uint32_t vn_stream_burst(const struct vn_stream_cfg *cfg);
/* Page fragments of a frame of cur.pkt_size, spec section 8.7. */
int vn_stream_nr_frags(const struct vn_stream *s);

/* imix: appends an entry; fills the 100 slots (spec section 5.4). */
int vn_imix_add(struct vn_imix *m, uint64_t size, uint64_t weight); /* 0, -EINVAL, -E2BIG */
void vn_imix_fill(struct vn_imix *m);

/* pktgen's conversion of an IPv4 word (spec section 2.6): never fails. */
uint32_t vn_ipv4_from_word(const char *word);

#endif

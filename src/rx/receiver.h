/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receiver: recognizes Vernier's (pktgen's) packets by their payload
 * header, sorts them into flows by UDP destination port, and keeps for each
 * flow what arrived, what did not, in what order and with what gaps.
 *
 * Loss, duplicates and reordering come from sequence numbers with a window of
 * the last VN_RX_WINDOW numbers per flow. Identity, per flow and at any time:
 * highest sequence number seen - first + 1 = unique received + lost; received
 * = unique + duplicates + too late + corrupt. Reordered as in RFC 4737
 * (type-P-reordered): a packet whose number is smaller than one already seen,
 * duplicates apart. Reordering extents are exact; when more than VN_RX_RUNS gaps
 * and late packets lie behind a packet its extent is counted as unknown, so
 * reordered = extents + extent_unknown. A flow that was not announced begins with the lowest number
 * seen within a window's reach of the first. What happens when a sender begins
 * anew at 1 is told in rx/sequence.h.
 *
 * One thread (the receiver's) writes; counters are read by any.
 */
#ifndef VN_RX_RECEIVER_H
#define VN_RX_RECEIVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/stat.h"
#include "net/netdev.h"

#define VN_RX_WINDOW 65536   /* sequence numbers remembered per flow, power of two */
#define VN_RX_RUNS 8192      /* runs of ascending numbers remembered, power of two */
#define VN_RX_DELAYS 1024    /* numbers whose delay is remembered, power of two */
#define VN_RX_FLOWS_MAX 1024 /* flows told apart; packets of further ones are counted */

/*
 * Counters of a flow, X(name). A reader takes all of them as of one moment with
 * vn_rx_flow_read(), so that the identities above hold in what it got.
 */
#define VN_RX_FLOW_COUNTS(X) \
	X(received)   /* all packets of the flow */ \
	X(bytes)      /* frame bytes, no FCS, tags included */ \
	X(bits_l1) \
	X(bits_l2) \
	X(unique)     /* first arrivals */ \
	X(duplicates) \
	X(reordered) \
	X(extent_unknown) /* of those, displaced over more than VN_RX_RUNS runs */ \
	X(too_late)   /* older than the window: unique or not is unknown; counted in
			 received only */ \
	X(corrupt)    /* IPv4 or UDP checksum wrong, or lengths that do not fit; that they
			 arrived is counted (received, bytes, stamps, gap), what they
			 say is not believed */ \
	X(stamped)    /* first arrivals with a stamp */ \
	X(latency_negative) /* of those, stamped later than they arrived */ \
	X(overdue)    /* of those, under way longer than the bound (RFC 7680 calls it the
			 waiting time, and such packets lost; here they are received) */ \
	X(jitter_x16) /* RFC 3550, 1/16 ns; of two stamped ones or more */ \
	X(ipdv_pairs) /* of consecutive numbers, both stamped */ \
	X(ipdv_min)   /* ns, signed; when there are pairs */ \
	X(ipdv_max) \
	X(first_seq)  /* extended to 64 bits; 0 = none yet */ \
	X(max_seq) \
	X(first_ns)   /* arrival stamps */ \
	X(last_ns)

struct vn_rx_flow_stats {
#define VN_X(name) _Atomic uint64_t name;
	VN_RX_FLOW_COUNTS(VN_X)
#undef VN_X
	struct vn_stat_version version;
};

struct vn_rx_flow_counts {
#define VN_X(name) uint64_t name;
	VN_RX_FLOW_COUNTS(VN_X)
#undef VN_X
};

/* Arrivals of ascending numbers, each one more than the one before. */
struct vn_rx_run {
	uint64_t number;   /* of the first */
	uint64_t position; /* of the first among the first arrivals, from 1 */
	uint64_t stamp_ns; /* when it arrived */
};

struct vn_rx_flow {
	uint16_t port;         /* UDP destination port, the lowest of an announced range */
	char label[64];        /* name given with vn_receiver_expect, else "udp_dst N" */
	uint64_t late_after_ns; /* see vn_receiver_late_after(); 0: no bound */
	struct vn_rx_flow_stats stats;
	struct vn_hist gap;     /* between arrivals of this flow, ns */
	struct vn_hist latency; /* arrival - payload stamp of first arrivals, ns (stamps have a
				   grain of 1 us or 1 ns); negative ones are not recorded */
	struct vn_hist ipdv;    /* magnitudes, ns */
	struct vn_hist extent;  /* of reordered packets, in arrivals: RFC 4737, 4.2.1 */
	struct vn_hist late_time; /* of the same, ns: RFC 4737, 4.2.2 */
	/* Of the receiver's thread alone. */
	uint64_t window[VN_RX_WINDOW / 64]; /* bit set: number seen */
	struct vn_rx_run run[VN_RX_RUNS];
	uint64_t n_runs;        /* begun so far; run i is at i modulo VN_RX_RUNS */
	bool is_in_run;         /* the next number after the highest would belong to the
				   newest run */
	int64_t last_delay_ns;  /* of the stamped first arrival before */
	int64_t delay[VN_RX_DELAYS]; /* by number: delay.c */
};

struct vn_rx_stats {
	_Atomic uint64_t frames;   /* everything that came in */
	_Atomic uint64_t ours;     /* with the payload header */
	_Atomic uint64_t other;    /* without */
	_Atomic uint64_t over_limit; /* ours, but of a flow beyond VN_RX_FLOWS_MAX (or for
					which there was no memory) */
};

struct vn_receiver;

int vn_receiver_new(struct vn_receiver **out);
void vn_receiver_free(struct vn_receiver *r); /* NULL accepted */

/*
 * Announces a flow before the run: destination ports port_min..port_max
 * (both included) belong to one flow called label, whose first number is 1.
 * Returns its index, -EEXIST when a port is taken, -ENOSPC over the limit,
 * -EINVAL for a range that is empty, -ENOMEM.
 */
int vn_receiver_expect(struct vn_receiver *r, const char *label, uint16_t port_min,
		       uint16_t port_max);
/* Only announced flows count as ours (default: every port makes a flow). */
void vn_receiver_only_expected(struct vn_receiver *r, bool only);

/* Packets that arrive later than this after their stamp are counted as overdue,
 * in flows that are made from now on. 0, the default: no bound. */
void vn_receiver_late_after(struct vn_receiver *r, uint64_t ns);

/* A vn_rx_handler: arg is the struct vn_receiver. */
void vn_receiver_handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n);

unsigned int vn_receiver_n_flows(const struct vn_receiver *r);
struct vn_rx_flow *vn_receiver_flow(struct vn_receiver *r, unsigned int i); /* or NULL */
const struct vn_rx_stats *vn_receiver_stats(const struct vn_receiver *r);

/* Copies the flow's counters as of one moment. Any thread. */
void vn_rx_flow_read(const struct vn_rx_flow *f, struct vn_rx_flow_counts *out);

/* max_seq - first_seq + 1 - unique: numbers inside the seen range that never
 * came. */
uint64_t vn_rx_counts_lost(const struct vn_rx_flow_counts *c);
uint64_t vn_rx_flow_lost(const struct vn_rx_flow *f);

#endif

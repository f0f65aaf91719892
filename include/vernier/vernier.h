/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libvernier: programs that decide what leaves when, and change their mind when
 * something comes back. A connection goes to one Caliper driver (`vernier nf2d`),
 * which has a card or an ordinary interface behind it; to the program both are
 * the same. pkg-config: vernier. Manual: libvernier(3).
 *
 *     struct vn_caliper *c;
 *     struct vn_caliper_packet p = { .size = sizeof(p), .time_ns = 12304, ... };
 *
 *     if (vn_caliper_open(&c, NULL) < 0) ...
 *     for (i = 0; i < 1000; i++)
 *             vn_caliper_send(c, &p, 1);
 *     vn_caliper_mark(c, VN_CALIPER_FLUSH, &mark);
 *     vn_caliper_wait(c, mark, UINT64_MAX, NULL);
 *     vn_caliper_close(c);
 *
 * Functions return 0 or a count, or a negative errno; vn_caliper_error() has the
 * sentence. A connection belongs to one thread at a time. Nothing here uses
 * signals, global state or threads of its own. Structs that may grow begin with
 * their size, which the caller fills in.
 */
#ifndef VERNIER_VERNIER_H
#define VERNIER_VERNIER_H

#include <stddef.h>
#include <stdint.h>
#include <vernier/caliper.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VN_API __attribute__((visibility("default")))
#else
#define VN_API
#endif

struct vn_caliper;

struct vn_caliper_options {
	size_t size;
	uint32_t card;	  /* 0 to CAL_CARDS_MAX - 1 */
	uint32_t wait_ms; /* how long to wait for a driver's answer; 0 is 2000 */
	uint32_t batch;	  /* descriptors in a message, at most; 0 is CAL_PKTS_PREFERRED */
};

/* options NULL: card 0. -ECONNREFUSED: there is no driver; -EPERM, -EPROTO as the driver says;
 * -ETIMEDOUT. *out is NULL on failure, but with -ENOMEM out of the question vn_caliper_error(NULL)
 * has no sentence: the errno is all there is. */
VN_API int vn_caliper_open(struct vn_caliper **out, const struct vn_caliper_options *options);
/* What was not flushed is sent first, unless a signal comes while the driver has no room for it.
 * NULL is accepted. */
VN_API void vn_caliper_close(struct vn_caliper *c);

/* The sentence of the last call that failed, "" if none did. Lasts until the next call. */
VN_API const char *vn_caliper_error(const struct vn_caliper *c);

struct vn_caliper_info {
	size_t size;
	uint32_t state;	    /* enum cal_state, as last heard */
	uint32_t precision; /* enum cal_precision */
	uint32_t ns_per_cycle, txbuffs, wire_max;
	char ifname[16];
	uint8_t mac[6];
};
VN_API int vn_caliper_info(struct vn_caliper *c, struct vn_caliper_info *info);

/* For poll(): readable when vn_caliper_events() or vn_caliper_wait() has something to look at,
 * which includes events and hits of marks that were heard already and not asked for. */
VN_API int vn_caliper_fd(const struct vn_caliper *c);

/*
 * A packet: UDP over IPv4, or, with frame, a frame of the caller's. Addresses are
 * in wire order (as inet_pton() gives them), ports in host order.
 */
struct vn_caliper_packet {
	size_t size;
	uint64_t time_ns; /* as enum cal_descriptor_flags say; without: gap to the one before */
	uint32_t flags;	  /* enum cal_descriptor_flags */
	uint32_t cookie;
	uint32_t src_ip, dst_ip;
	uint16_t src_port, dst_port;
	uint16_t payload_len; /* UDP payload bytes */
	uint16_t data_len;    /* bytes at data, zeros follow up to payload_len */
	const void *data;     /* the payload's beginning; may be NULL with data_len 0 */
	const void *frame;    /* not NULL: this frame of frame_len bytes, nothing else counts but
			       * time, flags and cookie. data_len bytes are given, 0: all */
	uint16_t frame_len;   /* 14 to 1514 */
	uint16_t vlan_tci;    /* with CAL_VLAN */
	uint8_t ttl, tos;
	uint8_t src_mac[6], dst_mac[6];
};

/*
 * Gives packets to the driver, in this order. They are gathered into messages; full
 * ones are sent, the last one waits for more or for vn_caliper_flush(), _mark() or
 * _close(). Blocks while the driver has no room. Returns n, or the error of the
 * first that is wrong (-EINVAL, -EMSGSIZE; none of the call's packets is sent
 * then), or what went wrong with the driver: -ECONNREFUSED when it is gone. When
 * a signal came while it was blocked (SA_RESTART or not): how many it has taken,
 * -EINTR for none.
 *
 * What the driver refuses later (-ENETDOWN, -EAGAIN) is returned by the next
 * vn_caliper_send(), _flush(), _mark(), _wait() or _events(), once for each
 * message that was refused; that call has done nothing else. -ECONNREFUSED comes
 * in this way when another driver has taken the place of the one that had
 * this client's packets, marks and subscription.
 */
VN_API int vn_caliper_send(struct vn_caliper *c, const struct vn_caliper_packet *packets,
			   unsigned int n);
VN_API int vn_caliper_flush(struct vn_caliper *c);

/* Sets a mark behind what was sent: *mark is its number. flags: VN_CALIPER_FLUSH, the driver
 * does not wait for more to combine. -ENOBUFS: 65536 were set and not waited for. */
#define VN_CALIPER_FLUSH 1u
VN_API int vn_caliper_mark(struct vn_caliper *c, uint32_t flags, uint32_t *mark);

/* Waits until the mark is hit, at most timeout_ns (UINT64_MAX: for ever; 0: looks). hit may be
 * NULL. Returns 0, -ETIMEDOUT, -EINTR (a signal came), -ECANCELED (hit, and what it stood behind
 * was thrown away), -ENOENT (no such mark is set), -EBUSY (the driver refused it: CAL_MARKS_MAX
 * waited for the same transfer). Each mark can be waited for once. */
VN_API int vn_caliper_wait(struct vn_caliper *c, uint32_t mark, uint64_t timeout_ns,
			   struct cal_mark_hit *hit);

/* Events of these kinds (bit k: kind k) from now on. */
VN_API int vn_caliper_subscribe(struct vn_caliper *c, uint32_t kinds, uint32_t snap_len);

struct vn_caliper_event {
	struct cal_event event;
	uint8_t bytes[CAL_SNAP_MAX]; /* event.snap of them */
};

/* Up to max events in order, waiting up to timeout_ns for the first. Returns how many, 0 when
 * the time is over, -EINTR. */
VN_API int vn_caliper_events(struct vn_caliper *c, struct vn_caliper_event *events,
			     unsigned int max, uint64_t timeout_ns);
/* Events that did not reach this client, ever. */
VN_API uint64_t vn_caliper_events_lost(const struct vn_caliper *c);

/* Takes back this client's packets with such cookies, also those not flushed; not what it gives
 * afterwards. done may be NULL. Its last_ns is that of packets that were flushed. */
VN_API int vn_caliper_cancel(struct vn_caliper *c, uint32_t first, uint32_t last,
			     struct cal_cancel_done *done);

/* Resets the card; returns when it has happened. What was not flushed is thrown away, too. That
 * what was sent before is refused (-EAGAIN) is not told by later calls. card_ns may be NULL. */
VN_API int vn_caliper_reset(struct vn_caliper *c, uint64_t *card_ns);

/* gaps: of CAL_POLICY_LIST, n_gaps of them, at most CAL_GAPS_MAX; else NULL. */
VN_API int vn_caliper_policy(struct vn_caliper *c, const struct cal_policy *policy,
			     const uint64_t *gaps, unsigned int n_gaps);

VN_API int vn_caliper_clock(struct vn_caliper *c, struct cal_clock *clock);

/* Up to n counters, in the order of CAL_COUNTERS; returns how many the driver has. */
VN_API int vn_caliper_stats(struct vn_caliper *c, uint64_t *counters, unsigned int n);

/* "late", "packets that left late"; NULL where there is no such. */
VN_API const char *vn_caliper_counter_name(unsigned int counter);
VN_API const char *vn_caliper_counter_text(unsigned int counter);

#ifdef __cplusplus
}
#endif

#endif

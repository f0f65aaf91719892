/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caliper's NetLink protocol, version 1: how a client tells a driver what leaves
 * when, and what the driver answers. This comment is its specification. (The
 * library of vernier.h speaks it; a client may do so itself.)
 *
 * Transport. AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK, unicast, in one network
 * namespace. A driver is bound to two port ids: CAL_PORT_DATA + card for PKTS
 * and MARK, CAL_PORT_CONTROL + card for everything else. There are two since
 * the data socket is deliberately not read while the driver has no room, which
 * makes clients wait; control works all the same. A client is bound to a port
 * id of its own, which is its name.
 *
 * Form. struct nlmsghdr, struct cal_head, body. A body begins at a multiple of 8
 * from the beginning of the message, and its length is that of what it holds:
 * nlmsg_len says it exactly. Integers are in host order, addresses and MACs as
 * on the wire. A datagram may hold several messages, each at a multiple of 4; it
 * has at most CAL_DATAGRAM_MAX bytes. Bytes called zero are written as 0 and are
 * ignored, unless it says that they must be.
 *
 * Answers. NLM_F_ACK asks for an acknowledgement, NLMSG_ERROR with error 0. What
 * is refused is refused as a whole by NLMSG_ERROR with a negative errno, whether
 * it asked or not; the messages behind it in the datagram are handled. An
 * NLMSG_ERROR holds the error and the head of what it answers (struct nlmsgerr).
 * Replies have the nlmsg_seq of what they answer; events have 0.
 *     -EPROTO          a type that is not known, or not for this socket; a version
 *                      above 1
 *     -EINVAL          a length, count or value that cannot be; another driver's card
 *     -EMSGSIZE        a datagram that is too long
 *     -EPERM           a sender without the right to use the driver
 *     -ENETDOWN        PKTS, RESET while the interface is down or the card is lost
 *     -EAGAIN          PKTS while the card is being reset
 *     -EBUSY           MARK: CAL_MARKS_MAX of them wait for the same transfer
 *     -ENOBUFS         SUBSCRIBE: there are CAL_SUBSCRIBERS_MAX; RESET: CAL_RESETS_MAX
 *                      clients wait for its end
 *     -ECANCELED       POLICY: a part of a list whose beginning was refused, or that
 *                      another client's list came in between of
 *
 * type              who, socket         body
 * 0x20 HELLO        client, control     struct cal_hello
 * 0x21 HELLO_ACK    reply               struct cal_hello_ack
 * 0x22 PKTS         client, data        head.count descriptors, each with its data
 * 0x23 MARK         client, data        none; CAL_MARK_FLUSH in head.flags
 * 0x24 MARK_HIT     driver              struct cal_mark_hit; nlmsg_seq is the mark's
 * 0x25 RESET        client, control     none
 * 0x26 RESET_DONE   driver, to who      struct cal_time. Any reset that ends, also one
 *                   asked and to all    that the interface began; to subscribers with
 *                   subscribers         nlmsg_seq 0
 * 0x27 STATS_GET    client, control     none
 * 0x28 STATS        reply               head.count u64, in the order of CAL_COUNTERS
 * 0x29 SUBSCRIBE    client, control     struct cal_subscribe; acknowledged if asked
 * 0x2A EVENTS       driver, to          u64 events lost so far, head.count events
 *                   subscribers
 * 0x2B CANCEL       client, control     struct cal_cancel
 * 0x2C CANCEL_DONE  reply               struct cal_cancel_done
 * 0x2D POLICY       client, control     struct cal_policy, then head.count u64 gaps in ns;
 *                                       always acknowledged
 * 0x2E CLOCK        client, control     none
 * 0x2E CLOCK        reply               struct cal_clock
 *
 * HELLO. Both sides choose the highest version that both know; none: -EPROTO. NetLink
 * does not say when a peer goes. Who waits long asks again: sending fails with
 * ECONNREFUSED when nobody is there, and cal_hello_ack.run differs when it is
 * another one, who knows nothing of marks and subscriptions.
 *
 * PKTS. Packets leave in the order in which they reach the driver, whatever their
 * times are and whoever sent them. A relative time is the distance to the
 * packet before it on the card, whoever's that was: to its departure, or with
 * CAL_CATCHUP to the time that was planned for it. Relative 0 is at once. Times
 * are ns; the driver carries what the card's cycle cannot express over to the
 * next packet. What has passed leaves at once and is late.
 *
 * MARK. Is hit when everything that this client had sent before it, or whatever
 * shares its transfer, has been copied to the card, or was taken back by CANCEL;
 * CAL_DISCARDED when it was thrown away instead (reset, interface down). When a CANCEL
 * leaves nothing of a transfer, its marks wait for the one before; those that find
 * CAL_MARKS_MAX there are refused then, -EBUSY. CAL_MARK_FLUSH: what waits to be
 * combined goes now.
 *
 * RESET. Throws away what waits in driver and card; no packet from before it
 * leaves behind RESET_DONE.
 *
 * CANCEL. Takes back packets that this client sent before it, with cookies from first
 * to last, as far as they have not begun to be copied. They are those of PKTS with an
 * nlmsg_seq before that of the CANCEL, for a client numbers what it sends to both
 * sockets in one row. That includes PKTS that the driver has not read yet, since
 * control overtakes data: the driver reads what is there before it answers, up to
 * CAL_BACKLOG datagrams beyond those that it has room for. What it has not read then is
 * taken back when it is, and CANCEL_DONE knows nothing of it. That is sent behind whatever
 * the driver says of packets that were copied before.
 *
 * POLICY. For the frames that the host's stack sends by the driver's interface, and
 * for how all are combined. Fields that are 0 leave things as they are, but for
 * mode, value and snap, which always count. More gaps than fit into a
 * datagram come in several messages, all but the last with CAL_MORE. They are gathered
 * for one client at a time. When a part is refused, or another client sends a list before
 * the last one has come, all further parts up to that one are refused, too.
 *
 * EVENTS. Never wait for a subscriber: what its socket has no room for is lost and
 * counted in the next message. So are departures that the card had no room to tell, for
 * each subscriber to such: whose they were is not known. A message may have no events: such
 * ones are sent to find out who is gone, when somebody subscribes and there are
 * CAL_SUBSCRIBERS_MAX.
 */
#ifndef VERNIER_CALIPER_H
#define VERNIER_CALIPER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAL_NETLINK_FAMILY 2 /* NETLINK_USERSOCK */
#define CAL_PORT_DATA	   0x4E463200u
#define CAL_PORT_CONTROL   0x4E463280u
#define CAL_CARDS_MAX	   128 /* cards 0 to 127 */
#define CAL_VERSION	   1

#define CAL_DATAGRAM_MAX    16384
#define CAL_PKTS_PREFERRED  64 /* descriptors a message; there may be up to those that fit */
#define CAL_MARKS_MAX	    8
#define CAL_SUBSCRIBERS_MAX 64
#define CAL_RESETS_MAX	    64
#define CAL_BACKLOG	    64
#define CAL_SNAP_MAX	    128
#define CAL_GAPS_MAX	    65536
#define CAL_WIRE_MIN	    60 /* bytes of a frame without FCS; shorter ones are padded */
#define CAL_WIRE_MAX	    1514

/* X(NAME, number) */
#define CAL_MESSAGES(X)                                                                            \
	X(HELLO, 0x20)                                                                             \
	X(HELLO_ACK, 0x21)                                                                         \
	X(PKTS, 0x22)                                                                              \
	X(MARK, 0x23)                                                                              \
	X(MARK_HIT, 0x24)                                                                          \
	X(RESET, 0x25)                                                                             \
	X(RESET_DONE, 0x26)                                                                        \
	X(STATS_GET, 0x27)                                                                         \
	X(STATS, 0x28)                                                                             \
	X(SUBSCRIBE, 0x29)                                                                         \
	X(EVENTS, 0x2A)                                                                            \
	X(CANCEL, 0x2B)                                                                            \
	X(CANCEL_DONE, 0x2C)                                                                       \
	X(POLICY, 0x2D)                                                                            \
	X(CLOCK, 0x2E)

enum cal_message {
#define CAL_X(name, number) CAL_##name = number,
	CAL_MESSAGES(CAL_X)
#undef CAL_X
};

/* Behind struct nlmsghdr. */
struct cal_head {
	uint8_t version; /* CAL_VERSION */
	uint8_t card;
	uint16_t flags;
	uint32_t count; /* of what the body repeats; where it repeats nothing: 0, ignored */
};

enum cal_head_flags {
	CAL_MARK_FLUSH = 1, /* MARK */
	CAL_MORE = 2,	    /* POLICY: gaps go on in the next one */
};

struct cal_hello {
	uint32_t lowest, highest; /* versions */
};

/* What the driver does; also the `extra` of CAL_EVENT_STATE. */
enum cal_state { CAL_DOWN, CAL_RESETTING, CAL_RUNNING, CAL_FAULT };

/* Who keeps the times. */
enum cal_precision {
	CAL_BY_CARD,	 /* the card's hardware, to the cycle */
	CAL_BY_SPINNING, /* the driver, when it hands a frame to the kernel */
	CAL_BY_QDISC,	 /* a queueing discipline: etf, fq */
	CAL_BY_DEVICE,	 /* launch times of the network card */
};
#define CAL_STATE_OF(state)	((state)&0xffu)
#define CAL_PRECISION_OF(state) ((state) >> 8 & 0xffu)

struct cal_hello_ack {
	uint32_t version;
	uint32_t pkts_max;     /* descriptors in a message */
	uint32_t txbuffs;      /* transfer buffers of the driver */
	uint32_t ns_per_cycle; /* grain of departures */
	uint32_t wire_max;     /* CAL_WIRE_MAX */
	uint32_t state;	       /* CAL_STATE_OF(), CAL_PRECISION_OF() */
	char ifname[16];       /* of the driver's interface, NUL-padded; "" where it has none */
	uint8_t mac[6];	       /* its address: what packets have as source unless they say */
	uint16_t run;	       /* differs when the driver was begun anew */
};

/* A descriptor, followed by data_len bytes and zeros up to a multiple of 8. */
struct cal_descriptor {
	uint64_t time_ns;     /* relative, or of the card's clock, or of CLOCK_MONOTONIC */
	uint16_t flags;	      /* enum cal_descriptor_flags; others must be 0 */
	uint16_t payload_len; /* UDP: payload bytes on the wire; RAW: length of the frame */
	uint16_t data_len; /* bytes given: the payload's first, the frame's first; zeros follow */
	uint8_t kind;	   /* enum cal_kind */
	uint8_t ttl;	   /* 0 is 64 */
	uint32_t src_ip, dst_ip; /* wire order, as the next ones */
	uint16_t src_port, dst_port;
	uint8_t dst_mac[6];
	uint8_t src_mac[6]; /* all zero: the interface's */
	uint32_t cookie;    /* the client's label, for CANCEL and events */
	uint16_t vlan_tci;  /* with CAL_VLAN, host order */
	uint8_t tos;
	uint8_t zero; /* must be */
};

enum cal_kind {
	CAL_UDP, /* UDP over IPv4; payload_len 0 to 1472, 1468 with a tag; data_len up to it */
	CAL_RAW, /* payload_len 14 to 1514, data_len 14 to payload_len; addresses are not read */
};

enum cal_descriptor_flags {
	CAL_ABSOLUTE = 1,  /* time_ns is card time: ns since the card's cycle 0 */
	CAL_HOSTCLOCK = 2, /* with CAL_ABSOLUTE: CLOCK_MONOTONIC, by the driver's estimate */
	CAL_CATCHUP = 4,   /* the next relative time counts from the planned departure */
	CAL_REPORT = 8,	   /* tell its departure: CAL_EVENT_DEPARTED to this client, which has
			    * subscribed to it */
	CAL_UDPCSUM = 16,
	CAL_VLAN = 32,
};

/* Card time in what the driver tells is its estimate of now, unless it says otherwise, and 0 from
 * an interface's way up to the end of the reset that belongs to it: the card has not told any. */
struct cal_time {
	uint64_t card_ns; /* of the card's answer */
};

enum cal_mark_status { CAL_COPIED, CAL_DISCARDED };

struct cal_mark_hit {
	uint64_t card_ns;
	uint32_t status; /* enum cal_mark_status */
	uint32_t free_txbuffs;
};

struct cal_subscribe {
	uint32_t mask;	   /* bit k: kind k of enum cal_event_kind; 0 ends it */
	uint32_t snap_len; /* bytes of received frames, 0 to CAL_SNAP_MAX */
};

enum cal_event_kind {
	CAL_EVENT_RX = 1, /* a frame arrived: card_ns when the card told it, len, its first bytes */
	CAL_EVENT_DEPARTED, /* with CAL_REPORT: cookie, card_ns of departure, extra = lateness ns,
			     * UINT32_MAX also for more */
	CAL_EVENT_LATE,	    /* left late, without CAL_REPORT: the same */
	CAL_EVENT_RXDROP,   /* extra = frames that the card has just lost on input */
	CAL_EVENT_STATE,    /* extra = enum cal_state */
	CAL_EVENT_STALL,    /* the quota was 0 for extra microseconds while something waited */
};

/* Followed by `snap` bytes and zeros up to a multiple of 8. */
struct cal_event {
	uint64_t card_ns;
	uint16_t kind;
	uint16_t len; /* of the frame */
	uint32_t cookie;
	uint16_t snap;
	uint16_t port; /* of the card, where the frame arrived */
	uint32_t extra;
};

struct cal_cancel {
	uint32_t first, last; /* cookies, both included; 0 and 0xFFFFFFFF: all */
};

struct cal_cancel_done {
	uint64_t cancelled;
	uint64_t last_ns; /* planned departure of this client's last packet that still leaves, card
			   * time; 0: there is none */
};

enum cal_policy_mode {
	CAL_POLICY_ASAP, /* frames of the stack leave as soon as possible; value is 0 */
	CAL_POLICY_GAP,	 /* value: ns from one to the next */
	CAL_POLICY_RATE, /* value: bits a second on the wire, preamble, FCS and gap included; at
			  * most 1,000,000,000 */
	CAL_POLICY_LIST, /* gaps of the list, again and again; value is 0 */
};

struct cal_policy {
	uint32_t mode;
	uint32_t snap; /* bytes copied of a frame, zeros are sent for the rest; 0: all */
	uint64_t value;
	uint32_t max_entries; /* packets in a transfer, 1 to 99; 0 leaves it */
	uint32_t quota;	      /* transfers that the card may hold, 1 to 8; 0 leaves it */
};

struct cal_clock {
	uint64_t card_ns;  /* means nothing as long as nothing is known */
	uint64_t host_ns;  /* CLOCK_MONOTONIC at that moment */
	uint64_t error_ns; /* bound, which grows by 500 us a second while the card says nothing;
			    * UINT64_MAX: nothing is known yet */
};

/* Since the driver began. X(name, "what is counted"); new ones at the end. */
#define CAL_COUNTERS(X)                                                                            \
	X(accepted, "descriptors accepted")                                                        \
	X(refused, "descriptors refused")                                                          \
	X(cancelled, "descriptors cancelled")                                                      \
	X(entries, "packets copied to the card")                                                   \
	X(transfers, "transfers to the card")                                                      \
	X(bytes, "bytes of them")                                                                  \
	X(txbuff_waits, "times that reading stopped for want of a txbuff")                         \
	X(quota_stalls, "times that the quota was 0 while something waited")                       \
	X(credits, "credits received")                                                             \
	X(if_frames, "frames from the interface")                                                  \
	X(if_txdrop, "frames of the interface dropped")                                            \
	X(delivered, "frames delivered to the interface")                                          \
	X(rx_lost, "frames lost on the card's input")                                              \
	X(late, "packets that left late")                                                          \
	X(late_max_ns, "the most that one was late, of those that the card told")                  \
	X(marks_set, "marks set")                                                                  \
	X(marks_hit, "marks answered")                                                             \
	X(events_sent, "events sent")                                                              \
	X(events_lost, "events lost")                                                              \
	X(resets, "resets")                                                                        \
	X(errors, "errors of transfers and messages of the card")                                  \
	X(free_txbuffs, "now: free txbuffs")                                                       \
	X(waiting, "now: txbuffs waiting or in transfer")                                          \
	X(building, "now: packets in the txbuff that is being filled")                             \
	X(allowed_send, "now: transfers that the card allows")                                     \
	X(state, "now: enum cal_state")                                                            \
	X(discarded, "packets thrown away by resets and an interface that went down")              \
	X(reported, "departures that the card told")                                               \
	X(lost, "packets that the interface behind the card did not take")

enum cal_counter {
#define CAL_X(name, text) CAL_COUNTER_##name,
	CAL_COUNTERS(CAL_X)
#undef CAL_X
		CAL_N_COUNTERS,
};

#ifndef __cplusplus
_Static_assert(sizeof(struct cal_head) == 8, "the protocol's");
_Static_assert(sizeof(struct cal_hello_ack) == 48, "the protocol's");
_Static_assert(sizeof(struct cal_descriptor) == 48, "the protocol's");
_Static_assert(sizeof(struct cal_mark_hit) == 16, "the protocol's");
_Static_assert(sizeof(struct cal_event) == 24, "the protocol's");
_Static_assert(sizeof(struct cal_cancel_done) == 16, "the protocol's");
_Static_assert(sizeof(struct cal_policy) == 24, "the protocol's");
_Static_assert(sizeof(struct cal_clock) == 24, "the protocol's");
#endif

#ifdef __cplusplus
}
#endif

#endif

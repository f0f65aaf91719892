/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The responder: hosts that are not there, as their neighbors see them. Answers
 * what is asked of its addresses, with one MAC for all of them:
 *
 *   ARP requests (RFC 826), probes for its addresses included (RFC 5227)
 *   neighbor solicitations (RFC 4861), those of duplicate address detection too
 *   ICMP echo requests (RFC 792) and ICMPv6 echo requests (RFC 4443)
 *
 * An answer goes to the one who asked, in the VLAN that it was asked in, and is
 * no longer than the question or one short frame. No answer is answered, nor a
 * group's echo request, so two responders on a link leave each other alone.
 *
 * Left out: extension headers of IPv6 (what is behind one counts as of another
 * kind), reassembly, and options of IPv4, which an answer does not have.
 *
 * One thread (the receiver's) calls it; counters are read by any.
 */
#ifndef VN_RX_RESPONDER_H
#define VN_RX_RESPONDER_H

#include <stdint.h>

#include "net/netdev.h"
#include "rx/addrset.h"

/* Tags in a frame that is answered; one put aside comes on top. */
#define VN_RESPONDER_TAGS_MAX 4
/* The most bytes of an answer before its ARP or IP header. */
#define VN_RESPONDER_HEAD_MAX (14 + 4 * (VN_RESPONDER_TAGS_MAX + 1))

/* What is answered. X(name, text of a report) */
#define VN_RESPONDER_KINDS(X)                                                                      \
	X(arp, "ARP")                                                                              \
	X(nd, "ND")                                                                                \
	X(echo, "echo")                                                                            \
	X(echo6, "echo6")

/* Why a frame is not answered. X(name, text of a report) */
#define VN_RESPONDER_CAUSES(X)                                                                     \
	X(other, "of other kinds")                                                                 \
	X(other_host, "for other hosts")                                                           \
	X(answer, "answers")                                                                       \
	X(announcement, "announcements")    /* ARP: the sender tells of its own address */         \
	X(group, "echo requests to groups") /* multicast or broadcast, of Ethernet or IP */        \
	X(fragment, "fragments")                                                                   \
	X(length, "of wrong length") /* do not fit into each other or the device */                \
	X(checksum, "of wrong checksum")                                                           \
	X(invalid, "invalid") /* who asks cannot be answered, or an RFC forbids it */

/* What becomes of a frame: it is asked and answered, or ignored for a cause. */
#define VN_X_ASKED(name, text)	 VN_ASKED_##name,
#define VN_X_IGNORED(name, text) VN_IGNORED_##name,
enum vn_responder_verdict {
	VN_RESPONDER_KINDS(VN_X_ASKED) VN_RESPONDER_N_KINDS,
	VN_RESPONDER_LAST_KIND = VN_RESPONDER_N_KINDS - 1, /* the causes follow */
	VN_RESPONDER_CAUSES(VN_X_IGNORED) VN_RESPONDER_N_VERDICTS,
};
#undef VN_X_ASKED
#undef VN_X_IGNORED

struct vn_responder_text {
	const char *key; /* in JSON */
	const char *text;
};

/* By verdict. */
extern const struct vn_responder_text vn_responder_texts[VN_RESPONDER_N_VERDICTS];

/*
 * At any time: the frames that came are the sum of seen[], and what was asked
 * = answered + unsent. Unsent: the device had no room, lost it or was down.
 */
struct vn_responder_counts {
	uint64_t seen[VN_RESPONDER_N_VERDICTS];
	uint64_t answered[VN_RESPONDER_N_KINDS];
	uint64_t unsent;
};

struct vn_responder;

/*
 * Answers for addrs (copied) with mac, through q, which is its own until
 * vn_responder_free(). 0 or -ENOMEM. A frame of q bounds what is answered.
 */
int vn_responder_new(const struct vn_addrset *addrs, const uint8_t mac[6], struct vn_txq *q,
		     struct vn_responder **out);
void vn_responder_free(struct vn_responder *r); /* NULL accepted; does not close q */

/* A vn_rx_handler: arg is the struct vn_responder. Never waits for the device. */
void vn_responder_handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n);

/* Copies the counters as of one moment. Any thread. */
void vn_responder_read(const struct vn_responder *r, struct vn_responder_counts *out);

#endif

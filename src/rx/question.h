/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the responder: from a received frame to what it asks, and from that to
 * the answer. Frames come from strangers and may be cut short: no byte is read
 * that caplen does not promise.
 */
#ifndef VN_RX_QUESTION_H
#define VN_RX_QUESTION_H

#include "rx/responder.h"

/* Points into the frame that it was read from. */
struct vn_question {
	const struct vn_rx_pkt *pkt;
	uint32_t net_at; /* offset of the ARP or IP header: tags lie before it */
	const uint8_t *net;
	const uint8_t *body; /* ICMP message; NULL for ARP */
	uint32_t body_len;
	uint32_t body_sum;	  /* vn_csum of the body behind its checksum */
	const uint8_t *asker_mac; /* whom the answer is sent to */
	bool is_to_group;	  /* by its Ethernet address */
};

/* The kind, then *out holds, or why it is not to be answered. */
enum vn_responder_verdict vn_question_read(const struct vn_rx_pkt *pkt,
					   const struct vn_addrset *addrs, const uint8_t mac[6],
					   struct vn_question *out);

/* The answer's bytes from the destination MAC on. */
uint32_t vn_answer_len(const struct vn_question *q, enum vn_responder_verdict kind);
/* Writes vn_answer_len() bytes. */
void vn_answer_put(const struct vn_question *q, enum vn_responder_verdict kind,
		   const uint8_t mac[6], uint8_t *out);

#endif

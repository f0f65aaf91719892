/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transformation of a packet by a security association: ESP (RFC 4303) and
 * AH (RFC 4302) as the kernel's pktgen sends them, that is with sequence number
 * 0 in every packet, since nothing advances it.
 *
 * An association in use has its keys set up once; nothing is allocated per
 * packet. One thread uses it.
 */
#ifndef VN_PACKET_IPSEC_H
#define VN_PACKET_IPSEC_H

#include <stdint.h>

#include "base/rng.h"
#include "packet/sa.h"

/* Most bytes that a packet grows by: outer header, ESP header, IV, padding of a
 * block, its two bytes, and the longest check value. */
#define VN_IPSEC_GROWTH_MAX (20 + 8 + 16 + 16 + 2 + 64)

struct vn_ipsec {
	struct vn_sa sa;
	uint64_t bytes, packets; /* sent, and not yet accounted for */
	bool is_current;         /* the source had it when it was asked last */
	bool is_held;            /* a flow has it */
	uint32_t header_len;     /* what the kernel takes off the payload for it */
	struct vn_ipsec_state *state;
};

/*
 * Whether packets can be transformed by it: algorithms known and fitting the
 * protocol, keys and check values of a length they take, nothing unusable. 0,
 * or -EINVAL or -EOPNOTSUPP with a sentence that says what is accepted.
 */
int vn_ipsec_check(const struct vn_sa *sa, struct vn_err *err);

/*
 * Sets up an association. rng: draws the IV of ciphers that count (the kernel
 * has a random one for each association). 0, or what the check says, -EIO
 * (libcrypto refuses) or -ENOMEM with a sentence; *out NULL then.
 */
int vn_ipsec_new(const struct vn_sa *sa, struct vn_rng *rng, struct vn_ipsec **out,
		 struct vn_err *err);
void vn_ipsec_free(struct vn_ipsec *x); /* NULL accepted */

/*
 * Transforms the IPv4 packet of len bytes at ip, in place; behind it must be
 * room for VN_IPSEC_GROWTH_MAX bytes. Returns the new length, 0 on failure, and
 * counts the packet.
 */
uint32_t vn_ipsec_apply(struct vn_ipsec *x, uint8_t *ip, uint32_t len);

#endif

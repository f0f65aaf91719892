/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When frames of the host's stack leave, as the command line says it: what a
 * client's POLICY says, before there is a client.
 */
#ifndef VN_NF2D_POLICY_H
#define VN_NF2D_POLICY_H

#include <stdint.h>

#include "base/err.h"
#include "vernier/caliper.h"

struct nf2d_policy {
	struct cal_policy policy;
	uint64_t *gaps; /* of CAL_POLICY_LIST, n_gaps of them; NULL */
	uint32_t n_gaps;
};

/* "asap", "gap:NS", "rate:BPS" or "list:FILE"; the rest of the policy is left as it is. -errno
 * with a sentence; fini it in either case. */
int nf2d_policy_parse(struct nf2d_policy *p, const char *text, struct vn_err *err);
void nf2d_policy_fini(struct nf2d_policy *p);

/* The policy as messages of the NetLink protocol, the datagram that begins with this gap; the
 * first is 0. Its length; *next is 0 behind the last one. */
#define NF2D_POLICY_BYTES CAL_DATAGRAM_MAX
uint32_t nf2d_policy_message(const struct nf2d_policy *p, unsigned int card, uint32_t first,
			     uint64_t out[NF2D_POLICY_BYTES / 8], uint32_t *next);

#endif

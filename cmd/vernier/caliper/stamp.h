/* SPDX-License-Identifier: BSD-2-Clause */
/* The first bytes of a payload, as pktgen fills them: which packet, and when. */
#ifndef VN_CALIPER_STAMP_H
#define VN_CALIPER_STAMP_H

#include <stdint.h>

#include "base/macros.h"
#include "wire/bytes.h"
#include "wire/wire.h"

/* Packet k, numbered from 1 as pktgen does, at a time since 1970. */
static inline void caliper_stamp(uint8_t to[VN_PGH_HLEN], uint64_t k, uint64_t wall_ns)
{
	vn_put_be32(to + VN_PGH_MAGIC, VN_PGH_MAGIC_US);
	vn_put_be32(to + VN_PGH_SEQ, (uint32_t)(k + 1));
	vn_put_be32(to + VN_PGH_SEC, (uint32_t)(wall_ns / VN_NSEC_PER_SEC));
	vn_put_be32(to + VN_PGH_FRACTION, (uint32_t)(wall_ns % VN_NSEC_PER_SEC / VN_NSEC_PER_USEC));
}

#endif

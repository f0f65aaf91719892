/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071), in parts, so that a checksum can be made
 * from the sum of what is constant plus what varies.
 *
 * A "sum" here is an unfolded ones' complement sum of big-endian 16-bit words
 * in host order: parts are added with +, folded once, inverted last. 32 bits
 * hold the sum of 65,536 words, more than any frame has.
 */
#ifndef VN_WIRE_CSUM_H
#define VN_WIRE_CSUM_H

#include "wire/bytes.h"

/* Sum of len bytes; an odd last byte counts as if a zero byte followed. */
static inline uint32_t vn_csum_add(uint32_t sum, const uint8_t *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += vn_get_be16(p + i);
	if (len & 1)
		sum += (uint32_t)p[len - 1] << 8;
	return sum;
}

/* Sum of the two halves of a 32-bit field at an even offset. */
static inline uint32_t vn_csum_u32(uint32_t v)
{
	return (v >> 16) + (v & 0xffff);
}

static inline uint16_t vn_csum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)sum;
}

/* What goes into an IPv4 header's checksum field. */
static inline uint16_t vn_csum_finish(uint32_t sum)
{
	return (uint16_t)~vn_csum_fold(sum);
}

/* What goes into a UDP checksum field: a computed 0 is sent as 0xffff, since
 * 0 means "no checksum" (RFC 768). */
static inline uint16_t vn_csum_finish_udp(uint32_t sum)
{
	uint16_t c = vn_csum_finish(sum);

	return c ? c : 0xffff;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Big-endian fields in byte arrays, on hosts of either byte order and at any
 * alignment. Needs nothing but the compiler: BPF programs and firmware include
 * it too.
 */
#ifndef VN_WIRE_BYTES_H
#define VN_WIRE_BYTES_H

#include <stdint.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VN_BE16(v) __builtin_bswap16(v)
#define VN_BE32(v) __builtin_bswap32(v)
#else
#define VN_BE16(v) ((uint16_t)(v))
#define VN_BE32(v) ((uint32_t)(v))
#endif

static inline uint16_t vn_get_be16(const uint8_t *p)
{
	uint16_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return VN_BE16(v);
}

static inline uint32_t vn_get_be32(const uint8_t *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return VN_BE32(v);
}

static inline void vn_put_be16(uint8_t *p, uint16_t v)
{
	v = VN_BE16(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void vn_put_be32(uint8_t *p, uint32_t v)
{
	v = VN_BE32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

#endif

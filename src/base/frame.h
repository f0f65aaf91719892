/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for one frame, lent by a device and filled in place. What the bytes
 * mean is other rooms' business.
 *
 * Devices lend the same memory again and again. `content` lets the builder
 * skip what is already there: it is the tag of the template whose bytes (apart
 * from the fields that vary) the memory still holds. A device that writes into
 * or exchanges the memory sets it to 0.
 */
#ifndef VN_BASE_FRAME_H
#define VN_BASE_FRAME_H

#include <stdint.h>

struct vn_frame {
	uint8_t *data;      /* cap bytes, owned by the device that lent them */
	uint32_t cap;       /* bytes */
	uint32_t len;       /* bytes from the destination MAC on, no FCS */
	uint64_t depart_ns; /* asked departure, ns of the run's clock */
	uint64_t content;   /* template tag, 0 = unknown */
};

_Static_assert(sizeof(struct vn_frame) == 32, "two frames a cache line");

#endif

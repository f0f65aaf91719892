/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies before a frame in an AF_XDP socket's memory for the hardware to read,
 * and to write back: younger than the headers of many systems, so written down
 * here with the kernel's names beside it (linux/if_xdp.h of Linux 6.14).
 */
#ifndef VN_DEV_AFXDP_META_H
#define VN_DEV_AFXDP_META_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
	VN_XDP_UMEM_TX_METADATA_LEN = 1 << 2, /* XDP_UMEM_TX_METADATA_LEN */
	VN_XDP_TX_METADATA = 1 << 1,	      /* XDP_TX_METADATA, of a descriptor */
};

/* XDP_TXMD_FLAGS_* */
enum {
	VN_TXMD_TIMESTAMP = 1 << 0,
	VN_TXMD_LAUNCH_TIME = 1 << 2,
};

/* struct xdp_umem_reg with its last member. */
struct vn_xdp_umem_reg {
	uint64_t addr, len;
	uint32_t chunk_size, headroom, flags, tx_metadata_len;
};

/* struct xsk_tx_metadata: written before, read when the completion is back. */
struct vn_xsk_tx_metadata {
	uint64_t flags;
	union {
		struct {
			uint16_t csum_start, csum_offset;
			uint64_t launch_time; /* ns of the hardware's clock */
		} request;
		struct {
			uint64_t tx_timestamp;
		} completion;
	};
};
_Static_assert(sizeof(struct vn_xdp_umem_reg) == 32, "the kernel tells versions by the size");
_Static_assert(sizeof(struct vn_xsk_tx_metadata) == 24, "as the kernel has it");
_Static_assert(offsetof(struct vn_xsk_tx_metadata, request.launch_time) == 16, "");
_Static_assert(offsetof(struct vn_xsk_tx_metadata, completion.tx_timestamp) == 8, "");

/* Room for it (tx_metadata_len): frames begin with a cache line. */
#define VN_AFXDP_META_BYTES VN_CACHELINE

static inline struct vn_xsk_tx_metadata *vn_afxdp_meta_of(uint8_t *frame)
{
	return (struct vn_xsk_tx_metadata *)(frame - VN_AFXDP_META_BYTES);
}

#endif

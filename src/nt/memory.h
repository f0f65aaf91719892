/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memories that the soft processors' loads and stores reach: data memory
 * and the packet memories (spec netthreads 1.3), in one reserved range of host
 * addresses, so that bytes + address is the byte. Big-endian, as on the card.
 *
 * Threads of the simulator run ahead of each other (engine.h), so every word
 * also has two stamps: the latest moment at which it was read and written. An
 * access whose moment is earlier than a stamp came too late: what ran ahead
 * has to be done again. The undo log brings back what memory held at the last
 * checkpoint. A word that was once accessed out of order is "ordered" from
 * then on: its accesses wait for their turn, as those of registers do.
 */
#ifndef VN_NT_MEMORY_H
#define VN_NT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define VN_NT_DATA_BASE	  UINT32_C(0x04000000)
#define VN_NT_DATA_SIZE	  UINT32_C(0x04000000)
#define VN_NT_OUTPUT_BASE UINT32_C(0x08000000) /* not there with model re2 */
#define VN_NT_INPUT_BASE  UINT32_C(0x10000000)
#define VN_NT_PACKET_SIZE UINT32_C(0x4000)     /* of each packet memory */
#define VN_NT_REGISTERS	  UINT32_C(0x20000000) /* from here on: registers */

/*
 * A moment is twice the cycle plus the number of the CPU: instructions of one
 * cycle have an order (spec 1.1), and no two threads share a moment.
 */
static inline uint64_t vn_nt_moment(uint64_t cycle, unsigned int cpu)
{
	return 2 * cycle + cpu;
}

struct vn_nt_memory;

/* -ENOMEM when the host has no room for the reservation. */
int vn_nt_memory_new(bool has_output, struct vn_nt_memory **out, struct vn_err *err);
void vn_nt_memory_free(struct vn_nt_memory *mem);

/* All bytes 0, no stamps, no checkpoint. */
void vn_nt_memory_clear(struct vn_nt_memory *mem);

/* len bytes from addr on lie in one of the memories. */
bool vn_nt_memory_has(const struct vn_nt_memory *mem, uint32_t addr, uint32_t len);

/*
 * What the hardware around the processors, and a debugger, read and write. moment: of the
 * access, at or before those of all threads that have not run ahead. -EFAULT
 * (nothing moved) unless has(). A thread that ran ahead and has touched the
 * bytes already makes the access itself right, but what ran ahead wrong: the
 * engine sees to that (engine.h), callers need not.
 */
int vn_nt_memory_get(struct vn_nt_memory *mem, uint64_t moment, uint32_t addr, void *dst,
		     uint32_t len);
int vn_nt_memory_put(struct vn_nt_memory *mem, uint64_t moment, uint32_t addr, const void *src,
		     uint32_t len);

/* A hash of all bytes of all memories (64-bit FNV-1a over the touched pages
 * with their addresses), for comparing two runs. */
uint64_t vn_nt_memory_hash(const struct vn_nt_memory *mem);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine sees of the memories: it makes the accesses of programs
 * itself, inline and in translated code.
 */
#ifndef VN_NT_MEMORY_PRIV_H
#define VN_NT_MEMORY_PRIV_H

#include "nt/memory.h"
#include "wire/bytes.h"

/* Latest moments, less the memory's stamp_base. */
struct vn_nt_stamps {
	uint32_t written; /* VN_NT_ORDERED: accesses of this word wait for their turn */
	uint32_t read;
};
#define VN_NT_ORDERED UINT32_MAX

/* What a word held before it was written. */
struct vn_nt_undo {
	uint32_t addr;
	uint32_t bytes; /* as they lay */
};

/* Stores between two checkpoints, at most; the engine sees to it. */
#define VN_NT_UNDO_MAX 65536u

/* Pages of 16 KiB: what an address without its low 14 bits finds. Of an address
 * that is turned right by two bits, a misaligned one of a word finds 0 too. */
#define VN_NT_PAGE_SHIFT 14
#define VN_NT_N_PAGES	 (UINT32_C(1) << (32 - VN_NT_PAGE_SHIFT))
#define VN_NT_N_TURNED	 (UINT32_C(1) << (32 - VN_NT_PAGE_SHIFT + 2))

struct vn_nt_memory {
	uint8_t *bytes;		     /* of address 0; only the memories are mapped */
	uint8_t *is_memory;	     /* by page, of VN_NT_N_TURNED pages */
	struct vn_nt_stamps *stamps; /* by word */
	struct vn_nt_undo *undo, *undo_end;
	uint64_t stamp_base; /* moment that stamp 0 is before all */
	bool tracks;	     /* accesses are stamped, stores can be undone */
	bool is_late;	     /* an access came too late since the checkpoint */
	bool has_output;
};

static inline bool vn_nt_memory_is_here(const struct vn_nt_memory *mem, uint32_t addr)
{
	return mem->is_memory[addr >> VN_NT_PAGE_SHIFT];
}

/* No word has been accessed; moments of all later accesses are at or after this one. */
void vn_nt_memory_forget(struct vn_nt_memory *mem, uint64_t moment);

/* From now on everything can be brought back to what it is now. Moments of all
 * later accesses are at or after this one. */
void vn_nt_memory_save(struct vn_nt_memory *mem, uint64_t moment);
void vn_nt_memory_restore(struct vn_nt_memory *mem);

/* The word's accesses wait for their turn from now on, and what ran ahead has
 * to be done again. */
void vn_nt_memory_come_late(struct vn_nt_memory *mem, uint32_t addr);

static inline void vn_nt_memory_keep(struct vn_nt_memory *mem, uint32_t addr)
{
	struct vn_nt_undo *u = mem->undo_end++;

	u->addr = addr & ~3u;
	__builtin_memcpy(&u->bytes, mem->bytes + u->addr, 4);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ranges are reserved and not backed: a page takes host memory when it is
 * first written, and 64 MiB of data memory cost what a program uses of them.
 */
#include "nt/memory_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Addresses below the registers. */
#define BYTES_LEN  ((size_t)VN_NT_REGISTERS)
#define STAMPS_LEN (BYTES_LEN / 4 * sizeof(struct vn_nt_stamps))
/* Stamps begin anew before they could reach VN_NT_ORDERED: 8.6 s of the card. */
#define STAMP_SPAN (UINT64_C(1) << 31)

static const struct {
	uint32_t base, size;
} ranges[] = {
	{ VN_NT_DATA_BASE, VN_NT_DATA_SIZE },
	{ VN_NT_INPUT_BASE, VN_NT_PACKET_SIZE },
	{ VN_NT_OUTPUT_BASE, VN_NT_PACKET_SIZE },
};

static unsigned int n_ranges(const struct vn_nt_memory *mem)
{
	return mem->has_output ? 3 : 2;
}

static void *reserve(size_t len, int protection)
{
	void *p = mmap(NULL, len, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t len)
{
	if (p)
		munmap(p, len);
}

static int open_ranges(struct vn_nt_memory *mem)
{
	for (unsigned int i = 0; i < n_ranges(mem); i++) {
		if (mprotect(mem->bytes + ranges[i].base, ranges[i].size, PROT_READ | PROT_WRITE))
			return -errno;
		memset(mem->is_memory + (ranges[i].base >> VN_NT_PAGE_SHIFT), 1,
		       ranges[i].size >> VN_NT_PAGE_SHIFT);
	}
	return 0;
}

int vn_nt_memory_new(bool has_output, struct vn_nt_memory **out, struct vn_err *err)
{
	struct vn_nt_memory *mem = calloc(1, sizeof(*mem));

	*out = NULL;
	if (!mem)
		return vn_err_set(err, ENOMEM, "no memory for the card");
	mem->has_output = has_output;
	mem->bytes = reserve(BYTES_LEN, PROT_NONE);
	mem->is_memory = reserve(VN_NT_N_TURNED, PROT_READ | PROT_WRITE);
	mem->stamps = reserve(STAMPS_LEN, PROT_READ | PROT_WRITE);
	mem->undo = reserve(VN_NT_UNDO_MAX * sizeof(*mem->undo), PROT_READ | PROT_WRITE);
	mem->undo_end = mem->undo;
	if (!mem->bytes || !mem->is_memory || !mem->stamps || !mem->undo || open_ranges(mem)) {
		vn_nt_memory_free(mem);
		return vn_err_set(err, ENOMEM,
				  "cannot reserve 1.6 GB of addresses for the card's memories");
	}
	*out = mem;
	return 0;
}

void vn_nt_memory_free(struct vn_nt_memory *mem)
{
	if (!mem)
		return;
	release(mem->bytes, BYTES_LEN);
	release(mem->is_memory, VN_NT_N_TURNED);
	release(mem->stamps, STAMPS_LEN);
	release(mem->undo, VN_NT_UNDO_MAX * sizeof(*mem->undo));
	free(mem);
}

void vn_nt_memory_forget(struct vn_nt_memory *mem, uint64_t moment)
{
	madvise(mem->stamps, STAMPS_LEN, MADV_DONTNEED);
	mem->stamp_base = moment;
}

void vn_nt_memory_clear(struct vn_nt_memory *mem)
{
	for (unsigned int i = 0; i < n_ranges(mem); i++)
		madvise(mem->bytes + ranges[i].base, ranges[i].size, MADV_DONTNEED);
	vn_nt_memory_forget(mem, 0);
	mem->undo_end = mem->undo;
	mem->is_late = false;
}

bool vn_nt_memory_has(const struct vn_nt_memory *mem, uint32_t addr, uint32_t len)
{
	for (unsigned int i = 0; i < n_ranges(mem); i++)
		if (addr - ranges[i].base < ranges[i].size)
			return len <= ranges[i].size - (addr - ranges[i].base);
	return false;
}

void vn_nt_memory_come_late(struct vn_nt_memory *mem, uint32_t addr)
{
	mem->stamps[addr / 4].written = VN_NT_ORDERED;
	mem->is_late = true;
}

/* An ordered word has nobody who ran ahead on it. */
static bool ran_ahead(const struct vn_nt_stamps *s, uint32_t now, bool writes)
{
	if (s->written == VN_NT_ORDERED)
		return false;
	return s->written > now || (writes && s->read > now);
}

static void check_order(struct vn_nt_memory *mem, uint64_t moment, uint32_t addr, uint32_t len,
			bool writes)
{
	uint32_t now = (uint32_t)(moment - mem->stamp_base);

	if (!mem->tracks || !len)
		return;
	for (uint32_t w = addr / 4; w <= (addr + len - 1) / 4; w++)
		if (ran_ahead(&mem->stamps[w], now, writes))
			vn_nt_memory_come_late(mem, 4 * w);
}

int vn_nt_memory_get(struct vn_nt_memory *mem, uint64_t moment, uint32_t addr, void *dst,
		     uint32_t len)
{
	if (!vn_nt_memory_has(mem, addr, len))
		return -EFAULT;
	check_order(mem, moment, addr, len, false);
	memcpy(dst, mem->bytes + addr, len);
	return 0;
}

int vn_nt_memory_put(struct vn_nt_memory *mem, uint64_t moment, uint32_t addr, const void *src,
		     uint32_t len)
{
	if (!vn_nt_memory_has(mem, addr, len))
		return -EFAULT;
	check_order(mem, moment, addr, len, true);
	if (mem->tracks && len)
		for (uint32_t a = addr & ~3u; a < addr + len; a += 4)
			vn_nt_memory_keep(mem, a);
	memcpy(mem->bytes + addr, src, len);
	return 0;
}

void vn_nt_memory_save(struct vn_nt_memory *mem, uint64_t moment)
{
	mem->undo_end = mem->undo;
	mem->is_late = false;
	if (moment - mem->stamp_base >= STAMP_SPAN)
		vn_nt_memory_forget(mem, moment);
}

void vn_nt_memory_restore(struct vn_nt_memory *mem)
{
	while (mem->undo_end > mem->undo) {
		const struct vn_nt_undo *u = --mem->undo_end;

		memcpy(mem->bytes + u->addr, &u->bytes, 4);
	}
	mem->is_late = false;
}

/* Pages of zeros are as those that were never touched. */
static uint64_t hash_page(uint64_t hash, uint32_t addr, const uint8_t *page)
{
	static const uint8_t zeros[4096];
	uint8_t head[4];

	if (!memcmp(page, zeros, sizeof(zeros)))
		return hash;
	vn_put_be32(head, addr);
	for (unsigned int i = 0; i < sizeof(head); i++)
		hash = (hash ^ head[i]) * UINT64_C(0x100000001b3);
	for (unsigned int i = 0; i < sizeof(zeros); i++)
		hash = (hash ^ page[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t vn_nt_memory_hash(const struct vn_nt_memory *mem)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned int i = 0; i < n_ranges(mem); i++)
		for (uint32_t at = 0; at < ranges[i].size; at += 4096)
			hash = hash_page(hash, ranges[i].base + at,
					 mem->bytes + ranges[i].base + at);
	return hash;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any words as a program of eight threads, with frames that come meanwhile: both
 * engines get what the definition gets (reference.c), and nothing that a
 * program does harms the host.
 *
 * Input: flags, cycles to run (in 32), number of words (16 bits), the words, then
 * bytes of data memory.
 */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "wire/bytes.h"

#define HEAD	  4
#define WORDS_MAX 4096u
#define DATA_AT	  (VN_NT_LOAD_BASE + 0xf00) /* behind the words that threads share */
#define DATA_MAX  1024u

enum { FLAG_ONE_CPU = 1, FLAG_RE2 = 2, FLAG_HALTS = 4, FLAG_NO_SKIP = 8, FLAG_SLICES = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vn_nt_config config_of(uint8_t flags)
{
	struct vn_nt_config cfg = vn_nt_defaults;

	cfg.hw.cpus = flags & FLAG_ONE_CPU ? 1 : 2;
	cfg.hw.model = flags & FLAG_RE2 ? 0x20 : 0x10;
	cfg.hw.trace = (1u << VN_NT_N_TRACES) - 1;
	cfg.hw.trace &= ~(VN_NT_TRACE(INSTR) | VN_NT_TRACE(REG) | VN_NT_TRACE(MEM));
	cfg.fault_halts = flags & FLAG_HALTS;
	cfg.no_skip = flags & FLAG_NO_SKIP;
	return cfg;
}

static void feed(struct pair *p)
{
	uint8_t frame[100];

	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	pair_feed(p, 0, 0, frame, sizeof(frame));
	pair_feed(p, 1, 100, frame, 1);
	pair_feed(p, 2, 200, frame, 60);
	pair_feed(p, 0, 300, frame, 64);
}

static void check(const struct vn_nt_config *cfg, const struct vn_nt_image *image, uint64_t until,
		  uint64_t slice)
{
	enum vn_nt_stop stop = VN_NT_STOP_UNTIL;
	struct pair p;
	bool same = pair_init(&p, cfg, image);

	if (same)
		feed(&p);
	for (uint64_t to = slice; same && stop == VN_NT_STOP_UNTIL && to <= until; to += slice)
		same = pair_run(&p, to, &stop);
	if (!same) {
		fprintf(stderr, "%s\n", p.why);
		abort();
	}
	pair_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum vn_nt_engine engines[] = { VN_NT_TRANSLATE, VN_NT_INTERPRET };
	uint32_t words[WORDS_MAX], n;
	struct vn_nt_piece piece = { .addr = DATA_AT };
	struct vn_nt_image image = { .text = words, .pieces = &piece, .n_pieces = 1 };
	struct vn_nt_config cfg;
	uint64_t until;

	if (size < HEAD)
		return 0;
	cfg = config_of(data[0]);
	until = 32 * (data[1] + 1);
	n = (uint32_t)VN_MIN(VN_MIN(vn_get_be16(data + 2), WORDS_MAX), (size - HEAD) / 4);
	for (uint32_t i = 0; i < n; i++)
		words[i] = vn_get_be32(data + HEAD + 4 * i);
	image.n_text = n;
	piece.bytes = (uint8_t *)(uintptr_t)data + HEAD + 4 * n;
	piece.len = (uint32_t)VN_MIN(size - HEAD - 4 * n, DATA_MAX);
	for (size_t i = 0; i < VN_ARRAY_SIZE(engines); i++) {
		cfg.engine = engines[i];
		check(&cfg, &image, until, data[0] & FLAG_SLICES ? 32 : until);
	}
	return 0;
}

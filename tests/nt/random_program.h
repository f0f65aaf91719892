/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs drawn from a seed, with what they need around them: eight threads that
 * compute, share words, lock, poll, send, log, loop, fall asleep and go wrong,
 * and frames that come meanwhile.
 */
#ifndef VN_TESTS_NT_RANDOM_PROGRAM_H
#define VN_TESTS_NT_RANDOM_PROGRAM_H

#include "nt/card.h"

#define RANDOM_PROGRAM_WORDS  8192
#define RANDOM_PROGRAM_FRAMES 24

struct random_frame {
	unsigned int port;
	uint64_t cycle;
	uint32_t len;
	uint8_t bytes[1700];
};

struct random_program {
	struct vn_nt_config cfg;
	uint32_t text[RANDOM_PROGRAM_WORDS];
	struct vn_nt_piece data;
	uint8_t bytes[256];
	struct vn_nt_image image; /* of the former */
	struct random_frame frames[RANDOM_PROGRAM_FRAMES];
	unsigned int n_frames;
	uint64_t until; /* where to stop looking */
};

void random_program_draw(struct random_program *p, uint64_t seed);

#endif

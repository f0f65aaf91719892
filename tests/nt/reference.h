/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The definition of the card as a program: one instruction per thread in turn,
 * cycle by cycle, CPU 0 before CPU 1. The engines of src/nt are compared with
 * it. It decodes by opcode straight from the words and shares with them only the
 * hardware around the processors (nt/hw.h) and the memories it reads. It is slow,
 * and meant to be read: what it does must be seen to be what the specification says.
 */
#ifndef VN_TESTS_NT_REFERENCE_H
#define VN_TESTS_NT_REFERENCE_H

#include "nt/card.h"

struct reference_thread {
	struct vn_nt_thread_view view; /* but for what goes on: reference_view() */
	uint64_t ready;		       /* it issues nothing before this cycle */
	uint64_t slept;		       /* the cycle in which it fell asleep */
};

struct reference {
	struct vn_nt_config cfg; /* engine, window, no_skip do not matter */
	struct vn_nt_memory *mem;
	struct vn_nt_hw *hw;
	uint32_t text[VN_NT_TEXT_WORDS];
	struct reference_thread threads[VN_NT_THREADS];
	uint64_t cycle; /* the next one */
	struct vn_nt_fault faults[VN_NT_THREADS];
	unsigned int n_faults;
};

int reference_new(const struct vn_nt_config *cfg, struct reference **out, struct vn_err *err);
void reference_free(struct reference *r);

/* Once, before the first run. */
int reference_load(struct reference *r, const struct vn_nt_image *image, struct vn_err *err);

/* All cycles before `until`; a fault ends it after its cycle unless faults halt
 * their threads only. What the hardware has put out can then be taken. */
void reference_run(struct reference *r, uint64_t until);

void reference_view(const struct reference *r, unsigned int tid, struct vn_nt_thread_view *view);

/* No thread will ever issue an instruction again, whatever comes from outside. */
bool reference_has_ended(const struct reference *r);

#endif

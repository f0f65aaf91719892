/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card and the reference beside it: both get the same program and the same
 * frames, and whatever can be seen of one must be seen of the other, at any
 * cycle at which the card stands still.
 */
#ifndef VN_TESTS_NT_PAIR_H
#define VN_TESTS_NT_PAIR_H

#include <stdio.h>

#include "reference.h"

/* What came out of one of the two so far, as text. */
struct pair_output {
	FILE *file;
	char *text;
	size_t len;
};

struct pair {
	struct vn_nt_card *card;
	struct reference *ref;
	struct pair_output card_output, ref_output;
	char why[1024]; /* where they differ, first */
};

/* Aborts without memory; false: the card refuses the program, as `why` says. */
bool pair_init(struct pair *p, const struct vn_nt_config *cfg, const struct vn_nt_image *image);
void pair_fini(struct pair *p);

/* Not behind the cycle at which the two stand. */
void pair_feed(struct pair *p, unsigned int port, uint64_t cycle, const void *bytes, uint32_t len);

/* A transfer each way begins in the cycle at which the two stand, if the hardware will
 * have it. False: it answers differently. */
bool pair_transfer(struct pair *p, unsigned int queue, const void *bytes, uint32_t len);

/*
 * Runs the card until the cycle or its stop, the reference to where the card
 * stands, and compares: threads, faults, counters, output, the reason for the
 * stop, and from the places where small programs have their data a window of
 * memory each. False: they differ.
 */
bool pair_run(struct pair *p, uint64_t until, enum vn_nt_stop *stop);

/* All of the memories. */
bool pair_has_same_memory(struct pair *p);

#endif

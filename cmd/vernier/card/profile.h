/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * -profile: where the program's cycles went, as tables for people, as JSON, or as
 * stacks for flame graphs; the name of the file says which.
 */
#ifndef VN_CARD_PROFILE_H
#define VN_CARD_PROFILE_H

#include <stdio.h>

#include "nt/profile.h"
#include "run.h"

/* Begins to count, if the settings say so; before the card is made. -EINVAL for a
 * function that the program does not have, -ENOMEM. */
int card_profile_new(struct card_run *r, struct vn_err *err);
/* Opens the file. -errno with a sentence. */
int card_profile_open(struct card_run *r, struct vn_err *err);
/* The run is over: writes, and closes the file. */
int card_profile_finish(struct card_run *r, struct vn_err *err);
void card_profile_free(struct card_run *r);

/* The three forms. 0 or -ENOMEM; what became of the stream is for the caller. */
int card_profile_text(const struct vn_nt_profile *p, uint64_t cycle, FILE *out);
int card_profile_json(const struct vn_nt_profile *p, uint64_t cycle, FILE *out);
int card_profile_stacks(const struct vn_nt_profile *p, FILE *out);

/* The instructions of one function, with what each cost. */
void card_profile_annotate(const struct vn_nt_profile *p, uint32_t function,
			   const struct vn_nt_image *image, FILE *out);

#endif

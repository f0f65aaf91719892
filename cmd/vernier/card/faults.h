/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program did wrong, told to its author: a fault with its instruction,
 * place and registers, a deadlock with who waits for what.
 */
#ifndef VN_CARD_FAULTS_H
#define VN_CARD_FAULTS_H

#include <stdio.h>

#include "nt/card.h"

#define CARD_PLACE_LEN 128
/* "main+0x18", "" where the image has no name for it. */
void card_place(const struct vn_nt_image *image, uint32_t pc, char buf[CARD_PLACE_LEN]);

void card_fault_print(FILE *out, const struct vn_nt_fault *f, const struct vn_nt_image *image);
void card_deadlock_print(FILE *out, const struct vn_nt_card *card, const struct vn_nt_image *image);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The seed of a run: as typed, or drawn. */
#ifndef VN_CMD_SEED_H
#define VN_CMD_SEED_H

#include <stdint.h>

#include "base/err.h"

/* text: of --seed, NULL: draw one. 0 or -errno with a sentence. */
int vn_seed_choose(const char *text, uint64_t *seed, struct vn_err *err);

#endif

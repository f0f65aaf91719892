/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that people write: only decimal digits, nothing before or behind them;
 * one by one on the command line, or millions of them in a file, between white
 * space.
 */
#ifndef VN_CALIPER_NUMBERS_H
#define VN_CALIPER_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CALIPER_NUMBERS_MAX (UINT64_C(1) << 28) /* of a file: 2 GiB of memory */

/* min <= text <= max. what names it in the sentence. -EINVAL, -ERANGE. */
int caliper_number(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *out,
		   struct vn_err *err);

struct caliper_numbers {
	uint64_t *v;
	size_t n;
};

/*
 * All numbers of the file, "-" is standard input. At least one; each from min to
 * max, which is at most 10^18. A sentence names file, line and text. -EINVAL and -ERANGE for what
 * is in it; other codes where it cannot be read.
 */
int caliper_numbers_read(const char *path, uint64_t min, uint64_t max, struct caliper_numbers *out,
			 struct vn_err *err);
void caliper_numbers_fini(struct caliper_numbers *numbers); /* zeroed ones accepted */

#endif

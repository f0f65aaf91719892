/* SPDX-License-Identifier: BSD-2-Clause */
#include "seed.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/parse.h"

int vn_seed_choose(const char *text, uint64_t *seed, struct vn_err *err)
{
	uint32_t drawn;

	if (text)
		return vn_parse_quantity("--seed", text, vn_units_none, 0, INT64_MAX, seed, err);
	/* 32 bits: short enough to be typed again. */
	if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
		return vn_err_set(err, errno, "no random seed: %s", strerror(errno));
	*seed = drawn;
	return 0;
}

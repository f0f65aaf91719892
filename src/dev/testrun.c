/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/testrun.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>

int vn_testrun_try(int program, const uint8_t *frame, uint32_t len, uint32_t flags)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len, .repeat = 1,
		    .flags = flags);
	int rc = bpf_prog_test_run_opts(program, &run);

	return rc == -EINTR ? 0 : rc;
}

uint32_t vn_testrun_longest(int program, const uint8_t *frame, uint32_t len, uint32_t flags)
{
	uint32_t fits = ETH_HLEN, too_long = len;

	if (!vn_testrun_try(program, frame, len, flags))
		return len;
	while (too_long - fits > 1) {
		uint32_t middle = fits + (too_long - fits) / 2;

		if (vn_testrun_try(program, frame, middle, flags))
			too_long = middle;
		else
			fits = middle;
	}
	return fits;
}

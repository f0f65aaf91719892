/* SPDX-License-Identifier: BSD-2-Clause */
/* See process.h. */
#include "process.h"

int main(void)
{
	t_addr *p;

	nf_start(0);
	for (;;) {
		p = nf_pktin_pop();
		if (nf_pktin_is_valid(p))
			process_pkt(p);
	}
}

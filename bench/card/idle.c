/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread looks at the clock, one at a word of memory, six sleep on a lock. */
#include "support.h"

static volatile uint word;

int main(void)
{
	switch (nf_tid()) {
	case 0:
		for (;;)
			nf_time();
	case 1:
		while (!word)
			;
		return 0;
	default:
		nf_lock(LOCK_DS0);
		nf_lock(LOCK_DS0);
		return 0;
	}
}

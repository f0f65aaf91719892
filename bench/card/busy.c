/* SPDX-License-Identifier: BSD-2-Clause */
/* Eight threads with the same work; thread 0 says what came of its own. */
#include "support.h"

#define MIX_LOCK   nf_lock(LOCK_DS0)
#define MIX_UNLOCK nf_unlock(LOCK_DS0)
#define MIX_TIME   nf_time()
#include "crunch.h"
#include "mix.h"

static volatile uint results[NF_MAX_THREADS];

int main(void)
{
	uint me = (uint)nf_tid();

	results[me] = WORK(me, ROUNDS);
	if (me == 0)
		log("result %08x\n", results[0]);
	return 0;
}

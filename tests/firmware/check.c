/* SPDX-License-Identifier: BSD-2-Clause */
/* See check.h. LOCK_MISC guards what is here. */
#include "check.h"

static int failed;
static uint here, meetings;

void check(int holds, const char *name)
{
	log("%s %s\n", holds ? "ok" : "not ok", name);
	(void)name;
	if (holds)
		return;
	nf_lock(LOCK_MISC);
	failed = 1;
	nf_unlock(LOCK_MISC);
}

int checked(void)
{
	int value;

	nf_lock(LOCK_MISC);
	value = failed;
	nf_unlock(LOCK_MISC);
	return value;
}

void meet(void)
{
	uint meeting;

	nf_lock(LOCK_MISC);
	meeting = meetings;
	if (++here == NF_MAX_THREADS) {
		here = 0;
		__atomic_store_n(&meetings, meeting + 1, __ATOMIC_RELAXED);
	}
	nf_unlock(LOCK_MISC);
	while (__atomic_load_n(&meetings, __ATOMIC_RELAXED) == meeting)
		relax();
	nf_lock(LOCK_MISC); /* what others did before they came is seen after this */
	nf_unlock(LOCK_MISC);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls are for the calling thread: in Linux, pid 0 is a thread.
 */
#include "base/realtime.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#include "base/macros.h"

int vn_realtime_begin(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	/* What a library may start meanwhile is to have none of it. */
	return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) ? -errno : 0;
}

/* The flag stays: to take it off, too, needs a right. */
int vn_realtime_end(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	return sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) ? -errno : 0;
}

int vn_realtime_try(void)
{
	struct sched_param old;
	int policy = sched_getscheduler(0);
	int rc;

	if (policy < 0 || sched_getparam(0, &old))
		return -errno;
	rc = vn_realtime_begin();
	if (rc == 0 && sched_setscheduler(0, policy, &old))
		rc = vn_realtime_end(); /* without the right to take the flag off */
	return rc;
}

bool vn_sched_is_common(void)
{
	int policy = sched_getscheduler(0);

	return (policy & ~SCHED_RESET_ON_FORK) == SCHED_OTHER;
}

void vn_sched_text(char buf[VN_SCHED_TEXT])
{
	static const struct {
		int policy;
		const char *name;
		bool has_priority;
	} names[] = {
		{ SCHED_OTHER, "SCHED_OTHER", false }, { SCHED_FIFO, "SCHED_FIFO", true },
		{ SCHED_RR, "SCHED_RR", true },	       { SCHED_BATCH, "SCHED_BATCH", false },
		{ SCHED_IDLE, "SCHED_IDLE", false },   { 6, "SCHED_DEADLINE", false },
	};
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	struct sched_param p = { 0 };

	sched_getparam(0, &p);
	snprintf(buf, VN_SCHED_TEXT, "policy %d", policy);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(names); i++) {
		if (names[i].policy != policy)
			continue;
		if (names[i].has_priority)
			snprintf(buf, VN_SCHED_TEXT, "%s %d", names[i].name, p.sched_priority);
		else
			snprintf(buf, VN_SCHED_TEXT, "%s", names[i].name);
	}
}

static bool read_number(const char *root, const char *name, int64_t *out)
{
	char path[512];
	FILE *in;
	bool is_read;

	snprintf(path, sizeof(path), "%s/proc/sys/kernel/%s", root, name);
	in = fopen(path, "re");
	if (!in)
		return false;
	is_read = fscanf(in, "%" SCNd64, out) == 1;
	fclose(in);
	return is_read;
}

void vn_rt_budget_read(const char *root, struct vn_rt_budget *out)
{
	int64_t runtime_us, period_us;

	*out = (struct vn_rt_budget){ 0 };
	if (!read_number(root, "sched_rt_runtime_us", &runtime_us) ||
	    !read_number(root, "sched_rt_period_us", &period_us))
		return;
	out->is_known = true;
	out->is_unlimited = runtime_us < 0 || runtime_us >= period_us;
	out->runtime_us = runtime_us < 0 ? 0 : (uint64_t)runtime_us;
	out->period_us = period_us < 0 ? 0 : (uint64_t)period_us;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU sets are allocated, since machines with more CPUs than cpu_set_t has
 * bits (1024) exist; the kernel says with EINVAL that a set is too small.
 */
#include "base/cpu.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define CPUS_MAX (1 << 20) /* where we stop asking with larger sets */

static int list_set(const cpu_set_t *set, size_t size, int n_cpus, int cpus[], int max)
{
	int cpu, n = 0;

	for (cpu = 0; cpu < n_cpus; cpu++) {
		if (!CPU_ISSET_S((size_t)cpu, size, set))
			continue;
		if (n < max)
			cpus[n] = cpu;
		n++;
	}
	return n;
}

/* The calling thread's; *out is for CPU_FREE(). */
static int get_affinity(cpu_set_t **out, size_t *size)
{
	int n_cpus;

	for (n_cpus = CPU_SETSIZE; n_cpus <= CPUS_MAX; n_cpus *= 2) {
		*size = CPU_ALLOC_SIZE((size_t)n_cpus);
		*out = CPU_ALLOC((size_t)n_cpus);
		if (!*out)
			return -ENOMEM;
		if (sched_getaffinity(0, *size, *out) == 0)
			return 0;
		CPU_FREE(*out);
		if (errno != EINVAL)
			return -errno;
	}
	return -EINVAL;
}

int vn_cpu_list(int cpus[], int max)
{
	cpu_set_t *set;
	size_t size;
	int ret = get_affinity(&set, &size);

	if (ret)
		return ret;
	ret = list_set(set, size, (int)(size * 8), cpus, max);
	CPU_FREE(set);
	return ret;
}

int vn_cpu_pin(int cpu)
{
	cpu_set_t *set;
	size_t size;
	int ret;

	if (cpu < 0 || cpu >= CPUS_MAX)
		return -EINVAL;
	size = CPU_ALLOC_SIZE((size_t)cpu + 1);
	set = CPU_ALLOC((size_t)cpu + 1);
	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S((size_t)cpu, size, set);
	ret = sched_setaffinity(0, size, set) == 0 ? 0 : -errno;
	CPU_FREE(set);
	return ret;
}

bool vn_cpu_may_pin(int cpu)
{
	cpu_set_t *old;
	size_t size;
	bool may;

	if (get_affinity(&old, &size))
		return false;
	may = vn_cpu_pin(cpu) == 0;
	if (may)
		sched_setaffinity(0, size, old);
	CPU_FREE(old);
	return may;
}

bool vn_cpu_in_list(const char *list, int cpu)
{
	char *end;

	for (;;) {
		long first = strtol(list, &end, 10), last = first;

		if (end == list)
			return false;
		if (*end == '-') {
			list = end + 1;
			last = strtol(list, &end, 10);
			if (end == list)
				return false;
		}
		if (cpu >= first && cpu <= last)
			return true;
		if (*end != ',')
			return false;
		list = end + 1;
	}
}

int vn_cpu_is_listed(const char *root, const char *name, int cpu)
{
	char path[512], *line = NULL;
	size_t cap = 0;
	FILE *in;
	int ret;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/%s", root, name);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	ret = getline(&line, &cap, in) > 0 && vn_cpu_in_list(line, cpu);
	free(line);
	fclose(in);
	return ret;
}

int64_t vn_thread_slack(uint64_t ns)
{
	int now;

	if (prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0))
		return -errno;
	now = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
	return now < 0 ? -errno : now;
}

void vn_thread_name(const char *name)
{
	/* Cuts a long name; pthread_setname_np() would refuse it. */
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

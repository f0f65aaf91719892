/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU sets are allocated, since machines with more CPUs than cpu_set_t has
 * bits (1024) exist; the kernel says with EINVAL that a set is too small.
 */
#include "base/cpu.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
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

int vn_cpu_list(int cpus[], int max)
{
	int n_cpus, ret = -EINVAL;

	for (n_cpus = CPU_SETSIZE; ret == -EINVAL && n_cpus <= CPUS_MAX; n_cpus *= 2) {
		size_t size = CPU_ALLOC_SIZE((size_t)n_cpus);
		cpu_set_t *set = CPU_ALLOC((size_t)n_cpus);

		if (!set)
			return -ENOMEM;
		if (sched_getaffinity(0, size, set) == 0)
			ret = list_set(set, size, n_cpus, cpus, max);
		else
			ret = -errno;
		CPU_FREE(set);
	}
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

void vn_thread_name(const char *name)
{
	/* Cuts a long name; pthread_setname_np() would refuse it. */
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of CPU numbers as people write them: "0", "0,2-3". */
#ifndef VN_CMD_CPUS_H
#define VN_CMD_CPUS_H

#include <stdbool.h>

#include "base/err.h"

#define VN_CPUS_MAX 1024 /* workers, and highest CPU number + 1 */

struct vn_cpus {
	unsigned int n;
	int v[VN_CPUS_MAX];
};

/* Numbers in the order given, each once. 0 or -EINVAL with a sentence that
 * begins with what ("--cpus"). */
int vn_cpus_parse(const char *what, const char *text, struct vn_cpus *out, struct vn_err *err);

/* One CPU number that this process may run on. 0 or -EINVAL/-ERANGE with a
 * sentence. */
int vn_cpu_parse(const char *what, const char *text, int *cpu, struct vn_err *err);

/* CPUs this process may run on, ascending; also those that are isolated and that a
 * thread may be bound to. 0 or a negative errno. */
int vn_cpus_allowed(struct vn_cpus *out, struct vn_err *err);

/* /sys/devices/system/cpu/NAME below root; empty when there is none. */
void vn_cpus_listed(const char *root, const char *name, struct vn_cpus *out);

/* Puts isolated CPUs in front, then those whose tick stops (nohz_full), else in the
 * order they were. Returns how many are isolated. */
unsigned int vn_cpus_prefer(const char *root, struct vn_cpus *c);

/* -EINVAL with a sentence when cpu is not among the allowed. */
int vn_cpus_check(const char *what, int cpu, const struct vn_cpus *allowed, struct vn_err *err);

bool vn_cpus_has(const struct vn_cpus *c, int cpu);
/* 0 or -ENOSPC; a number that is there already is not added again. */
int vn_cpus_add(struct vn_cpus *c, int cpu);

/* "0,2,3" into buf, cut if need be. */
void vn_cpus_text(const struct vn_cpus *c, char *buf, unsigned int cap);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs this process may use, and threads on them. */
#ifndef VN_BASE_CPU_H
#define VN_BASE_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* Fills cpus[] with up to max CPU numbers the process may run on, ascending.
 * Returns how many there are (may exceed max) or a negative errno. */
int vn_cpu_list(int cpus[], int max);

/* Binds the calling thread to one CPU. 0 or a negative errno. */
int vn_cpu_pin(int cpu);

/* Whether the calling thread could be bound to a CPU, also to one that is kept from
 * the scheduler and hence not in its list: tried, and put back. */
bool vn_cpu_may_pin(int cpu);

/* A list as the kernel writes it, "2-3,5": whether it has cpu. What is no list has
 * none. */
bool vn_cpu_in_list(const char *list, int cpu);

/* Whether cpu is in the list /sys/devices/system/cpu/NAME ("isolated", "nohz_full")
 * below root: 1, 0, or a negative errno when that cannot be read. */
int vn_cpu_is_listed(const char *root, const char *name, int cpu);

/* How much later than asked, in ns, the kernel may wake the calling thread so as to
 * wake several at once. Returns what it is then, or a negative errno. */
int64_t vn_thread_slack(uint64_t ns);

/* Names the calling thread (at most 15 characters are kept). */
void vn_thread_name(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs this process may use, and threads on them. */
#ifndef VN_BASE_CPU_H
#define VN_BASE_CPU_H

/* Fills cpus[] with up to max CPU numbers the process may run on, ascending.
 * Returns how many there are (may exceed max) or a negative errno. */
int vn_cpu_list(int cpus[], int max);

/* Binds the calling thread to one CPU. 0 or a negative errno. */
int vn_cpu_pin(int cpu);

/* Names the calling thread (at most 15 characters are kept). */
void vn_thread_name(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small readers, one a file. They are used before and after a run, and when
 * somebody looks meanwhile, on that one's thread: never in the send loop.
 */
#include "engine/taken.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define STEAL 8 /* its place in a CPU's line of /proc/stat */

static struct vn_machine_number known(uint64_t n)
{
	return (struct vn_machine_number){ .is_known = true, .n = n };
}

static FILE *VN_PRINTF(1, 2) open_file(const char *fmt, ...)
{
	char path[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return len < (int)sizeof(path) ? fopen(path, "re") : NULL;
}

uint64_t vn_taken_grain_ns(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return VN_NSEC_PER_SEC / (uint64_t)(hz > 0 ? hz : 100);
}

/* Number i (from 1) of a line of words behind its first. */
static struct vn_machine_number number_at(const char *line, unsigned int i)
{
	const char *at = line + strcspn(line, " \t");
	char *end;
	uint64_t n;

	for (;;) {
		n = strtoull(at, &end, 10);
		if (end == at)
			return (struct vn_machine_number){ 0 };
		if (--i == 0)
			return known(n);
		at = end;
	}
}

/* The number of the line that begins with the word; the words before the first
 * number are one. */
static struct vn_machine_number line_number(FILE *in, const char *word, unsigned int i)
{
	struct vn_machine_number found = { 0 };
	size_t cap = 0, len = strlen(word);
	char *line = NULL;

	while (in && !found.is_known && getline(&line, &cap, in) > 0)
		if (!strncmp(line, word, len) && strchr(" \t", line[len]))
			found = number_at(line, i);
	free(line);
	if (in)
		fclose(in);
	return found;
}

static struct vn_machine_number read_steal(const char *root, int cpu)
{
	struct vn_machine_number n;
	char word[16];

	snprintf(word, sizeof(word), "cpu%d", cpu);
	n = line_number(open_file("%s/proc/stat", root), word, STEAL);
	n.n *= vn_taken_grain_ns();
	return n;
}

static struct vn_machine_number read_waited(const char *root, pid_t tid)
{
	FILE *in = open_file("%s/proc/self/task/%d/schedstat", root, (int)tid);
	struct vn_machine_number n = { 0 };

	if (!in)
		return n;
	n.is_known = fscanf(in, "%*u %" SCNu64, &n.n) == 1;
	fclose(in);
	return n;
}

static struct vn_machine_number read_preempted(const char *root, pid_t tid)
{
	return line_number(open_file("%s/proc/self/task/%d/status", root, (int)tid),
			   "nonvoluntary_ctxt_switches:", 1);
}

/* --- tables with a column for each CPU ------------------------------------------- */

/* The place of CPU's column, from 1, by the heading; 0: it has none. */
static unsigned int find_column(char *heading, int cpu)
{
	char *save, *word = strtok_r(heading, " \t\n", &save);
	unsigned int i = 1;
	char want[16];

	snprintf(want, sizeof(want), "CPU%d", cpu);
	for (; word; word = strtok_r(NULL, " \t\n", &save), i++)
		if (!strcmp(word, want))
			return i;
	return 0;
}

/* Those count for the machine as a whole. */
static bool is_of_all(const char *label)
{
	return !strncmp(label, "ERR:", 4) || !strncmp(label, "MIS:", 4);
}

static struct vn_machine_number sum_column(FILE *in, int cpu)
{
	struct vn_machine_number sum = { 0 };
	unsigned int column;
	char *line = NULL;
	size_t cap = 0;

	if (!in)
		return sum;
	if (getline(&line, &cap, in) > 0 && (column = find_column(line, cpu)) > 0) {
		sum.is_known = true;
		while (getline(&line, &cap, in) > 0) {
			const char *label = line + strspn(line, " ");

			if (!is_of_all(label))
				sum.n += number_at(label, column).n;
		}
	}
	free(line);
	fclose(in);
	return sum;
}

/* --- idle states, governor ------------------------------------------------------- */

/* A line without its end; "" when there is none. */
static void read_word(FILE *in, char out[VN_MACHINE_WORD])
{
	out[0] = '\0';
	if (!in)
		return;
	if (!fgets(out, VN_MACHINE_WORD, in))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(in);
}

static void read_idle(const char *root, int cpu, struct vn_taken *out)
{
	static const char path[] = "%s/sys/devices/system/cpu/cpu%d/cpuidle/state%u/%s";
	char number[VN_MACHINE_WORD];
	unsigned int i;

	for (i = 0; i < VN_IDLE_STATES; i++) {
		read_word(open_file(path, root, cpu, i, "usage"), number);
		if (!number[0])
			break;
		out->idle[i].entries = strtoull(number, NULL, 10);
		read_word(open_file(path, root, cpu, i, "name"), out->idle[i].name);
	}
	out->n_idle = i;
}

void vn_taken_governor(const char *root, int cpu, char out[VN_MACHINE_WORD])
{
	read_word(open_file("%s/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", root, cpu),
		  out);
}

/* --- all of it --------------------------------------------------------------------- */

void vn_taken_read(const char *root, int cpu, pid_t tid, struct vn_taken *out)
{
	*out = (struct vn_taken){
		.steal_ns = read_steal(root, cpu),
		.waited_ns = read_waited(root, tid),
		.preempted = read_preempted(root, tid),
		.interrupts = sum_column(open_file("%s/proc/interrupts", root), cpu),
		.softirqs = sum_column(open_file("%s/proc/softirqs", root), cpu),
	};
	read_idle(root, cpu, out);
}

/* A counter that went back (a CPU that was taken off and brought back) tells
 * nothing. */
static struct vn_machine_number less(struct vn_machine_number to, struct vn_machine_number from)
{
	if (!to.is_known || !from.is_known || to.n < from.n)
		return (struct vn_machine_number){ 0 };
	return known(to.n - from.n);
}

/* The deepest state that was entered; none at all is an answer, too. */
static void idle_between(const struct vn_taken *from, const struct vn_taken *to,
			 struct vn_worker_machine *out)
{
	unsigned int i = VN_MIN(from->n_idle, to->n_idle);

	out->idle_state[0] = '\0';
	out->value[VN_M_idle_entries] = (struct vn_machine_number){ .is_known = i > 0 };
	while (i-- > 0) {
		if (to->idle[i].entries <= from->idle[i].entries)
			continue;
		memcpy(out->idle_state, to->idle[i].name, sizeof(out->idle_state));
		out->value[VN_M_idle_entries].n = to->idle[i].entries - from->idle[i].entries;
		return;
	}
}

void vn_taken_between(const struct vn_taken *from, const struct vn_taken *to,
		      struct vn_worker_machine *out)
{
	out->value[VN_M_steal_ns] = less(to->steal_ns, from->steal_ns);
	out->value[VN_M_waited_ns] = less(to->waited_ns, from->waited_ns);
	out->value[VN_M_preempted] = less(to->preempted, from->preempted);
	out->value[VN_M_interrupts] = less(to->interrupts, from->interrupts);
	out->value[VN_M_softirqs] = less(to->softirqs, from->softirqs);
	if (out->value[VN_M_steal_ns].is_known)
		out->value[VN_M_steal_grain_ns] = known(vn_taken_grain_ns());
	idle_between(from, to, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sentence is a comparison of magnitudes, nothing more: a lateness is put down
 * to what was about as long and happened in the same run, to the cause that the
 * kernel's counters speak for.
 */
#include "machine_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TELLING_NS 10000 /* a lateness that calls for an explanation */

const struct vn_machine_field_info vn_machine_fields[VN_M_COUNT] = {
#define VN_X(name, kind, heading) { #name, VN_KIND_##kind, heading },
	VN_MACHINE_NUMBERS(VN_X)
#undef VN_X
};

int vn_machine_take(struct vn_engine *e, struct vn_snapshot *out)
{
	unsigned int n = e ? vn_engine_n_workers(e) : 0;

	if (!n)
		return 0;
	out->machine = calloc(n, sizeof(*out->machine));
	if (!out->machine)
		return -ENOMEM;
	for (out->n_machine = 0; out->n_machine < n; out->n_machine++)
		vn_worker_machine(vn_engine_worker(e, out->n_machine),
				  &out->machine[out->n_machine]);
	return 0;
}

/* --- table ---------------------------------------------------------------------- */

static const enum vn_machine_field columns[] = {
	VN_M_timer_p50_ns, VN_M_timer_max_ns, VN_M_spin_ns,    VN_M_overslept,
	VN_M_preempted,	   VN_M_waited_ns,    VN_M_steal_ns,   VN_M_stalls,
	VN_M_stall_ns,	   VN_M_stall_max_ns, VN_M_interrupts, VN_M_softirqs,
};

static void cell_text(const struct vn_machine_number *v, enum vn_snap_kind kind,
		      char buf[VN_SNAP_TEXT])
{
	if (!v->is_known)
		snprintf(buf, VN_SNAP_TEXT, "-");
	else if (kind == VN_KIND_NS)
		vn_snap_ns_text(v->n, buf);
	else
		snprintf(buf, VN_SNAP_TEXT, "%" PRIu64, v->n);
}

static int column_width(const struct vn_snapshot *s, enum vn_machine_field f)
{
	size_t width = strlen(vn_machine_fields[f].heading);
	char text[VN_SNAP_TEXT];

	for (unsigned int i = 0; i < s->n_machine; i++) {
		cell_text(&s->machine[i].value[f], vn_machine_fields[f].kind, text);
		width = VN_MAX(width, strlen(text));
	}
	return (int)width + 2;
}

static void print_row(FILE *out, const struct vn_snapshot *s, const struct vn_worker_machine *m)
{
	char text[VN_SNAP_TEXT];

	fprintf(out, "CPU %-5d", m->cpu);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(columns); i++) {
		cell_text(&m->value[columns[i]], vn_machine_fields[columns[i]].kind, text);
		fprintf(out, "%*s", column_width(s, columns[i]), text);
	}
	fputc('\n', out);
}

static void print_table(FILE *out, const struct vn_snapshot *s)
{
	fprintf(out, "machine  ");
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(columns); i++)
		fprintf(out, "%*s", column_width(s, columns[i]),
			vn_machine_fields[columns[i]].heading);
	fputc('\n', out);
	for (unsigned int i = 0; i < s->n_machine; i++)
		print_row(out, s, &s->machine[i]);
}

/* --- lines ---------------------------------------------------------------------- */

static void print_idle(FILE *out, const struct vn_worker_machine *m)
{
	const struct vn_machine_number *n = &m->value[VN_M_idle_entries];

	fputs("; deepest idle state ", out);
	if (!n->is_known)
		fputc('-', out);
	else if (!n->n)
		fputs("none", out);
	else
		fprintf(out, "%s, %" PRIu64 " times", m->idle_state, n->n);
}

static void print_given(FILE *out, const struct vn_worker_machine *m)
{
	char slack[VN_SNAP_TEXT];

	cell_text(&m->value[VN_M_timer_slack_ns], VN_KIND_NS, slack);
	fprintf(out, "CPU %d: %s: %s; ", m->cpu, m->policy, m->why);
	fputs(!m->knows_isolated ? "isolated -"
	      : m->is_isolated	 ? "isolated"
				 : "not isolated",
	      out);
	fprintf(out, "; timer slack %s", slack);
	print_idle(out, m);
	fprintf(out, "; governor %s\n", m->governor[0] ? m->governor : "-");
}

/* --- the sentence ----------------------------------------------------------------- */

static uint64_t number(const struct vn_worker_machine *m, enum vn_machine_field f)
{
	return m->value[f].is_known ? m->value[f].n : 0;
}

/* The worker of whom this is the greatest, NULL when it is 0 for all. */
static const struct vn_worker_machine *worst(const struct vn_snapshot *s, enum vn_machine_field f)
{
	const struct vn_worker_machine *found = NULL;
	uint64_t most = 0;

	for (unsigned int i = 0; i < s->n_machine; i++) {
		if (number(&s->machine[i], f) <= most)
			continue;
		most = number(&s->machine[i], f);
		found = &s->machine[i];
	}
	return found;
}

struct suspect {
	enum vn_machine_field field;
	const char *what, *means;
};

static const struct suspect suspects[] = {
	{ VN_M_stall_max_ns, "the longest stall", "the machine took the CPU away" },
	{ VN_M_overslept_max_ns, "the longest oversleep", "the kernel woke the worker late" },
	{ VN_M_waited_ns, "what it waited for the CPU in all", "the machine took the CPU away" },
};

/* Who had the CPU for about ns. A timer that is late needs nobody. */
static void add_cause(const struct vn_worker_machine *m, const struct suspect *by, uint64_t ns,
		      char *out, size_t cap)
{
	char text[VN_SNAP_TEXT];

	if (number(m, VN_M_waited_ns) >= ns / 2) {
		vn_snap_ns_text(number(m, VN_M_waited_ns), text);
		snprintf(out, cap,
			 "other threads had it (preempted %" PRIu64 " times, waited %s in all)",
			 number(m, VN_M_preempted), text);
	} else if (number(m, VN_M_steal_ns)) {
		vn_snap_ns_text(number(m, VN_M_steal_ns), text);
		snprintf(out, cap, "the hypervisor gave it to others (%s stolen in all)", text);
	} else if (by->field == VN_M_overslept_max_ns) {
		snprintf(out, cap, "no thread had the CPU: a timer, or an idle state");
	} else {
		snprintf(out, cap, "no thread had it: an interrupt, the firmware or a hypervisor");
	}
}

static uint64_t greatest_lateness(const struct vn_snapshot *s)
{
	const struct vn_snap_value *v = &s->total.value[VN_F_late_max_ns];

	return v->is_known ? v->n : 0;
}

bool vn_machine_explain(const struct vn_snapshot *s, char out[VN_MACHINE_EXPLAINED])
{
	uint64_t late_ns = greatest_lateness(s);
	char late[VN_SNAP_TEXT], was[VN_SNAP_TEXT], cause[120];

	if (late_ns < TELLING_NS)
		return false;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(suspects); i++) {
		const struct vn_worker_machine *m = worst(s, suspects[i].field);
		uint64_t ns = m ? number(m, suspects[i].field) : 0;

		if (ns < late_ns / 2)
			continue;
		vn_snap_ns_text(late_ns, late);
		vn_snap_ns_text(ns, was);
		add_cause(m, &suspects[i], VN_MIN(ns, late_ns), cause, sizeof(cause));
		snprintf(out, VN_MACHINE_EXPLAINED,
			 "the greatest lateness, %s, is about %s on CPU %d, %s: %s; %s", late,
			 suspects[i].what, m->cpu, was, suspects[i].means, cause);
		return true;
	}
	return false;
}

/* --- all of it -------------------------------------------------------------------- */

static bool has_run(const struct vn_snapshot *s)
{
	for (unsigned int i = 0; i < s->n_machine; i++)
		if (s->machine[i].has_run)
			return true;
	return false;
}

void vn_machine_print(FILE *out, const struct vn_snapshot *s)
{
	char sentence[VN_MACHINE_EXPLAINED];

	if (!has_run(s))
		return;
	print_table(out, s);
	for (unsigned int i = 0; i < s->n_machine; i++)
		if (s->machine[i].has_run)
			print_given(out, &s->machine[i]);
	if (vn_machine_explain(s, sentence))
		fprintf(out, "%s\n", sentence);
	fputc('\n', out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What vernier's machine tells, for programs. */
#include "machine_report.h"

#include <inttypes.h>

static json_t *word_json(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static json_t *worker_json(const struct vn_worker_machine *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "cpu", json_integer(m->cpu));
	json_object_set_new(o, "isolated",
			    m->knows_isolated ? json_boolean(m->is_isolated) : json_null());
	json_object_set_new(o, "policy", word_json(m->policy));
	json_object_set_new(o, "policy_why", word_json(m->why));
	json_object_set_new(o, "idle_state", word_json(m->idle_state));
	json_object_set_new(o, "governor", word_json(m->governor));
	for (unsigned int f = 0; f < VN_M_COUNT; f++)
		json_object_set_new(o, vn_machine_fields[f].key,
				    m->value[f].is_known ? json_integer((json_int_t)m->value[f].n)
							 : json_null());
	return o;
}

json_t *vn_machine_json(const struct vn_snapshot *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < s->n_machine; i++)
		json_array_append_new(list, worker_json(&s->machine[i]));
	return list;
}

/* Of a run; the next one begins at 0, as counters may. */
static const struct series {
	const char *name, *type, *help;
	enum vn_machine_field field;
} series[] = {
	{ "worker_waited_seconds_total", "counter", "Time ready to run, without a CPU.",
	  VN_M_waited_ns },
	{ "worker_preempted_total", "counter", "Involuntary switches of context.", VN_M_preempted },
	{ "worker_stolen_seconds_total", "counter", "Time the hypervisor took from the CPU.",
	  VN_M_steal_ns },
	{ "worker_interrupts_total", "counter", "Interrupts on the CPU.", VN_M_interrupts },
	{ "worker_stalls_total", "counter", "Times a spinning worker did not run.", VN_M_stalls },
	{ "worker_stalled_seconds_total", "counter", "How long that was.", VN_M_stall_ns },
	{ "worker_stall_max_seconds", "gauge", "The longest of them.", VN_M_stall_max_ns },
	{ "worker_overslept_total", "counter", "Sleeps that ended after the departure.",
	  VN_M_overslept },
	{ "worker_wake_max_seconds", "gauge",
	  "Greatest lateness of the kernel's timer, measured "
	  "before the first run.",
	  VN_M_timer_max_ns },
	{ "worker_spin_seconds", "gauge", "Nearer than this to a departure a worker spins.",
	  VN_M_spin_ns },
};

static bool any_knows(const struct vn_snapshot *s, enum vn_machine_field f)
{
	for (unsigned int i = 0; i < s->n_machine; i++)
		if (s->machine[i].value[f].is_known)
			return true;
	return false;
}

static void write_series(FILE *out, const struct vn_snapshot *s, const struct series *m)
{
	if (!any_knows(s, m->field))
		return;
	fprintf(out, "# HELP vernier_%s %s\n# TYPE vernier_%s %s\n", m->name, m->help, m->name,
		m->type);
	for (unsigned int i = 0; i < s->n_machine; i++) {
		const struct vn_machine_number *v = &s->machine[i].value[m->field];

		if (!v->is_known)
			continue;
		fprintf(out, "vernier_%s{cpu=\"%d\"} ", m->name, s->machine[i].cpu);
		if (vn_machine_fields[m->field].kind == VN_KIND_NS)
			fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", v->n / VN_NSEC_PER_SEC,
				v->n % VN_NSEC_PER_SEC);
		else
			fprintf(out, "%" PRIu64 "\n", v->n);
	}
}

void vn_machine_metrics(FILE *out, const struct vn_snapshot *s)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(series); i++)
		write_series(out, s, &series[i]);
}

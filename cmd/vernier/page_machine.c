/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a run: read from the last line, and a table of it with a row for
 * each worker.
 */
#include "page_machine.h"

#include <errno.h>
#include <stdlib.h>

#include "machine_report.h"

/* --- reading ------------------------------------------------------------------- */

static int read_worker(const struct page_reader *r, const json_t *o, const char *path,
		       struct page_worker *w)
{
	struct vn_snap_value cpu = { 0 };
	int rc = page_read_value(r, o, path, "cpu", VN_KIND_COUNT, &cpu);

	w->cpu = cpu;
	if (!rc)
		rc = page_read_text(r, o, path, "policy", &w->policy);
	if (!rc)
		rc = page_read_text(r, o, path, "policy_why", &w->why);
	if (!rc)
		rc = page_read_text(r, o, path, "idle_state", &w->idle_state);
	if (!rc)
		rc = page_read_text(r, o, path, "governor", &w->governor);
	for (unsigned int f = 0; f < VN_M_COUNT && !rc; f++)
		rc = page_read_value(r, o, path, vn_machine_fields[f].key,
				     vn_machine_fields[f].kind, &w->value[f]);
	return rc;
}

int page_machine_read(const struct page_reader *r, struct page_run *run)
{
	char path[32];
	json_t *list;
	int rc = page_read_array(r, run->last, "", "machine", &list);

	if (rc || !list)
		return rc;
	run->workers = calloc(json_array_size(list) + 1, sizeof(*run->workers));
	if (!run->workers)
		return vn_err_set(r->err, ENOMEM, "out of memory");
	while (!rc && run->n_workers < json_array_size(list)) {
		const json_t *o = json_array_get(list, run->n_workers);

		snprintf(path, sizeof(path), "machine[%zu]", run->n_workers);
		if (!json_is_object(o))
			return page_read_refuse(r, path, "", o, "an object");
		rc = read_worker(r, o, path, &run->workers[run->n_workers++]);
	}
	return rc;
}

/* --- writing ------------------------------------------------------------------- */

static const struct {
	enum vn_machine_field field;
	const char *head;
} columns[] = {
	{ VN_M_timer_p50_ns, "woken late p50" },
	{ VN_M_timer_max_ns, "max" },
	{ VN_M_spin_ns, "spins below" },
	{ VN_M_timer_slack_ns, "timer slack" },
	{ VN_M_overslept, "overslept" },
	{ VN_M_preempted, "preempted" },
	{ VN_M_waited_ns, "waited" },
	{ VN_M_steal_ns, "stolen" },
	{ VN_M_stalls, "stalls" },
	{ VN_M_stall_ns, "in all" },
	{ VN_M_stall_max_ns, "longest" },
	{ VN_M_interrupts, "interrupts" },
	{ VN_M_idle_entries, "idle" },
};

static void number_cell(struct page *p, const struct vn_snap_value *v, enum vn_snap_kind kind)
{
	char text[PAGE_TEXT];

	if (kind == VN_KIND_NS)
		page_quantity(v->x, page_units_time, text);
	else
		page_group(v->n, text);
	fputs("<td class=\"n\">", p->out);
	if (v->is_known)
		fprintf(p->out, "<data value=\"%.0f\">%s</data>", v->x, text);
	else
		fputs(PAGE_DASH, p->out);
	fputs("</td>", p->out);
}

static void text_cell(struct page *p, const char *text)
{
	fputs("<td>", p->out);
	page_name(p->out, text);
	fputs("</td>", p->out);
}

static void worker_row(struct page *p, const struct page_worker *w)
{
	char cpu[PAGE_TEXT];

	page_group(w->cpu.n, cpu);
	fprintf(p->out, "<tr><th scope=\"row\">CPU %s</th>", w->cpu.is_known ? cpu : PAGE_DASH);
	text_cell(p, w->policy);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(columns); i++)
		number_cell(p, &w->value[columns[i].field],
			    vn_machine_fields[columns[i].field].kind);
	text_cell(p, w->idle_state);
	text_cell(p, w->governor);
	text_cell(p, w->why);
	fputs("</tr>\n", p->out);
}

void page_machine_write(struct page *p, const struct page_run *run)
{
	if (!run->n_workers)
		return;
	fputs("<section><h2>Machine</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Table\"><table><thead><tr><th scope=\"col\">worker</th>"
	      "<th scope=\"col\">scheduling</th>",
	      p->out);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(columns); i++)
		fprintf(p->out, "<th scope=\"col\" class=\"n\">%s</th>", columns[i].head);
	fputs("<th scope=\"col\">idle state</th><th scope=\"col\">governor</th>"
	      "<th scope=\"col\">why so</th></tr></thead><tbody>\n",
	      p->out);
	for (size_t i = 0; i < run->n_workers; i++)
		worker_row(p, &run->workers[i]);
	fputs("</tbody></table></div>\n</section>\n", p->out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A profile as JSON; docs/card.md says what is in it. */
#include "profile.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "nt/profile_report.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *stalls_json(const uint64_t *stalled)
{
	json_t *o = json_object();

#define VN_X(name, text) json_object_set_new(o, text, number(stalled[VN_NT_STALL_##name]));
	VN_NT_STALLS(VN_X)
#undef VN_X
	return o;
}

static json_t *locks_json(const struct vn_nt_profile_thread *t)
{
	json_t *list = json_array();
	int lock;

	for (lock = 0; lock < VN_NT_LOCKS; lock++)
		if (t->lock_waits[lock])
			json_array_append_new(list,
					      json_pack("{s:i, s:o, s:o}", "lock", lock, "waits",
							number(t->lock_waits[lock]), "cycles",
							number(t->lock_cycles[lock])));
	return list;
}

static json_t *threads_json(const struct vn_nt_profile *p)
{
	json_t *list = json_array();
	struct vn_nt_profile_row sum;
	unsigned int tid;

	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		sum = vn_nt_profile_thread(p, tid);
		json_array_append_new(list,
				      json_pack("{s:i, s:o, s:o, s:o, s:o}", "thread", (int)tid,
						"instructions", number(sum.executed), "cycles",
						number(vn_nt_profile_cycles(&sum)), "stalled",
						stalls_json(sum.stalled), "locks",
						locks_json(&p->threads[tid])));
	}
	return list;
}

static json_t *function_json(const struct vn_nt_profile_sum *s)
{
	json_t *by_thread = json_array();
	unsigned int tid;

	for (tid = 0; tid < VN_NT_THREADS; tid++)
		json_array_append_new(by_thread, number(s->by_thread[tid]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", s->function->name,
			 "address", json_sprintf("%08x", VN_NT_TEXT_BASE + 4 * s->function->word),
			 "calls", number(s->calls), "instructions", number(s->executed), "cycles",
			 number(s->cycles), "total", number(s->total), "stalled",
			 stalls_json(s->stalled), "cycles_by_thread", by_thread);
}

int card_profile_json(const struct vn_nt_profile *p, uint64_t cycle, FILE *out)
{
	struct vn_nt_profile_sum *sums;
	json_t *functions = json_array(), *all;
	uint32_t i, n;
	int rc = vn_nt_profile_sums(p, &sums, &n, NULL);

	for (i = 0; !rc && i < n; i++)
		json_array_append_new(functions, function_json(&sums[i]));
	free(sums);
	all = json_pack("{s:o, s:o, s:o, s:b}", "cycles", number(cycle), "threads", threads_json(p),
			"functions", functions, "is_cut", p->is_cut);
	if (!rc && (!all || json_dumpf(all, out, JSON_INDENT(2)) || fputc('\n', out) == EOF))
		rc = -ENOMEM;
	json_decref(all);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/profile_report.h"

#include <errno.h>
#include <stdlib.h>

static void add_row(struct vn_nt_profile_row *sum, const struct vn_nt_profile_row *row)
{
	unsigned int cause;

	sum->executed += row->executed;
	for (cause = 0; cause < VN_NT_N_STALLS; cause++)
		sum->stalled[cause] += row->stalled[cause];
}

uint64_t vn_nt_profile_cycles(const struct vn_nt_profile_row *row)
{
	uint64_t cycles = row->executed * VN_NT_THREADS_PER_CPU;
	unsigned int cause;

	for (cause = 0; cause < VN_NT_N_STALLS; cause++)
		cycles += row->stalled[cause];
	return cycles;
}

struct vn_nt_profile_row vn_nt_profile_thread(const struct vn_nt_profile *p, unsigned int tid)
{
	struct vn_nt_profile_row sum = { 0 };
	uint32_t word;

	for (word = 0; word < VN_NT_TEXT_WORDS; word++)
		add_row(&sum, &p->threads[tid].rows[word]);
	return sum;
}

void vn_nt_profile_settle(struct vn_nt_profile *p, const struct vn_nt_card *card)
{
	struct vn_nt_thread_view view;
	unsigned int tid;
	uint64_t told;

	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		vn_nt_card_thread(card, tid, &view);
		told = vn_nt_profile_thread(p, tid).stalled[VN_NT_STALL_LOCK];
		if (view.state == VN_NT_ASLEEP && view.lock_cycles > told)
			vn_nt_profile_stall(p, tid,
					    VN_NT_TEXT_BASE + 4 * (p->threads[tid].next - 1),
					    VN_NT_STALL_LOCK, view.lock_cycles - told);
	}
}

static void sum_rows(const struct vn_nt_profile *p, struct vn_nt_profile_sum *sum)
{
	struct vn_nt_profile_row all = { 0 }, own;
	uint32_t word, end = sum->function->word + sum->function->n_words;
	uint32_t index = (uint32_t)(sum->function - p->functions);
	unsigned int tid, cause;

	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		own = (struct vn_nt_profile_row){ 0 };
		for (word = sum->function->word; word < end; word++)
			if (p->function_of[word] == index)
				add_row(&own, &p->threads[tid].rows[word]);
		sum->by_thread[tid] = vn_nt_profile_cycles(&own);
		add_row(&all, &own);
	}
	sum->executed = all.executed;
	for (cause = 0; cause < VN_NT_N_STALLS; cause++)
		sum->stalled[cause] = all.stalled[cause];
	sum->cycles = vn_nt_profile_cycles(&all);
}

/* A function that is several times on the way to the root has spent the cycles once. */
static void sum_calls(const struct vn_nt_profile *p, struct vn_nt_profile_sum *sums,
		      uint32_t *last_node)
{
	const struct vn_nt_profile_node *n;
	uint32_t i, at, f;

	for (i = VN_NT_THREADS; i < p->n_nodes; i++) {
		n = &p->nodes[i];
		sums[n->function].calls += n->calls;
		for (at = i; at >= VN_NT_THREADS; at = p->nodes[at].parent) {
			f = p->nodes[at].function;
			if (last_node[f] == i)
				continue;
			last_node[f] = i;
			sums[f].total += n->cycles;
		}
	}
}

static int by_cycles(const void *a, const void *b)
{
	const struct vn_nt_profile_sum *x = a, *y = b;

	if (x->cycles != y->cycles)
		return x->cycles < y->cycles ? 1 : -1;
	return x->function->word < y->function->word ? -1 : x->function->word > y->function->word;
}

int vn_nt_profile_sums(const struct vn_nt_profile *p, struct vn_nt_profile_sum **sums,
		       uint32_t *n_sums, struct vn_err *err)
{
	struct vn_nt_profile_sum *all = calloc(p->n_functions, sizeof(*all));
	uint32_t *last_node = calloc(p->n_functions, sizeof(*last_node));
	uint32_t i, n = 0;

	*sums = all;
	*n_sums = 0;
	if (!all || !last_node) {
		free(all);
		free(last_node);
		*sums = NULL;
		return vn_err_set(err, ENOMEM, "no memory for the profile's report");
	}
	for (i = 0; i < p->n_functions; i++)
		all[i].function = &p->functions[i];
	for (i = 0; i < p->n_functions; i++)
		sum_rows(p, &all[i]);
	sum_calls(p, all, last_node);
	for (i = 0; i < p->n_functions; i++)
		if (all[i].executed)
			all[n++] = all[i];
	qsort(all, n, sizeof(*all), by_cycles);
	free(last_node);
	*n_sums = n;
	return 0;
}

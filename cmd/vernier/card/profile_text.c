/* SPDX-License-Identifier: BSD-2-Clause */
/* A profile as tables: threads, functions, functions by thread, locks by thread. */
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>

#include "nt/isa.h"
#include "nt/profile_report.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static bool has_run(const struct vn_nt_profile *p, unsigned int tid)
{
	return p->threads[tid].next != VN_NT_PROFILE_NONE;
}

static void print_stalls(const uint64_t *stalled, FILE *out)
{
	unsigned int cause;

	for (cause = 0; cause < VN_NT_N_STALLS; cause++)
		fprintf(out, " %10" PRIu64, stalled[cause]);
}

static void print_threads(const struct vn_nt_profile *p, FILE *out)
{
	struct vn_nt_profile_row sum;
	unsigned int tid;

	fprintf(out, "thread  instructions       cycles       lock       send        div\n");
	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		if (!has_run(p, tid))
			continue;
		sum = vn_nt_profile_thread(p, tid);
		fprintf(out, "t%u     %13" PRIu64 " %12" PRIu64, tid, sum.executed,
			vn_nt_profile_cycles(&sum));
		print_stalls(sum.stalled, out);
		fputc('\n', out);
	}
}

static uint64_t all_cycles(const struct vn_nt_profile_sum *sums, uint32_t n)
{
	uint64_t all = 0;

	for (; n > 0; n--)
		all += sums[n - 1].cycles;
	return all;
}

static void print_functions(const struct vn_nt_profile_sum *sums, uint32_t n, FILE *out)
{
	uint64_t all = all_cycles(sums, n);
	uint32_t i;

	fprintf(out, "\n%12s %6s %12s %9s %12s %10s %10s %10s  function\n", "cycles", "share",
		"total", "calls", "instructions", "lock", "send", "div");
	for (i = 0; i < n; i++) {
		fprintf(out, "%12" PRIu64 " %5.1f%% %12" PRIu64 " %9" PRIu64 " %12" PRIu64,
			sums[i].cycles, percent(sums[i].cycles, all), sums[i].total, sums[i].calls,
			sums[i].executed);
		print_stalls(sums[i].stalled, out);
		fprintf(out, "  %s\n", sums[i].function->name);
	}
}

static void print_by_thread(const struct vn_nt_profile *p, const struct vn_nt_profile_sum *sums,
			    uint32_t n, FILE *out)
{
	unsigned int tid;
	uint32_t i;

	fputc('\n', out);
	for (tid = 0; tid < VN_NT_THREADS; tid++)
		if (has_run(p, tid))
			fprintf(out, "%11st%u ", "", tid);
	fprintf(out, " cycles of each thread\n");
	for (i = 0; i < n; i++) {
		for (tid = 0; tid < VN_NT_THREADS; tid++)
			if (has_run(p, tid))
				fprintf(out, "%s%12" PRIu64, tid ? "" : " ",
					sums[i].by_thread[tid]);
		fprintf(out, " %s\n", sums[i].function->name);
	}
}

static void print_locks(const struct vn_nt_profile *p, FILE *out)
{
	const struct vn_nt_profile_thread *t;
	unsigned int tid, lock;

	fprintf(out, "\nlock  thread         waits       cycles\n");
	for (lock = 0; lock < VN_NT_LOCKS; lock++)
		for (tid = 0; tid < VN_NT_THREADS; tid++) {
			t = &p->threads[tid];
			if (t->lock_waits[lock])
				fprintf(out, "%4u  t%u     %12" PRIu64 " %12" PRIu64 "\n", lock,
					tid, t->lock_waits[lock], t->lock_cycles[lock]);
		}
}

int card_profile_text(const struct vn_nt_profile *p, uint64_t cycle, FILE *out)
{
	struct vn_nt_profile_sum *sums;
	uint32_t n;
	int rc = vn_nt_profile_sums(p, &sums, &n, NULL);

	if (rc)
		return rc;
	fprintf(out, "%" PRIu64 " cycles of the card\n\n", cycle);
	print_threads(p, out);
	print_functions(sums, n, out);
	if (p->is_cut)
		fprintf(out, "The tree of calls became too large: totals are too small.\n");
	print_by_thread(p, sums, n, out);
	print_locks(p, out);
	free(sums);
	return 0;
}

/* -- Instructions ---------------------------------------------------------------- */

static void print_instruction(const struct vn_nt_profile *p, uint32_t word, uint32_t code,
			      uint64_t all, FILE *out)
{
	uint32_t pc = VN_NT_TEXT_BASE + 4 * word;
	struct vn_nt_profile_row sum = { 0 };
	char text[VN_NT_DISASM_LEN];
	unsigned int tid, cause;

	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		const struct vn_nt_profile_row *row = &p->threads[tid].rows[word];

		sum.executed += row->executed;
		for (cause = 0; cause < VN_NT_N_STALLS; cause++)
			sum.stalled[cause] += row->stalled[cause];
	}
	fprintf(out, "%12" PRIu64 " %5.1f%%", sum.executed,
		percent(vn_nt_profile_cycles(&sum), all));
	print_stalls(sum.stalled, out);
	fprintf(out, "  %08x %s\n", pc, vn_nt_disasm(code, pc, text));
}

void card_profile_annotate(const struct vn_nt_profile *p, uint32_t function,
			   const struct vn_nt_image *image, FILE *out)
{
	const struct vn_nt_profile_function *f = &p->functions[function];
	uint64_t all = 0;
	uint32_t i, end = f->word + f->n_words;
	unsigned int tid;

	if (end > image->n_text)
		end = image->n_text;
	for (tid = 0; tid < VN_NT_THREADS; tid++)
		for (i = f->word; i < end; i++)
			all += vn_nt_profile_cycles(&p->threads[tid].rows[i]);
	fprintf(out, "\n%s\n%12s %6s %10s %10s %10s\n", f->name, "instructions", "share", "lock",
		"send", "div");
	for (i = f->word; i < end; i++)
		print_instruction(p, i, image->text[i], all, out);
}

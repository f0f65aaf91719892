/* SPDX-License-Identifier: BSD-2-Clause */
#include "faults.h"

#include <inttypes.h>

#include "base/macros.h"
#include "nt/isa.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)
#define PER_ROW	     4 /* registers */

void card_place(const struct vn_nt_image *image, uint32_t pc, char buf[CARD_PLACE_LEN])
{
	uint32_t offset;
	const struct vn_nt_symbol *sym = vn_nt_image_symbol(image, pc, &offset);

	buf[0] = '\0';
	if (sym && offset)
		snprintf(buf, CARD_PLACE_LEN, "%s+0x%" PRIx32, sym->name, offset);
	else if (sym)
		snprintf(buf, CARD_PLACE_LEN, "%s", sym->name);
}

/* An address with its place, where the image has a name for it. */
static void print_address(FILE *out, const char *what, uint32_t pc, const struct vn_nt_image *image)
{
	char place[CARD_PLACE_LEN];

	card_place(image, pc, place);
	fprintf(out, "%s%08" PRIx32 "%s%s%s", what, pc, place[0] ? " <" : "", place,
		place[0] ? ">" : "");
}

static void print_registers(FILE *out, const struct vn_nt_fault *f)
{
	for (unsigned int i = 0; i < 32; i++)
		fprintf(out, "%s%-4s %08" PRIx32 "%s", i % PER_ROW ? "" : "  ", vn_nt_reg_name(i),
			f->regs[i], i % PER_ROW == PER_ROW - 1 ? "\n" : "  ");
	fprintf(out, "  hi   %08" PRIx32 "  lo   %08" PRIx32 "\n", f->hi, f->lo);
}

void card_fault_print(FILE *out, const struct vn_nt_fault *f, const struct vn_nt_image *image)
{
	char text[VN_NT_DISASM_LEN];

	fprintf(out,
		"fault in cycle %" PRIu64 " (%" PRIu64 " ns), thread %u (CPU %u, slot %u): %s\n",
		f->cycle, f->cycle * NS_PER_CYCLE, f->tid, f->tid / VN_NT_THREADS_PER_CPU,
		f->tid % VN_NT_THREADS_PER_CPU, f->reason);
	print_address(out, "  ", f->pc, image);
	fprintf(out, ": %08" PRIx32 "  %s\n", f->word, vn_nt_disasm(f->word, f->pc, text));
	print_registers(out, f);
}

/* Programs lock by a function, so who called it tells more, if that can be told. */
static void print_waiting(FILE *out, unsigned int tid, const struct vn_nt_thread_view *v,
			  const struct vn_nt_image *image)
{
	uint32_t ra = v->regs[31], offset;

	fprintf(out, "  thread %u (CPU %u, slot %u) sleeps on lock %d", tid,
		tid / VN_NT_THREADS_PER_CPU, tid % VN_NT_THREADS_PER_CPU, v->lock);
	/* Of the store that sleeps, which will not be done again. */
	print_address(out, " at ", v->pc - 4, image);
	if (vn_nt_image_symbol(image, ra, &offset))
		print_address(out, ", ra ", ra, image);
	fputc('\n', out);
}

void card_deadlock_print(FILE *out, const struct vn_nt_card *card, const struct vn_nt_image *image)
{
	struct vn_nt_thread_view v;

	fprintf(out, "deadlock in cycle %" PRIu64 ": nobody is left to unlock\n",
		vn_nt_card_cycle(card));
	for (unsigned int tid = 0; tid < VN_NT_THREADS; tid++) {
		vn_nt_card_thread(card, tid, &v);
		if (v.state == VN_NT_ASLEEP)
			print_waiting(out, tid, &v, image);
	}
}

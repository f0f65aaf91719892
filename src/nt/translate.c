/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions as x86-64 code, a block at a time, when a thread first comes to
 * it. A block goes on over branches that are not taken and through jumps whose
 * target is known, so it ends at a jump by register, at what is not translated,
 * or when it is long. It is entered at its first instruction only, and only when
 * all of it lies before the horizon; where a thread cannot enter, it is
 * interpreted (step.c). Nothing rare is translated: a load that finds no plain
 * memory, a word that is ordered or an access that came too late leaves the block
 * before the instruction, and step.c does what is right.
 *
 * Soft registers live in the thread; code keeps in host registers what the
 * whole of it needs:
 *   rbx  the thread             r14  stamps, by word
 *   rbp  is_memory, by page     r15  bytes, by address
 *   r10  entries, by word       r11  end of the undo log
 *   r12  stamp of the block's first instruction   r13  stamp of the horizon
 * and uses rax, rcx, rdx, rsi, rdi within one instruction. Only rax lives longer:
 * it often holds the result of the instruction before.
 */
#include "nt/card_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "nt/x86.h"

#define CODE_SIZE (UINT32_C(32) << 20)
/* Of the guest, and what its code takes at most, stubs included. */
#define BLOCK_MAX  64u
#define INSN_BYTES 256u
#define TEXT_END   (VN_NT_TEXT_BASE + 4 * VN_NT_TEXT_WORDS)

/* Why code came back; pc and stamp are those of the instruction that is next. */
enum left {
	LEFT_NO_CODE, /* nothing has been translated there */
	LEFT_HORIZON, /* the block does not fit before it */
	LEFT_STEP,    /* step.c has to do it */
};

/* What code finds in rdi when it is entered, and leaves there. */
struct entry {
	uint32_t now, horizon;
	struct vn_nt_undo *undo_end;
	uint8_t *is_memory, *bytes;
	struct vn_nt_stamps *stamps;
	void **entries;
};

typedef uint32_t enter_fn(struct entry *e, struct vn_nt_thread *t, const void *code);

struct vn_nt_code {
	uint8_t *write, *run; /* the same memory, mapped twice */
	struct vn_x86 x;
	uint8_t *blocks_at; /* behind what all blocks share */
	enter_fn *enter;
	const uint8_t *leave;		   /* jumped to with enum left in eax */
	const uint8_t *no_code;		   /* what entries without a block lead to, with pc set */
	uint8_t *blocks[VN_NT_TEXT_WORDS]; /* where written; NULL: not yet */
	void *entries[VN_NT_TEXT_WORDS];   /* where run */
};

static void *runs_at(const struct vn_nt_code *code, const uint8_t *written_at)
{
	return code->run + (written_at - code->write);
}

/* -- One block ------------------------------------------------------------ */

/* A way out of a block, written behind it. */
struct stub {
	uint8_t *from;
	uint32_t pc;	  /* where the thread goes */
	uint32_t done;	  /* instructions of the block until then */
	uint32_t load_rd; /* of a load that may be of the clock: where it goes; else NO_RD */
	uint8_t *back;	  /* of that: where it goes on */
	bool is_jump;	  /* to another block; else to step.c */
};
#define NO_RD	       UINT32_MAX
#define STUBS_PER_INSN 4

struct block {
	struct vn_nt_card *card;
	struct vn_nt_code *code;
	struct vn_x86 *x;
	uint32_t pc;   /* of the instruction that is written now */
	uint32_t next; /* of the one that is written next */
	uint32_t n;    /* instructions before it */
	int held;      /* soft register whose value rax has; -1: none */
	struct stub stubs[BLOCK_MAX * STUBS_PER_INSN];
	unsigned int n_stubs;
};

static struct vn_x86_mem soft(unsigned int reg)
{
	return vn_x86_at(VN_RBX, (int32_t)(offsetof(struct vn_nt_thread, r) + 4 * reg));
}

static const struct vn_x86_mem soft_hi = { VN_RBX, VN_NO_REG, 0,
					   offsetof(struct vn_nt_thread, hi) };
static const struct vn_x86_mem soft_lo = { VN_RBX, VN_NO_REG, 0,
					   offsetof(struct vn_nt_thread, lo) };
static const struct vn_x86_mem soft_pc = { VN_RBX, VN_NO_REG, 0,
					   offsetof(struct vn_nt_thread, pc) };
static const struct vn_x86_mem time_less = { VN_RBX, VN_NO_REG, 0,
					     offsetof(struct vn_nt_thread, time_less) };

static struct stub *add_stub(struct block *b, uint8_t *from, uint32_t pc, uint32_t done)
{
	struct stub *s = &b->stubs[b->n_stubs++];

	*s = (struct stub){ .from = from, .pc = pc, .done = done, .load_rd = NO_RD };
	return s;
}

/* Leaves for step.c on the condition, before the instruction. */
static void step_if(struct block *b, enum vn_x86_cond c)
{
	add_stub(b, vn_x86_jcc(b->x, c), b->pc, b->n);
}

static void hold(struct block *b, unsigned int reg)
{
	b->held = (int)reg;
}

/* rax = the soft register */
static void take(struct block *b, unsigned int reg)
{
	if (b->held != (int)reg)
		vn_x86_load(b->x, VN_RAX, soft(reg));
}

/* The soft register = rax */
static void give(struct block *b, unsigned int reg)
{
	vn_x86_store(b->x, soft(reg), VN_RAX);
	hold(b, reg);
}

/* -- Arithmetic ------------------------------------------------------------- */

static void set_constant(struct block *b, unsigned int rd, uint32_t value)
{
	vn_x86_store_imm(b->x, soft(rd), value);
	if (b->held == (int)rd)
		b->held = -1;
}

static void alu(struct block *b, const struct vn_nt_insn *i, enum vn_x86_alu op)
{
	take(b, i->rs);
	if (i->rt || op == VN_AND)
		vn_x86_alu(b->x, op, VN_RAX, soft(i->rt));
	if (i->op == VN_NT_NOR)
		vn_x86_not(b->x, VN_RAX);
	give(b, i->rd);
}

static void alu_imm(struct block *b, const struct vn_nt_insn *i, enum vn_x86_alu op)
{
	if (i->rs == 0 && op != VN_AND) {
		set_constant(b, i->rd, i->imm);
		return;
	}
	if (i->rs == i->rd && b->held != i->rs) {
		vn_x86_alu_to_imm(b->x, op, soft(i->rd), i->imm);
		return;
	}
	take(b, i->rs);
	vn_x86_alu_imm(b->x, op, VN_RAX, i->imm);
	give(b, i->rd);
}

/* With a fault on overflow, and the register as it was. */
static void alu_checked(struct block *b, const struct vn_nt_insn *i, enum vn_x86_alu op)
{
	take(b, i->rs);
	if (i->op == VN_NT_ADDI)
		vn_x86_alu_imm(b->x, op, VN_RAX, i->imm);
	else
		vn_x86_alu(b->x, op, VN_RAX, soft(i->rt));
	step_if(b, VN_IF_O);
	give(b, i->rd);
}

static void set_if_less(struct block *b, const struct vn_nt_insn *i, enum vn_x86_cond c)
{
	take(b, i->rs);
	if (i->op == VN_NT_SLTI || i->op == VN_NT_SLTIU)
		vn_x86_alu_imm(b->x, VN_CMP, VN_RAX, i->imm);
	else
		vn_x86_alu(b->x, VN_CMP, VN_RAX, soft(i->rt));
	vn_x86_set(b->x, c, VN_RAX);
	give(b, i->rd);
}

static void shift(struct block *b, const struct vn_nt_insn *i, enum vn_x86_shift op)
{
	take(b, i->rt);
	if (i->imm)
		vn_x86_shift(b->x, op, VN_RAX, i->imm);
	give(b, i->rd);
}

static void shift_by_reg(struct block *b, const struct vn_nt_insn *i, enum vn_x86_shift op)
{
	vn_x86_load(b->x, VN_RCX, soft(i->rs));
	take(b, i->rt);
	vn_x86_shift_cl(b->x, op, VN_RAX);
	give(b, i->rd);
}

static void move_if(struct block *b, const struct vn_nt_insn *i, enum vn_x86_cond c)
{
	take(b, i->rd);
	vn_x86_alu_to_imm(b->x, VN_CMP, soft(i->rt), 0);
	vn_x86_cmov(b->x, c, VN_RAX, soft(i->rs));
	give(b, i->rd);
}

static void multiply(struct block *b, const struct vn_nt_insn *i)
{
	take(b, i->rs);
	vn_x86_mul(b->x, soft(i->rt), i->op == VN_NT_MULT);
	vn_x86_store(b->x, soft_lo, VN_RAX);
	vn_x86_store(b->x, soft_hi, VN_RDX);
	b->held = -1;
}

static uint32_t mask(unsigned int n)
{
	return n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;
}

static void extract(struct block *b, const struct vn_nt_insn *i)
{
	take(b, i->rs);
	if (i->imm)
		vn_x86_shift(b->x, VN_SHR, VN_RAX, i->imm);
	vn_x86_alu_imm(b->x, VN_AND, VN_RAX, mask(i->size));
	give(b, i->rd);
}

static void insert(struct block *b, const struct vn_nt_insn *i)
{
	take(b, i->rs);
	vn_x86_load(b->x, VN_RCX, soft(i->rd));
	vn_x86_alu_imm(b->x, VN_AND, VN_RAX, mask(i->size));
	if (i->imm)
		vn_x86_shift(b->x, VN_SHL, VN_RAX, i->imm);
	vn_x86_alu_imm(b->x, VN_AND, VN_RCX, ~(mask(i->size) << i->imm));
	vn_x86_alu_reg(b->x, VN_OR, VN_RAX, VN_RCX);
	give(b, i->rd);
}

static void swap_halves(struct block *b, const struct vn_nt_insn *i)
{
	take(b, i->rt);
	vn_x86_bswap(b->x, VN_RAX);
	vn_x86_shift(b->x, VN_ROR, VN_RAX, 16);
	give(b, i->rd);
}

static void extend(struct block *b, const struct vn_nt_insn *i, unsigned int width)
{
	vn_x86_load_part(b->x, VN_RAX, soft(i->rt), width, true);
	give(b, i->rd);
}

static void copy(struct block *b, unsigned int rd, struct vn_x86_mem from)
{
	vn_x86_load(b->x, VN_RAX, from);
	give(b, rd);
}

static void trap_if(struct block *b, const struct vn_nt_insn *i, enum vn_x86_cond c)
{
	take(b, i->rs);
	vn_x86_alu(b->x, VN_CMP, VN_RAX, soft(i->rt));
	step_if(b, c);
	hold(b, i->rs);
}

/* -- Memory ----------------------------------------------------------------- */

/*
 * rax = address, rcx = number of its word, rsi = stamp of now. Out if there is
 * no memory or the access is misaligned: an address turned right by two bits
 * has these in front, where no page is memory.
 */
static void find_word(struct block *b, const struct vn_nt_insn *i, unsigned int width)
{
	struct vn_x86 *x = b->x;

	take(b, i->rs);
	if (i->imm)
		vn_x86_alu_imm(x, VN_ADD, VN_RAX, i->imm);
	b->held = -1;
	if (width == 2) {
		vn_x86_test_imm(x, VN_RAX, 1);
		step_if(b, VN_IF_NE);
	}
	vn_x86_mov(x, VN_RCX, VN_RAX);
	if (width == 4)
		vn_x86_shift(x, VN_ROR, VN_RCX, 2);
	else
		vn_x86_shift(x, VN_SHR, VN_RCX, 2);
	vn_x86_mov(x, VN_RDX, VN_RCX);
	vn_x86_shift(x, VN_SHR, VN_RDX, VN_NT_PAGE_SHIFT - 2);
	vn_x86_cmp8_to_imm(x, vn_x86_indexed(VN_RBP, VN_RDX, 0, 0), 0);
}

static const struct vn_x86_mem written = { VN_R14, VN_RCX, 3,
					   offsetof(struct vn_nt_stamps, written) };
static const struct vn_x86_mem last_read = { VN_R14, VN_RCX, 3,
					     offsetof(struct vn_nt_stamps, read) };
static const struct vn_x86_mem at_rax = { VN_R15, VN_RAX, 0, 0 };

static void stamp_of_now(struct block *b)
{
	vn_x86_lea(b->x, VN_RSI, vn_x86_at(VN_R12, (int32_t)(VN_NT_SLOT_MOMENTS * b->n)));
}

static void stamp_read(struct block *b)
{
	struct vn_x86 *x = b->x;
	uint8_t *is_later;

	stamp_of_now(b);
	vn_x86_alu_to(x, VN_CMP, written, VN_RSI);
	step_if(b, VN_IF_A);
	vn_x86_alu_to(x, VN_CMP, last_read, VN_RSI);
	is_later = vn_x86_jcc(x, VN_IF_A);
	vn_x86_store(x, last_read, VN_RSI);
	vn_x86_here(x, is_later);
}

/* And what the word held goes into the undo log. */
static void stamp_write(struct block *b, unsigned int width)
{
	struct vn_x86 *x = b->x;
	int word = VN_RAX;

	stamp_of_now(b);
	vn_x86_alu_to(x, VN_CMP, written, VN_RSI);
	step_if(b, VN_IF_A);
	vn_x86_alu_to(x, VN_CMP, last_read, VN_RSI);
	step_if(b, VN_IF_A);
	vn_x86_store(x, written, VN_RSI);
	if (width != 4) {
		word = VN_RDI;
		vn_x86_lea(x, word, vn_x86_indexed(VN_RCX, VN_RCX, 0, 0));
		vn_x86_alu_reg(x, VN_ADD, word, word);
	}
	vn_x86_load(x, VN_RDX, vn_x86_indexed(VN_R15, word, 0, 0));
	vn_x86_store(x, vn_x86_at(VN_R11, offsetof(struct vn_nt_undo, addr)), word);
	vn_x86_store(x, vn_x86_at(VN_R11, offsetof(struct vn_nt_undo, bytes)), VN_RDX);
	vn_x86_alu64_imm(x, VN_ADD, VN_R11, sizeof(struct vn_nt_undo));
}

/* A word may also be the clock, which needs no turn: its stub sees to that. */
static void load_word(struct block *b, const struct vn_nt_insn *i)
{
	struct stub *s;

	find_word(b, i, 4);
	s = add_stub(b, vn_x86_jcc(b->x, VN_IF_E), b->pc, b->n);
	s->load_rd = i->rd;
	stamp_read(b);
	vn_x86_load(b->x, VN_RAX, at_rax);
	vn_x86_bswap(b->x, VN_RAX);
	s->back = b->x->at;
	give(b, i->rd);
}

static void load_part(struct block *b, const struct vn_nt_insn *i, unsigned int width,
		      bool is_signed)
{
	find_word(b, i, width);
	step_if(b, VN_IF_E);
	stamp_read(b);
	if (width == 1) {
		vn_x86_load_part(b->x, VN_RAX, at_rax, 1, is_signed);
	} else {
		vn_x86_load_part(b->x, VN_RAX, at_rax, 2, false);
		vn_x86_bswap(b->x, VN_RAX);
		vn_x86_shift(b->x, is_signed ? VN_SAR : VN_SHR, VN_RAX, 16);
	}
	give(b, i->rd);
}

static void store(struct block *b, const struct vn_nt_insn *i, unsigned int width)
{
	struct vn_x86 *x = b->x;

	if (width == 4 && i->rs == 28) { /* the end mark of original programs (spec 1.5) */
		vn_x86_alu_to_imm(x, VN_CMP, soft(i->rt), UINT32_C(0xDEADDEAD));
		step_if(b, VN_IF_E);
	}
	find_word(b, i, width);
	step_if(b, VN_IF_E);
	stamp_write(b, width);
	vn_x86_load(x, VN_RDX, soft(i->rt));
	if (width == 1) {
		vn_x86_store8(x, at_rax, VN_RDX);
		return;
	}
	vn_x86_bswap(x, VN_RDX);
	if (width == 2)
		vn_x86_shift(x, VN_SHR, VN_RDX, 16);
	if (width == 2)
		vn_x86_store16(x, at_rax, VN_RDX);
	else
		vn_x86_store(x, at_rax, VN_RDX);
}

/* -- Jumps ------------------------------------------------------------------- */

/* A branch backwards is taken more often than not: the block goes on there, and
 * the way out is the other one. So a short loop is several times in its block. */
static void branch(struct block *b, const struct vn_nt_insn *i, enum vn_x86_cond c)
{
	bool goes_back = i->imm < b->pc;
	uint32_t out = goes_back ? b->pc + 4 : i->imm;

	take(b, i->rs);
	if (i->rt)
		vn_x86_alu(b->x, VN_CMP, VN_RAX, soft(i->rt));
	else
		vn_x86_test(b->x, VN_RAX, VN_RAX);
	hold(b, i->rs);
	add_stub(b, vn_x86_jcc(b->x, goes_back ? c ^ 1 : c), out, b->n + 1)->is_jump = true;
	if (goes_back)
		b->next = i->imm;
}

static void link_to(struct block *b, const struct vn_nt_insn *i)
{
	if (i->rd != VN_NT_REG_SINK)
		set_constant(b, i->rd, b->pc + 4);
}

static void pass(struct block *b, uint32_t done)
{
	if (done)
		vn_x86_alu_imm(b->x, VN_ADD, VN_R12, VN_NT_SLOT_MOMENTS * done);
}

static void leave_for_step(struct block *b, uint32_t pc)
{
	vn_x86_store_imm(b->x, soft_pc, pc);
	vn_x86_mov_imm(b->x, VN_RAX, LEFT_STEP);
	vn_x86_jmp_to(b->x, b->code->leave);
}

/* What is entered until a block has been translated there. */
static void write_missing(struct block *b, uint32_t pc)
{
	b->code->entries[(pc - VN_NT_TEXT_BASE) / 4] = runs_at(b->code, b->x->at);
	vn_x86_store_imm(b->x, soft_pc, pc);
	vn_x86_jmp_to(b->x, b->code->no_code);
}

/* Into another block. An address that is none of an instruction is left to step.c. */
static void jump_to(struct block *b, uint32_t pc)
{
	struct vn_nt_code *code = b->code;
	uint32_t word = (pc - VN_NT_TEXT_BASE) / 4;

	if (word >= VN_NT_TEXT_WORDS) {
		leave_for_step(b, pc);
	} else if (code->blocks[word]) {
		vn_x86_jmp_to(b->x, code->blocks[word]);
	} else {
		vn_x86_jmp_mem(b->x, vn_x86_at(VN_R10, (int32_t)(8 * word)));
		write_missing(b, pc);
	}
}

static void jump_by_register(struct block *b, const struct vn_nt_insn *i)
{
	struct vn_x86 *x = b->x;
	uint8_t *is_odd, *is_outside;

	take(b, i->rs);
	if (i->op == VN_NT_JALR)
		link_to(b, i);
	pass(b, b->n + 1);
	vn_x86_store(x, soft_pc, VN_RAX);
	vn_x86_alu_imm(x, VN_SUB, VN_RAX, VN_NT_TEXT_BASE);
	vn_x86_test_imm(x, VN_RAX, 3);
	is_odd = vn_x86_jcc(x, VN_IF_NE);
	vn_x86_alu_imm(x, VN_CMP, VN_RAX, 4 * VN_NT_TEXT_WORDS);
	is_outside = vn_x86_jcc(x, VN_IF_AE);
	vn_x86_jmp_mem(x, vn_x86_indexed(VN_R10, VN_RAX, 1, 0));
	vn_x86_here(x, is_odd);
	vn_x86_here(x, is_outside);
	vn_x86_mov_imm(x, VN_RAX, LEFT_STEP);
	vn_x86_jmp_to(x, b->code->leave);
}

/* -- Instructions ----------------------------------------------------------- */

static bool write_arithmetic(struct block *b, const struct vn_nt_insn *i)
{
	switch (i->op) {
	case VN_NT_ADDIU:
		return alu_imm(b, i, VN_ADD), true;
	case VN_NT_ANDI:
		return alu_imm(b, i, VN_AND), true;
	case VN_NT_ORI:
		return alu_imm(b, i, VN_OR), true;
	case VN_NT_XORI:
		return alu_imm(b, i, VN_XOR), true;
	case VN_NT_LUI:
		return set_constant(b, i->rd, i->imm), true;
	case VN_NT_ADDU:
		return alu(b, i, VN_ADD), true;
	case VN_NT_SUBU:
		return alu(b, i, VN_SUB), true;
	case VN_NT_AND:
		return alu(b, i, VN_AND), true;
	case VN_NT_OR:
	case VN_NT_NOR:
		return alu(b, i, VN_OR), true;
	case VN_NT_XOR:
		return alu(b, i, VN_XOR), true;
	case VN_NT_SLT:
	case VN_NT_SLTI:
		return set_if_less(b, i, VN_IF_L), true;
	case VN_NT_SLTU:
	case VN_NT_SLTIU:
		return set_if_less(b, i, VN_IF_B), true;
	case VN_NT_ADD:
	case VN_NT_ADDI:
		return alu_checked(b, i, VN_ADD), true;
	case VN_NT_SUB:
		return alu_checked(b, i, VN_SUB), true;
	case VN_NT_MOVZ:
		return move_if(b, i, VN_IF_E), true;
	case VN_NT_MOVN:
		return move_if(b, i, VN_IF_NE), true;
	default:
		return false;
	}
}

static bool write_bits(struct block *b, const struct vn_nt_insn *i)
{
	switch (i->op) {
	case VN_NT_SLL:
		return shift(b, i, VN_SHL), true;
	case VN_NT_SRL:
		return shift(b, i, VN_SHR), true;
	case VN_NT_SRA:
		return shift(b, i, VN_SAR), true;
	case VN_NT_ROTR:
		return shift(b, i, VN_ROR), true;
	case VN_NT_SLLV:
		return shift_by_reg(b, i, VN_SHL), true;
	case VN_NT_SRLV:
		return shift_by_reg(b, i, VN_SHR), true;
	case VN_NT_SRAV:
		return shift_by_reg(b, i, VN_SAR), true;
	case VN_NT_ROTRV:
		return shift_by_reg(b, i, VN_ROR), true;
	case VN_NT_MFHI:
		return copy(b, i->rd, soft_hi), true;
	case VN_NT_MFLO:
		return copy(b, i->rd, soft_lo), true;
	case VN_NT_MULT:
	case VN_NT_MULTU:
		return multiply(b, i), true;
	case VN_NT_MUL:
		take(b, i->rs);
		vn_x86_imul(b->x, VN_RAX, soft(i->rt));
		return give(b, i->rd), true;
	case VN_NT_EXT:
		return extract(b, i), true;
	case VN_NT_INS:
		return insert(b, i), true;
	case VN_NT_WSBH:
		return swap_halves(b, i), true;
	case VN_NT_SEB:
		return extend(b, i, 1), true;
	case VN_NT_SEH:
		return extend(b, i, 2), true;
	case VN_NT_TEQ:
		return trap_if(b, i, VN_IF_E), true;
	case VN_NT_TNE:
		return trap_if(b, i, VN_IF_NE), true;
	default:
		return false;
	}
}

static bool write_access(struct block *b, const struct vn_nt_insn *i)
{
	switch (i->op) {
	case VN_NT_LW:
		return load_word(b, i), true;
	case VN_NT_LB:
		return load_part(b, i, 1, true), true;
	case VN_NT_LBU:
		return load_part(b, i, 1, false), true;
	case VN_NT_LH:
		return load_part(b, i, 2, true), true;
	case VN_NT_LHU:
		return load_part(b, i, 2, false), true;
	case VN_NT_SW:
		return store(b, i, 4), true;
	case VN_NT_SH:
		return store(b, i, 2), true;
	case VN_NT_SB:
		return store(b, i, 1), true;
	default:
		return false;
	}
}

static bool write_branch(struct block *b, const struct vn_nt_insn *i)
{
	if (i->imm == b->pc) /* perhaps its end: step.c knows */
		return false;
	switch (i->op) {
	case VN_NT_BEQ:
		return branch(b, i, VN_IF_E), true;
	case VN_NT_BNE:
		return branch(b, i, VN_IF_NE), true;
	case VN_NT_BLEZ:
		return branch(b, i, VN_IF_LE), true;
	case VN_NT_BGTZ:
		return branch(b, i, VN_IF_G), true;
	case VN_NT_BLTZ:
		return branch(b, i, VN_IF_L), true;
	case VN_NT_BGEZ:
		return branch(b, i, VN_IF_GE), true;
	default:
		return false;
	}
}

static bool is_pure_and_lost(const struct vn_nt_insn *i)
{
	if (i->op == VN_NT_SYNC || i->op == VN_NT_PREF || i->op == VN_NT_CACHE)
		return true;
	return i->rd == VN_NT_REG_SINK &&
	       ((i->op >= VN_NT_ADDIU && i->op <= VN_NT_LUI) || i->op == VN_NT_ADDU ||
		(i->op >= VN_NT_SUBU && i->op <= VN_NT_ROTRV));
}

/* False: it is left to step.c, and the block ends before it. */
static bool write_insn(struct block *b, const struct vn_nt_insn *i)
{
	if (is_pure_and_lost(i))
		return true;
	return write_arithmetic(b, i) || write_access(b, i) || write_bits(b, i) ||
	       write_branch(b, i);
}

/* A jump that is taken in any case: the block goes on at its target. */
static bool is_known_jump(const struct vn_nt_insn *i, uint32_t pc)
{
	return (i->op == VN_NT_J || i->op == VN_NT_JAL || (i->op == VN_NT_BEQ && i->rs == i->rt)) &&
	       i->imm != pc;
}

/* Up to an end of the block; true: that has been written, too. */
static bool write_body(struct block *b)
{
	for (; b->n < BLOCK_MAX && b->pc - VN_NT_TEXT_BASE < 4 * VN_NT_TEXT_WORDS; b->n++) {
		const struct vn_nt_insn *i = &b->card->text[(b->pc - VN_NT_TEXT_BASE) / 4];

		if (i->op == VN_NT_JR || i->op == VN_NT_JALR) {
			jump_by_register(b, i);
			b->n++;
			return true;
		}
		b->next = b->pc + 4;
		if (is_known_jump(i, b->pc)) {
			link_to(b, i);
			b->next = i->imm;
		} else if (!write_insn(b, i)) {
			return false;
		}
		b->pc = b->next;
	}
	return false;
}

/* What comes where the body ends: the next block, or step.c. */
static void write_end(struct block *b)
{
	pass(b, b->n);
	if (b->n == BLOCK_MAX)
		jump_to(b, b->pc);
	else
		leave_for_step(b, b->pc);
}

/* The clock's cycle is half the moment, less when the program began. */
static void write_clock(struct block *b, const struct stub *s)
{
	struct vn_x86 *x = b->x;
	uint8_t *is_other;

	vn_x86_alu_imm(x, VN_CMP, VN_RAX, VN_NT_TIME_REGISTER);
	is_other = vn_x86_jcc(x, VN_IF_NE);
	vn_x86_lea(x, VN_RAX, vn_x86_at(VN_R12, (int32_t)(VN_NT_SLOT_MOMENTS * s->done)));
	vn_x86_shift(x, VN_SHR, VN_RAX, 1);
	vn_x86_alu(x, VN_SUB, VN_RAX, time_less);
	vn_x86_jmp_to(x, s->back);
	vn_x86_here(x, is_other);
}

static void write_stub(struct block *b, const struct stub *s)
{
	struct vn_x86 *x = b->x;

	vn_x86_here(x, s->from);
	if (s->load_rd != NO_RD)
		write_clock(b, s);
	pass(b, s->done);
	if (s->is_jump)
		jump_to(b, s->pc);
	else
		leave_for_step(b, s->pc);
}

/* The head's comparison needs to know how many instructions come: patched. */
static void write_block(struct block *b)
{
	struct vn_x86 *x = b->x;
	uint32_t pc = b->pc, last;
	uint8_t *fits;

	vn_x86_byte(x, 0x41); /* lea eax,[r12 + disp32] */
	vn_x86_byte(x, 0x8d);
	vn_x86_byte(x, 0x84);
	vn_x86_byte(x, 0x24);
	vn_x86_imm32(x, 0);
	fits = x->at;
	vn_x86_alu_reg(x, VN_CMP, VN_RAX, VN_R13);
	{
		uint8_t *in = vn_x86_jcc(x, VN_IF_B);

		vn_x86_store_imm(x, soft_pc, pc);
		vn_x86_mov_imm(x, VN_RAX, LEFT_HORIZON);
		vn_x86_jmp_to(x, b->code->leave);
		vn_x86_here(x, in);
	}
	if (!write_body(b))
		write_end(b);
	last = VN_NT_SLOT_MOMENTS * (b->n ? b->n - 1 : 0);
	memcpy(fits - 4, &last, 4);
	for (unsigned int i = 0; i < b->n_stubs; i++)
		write_stub(b, &b->stubs[i]);
}

/* -- All code ----------------------------------------------------------------- */

static void forget_blocks(struct vn_nt_code *code)
{
	code->x.at = code->blocks_at;
	for (uint32_t i = 0; i < VN_NT_TEXT_WORDS; i++)
		code->entries[i] = runs_at(code, code->no_code);
	memset(code->blocks, 0, sizeof(code->blocks));
}

static void translate(struct vn_nt_card *card, uint32_t pc)
{
	struct vn_nt_code *code = card->code;
	struct block b = { .card = card, .code = code, .x = &code->x, .pc = pc, .held = -1 };
	uint8_t *at;

	if (code->x.at + BLOCK_MAX * INSN_BYTES > code->write + CODE_SIZE)
		forget_blocks(code);
	at = code->x.at;
	code->blocks[(pc - VN_NT_TEXT_BASE) / 4] = at; /* it may jump to itself */
	write_block(&b);
	code->entries[(pc - VN_NT_TEXT_BASE) / 4] = runs_at(code, at);
}

#define ENTRY(field) vn_x86_at(VN_RDI, offsetof(struct entry, field))

/* As a function of C, enter_fn: rdi = entry, rsi = thread, rdx = code. */
static void write_enter(struct vn_x86 *x)
{
	static const int kept[] = { VN_RBX, VN_RBP, VN_R12, VN_R13, VN_R14, VN_R15, VN_RDI };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(kept); i++)
		vn_x86_push(x, kept[i]);
	vn_x86_mov64(x, VN_RBX, VN_RSI);
	vn_x86_load64(x, VN_RBP, ENTRY(is_memory));
	vn_x86_load64(x, VN_R10, ENTRY(entries));
	vn_x86_load64(x, VN_R11, ENTRY(undo_end));
	vn_x86_load(x, VN_R12, ENTRY(now));
	vn_x86_load(x, VN_R13, ENTRY(horizon));
	vn_x86_load64(x, VN_R14, ENTRY(stamps));
	vn_x86_load64(x, VN_R15, ENTRY(bytes));
	vn_x86_jmp_reg(x, VN_RDX);
}

static void write_leave(struct vn_x86 *x)
{
	static const int kept[] = { VN_R15, VN_R14, VN_R13, VN_R12, VN_RBP, VN_RBX };

	vn_x86_pop(x, VN_RDI);
	vn_x86_store(x, ENTRY(now), VN_R12);
	vn_x86_store64(x, ENTRY(undo_end), VN_R11);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(kept); i++)
		vn_x86_pop(x, kept[i]);
	vn_x86_ret(x);
}

static void write_shared(struct vn_nt_code *code)
{
	struct vn_x86 *x = &code->x;

	x->at = code->write;
	code->enter = (enter_fn *)(uintptr_t)runs_at(code, x->at);
	write_enter(x);
	code->leave = x->at;
	write_leave(x);
	code->no_code = x->at;
	vn_x86_mov_imm(x, VN_RAX, LEFT_NO_CODE);
	vn_x86_jmp_to(x, code->leave);
	code->blocks_at = x->at;
	forget_blocks(code);
}

/* Never writable and executable at once. */
static int map_twice(struct vn_nt_code *code)
{
	int fd = memfd_create("vernier-card", MFD_CLOEXEC);
	int r = fd < 0 || ftruncate(fd, CODE_SIZE) ? -errno : 0;

	code->write = code->run = MAP_FAILED;
	if (!r)
		code->write = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!r && code->write != MAP_FAILED)
		code->run = mmap(NULL, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (!r && code->run == MAP_FAILED)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}

void vn_nt_code_new(struct vn_nt_card *card, struct vn_nt_code **out, const char **why)
{
	struct vn_nt_code *code = calloc(1, sizeof(*code));

	*out = NULL;
	*why = "no memory for translated code that can be executed";
	if (!code || map_twice(code)) {
		vn_nt_code_free(code);
		return;
	}
	write_shared(code);
	*why = NULL;
	*out = code;
}

void vn_nt_code_free(struct vn_nt_code *code)
{
	if (!code)
		return;
	if (code->write && code->write != MAP_FAILED)
		munmap(code->write, CODE_SIZE);
	if (code->run && code->run != MAP_FAILED)
		munmap(code->run, CODE_SIZE);
	free(code);
}

static uint32_t enter(struct vn_nt_card *card, struct vn_nt_thread *t, const void *at)
{
	struct vn_nt_memory *mem = card->mem;
	struct entry e = {
		.now = (uint32_t)(t->moment - mem->stamp_base),
		.horizon = (uint32_t)(card->horizon - mem->stamp_base),
		.undo_end = mem->undo_end,
		.is_memory = mem->is_memory,
		.bytes = mem->bytes,
		.stamps = mem->stamps,
		.entries = card->code->entries,
	};
	uint32_t began = e.now, left;

	t->time_less = (uint32_t)(card->time_base - mem->stamp_base / 2);
	left = card->code->enter(&e, t, at);
	t->moment += e.now - began;
	mem->undo_end = e.undo_end;
	return left;
}

bool vn_nt_code_run(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	enum vn_nt_stepped s = VN_NT_STEPPED;

	while (s == VN_NT_STEPPED && t->moment < card->horizon) {
		uint32_t offset = t->pc - VN_NT_TEXT_BASE, left = LEFT_STEP;

		if (offset < 4 * VN_NT_TEXT_WORDS && offset % 4 == 0)
			left = enter(card, t, card->code->entries[offset / 4]);
		if (left == LEFT_NO_CODE)
			translate(card, t->pc);
		else if (left == LEFT_HORIZON)
			return vn_nt_run_ahead(card, t);
		else if (t->moment < card->horizon) /* else the block ended at it */
			s = vn_nt_step(card, t, false);
	}
	return s != VN_NT_LATE;
}

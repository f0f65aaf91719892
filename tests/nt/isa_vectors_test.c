/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each instruction on the card, by both engines, and on the reference: what it
 * must give at its edges was written down from the architecture's text and the
 * specification (netthreads 1.2), and is not computed here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "base/macros.h"
#include "nt/isa.h"
#include "pair.h"

/* What code finds: $4, $5, $2, HI, LO and, at $6, two words of memory. */
struct setup {
	uint32_t a, b, d, hi, lo;
	uint32_t memory[2];
};

#define BASE	  VN_NT_LOAD_BASE
#define PROLOGUE  13 /* words, from CODE on */
#define CODE	  64 /* where thread 0 goes */
#define CODE_AT	  (VN_NT_TEXT_BASE + 4 * (CODE + PROLOGUE))
#define TEXT_MAX  256
#define CYCLES	  4000
#define SECOND_AT (CODE_AT + 4)

struct result {
	struct vn_nt_thread_view thread;
	struct vn_nt_fault fault; /* tid is VN_NT_THREADS if there is none */
	uint32_t memory[2];
};

static bool seen[VN_NT_N_OPS];

static void put_constant(uint32_t **at, unsigned int reg, uint32_t value)
{
	*(*at)++ = LUI(reg, value >> 16);
	*(*at)++ = ORI(reg, reg, value);
}

static void write_text(uint32_t text[TEXT_MAX], const uint32_t *code, unsigned int n,
		       const struct setup *s)
{
	uint32_t *at = text + CODE;

	memset(text, 0, TEXT_MAX * sizeof(*text));
	text[0] = J(VN_NT_TEXT_BASE + 4 * CODE);
	for (unsigned int i = 1; i < VN_NT_THREADS_PER_CPU; i++)
		text[12 * i] = J(VN_NT_TEXT_BASE + 48 * i);
	put_constant(&at, 2, s->hi);
	*at++ = MTHI(2);
	put_constant(&at, 2, s->lo);
	*at++ = MTLO(2);
	put_constant(&at, 4, s->a);
	put_constant(&at, 5, s->b);
	put_constant(&at, 2, s->d);
	*at++ = LUI(6, BASE >> 16);
	assert_int_equal(at - text, CODE + PROLOGUE);
	memcpy(at, code, n * sizeof(*code));
	at[n] = J(CODE_AT + 4 * n);
	for (unsigned int i = 0; i < n; i++)
		seen[vn_nt_decode(code[i], 0).op] = true;
}

static uint32_t word_at(struct vn_nt_card *card, uint32_t addr)
{
	uint8_t b[4] = { 0 };

	vn_nt_card_peek(card, addr, b, 4);
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void run_by(enum vn_nt_engine engine, const struct vn_nt_image *image, struct result *r)
{
	struct vn_nt_config cfg = vn_nt_defaults;
	enum vn_nt_stop stop;
	struct pair p;
	bool same;

	cfg.engine = engine;
	cfg.hw.cpus = 1;
	same = pair_init(&p, &cfg, image) && pair_run(&p, CYCLES, &stop);
	if (!same)
		fail_msg("%s: %s", engine == VN_NT_TRANSLATE ? "translated" : "interpreted", p.why);
	vn_nt_card_thread(p.card, 0, &r->thread);
	r->fault.tid = VN_NT_THREADS;
	if (vn_nt_card_fault(p.card, 0))
		r->fault = *vn_nt_card_fault(p.card, 0);
	r->memory[0] = word_at(p.card, BASE);
	r->memory[1] = word_at(p.card, BASE + 4);
	pair_fini(&p);
}

/* By both engines; both are like the reference, so one result speaks for all. */
static struct result run(const uint32_t *code, unsigned int n, const struct setup *s)
{
	uint32_t text[TEXT_MAX];
	uint8_t data[8];
	struct vn_nt_piece piece = { BASE, sizeof(data), data };
	struct vn_nt_image image = {
		.text = text, .n_text = TEXT_MAX, .pieces = &piece, .n_pieces = 1
	};
	struct result r = { 0 };

	write_text(text, code, n, s);
	for (unsigned int i = 0; i < 8; i++)
		data[i] = (uint8_t)(s->memory[i / 4] >> 8 * (3 - i % 4));
	run_by(VN_NT_INTERPRET, &image, &r);
	run_by(VN_NT_TRANSLATE, &image, &r);
	return r;
}

static struct result run_one(uint32_t insn, const struct setup *s)
{
	return run(&insn, 1, s);
}

static void assert_ended(const struct result *r, const char *what)
{
	if (r->fault.tid < VN_NT_THREADS)
		fail_msg("%s: fault: %s", what, r->fault.reason);
	assert_int_equal(r->thread.state, VN_NT_ENDED);
}

static const char *text_of(uint32_t insn)
{
	static char buf[VN_NT_DISASM_LEN];

	return vn_nt_disasm(insn, CODE_AT, buf);
}

static void assert_word(uint32_t insn, const char *what, uint32_t got, uint32_t want)
{
	if (got != want)
		fail_msg("%s: %s is %08x, not %08x", text_of(insn), what, got, want);
}

/* -- Arithmetic ---------------------------------------------------------------- */

struct alu {
	uint32_t insn, a, b, d, want; /* $4, $5, $2 before, $2 behind */
};

#define MIN 0x80000000
#define MAX 0x7fffffff
#define ALL 0xffffffff

/* clang-format off */
static const struct alu alus[] = {
	{ ADDIU(2, 4, 1), MAX, 0, 0, MIN }, { ADDIU(2, 4, -1), 0, 0, 0, ALL },
	{ ADDIU(2, 4, 0x8000), 0, 0, 0, 0xffff8000 }, { ADDIU(2, 4, 0x7fff), ALL, 0, 0, 0x7ffe },
	{ ADDI(2, 4, 1), MAX - 1, 0, 0, MAX }, { ADDI(2, 4, -1), MIN + 1, 0, 0, MIN },
	{ ADDI(2, 4, -1), 0, 0, 0, ALL }, { ADDI(2, 4, 5), ALL, 0, 0, 4 },
	{ SLTI(2, 4, -1), MIN, 0, 9, 1 }, { SLTI(2, 4, -1), ALL, 0, 9, 0 },
	{ SLTI(2, 4, 0), 1, 0, 9, 0 }, { SLTI(2, 4, 0x7fff), 0x7ffe, 0, 9, 1 },
	{ SLTIU(2, 4, -1), 0xfffffffe, 0, 9, 1 }, { SLTIU(2, 4, -1), ALL, 0, 9, 0 },
	{ SLTIU(2, 4, 1), 0, 0, 9, 1 }, { SLTIU(2, 4, 0x8000), 0x8000, 0, 9, 1 },
	{ ANDI(2, 4, 0xffff), ALL, 0, 0, 0xffff }, { ANDI(2, 4, 0x8000), 0x12348000, 0, 0, 0x8000 },
	{ ORI(2, 4, 0x8000), 0x10000001, 0, 0, 0x10008001 }, { ORI(2, 0, 0xffff), 0, 0, 7, 0xffff },
	{ XORI(2, 4, 0xffff), ALL, 0, 0, 0xffff0000 }, { XORI(2, 4, 1), 1, 0, 5, 0 },
	{ LUI(2, 0xffff), 0, 0, 0x1234, 0xffff0000 }, { LUI(2, 1), 0, 0, ALL, 0x10000 },
	{ ADDU(2, 4, 5), MAX, 1, 0, MIN }, { ADDU(2, 4, 5), ALL, ALL, 0, 0xfffffffe },
	{ ADDU(2, 4, 4), 0x40000000, 0, 0, MIN }, { ADDU(2, 2, 4), 3, 0, 4, 7 },
	{ ADD(2, 4, 5), MAX, MIN, 0, ALL }, { ADD(2, 4, 5), MAX - 1, 1, 0, MAX },
	{ ADD(2, 4, 5), MIN + 1, ALL, 0, MIN },
	{ SUBU(2, 4, 5), 0, 1, 0, ALL }, { SUBU(2, 4, 5), MIN, 1, 0, MAX },
	{ SUBU(2, 0, 5), 0, MIN, 0, MIN }, { SUBU(2, 4, 2), 10, 0, 3, 7 },
	{ SUB(2, 4, 5), 0, MAX, 0, MIN + 1 }, { SUB(2, 4, 5), MIN, ALL, 0, MIN + 1 },
	{ SUB(2, 4, 5), ALL, MIN, 0, MAX }, { SUB(2, 4, 5), 5, 5, 1, 0 },
	{ AND(2, 4, 5), 0xff00ff00, 0x0ff00ff0, 0, 0x0f000f00 },
	{ OR(2, 4, 5), 0xff00ff00, 0x0ff00ff0, 0, 0xfff0fff0 },
	{ XOR(2, 4, 5), 0xff00ff00, 0x0ff00ff0, 0, 0xf0f0f0f0 },
	{ NOR(2, 4, 5), 0xff00ff00, 0x0ff00ff0, 0, 0x000f000f }, { NOR(2, 0, 0), 0, 0, 0, ALL },
	{ SLT(2, 4, 5), MIN, MAX, 9, 1 }, { SLT(2, 4, 5), MAX, MIN, 9, 0 },
	{ SLT(2, 4, 5), ALL, 0, 9, 1 }, { SLT(2, 4, 5), 3, 3, 9, 0 },
	{ SLTU(2, 4, 5), MIN, MAX, 9, 0 }, { SLTU(2, 4, 5), MAX, MIN, 9, 1 },
	{ SLTU(2, 0, 5), 0, 1, 9, 1 }, { SLTU(2, 0, 5), 0, 0, 9, 0 },
	{ MOVZ(2, 4, 5), 7, 0, 1, 7 }, { MOVZ(2, 4, 5), 7, MIN, 1, 1 },
	{ MOVN(2, 4, 5), 7, 0, 1, 1 }, { MOVN(2, 4, 5), 7, MIN, 1, 7 },
	{ MOVZ(2, 4, 0), 7, 0, 1, 7 }, { MOVN(2, 4, 0), 7, 0, 1, 1 },
	{ SLL(2, 4, 0), 0x81234567, 0, 0, 0x81234567 }, { SLL(2, 4, 31), 3, 0, 0, MIN },
	{ SRL(2, 4, 0), MIN, 0, 0, MIN }, { SRL(2, 4, 31), MIN, 0, 0, 1 },
	{ SRA(2, 4, 0), MIN, 0, 0, MIN }, { SRA(2, 4, 31), MIN, 0, 0, ALL },
	{ SRA(2, 4, 31), MAX, 0, 0, 0 }, { SRA(2, 4, 4), 0x87654321, 0, 0, 0xf8765432 },
	{ ROTR(2, 4, 0), 0x87654321, 0, 0, 0x87654321 },
	{ ROTR(2, 4, 4), 0x87654321, 0, 0, 0x18765432 },
	{ ROTR(2, 4, 31), 0x80000001, 0, 0, 3 },
	{ SLLV(2, 4, 5), 3, 31, 0, MIN }, { SLLV(2, 4, 5), 3, 32, 0, 3 },
	{ SLLV(2, 4, 5), 3, 0xffffffe1, 0, 6 }, { SLLV(2, 4, 4), 33, 0, 0, 66 },
	{ SRLV(2, 4, 5), MIN, 63, 0, 1 }, { SRLV(2, 4, 5), MIN, 0, 0, MIN },
	{ SRAV(2, 4, 5), MIN, 63, 0, ALL }, { SRAV(2, 4, 5), MIN, 64, 0, MIN },
	{ ROTRV(2, 4, 5), 0x87654321, 36, 0, 0x18765432 }, { ROTRV(2, 4, 5), 5, 0, 0, 5 },
	{ MUL(2, 4, 5), 0x10001, 0x10001, 0, 0x20001 }, { MUL(2, 4, 5), ALL, ALL, 0, 1 },
	{ MUL(2, 4, 5), MIN, ALL, 0, MIN }, { MUL(2, 4, 4), 0x10000, 0, 9, 0 },
	{ CLZ(2, 4), 0, 0, 0, 32 }, { CLZ(2, 4), 1, 0, 0, 31 }, { CLZ(2, 4), ALL, 0, 9, 0 },
	{ CLZ(2, 4), 0x00800000, 0, 0, 8 }, { CLZ(2, 2), 0, 0, 0x00800000, 8 },
	{ CLO(2, 4), 0, 0, 9, 0 }, { CLO(2, 4), ALL, 0, 0, 32 }, { CLO(2, 4), MIN, 0, 0, 1 },
	{ CLO(2, 4), 0xfffffffe, 0, 0, 31 },
	{ EXT(2, 4, 0, 32), 0x87654321, 0, 0, 0x87654321 }, { EXT(2, 4, 0, 1), ALL, 0, 0, 1 },
	{ EXT(2, 4, 31, 1), MIN, 0, 0, 1 }, { EXT(2, 4, 4, 8), 0x87654321, 0, 0, 0x32 },
	{ EXT(2, 4, 1, 31), ALL, 0, 0, MAX },
	{ INS(2, 4, 0, 32), 0x87654321, 0, ALL, 0x87654321 },
	{ INS(2, 4, 0, 1), 0, 0, ALL, 0xfffffffe },
	{ INS(2, 4, 31, 1), 1, 0, 0, MIN }, { INS(2, 4, 31, 1), 2, 0, ALL, MAX },
	{ INS(2, 4, 4, 8), 0xfab, 0, 0x11111111, 0x11111ab1 },
	{ INS(2, 0, 8, 16), 0, 0, ALL, 0xff0000ff },
	{ INS(2, 2, 8, 8), 0, 0, 0x12345678, 0x12347878 },
	{ WSBH(2, 4), 0x12345678, 0, 0, 0x34127856 }, { WSBH(2, 2), 0, 0, 0x00ff80ff, 0xff00ff80 },
	{ SEB(2, 4), 0x12345680, 0, 0, 0xffffff80 }, { SEB(2, 4), 0xffffff7f, 0, 0, 0x7f },
	{ SEH(2, 4), 0x12348000, 0, 0, 0xffff8000 }, { SEH(2, 4), 0xffff7fff, 0, 0, 0x7fff },
	{ NOP, 1, 2, 3, 3 }, { SYNC, 1, 2, 3, 3 }, { SLL(0, 0, 1), 1, 2, 3, 3 },
	{ PREF(0, 0, 0), 1, 2, 3, 3 }, { PREF(30, 1, 4), 1, 2, 3, 3 },
	{ CACHE(21, 0, 0), 1, 2, 3, 3 },
};
/* clang-format on */

static void arithmetic_at_its_edges(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(alus); i++) {
		const struct alu *v = &alus[i];
		struct setup s = { .a = v->a, .b = v->b, .d = v->d, .hi = 0x11, .lo = 0x22 };
		struct result r = run_one(v->insn, &s);

		assert_ended(&r, text_of(v->insn));
		assert_word(v->insn, "$2", r.thread.regs[2], v->want);
		/* Nothing else changes; mul leaves HI and LO, too. */
		assert_word(v->insn, "$4", r.thread.regs[4], v->a);
		assert_word(v->insn, "$5", r.thread.regs[5], v->b);
		assert_word(v->insn, "hi", r.thread.hi, 0x11);
		assert_word(v->insn, "lo", r.thread.lo, 0x22);
	}
}

/* Written to $0 it is lost, and the next instruction reads 0. */
static void register_0_stays_0(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(alus); i++) {
		uint32_t insn = alus[i].insn;
		bool is_rt = (insn >> 26 >= 8 && insn >> 26 <= 15) ||
			     (insn >> 26 == 31 && (insn & 63) <= 4);
		uint32_t field = is_rt ? UINT32_C(31) << 16 : UINT32_C(31) << 11;
		uint32_t code[2] = { insn & ~field, OR(3, 0, 0) };
		struct setup s = { .a = alus[i].a, .b = alus[i].b };
		struct result r;

		if (insn >> 26 == 28) /* clz, clo name it twice */
			code[0] &= (insn & 63) >= 32 ? ~(UINT32_C(31) << 16) : ALL;
		if (insn >> 26 == 47 || insn >> 26 == 51)
			continue;
		r = run(code, 2, &s);
		assert_ended(&r, text_of(code[0]));
		assert_word(code[0], "$0", r.thread.regs[0], 0);
		assert_word(code[0], "$3 = $0", r.thread.regs[3], 0);
	}
}

struct hilo {
	uint32_t insn, a, b, hi, lo, want_hi, want_lo;
};

/* clang-format off */
static const struct hilo hilos[] = {
	{ MTHI(4), 7, 0, 1, 2, 7, 2 }, { MTLO(4), 7, 0, 1, 2, 1, 7 },
	{ MULT(4, 5), ALL, ALL, 9, 9, 0, 1 }, { MULT(4, 5), MIN, MIN, 9, 9, 0x40000000, 0 },
	{ MULT(4, 5), MIN, 1, 9, 9, ALL, MIN }, { MULT(4, 5), MAX, MAX, 9, 9, 0x3fffffff, 1 },
	{ MULTU(4, 5), ALL, ALL, 9, 9, 0xfffffffe, 1 }, { MULTU(4, 5), MIN, 2, 9, 9, 1, 0 },
	{ DIV(4, 5), 7, 2, 9, 9, 1, 3 }, { DIV(4, 5), -7, 2, 9, 9, ALL, -3 },
	{ DIV(4, 5), 7, -2, 9, 9, 1, -3 }, { DIV(4, 5), -7, -2, 9, 9, ALL, 3 },
	{ DIV(4, 5), MIN, ALL, 9, 9, 0, MIN }, { DIV(4, 5), 5, 0, 8, 9, 8, 9 },
	{ DIV(4, 5), MIN, 1, 9, 9, 0, MIN }, { DIV(4, 5), 0, ALL, 9, 9, 0, 0 },
	{ DIV(4, 5), 3, ALL, 9, 9, 0, -3 }, { DIV(4, 5), MAX, MIN, 9, 9, MAX, 0 },
	{ DIVU(4, 5), ALL, 2, 9, 9, 1, MAX }, { DIVU(4, 5), MIN, ALL, 9, 9, MIN, 0 },
	{ DIVU(4, 5), ALL, ALL, 9, 9, 0, 1 }, { DIVU(4, 5), 5, 0, 8, 9, 8, 9 },
	{ MADD(4, 5), 1, 1, 0, ALL, 1, 0 }, { MADD(4, 5), ALL, 1, 0, 0, ALL, ALL },
	{ MADD(4, 5), MIN, MIN, 0x40000000, 0, MIN, 0 },
	{ MADDU(4, 5), ALL, 1, 0, 1, 1, 0 }, { MADDU(4, 5), ALL, ALL, 1, ALL, 0, 0 },
	{ MSUB(4, 5), 1, 1, 0, 0, ALL, ALL }, { MSUB(4, 5), ALL, 1, 0, 0, 0, 1 },
	{ MSUBU(4, 5), ALL, 1, 0, 0, ALL, 1 }, { MSUBU(4, 5), 2, 3, 0, 6, 0, 0 },
};
/* clang-format on */

static void hi_and_lo(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(hilos); i++) {
		const struct hilo *v = &hilos[i];
		struct setup s = { .a = v->a, .b = v->b, .d = 5, .hi = v->hi, .lo = v->lo };
		uint32_t code[3] = { v->insn, MFHI(7), MFLO(8) };
		struct result r = run(code, 3, &s);

		assert_ended(&r, text_of(v->insn));
		assert_word(v->insn, "hi", r.thread.hi, v->want_hi);
		assert_word(v->insn, "lo", r.thread.lo, v->want_lo);
		assert_word(v->insn, "mfhi", r.thread.regs[7], v->want_hi);
		assert_word(v->insn, "mflo", r.thread.regs[8], v->want_lo);
		assert_word(v->insn, "$2", r.thread.regs[2], 5);
	}
}

/* -- Memory ----------------------------------------------------------------------- */

struct load {
	uint32_t insn, want; /* of 81 b2 43 f4 05 16 27 38 into aabbccdd */
};

/* clang-format off */
static const struct load loads[] = {
	{ LB(2, 0, 6), 0xffffff81 }, { LB(2, 1, 6), 0xffffffb2 }, { LB(2, 2, 6), 0x43 },
	{ LB(2, 3, 6), 0xfffffff4 }, { LB(2, 7, 6), 0x38 },
	{ LBU(2, 0, 6), 0x81 }, { LBU(2, 1, 6), 0xb2 }, { LBU(2, 2, 6), 0x43 },
	{ LBU(2, 3, 6), 0xf4 }, { LBU(2, 4, 6), 0x05 },
	{ LH(2, 0, 6), 0xffff81b2 }, { LH(2, 2, 6), 0x43f4 }, { LH(2, 6, 6), 0x2738 },
	{ LHU(2, 0, 6), 0x81b2 }, { LHU(2, 2, 6), 0x43f4 }, { LHU(2, 4, 6), 0x0516 },
	{ LW(2, 0, 6), 0x81b243f4 }, { LW(2, 4, 6), 0x05162738 },
	{ LWL(2, 0, 6), 0x81b243f4 }, { LWL(2, 1, 6), 0xb243f4dd }, { LWL(2, 2, 6), 0x43f4ccdd },
	{ LWL(2, 3, 6), 0xf4bbccdd }, { LWL(2, 5, 6), 0x162738dd },
	{ LWR(2, 0, 6), 0xaabbcc81 }, { LWR(2, 1, 6), 0xaabb81b2 }, { LWR(2, 2, 6), 0xaa81b243 },
	{ LWR(2, 3, 6), 0x81b243f4 }, { LWR(2, 6, 6), 0xaa051627 },
};
/* clang-format on */

static void loads_of_every_offset(void **state)
{
	static const struct setup s = { .d = 0xaabbccdd, .memory = { 0x81b243f4, 0x05162738 } };

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(loads); i++) {
		/* Its value can be used at once. */
		uint32_t code[2] = { loads[i].insn, ADDIU(3, 2, 1) };
		struct result r = run(code, 2, &s);

		assert_ended(&r, text_of(loads[i].insn));
		assert_word(loads[i].insn, "$2", r.thread.regs[2], loads[i].want);
		assert_word(loads[i].insn, "$3", r.thread.regs[3], loads[i].want + 1);
	}
}

struct store {
	uint32_t insn, want[2]; /* of aabbccdd over 81b243f4 05162738 */
};

/* clang-format off */
static const struct store stores[] = {
	{ SB(2, 0, 6), { 0xddb243f4, 0x05162738 } }, { SB(2, 1, 6), { 0x81dd43f4, 0x05162738 } },
	{ SB(2, 2, 6), { 0x81b2ddf4, 0x05162738 } }, { SB(2, 7, 6), { 0x81b243f4, 0x051627dd } },
	{ SH(2, 0, 6), { 0xccdd43f4, 0x05162738 } }, { SH(2, 2, 6), { 0x81b2ccdd, 0x05162738 } },
	{ SH(2, 4, 6), { 0x81b243f4, 0xccdd2738 } }, { SH(0, 2, 6), { 0x81b20000, 0x05162738 } },
	{ SW(2, 0, 6), { 0xaabbccdd, 0x05162738 } }, { SW(2, 4, 6), { 0x81b243f4, 0xaabbccdd } },
	{ SW(0, 0, 6), { 0, 0x05162738 } },
	{ SWL(2, 0, 6), { 0xaabbccdd, 0x05162738 } }, { SWL(2, 1, 6), { 0x81aabbcc, 0x05162738 } },
	{ SWL(2, 2, 6), { 0x81b2aabb, 0x05162738 } }, { SWL(2, 3, 6), { 0x81b243aa, 0x05162738 } },
	{ SWL(2, 6, 6), { 0x81b243f4, 0x0516aabb } },
	{ SWR(2, 0, 6), { 0xddb243f4, 0x05162738 } }, { SWR(2, 1, 6), { 0xccdd43f4, 0x05162738 } },
	{ SWR(2, 2, 6), { 0xbbccddf4, 0x05162738 } }, { SWR(2, 3, 6), { 0xaabbccdd, 0x05162738 } },
	{ SWR(2, 5, 6), { 0x81b243f4, 0xccdd2738 } },
};
/* clang-format on */

static void stores_at_every_offset(void **state)
{
	static const struct setup s = { .d = 0xaabbccdd, .memory = { 0x81b243f4, 0x05162738 } };

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(stores); i++) {
		struct result r = run_one(stores[i].insn, &s);

		assert_ended(&r, text_of(stores[i].insn));
		assert_word(stores[i].insn, "0(a2)", r.memory[0], stores[i].want[0]);
		assert_word(stores[i].insn, "4(a2)", r.memory[1], stores[i].want[1]);
		assert_word(stores[i].insn, "$2", r.thread.regs[2], s.d);
	}
}

/* A pair reads or writes a word at any address. */
static void unaligned_pairs_move_words(void **state)
{
	static const struct setup s = { .d = 0xaabbccdd, .memory = { 0x81b243f4, 0x05162738 } };
	static const uint32_t want[4] = { 0x81b243f4, 0xb243f405, 0x43f40516, 0xf4051627 };

	(void)state;
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t read[2] = { LWL(2, k, 6), LWR(2, k + 3, 6) };
		uint32_t written[4] = { SWL(2, k, 6), SWR(2, k + 3, 6), LWL(3, k, 6),
					LWR(3, k + 3, 6) };
		struct result r = run(read, 2, &s);

		assert_word(read[0], "$2", r.thread.regs[2], want[k]);
		r = run(written, 4, &s);
		assert_word(written[0], "$3", r.thread.regs[3], s.d);
	}
}

/* -- Faults ----------------------------------------------------------------------- */

struct fault {
	uint32_t insn, a, b;
	const char *reason; /* NULL: none */
};

#define OUTSIDE	   ", outside the memories"
#define MISALIGNED ", misaligned"

/* clang-format off */
static const struct fault faults[] = {
	{ ADD(2, 4, 5), MAX, 1, "signed overflow" }, { ADD(2, 4, 5), MIN, ALL, "signed overflow" },
	{ ADD(2, 4, 5), MIN, MIN, "signed overflow" }, { ADDI(2, 4, 1), MAX, 0, "signed overflow" },
	{ ADDI(2, 4, -1), MIN, 0, "signed overflow" }, { SUB(2, 4, 5), MIN, 1, "signed overflow" },
	{ SUB(2, 4, 5), 0, MIN, "signed overflow" }, { SUB(2, 4, 5), MAX, ALL, "signed overflow" },
	{ BREAK, 0, 0, "break" }, { SYSCALL, 0, 0, "syscall" },
	{ TGE(4, 5), MIN, MAX, NULL }, { TGE(4, 5), 3, 3, "trap" }, { TGE(4, 5), 0, ALL, "trap" },
	{ TGEU(4, 5), MIN, MAX, "trap" }, { TGEU(4, 5), 0, ALL, NULL },
	{ TGEU(4, 5), 3, 3, "trap" },
	{ TLT(4, 5), MIN, MAX, "trap" }, { TLT(4, 5), 3, 3, NULL }, { TLT(4, 5), 0, ALL, NULL },
	{ TLTU(4, 5), MIN, MAX, NULL }, { TLTU(4, 5), 0, ALL, "trap" }, { TLTU(4, 5), 3, 3, NULL },
	{ TEQ(4, 5), 3, 3, "trap" }, { TEQ(4, 5), 3, 4, NULL },
	{ TEQ(4, 0) | 7 << 6, 0, 1, "trap" },
	{ TNE(4, 5), 3, 3, NULL }, { TNE(4, 5), 3, 4, "trap" },
	{ TGEI(4, -1), ALL, 0, "trap" }, { TGEI(4, -1), MIN, 0, NULL }, { TGEI(4, 5), 4, 0, NULL },
	{ TGEIU(4, -1), ALL, 0, "trap" }, { TGEIU(4, -1), 0xfffffffe, 0, NULL },
	{ TGEIU(4, 5), MIN, 0, "trap" },
	{ TLTI(4, -1), MIN, 0, "trap" }, { TLTI(4, -1), ALL, 0, NULL }, { TLTI(4, 0), 1, 0, NULL },
	{ TLTIU(4, -1), 0xfffffffe, 0, "trap" }, { TLTIU(4, -1), ALL, 0, NULL },
	{ TEQI(4, -1), ALL, 0, "trap" }, { TEQI(4, -1), 0xffff, 0, NULL },
	{ TNEI(4, -1), ALL, 0, NULL }, { TNEI(4, -1), 0xffff, 0, "trap" },
	{ LH(2, 1, 6), 0, 0, "load of 2 bytes at 0x04040001" MISALIGNED },
	{ LHU(2, 3, 6), 0, 0, "load of 2 bytes at 0x04040003" MISALIGNED },
	{ LW(2, 2, 6), 0, 0, "load of 4 bytes at 0x04040002" MISALIGNED },
	{ SH(2, 1, 6), 0, 0, "store of 2 bytes at 0x04040001" MISALIGNED },
	{ SW(2, 3, 6), 0, 0, "store of 4 bytes at 0x04040003" MISALIGNED },
	{ LW(2, 0, 0), 0, 0, "load at 0x00000000" OUTSIDE },
	{ SB(2, 2, 0), 0, 0, "store at 0x00000002" OUTSIDE },
	{ LB(2, -1, 4), 0x04000000, 0, "load at 0x03ffffff" OUTSIDE },
	{ LB(2, 0, 4), 0x04000000, 0, NULL }, { LB(2, -1, 4), 0x08000000, 0, NULL },
	{ LW(2, 0, 4), 0x08003ffc, 0, NULL },
	{ LW(2, 0, 4), 0x08004000, 0, "load at 0x08004000" OUTSIDE },
	{ SW(2, 0, 4), 0x10003ffc, 0, NULL },
	{ SW(2, 0, 4), 0x10004000, 0, "store at 0x10004000" OUTSIDE },
	{ SW(2, 0, 4), 0x1ffffffc, 0, "store at 0x1ffffffc" OUTSIDE },
	{ LWL(2, 1, 0), 0, 0, "load at 0x00000001" OUTSIDE },
	{ LWR(2, 0, 4), 0x08004000, 0, "load at 0x08004000" OUTSIDE },
	{ SWL(2, 0, 4), 0x20000004, 0,
	  "store of 1 bytes at 0x20000004: registers take words only" },
	{ SWR(2, 0, 4), 0x20000004, 0,
	  "store of 1 bytes at 0x20000004: registers take words only" },
	{ LB(2, 0, 4), 0xc0000000, 0, "load of 1 bytes at 0xc0000000: registers take words only" },
	{ LHU(2, 2, 4), 0xc0000000, 0, "load of 2 bytes at 0xc0000002: registers take words only" },
	{ SB(2, 0, 4), 0x20000004, 0, "store of 1 bytes at 0x20000004: registers take words only" },
	{ SH(2, 0, 4), 0x20000004, 0, "store of 2 bytes at 0x20000004: registers take words only" },
	{ LW(2, 1, 4), 0xc0000000, 0, "load of 4 bytes at 0xc0000001" MISALIGNED },
	{ LW(2, 0, 4), 0xc0000000, 0, NULL }, { LW(2, 0x104, 4), 0xc0000000, 0, NULL },
	{ JR(4), 0x20000002, 0, "fetch from 0x20000002, outside instruction memory" },
	{ JR(4), 0x20040000, 0, "fetch from 0x20040000, outside instruction memory" },
	{ JR(4), 0, 0, "fetch from 0x00000000, outside instruction memory" },
	{ JR(4), 0x04040000, 0, "fetch from 0x04040000, outside instruction memory" },
	{ JALR(31, 4), 0x1ffffffc, 0, "fetch from 0x1ffffffc, outside instruction memory" },
	{ J(0x2fffffff), 0, 0, "fetch from 0x2ffffffc, outside instruction memory" },
	{ BEQ(0, 0, 0x8000), 0, 0, "fetch from 0x1ffe0138, outside instruction memory" },
	{ JR(4), 0x2003fffc, 0, "fetch from 0x20040000, outside instruction memory" },
	{ 0xc0820000, 0, 0, "illegal instruction 0xc0820000" }, /* ll */
	{ 0x50800001, 0, 0, "illegal instruction 0x50800001" }, /* beql */
	{ 0x04170001, 0, 0, "illegal instruction 0x04170001" }, /* lld's padding */
	{ 0x7c03e83b, 0, 0, "illegal instruction 0x7c03e83b" }, /* rdhwr */
	{ ADDU(2, 4, 5) | 1 << 6, 0, 0, "illegal instruction 0x00851061" },
	{ ALL, 0, 0, "illegal instruction 0xffffffff" },
};
/* clang-format on */

static bool is_fetch(const char *reason)
{
	return !strncmp(reason, "fetch", 5);
}

static void every_fault_says_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(faults); i++) {
		const struct fault *v = &faults[i];
		struct setup s = { .a = v->a, .b = v->b, .d = 0x77 };
		struct result r = run_one(v->insn, &s);

		if (!v->reason) {
			assert_ended(&r, text_of(v->insn));
			continue;
		}
		assert_int_equal(r.fault.tid, 0);
		assert_string_equal(r.fault.reason, v->reason);
		assert_int_equal(r.thread.state, VN_NT_FAULTED);
		/* Nothing was done, and the thread stands where it is. */
		assert_word(v->insn, "$2", r.fault.regs[2], 0x77);
		if (!is_fetch(v->reason)) {
			assert_word(v->insn, "pc", r.fault.pc, CODE_AT);
			assert_word(v->insn, "word", r.fault.word, v->insn);
			assert_int_equal(r.fault.cycle, 4 * (1 + PROLOGUE));
		}
	}
}

/* -- Jumps ------------------------------------------------------------------------ */

struct branch {
	uint32_t insn, a, b; /* with an offset of 0 */
	bool is_taken, links;
};

/* clang-format off */
static const struct branch branches[] = {
	{ BEQ(4, 5, 0), 3, 3, true, false }, { BEQ(4, 5, 0), 3, 4, false, false },
	{ BEQ(4, 4, 0), 3, 0, true, false }, { BEQ(0, 5, 0), 0, 0, true, false },
	{ BNE(4, 5, 0), 3, 3, false, false }, { BNE(4, 5, 0), 3, 4, true, false },
	{ BNE(4, 0, 0), MIN, 0, true, false }, { BNE(4, 4, 0), 1, 0, false, false },
	{ BLEZ(4, 0), 0, 0, true, false }, { BLEZ(4, 0), 1, 0, false, false },
	{ BLEZ(4, 0), MIN, 0, true, false }, { BLEZ(0, 0), 0, 0, true, false },
	{ BGTZ(4, 0), 0, 0, false, false }, { BGTZ(4, 0), 1, 0, true, false },
	{ BGTZ(4, 0), MIN, 0, false, false },
	{ BLTZ(4, 0), 0, 0, false, false }, { BLTZ(4, 0), ALL, 0, true, false },
	{ BLTZ(4, 0), MAX, 0, false, false },
	{ BGEZ(4, 0), 0, 0, true, false }, { BGEZ(4, 0), ALL, 0, false, false },
	{ BGEZ(4, 0), MAX, 0, true, false },
	{ BLTZAL(4, 0), 0, 0, false, true }, { BLTZAL(4, 0), ALL, 0, true, true },
	{ BGEZAL(4, 0), 0, 0, true, true }, { BGEZAL(4, 0), MIN, 0, false, true },
	{ BGEZAL(0, 0), 0, 0, true, true },
};
/* clang-format on */

/*
 * $3 tells where it went: 1 behind the branch, 2 at the target. $7 is 1 unless
 * the word behind the branch was jumped over, which is a nop in the second form.
 */
static void check_branch(const struct branch *v, bool with_nop)
{
	uint32_t code[8];
	unsigned int n = 0;
	struct setup s = { .a = v->a, .b = v->b };
	struct result r;

	code[n++] = v->insn | (with_nop ? 4 : 3);
	if (with_nop)
		code[n++] = NOP;
	code[n++] = ADDIU(3, 0, 1);
	code[n] = J(CODE_AT + 4 * n);
	n++;
	code[n++] = NOP;
	code[n++] = ADDIU(3, 0, 2);
	r = run(code, n, &s);
	assert_ended(&r, text_of(code[0]));
	assert_word(code[0], "$3", r.thread.regs[3], v->is_taken ? 2 : 1);
	assert_word(code[0], "$31", r.thread.regs[31], v->links ? SECOND_AT : 0);
}

static void branches_go_where_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(branches); i++) {
		check_branch(&branches[i], false);
		check_branch(&branches[i], true);
	}
}

/* A loop of three instructions, ten times. */
static void branches_go_back(void **state)
{
	static const uint32_t code[] = { ADDIU(2, 2, 10), ADDIU(4, 4, -1), BGTZ(4, -3) };
	struct setup s = { .a = 10 };
	struct result r = run(code, 3, &s);

	(void)state;
	assert_word(code[2], "$2", r.thread.regs[2], 100);
	assert_int_equal(r.thread.instructions, 1 + PROLOGUE + 30 + 1);
}

struct call {
	uint32_t insn;
	unsigned int link; /* register; 0: none */
};

/* To CODE_AT + 16, which $4 holds, and which $7 counts; the word behind the
 * call is executed on return. */
static void calls_link_to_the_next_word(void **state)
{
	static const struct call calls[] = {
		{ JAL(CODE_AT + 16), 31 },
		{ JALR(31, 4), 31 },
		{ JALR_HB(31, 4), 31 },
		{ JALR(2, 4), 2 },
		{ JALR(4, 4), 4 },
		{ J(CODE_AT + 16), 0 },
		{ JR(4), 0 },
		{ JR_HB(4), 0 },
		{ JALR(0, 4), 0 },
		{ BGEZAL(0, 3), 31 },
		{ BEQ(0, 0, 3), 0 },
	};
	struct setup s = { .a = CODE_AT + 16 };

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(calls); i++) {
		for (unsigned int nop = 0; nop < 2; nop++) {
			uint32_t code[] = { calls[i].insn,  nop ? NOP : ADDIU(3, 3, 1),
					    J(CODE_AT + 8), NOP,
					    ADDIU(7, 7, 1), JR(calls[i].link) };
			struct result r;

			if (!calls[i].link)
				code[5] = J(CODE_AT + 20);
			r = run(code, 6, &s);
			assert_ended(&r, text_of(code[0]));
			assert_word(code[0], "$7", r.thread.regs[7], 1);
			assert_word(code[0], "$3", r.thread.regs[3], calls[i].link && !nop);
			if (calls[i].link)
				assert_word(code[0], "link", r.thread.regs[calls[i].link],
					    SECOND_AT);
			else
				assert_word(code[0], "$31", r.thread.regs[31], 0);
		}
	}
}

/* -- Slots ------------------------------------------------------------------------ */

/* Cycles from one look at the clock to the next, with an instruction between. */
static uint32_t cycles_of(uint32_t insn, uint32_t a, uint32_t b, struct result *r)
{
	uint32_t code[] = { LUI(9, 0xc000), LW(7, 0, 9), insn, LW(8, 0, 9) };
	struct setup s = { .a = a, .b = b, .hi = 0, .lo = 0 };

	*r = run(code, 4, &s);
	assert_ended(r, text_of(insn));
	return r->thread.regs[8] - r->thread.regs[7] - 4;
}

static void every_instruction_takes_a_slot_but_division(void **state)
{
	struct result r;

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(alus); i++)
		assert_int_equal(cycles_of(alus[i].insn, alus[i].a, alus[i].b, &r), 4);
	assert_int_equal(cycles_of(MULT(4, 5), 1, 2, &r), 4);
	assert_int_equal(cycles_of(LWL(2, 1, 6), 1, 2, &r), 4);
	assert_int_equal(cycles_of(SWR(2, 1, 6), 1, 2, &r), 4);
	assert_int_equal(cycles_of(JAL(CODE_AT + 12), 1, 2, &r), 4);
	assert_int_equal(cycles_of(DIV(4, 5), 7, 2, &r), 32);
	assert_int_equal(r.thread.div_cycles, 28);
	assert_int_equal(cycles_of(DIVU(4, 5), 7, 0, &r), 32);
	assert_int_equal(r.thread.instructions, 1 + PROLOGUE + 4 + 1);
}

struct ending {
	uint32_t insn, a, value;
};

static void ends_are_ends(void **state)
{
	static const struct ending endings[] = {
		{ J(CODE_AT), 0, 0 },
		{ BEQ(4, 4, -1), 5, 0 },
		{ BEQ(0, 0, -1), 0, 0 },
		{ BGEZ(0, -1), 0, 0 },
		{ BLEZ(0, -1), 0, 0 },
		{ SW(5, 0x110, 4), 0xc0000000, 0x1234 },
		{ SW(4, 0, 28), 0xdeaddead, 0 },
	};

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(endings); i++) {
		struct setup s = { .a = endings[i].a, .b = 0x1234 };
		struct result r = run_one(endings[i].insn, &s);

		assert_ended(&r, text_of(endings[i].insn));
		assert_word(endings[i].insn, "pc", r.thread.pc, CODE_AT);
		assert_word(endings[i].insn, "exit value", r.thread.exit_value, endings[i].value);
		assert_int_equal(r.thread.instructions, 1 + PROLOGUE + 1);
	}
}

/* Last: of the tests before. */
static void every_operation_had_a_vector(void **state)
{
	(void)state;
	for (unsigned int op = 0; op < VN_NT_N_OPS; op++)
		if (!seen[op])
			fail_msg("operation %u has no vector", op);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_at_its_edges),
		cmocka_unit_test(register_0_stays_0),
		cmocka_unit_test(hi_and_lo),
		cmocka_unit_test(loads_of_every_offset),
		cmocka_unit_test(stores_at_every_offset),
		cmocka_unit_test(unaligned_pairs_move_words),
		cmocka_unit_test(every_fault_says_what_it_is),
		cmocka_unit_test(branches_go_where_they_say),
		cmocka_unit_test(branches_go_back),
		cmocka_unit_test(calls_link_to_the_next_word),
		cmocka_unit_test(every_instruction_takes_a_slot_but_division),
		cmocka_unit_test(ends_are_ends),
		cmocka_unit_test(every_operation_had_a_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

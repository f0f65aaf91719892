/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No two draws in one expression: compilers order them differently. A thread's
 * code is a row of pieces, each of which leaves the registers that
 * others rely on alone:
 *   $1-$15  whatever was computed      $25, $27  counters of loops
 *   $16     words that all share       $30       scratch of pieces
 *   $17     words of the thread's own  $18-$24   registers of the hardware
 */
#include "random_program.h"

#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "base/macros.h"
#include "base/rng.h"

#define SHARED	0x0404
#define OWN	0x400 /* in the same 64 KiB, 256 bytes a thread */
#define FORMATS 0xf00

/* Registers that hold addresses. */
enum {
	R_SHARED = 16,
	R_OWN,
	R_GET,	 /* 0x20000000: CTRL_START, GET_LOCK */
	R_UN,	 /* 0x40000000: CTRL_END, UN_LOCK */
	R_POP,	 /* 0xA0000000 */
	R_TIME,	 /* 0xC0000000 */
	R_SEND,	 /* 0x80000000 */
	R_FREE,	 /* 0xE0000000 */
	R_SLOT,	 /* a packet to send */
	R_OUTER, /* counters */
	R_TID,
	R_INNER,
	R_SCRATCH = 30,
};

struct draw {
	struct random_program *p;
	struct vn_rng rng;
	unsigned int n; /* words so far */
	unsigned int calls[3];
	bool goes_wrong;
};

static uint32_t below(struct draw *d, uint32_t n)
{
	return vn_rng_below(&d->rng, n);
}

static bool one_in(struct draw *d, uint32_t n)
{
	return below(d, n) == 0;
}

static void emit(struct draw *d, uint32_t word)
{
	if (d->n >= RANDOM_PROGRAM_WORDS)
		abort();
	d->p->text[d->n++] = word;
}

static uint32_t address(unsigned int word)
{
	return VN_NT_TEXT_BASE + 4 * word;
}

/* From the next word to be written. */
static uint32_t back_to(const struct draw *d, unsigned int word)
{
	return word - d->n - 1;
}

/* A register to compute with; now and then one that holds something odd. */
static unsigned int any_reg(struct draw *d)
{
	return one_in(d, 12) ? below(d, 32) : below(d, 16);
}

static unsigned int result_reg(struct draw *d)
{
	return below(d, 16);
}

/* -- Arithmetic -------------------------------------------------------------- */

static uint32_t alu_register(struct draw *d)
{
	static const uint8_t functions[] = { 33, 35, 36, 37, 38, 39, 42, 43, 4, 6, 7, 10, 11 };
	unsigned int s = any_reg(d), t = any_reg(d), r = result_reg(d);

	switch (below(d, 8)) {
	case 0:
		return MUL(r, s, t);
	case 1:
		return ROTRV(r, t, s);
	default:
		return ASM_R(0, s, t, r, 0, functions[below(d, VN_ARRAY_SIZE(functions))]);
	}
}

static uint32_t alu_immediate(struct draw *d)
{
	static const uint32_t edges[] = { 0, 1, 0x7fff, 0x8000, 0xffff };
	unsigned int op = 9 + below(d, 7), s = op == 15 ? 0 : any_reg(d);
	uint32_t imm = one_in(d, 3) ? edges[below(d, 5)] : below(d, 65536);

	return ASM_I(op, s, result_reg(d), imm);
}

static uint32_t alu_bits(struct draw *d)
{
	unsigned int r = result_reg(d), t = any_reg(d), a = below(d, 32);

	switch (below(d, 10)) {
	case 0:
		return SLL(r, t, a);
	case 1:
		return SRL(r, t, a);
	case 2:
		return SRA(r, t, a);
	case 3:
		return ROTR(r, t, a);
	case 4:
		return CLZ(r, t);
	case 5:
		return CLO(r, t);
	case 6:
		return EXT(r, t, a, 1 + below(d, 32 - a));
	case 7:
		return INS(r, t, a, 1 + below(d, 32 - a));
	case 8:
		return WSBH(r, t);
	default:
		return one_in(d, 2) ? SEB(r, t) : SEH(r, t);
	}
}

static uint32_t alu_hilo(struct draw *d)
{
	unsigned int s = any_reg(d), t = any_reg(d);

	switch (below(d, 8)) {
	case 0:
		return MFHI(result_reg(d));
	case 1:
		return MFLO(result_reg(d));
	case 2:
		return one_in(d, 2) ? MTHI(s) : MTLO(s);
	case 3:
		return one_in(d, 2) ? MULT(s, t) : MULTU(s, t);
	case 4:
		return one_in(d, 2) ? MADD(s, t) : MADDU(s, t);
	case 5:
		return one_in(d, 2) ? MSUB(s, t) : MSUBU(s, t);
	case 6:
		return one_in(d, 4) ? DIV(s, t) : SYNC;
	default:
		return one_in(d, 4) ? DIVU(s, t) : NOP;
	}
}

static uint32_t alu(struct draw *d)
{
	switch (below(d, 6)) {
	case 0:
	case 1:
		return alu_register(d);
	case 2:
	case 3:
		return alu_immediate(d);
	case 4:
		return alu_bits(d);
	default:
		return alu_hilo(d);
	}
}

/* -- Memory ------------------------------------------------------------------- */

static uint32_t access_of(struct draw *d, unsigned int base, uint32_t span)
{
	static const uint8_t ops[] = { 32, 33, 34, 35, 35, 35, 36, 37, 38,
				       40, 41, 42, 43, 43, 43, 43, 46 };
	static const uint8_t aligns[64] = { [33] = 1, [37] = 1, [41] = 1, [35] = 3, [43] = 3 };
	unsigned int op = ops[below(d, VN_ARRAY_SIZE(ops))];
	uint32_t offset = below(d, span) & ~(uint32_t)aligns[op];

	return ASM_I(op, base, op >= 40 ? any_reg(d) : result_reg(d), offset);
}

/* Few words, so that threads meet. */
static uint32_t shared_access(struct draw *d)
{
	return access_of(d, R_SHARED, one_in(d, 2) ? 8 : 64);
}

static uint32_t simple(struct draw *d)
{
	switch (below(d, 5)) {
	case 0:
		return shared_access(d);
	case 1:
		return access_of(d, R_OWN, 128);
	default:
		return alu(d);
	}
}

static void simples(struct draw *d, unsigned int n)
{
	while (n--)
		emit(d, simple(d));
}

/* -- Flow ---------------------------------------------------------------------- */

static void pieces(struct draw *d, unsigned int n, unsigned int depth);

static void skip(struct draw *d)
{
	unsigned int n = 1 + below(d, 4), s = any_reg(d), t = any_reg(d);

	switch (below(d, 8)) {
	case 0:
		emit(d, BEQ(s, t, n));
		break;
	case 1:
		emit(d, BNE(s, t, n));
		break;
	case 2:
		emit(d, BLEZ(s, n));
		break;
	case 3:
		emit(d, BGTZ(s, n));
		break;
	case 4:
		emit(d, BLTZ(s, n));
		break;
	case 5:
		emit(d, BGEZ(s, n));
		break;
	case 6:
		emit(d, one_in(d, 2) ? BLTZAL(s, n) : BGEZAL(s, n));
		break;
	default:
		emit(d, J(address(d->n + 1 + n)));
	}
	simples(d, n);
}

static void loop(struct draw *d, unsigned int depth)
{
	unsigned int counter = depth ? R_INNER : R_OUTER, top;

	emit(d, ADDIU(counter, 0, 1 + below(d, depth ? 6 : 30)));
	top = d->n;
	if (depth || one_in(d, 2))
		simples(d, 1 + below(d, 6));
	else
		pieces(d, 1 + below(d, 3), depth + 1);
	emit(d, ADDIU(counter, counter, 0xffff));
	emit(d, BGTZ(counter, back_to(d, top)));
}

static void call(struct draw *d)
{
	uint32_t target = address(d->calls[below(d, VN_ARRAY_SIZE(d->calls))]);
	unsigned int through = one_in(d, 3) ? 31 : R_SCRATCH;

	if (one_in(d, 2)) {
		emit(d, JAL(target));
		return;
	}
	emit(d, LUI(through, target >> 16));
	emit(d, ORI(through, through, target));
	emit(d, one_in(d, 2) ? JALR(31, through) : JALR_HB(31, through));
}

/* -- Hardware ------------------------------------------------------------------ */

static void lock_or_unlock(struct draw *d, unsigned int base, uint32_t id)
{
	emit(d, ADDIU(R_SCRATCH, 0, id));
	emit(d, SW(R_SCRATCH, 4, base));
}

static void critical(struct draw *d, unsigned int depth)
{
	uint32_t id = 5 + below(d, 3);

	lock_or_unlock(d, R_GET, id + (one_in(d, 8) ? 16 : 0));
	if (one_in(d, 3))
		pieces(d, 1 + below(d, 2), depth + 1);
	else
		simples(d, 1 + below(d, 8));
	if (!one_in(d, 60))
		lock_or_unlock(d, R_UN, id);
}

static void semaphore(struct draw *d)
{
	uint32_t id = 9 + below(d, 2);

	lock_or_unlock(d, one_in(d, 3) ? R_GET : R_UN, id);
}

static void look_at_clock(struct draw *d)
{
	static const uint16_t offsets[] = { 0,	   0,	  0,	 0x100, 0x104, 0x108, 0x120,
					    0x124, 0x140, 0x144, 0x148, 0x14c, 0x15c };

	uint16_t offset = offsets[below(d, VN_ARRAY_SIZE(offsets))];

	emit(d, LW(result_reg(d), offset, R_TIME));
	if (one_in(d, 6))
		emit(d, SW(any_reg(d), 0, R_TIME));
}

/* $15 is the packet, its slot goes back. */
static void take_packet(struct draw *d)
{
	simples(d, below(d, 3));
	emit(d, LHU(13, 6, 15));
	emit(d, SW(13, 4 * below(d, 4), R_SHARED));
	if (one_in(d, 3))
		emit(d, SW(any_reg(d), 16, 15));
	if (!one_in(d, 12))
		emit(d, SW(15, 0, R_FREE));
}

static void pop_once(struct draw *d)
{
	unsigned int branch;

	emit(d, LW(15, 0, R_POP));
	emit(d, ADDIU(14, 15, 1));
	branch = d->n;
	emit(d, NOP);
	take_packet(d);
	d->p->text[branch] = BEQ(14, 0, d->n - branch - 1);
}

/* For ever, unless a counter ends it; only the former can be slept through. */
static void pop_until_there(struct draw *d)
{
	bool counts = one_in(d, 3);
	unsigned int top, branch = 0;

	if (counts)
		emit(d, ADDIU(R_INNER, 0, 2 + below(d, 40)));
	top = d->n;
	if (counts) {
		emit(d, ADDIU(R_INNER, R_INNER, 0xffff));
		branch = d->n;
		emit(d, NOP);
	}
	emit(d, LW(15, 0, R_POP));
	for (unsigned int n = below(d, 4); n--;)
		emit(d, one_in(d, 3) ? SLL(12, 11, 3) : one_in(d, 2) ? NOP : OR(13, 15, 10));
	emit(d, ADDIU(14, 15, 1));
	emit(d, BEQ(14, 0, back_to(d, top)));
	take_packet(d);
	if (counts)
		d->p->text[branch] = BLEZ(R_INNER, d->n - branch - 1);
}

static void send(struct draw *d)
{
	uint32_t len = 1 + below(d, one_in(d, 4) ? 1592 : 120);
	bool is_re2 = d->p->cfg.hw.model == 0x20;

	lock_or_unlock(d, R_GET, 3);
	emit(d, LUI(R_SLOT, is_re2 ? 0x1000 : 0x0800));
	emit(d, ADDIU(R_SLOT, R_SLOT, 1600 * below(d, 9)));
	emit(d, ADDIU(13, 0, one_in(d, 10) ? below(d, 256) : 1u << below(d, 8)));
	emit(d, SH(13, 0, R_SLOT));
	emit(d, ADDIU(13, 0, len + one_in(d, 10)));
	emit(d, SH(13, 6, R_SLOT));
	emit(d, SW(any_reg(d), 8, R_SLOT));
	emit(d, SW(R_SLOT, 0, R_GET));
	emit(d, ADDIU(13, R_SLOT, len + 7));
	emit(d, SW(13, 0, R_UN));
	emit(d, LUI(R_SCRATCH, 0x6000));
	emit(d, ADDIU(13, 0, (0x101 >> (len & 7) & 0xff) << one_in(d, 10)));
	emit(d, SW(13, 0, R_SCRATCH));
	if (one_in(d, 2)) {
		emit(d, LW(13, 0, R_TIME));
		emit(d, ADDIU(13, 13, below(d, 800) - 20));
		emit(d, SW(13, 4, R_SEND));
	}
	emit(d, SW(any_reg(d), 12, R_SLOT)); /* up to the launch */
	emit(d, LW(result_reg(d), 0, R_SEND));
	emit(d, SW(any_reg(d), 12, R_SLOT));
	lock_or_unlock(d, R_UN, 3);
}

static const struct {
	const char *text;
	unsigned int n_arguments;
} formats[] = {
	{ "plain\n", 0 },  { "%d %08x|", 2 },	  { "%c%%%u\n", 2 },
	{ "%*d %s\n", 3 }, { "%llx %-6d.\n", 3 }, { "%f %p\n", 2 },
};

static void write_log(struct draw *d)
{
	unsigned int f = below(d, VN_ARRAY_SIZE(formats));

	emit(d, LUI(R_SCRATCH, 0x6000));
	emit(d, LUI(13, SHARED));
	emit(d, ORI(13, 13, FORMATS + 16 * f));
	emit(d, SW(13, 4, R_SCRATCH));
	for (unsigned int i = 0; i < formats[f].n_arguments; i++)
		emit(d, SW(f == 3 && i < 2 ? R_TID : f == 3 ? R_SHARED : any_reg(d), 4, R_SCRATCH));
	emit(d, SW(0, 4, R_SCRATCH));
}

/* -- What goes wrong, and ends ---------------------------------------------------- */

static void go_wrong(struct draw *d)
{
	unsigned int s = any_reg(d), t = any_reg(d);

	switch (below(d, 14)) {
	case 0:
		emit(d, LW(1, 1 + below(d, 3), R_SHARED));
		break;
	case 1:
		emit(d, SH(1, 1, R_OWN));
		break;
	case 2:
		emit(d, LW(1, 4 * below(d, 64), 0));
		break;
	case 3:
		emit(d, SB(1, below(d, 8), R_GET));
		break;
	case 4:
		emit(d, ADD(1, s, t));
		break;
	case 5:
		emit(d, SUB(1, s, t));
		break;
	case 6:
		emit(d, TEQ(s, t));
		break;
	case 7:
		emit(d, one_in(d, 2) ? BREAK : SYSCALL);
		break;
	case 8:
		emit(d, (uint32_t)vn_rng_next(&d->rng));
		break;
	case 9:
		emit(d, JR(any_reg(d)));
		break;
	case 10:
		emit(d, LW(1, 0, R_GET));
		break;
	case 11:
		emit(d, SW(1, 0x200, R_TIME));
		break;
	case 12:
		emit(d, SW(any_reg(d), 0, R_FREE));
		break;
	default:
		emit(d, LWR(1, 0, 0));
	}
}

static void piece(struct draw *d, unsigned int depth)
{
	switch (below(d, 20)) {
	case 0:
	case 1:
		skip(d);
		break;
	case 2:
	case 3:
		if (depth < 2)
			loop(d, depth);
		break;
	case 4:
	case 5:
		if (depth < 2)
			critical(d, depth);
		break;
	case 6:
		look_at_clock(d);
		break;
	case 7:
		pop_once(d);
		break;
	case 8:
		if (!depth)
			pop_until_there(d);
		break;
	case 9:
		send(d);
		break;
	case 10:
		write_log(d);
		break;
	case 11:
		call(d);
		break;
	case 12:
		if (one_in(d, 4))
			semaphore(d);
		break;
	case 13:
		if (d->goes_wrong && one_in(d, 5))
			go_wrong(d);
		break;
	default:
		simples(d, 1 + below(d, 6));
	}
}

static void pieces(struct draw *d, unsigned int n, unsigned int depth)
{
	while (n--)
		piece(d, depth);
}

/* -- Programs -------------------------------------------------------------------- */

static void finish(struct draw *d, unsigned int top)
{
	switch (below(d, 8)) {
	case 0:
		emit(d, SW(any_reg(d), 0x110, R_TIME));
		break;
	case 1:
		emit(d, J(address(d->n)));
		break;
	case 2:
		emit(d, BEQ(7, 7, 0xffff));
		break;
	case 3:
		emit(d, LUI(28, SHARED));
		emit(d, LUI(R_SCRATCH, 0xdead));
		emit(d, ORI(R_SCRATCH, R_SCRATCH, 0xdead));
		emit(d, SW(R_SCRATCH, 0, 28));
		break;
	default:
		emit(d, J(address(top)));
	}
}

static void draw_calls(struct draw *d)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(d->calls); i++) {
		d->calls[i] = d->n;
		simples(d, 1 + below(d, 8));
		emit(d, one_in(d, 4) ? JR_HB(31) : JR(31));
	}
}

/* Its start block goes on to the entry. */
static void start_block(struct draw *d, unsigned int tid, uint32_t entry)
{
	static const uint16_t highs[] = { 0x2000, 0x4000, 0xa000, 0xc000, 0x8000, 0xe000 };

	d->n = 12 * tid;
	emit(d, ADDIU(R_TID, 0, tid));
	emit(d, LUI(R_SHARED, SHARED));
	emit(d, ADDIU(R_OWN, R_SHARED, OWN + 256 * tid));
	for (size_t i = 0; i < VN_ARRAY_SIZE(highs); i++)
		emit(d, LUI(R_GET + (unsigned int)i, highs[i]));
	emit(d, ADDU(1 + tid, R_TID, R_OWN));
	emit(d, J(entry));
}

static unsigned int draw_thread(struct draw *d)
{
	unsigned int top = d->n;

	pieces(d, 3 + below(d, 20), 0);
	finish(d, top);
	return top;
}

/* Thread 0 gives the hardware some slots first. */
static unsigned int draw_slots(struct draw *d, unsigned int then)
{
	unsigned int top = d->n, n = below(d, 11);

	for (unsigned int i = 10 - n; i < 10; i++) {
		emit(d, ADDIU(R_SCRATCH, 0, 1600 * i));
		emit(d, SW(R_SCRATCH, 0, R_FREE));
	}
	emit(d, J(address(then)));
	return top;
}

static void draw_text(struct draw *d)
{
	bool together = one_in(d, 3);
	unsigned int entries[VN_NT_THREADS], end;

	d->n = 12 * VN_NT_THREADS;
	draw_calls(d);
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		entries[i] = together && i ? entries[0] : draw_thread(d);
	entries[0] = draw_slots(d, entries[0]);
	end = d->n;
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		start_block(d, i, address(entries[i]));
	d->n = end;
}

static void draw_config(struct draw *d)
{
	struct vn_nt_config *cfg = &d->p->cfg;

	*cfg = vn_nt_defaults;
	cfg->hw.cpus = one_in(d, 4) ? 1 : 2;
	cfg->hw.model = one_in(d, 4) ? 0x20 : 0x10;
	cfg->hw.tx_latency_cycles = one_in(d, 2) ? below(d, 100) : 64;
	cfg->hw.trace = (1u << VN_NT_N_TRACES) - 1;
	cfg->hw.trace &= ~(VN_NT_TRACE(INSTR) | VN_NT_TRACE(REG) | VN_NT_TRACE(MEM));
	cfg->hw.has_driver = one_in(d, 5);
	cfg->hw.dma_cycles = below(d, 600);
	cfg->fault_halts = one_in(d, 2);
	cfg->div_slots = 1 + below(d, 9);
	d->goes_wrong = one_in(d, 2);
}

static void draw_frames(struct draw *d)
{
	uint64_t cycles[VN_NT_PORTS] = { 0 };

	d->p->n_frames = below(d, RANDOM_PROGRAM_FRAMES + 1);
	for (unsigned int i = 0; i < d->p->n_frames; i++) {
		struct random_frame *f = &d->p->frames[i];

		f->port = one_in(d, 6) ? below(d, 8) : 2 * below(d, 4);
		f->port &= d->p->cfg.hw.has_driver ? 6 : 7; /* or by transfers */
		f->cycle = cycles[f->port] += below(d, 1500);
		f->len = 1 + below(d, one_in(d, 4) ? 1700 : 100);
		for (uint32_t b = 0; b < f->len; b++)
			f->bytes[b] = (uint8_t)vn_rng_next(&d->rng);
	}
}

void random_program_draw(struct random_program *p, uint64_t seed)
{
	struct draw d = { .p = p };

	memset(p, 0, sizeof(*p));
	vn_rng_seed(&d.rng, seed, 0);
	draw_config(&d);
	draw_text(&d);
	draw_frames(&d);
	for (size_t i = 0; i < VN_ARRAY_SIZE(formats); i++)
		memcpy(p->bytes + 16 * i, formats[i].text, strlen(formats[i].text));
	p->data = (struct vn_nt_piece){ VN_NT_LOAD_BASE + FORMATS, sizeof(p->bytes), p->bytes };
	p->image = (struct vn_nt_image){
		.text = p->text, .n_text = d.n, .pieces = &p->data, .n_pieces = 1
	};
	p->until = 1000 + below(&d, 12000);
}

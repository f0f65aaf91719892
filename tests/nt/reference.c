/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain on purpose: no table, no cache, no state but what the card has. */
#include "reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"

#define GP 28
#define RA 31

/* One instruction in the making. */
struct step {
	struct reference *r;
	struct vn_nt_thread_view *t;
	unsigned int tid;
	uint32_t w, pc;
	uint32_t next;	    /* where the thread goes on */
	uint64_t ready;	    /* from this cycle on */
	bool again;	    /* nothing was done: the same instruction once more */
	const char *reason; /* of a fault */
	char text[sizeof(((struct vn_nt_fault *)0)->reason)];
};

/* -- Fields of the word ----------------------------------------------------- */

static unsigned int opcode(uint32_t w)
{
	return w >> 26;
}

static unsigned int rs(uint32_t w)
{
	return w >> 21 & 31;
}

static unsigned int rt(uint32_t w)
{
	return w >> 16 & 31;
}

static unsigned int rd(uint32_t w)
{
	return w >> 11 & 31;
}

static unsigned int sa(uint32_t w)
{
	return w >> 6 & 31;
}

static unsigned int function(uint32_t w)
{
	return w & 63;
}

static uint32_t uimm(uint32_t w)
{
	return w & 0xffff;
}

static uint32_t simm(uint32_t w)
{
	return (uimm(w) ^ 0x8000) - 0x8000;
}

/* -- Which words are instructions ------------------------------------------- */

/* clang-format off */
static bool special_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0: case 3:					/* sll sra */
		return !rs(w);
	case 2:						/* srl rotr */
		return rs(w) <= 1;
	case 6:						/* srlv rotrv */
		return sa(w) <= 1;
	case 4: case 7: case 10: case 11:		/* sllv srav movz movn */
	case 32: case 33: case 34: case 35:		/* add addu sub subu */
	case 36: case 37: case 38: case 39:		/* and or xor nor */
	case 42: case 43:				/* slt sltu */
		return !sa(w);
	case 8:						/* jr */
		return !rt(w) && !rd(w);
	case 9:						/* jalr */
		return !rt(w);
	case 12: case 13:				/* syscall break */
	case 48: case 49: case 50: case 51: case 52: case 54:	/* traps */
		return true;
	case 15:					/* sync */
		return !rs(w) && !rt(w) && !rd(w);
	case 16: case 18:				/* mfhi mflo */
		return !rs(w) && !rt(w) && !sa(w);
	case 17: case 19:				/* mthi mtlo */
		return !rt(w) && !rd(w) && !sa(w);
	case 24: case 25: case 26: case 27:		/* mult multu div divu */
		return !rd(w) && !sa(w);
	default:
		return false;
	}
}

static bool special2_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0: case 1: case 4: case 5:			/* madd maddu msub msubu */
		return !rd(w) && !sa(w);
	case 2:						/* mul */
		return !sa(w);
	case 32: case 33:				/* clz clo */
		return !sa(w) && rt(w) == rd(w);
	default:
		return false;
	}
}

static bool special3_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0:						/* ext: rd is the size less one */
		return sa(w) + rd(w) <= 31;
	case 4:						/* ins: rd is the last bit */
		return sa(w) <= rd(w);
	case 32:					/* wsbh seb seh */
		return !rs(w) && (sa(w) == 2 || sa(w) == 16 || sa(w) == 24);
	default:
		return false;
	}
}

static bool is_legal(uint32_t w)
{
	switch (opcode(w)) {
	case 0:
		return special_is_legal(w);
	case 1:
		return rt(w) <= 1 || (rt(w) >= 8 && rt(w) <= 12) || rt(w) == 14 ||
		       rt(w) == 16 || rt(w) == 17;
	case 28:
		return special2_is_legal(w);
	case 31:
		return special3_is_legal(w);
	case 6: case 7:					/* blez bgtz */
		return !rt(w);
	case 15:					/* lui */
		return !rs(w);
	default:
		return (opcode(w) >= 2 && opcode(w) <= 14) ||
		       (opcode(w) >= 32 && opcode(w) <= 38) ||
		       (opcode(w) >= 40 && opcode(w) <= 43) || opcode(w) == 46 ||
		       opcode(w) == 47 || opcode(w) == 51;
	}
}
/* clang-format on */

/* -- Registers, jumps, traps ------------------------------------------------ */

static void set(struct step *x, unsigned int reg, uint32_t value)
{
	if (reg)
		x->t->regs[reg] = value;
}

static void branch_if(struct step *x, bool taken)
{
	if (taken)
		x->next = x->pc + 4 + (simm(x->w) << 2);
}

static void trap_if(struct step *x, bool trapped)
{
	if (trapped)
		x->reason = "trap";
}

/* The thread stays where it is and never does anything again. */
static void end(struct step *x, uint32_t value)
{
	x->t->state = VN_NT_ENDED;
	x->t->exit_value = value;
	x->next = x->pc;
}

static uint64_t hilo(const struct vn_nt_thread_view *t)
{
	return (uint64_t)t->hi << 32 | t->lo;
}

static void set_hilo(struct vn_nt_thread_view *t, uint64_t value)
{
	t->hi = (uint32_t)(value >> 32);
	t->lo = (uint32_t)value;
}

static uint64_t signed_product(uint32_t a, uint32_t b)
{
	return (uint64_t)((int64_t)(int32_t)a * (int32_t)b);
}

static uint64_t unsigned_product(uint32_t a, uint32_t b)
{
	return (uint64_t)a * b;
}

/* The exact result of signed arithmetic, if there is room for it. */
static void set_checked(struct step *x, unsigned int reg, int64_t value)
{
	if (value == (int32_t)value)
		set(x, reg, (uint32_t)value);
	else
		x->reason = "signed overflow";
}

/* Holds the thread for more than one slot; a divisor of 0 leaves HI and LO. */
static void divide(struct step *x, uint32_t a, uint32_t b, bool is_signed)
{
	x->ready = x->r->cycle + UINT64_C(4) * x->r->cfg.div_slots;
	x->t->div_cycles += UINT64_C(4) * (x->r->cfg.div_slots - 1);
	if (!b)
		return;
	if (!is_signed) {
		x->t->lo = a / b;
		x->t->hi = a % b;
	} else {
		x->t->lo = (uint32_t)((int64_t)(int32_t)a / (int32_t)b);
		x->t->hi = (uint32_t)((int64_t)(int32_t)a % (int32_t)b);
	}
}

static uint32_t shift_right_signed(uint32_t value, unsigned int by)
{
	return (uint32_t)((int64_t)(int32_t)value >> by);
}

static uint32_t rotate_right(uint32_t value, unsigned int by)
{
	return (uint32_t)((uint64_t)value << 32 >> by) | value >> by;
}

static uint32_t leading_zeros(uint32_t value)
{
	uint32_t n = 0;

	while (n < 32 && !(value >> (31 - n) & 1))
		n++;
	return n;
}

/* -- Groups of instructions ---------------------------------------------------- */

/* clang-format off */
/* a and b are what rs and rt hold; a jump that links has read them by then. */
static void special(struct step *x, uint32_t a, uint32_t b)
{
	struct vn_nt_thread_view *t = x->t;
	unsigned int d = rd(x->w), n = sa(x->w);
	int32_t i = (int32_t)a, j = (int32_t)b;

	switch (function(x->w)) {
	case 0:  set(x, d, b << n); break;				/* sll */
	case 2:  set(x, d, rs(x->w) ? rotate_right(b, n) : b >> n); break; /* srl rotr */
	case 3:  set(x, d, shift_right_signed(b, n)); break;		/* sra */
	case 4:  set(x, d, b << (a & 31)); break;			/* sllv */
	case 6:  set(x, d, n ? rotate_right(b, a & 31) : b >> (a & 31)); break; /* srlv rotrv */
	case 7:  set(x, d, shift_right_signed(b, a & 31)); break;	/* srav */
	case 8:  x->next = a; break;					/* jr */
	case 9:  set(x, d, x->pc + 4); x->next = a; break;		/* jalr */
	case 10: set(x, b ? 0 : d, a); break;				/* movz */
	case 11: set(x, b ? d : 0, a); break;				/* movn */
	case 12: x->reason = "syscall"; break;
	case 13: x->reason = "break"; break;
	case 15: break;							/* sync */
	case 16: set(x, d, t->hi); break;				/* mfhi */
	case 17: t->hi = a; break;					/* mthi */
	case 18: set(x, d, t->lo); break;				/* mflo */
	case 19: t->lo = a; break;					/* mtlo */
	case 24: set_hilo(t, signed_product(a, b)); break;		/* mult */
	case 25: set_hilo(t, unsigned_product(a, b)); break;		/* multu */
	case 26: divide(x, a, b, true); break;				/* div */
	case 27: divide(x, a, b, false); break;				/* divu */
	case 32: set_checked(x, d, (int64_t)i + j); break;		/* add */
	case 33: set(x, d, a + b); break;				/* addu */
	case 34: set_checked(x, d, (int64_t)i - j); break;		/* sub */
	case 35: set(x, d, a - b); break;				/* subu */
	case 36: set(x, d, a & b); break;				/* and */
	case 37: set(x, d, a | b); break;				/* or */
	case 38: set(x, d, a ^ b); break;				/* xor */
	case 39: set(x, d, ~(a | b)); break;				/* nor */
	case 42: set(x, d, i < j); break;				/* slt */
	case 43: set(x, d, a < b); break;				/* sltu */
	case 48: trap_if(x, i >= j); break;				/* tge */
	case 49: trap_if(x, a >= b); break;				/* tgeu */
	case 50: trap_if(x, i < j); break;				/* tlt */
	case 51: trap_if(x, a < b); break;				/* tltu */
	case 52: trap_if(x, a == b); break;				/* teq */
	case 54: trap_if(x, a != b); break;				/* tne */
	}
}

static void special2(struct step *x, uint32_t a, uint32_t b)
{
	struct vn_nt_thread_view *t = x->t;
	unsigned int d = rd(x->w);

	switch (function(x->w)) {
	case 0:  set_hilo(t, hilo(t) + signed_product(a, b)); break;	/* madd */
	case 1:  set_hilo(t, hilo(t) + unsigned_product(a, b)); break;	/* maddu */
	case 2:  set(x, d, a * b); break;				/* mul */
	case 4:  set_hilo(t, hilo(t) - signed_product(a, b)); break;	/* msub */
	case 5:  set_hilo(t, hilo(t) - unsigned_product(a, b)); break;	/* msubu */
	case 32: set(x, d, leading_zeros(a)); break;			/* clz */
	case 33: set(x, d, leading_zeros(~a)); break;			/* clo */
	}
}

static void regimm(struct step *x, uint32_t a)
{
	uint32_t b = simm(x->w);
	int32_t i = (int32_t)a, j = (int32_t)b;

	switch (rt(x->w)) {
	case 0:  branch_if(x, i < 0); break;				/* bltz */
	case 1:  branch_if(x, i >= 0); break;				/* bgez */
	case 8:  trap_if(x, i >= j); break;				/* tgei */
	case 9:  trap_if(x, a >= b); break;				/* tgeiu */
	case 10: trap_if(x, i < j); break;				/* tlti */
	case 11: trap_if(x, a < b); break;				/* tltiu */
	case 12: trap_if(x, a == b); break;				/* teqi */
	case 14: trap_if(x, a != b); break;				/* tnei */
	case 16: set(x, RA, x->pc + 4); branch_if(x, i < 0); break;	/* bltzal */
	case 17: set(x, RA, x->pc + 4); branch_if(x, i >= 0); break;	/* bgezal */
	}
}
/* clang-format on */

static uint32_t ones(unsigned int n)
{
	return (uint32_t)((UINT64_C(1) << n) - 1);
}

static uint32_t insert(uint32_t into, uint32_t value, unsigned int pos, unsigned int size)
{
	return (into & ~(ones(size) << pos)) | (value & ones(size)) << pos;
}

static void special3(struct step *x, uint32_t a, uint32_t b)
{
	unsigned int pos = sa(x->w), d = rd(x->w);

	if (function(x->w) == 0) /* ext */
		set(x, rt(x->w), a >> pos & ones(d + 1));
	else if (function(x->w) == 4) /* ins */
		set(x, rt(x->w), insert(b, a, pos, d - pos + 1));
	else if (pos == 2) /* wsbh */
		set(x, d, (b << 8 & 0xff00ff00) | (b >> 8 & 0x00ff00ff));
	else if (pos == 16) /* seb */
		set(x, d, ((b & 0xff) ^ 0x80) - 0x80);
	else /* seh */
		set(x, d, ((b & 0xffff) ^ 0x8000) - 0x8000);
}

/* -- Memory and registers of the hardware ------------------------------------ */

/* Whether a load or store of n bytes may reach memory; else it faults. */
static bool is_memory(struct step *x, const char *what, uint32_t addr, uint32_t n)
{
	if (addr % n)
		snprintf(x->text, sizeof(x->text), "%s of %u bytes at 0x%08x, misaligned", what, n,
			 addr);
	else if (addr >= VN_NT_REGISTERS)
		snprintf(x->text, sizeof(x->text),
			 "%s of %u bytes at 0x%08x: registers take words only", what, n, addr);
	else if (!vn_nt_memory_has(x->r->mem, addr, n))
		snprintf(x->text, sizeof(x->text), "%s at 0x%08x, outside the memories", what,
			 addr);
	else
		return true;
	x->reason = x->text;
	return false;
}

static uint64_t moment(const struct step *x)
{
	return vn_nt_moment(x->r->cycle, x->tid / VN_NT_THREADS_PER_CPU);
}

static uint32_t load(struct step *x, uint32_t addr, uint32_t n)
{
	uint8_t bytes[4] = { 0 };
	uint32_t value = 0;

	if (!is_memory(x, "load", addr, n))
		return 0;
	vn_nt_memory_get(x->r->mem, moment(x), addr, bytes, n);
	for (uint32_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void store(struct step *x, uint32_t addr, uint32_t n, uint32_t value)
{
	uint8_t bytes[4];

	if (!is_memory(x, "store", addr, n))
		return;
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	vn_nt_memory_put(x->r->mem, moment(x), addr, bytes, n);
}

/* The thread's first slot in or after a cycle. */
static uint64_t slot_of(unsigned int tid, uint64_t cycle)
{
	while (cycle % VN_NT_THREADS_PER_CPU != tid % VN_NT_THREADS_PER_CPU)
		cycle++;
	return cycle;
}

/* The threads that this access has woken go on after this cycle. */
static void wake(struct reference *r)
{
	unsigned int woken = vn_nt_hw_woken(r->hw);

	for (unsigned int i = 0; i < VN_NT_THREADS; i++) {
		struct reference_thread *t = &r->threads[i];

		if (!(woken >> i & 1))
			continue;
		t->view.state = VN_NT_RUNNING;
		t->view.lock_cycles += slot_of(i, r->cycle + 1) - (t->slept + 4);
		t->ready = r->cycle + 1;
	}
}

static void answered(struct step *x, enum vn_nt_answer answer, const struct vn_nt_reply *reply)
{
	switch (answer) {
	case VN_NT_DONE:
		break;
	case VN_NT_AGAIN:
		x->again = true;
		x->ready = reply->again;
		x->t->send_cycles += slot_of(x->tid, reply->again) - x->r->cycle;
		break;
	case VN_NT_SLEEP:
		x->t->state = VN_NT_ASLEEP;
		x->r->threads[x->tid].slept = x->r->cycle;
		break;
	case VN_NT_END:
		end(x, reply->value);
		break;
	case VN_NT_FAULT:
		x->reason = reply->reason;
		break;
	}
	wake(x->r);
}

static struct vn_nt_access access_of(const struct step *x, uint32_t addr)
{
	return (struct vn_nt_access){
		.cycle = x->r->cycle, .tid = x->tid, .pc = x->pc, .addr = addr
	};
}

static void load_word(struct step *x, uint32_t addr)
{
	struct vn_nt_access access = access_of(x, addr);
	struct vn_nt_reply reply = { 0 };
	enum vn_nt_answer answer;
	uint32_t value;

	if (addr < VN_NT_REGISTERS || addr % 4) {
		value = load(x, addr, 4);
		if (!x->reason)
			set(x, rt(x->w), value);
		return;
	}
	answer = vn_nt_hw_load(x->r->hw, &access, &reply);
	answered(x, answer, &reply);
	if (answer == VN_NT_DONE)
		set(x, rt(x->w), reply.value);
}

static void store_word(struct step *x, uint32_t addr, uint32_t value)
{
	struct vn_nt_access access = access_of(x, addr);
	struct vn_nt_reply reply = { 0 };

	/* How the start code of the first programs ends, for ever. */
	if (rs(x->w) == GP && value == 0xdeaddead) {
		end(x, 0);
		return;
	}
	if (addr >= VN_NT_REGISTERS && !(addr % 4)) {
		answered(x, vn_nt_hw_store(x->r->hw, &access, value, &reply), &reply);
		return;
	}
	store(x, addr, 4, value);
}

static void load_unaligned(struct step *x, uint32_t addr, uint32_t old)
{
	unsigned int k = addr & 3;
	uint32_t word;

	if (!is_memory(x, "load", addr, 1))
		return;
	word = load(x, addr & ~3u, 4);
	if (opcode(x->w) == 34) /* lwl */
		set(x, rt(x->w), word << 8 * k | (old & ((1u << 8 * k) - 1)));
	else
		set(x, rt(x->w), word >> 8 * (3 - k) | (old & ~(0xffffffff >> 8 * (3 - k))));
}

static void store_unaligned(struct step *x, uint32_t addr, uint32_t value)
{
	unsigned int k = addr & 3;
	uint32_t word;

	if (!is_memory(x, "store", addr, 1))
		return;
	word = load(x, addr & ~3u, 4);
	if (opcode(x->w) == 42) /* swl */
		word = (word & ~(0xffffffff >> 8 * k)) | value >> 8 * k;
	else
		word = (word & ~(0xffffffff << 8 * (3 - k))) | value << 8 * (3 - k);
	store(x, addr & ~3u, 4, word);
}

/* sign: the bit that is extended; 0: none */
static void load_narrow(struct step *x, uint32_t addr, uint32_t n, uint32_t sign)
{
	uint32_t value = load(x, addr, n);

	if (!x->reason)
		set(x, rt(x->w), (value ^ sign) - sign);
}

/* -- Primary opcodes ----------------------------------------------------------- */

/* clang-format off */
static void execute(struct step *x)
{
	uint32_t a = x->t->regs[rs(x->w)], b = x->t->regs[rt(x->w)];
	uint32_t si = simm(x->w), ui = uimm(x->w), addr = a + si;
	uint32_t target = (x->pc & 0xf0000000) | (x->w & 0x03ffffff) << 2;
	unsigned int d = rt(x->w);
	int32_t i = (int32_t)a;

	switch (opcode(x->w)) {
	case 0:  special(x, a, b); break;
	case 1:  regimm(x, a); break;
	case 2:  x->next = target; break;				/* j */
	case 3:  set(x, RA, x->pc + 4); x->next = target; break;	/* jal */
	case 4:  branch_if(x, a == b); break;				/* beq */
	case 5:  branch_if(x, a != b); break;				/* bne */
	case 6:  branch_if(x, i <= 0); break;				/* blez */
	case 7:  branch_if(x, i > 0); break;				/* bgtz */
	case 8:  set_checked(x, d, (int64_t)i + (int32_t)si); break;	/* addi */
	case 9:  set(x, d, a + si); break;				/* addiu */
	case 10: set(x, d, i < (int32_t)si); break;			/* slti */
	case 11: set(x, d, a < si); break;				/* sltiu */
	case 12: set(x, d, a & ui); break;				/* andi */
	case 13: set(x, d, a | ui); break;				/* ori */
	case 14: set(x, d, a ^ ui); break;				/* xori */
	case 15: set(x, d, ui << 16); break;				/* lui */
	case 28: special2(x, a, b); break;
	case 31: special3(x, a, b); break;
	case 32: load_narrow(x, addr, 1, 0x80); break;			/* lb */
	case 33: load_narrow(x, addr, 2, 0x8000); break;		/* lh */
	case 34: load_unaligned(x, addr, b); break;			/* lwl */
	case 35: load_word(x, addr); break;				/* lw */
	case 36: load_narrow(x, addr, 1, 0); break;			/* lbu */
	case 37: load_narrow(x, addr, 2, 0); break;			/* lhu */
	case 38: load_unaligned(x, addr, b); break;			/* lwr */
	case 40: store(x, addr, 1, b); break;				/* sb */
	case 41: store(x, addr, 2, b); break;				/* sh */
	case 42: store_unaligned(x, addr, b); break;			/* swl */
	case 43: store_word(x, addr, b); break;				/* sw */
	case 46: store_unaligned(x, addr, b); break;			/* swr */
	case 47: case 51: break;					/* cache pref */
	}
}
/* clang-format on */

/* -- Threads and time ------------------------------------------------------- */

/* A jump to itself, on no condition but that a register is itself or that 0 is 0. */
static bool is_parked(const struct step *x)
{
	if (x->next != x->pc)
		return false;
	switch (opcode(x->w)) {
	case 1:
		return rs(x->w) == 0 && rt(x->w) == 1;
	case 2:
		return true;
	case 4:
		return rs(x->w) == rt(x->w);
	case 6:
		return rs(x->w) == 0;
	default:
		return false;
	}
}

static void note_fault(struct step *x)
{
	struct vn_nt_fault *f = &x->r->faults[x->r->n_faults++];

	f->cycle = x->r->cycle;
	f->tid = x->tid;
	f->pc = x->pc;
	f->word = x->w;
	memcpy(f->regs, x->t->regs, sizeof(f->regs));
	f->hi = x->t->hi;
	f->lo = x->t->lo;
	snprintf(f->reason, sizeof(f->reason), "%s", x->reason);
	x->t->state = VN_NT_FAULTED;
}

static bool fetch(struct step *x)
{
	uint32_t word = (x->pc - VN_NT_TEXT_BASE) / 4; /* huge below it */

	if (word < VN_NT_TEXT_WORDS)
		x->w = x->r->text[word];
	if (word >= VN_NT_TEXT_WORDS || x->pc % 4)
		snprintf(x->text, sizeof(x->text), "fetch from 0x%08x, outside instruction memory",
			 x->pc);
	else if (!is_legal(x->w))
		snprintf(x->text, sizeof(x->text), "illegal instruction 0x%08x", x->w);
	else
		return true;
	x->reason = x->text;
	return false;
}

static void step(struct reference *r, unsigned int tid)
{
	struct reference_thread *thread = &r->threads[tid];
	struct step x = { .r = r,
			  .t = &thread->view,
			  .tid = tid,
			  .pc = thread->view.pc,
			  .next = thread->view.pc + 4,
			  .ready = r->cycle + 1 };

	if (fetch(&x))
		execute(&x);
	if (x.reason) {
		note_fault(&x);
		return;
	}
	thread->ready = x.ready;
	if (x.again)
		return;
	if (is_parked(&x))
		end(&x, 0);
	thread->view.instructions++;
	thread->view.pc = x.next;
}

/* What the hardware has to do happens before an access of the same cycle, and
 * what an access makes it do in that cycle behind it. */
static void run_cycle(struct reference *r)
{
	for (unsigned int cpu = 0; cpu < r->cfg.hw.cpus; cpu++) {
		unsigned int tid = (unsigned int)(VN_NT_THREADS_PER_CPU * cpu + r->cycle % 4);
		struct reference_thread *t = &r->threads[tid];

		vn_nt_hw_run(r->hw, r->cycle);
		if (t->view.state == VN_NT_RUNNING && t->ready <= r->cycle)
			step(r, tid);
	}
	vn_nt_hw_run(r->hw, r->cycle);
}

void reference_run(struct reference *r, uint64_t until)
{
	while (r->cycle < until && (!r->n_faults || r->cfg.fault_halts)) {
		run_cycle(r);
		r->cycle++;
	}
	vn_nt_hw_save(r->hw);
}

void reference_view(const struct reference *r, unsigned int tid, struct vn_nt_thread_view *view)
{
	const struct reference_thread *t = &r->threads[tid];
	uint64_t now = slot_of(tid, r->cycle);

	*view = t->view;
	view->lock = -1;
	if (view->state != VN_NT_ASLEEP)
		return;
	view->lock = vn_nt_hw_waits_for(r->hw, tid);
	if (now > t->slept + 4)
		view->lock_cycles += now - (t->slept + 4);
}

bool reference_has_ended(const struct reference *r)
{
	for (unsigned int i = 0; i < VN_NT_THREADS; i++) {
		if (r->threads[i].view.state == VN_NT_RUNNING ||
		    r->threads[i].view.state == VN_NT_ASLEEP)
			return false;
	}
	return true;
}

/* -- Making one -------------------------------------------------------------- */

int reference_new(const struct vn_nt_config *cfg, struct reference **out, struct vn_err *err)
{
	struct reference *r = calloc(1, sizeof(*r));
	int ret;

	*out = NULL;
	if (!r)
		return vn_err_set(err, ENOMEM, "no memory for a reference card");
	r->cfg = *cfg;
	ret = vn_nt_memory_new(cfg->hw.model == 0x10, &r->mem, err);
	if (!ret)
		ret = vn_nt_hw_new(&cfg->hw, r->mem, &r->hw, err);
	if (ret) {
		reference_free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void reference_free(struct reference *r)
{
	if (!r)
		return;
	vn_nt_hw_free(r->hw);
	vn_nt_memory_free(r->mem);
	free(r);
}

int reference_load(struct reference *r, const struct vn_nt_image *image, struct vn_err *err)
{
	memcpy(r->text, image->text, image->n_text * sizeof(r->text[0]));
	for (unsigned int i = 0; i < image->n_pieces; i++) {
		const struct vn_nt_piece *p = &image->pieces[i];

		if (vn_nt_memory_put(r->mem, 0, p->addr, p->bytes, p->len))
			return vn_err_set(err, EINVAL, "%u bytes at 0x%08x: outside the memories",
					  p->len, p->addr);
	}
	for (unsigned int i = 0; i < VN_NT_THREADS; i++) {
		r->threads[i].view.pc = VN_NT_TEXT_BASE + 48 * i;
		r->threads[i].view.state =
			i < r->cfg.hw.cpus * VN_NT_THREADS_PER_CPU ? VN_NT_RUNNING : VN_NT_HELD;
	}
	vn_nt_hw_save(r->hw);
	return 0;
}

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

static bool special_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0: /* sll, sra */
	case 3:
		return !rs(w);
	case 2: /* srl, rotr */
		return rs(w) <= 1;
	case 6: /* srlv, rotrv */
		return sa(w) <= 1;
	case 4: /* sllv, srav, movz, movn */
	case 7:
	case 10:
	case 11:
	case 32: /* add ... nor */
	case 33:
	case 34:
	case 35:
	case 36:
	case 37:
	case 38:
	case 39:
	case 42: /* slt, sltu */
	case 43:
		return !sa(w);
	case 8: /* jr */
		return !rt(w) && !rd(w);
	case 9: /* jalr */
		return !rt(w);
	case 12: /* syscall, break, traps */
	case 13:
	case 48:
	case 49:
	case 50:
	case 51:
	case 52:
	case 54:
		return true;
	case 15: /* sync */
		return !rs(w) && !rt(w) && !rd(w);
	case 16: /* mfhi, mflo */
	case 18:
		return !rs(w) && !rt(w) && !sa(w);
	case 17: /* mthi, mtlo */
	case 19:
		return !rt(w) && !rd(w) && !sa(w);
	case 24: /* mult, multu, div, divu */
	case 25:
	case 26:
	case 27:
		return !rd(w) && !sa(w);
	default:
		return false;
	}
}

static bool special2_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0: /* madd, maddu, msub, msubu */
	case 1:
	case 4:
	case 5:
		return !rd(w) && !sa(w);
	case 2: /* mul */
		return !sa(w);
	case 32: /* clz, clo */
	case 33:
		return !sa(w) && rt(w) == rd(w);
	default:
		return false;
	}
}

static bool special3_is_legal(uint32_t w)
{
	switch (function(w)) {
	case 0: /* ext: rd is the size less one */
		return sa(w) + rd(w) <= 31;
	case 4: /* ins: rd is the last bit */
		return sa(w) <= rd(w);
	case 32: /* wsbh, seb, seh */
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
		return rt(w) <= 1 || (rt(w) >= 8 && rt(w) <= 12) || rt(w) == 14 || rt(w) == 16 ||
		       rt(w) == 17;
	case 28:
		return special2_is_legal(w);
	case 31:
		return special3_is_legal(w);
	case 6: /* blez, bgtz */
	case 7:
		return !rt(w);
	case 15: /* lui */
		return !rs(w);
	default:
		return (opcode(w) >= 2 && opcode(w) <= 14) ||
		       (opcode(w) >= 32 && opcode(w) <= 38) ||
		       (opcode(w) >= 40 && opcode(w) <= 43) || opcode(w) == 46 || opcode(w) == 47 ||
		       opcode(w) == 51;
	}
}

/* -- Registers, jumps, traps ------------------------------------------------ */

static void set(struct step *x, unsigned int reg, uint32_t value)
{
	if (reg)
		x->t->regs[reg] = value;
}

static void jump(struct step *x, uint32_t target)
{
	x->next = target;
}

static void branch_if(struct step *x, bool taken)
{
	if (taken)
		jump(x, x->pc + 4 + (simm(x->w) << 2));
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

static void add(struct step *x, unsigned int to, uint32_t a, uint32_t b)
{
	int64_t sum = (int64_t)(int32_t)a + (int32_t)b;

	if (sum != (int32_t)sum)
		x->reason = "signed overflow";
	else
		set(x, to, (uint32_t)sum);
}

static void sub(struct step *x, unsigned int to, uint32_t a, uint32_t b)
{
	int64_t difference = (int64_t)(int32_t)a - (int32_t)b;

	if (difference != (int32_t)difference)
		x->reason = "signed overflow";
	else
		set(x, to, (uint32_t)difference);
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

/* -- Arithmetic ------------------------------------------------------------- */

static void shift(struct step *x, uint32_t b, unsigned int by, bool rotates)
{
	unsigned int to = rd(x->w);

	switch (function(x->w) & 3) {
	case 0:
		set(x, to, b << by);
		break;
	case 2:
		set(x, to, rotates ? rotate_right(b, by) : b >> by);
		break;
	case 3:
		set(x, to, shift_right_signed(b, by));
		break;
	}
}

static void trap_special(struct step *x, uint32_t a, uint32_t b)
{
	switch (function(x->w)) {
	case 12:
		x->reason = "syscall";
		break;
	case 13:
		x->reason = "break";
		break;
	case 48:
		trap_if(x, (int32_t)a >= (int32_t)b);
		break;
	case 49:
		trap_if(x, a >= b);
		break;
	case 50:
		trap_if(x, (int32_t)a < (int32_t)b);
		break;
	case 51:
		trap_if(x, a < b);
		break;
	case 52:
		trap_if(x, a == b);
		break;
	case 54:
		trap_if(x, a != b);
		break;
	}
}

static void multiply_special(struct step *x, uint32_t a, uint32_t b)
{
	switch (function(x->w)) {
	case 16:
		set(x, rd(x->w), x->t->hi);
		break;
	case 17:
		x->t->hi = a;
		break;
	case 18:
		set(x, rd(x->w), x->t->lo);
		break;
	case 19:
		x->t->lo = a;
		break;
	case 24:
		set_hilo(x->t, signed_product(a, b));
		break;
	case 25:
		set_hilo(x->t, unsigned_product(a, b));
		break;
	case 26:
		divide(x, a, b, true);
		break;
	case 27:
		divide(x, a, b, false);
		break;
	}
}

static void alu_special(struct step *x, uint32_t a, uint32_t b)
{
	unsigned int to = rd(x->w);

	switch (function(x->w)) {
	case 32:
		add(x, to, a, b);
		break;
	case 33:
		set(x, to, a + b);
		break;
	case 34:
		sub(x, to, a, b);
		break;
	case 35:
		set(x, to, a - b);
		break;
	case 36:
		set(x, to, a & b);
		break;
	case 37:
		set(x, to, a | b);
		break;
	case 38:
		set(x, to, a ^ b);
		break;
	case 39:
		set(x, to, ~(a | b));
		break;
	case 42:
		set(x, to, (int32_t)a < (int32_t)b);
		break;
	case 43:
		set(x, to, a < b);
		break;
	}
}

static void special(struct step *x, uint32_t a, uint32_t b)
{
	switch (function(x->w)) {
	case 0:
	case 2:
	case 3:
		shift(x, b, sa(x->w), rs(x->w) == 1);
		break;
	case 4:
	case 6:
	case 7:
		shift(x, b, a & 31, sa(x->w) == 1);
		break;
	case 8:
		jump(x, a);
		break;
	case 9: /* a was read before: rd may be rs */
		set(x, rd(x->w), x->pc + 4);
		jump(x, a);
		break;
	case 10:
		if (!b)
			set(x, rd(x->w), a);
		break;
	case 11:
		if (b)
			set(x, rd(x->w), a);
		break;
	default: /* what is not theirs they leave alone; sync has no effect */
		trap_special(x, a, b);
		multiply_special(x, a, b);
		alu_special(x, a, b);
	}
}

static void special2(struct step *x, uint32_t a, uint32_t b)
{
	switch (function(x->w)) {
	case 0:
		set_hilo(x->t, hilo(x->t) + signed_product(a, b));
		break;
	case 1:
		set_hilo(x->t, hilo(x->t) + unsigned_product(a, b));
		break;
	case 2:
		set(x, rd(x->w), a * b);
		break;
	case 4:
		set_hilo(x->t, hilo(x->t) - signed_product(a, b));
		break;
	case 5:
		set_hilo(x->t, hilo(x->t) - unsigned_product(a, b));
		break;
	case 32:
		set(x, rd(x->w), leading_zeros(a));
		break;
	case 33:
		set(x, rd(x->w), leading_zeros(~a));
		break;
	}
}

static void special3(struct step *x, uint32_t a, uint32_t b)
{
	unsigned int pos = sa(x->w);
	uint32_t mask;

	switch (function(x->w)) {
	case 0: /* ext */
		mask = (uint32_t)((UINT64_C(1) << (rd(x->w) + 1)) - 1);
		set(x, rt(x->w), a >> pos & mask);
		return;
	case 4: /* ins */
		mask = (uint32_t)((UINT64_C(1) << (rd(x->w) - pos + 1)) - 1) << pos;
		set(x, rt(x->w), (b & ~mask) | (a << pos & mask));
		return;
	}
	if (pos == 2) /* wsbh */
		set(x, rd(x->w), (b << 8 & 0xff00ff00) | (b >> 8 & 0x00ff00ff));
	else if (pos == 16) /* seb */
		set(x, rd(x->w), ((b & 0xff) ^ 0x80) - 0x80);
	else /* seh */
		set(x, rd(x->w), ((b & 0xffff) ^ 0x8000) - 0x8000);
}

static void regimm(struct step *x, uint32_t a)
{
	switch (rt(x->w)) {
	case 16:
	case 17:
		set(x, RA, x->pc + 4);
		/* fall through */
	case 0:
	case 1:
		branch_if(x, ((int32_t)a < 0) == !(rt(x->w) & 1));
		break;
	case 8:
		trap_if(x, (int32_t)a >= (int32_t)simm(x->w));
		break;
	case 9:
		trap_if(x, a >= simm(x->w));
		break;
	case 10:
		trap_if(x, (int32_t)a < (int32_t)simm(x->w));
		break;
	case 11:
		trap_if(x, a < simm(x->w));
		break;
	case 12:
		trap_if(x, a == simm(x->w));
		break;
	case 14:
		trap_if(x, a != simm(x->w));
		break;
	}
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

static void load_narrow(struct step *x, uint32_t addr)
{
	uint32_t n = opcode(x->w) & 1 ? 2 : 1, sign = n == 2 ? 0x8000 : 0x80;
	uint32_t value = load(x, addr, n);

	if (x->reason)
		return;
	if (opcode(x->w) <= 33) /* lb, lh */
		value = (value ^ sign) - sign;
	set(x, rt(x->w), value);
}

/* -- Primary opcodes ----------------------------------------------------------- */

static void access_memory(struct step *x, uint32_t a, uint32_t b)
{
	uint32_t addr = a + simm(x->w);

	switch (opcode(x->w)) {
	case 32:
	case 33:
	case 36:
	case 37:
		load_narrow(x, addr);
		break;
	case 35:
		load_word(x, addr);
		break;
	case 34:
	case 38:
		load_unaligned(x, addr, b);
		break;
	case 40:
		store(x, addr, 1, b);
		break;
	case 41:
		store(x, addr, 2, b);
		break;
	case 43:
		store_word(x, addr, b);
		break;
	case 42:
	case 46:
		store_unaligned(x, addr, b);
		break; /* cache and pref have no effect */
	}
}

static void alu_immediate(struct step *x, uint32_t a)
{
	unsigned int to = rt(x->w);

	switch (opcode(x->w)) {
	case 8:
		add(x, to, a, simm(x->w));
		break;
	case 9:
		set(x, to, a + simm(x->w));
		break;
	case 10:
		set(x, to, (int32_t)a < (int32_t)simm(x->w));
		break;
	case 11:
		set(x, to, a < simm(x->w));
		break;
	case 12:
		set(x, to, a & uimm(x->w));
		break;
	case 13:
		set(x, to, a | uimm(x->w));
		break;
	case 14:
		set(x, to, a ^ uimm(x->w));
		break;
	case 15:
		set(x, to, uimm(x->w) << 16);
		break;
	}
}

static void jump_or_branch(struct step *x, uint32_t a, uint32_t b)
{
	switch (opcode(x->w)) {
	case 3:
		set(x, RA, x->pc + 4);
		/* fall through */
	case 2:
		jump(x, (x->pc & 0xf0000000) | (x->w & 0x03ffffff) << 2);
		break;
	case 4:
		branch_if(x, a == b);
		break;
	case 5:
		branch_if(x, a != b);
		break;
	case 6:
		branch_if(x, (int32_t)a <= 0);
		break;
	case 7:
		branch_if(x, (int32_t)a > 0);
		break;
	}
}

static void execute(struct step *x)
{
	uint32_t a = x->t->regs[rs(x->w)], b = x->t->regs[rt(x->w)];

	switch (opcode(x->w)) {
	case 0:
		special(x, a, b);
		break;
	case 1:
		regimm(x, a);
		break;
	case 28:
		special2(x, a, b);
		break;
	case 31:
		special3(x, a, b);
		break;
	default:
		if (opcode(x->w) <= 7)
			jump_or_branch(x, a, b);
		else if (opcode(x->w) <= 15)
			alu_immediate(x, a);
		else
			access_memory(x, a, b);
	}
}

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

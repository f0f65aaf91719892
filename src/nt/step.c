/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction: what the architecture says of it (spec 1.2), and of loads
 * and stores what they reach. Translated code calls this for what it does not
 * translate, so that there is one place for every rare thing.
 */
#include "nt/card_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A load or store, from the address to what came of it. */
struct access {
	struct vn_nt_card *card;
	struct vn_nt_thread *t;
	bool in_turn;
	uint32_t addr;
};

static enum vn_nt_stepped done(struct vn_nt_thread *t)
{
	t->pc += 4;
	t->moment += VN_NT_SLOT_MOMENTS;
	return VN_NT_STEPPED;
}

static void note_fault(struct vn_nt_card *card, const struct vn_nt_thread *t, uint32_t word)
{
	struct vn_nt_fault *f = &card->faults[card->n_faults - 1];

	f->cycle = vn_nt_cycle_of(t->moment);
	f->tid = vn_nt_tid(card, t);
	f->pc = t->pc;
	f->word = word;
	memcpy(f->regs, t->r, sizeof(f->regs));
	f->hi = t->hi;
	f->lo = t->lo;
}

/* A fault is final once nothing earlier can undo it, so it waits for its turn.
 * The thread stays where it is. */
static enum vn_nt_stepped fault(struct vn_nt_card *card, struct vn_nt_thread *t, bool in_turn,
				const char *fmt, ...) VN_PRINTF(4, 5);

static enum vn_nt_stepped fault(struct vn_nt_card *card, struct vn_nt_thread *t, bool in_turn,
				const char *fmt, ...)
{
	uint32_t word = (t->pc - VN_NT_TEXT_BASE) / 4;
	va_list ap;

	if (!in_turn)
		return VN_NT_TURN;
	card->n_faults++; /* one a thread at most */
	note_fault(card, t, word < VN_NT_TEXT_WORDS ? card->words[word] : 0);
	va_start(ap, fmt);
	vsnprintf(card->faults[card->n_faults - 1].reason, sizeof(card->faults[0].reason), fmt, ap);
	va_end(ap);
	t->state = VN_NT_FAULTED;
	return VN_NT_STEPPED;
}

static enum vn_nt_stepped end(struct vn_nt_thread *t, bool in_turn, uint32_t value)
{
	if (!in_turn)
		return VN_NT_TURN;
	t->state = VN_NT_ENDED;
	t->exit_value = value;
	t->moment += VN_NT_SLOT_MOMENTS;
	return VN_NT_STEPPED;
}

/* -- Plain memory --------------------------------------------------------- */

/*
 * Whether an access of a word of memory may be made now: VN_NT_STEPPED if so.
 * Stamps are of words, so those of parts of one word take each other's place.
 */
static enum vn_nt_stepped may(const struct access *a, bool writes)
{
	struct vn_nt_memory *mem = a->card->mem;
	struct vn_nt_stamps *s = &mem->stamps[a->addr / 4];
	uint32_t now = (uint32_t)(a->t->moment - mem->stamp_base);

	if (!mem->tracks)
		return VN_NT_STEPPED;
	if (s->written == VN_NT_ORDERED)
		return a->in_turn ? VN_NT_STEPPED : VN_NT_TURN;
	if (s->written > now || (writes && s->read > now)) {
		vn_nt_memory_come_late(mem, a->addr);
		return VN_NT_LATE;
	}
	if (writes)
		s->written = now;
	else if (s->read < now)
		s->read = now;
	return VN_NT_STEPPED;
}

static enum vn_nt_stepped may_load(const struct access *a)
{
	return may(a, false);
}

static enum vn_nt_stepped may_store(const struct access *a)
{
	enum vn_nt_stepped s = may(a, true);

	if (s == VN_NT_STEPPED && a->card->mem->tracks)
		vn_nt_memory_keep(a->card->mem, a->addr);
	return s;
}

static uint32_t read_bytes(const struct access *a, unsigned int width)
{
	const uint8_t *p = a->card->mem->bytes + a->addr;

	return width == 4 ? vn_get_be32(p) : width == 2 ? vn_get_be16(p) : *p;
}

static void write_bytes(const struct access *a, unsigned int width, uint32_t value)
{
	uint8_t *p = a->card->mem->bytes + a->addr;

	if (width == 4)
		vn_put_be32(p, value);
	else if (width == 2)
		vn_put_be16(p, (uint16_t)value);
	else
		*p = (uint8_t)value;
}

/* -- Registers ------------------------------------------------------------ */

static void fall_asleep(struct vn_nt_thread *t)
{
	t->state = VN_NT_ASLEEP;
	t->stalled_pc = t->pc;
}

/* The same again in the first slot in or after the cycle. */
static void again(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t cycle)
{
	uint64_t then = vn_nt_first_slot(vn_nt_tid(card, t), cycle);
	uint64_t slots = (then - t->moment) / VN_NT_SLOT_MOMENTS;

	t->lost[VN_NT_STALL_SEND] += slots;
	if (card->cfg.profile)
		vn_nt_profile_stall(card->cfg.profile, vn_nt_tid(card, t), t->pc, VN_NT_STALL_SEND,
				    slots * VN_NT_SLOT_CYCLES);
	t->moment = then;
}

static struct vn_nt_access hw_access(const struct access *a)
{
	return (struct vn_nt_access){
		.cycle = vn_nt_cycle_of(a->t->moment),
		.tid = vn_nt_tid(a->card, a->t),
		.pc = a->t->pc,
		.addr = a->addr,
	};
}

static enum vn_nt_stepped answered(const struct access *a, enum vn_nt_answer answer,
				   const struct vn_nt_reply *reply)
{
	switch (answer) {
	case VN_NT_DONE:
		break;
	case VN_NT_AGAIN:
		again(a->card, a->t, reply->again);
		return VN_NT_STEPPED;
	case VN_NT_SLEEP:
		fall_asleep(a->t);
		break;
	case VN_NT_END:
		return end(a->t, true, reply->value);
	case VN_NT_FAULT:
		return fault(a->card, a->t, true, "%s", reply->reason);
	}
	return done(a->t);
}

static enum vn_nt_stepped load_register(const struct access *a, const struct vn_nt_insn *i)
{
	struct vn_nt_thread *t = a->t;
	struct vn_nt_access what = hw_access(a);
	struct vn_nt_reply reply = { 0 };
	uint32_t before[VN_NT_REG_SINK + 1], pc = t->pc;
	uint64_t moment = t->moment;
	enum vn_nt_answer answer;

	/* The clock is nobody else's business: it needs no turn. */
	if (a->addr == VN_NT_TIME_REGISTER) {
		t->r[i->rd] = (uint32_t)(what.cycle - a->card->time_base);
		return done(t);
	}
	if (!a->in_turn)
		return VN_NT_TURN;
	memcpy(before, t->r, sizeof(before));
	answer = vn_nt_hw_load(a->card->hw, &what, &reply);
	if (answer == VN_NT_DONE)
		t->r[i->rd] = reply.value;
	answered(a, answer, &reply);
	if (a->addr == VN_NT_POP_REGISTER && answer == VN_NT_DONE &&
	    reply.value == VN_NT_NO_PACKET && !a->card->cfg.no_skip && !a->card->in_order)
		vn_nt_poll_sleep(a->card, t, moment, pc, before);
	return VN_NT_STEPPED;
}

static enum vn_nt_stepped store_register(const struct access *a, uint32_t value)
{
	struct vn_nt_access what = hw_access(a);
	struct vn_nt_reply reply = { 0 };

	if (!a->in_turn)
		return VN_NT_TURN;
	return answered(a, vn_nt_hw_store(a->card->hw, &what, value, &reply), &reply);
}

/* -- Loads and stores ------------------------------------------------------ */

/* The end of the original start files: for ever `sw DEADDEAD,0(gp)` (spec 1.5). */
static bool is_end_mark(const struct vn_nt_insn *i, uint32_t value)
{
	return i->op == VN_NT_SW && i->rs == 28 && value == UINT32_C(0xDEADDEAD);
}

/* What is wrong with an access of memory, before anything is done. */
static enum vn_nt_stepped no_memory(const struct access *a, unsigned int width, const char *what)
{
	if (a->addr % width)
		return fault(a->card, a->t, a->in_turn, "%s of %u bytes at 0x%08x, misaligned",
			     what, width, a->addr);
	if (a->addr >= VN_NT_REGISTERS)
		return fault(a->card, a->t, a->in_turn,
			     "%s of %u bytes at 0x%08x: registers take words only", what, width,
			     a->addr);
	return fault(a->card, a->t, a->in_turn, "%s at 0x%08x, outside the memories", what,
		     a->addr);
}

static bool reaches_memory(const struct access *a, unsigned int width)
{
	return a->addr % width == 0 && vn_nt_memory_is_here(a->card->mem, a->addr);
}

static enum vn_nt_stepped load(const struct access *a, const struct vn_nt_insn *i,
			       unsigned int width, uint32_t sign)
{
	enum vn_nt_stepped s;

	if (width == 4 && a->addr >= VN_NT_REGISTERS && a->addr % 4 == 0)
		return load_register(a, i);
	if (!reaches_memory(a, width))
		return no_memory(a, width, "load");
	s = may_load(a);
	if (s != VN_NT_STEPPED)
		return s;
	a->t->r[i->rd] = (read_bytes(a, width) ^ sign) - sign;
	return done(a->t);
}

static enum vn_nt_stepped store(const struct access *a, const struct vn_nt_insn *i,
				unsigned int width)
{
	uint32_t value = a->t->r[i->rt];
	enum vn_nt_stepped s;

	if (is_end_mark(i, value))
		return end(a->t, a->in_turn, 0);
	if (width == 4 && a->addr >= VN_NT_REGISTERS && a->addr % 4 == 0)
		return store_register(a, value);
	if (!reaches_memory(a, width))
		return no_memory(a, width, "store");
	s = may_store(a);
	if (s != VN_NT_STEPPED)
		return s;
	write_bytes(a, width, value);
	return done(a->t);
}

/* lwl, lwr, swl, swr: a is of the aligned word, k the byte in it (spec 1.2). */
static uint32_t merge(unsigned int op, uint32_t word, uint32_t reg, unsigned int k)
{
	switch (op) {
	case VN_NT_LWL:
		return word << 8 * k | (reg & (uint32_t)((UINT64_C(1) << 8 * k) - 1));
	case VN_NT_LWR:
		return word >> 8 * (3 - k) | (reg & ~(UINT32_MAX >> 8 * (3 - k)));
	case VN_NT_SWL:
		return (word & ~(UINT32_MAX >> 8 * k)) | reg >> 8 * k;
	default: /* VN_NT_SWR */
		return (word & ~(UINT32_MAX << 8 * (3 - k))) | reg << 8 * (3 - k);
	}
}

static enum vn_nt_stepped unaligned(const struct access *given, const struct vn_nt_insn *i)
{
	struct access a = *given;
	unsigned int k = a.addr % 4;
	bool loads = i->op == VN_NT_LWL || i->op == VN_NT_LWR;
	enum vn_nt_stepped s;

	if (!reaches_memory(&a, 1))
		return no_memory(&a, 1, loads ? "load" : "store");
	a.addr -= k;
	s = loads ? may_load(&a) : may_store(&a);
	if (s != VN_NT_STEPPED)
		return s;
	if (loads)
		a.t->r[i->rd] = merge(i->op, read_bytes(&a, 4), a.t->r[i->rd], k);
	else
		write_bytes(&a, 4, merge(i->op, read_bytes(&a, 4), a.t->r[i->rt], k));
	return done(a.t);
}

static enum vn_nt_stepped access_memory(struct vn_nt_card *card, struct vn_nt_thread *t,
					const struct vn_nt_insn *i, bool in_turn)
{
	struct access a = { card, t, in_turn, t->r[i->rs] + i->imm };

	switch (i->op) {
	case VN_NT_LB:
		return load(&a, i, 1, 0x80);
	case VN_NT_LBU:
		return load(&a, i, 1, 0);
	case VN_NT_LH:
		return load(&a, i, 2, 0x8000);
	case VN_NT_LHU:
		return load(&a, i, 2, 0);
	case VN_NT_LW:
		return load(&a, i, 4, 0);
	case VN_NT_SB:
		return store(&a, i, 1);
	case VN_NT_SH:
		return store(&a, i, 2);
	case VN_NT_SW:
		return store(&a, i, 4);
	default:
		return unaligned(&a, i);
	}
}

/* -- Everything else ------------------------------------------------------- */

static void multiply(struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	uint64_t hilo = (uint64_t)t->hi << 32 | t->lo;
	uint64_t s = (uint64_t)((int64_t)(int32_t)t->r[i->rs] * (int32_t)t->r[i->rt]);
	uint64_t u = (uint64_t)t->r[i->rs] * t->r[i->rt];

	switch (i->op) {
	case VN_NT_MULT:
		hilo = s;
		break;
	case VN_NT_MULTU:
		hilo = u;
		break;
	case VN_NT_MADD:
		hilo += s;
		break;
	case VN_NT_MADDU:
		hilo += u;
		break;
	case VN_NT_MSUB:
		hilo -= s;
		break;
	default: /* VN_NT_MSUBU */
		hilo -= u;
		break;
	}
	t->hi = (uint32_t)(hilo >> 32);
	t->lo = (uint32_t)hilo;
}

/* By zero nothing changes; the least number by -1 is itself (spec 1.2). */
static void divide(struct vn_nt_card *card, struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	uint32_t a = t->r[i->rs], b = t->r[i->rt];
	unsigned int more = card->cfg.div_slots - 1;

	if (b && i->op == VN_NT_DIVU) {
		t->lo = a / b;
		t->hi = a % b;
	} else if (b) {
		t->lo = b == UINT32_MAX ? -a : (uint32_t)((int32_t)a / (int32_t)b);
		t->hi = b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
	}
	t->lost[VN_NT_STALL_DIV] += more;
	t->moment += (uint64_t)more * VN_NT_SLOT_MOMENTS;
	if (card->cfg.profile)
		vn_nt_profile_stall(card->cfg.profile, vn_nt_tid(card, t), t->pc, VN_NT_STALL_DIV,
				    (uint64_t)more * VN_NT_SLOT_CYCLES);
}

static bool traps(const struct vn_nt_insn *i, uint32_t a, uint32_t b)
{
	switch (i->op) {
	case VN_NT_TGE:
	case VN_NT_TGEI:
		return (int32_t)a >= (int32_t)b;
	case VN_NT_TGEU:
	case VN_NT_TGEIU:
		return a >= b;
	case VN_NT_TLT:
	case VN_NT_TLTI:
		return (int32_t)a < (int32_t)b;
	case VN_NT_TLTU:
	case VN_NT_TLTIU:
		return a < b;
	case VN_NT_TEQ:
	case VN_NT_TEQI:
		return a == b;
	default: /* VN_NT_TNE, VN_NT_TNEI */
		return a != b;
	}
}

static bool is_taken(const struct vn_nt_insn *i, const struct vn_nt_thread *t)
{
	int32_t a = (int32_t)t->r[i->rs];

	switch (i->op) {
	case VN_NT_BEQ:
		return t->r[i->rs] == t->r[i->rt];
	case VN_NT_BNE:
		return t->r[i->rs] != t->r[i->rt];
	case VN_NT_BLEZ:
		return a <= 0;
	case VN_NT_BGTZ:
		return a > 0;
	case VN_NT_BLTZ:
	case VN_NT_BLTZAL:
		return a < 0;
	case VN_NT_BGEZ:
	case VN_NT_BGEZAL:
		return a >= 0;
	default:
		return true;
	}
}

/* A thread that jumps to itself on no condition that could change does nothing
 * else any more (spec 1.2). */
static bool is_parked(const struct vn_nt_insn *i, uint32_t pc)
{
	if (i->imm != pc)
		return false;
	return i->op == VN_NT_J || (i->op == VN_NT_BEQ && i->rs == i->rt) ||
	       ((i->op == VN_NT_BGEZ || i->op == VN_NT_BLEZ) && i->rs == 0);
}

static enum vn_nt_stepped jump(struct vn_nt_thread *t, const struct vn_nt_insn *i, bool in_turn)
{
	bool goes = is_taken(i, t);
	bool to_register = i->op == VN_NT_JR || i->op == VN_NT_JALR;
	uint32_t target = to_register ? t->r[i->rs] : i->imm;

	if (is_parked(i, t->pc))
		return end(t, in_turn, 0);
	t->r[i->rd] = t->pc + 4; /* a sink for those that do not link */
	done(t);
	if (goes)
		t->pc = target;
	return VN_NT_STEPPED;
}

static uint32_t count_leading_zeros(uint32_t v)
{
	return v ? (uint32_t)__builtin_clz(v) : 32;
}

static uint32_t bits(unsigned int n)
{
	return n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;
}

static uint32_t rotate(uint32_t v, unsigned int n)
{
	return v >> n | v << (-n & 31);
}

static uint32_t shifted(const struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	uint32_t a = t->r[i->rs], b = t->r[i->rt], imm = i->imm;

	switch (i->op) {
	case VN_NT_SLL:
		return b << imm;
	case VN_NT_SRL:
		return b >> imm;
	case VN_NT_SRA:
		return (uint32_t)((int32_t)b >> imm);
	case VN_NT_ROTR:
		return rotate(b, imm);
	case VN_NT_SLLV:
		return b << (a & 31);
	case VN_NT_SRLV:
		return b >> (a & 31);
	case VN_NT_SRAV:
		return (uint32_t)((int32_t)b >> (a & 31));
	default: /* VN_NT_ROTRV */
		return rotate(b, a & 31);
	}
}

/* What an instruction without side effects writes to its register. */
static uint32_t result(const struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	uint32_t a = t->r[i->rs], b = t->r[i->rt], imm = i->imm;

	switch (i->op) {
	case VN_NT_ADDI:
	case VN_NT_ADDIU:
		return a + imm;
	case VN_NT_SLTI:
		return (int32_t)a < (int32_t)imm;
	case VN_NT_SLTIU:
		return a < imm;
	case VN_NT_ANDI:
		return a & imm;
	case VN_NT_ORI:
		return a | imm;
	case VN_NT_XORI:
		return a ^ imm;
	case VN_NT_LUI:
		return imm;
	case VN_NT_ADD:
	case VN_NT_ADDU:
		return a + b;
	case VN_NT_SUB:
	case VN_NT_SUBU:
		return a - b;
	case VN_NT_AND:
		return a & b;
	case VN_NT_OR:
		return a | b;
	case VN_NT_XOR:
		return a ^ b;
	case VN_NT_NOR:
		return ~(a | b);
	case VN_NT_SLT:
		return (int32_t)a < (int32_t)b;
	case VN_NT_SLTU:
		return a < b;
	case VN_NT_MOVZ:
		return b ? t->r[i->rd] : a;
	case VN_NT_MOVN:
		return b ? a : t->r[i->rd];
	case VN_NT_SLL ... VN_NT_ROTRV:
		return shifted(t, i);
	case VN_NT_MFHI:
		return t->hi;
	case VN_NT_MFLO:
		return t->lo;
	case VN_NT_MUL:
		return a * b;
	case VN_NT_CLZ:
		return count_leading_zeros(a);
	case VN_NT_CLO:
		return count_leading_zeros(~a);
	case VN_NT_EXT:
		return a >> imm & bits(i->size);
	case VN_NT_INS:
		return (t->r[i->rd] & ~(bits(i->size) << imm)) | (a & bits(i->size)) << imm;
	case VN_NT_WSBH:
		return (b & UINT32_C(0x00ff00ff)) << 8 | (b >> 8 & UINT32_C(0x00ff00ff));
	case VN_NT_SEB:
		return (uint32_t)(int8_t)b;
	case VN_NT_SEH:
		return (uint32_t)(int16_t)b;
	default: /* sync, pref, cache: into the sink */
		return 0;
	}
}

static bool overflows(const struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	int32_t a = (int32_t)t->r[i->rs], b = (int32_t)t->r[i->rt], sum;

	if (i->op == VN_NT_ADDI)
		return __builtin_add_overflow(a, (int32_t)i->imm, &sum);
	return i->op == VN_NT_ADD ? __builtin_add_overflow(a, b, &sum)
				  : __builtin_sub_overflow(a, b, &sum);
}

static enum vn_nt_stepped execute(struct vn_nt_card *card, struct vn_nt_thread *t,
				  const struct vn_nt_insn *i, bool in_turn)
{
	switch (i->op) {
	case VN_NT_ILLEGAL:
		return fault(card, t, in_turn, "illegal instruction 0x%08x", i->word);
	case VN_NT_BREAK:
	case VN_NT_SYSCALL:
		return fault(card, t, in_turn, "%s", i->op == VN_NT_BREAK ? "break" : "syscall");
	case VN_NT_J ... VN_NT_BGEZAL:
		return jump(t, i, in_turn);
	case VN_NT_LB ... VN_NT_SWR:
		return access_memory(card, t, i, in_turn);
	case VN_NT_MTHI:
		t->hi = t->r[i->rs];
		return done(t);
	case VN_NT_MTLO:
		t->lo = t->r[i->rs];
		return done(t);
	case VN_NT_MULT:
	case VN_NT_MULTU:
	case VN_NT_MADD ... VN_NT_MSUBU:
		multiply(t, i);
		return done(t);
	case VN_NT_DIV:
	case VN_NT_DIVU:
		divide(card, t, i);
		return done(t);
	case VN_NT_TGE ... VN_NT_TNE:
		if (traps(i, t->r[i->rs], t->r[i->rt]))
			return fault(card, t, in_turn, "trap");
		return done(t);
	case VN_NT_TGEI ... VN_NT_TNEI:
		if (traps(i, t->r[i->rs], i->imm))
			return fault(card, t, in_turn, "trap");
		return done(t);
	case VN_NT_ADD:
	case VN_NT_ADDI:
	case VN_NT_SUB:
		if (overflows(t, i))
			return fault(card, t, in_turn, "signed overflow");
	}
	t->r[i->rd] = result(t, i);
	return done(t);
}

enum vn_nt_stepped vn_nt_step(struct vn_nt_card *card, struct vn_nt_thread *t, bool in_turn)
{
	uint32_t offset = t->pc - VN_NT_TEXT_BASE;
	enum vn_nt_stepped s;

	if (offset >= 4 * VN_NT_TEXT_WORDS || offset % 4)
		s = fault(card, t, in_turn, "fetch from 0x%08x, outside instruction memory", t->pc);
	else
		s = execute(card, t, &card->text[offset / 4], in_turn);
	t->waits = s == VN_NT_TURN;
	return s;
}

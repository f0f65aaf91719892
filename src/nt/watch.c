/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking on: instructions executed in order, one by one, for trace, profile
 * and breakpoints; and what a debugger reads and changes while the card stands.
 */
#include "nt/card_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nt/trace.h"

/* Bytes that a load or store touches, and from where on (lwl and its kin touch
 * those of one word, up to its end or from its beginning). */
struct touched {
	uint32_t addr;
	unsigned int width; /* 0: no access */
	bool is_store;
};

static struct touched touched_by(const struct vn_nt_insn *i, const struct vn_nt_thread *t)
{
	uint32_t addr = t->r[i->rs] + i->imm;
	unsigned int k = addr % 4;
	bool is_store = i->op >= VN_NT_SB;

	if (i->op < VN_NT_LB || i->op > VN_NT_SWR)
		return (struct touched){ 0 };
	switch (i->op) {
	case VN_NT_LB:
	case VN_NT_LBU:
	case VN_NT_SB:
		return (struct touched){ addr, 1, is_store };
	case VN_NT_LH:
	case VN_NT_LHU:
	case VN_NT_SH:
		return (struct touched){ addr, 2, is_store };
	case VN_NT_LWL:
	case VN_NT_SWL:
		return (struct touched){ addr, 4 - k, is_store };
	case VN_NT_LWR:
	case VN_NT_SWR:
		return (struct touched){ addr - k, k + 1, is_store };
	default:
		return (struct touched){ addr, 4, is_store };
	}
}

static const struct vn_nt_insn *next_insn(const struct vn_nt_card *card,
					  const struct vn_nt_thread *t)
{
	static const struct vn_nt_insn none;
	uint32_t offset = t->pc - VN_NT_TEXT_BASE;

	return offset < 4 * VN_NT_TEXT_WORDS && offset % 4 == 0 ? &card->text[offset / 4] : &none;
}

/* -- Traces ----------------------------------------------------------------- */

static bool is_traced(const struct vn_nt_card *card, uint64_t cycle)
{
	const struct vn_nt_hw_config *hw = &card->cfg.hw;

	return (hw->trace & VN_NT_TRACED_INSNS) && cycle >= hw->trace_from && cycle <= hw->trace_to;
}

/* The bytes of an access that has been made, as a number. */
static uint32_t value_of(const struct vn_nt_card *card, const struct vn_nt_thread *t,
			 const struct vn_nt_insn *i, const struct touched *what)
{
	uint32_t value = 0;

	if (what->addr >= VN_NT_REGISTERS)
		return what->is_store ? t->r[i->rt] : t->r[i->rd];
	for (unsigned int n = 0; n < what->width; n++)
		value = value << 8 | card->mem->bytes[what->addr + n];
	return value;
}

static void trace(struct vn_nt_card *card, const struct vn_nt_thread *before,
		  const struct vn_nt_thread *t, const struct vn_nt_insn *i)
{
	struct touched what = touched_by(i, before);
	struct vn_nt_traced line = {
		.cycle = vn_nt_cycle_of(before->moment),
		.tid = vn_nt_tid(card, t),
		.pc = before->pc,
		.insn = i,
		.regs = t->r,
		.hi = t->hi,
		.lo = t->lo,
		.has_access = what.width > 0,
		.addr = what.addr,
		.width = what.width,
	};

	if (line.has_access)
		line.value = value_of(card, t, i, &what);
	vn_nt_trace_insn(card->hw, card->cfg.hw.trace, &line);
}

/* -- Breakpoints ------------------------------------------------------------ */

static void hit(struct vn_nt_card *card, const struct vn_nt_thread *t, uint64_t moment,
		struct vn_nt_break what)
{
	card->breaks.has_hit = true;
	card->breaks.tid = vn_nt_tid(card, t);
	card->breaks.moment = moment;
	card->breaks.hit = what;
	card->stop = VN_NT_STOP_BREAK;
}

/* A run that begins where the last one ended goes past what ended it. */
static bool has_just_hit(const struct vn_nt_card *card, const struct vn_nt_thread *t)
{
	const struct vn_nt_breaks *b = &card->breaks;

	return b->has_hit && b->tid == vn_nt_tid(card, t) && b->moment == t->moment &&
	       b->hit.kind == VN_NT_BREAK_EXEC && b->hit.addr == t->pc;
}

/* Before the instruction: the run ends at it. */
static bool breaks_at(struct vn_nt_card *card, const struct vn_nt_thread *t)
{
	for (unsigned int i = 0; i < card->breaks.n; i++) {
		const struct vn_nt_break *b = &card->breaks.list[i];

		if (b->kind != VN_NT_BREAK_EXEC || b->addr != t->pc || has_just_hit(card, t))
			continue;
		hit(card, t, t->moment, *b);
		card->horizon = t->moment;
		return true;
	}
	return false;
}

static bool watches(const struct vn_nt_break *b, const struct touched *what)
{
	if (b->kind == VN_NT_BREAK_EXEC || (b->kind == VN_NT_BREAK_WRITE && !what->is_store) ||
	    (b->kind == VN_NT_BREAK_READ && what->is_store))
		return false;
	return what->addr < b->addr + b->len && b->addr < what->addr + what->width;
}

/* Behind the instruction, which was executed at the moment. */
static void breaks_behind(struct vn_nt_card *card, const struct vn_nt_thread *t, uint64_t moment,
			  const struct touched *what)
{
	struct vn_nt_break step = { VN_NT_BREAK_EXEC, t->pc, 4 };
	bool stops = card->breaks.step_tid == (int)vn_nt_tid(card, t);

	if (stops)
		hit(card, t, t->moment, step);
	for (unsigned int i = 0; what->width && i < card->breaks.n; i++)
		if (watches(&card->breaks.list[i], what)) {
			hit(card, t, moment, card->breaks.list[i]);
			stops = true;
			break;
		}
	if (stops)
		card->horizon = moment + 1;
}

void vn_nt_step_watched(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	const struct vn_nt_insn *i = next_insn(card, t);
	struct vn_nt_thread before = *t;
	struct touched what = touched_by(i, t);
	bool has_executed;

	if (vn_nt_has_breaks(card) && breaks_at(card, t))
		return;
	vn_nt_step(card, t, true);
	has_executed = t->state != VN_NT_FAULTED &&
		       (t->pc != before.pc || t->state == VN_NT_ENDED || !what.width);
	if (!has_executed)
		return;
	if (card->cfg.profile)
		vn_nt_profile_count(card->cfg.profile, vn_nt_tid(card, t), before.pc);
	if (card->cfg.profile && t->state == VN_NT_ASLEEP)
		vn_nt_profile_wait(card->cfg.profile, vn_nt_tid(card, t),
				   (unsigned int)vn_nt_hw_waits_for(card->hw, vn_nt_tid(card, t)));
	if (is_traced(card, vn_nt_cycle_of(before.moment)))
		trace(card, &before, t, i);
	if (vn_nt_has_breaks(card))
		breaks_behind(card, t, before.moment, &what);
}

int vn_nt_card_break(struct vn_nt_card *card, enum vn_nt_break_kind kind, uint32_t addr,
		     uint32_t len, bool set)
{
	struct vn_nt_breaks *b = &card->breaks;
	struct vn_nt_break *list;

	if (!len || (kind == VN_NT_BREAK_EXEC &&
		     (addr % 4 || addr - VN_NT_TEXT_BASE >= 4 * VN_NT_TEXT_WORDS)))
		return -EINVAL;
	for (unsigned int i = 0; i < b->n; i++)
		if (b->list[i].kind == kind && b->list[i].addr == addr && b->list[i].len == len) {
			if (!set)
				b->list[i] = b->list[--b->n];
			return 0;
		}
	if (!set)
		return -ENOENT;
	list = realloc(b->list, (b->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	b->list = list;
	list[b->n++] = (struct vn_nt_break){ kind, addr, len };
	return 0;
}

unsigned int vn_nt_card_broke(const struct vn_nt_card *card, enum vn_nt_break_kind *kind,
			      uint32_t *addr)
{
	*kind = card->breaks.hit.kind;
	*addr = card->breaks.hit.addr;
	return card->breaks.tid;
}

enum vn_nt_stop vn_nt_card_step(struct vn_nt_card *card, unsigned int tid, uint64_t until)
{
	enum vn_nt_stop stop;

	card->breaks.step_tid = (int)tid;
	stop = vn_nt_card_run(card, until);
	card->breaks.step_tid = -1;
	return stop;
}

/* -- Registers and memories --------------------------------------------------- */

/* As GDB numbers what we have. */
static uint32_t *find_reg(struct vn_nt_thread *t, unsigned int reg)
{
	if (reg < 32)
		return &t->r[reg];
	return reg == 33 ? &t->lo : reg == 34 ? &t->hi : reg == 37 ? &t->pc : NULL;
}

int vn_nt_card_get_reg(const struct vn_nt_card *card, unsigned int tid, unsigned int reg,
		       uint32_t *value)
{
	struct vn_nt_thread t;
	const uint32_t *r;

	if (tid >= VN_NT_THREADS)
		return -EINVAL;
	t = card->threads[tid];
	r = find_reg(&t, reg);
	if (!r)
		return -EINVAL;
	*value = *r;
	return 0;
}

int vn_nt_card_set_reg(struct vn_nt_card *card, unsigned int tid, unsigned int reg, uint32_t value)
{
	uint32_t *r = tid < VN_NT_THREADS ? find_reg(&card->threads[tid], reg) : NULL;

	if (!r || reg == 0)
		return -EINVAL;
	*r = value;
	return 0;
}

/* Bytes from addr on that lie in one memory of programs' data. */
static uint32_t reach(const struct vn_nt_card *card, uint32_t addr, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && vn_nt_memory_is_here(card->mem, addr + n))
		n = VN_MIN(len,
			   n + (1u << VN_NT_PAGE_SHIFT) - (addr + n) % (1u << VN_NT_PAGE_SHIFT));
	return n;
}

static uint32_t peek_text(const struct vn_nt_card *card, uint32_t addr, uint8_t *dst, uint32_t len)
{
	uint32_t offset = addr - VN_NT_TEXT_BASE, n = 0;

	for (; n < len && offset + n < 4 * VN_NT_TEXT_WORDS; n++)
		dst[n] = (uint8_t)(card->words[(offset + n) / 4] >> 8 * (3 - (offset + n) % 4));
	return n;
}

uint32_t vn_nt_card_peek(struct vn_nt_card *card, uint32_t addr, void *dst, uint32_t len)
{
	uint32_t n;

	if (addr - VN_NT_TEXT_BASE < 4 * VN_NT_TEXT_WORDS)
		return peek_text(card, addr, dst, len);
	n = reach(card, addr, len);
	memcpy(dst, card->mem->bytes + addr, n);
	return n;
}

uint32_t vn_nt_card_poke(struct vn_nt_card *card, uint32_t addr, const void *src, uint32_t len)
{
	uint32_t n = reach(card, addr, len);

	memcpy(card->mem->bytes + addr, src, n);
	return n;
}

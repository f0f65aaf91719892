/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs wait for packets in loops around a pop, often from all threads. A
 * loop that comes back to the pop with nothing changed will do so until a
 * packet is there: its thread sleeps until then, and the result is the same to
 * the cycle (spec 8).
 */
#include "nt/card_priv.h"

#include "base/macros.h"

/* Instructions that a loop may have. */
#define LOOP_MAX 64
/* A loop that does something, as to take a lock, is looked at again after 0, 1, 3, 7 and
 * at most so many polls: to look costs more than to run it. */
#define PASSED_MAX 63

/* It touches registers of the thread alone, and cannot fault. */
static bool is_harmless(unsigned int op)
{
	switch (op) {
	case VN_NT_J ... VN_NT_BGEZAL:
	case VN_NT_ADDIU ... VN_NT_LUI:
	case VN_NT_ADDU:
	case VN_NT_SUBU ... VN_NT_ROTRV:
	case VN_NT_MFHI ... VN_NT_MULTU:
	case VN_NT_MADD ... VN_NT_SEH:
	case VN_NT_SYNC:
	case VN_NT_PREF:
	case VN_NT_CACHE:
		return true;
	default:
		return false;
	}
}

static const struct vn_nt_insn *fetch(const struct vn_nt_card *card, uint32_t pc)
{
	uint32_t offset = pc - VN_NT_TEXT_BASE;

	if (offset >= 4 * VN_NT_TEXT_WORDS || offset % 4)
		return NULL;
	return &card->text[offset / 4];
}

/* Back at the pop with what it had the first time; the register that the pop
 * writes may differ, unless it gives the address. */
static bool came_round(const struct vn_nt_thread *t, const struct vn_nt_insn *pop,
		       const uint32_t *before)
{
	for (unsigned int r = 0; r < 32; r++)
		if (t->r[r] != before[r] && (r != pop->rd || r == pop->rs))
			return false;
	return true;
}

/* The moments that a loop around the pop at pc takes which has no effect; 0: it has one.
 * t stands behind the pop. */
static uint32_t look_ahead(struct vn_nt_card *card, const struct vn_nt_thread *t, uint64_t moment,
			   uint32_t pc, const uint32_t *before)
{
	struct vn_nt_thread ahead = *t;

	for (unsigned int n = 0; n < LOOP_MAX && ahead.pc != pc; n++) {
		const struct vn_nt_insn *i = fetch(card, ahead.pc);

		if (!i || !is_harmless(i->op) || vn_nt_step(card, &ahead, false) != VN_NT_STEPPED)
			return 0;
	}
	if (ahead.pc != pc || !came_round(&ahead, fetch(card, pc), before) || ahead.hi != t->hi ||
	    ahead.lo != t->lo)
		return 0;
	return (uint32_t)(ahead.moment - moment);
}

void vn_nt_poll_sleep(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t moment, uint32_t pc,
		      const uint32_t *before)
{
	uint32_t moments;

	if (t->polls_left) {
		t->polls_left--;
		return;
	}
	moments = look_ahead(card, t, moment, pc, before);
	if (moments) {
		t->polls = true;
		t->poll_moments = moments;
		t->polls_to_pass = 0;
	} else { /* the first time it may not have been in its loop yet */
		t->polls_left = t->polls_to_pass;
		t->polls_to_pass = (uint8_t)VN_MIN(2 * t->polls_to_pass + 1, PASSED_MAX);
	}
}

/* It stands behind its pop, as it will behind every one that finds nothing. */
static uint64_t last_pop_before(const struct vn_nt_thread *t, uint64_t cycle)
{
	uint64_t now = vn_nt_moment(cycle, 0), popped = t->moment - VN_NT_SLOT_MOMENTS;

	if (popped < now)
		popped += (now - 1 - popped) / t->poll_moments * t->poll_moments;
	return popped;
}

static void wake(struct vn_nt_thread *t, uint64_t cycle)
{
	t->polls = false;
	t->moment = last_pop_before(t, cycle) + VN_NT_SLOT_MOMENTS;
}

/* Who pops first has the packet; the others will find nothing, as before. */
void vn_nt_poll_wake_one(struct vn_nt_card *card, uint64_t cycle)
{
	struct vn_nt_thread *first = NULL;
	uint64_t at = VN_NT_NEVER;

	for (struct vn_nt_thread *t = card->threads; t < card->threads + VN_NT_THREADS; t++) {
		uint64_t pops;

		if (!t->polls)
			continue;
		pops = last_pop_before(t, cycle) + t->poll_moments;
		if (pops < at) {
			at = pops;
			first = t;
		}
	}
	if (!first)
		return;
	wake(first, cycle);
	card->behind |= 1u << vn_nt_tid(card, first);
}

void vn_nt_poll_settle(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t cycle)
{
	wake(t, cycle);
	while (t->moment < vn_nt_moment(cycle, 0))
		vn_nt_step(card, t, false);
}

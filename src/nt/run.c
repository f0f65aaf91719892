/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which thread runs next. From a checkpoint all threads run ahead to a common
 * horizon, or to an instruction that waits for its turn; these and the events
 * of the hardware then happen in order. When all stand at the horizon that is
 * the next checkpoint. Whatever needs to stop the card earlier, and whoever
 * came too late, goes back to the last one; the way to it is short.
 */
#include "nt/card_priv.h"

#include <string.h>

#include "base/macros.h"

/* From a checkpoint to the next, in cycles: long enough for its cost not to
 * matter, short enough for stores to fit into the undo log. */
#define SPAN_MIN 64u
#define SPAN_MAX 8192u

_Static_assert(VN_NT_THREADS *(SPAN_MAX / VN_NT_SLOT_CYCLES) + 2 * SPAN_MAX < VN_NT_UNDO_MAX,
	       "a store a slot and two words a cycle of the arbiter");

static bool runs(const struct vn_nt_thread *t)
{
	return t->state == VN_NT_RUNNING && !t->polls;
}

bool vn_nt_run_ahead(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	enum vn_nt_stepped s = VN_NT_STEPPED;

	while (s == VN_NT_STEPPED && t->moment < card->horizon)
		s = vn_nt_step(card, t, false);
	return s != VN_NT_LATE;
}

static bool run_ahead(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	if (!runs(t) || t->moment >= card->horizon)
		return true;
	if (!card->in_order)
		return card->code ? vn_nt_code_run(card, t) : vn_nt_run_ahead(card, t);
	t->waits = true;
	return true;
}

/* All that can. */
static bool all_run_ahead(struct vn_nt_card *card)
{
	for (; card->behind; card->behind &= card->behind - 1)
		if (!run_ahead(card, &card->threads[__builtin_ctz(card->behind)]))
			return false;
	return true;
}

/* Whose turn it is, and until which moment, given that no event comes between;
 * NULL: all stand at the horizon, or do not run. */
static struct vn_nt_thread *first_waiting(struct vn_nt_card *card, uint64_t *until)
{
	struct vn_nt_thread *first = NULL;
	uint64_t at = card->horizon;

	*until = card->horizon;
	for (struct vn_nt_thread *t = card->threads; t < card->threads + VN_NT_THREADS; t++) {
		if (!t->waits || t->moment >= *until)
			continue;
		if (t->moment < at) {
			*until = at;
			at = t->moment;
			first = t;
		} else {
			*until = t->moment;
		}
	}
	return first;
}

/* -- Stops ---------------------------------------------------------------- */

/* The card has to stand at the cycle behind this one when run() returns. */
static void stop_behind(struct vn_nt_card *card, uint64_t cycle, enum vn_nt_stop why)
{
	if (card->stop != VN_NT_STOP_UNTIL && vn_nt_moment(cycle + 1, 0) >= card->horizon)
		return;
	card->stop = why;
	card->horizon = vn_nt_moment(cycle + 1, 0);
}

static bool any(const struct vn_nt_card *card, enum vn_nt_state state)
{
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (card->threads[i].state == state)
			return true;
	return false;
}

/* After something has happened in a cycle. Programs that have come to their end
 * are done when the last packet has left; nothing wakes threads that all sleep. */
static void look_for_stops(struct vn_nt_card *card, uint64_t cycle)
{
	uint64_t attention = vn_nt_hw_attention(card->hw);

	if (attention != VN_NT_NEVER)
		stop_behind(card, attention, VN_NT_STOP_ATTENTION);
	if (any(card, VN_NT_FAULTED) && !card->cfg.fault_halts)
		stop_behind(card, cycle, VN_NT_STOP_FAULT);
	if (card->cfg.hw.has_driver || any(card, VN_NT_RUNNING))
		return;
	if (any(card, VN_NT_ASLEEP)) {
		if (vn_nt_hw_next(card->hw) == VN_NT_NEVER)
			stop_behind(card, cycle, VN_NT_STOP_DEADLOCK);
	} else if (!vn_nt_hw_is_leaving(card->hw)) {
		stop_behind(card, cycle, VN_NT_STOP_ENDED);
	}
}

/* -- Turns ---------------------------------------------------------------- */

static void wake(struct vn_nt_card *card, unsigned int tid, uint64_t cycle)
{
	struct vn_nt_thread *t = &card->threads[tid];
	uint64_t then = vn_nt_first_slot(tid, cycle + 1);
	uint64_t slots = (then - t->moment) / VN_NT_SLOT_MOMENTS;

	t->lost[VN_NT_STALL_LOCK] += slots;
	if (card->cfg.profile)
		vn_nt_profile_stall(card->cfg.profile, tid, t->stalled_pc, VN_NT_STALL_LOCK,
				    slots * VN_NT_SLOT_CYCLES);
	t->moment = then;
	t->state = VN_NT_RUNNING;
	card->behind |= 1u << tid;
}

static void wake_those(struct vn_nt_card *card, unsigned int mask, uint64_t cycle)
{
	for (; mask; mask &= mask - 1)
		wake(card, (unsigned int)__builtin_ctz(mask), cycle);
}

/* False: the order of turns is another one now. */
static bool take_turn(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	uint64_t cycle = vn_nt_cycle_of(t->moment);
	unsigned int woken;

	t->waits = false;
	card->behind |= 1u << vn_nt_tid(card, t);
	if (card->in_order)
		vn_nt_step_watched(card, t);
	else
		vn_nt_step(card, t, true);
	woken = vn_nt_hw_woken(card->hw);
	if (woken)
		wake_those(card, woken, cycle);
	if (t->state == VN_NT_RUNNING && vn_nt_hw_attention(card->hw) == VN_NT_NEVER)
		return !woken;
	look_for_stops(card, cycle);
	return false;
}

/* One turn after another, while it is this thread's. False: it came too late. */
static bool take_turns(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t until)
{
	while (take_turn(card, t) && !card->mem->is_late) {
		if (!all_run_ahead(card))
			return false;
		if (!t->waits || t->moment >= until ||
		    vn_nt_hw_next(card->hw) <= vn_nt_cycle_of(t->moment))
			break;
	}
	return !card->mem->is_late;
}

static void let_happen(struct vn_nt_card *card, uint64_t cycle)
{
	vn_nt_hw_run(card->hw, cycle);
	if (vn_nt_hw_has_packet(card->hw))
		vn_nt_poll_wake_one(card, cycle);
	look_for_stops(card, cycle);
}

/* Everything before the horizon. False: somebody came too late, or the horizon
 * came nearer when some had passed it. */
static bool run_span(struct vn_nt_card *card)
{
	uint64_t horizon = card->horizon;

	card->behind = (1u << VN_NT_THREADS) - 1;
	while (all_run_ahead(card)) {
		uint64_t until, next = vn_nt_hw_next(card->hw);
		struct vn_nt_thread *t = first_waiting(card, &until);

		if (next <= vn_nt_cycle_of(t ? t->moment : card->horizon - 1))
			let_happen(card, next);
		else if (!t)
			return true;
		else if (!take_turns(card, t, until))
			return false;
		if (card->mem->is_late || (card->horizon != horizon && !card->in_order))
			return false;
	}
	return false;
}

/* -- Checkpoints ---------------------------------------------------------- */

static void save(struct vn_nt_card *card)
{
	memcpy(card->saved, card->threads, sizeof(card->saved));
	card->saved_n_faults = card->n_faults;
	vn_nt_memory_save(card->mem, vn_nt_moment(card->cycle, 0));
	vn_nt_hw_save(card->hw);
	card->stats.checkpoints++;
}

static void restore(struct vn_nt_card *card)
{
	memcpy(card->threads, card->saved, sizeof(card->saved));
	card->n_faults = card->saved_n_faults;
	vn_nt_memory_restore(card->mem);
	vn_nt_hw_restore(card->hw);
	card->stats.rollbacks++;
}

/* From one checkpoint to the next, at most to the cycle. */
static void run_to_checkpoint(struct vn_nt_card *card, uint64_t until)
{
	uint64_t end = VN_MIN(until, card->cycle + card->span_cycles);

	card->horizon = vn_nt_moment(end, 0);
	while (!run_span(card)) {
		if (card->mem->is_late) {
			card->span_cycles = VN_MAX(card->span_cycles / 4, SPAN_MIN);
			end = VN_MIN(end, card->cycle + card->span_cycles);
			card->horizon = vn_nt_moment(end, 0);
		}
		card->stop = VN_NT_STOP_UNTIL; /* will be found again on the way */
		restore(card);
	}
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		card->threads[i].waits = false;
	card->cycle = vn_nt_cycle_of(card->horizon);
	card->span_cycles = VN_MIN(card->span_cycles * 2, SPAN_MAX);
	save(card);
}

/* -- A run ------------------------------------------------------------------ */

static bool nobody_runs(const struct vn_nt_card *card)
{
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (runs(&card->threads[i]))
			return false;
	return true;
}

/* Whether instructions are looked at one by one from now on; *until comes
 * nearer to where that changes. */
static bool is_watched(const struct vn_nt_card *card, uint64_t *until)
{
	const struct vn_nt_hw_config *hw = &card->cfg.hw;

	if (card->cfg.profile || vn_nt_has_breaks(card))
		return true;
	if (!(hw->trace & VN_NT_TRACED_INSNS) || card->cycle > hw->trace_to)
		return false;
	if (card->cycle >= hw->trace_from)
		return true;
	*until = VN_MIN(*until, hw->trace_from);
	return false;
}

/* The cycle in which the card has been idle for long enough. */
static uint64_t idle_at(const struct vn_nt_card *card)
{
	uint64_t n = card->cfg.idle_cycles;

	return n ? VN_MAX(vn_nt_hw_last_event(card->hw), card->idle_from) + n : VN_NT_NEVER;
}

static void run_on(struct vn_nt_card *card, uint64_t until)
{
	until = VN_MIN(until, idle_at(card));
	card->in_order = is_watched(card, &until);
	card->mem->tracks = !card->in_order;
	/* Nothing happens before the next event if nobody runs. */
	if (nobody_runs(card)) {
		card->cycle = VN_MAX(card->cycle, VN_MIN(until, vn_nt_hw_next(card->hw)));
		save(card);
	}
	if (card->cycle < until)
		run_to_checkpoint(card, until);
	if (card->stop == VN_NT_STOP_UNTIL && card->cycle >= idle_at(card))
		card->stop = VN_NT_STOP_IDLE;
}

/* A program has run, and nobody of it is left. */
static bool is_over(const struct vn_nt_card *card)
{
	return !any(card, VN_NT_RUNNING) && !any(card, VN_NT_ASLEEP) &&
	       (any(card, VN_NT_ENDED) || any(card, VN_NT_FAULTED)) && !card->cfg.hw.has_driver;
}

static bool is_endless(const struct vn_nt_card *card, uint64_t until)
{
	return until == VN_NT_NEVER && nobody_runs(card) && idle_at(card) == VN_NT_NEVER &&
	       vn_nt_hw_next(card->hw) == VN_NT_NEVER;
}

enum vn_nt_stop vn_nt_card_run(struct vn_nt_card *card, uint64_t until)
{
	if (is_over(card) && !vn_nt_hw_is_leaving(card->hw))
		return VN_NT_STOP_ENDED;
	card->stop = VN_NT_STOP_UNTIL;
	save(card);
	while (card->stop == VN_NT_STOP_UNTIL && card->cycle < until) {
		if (is_endless(card, until))
			card->stop = VN_NT_STOP_IDLE;
		else
			run_on(card, until);
	}
	card->nobody_ran = nobody_runs(card);
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (card->threads[i].polls)
			vn_nt_poll_settle(card, &card->threads[i], card->cycle);
	return card->stop;
}

bool vn_nt_card_is_quiet(const struct vn_nt_card *card)
{
	return card->nobody_ran && vn_nt_hw_next(card->hw) == VN_NT_NEVER;
}

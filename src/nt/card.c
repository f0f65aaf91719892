/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card from outside: making, loading, starting and looking at it.
 */
#include "nt/card_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RE2 0x20
/* Cycles from the first checkpoint to the next; grows and shrinks from there. */
#define FIRST_SPAN	512
#define WORDS_PER_START 12 /* of each thread's start block (spec 1.5) */

const struct vn_nt_config vn_nt_defaults = {
	.hw = VN_NT_HW_DEFAULTS,
	.div_slots = 8,
};

static int check_config(const struct vn_nt_config *cfg, struct vn_err *err)
{
	if (cfg->div_slots < 1 || cfg->div_slots > 1024)
		return vn_err_set(err, EINVAL, "division in %u slots: 1 to 1024", cfg->div_slots);
	return 0;
}

/* Most words are 0, which is the same anywhere. */
static void decode_all(struct vn_nt_card *card)
{
	const struct vn_nt_insn nop = vn_nt_decode(0, VN_NT_TEXT_BASE);

	for (uint32_t i = 0; i < VN_NT_TEXT_WORDS; i++)
		card->text[i] = card->words[i]
					? vn_nt_decode(card->words[i], VN_NT_TEXT_BASE + 4 * i)
					: nop;
}

int vn_nt_card_new(const struct vn_nt_config *cfg, struct vn_nt_card **out, struct vn_err *err)
{
	struct vn_nt_card *card;
	int r = check_config(cfg, err);

	*out = NULL;
	if (r)
		return r;
	card = calloc(1, sizeof(*card));
	if (!card)
		return vn_err_set(err, ENOMEM, "no memory for the card");
	card->cfg = *cfg;
	card->span_cycles = FIRST_SPAN;
	card->breaks.step_tid = -1;
	card->words = calloc(VN_NT_TEXT_WORDS, sizeof(*card->words));
	card->text = calloc(VN_NT_TEXT_WORDS, sizeof(*card->text));
	r = card->words && card->text ? 0 : vn_err_set(err, ENOMEM, "no memory for the card");
	if (!r)
		r = vn_nt_memory_new(cfg->hw.model != RE2, &card->mem, err);
	if (!r)
		r = vn_nt_hw_new(&cfg->hw, card->mem, &card->hw, err);
	if (r) {
		vn_nt_card_free(card);
		return r;
	}
	vn_nt_card_hold(card);
	*out = card;
	return 0;
}

void vn_nt_card_free(struct vn_nt_card *card)
{
	if (!card)
		return;
	vn_nt_code_free(card->code);
	vn_nt_hw_free(card->hw);
	vn_nt_memory_free(card->mem);
	free(card->breaks.list);
	free(card->text);
	free(card->words);
	free(card);
}

const char *vn_nt_card_engine(const struct vn_nt_card *card, const char **why)
{
	*why = card->code ? "" : card->why_interpreted ? card->why_interpreted : "";
	return card->code ? "translate" : "interpret";
}

/* -- Loading and starting --------------------------------------------------- */

void vn_nt_card_hold(struct vn_nt_card *card)
{
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		card->threads[i] = (struct vn_nt_thread){
			.state = VN_NT_HELD,
			.pc = VN_NT_TEXT_BASE + 4 * WORDS_PER_START * i,
			.moment = vn_nt_first_slot(i, card->cycle),
		};
	card->n_faults = 0;
}

static void drop_code(struct vn_nt_card *card)
{
	vn_nt_code_free(card->code);
	card->code = NULL;
}

int vn_nt_card_load_text(struct vn_nt_card *card, uint32_t word, const uint32_t *words, uint32_t n,
			 struct vn_err *err)
{
	if (word > VN_NT_TEXT_WORDS || n > VN_NT_TEXT_WORDS - word)
		return vn_err_set(err, EINVAL, "%u words at word %u: instruction memory has %u", n,
				  word, VN_NT_TEXT_WORDS);
	vn_nt_card_hold(card);
	drop_code(card);
	memset(card->words, 0, VN_NT_TEXT_WORDS * sizeof(*card->words));
	memcpy(card->words + word, words, n * sizeof(*words));
	vn_nt_memory_clear(card->mem);
	vn_nt_hw_reset(card->hw, card->cycle);
	card->has_text = true;
	return 0;
}

int vn_nt_card_load_data(struct vn_nt_card *card, uint32_t addr, const uint8_t *bytes, uint32_t len,
			 struct vn_err *err)
{
	if (!card->has_text)
		return vn_err_set(err, EPROTO, "data before instructions: load those first");
	if (addr < VN_NT_DATA_BASE || addr - VN_NT_DATA_BASE > VN_NT_DATA_SIZE ||
	    len > VN_NT_DATA_SIZE - (addr - VN_NT_DATA_BASE))
		return vn_err_set(err, EINVAL,
				  "%u bytes at 0x%08x: data memory is 0x%08x to 0x%08x", len, addr,
				  VN_NT_DATA_BASE, VN_NT_DATA_BASE + VN_NT_DATA_SIZE - 1);
	memcpy(card->mem->bytes + addr, bytes, len);
	return 0;
}

/* All threads begin together, in the cycle that programs read as 0: the next
 * one in which it is the turn of slot 0. */
void vn_nt_card_start(struct vn_nt_card *card)
{
	card->cycle += -card->cycle % VN_NT_SLOT_CYCLES;
	card->time_base = card->cycle;
	card->idle_from = card->cycle;
	vn_nt_card_hold(card);
	vn_nt_hw_reset(card->hw, card->cycle);
	vn_nt_memory_forget(card->mem, vn_nt_moment(card->cycle, 0));
	if (!card->code) {
		decode_all(card);
		if (card->cfg.engine == VN_NT_TRANSLATE)
			vn_nt_code_new(card, &card->code, &card->why_interpreted);
	}
	for (unsigned int i = 0; i < card->cfg.hw.cpus * VN_NT_THREADS_PER_CPU; i++) {
		card->threads[i].state = VN_NT_RUNNING;
		card->threads[i].start = card->threads[i].moment;
	}
}

int vn_nt_card_load(struct vn_nt_card *card, const struct vn_nt_image *image, struct vn_err *err)
{
	int r = vn_nt_card_load_text(card, 0, image->text, image->n_text, err);

	for (unsigned int i = 0; !r && i < image->n_pieces; i++)
		r = vn_nt_card_load_data(card, image->pieces[i].addr, image->pieces[i].bytes,
					 image->pieces[i].len, err);
	if (!r)
		vn_nt_card_start(card);
	return r;
}

/* -- Views -------------------------------------------------------------------- */

uint64_t vn_nt_card_cycle(const struct vn_nt_card *card)
{
	return card->cycle;
}

struct vn_nt_hw *vn_nt_card_hw(struct vn_nt_card *card)
{
	return card->hw;
}

const struct vn_nt_fault *vn_nt_card_fault(const struct vn_nt_card *card, unsigned int i)
{
	return i < card->n_faults ? &card->faults[i] : NULL;
}

static uint64_t instructions(const struct vn_nt_thread *t)
{
	uint64_t slots = (t->moment - t->start) / VN_NT_SLOT_MOMENTS;

	if (t->state == VN_NT_HELD)
		return 0;
	for (unsigned int i = 0; i < VN_NT_N_STALLS; i++)
		slots -= t->lost[i];
	return slots;
}

/* A thread that sleeps has lost the slots since, too. */
static uint64_t asleep_cycles(const struct vn_nt_card *card, const struct vn_nt_thread *t)
{
	uint64_t now = vn_nt_first_slot(vn_nt_tid(card, t), card->cycle);

	return t->state == VN_NT_ASLEEP && now > t->moment ? vn_nt_cycle_of(now - t->moment) : 0;
}

void vn_nt_card_thread(const struct vn_nt_card *card, unsigned int tid,
		       struct vn_nt_thread_view *view)
{
	const struct vn_nt_thread *t = &card->threads[tid];

	*view = (struct vn_nt_thread_view){
		.state = t->state,
		.pc = t->pc,
		.hi = t->hi,
		.lo = t->lo,
		.exit_value = t->exit_value,
		.lock = t->state == VN_NT_ASLEEP ? vn_nt_hw_waits_for(card->hw, tid) : -1,
		.instructions = instructions(t),
		.lock_cycles =
			t->lost[VN_NT_STALL_LOCK] * VN_NT_SLOT_CYCLES + asleep_cycles(card, t),
		.send_cycles = t->lost[VN_NT_STALL_SEND] * VN_NT_SLOT_CYCLES,
		.div_cycles = t->lost[VN_NT_STALL_DIV] * VN_NT_SLOT_CYCLES,
	};
	memcpy(view->regs, t->r, sizeof(view->regs));
}

void vn_nt_card_run_stats(const struct vn_nt_card *card, struct vn_nt_run_stats *stats)
{
	*stats = card->stats;
	stats->instructions = 0;
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		stats->instructions += instructions(&card->threads[i]);
}

uint64_t vn_nt_card_memory_hash(const struct vn_nt_card *card)
{
	return vn_nt_memory_hash(card->mem);
}

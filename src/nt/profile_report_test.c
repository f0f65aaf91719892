/* SPDX-License-Identifier: BSD-2-Clause */
/* A program on the card, whose profile was worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nt/profile_report.h"

/*
 * Thread 0: start calls twice what takes lock 3 and gives it back, then divides and
 * ends. Thread 1 takes lock 3 in its first slot and never gives it back before thread 0
 * has waited: it divides, then unlocks. All others end at once.
 */
/* clang-format off */
#define LUI_LOCK   0x3c022000 /* lui v0,0x2000: GET_LOCK at 4(v0) */
#define LUI_UNLOCK 0x3c034000 /* lui v1,0x4000: UN_LOCK at 4(v1) */
#define LI_3	   0x34040003 /* ori a0,zero,3 */
#define LOCK	   0xac440004 /* sw a0,4(v0) */
#define UNLOCK	   0xac640004 /* sw a0,4(v1) */
#define DIV	   0x0004001a /* div zero,a0 */
#define JR_RA	   0x03e00008
#define JAL(word)  (0x0c000000u | (word))
#define SELF(word) (0x08000000u | (word))
#define AT(word)   (VN_NT_TEXT_BASE + 4 * (word))

static uint32_t text[12 * VN_NT_THREADS + 4] = {
	[0] = LUI_LOCK, LUI_UNLOCK, LI_3, JAL(96), JAL(96), DIV, SELF(6),
	[12] = LUI_LOCK, LI_3, LOCK, LUI_UNLOCK, DIV, UNLOCK, SELF(18),
	[24] = SELF(24), [36] = SELF(36), [48] = SELF(48), [60] = SELF(60), [72] = SELF(72),
	[84] = SELF(84),
	[96] = LOCK, UNLOCK, JR_RA,
};
/* clang-format on */
static struct vn_nt_symbol symbols[] = {
	{ AT(0), 48, (char *)"start" },
	{ AT(12), 48, (char *)"other" },
	{ AT(96), 12, (char *)"take" },
};
static const struct vn_nt_image image = {
	.text = text,
	.n_text = VN_ARRAY_SIZE(text),
	.symbols = symbols,
	.n_symbols = VN_ARRAY_SIZE(symbols),
};

static struct vn_nt_profile *run(uint64_t until, struct vn_nt_card **card)
{
	struct vn_nt_config cfg = vn_nt_defaults;
	struct vn_err err;

	assert_int_equal(vn_nt_profile_new(&image, &cfg.profile, &err), 0);
	assert_int_equal(vn_nt_card_new(&cfg, card, &err), 0);
	assert_int_equal(vn_nt_card_load(*card, &image, &err), 0);
	vn_nt_card_run(*card, until);
	vn_nt_profile_settle(cfg.profile, *card);
	return cfg.profile;
}

static const struct vn_nt_profile_sum *find(const struct vn_nt_profile_sum *sums, uint32_t n,
					    const char *name)
{
	for (; n > 0; n--)
		if (strcmp(sums[n - 1].function->name, name) == 0)
			return &sums[n - 1];
	fail_msg("%s has not been executed", name);
	return NULL;
}

/*
 * Thread 1: lui at cycle 1, ori 5, lock 9, lui 13, div 17 (eight slots), unlock 49, end 53.
 * Thread 0: lui, lui, ori, jal at 0 to 12, lock at 16: asleep, for thread 1 has it since 9.
 * It goes on at 52, the first slot behind 49, 32 cycles after 20, where it would have been:
 * unlock 52, jr 56, jal 60, lock 64, unlock 68, jr 72, div 76 (to 104), end 108.
 */
static void functions_have_what_their_instructions_cost(void **state)
{
	struct vn_nt_card *card;
	struct vn_nt_profile *p = run(VN_NT_NEVER, &card);
	const struct vn_nt_profile_sum *s;
	struct vn_nt_profile_sum *sums;
	struct vn_nt_profile_row row;
	uint32_t n;

	assert_int_equal(vn_nt_profile_sums(p, &sums, &n, NULL), 0);
	s = find(sums, n, "take");
	assert_int_equal(s->calls, 2);
	assert_int_equal(s->executed, 6);
	assert_int_equal(s->stalled[VN_NT_STALL_LOCK], 32);
	assert_int_equal(s->cycles, 6 * 4 + 32);
	assert_int_equal(s->total, s->cycles);
	assert_int_equal(s->by_thread[0], s->cycles);
	s = find(sums, n, "start");
	assert_int_equal(s->calls, 1);
	assert_int_equal(s->executed, 7);
	assert_int_equal(s->stalled[VN_NT_STALL_DIV], 28);
	assert_int_equal(s->cycles, 7 * 4 + 28);
	assert_int_equal(s->total, 7 * 4 + 28 + 6 * 4 + 32);
	s = find(sums, n, "other");
	assert_int_equal(s->by_thread[0], 0);
	assert_int_equal(s->by_thread[1], 7 * 4 + 28);
	row = vn_nt_profile_thread(p, 0);
	assert_int_equal(row.executed, 13);
	assert_int_equal(vn_nt_profile_cycles(&row), 112); /* it ended in the slot at 108 */
	assert_int_equal(p->threads[0].lock_waits[3], 1);
	assert_int_equal(p->threads[0].lock_cycles[3], 32);
	assert_int_equal(p->threads[1].lock_waits[3], 0);
	free(sums);
	vn_nt_card_free(card);
	vn_nt_profile_free(p);
}

static void most_cycles_come_first(void **state)
{
	struct vn_nt_card *card;
	struct vn_nt_profile *p = run(VN_NT_NEVER, &card);
	struct vn_nt_profile_sum *sums;
	uint32_t i, n;

	assert_int_equal(vn_nt_profile_sums(p, &sums, &n, NULL), 0);
	assert_int_equal(n, 4); /* where the others end is one function without a name */
	for (i = 1; i < n; i++)
		assert_true(sums[i - 1].cycles >= sums[i].cycles);
	free(sums);
	vn_nt_card_free(card);
	vn_nt_profile_free(p);
}

static void waits_that_last_are_told_once(void **state)
{
	struct vn_nt_card *card;
	struct vn_nt_profile *p = run(40, &card); /* thread 0 has been asleep since 20 */

	assert_int_equal(p->threads[0].lock_cycles[3], 20);
	vn_nt_profile_settle(p, card);
	assert_int_equal(p->threads[0].lock_cycles[3], 20);
	assert_int_equal(p->threads[0].rows[96].stalled[VN_NT_STALL_LOCK], 20);
	vn_nt_card_free(card);
	vn_nt_profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_what_their_instructions_cost),
		cmocka_unit_test(most_cycles_come_first),
		cmocka_unit_test(waits_that_last_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

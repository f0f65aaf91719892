/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's ways to run and to stop, with programs of a few words. That both
 * engines do what the definition says, tests/nt shows with many programs.
 */
#include "nt/card.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* Registers by number. */
enum { ZERO, AT, V0, V1, A0, A1, T0 = 8, T1, T2, T3 };

#define ADDIU(t, s, imm) (0x24000000u | (s) << 21 | (t) << 16 | ((imm)&0xffffu))
#define ORI(t, s, imm)	 (0x34000000u | (s) << 21 | (t) << 16 | ((imm)&0xffffu))
#define LUI(t, imm)	 (0x3c000000u | (t) << 16 | (imm))
#define LW(t, off, s)	 (0x8c000000u | (s) << 21 | (t) << 16 | ((off)&0xffffu))
#define SW(t, off, s)	 (0xac000000u | (s) << 21 | (t) << 16 | ((off)&0xffffu))
#define BNE(s, t, words) (0x14000000u | (s) << 21 | (t) << 16 | ((words)&0xffffu))
#define BEQ(s, t, words) (0x10000000u | (s) << 21 | (t) << 16 | ((words)&0xffffu))
#define J(word)		 (0x08000000u | (word))
#define PARK		 BEQ(ZERO, ZERO, -1)
#define HALT(t)		 LUI(T3, 0xc000), SW(t, 0x110, T3)
#define ILLEGAL		 0xffffffffu

struct rig {
	struct vn_nt_card *card;
	enum vn_nt_engine engine;
};

static const enum vn_nt_engine engines[] = { VN_NT_TRANSLATE, VN_NT_INTERPRET };

static void open_card(struct rig *g, const struct vn_nt_config *given, unsigned int engine)
{
	struct vn_nt_config cfg = given ? *given : vn_nt_defaults;
	struct vn_err err;

	cfg.engine = engines[engine];
	assert_int_equal(vn_nt_card_new(&cfg, &g->card, &err), 0);
}

static void close_card(struct rig *g)
{
	vn_nt_card_free(g->card);
}

/* Thread 0 runs `words` from word 128 on, the others park. */
static void load(struct rig *g, const uint32_t *words, uint32_t n)
{
	uint32_t text[256] = { 0 };

	text[0] = J(128);
	for (unsigned int t = 1; t < VN_NT_THREADS; t++)
		text[12 * t] = PARK;
	memcpy(text + 128, words, n * sizeof(*words));
	assert_int_equal(vn_nt_card_load_text(g->card, 0, text, VN_ARRAY_SIZE(text), NULL), 0);
	vn_nt_card_start(g->card);
}

/* All threads run the words. */
static void load_all(struct rig *g, const uint32_t *words, uint32_t n)
{
	uint32_t text[256] = { 0 };

	for (unsigned int t = 0; t < VN_NT_THREADS; t++)
		text[12 * t] = J(128);
	memcpy(text + 128, words, n * sizeof(*words));
	assert_int_equal(vn_nt_card_load_text(g->card, 0, text, VN_ARRAY_SIZE(text), NULL), 0);
	vn_nt_card_start(g->card);
}

static struct vn_nt_thread_view view(struct rig *g, unsigned int tid)
{
	struct vn_nt_thread_view v;

	vn_nt_card_thread(g->card, tid, &v);
	return v;
}

static void a_program_ends(void **state)
{
	static const uint32_t words[] = { ORI(V0, ZERO, 42), HALT(V0) };

	for (unsigned int e = 0; e < 2; e++) {
		struct rig g;

		open_card(&g, NULL, e);
		load(&g, words, VN_ARRAY_SIZE(words));
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_ENDED);
		/* Jump, ori, lui, sw: slots in cycles 0, 4, 8, 12. */
		assert_int_equal(vn_nt_card_cycle(g.card), 13);
		assert_int_equal(view(&g, 0).state, VN_NT_ENDED);
		assert_int_equal(view(&g, 0).exit_value, 42);
		assert_int_equal(view(&g, 0).instructions, 4);
		assert_int_equal(view(&g, 7).exit_value, 0);
		assert_int_equal(view(&g, 7).instructions, 1);
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_ENDED);
		assert_int_equal(vn_nt_card_cycle(g.card), 13);
		close_card(&g);
	}
}

static void loading_has_an_order(void **state)
{
	struct vn_err err;
	struct rig g;
	uint8_t byte = 0;
	uint32_t word = 0;

	open_card(&g, NULL, 0);
	assert_int_equal(vn_nt_card_load_data(g.card, 0x04040000, &byte, 1, &err), -EPROTO);
	assert_int_equal(vn_nt_card_load_text(g.card, 65536, &word, 1, &err), -EINVAL);
	assert_int_equal(vn_nt_card_load_text(g.card, 65535, &word, 1, &err), 0);
	assert_int_equal(vn_nt_card_load_data(g.card, 0x08000000, &byte, 1, &err), -EINVAL);
	assert_string_equal(err.text,
			    "1 bytes at 0x08000000: data memory is 0x04000000 to 0x07ffffff");
	assert_int_equal(vn_nt_card_run(g.card, 100), VN_NT_STOP_UNTIL); /* held */
	assert_int_equal(view(&g, 0).instructions, 0);
	close_card(&g);
}

/* Adds 1 to a shared word for ever, without a lock. */
static const uint32_t race[] = {
	LUI(T0, 0x0404), LW(T1, 0, T0), ADDIU(T1, T1, 1), SW(T1, 0, T0), BEQ(ZERO, ZERO, -4),
};

static void slices_make_no_difference(void **state)
{
	for (unsigned int e = 0; e < 2; e++) {
		struct rig whole, sliced;
		uint64_t step = 1;

		open_card(&whole, NULL, e);
		open_card(&sliced, NULL, e);
		load_all(&whole, race, VN_ARRAY_SIZE(race));
		load_all(&sliced, race, VN_ARRAY_SIZE(race));
		assert_int_equal(vn_nt_card_run(whole.card, 10007), VN_NT_STOP_UNTIL);
		while (vn_nt_card_cycle(sliced.card) < 10007) {
			uint64_t to = VN_MIN(10007, vn_nt_card_cycle(sliced.card) + step);

			assert_int_equal(vn_nt_card_run(sliced.card, to), VN_NT_STOP_UNTIL);
			assert_int_equal(vn_nt_card_cycle(sliced.card), to);
			step = step * 7 % 97;
		}
		assert_true(vn_nt_card_memory_hash(whole.card) ==
			    vn_nt_card_memory_hash(sliced.card));
		for (unsigned int t = 0; t < VN_NT_THREADS; t++) {
			struct vn_nt_thread_view a = view(&whole, t), b = view(&sliced, t);

			assert_memory_equal(&a, &b, sizeof(a));
		}
		close_card(&whole);
		close_card(&sliced);
	}
}

static void who_runs_ahead_goes_back(void **state)
{
	struct vn_nt_run_stats stats;
	struct rig g;

	open_card(&g, NULL, 0);
	load_all(&g, race, VN_ARRAY_SIZE(race));
	vn_nt_card_run(g.card, 100000);
	vn_nt_card_run_stats(g.card, &stats);
	assert_in_range(stats.rollbacks, 1, 100); /* learned once, not again and again */
	assert_int_equal(stats.instructions, 200000);
	close_card(&g);
}

static void a_fault_stops_in_its_cycle(void **state)
{
	static const struct {
		uint32_t words[4];
		const char *reason;
		uint64_t cycle;
	} rows[] = {
		{ { ILLEGAL }, "illegal instruction 0xffffffff", 4 },
		{ { ORI(T0, ZERO, 2), SW(T0, 0, T0) },
		  "store of 4 bytes at 0x00000002, misaligned",
		  8 },
		{ { LW(T0, 4, ZERO) }, "load at 0x00000004, outside the memories", 4 },
		{ { LUI(T0, 0xc000), 0x91080000 /* lbu */ },
		  "load of 1 bytes at 0xc0000000: registers take words only",
		  8 },
		{ { 0x0000000d }, "break", 4 },
		{ { LUI(T0, 0x7fff), 0x01084020 /* add t0,t0,t0 */ }, "signed overflow", 8 },
		{ { ORI(T0, ZERO, 64), 0x01000008 /* jr t0 */ },
		  "fetch from 0x00000040, outside instruction memory",
		  12 },
	};

	for (unsigned int n = 0; n < 2 * VN_ARRAY_SIZE(rows); n++) {
		const struct vn_nt_fault *f;
		struct rig g;

		open_card(&g, NULL, n % 2);
		load(&g, rows[n / 2].words, 4);
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_FAULT);
		f = vn_nt_card_fault(g.card, 0);
		assert_non_null(f);
		assert_string_equal(f->reason, rows[n / 2].reason);
		assert_int_equal(f->cycle, rows[n / 2].cycle);
		assert_int_equal(f->tid, 0);
		assert_int_equal(vn_nt_card_cycle(g.card), f->cycle + 1);
		assert_null(vn_nt_card_fault(g.card, 1));
		close_card(&g);
	}
}

static void with_fault_halts_the_others_go_on(void **state)
{
	static const uint32_t words[] = { ILLEGAL };
	struct vn_nt_config cfg = vn_nt_defaults;
	struct rig g;

	cfg.fault_halts = true;
	open_card(&g, &cfg, 0);
	load_all(&g, words, 1);
	assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_ENDED);
	for (unsigned int t = 0; t < VN_NT_THREADS; t++) {
		assert_int_equal(view(&g, t).state, VN_NT_FAULTED);
		assert_int_equal(vn_nt_card_fault(g.card, t)->tid, (t % 2) * 4 + t / 2);
	}
	close_card(&g);
}

static void all_asleep_is_a_deadlock(void **state)
{
	static const uint32_t words[] = {
		LUI(T0, 0x2000),
		SW(ZERO, 4, T0),
		SW(ZERO, 4, T0),
		HALT(ZERO),
	};

	for (unsigned int e = 0; e < 2; e++) {
		struct rig g;

		open_card(&g, NULL, e);
		load(&g, words, VN_ARRAY_SIZE(words));
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_DEADLOCK);
		assert_int_equal(view(&g, 0).state, VN_NT_ASLEEP);
		assert_int_equal(view(&g, 0).lock, 0);
		assert_int_equal(vn_nt_card_cycle(g.card), 13);
		close_card(&g);
	}
}

/* A poll of the input, for ever. */
static const uint32_t poll[] = { LUI(T0, 0xa000), LW(V0, 0, T0), BEQ(ZERO, ZERO, -2) };

static void idle_cycles_end_a_run(void **state)
{
	struct vn_nt_config cfg = vn_nt_defaults;

	cfg.idle_cycles = 5000;
	for (unsigned int n = 0; n < 4; n++) {
		struct rig g;

		cfg.no_skip = n / 2;
		open_card(&g, &cfg, n % 2);
		load_all(&g, poll, VN_ARRAY_SIZE(poll));
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_IDLE);
		assert_int_equal(vn_nt_card_cycle(g.card), 5000);
		assert_int_equal(view(&g, 3).instructions, 1250);
		close_card(&g);
	}
}

/* One that takes and gives back a lock each time around. */
static const uint32_t locked_poll[] = {
	LUI(T0, 0xa000), LUI(T1, 0x2000), LUI(T2, 0x4000),     SW(ZERO, 4, T1),
	SW(ZERO, 4, T2), LW(V0, 0, T0),	  BEQ(ZERO, ZERO, -4),
};

/* 200 that count, and then some that do not. */
static const uint32_t counted_poll[] = {
	LUI(T0, 0xa000),   ADDIU(T1, ZERO, 200), LW(V0, 0, T0),	      ADDIU(T1, T1, -1),
	BNE(T1, ZERO, -3), LW(V0, 0, T0),	 BEQ(ZERO, ZERO, -2),
};

static void compare_polls(const uint32_t *words, unsigned int n)
{
	struct vn_nt_config cfg = vn_nt_defaults;
	struct rig skips, polls;
	uint8_t frame[100] = { 0 };

	open_card(&skips, &cfg, 0);
	cfg.no_skip = true;
	open_card(&polls, &cfg, 0);
	load_all(&skips, words, n);
	load_all(&polls, words, n);
	for (unsigned int i = 0; i < 5; i++) {
		vn_nt_hw_feed(vn_nt_card_hw(skips.card), 0, 1000 + 3000 * i, frame, sizeof(frame));
		vn_nt_hw_feed(vn_nt_card_hw(polls.card), 0, 1000 + 3000 * i, frame, sizeof(frame));
	}
	for (uint64_t to = 1; to < 40000; to += 1 + to / 3) {
		vn_nt_card_run(skips.card, to);
		vn_nt_card_run(polls.card, to);
		for (unsigned int t = 0; t < VN_NT_THREADS; t++) {
			struct vn_nt_thread_view a = view(&skips, t), b = view(&polls, t);

			assert_memory_equal(&a, &b, sizeof(a));
		}
	}
	close_card(&skips);
	close_card(&polls);
}

static void skipped_polls_leave_no_trace(void **state)
{
	compare_polls(poll, VN_ARRAY_SIZE(poll));
	compare_polls(locked_poll, VN_ARRAY_SIZE(locked_poll));
	compare_polls(counted_poll, VN_ARRAY_SIZE(counted_poll));
}

static bool is_quiet_after(struct rig *g, uint64_t cycle)
{
	vn_nt_card_run(g->card, cycle);
	return vn_nt_card_is_quiet(g->card);
}

static void who_waits_for_packets_is_quiet(void **state)
{
	static const uint32_t counts[] = { ADDIU(T0, T0, 1), BEQ(ZERO, ZERO, -2) };
	struct vn_nt_config cfg = vn_nt_defaults;
	const uint8_t frame[100] = { 0 };

	for (unsigned int e = 0; e < 4; e++) {
		struct rig g;

		cfg.no_skip = e / 2; /* when nobody can tell */
		open_card(&g, &cfg, e % 2);
		load_all(&g, poll, VN_ARRAY_SIZE(poll));
		assert_int_equal(is_quiet_after(&g, 1000), !cfg.no_skip);
		vn_nt_hw_feed(vn_nt_card_hw(g.card), 0, 5000, frame, sizeof(frame));
		assert_false(vn_nt_card_is_quiet(g.card));
		assert_false(is_quiet_after(&g, 5050));
		assert_int_equal(is_quiet_after(&g, 9000), !cfg.no_skip);
		load_all(&g, counts, VN_ARRAY_SIZE(counts));
		assert_false(is_quiet_after(&g, 20000));
		close_card(&g);
	}
}

static void breakpoints_stop_before(void **state)
{
	static const uint32_t words[] = {
		ORI(V0, ZERO, 1),
		ADDIU(V0, V0, 1),
		BNE(V0, ZERO, -2),
		HALT(V0),
	};
	const uint32_t at = 0x20000000 + 4 * 129;
	enum vn_nt_break_kind kind;
	struct rig g;
	uint32_t value;

	open_card(&g, NULL, 0);
	load(&g, words, VN_ARRAY_SIZE(words));
	assert_int_equal(vn_nt_card_break(g.card, VN_NT_BREAK_EXEC, at, 4, true), 0);
	for (uint32_t round = 1; round < 4; round++) {
		assert_int_equal(vn_nt_card_run(g.card, 1000), VN_NT_STOP_BREAK);
		assert_int_equal(vn_nt_card_broke(g.card, &kind, &value), 0);
		assert_int_equal(kind, VN_NT_BREAK_EXEC);
		assert_int_equal(value, at);
		assert_int_equal(vn_nt_card_get_reg(g.card, 0, V0, &value), 0);
		assert_int_equal(value, round);
	}
	assert_int_equal(vn_nt_card_break(g.card, VN_NT_BREAK_EXEC, at, 4, false), 0);
	assert_int_equal(vn_nt_card_break(g.card, VN_NT_BREAK_EXEC, at, 4, false), -ENOENT);
	assert_int_equal(vn_nt_card_set_reg(g.card, 0, V0, UINT32_MAX), 0);
	assert_int_equal(vn_nt_card_run(g.card, 1000), VN_NT_STOP_ENDED);
	assert_int_equal(view(&g, 0).exit_value, 0);
	close_card(&g);
}

static void watchpoints_stop_behind(void **state)
{
	enum vn_nt_break_kind kind;
	struct rig g;
	uint32_t addr;

	open_card(&g, NULL, 0);
	load_all(&g, race, VN_ARRAY_SIZE(race));
	assert_int_equal(vn_nt_card_break(g.card, VN_NT_BREAK_WRITE, 0x04040002, 1, true), 0);
	for (unsigned int n = 0; n < 8; n++) {
		assert_int_equal(vn_nt_card_run(g.card, 100), VN_NT_STOP_BREAK);
		assert_int_equal(vn_nt_card_broke(g.card, &kind, &addr), n % 2 * 4 + n / 2);
		assert_int_equal(kind, VN_NT_BREAK_WRITE);
		assert_int_equal(addr, 0x04040002);
	}
	assert_int_equal(vn_nt_card_peek(g.card, 0x04040000, &addr, 4), 4);
	assert_int_equal(addr, 0x01000000); /* all read 0 before the first wrote */
	close_card(&g);
}

static void a_step_is_one_instruction(void **state)
{
	struct rig g;

	open_card(&g, NULL, 0);
	load_all(&g, race, VN_ARRAY_SIZE(race));
	for (uint64_t n = 1; n < 20; n++) {
		assert_int_equal(vn_nt_card_step(g.card, 5, VN_NT_NEVER), VN_NT_STOP_BREAK);
		assert_int_equal(view(&g, 5).instructions, n);
		assert_int_equal(view(&g, 2).instructions, n - 1);
		assert_int_equal(view(&g, 0).instructions, n);
	}
	close_card(&g);
}

static void peeking_ends_with_the_memory(void **state)
{
	uint8_t bytes[16];
	struct rig g;

	open_card(&g, NULL, 0);
	load(&g, poll, VN_ARRAY_SIZE(poll));
	assert_int_equal(vn_nt_card_peek(g.card, 0x10003ff8, bytes, 16), 8);
	assert_int_equal(vn_nt_card_peek(g.card, 0x07fffff8, bytes, 16), 16); /* output follows */
	assert_int_equal(vn_nt_card_peek(g.card, 0xc0000000, bytes, 4), 0);
	assert_int_equal(vn_nt_card_peek(g.card, 0x20000201, bytes, 3), 3);
	assert_memory_equal(bytes, "\x08\xa0\x00", 3);
	assert_int_equal(vn_nt_card_poke(g.card, 0x20000200, bytes, 4), 0);
	assert_int_equal(vn_nt_card_poke(g.card, 0x04050000, bytes, 4), 4);
	assert_int_equal(vn_nt_card_get_reg(g.card, 0, 35, (uint32_t *)bytes), -EINVAL);
	assert_int_equal(vn_nt_card_set_reg(g.card, 0, 0, 1), -EINVAL);
	close_card(&g);
}

static void a_start_begins_anew(void **state)
{
	static const uint32_t words[] = {
		LUI(T0, 0xc000),
		LW(V0, 0, T0),
		HALT(V0),
	};
	struct rig g;

	open_card(&g, NULL, 0);
	for (unsigned int round = 0; round < 3; round++) {
		load(&g, words, VN_ARRAY_SIZE(words));
		assert_int_equal(vn_nt_card_run(g.card, VN_NT_NEVER), VN_NT_STOP_ENDED);
		assert_int_equal(view(&g, 0).exit_value, 8); /* its clock begins at 0 */
		assert_int_equal(vn_nt_card_cycle(g.card), 17 + 20 * round);
	}
	close_card(&g);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_ends),
		cmocka_unit_test(loading_has_an_order),
		cmocka_unit_test(slices_make_no_difference),
		cmocka_unit_test(who_runs_ahead_goes_back),
		cmocka_unit_test(a_fault_stops_in_its_cycle),
		cmocka_unit_test(with_fault_halts_the_others_go_on),
		cmocka_unit_test(all_asleep_is_a_deadlock),
		cmocka_unit_test(idle_cycles_end_a_run),
		cmocka_unit_test(skipped_polls_leave_no_trace),
		cmocka_unit_test(who_waits_for_packets_is_quiet),
		cmocka_unit_test(breakpoints_stop_before),
		cmocka_unit_test(watchpoints_stop_behind),
		cmocka_unit_test(a_step_is_one_instruction),
		cmocka_unit_test(peeking_ends_with_the_memory),
		cmocka_unit_test(a_start_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

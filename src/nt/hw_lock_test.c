/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: who gets one, when, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nt/hw_fixture_test.h"

static enum vn_nt_answer lock(struct rig *g, uint64_t cycle, unsigned int tid, uint32_t value)
{
	return store_as(g, cycle, tid, GET_LOCK, value);
}

/* Returns who is woken. */
static unsigned int unlock(struct rig *g, uint64_t cycle, unsigned int tid, uint32_t value)
{
	assert_int_equal(store_as(g, cycle, tid, UN_LOCK, value), VN_NT_DONE);
	return vn_nt_hw_woken(g->hw);
}

static void a_clear_lock_is_obtained_at_once(void **state)
{
	struct rig *g = *state;

	assert_int_equal(lock(g, 0, 0, 5), VN_NT_DONE);
	assert_int_equal(lock(g, 0, 4, 5), VN_NT_SLEEP);
	assert_int_equal(lock(g, 0, 5, 6), VN_NT_DONE);
	assert_int_equal(vn_nt_hw_waits_for(g->hw, 0), -1);
	assert_int_equal(vn_nt_hw_waits_for(g->hw, 4), 5);
}

static void numbers_wrap_at_sixteen(void **state)
{
	static const struct {
		uint32_t first, second;
		enum vn_nt_answer answer;
	} cases[] = {
		{ 1, 17, VN_NT_SLEEP },		 { 0, 16, VN_NT_SLEEP },
		{ 15, 0xffffffff, VN_NT_SLEEP }, { 8, 0x80000008, VN_NT_SLEEP },
		{ 1, 18, VN_NT_DONE },		 { 0, 15, VN_NT_DONE },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		rig_again(g, &vn_nt_hw_defaults);
		assert_int_equal(lock(g, 0, 0, cases[i].first), VN_NT_DONE);
		assert_int_equal(lock(g, 1, 1, cases[i].second), cases[i].answer);
		assert_int_equal(unlock(g, 2, 2, cases[i].second),
				 cases[i].answer == VN_NT_SLEEP ? 1u << 1 : 0);
	}
}

static void who_has_waited_longest_is_first(void **state)
{
	struct rig *g = *state;

	lock(g, 0, 0, 3);
	lock(g, 5, 1, 3);
	lock(g, 6, 2, 3);
	lock(g, 8, 4, 3);
	lock(g, 11, 3, 3);
	assert_int_equal(unlock(g, 12, 0, 3), 1u << 1);
	/* It stays set: who asks now is behind all others. */
	assert_int_equal(lock(g, 16, 0, 3), VN_NT_SLEEP);
	assert_int_equal(unlock(g, 17, 1, 3), 1u << 2);
	assert_int_equal(unlock(g, 18, 2, 3), 1u << 4);
	assert_int_equal(unlock(g, 20, 4, 3), 1u << 3);
	assert_int_equal(unlock(g, 23, 3, 3), 1u << 0);
	assert_int_equal(unlock(g, 24, 0, 3), 0);
	assert_int_equal(lock(g, 25, 1, 3), VN_NT_DONE);
}

static void of_one_cycle_the_lower_thread_is_first(void **state)
{
	struct rig *g = *state;

	lock(g, 0, 0, 3);
	lock(g, 6, 2, 3);
	lock(g, 6, 6, 3);
	lock(g, 7, 3, 3);
	assert_int_equal(unlock(g, 8, 0, 3), 1u << 2);
	assert_int_equal(unlock(g, 8, 4, 3), 1u << 6);
	assert_int_equal(unlock(g, 9, 1, 3), 1u << 3);
}

static void locks_do_not_know_who_set_them(void **state)
{
	struct rig *g = *state;

	assert_int_equal(unlock(g, 0, 0, 9), 0); /* a clear one: nothing */
	assert_int_equal(lock(g, 4, 0, 9), VN_NT_DONE);
	assert_int_equal(lock(g, 8, 0, 9), VN_NT_SLEEP); /* its own */
	assert_int_equal(unlock(g, 9, 1, 9), 1u << 0);
	assert_int_equal(unlock(g, 13, 1, 9), 0); /* another's */
	assert_int_equal(lock(g, 17, 1, 9), VN_NT_DONE);
}

static void waits_are_counted_by_lock(void **state)
{
	const struct vn_nt_counters *c;
	struct rig *g = *state;

	lock(g, 0, 0, 3);
	lock(g, 5, 1, 3);
	lock(g, 6, 2, 3);
	unlock(g, 12, 0, 3);
	unlock(g, 17, 1, 3);
	c = vn_nt_hw_counters(g->hw);
	assert_int_equal(c->lock_waits[3], 2);
	assert_int_equal(c->lock_wait_cycles[3], 12 - 5 + 17 - 6);
	assert_int_equal(c->lock_waits[4], 0);
}

static void the_trace_tells_of_each_step(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[1024];

	cfg.trace = VN_NT_TRACE(LOCK);
	rig_again(g, &cfg);
	lock(g, 2, 6, 5);
	lock(g, 12345, 1, 5);
	unlock(g, 12348, 4, 5);
	vn_nt_hw_save(g->hw);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000002 1.2 t6 20000000 lock 5 got\n"
			    "0000012345 0.1 t1 20000000 lock 5 wait\n"
			    "0000012348 1.0 t4 20000000 lock 5 free\n"
			    "0000012348 0.1 t1 20000000 lock 5 got\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_clear_lock_is_obtained_at_once),
		CASE(numbers_wrap_at_sixteen),
		CASE(who_has_waited_longest_is_first),
		CASE(of_one_cycle_the_lower_thread_is_first),
		CASE(locks_do_not_know_who_set_them),
		CASE(waits_are_counted_by_lock),
		CASE(the_trace_tells_of_each_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

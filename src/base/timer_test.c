/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers run in order of time, then of arming; what a timer arms or cancels
 * while it runs counts at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "base/timer.h"

/* Writes its letter down, then does what its letter's case is about. */
struct letter {
	struct vn_timer timer;
	char c;
	struct board *board;
	struct letter *arms, *cancels; /* NULL: nobody */
	uint64_t arms_at;
	unsigned int times; /* that it still arms */
};

struct board {
	struct vn_timers timers;
	char text[32];
	size_t len;
	struct letter a, b, c;
};

static void write_letter(struct vn_timer *t)
{
	struct letter *l = vn_container_of(t, struct letter, timer);
	struct board *x = l->board;

	assert_true(x->len < sizeof(x->text) - 1);
	assert_false(vn_timer_is_armed(t));
	x->text[x->len++] = l->c;
	if (l->cancels)
		vn_timer_cancel(&l->cancels->timer);
	if (l->arms && l->times && l->times--)
		vn_timer_arm(&x->timers, &l->arms->timer, l->arms_at);
}

static void letter_init(struct board *x, struct letter *l, char c)
{
	l->timer.fn = write_letter;
	l->c = c;
	l->board = x;
}

static void board_init(struct board *x)
{
	memset(x, 0, sizeof(*x));
	letter_init(x, &x->a, 'a');
	letter_init(x, &x->b, 'b');
	letter_init(x, &x->c, 'c');
}

static void timers_run_in_order_of_time_then_of_arming(void **state)
{
	static const struct {
		uint64_t a, b, c; /* armed in this order */
		const char *text;
	} cases[] = {
		{ 1, 2, 3, "abc" }, { 3, 2, 1, "cba" }, { 2, 3, 1, "cab" },
		{ 5, 5, 5, "abc" }, { 5, 4, 5, "bac" }, { 0, UINT64_MAX, 0, "acb" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct board x;

		board_init(&x);
		vn_timer_arm(&x.timers, &x.a.timer, cases[i].a);
		vn_timer_arm(&x.timers, &x.b.timer, cases[i].b);
		vn_timer_arm(&x.timers, &x.c.timer, cases[i].c);
		vn_timers_run(&x.timers, UINT64_MAX);
		assert_string_equal(x.text, cases[i].text);
		assert_null(x.timers.first);
	}
}

static void only_those_whose_time_has_come_run(void **state)
{
	struct board x;

	board_init(&x);
	assert_int_equal(vn_timers_next(&x.timers), UINT64_MAX);
	vn_timer_arm(&x.timers, &x.a.timer, 10);
	vn_timer_arm(&x.timers, &x.b.timer, 11);
	assert_int_equal(vn_timers_next(&x.timers), 10);
	vn_timers_run(&x.timers, 9);
	assert_string_equal(x.text, "");
	vn_timers_run(&x.timers, 10);
	assert_string_equal(x.text, "a");
	assert_int_equal(vn_timers_next(&x.timers), 11);
	assert_false(vn_timer_is_armed(&x.a.timer));
	assert_true(vn_timer_is_armed(&x.b.timer));
}

static void an_armed_timer_is_moved_and_runs_once(void **state)
{
	struct board x;

	board_init(&x);
	vn_timer_arm(&x.timers, &x.a.timer, 1);
	vn_timer_arm(&x.timers, &x.b.timer, 2);
	vn_timer_arm(&x.timers, &x.a.timer, 3);
	vn_timers_run(&x.timers, 3);
	assert_string_equal(x.text, "ba");
	vn_timer_arm(&x.timers, &x.a.timer, 4); /* back where it is */
	vn_timer_arm(&x.timers, &x.a.timer, 4);
	vn_timers_run(&x.timers, 4);
	assert_string_equal(x.text, "baa");
}

static void a_cancelled_timer_does_not_run(void **state)
{
	struct board x;

	board_init(&x);
	vn_timer_cancel(&x.a.timer); /* not armed: nothing */
	vn_timer_arm(&x.timers, &x.a.timer, 1);
	vn_timer_arm(&x.timers, &x.b.timer, 2);
	vn_timer_arm(&x.timers, &x.c.timer, 3);
	vn_timer_cancel(&x.b.timer); /* from the middle, the end, the beginning */
	vn_timer_cancel(&x.c.timer);
	vn_timer_cancel(&x.a.timer);
	vn_timer_cancel(&x.a.timer);
	vn_timers_run(&x.timers, 10);
	assert_string_equal(x.text, "");
	assert_int_equal(vn_timers_next(&x.timers), UINT64_MAX);
}

static void a_running_timer_arms_itself_and_others(void **state)
{
	struct board x;

	board_init(&x);
	x.a.arms = &x.a;
	x.a.arms_at = 5;
	x.a.times = 3;
	vn_timer_arm(&x.timers, &x.a.timer, 1);
	vn_timer_arm(&x.timers, &x.b.timer, 5);
	vn_timers_run(&x.timers, 4);
	assert_string_equal(x.text, "a");
	/* Its time has come already: it runs in this round, behind b. */
	vn_timers_run(&x.timers, 5);
	assert_string_equal(x.text, "abaaa");
}

static void a_running_timer_cancels_the_next(void **state)
{
	struct board x;

	board_init(&x);
	x.a.cancels = &x.b;
	vn_timer_arm(&x.timers, &x.a.timer, 1);
	vn_timer_arm(&x.timers, &x.b.timer, 1);
	vn_timer_arm(&x.timers, &x.c.timer, 1);
	vn_timers_run(&x.timers, 1);
	assert_string_equal(x.text, "ac");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_in_order_of_time_then_of_arming),
		cmocka_unit_test(only_those_whose_time_has_come_run),
		cmocka_unit_test(an_armed_timer_is_moved_and_runs_once),
		cmocka_unit_test(a_cancelled_timer_does_not_run),
		cmocka_unit_test(a_running_timer_arms_itself_and_others),
		cmocka_unit_test(a_running_timer_cancels_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

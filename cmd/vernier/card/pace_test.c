/* SPDX-License-Identifier: BSD-2-Clause */
/* Real time on a clock that moves only when it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "pace.h"

#define START_NS  5000000000
#define MS	  UINT64_C(1000000)
#define MS_CYCLES 125000

static void start(struct card_pace *p)
{
	struct vn_clock clock;

	vn_clock_virtual(&clock, START_NS, 0);
	card_pace_start(p, &clock, NULL);
}

static void pass(struct card_pace *p, uint64_t ns)
{
	p->clock.virtual_ns += ns;
}

static void who_is_ahead_waits_for_its_time(void **state)
{
	struct card_pace p;

	start(&p);
	assert_int_equal(card_pace_now(&p, 0), 0);
	card_pace_wait(&p, MS_CYCLES);
	assert_int_equal(p.clock.virtual_ns, START_NS + MS);
	pass(&p, MS / 2);
	card_pace_wait(&p, 2 * MS_CYCLES);
	assert_int_equal(p.clock.virtual_ns, START_NS + 2 * MS);
	assert_int_equal(p.lag_max_ns, 0);
	assert_int_equal(p.lag_total_ns, 0);
}

static void who_is_behind_runs_on_and_is_counted(void **state)
{
	struct card_pace p;

	start(&p);
	pass(&p, 4 * MS);
	card_pace_wait(&p, MS_CYCLES); /* 3 ms late, of which all passed in this slice */
	assert_int_equal(p.clock.virtual_ns, START_NS + 4 * MS);
	assert_int_equal(p.lag_max_ns, 3 * MS);
	assert_int_equal(p.lag_total_ns, 3 * MS);
	pass(&p, MS / 2);
	card_pace_wait(&p, 2 * MS_CYCLES); /* 2.5 ms late, half a millisecond more */
	assert_int_equal(card_pace_now(&p, 2 * MS_CYCLES), 2 * MS_CYCLES);
	assert_int_equal(p.lag_max_ns, 3 * MS);
	assert_int_equal(p.lag_total_ns, 3 * MS + MS / 2);
	card_pace_wait(&p, 10 * MS_CYCLES); /* made up */
	assert_int_equal(p.clock.virtual_ns, START_NS + 10 * MS);
	assert_int_equal(p.lag_total_ns, 3 * MS + MS / 2);
}

static void a_warning_comes_once(void **state)
{
	struct card_pace p;

	start(&p);
	pass(&p, CARD_LAG_WARNING_NS);
	card_pace_wait(&p, 0);
	assert_false(card_pace_must_warn(&p));
	pass(&p, 1);
	card_pace_wait(&p, 0);
	assert_true(card_pace_must_warn(&p));
	card_pace_wait(&p, 0);
	assert_false(card_pace_must_warn(&p));
}

static void after_a_rest_it_is_what_the_clock_says(void **state)
{
	struct card_pace p;
	struct pollfd fd = { .events = POLLIN };
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1); /* what it rests for is there */
	fd.fd = pipe_fds[0];
	start(&p);
	card_pace_nap(&p, 100, CARD_NAP_NS, &fd, 1);
	assert_true(fd.revents & POLLIN);
	assert_int_equal(p.naps, 1);
	pass(&p, 3 * MS);
	assert_int_equal(card_pace_now(&p, 100), 3 * MS_CYCLES);
	assert_int_equal(card_pace_now(&p, 100), 100);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void who_is_late_does_not_rest(void **state)
{
	struct card_pace p;

	start(&p);
	pass(&p, CARD_NAP_NS + 1);
	card_pace_nap(&p, 0, CARD_NAP_NS, NULL, 0);
	assert_int_equal(p.naps, 0);
	assert_int_equal(card_pace_now(&p, 0), 0);
	assert_int_equal(p.lag_max_ns, CARD_NAP_NS + 1);
}

static void nobody_is_late_while_time_stands_still(void **state)
{
	struct card_pace p;

	start(&p);
	pass(&p, 7 * MS);
	card_pace_hold(&p, MS_CYCLES);
	card_pace_wait(&p, 2 * MS_CYCLES);
	assert_int_equal(p.clock.virtual_ns, START_NS + 8 * MS);
	assert_int_equal(p.lag_max_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_ahead_waits_for_its_time),
		cmocka_unit_test(who_is_behind_runs_on_and_is_counted),
		cmocka_unit_test(a_warning_comes_once),
		cmocka_unit_test(after_a_rest_it_is_what_the_clock_says),
		cmocka_unit_test(who_is_late_does_not_rest),
		cmocka_unit_test(nobody_is_late_while_time_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

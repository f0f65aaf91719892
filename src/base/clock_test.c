/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtual clock moves only when somebody waits, and runs its timers on the
 * way; the real one never returns early, and a waiter is woken by its stop
 * word. Nothing here depends on how long a wait takes beyond its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"

#define FAR UINT64_C(3600000000000) /* an hour: only a wake ends such a wait in time */

static void virtual_time_is_where_it_was_put(void **state)
{
	struct vn_clock c;

	vn_clock_virtual(&c, 5, 1000);
	assert_int_equal(vn_clock_now(&c), 5);
	assert_int_equal(vn_clock_now(&c), 5);
	assert_int_equal(c.wall(&c), 1005);
}

static void virtual_waits_end_at_once_and_exactly(void **state)
{
	struct vn_clock c;

	vn_clock_virtual(&c, 5, 1000);
	assert_int_equal(c.wait(&c, 5 + FAR, NULL), 5 + FAR);
	assert_int_equal(vn_clock_now(&c), 5 + FAR);
	assert_int_equal(c.wall(&c), 1005 + FAR);
	assert_int_equal(c.wait(&c, 7, NULL), 5 + FAR); /* never back */
	assert_int_equal(vn_clock_now(&c), 5 + FAR);
}

static void virtual_time_stands_still_for_who_is_stopped(void **state)
{
	_Atomic uint32_t stop = 0;
	struct vn_clock c;

	vn_clock_virtual(&c, 5, 0);
	assert_int_equal(c.wait(&c, 10, &stop), 10);
	vn_clock_wake(&stop, 4);
	assert_int_equal(c.wait(&c, 20, &stop), 10);
	assert_int_equal(vn_clock_now(&c), 10);
}

static void two_virtual_clocks_are_two(void **state)
{
	struct vn_clock a, b;

	vn_clock_virtual(&a, 0, 0);
	vn_clock_virtual(&b, 0, 0);
	assert_true(vn_clock_is_virtual(&a));
	a.wait(&a, 100, NULL);
	assert_int_equal(vn_clock_now(&b), 0);
}

/* A timer that writes down when it ran; it may stop the waiter, come again or
 * wait itself. */
struct alarm {
	struct vn_timer timer;
	struct vn_clock *clock;
	uint64_t ran_at_ns; /* 0: not */
	uint64_t again_ns;  /* arms itself so much later, 0: not */
	unsigned int runs;
	uint64_t waits_until_ns; /* 0: does not */
	_Atomic uint32_t *stops;
};

static void ring(struct vn_timer *t)
{
	struct alarm *a = vn_container_of(t, struct alarm, timer);

	a->ran_at_ns = vn_clock_now(a->clock);
	a->runs++;
	if (a->stops)
		vn_clock_wake(a->stops, 1);
	if (a->waits_until_ns)
		a->clock->wait(a->clock, a->waits_until_ns, NULL);
	if (a->again_ns)
		vn_timer_arm(&a->clock->timers, t, t->at_ns + a->again_ns);
}

static void alarm_init(struct alarm *a, struct vn_clock *c, uint64_t at_ns)
{
	*a = (struct alarm){ .timer.fn = ring, .clock = c };
	vn_timer_arm(&c->timers, &a->timer, at_ns);
}

static void a_virtual_wait_runs_timers_at_their_times(void **state)
{
	struct alarm a, b, later, past;
	struct vn_clock c;

	vn_clock_virtual(&c, 5, 0);
	alarm_init(&b, &c, 70);
	alarm_init(&a, &c, 10);
	alarm_init(&later, &c, 101);
	alarm_init(&past, &c, 2);
	assert_int_equal(c.wait(&c, 100, NULL), 100);
	assert_int_equal(past.ran_at_ns, 5);
	assert_int_equal(a.ran_at_ns, 10);
	assert_int_equal(b.ran_at_ns, 70);
	assert_int_equal(later.runs, 0);
	assert_int_equal(c.wait(&c, 101, NULL), 101); /* due at the very end */
	assert_int_equal(later.ran_at_ns, 101);
}

static void a_timer_that_is_due_runs_in_a_wait_for_the_past(void **state)
{
	struct vn_clock c;
	struct alarm a;

	vn_clock_virtual(&c, 50, 0);
	alarm_init(&a, &c, 50);
	assert_int_equal(c.wait(&c, 7, NULL), 50);
	assert_int_equal(a.ran_at_ns, 50);
}

static void a_timer_that_arms_itself_runs_until_the_waits_end(void **state)
{
	struct vn_clock c;
	struct alarm a;

	vn_clock_virtual(&c, 0, 0);
	alarm_init(&a, &c, 10);
	a.again_ns = 10;
	assert_int_equal(c.wait(&c, 1005, NULL), 1005);
	assert_int_equal(a.runs, 100);
	assert_int_equal(a.ran_at_ns, 1000);
}

static void a_timer_that_stops_the_waiter_ends_the_wait(void **state)
{
	_Atomic uint32_t stop = 0;
	struct alarm a, with, next;
	struct vn_clock c;

	vn_clock_virtual(&c, 0, 0);
	alarm_init(&a, &c, 10);
	alarm_init(&with, &c, 10); /* the same moment is still done */
	alarm_init(&next, &c, 11);
	a.stops = &stop;
	assert_int_equal(c.wait(&c, 100, &stop), 10);
	assert_int_equal(with.ran_at_ns, 10);
	assert_int_equal(next.runs, 0);
	vn_timer_cancel(&next.timer);
}

static void time_does_not_go_back_after_a_timer_that_waits(void **state)
{
	struct alarm a, b;
	struct vn_clock c;

	vn_clock_virtual(&c, 0, 0);
	alarm_init(&a, &c, 10);
	alarm_init(&b, &c, 20);
	a.waits_until_ns = 500;
	assert_int_equal(c.wait(&c, 100, NULL), 500);
	assert_int_equal(b.ran_at_ns, 20); /* inside that wait */
}

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	assert_int_equal(clock_gettime(id, &t), 0);
	return (uint64_t)t.tv_sec * VN_NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void real_time_is_that_of_the_system(void **state)
{
	struct vn_clock c;
	uint64_t before, now, wall;

	vn_clock_real(&c);
	before = read_ns(CLOCK_MONOTONIC);
	now = vn_clock_now(&c);
	assert_in_range(now, before, read_ns(CLOCK_MONOTONIC));
	before = read_ns(CLOCK_REALTIME);
	wall = c.wall(&c);
	assert_in_range(wall, before, read_ns(CLOCK_REALTIME));
}

/* Both ways of waiting, with and without a stop word. */
static void real_waits_end_at_or_after_their_time(void **state)
{
	static const uint64_t spans[] = { 0, 1, 1000, 50000, 99999, 100001, 150000, 3000000 };
	_Atomic uint32_t stop = 0;
	struct vn_clock c;
	unsigned int i;

	vn_clock_real(&c);
	for (i = 0; i < 2 * VN_ARRAY_SIZE(spans); i++) {
		uint64_t t = vn_clock_now(&c) + spans[i / 2], end;

		if (i == VN_ARRAY_SIZE(spans))
			c.spin_ns = 0; /* only sleeps */
		end = c.wait(&c, t, i % 2 ? &stop : NULL);
		assert_in_range(end, t, read_ns(CLOCK_MONOTONIC));
	}
}

static void a_waiter_counts_what_it_saw(void **state)
{
	struct vn_waiter by = { .spin_ns = 2 * FAR };
	struct vn_clock c;
	uint64_t from;

	vn_clock_real(&c);
	from = vn_clock_now(&c);
	assert_true(vn_clock_wait_by(&c, &by, from + 3000000, NULL) >= from + 3000000);
	assert_int_equal(vn_stat_get(&by.overslept), 0); /* it never slept */
	vn_waiter_clear(&by);
	vn_waiter_add_stalls(&by, 2, 5000, 3000);
	vn_waiter_add_stalls(&by, 1, 2000, 2000);
	assert_int_equal(vn_stat_get(&by.stalls), 3);
	assert_int_equal(vn_stat_get(&by.stall_ns), 7000);
	assert_int_equal(vn_stat_get(&by.stall_max_ns), 3000);
	vn_waiter_clear(&by);
	assert_int_equal(vn_stat_get(&by.stalls), 0);
	assert_int_equal(vn_stat_get(&by.stall_max_ns), 0);
}

/* Nobody wakes within 1 ns: each of these sleeps lasts too long. (The time may have
 * come before the wait: then there is none.) */
static void a_waiter_counts_sleeps_that_were_too_long(void **state)
{
	struct vn_waiter by = { .spin_ns = 1 };
	_Atomic uint32_t stop = 0;
	struct vn_clock c;

	vn_clock_real(&c);
	while (vn_stat_get(&by.overslept) < 5)
		vn_clock_wait_by(&c, &by, vn_clock_now(&c) + 100000, &stop);
	assert_true(vn_stat_get(&by.overslept_max_ns) > 0);
	assert_int_equal(vn_stat_get(&by.spin_ns), 1); /* may not grow */
	by.spin_ns = 0; /* means to be late */
	vn_clock_wait_by(&c, &by, vn_clock_now(&c) + 100000, &stop);
	assert_int_equal(vn_stat_get(&by.overslept), 5);
}

static void a_boundary_grows_with_sleeps_that_were_too_long(void **state)
{
	struct vn_waiter by = { .spin_ns = 1, .spin_max_ns = FAR };
	_Atomic uint32_t stop = 0;
	struct vn_clock c;

	vn_clock_real(&c);
	while (vn_stat_get(&by.overslept) < 1)
		vn_clock_wait_by(&c, &by, vn_clock_now(&c) + 100000, &stop);
	/* Woken 1 ns more late than it was. */
	assert_int_equal(vn_stat_get(&by.spin_ns),
			 vn_stat_get(&by.overslept_max_ns) + 1 +
				 (vn_stat_get(&by.overslept_max_ns) + 1) / 4);
	by = (struct vn_waiter){ .spin_ns = 1, .spin_max_ns = 1 };
	while (vn_stat_get(&by.overslept) < 1)
		vn_clock_wait_by(&c, &by, vn_clock_now(&c) + 100000, &stop);
	assert_int_equal(vn_stat_get(&by.spin_ns), 1); /* far later than ever */
}

struct stopped_spin {
	struct vn_waiter by;
	_Atomic uint32_t stop, is_spinning;
};

static void *spin_far(void *arg)
{
	struct stopped_spin *s = arg;
	struct vn_clock c;

	vn_clock_real(&c);
	atomic_store(&s->is_spinning, 1);
	vn_clock_wait_by(&c, &s->by, vn_clock_now(&c) + FAR, &s->stop);
	return NULL;
}

static void stand_still(int number)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* A signal handler that sleeps 1 ms, in the midst of a spin, is such a stall. */
static void a_spin_sees_that_its_thread_did_not_run(void **state)
{
	struct stopped_spin s = { .by.spin_ns = 2 * FAR };
	struct sigaction old, handler = { .sa_handler = stand_still };
	pthread_t thread;

	assert_int_equal(sigaction(SIGUSR1, &handler, &old), 0);
	assert_int_equal(pthread_create(&thread, NULL, spin_far, &s), 0);
	while (!atomic_load(&s.is_spinning))
		sched_yield();
	while (vn_stat_get(&s.by.stall_max_ns) < 1000000)
		assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
	vn_clock_wake(&s.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(vn_stat_get(&s.by.stalls) >= 1);
	assert_true(vn_stat_get(&s.by.stall_ns) >= vn_stat_get(&s.by.stall_max_ns));
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
}

static void a_wait_for_the_past_is_none(void **state)
{
	struct vn_clock c;
	uint64_t before, end;

	vn_clock_real(&c);
	before = vn_clock_now(&c);
	end = c.wait(&c, 0, NULL);
	assert_in_range(end, before, read_ns(CLOCK_MONOTONIC));
}

static void a_word_set_before_the_wait_ends_it(void **state)
{
	_Atomic uint32_t stop = 0;
	struct vn_clock c;
	uint64_t t;

	vn_clock_real(&c);
	t = vn_clock_now(&c) + FAR;
	vn_clock_wake(&stop, 1);
	assert_true(c.wait(&c, t, &stop) < t);
}

struct waiter {
	struct vn_clock clock;
	_Atomic uint32_t stop, is_waiting;
	uint64_t until_ns, end_ns;
};

static void *wait_far(void *arg)
{
	struct waiter *w = arg;

	atomic_store(&w->is_waiting, 1);
	w->end_ns = w->clock.wait(&w->clock, w->until_ns, &w->stop);
	return NULL;
}

/* The wake may come before, while or after the waiter falls asleep: none may
 * be missed, so there is no need to choose. */
static void a_waiter_is_woken_by_another_thread(uint64_t spin_ns)
{
	unsigned int i;

	for (i = 0; i < 200; i++) {
		struct waiter w = { .stop = 0 };
		pthread_t thread;

		vn_clock_real(&w.clock);
		w.clock.spin_ns = spin_ns;
		w.until_ns = vn_clock_now(&w.clock) + FAR;
		assert_int_equal(pthread_create(&thread, NULL, wait_far, &w), 0);
		while (i % 2 && !atomic_load(&w.is_waiting))
			;
		vn_clock_wake(&w.stop, 2);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(w.end_ns < w.until_ns);
		assert_int_equal(atomic_load(&w.stop), 2);
	}
}

static void a_sleeper_is_woken_by_another_thread(void **state)
{
	a_waiter_is_woken_by_another_thread(0);
}

static void a_spinner_is_stopped_by_another_thread(void **state)
{
	a_waiter_is_woken_by_another_thread(2 * FAR);
}

static void waking_adds_bits_and_keeps_errno(void **state)
{
	_Atomic uint32_t stop = 1;

	errno = EDOM;
	vn_clock_wake(&stop, 6);
	assert_int_equal(atomic_load(&stop), 7);
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_time_is_where_it_was_put),
		cmocka_unit_test(virtual_waits_end_at_once_and_exactly),
		cmocka_unit_test(virtual_time_stands_still_for_who_is_stopped),
		cmocka_unit_test(two_virtual_clocks_are_two),
		cmocka_unit_test(a_virtual_wait_runs_timers_at_their_times),
		cmocka_unit_test(a_timer_that_is_due_runs_in_a_wait_for_the_past),
		cmocka_unit_test(a_timer_that_arms_itself_runs_until_the_waits_end),
		cmocka_unit_test(a_timer_that_stops_the_waiter_ends_the_wait),
		cmocka_unit_test(time_does_not_go_back_after_a_timer_that_waits),
		cmocka_unit_test(real_time_is_that_of_the_system),
		cmocka_unit_test(real_waits_end_at_or_after_their_time),
		cmocka_unit_test(a_waiter_counts_what_it_saw),
		cmocka_unit_test(a_waiter_counts_sleeps_that_were_too_long),
		cmocka_unit_test(a_boundary_grows_with_sleeps_that_were_too_long),
		cmocka_unit_test(a_spin_sees_that_its_thread_did_not_run),
		cmocka_unit_test(a_wait_for_the_past_is_none),
		cmocka_unit_test(a_word_set_before_the_wait_ends_it),
		cmocka_unit_test(a_sleeper_is_woken_by_another_thread),
		cmocka_unit_test(a_spinner_is_stopped_by_another_thread),
		cmocka_unit_test(waking_adds_bits_and_keeps_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

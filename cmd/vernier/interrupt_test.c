/* SPDX-License-Identifier: BSD-2-Clause */
#include "interrupt.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ENDED_WELL 42

static void count(void *arg)
{
	++*(unsigned int *)arg;
}

static bool is_pending(int sig)
{
	sigset_t pending;

	return !sigpending(&pending) && sigismember(&pending, sig);
}

/* Both wait when the thread begins: the second comes right behind the first. */
static int take_two(void)
{
	struct vn_interrupt it;
	unsigned int stops = 0;

	vn_interrupt_block(&it);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
	if (vn_interrupt_listen(&it, count, &stops))
		return 1;
	while (is_pending(SIGINT) || is_pending(SIGTERM))
		sched_yield();
	vn_interrupt_end(&it);
	return vn_interrupt_seen(&it) && stops == 1 ? ENDED_WELL : 1;
}

/* It came when nobody listened any more. */
static int leave_one(void)
{
	struct vn_interrupt it;

	vn_interrupt_block(&it);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
	vn_interrupt_end(&it);
	return vn_interrupt_seen(&it) ? 1 : ENDED_WELL;
}

static void ends_well(int (*run)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child)
		_exit(run());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ENDED_WELL);
}

static void two_signals_at_once_are_one(void **state)
{
	for (unsigned int i = 0; i < 100; i++)
		ends_well(take_two);
}

static void what_comes_at_the_end_is_over_with_it(void **state)
{
	ends_well(leave_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_signals_at_once_are_one),
		cmocka_unit_test(what_comes_at_the_end_is_over_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

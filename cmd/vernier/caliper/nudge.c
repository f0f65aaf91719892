/* SPDX-License-Identifier: BSD-2-Clause */
#include "nudge.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define EVERY_NS 10000000

#ifndef sigev_notify_thread_id /* older C libraries have no name for it */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void do_nothing(int sig)
{
}

int caliper_nudge_init(struct caliper_nudge *n)
{
	struct sigaction act = { .sa_handler = do_nothing }; /* no SA_RESTART */
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	ev.sigev_notify_thread_id = gettid();
	n->is_made = false;
	if (sigaction(SIGALRM, &act, NULL) || timer_create(CLOCK_MONOTONIC, &ev, &n->timer))
		return -errno;
	n->is_made = true;
	return 0;
}

void caliper_nudge_begin(struct caliper_nudge *n)
{
	const struct itimerspec every = { { 0, EVERY_NS }, { 0, 1 } };

	timer_settime(n->timer, 0, &every, NULL);
}

void caliper_nudge_end(struct caliper_nudge *n)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
}

void caliper_nudge_fini(struct caliper_nudge *n)
{
	if (n->is_made)
		timer_delete(n->timer);
	n->is_made = false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "interrupt.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/macros.h"
#include "command.h"

#define AT_ONCE_NS VN_NSEC_PER_SEC

void vn_interrupt_block(struct vn_interrupt *it)
{
	it->is_started = false;
	atomic_init(&it->is_seen, false);
	atomic_init(&it->is_ending, false);
	sigemptyset(&it->signals);
	sigaddset(&it->signals, SIGINT);
	sigaddset(&it->signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &it->signals, &it->old_mask);
}

/* False when it was not for a signal from outside that the wait ended. */
static bool wait_signal(struct vn_interrupt *it)
{
	int sig;

	return !sigwait(&it->signals, &sig) &&
	       !atomic_load_explicit(&it->is_ending, memory_order_seq_cst);
}

static void *listen_thread(void *arg)
{
	struct vn_interrupt *it = arg;
	struct vn_clock clock;
	uint64_t stopped_ns;

	vn_clock_real(&clock);
	vn_thread_name("signals");
	if (!wait_signal(it))
		return NULL;
	atomic_store_explicit(&it->is_seen, true, memory_order_seq_cst);
	it->stop(it->arg);
	stopped_ns = vn_clock_now(&clock);
	while (wait_signal(it))
		if (vn_clock_now(&clock) - stopped_ns >= AT_ONCE_NS)
			_exit(VN_EXIT_FAILED);
	return NULL;
}

int vn_interrupt_listen(struct vn_interrupt *it, void (*stop)(void *arg), void *arg)
{
	int rc;

	it->stop = stop;
	it->arg = arg;
	rc = pthread_create(&it->thread, NULL, listen_thread, it);
	it->is_started = !rc;
	return -rc;
}

bool vn_interrupt_seen(const struct vn_interrupt *it)
{
	return atomic_load_explicit(&it->is_seen, memory_order_seq_cst);
}

/* They asked for the end that has come. */
static void take_pending(const struct vn_interrupt *it)
{
	const struct timespec at_once = { 0 };

	while (sigtimedwait(&it->signals, NULL, &at_once) > 0)
		;
}

void vn_interrupt_end(struct vn_interrupt *it)
{
	if (it->is_started) {
		/* A signal to that thread alone, which nobody else can take. */
		atomic_store_explicit(&it->is_ending, true, memory_order_seq_cst);
		pthread_kill(it->thread, SIGTERM);
		pthread_join(it->thread, NULL);
		it->is_started = false;
	}
	take_pending(it);
	pthread_sigmask(SIG_SETMASK, &it->old_mask, NULL);
}

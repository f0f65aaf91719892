/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting has two halves. Far from the time the thread sleeps in the kernel,
 * on the stop word itself, so that whoever sets the word also ends the sleep
 * and no wake-up can fall between a look at the word and going to sleep. Near
 * it the thread spins, since a sleeping thread comes back tens of microseconds
 * late. Both halves end in the same test, so a sleep that ends early (a
 * signal, a wake-up meant for an earlier wait) is harmless.
 *
 * A thread that spins sees when it did not run: two looks at the clock are then
 * far apart. That is all that a program can see of an interrupt, of the firmware
 * and of a hypervisor, so it is written down.
 */
#include "base/clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* pktgen's own boundary between sleeping and spinning */
#define SPIN_NS_DEFAULT 100000

#if defined(__x86_64__) || defined(__i386__)
static inline void cpu_relax(void)
{
	__builtin_ia32_pause();
}
#elif defined(__aarch64__) || defined(__arm__)
static inline void cpu_relax(void)
{
	__asm__ __volatile__("yield" ::: "memory");
}
#else
static inline void cpu_relax(void)
{
}
#endif

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t real_now(struct vn_clock *c)
{
	return read_ns(CLOCK_MONOTONIC);
}

static uint64_t real_wall(struct vn_clock *c)
{
	return read_ns(CLOCK_REALTIME);
}

/* Relaxed: a hint to come back. Who acts on the word reads it again with
 * acquire, against the release in vn_clock_wake(). */
static bool is_stopped(const _Atomic uint32_t *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed) != 0;
}

void vn_clock_sleep(uint64_t t_ns, const _Atomic uint32_t *stop)
{
	struct timespec ts = {
		.tv_sec = (time_t)(t_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(t_ns % VN_NSEC_PER_SEC),
	};

	if (!stop) {
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		return;
	}
	/* _BITSET: the one form whose time-out is absolute and monotonic. */
	syscall(SYS_futex, stop, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &ts, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

void vn_waiter_add_stalls(struct vn_waiter *by, uint64_t n, uint64_t sum_ns, uint64_t max_ns)
{
	vn_stat_add(&by->stalls, n);
	vn_stat_add(&by->stall_ns, sum_ns);
	if (max_ns > vn_stat_get(&by->stall_max_ns))
		vn_stat_set(&by->stall_max_ns, max_ns);
}

/* woken_ns: after the time at which the sleep was to end, late_ns after that which
 * was waited for. What is far later than ever was no timer's doing. */
static void count_overslept(struct vn_waiter *by, uint64_t late_ns, uint64_t woken_ns)
{
	vn_stat_add(&by->overslept, 1);
	if (late_ns > vn_stat_get(&by->overslept_max_ns))
		vn_stat_set(&by->overslept_max_ns, late_ns);
	if (woken_ns <= by->spin_max_ns)
		vn_stat_set(&by->spin_ns, VN_MIN(woken_ns + woken_ns / 4, by->spin_max_ns));
}

/* Sleeps to where spinning begins; returns now(). Who never spins is always late,
 * and means to be. */
static uint64_t sleep_near(struct vn_clock *c, struct vn_waiter *by, uint64_t t_ns,
			   const _Atomic uint32_t *stop)
{
	uint64_t spin_ns = vn_stat_get(&by->spin_ns), now;

	vn_clock_sleep(t_ns - spin_ns, stop);
	now = real_now(c);
	if (now > t_ns && spin_ns && !is_stopped(stop))
		count_overslept(by, now - t_ns, now - t_ns + spin_ns);
	return now;
}

static uint64_t wait_by(struct vn_clock *c, struct vn_waiter *by, uint64_t t_ns,
			const _Atomic uint32_t *stop)
{
	uint64_t now = real_now(c), before;

	while (now < t_ns && !is_stopped(stop)) {
		if (t_ns - now > vn_stat_get(&by->spin_ns)) {
			now = sleep_near(c, by, t_ns, stop);
			continue;
		}
		cpu_relax();
		before = now;
		now = real_now(c);
		if (vn_unlikely(now - before > VN_STALL_NS))
			vn_waiter_add_stalls(by, 1, now - before, now - before);
	}
	return now;
}

static uint64_t real_wait(struct vn_clock *c, uint64_t t_ns, const _Atomic uint32_t *stop)
{
	struct vn_waiter by = { .spin_ns = c->spin_ns };

	return wait_by(c, &by, t_ns, stop);
}

static uint64_t virtual_now(struct vn_clock *c)
{
	return c->virtual_ns;
}

static uint64_t virtual_wall(struct vn_clock *c)
{
	return c->virtual_wall_ns + c->virtual_ns;
}

static bool next_timer_by(const struct vn_clock *c, uint64_t t_ns)
{
	return c->timers.first && c->timers.first->at_ns <= t_ns;
}

static uint64_t virtual_wait(struct vn_clock *c, uint64_t t_ns, const _Atomic uint32_t *stop)
{
	while (!is_stopped(stop) && next_timer_by(c, VN_MAX(t_ns, c->virtual_ns))) {
		/* Never back: a timer may have been armed for what is past, or have
		 * waited itself. */
		c->virtual_ns = VN_MAX(c->virtual_ns, vn_timers_next(&c->timers));
		vn_timers_run(&c->timers, c->virtual_ns);
	}
	if (c->virtual_ns < t_ns && !is_stopped(stop))
		c->virtual_ns = t_ns;
	return c->virtual_ns;
}

void vn_clock_real(struct vn_clock *c)
{
	*c = (struct vn_clock){
		.now = real_now,
		.wait = real_wait,
		.wall = real_wall,
		.spin_ns = SPIN_NS_DEFAULT,
	};
}

void vn_clock_virtual(struct vn_clock *c, uint64_t t_ns, uint64_t wall0_ns)
{
	*c = (struct vn_clock){
		.now = virtual_now,
		.wait = virtual_wait,
		.wall = virtual_wall,
		.virtual_ns = t_ns,
		.virtual_wall_ns = wall0_ns,
	};
}

bool vn_clock_is_virtual(const struct vn_clock *c)
{
	return c->now == virtual_now;
}

uint64_t vn_clock_wait_by(struct vn_clock *c, struct vn_waiter *by, uint64_t t_ns,
			  const _Atomic uint32_t *stop)
{
	return c->wait == real_wait ? wait_by(c, by, t_ns, stop) : c->wait(c, t_ns, stop);
}

void vn_waiter_clear(struct vn_waiter *by)
{
	_Atomic uint64_t *const counters[] = {
		&by->stalls,	&by->stall_ns,	       &by->stall_max_ns,
		&by->overslept, &by->overslept_max_ns,
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(counters); i++)
		vn_stat_set(counters[i], 0);
}

void vn_clock_wake(_Atomic uint32_t *stop, uint32_t bits)
{
	atomic_fetch_or_explicit(stop, bits, memory_order_release);
	syscall(SYS_futex, stop, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, NULL, NULL, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread sleeps until the earliest timer's time. Whoever has the lock may
 * arm an earlier one, and wakes it when he gives the lock back.
 */
#include "dev/simnet.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/macros.h"

struct vn_simnet {
	struct vn_net *net;
	struct vn_clock *clock;
	bool is_virtual;
	int refs;		 /* under the lock */
	struct vn_timers timers; /* of the real clock; a virtual one has its own */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	uint64_t sleeps_until_ns; /* 0: it is awake */
	bool must_end;
};

static void sleep_until(struct vn_simnet *s, uint64_t t_ns)
{
	const struct timespec ts = {
		.tv_sec = (time_t)(t_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(t_ns % VN_NSEC_PER_SEC),
	};

	s->sleeps_until_ns = t_ns;
	if (t_ns == UINT64_MAX)
		pthread_cond_wait(&s->changed, &s->lock);
	else
		pthread_cond_timedwait(&s->changed, &s->lock, &ts);
	s->sleeps_until_ns = 0;
}

static void *run_timers(void *arg)
{
	struct vn_simnet *s = arg;

	vn_thread_name("vernier-net");
	pthread_mutex_lock(&s->lock);
	while (!s->must_end) {
		uint64_t next = vn_timers_next(&s->timers);

		if (next > vn_clock_now(s->clock)) {
			sleep_until(s, next);
			continue;
		}
		vn_net_on_cpu(s->net, 0);
		vn_timers_run(&s->timers, vn_clock_now(s->clock));
		vn_net_run(s->net);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int start_thread(struct vn_simnet *s, struct vn_err *err)
{
	pthread_condattr_t attr;
	int rc;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* the real clock's */
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	rc = pthread_create(&s->thread, NULL, run_timers, s);
	if (!rc)
		return 0;
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	return vn_err_set(err, rc, "cannot start a thread: %s", strerror(rc));
}

static unsigned int count_cpus(bool is_virtual)
{
	long n = is_virtual ? 1 : sysconf(_SC_NPROCESSORS_CONF);

	return n < 1 ? 1 : (unsigned int)VN_MIN(n, VN_NET_CPUS_MAX);
}

int vn_simnet_new(const struct vn_simnet_opts *opts, struct vn_simnet **out, struct vn_err *err)
{
	struct vn_simnet *s = calloc(1, sizeof(*s));
	struct vn_net_opts net_opts = {
		.clock = opts->clock,
		.n_cpus = count_cpus(vn_clock_is_virtual(opts->clock)),
		.seed = opts->seed,
		.log = opts->log,
		.log_arg = opts->log_arg,
	};
	int rc;

	*out = NULL;
	if (!s)
		return vn_err_set(err, ENOMEM, "no memory for a net");
	s->clock = opts->clock;
	s->is_virtual = vn_clock_is_virtual(opts->clock);
	s->refs = 1;
	net_opts.timers = s->is_virtual ? &opts->clock->timers : &s->timers;
	rc = vn_net_new(&net_opts, &s->net, err);
	if (!rc && !s->is_virtual)
		rc = start_thread(s, err);
	if (rc) {
		vn_net_free(s->net);
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

struct vn_net *vn_simnet_lock(struct vn_simnet *s)
{
	int cpu = 0;

	if (!s->is_virtual) {
		pthread_mutex_lock(&s->lock);
		cpu = sched_getcpu();
	}
	vn_net_on_cpu(s->net, cpu < 0 ? 0 : (unsigned int)cpu % s->net->opts.n_cpus);
	return s->net;
}

void vn_simnet_unlock(struct vn_simnet *s)
{
	vn_net_run(s->net);
	if (s->is_virtual)
		return;
	if (vn_timers_next(&s->timers) < s->sleeps_until_ns)
		pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void vn_simnet_hold(struct vn_simnet *s)
{
	vn_simnet_lock(s);
	s->refs++;
	vn_simnet_unlock(s);
}

static void end_thread(struct vn_simnet *s)
{
	pthread_mutex_lock(&s->lock);
	s->must_end = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}

void vn_simnet_put(struct vn_simnet *s)
{
	bool is_last;

	if (!s)
		return;
	vn_simnet_lock(s);
	is_last = --s->refs == 0;
	vn_simnet_unlock(s);
	if (!is_last)
		return;
	if (!s->is_virtual)
		end_thread(s);
	vn_net_free(s->net);
	free(s);
}

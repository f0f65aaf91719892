/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: making and ending the workers (worker.c), and how other threads
 * ask things of them.
 */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "engine/engine_priv.h"

#define ACTION_BITS (VN_T_STOP | VN_T_PREPARE | VN_T_RUN)
#define LOOK_NS     VN_NSEC_PER_SEC
/* From a start to the common begin: more than it takes to wake a thread. */
#define TOGETHER_NS (VN_AWAKE_NS / 2)
#define TICK_NS	    1000000
#define BEFORE_TICK_NS 25000 /* a packet is gone by then */

/* --- making and ending ----------------------------------------------------------- */

static int init_locks(struct vn_engine *e)
{
	pthread_condattr_t attr;
	int rc;

	rc = pthread_condattr_init(&attr);
	if (rc)
		return -rc;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&e->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (rc)
		return -rc;
	pthread_mutex_init(&e->lock, NULL);
	return 0;
}

/* What decides about real-time scheduling. Asked for here, since a worker's thread is
 * bound to its CPU. */
static int keep_cpus(struct vn_engine *e, const struct vn_engine_opts *opts)
{
	const size_t size = opts->n_bound * sizeof(*opts->bound);
	int n_cpus = vn_cpu_list(NULL, 0);
	int *bound = malloc(size + 1);

	if (!bound)
		return -ENOMEM;
	if (size)
		memcpy(bound, opts->bound, size);
	e->bound = bound;
	e->n_bound = opts->n_bound;
	e->n_cpus = (unsigned int)VN_MAX(n_cpus, 0);
	e->realtime = opts->realtime;
	return 0;
}

int vn_engine_new(const struct vn_engine_opts *opts, struct vn_engine **out, struct vn_err *err)
{
	struct vn_engine *e = calloc(1, sizeof(*e));
	unsigned int i;
	int rc = 0;

	*out = NULL;
	if (!e || init_locks(e) < 0) {
		free(e);
		return vn_err_set(err, ENOMEM, "no memory for an engine");
	}
	e->clock = opts->clock;
	e->is_virtual = opts->is_virtual;
	e->interleave = opts->interleave;
	e->slack_ns = opts->is_virtual ? 0 : opts->slack_ns;
	e->seed = opts->seed;
	e->sas = opts->sas;
	if (keep_cpus(e, opts) < 0) {
		vn_engine_free(e);
		return vn_err_set(err, ENOMEM, "no memory for an engine");
	}
	e->workers = aligned_alloc(VN_CACHELINE, opts->n_cpus * sizeof(*e->workers));
	if (!e->workers) {
		vn_engine_free(e);
		return vn_err_set(err, ENOMEM, "no memory for %u workers", opts->n_cpus);
	}
	memset(e->workers, 0, opts->n_cpus * sizeof(*e->workers));
	for (i = 0; i < opts->n_cpus && rc == 0; i++) {
		struct vn_worker *w = &e->workers[i];

		w->engine = e;
		w->cpu = opts->cpus[i];
		pthread_mutex_init(&w->own, NULL);
		pthread_mutex_init(&w->call_lock, NULL);
		pthread_mutex_init(&w->machine.lock, NULL);
		w->waiter.spin_ns = e->slack_ns ? 0 : e->clock->spin_ns;
		w->virtual_ns = e->is_virtual ? vn_clock_now(e->clock) : 0;
		e->n_workers++;
		if (!e->is_virtual)
			rc = vn_worker_start_thread(w, err);
	}
	if (rc < 0) {
		vn_engine_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

void vn_engine_free(struct vn_engine *e)
{
	unsigned int i;

	if (!e)
		return;
	for (i = 0; i < e->n_workers; i++) {
		struct vn_worker *w = &e->workers[i];

		if (w->has_thread) {
			vn_worker_request(w, VN_T_EXIT);
			pthread_join(w->thread, NULL);
		} else {
			vn_worker_remove_all(w);
		}
		pthread_mutex_destroy(&w->own);
		pthread_mutex_destroy(&w->call_lock);
		pthread_mutex_destroy(&w->machine.lock);
	}
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->lock);
	free(e->workers);
	free(e->bound);
	free(e);
}

unsigned int vn_engine_n_workers(const struct vn_engine *e)
{
	return e->n_workers;
}

struct vn_worker *vn_engine_worker(struct vn_engine *e, unsigned int i)
{
	return i < e->n_workers ? &e->workers[i] : NULL;
}

int vn_worker_cpu(const struct vn_worker *w)
{
	return w->cpu;
}

struct vn_entry *vn_worker_entries(struct vn_worker *w)
{
	return w->entries;
}

/* --- asking a worker ----------------------------------------------------------------- */

void vn_worker_request(struct vn_worker *w, uint32_t bits)
{
	vn_clock_wake(&w->control, bits);
}

/* The worker sleeps and nothing was asked of it: the caller may do it. */
static bool take_over(struct vn_worker *w)
{
	if (pthread_mutex_trylock(&w->own))
		return false;
	if (!atomic_load_explicit(&w->control, memory_order_acquire))
		return true;
	pthread_mutex_unlock(&w->own);
	return false;
}

static int call_thread(struct vn_worker *w, struct vn_call *call)
{
	struct vn_engine *e = w->engine;

	pthread_mutex_lock(&w->call_lock);
	pthread_mutex_lock(&e->lock);
	w->call = call;
	pthread_mutex_unlock(&e->lock);
	vn_worker_request(w, VN_T_CALL);
	pthread_mutex_lock(&e->lock);
	while (!call->is_done)
		pthread_cond_wait(&e->changed, &e->lock);
	pthread_mutex_unlock(&e->lock);
	pthread_mutex_unlock(&w->call_lock);
	return call->ret;
}

int vn_worker_call(struct vn_worker *w, int (*fn)(void *arg), void *arg)
{
	struct vn_call call = { .fn = fn, .arg = arg };
	int ret;

	if (!w->has_thread || pthread_equal(pthread_self(), w->thread))
		return fn(arg);
	if (!take_over(w))
		return call_thread(w, &call);
	ret = fn(arg);
	pthread_mutex_unlock(&w->own);
	vn_worker_announce(w);
	return ret;
}

static struct vn_entry *find_locked(struct vn_engine *e, const char *word)
{
	struct vn_entry *entry;
	unsigned int i;

	for (i = 0; i < e->n_workers; i++)
		for (entry = e->workers[i].entries; entry; entry = entry->next)
			if (strcmp(entry->name, word) == 0)
				return entry;
	return NULL;
}

struct vn_entry *vn_engine_find(struct vn_engine *e, const char *word)
{
	struct vn_entry *entry;

	pthread_mutex_lock(&e->lock);
	entry = find_locked(e, word);
	pthread_mutex_unlock(&e->lock);
	return entry;
}

struct add_args {
	struct vn_worker *worker;
	struct vn_entry *entry;
};

static int add_to_list(void *arg)
{
	struct add_args *a = arg;
	struct vn_engine *e = a->worker->engine;
	int rc = 0;

	pthread_mutex_lock(&e->lock);
	if (find_locked(e, a->entry->name)) {
		rc = -EBUSY;
	} else {
		vn_stream_seed(&a->entry->stream, e->seed, e->n_added++);
		a->entry->next = a->worker->entries;
		a->worker->entries = a->entry;
	}
	pthread_mutex_unlock(&e->lock);
	return rc;
}

static struct vn_entry *new_entry(const char *name)
{
	struct vn_entry *entry = aligned_alloc(VN_CACHELINE, sizeof(*entry));

	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	vn_stream_init(&entry->stream);
	entry->departures = vn_departures_new();
	entry->stamped = vn_departures_new();
	if (entry->departures && entry->stamped)
		return entry;
	vn_entry_free(entry);
	return NULL;
}

int vn_worker_add(struct vn_worker *w, const char *word, struct vn_netdev *dev,
		  struct vn_entry **out, struct vn_err *err)
{
	struct add_args args = { .worker = w };
	struct vn_entry *entry = new_entry(word);

	*out = NULL;
	if (!entry)
		return vn_err_set(err, ENOMEM, "%s: no memory for an entry", word);
	entry->dev = dev;
	entry->worker = w;
	args.entry = entry;
	if (vn_worker_call(w, add_to_list, &args) < 0) {
		vn_entry_free(entry);
		return vn_err_set(err, EBUSY, "%s: is already used by an entry", word);
	}
	*out = entry;
	return 0;
}

/* --- start, stop, wait ------------------------------------------------------------------ */

static void request_all(struct vn_engine *e, uint32_t bits)
{
	unsigned int i;

	for (i = 0; i < e->n_workers; i++)
		vn_worker_request(&e->workers[i], bits);
}

struct failure_args {
	const struct vn_worker *worker;
	struct vn_err *err;
};

static int first_failure(void *arg)
{
	struct failure_args *a = arg;

	for (const struct vn_entry *entry = a->worker->entries; entry; entry = entry->next)
		if (entry->start_rc)
			return vn_err_set(a->err, -entry->start_rc, "%s", entry->start_err.text);
	return 0;
}

int vn_engine_prepare(struct vn_engine *e, struct vn_err *err)
{
	int rc = 0;

	request_all(e, VN_T_PREPARE);
	for (unsigned int i = 0; i < e->n_workers; i++)
		if (!e->workers[i].has_thread)
			vn_worker_act(&e->workers[i]);
	while (!vn_engine_wait_idle(e, LOOK_NS))
		continue;
	for (unsigned int i = 0; i < e->n_workers && !rc; i++) {
		struct failure_args args = { &e->workers[i], err };

		rc = vn_worker_call(&e->workers[i], first_failure, &args);
	}
	return rc;
}

/*
 * The kernel's tick comes at whole milliseconds (a multiple of 1, 4 or 10; since Linux
 * 6.4), and what it does takes some 20 us. Departures at many rates that people ask
 * for are as regular, and so either all meet it or none: they begin so that it comes
 * right behind them.
 */
static uint64_t common_begin(uint64_t now)
{
	uint64_t at_ns = now + TOGETHER_NS + BEFORE_TICK_NS;

	return at_ns - at_ns % TICK_NS + TICK_NS - BEFORE_TICK_NS;
}

void vn_engine_start(struct vn_engine *e)
{
	uint64_t now = vn_clock_now(e->clock);

	atomic_store_explicit(&e->together_ns, e->is_virtual ? now : common_begin(now),
			      memory_order_relaxed);
	request_all(e, VN_T_RUN);
}

/* A start that was not acted on yet is taken back: the worker looks at stop
 * first, and would begin the run after it. */
void vn_engine_stop(struct vn_engine *e)
{
	unsigned int i;

	for (i = 0; i < e->n_workers; i++)
		atomic_fetch_and_explicit(&e->workers[i].control, ~(uint32_t)VN_T_RUN,
					  memory_order_relaxed);
	request_all(e, VN_T_STOP);
}

bool vn_engine_is_idle(const struct vn_engine *e)
{
	unsigned int i;

	for (i = 0; i < e->n_workers; i++) {
		const struct vn_worker *w = &e->workers[i];

		/* Bits first: a start that was acted on has counted its entries. */
		if (atomic_load_explicit(&w->control, memory_order_acquire) & ACTION_BITS)
			return false;
		if (atomic_load_explicit(&w->n_running, memory_order_acquire))
			return false;
	}
	return true;
}

bool vn_engine_wait_idle(struct vn_engine *e, uint64_t timeout_ns)
{
	struct timespec until;
	bool idle;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	timeout_ns += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(timeout_ns / VN_NSEC_PER_SEC);
	until.tv_nsec = (long)(timeout_ns % VN_NSEC_PER_SEC);
	pthread_mutex_lock(&e->lock);
	while (!(idle = vn_engine_is_idle(e)) && rc == 0)
		rc = pthread_cond_timedwait(&e->changed, &e->lock, &until);
	pthread_mutex_unlock(&e->lock);
	return idle;
}

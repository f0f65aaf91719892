/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: its list of entries, what other threads ask of it by control bits,
 * and the loop that its thread runs (spec sections 7.1 to 7.4).
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "engine/engine_priv.h"

#define IDLE_NS (100 * 1000000ull) /* an idle worker's turn, as pktgen's */

/* --- a worker's list -------------------------------------------------------- */

/* The running entry whose time comes first; on a tie the one nearer to the
 * front (spec section 7.3). */
struct vn_entry *vn_worker_next(const struct vn_worker *w)
{
	struct vn_entry *e, *best = NULL;

	for (e = w->entries; e; e = e->next)
		if (vn_entry_is_running(e) && (!best || vn_pace_turn_ns(e) < vn_pace_turn_ns(best)))
			best = e;
	return best;
}

static void remove_at(struct vn_worker *w, struct vn_entry **at)
{
	struct vn_entry *e = *at;

	vn_entry_stop(e);
	pthread_mutex_lock(&w->engine->lock);
	*at = e->next;
	pthread_mutex_unlock(&w->engine->lock);
	vn_entry_free(e);
}

void vn_worker_remove_all(struct vn_worker *w)
{
	while (w->entries)
		remove_at(w, &w->entries);
}

static int remove_entry(void *arg)
{
	struct vn_entry *e = arg, **at = &e->worker->entries;

	while (*at != e)
		at = &(*at)->next;
	remove_at(e->worker, at);
	return 0;
}

void vn_worker_remove(struct vn_worker *w, struct vn_entry *entry)
{
	vn_worker_call(w, remove_entry, entry);
}

static void stop_all(struct vn_worker *w)
{
	struct vn_entry *e;

	for (e = w->entries; e; e = e->next)
		vn_entry_stop(e);
}

static void prepare_all(struct vn_worker *w)
{
	struct vn_entry *e;

	vn_machine_prepare(w);
	for (e = w->entries; e; e = e->next) {
		if (!e->is_ahead)
			vn_entry_prepare(e);
		e->is_ahead = true;
	}
}

/* All was done that a start does first. */
static bool is_prepared(const struct vn_worker *w)
{
	for (const struct vn_entry *e = w->entries; e; e = e->next)
		if (!e->is_ahead)
			return false;
	return true;
}

static void run_all(struct vn_worker *w)
{
	struct vn_entry *e;

	if (!is_prepared(w))
		prepare_all(w);
	vn_machine_arm(w);
	for (e = w->entries; e; e = e->next)
		vn_entry_start(e);
}

/* Nothing runs: what stopped runs left open can go. */
void vn_worker_close_all(struct vn_worker *w)
{
	struct vn_entry *e;

	for (e = w->entries; e; e = e->next)
		if (!e->is_ahead)
			vn_entry_close(e);
}

/* --- requests ----------------------------------------------------------------- */

static void serve_call(struct vn_worker *w)
{
	struct vn_engine *e = w->engine;
	struct vn_call *call;

	/* Cleared first: a call made after this sets it again. */
	atomic_fetch_and_explicit(&w->control, ~(uint32_t)VN_T_CALL, memory_order_acquire);
	pthread_mutex_lock(&e->lock);
	call = w->call;
	w->call = NULL;
	pthread_mutex_unlock(&e->lock);
	if (!call)
		return;
	call->ret = call->fn(call->arg);
	pthread_mutex_lock(&e->lock);
	call->is_done = true;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->lock);
}

/* Acts on the bits in pktgen's order, each cleared after its action. */
void vn_worker_act(struct vn_worker *w)
{
	static const struct {
		uint32_t bit;
		void (*action)(struct vn_worker *w);
	} actions[] = {
		{ VN_T_STOP, stop_all },
		{ VN_T_PREPARE, prepare_all },
		{ VN_T_RUN, run_all },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(actions); i++) {
		uint32_t bits = atomic_load_explicit(&w->control, memory_order_acquire);

		if (!(bits & actions[i].bit))
			continue;
		actions[i].action(w);
		/* Release: pairs with the acquire in vn_engine_is_idle(). */
		atomic_fetch_and_explicit(&w->control, ~actions[i].bit, memory_order_release);
	}
	if (atomic_load_explicit(&w->control, memory_order_acquire) & VN_T_CALL)
		serve_call(w);
}

void vn_worker_announce(struct vn_worker *w)
{
	pthread_mutex_lock(&w->engine->lock);
	pthread_cond_broadcast(&w->engine->changed);
	pthread_mutex_unlock(&w->engine->lock);
}

/* --- the loop ------------------------------------------------------------------ */

static void *worker_main(void *arg)
{
	struct vn_worker *w = arg;
	struct vn_clock *clock = w->engine->clock;
	char name[16];

	snprintf(name, sizeof(name), "kpktgend_%d", w->cpu);
	vn_thread_name(name);
	vn_machine_open(w);
	pthread_mutex_lock(&w->own);
	for (;;) {
		struct vn_entry *e = vn_worker_next(w);
		uint32_t bits;

		if (e) {
			vn_entry_transmit(e);
			if (!vn_entry_is_running(e)) {
				vn_machine_follow(w);
				vn_worker_announce(w);
			}
		}
		bits = atomic_load_explicit(&w->control, memory_order_acquire);
		if (bits & VN_T_EXIT)
			break;
		if (bits) {
			vn_worker_act(w);
			vn_machine_follow(w);
			vn_worker_announce(w);
		} else if (!e) {
			vn_worker_close_all(w);
			pthread_mutex_unlock(&w->own);
			clock->wait(clock, vn_clock_now(clock) + IDLE_NS, &w->control);
			pthread_mutex_lock(&w->own);
		}
	}
	vn_worker_remove_all(w);
	pthread_mutex_unlock(&w->own);
	return NULL;
}

int vn_worker_start_thread(struct vn_worker *w, struct vn_err *err)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int rc;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	rc = pthread_attr_init(&attr);
	if (rc)
		return vn_err_set(err, rc, "worker for CPU %d: %s", w->cpu, strerror(rc));
	rc = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	if (rc == 0)
		rc = pthread_create(&w->thread, &attr, worker_main, w);
	pthread_attr_destroy(&attr);
	if (rc)
		return vn_err_set(err, rc, "worker for CPU %d: %s (is the CPU there and allowed?)",
				  w->cpu, strerror(rc));
	w->has_thread = true;
	return 0;
}

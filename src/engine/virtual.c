/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on a virtual clock: no threads, the same workers, stepped in the
 * order of their next departures. Each worker has a time of its own, since each
 * stands for a CPU that runs beside the others. The clock's timers, which are
 * everybody's, are run up to the time of a step before it: no step that comes
 * later is earlier than that.
 */
#include "engine/engine_priv.h"

/* The worker whose next departure is the earliest, and when that is; NULL when
 * nothing runs. */
static struct vn_worker *next_worker(struct vn_engine *e, uint64_t *t_ns)
{
	struct vn_worker *best = NULL;
	uint64_t best_ns = 0;
	unsigned int i;

	for (i = 0; i < e->n_workers; i++) {
		struct vn_worker *w = &e->workers[i];
		struct vn_entry *entry = vn_worker_next(w);
		uint64_t t;

		if (!entry)
			continue;
		t = VN_MAX(vn_pace_turn_ns(entry), w->virtual_ns);
		if (!best || t < best_ns) {
			best = w;
			best_ns = t;
		}
	}
	*t_ns = best_ns;
	return best;
}

static void act_all(struct vn_engine *e)
{
	unsigned int i;

	for (i = 0; i < e->n_workers; i++) {
		struct vn_worker *w = &e->workers[i];

		if (!atomic_load_explicit(&w->control, memory_order_relaxed))
			continue;
		e->clock->virtual_ns = w->virtual_ns;
		vn_worker_act(w);
	}
}

void vn_engine_run_virtual(struct vn_engine *e)
{
	struct vn_worker *w;
	uint64_t t_ns;
	unsigned int i;

	for (;;) {
		act_all(e);
		w = next_worker(e, &t_ns);
		if (!w)
			break;
		e->clock->wait(e->clock, t_ns, NULL);
		e->clock->virtual_ns = w->virtual_ns;
		vn_entry_transmit(vn_worker_next(w));
		w->virtual_ns = VN_MAX(e->clock->virtual_ns, w->retry_ns);
	}
	for (i = 0; i < e->n_workers; i++)
		vn_worker_close_all(&e->workers[i]);
}

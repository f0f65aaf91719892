/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on a virtual clock: no threads, the same workers, stepped in the
 * order of their next departures. Each worker has a time of its own, since each
 * stands for a CPU that runs beside the others.
 */
#include "engine/engine_priv.h"

/* The worker whose next departure is the earliest; NULL when nothing runs. */
static struct vn_worker *next_worker(struct vn_engine *e)
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
		t = VN_MAX(entry->sched.next_ns, w->virtual_ns);
		if (!best || t < best_ns) {
			best = w;
			best_ns = t;
		}
	}
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
	unsigned int i;

	for (;;) {
		act_all(e);
		w = next_worker(e);
		if (!w)
			break;
		e->clock->virtual_ns = w->virtual_ns;
		vn_entry_transmit(vn_worker_next(w));
		w->virtual_ns = e->clock->virtual_ns;
	}
	for (i = 0; i < e->n_workers; i++)
		vn_worker_close_all(&e->workers[i]);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "hostwait.h"

#include <sched.h>
#include <string.h>

#include "base/macros.h"
#include "nt/hw.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)

void card_hostwait_start(struct card_hostwait *w, const struct vn_clock *clock, uint64_t after_ns)
{
	memset(w, 0, sizeof(*w));
	w->clock = *clock;
	w->after = (after_ns + NS_PER_CYCLE - 1) / NS_PER_CYCLE;
	w->since = VN_NT_NEVER;
}

/* No event tells that somebody has read. The CPU is given away meanwhile, for it may be the
 * one that the driver needs. */
static void stand_still(struct card_hostwait *w, const struct card_server *server,
			const _Atomic uint32_t *stop)
{
	uint64_t began = vn_clock_now(&w->clock), ns;

	do {
		sched_yield();
		ns = vn_clock_now(&w->clock) - began;
	} while (card_server_awaits_driver(server) && ns < CARD_HOSTWAIT_MAX_NS &&
		 !atomic_load_explicit(stop, memory_order_acquire));
	w->is_given_up = ns >= CARD_HOSTWAIT_MAX_NS;
	w->waits++;
	w->total_ns += ns;
}

void card_hostwait(struct card_hostwait *w, const struct card_server *server, uint64_t cycle,
		   const _Atomic uint32_t *stop)
{
	if (!w->after)
		return;
	if (!card_server_awaits_driver(server)) {
		w->since = VN_NT_NEVER;
		w->is_given_up = false;
		return;
	}
	w->since = VN_MIN(w->since, cycle);
	if (!w->is_given_up && cycle - w->since >= w->after)
		stand_still(w, server, stop);
}

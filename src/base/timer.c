/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each timer points at the pointer that points at it, so taking one off needs
 * neither a walk nor the list it is in.
 */
#include "base/timer.h"

#include <stddef.h>

void vn_timer_arm(struct vn_timers *timers, struct vn_timer *t, uint64_t at_ns)
{
	struct vn_timer **p = &timers->first;

	vn_timer_cancel(t);
	/* Behind those of the same time. */
	while (*p && (*p)->at_ns <= at_ns)
		p = &(*p)->next;
	t->at_ns = at_ns;
	t->next = *p;
	t->prev = p;
	if (t->next)
		t->next->prev = &t->next;
	*p = t;
}

void vn_timer_cancel(struct vn_timer *t)
{
	if (!t->prev)
		return;
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->next = NULL;
	t->prev = NULL;
}

void vn_timers_run(struct vn_timers *timers, uint64_t now_ns)
{
	while (timers->first && timers->first->at_ns <= now_ns) {
		struct vn_timer *t = timers->first;

		/* Off first: fn may arm it again, or free it. */
		vn_timer_cancel(t);
		t->fn(t);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Events that a client has heard, and the names of counters. */
#include "caliper/client_priv.h"

#include <string.h>

static unsigned int take(struct vn_client_events *q, struct vn_caliper_event *events,
			 unsigned int max)
{
	unsigned int n = 0;

	while (n < max && q->head != q->tail)
		events[n++] = q->ring[q->head++ % VN_CLIENT_EVENTS];
	return n;
}

int vn_caliper_events(struct vn_caliper *c, struct vn_caliper_event *events, unsigned int max,
		      uint64_t timeout_ns)
{
	uint64_t deadline_ns = vn_client_deadline(c, timeout_ns);
	unsigned int n;
	int ret;

	for (;;) {
		ret = vn_client_refusal(c);
		if (ret || !max)
			return ret;
		n = take(&c->events, events, VN_MIN(max, VN_CLIENT_EVENTS));
		if (n)
			break;
		ret = vn_client_hear(c, deadline_ns);
		if (ret < 0)
			return ret;
		if (!ret)
			return vn_client_refusal(c);
	}
	vn_client_wake(c);
	return (int)n;
}

uint64_t vn_caliper_events_lost(const struct vn_caliper *c)
{
	return c->events.lost_inside + c->events.lost_before + c->events.lost_told;
}

static const struct {
	const char *name, *text;
} counters[] = {
#define CAL_X(name, text) { #name, text },
	CAL_COUNTERS(CAL_X)
#undef CAL_X
};

const char *vn_caliper_counter_name(unsigned int counter)
{
	return counter < VN_ARRAY_SIZE(counters) ? counters[counter].name : NULL;
}

const char *vn_caliper_counter_text(unsigned int counter)
{
	return counter < VN_ARRAY_SIZE(counters) ? counters[counter].text : NULL;
}

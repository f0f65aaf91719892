/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events and who hears them (spec caliper 3.4). What happens during a call is
 * gathered and sent as one message to each subscriber. Nobody is waited for: what
 * a socket has no room for is lost, and counted.
 */
#include <errno.h>
#include <string.h>

#include "caliper/driver_priv.h"

static struct vn_nf2_subscriber *find(struct vn_nf2_events *e, uint32_t pid)
{
	for (unsigned int i = 0; i < e->n_subscribers; i++)
		if (e->subscribers[i].pid == pid)
			return &e->subscribers[i];
	return NULL;
}

static void renew_mask(struct vn_nf2_events *e)
{
	e->mask = 0;
	for (unsigned int i = 0; i < e->n_subscribers; i++)
		e->mask |= e->subscribers[i].mask;
}

void vn_nf2_unsubscribe(struct vn_nf2 *d, uint32_t pid)
{
	struct vn_nf2_events *e = &d->events;
	struct vn_nf2_subscriber *s = find(e, pid);

	if (!s)
		return;
	*s = e->subscribers[--e->n_subscribers];
	renew_mask(e);
}

bool vn_nf2_is_subscribed(const struct vn_nf2 *d, enum cal_event_kind kind)
{
	return d->events.mask >> kind & 1;
}

void vn_nf2_tell(struct vn_nf2 *d, uint32_t pid, const struct cal_event *event,
		 const uint8_t *bytes)
{
	struct vn_nf2_events *e = &d->events;

	if (!vn_nf2_is_subscribed(d, event->kind))
		return;
	if (e->n == EVENTS_AT_ONCE)
		vn_nf2_events_send(d);
	e->waiting[e->n++] = (struct vn_nf2_event){ *event, pid, bytes };
}

void vn_nf2_tell_number(struct vn_nf2 *d, enum cal_event_kind kind, uint32_t extra)
{
	struct cal_event event = { .kind = kind, .extra = extra };

	if (!vn_nf2_is_subscribed(d, kind))
		return;
	event.card_ns = vn_nf2_card_ns(d);
	vn_nf2_tell(d, 0, &event, NULL);
}

void vn_nf2_events_are_lost(struct vn_nf2 *d, enum cal_event_kind kind, uint32_t n)
{
	if (!vn_nf2_is_subscribed(d, kind))
		return;
	vn_nf2_count(d, CAL_COUNTER_events_lost, n);
	for (unsigned int i = 0; i < d->events.n_subscribers; i++)
		if (d->events.subscribers[i].mask >> kind & 1)
			d->events.subscribers[i].lost += n;
}

static bool is_for(const struct vn_nf2_event *e, const struct vn_nf2_subscriber *s)
{
	return s->mask >> e->event.kind & 1 && (!e->pid || e->pid == s->pid);
}

/* EVENTS_AT_ONCE of them, one of which may have CAL_SNAP_MAX bytes, fit into a datagram. */
static void write_events(struct vn_nf2 *d, const struct vn_nf2_subscriber *s,
			 struct vn_cal_writer *w)
{
	vn_cal_writer_init(w, d->out, sizeof(d->out), d->cfg.card);
	vn_cal_begin(w, CAL_EVENTS, 0, 0, s->pid, 0);
	vn_cal_add(w, &s->lost, sizeof(s->lost));
	for (unsigned int i = 0; i < d->events.n; i++) {
		const struct vn_nf2_event *e = &d->events.waiting[i];
		struct cal_event event = e->event;

		if (!is_for(e, s))
			continue;
		event.snap = (uint16_t)(e->bytes ? VN_MIN(event.snap, s->snap) : 0);
		vn_cal_add_item(w, &event, sizeof(event), e->bytes, event.snap);
	}
}

static void send_to(struct vn_nf2 *d, struct vn_nf2_subscriber *s)
{
	struct vn_cal_writer w;
	uint32_t n;
	int ret;

	write_events(d, s, &w);
	n = vn_cal_items(&w);
	if (!n)
		return;
	ret = d->ops.nl_send(d->arg, s->pid, w.bytes, w.len);
	vn_nf2_count(d, ret ? CAL_COUNTER_events_lost : CAL_COUNTER_events_sent, n);
	s->lost += ret ? n : 0;
	if (ret == -ECONNREFUSED)
		vn_nf2_forget(d, s->pid);
}

/* From the last on: one that is gone is taken out on the way. */
void vn_nf2_events_send(struct vn_nf2 *d)
{
	if (!d->events.n)
		return;
	for (unsigned int i = d->events.n_subscribers; i-- > 0;)
		send_to(d, &d->events.subscribers[i]);
	d->events.n = 0;
}

/* Each is sent a message without events; who is gone is forgotten by that. */
static void look_who_is_there(struct vn_nf2 *d)
{
	struct vn_cal_writer w;

	for (unsigned int i = d->events.n_subscribers; i-- > 0;) {
		uint32_t pid = d->events.subscribers[i].pid;

		write_events(d, &d->events.subscribers[i], &w);
		if (d->ops.nl_send(d->arg, pid, w.bytes, w.len) == -ECONNREFUSED)
			vn_nf2_forget(d, pid);
	}
}

/* NULL: there are too many. */
static struct vn_nf2_subscriber *add(struct vn_nf2 *d, uint32_t pid)
{
	struct vn_nf2_events *e = &d->events;
	struct vn_nf2_subscriber *s;

	if (e->n_subscribers == CAL_SUBSCRIBERS_MAX)
		look_who_is_there(d);
	if (e->n_subscribers == CAL_SUBSCRIBERS_MAX)
		return NULL;
	s = &e->subscribers[e->n_subscribers++];
	*s = (struct vn_nf2_subscriber){ .pid = pid };
	return s;
}

int vn_nf2_subscribe(struct vn_nf2 *d, uint32_t pid, const struct cal_subscribe *want)
{
	struct vn_nf2_events *e = &d->events;
	struct vn_nf2_subscriber *s = find(e, pid);

	/* What happened until now is for those who listened then. */
	vn_nf2_events_send(d);
	if (!want->mask) {
		vn_nf2_unsubscribe(d, pid);
		return 0;
	}
	if (!s)
		s = add(d, pid);
	if (!s)
		return -ENOBUFS;
	s->mask = want->mask;
	s->snap = want->snap_len;
	renew_mask(e);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks that a client has set, in the order in which it did, until each was waited
 * for. They are hit in that order, too, so that looking for one ends at the first
 * places of the ring.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caliper/client_priv.h"

#define CAP_FIRST 16

static struct vn_client_mark *place(const struct vn_client_marks *m, uint32_t i)
{
	return &m->ring[i & (m->cap - 1)];
}

/* Those that were waited for make room for others. */
static void pack(struct vn_client_marks *m)
{
	uint32_t to = m->head;

	for (uint32_t i = m->head; i != m->tail; i++)
		if (place(m, i)->state != VN_MARK_TAKEN)
			*place(m, to++) = *place(m, i);
	m->tail = to;
}

static int grow(struct vn_client_marks *m)
{
	struct vn_client_marks more = { .cap = m->cap ? 2 * m->cap : CAP_FIRST, .hits = m->hits };

	more.ring = calloc(more.cap, sizeof(*more.ring));
	if (!more.ring)
		return -ENOMEM;
	for (uint32_t i = m->head; i != m->tail; i++)
		*place(&more, more.tail++) = *place(m, i);
	free(m->ring);
	*m = more;
	return 0;
}

int vn_client_mark_reserve(struct vn_caliper *c)
{
	struct vn_client_marks *m = &c->marks;

	if (m->tail - m->head < m->cap)
		return 0;
	pack(m);
	if (m->tail - m->head < (m->cap == VN_CLIENT_MARKS ? m->cap : m->cap / 2))
		return 0;
	if (m->cap == VN_CLIENT_MARKS)
		return vn_err_set(&c->err, ENOBUFS, "%u marks were set and not waited for",
				  VN_CLIENT_MARKS);
	if (grow(m))
		return vn_err_set(&c->err, ENOMEM, "no memory for marks");
	return 0;
}

void vn_client_mark_set(struct vn_caliper *c, uint32_t seq)
{
	*place(&c->marks, c->marks.tail++) =
		(struct vn_client_mark){ .seq = seq, .state = VN_MARK_SET };
}

static struct vn_client_mark *find(struct vn_client_marks *m, uint32_t seq)
{
	for (uint32_t i = m->head; i != m->tail; i++) {
		if (place(m, i)->seq == seq)
			return place(m, i);
	}
	return NULL;
}

struct vn_client_mark *vn_client_mark_waiting(struct vn_caliper *c, uint32_t seq)
{
	struct vn_client_mark *mark = find(&c->marks, seq);

	return mark && mark->state == VN_MARK_SET ? mark : NULL;
}

void vn_client_marks_refuse(struct vn_caliper *c, int error)
{
	struct vn_client_marks *m = &c->marks;

	for (uint32_t i = m->head; i != m->tail; i++) {
		if (place(m, i)->state != VN_MARK_SET)
			continue;
		place(m, i)->state = VN_MARK_REFUSED;
		place(m, i)->error = error;
		m->hits++;
	}
}

/* It was waited for: what it said. */
static int take(struct vn_caliper *c, struct vn_client_mark *mark, struct cal_mark_hit *hit)
{
	struct vn_client_marks *m = &c->marks;
	struct vn_client_mark was = *mark;

	mark->state = VN_MARK_TAKEN;
	m->hits--;
	while (m->head != m->tail && place(m, m->head)->state == VN_MARK_TAKEN)
		m->head++;
	vn_client_wake(c);
	if (was.state == VN_MARK_REFUSED)
		return vn_err_set(&c->err, -was.error, "card %u: mark %u was refused: %s", c->card,
				  was.seq, strerror(-was.error));
	if (hit)
		*hit = was.hit;
	if (was.hit.status == CAL_COPIED)
		return 0;
	return vn_err_set(&c->err, ECANCELED, "card %u: what mark %u stood behind was thrown away",
			  c->card, was.seq);
}

int vn_caliper_wait(struct vn_caliper *c, uint32_t mark, uint64_t timeout_ns,
		    struct cal_mark_hit *hit)
{
	uint64_t deadline_ns = vn_client_deadline(c, timeout_ns);
	bool is_over = false;

	for (;;) {
		struct vn_client_mark *m = find(&c->marks, mark);
		int ret = vn_client_refusal(c);

		if (ret)
			return ret;
		if (!m || m->state == VN_MARK_TAKEN)
			return vn_err_set(&c->err, ENOENT, "mark %u: no such is set", mark);
		if (m->state != VN_MARK_SET)
			return take(c, m, hit);
		if (is_over)
			return vn_err_set(&c->err, ETIMEDOUT,
					  "card %u: mark %u was not hit in time", c->card, mark);
		ret = vn_client_hear(c, deadline_ns);
		if (ret < 0)
			return ret;
		is_over = !ret;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks (spec caliper 4.6): they stand on the txbuff with the last packets that
 * came, and are answered when that has been copied or thrown away.
 */
#include <errno.h>

#include "caliper/driver_priv.h"

static void mark_hit(struct vn_nf2 *d, const struct vn_nf2_mark *mark, enum cal_mark_status status)
{
	const struct cal_mark_hit body = {
		.card_ns = vn_nf2_card_ns(d),
		.status = status,
		.free_txbuffs = d->free_txbuffs.n,
	};

	if (!mark->pid)
		return;
	vn_nf2_count(d, CAL_COUNTER_marks_hit, 1);
	vn_nf2_answer(d, mark->pid, mark->seq, CAL_MARK_HIT, 0, &body, sizeof(body));
}

struct vn_txbuff *vn_nf2_newest_in_transfer(const struct vn_nf2 *d)
{
	struct vn_txbuff *newest = NULL;

	/* A CONFIG is made anew when its transfer failed, and its marks would be lost. */
	for (struct vn_txbuff *t = d->transfers.first; t; t = t->next)
		if (t->type == DRIVERCOMM_PKTS)
			newest = t;
	return newest;
}

struct vn_txbuff *vn_nf2_newest(const struct vn_nf2 *d)
{
	if (d->txbuff_building)
		return d->txbuff_building;
	return d->transmit_txbuffs.n ? d->transmit_txbuffs.last : vn_nf2_newest_in_transfer(d);
}

int nf2c_mark(struct vn_nf2 *d, uint32_t pid, uint32_t seq, bool flush)
{
	const struct vn_nf2_mark mark = { pid, seq };
	struct vn_txbuff *t = d->state == CAL_RUNNING ? vn_nf2_newest(d) : NULL;

	if (t && t->n_marks == CAL_MARKS_MAX)
		return -EBUSY;
	vn_nf2_count(d, CAL_COUNTER_marks_set, 1);
	if (t)
		t->marks[t->n_marks++] = mark;
	else
		mark_hit(d, &mark, d->state == CAL_RUNNING ? CAL_COPIED : CAL_DISCARDED);
	if (flush) {
		vn_txbuff_flush(d);
		nf2c_attempt_send(d);
	}
	return 0;
}

void notify_of_mark(struct vn_nf2 *d, struct vn_txbuff *t, enum cal_mark_status status)
{
	unsigned int n = t->n_marks;

	/* None are left behind: a client that turns out to be gone is forgotten in between. */
	t->n_marks = 0;
	for (unsigned int i = 0; i < n; i++)
		mark_hit(d, &t->marks[i], status);
}

static void refuse_mark(struct vn_nf2 *d, const struct vn_nf2_mark *mark, int error)
{
	const struct vn_cal_msg msg = { .type = CAL_MARK, .seq = mark->seq, .pid = mark->pid };

	vn_nf2_count(d, CAL_COUNTER_marks_hit, 1);
	vn_nf2_answer_error(d, mark->pid, &msg, error);
}

void vn_nf2_marks_move(struct vn_nf2 *d, struct vn_txbuff *from, struct vn_txbuff *to)
{
	unsigned int n = from->n_marks;

	if (!to) {
		notify_of_mark(d, from, CAL_COPIED);
		return;
	}
	from->n_marks = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (!from->marks[i].pid)
			continue;
		if (to->n_marks < CAL_MARKS_MAX)
			to->marks[to->n_marks++] = from->marks[i];
		else
			refuse_mark(d, &from->marks[i], -EBUSY);
	}
}

static void forget(struct vn_txbuff *t, uint32_t pid)
{
	for (unsigned int i = 0; i < t->n_marks; i++)
		if (t->marks[i].pid == pid)
			t->marks[i].pid = 0;
}

void vn_nf2_marks_forget(struct vn_nf2 *d, uint32_t pid)
{
	for (unsigned int i = 0; i < d->cfg.txbuffs; i++)
		forget(&d->txbuffs[i], pid);
	forget(&d->config, pid);
}

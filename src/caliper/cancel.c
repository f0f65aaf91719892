/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CANCEL: a client takes back what the card has not begun to get. Packets that
 * stay keep their gaps, which from then on count from whatever leaves before them.
 */
#include <stddef.h>
#include <string.h>

#include "caliper/driver_priv.h"

struct cancel {
	struct vn_nf2 *d;
	const struct vn_nf2_withdrawal *w;
	uint64_t n;
	bool has_last;
	uint64_t last;	  /* planned departure of the client's last packet that stays, cycles */
	uint64_t planned; /* of the packet before the one that is looked at */
};

static bool was_before(const struct vn_nf2_withdrawal *w, uint32_t seq)
{
	return (int32_t)(seq - w->seq) < 0;
}

static bool is_wanted(const struct vn_nf2_withdrawal *w, uint32_t pid, uint32_t seq,
		      uint32_t cookie)
{
	return pid == w->pid && was_before(w, seq) && cookie >= w->which.first &&
	       cookie <= w->which.last;
}

/* --- packets in a txbuff ------------------------------------------------------------------ */

/* The departure of a packet with this time, behind the one that was looked at before. */
static uint64_t plan_anew(const struct cancel *c, uint64_t cycles, bool is_absolute)
{
	uint64_t base = is_absolute ? 0 : c->planned;
	uint64_t planned = cycles > UINT64_MAX - base ? UINT64_MAX : base + cycles;

	return VN_MAX(VN_MAX(planned, c->planned), c->d->now_cycle);
}

/* Departures are planned anew where packets were taken out in front. */
static void keep(struct cancel *c, struct vn_nf2_packet *packet, const uint8_t *e)
{
	uint64_t cycles = (uint64_t)vn_get_be32(e) << 32 |
			  vn_get_be32(e + offsetof(struct drivercomm_entry, time_low));
	uint16_t flags = vn_get_be16(e + offsetof(struct drivercomm_entry, flags));

	if (c->n)
		packet->planned = plan_anew(c, cycles, flags & DRIVERCOMM_ABSOLUTE);
	c->planned = packet->planned;
	if (packet->pid == c->w->pid) {
		c->has_last = true;
		c->last = packet->planned;
	}
}

static uint32_t entry_size(const struct vn_txbuff *t, uint32_t at)
{
	uint32_t next = vn_get_be16(t->bytes + at + offsetof(struct drivercomm_entry, next));

	return next ? next : t->len - at;
}

/* Moves the entries that stay to the beginning. */
static void cut_out(struct cancel *c, struct vn_txbuff *t)
{
	uint32_t from = TXBUFF_HEAD, to = TXBUFF_HEAD;
	unsigned int n = 0;

	for (unsigned int i = 0; i < t->n; i++) {
		const struct vn_nf2_packet *p = &t->packets[i];
		uint32_t size = entry_size(t, from);

		if (is_wanted(c->w, p->pid, p->seq, p->cookie)) {
			c->n++;
		} else {
			memmove(t->bytes + to, t->bytes + from, size);
			vn_put_be16(t->bytes + to + offsetof(struct drivercomm_entry, next),
				    (uint16_t)size);
			t->packets[n] = *p;
			keep(c, &t->packets[n++], t->bytes + to);
			t->last = to;
			to += size;
		}
		from += size;
	}
	t->n = n;
	t->len = to;
	if (n)
		vn_put_be16(t->bytes + t->last + offsetof(struct drivercomm_entry, next), 0);
}

static void drop_empty(struct vn_nf2 *d, struct vn_txbuff *t, struct vn_txbuff *before)
{
	vn_nf2_marks_move(d, t, before);
	vn_txbuff_push(&d->free_txbuffs, t);
}

static void cut_out_of_list(struct cancel *c, struct vn_txbuff_list *list)
{
	struct vn_txbuff *before = vn_nf2_newest_in_transfer(c->d);

	for (unsigned int n = list->n; n; n--) {
		struct vn_txbuff *t = vn_txbuff_pop(list);

		cut_out(c, t);
		if (t->n) {
			vn_txbuff_push(list, t);
			before = t;
		} else {
			drop_empty(c->d, t, before);
		}
	}
}

static void cut_out_of_building(struct cancel *c)
{
	struct vn_nf2 *d = c->d;
	struct vn_txbuff *t = d->txbuff_building;

	if (!t)
		return;
	cut_out(c, t);
	if (t->n)
		return;
	d->txbuff_building = NULL;
	drop_empty(d, t, vn_nf2_newest(d));
}

/* --- the datagram that waits --------------------------------------------------------------- */

static size_t bit_of(const struct vn_nf2_datagram *in, const uint8_t *descriptor)
{
	return (size_t)(descriptor - in->reader.bytes) / 4;
}

static void mark_as_cancelled(struct vn_nf2_datagram *in, const uint8_t *descriptor)
{
	size_t bit = bit_of(in, descriptor);

	if (!in->has_cancelled)
		memset(in->cancelled, 0, sizeof(in->cancelled));
	in->has_cancelled = true;
	in->cancelled[bit / 8] |= (uint8_t)(1 << bit % 8);
}

bool vn_nf2_was_cancelled(const struct vn_nf2_datagram *in, const uint8_t *descriptor)
{
	size_t bit;

	if (!in->has_cancelled)
		return false;
	bit = bit_of(in, descriptor);
	return in->cancelled[bit / 8] >> bit % 8 & 1;
}

/* It has no departure yet: it is behind everything else, as far off as its gap says. */
static void keep_descriptor(struct cancel *c, const struct cal_descriptor *x, bool is_own)
{
	uint64_t ns = x->flags & CAL_HOSTCLOCK ? vn_cardclock_card_ns(&c->d->clock, x->time_ns)
					       : x->time_ns;

	c->planned = plan_anew(c, ns >> c->d->shift, x->flags & CAL_ABSOLUTE);
	if (!is_own)
		return;
	c->has_last = true;
	c->last = c->planned;
}

/* From the offset of the message on. */
static void cut_out_of_message(struct cancel *c, const struct vn_cal_msg *msg, size_t at)
{
	struct vn_nf2_datagram *in = &c->d->in;
	struct cal_descriptor x;
	const uint8_t *data, *begin = msg->body + at;

	for (; vn_cal_descriptor_next(msg, &at, &x, &data); begin = msg->body + at) {
		if (vn_nf2_was_cancelled(in, begin))
			continue;
		if (!is_wanted(c->w, in->pid, msg->seq, x.cookie)) {
			keep_descriptor(c, &x, in->pid == c->w->pid);
			continue;
		}
		mark_as_cancelled(in, begin);
		c->n++;
	}
}

static void cut_out_of_datagram(struct cancel *c)
{
	struct vn_nf2_datagram *in = &c->d->in;
	struct vn_cal_reader rest = in->reader;
	struct vn_cal_msg msg;
	uint64_t before;
	int ret;

	if (in->left)
		cut_out_of_message(c, &in->msg, in->at);
	before = c->n;
	while ((ret = vn_cal_next(&rest, VN_CAL_DRIVER_DATA, c->d->cfg.card, &msg)))
		if (ret == 1 && msg.type == CAL_PKTS)
			cut_out_of_message(c, &msg, 0);
	/* What has not been looked at yet is accepted by being taken back. */
	vn_nf2_count(c->d, CAL_COUNTER_accepted, c->n - before);
}

/* --- the datagrams behind it ------------------------------------------------------------------ */

/* An earlier CANCEL counts it. They are cut out when they are read. */
static bool is_withdrawn(const struct cancel *c, uint32_t pid, uint32_t seq, uint32_t cookie)
{
	const struct vn_nf2_withdrawals *w = &c->d->withdrawals;

	for (unsigned int i = 0; i < w->n; i++)
		if ((pid != c->w->pid || was_before(c->w, w->list[i].seq)) &&
		    is_wanted(&w->list[i], pid, seq, cookie))
			return true;
	return false;
}

static void look_at_message(struct cancel *c, uint32_t pid, const struct vn_cal_msg *msg)
{
	struct cal_descriptor x;
	const uint8_t *data;
	size_t at = 0;

	while (vn_cal_descriptor_next(msg, &at, &x, &data)) {
		if (is_withdrawn(c, pid, msg->seq, x.cookie))
			continue;
		if (is_wanted(c->w, pid, msg->seq, x.cookie))
			c->n++;
		else
			keep_descriptor(c, &x, pid == c->w->pid);
	}
}

static void look_at_backlog(struct cancel *c)
{
	const struct vn_nf2_backlog *b = &c->d->backlog;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	int ret;

	for (uint32_t k = b->tail; k != b->head; k++) {
		vn_cal_reader_init(&r, b->bytes[k % CAL_BACKLOG], b->of[k % CAL_BACKLOG].len);
		while ((ret = vn_cal_next(&r, VN_CAL_DRIVER_DATA, c->d->cfg.card, &msg)))
			if (ret == 1 && msg.type == CAL_PKTS)
				look_at_message(c, b->of[k % CAL_BACKLOG].pid, &msg);
	}
}

/* --- what has been read ---------------------------------------------------------------------- */

static void find_last_on_card(struct cancel *c)
{
	struct vn_nf2 *d = c->d;
	const struct vn_nf2_packet *newest = vn_nf2_sent_find(&d->sent, d->sent.seq - 1);
	const struct vn_nf2_packet *own = vn_nf2_sent_last(&d->sent, c->w->pid, d->now_cycle);

	c->planned = newest ? newest->planned : d->now_cycle;
	c->has_last = own != NULL;
	c->last = own ? own->planned : 0;
}

static void take_back(struct vn_nf2 *d, const struct vn_nf2_withdrawal *w,
		      struct cal_cancel_done *done)
{
	struct cancel c = { .d = d, .w = w };

	d->now_cycle = vn_nf2_card_ns(d) >> d->shift;
	find_last_on_card(&c);
	cut_out_of_list(&c, &d->transmit_txbuffs);
	cut_out_of_building(&c);
	if (c.n)
		d->planned = d->departs = VN_MAX(c.planned, d->now_cycle);
	if (d->in.is_parked)
		cut_out_of_datagram(&c);
	vn_nf2_count(d, CAL_COUNTER_cancelled, c.n);
	if (w->is_answered)
		look_at_backlog(&c);
	vn_txbuff_flush_idle(d);
	if (!d->transmit_txbuffs.n)
		d->is_stalled = false;
	nf2c_attempt_send(d);
	*done = (struct cal_cancel_done){
		.cancelled = c.n,
		.last_ns = c.has_last ? vn_nf2_ns(d, c.last) : 0,
	};
}

/* --- what has not been read ----------------------------------------------------------------- */

static void drop_withdrawal(struct vn_nf2_withdrawals *w, unsigned int i)
{
	w->n--;
	memmove(w->list + i, w->list + i + 1, (w->n - i) * sizeof(*w->list));
}

void vn_nf2_withdraw_forget(struct vn_nf2 *d, uint32_t pid)
{
	for (unsigned int i = d->withdrawals.n; i-- > 0;)
		if (d->withdrawals.list[i].pid == pid)
			drop_withdrawal(&d->withdrawals, i);
}

/* What was taken back later is counted, what will be when it is read, and what is left is
 * looked at as it is now. */
static void answer(struct vn_nf2 *d, const struct vn_nf2_withdrawal *w)
{
	struct cal_cancel_done done;

	take_back(d, w, &done);
	done.cancelled += w->n;
	vn_nf2_events_send(d);
	vn_nf2_answer(d, w->pid, w->seq, CAL_CANCEL_DONE, 0, &done, sizeof(done));
}

static void end_withdrawal(struct vn_nf2 *d, unsigned int i)
{
	struct vn_nf2_withdrawal w = d->withdrawals.list[i];

	drop_withdrawal(&d->withdrawals, i);
	if (!w.is_answered)
		answer(d, &w);
}

static struct vn_nf2_withdrawal *first_unanswered(struct vn_nf2_withdrawals *w)
{
	for (unsigned int i = 0; i < w->n; i++)
		if (!w->list[i].is_answered)
			return &w->list[i];
	return NULL;
}

/* Who turns out to be gone is forgotten on the way, and out of the list. */
void vn_nf2_cancel_answer(struct vn_nf2 *d)
{
	struct vn_nf2_withdrawal *w, copy;

	while ((w = first_unanswered(&d->withdrawals))) {
		w->is_answered = true;
		copy = *w;
		answer(d, &copy);
	}
}

bool vn_nf2_cancel_waits(const struct vn_nf2 *d)
{
	for (unsigned int i = 0; i < d->withdrawals.n; i++)
		if (!d->withdrawals.list[i].is_answered)
			return d->backlog.head - d->backlog.tail < CAL_BACKLOG;
	return false;
}

/* A client's datagrams are read in order: what is behind a CANCEL says that nothing before
 * it is left. */
void vn_nf2_withdraw_from(struct vn_nf2 *d)
{
	for (unsigned int i = d->withdrawals.n; i-- > 0;) {
		struct vn_nf2_withdrawal *w = &d->withdrawals.list[i];
		struct cancel c = { .d = d, .w = w };

		/* An answer may find that its client is gone. */
		if (i >= d->withdrawals.n || w->pid != d->in.pid)
			continue;
		if (was_before(w, d->in.msg.seq)) {
			cut_out_of_message(&c, &d->in.msg, 0);
			vn_nf2_count(d, CAL_COUNTER_cancelled, c.n);
			w->n += c.n;
		} else {
			end_withdrawal(d, i);
		}
	}
}

void vn_nf2_cancel(struct vn_nf2 *d, uint32_t pid, uint32_t seq, const struct cal_cancel *which)
{
	struct vn_nf2_withdrawal w = { .pid = pid, .seq = seq, .which = *which };
	struct cal_cancel_done done;

	take_back(d, &w, &done);
	w.n = done.cancelled;
	if (d->withdrawals.n == WITHDRAWALS)
		end_withdrawal(d, 0);
	d->withdrawals.list[d->withdrawals.n++] = w;
	if (d->in.is_parked && !vn_nf2_cancel_waits(d))
		vn_nf2_cancel_answer(d);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of clients on the data socket. Packets that find no txbuff wait where
 * they are, in the datagram, and nothing more is read meanwhile: their senders
 * wait, and nothing is dropped for want of buffers.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "caliper/driver_priv.h"

static void end_message(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;

	if (in->msg.nl_flags & NLM_F_ACK)
		vn_nf2_answer_error(d, in->pid, &in->msg, 0);
}

/* Packets from this offset of the message on that were not taken back. */
static uint32_t packets_left(const struct vn_nf2_datagram *in, size_t at)
{
	const uint8_t *data, *begin = in->msg.body + at;
	struct cal_descriptor x;
	uint32_t n = 0;

	for (; vn_cal_descriptor_next(&in->msg, &at, &x, &data); begin = in->msg.body + at)
		n += !vn_nf2_was_cancelled(in, begin);
	return n;
}

void vn_nf2_drop_message(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;

	if (!in->left)
		return;
	vn_nf2_count(d, CAL_COUNTER_discarded, packets_left(in, in->at));
	in->left = 0;
	end_message(d);
}

/* false: there is no txbuff for the next one. */
static bool take_packets(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;
	struct cal_descriptor x;
	const uint8_t *data;

	while (in->left) {
		bool is_last = in->left == 1;
		size_t at = in->at;

		/* Before it is added: if the card is lost then, all that is left is dropped, and
		 * the message has ended. */
		in->left--;
		vn_cal_descriptor_next(&in->msg, &in->at, &x, &data);
		if (!vn_nf2_was_cancelled(in, in->msg.body + at) && !nf2c_inject_pkt(d, &x, data)) {
			in->at = at;
			in->left++;
			return false;
		}
		if (is_last)
			end_message(d);
	}
	return true;
}

static int state_error(enum cal_state state)
{
	if (state == CAL_RUNNING)
		return 0;
	return state == CAL_RESETTING ? -EAGAIN : -ENETDOWN;
}

static int begin_packets(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;
	int ret = state_error(d->state);

	if (ret)
		return ret;
	in->left = in->msg.head.count;
	in->at = 0;
	/* Those that were taken back are counted already. */
	vn_nf2_count(d, CAL_COUNTER_accepted, in->has_cancelled ? packets_left(in, 0) : in->left);
	vn_nf2_withdraw_from(d);
	return 0;
}

/* 0, with PKTS that are to be taken if in->left; or why the message is refused. */
static int begin_message(struct vn_nf2 *d)
{
	struct vn_cal_msg *msg = &d->in.msg;
	int ret;

	if (msg->type == CAL_PKTS)
		return begin_packets(d);
	ret = nf2c_mark(d, d->in.pid, msg->seq, msg->head.flags & CAL_MARK_FLUSH);
	if (!ret)
		end_message(d);
	return ret;
}

static void refuse(struct vn_nf2 *d, uint32_t pid, const struct vn_cal_msg *msg, int error)
{
	uint32_t room = msg->len / (uint32_t)sizeof(struct cal_descriptor);

	/* One that is refused may say any number. */
	if (msg->type == CAL_PKTS)
		vn_nf2_count(d, CAL_COUNTER_refused, VN_MIN(msg->head.count, room));
	vn_nf2_answer_error(d, pid, msg, error);
}

/* false: the datagram has no more. */
static bool next_message(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;
	int ret = vn_cal_next(&in->reader, VN_CAL_DRIVER_DATA, d->cfg.card, &in->msg);

	if (!ret)
		return false;
	if (ret > 0)
		ret = begin_message(d);
	if (ret)
		refuse(d, in->pid, &in->msg, ret);
	return true;
}

/* The datagram is the caller's: it is kept here while it waits. */
static void park(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;

	if (in->is_parked)
		return;
	memcpy(in->bytes, in->reader.bytes, in->reader.len);
	in->msg.body = in->bytes + (in->msg.body - in->reader.bytes);
	in->reader.bytes = in->bytes;
	in->is_parked = true;
	vn_nf2_count(d, CAL_COUNTER_txbuff_waits, 1);
}

static void begin_datagram(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	struct vn_nf2_datagram *in = &d->in;

	vn_cal_reader_init(&in->reader, bytes, len);
	in->pid = pid;
	in->left = 0;
	in->is_active = true;
}

/* false: it waits. */
static bool take_datagram(struct vn_nf2 *d)
{
	struct vn_nf2_datagram *in = &d->in;

	do {
		if (!take_packets(d)) {
			park(d);
			return false;
		}
	} while (next_message(d));
	in->is_active = in->is_parked = in->has_cancelled = false;
	return true;
}

static bool next_of_backlog(struct vn_nf2 *d)
{
	struct vn_nf2_backlog *b = &d->backlog;
	unsigned int i = b->tail % CAL_BACKLOG;

	if (b->tail == b->head)
		return false;
	b->tail++;
	begin_datagram(d, b->of[i].pid, b->bytes[i], b->of[i].len);
	return true;
}

void nl_receive_msg(struct vn_nf2 *d)
{
	if (!d->in.is_active)
		return;
	d->now_cycle = vn_nf2_card_ns(d) >> d->shift;
	while (take_datagram(d) && next_of_backlog(d))
		;
}

bool vn_nf2_takes_data(const struct vn_nf2 *d)
{
	return !d->in.is_parked || vn_nf2_cancel_waits(d);
}

/* Behind what waits; who cancels waits no longer when there is no room. */
static void keep_back(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	struct vn_nf2_backlog *b = &d->backlog;
	unsigned int i = b->head++ % CAL_BACKLOG;

	b->of[i].pid = pid;
	b->of[i].len = (uint32_t)len;
	memcpy(b->bytes[i], bytes, len);
	if (b->head - b->tail == CAL_BACKLOG)
		vn_nf2_cancel_answer(d);
}

void vn_nf2_data(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	if (len > CAL_DATAGRAM_MAX) {
		vn_nf2_refuse(d, pid, bytes, len, -EMSGSIZE);
		return;
	}
	if (d->in.is_parked) {
		keep_back(d, pid, bytes, len);
		return;
	}
	begin_datagram(d, pid, bytes, len);
	nl_receive_msg(d);
	vn_nf2_settle(d);
}

void vn_nf2_data_over(struct vn_nf2 *d)
{
	vn_nf2_cancel_answer(d);
	/* What is parked was read before that. */
	if (!d->in.is_parked)
		d->withdrawals.n = 0;
}

bool vn_nf2_awaits_data_over(const struct vn_nf2 *d)
{
	return d->withdrawals.n;
}

void vn_nf2_refuse(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len, int error)
{
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	vn_cal_reader_init(&r, bytes, len);
	while (vn_cal_next(&r, VN_CAL_DRIVER_CONTROL, d->cfg.card, &msg))
		refuse(d, pid, &msg, error);
	vn_nf2_settle(d);
}

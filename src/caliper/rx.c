/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the card says (spec caliper 4.5, 4.8): credit, departures, received frames.
 * Whatever was written before the last RESET is not for this driver. A card that
 * says what cannot be is counted, and too much of it is a FAULT.
 */
#include <stddef.h>
#include <string.h>

#include "caliper/driver_priv.h"

#define MESSAGE_HEAD (TXBUFF_HEAD + (uint32_t)sizeof(struct drivercomm_body))
#define REPORT	     ((uint32_t)sizeof(struct drivercomm_report))
#define CARD_NS_MAX  (UINT64_C(1) << 61) /* 73 years: differences of such times fit */

struct message {
	uint8_t type;
	uint16_t epoch, count;
	uint32_t credit, late, rx_lost, frame_len, n_reports;
	uint64_t card_ns;
	const uint8_t *frame, *reports;
};

static uint64_t read_cycles(const uint8_t *high)
{
	return (uint64_t)vn_get_be32(high) << 32 | vn_get_be32(high + 4);
}

static bool type_is_known(uint8_t type)
{
	return type == DRIVERCOMM_RESET_DONE || type == DRIVERCOMM_QUOTA ||
	       type == DRIVERCOMM_FRAME;
}

static bool has_good_head(const uint8_t *h, uint32_t len)
{
	return len >= MESSAGE_HEAD && vn_get_be16(h) == DRIVERCOMM_MAGIC &&
	       h[offsetof(struct drivercomm_head, version)] == DRIVERCOMM_VERSION &&
	       type_is_known(h[offsetof(struct drivercomm_head, type)]);
}

static void read_body(struct message *m, const uint8_t *b)
{
	m->credit = vn_get_be32(b + offsetof(struct drivercomm_body, credit));
	m->n_reports = vn_get_be16(b + offsetof(struct drivercomm_body, reports));
	m->frame_len = vn_get_be16(b + offsetof(struct drivercomm_body, frame_len));
	m->late = vn_get_be32(b + offsetof(struct drivercomm_body, late));
	m->rx_lost = vn_get_be32(b + offsetof(struct drivercomm_body, rx_lost));
}

/* false: it is no message. */
static bool decode(const struct vn_nf2 *d, uint32_t len, struct message *m)
{
	const uint8_t *h = d->rx, *b = h + TXBUFF_HEAD;
	uint64_t cycles, frame_room;

	if (!has_good_head(h, len))
		return false;
	m->type = h[offsetof(struct drivercomm_head, type)];
	m->count = vn_get_be16(h + offsetof(struct drivercomm_head, count));
	m->epoch = vn_get_be16(h + offsetof(struct drivercomm_head, epoch));
	read_body(m, b);
	cycles = read_cycles(b + offsetof(struct drivercomm_body, time_high));
	frame_room = m->type == DRIVERCOMM_FRAME ? vn_cal_padded(m->frame_len) : 0;
	if (cycles >= CARD_NS_MAX >> d->shift ||
	    MESSAGE_HEAD + frame_room + (uint64_t)REPORT * m->n_reports > len)
		return false;
	m->card_ns = cycles << d->shift;
	m->frame = h + MESSAGE_HEAD;
	m->reports = m->frame + frame_room;
	return true;
}

/* --- credit ---------------------------------------------------------------------------- */

static void end_stall(struct vn_nf2 *d)
{
	uint64_t us = (vn_nf2_now(d) - d->stalled_ns) / VN_NSEC_PER_USEC;

	d->is_stalled = false;
	vn_nf2_tell_number(d, CAL_EVENT_STALL, (uint32_t)VN_MIN(us, (uint64_t)UINT32_MAX));
}

static void take_credit(struct vn_nf2 *d, uint32_t credit)
{
	bool was_zero = !d->allowed_send;

	if (!credit)
		return;
	if (credit > vn_nf2_outstanding(d)) {
		vn_nf2_error(d, LOG_MESSAGE, "the card gives more credit than it was sent frames");
		credit = vn_nf2_outstanding(d);
	}
	if (d->state != CAL_RUNNING || !credit)
		return;
	d->sent.credited += credit;
	d->allowed_send += credit;
	vn_nf2_count(d, CAL_COUNTER_credits, credit);
	if (d->is_stalled)
		end_stall(d);
	vn_txbuff_flush_idle(d);
	if (was_zero)
		vn_txbuff_flush_useful(d);
	nf2c_attempt_send(d);
}

/* --- departures -------------------------------------------------------------------------- */

static void take_report(struct vn_nf2 *d, const uint8_t *r)
{
	uint32_t seq = vn_get_be32(r + offsetof(struct drivercomm_report, seq));
	uint32_t late = vn_get_be32(r + offsetof(struct drivercomm_report, late));
	uint64_t cycle = read_cycles(r + offsetof(struct drivercomm_report, time_high));
	const struct vn_nf2_packet *p = vn_nf2_sent_find(&d->sent, seq);
	uint64_t late_ns = (uint64_t)late << d->shift;
	struct cal_event event;

	if (!p) {
		vn_nf2_error(d, LOG_MESSAGE, "the card reports a packet that it was not sent");
		return;
	}
	vn_nf2_count(d, CAL_COUNTER_reported, 1);
	d->counters[CAL_COUNTER_late_max_ns] =
		VN_MAX(d->counters[CAL_COUNTER_late_max_ns], late_ns);
	event = (struct cal_event){
		.card_ns = vn_nf2_ns(d, cycle),
		.kind = p->is_reported ? CAL_EVENT_DEPARTED : CAL_EVENT_LATE,
		.cookie = p->cookie,
		.extra = (uint32_t)VN_MIN(late_ns, (uint64_t)UINT32_MAX),
	};
	vn_nf2_tell(d, p->is_reported ? p->pid : 0, &event, NULL);
}

/* Whose they were is not known. */
static void take_lost_reports(struct vn_nf2 *d, const struct message *m)
{
	uint16_t lost = (uint16_t)(m->count - d->card_reports_lost);

	if (m->type != DRIVERCOMM_QUOTA || !m->n_reports || !lost)
		return;
	d->card_reports_lost = m->count;
	vn_nf2_events_are_lost(d, CAL_EVENT_DEPARTED, lost);
}

/* What the card has counted since it said so last. */
static void take_counts(struct vn_nf2 *d, const struct message *m)
{
	uint32_t lost = m->rx_lost - d->card_rx_lost;

	vn_nf2_count(d, CAL_COUNTER_late, m->late - d->card_late);
	vn_nf2_count(d, CAL_COUNTER_rx_lost, lost);
	d->card_late = m->late;
	d->card_rx_lost = m->rx_lost;
	if (lost)
		vn_nf2_tell_number(d, CAL_EVENT_RXDROP, lost);
}

/* --- received frames ----------------------------------------------------------------------- */

static void take_frame(struct vn_nf2 *d, const struct message *m)
{
	const struct cal_event event = {
		.card_ns = m->card_ns,
		.kind = CAL_EVENT_RX,
		.len = m->count >> 3,
		.snap = (uint16_t)VN_MIN(m->frame_len, (uint32_t)CAL_SNAP_MAX),
		.port = m->count & 7,
	};

	vn_nf2_tell(d, 0, &event, m->frame);
	/* A part of one is only for who asked for events. */
	if (m->frame_len != event.len || !m->frame_len)
		return;
	vn_nf2_count(d, CAL_COUNTER_delivered, 1);
	d->ops.deliver(d->arg, m->frame, m->frame_len);
}

/* --- messages -------------------------------------------------------------------------------- */

static void hear_answer(struct vn_nf2 *d, const struct message *m)
{
	if (m->type != DRIVERCOMM_RESET_DONE || d->reset.has_answer)
		return;
	d->reset.has_answer = true;
	d->reset.credit = m->credit;
	d->reset.card_ns = m->card_ns;
	d->reset.heard_ns = d->avail_ns;
}

static void hear(struct vn_nf2 *d, const struct message *m)
{
	if (m->type == DRIVERCOMM_RESET_DONE) {
		vn_nf2_error(d, LOG_MESSAGE, "the card was reset without being asked");
		return;
	}
	vn_cardclock_sample(&d->clock, m->card_ns, d->avail_ns);
	for (uint32_t i = 0; i < m->n_reports; i++)
		take_report(d, m->reports + i * REPORT);
	take_lost_reports(d, m);
	take_counts(d, m);
	if (d->state == CAL_RUNNING && m->type == DRIVERCOMM_FRAME)
		take_frame(d, m);
	take_credit(d, m->credit);
	/* They point to this message. */
	vn_nf2_events_send(d);
}

void nf2c_rx(struct vn_nf2 *d)
{
	uint32_t len = d->rx_len;
	struct message m;

	d->rx_len = 0;
	if (!decode(d, len, &m)) {
		vn_nf2_error(d, LOG_MESSAGE, "the card sent what is no message");
		return;
	}
	if (m.epoch != d->epoch) {
		if (d->state == CAL_RESETTING && m.type == DRIVERCOMM_RESET_DONE)
			vn_nf2_reset_is_slow(d);
		return;
	}
	/* What comes behind the answer is the card's first word after it. */
	if (d->state == CAL_RESETTING && d->reset.has_answer && m.type != DRIVERCOMM_RESET_DONE)
		vn_nf2_reset_end(d);
	if (d->state == CAL_RESETTING)
		hear_answer(d, &m);
	else if (d->state == CAL_RUNNING)
		hear(d, &m);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See pktgen.h: messages to the host, all by the special slot. A worker puts a received
 * frame there when it is free; thread 0 adds what the host has to know (credit, time,
 * departures) or, without a frame, sends that alone.
 */
#include "pktgen.h"

enum {
	MANY_REPORTS = 28, /* are not kept back for a quiet moment any longer */
	/* Bytes that wait for the host: half of its queue. The other half is for credit, of which
	 * there cannot be more than that, so none is ever lost. */
	HOST_IS_SLOW = 32768,
	MESSAGE = sizeof(struct drivercomm_head) + sizeof(struct drivercomm_body),
};

/* Thread 0's own. */
static struct {
	struct drivercomm_report reports[REPORTS];
	uint n_reports;
	uint unasked; /* the last report that nobody asked for, + 1; 0: none */
	uint late;    /* packets, since reset */
	uint rx_lost; /* frames that were ready and had to give way, since reset */
} specials;

/* What goes into a message. */
struct contents {
	uint type, count, credit, frame_len;
};

void count_late(void)
{
	specials.late++;
}

uint has_reports(void)
{
	return specials.n_reports;
}

static void write_report(struct drivercomm_report *r, uint seq, cycles_t departed, uint late)
{
	r->seq = VN_BE32(seq);
	r->time_high = VN_BE32((uint)(departed >> 32));
	r->time_low = VN_BE32((uint)departed);
	r->late = VN_BE32(late);
}

/* There is no room: the greatest lateness must not be lost, as long as it can be kept. */
static void squeeze_in(uint seq, cycles_t departed, uint late, uint was_asked)
{
	struct drivercomm_report *r = &specials.reports[specials.unasked - 1];

	pktgen_counts.reports_lost++;
	if (!was_asked && specials.unasked && late > VN_BE32(r->late))
		write_report(r, seq, departed, late);
}

void report_departure(uint seq, cycles_t departed, uint late, uint was_asked)
{
	if (specials.n_reports == REPORTS) {
		squeeze_in(seq, departed, late, was_asked);
		return;
	}
	write_report(&specials.reports[specials.n_reports++], seq, departed, late);
	if (!was_asked)
		specials.unasked = specials.n_reports;
	if (specials.n_reports >= MANY_REPORTS)
		tell(&shared.attention, 1);
}

/* -- A message ------------------------------------------------------------- */

/* Reports that have room behind so many bytes. What has none waits for the next message. */
static uint add_reports(struct drivercomm_report *to, uint bytes)
{
	uint room = (DRIVERCOMM_MAX - bytes) / sizeof(*to), i, n;

	n = specials.n_reports < room ? specials.n_reports : room;
	for (i = 0; i < n; i++)
		to[i] = specials.reports[i];
	for (; i < specials.n_reports; i++)
		specials.reports[i - n] = specials.reports[i];
	specials.n_reports -= n;
	specials.unasked = specials.unasked > n ? specials.unasked - n : 0;
	return n;
}

static void write_head(struct drivercomm_head *head, const struct contents *what)
{
	head->magic = nf_be16(DRIVERCOMM_MAGIC);
	head->version = DRIVERCOMM_VERSION;
	head->type = (uint8_t)what->type;
	head->count = nf_be16((unsigned short)what->count);
	head->epoch = nf_be16((unsigned short)look(&shared.epoch));
}

static void write_body(struct drivercomm_body *body, const struct contents *what, uint reports)
{
	cycles_t now = update_time();

	body->credit = VN_BE32(what->credit);
	body->time_high = VN_BE32((uint)(now >> 32));
	body->time_low = VN_BE32((uint)now);
	body->reports = nf_be16((unsigned short)reports);
	body->frame_len = nf_be16((unsigned short)what->frame_len);
	body->late = VN_BE32(specials.late);
	body->rx_lost = VN_BE32(look(&shared.rx_lost) + specials.rx_lost);
}

/* The slot may hold anything behind the message. */
static uint pad(uint *words, uint bytes)
{
	for (; bytes < DRIVERCOMM_MIN; bytes += sizeof(*words))
		words[bytes / sizeof(*words)] = 0;
	return bytes;
}

static void send_message(const struct contents *what)
{
	struct ioq_header *ioq = (struct ioq_header *)quota_pkt;
	struct drivercomm_head *head = (struct drivercomm_head *)(ioq + 1);
	struct drivercomm_body *body = (struct drivercomm_body *)(head + 1);
	uint bytes = MESSAGE + ((what->frame_len + 7) & ~7u), reports;

	reports = add_reports((struct drivercomm_report *)((char *)head + bytes), bytes);
	bytes = pad((uint *)head, bytes + reports * sizeof(struct drivercomm_report));
	fill_ioq(ioq, PORT_HOST(0), (unsigned short)bytes);
	write_head(head, what);
	write_body(body, what, reports);
	dirty_end[slot_of(quota_pkt)] = bytes;
	launch_special(sizeof(*ioq) + bytes);
}

/* -- When ------------------------------------------------------------------ */

static uint host_is_slow(void)
{
#ifdef NF_PLAIN
	return 0;
#else
	return nf_load(REG_HOST_QUEUE) >= HOST_IS_SLOW;
#endif
}

/* Under LOCK_MISC. A frame waits for a quiet moment, reports do until there are many. */
static uint is_due(uint has_frame, uint is_quiet)
{
	if (shared.credit >= look(&shared.step))
		return 1;
	return (specials.n_reports >= MANY_REPORTS ||
		(is_quiet && (has_frame || specials.n_reports))) &&
	       !host_is_slow();
}

/*
 * Takes the slot, and the credit, if there is something to send. While a frame is being
 * copied there is not: the worker calls when it is done. A frame that has to wait calls
 * again, and gives way to credit that a slow host waits for.
 */
static uint take_slot(uint is_quiet, struct contents *what)
{
	uint has_frame, takes;

	tell(&shared.attention, 0);
	nf_lock(LOCK_MISC);
	has_frame = shared.special_state == SPECIAL_READY;
	takes = shared.special_state != SPECIAL_FILLING && is_due(has_frame, is_quiet);
	if (takes) {
		what->credit = shared.credit;
		shared.credit = 0;
		shared.special_state = SPECIAL_SENDING;
	}
	nf_unlock(LOCK_MISC);
	if (has_frame && !takes)
		tell(&shared.attention, 1);
	if (has_frame && takes && host_is_slow()) {
		specials.rx_lost++;
		has_frame = 0;
	}
	what->type = has_frame ? DRIVERCOMM_FRAME : DRIVERCOMM_QUOTA;
	return takes;
}

static void give_slot_back(void)
{
	nf_lock(LOCK_MISC);
	shared.special_state = SPECIAL_FREE;
	nf_unlock(LOCK_MISC);
}

void send_special(uint is_quiet)
{
	struct contents what = { 0, 0, 0, 0 };

	if (!take_slot(is_quiet, &what))
		return;
	if (what.type == DRIVERCOMM_FRAME) {
		what.count = special_frame.count;
		what.frame_len = special_frame.len;
	}
	send_message(&what);
	give_slot_back();
}

void forget_specials(void)
{
	nf_lock(LOCK_MISC);
	shared.credit = 0;
	shared.special_state = SPECIAL_FREE;
	nf_unlock(LOCK_MISC);
	specials.n_reports = 0;
	specials.unasked = 0;
	specials.late = 0;
	specials.rx_lost = 0;
}

void send_reset_done(void)
{
	struct contents what = { DRIVERCOMM_RESET_DONE, 0, look(&shared.announced), 0 };

	send_message(&what);
}

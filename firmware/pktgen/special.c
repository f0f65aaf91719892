/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See pktgen.h: messages to the host, all by the special slot. When that is free a worker puts
 * a received frame there, or a whole message of credit, since writing one takes longer than
 * there is between two packets of full rate. Thread 0 adds what it alone knows (time,
 * departures) and sends it.
 */
#include "pktgen.h"

enum {
	MANY_REPORTS = 28, /* are not kept back for a quiet moment any longer */
	UNASKED_MAX = 24,  /* reports beyond these are kept free for those that were asked for */
	SELDOM = 8000,	   /* cycles: more than a message takes the bus */
	MESSAGE = sizeof(struct drivercomm_head) + sizeof(struct drivercomm_body),
};

/* Thread 0's own. waiting: messages since nothing waited for the host, as of the last look. */
static struct {
	struct drivercomm_report reports[REPORTS];
	uint n_reports;
	uint unasked; /* the last report that nobody asked for, + 1; 0: none */
	uint late;    /* packets, since reset */
	uint lost;    /* reports that were asked for, since reset */
	uint waiting;
	cycles_t last; /* message */
} specials;

/* What goes into a message. */
struct contents {
	uint type, count, credit, frame_len;
};

uint has_reports(void)
{
	return specials.n_reports;
}

static inline void write_report(struct drivercomm_report *r, uint seq, cycles_t departure,
				uint late)
{
	r->seq = VN_BE32(seq);
	r->time_high = VN_BE32((uint)(departure >> 32));
	r->time_low = VN_BE32((uint)departure);
	r->late = VN_BE32(late);
}

/* There is no room. The greatest lateness must not be lost, as long as it can be kept. */
static void squeeze_in(uint seq, cycles_t departure, uint late, uint was_asked)
{
	struct drivercomm_report *r;

	pktgen_counts.reports_lost++;
	if (was_asked) {
		specials.lost++;
		return;
	}
	if (!specials.unasked)
		return;
	r = &specials.reports[specials.unasked - 1];
	if (late > VN_BE32(r->late))
		write_report(r, seq, departure, late);
}

/* Only what was asked for is worth a message of its own. */
cycles_t settle(const struct pkt_out *pkt, uint seq, cycles_t departure, uint late)
{
	uint was_asked = pkt->flags & DRIVERCOMM_REPORT, n = specials.n_reports;
	cycles_t base = pkt->flags & DRIVERCOMM_CATCHUP ? departure - late : departure;

	if (pkt->flags & DRIVERCOMM_ASAP)
		late = 0;
	if (late)
		specials.late++;
	else if (!was_asked)
		return base;
	if (n < (was_asked ? REPORTS : UNASKED_MAX)) {
		write_report(&specials.reports[n++], seq, departure, late);
		specials.n_reports = n;
		if (!was_asked)
			specials.unasked = n;
		else if (n >= MANY_REPORTS)
			tell(&shared.attention, 1);
	} else {
		squeeze_in(seq, departure, late, was_asked);
	}
	return base;
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
	body->rx_lost = VN_BE32(look(&shared.rx_lost) + look(&shared.rx_late));
}

/* The slot may hold anything behind the message. */
static uint pad(uint *words, uint bytes)
{
	for (; bytes < DRIVERCOMM_MIN; bytes += sizeof(*words))
		words[bytes / sizeof(*words)] = 0;
	return bytes;
}

/* To the host, at once: that many bytes behind the IOQ header. */
static inline void launch_special(uint bytes)
{
	uint all = sizeof(struct ioq_header) + bytes;

	specials.waiting++;
	specials.last = time_now;
	quota_pkt = launch(quota_pkt, nf_address_of(quota_pkt) + all - 1, nf_last_byte_bit(all));
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
	soil(quota_pkt, bytes);
	launch_special(bytes);
}

static inline void give_slot_back(void)
{
	tell(&shared.special_state, SPECIAL_FREE);
	if (look(&shared.credit) >= look(&shared.step))
		tell(&shared.attention, 1); /* earned while the slot was taken */
}

/* -- Credit alone ---------------------------------------------------------- */

/* Words of a message without frame and reports, IOQ header included. */
enum {
	WORD_CREDIT = 4,
	WORD_TIME_HIGH,
	WORD_TIME_LOW,
	WORD_LATE = 8,
	QUOTA_WORDS = (sizeof(struct ioq_header) + DRIVERCOMM_MIN) / sizeof(uint),
};

/* Every word, since slots change places with those of packets. */
void write_quota(uint credit)
{
	uint *slot = (uint *)quota_pkt, i;

	slot[0] = VN_BE32(1u << (PORT_HOST(0) + 16) | (DRIVERCOMM_MIN + 7) / 8);
	slot[1] = VN_BE32(DRIVERCOMM_MIN);
	slot[2] =
		VN_BE32((uint)DRIVERCOMM_MAGIC << 16 | DRIVERCOMM_VERSION << 8 | DRIVERCOMM_QUOTA);
	slot[3] = VN_BE32(look(&shared.epoch));
	slot[WORD_CREDIT] = VN_BE32(credit);
	slot[7] = 0;
	slot[9] = VN_BE32(look(&shared.rx_lost) + look(&shared.rx_late));
	for (i = 10; i < QUOTA_WORDS; i++)
		slot[i] = 0;
}

/* Little enough for the time between two packets of full rate: a worker has done the rest. */
uint send_quota(void)
{
	uint *slot = (uint *)quota_pkt;
	cycles_t now;

	if (specials.n_reports || look(&shared.special_state) != SPECIAL_QUOTA ||
	    look(&shared.reset_asked))
		return 0;
	tell(&shared.attention, 0);
	now = update_time();
	slot[WORD_TIME_HIGH] = VN_BE32((uint)(now >> 32));
	slot[WORD_TIME_LOW] = VN_BE32((uint)now);
	slot[WORD_LATE] = VN_BE32(specials.late);
	launch_special(DRIVERCOMM_MIN);
	give_slot_back();
	return 1;
}

/* -- When ------------------------------------------------------------------ */

/*
 * Each message takes the bus 35 us, whatever its length. Credit must neither be lost for want
 * of room in the queue to the host nor wait there for longer than the commands last that the
 * card has: so frames and reports go while few messages can be waiting.
 */
static uint host_is_slow(void)
{
#ifdef NF_PLAIN
	/* A card that cannot be asked: as seldom as a host that is not slow can take them. */
	return update_time() - specials.last < SELDOM;
#else
	if (!nf_load(REG_HOST_QUEUE))
		specials.waiting = 0;
	return specials.waiting > 2 * look(&shared.announced);
#endif
}

/* A frame waits for a quiet moment, reports do until there are many. Under LOCK_MISC. */
static uint is_due(uint state, uint is_quiet)
{
	if (state == SPECIAL_FILLING)
		return 0; /* who does that calls when it is done */
	if (state == SPECIAL_QUOTA || shared.credit >= look(&shared.step))
		return 1;
	return (specials.n_reports >= MANY_REPORTS ||
		(is_quiet && (state == SPECIAL_FRAME || specials.n_reports))) &&
	       !host_is_slow();
}

/* Takes the slot, if there is something to send, and with it all credit there is. Returns
 * what was in it; SPECIAL_FILLING: it was not taken. */
static uint take_slot(uint is_quiet, struct contents *what)
{
	uint state, takes;

	nf_lock(LOCK_MISC);
	state = look(&shared.special_state);
	takes = is_due(state, is_quiet);
	if (takes) {
		if (state == SPECIAL_QUOTA)
			what->credit = VN_BE32(((uint *)quota_pkt)[WORD_CREDIT]);
		what->credit += shared.credit;
		tell(&shared.credit, 0);
		tell(&shared.special_state, SPECIAL_SENDING);
	} else if (state == SPECIAL_FRAME) {
		tell(&shared.attention, 1); /* it asks again */
	}
	nf_unlock(LOCK_MISC);
	return takes ? state : SPECIAL_FILLING;
}

void send_special(uint is_quiet)
{
	struct contents what = { DRIVERCOMM_QUOTA, specials.lost, 0, 0 };
	uint had;

	tell(&shared.attention, 0);
	had = take_slot(is_quiet, &what);
	if (had == SPECIAL_FILLING)
		return;
	if (had == SPECIAL_FRAME && host_is_slow()) {
		tell(&shared.rx_late, look(&shared.rx_late) + 1);
	} else if (had == SPECIAL_FRAME) {
		what.type = DRIVERCOMM_FRAME;
		what.count = special_frame.count;
		what.frame_len = special_frame.len;
	}
	send_message(&what);
	give_slot_back();
}

void forget_specials(void)
{
	tell(&shared.credit, 0);
	tell(&shared.special_state, SPECIAL_FREE);
	tell(&shared.rx_lost, 0);
	tell(&shared.rx_late, 0);
	specials.n_reports = 0;
	specials.unasked = 0;
	specials.late = specials.lost = 0;
}

void send_reset_done(void)
{
	struct contents what = { DRIVERCOMM_RESET_DONE, 0, look(&shared.announced), 0 };

	send_message(&what);
}

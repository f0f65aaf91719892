/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See pktgen.h: thread 0, which alone sends. How small a packet can be at full rate is
 * decided by the number of its instructions a packet: most packets go round
 * tight_send_loop(), where the clock is not asked and nothing is called.
 */
#include "pktgen.h"

enum {
	TOO_FAR = 1 << 30, /* cycles: the send engine takes times of 2^31 for ones that come */
	QUIET = 1000,	   /* cycles: in a gap like this there is time for a received frame */
	RESTS = 8,
	FAR = 0xffffffff,
	NEVER = 0xffffffff, /* no preparation is this */
};

/* Thread 0's own. */
static struct {
	/* What relative times count from: the departure before, or what was planned for it. */
	cycles_t base;
	cycles_t departure; /* the one before */
	uint next_pkt_tosend;
	struct pkt_out *pkt; /* its record */
} sending;

/* 0: that has passed; FAR: that, or more. */
static uint time_until(cycles_t time)
{
	cycles_t left = time - time_now;

	if (time <= time_now)
		return 0;
	return left < FAR ? (uint)left : FAR;
}

static inline void launch_packet(struct pkt_out *pkt)
{
	pkt->output_mem = launch(pkt->output_mem, pkt->last, pkt->ctrl);
}

/* Low word of the departure of what was just launched for this time. A card that cannot tell
 * has let go at once what is late, a moment before it can be asked for the time. */
static inline uint departed(uint time)
{
#ifdef NF_PLAIN
	uint now = nf_time();

	return (int)(time - now) > 0 ? time : now;
#else
	(void)time;
	return nf_load(REG_SEND_DEPART);
#endif
}

/* The record is split_work()'s again. Returns the next one. */
static inline struct pkt_out *release(struct pkt_out *pkt, uint n_sent)
{
	pkt->is_prepared = NOT_PREPARED;
	tell(&shared.n_sent, n_sent);
	if (n_sent == look(&shared.wake_at))
		nf_store(REG_UN_LOCK, LOCK_FREE_WAIT);
	return pkt->next;
}

/* Whether a message may take its time before this packet, which comes after base. */
static uint is_quiet(const struct pkt_out *pkt, cycles_t base)
{
	cycles_t time;

	if (!look(&pkt->is_prepared))
		return 1;
	time = pkt->time;
	if (pkt->flags & DRIVERCOMM_ABSOLUTE)
		time = time > base ? time - base : 0;
	return time >= QUIET;
}

/* Somebody wants more than credit sent, before this packet. Returns whether sending goes on. */
static __attribute__((noinline)) int attend(const struct pkt_out *pkt, cycles_t base)
{
	send_special(is_quiet(pkt, base));
	return !look(&shared.reset_asked); /* behind what clears attention: none is missed */
}

/* From when on the line is free for this packet, ahead cycles and a frame behind base; or when
 * it is planned for, if that is later. */
static inline uint start_of(const struct pkt_out *pkt, uint base, uint ahead, uint planned)
{
	uint line_free = base + ahead + pkt->line;

	return (int)(planned - line_free) > 0 ? planned : line_free;
}

/*
 * Sends the packet in hand, which was planned for this cycle and can leave in that of lo,
 * less than HAND_OVER away, and those that follow it as closely. The send engine waits for
 * the exact cycle, and a launch waits for the send engine: so the next packet is already
 * set up when the one before leaves. One that was asked for too early for the line is
 * launched when that is free, and late by that: the queue behind the send engine, which
 * drops what it has no room for, never fills.
 */
static void tight_send_loop(cycles_t planned, uint lo)
{
	struct pkt_out *pkt = sending.pkt;
	uint seq = sending.next_pkt_tosend, go_on = TIGHT;
	uint ahead = 0, late, how;

	for (;;) {
		nf_store(REG_SEND_TIME_TRIG, lo);
		launch_packet(pkt);
		late = departed(lo) - (uint)planned;
		if (late || pkt->flags & DRIVERCOMM_REPORT) {
			cycles_t departure = planned + late;

			planned = settle(pkt, seq, departure, late);
			if ((uint)planned != (uint)departure || late >= TOO_FAR) {
				ahead = (uint)departure - (uint)planned;
				go_on = NEVER;
			}
		}
		pkt = release(pkt, ++seq);
		if (look(&shared.attention) && !send_quota() && !attend(pkt, planned))
			break;
		how = look(&pkt->is_prepared);
		if (how == go_on) {
			planned += (uint)pkt->time;
			lo = (uint)planned;
			continue;
		}
		if (how < TIGHT || late >= TOO_FAR)
			break;
		lo = start_of(pkt, (uint)planned, ahead, (uint)planned + (uint)pkt->time);
		planned += (uint)pkt->time;
		ahead = 0;
		go_on = TIGHT;
	}
	sending.base = planned;
	sending.departure = planned + ahead;
	sending.pkt = pkt;
	sending.next_pkt_tosend = seq;
}

/* At once: the send engine is not told the time, which it could take for one that comes. What
 * counts from this departure needs no clock, unless that is long past, too. */
static void send_late(cycles_t planned)
{
	struct pkt_out *pkt = sending.pkt;
	uint now = (uint)time_now;
	cycles_t departure, late;

	launch_packet(pkt);
	departure = time_now + (departed(now) - now);
	late = departure - planned;
	sending.base =
		settle(pkt, sending.next_pkt_tosend, departure, late < FAR ? (uint)late : FAR);
	if (pkt->flags & DRIVERCOMM_CATCHUP)
		sending.base = planned;
	sending.departure = departure;
	sending.pkt = pkt = release(pkt, ++sending.next_pkt_tosend);
	if (look(&shared.attention))
		return;
	if (look(&pkt->is_prepared) >= TIGHT && late < TOO_FAR) {
		planned = sending.base + pkt->time;
		tight_send_loop(planned, start_of(pkt, (uint)departure, 0, (uint)planned));
	}
}

/* -- Reset ----------------------------------------------------------------- */

/* Packets that were prepared, in order; they are not sent. */
static void throw_away(void)
{
	while (look(&sending.pkt->is_prepared))
		sending.pkt = release(sending.pkt, ++sending.next_pkt_tosend);
}

/* All packets come back to here, and nobody is at work for what came. */
static void wait_for_workers(void)
{
	do {
		nf_unlock(LOCK_FREE_WAIT);
		relax();
		throw_away();
	} while (is_working() || sending.next_pkt_tosend != look(&shared.pkt_in_order));
}

/* pop_work() has stopped when this begins, and is started at its end: nobody else is at work
 * meanwhile. Of the old epoch nothing is left. */
static void reset(void)
{
	wait_for_workers();
	tell(&shared.n_sent, 0);
	tell(&shared.pkt_in_order, 0);
	tell(&shared.announced, look(&shared.quota_start));
	tell(&shared.step, look(&shared.quota_step) < look(&shared.announced)
				   ? look(&shared.quota_step)
				   : look(&shared.announced));
	tell(&shared.epoch, look(&shared.new_epoch));
	sending.next_pkt_tosend = 0;
	sending.pkt = pkt_outs;
	forget_specials();
	sending.base = update_time();
	send_reset_done();
	tell(&shared.reset_asked, 0);
	start_popping();
}

/* -- The loop -------------------------------------------------------------- */

static cycles_t send_time(const struct pkt_out *pkt)
{
	return pkt->flags & DRIVERCOMM_ABSOLUTE ? pkt->time : sending.base + pkt->time;
}

/* While the packet in hand is far away the clock need not be asked all the time: for less than
 * HAND_OVER, or until somebody wants something. */
static void rest(void)
{
	uint i, j;

	for (i = 0; i < RESTS && !look(&shared.attention); i++)
		for (j = 0; j < RESTS; j++)
			relax();
}

/* The packet in hand, if it is near. Returns how many cycles it is away; FAR: there is none. */
static uint send_if_due(void)
{
	cycles_t planned, line_free, start;
	uint left;

	if (!look(&sending.pkt->is_prepared))
		return FAR;
	planned = send_time(sending.pkt);
	line_free = sending.departure + sending.pkt->line;
	start = planned > line_free ? planned : line_free;
	left = time_until(start);
	if (!left)
		send_late(planned);
	else if (left < HAND_OVER && start - planned < TOO_FAR)
		tight_send_loop(planned, (uint)start);
	return left;
}

void manage_sending(void)
{
	uint left;

	sending.pkt = pkt_outs;
	sending.base = update_time();
	for (;;) {
		update_time();
		if (look(&shared.reset_asked))
			reset();
		left = send_if_due();
		if (look(&shared.attention) || (left >= HAND_OVER && has_reports()))
			send_special(is_quiet(sending.pkt, sending.base));
		else if (left > 2 * HAND_OVER && left < FAR)
			rest();
		else if (left >= HAND_OVER)
			relax();
	}
}

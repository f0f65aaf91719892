/* SPDX-License-Identifier: BSD-2-Clause */
/* K13: how many packets still leave after a client has changed its mind, and how soon
 * what it wants instead is on the wire. */
#include "measures.h"

#define TRIALS	   20
#define OLD_N	   360	   /* less than what the txbuffs hold: nothing waits in a socket */
#define NEW	   1000000 /* numbers of those that are sent instead */
#define NEW_N	   10
#define GAP_NS	   12304
#define NEW_GAP_NS 20000

struct reaction {
	uint64_t cycle; /* in which the client had decided; 0: not yet */
	uint64_t last_old, first_new, n_new, n_behind, wrong;
	uint64_t last_late; /* ns */
};

static void look_for_change(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len)
{
	struct reaction *r = m->arg;

	if (measures_number(frame) < NEW) {
		r->n_behind += r->cycle && cycle >= r->cycle;
		r->wrong += r->n_new != 0;
		r->last_old = cycle;
		return;
	}
	if (!r->n_new++)
		r->first_new = cycle;
}

/* The first at start_ns of the card's time, if that is not 0. */
static void send_numbered(struct measures *m, uint64_t from, unsigned int n, uint64_t start_ns,
			  uint64_t gap_ns, unsigned int reported)
{
	const struct stream s = { .len = LONGEST, .gap_ns = gap_ns };

	for (unsigned int k = 0; k < n; k++) {
		struct vn_caliper_packet p = measures_packet(&s, from + k);

		if (!k && start_ns) {
			p.time_ns = start_ns;
			p.flags = CAL_ABSOLUTE;
		}
		p.flags |= k == reported ? CAL_REPORT : 0;
		assert_int_equal(vn_caliper_send(m->client, &p, 1), 1);
	}
	assert_int_equal(vn_caliper_flush(m->client), 0);
}

static void wait_for_event(struct measures *m, uint16_t kind)
{
	struct vn_caliper_event e;

	do
		assert_int_equal(vn_caliper_events(m->client, &e, 1, UINT64_MAX), 1);
	while (e.event.kind != kind);
}

static void react(struct measures *m, struct reaction *r)
{
	struct cal_cancel_done done;

	/* Frames that have left up to now are looked at first. */
	r->cycle = vn_nt_card_cycle(vn_cosim_card(m->sim));
	assert_int_equal(vn_caliper_cancel(m->client, 0, UINT32_MAX, &done), 0);
	send_numbered(m, NEW, NEW_N, 0, NEW_GAP_NS, UINT32_MAX);
	measures_wait(m);
	measures_drain(m, m->n + OLD_N);
	/* What the driver said would be the last was it, unless it was late. */
	if (done.last_ns)
		r->last_late = r->last_old * NS_PER_CYCLE - done.last_ns;
	assert_int_equal(r->n_new, NEW_N);
	assert_int_equal(r->wrong, 0);
}

/* The client hears that one of its packets has left, and changes its mind. */
static struct reaction one_trial(struct measures *m, unsigned int reported)
{
	struct reaction r = { 0 };

	measures_forget(m);
	m->look = look_for_change;
	m->arg = &r;
	send_numbered(m, 0, OLD_N, measures_start_ns(m), GAP_NS, reported);
	wait_for_event(m, CAL_EVENT_DEPARTED);
	react(m, &r);
	return r;
}

static void run_trials(struct measures *m, const char *name, uint64_t bound)
{
	uint64_t most = 0, slowest = 0, latest = 0;

	assert_int_equal(vn_caliper_subscribe(m->client, 1u << CAL_EVENT_DEPARTED, 0), 0);
	for (unsigned int i = 0; i < TRIALS; i++) {
		struct reaction r = one_trial(m, 1 + 5 * i);

		most = VN_MAX(most, r.n_behind);
		slowest = VN_MAX(slowest, r.first_new - r.cycle);
		latest = VN_MAX(latest, r.last_late);
	}
	figure("K13",
	       "%s: at most %" PRIu64 " old packets leave, bound %" PRIu64
	       "; new ones from %.1f us on; CANCEL_DONE has the last one to %" PRIu64 " ns",
	       name, most, bound, (double)(slowest * NS_PER_CYCLE) / 1000, latest);
	assert_in_range(most, 1, bound);
}

static void measure_rate(struct measures *m)
{
	struct stream s = { .n = measures_n(), .len = LONGEST, .gap_ns = GAP_NS };

	m->look = NULL;
	measures_run(m, &s);
	figure("K13", "max_entries 4, quota 2: %.1f Mb/s", measures_mbps(m));
	measures_nothing_lost(m, s.n);
}

static void k13_a_reaction_is_bounded(void **state)
{
	static const struct cal_policy fast = { .max_entries = 4, .quota = 2 };
	struct measures *m = *state;

	run_trials(m, "default", 216);
	assert_int_equal(vn_caliper_policy(m->client, &fast, NULL, 0), 0);
	run_trials(m, "max_entries 4, quota 2", 12);
	measure_rate(m);
}

/* -- From a frame to its answer ------------------------------------------------------ */

#define ANSWER_MAX 16000 /* cycles: two transfers, and what the card does between */

static void look_for_answer(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len)
{
	((struct reaction *)m->arg)->first_new = cycle;
}

static void k13_a_frame_is_answered(void **state)
{
	static const uint8_t frame[CAL_WIRE_MIN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct measures *m = *state;
	struct reaction r = { 0 };
	uint64_t slowest = 0;

	m->look = look_for_answer;
	m->arg = &r;
	assert_int_equal(vn_caliper_subscribe(m->client, 1u << CAL_EVENT_RX, 64), 0);
	/* The card is told to hand frames on just after it was reset. */
	assert_int_equal(vn_cosim_run(m->sim, vn_cosim_now_ns(m->sim) + 1000000, NULL), 0);
	for (unsigned int i = 0; i < TRIALS; i++) {
		uint64_t came = vn_nt_card_cycle(vn_cosim_card(m->sim)) + 1000 + 777 * i;

		assert_int_equal(vn_cosim_feed(m->sim, 0, came, frame, sizeof(frame)), 0);
		wait_for_event(m, CAL_EVENT_RX);
		send_numbered(m, NEW + i, 1, 0, 0, UINT32_MAX);
		measures_drain(m, i + 1);
		assert_int_equal(m->n, i + 1);
		slowest = VN_MAX(slowest, r.first_new - came);
	}
	figure("K13",
	       "a frame of 64 bytes and its answer: at most %.1f us from first bit to departure",
	       (double)(slowest * NS_PER_CYCLE) / 1000);
	assert_in_range(slowest, 2 * 4405, ANSWER_MAX);
}

const struct CMUnitTest measures_closed[] = {
	MEASURE(k13_a_reaction_is_bounded),
	MEASURE(k13_a_frame_is_answered),
};
const size_t n_measures_closed = VN_ARRAY_SIZE(measures_closed);

/* SPDX-License-Identifier: BSD-2-Clause */
/* K1, K12: several clients, resets in the middle of it. */
#include <arpa/inet.h>
#include <errno.h>

#include "base/rng.h"
#include "measures.h"

/* -- K1 ------------------------------------------------------------------------------ */

#define CLIENTS	  3
#define BURST_MAX 12
#define DATA_MAX  200

/* A few packets of random sizes, each behind the one before it on the line. */
static unsigned int draw_burst(struct vn_rng *rng, struct vn_caliper_packet *packets, uint64_t k,
			       uint32_t *previous)
{
	unsigned int n = 1 + vn_rng_below(rng, BURST_MAX);

	for (unsigned int i = 0; i < n; i++) {
		struct stream s = { .len = CAL_WIRE_MIN +
					   vn_rng_below(rng, LONGEST - CAL_WIRE_MIN + 1) };

		s.is_whole = vn_rng_below(rng, 8) == 0;
		s.gap_ns = *previous + LINE_GAP_BYTES + vn_rng_below(rng, 3) * 100;
		s.gap_ns *= NS_PER_CYCLE;
		packets[i] = measures_packet(&s, k + i);
		*previous = s.len;
	}
	return n;
}

static void k1_the_order_is_that_of_requests(void **state)
{
	struct measures *m = *state;
	struct vn_caliper *clients[CLIENTS] = { m->client };
	struct vn_caliper_packet packets[BURST_MAX];
	uint64_t k = 0, n = 50 * measures_n();
	uint32_t previous = LONGEST;
	struct vn_rng rng;

	vn_rng_seed(&rng, 8, 1);
	for (unsigned int i = 1; i < CLIENTS; i++)
		clients[i] = measures_client(m);
	while (k < n) {
		struct vn_caliper *c = clients[vn_rng_below(&rng, CLIENTS)];
		unsigned int burst = draw_burst(&rng, packets, k, &previous);

		assert_int_equal(vn_caliper_send(c, packets, burst), burst);
		assert_int_equal(vn_caliper_flush(c), 0);
		k += burst;
	}
	measures_wait(m);
	measures_drain(m, k);
	figure("K1", "%" PRIu64 " packets of %d clients, %" PRIu64 " out of order", m->n, CLIENTS,
	       m->misplaced);
	for (unsigned int i = 1; i < CLIENTS; i++)
		vn_caliper_close(clients[i]);
	measures_nothing_lost(m, k);
}

/* -- K12 ----------------------------------------------------------------------------- */

#define ROUNDS	   10
#define ROUND_LEN  360	   /* packets: less than what the txbuffs hold */
#define OLD	   1000000 /* the number of the first of those that are thrown away */
#define HALFWAY_NS 800000

struct rounds {
	uint64_t reset_cycle; /* RESET_DONE; UINT64_MAX: it has not come */
	uint64_t old_before, old_behind;
};

static void look_for_old(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len)
{
	struct rounds *r = m->arg;

	if (cycle >= r->reset_cycle)
		r->old_behind++;
	else
		r->old_before++;
}

static void send_old(struct measures *m, uint32_t *mark)
{
	const struct stream s = { .len = LONGEST, .gap_ns = 12304 };

	for (unsigned int k = 0; k < ROUND_LEN; k++) {
		struct vn_caliper_packet p = measures_packet(&s, OLD + k);

		assert_int_equal(vn_caliper_send(m->client, &p, 1), 1);
	}
	assert_int_equal(vn_caliper_mark(m->client, 0, mark), 0);
}

typedef void interrupt_fn(struct measures *m, struct rounds *r);

static void by_client(struct measures *m, struct rounds *r)
{
	struct vn_caliper *other = measures_client(m);
	uint64_t card_ns;

	assert_int_equal(vn_caliper_reset(other, &card_ns), 0);
	r->reset_cycle = card_ns / NS_PER_CYCLE;
	vn_caliper_close(other);
}

static void by_interface(struct measures *m, struct rounds *r)
{
	const struct stream s = { .len = LONGEST };
	struct vn_caliper_packet p = measures_packet(&s, OLD);
	struct vn_err err = { "" };
	int refused;

	vn_nf2_down(vn_cosim_driver(m->sim));
	assert_int_equal(vn_caliper_send(m->client, &p, 1), 1);
	assert_int_equal(vn_caliper_flush(m->client), 0); /* the refusal is another call's */
	refused = vn_caliper_stats(m->client, NULL, 0);
	assert_int_equal(refused < 0 ? refused : vn_caliper_flush(m->client), -ENETDOWN);
	vn_nf2_up(vn_cosim_driver(m->sim));
	if (vn_cosim_run_to_state(m->sim, CAL_RUNNING, 1000000000, &err))
		fail_msg("%s", err.text);
	r->reset_cycle = vn_cosim_now_ns(m->sim) / NS_PER_CYCLE;
}

/* All that a round threw away is gone, and the card takes as much as at first. */
static void one_round(struct measures *m, struct rounds *r, interrupt_fn *interrupt)
{
	const struct stream fresh = { .n = ROUND_LEN, .len = LONGEST, .gap_ns = 12304 };
	uint32_t mark;

	measures_forget(m);
	m->look = look_for_old;
	r->reset_cycle = UINT64_MAX;
	send_old(m, &mark);
	assert_int_equal(vn_cosim_run(m->sim, vn_cosim_now_ns(m->sim) + HALFWAY_NS, NULL), 0);
	interrupt(m, r);
	assert_int_equal(vn_caliper_wait(m->client, mark, 0, NULL), -ECANCELED);
	assert_int_equal(vn_cosim_run(m->sim, vn_cosim_now_ns(m->sim) + 5000000, NULL), 0);
	assert_int_equal(r->old_behind, 0);
	assert_int_equal(measures_counter(m, CAL_COUNTER_free_txbuffs), 16);
	assert_in_range(measures_counter(m, CAL_COUNTER_allowed_send), 5, 8);
	m->look = NULL;
	measures_run(m, &fresh);
	assert_int_equal(m->exact, ROUND_LEN);
	assert_int_equal(m->n, ROUND_LEN);
}

static void k12_resets_leave_nothing_behind(void **state)
{
	struct measures *m = *state;
	struct rounds r = { 0 };

	m->arg = &r;
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_round(m, &r, i % 2 ? by_client : by_interface);
	figure("K12",
	       "%d resets under load: %" PRIu64 " old packets before, %" PRIu64
	       " behind RESET_DONE; %" PRIu64 " thrown away in the driver",
	       ROUNDS, r.old_before, r.old_behind, measures_counter(m, CAL_COUNTER_discarded));
	assert_in_range(r.old_before, ROUNDS, ROUNDS * ROUND_LEN - 1);
	assert_int_equal(measures_counter(m, CAL_COUNTER_marks_set),
			 measures_counter(m, CAL_COUNTER_marks_hit));
}

const struct CMUnitTest measures_hard[] = {
	MEASURE(k1_the_order_is_that_of_requests),
	MEASURE(k12_resets_leave_nothing_behind),
};
const size_t n_measures_hard = VN_ARRAY_SIZE(measures_hard);

/* SPDX-License-Identifier: BSD-2-Clause */
/* K10: a flood from the wire, which must not cost the driver's commands their place. */
#include "measures.h"

#define FLOOD_LEN    CAL_WIRE_MIN
#define FLOOD_CYCLES (FLOOD_LEN + LINE_GAP_BYTES)
#define FLOOD_AHEAD  UINT64_C(10000) /* cycles for which frames wait at the line */

struct flood {
	uint64_t fed_till; /* cycle */
	uint64_t frames;
};

/* The line towards the card is never free. */
static void feed(struct measures *m, struct flood *f)
{
	static const uint8_t frame[FLOOD_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint64_t now = vn_nt_card_cycle(vn_cosim_card(m->sim));

	f->fed_till = VN_MAX(f->fed_till, now);
	for (; f->fed_till < now + FLOOD_AHEAD; f->fed_till += FLOOD_CYCLES, f->frames++)
		assert_int_equal(vn_cosim_feed(m->sim, 0, f->fed_till, frame, sizeof(frame)), 0);
}

static void look_and_feed(struct measures *m, uint64_t cycle, const uint8_t *frame, uint32_t len)
{
	m->misplaced += measures_number(frame) != (uint32_t)m->n;
	m->exact += cycle == m->plan[m->n];
	m->late += cycle > m->plan[m->n];
	feed(m, m->arg);
}

static void k10_a_flood_changes_nothing(void **state)
{
	struct measures *m = *state;
	struct stream s = { .n = measures_n(), .len = LONGEST, .gap_ns = 12304 };
	struct flood f = { 0 };
	const struct vn_nt_counters *c = vn_nt_hw_counters(vn_nt_card_hw(vn_cosim_card(m->sim)));

	m->look = look_and_feed;
	m->arg = &f;
	feed(m, &f);
	measures_run(m, &s);
	figure("K10",
	       "%" PRIu64 " of %" PRIu64 " exact under %" PRIu64
	       " frames, of which the card took %" PRIu64 " and the interface had %" PRIu64,
	       m->exact, s.n, f.frames, c->rx_frames[0],
	       measures_counter(m, CAL_COUNTER_delivered));
	assert_in_range(f.frames, s.n * s.gap_ns / NS_PER_CYCLE / FLOOD_CYCLES, UINT32_MAX);
	assert_in_range(measures_counter(m, CAL_COUNTER_delivered), 1, f.frames);
	measures_all_exact(m, s.n);
}

const struct CMUnitTest measures_flood[] = {
	MEASURE(k10_a_flood_changes_nothing),
};
const size_t n_measures_flood = VN_ARRAY_SIZE(measures_flood);

/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of packets, the quota, waiting for room, frames of the host's stack. */
#include "caliper/driver_fixture_test.h"
#include "caliper/driver_priv.h"

/* Lets the card take everything that waits, one transfer after the other. */
static void drain(struct fixture *f)
{
	while (f->busy) {
		tx_done(f);
		say_credit(f, 1);
	}
}

/* Cycle of packet i if the first leaves at its own gap's end: the sum of what the card was told. */
static uint64_t sum_of_told(struct fixture *f, unsigned int *n)
{
	uint64_t sum = 0;

	*n = 0;
	for (; f->looked_at < f->n_told; f->looked_at++) {
		const struct told *t = &f->told[f->looked_at];

		for (unsigned int i = 0; i < vn_get_be16(t->bytes + 4); i++, ++*n)
			sum += entry_of(t, i).cycles;
	}
	return sum;
}

/* Every prefix of the gaps is within a cycle of what was asked: here all of them, at each step
 * of 64, up to a million. */
static void gaps_add_up_without_error(void **state)
{
	struct fixture *f = fixture_running();
	uint64_t asked_ns = 0, cycles = 0;
	unsigned int n;

	for (unsigned int i = 0; i < 1000000 / 64; i++) {
		send_pkts(f, ALICE, 64, 12345, 0);
		drain(f);
		cycles += sum_of_told(f, &n);
		assert_int_equal(n, 64);
		asked_ns += 64 * 12345;
		assert_true(cycles == asked_ns / 8);
		f->n_told = f->looked_at = 0;
	}
	fixture_free(f);
}

static void absolute_times_begin_the_chain_anew(void **state)
{
	static const struct {
		uint64_t time_ns;
		uint16_t flags;
		uint64_t cycles;
	} packets[] = {
		{ 13, 0, 1 },
		{ 13, 0, 2 }, /* 26 ns: 3 cycles and 2 ns */
		{ 1000000005, CAL_ABSOLUTE, 125000000 },
		{ 2, 0, 0 }, /* 7 ns beyond it */
		{ 1, 0, 1 }, /* 8 ns */
		{ 0, 0, 0 },
		{ UINT64_MAX, 0, UINT64_MAX / 8 },
		{ 1, 0, 1 }, /* 7 + 1 */
		{ 1000000000, CAL_ABSOLUTE | CAL_CATCHUP, 125000000 },
	};
	struct fixture *f = fixture_running();

	for (size_t i = 0; i < VN_ARRAY_SIZE(packets); i++) {
		const struct cal_descriptor x = {
			.time_ns = packets[i].time_ns,
			.flags = packets[i].flags,
		};

		send_descriptor(f, ALICE, &x, NULL);
		drain(f);
		assert_true(entry_of(next_pkts(f, 1), 0).cycles == packets[i].cycles);
	}
	fixture_free(f);
}

static void flags_reach_the_card(void **state)
{
	static const struct {
		uint16_t asked, told;
	} cases[] = {
		{ 0, 0 },
		{ CAL_ABSOLUTE, DRIVERCOMM_ABSOLUTE },
		{ CAL_CATCHUP, DRIVERCOMM_CATCHUP },
		{ CAL_REPORT, DRIVERCOMM_REPORT },
		{ CAL_UDPCSUM | CAL_VLAN, 0 },
		{ CAL_ABSOLUTE | CAL_HOSTCLOCK, DRIVERCOMM_ABSOLUTE },
	};
	struct fixture *f = fixture_running();

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct cal_descriptor x = { .flags = cases[i].asked };

		send_descriptor(f, ALICE, &x, NULL);
		drain(f);
		assert_int_equal(entry_of(next_pkts(f, 1), 0).flags, cases[i].told);
	}
	fixture_free(f);
}

static void host_times_are_converted(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_descriptor x = {
		.time_ns = f->now + 1000000,
		.flags = CAL_ABSOLUTE | CAL_HOSTCLOCK,
	};

	send_descriptor(f, ALICE, &x, NULL);
	assert_true(entry_of(next_pkts(f, 1), 0).cycles == (card_ns(f) + 1000000) / 8);
	drain(f);
	x.time_ns = 5; /* before the card's clock began: it is late */
	send_descriptor(f, ALICE, &x, NULL);
	assert_true(entry_of(next_pkts(f, 1), 0).cycles == 0);
	fixture_free(f);
}

/* --- quota -------------------------------------------------------------------------- */

static void no_transfer_without_quota(void **state)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 8; i++) {
		send_pkts(f, ALICE, 1, 100, i);
		next_pkts(f, 1);
		assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 7 - i);
		tx_done(f);
	}
	assert_int_equal(counter(f, CAL_COUNTER_quota_stalls), 0);
	subscribe(f, BOB, 1 << CAL_EVENT_STALL, 0);
	send_pkts(f, ALICE, 1, 100, 8);
	send_pkts(f, ALICE, 1, 100, 9);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_quota_stalls), 1);
	f->now += 250000;
	say_credit(f, 4);
	next_pkts(f, 1);
	assert_int_equal(counter(f, CAL_COUNTER_credits), 1 + 4);
	{
		struct vn_cal_msg msg = hear(f, BOB, CAL_EVENTS);
		struct cal_event event;
		const uint8_t *snap;
		size_t at = 0;

		assert_true(vn_cal_event_next(&msg, &at, &event, &snap));
		assert_int_equal(event.kind, CAL_EVENT_STALL);
		assert_int_equal(event.extra, 250);
	}
	fixture_free(f);
}

/* The card is told a step that this limit can reach. */
static void a_client_may_lower_the_quota(void **state)
{
	static const struct {
		uint32_t quota, step;
	} cases[] = { { 1, 1 }, { 2, 1 }, { 3, 1 }, { 5, 2 }, { 7, 3 } };

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = fixture_running();
		const struct cal_policy policy = { .quota = cases[i].quota };

		ask(f, ALICE, CAL_POLICY, 1, &policy, sizeof(policy));
		assert_int_equal(vn_get_be32(next_told(f, DRIVERCOMM_CONFIG)->bytes + 12),
				 cases[i].step);
		tx_done(f);
		say_credit(f, 1);
		for (unsigned int k = 0; k < cases[i].quota; k++) {
			send_pkts(f, ALICE, 1, 100, k);
			next_pkts(f, 1);
			tx_done(f);
		}
		send_pkts(f, ALICE, 1, 100, 99);
		expect_idle(f);
		say_credit(f, 1);
		next_pkts(f, 1);
		fixture_free(f);
	}
}

/* Frames that the card has from before do not keep the new limit from being told. */
static void a_lowered_quota_does_not_lock_up(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_policy policy = { .quota = 2 };

	for (unsigned int i = 0; i < 3; i++) {
		send_pkts(f, ALICE, 1, 100, i);
		next_pkts(f, 1);
		tx_done(f);
	}
	ask(f, ALICE, CAL_POLICY, 1, &policy, sizeof(policy));
	next_told(f, DRIVERCOMM_CONFIG);
	fixture_free(f);
}

static void more_credit_than_frames_is_an_error(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	tx_done(f);
	say_credit(f, 3);
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 8);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 1);
	fixture_free(f);
}

/* --- waiting for room ------------------------------------------------------------------ */

/* 16 txbuffs of 24, with one in transfer: 1 + 15 * 24 fit. */
static void what_finds_no_txbuff_waits_inside(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	for (unsigned int i = 0; i < 5; i++)
		send_pkts(f, ALICE, 72, 100, 72 * i);
	assert_true(vn_nf2_takes_data(f->d));
	datagram_init(&g);
	put_pkts(&g, 2, 30, 100, 360);
	assert_true(vn_cal_put(&g.w, CAL_MARK, NLM_F_ACK, 77, 0, 0, 0, NULL, 0));
	send_data(f, BOB, &g);
	memset(&g, 0xee, sizeof(g)); /* the driver has what it needs */
	assert_false(vn_nf2_takes_data(f->d));
	assert_false(vn_nf2_takes_frames(f->d));
	assert_int_equal(counter(f, CAL_COUNTER_txbuff_waits), 1);
	expect_silence(f);
	tx_done(f);
	assert_false(vn_nf2_takes_data(f->d));
	tx_done(f);
	assert_true(vn_nf2_takes_data(f->d));
	hear_error(f, BOB, 77, 0);
	while (f->busy)
		tx_done(f), say_credit(f, 1);
	hear_mark(f, BOB, 77, CAL_COPIED);
	/* All of them, in order: the first gap is that of the first, and none is missing. */
	{
		unsigned int n;

		sum_of_told(f, &n);
		assert_int_equal(n, 390);
	}
	assert_int_equal(counter(f, CAL_COUNTER_entries), 390);
	fixture_free(f);
}

static void a_reset_throws_away_what_waits_inside(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	for (unsigned int i = 0; i < 5; i++)
		send_pkts(f, ALICE, 72, 100, 0);
	datagram_init(&g);
	put_pkts(&g, 2, 50, 100, 0);
	put_pkts(&g, 3, 1, 100, 0);
	assert_true(vn_cal_put(&g.w, CAL_MARK, 0, 77, 0, 0, 0, NULL, 0));
	send_data(f, ALICE, &g);
	assert_false(vn_nf2_takes_data(f->d));
	ask(f, BOB, CAL_RESET, 8, NULL, 0);
	assert_true(vn_nf2_takes_data(f->d));
	hear_error(f, ALICE, 3, -EAGAIN);
	hear_mark(f, ALICE, 77, CAL_DISCARDED);
	assert_int_equal(counter(f, CAL_COUNTER_discarded), 360 + 50);
	assert_int_equal(counter(f, CAL_COUNTER_accepted), 360 + 50);
	fixture_free(f);
}

/* --- frames of the host's stack ---------------------------------------------------------- */

static void say_policy(struct fixture *f, uint32_t pid, const struct cal_policy *p,
		       const uint64_t *gaps, unsigned int n, uint16_t flags)
{
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_begin(&g.w, CAL_POLICY, NLM_F_ACK, 6, 0, flags));
	assert_true(vn_cal_add(&g.w, p, sizeof(*p)));
	for (unsigned int i = 0; i < n; i++)
		assert_true(vn_cal_add_item(&g.w, &gaps[i], sizeof(gaps[i]), NULL, 0));
	vn_nf2_control(f->d, pid, g.bytes, g.w.len);
}

static void set_policy(struct fixture *f, const struct cal_policy *p, const uint64_t *gaps,
		       unsigned int n, uint16_t flags)
{
	say_policy(f, ALICE, p, gaps, n, flags);
}

static uint64_t frame_gap(struct fixture *f, uint32_t len)
{
	static uint8_t frame[1514];
	uint64_t cycles;

	memset(frame, 0xab, sizeof(frame));
	vn_nf2_frame(f->d, frame, len);
	cycles = entry_of(next_pkts(f, 1), 0).cycles;
	drain(f);
	return cycles;
}

static void frames_are_paced_as_the_policy_says(void **state)
{
	static const uint64_t gaps[] = { 80, 800, 8000 };
	struct fixture *f = fixture_running();
	struct cal_policy p = { .mode = CAL_POLICY_ASAP };

	assert_int_equal(frame_gap(f, 100), 0);
	p = (struct cal_policy){ .mode = CAL_POLICY_GAP, .value = 4000 };
	set_policy(f, &p, NULL, 0, 0);
	hear_error(f, ALICE, 6, 0);
	assert_int_equal(frame_gap(f, 100), 500);
	assert_int_equal(frame_gap(f, 1514), 500);
	p = (struct cal_policy){ .mode = CAL_POLICY_LIST };
	set_policy(f, &p, NULL, 0, 0);
	hear_error(f, ALICE, 6, -EINVAL); /* there is no list yet */
	assert_int_equal(frame_gap(f, 100), 500);
	set_policy(f, &p, gaps, 2, CAL_MORE);
	hear_error(f, ALICE, 6, 0);
	assert_int_equal(frame_gap(f, 100), 500);
	set_policy(f, &p, gaps + 2, 1, 0);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(frame_gap(f, 100), gaps[i % 3] / 8);
	set_policy(f, &p, gaps + 1, 2, 0); /* a new one begins at its beginning */
	assert_int_equal(frame_gap(f, 100), 100);
	fixture_free(f);
}

static void set_gaps(struct fixture *f, uint32_t pid, uint64_t gap, unsigned int n, uint16_t flags)
{
	const struct cal_policy p = { .mode = CAL_POLICY_LIST };
	uint64_t gaps[2000];

	for (unsigned int i = 0; i < n; i++)
		gaps[i] = gap;
	say_policy(f, pid, &p, gaps, n, flags);
}

static void a_list_of_which_a_part_is_missing_is_none(void **state)
{
	const struct cal_policy nonsense = { .mode = CAL_POLICY_LIST, .snap = 2000 };
	struct fixture *f = fixture_running();

	set_gaps(f, ALICE, 800, 2, CAL_MORE);
	hear_error(f, ALICE, 6, 0);
	set_gaps(f, BOB, 1600, 1, CAL_MORE);
	hear_error(f, BOB, 6, 0);
	set_gaps(f, ALICE, 2400, 1, CAL_MORE);
	hear_error(f, ALICE, 6, -ECANCELED);
	set_gaps(f, ALICE, 2400, 1, 0);
	hear_error(f, ALICE, 6, -ECANCELED);
	assert_int_equal(frame_gap(f, 100), 0);
	set_gaps(f, BOB, 1600, 1, 0); /* his is whole */
	hear_error(f, BOB, 6, 0);
	assert_int_equal(frame_gap(f, 100), 200);
	set_gaps(f, ALICE, 800, 2, CAL_MORE); /* hers ended: another one begins */
	hear_error(f, ALICE, 6, 0);
	set_policy(f, &nonsense, NULL, 0, CAL_MORE);
	hear_error(f, ALICE, 6, -EINVAL);
	set_gaps(f, ALICE, 2400, 1, 0);
	hear_error(f, ALICE, 6, -ECANCELED);
	assert_int_equal(frame_gap(f, 100), 200);
	for (unsigned int i = 0; i < CAL_GAPS_MAX / 2000; i++) {
		set_gaps(f, ALICE, 4000, 2000, CAL_MORE);
		hear_error(f, ALICE, 6, 0);
	}
	set_gaps(f, ALICE, 4000, 2000, CAL_MORE); /* too many */
	hear_error(f, ALICE, 6, -EINVAL);
	set_gaps(f, ALICE, 4000, 1, 0);
	hear_error(f, ALICE, 6, -ECANCELED);
	assert_int_equal(frame_gap(f, 100), 200);
	set_gaps(f, ALICE, 3200, 1, 0);
	hear_error(f, ALICE, 6, 0);
	assert_int_equal(frame_gap(f, 100), 400);
	fixture_free(f);
}

/* More clients than are remembered, of which the oldest are taken for new ones. */
static void many_lists_that_are_cut_off_do_no_harm(void **state)
{
	struct fixture *f = fixture_running();

	for (uint32_t pid = 1000; pid < 1000 + 2 * CUTS; pid++) {
		set_gaps(f, pid, 800, 1, CAL_MORE);
		hear_error(f, pid, 6, 0);
	}
	set_gaps(f, 1000 + 2 * CUTS - 1, 1600, 1, 0);
	hear_error(f, 1000 + 2 * CUTS - 1, 6, 0);
	assert_int_equal(frame_gap(f, 100), 100);
	set_gaps(f, 1000 + 2 * CUTS - 2, 1600, 1, 0);
	hear_error(f, 1000 + 2 * CUTS - 2, 6, -ECANCELED);
	assert_int_equal(frame_gap(f, 100), 200);
	fixture_free(f);
}

static uint16_t frame_flags(struct fixture *f)
{
	static const uint8_t frame[100];
	uint16_t flags;

	vn_nf2_frame(f->d, frame, sizeof(frame));
	flags = entry_of(next_pkts(f, 1), 0).flags;
	drain(f);
	return flags;
}

/* Who sent nothing for longer than the gap is not late. */
static void frames_without_a_time_are_not_late(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_policy p = { .mode = CAL_POLICY_ASAP };

	assert_int_equal(frame_flags(f), DRIVERCOMM_ASAP);
	p = (struct cal_policy){ .mode = CAL_POLICY_GAP, .value = 1000000000 };
	set_policy(f, &p, NULL, 0, 0);
	assert_int_equal(frame_flags(f), 0);
	p.value = 8;
	set_policy(f, &p, NULL, 0, 0);
	f->now += 3000000000;
	assert_int_equal(frame_flags(f), DRIVERCOMM_ASAP);
	assert_int_equal(frame_flags(f), 0);
	fixture_free(f);
}

/* At 300 Mb/s: the frame before of 1514 bytes takes 1538 * 8 bits / 0.3 = 41013.33 ns. */
static void a_rate_is_kept_exactly(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_policy p = { .mode = CAL_POLICY_RATE, .value = 300000000 };
	uint64_t cycles = 0;

	frame_gap(f, 1514);
	set_policy(f, &p, NULL, 0, 0);
	for (unsigned int i = 0; i < 300; i++)
		cycles += frame_gap(f, 1514);
	assert_true(cycles == UINT64_C(1538) * 8 * 300 * 10 / 3 / 8);
	fixture_free(f);
}

static void snap_bounds_what_is_copied(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_policy p = { .snap = 64 };
	static const uint8_t frame[1000] = { 1, 2, 3 };
	struct entry e;

	set_policy(f, &p, NULL, 0, 0);
	vn_nf2_frame(f->d, frame, sizeof(frame));
	e = entry_of(next_pkts(f, 1), 0);
	assert_int_equal(e.wire_len, 1000);
	assert_int_equal(e.copy_len, 64);
	assert_memory_equal(e.bytes, frame, 64);
	drain(f);
	vn_nf2_frame(f->d, frame, 42);
	e = entry_of(next_pkts(f, 1), 0);
	assert_int_equal(e.wire_len, 60);
	assert_int_equal(e.copy_len, 42);
	fixture_free(f);
}

static void frames_that_cannot_be_are_dropped(void **state)
{
	struct fixture *f = fixture_running();
	static const uint8_t frame[1515];

	vn_nf2_frame(f->d, frame, 13);
	vn_nf2_frame(f->d, frame, 1515);
	vn_nf2_dropped(f->d, 5);
	assert_int_equal(counter(f, CAL_COUNTER_if_txdrop), 7);
	vn_nf2_frame(f->d, frame, 1514);
	assert_int_equal(counter(f, CAL_COUNTER_if_frames), 1);
	fixture_free(f);
}

static void frames_wait_for_a_txbuff(void **state)
{
	struct fixture *f = fixture_running();
	static const uint8_t frame[1514];

	for (unsigned int i = 0; i < 16; i++) {
		assert_true(vn_nf2_takes_frames(f->d));
		vn_nf2_frame(f->d, frame, sizeof(frame));
	}
	assert_false(vn_nf2_takes_frames(f->d));
	assert_int_equal(counter(f, CAL_COUNTER_txbuff_waits), 1);
	tx_done(f);
	assert_true(vn_nf2_takes_frames(f->d));
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_add_up_without_error),
		cmocka_unit_test(absolute_times_begin_the_chain_anew),
		cmocka_unit_test(flags_reach_the_card),
		cmocka_unit_test(host_times_are_converted),
		cmocka_unit_test(no_transfer_without_quota),
		cmocka_unit_test(a_client_may_lower_the_quota),
		cmocka_unit_test(a_lowered_quota_does_not_lock_up),
		cmocka_unit_test(more_credit_than_frames_is_an_error),
		cmocka_unit_test(what_finds_no_txbuff_waits_inside),
		cmocka_unit_test(a_reset_throws_away_what_waits_inside),
		cmocka_unit_test(frames_are_paced_as_the_policy_says),
		cmocka_unit_test(a_list_of_which_a_part_is_missing_is_none),
		cmocka_unit_test(many_lists_that_are_cut_off_do_no_harm),
		cmocka_unit_test(frames_without_a_time_are_not_late),
		cmocka_unit_test(a_rate_is_kept_exactly),
		cmocka_unit_test(snap_bounds_what_is_copied),
		cmocka_unit_test(frames_that_cannot_be_are_dropped),
		cmocka_unit_test(frames_wait_for_a_txbuff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* States of a driver: what it does and refuses in each, and how it changes them. */
#include "caliper/driver_fixture_test.h"

static void is_down_at_first(void **state)
{
	struct fixture *f = fixture_new(NULL);

	assert_int_equal(vn_nf2_state(f->d), CAL_DOWN);
	assert_true(vn_nf2_next_ns(f->d) == UINT64_MAX);
	send_pkts(f, ALICE, 3, 100, 0);
	hear_error(f, ALICE, 1, -ENETDOWN);
	send_mark(f, ALICE, 7, 0);
	hear_mark(f, ALICE, 7, CAL_DISCARDED);
	ask(f, ALICE, CAL_RESET, 9, NULL, 0);
	hear_error(f, ALICE, 9, -ENETDOWN);
	vn_nf2_frame(f->d, (const uint8_t[60]){ 0 }, 60);
	assert_int_equal(counter(f, CAL_COUNTER_if_txdrop), 1);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 3);
	expect_idle(f);
	fixture_free(f);
}

static void bad_configurations_are_refused(void **state)
{
	static const struct {
		struct vn_nf2_config cfg;
		const char *sentence;
	} cases[] = {
		{ { .card = 128 }, "card 128: 0 to 127 are possible" },
		{ { .txbuffs = 1 }, "1 txbuffs: 2 to 4096 are possible" },
		{ { .txbuffs = 4097 }, "4097 txbuffs: 2 to 4096 are possible" },
		{ { .max_entries = 100 }, "100 packets in a transfer: 1 to 99 are possible" },
		{ { .quota = 9 }, "a quota of 9: 1 to 8 are possible" },
		{ { .ns_per_cycle = 12 }, "12 ns a cycle: powers of two to 1024 are possible" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nf2 *d;
		struct vn_err err;

		assert_int_equal(vn_nf2_new(&cases[i].cfg, &fixture_ops, NULL, &d, &err), -EINVAL);
		assert_null(d);
		assert_string_equal(err.text, cases[i].sentence);
	}
}

static void nothing_but_the_reset_goes_to_a_card_that_has_not_answered(void **state)
{
	struct fixture *f = fixture_new(NULL);

	vn_nf2_up(f->d);
	assert_int_equal(vn_nf2_state(f->d), CAL_RESETTING);
	assert_int_equal(next_told(f, DRIVERCOMM_RESET)->len, DRIVERCOMM_MIN);
	tx_done(f);
	send_pkts(f, ALICE, 2, 100, 0);
	hear_error(f, ALICE, 1, -EAGAIN);
	send_mark(f, ALICE, 7, 0);
	hear_mark(f, ALICE, 7, CAL_DISCARDED);
	vn_nf2_frame(f->d, (const uint8_t[60]){ 0 }, 60);
	assert_int_equal(counter(f, CAL_COUNTER_if_txdrop), 1);
	say_credit(f, 4);
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 0);
	expect_idle(f);
	assert_false(f->carrier);
	say_reset_done(f, 8);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	assert_true(f->carrier);
	fixture_free(f);
}

static void the_card_is_configured_after_each_reset(void **state)
{
	struct fixture *f = fixture_new(NULL);
	const struct told *t;

	for (unsigned int i = 0; i < 2; i++) {
		if (i)
			ask(f, ALICE, CAL_RESET, 5, NULL, 0);
		else
			vn_nf2_up(f->d);
		next_told(f, DRIVERCOMM_RESET);
		tx_done(f);
		say_reset_done(f, 8);
		t = next_told(f, DRIVERCOMM_CONFIG);
		assert_int_equal(vn_get_be32(t->bytes + 8), DRIVERCOMM_FORWARD);
		assert_int_equal(vn_get_be32(t->bytes + 12), 4);
		assert_int_equal(vn_get_be32(t->bytes + 16), 8);
		assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 7);
		tx_done(f);
		assert_true(f->carrier);
	}
	assert_int_equal(counter(f, CAL_COUNTER_resets), 2);
	fixture_free(f);
}

static void a_reset_is_repeated_until_it_is_answered(void **state)
{
	struct fixture *f = fixture_new(NULL);
	uint16_t first;

	vn_nf2_up(f->d);
	first = f->epoch;
	tx_done(f);
	assert_true(vn_nf2_next_ns(f->d) == T_START + VN_NF2_RESET_WAIT_NS);
	f->now += VN_NF2_RESET_WAIT_NS - 1;
	vn_nf2_timer(f->d);
	assert_int_equal(f->n_told, 1);
	f->now++;
	vn_nf2_timer(f->d);
	assert_int_equal(f->n_told, 2);
	assert_int_not_equal(f->epoch, first);
	tx_done(f);
	/* The answer to the first one comes late: the second is still to be answered. */
	say(f, &(struct word){ .type = DRIVERCOMM_RESET_DONE, .epoch = first, .credit = 8 });
	assert_int_equal(vn_nf2_state(f->d), CAL_RESETTING);
	say_reset_done(f, 8);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	assert_true(vn_nf2_next_ns(f->d) == UINT64_MAX);
	fixture_free(f);
}

static void a_card_that_does_not_answer_is_a_fault(void **state)
{
	struct fixture *f = fixture_new(NULL);

	vn_nf2_up(f->d);
	for (unsigned int i = 1; i <= VN_NF2_RESET_TRIES; i++) {
		assert_int_equal(vn_nf2_state(f->d), CAL_RESETTING);
		assert_int_equal(f->n_told, i);
		tx_done(f);
		f->now = vn_nf2_next_ns(f->d);
		vn_nf2_timer(f->d);
	}
	assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
	assert_true(f->now == T_START + VN_NF2_RESET_TRIES * VN_NF2_RESET_WAIT_NS);
	assert_int_equal(f->n_told, VN_NF2_RESET_TRIES);
	assert_string_equal(f->log, "the card does not answer to resets");
	send_pkts(f, ALICE, 1, 100, 0);
	hear_error(f, ALICE, 1, -ENETDOWN);
	fixture_free(f);
}

/* A daemon that had no CPU for a second has not waited ten times. */
static void a_timer_that_was_held_up_repeats_a_reset_once(void **state)
{
	struct fixture *f = fixture_new(NULL);

	vn_nf2_up(f->d);
	tx_done(f);
	f->now += VN_NF2_RESET_TRIES * VN_NF2_RESET_WAIT_NS;
	while (vn_nf2_next_ns(f->d) <= f->now)
		vn_nf2_timer(f->d);
	assert_int_equal(vn_nf2_state(f->d), CAL_RESETTING);
	assert_int_equal(f->n_told, 2);
	tx_done(f);
	say_reset_done(f, 8);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	fixture_free(f);
}

/* It takes half as long again as the wait, one command after the other. */
static void a_slow_card_is_waited_for(void **state)
{
	struct fixture *f = fixture_new(NULL);
	uint16_t first;

	vn_nf2_up(f->d);
	first = f->epoch;
	tx_done(f);
	f->now += VN_NF2_RESET_WAIT_NS;
	vn_nf2_timer(f->d);
	tx_done(f);
	f->now += VN_NF2_RESET_WAIT_NS / 2;
	say(f, &(struct word){ .type = DRIVERCOMM_RESET_DONE, .epoch = first, .credit = 8 });
	f->now += VN_NF2_RESET_WAIT_NS * 3 / 2;
	assert_true(vn_nf2_next_ns(f->d) > f->now);
	say_reset_done(f, 8);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	fixture_free(f);
}

static void a_fault_ends_when_the_interface_comes_up_again(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 3, 100, 0);
	vn_nf2_fault(f->d, "the card closed the connection");
	assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
	assert_false(f->carrier);
	assert_string_equal(f->log, "the card closed the connection");
	/* A new card knows nothing of the transfer that was under way. */
	f->busy = 0;
	f->looked_at = f->n_told;
	make_running(f);
	assert_true(f->carrier);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	assert_int_equal(counter(f, CAL_COUNTER_discarded), 3);
	fixture_free(f);
}

static void a_lost_card_is_forgotten_by_going_down_too(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 3, 100, 0);
	vn_nf2_fault(f->d, "the card closed the connection");
	vn_nf2_down(f->d);
	f->busy = 0;
	f->looked_at = f->n_told;
	make_running(f);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	fixture_free(f);
}

static void going_down_clears_what_waits_and_answers_its_marks(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0); /* in transfer */
	send_mark(f, ALICE, 20, 0);
	send_pkts(f, ALICE, 30, 100, 1);
	send_mark(f, ALICE, 21, 0);
	expect_silence(f);
	vn_nf2_down(f->d);
	hear_mark(f, ALICE, 20, CAL_DISCARDED);
	hear_mark(f, ALICE, 21, CAL_DISCARDED);
	assert_false(f->carrier);
	assert_int_equal(counter(f, CAL_COUNTER_discarded), 31);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 15);
	assert_true(f->mask == UINT32_MAX);
	next_pkts(f, 1);
	expect_idle(f);
	fixture_free(f);
}

/* The transfer that was under way ends before the RESET is sent, and counts for nothing. */
static void up_again_waits_for_the_transfer_that_is_under_way(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	next_pkts(f, 1);
	vn_nf2_down(f->d);
	vn_nf2_up(f->d);
	expect_idle(f);
	tx_done(f);
	next_told(f, DRIVERCOMM_RESET);
	tx_done(f);
	say_reset_done(f, 8);
	next_told(f, DRIVERCOMM_CONFIG);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 0);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	fixture_free(f);
}

static void what_interrupts_told_while_down_is_known_when_up(void **state)
{
	struct fixture *f = fixture_running();

	f->tells_once = true;
	send_pkts(f, ALICE, 1, 100, 0);
	next_pkts(f, 1);
	vn_nf2_down(f->d);
	tx_done(f);
	expect_idle(f);
	/* Said by the card before the reset: fetched, and not obeyed. */
	write_word(f, &(struct word){ .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .credit = 1 });
	vn_nf2_intr(f->d);
	assert_false(f->rx_runs);
	vn_nf2_up(f->d);
	next_told(f, DRIVERCOMM_RESET);
	assert_true(f->rx_runs);
	fetch(f);
	tx_done(f);
	assert_int_equal(vn_nf2_state(f->d), CAL_RESETTING);
	say_reset_done(f, 8);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	assert_int_equal(counter(f, CAL_COUNTER_credits), 1);
	fixture_free(f);
}

static void who_asked_and_who_subscribed_hear_of_a_reset(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_time done;
	struct vn_cal_msg msg;

	subscribe(f, BOB, 1 << CAL_EVENT_STATE, 0);
	send_pkts(f, BOB, 1, 100, 0);
	send_mark(f, BOB, 3, 0);
	ask(f, ALICE, CAL_RESET, 50, NULL, 0);
	hear_mark(f, BOB, 3, CAL_DISCARDED);
	hear(f, BOB, CAL_EVENTS);
	ask(f, ALICE, CAL_RESET, 51, NULL, 0); /* joins the one that runs */
	tx_done(f);			       /* of the packet, then of the RESET */
	tx_done(f);
	expect_silence(f);
	f->now += 5000;
	say_reset_done(f, 8);
	msg = hear(f, BOB, CAL_RESET_DONE);
	assert_int_equal(msg.seq, 0);
	memcpy(&done, msg.body, sizeof(done));
	assert_true(done.card_ns == card_ns(f));
	assert_int_equal(hear(f, ALICE, CAL_RESET_DONE).seq, 51);
	assert_int_equal(hear(f, ALICE, CAL_RESET_DONE).seq, 50);
	hear(f, BOB, CAL_EVENTS);
	expect_silence(f);
	fixture_free(f);
}

static void a_reset_that_fails_is_refused(void **state)
{
	struct fixture *f = fixture_running();

	ask(f, ALICE, CAL_RESET, 50, NULL, 0);
	vn_nf2_down(f->d);
	hear_error(f, ALICE, 50, -ENETDOWN);
	expect_silence(f);
	fixture_free(f);
}

/* Each with a clock, a quota and clients of its own. */
static void two_cards_know_nothing_of_each_other(void **state)
{
	struct fixture *f = fixture_running(), *g = fixture_new(NULL);

	g->now = 5 * T_START;
	make_running(g);
	send_pkts(f, ALICE, 1, 100, 0);
	next_pkts(f, 1);
	send_pkts(g, ALICE, 1, 200, 0);
	assert_int_equal(entry_of(next_pkts(g, 1), 0).cycles, 25);
	vn_nf2_fault(f->d, "gone");
	assert_int_equal(vn_nf2_state(g->d), CAL_RUNNING);
	tx_done(g);
	assert_int_equal(counter(g, CAL_COUNTER_entries), 1);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 0);
	fixture_free(f);
	fixture_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_down_at_first),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(nothing_but_the_reset_goes_to_a_card_that_has_not_answered),
		cmocka_unit_test(the_card_is_configured_after_each_reset),
		cmocka_unit_test(a_reset_is_repeated_until_it_is_answered),
		cmocka_unit_test(a_card_that_does_not_answer_is_a_fault),
		cmocka_unit_test(a_timer_that_was_held_up_repeats_a_reset_once),
		cmocka_unit_test(a_slow_card_is_waited_for),
		cmocka_unit_test(a_fault_ends_when_the_interface_comes_up_again),
		cmocka_unit_test(a_lost_card_is_forgotten_by_going_down_too),
		cmocka_unit_test(going_down_clears_what_waits_and_answers_its_marks),
		cmocka_unit_test(up_again_waits_for_the_transfer_that_is_under_way),
		cmocka_unit_test(what_interrupts_told_while_down_is_known_when_up),
		cmocka_unit_test(who_asked_and_who_subscribed_hear_of_a_reset),
		cmocka_unit_test(a_reset_that_fails_is_refused),
		cmocka_unit_test(two_cards_know_nothing_of_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

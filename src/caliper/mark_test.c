/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks: on what they stand, when and how they are answered. */
#include "caliper/driver_fixture_test.h"

static void a_mark_behind_nothing_is_hit_at_once(void **state)
{
	struct fixture *f = fixture_running();

	send_mark(f, ALICE, 5, 0);
	hear_mark(f, ALICE, 5, CAL_COPIED);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_marks_set), 1);
	assert_int_equal(counter(f, CAL_COUNTER_marks_hit), 1);
	fixture_free(f);
}

static void a_mark_stands_on_the_last_packets(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	send_mark(f, ALICE, 1, 0); /* on what is in transfer */
	send_pkts(f, ALICE, 24, 100, 1);
	send_mark(f, ALICE, 2, 0); /* on what waits */
	send_pkts(f, BOB, 2, 100, 0);
	send_mark(f, BOB, 3, 0); /* on what is being filled */
	expect_silence(f);
	tx_done(f);
	hear_mark(f, ALICE, 1, CAL_COPIED);
	tx_done(f);
	hear_mark(f, ALICE, 2, CAL_COPIED);
	expect_silence(f);
	tx_done(f);
	hear_mark(f, BOB, 3, CAL_COPIED);
	expect_silence(f);
	fixture_free(f);
}

static void a_hit_says_the_time_and_the_room(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_mark_hit hit;
	struct vn_cal_msg msg;

	send_pkts(f, ALICE, 1 + 24, 100, 0);
	send_mark(f, ALICE, 1, 0);
	tx_done(f);
	f->now += 4000;
	tx_done(f);
	msg = hear(f, ALICE, CAL_MARK_HIT);
	memcpy(&hit, msg.body, sizeof(hit));
	assert_true(hit.card_ns == card_ns(f));
	assert_int_equal(hit.free_txbuffs, 15);
	fixture_free(f);
}

static void eight_marks_wait_for_a_transfer(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	for (uint32_t i = 0; i < CAL_MARKS_MAX; i++)
		send_mark(f, i % 2 ? BOB : ALICE, i, 0);
	expect_silence(f);
	send_mark(f, ALICE, 100, 0);
	hear_error(f, ALICE, 100, -EBUSY);
	tx_done(f);
	for (uint32_t i = 0; i < CAL_MARKS_MAX; i++)
		hear_mark(f, i % 2 ? BOB : ALICE, i, CAL_COPIED);
	expect_silence(f);
	fixture_free(f);
}

static void a_mark_may_end_gathering(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 3, 100, 0);
	send_mark(f, ALICE, 1, 0);
	assert_int_equal(counter(f, CAL_COUNTER_building), 2);
	send_mark(f, ALICE, 2, CAL_MARK_FLUSH);
	assert_int_equal(counter(f, CAL_COUNTER_building), 0);
	send_pkts(f, ALICE, 1, 100, 0);
	assert_int_equal(counter(f, CAL_COUNTER_building), 1);
	next_pkts(f, 1);
	tx_done(f);
	next_pkts(f, 2);
	tx_done(f);
	hear_mark(f, ALICE, 1, CAL_COPIED);
	hear_mark(f, ALICE, 2, CAL_COPIED);
	fixture_free(f);
}

static void change_the_configuration(struct fixture *f)
{
	const struct cal_policy p = { .quota = 4 };

	ask(f, ALICE, CAL_POLICY, 1, &p, sizeof(p));
	next_told(f, DRIVERCOMM_CONFIG);
	hear_error(f, ALICE, 1, 0);
}

static void a_mark_does_not_wait_for_the_configuration(void **state)
{
	struct fixture *f = fixture_running();

	change_the_configuration(f);
	send_mark(f, ALICE, 1, 0);
	hear_mark(f, ALICE, 1, CAL_COPIED);
	fixture_free(f);
}

/* Of several transfers, the last with packets; an error begins them anew. */
static void a_mark_stands_before_the_configuration(void **state)
{
	const struct vn_nf2_config cfg = { .transfers = 2 };
	struct fixture *f = fixture_new(&cfg);

	make_running(f);
	send_pkts(f, ALICE, 1, 100, 0);
	next_pkts(f, 1);
	change_the_configuration(f);
	send_mark(f, ALICE, 1, 0);
	expect_silence(f);
	f->busy = 0;
	f->status = VN_NT_INT_DMA_TRANSFER_ERROR;
	vn_nf2_intr(f->d);
	next_told(f, DRIVERCOMM_CONFIG);
	next_pkts(f, 1);
	tx_done(f);
	expect_silence(f);
	tx_done(f);
	hear_mark(f, ALICE, 1, CAL_COPIED);
	fixture_free(f);
}

static void marks_of_who_is_gone_are_dropped(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	send_mark(f, ALICE, 1, 0);
	send_mark(f, BOB, 2, 0);
	vn_nf2_forget(f->d, ALICE);
	tx_done(f);
	hear_mark(f, BOB, 2, CAL_COPIED);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 1); /* its packets leave */
	fixture_free(f);
}

/* The driver finds out by sending. */
static void a_client_that_is_gone_is_forgotten(void **state)
{
	struct fixture *f = fixture_running();

	subscribe(f, ALICE, 1 << CAL_EVENT_STATE, 0);
	f->gone = ALICE;
	send_pkts(f, ALICE, 3, 100, 0);
	for (uint32_t i = 0; i < 4; i++)
		send_mark(f, i % 2 ? BOB : ALICE, i, 0);
	tx_done(f);
	tx_done(f);
	hear_mark(f, BOB, 1, CAL_COPIED);
	hear_mark(f, BOB, 3, CAL_COPIED);
	f->gone = 0;
	vn_nf2_down(f->d);
	expect_silence(f);
	fixture_free(f);
}

/* A client that waits for its mark gets it when it has room again, and in order. */
static void what_a_client_has_no_room_for_is_owed(void **state)
{
	struct fixture *f = fixture_running();

	f->full = ALICE;
	for (uint32_t i = 0; i < 3; i++) {
		send_mark(f, ALICE, i, 0);
		send_mark(f, BOB, i, 0);
		hear_mark(f, BOB, i, CAL_COPIED);
	}
	expect_silence(f);
	assert_true(vn_nf2_next_ns(f->d) == f->now + 1000000);
	f->now += 1000000;
	vn_nf2_timer(f->d);
	assert_true(vn_nf2_next_ns(f->d) == f->now + 2000000);
	f->full = 0;
	send_mark(f, ALICE, 3, 0); /* behind the others */
	expect_silence(f);
	f->now += 2000000;
	vn_nf2_timer(f->d);
	for (uint32_t i = 0; i < 4; i++)
		hear_mark(f, ALICE, i, CAL_COPIED);
	expect_silence(f);
	assert_true(vn_nf2_next_ns(f->d) == UINT64_MAX);
	fixture_free(f);
}

/* One that never reads takes a bounded part of what is kept for all. */
static void what_is_owed_is_bounded(void **state)
{
	struct fixture *f = fixture_running();

	f->full = ALICE;
	for (uint32_t i = 0; i < 2000; i++)
		send_mark(f, ALICE, i, 0);
	f->full = BOB;
	send_mark(f, BOB, 7, 0);
	f->full = 0;
	f->now += 1000000;
	vn_nf2_timer(f->d);
	for (uint32_t i = 0; i < 128; i++)
		hear_mark(f, ALICE, i, CAL_COPIED);
	hear_mark(f, BOB, 7, CAL_COPIED);
	expect_silence(f);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_behind_nothing_is_hit_at_once),
		cmocka_unit_test(a_mark_stands_on_the_last_packets),
		cmocka_unit_test(a_hit_says_the_time_and_the_room),
		cmocka_unit_test(eight_marks_wait_for_a_transfer),
		cmocka_unit_test(a_mark_may_end_gathering),
		cmocka_unit_test(a_mark_does_not_wait_for_the_configuration),
		cmocka_unit_test(a_mark_stands_before_the_configuration),
		cmocka_unit_test(marks_of_who_is_gone_are_dropped),
		cmocka_unit_test(a_client_that_is_gone_is_forgotten),
		cmocka_unit_test(what_a_client_has_no_room_for_is_owed),
		cmocka_unit_test(what_is_owed_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

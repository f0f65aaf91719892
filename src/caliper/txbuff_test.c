/* SPDX-License-Identifier: BSD-2-Clause */
/* How packets are combined, and when those that wait for more are sent. */
#include "caliper/driver_fixture_test.h"

static void the_first_packet_goes_at_once(void **state)
{
	struct fixture *f = fixture_running();
	const struct told *t;

	send_pkts(f, ALICE, 1, 800, 0);
	t = next_pkts(f, 1);
	/* Head, entry, 42 bytes of headers up to a multiple of 8. */
	assert_int_equal(t->len, 8 + 16 + 48);
	assert_int_equal(entry_of(t, 0).wire_len, 60);
	assert_int_equal(entry_of(t, 0).copy_len, 42);
	assert_int_equal(entry_of(t, 0).cycles, 100);
	fixture_free(f);
}

static void a_short_transfer_is_padded(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_descriptor x = { .kind = CAL_RAW, .payload_len = 100, .data_len = 14 };
	static const uint8_t data[14], zeros[20];
	const struct told *t;

	send_descriptor(f, ALICE, &x, data);
	t = next_pkts(f, 1);
	assert_int_equal(t->len, 60);
	assert_memory_equal(t->bytes + 40, zeros, 20);
	fixture_free(f);
}

/* While one is in transfer the others gather: 24 plain packets fit. */
static void what_waits_for_the_bus_is_combined(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1 + 24 + 24 + 5, 800, 0);
	next_pkts(f, 1);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_building), 5);
	assert_int_equal(counter(f, CAL_COUNTER_waiting), 3);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 12);
	tx_done(f);
	assert_int_equal(next_pkts(f, 24)->len, 8 + 24 * 64);
	expect_idle(f); /* one transfer at a time */
	tx_done(f);
	next_pkts(f, 24);
	tx_done(f); /* nothing waits: what was being filled goes as it is */
	next_pkts(f, 5);
	tx_done(f);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 54);
	assert_int_equal(counter(f, CAL_COUNTER_accepted), 54);
	fixture_free(f);
}

/* 76 bytes are the least that is waited for. */
static void a_txbuff_with_little_room_left_is_handed_on(void **state)
{
	static const struct {
		uint16_t data_len; /* of the frame behind a short one */
		unsigned int building;
	} cases[] = {
		{ 1456, 2 }, /* 8 + 32 + 16 + 1456 leave 80 */
		{ 1464, 0 }, /* 72 */
	};
	static const uint8_t data[1514];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = fixture_running();
		struct cal_descriptor x = { .kind = CAL_RAW, .payload_len = 14, .data_len = 14 };

		send_descriptor(f, ALICE, &x, data); /* in transfer */
		send_descriptor(f, ALICE, &x, data); /* 8 + 32 */
		x.payload_len = x.data_len = cases[i].data_len;
		send_descriptor(f, ALICE, &x, data);
		assert_int_equal(counter(f, CAL_COUNTER_building), cases[i].building);
		fixture_free(f);
	}
}

static void a_long_frame_has_a_txbuff_of_its_own(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_descriptor x = { .kind = CAL_RAW, .payload_len = 1514, .data_len = 1514 };
	static const uint8_t data[1514];

	for (unsigned int i = 0; i < 3; i++)
		send_descriptor(f, ALICE, &x, data);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(next_pkts(f, 1)->len, 8 + 16 + 1520);
		expect_idle(f);
		tx_done(f);
	}
	fixture_free(f);
}

static void max_entries_bounds_what_is_combined(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_policy policy = { .max_entries = 4 };

	ask(f, ALICE, CAL_POLICY, 1, &policy, sizeof(policy));
	send_pkts(f, ALICE, 10, 800, 0);
	next_pkts(f, 1);
	tx_done(f);
	next_pkts(f, 4);
	tx_done(f);
	next_pkts(f, 4);
	tx_done(f);
	next_pkts(f, 1);
	fixture_free(f);
}

/* Due and waiting for 100 us: it gathers no more. */
static void what_is_due_soon_does_not_wait_for_more(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 2, 1000, 0);
	assert_int_equal(counter(f, CAL_COUNTER_building), 1);
	assert_true(vn_nf2_next_ns(f->d) == f->now + 100000);
	f->now += 99999;
	vn_nf2_timer(f->d);
	assert_int_equal(counter(f, CAL_COUNTER_building), 1);
	f->now++;
	vn_nf2_timer(f->d);
	assert_int_equal(counter(f, CAL_COUNTER_building), 0);
	assert_int_equal(counter(f, CAL_COUNTER_waiting), 2);
	assert_true(vn_nf2_next_ns(f->d) == UINT64_MAX);
	fixture_free(f);
}

static void what_is_due_later_waits_until_two_ms_before(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_descriptor x = {
		.time_ns = card_ns(f) + 10000000,
		.flags = CAL_ABSOLUTE,
	};

	send_pkts(f, ALICE, 1, 0, 0);
	send_descriptor(f, ALICE, &x, NULL);
	assert_int_equal(counter(f, CAL_COUNTER_building), 1);
	assert_true(vn_nf2_next_ns(f->d) == f->now + 8000000);
	fixture_free(f);
}

/* As long as the card has no room nothing is gained by sending less at a time. */
static void without_quota_packets_go_on_gathering(void **state)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 8; i++) {
		send_pkts(f, ALICE, 1, 1000, 0);
		next_pkts(f, 1);
		tx_done(f);
	}
	send_pkts(f, ALICE, 1 + 3, 1000, 0);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_waiting), 1);
	assert_true(vn_nf2_next_ns(f->d) == UINT64_MAX);
	say_credit(f, 4); /* the quota leaves 0: flushed */
	next_pkts(f, 1);
	assert_int_equal(counter(f, CAL_COUNTER_building), 0);
	tx_done(f);
	next_pkts(f, 3);
	fixture_free(f);
}

/* A card in software holds several, which end in order. */
static void several_transfers_at_a_time(void **state)
{
	const struct vn_nf2_config cfg = { .transfers = 3 };
	struct fixture *f = fixture_new(&cfg);

	make_running(f);
	for (unsigned int i = 0; i < 5; i++)
		send_pkts(f, ALICE, 1, 1000, i);
	for (unsigned int i = 0; i < 3; i++)
		next_pkts(f, 1);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_building), 2);
	send_mark(f, ALICE, 9, 0);
	f->busy -= 2;
	f->completed += 2; /* two ends at once */
	vn_nf2_intr(f->d);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 2);
	next_pkts(f, 2);
	tx_done(f);
	expect_silence(f);
	tx_done(f);
	hear_mark(f, ALICE, 9, CAL_COPIED);
	fixture_free(f);
}

/* They may be held for hours. */
static void a_reset_does_not_wait_for_several_transfers(void **state)
{
	const struct vn_nf2_config cfg = { .transfers = 2 };
	struct fixture *f = fixture_new(&cfg);

	make_running(f);
	send_pkts(f, ALICE, 1, 1000, 0);
	send_pkts(f, ALICE, 1, 1000, 1);
	next_pkts(f, 1);
	next_pkts(f, 1);
	f->transfers = 3; /* such a card takes a RESET in any case */
	ask(f, ALICE, CAL_RESET, 4, NULL, 0);
	next_told(f, DRIVERCOMM_RESET);
	f->busy = 0; /* and lets go of the others, telling of one of the three */
	f->completed = 1;
	say_reset_done(f, 8);
	next_told(f, DRIVERCOMM_CONFIG);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 0);
	hear(f, ALICE, CAL_RESET_DONE);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_packet_goes_at_once),
		cmocka_unit_test(a_short_transfer_is_padded),
		cmocka_unit_test(what_waits_for_the_bus_is_combined),
		cmocka_unit_test(a_txbuff_with_little_room_left_is_handed_on),
		cmocka_unit_test(a_long_frame_has_a_txbuff_of_its_own),
		cmocka_unit_test(max_entries_bounds_what_is_combined),
		cmocka_unit_test(what_is_due_soon_does_not_wait_for_more),
		cmocka_unit_test(what_is_due_later_waits_until_two_ms_before),
		cmocka_unit_test(without_quota_packets_go_on_gathering),
		cmocka_unit_test(several_transfers_at_a_time),
		cmocka_unit_test(a_reset_does_not_wait_for_several_transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

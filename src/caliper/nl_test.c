/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of clients: what is taken, refused and answered. */
#include "caliper/driver_fixture_test.h"

static void hello_says_what_the_driver_is(void **state)
{
	const struct vn_nf2_config cfg = {
		.txbuffs = 5,
		.ifname = "nf2c0",
		.mac = { 2, 3, 4, 5, 6, 7 },
		.ns_per_cycle = 1,
		.precision = CAL_BY_SPINNING,
	};
	struct fixture *f = fixture_new(&cfg);
	struct cal_hello hello = { 1, 3 };
	struct cal_hello_ack ack;
	struct vn_cal_msg msg;

	make_running(f);
	ask(f, ALICE, CAL_HELLO, 4, &hello, sizeof(hello));
	msg = hear(f, ALICE, CAL_HELLO_ACK);
	assert_int_equal(msg.seq, 4);
	memcpy(&ack, msg.body, sizeof(ack));
	assert_int_equal(ack.version, 1);
	assert_int_equal(ack.pkts_max, (16384 - 24) / 48);
	assert_int_equal(ack.txbuffs, 5);
	assert_int_equal(ack.ns_per_cycle, 1);
	assert_int_equal(ack.wire_max, 1514);
	assert_int_equal(CAL_STATE_OF(ack.state), CAL_RUNNING);
	assert_int_equal(CAL_PRECISION_OF(ack.state), CAL_BY_SPINNING);
	assert_string_equal(ack.ifname, "nf2c0");
	assert_memory_equal(ack.mac, cfg.mac, 6);
	assert_int_not_equal(ack.run, 0);
	vn_nf2_set_identity(f->d, "other", (const uint8_t *)"\2abcde");
	ask(f, ALICE, CAL_HELLO, 4, &hello, sizeof(hello));
	msg = hear(f, ALICE, CAL_HELLO_ACK);
	memcpy(&ack, msg.body, sizeof(ack));
	assert_string_equal(ack.ifname, "other");
	assert_memory_equal(ack.mac, "\2abcde", 6);
	hello = (struct cal_hello){ 2, 3 };
	ask(f, ALICE, CAL_HELLO, 5, &hello, sizeof(hello));
	hear_error(f, ALICE, 5, -EPROTO);
	fixture_free(f);
}

static void statistics_are_in_the_order_of_the_protocol(void **state)
{
	struct fixture *f = fixture_running();
	uint64_t counters[CAL_N_COUNTERS];
	struct vn_cal_msg msg;

	send_pkts(f, ALICE, 3, 100, 0);
	ask(f, ALICE, CAL_STATS_GET, 4, NULL, 0);
	msg = hear(f, ALICE, CAL_STATS);
	assert_int_equal(msg.head.count, CAL_N_COUNTERS);
	memcpy(counters, msg.body, sizeof(counters));
	assert_int_equal(counters[CAL_COUNTER_accepted], 3);
	assert_int_equal(counters[CAL_COUNTER_transfers], 2);
	assert_int_equal(counters[CAL_COUNTER_bytes], 60 + 72);
	assert_int_equal(counters[CAL_COUNTER_free_txbuffs], 14);
	assert_int_equal(counters[CAL_COUNTER_waiting], 1);
	assert_int_equal(counters[CAL_COUNTER_building], 2);
	assert_int_equal(counters[CAL_COUNTER_allowed_send], 7);
	assert_int_equal(counters[CAL_COUNTER_state], CAL_RUNNING);
	fixture_free(f);
}

/* Of a message with one bad descriptor none is taken; what is around it is. */
static void a_bad_message_is_refused_as_a_whole(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_descriptor x = { .payload_len = 18 };
	struct datagram g;

	datagram_init(&g);
	put_pkts(&g, 1, 1, 800, 0);
	assert_true(vn_cal_begin(&g.w, CAL_PKTS, 0, 2, 0, 0));
	assert_true(vn_cal_add_item(&g.w, &x, sizeof(x), NULL, 0));
	x.payload_len = 1473;
	assert_true(vn_cal_add_item(&g.w, &x, sizeof(x), NULL, 0));
	put_pkts(&g, 3, 1, 1600, 0);
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 2, -EINVAL);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_accepted), 2);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 2);
	assert_int_equal(entry_of(next_pkts(f, 1), 0).cycles, 100);
	tx_done(f);
	assert_int_equal(entry_of(next_pkts(f, 1), 0).cycles, 200);
	fixture_free(f);
}

/* As many as it has room for, whatever it says. */
static void a_bad_count_is_not_counted(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	datagram_init(&g);
	put_pkts(&g, 1, 3, 800, 0);
	memcpy(g.bytes + 20, &(const uint32_t){ 4000000000 }, 4);
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 1, -EINVAL);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 3);
	memcpy(g.bytes, &(const uint32_t){ 1 << 20 }, 4); /* longer than the datagram */
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 1, -EINVAL);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 6); /* as many as can be seen */
	fixture_free(f);
}

static void messages_for_the_other_socket_are_refused(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	datagram_init(&g);
	put_pkts(&g, 1, 1, 100, 0);
	vn_nf2_control(f->d, ALICE, g.bytes, g.w.len);
	hear_error(f, ALICE, 1, -EPROTO);
	datagram_init(&g);
	assert_true(vn_cal_put(&g.w, CAL_RESET, 0, 2, 0, 0, 0, NULL, 0));
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 2, -EPROTO);
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	fixture_free(f);
}

static void another_cards_messages_are_refused(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	vn_cal_writer_init(&g.w, g.bytes, sizeof(g.bytes), 3);
	assert_true(vn_cal_put(&g.w, CAL_MARK, 0, 2, 0, 0, 0, NULL, 0));
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 2, -EINVAL);
	fixture_free(f);
}

static void acknowledgements_are_given_when_asked_for(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_descriptor x = { .payload_len = 18 };
	const struct cal_subscribe s = { 1 << CAL_EVENT_RX, 0 };
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_begin(&g.w, CAL_PKTS, NLM_F_ACK, 1, 0, 0));
	assert_true(vn_cal_add_item(&g.w, &x, sizeof(x), NULL, 0));
	send_data(f, ALICE, &g);
	hear_error(f, ALICE, 1, 0);
	datagram_init(&g);
	assert_true(vn_cal_put(&g.w, CAL_SUBSCRIBE, NLM_F_ACK, 2, 0, 0, 0, &s, sizeof(s)));
	assert_true(vn_cal_put(&g.w, CAL_SUBSCRIBE, 0, 3, 0, 0, 0, &s, sizeof(s)));
	vn_nf2_control(f->d, ALICE, g.bytes, g.w.len);
	hear_error(f, ALICE, 2, 0);
	expect_silence(f);
	fixture_free(f);
}

/* Once, whether it is asked for or not. */
static void a_policy_is_always_acknowledged(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_policy p = { .mode = CAL_POLICY_GAP, .value = 800 };
	struct datagram g;

	ask(f, ALICE, CAL_POLICY, 2, &p, sizeof(p));
	hear_error(f, ALICE, 2, 0);
	datagram_init(&g);
	assert_true(vn_cal_put(&g.w, CAL_POLICY, NLM_F_ACK, 3, 0, 0, 0, &p, sizeof(p)));
	vn_nf2_control(f->d, ALICE, g.bytes, g.w.len);
	hear_error(f, ALICE, 3, 0);
	p.quota = 9;
	ask(f, ALICE, CAL_POLICY, 4, &p, sizeof(p));
	hear_error(f, ALICE, 4, -EINVAL);
	expect_silence(f);
	fixture_free(f);
}

/* By the first of its packets, and by the last. */
static void a_message_that_loses_the_card_is_acknowledged_once(void **state)
{
	for (unsigned int n = 1; n <= 2; n++) {
		const struct cal_descriptor x = { .payload_len = 18 };
		struct fixture *f = fixture_running();
		struct datagram g;

		datagram_init(&g);
		assert_true(vn_cal_begin(&g.w, CAL_PKTS, NLM_F_ACK, 1, 0, 0));
		for (unsigned int i = 0; i < n; i++)
			assert_true(vn_cal_add_item(&g.w, &x, sizeof(x), NULL, 0));
		f->tx_answer = -ENODEV;
		send_data(f, ALICE, &g);
		assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
		hear_error(f, ALICE, 1, 0);
		expect_silence(f);
		assert_int_equal(counter(f, CAL_COUNTER_discarded), n);
		fixture_free(f);
	}
}

static void too_long_datagrams_are_refused(void **state)
{
	struct fixture *f = fixture_running();
	static struct datagram g;
	static uint8_t bytes[CAL_DATAGRAM_MAX + 8];

	datagram_init(&g);
	put_pkts(&g, 6, 300, 100, 0);
	memcpy(bytes, g.bytes, g.w.len);
	vn_nf2_data(f->d, ALICE, bytes, sizeof(bytes));
	hear_error(f, ALICE, 6, -EMSGSIZE);
	assert_int_equal(counter(f, CAL_COUNTER_accepted), 0);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 300);
	fixture_free(f);
}

static void who_has_no_right_is_refused(void **state)
{
	struct fixture *f = fixture_running();
	struct datagram g;

	datagram_init(&g);
	put_pkts(&g, 1, 2, 100, 0);
	assert_true(vn_cal_put(&g.w, CAL_RESET, 0, 2, 0, 0, 0, NULL, 0));
	vn_nf2_refuse(f->d, ALICE, g.bytes, g.w.len, -EPERM);
	hear_error(f, ALICE, 1, -EPERM);
	hear_error(f, ALICE, 2, -EPERM);
	assert_int_equal(counter(f, CAL_COUNTER_refused), 2);
	expect_silence(f);
	expect_idle(f);
	fixture_free(f);
}

/* Two clients' packets leave in the order in which they came. */
static void order_is_that_of_arrival(void **state)
{
	struct fixture *f = fixture_running();
	const struct told *t;

	send_pkts(f, ALICE, 1, 0, 0);
	next_pkts(f, 1);
	for (unsigned int i = 1; i <= 12; i++)
		send_pkts(f, i % 3 ? ALICE : BOB, 2, 8 * i, 0);
	tx_done(f);
	t = next_pkts(f, 24);
	for (unsigned int i = 0; i < 24; i++)
		assert_int_equal(entry_of(t, i).cycles, i / 2 + 1);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_says_what_the_driver_is),
		cmocka_unit_test(statistics_are_in_the_order_of_the_protocol),
		cmocka_unit_test(a_bad_message_is_refused_as_a_whole),
		cmocka_unit_test(a_bad_count_is_not_counted),
		cmocka_unit_test(messages_for_the_other_socket_are_refused),
		cmocka_unit_test(another_cards_messages_are_refused),
		cmocka_unit_test(acknowledgements_are_given_when_asked_for),
		cmocka_unit_test(a_policy_is_always_acknowledged),
		cmocka_unit_test(a_message_that_loses_the_card_is_acknowledged_once),
		cmocka_unit_test(too_long_datagrams_are_refused),
		cmocka_unit_test(who_has_no_right_is_refused),
		cmocka_unit_test(order_is_that_of_arrival),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

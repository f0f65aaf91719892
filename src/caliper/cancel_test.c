/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking back: from txbuffs that wait, from the one being filled, from a datagram that waits. */
#include "caliper/driver_fixture_test.h"
#include "caliper/driver_priv.h"

static struct cal_cancel_done cancel(struct fixture *f, uint32_t pid, uint32_t first, uint32_t last)
{
	const struct cal_cancel body = { first, last };
	struct cal_cancel_done done;
	struct vn_cal_msg msg;

	ask(f, pid, CAL_CANCEL, 33, &body, sizeof(body));
	vn_nf2_data_over(f->d);
	while (f->n_heard - f->listened > 1)
		f->listened++; /* answers to marks, which others look at */
	msg = hear(f, pid, CAL_CANCEL_DONE);
	assert_int_equal(msg.seq, 33);
	memcpy(&done, msg.body, sizeof(done));
	return done;
}

/* Cookies of the packets that the card is told of, told by their gaps: cookie c has gap 8 * c. */
static void send_numbered(struct fixture *f, uint32_t pid, unsigned int n, uint32_t from)
{
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_begin(&g.w, CAL_PKTS, 0, 1, 0, 0));
	for (uint32_t i = from; i < from + n; i++) {
		const struct cal_descriptor x = { .time_ns = 8 * i, .cookie = i };

		assert_true(vn_cal_add_item(&g.w, &x, sizeof(x), NULL, 0));
	}
	send_data(f, pid, &g);
}

static void expect_told(struct fixture *f, const uint32_t *numbers, unsigned int n)
{
	const struct told *t = next_pkts(f, n);

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(entry_of(t, i).cycles, numbers[i]);
	assert_int_equal(t->len, VN_MAX(8 + n * 64, 60u));
}

static void own_packets_are_cut_out_and_the_others_stay(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_cancel_done done;

	send_numbered(f, ALICE, 1, 1); /* in transfer */
	send_numbered(f, ALICE, 2, 2);
	send_numbered(f, BOB, 1, 4);
	send_numbered(f, ALICE, 3, 5);
	done = cancel(f, ALICE, 3, 6);
	assert_int_equal(done.cancelled, 3);
	tx_done(f);
	next_pkts(f, 1);
	expect_told(f, (const uint32_t[]){ 2, 4, 7 }, 3);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 3);
	fixture_free(f);
}

static void what_is_in_transfer_stays(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_cancel_done done;
	const struct cal_descriptor x = {
		.time_ns = card_ns(f) + 800000,
		.flags = CAL_ABSOLUTE,
	};

	send_descriptor(f, ALICE, &x, NULL);
	send_numbered(f, ALICE, 5, 1);
	done = cancel(f, ALICE, 0, UINT32_MAX);
	assert_int_equal(done.cancelled, 5);
	assert_true(done.last_ns == card_ns(f) + 800000);
	tx_done(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 1);
	/* As long as the card has it, and it is to leave. */
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == done.last_ns);
	f->now += 900000; /* it may be late */
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == done.last_ns);
	f->now -= 900000;
	say_credit(f, 1);
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == done.last_ns);
	f->now += 900000;
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == 0);
	assert_true(cancel(f, BOB, 0, UINT32_MAX).last_ns == 0);
	fixture_free(f);
}

/* The last on the card, whose number is beyond 2^32; its frame begins before. */
static void the_last_is_told_when_numbers_go_round(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_descriptor x = { .time_ns = 800000 };
	uint64_t last_ns = card_ns(f) + 6 * 800000;

	f->d->sent.seq = UINT32_MAX - 1;
	for (unsigned int i = 0; i < 6; i++)
		send_descriptor(f, ALICE, &x, NULL);
	tx_done(f);
	tx_done(f);
	say_credit(f, 1); /* of the first frame; the other has 5 packets */
	f->now += 100000000;
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == last_ns);
	say_credit(f, 1);
	assert_true(cancel(f, ALICE, 0, UINT32_MAX).last_ns == 0);
	fixture_free(f);
}

static void the_last_that_stays_is_told(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_descriptor x = { .time_ns = card_ns(f) + 800000, .flags = CAL_ABSOLUTE };

	send_descriptor(f, ALICE, &x, NULL);
	x = (struct cal_descriptor){ .time_ns = 1000, .cookie = 7 };
	for (unsigned int i = 0; i < 5; i++, x.cookie++)
		send_descriptor(f, ALICE, &x, NULL);
	/* 8 and 9 of 7 to 11 are gone: the last is 3000 behind the first. */
	assert_true(cancel(f, ALICE, 8, 9).last_ns == card_ns(f) + 803000);
	fixture_free(f);
}

/* It leaves right behind the one before, which is Bob's or her own, wherever it waits. */
static void an_absolute_time_before_the_packet_in_front_is_none_to_leave_at(void **state)
{
	static const uint32_t in_front[] = { ALICE, BOB };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(in_front); i++) {
		struct fixture *f = fixture_running();
		struct cal_descriptor x = { .flags = CAL_ABSOLUTE };
		uint64_t far = card_ns(f) + 8000000;

		x.time_ns = far;
		send_descriptor(f, in_front[i], &x, NULL);
		x.time_ns = card_ns(f) + 8000;
		x.cookie = 1;
		send_descriptor(f, ALICE, &x, NULL);
		x.cookie = 2;
		send_descriptor(f, ALICE, &x, NULL);
		f->now += 80000;
		assert_true(cancel(f, ALICE, 9, 9).last_ns == far);
		tx_done(f); /* now the card has it, and says so */
		say_credit(f, 1);
		assert_true(cancel(f, ALICE, 9, 9).last_ns == far);
		/* Planned anew, where one in front is gone. */
		assert_true(cancel(f, ALICE, 1, 1).last_ns == far);
		fixture_free(f);
	}
}

static void emptied_txbuffs_are_free_and_their_marks_wait_for_those_before(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_cancel all = { 0, UINT32_MAX };

	send_numbered(f, BOB, 1, 1);
	send_numbered(f, ALICE, 24, 1);
	send_mark(f, ALICE, 70, 0);
	send_numbered(f, ALICE, 3, 1);
	send_mark(f, BOB, 71, 0);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 13);
	ask(f, ALICE, CAL_CANCEL, 2, &all, sizeof(all));
	vn_nf2_data_over(f->d);
	hear(f, ALICE, CAL_CANCEL_DONE);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 15);
	tx_done(f);
	hear_mark(f, ALICE, 70, CAL_COPIED);
	hear_mark(f, BOB, 71, CAL_COPIED);
	next_pkts(f, 1);
	expect_idle(f);
	fixture_free(f);
}

/* Its client's packets wait in the txbuff before the one that another client emptied. */
static void a_mark_waits_for_its_clients_packets(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_cancel all = { 0, UINT32_MAX };

	send_numbered(f, ALICE, 1, 1); /* in transfer */
	send_numbered(f, BOB, 24, 1);
	send_numbered(f, ALICE, 1, 2);
	send_mark(f, BOB, 71, 0);
	ask(f, ALICE, CAL_CANCEL, 2, &all, sizeof(all));
	vn_nf2_data_over(f->d);
	hear(f, ALICE, CAL_CANCEL_DONE);
	tx_done(f);
	expect_silence(f);
	tx_done(f);
	hear_mark(f, BOB, 71, CAL_COPIED);
	fixture_free(f);
}

/* Without quota nothing is in transfer. */
static void a_mark_behind_nothing_that_stays_is_hit(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_cancel all = { 0, UINT32_MAX };

	for (unsigned int i = 0; i < 8; i++) {
		send_numbered(f, BOB, 1, 1);
		tx_done(f);
	}
	send_numbered(f, ALICE, 1, 1);
	send_mark(f, ALICE, 70, 0);
	send_mark(f, BOB, 71, 0);
	ask(f, ALICE, CAL_CANCEL, 2, &all, sizeof(all));
	vn_nf2_data_over(f->d);
	hear_mark(f, ALICE, 70, CAL_COPIED);
	hear_mark(f, BOB, 71, CAL_COPIED);
	hear(f, ALICE, CAL_CANCEL_DONE);
	fixture_free(f);
}

static void marks_that_find_no_place_are_refused(void **state)
{
	struct fixture *f = fixture_running();
	const struct cal_cancel all = { 0, UINT32_MAX };

	send_numbered(f, BOB, 1, 1);
	for (uint32_t i = 0; i < CAL_MARKS_MAX - 1; i++)
		send_mark(f, BOB, i, 0);
	send_numbered(f, ALICE, 24, 1);
	for (uint32_t i = 0; i < 3; i++)
		send_mark(f, BOB, 70 + i, 0);
	ask(f, ALICE, CAL_CANCEL, 2, &all, sizeof(all));
	vn_nf2_data_over(f->d);
	hear_error(f, BOB, 71, -EBUSY);
	hear_error(f, BOB, 72, -EBUSY);
	hear(f, ALICE, CAL_CANCEL_DONE);
	tx_done(f);
	for (uint32_t i = 0; i < CAL_MARKS_MAX - 1; i++)
		hear_mark(f, BOB, i, CAL_COPIED);
	hear_mark(f, BOB, 70, CAL_COPIED);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_marks_hit), counter(f, CAL_COUNTER_marks_set));
	fixture_free(f);
}

/* Control overtakes data: what was sent before the CANCEL is known by its number. */
static void what_has_not_been_read_is_taken_back(void **state)
{
	const struct cal_cancel some = { 1000, 1001 };
	struct fixture *f = fixture_running();
	struct datagram g;

	ask(f, ALICE, CAL_CANCEL, 20, &some, sizeof(some));
	datagram_init(&g);
	put_pkts(&g, 19, 3, 80, 1000);
	send_data(f, BOB, &g); /* is nobody's business */
	next_pkts(f, 1);
	send_data(f, ALICE, &g);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 2);
	datagram_init(&g);
	put_pkts(&g, 21, 2, 80, 1000); /* what is wanted instead */
	send_data(f, ALICE, &g);
	hear(f, ALICE, CAL_CANCEL_DONE);
	datagram_init(&g);
	put_pkts(&g, 19, 1, 80, 1000); /* after that, nothing before it can come */
	send_data(f, ALICE, &g);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 2);
	tx_done(f);
	next_pkts(f, 2 + 1 + 2 + 1);
	fixture_free(f);
}

/* Control that overtakes data may be overtaken by it, too. */
static void what_was_sent_after_it_stays(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_running();
	struct datagram g;

	for (uint32_t seq = UINT32_MAX - 1; seq != 4; seq++) { /* the CANCEL has 1 */
		datagram_init(&g);
		put_pkts(&g, seq, 1, 8, 0);
		send_data(f, ALICE, &g);
	}
	next_pkts(f, 1); /* in transfer */
	ask(f, ALICE, CAL_CANCEL, 1, &all, sizeof(all));
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 2); /* UINT32_MAX and 0 */
	tx_done(f);
	next_pkts(f, 3); /* 1 to 3 */
	fixture_free(f);
}

static void what_waits_inside_and_was_sent_after_it_stays(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_running();
	struct datagram g;

	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	datagram_init(&g);
	put_pkts(&g, 9, 11, 80, 0);
	put_pkts(&g, 10, 10, 80, 0);
	put_pkts(&g, 12, 10, 80, 0);
	send_data(f, ALICE, &g);
	assert_false(vn_nf2_takes_data(f->d));
	ask(f, ALICE, CAL_CANCEL, 9, &all, sizeof(all));
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 0);
	ask(f, ALICE, CAL_CANCEL, 11, &all, sizeof(all));
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 21);
	fixture_free(f);
}

/* A process's next socket has the port id of the one before, and its numbers begin anew. */
static void what_comes_after_an_empty_socket_is_wanted(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_running();

	assert_false(vn_nf2_awaits_data_over(f->d));
	ask(f, ALICE, CAL_CANCEL, 20, &all, sizeof(all));
	assert_true(vn_nf2_awaits_data_over(f->d));
	send_pkts(f, ALICE, 3, 80, 0); /* number 1: was there before */
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 3);
	vn_nf2_data_over(f->d);
	assert_false(vn_nf2_awaits_data_over(f->d));
	send_pkts(f, ALICE, 3, 80, 0);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 3);
	next_pkts(f, 1);
	fixture_free(f);
}

static struct cal_cancel_done hear_done(struct fixture *f, uint32_t pid, uint32_t seq)
{
	struct vn_cal_msg msg = hear(f, pid, CAL_CANCEL_DONE);
	struct cal_cancel_done done;

	assert_int_equal(msg.seq, seq);
	memcpy(&done, msg.body, sizeof(done));
	return done;
}

/* The last that stays is one of them, too. */
static void what_had_not_been_read_is_counted(void **state)
{
	const struct cal_cancel some = { 2, 9 };
	struct fixture *f = fixture_running();
	struct cal_cancel_done done;
	struct datagram g;

	send_numbered(f, ALICE, 1, 1);
	ask(f, ALICE, CAL_CANCEL, 20, &some, sizeof(some));
	ask(f, BOB, CAL_CANCEL, 7, &some, sizeof(some));
	expect_silence(f);
	datagram_init(&g);
	put_pkts(&g, 3, 4, 800, 1); /* cookies 1 to 4 */
	send_data(f, ALICE, &g);
	expect_silence(f);
	vn_nf2_data_over(f->d);
	done = hear_done(f, ALICE, 20);
	assert_int_equal(done.cancelled, 3);
	assert_true(done.last_ns == card_ns(f) + 8 + 800);
	done = hear_done(f, BOB, 7);
	assert_int_equal(done.cancelled, 0);
	assert_true(done.last_ns == 0);
	vn_nf2_data_over(f->d);
	expect_silence(f);
	fixture_free(f);
}

/* Nothing more is read then, or the client has gone on, or there are too many. */
static void a_cancel_is_answered_when_it_waits_for_nothing(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_running();
	struct datagram g;

	ask(f, ALICE, CAL_CANCEL, 20, &all, sizeof(all));
	datagram_init(&g);
	put_pkts(&g, 21, 1, 80, 0);
	send_data(f, ALICE, &g);
	hear_done(f, ALICE, 20);
	for (uint32_t i = 0; i < WITHDRAWALS; i++)
		ask(f, ALICE, CAL_CANCEL, 30 + i, &all, sizeof(all));
	expect_silence(f);
	ask(f, ALICE, CAL_CANCEL, 300, &all, sizeof(all));
	hear_done(f, ALICE, 30);
	expect_silence(f);
	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	send_pkts(f, BOB, 30, 80, 0);
	expect_silence(f);
	assert_true(vn_nf2_takes_data(f->d)); /* although nothing has room */
	vn_nf2_data_over(f->d);
	for (uint32_t i = 1; i < WITHDRAWALS; i++)
		hear_done(f, ALICE, 30 + i);
	hear_done(f, ALICE, 300);
	assert_false(vn_nf2_takes_data(f->d));
	fixture_free(f);
}

/* Bob's packets fill all txbuffs, and 30 of his wait in their datagram. */
static struct fixture *fixture_parked(void)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	send_pkts(f, BOB, 30, 80, 0);
	assert_false(vn_nf2_takes_data(f->d));
	return f;
}

/* Datagrams of both clients behind one that waits. */
static void what_waits_before_a_driver_without_room_is_counted(void **state)
{
	static const struct cal_cancel first = { 10, 14 }, second = { 12, 19 };
	struct fixture *f = fixture_parked();
	struct cal_cancel_done done;
	struct datagram g;
	uint64_t last;

	last = card_ns(f) + 5 * 8 * 72 * 73 / 2 + 30 * 80;
	ask(f, ALICE, CAL_CANCEL, 20, &first, sizeof(first));
	assert_true(vn_nf2_takes_data(f->d));
	datagram_init(&g);
	put_pkts(&g, 3, 10, 800, 10); /* cookies 10 to 19; 15 to 19 stay for now */
	send_data(f, ALICE, &g);
	send_pkts(f, BOB, 10, 80, 0);
	ask(f, ALICE, CAL_CANCEL, 21, &second, sizeof(second));
	expect_silence(f);
	vn_nf2_data_over(f->d);
	done = hear_done(f, ALICE, 20);
	assert_int_equal(done.cancelled, 5);
	assert_true(done.last_ns == last + 5 * 800);
	done = hear_done(f, ALICE, 21);
	assert_int_equal(done.cancelled, 5); /* the others are the first one's */
	assert_true(done.last_ns == 0);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 0); /* yet */
	f->looked_at = f->n_told;
	while (counter(f, CAL_COUNTER_entries) < 5 * 72 + 30 + 10) {
		tx_done(f);
		say_credit(f, 1);
	}
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 10);
	assert_true(vn_nf2_takes_data(f->d));
	fixture_free(f);
}

static void a_driver_keeps_back_so_much_and_no_more(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_parked();

	ask(f, ALICE, CAL_CANCEL, 20, &all, sizeof(all));
	for (unsigned int i = 0; i < CAL_BACKLOG; i++) {
		expect_silence(f);
		assert_true(vn_nf2_takes_data(f->d));
		send_pkts(f, ALICE, 2, 80, 0); /* number 1 */
	}
	assert_int_equal(hear_done(f, ALICE, 20).cancelled, 2 * CAL_BACKLOG);
	assert_false(vn_nf2_takes_data(f->d));
	ask(f, ALICE, CAL_CANCEL, 21, &all, sizeof(all));
	assert_int_equal(hear_done(f, ALICE, 21).cancelled, 0);
	fixture_free(f);
}

/* What waits inside was read before the socket was empty, and may be from before the CANCEL. */
static void an_empty_socket_says_nothing_of_what_waits_inside(void **state)
{
	const struct cal_cancel all = { 0, UINT32_MAX };
	struct fixture *f = fixture_running();
	struct datagram g;

	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	ask(f, ALICE, CAL_CANCEL, 20, &all, sizeof(all));
	datagram_init(&g);
	put_pkts(&g, 1, 3, 80, 0);
	send_data(f, ALICE, &g); /* nothing of it needs room */
	assert_true(vn_nf2_takes_data(f->d));
	send_pkts(f, BOB, 2, 80, 0);
	vn_nf2_data_over(f->d);
	assert_false(vn_nf2_takes_data(f->d));
	assert_true(vn_nf2_awaits_data_over(f->d));
	fixture_free(f);
}

/* 1 + 15 * 24 find room, the rest waits in the datagram. */
static void what_waits_in_the_datagram_is_taken_back(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_cancel_done done;
	struct datagram g;
	unsigned int n = 0;

	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	datagram_init(&g);
	put_pkts(&g, 1, 11, 80, 1000);
	put_pkts(&g, 2, 10, 80, 2000);
	send_data(f, ALICE, &g);
	assert_false(vn_nf2_takes_data(f->d));
	assert_int_equal(cancel(f, BOB, 1000, 2005).cancelled, 0);
	done = cancel(f, ALICE, 1005, 2005);
	assert_int_equal(done.cancelled, 6 + 6);
	assert_false(vn_nf2_takes_data(f->d));
	assert_int_equal(cancel(f, ALICE, 1005, 2005).cancelled, 0);
	while (f->busy)
		tx_done(f), say_credit(f, 1);
	while (f->looked_at < f->n_told)
		n += vn_get_be16(f->told[f->looked_at++].bytes + 4);
	assert_int_equal(n, 360 + 21 - 12);
	assert_int_equal(counter(f, CAL_COUNTER_accepted), 381);
	assert_int_equal(counter(f, CAL_COUNTER_cancelled), 12);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 369);
	fixture_free(f);
}

static void room_that_becomes_free_is_used(void **state)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 5; i++)
		send_numbered(f, BOB, 72, 1);
	send_numbered(f, ALICE, 10, 500);
	assert_false(vn_nf2_takes_data(f->d));
	assert_int_equal(cancel(f, BOB, 0, UINT32_MAX).cancelled, 359);
	assert_true(vn_nf2_takes_data(f->d));
	tx_done(f);
	next_pkts(f, 1);
	expect_told(f, (const uint32_t[]){ 500 }, 1); /* it had found room */
	tx_done(f);
	expect_told(f, (const uint32_t[]){ 501, 502, 503, 504, 505, 506, 507, 508, 509 }, 9);
	fixture_free(f);
}

/* Without quota, one waits; it is taken back, and what was being filled takes its place. */
static void what_is_being_filled_takes_the_place(void **state)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 8; i++) {
		send_numbered(f, BOB, 1, 1);
		next_pkts(f, 1);
		tx_done(f);
	}
	send_numbered(f, ALICE, 1, 1);
	send_numbered(f, BOB, 2, 5);
	assert_int_equal(cancel(f, ALICE, 0, UINT32_MAX).cancelled, 1);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_building), 0);
	assert_int_equal(counter(f, CAL_COUNTER_waiting), 1);
	say_credit(f, 4);
	expect_told(f, (const uint32_t[]){ 5, 6 }, 2);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_packets_are_cut_out_and_the_others_stay),
		cmocka_unit_test(what_is_in_transfer_stays),
		cmocka_unit_test(the_last_that_stays_is_told),
		cmocka_unit_test(the_last_is_told_when_numbers_go_round),
		cmocka_unit_test(an_absolute_time_before_the_packet_in_front_is_none_to_leave_at),
		cmocka_unit_test(emptied_txbuffs_are_free_and_their_marks_wait_for_those_before),
		cmocka_unit_test(a_mark_waits_for_its_clients_packets),
		cmocka_unit_test(a_mark_behind_nothing_that_stays_is_hit),
		cmocka_unit_test(marks_that_find_no_place_are_refused),
		cmocka_unit_test(what_waits_in_the_datagram_is_taken_back),
		cmocka_unit_test(what_has_not_been_read_is_taken_back),
		cmocka_unit_test(what_was_sent_after_it_stays),
		cmocka_unit_test(what_waits_inside_and_was_sent_after_it_stays),
		cmocka_unit_test(what_comes_after_an_empty_socket_is_wanted),
		cmocka_unit_test(what_had_not_been_read_is_counted),
		cmocka_unit_test(a_cancel_is_answered_when_it_waits_for_nothing),
		cmocka_unit_test(what_waits_before_a_driver_without_room_is_counted),
		cmocka_unit_test(a_driver_keeps_back_so_much_and_no_more),
		cmocka_unit_test(an_empty_socket_says_nothing_of_what_waits_inside),
		cmocka_unit_test(room_that_becomes_free_is_used),
		cmocka_unit_test(what_is_being_filled_takes_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

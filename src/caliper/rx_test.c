/* SPDX-License-Identifier: BSD-2-Clause */
/* What the card says: departures, losses, frames; and who hears of it. Errors of its bus. */
#include "caliper/driver_fixture_test.h"
#include "caliper/driver_priv.h"

#define ALL ((2u << CAL_EVENT_STALL) - 2)

/* The next datagram for this client has this event and no other; returns the events lost. */
static uint64_t hear_event(struct fixture *f, uint32_t pid, uint16_t kind, struct cal_event *event,
			   uint8_t *snap)
{
	struct vn_cal_msg msg = hear(f, pid, CAL_EVENTS);
	const uint8_t *bytes;
	uint64_t lost;
	size_t at = 0;

	memcpy(&lost, msg.body, sizeof(lost));
	assert_int_equal(msg.seq, 0);
	assert_int_equal(msg.head.count, 1);
	assert_true(vn_cal_event_next(&msg, &at, event, &bytes));
	assert_int_equal(event->kind, kind);
	if (snap)
		memcpy(snap, bytes, event->snap);
	return lost;
}

static void send_one(struct fixture *f, uint32_t pid, uint32_t cookie, uint16_t flags)
{
	const struct cal_descriptor x = { .cookie = cookie, .flags = flags };

	send_descriptor(f, pid, &x, NULL);
	tx_done(f);
}

static void say_report(struct fixture *f, uint32_t seq, uint64_t cycle, uint32_t late)
{
	say(f, &(struct word){
		       .type = DRIVERCOMM_QUOTA,
		       .epoch = f->epoch,
		       .credit = 1,
		       .n_reports = 1,
		       .reports = &(const struct departure){ seq, cycle, late },
	       });
}

static void a_departure_is_told_to_its_client(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	subscribe(f, ALICE, ALL, 0);
	subscribe(f, BOB, ALL, 0);
	send_one(f, BOB, 10, 0);
	send_one(f, ALICE, 11, CAL_REPORT);
	say_report(f, 1, UINT64_C(0x300000000), 3);
	hear_event(f, ALICE, CAL_EVENT_DEPARTED, &e, NULL);
	assert_true(e.card_ns == UINT64_C(0x300000000) * 8);
	assert_int_equal(e.cookie, 11);
	assert_int_equal(e.extra, 24);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_reported), 1);
	assert_int_equal(counter(f, CAL_COUNTER_late_max_ns), 24);
	fixture_free(f);
}

static void numbers_of_packets_begin_anew_with_a_reset(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	for (uint32_t i = 0; i < 3; i++)
		send_one(f, ALICE, i, CAL_REPORT);
	vn_nf2_down(f->d);
	f->looked_at = f->n_told;
	make_running(f);
	subscribe(f, ALICE, 1 << CAL_EVENT_DEPARTED, 0);
	send_one(f, ALICE, 44, CAL_REPORT);
	say_report(f, 0, 1000, 0);
	hear_event(f, ALICE, CAL_EVENT_DEPARTED, &e, NULL);
	assert_int_equal(e.cookie, 44);
	fixture_free(f);
}

static void numbers_of_packets_go_round(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	f->d->sent.seq = UINT32_MAX - 1; /* as after so many packets */
	subscribe(f, ALICE, 1 << CAL_EVENT_DEPARTED, 0);
	for (uint32_t i = 0; i < 4; i++)
		send_one(f, ALICE, 10 + i, CAL_REPORT);
	for (uint32_t i = 0; i < 4; i++) {
		say_report(f, UINT32_MAX - 1 + i, 1000, 0);
		hear_event(f, ALICE, CAL_EVENT_DEPARTED, &e, NULL);
		assert_int_equal(e.cookie, 10 + i);
	}
	assert_int_equal(counter(f, CAL_COUNTER_errors), 0);
	say_report(f, UINT32_MAX - 2, 1000, 0);
	say_report(f, 2, 1000, 0);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 2 + 2); /* and credit of nothing */
	fixture_free(f);
}

static uint64_t say_lost(struct fixture *f, uint32_t seq, uint16_t lost)
{
	struct cal_event e;

	send_one(f, ALICE, 10 + seq, CAL_REPORT);
	say(f, &(struct word){
		       .type = DRIVERCOMM_QUOTA,
		       .epoch = f->epoch,
		       .credit = 1,
		       .count = lost,
		       .n_reports = 1,
		       .reports = &(const struct departure){ seq, 1000, 0 },
	       });
	return hear_event(f, ALICE, CAL_EVENT_DEPARTED, &e, NULL);
}

static void departures_that_the_card_cannot_tell_are_lost_events(void **state)
{
	struct fixture *f = fixture_running();

	subscribe(f, ALICE, 1 << CAL_EVENT_DEPARTED, 0);
	subscribe(f, BOB, 1 << CAL_EVENT_LATE, 0);
	assert_int_equal(say_lost(f, 0, 3), 3);
	assert_int_equal(say_lost(f, 1, 3), 3);
	say_credit(f, 0); /* without reports it says nothing of them */
	assert_int_equal(say_lost(f, 2, UINT16_MAX), UINT16_MAX);
	assert_int_equal(say_lost(f, 3, 1), UINT16_MAX + 2);
	assert_int_equal(counter(f, CAL_COUNTER_events_lost), UINT16_MAX + 2);
	f->looked_at = f->n_told;
	vn_nf2_down(f->d); /* the card begins anew */
	make_running(f);
	assert_int_equal(say_lost(f, 0, 1), UINT16_MAX + 3);
	expect_silence(f);
	fixture_free(f);
}

static void who_did_not_subscribe_is_not_told(void **state)
{
	struct fixture *f = fixture_running();

	subscribe(f, BOB, ALL, 0);
	send_one(f, ALICE, 11, CAL_REPORT);
	say_report(f, 0, 1, 0);
	expect_silence(f);
	fixture_free(f);
}

static void a_late_packet_is_told_to_all(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	subscribe(f, ALICE, 1 << CAL_EVENT_LATE, 0);
	subscribe(f, BOB, ALL, 0);
	send_one(f, ALICE, 12, 0);
	say_report(f, 0, 1000, UINT32_MAX);
	hear_event(f, BOB, CAL_EVENT_LATE, &e, NULL);
	hear_event(f, ALICE, CAL_EVENT_LATE, &e, NULL);
	assert_int_equal(e.cookie, 12);
	assert_true(e.extra == UINT32_MAX);
	fixture_free(f);
}

static void the_cards_counts_are_added_up(void **state)
{
	struct fixture *f = fixture_running();
	struct word w = { .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .late = 5, .rx_lost = 3 };
	struct cal_event e;

	subscribe(f, ALICE, 1 << CAL_EVENT_RXDROP, 0);
	say(f, &w);
	hear_event(f, ALICE, CAL_EVENT_RXDROP, &e, NULL);
	assert_int_equal(e.extra, 3);
	w.late = 7;
	say(f, &w);
	expect_silence(f);
	w.rx_lost = 10;
	say(f, &w);
	hear_event(f, ALICE, CAL_EVENT_RXDROP, &e, NULL);
	assert_int_equal(e.extra, 7);
	/* They begin anew with a reset. */
	vn_nf2_down(f->d);
	make_running(f);
	w = (struct word){ .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .late = 1, .rx_lost = 1 };
	say(f, &w);
	assert_int_equal(counter(f, CAL_COUNTER_late), 8);
	assert_int_equal(counter(f, CAL_COUNTER_rx_lost), 11);
	fixture_free(f);
}

static void received_frames_are_delivered_and_told(void **state)
{
	struct fixture *f = fixture_running();
	uint8_t frame[200], snap[CAL_SNAP_MAX];
	struct cal_event e;

	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	subscribe(f, ALICE, 1 << CAL_EVENT_RX, 128);
	subscribe(f, BOB, 1 << CAL_EVENT_RX, 20);
	say(f, &(struct word){
		       .type = DRIVERCOMM_FRAME,
		       .epoch = f->epoch,
		       .count = 200 << 3 | 2,
		       .frame = frame,
		       .frame_len = 200,
	       });
	assert_int_equal(f->delivered, 1);
	assert_int_equal(f->delivered_len, 200);
	hear_event(f, BOB, CAL_EVENT_RX, &e, snap);
	assert_int_equal(e.snap, 20);
	assert_memory_equal(snap, frame, 20);
	hear_event(f, ALICE, CAL_EVENT_RX, &e, snap);
	assert_int_equal(e.snap, 128);
	assert_memory_equal(snap, frame, 128);
	assert_int_equal(e.len, 200);
	assert_int_equal(e.port, 2);
	assert_true(e.card_ns == card_ns(f));
	fixture_free(f);
}

static void a_part_of_a_frame_is_not_delivered(void **state)
{
	struct fixture *f = fixture_running();
	static const uint8_t frame[64];
	struct cal_event e;

	subscribe(f, ALICE, 1 << CAL_EVENT_RX, 0);
	say(f, &(struct word){
		       .type = DRIVERCOMM_FRAME,
		       .epoch = f->epoch,
		       .count = 1514 << 3,
		       .frame = frame,
		       .frame_len = 64,
	       });
	assert_int_equal(f->delivered, 0);
	hear_event(f, ALICE, CAL_EVENT_RX, &e, NULL);
	assert_int_equal(e.len, 1514);
	assert_int_equal(e.snap, 0);
	fixture_free(f);
}

static void lost_events_are_counted(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	subscribe(f, ALICE, 1 << CAL_EVENT_LATE, 0);
	for (uint32_t i = 0; i < 4; i++)
		send_one(f, BOB, i, 0);
	f->full = ALICE;
	for (uint32_t i = 0; i < 3; i++)
		say_report(f, i, 1000, 1);
	f->full = 0;
	say_report(f, 3, 1000, 1);
	assert_int_equal(hear_event(f, ALICE, CAL_EVENT_LATE, &e, NULL), 3);
	assert_int_equal(counter(f, CAL_COUNTER_events_lost), 3);
	assert_int_equal(counter(f, CAL_COUNTER_events_sent), 1);
	expect_silence(f);
	fixture_free(f);
}

static void subscriptions_are_bounded_and_end(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	for (uint32_t i = 0; i <= CAL_SUBSCRIBERS_MAX; i++)
		subscribe(f, 1000 + i, 1 << CAL_EVENT_STATE, 0);
	f->listened += CAL_SUBSCRIBERS_MAX; /* are asked whether they are there */
	hear_error(f, 1000 + CAL_SUBSCRIBERS_MAX, 1, -ENOBUFS);
	for (uint32_t i = 1; i < CAL_SUBSCRIBERS_MAX; i++)
		subscribe(f, 1000 + i, 0, 0);
	vn_nf2_down(f->d);
	hear_event(f, 1000, CAL_EVENT_STATE, &e, NULL);
	assert_int_equal(e.extra, CAL_DOWN);
	expect_silence(f);
	vn_nf2_forget(f->d, 1000);
	vn_nf2_up(f->d);
	expect_silence(f);
	fixture_free(f);
}

/* When the places are full, all are asked: who is gone gives way. */
static void subscribers_that_are_gone_give_way(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	for (uint32_t i = 0; i < CAL_SUBSCRIBERS_MAX; i++)
		subscribe(f, 1000 + i, 1 << CAL_EVENT_STATE, 0);
	f->gone = 1005;
	f->full = 1006;
	expect_silence(f);
	subscribe(f, ALICE, 1 << CAL_EVENT_STATE, 0);
	for (uint32_t i = CAL_SUBSCRIBERS_MAX; i-- > 0;)
		if (i != 5 && i != 6)
			assert_int_equal(hear(f, 1000 + i, CAL_EVENTS).head.count, 0);
	expect_silence(f);
	f->gone = 0;
	vn_nf2_down(f->d);
	hear_event(f, ALICE, CAL_EVENT_STATE, &e, NULL);
	f->listened = f->n_heard - 1;
	hear_event(f, 1000, CAL_EVENT_STATE, &e, NULL);
	assert_int_equal(counter(f, CAL_COUNTER_events_sent), CAL_SUBSCRIBERS_MAX - 1);
	assert_int_equal(counter(f, CAL_COUNTER_events_lost), 1);
	fixture_free(f);
}

/* --- what cannot be -------------------------------------------------------------------- */

static void messages_that_cannot_be_are_errors(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} cases[] = {
		{ 0, 0 },     /* magic */
		{ 2, 2 },     /* version */
		{ 3, 0x84 },  /* type */
		{ 20, 1 },    /* reports beyond the end */
		{ 12, 0x80 }, /* a time in thousands of years */
		{ 3, DRIVERCOMM_RESET_DONE },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = fixture_running();

		send_pkts(f, ALICE, 1, 100, 0);
		write_word(f, &(struct word){
				      .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .credit = 1 });
		f->message[cases[i].at] = cases[i].value;
		fetch(f);
		assert_int_equal(counter(f, CAL_COUNTER_errors), 1);
		assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 7);
		assert_int_equal(f->logged, 1);
		say_credit(f, 1);
		assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 8);
		fixture_free(f);
	}
}

static void what_was_said_before_the_reset_is_not_obeyed(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	say(f, &(struct word){
		       .type = DRIVERCOMM_QUOTA, .epoch = f->epoch - 1, .credit = 1, .late = 9 });
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 7);
	assert_int_equal(counter(f, CAL_COUNTER_late), 0);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 0);
	fixture_free(f);
}

static void reports_of_unknown_packets_are_errors(void **state)
{
	struct fixture *f = fixture_running();

	send_one(f, ALICE, 1, CAL_REPORT);
	subscribe(f, ALICE, ALL, 0);
	say_report(f, 1, 1000, 0);
	expect_silence(f);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 1);
	fixture_free(f);
}

/* --- interrupts ------------------------------------------------------------------------- */

static void an_error_begins_the_transfer_anew(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_event e;

	send_one(f, ALICE, 1, 0);
	next_pkts(f, 1);
	send_pkts(f, ALICE, 3, 800, 0);
	next_pkts(f, 1);
	f->busy = 0;
	f->status = VN_NT_INT_DMA_TRANSFER_ERROR;
	vn_nf2_intr(f->d);
	next_pkts(f, 1); /* the same, not what waited behind it */
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 6);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 1);
	assert_string_equal(f->log, "the card reports errors 0x04");
	tx_done(f);
	next_pkts(f, 2);
	/* Numbers of packets go on without a hole. */
	subscribe(f, BOB, 1 << CAL_EVENT_LATE, 0);
	say_report(f, 2, 1000, 1);
	hear_event(f, BOB, CAL_EVENT_LATE, &e, NULL);
	assert_int_equal(e.cookie, 1);
	fixture_free(f);
}

/* In one word: what was in transfer is complete, and what is begun by that has no error. */
static void what_is_complete_is_not_begun_anew(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 800, 0);
	next_pkts(f, 1);
	send_pkts(f, ALICE, 2, 800, 1);
	f->busy = 0;
	f->status = VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_DMA_TRANSFER_ERROR;
	vn_nf2_intr(f->d);
	next_pkts(f, 2);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 1);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 1);
	tx_done(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 3);
	assert_int_equal(counter(f, CAL_COUNTER_transfers), 1 + 2);
	fixture_free(f);
}

/* Of two, the older is complete. */
static void of_several_the_others_are_begun_anew(void **state)
{
	const struct vn_nf2_config cfg = { .transfers = 2 };
	struct fixture *f = fixture_new(&cfg);

	make_running(f);
	for (unsigned int i = 1; i <= 2; i++) {
		send_pkts(f, ALICE, 1, 8 * i, 0);
		next_pkts(f, 1);
	}
	f->busy = 0;
	f->status = VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_DMA_TRANSFER_ERROR;
	vn_nf2_intr(f->d);
	assert_int_equal(entry_of(next_pkts(f, 1), 0).cycles, 2);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 1);
	tx_done(f);
	assert_int_equal(counter(f, CAL_COUNTER_entries), 2);
	fixture_free(f);
}

/* A message that came with the error, one that is told of with it. */
static void messages_beside_an_error_are_not_lost(void **state)
{
	struct fixture *f = fixture_running();
	const struct word w = { .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .credit = 1 };

	for (unsigned int i = 0; i < 2; i++) {
		send_pkts(f, ALICE, 1, 800, 0);
		tx_done(f);
	}
	write_word(f, &w);
	vn_nf2_intr(f->d);
	f->status = VN_NT_INT_DMA_TRANSFER_ERROR; /* with RX_COMPLETE */
	assert_true(f->rx_runs);
	vn_nf2_dma_data(f->d, f->message, f->message_len);
	f->message_len = 0;
	f->rx_runs = false;
	f->status |= VN_NT_INT_DMA_RX_COMPLETE;
	vn_nf2_intr(f->d);
	assert_int_equal(counter(f, CAL_COUNTER_credits), 1 + 1);
	write_word(f, &w);
	f->status = VN_NT_INT_DMA_TRANSFER_ERROR; /* with PKT_AVAIL */
	fetch(f);
	assert_int_equal(counter(f, CAL_COUNTER_credits), 1 + 2);
	fixture_free(f);
}

static void more_than_eight_errors_a_second_are_a_fault(void **state)
{
	struct fixture *f = fixture_running();

	for (unsigned int i = 0; i < 8; i++) {
		f->status = VN_NT_INT_CNET_ERROR;
		vn_nf2_intr(f->d);
	}
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
	assert_int_equal(f->logged, 1); /* once a second */
	f->now += 1000000000;
	for (unsigned int i = 0; i < 9; i++) {
		assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
		f->status = VN_NT_INT_PROG_ERROR;
		vn_nf2_intr(f->d);
	}
	assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
	assert_int_equal(f->logged, 3);
	assert_string_equal(f->log, "too many errors in a second");
	fixture_free(f);
}

static void a_refused_transfer_is_tried_again(void **state)
{
	struct fixture *f = fixture_running();

	f->tx_answer = -EBUSY;
	send_pkts(f, ALICE, 2, 800, 0);
	expect_idle(f);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 0);
	assert_true(vn_nf2_next_ns(f->d) <= f->now + 1000000);
	f->tx_answer = 0;
	f->now += 1000000;
	vn_nf2_timer(f->d);
	next_pkts(f, 1);
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 7);
	tx_done(f);
	next_pkts(f, 1);
	fixture_free(f);
}

static void a_card_that_is_gone_is_a_fault(void **state)
{
	struct fixture *f = fixture_running();

	f->tx_answer = -ENODEV;
	send_pkts(f, ALICE, 30, 800, 0);
	assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
	assert_int_equal(counter(f, CAL_COUNTER_discarded), 30);
	assert_int_equal(counter(f, CAL_COUNTER_free_txbuffs), 16);
	assert_true(vn_nf2_takes_data(f->d));
	fixture_free(f);

	f = fixture_running();
	f->rx_answer = -ENODEV;
	say_credit(f, 1);
	assert_int_equal(vn_nf2_state(f->d), CAL_FAULT);
	fixture_free(f);
}

/* Heard of while one is fetched: it is masked until then. */
static void frames_are_fetched_one_by_one(void **state)
{
	struct fixture *f = fixture_running();

	send_pkts(f, ALICE, 1, 100, 0);
	write_word(f, &(struct word){ .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .credit = 1 });
	vn_nf2_intr(f->d);
	assert_true(f->rx_runs);
	assert_true(f->mask == VN_NT_INT_PKT_AVAIL);
	f->status = VN_NT_INT_PKT_AVAIL;
	vn_nf2_intr(f->d);
	fetch(f);
	assert_true(f->mask == 0);
	assert_int_equal(counter(f, CAL_COUNTER_errors), 0);
	assert_int_equal(counter(f, CAL_COUNTER_allowed_send), 8);
	fixture_free(f);
}

/* Its time is that at which it was heard of, not that of the end of its transfer. */
static void the_clock_is_that_of_the_interrupt(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_clock c;
	struct vn_cal_msg msg;

	write_word(f, &(struct word){ .type = DRIVERCOMM_QUOTA, .epoch = f->epoch });
	vn_nf2_intr(f->d);
	f->now += 50000;
	fetch(f);
	ask(f, ALICE, CAL_CLOCK, 2, NULL, 0);
	msg = hear(f, ALICE, CAL_CLOCK);
	memcpy(&c, msg.body, sizeof(c));
	assert_true(c.host_ns == f->now && c.card_ns == card_ns(f));
	assert_true(c.error_ns == 8 + 24); /* 50 us, 500 parts in a million */
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_departure_is_told_to_its_client),
		cmocka_unit_test(numbers_of_packets_begin_anew_with_a_reset),
		cmocka_unit_test(numbers_of_packets_go_round),
		cmocka_unit_test(departures_that_the_card_cannot_tell_are_lost_events),
		cmocka_unit_test(who_did_not_subscribe_is_not_told),
		cmocka_unit_test(a_late_packet_is_told_to_all),
		cmocka_unit_test(the_cards_counts_are_added_up),
		cmocka_unit_test(received_frames_are_delivered_and_told),
		cmocka_unit_test(a_part_of_a_frame_is_not_delivered),
		cmocka_unit_test(lost_events_are_counted),
		cmocka_unit_test(subscriptions_are_bounded_and_end),
		cmocka_unit_test(subscribers_that_are_gone_give_way),
		cmocka_unit_test(messages_that_cannot_be_are_errors),
		cmocka_unit_test(what_was_said_before_the_reset_is_not_obeyed),
		cmocka_unit_test(reports_of_unknown_packets_are_errors),
		cmocka_unit_test(an_error_begins_the_transfer_anew),
		cmocka_unit_test(what_is_complete_is_not_begun_anew),
		cmocka_unit_test(of_several_the_others_are_begun_anew),
		cmocka_unit_test(messages_beside_an_error_are_not_lost),
		cmocka_unit_test(more_than_eight_errors_a_second_are_a_fault),
		cmocka_unit_test(a_refused_transfer_is_tried_again),
		cmocka_unit_test(a_card_that_is_gone_is_a_fault),
		cmocka_unit_test(frames_are_fetched_one_by_one),
		cmocka_unit_test(the_clock_is_that_of_the_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

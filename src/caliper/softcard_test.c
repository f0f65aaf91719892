/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card in software on virtual time: what it is told, and what it gives to a queue that
 * notes when it got what. Times are exact here; on an ordinary interface they are
 * those of tests/integration/softpath.py.
 */
#include "caliper/softcard.h"

#include "caliper/softcard_fixture_test.h"

/* --- departures ------------------------------------------------------------------------------ */

static void frames_are_copied_and_filled_with_zeros(void **state)
{
	struct fake *d = new_card();
	uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

	add_to(d, m, 1000, DRIVERCOMM_ABSOLUTE, 1514, 42, 10);
	add_to(d, m, 2000, DRIVERCOMM_ABSOLUTE, 60, 60, 20);
	add_to(d, m, 3000, DRIVERCOMM_ABSOLUTE, 1514, 0, 0);
	assert_int_equal(give(d, m), 0);
	assert_int_equal(run_out(d), 1);
	assert_int_equal(d->n, 3);
	for (unsigned int i = 0; i < 42; i++)
		assert_int_equal(d->sent[0].bytes[i], 10 + i);
	for (unsigned int i = 42; i < 64; i++)
		assert_int_equal(d->sent[0].bytes[i], 0);
	assert_true(d->sent[0].zeros_follow);
	assert_int_equal(d->sent[0].len, 1514);
	assert_int_equal(d->sent[1].len, 60);
	assert_int_equal(d->sent[1].bytes[59], 79);
	assert_int_equal(d->sent[2].bytes[0], 0);
	assert_true(d->sent[2].zeros_follow);
	end(d);
}

/* Rows: what is asked, how long a call takes, when they leave. */
static const struct {
	const char *name;
	unsigned int n;
	uint64_t time[4], cost_ns;
	uint16_t flags[4];
	uint64_t leaves[4];
	uint32_t late;
} plans[] = {
	{ "absolute", 3, { 1000, 2500, 9000 }, 0, { 1, 1, 1 }, { 1000, 2500, 9000 }, 0 },
	{ "relative to the one before",
	  4,
	  { 50000, 10, 20, 30 },
	  0,
	  { 1, 0, 0, 0 },
	  { 50000, 50010, 50030, 50060 },
	  0 },
	{ "both, mixed", 4, { 500, 700, 5000, 1 }, 0, { 0, 1, 0, 0 }, { 500, 700, 5700, 5701 }, 0 },
	{ "an absolute time earlier than its predecessor's leaves right after it, late",
	  3,
	  { 90000, 10, 100 },
	  0,
	  { 1, 1, 0 },
	  { 90000, 90000, 90100 },
	  1 },
	{ "what a call takes does not add up",
	  4,
	  { 10000, 2000, 2000, 2000 },
	  600,
	  { 1, 0, 0, 0 },
	  { 10000, 12000, 14000, 16000 },
	  0 },
	{ "late by less than 1 us: the gap counts from the time asked for",
	  4,
	  { 10000, 1000, 3000, 3000 },
	  1500,
	  { 1, 0, 0, 0 },
	  { 10000, 11500, 14000, 17000 },
	  0 },
	{ "late: the gap counts from when it left",
	  4,
	  { 10000, 2000, 9000, 9000 },
	  5000,
	  { 1, 0, 0, 0 },
	  { 10000, 15000, 24000, 33000 },
	  1 },
	{ "late, to be made up: the gap counts from the plan",
	  4,
	  { 10000, 2000, 9000, 9000 },
	  5000,
	  { 3, 2, 2, 2 },
	  { 10000, 15000, 21000, 30000 },
	  1 },
	{ "at once is never late, and goes with the one before",
	  4,
	  { 10000, 0, 0, 40000 },
	  5000,
	  { 1, 0, 0, 0 },
	  { 10000, 10000, 10000, 50000 },
	  0 },
};

static void times_follow_the_rules(void **state)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(plans); i++) {
		struct fake *d = new_card();
		uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

		d->cost_ns = plans[i].cost_ns;
		give_config(d, 0, 1, 8);
		m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);
		for (unsigned int k = 0; k < plans[i].n; k++)
			add_to(d, m, plans[i].time[k], plans[i].flags[k], 60, 42, (uint8_t)k);
		assert_int_equal(give(d, m), 0);
		run_out(d);
		assert_int_equal(d->n, plans[i].n);
		for (unsigned int k = 0; k < plans[i].n; k++)
			if (d->sent[k].ns != plans[i].leaves[k] || d->sent[k].bytes[0] != k)
				fail_msg("%s: packet %u at %llu", plans[i].name, k,
					 (unsigned long long)d->sent[k].ns);
		if (vn_get_be32(hear(d, DRIVERCOMM_QUOTA) + 24) != plans[i].late)
			fail_msg("%s: another count of late ones", plans[i].name);
		end(d);
	}
}

static void a_wait_of_seconds_without_packets_makes_those_at_once_not_late(void **state)
{
	struct fake *d = new_card();

	give_alike(d, 1, 0, DRIVERCOMM_REPORT);
	run_out(d);
	d->clock.virtual_ns += 3 * VN_NSEC_PER_SEC;
	give_alike(d, 1, 0, DRIVERCOMM_REPORT);
	give_alike(d, 1, 1000, 0);
	run_out(d);
	assert_int_equal(d->sent[1].ns, d->sent[0].ns + 3 * VN_NSEC_PER_SEC);
	assert_int_equal(d->sent[2].ns, d->sent[1].ns + 1000);
	assert_int_equal(vn_softcard_departures(d->card)->n.late, 0);
	end(d);
}

static void only_what_has_passed_leaves_together(void **state)
{
	struct fake *d = new_card();

	give_alike(d, 20, 0, 0);
	run_out(d);
	assert_int_equal(d->n, 20);
	assert_int_equal(d->calls, 1);
	give_alike(d, 20, 10, 0);
	run_out(d);
	assert_int_equal(d->n, 40);
	assert_int_equal(d->calls, 21);
	end(d);
}

/* More than the queue has frames for, over its end. */
static void many_transfers_go_through_a_short_ring(void **state)
{
	struct fake *d = new_fake(16);
	unsigned int over = 0;

	start(d);
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < 8; i++)
			give_alike(d, 20, i % 2 ? 1000 : 0, 0);
		over += run_out(d);
		while (run(d))
			hear(d, DRIVERCOMM_QUOTA);
		assert_int_equal(d->n, 160);
		for (unsigned int k = 0; k < 160; k++)
			assert_int_equal(d->sent[k].bytes[0], k % 20);
		d->n = 0;
	}
	assert_int_equal(over, 160);
	end(d);
}

static void the_owner_is_left_alone_with_what_is_far(void **state)
{
	struct fake *d = new_card();

	give_alike(d, 1, 100000, DRIVERCOMM_ABSOLUTE);
	assert_int_equal(vn_softcard_next_ns(d->card), T0 + 100000);
	assert_false(vn_softcard_run(d->card, 99999, NULL));
	assert_int_equal(d->clock.virtual_ns, T0);
	assert_true(vn_softcard_run(d->card, 100000, NULL));
	assert_int_equal(d->n, 1);
	assert_int_equal(vn_softcard_next_ns(d->card), UINT64_MAX);
	end(d);
}

static void a_stop_ends_the_wait(void **state)
{
	struct fake *d = new_card();
	_Atomic uint32_t stop = 1;

	give_alike(d, 1, 100000, DRIVERCOMM_ABSOLUTE);
	assert_false(vn_softcard_run(d->card, FOREVER, &stop));
	assert_int_equal(d->n, 0);
	end(d);
}

/* --- transfers, credit ------------------------------------------------------------------------ */

static void a_transfer_is_over_when_its_last_frame_went(void **state)
{
	struct fake *d = new_card();

	give_alike(d, 2, 1000, 0);
	give_alike(d, 1, 1000, 0);
	assert_int_equal(read_status(d), 0);
	vn_softcard_run(d->card, 1500, NULL); /* the first packet only */
	assert_int_equal(d->n, 2);	      /* near is from each to the next */
	assert_int_equal(read_status(d), 1);
	assert_true(run(d));
	assert_int_equal(read_status(d), 1);
	end(d);
}

static void each_transfer_that_is_over_is_said(void **state)
{
	struct fake *d = new_card();

	for (unsigned int i = 0; i < 8; i++)
		give_alike(d, 2, 0, 0);
	assert_true(run(d));
	assert_int_equal(d->calls, 1);
	assert_int_equal(read_status(d), 8);
	assert_int_equal(read_status(d), 0);
	end(d);
}

static void there_is_an_end_to_what_it_takes(void **state)
{
	struct fake *d = new_card();
	uint8_t *m;

	for (unsigned int i = 0; i < 16; i++)
		give_alike(d, 1, 1000, 0);
	m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);
	add_to(d, m, 0, 0, 60, 42, 0);
	assert_int_equal(give(d, m), -EBUSY);
	run_out(d);
	assert_int_equal(give(d, m), 0);
	end(d);
}

static void credit_comes_in_steps(void **state)
{
	struct fake *d = new_card();

	for (unsigned int i = 0; i < 3; i++)
		give_alike(d, 1, 0, 0);
	run_out(d);
	hear_nothing(d);
	give_alike(d, 1, 0, 0);
	run_out(d);
	assert_int_equal(credit_of(hear(d, DRIVERCOMM_QUOTA)), 4);
	hear_nothing(d);
	give_config(d, 0, 2, 5); /* takes one of the quota and gives it back */
	give_alike(d, 1, 0, 0);
	run_out(d);
	assert_int_equal(credit_of(hear(d, DRIVERCOMM_QUOTA)), 2);
	reset(d, 8);
	run(d);
	assert_int_equal(credit_of(hear(d, DRIVERCOMM_RESET_DONE)), 5);
	end(d);
}

/* Offsets and 16 bits that are put there into a good message of two entries. */
static const struct {
	const char *name;
	uint32_t at;
	uint16_t value;
	bool gives_credit;
} bad[] = {
	{ "no entries", 4, 0, true },
	{ "more than there are", 4, 3, true },
	{ "fewer than there are", 4, 1, true },
	{ "another epoch", 6, EPOCH + 1, false },
	{ "a frame that is too short", 8 + 8, 59, true },
	{ "a frame that is too long", 8 + 8, 1515, true },
	{ "more bytes than the frame has", 8 + 10, 61, true },
	{ "the next one inside of it", 8 + 14, 56, true },
	{ "the next one at an odd place", 8 + 14, 65, true },
	{ "the next one outside", 8 + 14, 2048, true },
	{ "bytes behind the end", 72 + 10, 60, true },
};

static void what_is_bad_is_dropped_as_a_whole(void **state)
{
	struct fake *d = new_card();

	give_config(d, 0, 1, 8);
	hear(d, DRIVERCOMM_QUOTA);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

		add_to(d, m, 0, 0, 60, 42, 0);
		add_to(d, m, 0, 0, 60, 42, 0);
		vn_put_be16(m + bad[i].at, bad[i].value);
		assert_int_equal(give(d, m), 0);
		if (!run(d) || read_status(d) != 1)
			fail_msg("%s: its transfer is not over", bad[i].name);
		if (bad[i].gives_credit)
			assert_int_equal(credit_of(hear(d, DRIVERCOMM_QUOTA)), 1);
		else
			hear_nothing(d);
		if (d->n)
			fail_msg("%s: was sent", bad[i].name);
	}
	give_alike(d, 2, 0, 0);
	run_out(d);
	assert_int_equal(d->n, 2);
	end(d);
}

static void what_is_no_message_is_not_taken(void **state)
{
	struct fake *d = new_card();
	uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

	assert_int_equal(vn_softcard_dma_tx(d->card, m, 59), -EINVAL);
	assert_int_equal(vn_softcard_dma_tx(d->card, m, DRIVERCOMM_MAX + 1), -EINVAL);
	m[0] ^= 1;
	assert_int_equal(vn_softcard_dma_tx(d->card, m, 60), -EINVAL);
	m[0] ^= 1;
	m[2]++;
	assert_int_equal(vn_softcard_dma_tx(d->card, m, 60), -EINVAL);
	m[2]--;
	m[3] = DRIVERCOMM_QUOTA;
	assert_int_equal(vn_softcard_dma_tx(d->card, m, 60), -EINVAL);
	assert_false(run(d));
	end(d);
}

/* --- reset --------------------------------------------------------------------------------------
 */

static void nothing_from_before_a_reset_leaves(void **state)
{
	struct fake *d = new_card();
	const uint8_t *m;

	for (unsigned int i = 0; i < 8; i++)
		give_alike(d, 20, 1000, DRIVERCOMM_REPORT);
	vn_softcard_run(d->card, 1000, NULL); /* some of them */
	d->n = 0;
	read_status(d);
	reset(d, 9);
	assert_true(run(d));
	assert_int_equal(d->n, 0);
	m = hear(d, DRIVERCOMM_RESET_DONE);
	assert_int_equal(vn_get_be16(m + 6), 9);
	assert_int_equal(credit_of(m), 8);
	assert_int_equal(vn_get_be16(m + 20), 0); /* reports */
	hear_nothing(d);
	give_alike(d, 1, 0, 0); /* of the epoch before */
	run(d);
	assert_int_equal(d->n, 0);
	assert_int_equal(vn_softcard_next_ns(d->card), UINT64_MAX);
	end(d);
}

static void a_reset_ends_all_transfers(void **state)
{
	struct fake *d = new_card();

	for (unsigned int i = 0; i < 8; i++)
		give_alike(d, 20, VN_NSEC_PER_SEC, 0);
	reset(d, 9);
	assert_int_equal(read_status(d), 9);
	end(d);
}

static void late_ones_of_before_are_not_told_after_a_reset(void **state)
{
	struct fake *d = new_card();
	uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

	d->cost_ns = 4000;
	for (unsigned int i = 0; i < 20; i++)
		add_to(d, m, i == 1 ? 1000 : 9000, 0, 60, 42, 0);
	assert_int_equal(give(d, m), 0);
	while (d->n < 3) {
		d->clock.virtual_ns = VN_MAX(d->clock.virtual_ns, vn_softcard_next_ns(d->card));
		vn_softcard_run(d->card, 0, NULL);
	}
	assert_int_equal(vn_softcard_departures(d->card)->n.late, 1);
	reset(d, EPOCH);
	run(d);
	assert_int_equal(vn_get_be16(hear(d, DRIVERCOMM_RESET_DONE) + 20), 0);
	assert_true(vn_softcard_next_ns(d->card) == UINT64_MAX);
	d->clock.virtual_ns += 10000000;
	run(d);
	hear_nothing(d);
	end(d);
}

static void time_goes_on_over_a_reset_and_numbers_begin_anew(void **state)
{
	struct fake *d = new_card();
	const uint8_t *m;

	give_alike(d, 3, 1000, 0);
	run_out(d);
	d->clock.virtual_ns = T0 + 50000;
	reset(d, EPOCH);
	run(d);
	assert_int_equal(time_of(hear(d, DRIVERCOMM_RESET_DONE) + 12), 50000);
	give_alike(d, 1, 1000, DRIVERCOMM_REPORT);
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(vn_get_be32(m + 32), 0);
	assert_int_equal(time_of(m + 36), 51000);
	end(d);
}

/* --- who does not take what it is given
 * ----------------------------------------------------------- */

static void a_busy_queue_is_offered_its_frames_again(void **state)
{
	struct fake *d = new_card();

	d->code = VN_TX_BUSY;
	d->at = 1;
	give_alike(d, 3, 0, 0);
	run(d);
	assert_int_equal(d->n, 1);
	assert_int_equal(read_status(d), 0);
	assert_true(vn_softcard_next_ns(d->card) > d->clock.virtual_ns);
	assert_int_equal(vn_softcard_link(d->card), 0);
	d->code = 0;
	assert_int_equal(run_out(d), 1);
	assert_int_equal(d->n, 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(d->sent[i].bytes[0], i);
	end(d);
}

static void a_lost_frame_is_counted_and_ends_its_transfer(void **state)
{
	struct fake *d = new_card();

	assert_int_equal(vn_softcard_lost(d->card), 0);
	d->code = VN_XMIT_DROP;
	d->at = 2;
	give_alike(d, 3, 0, DRIVERCOMM_REPORT);
	assert_int_equal(run_out(d), 1);
	assert_int_equal(d->n, 2);
	assert_int_equal(vn_softcard_lost(d->card), 1);
	assert_int_equal(vn_get_be16(hear(d, DRIVERCOMM_QUOTA) + 20), 2);
	end(d);
}

static void a_link_that_is_down_keeps_frames_until_it_is_up(void **state)
{
	struct fake *d = new_card();
	uint64_t next_ns;

	d->code = VN_TX_DOWN;
	give_alike(d, 2, 1000, 0);
	run(d);
	assert_int_equal(vn_softcard_link(d->card), -ENETDOWN);
	next_ns = vn_softcard_next_ns(d->card);
	assert_true(next_ns > d->clock.virtual_ns);
	d->code = 0;
	assert_int_equal(run_out(d), 1);
	assert_int_equal(d->sent[0].ns, next_ns - T0);
	assert_int_equal(d->sent[1].ns, next_ns - T0 + 1000);
	assert_int_equal(vn_softcard_link(d->card), 0);
	end(d);
}

static void a_device_that_is_gone_is_said(void **state)
{
	struct fake *d = new_card();

	d->code = VN_TX_DOWN;
	d->is_gone = true;
	give_alike(d, 2, 1000, 0);
	run(d);
	assert_int_equal(vn_softcard_link(d->card), -ENODEV);
	end(d);
	d = new_card();
	d->rx_error = -ENODEV;
	run(d);
	assert_int_equal(vn_softcard_link(d->card), -ENODEV);
	end(d);
}

/* --- reports
 * ---------------------------------------------------------------------------------------- */

static void departures_are_told_to_the_ns(void **state)
{
	struct fake *d = new_card();
	uint8_t *p = begin_to(d, DRIVERCOMM_PKTS, EPOCH);
	const uint8_t *m;

	d->cost_ns = 4000;
	add_to(d, p, 10000, DRIVERCOMM_ABSOLUTE | DRIVERCOMM_REPORT, 60, 42, 0);
	add_to(d, p, 1000, 0, 60, 42, 0);		  /* leaves 3 us late */
	add_to(d, p, 50000, 0, 60, 42, 0);		  /* nothing to tell */
	add_to(d, p, 3500, DRIVERCOMM_REPORT, 60, 42, 0); /* 500 ns late */
	assert_int_equal(give(d, p), 0);
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 3);
	assert_int_equal(vn_get_be32(m + 24), 1); /* late */
	assert_int_equal(vn_get_be32(m + 32), 0);
	assert_int_equal(time_of(m + 36), 10000);
	assert_int_equal(vn_get_be32(m + 44), 0);
	assert_int_equal(vn_get_be32(m + 48), 1);
	assert_int_equal(time_of(m + 52), 14000);
	assert_int_equal(vn_get_be32(m + 60), 3000);
	assert_int_equal(vn_get_be32(m + 64), 3);
	assert_int_equal(time_of(m + 68), 68000);
	assert_int_equal(vn_get_be32(m + 76), 500);
	assert_int_equal(vn_softcard_departures(d->card)->n.late, 1);
	assert_int_equal(vn_softcard_departures(d->card)->n.late_max_ns, 3000);
	end(d);
}

static void many_reports_take_several_messages(void **state)
{
	struct fake *d = new_card();
	uint32_t seq = 0;

	for (unsigned int i = 0; i < 8; i++)
		give_alike(d, 20, 10, DRIVERCOMM_REPORT);
	run_out(d);
	while (seq < 160) {
		const uint8_t *m = hear(d, DRIVERCOMM_QUOTA);
		unsigned int n = vn_get_be16(m + 20);

		assert_in_range(n, 1, 24);
		for (unsigned int i = 0; i < n; i++)
			assert_int_equal(vn_get_be32(m + 32 + i * 16), seq++);
	}
	hear_nothing(d);
	end(d);
}

static void reports_without_room_are_counted(void **state)
{
	struct fake *d = new_card();
	const uint8_t *m;

	give_config(d, 0, 1000, 8);
	for (unsigned int i = 0; i < 55; i++) { /* 1024 find room */
		give_alike(d, 20, 10, DRIVERCOMM_REPORT);
		run_out(d);
	}
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 24);
	assert_int_equal(vn_get_be16(m + 4), 55 * 20 - 1024);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 4), 55 * 20 - 1024);
	end(d);
}

/* Rows: how many leave 3 us late, one 4 us after the other, how many follow them with gaps of
 * 9.1 us; of these, which one is far (60 us) or is to be reported (0: none). When the late ones are
 * told, and how many are told then. */
static const struct {
	const char *name;
	unsigned int n_late, n, far, reported;
	uint64_t told;
	uint16_t reports;
} late_ones[] = {
	{ "1 ms is as long as they wait", 1, 130, 0, 0, 1014000, 1 },
	{ "with one that was asked for", 1, 130, 0, 20, 200000, 2 },
	{ "when the next one is far", 1, 130, 5, 0, 54400, 1 },
	{ "when no more follow", 1, 0, 0, 0, 18000, 1 },
	{ "when they fill a message", 24, 100, 0, 0, 110000, 24 },
};

static void give_late_ones(struct fake *d, unsigned int row)
{
	unsigned int n = 1 + late_ones[row].n_late + late_ones[row].n;
	uint8_t *m = NULL;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int k = i > late_ones[row].n_late ? i - late_ones[row].n_late : 0;
		uint64_t gap = k ? 9100 : 1000;

		if (!m)
			m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);
		if (!i)
			add_to(d, m, 10000, DRIVERCOMM_ABSOLUTE, 60, 42, 0);
		else
			add_to(d, m, k && k == late_ones[row].far ? 60000 : gap,
			       k && k == late_ones[row].reported ? DRIVERCOMM_REPORT : 0, 60, 42,
			       0);
		if (i % 20 == 19 || i + 1 == n) {
			assert_int_equal(give(d, m), 0);
			m = NULL;
		}
	}
}

static void late_ones_that_nobody_asked_for_are_told_when_there_is_time(void **state)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(late_ones); i++) {
		struct fake *d = new_card();
		const uint8_t *m;
		uint32_t len;

		give_config(d, 0, 1000, 8); /* no message for credit */
		d->cost_ns = 4000;
		give_late_ones(d, i);
		do {
			uint64_t next = vn_softcard_next_ns(d->card);

			assert_true(next != UINT64_MAX);
			d->clock.virtual_ns = VN_MAX(d->clock.virtual_ns, next);
			vn_softcard_run(d->card, 0, NULL);
			read_status(d);
			m = vn_softcard_dma_data(d->card, &len);
		} while (!m);
		if (d->clock.virtual_ns - T0 != late_ones[i].told ||
		    vn_get_be16(m + 20) != late_ones[i].reports)
			fail_msg("%s: %u at %llu", late_ones[i].name, vn_get_be16(m + 20),
				 (unsigned long long)(d->clock.virtual_ns - T0));
		end(d);
	}
}

/* However long the driver takes to fetch it. */
static void a_message_has_the_time_at_which_it_was_announced(void **state)
{
	struct fake *d = new_card();
	uint64_t told;

	give_alike(d, 1, 1000, DRIVERCOMM_REPORT);
	run_out(d);
	told = d->clock.virtual_ns - T0;
	d->clock.virtual_ns += 250000;
	assert_int_equal(time_of(hear(d, DRIVERCOMM_QUOTA) + 12), told);
	end(d);
}

/* A long transfer of short gaps is no time in which nobody is heard. */
static void the_owner_has_its_turn_in_the_middle_of_a_transfer(void **state)
{
	struct fake *d = new_card();
	uint64_t began;

	give_alike(d, 24, 9000, 0);
	began = d->clock.virtual_ns;
	run(d);
	assert_in_range(d->clock.virtual_ns - began, 1, 60000);
	assert_in_range(d->n, 1, 23);
	run_out(d);
	assert_int_equal(d->n, 24);
	end(d);
}

static void stamps_take_the_place_of_our_clock(void **state)
{
	struct fake *d = new_fake(0);
	const uint8_t *m;

	d->txq.departed = fake_departed;
	start(d);
	d->cost_ns = 700;
	give_alike(d, 3, 10000, DRIVERCOMM_REPORT);
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(vn_get_be32(m + 32 + i * 16), i);
		assert_int_equal(time_of(m + 36 + i * 16), (i + 1) * 10000 + 10);
		assert_int_equal(vn_get_be32(m + 44 + i * 16), 10);
	}
	assert_int_equal(vn_softcard_departures(d->card)->n.late_max_ns, 10);
	end(d);
}

static void stamps_from_before_a_reset_are_nobodys(void **state)
{
	struct fake *d = new_fake(0);
	const uint8_t *m;
	uint32_t before;

	d->txq.departed = fake_departed;
	start(d);
	d->txq.outstanding = fake_outstanding;
	d->outstanding = 3;
	d->n_stamps = 1000; /* none come yet */
	give_alike(d, 3, 10000, DRIVERCOMM_REPORT);
	run(d);
	before = d->n;
	reset(d, EPOCH);
	run(d);
	hear(d, DRIVERCOMM_RESET_DONE);
	d->n_stamps = 0;
	give_alike(d, 1, 10000, DRIVERCOMM_REPORT);
	run_out(d);
	assert_int_equal(d->n, before + 1);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(vn_get_be32(m + 32), 0);
	end(d);
}

/* The second of three has none: it is told as it was given, when a later one's has come. */
static void a_stamp_that_is_lost_is_passed_over(void **state)
{
	struct fake *d = new_fake(0);
	const uint8_t *m;

	d->txq.departed = fake_departed;
	start(d);
	give_alike(d, 3, 10000, DRIVERCOMM_REPORT);
	d->n_stamps = 1000;
	run(d);
	assert_int_equal(d->n, 3);
	d->stamps[1] = d->stamps[0];
	d->n_stamps = 1;
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(vn_get_be32(m + 32 + i * 16), i);
	assert_int_equal(time_of(m + 36), 10010);
	assert_int_equal(time_of(m + 52), 20000);
	assert_int_equal(time_of(m + 68), 30010);
	assert_int_equal(vn_softcard_unstamped(d->card), 1);
	end(d);
}

/* Nothing wakes who waits for the last one's: it is looked for until none is on its way. */
static void the_last_stamp_is_waited_for_and_given_up(void **state)
{
	struct fake *d = new_fake(0);
	const uint8_t *m;

	d->txq.departed = fake_departed;
	d->txq.outstanding = fake_outstanding;
	start(d);
	give_alike(d, 2, 10000, DRIVERCOMM_REPORT);
	d->n_stamps = 1000;
	d->outstanding = 2;
	run(d);
	hear_nothing(d);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t next = vn_softcard_next_ns(d->card);

		assert_in_range(next, d->clock.virtual_ns + 1, d->clock.virtual_ns + 1000000);
		d->clock.virtual_ns = next;
		run(d);
	}
	d->n_stamps = 0;
	d->n = 1; /* the first one comes */
	d->outstanding = 1;
	run(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(time_of(m + 36), 10010);
	d->outstanding = 0;
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(time_of(m + 36), 20000);
	assert_int_equal(vn_softcard_unstamped(d->card), 1);
	end(d);
}

/* A packet is late by when it was given, not by the way to its stamp. */
static void the_way_to_a_stamp_makes_nobody_late(void **state)
{
	struct fake *d = new_fake(0);
	const uint8_t *m;

	d->txq.departed = fake_departed;
	start(d);
	give_alike(d, 1, 10000, DRIVERCOMM_REPORT);
	d->n_stamps = 1000;
	run(d);
	d->stamps[0].ns += 5000;
	d->n_stamps = 0;
	run_out(d);
	m = hear(d, DRIVERCOMM_QUOTA);
	assert_int_equal(vn_get_be32(m + 24), 0); /* late */
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(vn_get_be32(m + 44), 5010);
	assert_int_equal(vn_softcard_departures(d->card)->n.late_max_ns, 5010);
	end(d);
}

/* --- launch times
 * ------------------------------------------------------------------------------------ */

static void frames_are_launched_ahead_and_none_overtakes(void **state)
{
	struct fake *d = new_fake(0);
	uint8_t *p;

	d->txq.launch_ns = 30000;
	d->txq.outstanding = fake_outstanding;
	start(d);
	p = begin_to(d, DRIVERCOMM_PKTS, EPOCH);
	add_to(d, p, 100000, DRIVERCOMM_ABSOLUTE, 60, 42, 0);
	add_to(d, p, 20000, 0, 60, 42, 1);
	add_to(d, p, 90000, DRIVERCOMM_ABSOLUTE, 60, 42, 2);
	add_to(d, p, 60000, 0, 60, 42, 3);
	assert_int_equal(give(d, p), 0);
	assert_int_equal(vn_softcard_next_ns(d->card), T0 + 70000);
	assert_int_equal(run_out(d), 1);
	assert_int_equal(d->n, 4);
	assert_int_equal(d->sent[0].ns, 70000);
	assert_int_equal(d->sent[0].depart_ns, 100000);
	assert_int_equal(d->sent[1].ns, 90000);
	assert_int_equal(d->sent[1].depart_ns, 120000);
	assert_int_equal(d->sent[2].depart_ns, 120000);
	assert_int_equal(d->sent[3].depart_ns, 180000);
	assert_int_equal(d->sent[3].ns, 150000);
	end(d);
}

static void a_reset_waits_for_what_others_hold(void **state)
{
	struct fake *d = new_fake(0);

	d->txq.launch_ns = 30000;
	d->txq.outstanding = fake_outstanding;
	start(d);
	give_alike(d, 1, 100000, DRIVERCOMM_ABSOLUTE);
	run_out(d);
	d->outstanding = 1;
	reset(d, EPOCH);
	assert_int_equal(read_status(d), 1);
	assert_int_equal(vn_softcard_next_ns(d->card), T0 + 100000);
	run(d);
	hear_nothing(d);
	d->clock.virtual_ns = T0 + 100000;
	run(d);
	hear_nothing(d);
	d->outstanding = 0;
	assert_true(run(d));
	hear(d, DRIVERCOMM_RESET_DONE);
	end(d);
}

/* --- receiving
 * --------------------------------------------------------------------------------------- */

static const uint8_t rx_bytes[100] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 1 };

static void receive(struct fake *d, const struct vn_rx_pkt *pkts, unsigned int n)
{
	d->rx = pkts;
	d->n_rx = n;
	while (d->n_rx)
		run(d);
}

static void what_comes_in_is_forwarded(void **state)
{
	static const uint8_t tag[] = { 0x81, 0x00, 0x20, 0x05 };
	const struct vn_rx_pkt pkts[] = {
		{ .data = rx_bytes, .caplen = 100, .len = 100 },
		{ .data = rx_bytes, .caplen = 100, .len = 100, .is_outgoing = true },
		{ .data = rx_bytes,
		  .caplen = 90,
		  .len = 1000,
		  .has_vlan = true,
		  .vlan_tpid = 0x8100,
		  .vlan_tci = 0x2005 },
	};
	struct fake *d = new_card();
	const uint8_t *m;

	receive(d, pkts, 1); /* nobody has asked for it */
	hear_nothing(d);
	give_config(d, DRIVERCOMM_FORWARD, 4, 8);
	receive(d, pkts, 3);
	m = hear(d, DRIVERCOMM_FRAME);
	assert_int_equal(vn_get_be16(m + 4), 100 << 3);
	assert_int_equal(vn_get_be16(m + 22), 100);
	assert_memory_equal(m + 32, rx_bytes, 100);
	m = hear(d, DRIVERCOMM_FRAME);
	assert_int_equal(vn_get_be16(m + 4), 1004 << 3);
	assert_int_equal(vn_get_be16(m + 22), 94);
	assert_memory_equal(m + 32, rx_bytes, 12);
	assert_memory_equal(m + 32 + 12, tag, sizeof(tag));
	assert_memory_equal(m + 32 + 16, rx_bytes + 12, 78);
	hear_nothing(d);
	end(d);
}

static void headers_are_forwarded_alone_if_asked_for(void **state)
{
	const struct vn_rx_pkt pkt = { .data = rx_bytes, .caplen = 100, .len = 9000 };
	struct fake *d = new_card();
	const uint8_t *m;

	give_config(d, DRIVERCOMM_FORWARD | DRIVERCOMM_FORWARD_HEADERS, 4, 8);
	give_alike(d, 1, 0, DRIVERCOMM_REPORT);
	run_out(d);
	hear(d, DRIVERCOMM_QUOTA);
	give_alike(d, 1, 0, DRIVERCOMM_REPORT);
	receive(d, &pkt, 1);
	m = hear(d, DRIVERCOMM_FRAME);
	assert_int_equal(vn_get_be16(m + 4), 0xfff8); /* the longest that can be said */
	assert_int_equal(vn_get_be16(m + 22), 64);
	assert_int_equal(vn_get_be16(m + 20), 1);
	assert_int_equal(vn_get_be32(m + 32 + 64), 1); /* its report stands behind the bytes */
	end(d);
}

static void what_the_driver_does_not_fetch_is_lost_and_counted(void **state)
{
	struct vn_rx_pkt pkts[300];
	struct fake *d = new_card();

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(pkts); i++)
		pkts[i] = (struct vn_rx_pkt){ .data = rx_bytes, .caplen = 60, .len = 60 };
	give_config(d, DRIVERCOMM_FORWARD, 4, 8);
	d->drops = 7; /* of the kernel's, which is asked now and then */
	d->clock.virtual_ns += VN_NSEC_PER_SEC;
	receive(d, pkts, VN_ARRAY_SIZE(pkts));
	for (unsigned int i = 0; i < 256; i++)
		assert_int_equal(vn_get_be32(hear(d, DRIVERCOMM_FRAME) + 28), 44 + 7);
	hear_nothing(d);
	end(d);
}

/* A driver whose interface is down reads the status and does nothing about it. */
static void who_is_not_interested_is_told_once(void **state)
{
	const struct vn_rx_pkt pkt = { .data = rx_bytes, .caplen = 100, .len = 100 };
	struct fake *d = new_card();

	give_config(d, DRIVERCOMM_FORWARD, 4, 8);
	read_status(d);
	receive(d, &pkt, 1);
	assert_true(vn_softcard_read_status(d->card) & VN_NT_INT_PKT_AVAIL);
	assert_int_equal(vn_softcard_read_status(d->card), 0);
	assert_false(run(d));
	reset(d, EPOCH);
	run(d);
	hear(d, DRIVERCOMM_RESET_DONE);
	hear_nothing(d);
	end(d);
}

static void short_frames_are_refused(void **state)
{
	struct fake *d = calloc(1, sizeof(*d));
	struct vn_softcard_config cfg = { &d->txq, NULL, &d->clock };
	struct vn_err err = { "" };

	vn_netdev_init(&d->dev, &fake_ops, &(struct vn_netdev_opts){ .target = "fake0" });
	vn_clock_virtual(&d->clock, T0, 0);
	assert_int_equal(vn_txq_init(&d->txq, &d->dev, 0, 1000), 0);
	assert_int_equal(vn_softcard_new(&cfg, &d->card, &err), -EINVAL);
	assert_null(d->card);
	assert_non_null(strstr(err.text, "fake0: frames of "));
	end(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_copied_and_filled_with_zeros),
		cmocka_unit_test(times_follow_the_rules),
		cmocka_unit_test(a_wait_of_seconds_without_packets_makes_those_at_once_not_late),
		cmocka_unit_test(only_what_has_passed_leaves_together),
		cmocka_unit_test(many_transfers_go_through_a_short_ring),
		cmocka_unit_test(the_owner_is_left_alone_with_what_is_far),
		cmocka_unit_test(a_stop_ends_the_wait),
		cmocka_unit_test(a_transfer_is_over_when_its_last_frame_went),
		cmocka_unit_test(each_transfer_that_is_over_is_said),
		cmocka_unit_test(there_is_an_end_to_what_it_takes),
		cmocka_unit_test(credit_comes_in_steps),
		cmocka_unit_test(what_is_bad_is_dropped_as_a_whole),
		cmocka_unit_test(what_is_no_message_is_not_taken),
		cmocka_unit_test(nothing_from_before_a_reset_leaves),
		cmocka_unit_test(a_reset_ends_all_transfers),
		cmocka_unit_test(late_ones_of_before_are_not_told_after_a_reset),
		cmocka_unit_test(time_goes_on_over_a_reset_and_numbers_begin_anew),
		cmocka_unit_test(a_busy_queue_is_offered_its_frames_again),
		cmocka_unit_test(a_lost_frame_is_counted_and_ends_its_transfer),
		cmocka_unit_test(a_link_that_is_down_keeps_frames_until_it_is_up),
		cmocka_unit_test(a_device_that_is_gone_is_said),
		cmocka_unit_test(departures_are_told_to_the_ns),
		cmocka_unit_test(many_reports_take_several_messages),
		cmocka_unit_test(reports_without_room_are_counted),
		cmocka_unit_test(late_ones_that_nobody_asked_for_are_told_when_there_is_time),
		cmocka_unit_test(a_message_has_the_time_at_which_it_was_announced),
		cmocka_unit_test(the_owner_has_its_turn_in_the_middle_of_a_transfer),
		cmocka_unit_test(stamps_take_the_place_of_our_clock),
		cmocka_unit_test(stamps_from_before_a_reset_are_nobodys),
		cmocka_unit_test(a_stamp_that_is_lost_is_passed_over),
		cmocka_unit_test(the_last_stamp_is_waited_for_and_given_up),
		cmocka_unit_test(the_way_to_a_stamp_makes_nobody_late),
		cmocka_unit_test(frames_are_launched_ahead_and_none_overtakes),
		cmocka_unit_test(a_reset_waits_for_what_others_hold),
		cmocka_unit_test(what_comes_in_is_forwarded),
		cmocka_unit_test(headers_are_forwarded_alone_if_asked_for),
		cmocka_unit_test(what_the_driver_does_not_fetch_is_lost_and_counted),
		cmocka_unit_test(who_is_not_interested_is_told_once),
		cmocka_unit_test(short_frames_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

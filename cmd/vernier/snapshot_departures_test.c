/* SPDX-License-Identifier: BSD-2-Clause */
/* Departures asked against achieved: exact rates, shares, totals, stamps. */
#include "snapshot_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Two streams, as the engine would have counted them. */
struct fixture {
	struct vn_entry_stats tx[2];
	struct vn_departures *departures[2], *stamped;
	struct vn_snap_source src[2];
};

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->stamped = vn_departures_new();
	for (unsigned int i = 0; i < 2; i++) {
		x->departures[i] = vn_departures_new();
		x->src[i] = (struct vn_snap_source){
			.name = i ? "two" : "one",
			.tx = &x->tx[i],
			.departures = x->departures[i],
			.stamped = i ? NULL : x->stamped,
			.burst = 1,
		};
	}
	*state = x;
	return !x->stamped || !x->departures[0] || !x->departures[1];
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	free(x->departures[0]);
	free(x->departures[1]);
	free(x->stamped);
	free(x);
	return 0;
}

/* A packet of stream i that was asked for at asked_ns leaves at ns. */
static void leave(struct fixture *x, unsigned int i, uint64_t asked_ns, uint64_t ns)
{
	struct vn_entry_stats *s = &x->tx[i];

	if (!vn_stat_get(&s->sofar))
		vn_stat_set(&s->first_ns, ns);
	vn_stat_set(&s->last_ns, ns);
	vn_stat_add(&s->sofar, 1);
	vn_stat_add(&s->tx_bits_l1, 672);
	vn_stat_add(&s->tx_bits_l2, 512);
	vn_departures_add(x->departures[i], asked_ns, ns);
}

static void take(const struct fixture *x, unsigned int n, bool is_final, struct vn_snapshot *out)
{
	const struct vn_snap_input in = {
		.sources = x->src, .n = n, .is_final = is_final, .now_ns = VN_NSEC_PER_SEC
	};

	assert_int_equal(vn_snapshot_take(&in, out), 0);
}

static void assert_error(const struct vn_snap_row *row, double ppm)
{
	const struct vn_snap_value *v = &row->value[VN_F_rate_error_ppm];

	assert_true(v->is_known);
	if (v->x != ppm)
		fail_msg("the error is %.17g ppm, not %g", v->x, ppm);
}

/* Departures of 3333333 packets/s, each cut down to whole ns. */
static void a_schedule_that_was_kept_has_no_error(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	x->src[0].asked_pps = 3333333;
	for (uint64_t n = 0; n < 1000; n++)
		leave(x, 0, 7 + n * 1000000000 / 3333333, 7 + n * 1000000000 / 3333333);
	take(x, 1, true, &s);
	assert_error(&s.rows[0], 0);
	assert_text(&s.rows[0], VN_F_asked_pps, "3333333.0");
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "3333333.3"); /* 299.7 us */
	assert_text(&s.rows[0], VN_F_within_64ns_ratio, "100.0000");
	assert_text(&s.rows[0], VN_F_bursts_ratio, "0.0000");
	assert_text(&s.rows[0], VN_F_lateness_p999_ns, "0ns");
	assert_text(&s.rows[0], VN_F_lateness_mean_ns, "0ns");
	vn_snapshot_free(&s);
}

static void the_error_is_that_of_the_time_taken(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	/* No rate in the settings, gaps of 1000 and 3000 ns; 4 us became 5. */
	leave(x, 0, 1000, 1000);
	leave(x, 0, 2000, 2500);
	leave(x, 0, 5000, 6000);
	take(x, 1, false, &s);
	assert_text(&s.rows[0], VN_F_asked_pps, "-");
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "500000.0");
	assert_text(&s.rows[0], VN_F_pps, "400000.0");
	assert_error(&s.rows[0], -200000);
	assert_text(&s.rows[0], VN_F_asked_gaps, "2");
	assert_text(&s.rows[0], VN_F_gap_error_p50_ns, "-"); /* at the end */
	vn_snapshot_free(&s);
}

static void what_was_asked_for_and_not_sent_counts(void **state)
{
	static const struct {
		uint64_t errors, skipped, sofar;
		double ppm;
	} rows[] = {
		{ 0, 0, 3, 0 },
		{ 0, 2, 3, -500000 }, /* 2 of the 4 that follow the first */
		{ 2, 0, 3, -500000 }, /* lost by the device */
		{ 2, 0, 5, 0 },	      /* lost, and counted as sent by its driver */
	};
	struct fixture *x = *state;

	leave(x, 0, 1000, 1000);
	leave(x, 0, 3000, 3000);
	leave(x, 0, 5000, 5000);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_snapshot s;

		vn_stat_set(&x->tx[0].errors, rows[i].errors);
		vn_stat_set(&x->tx[0].skipped, rows[i].skipped);
		vn_stat_set(&x->tx[0].sofar, rows[i].sofar);
		take(x, 1, true, &s);
		assert_error(&s.rows[0], rows[i].ppm);
		assert_int_equal(s.rows[0].value[VN_F_skipped].n, rows[i].skipped);
		vn_snapshot_free(&s);
	}
}

/* Asked for 1000 ns apart; the last slid by 500, with the schedule. */
static void what_slid_was_not_asked_for_so_late(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	leave(x, 0, 1000, 1000);
	leave(x, 0, 2000, 2500);
	vn_departures_slide(x->departures[0], 500);
	leave(x, 0, 3500, 5500);
	vn_departures_slide(x->departures[0], 2000); /* behind the last packet */
	vn_stat_set(&x->tx[0].slid_ns, 2500);
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_slid_ns, "2500ns");
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "1000000.0");
	assert_text(&s.rows[0], VN_F_pps, "444444.4"); /* 2 in 4.5 us */
	assert_text(&s.rows[0], VN_F_rate_error_ppm, "-555555.6");
	vn_snapshot_free(&s);
}

static void one_packet_has_no_rate(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	x->src[0].asked_pps = 10;
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_late, "0");
	assert_text(&s.rows[0], VN_F_within_64ns_ratio, "-");
	vn_snapshot_free(&s);
	leave(x, 0, 1000, 1700);
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "-");
	assert_text(&s.rows[0], VN_F_rate_error_ppm, "-");
	assert_text(&s.rows[0], VN_F_lateness_max_ns, "700ns");
	assert_text(&s.rows[0], VN_F_asked_gaps, "0");
	vn_snapshot_free(&s);
}

static void a_burst_only_opens_the_measurement(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	x->src[0].burst = 2;
	for (unsigned int n = 0; n < 6; n++)
		leave(x, 0, 1000 + n / 2 * 1000, 1000 + n / 2 * 1000);
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "2000000.0");
	assert_error(&s.rows[0], 0);
	assert_text(&s.rows[0], VN_F_bursts, "0"); /* they were asked for together */
	vn_snapshot_free(&s);
	vn_stat_set(&x->tx[0].skipped, 2); /* departures of two packets each */
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_asked_mean_pps, "4000000.0");
	assert_error(&s.rows[0], -500000);
	vn_snapshot_free(&s);
}

/* Gaps of 1000 ns with errors of 0, 64, 65, 600, 20000 and 200000 ns. */
static void shares_are_cumulative(void **state)
{
	static const int64_t errors[] = { 0, 64, -65, -600, 20000, 200000 };
	static const struct {
		enum vn_snap_field field;
		const char *text;
	} rows[] = {
		{ VN_F_within_64ns_ratio, "33.3333" },
		{ VN_F_within_128ns_ratio, "50.0000" },
		{ VN_F_within_256ns_ratio, "50.0000" },
		{ VN_F_within_512ns_ratio, "50.0000" },
		{ VN_F_within_1us_ratio, "66.6667" },
		{ VN_F_within_10us_ratio, "66.6667" },
		{ VN_F_within_100us_ratio, "83.3333" },
		{ VN_F_bursts_ratio, "16.6667" },
		{ VN_F_asked_gaps, "6" },
		{ VN_F_bursts, "1" },
		{ VN_F_gap_error_samples, "6" },
		{ VN_F_gap_error_max_ns, "200.00us" },
	};
	struct fixture *x = *state;
	uint64_t asked_ns = 1000000, ns = asked_ns;
	struct vn_snapshot s;

	leave(x, 0, asked_ns, ns);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(errors); i++)
		leave(x, 0, asked_ns += 1000, ns += (uint64_t)(1000 + errors[i]));
	take(x, 1, true, &s);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++)
		assert_text(&s.rows[0], rows[i].field, rows[i].text);
	assert_ptr_equal(s.rows[0].hist[VN_H_gap_error], &x->departures[0]->gap_error);
	vn_snapshot_free(&s);
}

static void early_packets_are_told_apart(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	leave(x, 0, 1000, 990);
	leave(x, 0, 2000, 2020);
	leave(x, 0, 3000, 3061);
	take(x, 1, true, &s);
	assert_text(&s.rows[0], VN_F_early, "1");
	assert_text(&s.rows[0], VN_F_early_max_ns, "10ns");
	assert_text(&s.rows[0], VN_F_lateness_samples, "2");
	assert_text(&s.rows[0], VN_F_lateness_mean_ns, "41ns"); /* 40.5 */
	vn_snapshot_free(&s);
}

static void stamps_have_rows_of_their_own(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	leave(x, 0, 1000, 1000);
	leave(x, 0, 2000, 2000);
	x->src[0].stamped_by = "kernel"; /* of nothing yet */
	take(x, 1, true, &s);
	assert_null(s.rows[0].stamped_by);
	for (unsigned int f = VN_F_stamped_late; f <= VN_F_stamped_bursts_ratio; f++)
		assert_text(&s.rows[0], f, "-");
	vn_snapshot_free(&s);
	vn_departures_add(x->stamped, 1000, 1100);
	vn_departures_add(x->stamped, 2000, 2300);
	take(x, 1, true, &s);
	assert_string_equal(s.rows[0].stamped_by, "kernel");
	assert_string_equal(s.total.stamped_by, "kernel");
	assert_text(&s.rows[0], VN_F_stamped_lateness_max_ns, "300ns");
	assert_text(&s.rows[0], VN_F_stamped_gap_error_max_ns, "200ns");
	assert_text(&s.rows[0], VN_F_stamped_within_128ns_ratio, "0.0000");
	assert_text(&s.rows[0], VN_F_stamped_within_256ns_ratio, "100.0000");
	assert_text(&s.rows[0], VN_F_within_64ns_ratio, "100.0000");
	assert_ptr_equal(s.rows[0].hist[VN_H_stamped_lateness], &x->stamped->lateness);
	vn_snapshot_free(&s);
}

static void fill_two(struct fixture *x)
{
	leave(x, 0, 1000, 1000);
	leave(x, 0, 3000, 3000);
	leave(x, 1, 2000, 2000);
	leave(x, 1, 4000, 4900);
}

static void a_total_adds_up_each_streams_own_gaps(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	fill_two(x);
	take(x, 2, true, &s);
	assert_text(&s.total, VN_F_asked_gaps, "2");
	assert_text(&s.total, VN_F_within_64ns_ratio, "50.0000");
	assert_text(&s.total, VN_F_within_1us_ratio, "100.0000");
	assert_text(&s.total, VN_F_gap_error_samples, "2");
	assert_text(&s.total, VN_F_gap_error_max_ns, "900ns");
	assert_text(&s.total, VN_F_asked_mean_pps, "-");
	assert_text(&s.total, VN_F_rate_error_ppm, "-");
	assert_text(&s.total, VN_F_stamped_late, "-");
	vn_snapshot_free(&s);
	vn_departures_clear(x->departures[1]); /* at full speed */
	take(x, 2, true, &s);
	assert_text(&s.total, VN_F_asked_gaps, "-");
	assert_text(&s.total, VN_F_skipped, "-");
	vn_snapshot_free(&s);
}

/* 4 packets, from 1000 to 4000 ns as asked, to 4900 as they left. */
static void workers_that_share_a_stream_have_one_rate(void **state)
{
	struct fixture *x = *state;
	struct vn_snapshot s;

	fill_two(x);
	x->src[0].is_share = x->src[1].is_share = true;
	take(x, 2, true, &s);
	assert_text(&s.total, VN_F_asked_mean_pps, "1000000.0");
	assert_text(&s.total, VN_F_rate_error_ppm, "-230769.2"); /* 3000 / 3900 */
	vn_snapshot_free(&s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_schedule_that_was_kept_has_no_error),
		T(the_error_is_that_of_the_time_taken),
		T(what_was_asked_for_and_not_sent_counts),
		T(what_slid_was_not_asked_for_so_late),
		T(one_packet_has_no_rate),
		T(a_burst_only_opens_the_measurement),
		T(shares_are_cumulative),
		T(early_packets_are_told_apart),
		T(stamps_have_rows_of_their_own),
		T(a_total_adds_up_each_streams_own_gaps),
		T(workers_that_share_a_stream_have_one_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From counters to numbers that are told: identities, rates, what is unknown. */
#include "snapshot_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define SEC VN_NSEC_PER_SEC

struct ends {
	struct vn_entry_stats tx;
	struct vn_rx_flow *rx;
};

static void set_tx(struct vn_entry_stats *s, uint64_t sent, uint64_t first, uint64_t last)
{
	memset(s, 0, sizeof(*s));
	vn_stat_set(&s->sofar, sent);
	vn_stat_set(&s->tx_bits_l1, sent * 672);
	vn_stat_set(&s->tx_bits_l2, sent * 512);
	vn_stat_set(&s->first_ns, first);
	vn_stat_set(&s->last_ns, last);
}

/* Numbers 1..max_seq were seen, `unique` of them; the rest are duplicates. */
static void set_rx(struct vn_rx_flow *f, uint64_t received, uint64_t unique, uint64_t max_seq)
{
	memset(f, 0, sizeof(*f));
	vn_hist_clear(&f->gap);
	vn_hist_clear(&f->latency);
	vn_hist_clear(&f->ipdv);
	vn_hist_clear(&f->extent);
	vn_hist_clear(&f->late_time);
	vn_stat_set(&f->stats.received, received);
	vn_stat_set(&f->stats.unique, unique);
	vn_stat_set(&f->stats.duplicates, received - unique);
	vn_stat_set(&f->stats.first_seq, max_seq ? 1 : 0);
	vn_stat_set(&f->stats.max_seq, max_seq);
}

static int set_up(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));

	e->rx = calloc(1, sizeof(*e->rx));
	*state = e;
	return !e->rx;
}

static int tear_down(void **state)
{
	struct ends *e = *state;

	free(e->rx);
	free(e);
	return 0;
}

static struct vn_snap_source source(struct ends *e)
{
	return (struct vn_snap_source){
		.name = "s", .tx = &e->tx, .rx = e->rx, .is_numbered = true, .burst = 1
	};
}

static void take(const struct vn_snap_source *src, unsigned int n, bool is_final,
		 struct vn_snapshot *out)
{
	const struct vn_snap_input in = {
		.sources = src, .n = n, .is_final = is_final, .now_ns = SEC
	};

	assert_int_equal(vn_snapshot_take(&in, out), 0);
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	src.rx = NULL;
	set_tx(&e->tx, 1, 5, 5);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_sent, "1");
	assert_text(&s.rows[0], VN_F_errors, "0");
	for (enum vn_snap_field f = 0; f < VN_F_COUNT; f++)
		if (f != VN_F_sent && f != VN_F_errors)
			assert_text(&s.rows[0], f, "-");
	vn_snapshot_free(&s);
}

static void lost_at_the_end_is_sent_less_first_arrivals(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	set_tx(&e->tx, 100, 1, 2);
	set_rx(e->rx, 92, 90, 95); /* 2 doubled, 5 missing inside, 5 at the tail */
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_lost, "10");
	assert_text(&s.rows[0], VN_F_duplicates, "2");
	assert_text(&s.rows[0], VN_F_in_flight, "0");
	assert_text(&s.total, VN_F_lost, "10");
	vn_snapshot_free(&s);
}

static void sent_is_received_lost_and_in_flight_at_any_time(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	set_rx(e->rx, 90, 90, 95);
	set_tx(&e->tx, 100, 1, 2);
	take(&src, 1, false, &s);
	assert_text(&s.rows[0], VN_F_lost, "5");
	assert_text(&s.rows[0], VN_F_in_flight, "5");
	vn_snapshot_free(&s);

	set_tx(&e->tx, 80, 1, 2); /* the sender has not counted them yet */
	take(&src, 1, false, &s);
	assert_text(&s.rows[0], VN_F_sent, "95");
	assert_text(&s.rows[0], VN_F_in_flight, "0");
	assert_text(&s.total, VN_F_sent, "95");
	vn_snapshot_free(&s);
}

static void more_arrivals_than_sent_leave_the_loss_unknown(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src[2] = { source(e), source(e) };
	struct vn_entry_stats other;
	struct vn_snapshot s;

	set_tx(&e->tx, 10, 1, 2);
	set_tx(&other, 100, 1, 2);
	set_rx(e->rx, 12, 12, 12);
	src[1].tx = &other;
	take(src, 2, true, &s);
	assert_text(&s.rows[0], VN_F_lost, "-");
	assert_text(&s.rows[1], VN_F_lost, "88");
	assert_text(&s.total, VN_F_lost, "-");
	vn_snapshot_free(&s);
}

static void copies_have_no_duplicates_to_tell(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	src.is_numbered = false;
	set_tx(&e->tx, 100, 1, 2);
	set_rx(e->rx, 97, 10, 91);
	take(&src, 1, false, &s);
	assert_text(&s.rows[0], VN_F_lost, "-");
	vn_snapshot_free(&s);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_lost, "3");
	assert_text(&s.rows[0], VN_F_duplicates, "-");
	assert_text(&s.rows[0], VN_F_reordered, "-");
	assert_text(&s.rows[0], VN_F_unique, "-");
	vn_snapshot_free(&s);
}

static void rates_are_of_what_followed_the_first(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	src.rx = NULL;
	src.asked_pps = 1000;
	set_tx(&e->tx, 1001, SEC, 2 * SEC);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_asked_pps, "1000.0");
	assert_text(&s.rows[0], VN_F_pps, "1000.0");
	assert_text(&s.rows[0], VN_F_rate_error_ppm, "-"); /* nobody timed departures */
	assert_text(&s.rows[0], VN_F_mbps_l1, "0.6720");
	assert_text(&s.rows[0], VN_F_mbps_l2, "0.5120");
	vn_snapshot_free(&s);

	src.burst = 32; /* two bursts a second apart: 32 packets a second */
	set_tx(&e->tx, 64, SEC, 2 * SEC);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_pps, "32.0000");
	vn_snapshot_free(&s);
}

static void total_adds_what_all_streams_know(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src[2] = { source(e), source(e) };
	struct vn_entry_stats other;
	struct vn_snapshot s;

	src[0].asked_pps = 100;
	src[1].asked_pps = 50;
	src[1].tx = &other;
	src[1].rx = NULL;
	set_tx(&e->tx, 101, SEC, 2 * SEC);
	set_tx(&other, 50, SEC, 2 * SEC);
	set_rx(e->rx, 101, 101, 101);
	take(src, 2, true, &s);
	assert_text(&s.total, VN_F_sent, "151");
	assert_text(&s.total, VN_F_received, "-");
	assert_text(&s.total, VN_F_lost, "-");
	assert_text(&s.total, VN_F_asked_pps, "150.0000");
	assert_text(&s.total, VN_F_pps, "150.0000");
	vn_snapshot_free(&s);
	src[1].asked_pps = 0; /* full speed */
	take(src, 2, true, &s);
	assert_text(&s.total, VN_F_asked_pps, "-");
	vn_snapshot_free(&s);
}

static void rates_of_now_come_from_the_snapshot_before(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snap_input in = { .sources = &src, .n = 1, .now_ns = SEC };
	struct vn_snapshot before, now;

	src.rx = NULL;
	set_tx(&e->tx, 100, 1, SEC);
	assert_int_equal(vn_snapshot_take(&in, &before), 0);
	assert_text(&before.total, VN_F_now_pps, "100.0000");
	set_tx(&e->tx, 400, 1, 3 * SEC);
	in.prev = &before;
	in.now_ns = 3 * SEC;
	assert_int_equal(vn_snapshot_take(&in, &now), 0);
	assert_text(&now.total, VN_F_now_pps, "150.0000");
	vn_snapshot_free(&now);
	vn_snapshot_free(&before);
}

static void gaps_are_told_with_their_unit(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	set_tx(&e->tx, 2, 1, 2);
	set_rx(e->rx, 2, 2, 2);
	vn_hist_add(&e->rx->gap, 250);
	vn_hist_add(&e->rx->gap, 12500000000ull);
	src.interface = "eth1";
	take(&src, 1, true, &s);
	assert_int_equal(s.rows[0].sum[VN_H_gap], 12500000250ull);
	assert_int_equal(s.rows[0].sum[VN_H_latency], 0);
	assert_string_equal(s.rows[0].interface, "eth1");
	assert_text(&s.rows[0], VN_F_gap_samples, "2");
	assert_text(&s.rows[0], VN_F_gap_p50_ns, "250ns");
	assert_text(&s.rows[0], VN_F_gap_max_ns, "12.50s");
	assert_text(&s.rows[0], VN_F_latency_samples, "0");
	assert_text(&s.rows[0], VN_F_latency_p50_ns, "-");
	vn_snapshot_free(&s);
}

static void add_many(struct vn_hist *h, unsigned int n, uint64_t value)
{
	while (n--)
		vn_hist_add(h, value);
}

static void a_percentile_needs_samples_that_can_have_it(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	static const struct {
		unsigned int samples;
		const char *p50, *p99, *p999, *max;
	} cases[] = {
		{ 1, "-", "-", "-", "7ns" },
		{ 2, "7ns", "-", "-", "7ns" },
		{ 99, "7ns", "-", "-", "7ns" },
		{ 100, "7ns", "7ns", "-", "7ns" },
		{ 999, "7ns", "7ns", "-", "7ns" },
		{ 1000, "7ns", "7ns", "7ns", "7ns" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_snapshot s;

		set_rx(e->rx, 1, 1, 1);
		add_many(&e->rx->gap, cases[i].samples, 7);
		take(&src, 1, true, &s);
		assert_text(&s.rows[0], VN_F_gap_p50_ns, cases[i].p50);
		assert_text(&s.rows[0], VN_F_gap_p99_ns, cases[i].p99);
		assert_text(&s.rows[0], VN_F_gap_p999_ns, cases[i].p999);
		assert_text(&s.rows[0], VN_F_gap_max_ns, cases[i].max);
		vn_snapshot_free(&s);
	}
}

static void reordering_is_told_of_numbered_packets(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	set_tx(&e->tx, 8, 1, 2);
	set_rx(e->rx, 8, 8, 8);
	vn_stat_set(&e->rx->stats.reordered, 3);
	vn_stat_set(&e->rx->stats.extent_unknown, 1);
	vn_hist_add(&e->rx->extent, 2);
	vn_hist_add(&e->rx->extent, 5);
	add_many(&e->rx->late_time, 2, 1500);
	take(&src, 1, false, &s);
	assert_text(&s.rows[0], VN_F_reordered_ratio, "37.5000");
	assert_text(&s.rows[0], VN_F_reorder_extent_samples, "2");
	assert_text(&s.rows[0], VN_F_reorder_extent_unknown, "1");
	assert_text(&s.rows[0], VN_F_reorder_extent_p50, "2");
	assert_text(&s.rows[0], VN_F_reorder_extent_max, "5");
	assert_text(&s.rows[0], VN_F_reorder_late_max_ns, "1500ns");
	vn_snapshot_free(&s);
	src.is_numbered = false;
	take(&src, 1, false, &s);
	for (enum vn_snap_field f = VN_F_reorder_extent_samples; f <= VN_F_reorder_late_max_ns; f++)
		assert_text(&s.rows[0], f, "-");
	assert_text(&s.rows[0], VN_F_reordered_ratio, "-");
	vn_snapshot_free(&s);
}

static void overdue_needs_a_bound_and_stamps(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_snapshot s;

	set_tx(&e->tx, 8, 1, 2);
	for (unsigned int i = 0; i < 4; i++) {
		set_rx(e->rx, 8, 8, 8);
		e->rx->late_after_ns = i & 1 ? 1000 : 0;
		vn_stat_set(&e->rx->stats.stamped, i & 2 ? 8 : 0);
		take(&src, 1, true, &s);
		assert_text(&s.rows[0], VN_F_overdue, i == 3 ? "0" : "-");
		vn_snapshot_free(&s);
	}
}

static void variation_is_told_with_its_sign(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src = source(e);
	struct vn_rx_flow_stats *r = &e->rx->stats;
	struct vn_snapshot s;

	set_tx(&e->tx, 3, 1, 2);
	set_rx(e->rx, 3, 3, 3);
	vn_stat_set(&r->stamped, 3);
	vn_stat_set(&r->jitter_x16, 16 * 40 + 15);
	vn_stat_set(&r->ipdv_pairs, 2);
	vn_stat_set(&r->ipdv_min, (uint64_t)-30);
	vn_stat_set(&r->ipdv_max, 12500);
	vn_hist_add(&e->rx->ipdv, 30);
	vn_hist_add(&e->rx->ipdv, 12500);
	vn_hist_add(&e->rx->latency, 100);
	vn_hist_add(&e->rx->latency, 120);
	vn_hist_add(&e->rx->latency, 150);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_jitter_ns, "40ns");
	assert_text(&s.rows[0], VN_F_ipdv_samples, "2");
	assert_text(&s.rows[0], VN_F_ipdv_min_ns, "-30ns");
	assert_text(&s.rows[0], VN_F_ipdv_abs_p50_ns, "30ns");
	assert_text(&s.rows[0], VN_F_ipdv_max_ns, "+12.50us");
	assert_text(&s.rows[0], VN_F_latency_min_ns, "100ns");
	assert_text(&s.rows[0], VN_F_pdv_p50_ns, "20ns");
	assert_text(&s.rows[0], VN_F_pdv_p99_ns, "-");
	assert_text(&s.rows[0], VN_F_pdv_max_ns, "50ns");
	vn_snapshot_free(&s);
	vn_stat_set(&r->latency_negative, 1); /* so the least delay is not known */
	vn_stat_set(&r->stamped, 1);
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_pdv_max_ns, "-");
	assert_text(&s.rows[0], VN_F_jitter_ns, "-");
	vn_snapshot_free(&s);
}

/* Of both flows at the end; gaps and jitter are of one flow each. */
static void distributions_of_the_total_are_put_together_at_the_end(void **state)
{
	struct ends *e = *state;
	struct vn_snap_source src[2] = { source(e), source(e) };
	struct vn_rx_flow *other = calloc(1, sizeof(*other));
	struct vn_snapshot s;

	assert_non_null(other);
	set_tx(&e->tx, 4, 1, 2);
	set_rx(e->rx, 2, 2, 2);
	set_rx(other, 2, 2, 2);
	vn_hist_add(&e->rx->latency, 10);
	vn_hist_add(&other->latency, 90);
	add_many(&other->gap, 5, 1);
	vn_stat_set(&e->rx->stats.ipdv_pairs, 1);
	vn_stat_set(&e->rx->stats.ipdv_min, 7);
	vn_stat_set(&e->rx->stats.ipdv_max, 7);
	vn_stat_set(&other->stats.ipdv_pairs, 1);
	vn_stat_set(&other->stats.ipdv_min, (uint64_t)-9);
	vn_stat_set(&other->stats.ipdv_max, (uint64_t)-9);
	src[1].rx = other;
	take(src, 2, false, &s);
	assert_text(&s.total, VN_F_latency_samples, "-");
	assert_null(s.rows[0].hist[VN_H_latency]);
	vn_snapshot_free(&s);
	take(src, 2, true, &s);
	assert_text(&s.total, VN_F_latency_samples, "2");
	assert_text(&s.total, VN_F_latency_min_ns, "10ns");
	assert_text(&s.total, VN_F_latency_max_ns, "90ns");
	assert_text(&s.total, VN_F_pdv_max_ns, "-");
	assert_text(&s.total, VN_F_jitter_ns, "-");
	assert_text(&s.total, VN_F_gap_samples, "-");
	assert_text(&s.total, VN_F_ipdv_min_ns, "-9ns");
	assert_text(&s.total, VN_F_ipdv_max_ns, "+7ns");
	assert_ptr_equal(s.rows[1].hist[VN_H_gap], &other->gap);
	assert_null(s.total.hist[VN_H_gap]);
	assert_null(s.total.hist[VN_H_lateness]); /* one of them has none */
	vn_snapshot_free(&s);
	free(other);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_is_not_known_is_a_dash),
		T(lost_at_the_end_is_sent_less_first_arrivals),
		T(sent_is_received_lost_and_in_flight_at_any_time),
		T(more_arrivals_than_sent_leave_the_loss_unknown),
		T(copies_have_no_duplicates_to_tell),
		T(rates_are_of_what_followed_the_first),
		T(total_adds_what_all_streams_know),
		T(rates_of_now_come_from_the_snapshot_before),
		T(gaps_are_told_with_their_unit),
		T(a_percentile_needs_samples_that_can_have_it),
		T(reordering_is_told_of_numbered_packets),
		T(overdue_needs_a_bound_and_stamps),
		T(variation_is_told_with_its_sign),
		T(distributions_of_the_total_are_put_together_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

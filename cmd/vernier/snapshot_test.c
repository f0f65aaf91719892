/* SPDX-License-Identifier: BSD-2-Clause */
/* From counters to numbers that are told: identities, rates, what is unknown. */
#include "snapshot.h"

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

static void assert_text(const struct vn_snap_row *row, enum vn_snap_field f, const char *expected)
{
	char text[VN_SNAP_TEXT];

	vn_snap_text(row, f, text);
	if (strcmp(text, expected))
		fail_msg("%s is \"%s\", not \"%s\"", vn_snap_fields[f].key, text, expected);
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
	assert_text(&s.rows[0], VN_F_rate_error_ppm, "+0.0");
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
	take(&src, 1, true, &s);
	assert_text(&s.rows[0], VN_F_gap_samples, "2");
	assert_text(&s.rows[0], VN_F_gap_p50_ns, "250ns");
	assert_text(&s.rows[0], VN_F_gap_max_ns, "12.50s");
	assert_text(&s.rows[0], VN_F_latency_samples, "0");
	assert_text(&s.rows[0], VN_F_latency_p50_ns, "-");
	vn_snapshot_free(&s);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

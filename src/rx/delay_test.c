/* SPDX-License-Identifier: BSD-2-Clause */
/* Latency, jitter and variation of delay: worked examples, and against a model
 * that keeps every delay there was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/rng.h"
#include "base/stat.h"
#include "rx/delay.h"
#include "rx/sequence.h"

#define NO_STAMP INT64_MIN

static struct vn_rx_flow *new_flow(void)
{
	struct vn_rx_flow *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	vn_hist_clear(&f->latency);
	vn_hist_clear(&f->ipdv);
	vn_stat_set(&f->stats.first_seq, 1);
	return f;
}

static void arrive(struct vn_rx_flow *f, uint32_t seq, int64_t delay_ns)
{
	uint64_t number = vn_sequence_take(f, seq, 0);

	if (number && delay_ns == NO_STAMP)
		vn_delay_take_none(f, number);
	else if (number)
		vn_delay_take(f, number, delay_ns);
}

/* Of one more arrival; INT64_MIN: no pair, or more than one. */
static int64_t ipdv_of(struct vn_rx_flow *f, uint32_t seq, int64_t delay_ns)
{
	uint64_t pairs = vn_stat_get(&f->stats.ipdv_pairs), sum = f->ipdv.sum;
	int64_t v;

	vn_stat_set(&f->stats.ipdv_min, INT64_MAX); /* to see the next one's sign */
	arrive(f, seq, delay_ns);
	if (vn_stat_get(&f->stats.ipdv_pairs) != pairs + 1)
		return INT64_MIN;
	v = (int64_t)vn_stat_get(&f->stats.ipdv_min);
	assert_int_equal(f->ipdv.sum - sum, v < 0 ? -v : v);
	return v;
}

struct step {
	uint32_t seq;
	int64_t delay, ipdv; /* INT64_MIN: no stamp, no pair */
};

#define NONE INT64_MIN

static void expect_steps(const struct step *steps, unsigned int n)
{
	struct vn_rx_flow *f = new_flow();

	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(ipdv_of(f, steps[i].seq, steps[i].delay), steps[i].ipdv);
	free(f);
}

/* The comparison of RFC 5481, section 4: delays of 20, 10, 20, 25 and 20 ms. */
static void variation_is_that_of_the_example(void **state)
{
	static const struct step all[] = {
		{ 1, 20, NONE }, { 2, 10, -10 }, { 3, 20, 10 }, { 4, 25, 5 }, { 5, 20, -5 },
	};
	static const struct step third_lost[] = {
		{ 1, 20, NONE },
		{ 2, 10, -10 },
		{ 4, 25, NONE },
		{ 5, 20, -5 },
	};
	static const struct step third_unstamped[] = {
		{ 1, 20, NONE }, { 2, 10, -10 }, { 3, NO_STAMP, NONE },
		{ 4, 25, NONE }, { 5, 20, -5 },
	};

	expect_steps(all, VN_ARRAY_SIZE(all));
	expect_steps(third_lost, VN_ARRAY_SIZE(third_lost));
	expect_steps(third_unstamped, VN_ARRAY_SIZE(third_unstamped));
}

/* RFC 4737, section 7.1: 5 comes before 4, whose pair is made of 3 and 4; the
 * pair of 4 and 5 is complete at the same moment. */
static void a_late_packet_completes_two_pairs(void **state)
{
	static const uint32_t seq[] = { 1, 2, 3, 5, 6, 7, 8, 4, 9, 10 };
	struct vn_rx_flow *f = new_flow();

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(seq); i++)
		arrive(f, seq[i], seq[i] == 4 ? 150 : 68);
	assert_int_equal(vn_stat_get(&f->stats.ipdv_pairs), 9);
	assert_true((int64_t)vn_stat_get(&f->stats.ipdv_min) == -82);
	assert_true((int64_t)vn_stat_get(&f->stats.ipdv_max) == 82);
	assert_int_equal(f->ipdv.sum, 164);
	free(f);
}

/* J in sixteenths, by hand: 160, 160 + 160 - 10, 310 - 19. */
static void jitter_is_that_of_rfc_3550(void **state)
{
	static const int64_t delays[] = { 1000, 1160, 1000, 1000 };
	static const uint64_t want[] = { 0, 160, 310, 291 };
	struct vn_rx_flow *f = new_flow();

	for (uint32_t i = 0; i < VN_ARRAY_SIZE(delays); i++) {
		arrive(f, i + 1, delays[i]);
		arrive(f, i + 1, 12345); /* a copy is not looked at */
		assert_int_equal(vn_stat_get(&f->stats.jitter_x16), want[i]);
	}
	free(f);
}

static void a_constant_error_of_the_clocks_cancels_out(void **state)
{
	struct vn_rx_flow *a = new_flow(), *b = new_flow();

	for (uint32_t i = 1; i <= 1000; i++) {
		arrive(a, i, i * 7919 % 1000);
		arrive(b, i, (int64_t)(i * 7919 % 1000) - 5000);
	}
	assert_int_equal(vn_stat_get(&b->stats.latency_negative), 1000);
	assert_int_equal(b->latency.count, 0);
	assert_int_equal(vn_stat_get(&a->stats.jitter_x16), vn_stat_get(&b->stats.jitter_x16));
	assert_memory_equal(&a->ipdv, &b->ipdv, sizeof(a->ipdv));
	free(a);
	free(b);
}

static void overdue_is_beyond_the_bound(void **state)
{
	struct vn_rx_flow *f = new_flow();

	arrive(f, 1, INT64_MAX); /* no bound */
	f->late_after_ns = 100;
	arrive(f, 2, 100);
	arrive(f, 3, 101);
	arrive(f, 4, -101);
	arrive(f, 5, NO_STAMP);
	arrive(f, 3, 500); /* a copy */
	assert_int_equal(vn_stat_get(&f->stats.overdue), 1);
	assert_int_equal(vn_stat_get(&f->stats.stamped), 4);
	free(f);
}

static void stamps_that_mean_nothing_do_no_harm(void **state)
{
	struct vn_rx_flow *f = new_flow();

	for (uint32_t i = 1; i <= 100; i++)
		arrive(f, i, i & 1 ? INT64_MAX : INT64_MIN + 1);
	assert_int_equal(vn_stat_get(&f->stats.ipdv_pairs), 99);
	assert_true(vn_stat_get(&f->stats.jitter_x16) <= UINT64_C(1) << 62);
	free(f);
}

/* --- against the model --------------------------------------------------------- */

#define NUMBERS 6000

struct model {
	bool seen[NUMBERS + 2];
	int64_t delay[NUMBERS + 2];
	uint64_t max, pairs, magnitudes;
	int64_t least, greatest, last;
	double jitter;
	uint64_t stamped;
};

static void model_pair(struct model *m, uint64_t first)
{
	int64_t v;

	if (!m->seen[first] || !m->seen[first + 1] || m->max - first >= VN_RX_DELAYS ||
	    m->delay[first] == NO_STAMP || m->delay[first + 1] == NO_STAMP)
		return;
	v = m->delay[first + 1] - m->delay[first];
	m->least = m->pairs ? VN_MIN(m->least, v) : v;
	m->greatest = m->pairs ? VN_MAX(m->greatest, v) : v;
	m->magnitudes += (uint64_t)(v < 0 ? -v : v);
	m->pairs++;
}

static void model_arrive(struct model *m, uint64_t number, int64_t delay_ns)
{
	if (m->seen[number])
		return;
	m->seen[number] = true;
	m->delay[number] = delay_ns;
	m->max = VN_MAX(m->max, number);
	if (number > 1)
		model_pair(m, number - 1);
	model_pair(m, number);
	if (delay_ns == NO_STAMP)
		return;
	if (m->stamped++)
		m->jitter += (fabs((double)(delay_ns - m->last)) - m->jitter) / 16;
	m->last = delay_ns;
}

/* A number up to `depth` behind the one whose turn it is, each some times. */
static void play(uint32_t depth, uint64_t seed)
{
	struct model *m = calloc(1, sizeof(*m));
	struct vn_rx_flow *f = new_flow();
	struct vn_rng rng;
	uint32_t i;

	assert_non_null(m);
	vn_rng_seed(&rng, seed, 0);
	print_message("# depth %u, seed %u\n", depth, (unsigned int)seed);
	for (i = 1; i <= NUMBERS; i++) {
		uint32_t back = vn_rng_below(&rng, 4) ? 0 : vn_rng_below(&rng, depth);
		uint32_t number = back < i ? i - back : i;
		int64_t delay = vn_rng_below(&rng, 9) ? (int64_t)vn_rng_below(&rng, 90000) - 9000
						      : NO_STAMP;

		model_arrive(m, number, delay);
		arrive(f, number, delay);
		assert_int_equal(vn_stat_get(&f->stats.ipdv_pairs), m->pairs);
		assert_int_equal(f->ipdv.sum, m->magnitudes);
		assert_true(fabs((double)vn_stat_get(&f->stats.jitter_x16) / 16 - m->jitter) < 1);
	}
	assert_int_equal(vn_stat_get(&f->stats.stamped), m->stamped);
	assert_true((int64_t)vn_stat_get(&f->stats.ipdv_min) == m->least);
	assert_true((int64_t)vn_stat_get(&f->stats.ipdv_max) == m->greatest);
	free(f);
	free(m);
}

static void random_arrivals_agree_with_the_model_at_every_step(void **state)
{
	static const uint32_t depths[] = { 1, 3, 100, VN_RX_DELAYS + 5, 3 * VN_RX_DELAYS };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(depths); i++)
		for (uint64_t seed = 1; seed <= 5; seed++)
			play(depths[i], seed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(variation_is_that_of_the_example),
		cmocka_unit_test(a_late_packet_completes_two_pairs),
		cmocka_unit_test(jitter_is_that_of_rfc_3550),
		cmocka_unit_test(a_constant_error_of_the_clocks_cancels_out),
		cmocka_unit_test(overdue_is_beyond_the_bound),
		cmocka_unit_test(stamps_that_mean_nothing_do_no_harm),
		cmocka_unit_test(random_arrivals_agree_with_the_model_at_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

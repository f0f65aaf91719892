/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is drawn, over a hundred thousand packets of fixed seeds, against what
 * the formulas say. Bounds are four or more standard deviations wide; with a
 * fixed seed they hold always or never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "net/netem_random.h"

#define PACKETS 100000

static uint32_t percent(double p)
{
	return (uint32_t)(p / 100 * UINT32_MAX + 0.5);
}

static void assert_near(double value, double wanted, double tolerance)
{
	if (fabs(value - wanted) > tolerance)
		fail_msg("%g, not %g +- %g", value, wanted, tolerance);
}

static void a_correlated_number_is_that_of_the_formula(void **state)
{
	struct vn_netem_draw d;
	struct vn_rng rng;
	uint32_t last;
	int i;

	vn_netem_draw_init(&d, 7, VN_NETEM_DRAW_DELAY, percent(25));
	vn_rng_seed(&rng, 7, VN_NETEM_DRAW_DELAY);
	last = (uint32_t)(vn_rng_next(&rng) >> 32);
	for (i = 0; i < 1000; i++) {
		uint64_t fresh = vn_rng_next(&rng) >> 32;
		/* 25 % and one: a quarter of 2^32 exactly */
		last = (uint32_t)((fresh * 3221225471u + (uint64_t)last * 1073741825u) >> 32);
		assert_int_equal(vn_netem_draw(&d), last);
	}
}

static void never_and_always_are_meant(void **state)
{
	static const double corrs[] = { 0, 50, 99, 100 };
	struct vn_netem_draw d;
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(corrs); i++) {
		vn_netem_draw_init(&d, 1, VN_NETEM_DRAW_LOSS, percent(corrs[i]));
		for (k = 0; k < 1000; k++) {
			assert_false(vn_netem_draw_hits(&d, 0));
			assert_true(vn_netem_draw_hits(&d, UINT32_MAX));
		}
	}
}

/* With a correlation of one the number stays what it was. */
static void a_number_up_to_the_probability_hits(void **state)
{
	struct vn_netem_draw d;

	vn_netem_draw_init(&d, 1, VN_NETEM_DRAW_LOSS, UINT32_MAX);
	d.last = 5;
	assert_false(vn_netem_draw_hits(&d, 4));
	assert_true(vn_netem_draw_hits(&d, 5));
}

static void a_probability_is_the_share_of_hits(void **state)
{
	static const double cases[] = { 0.1, 1, 10, 33.3, 50, 90, 99.9 };
	struct vn_netem_draw d;
	uint64_t seed;
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		for (seed = 1; seed <= 5; seed++) {
			double p = cases[i] / 100, hits = 0;

			vn_netem_draw_init(&d, seed, VN_NETEM_DRAW_LOSS, 0);
			for (k = 0; k < PACKETS; k++)
				hits += vn_netem_draw_hits(&d, percent(cases[i]));
			assert_near(hits / PACKETS, p, 4 * sqrt(p * (1 - p) / PACKETS));
		}
	}
}

/* An autoregressive series: correlation c with the one before, c^2 with the
 * one before that; variance (1 - c) / (1 + c) of the fresh number's 1/12. */
static void correlation_is_what_was_asked_for(void **state)
{
	static const double cases[] = { 0, 10, 25, 50, 75, 90 };
	static double x[PACKETS];
	struct vn_netem_draw d;
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		double c = cases[i] / 100, mean = 0, var = 0, lag1 = 0, lag2 = 0;
		double wide = sqrt((1 + c) / (1 - c)); /* the series has fewer own values */

		vn_netem_draw_init(&d, 3, VN_NETEM_DRAW_DELAY, percent(cases[i]));
		for (k = 0; k < PACKETS; k++)
			mean += x[k] = vn_netem_draw(&d) / 4294967296.0;
		mean /= PACKETS;
		for (k = 2; k < PACKETS; k++) {
			var += (x[k] - mean) * (x[k] - mean);
			lag1 += (x[k] - mean) * (x[k - 1] - mean);
			lag2 += (x[k] - mean) * (x[k - 2] - mean);
		}
		assert_near(mean, 0.5, 4 * sqrt(1 / 12.0 / PACKETS));
		assert_near(lag1 / var, c, 4 / sqrt(PACKETS));
		assert_near(lag2 / var, c * c, 4 * wide / sqrt(PACKETS));
		assert_near(var / PACKETS * 12 * (1 + c) / (1 - c), 1, 0.01 * wide);
	}
}

struct losses {
	double share, burst; /* of packets; packets in a row, mean */
	double alone;	     /* share of bursts of one packet */
};

static struct losses measure(const struct vn_netem_params *p, uint64_t seed)
{
	struct vn_netem_loss l;
	double lost = 0, bursts = 0, alone = 0;
	int k, run = 0;

	vn_netem_loss_init(&l, p, seed);
	for (k = 0; k < PACKETS * 10; k++) {
		if (vn_netem_loss_next(&l)) {
			lost++;
			bursts += run++ == 0;
		} else {
			alone += run == 1;
			run = 0;
		}
	}
	return (struct losses){ lost / (PACKETS * 10), lost / bursts, alone / bursts };
}

/*
 * Four states. Flows balance: what enters states 2 and 3 from 1 leaves 3 for 1,
 * x1 p13 = x3 p31; x2 p23 = x3 p32; x4 = x1 p14. Losses are states 3 and 4. A
 * burst in state 3 ends with p31 + p32 each time, one in state 4 at once.
 */
static void the_four_states_lose_what_their_balance_says(void **state)
{
	static const double cases[][5] = {
		/* p13 p31 p32 p23 p14 */
		{ 1, 99, 0, 100, 0 }, { 1, 10, 0, 100, 0 },  { 2, 20, 30, 40, 0 },
		{ 2, 20, 30, 40, 3 }, { 0, 100, 0, 100, 5 }, { 5, 50, 50, 50, 50 },
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const double *c = cases[i];
		double p13 = c[0] / 100, p31 = c[1] / 100, p32 = c[2] / 100, p23 = c[3] / 100;
		double p14 = c[4] / 100, x3 = p13 / p31, x2 = x3 * p32 / p23, x4 = p14;
		double share = (x3 + x4) / (1 + x2 + x3 + x4);
		double bursts = x3 * (p31 + p32) + x4;
		struct vn_netem_params p = {
			.loss_model = VN_NETEM_LOSS_STATE,
			.p13 = percent(c[0]),
			.p31 = percent(c[1]),
			.p32 = percent(c[2]),
			.p23 = percent(c[3]),
			.p14 = percent(c[4]),
		};
		struct losses l = measure(&p, 11 + i);

		assert_near(l.share / share, 1, 0.03);
		assert_near(l.burst / ((x3 + x4) / bursts), 1, 0.02);
		assert_near(l.alone, (x3 * (p31 + p32) * (p31 + p32) + x4) / bursts, 0.02);
	}
}

/* All but the first case lose in bad states only; then the runs of losses, in
 * the bad state and hit each time, end with 1 - (1 - r)(1 - h). */
static void gilbert_elliott_loses_what_its_states_say(void **state)
{
	static const double cases[][4] = {
		/* p r 1-h 1-k */
		{ 10, 30, 80, 5 }, { 1, 99, 100, 0 }, { 1, 10, 100, 0 },
		{ 5, 25, 100, 0 }, { 5, 25, 50, 0 },  { 50, 50, 30, 0 },
	};
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const double *c = cases[i];
		double p = c[0] / 100, r = c[1] / 100, h1 = c[2] / 100, k1 = c[3] / 100;
		struct vn_netem_params params = {
			.loss_model = VN_NETEM_LOSS_GEMODEL,
			.ge_p = percent(c[0]),
			.ge_r = percent(c[1]),
			.ge_1h = percent(c[2]),
			.ge_1k = percent(c[3]),
		};
		struct losses l = measure(&params, 5 + i);

		assert_near(l.share / ((p * h1 + r * k1) / (p + r)), 1, 0.03);
		if (k1 == 0)
			assert_near(l.burst / (1 / (1 - (1 - r) * h1)), 1, 0.02);
	}
}

/* Where nothing is left to chance: a step and then its loss, or the reverse. */
static void the_models_begin_well(void **state)
{
	struct vn_netem_params p = { .loss_model = VN_NETEM_LOSS_STATE };
	struct vn_netem_loss l;
	int k;

	p.p13 = p.p31 = p.ge_p = p.ge_r = p.ge_1h = UINT32_MAX;
	vn_netem_loss_init(&l, &p, 1);
	for (k = 0; k < 10; k++)
		assert_int_equal(vn_netem_loss_next(&l), k % 2 == 0);
	p.loss_model = VN_NETEM_LOSS_GEMODEL;
	vn_netem_loss_init(&l, &p, 1);
	for (k = 0; k < 10; k++)
		assert_int_equal(vn_netem_loss_next(&l), k % 2 == 1);
}

/* At these places of the distribution function, in units of the jitter. */
static void distributions_have_their_quantiles(void **state)
{
	static const double at[] = { 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.999 };
	static const double normal[] = { -3.0902323, -2.3263479, -1.2815516, -0.6744898, 0,
					 0.6744898,  1.2815516,	 2.0537489,  3.0902323 };
	struct vn_netem_table n, p, pn;
	size_t i;

	vn_netem_table_make(&n, VN_NETEM_NORMAL);
	vn_netem_table_make(&p, VN_NETEM_PARETO);
	vn_netem_table_make(&pn, VN_NETEM_PARETONORMAL);
	for (i = 0; i < VN_ARRAY_SIZE(at); i++) {
		size_t k = (size_t)(at[i] * VN_NETEM_TABLE_SIZE);
		double pareto = fmin((pow(1 - at[i], -1.0 / 3) - 1.5) * 4 / 3, 32767.0 / 8192);
		/* Half a step of the table is so much of the quantile there. */
		double step = fmax(at[i] < 0.5 ? at[i] : 1 - at[i], 0.0005);

		step = 1 / step / VN_NETEM_TABLE_SIZE;
		assert_near(n.value[k] / 8192.0, normal[i], step);
		assert_near(p.value[k] / 8192.0, pareto, step * 2);
		assert_near(pn.value[k] / 8192.0, (normal[i] + 3 * pareto) / 4, step * 2);
	}
}

static double mean_of(const struct vn_netem_table *t, double *deviation)
{
	double sum = 0, squares = 0;
	int i;

	for (i = 0; i < VN_NETEM_TABLE_SIZE; i++) {
		sum += t->value[i] / 8192.0;
		squares += t->value[i] / 8192.0 * t->value[i] / 8192.0;
	}
	sum /= VN_NETEM_TABLE_SIZE;
	*deviation = sqrt(squares / VN_NETEM_TABLE_SIZE - sum * sum);
	return sum;
}

/* The area under the pieces, each against erf() of the C library: the middle
 * of piece i has (i + 1/2) / 4096 below it, to a step of the table's values. */
static void the_normal_table_is_the_inverse_of_erf(void **state)
{
	struct vn_netem_table t;
	double deviation;
	int i;

	vn_netem_table_make(&t, VN_NETEM_NORMAL);
	for (i = 0; i < VN_NETEM_TABLE_SIZE; i++) {
		double below = (i + 0.5) / VN_NETEM_TABLE_SIZE, x = t.value[i] / 8192.0;
		double density = exp(-x * x / 2) / sqrt(2 * M_PI);

		assert_near(0.5 * erfc(-x / sqrt(2)), below, density / 8192 * 0.51);
		assert_int_equal(t.value[i], -t.value[VN_NETEM_TABLE_SIZE - 1 - i]);
	}
	assert_near(mean_of(&t, &deviation), 0, 1e-9);
	assert_near(deviation, 1, 0.001);
}

/* The sums are of tables that Python made, with decimals of 50 digits and its NormalDist. */
static void tables_rise_and_are_the_same_everywhere(void **state)
{
	static const struct {
		enum vn_netem_distribution d;
		uint32_t sum; /* of value * (index + 1), modulo 2^32 */
	} cases[] = {
		{ VN_NETEM_NORMAL, 0x06c17fc6 },
		{ VN_NETEM_PARETO, 0x593fd18b },
		{ VN_NETEM_PARETONORMAL, 0x4496fe65 },
	};
	struct vn_netem_table t;
	size_t i;
	int k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint32_t sum = 0;

		vn_netem_table_make(&t, cases[i].d);
		for (k = 0; k < VN_NETEM_TABLE_SIZE; k++) {
			assert_true(k == 0 || t.value[k] >= t.value[k - 1]);
			sum += (uint32_t)(int32_t)t.value[k] * (uint32_t)(k + 1);
		}
		assert_int_equal(sum, cases[i].sum);
	}
}

static void a_delay_is_mean_and_deviation(void **state)
{
	struct vn_netem_table t;
	uint64_t max = VN_NETEM_TIME_MAX;
	int i;

	for (i = 0; i < VN_NETEM_TABLE_SIZE; i++)
		t.value[i] = 0;
	t.value[0] = -8192;
	t.value[1] = 4097;
	t.value[VN_NETEM_TABLE_SIZE - 1] = 32767;
	assert_int_equal(vn_netem_delay(UINT32_MAX, 1000, 0, NULL), 1000);
	assert_int_equal(vn_netem_delay(0, 1000, 100, NULL), 900);
	assert_int_equal(vn_netem_delay(UINT32_MAX / 2 + 1, 1000, 100, NULL), 1000);
	assert_int_equal(vn_netem_delay(UINT32_MAX, 1000, 100, NULL), 1099);
	assert_int_equal(vn_netem_delay(0, 10, 100, NULL), -90);
	assert_int_equal(vn_netem_delay(0, 1000, 100, &t), 900);
	assert_int_equal(vn_netem_delay(1 << 20, 1000, 10000, &t), 1000 + 5001);
	assert_int_equal(vn_netem_delay(UINT32_MAX, max, max, &t),
			 (int64_t)max + (int64_t)((__int128_t)32767 * max / 8192));
	assert_int_equal(vn_netem_delay(0, 0, max, NULL), -(int64_t)max);
}

static void uniform_delays_are_even(void **state)
{
	struct vn_netem_draw d;
	int buckets[10] = { 0 }, k;

	vn_netem_draw_init(&d, 2, VN_NETEM_DRAW_DELAY, 0);
	for (k = 0; k < PACKETS; k++) {
		int64_t ns = vn_netem_delay(vn_netem_draw(&d), 1000, 500, NULL);

		assert_true(ns >= 500 && ns < 1500);
		buckets[(ns - 500) / 100]++;
	}
	for (k = 0; k < 10; k++)
		assert_near(buckets[k], PACKETS / 10.0, 4 * sqrt(PACKETS * 0.09));
}

static void the_same_seed_loses_the_same_packets(void **state)
{
	struct vn_netem_params p = { .loss_model = VN_NETEM_LOSS_GEMODEL };
	struct vn_netem_loss a, b;
	int k, lost = 0;

	p.ge_p = p.ge_r = percent(50);
	p.ge_1h = percent(50);
	vn_netem_loss_init(&a, &p, 9);
	vn_netem_loss_init(&b, &p, 9);
	for (k = 0; k < 1000; k++) {
		bool is_lost = vn_netem_loss_next(&a);

		lost += is_lost;
		assert_int_equal(vn_netem_loss_next(&b), is_lost);
		assert_int_equal(a.state, b.state);
	}
	assert_in_range(lost, 150, 350);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_correlated_number_is_that_of_the_formula),
		cmocka_unit_test(never_and_always_are_meant),
		cmocka_unit_test(a_number_up_to_the_probability_hits),
		cmocka_unit_test(a_probability_is_the_share_of_hits),
		cmocka_unit_test(correlation_is_what_was_asked_for),
		cmocka_unit_test(the_four_states_lose_what_their_balance_says),
		cmocka_unit_test(gilbert_elliott_loses_what_its_states_say),
		cmocka_unit_test(the_models_begin_well),
		cmocka_unit_test(distributions_have_their_quantiles),
		cmocka_unit_test(the_normal_table_is_the_inverse_of_erf),
		cmocka_unit_test(tables_rise_and_are_the_same_everywhere),
		cmocka_unit_test(a_delay_is_mean_and_deviation),
		cmocka_unit_test(uniform_delays_are_even),
		cmocka_unit_test(the_same_seed_loses_the_same_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

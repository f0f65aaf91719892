/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is what is drawn distributed as it was asked? By the test of Kolmogorov and
 * Smirnov against each distribution's own function, at a level of one in a million,
 * of a million values; and the same test must refuse parameters that are 2 % off.
 * Beside it means, the rare values, and whether neighbors know of each other.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/series.h"

#define SEED   20240229
#define N      1000000
#define DRAWS  10000000 /* where they are only counted */
#define LAMBDA 2.6934	/* 2 exp(-2 lambda^2) = 1e-6 */
#define CHANCE 5	/* deviations: 6e-7 */

/* Distribution functions; x and arguments in ns. */
static double uniform_cdf(double x, double a, double b)
{
	return fmin(fmax((x - a) / (b - a), 0), 1);
}

static double exp_cdf(double x, double mean, double b)
{
	return -expm1(-x / mean);
}

static double normal_cdf(double x, double mean, double deviation)
{
	return 0.5 * erfc((mean - x) / deviation / sqrt(2));
}

static double lognormal_cdf(double x, double mean, double deviation)
{
	double variance = log1p(deviation * deviation / mean / mean);

	return x <= 0 ? 0 : normal_cdf(log(x), log(mean) - variance / 2, sqrt(variance));
}

static double pareto_cdf(double x, double min, double shape)
{
	return x <= min ? 0 : 1 - pow(x / min, -shape);
}

static double weibull_cdf(double x, double scale, double shape)
{
	return -expm1(-pow(x / scale, shape));
}

/* Of two that are uniform between a and b. */
static double triangular_cdf(double x, double a, double b)
{
	double u = fmin(fmax((x - 2 * a) / (b - a), 0), 2);

	return u < 1 ? u * u / 2 : 1 - (2 - u) * (2 - u) / 2;
}

static const struct row {
	const char *text;
	double (*cdf)(double x, double a, double b);
	double a, b;
	double wrong_a, wrong_b; /* 2 % off, in one of them */
	double mean, deviation;	 /* deviation 0: has none */
	double rare;		 /* exceeded once in 10^5 */
} rows[] = {
	{ "uniform(0, 10us)", uniform_cdf, 0, 10000, 0, 10200, 5000, 2886.751346, 9999.9 },
	{ "exp(10us)", exp_cdf, 10000, 0, 10200, 0, 10000, 10000, 115129.2546 },
	{ "exp(100kpps)", exp_cdf, 10000, 0, 9800, 0, 10000, 10000, 115129.2546 },
	{ "normal(10us, 1us)", normal_cdf, 10000, 1000, 10000, 1020, 10000, 1000, 14264.890794 },
	{ "lognormal(10us, 20us)", lognormal_cdf, 10000, 20000, 10200, 20000, 10000, 20000,
	  1000706.1328 },
	{ "lognormal(10us, 1us)", lognormal_cdf, 10000, 1000, 10000, 1020, 10000, 1000,
	  15226.5181 },
	{ "pareto(1us, 0.8)", pareto_cdf, 1000, 0.8, 1000, 0.816, 0, 0, 1778279410.04 },
	{ "pareto(1us, 1.5)", pareto_cdf, 1000, 1.5, 1000, 1.53, 3000, 0, 2154434.69003 },
	{ "pareto(1us, 3)", pareto_cdf, 1000, 3, 1000, 3.06, 1500, 866.0254038, 46415.8883361 },
	{ "weibull(10us, 0.5)", weibull_cdf, 10000, 0.5, 10000, 0.51, 20000, 44721.35955,
	  1325474.52732 },
	{ "weibull(10us, 1)", weibull_cdf, 10000, 1, 10200, 1, 10000, 10000, 115129.2546 },
	{ "weibull(10us, 2)", weibull_cdf, 10000, 2, 9800, 2, 8862.26925453, 4632.5137517,
	  33930.7021220 },
	{ "uniform(1us, 2us) + uniform(1us, 2us)", triangular_cdf, 1000, 2000, 1000, 2040, 3000,
	  408.2482905, 3995.527864 },
};

static struct vn_series *new_series(const char *text, unsigned int i)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(VN_SERIES_GAPS, "--x", text, &s, &err) < 0)
		fail_msg("%s", err.text);
	vn_series_seed(s, SEED, i);
	return s;
}

static double next_ns(struct vn_series *s)
{
	return (double)vn_series_next(s) / (double)VN_SERIES_ONE;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* How far the sorted values are from the function at most, times what makes it
 * independent of their number. */
static double distance(const double *v, const struct row *r, double a, double b)
{
	double d = 0, root = sqrt(N);
	size_t i;

	for (i = 0; i < N; i++) {
		double f = r->cdf(v[i], a, b);

		d = fmax(d, fmax(f - (double)i / N, (double)(i + 1) / N - f));
	}
	return d * (root + 0.12 + 0.11 / root);
}

static void values_have_the_distribution_that_was_asked(void **state)
{
	double *v = malloc(N * sizeof(*v));
	size_t i, k;

	assert_non_null(v);
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct vn_series *s = new_series(r->text, (unsigned int)i);
		double right, wrong;

		for (k = 0; k < N; k++)
			v[k] = next_ns(s);
		vn_series_free(s);
		qsort(v, N, sizeof(*v), by_value);
		right = distance(v, r, r->a, r->b);
		wrong = distance(v, r, r->wrong_a, r->wrong_b);
		printf("# %s, seed %d: %.3f, 2 %% off %.3f (at most %.3f)\n", r->text, SEED, right,
		       wrong, LAMBDA);
		assert_true(right < LAMBDA);
		assert_true(wrong > LAMBDA);
	}
	free(v);
}

/* Means of the values drawn within their error; of rare ones the number. */
static void means_and_rare_values_are_as_they_should_be(void **state)
{
	size_t i, k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct vn_series *s = new_series(r->text, (unsigned int)i);
		double sum = 0, off = 0;
		int rare = 0;

		for (k = 0; k < DRAWS; k++) {
			double x = next_ns(s);

			sum += x - r->mean;
			rare += x > r->rare;
		}
		vn_series_free(s);
		if (r->deviation > 0)
			off = sum / r->deviation / sqrt(DRAWS);
		printf("# %s, seed %d: mean off by %.2f errors, %d beyond 1 - 1e-5\n", r->text,
		       SEED, off, rare);
		assert_true(fabs(off) < CHANCE);
		assert_in_range(rare, 100 - CHANCE * 10, 100 + CHANCE * 10);
	}
}

/* Sums of what is independent: variances add up, which they would not otherwise. */
static void variances_of_sums_add_up(void **state)
{
	struct vn_series *s = new_series("exp(10us) + exp(10us) + uniform(0, 10us)", 0);
	double sum = 0, squares = 0, want = 2e8 + 1e8 / 12;
	size_t k;

	for (k = 0; k < DRAWS; k++) {
		double x = next_ns(s) - 25000;

		sum += x;
		squares += x * x;
	}
	vn_series_free(s);
	assert_true(fabs(sum / DRAWS) < CHANCE * sqrt(want / DRAWS));
	/* The fourth moment of an exponential is 9 squares of its variance. */
	assert_true(fabs(squares / DRAWS / want - 1) < CHANCE * sqrt(8.0 / DRAWS));
}

/* Of ranks, since some have no variance. */
static void neighbors_are_independent(void **state)
{
	size_t i, k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct vn_series *s = new_series(r->text, (unsigned int)i);
		double before = 0, sum = 0, errors;

		for (k = 0; k <= N; k++) {
			double rank = r->cdf(next_ns(s), r->a, r->b) - 0.5;

			sum += before * rank;
			before = rank;
		}
		vn_series_free(s);
		errors = sum * 12 / sqrt(N); /* ranks have a variance of 1/12 */
		printf("# %s, seed %d: lag 1 %.2f errors\n", r->text, SEED, errors);
		assert_true(fabs(errors) < CHANCE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_distribution_that_was_asked),
		cmocka_unit_test(means_and_rare_values_are_as_they_should_be),
		cmocka_unit_test(variances_of_sums_add_up),
		cmocka_unit_test(neighbors_are_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

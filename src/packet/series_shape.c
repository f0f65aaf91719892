/* SPDX-License-Identifier: BSD-2-Clause */
/* Quantiles of distributions, as exact as double is in both tails: the part beyond
 * a value is never computed as 1 - the part before it. */
#include "packet/series_shape.h"

#include <math.h>

/* -ln(1 - P), P the probability of what is not above the value. */
static double hazard(double tail, bool is_upper)
{
	return is_upper ? -log(tail) : -log1p(-tail);
}

double vn_exp_quantile(const double a[2], double tail, bool is_upper)
{
	return a[0] * hazard(tail, is_upper);
}

double vn_weibull_quantile(const double a[2], double tail, bool is_upper)
{
	return a[0] * pow(hazard(tail, is_upper), 1 / a[1]);
}

double vn_pareto_quantile(const double a[2], double tail, bool is_upper)
{
	return a[0] * exp(hazard(tail, is_upper) / a[1]);
}

/*
 * How many deviations above the mean a normal value is that is exceeded with
 * probability tail <= 1/2: Newton's steps on the logarithm of the tail, which is
 * bent one way only and nearly a parabola, so that they go straight to the root
 * from any side, in far tails, too.
 */
static double deviations(double tail)
{
	const double root_half = sqrt(0.5), per_root_2pi = 0.5 * M_2_SQRTPI * root_half;
	double z = sqrt(-2 * log(2 * tail)), step;
	int i = 0;

	do {
		double beyond = 0.5 * erfc(z * root_half);
		double density = per_root_2pi * exp(-z * z / 2);

		step = log(beyond / tail) * beyond / density;
		z += step;
	} while (fabs(step) > 1e-14 && ++i < 20);
	return z;
}

double vn_normal_quantile(const double a[2], double tail, bool is_upper)
{
	double z = deviations(tail);

	return a[0] + a[1] * (is_upper ? z : -z);
}

double vn_lognormal_quantile(const double a[2], double tail, bool is_upper)
{
	double ratio = a[1] / a[0], variance = log1p(ratio * ratio);
	double z = deviations(tail);

	return a[0] * exp(sqrt(variance) * (is_upper ? z : -z) - variance / 2);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The distributions that a series can have, by the value that has a given tail.
 * Arguments of time and size are in 1/65536, others are plain numbers.
 */
#ifndef VN_PACKET_SERIES_SHAPE_H
#define VN_PACKET_SERIES_SHAPE_H

#include <stdbool.h>

double vn_exp_quantile(const double a[2], double tail, bool is_upper);	     /* mean */
double vn_normal_quantile(const double a[2], double tail, bool is_upper);    /* mean, deviation */
double vn_lognormal_quantile(const double a[2], double tail, bool is_upper); /* the same */
double vn_pareto_quantile(const double a[2], double tail, bool is_upper);    /* least, shape */
double vn_weibull_quantile(const double a[2], double tail, bool is_upper);   /* scale, shape */

#endif

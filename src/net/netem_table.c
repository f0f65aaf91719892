/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of netem's distributions: normal; Pareto of shape 3, shifted and
 * scaled as tc's; and one part of the former with three parts of the latter.
 * tc generates its own with the library's exp() and pow(), whose last bits
 * differ from host to host; here every operation is on integers.
 */
#include "net/netem_random.h"

#include "base/macros.h"

#define N    VN_NETEM_TABLE_SIZE
#define UNIT VN_NETEM_TABLE_UNIT

/* Fractions of 2^62. */
#define ONE (UINT64_C(1) << 62)

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return (uint64_t)(((__uint128_t)a * b) >> 62);
}

/*
 * The density d(x) = exp(-x^2 / 2) / sqrt(2 pi) in steps of h = 1 / UNIT = 2^-13:
 * from the middle of one step to the middle of the next it falls by
 * exp(-h x - h^2 / 2), which itself falls by exp(-h^2) each time. The area up to
 * the end of step k, added up, is the distribution function; the quantile is
 * where it reaches what is asked for. Its error, a few 2^-32, is far below a
 * step.
 */
static void make_normal(int16_t *value)
{
	const uint64_t h2 = ONE >> 26;			      /* h^2 */
	const uint64_t fall_of_fall = ONE - h2 + (ONE >> 53); /* exp(-h^2) */
	uint64_t fall = fall_of_fall;			      /* from step 0 to step 1 */
	/* in the middle of step 0, x = h / 2: exp(-h^2 / 8) / sqrt(2 pi) */
	uint64_t density = multiply(UINT64_C(1839796536686825613), ONE - (h2 >> 3));
	uint64_t area = ONE / 2;
	unsigned int i, k = 0;

	for (i = N / 2; i < N; i++) {
		uint64_t wanted = (2 * i + 1) * (ONE / (2 * N));

		for (; area + density / UNIT / 2 < wanted; k++) {
			area += density / UNIT;
			density = multiply(density, fall);
			fall = multiply(fall, fall_of_fall);
		}
		value[i] = (int16_t)k;
		value[N - 1 - i] = (int16_t) - (int)k;
	}
}

/* The greatest x whose cube is at most v; x below 2^32. */
static uint64_t cube_root(__uint128_t v)
{
	uint64_t x = 0, bit;

	for (bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((__uint128_t)(x | bit) * (x | bit) * (x | bit) <= v)
			x |= bit;
	return x;
}

/*
 * A Pareto variable of shape 3 and scale 1 exceeds q^(-1/3) with probability q.
 * Its mean is 3/2; what is above or below the mean is multiplied by 4/3.
 */
static void make_pareto(int16_t *value)
{
	unsigned int i;

	for (i = 0; i < N; i++) {
		uint64_t q = 2 * (N - 1 - i) + 1; /* of 2 N = 2^13 */
		/* In units of 1 / (256 UNIT) = 2^-21, whose cube is 2^-63; (x - 3/2) 4/3
		 * is 4/3 x - 2. */
		int64_t x = (int64_t)cube_root(((__uint128_t)1 << 76) / q);
		int64_t scaled = (x + 96) / 192 - 2 * UNIT;

		value[i] = (int16_t)VN_MIN(scaled, INT16_MAX);
	}
}

static void make_paretonormal(int16_t *value)
{
	int16_t normal[N];
	unsigned int i;

	make_normal(normal);
	make_pareto(value);
	for (i = 0; i < N; i++)
		value[i] = (int16_t)((normal[i] + 3 * value[i]) / 4);
}

void vn_netem_table_make(struct vn_netem_table *t, enum vn_netem_distribution d)
{
	if (d == VN_NETEM_NORMAL)
		make_normal(t->value);
	else if (d == VN_NETEM_PARETO)
		make_pareto(t->value);
	else
		make_paretonormal(t->value);
}

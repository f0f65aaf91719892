/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs can be repeated, so the sequences must never change; and they must look
 * random enough for ports and addresses. All seeds are fixed: a test that
 * passes once passes always. Chi-square limits are those of p = 0.0001.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "base/rng.h"

static void a_known_sequence_stays_the_same(void **state)
{
	static const struct {
		uint64_t seed, stream, want[4];
	} rows[] = {
		{ 0, 0, { 0x3116c31f02f031fbull, 0xe9f1f8ffb3ecdd86ull,
			  0xb537c651db88e357ull, 0xd0c39cb468331775ull } },
		{ 1, 0, { 0x9e017b9d0dd089d4ull, 0x12c23e273c776f57ull,
			  0x3300e39bd9d241edull, 0x7bc904b95f620f84ull } },
		{ 1, 1, { 0x9e69369212b5daa9ull, 0x3929019a580b3f64ull,
			  0xe4a410f771751a10ull, 0x5e1bcf0ea6379b54ull } },
		{ UINT64_MAX, UINT64_MAX, { 0xafe04bad7e1646a1ull, 0xd496b4dddc12d581ull,
			  0xdae5b41dd9178b16ull, 0xa0e2ec51d664fbe6ull } },
	};
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_rng r;

		vn_rng_seed(&r, rows[i].seed, rows[i].stream);
		for (k = 0; k < 4; k++)
			assert_int_equal(vn_rng_next(&r), rows[i].want[k]);
	}
}

static void the_same_seed_gives_the_same_draws(void **state)
{
	struct vn_rng a, b;
	unsigned int i;

	vn_rng_seed(&a, 42, 3);
	vn_rng_seed(&b, 42, 3);
	for (i = 0; i < 1000; i++)
		assert_int_equal(vn_rng_next(&a), vn_rng_next(&b));
}

/* Half of the bits differ between the draws of neighbours: 64,000 bits, of
 * which 32,000 +- 4 standard deviations (126). */
static void expect_unrelated(uint64_t seed_a, uint64_t stream_a, uint64_t seed_b,
			     uint64_t stream_b)
{
	struct vn_rng a, b;
	unsigned int i, differ = 0;

	vn_rng_seed(&a, seed_a, stream_a);
	vn_rng_seed(&b, seed_b, stream_b);
	for (i = 0; i < 1000; i++)
		differ += (unsigned int)__builtin_popcountll(vn_rng_next(&a) ^ vn_rng_next(&b));
	assert_in_range(differ, 32000 - 504, 32000 + 504);
}

static void streams_and_seeds_are_unrelated(void **state)
{
	uint64_t i;

	for (i = 0; i < 50; i++) {
		expect_unrelated(1, i, 1, i + 1);
		expect_unrelated(i, 0, i + 1, 0);
		expect_unrelated(i, i + 1, i + 1, i);
	}
}

static void below_stays_below_and_reaches_all(void **state)
{
	static const uint32_t limits[] = { 1, 2, 3, 7, 10, 64, 100, 1000 };
	struct vn_rng r;
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(limits); i++) {
		uint32_t n = limits[i], reached = 0;
		uint8_t seen[1000] = { 0 };

		vn_rng_seed(&r, 5, i);
		for (k = 0; k < 20 * n; k++) {
			uint32_t v = vn_rng_below(&r, n);

			assert_true(v < n);
			reached += !seen[v];
			seen[v] = 1;
		}
		assert_int_equal(reached, n);
	}
}

static void below_spans_the_greatest_range(void **state)
{
	uint32_t low = UINT32_MAX, high = 0;
	struct vn_rng r;
	unsigned int i;

	vn_rng_seed(&r, 6, 0);
	assert_int_equal(vn_rng_below(&r, 0), 0);
	for (i = 0; i < 100000; i++) {
		uint32_t v = vn_rng_below(&r, UINT32_MAX);

		assert_true(v != UINT32_MAX);
		low = VN_MIN(low, v);
		high = VN_MAX(high, v);
	}
	assert_true(low < UINT32_MAX / 10000);
	assert_true(high > UINT32_MAX - UINT32_MAX / 10000);
}

static double chi_square(const uint32_t *count, uint32_t cells, uint32_t draws)
{
	double expected = (double)draws / cells, sum = 0;
	uint32_t i;

	for (i = 0; i < cells; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	return sum;
}

/* Too even would be as wrong as too uneven. */
static void below_is_uniform(void **state)
{
	static const struct {
		uint32_t n;
		double least, most; /* p = 0.9999 and 0.0001 with n - 1 degrees of freedom */
	} rows[] = {
		{ 7, 0.1724, 27.86 },
		{ 64, 29.5, 113.5 },
		{ 100, 54.99, 160.1 },
		{ 1000, 841.3, 1174 },
	};
	uint64_t seed;
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		for (seed = 1; seed <= 10; seed++) {
			uint32_t count[1000] = { 0 };
			struct vn_rng r;
			double chi;

			vn_rng_seed(&r, seed, i);
			for (k = 0; k < 100000; k++)
				count[vn_rng_below(&r, rows[i].n)]++;
			chi = chi_square(count, rows[i].n, 100000);
			assert_true(chi > rows[i].least && chi < rows[i].most);
		}
	}
}

/* Each bit by itself, and with the same bit of the draw before. */
static void every_bit_is_a_fair_coin_without_memory(void **state)
{
	const uint32_t draws = 100000;
	static uint32_t single[64][2], pair[64][4];
	struct vn_rng r;
	uint64_t before, v;
	unsigned int bit;
	uint32_t k;

	vn_rng_seed(&r, 7, 0);
	before = vn_rng_next(&r);
	for (k = 0; k < draws; k++, before = v) {
		v = vn_rng_next(&r);
		for (bit = 0; bit < 64; bit++) {
			single[bit][v >> bit & 1]++;
			pair[bit][(v >> bit & 1) * 2 + (before >> bit & 1)]++;
		}
	}
	for (bit = 0; bit < 64; bit++) {
		assert_true(chi_square(single[bit], 2, draws) < 15.1);
		assert_true(chi_square(pair[bit], 4, draws) < 21.1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_sequence_stays_the_same),
		cmocka_unit_test(the_same_seed_gives_the_same_draws),
		cmocka_unit_test(streams_and_seeds_are_unrelated),
		cmocka_unit_test(below_stays_below_and_reaches_all),
		cmocka_unit_test(below_spans_the_greatest_range),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(every_bit_is_a_fair_coin_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Percentiles are within the promised 1/128 of the exact ones, over all of the
 * 64-bit range, and exact where that is promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/hist.h"
#include "base/macros.h"
#include "base/rng.h"

/* A value and its bucket's upper edge, found through a percentile: a greater
 * value is recorded so that max does not hide the edge. */
static uint64_t edge_above(struct vn_hist *h, uint64_t value)
{
	vn_hist_clear(h);
	vn_hist_add(h, value);
	vn_hist_add(h, UINT64_MAX);
	return vn_hist_percentile(h, 50);
}

static void an_empty_histogram_has_no_values(void **state)
{
	struct vn_hist h;

	vn_hist_clear(&h);
	assert_int_equal(h.count, 0);
	assert_int_equal(h.min, UINT64_MAX);
	assert_int_equal(h.max, 0);
	assert_int_equal(vn_hist_percentile(&h, 50), 0);
	assert_int_equal(vn_hist_percentile(&h, 100), 0);
	assert_true(vn_hist_mean(&h) == 0.0);
}

static void values_below_256_are_exact(void **state)
{
	struct vn_hist h;
	uint64_t v;

	for (v = 0; v < 256; v++)
		assert_int_equal(edge_above(&h, v), v);
	assert_int_equal(edge_above(&h, 256), 257); /* and no others are */
}

/* Around every power of two, and at random between. */
static void buckets_are_at_most_a_128th_of_their_value_wide(void **state)
{
	struct vn_rng rng;
	struct vn_hist h;
	unsigned int bit;
	int k;

	vn_rng_seed(&rng, 1, 0);
	for (bit = 8; bit < 64; bit++) {
		for (k = -3; k < 20; k++) {
			uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)k, edge;

			if (k > 2)
				v += vn_rng_next(&rng) & ((UINT64_C(1) << bit) - 1);
			edge = edge_above(&h, v);
			assert_true(edge >= v);
			assert_true(edge - v <= v / 128);
		}
	}
	assert_int_equal(edge_above(&h, UINT64_MAX), UINT64_MAX);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void percentiles_agree_with_sorted_values(void **state)
{
	static const double pcts[] = { 0.001, 1, 25, 50, 90, 99, 99.9, 99.99, 100 };
	static uint64_t values[10007];
	struct vn_rng rng;
	struct vn_hist h;
	unsigned int i;

	vn_rng_seed(&rng, 2, 0);
	vn_hist_clear(&h);
	for (i = 0; i < VN_ARRAY_SIZE(values); i++) {
		values[i] = vn_rng_next(&rng) >> (20 + vn_rng_below(&rng, 40));
		vn_hist_add(&h, values[i]);
	}
	qsort(values, VN_ARRAY_SIZE(values), sizeof(values[0]), compare);
	for (i = 0; i < VN_ARRAY_SIZE(pcts); i++) {
		double rank = VN_ARRAY_SIZE(values) * pcts[i] / 100;
		uint64_t index = (uint64_t)rank + (rank > (double)(uint64_t)rank) - 1;
		uint64_t got = vn_hist_percentile(&h, pcts[i]);

		assert_true(got >= values[index]);
		assert_true(got - values[index] <= values[index] / 128);
	}
	assert_int_equal(vn_hist_percentile(&h, 100), values[VN_ARRAY_SIZE(values) - 1]);
}

static void at_least_the_asked_part_lies_at_or_below(void **state)
{
	struct vn_hist h;
	unsigned int i;

	vn_hist_clear(&h);
	for (i = 1; i <= 100; i++)
		vn_hist_add(&h, i);
	for (i = 1; i <= 100; i++)
		assert_int_equal(vn_hist_percentile(&h, i), i);
	assert_int_equal(vn_hist_percentile(&h, 50.5), 51);
	assert_int_equal(vn_hist_percentile(&h, 0.1), 1);
}

static void no_percentile_is_above_the_greatest_value(void **state)
{
	struct vn_hist h;

	vn_hist_clear(&h);
	vn_hist_add(&h, 1000001);
	assert_int_equal(vn_hist_percentile(&h, 1), 1000001);
	assert_int_equal(vn_hist_percentile(&h, 100), 1000001);
}

static void count_sum_and_limits_are_kept(void **state)
{
	struct vn_hist h;

	vn_hist_clear(&h);
	vn_hist_add(&h, 7);
	vn_hist_add(&h, 0);
	vn_hist_add(&h, 1000003);
	assert_int_equal(h.count, 3);
	assert_int_equal(h.sum, 1000010);
	assert_int_equal(h.min, 0);
	assert_int_equal(h.max, 1000003);
	assert_int_equal(vn_hist_sum(&h), 1000010);
	assert_true(vn_hist_mean(&h) == 1000010.0 / 3);
	vn_hist_add(&h, UINT64_MAX);
	assert_int_equal(h.sum, 1000009); /* wraps */
	assert_int_equal(h.max, UINT64_MAX);
	vn_hist_clear(&h);
	assert_int_equal(vn_hist_percentile(&h, 100), 0);
}

static void merged_is_as_if_recorded_together(void **state)
{
	struct vn_hist a, b, both;
	struct vn_rng rng;
	unsigned int i;

	vn_rng_seed(&rng, 3, 0);
	vn_hist_clear(&a);
	vn_hist_clear(&b);
	vn_hist_clear(&both);
	for (i = 0; i < 3000; i++) {
		uint64_t v = vn_rng_next(&rng) >> vn_rng_below(&rng, 64);

		vn_hist_add(i % 3 ? &a : &b, v);
		vn_hist_add(&both, v);
	}
	vn_hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	vn_hist_clear(&b);
	vn_hist_merge(&a, &b); /* nothing, whose min must not win */
	assert_memory_equal(&a, &both, sizeof(a));
	vn_hist_merge(&b, &a);
	assert_memory_equal(&b, &both, sizeof(b));
}

static void buckets_cover_all_values_and_say_what_they_hold(void **state)
{
	static const uint64_t values[] = { 0, 1, 255, 256, 257, 1000, 1u << 20, UINT64_MAX };
	uint64_t low, high, next = 0, n = 0;
	struct vn_hist h;
	unsigned int i, k;

	vn_hist_clear(&h);
	assert_int_equal(vn_hist_min(&h), 0);
	for (k = 0; k < VN_ARRAY_SIZE(values); k++)
		vn_hist_add(&h, values[k]);
	for (i = 0; i < VN_HIST_BUCKETS; i++, next = high + 1) {
		uint64_t want = 0, count = vn_hist_bucket(&h, i, &low, &high);

		assert_true(low == next && high >= low);
		for (k = 0; k < VN_ARRAY_SIZE(values); k++)
			want += values[k] >= low && values[k] <= high;
		assert_int_equal(count, want);
		n += count;
	}
	assert_int_equal(high, UINT64_MAX);
	assert_int_equal(n, VN_ARRAY_SIZE(values));
	vn_hist_clear(&h);
	vn_hist_add(&h, 7);
	assert_int_equal(vn_hist_min(&h), 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_values),
		cmocka_unit_test(values_below_256_are_exact),
		cmocka_unit_test(buckets_are_at_most_a_128th_of_their_value_wide),
		cmocka_unit_test(percentiles_agree_with_sorted_values),
		cmocka_unit_test(at_least_the_asked_part_lies_at_or_below),
		cmocka_unit_test(no_percentile_is_above_the_greatest_value),
		cmocka_unit_test(count_sum_and_limits_are_kept),
		cmocka_unit_test(merged_is_as_if_recorded_together),
		cmocka_unit_test(buckets_cover_all_values_and_say_what_they_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

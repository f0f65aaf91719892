/* SPDX-License-Identifier: BSD-2-Clause */
/* Axes: round ticks, places, and bars made of buckets. */
#include "page_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page_chart.h"

/* "0 5 10", with the digits that a label has. */
static void assert_ticks(const struct page_scale *s, const char *expected)
{
	static const struct page_unit bare = { 1, "" };
	char got[512] = "", text[PAGE_TEXT];

	for (unsigned int i = 0; i < s->n_ticks; i++) {
		page_tick_text(s->ticks[i], &bare, text);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "", text);
	}
	assert_string_equal(got, expected);
}

static void linear_ticks_are_round(void **state)
{
	static const struct {
		double lo, hi;
		unsigned int n;
		const char *ticks;
	} rows[] = {
		{ 0, 21000, 5, "0 5000 10000 15000 20000 25000" },
		{ 0, 1, 5, "0 0.2 0.4 0.6 0.8 1" },
		{ 0, 0, 5, "0 1" },
		{ 0, 3, 2, "0 2 4" },
		{ 0, 0.05, 5, "0 0.01 0.02 0.03 0.04 0.05" },
		{ 0, 1.49e6, 5, "0 500000 1000000 1500000" },
	};
	struct page_scale s;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		page_scale_linear(&s, rows[i].lo, rows[i].hi, rows[i].n);
		assert_ticks(&s, rows[i].ticks);
		assert_true(s.hi >= rows[i].hi);
	}
}

static void log_ticks_are_powers_of_ten(void **state)
{
	static const struct {
		double lo, hi;
		const char *ticks;
	} rows[] = {
		{ 1, 1e4, "1 10 100 1000 10000" },
		{ 20, 3000, "20 50 100 200 500 1000 2000" },
		{ 1, 1e9, "1 100 10000 1000000 100000000" },
		{ 9000, 11000, "9000 9500 10000 10500 11000" },
	};
	struct page_scale s;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		page_scale_log(&s, rows[i].lo, rows[i].hi, 7);
		assert_ticks(&s, rows[i].ticks);
	}
}

static void places_are_between_the_ends(void **state)
{
	struct page_scale s;

	page_scale_log(&s, 1, 100, 5);
	s.from = 50;
	s.to = 250;
	assert_true(fabs(page_scale_at(&s, 10) - 150) < 1e-9);
	assert_true(page_scale_at(&s, 0) == 50);
	assert_true(page_scale_at(&s, 1e9) == 250);
	page_scale_linear(&s, 0, 10, 5);
	s.from = 100; /* upward, as y */
	s.to = 0;
	assert_true(fabs(page_scale_at(&s, 2.5) - 75) < 1e-9);
}

static void bars_hold_every_sample(void **state)
{
	struct page_bucket buckets[300];
	struct page_hist h = { .is_known = true, .n = VN_ARRAY_SIZE(buckets), .buckets = buckets };
	struct page_bin bins[PAGE_BINS];
	struct page_scale x;
	uint64_t sum = 0, samples = 0;
	unsigned int n;

	for (uint64_t i = 0; i < h.n; i++) { /* 0 to 255, then wider ones */
		uint64_t low = i < 256 ? i : (i - 256 + 2) * 128;

		buckets[i] = (struct page_bucket){ low, i < 256 ? i : low + 127, i + 1 };
		samples += i + 1;
	}
	page_bins_axis(&h, &x);
	n = page_bins_fill(&h, &x, bins);
	assert_in_range(n, 20, PAGE_BINS);
	for (unsigned int i = 0; i < n; i++) {
		sum += bins[i].count;
		assert_true(bins[i].lo < bins[i].hi);
		assert_true(i == 0 || bins[i].lo > bins[i - 1].lo);
	}
	assert_int_equal(sum, samples);
	assert_true(x.ticks[0] == 0);
}

static void a_single_value_is_one_bar(void **state)
{
	struct page_bucket one = { 50000, 50000, 7 };
	struct page_hist h = { .is_known = true, .n = 1, .buckets = &one };
	struct page_bin bins[PAGE_BINS];
	struct page_scale x;

	page_bins_axis(&h, &x);
	assert_true(x.lo < 50000 && x.hi > 50001);
	assert_int_equal(page_bins_fill(&h, &x, bins), 1);
	assert_int_equal(bins[0].count, 7);
	assert_true(bins[0].lo <= 50000 && bins[0].hi >= 50001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_ticks_are_round),
		cmocka_unit_test(log_ticks_are_powers_of_ten),
		cmocka_unit_test(places_are_between_the_ends),
		cmocka_unit_test(bars_hold_every_sample),
		cmocka_unit_test(a_single_value_is_one_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

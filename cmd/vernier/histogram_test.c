/* SPDX-License-Identifier: BSD-2-Clause */
/* Bars: what rows there are, how long their bars, what adds up to 100 %. */
#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static const struct vn_histogram_style ascii = { 80, false }, blocks = { 60, true };

static char *printed(const struct vn_hist *h, const struct vn_histogram_style *style)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	vn_histogram_print(out, "a: gap", h, style);
	fclose(out);
	return text;
}

static void add_many(struct vn_hist *h, unsigned int n, uint64_t value)
{
	while (n--)
		vn_hist_add(h, value);
}

static void rows_have_counts_and_bars(void **state)
{
	struct vn_hist h;
	char *text;

	vn_hist_clear(&h);
	add_many(&h, 60, 5);
	add_many(&h, 39, 7);
	add_many(&h, 1, 8);
	text = printed(&h, &ascii);
	assert_string_equal(
		text,
		"a: gap (100 samples)\n"
		"      from         to        count    up to\n"
		"       5ns        5ns           60   60.00% ####################################\n"
		"       6ns        6ns            0   60.00% \n"
		"       7ns        7ns           39   99.00% ########################\n"
		"       8ns        8ns            1  100.00% #\n\n");
	free(text);
}

static void blocks_have_eighths(void **state)
{
	struct vn_hist h;
	char *text;

	vn_hist_clear(&h);
	add_many(&h, 128, 1);
	add_many(&h, 9, 2);
	add_many(&h, 1, 3);
	text = printed(&h, &blocks);
	assert_non_null(strstr(text, "% \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
				     "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\n"));
	assert_non_null(strstr(text, "% \u2588\u258f\n")); /* 9/128 of 16 columns */
	assert_non_null(strstr(text, "% \u258f\n"));
	free(text);
}

static void nothing_is_printed_of_nothing(void **state)
{
	struct vn_hist h;
	char *text;

	vn_hist_clear(&h);
	text = printed(&h, &ascii);
	assert_string_equal(text, "");
	free(text);
}

/* Whatever was recorded: at most 20 rows, no line too wide, counts that add up. */
static void any_distribution_fits(void **state)
{
	static struct vn_hist h;
	struct vn_rng rng;

	vn_rng_seed(&rng, 1, 0);
	for (unsigned int round = 0; round < 300; round++) {
		unsigned int n = 1 + vn_rng_below(&rng, 500), rows = 0;
		unsigned int shift = vn_rng_below(&rng, 64), spread = vn_rng_below(&rng, 64);
		char *text, *line, *rest;
		uint64_t sum = 0, count;

		vn_hist_clear(&h);
		for (unsigned int i = 0; i < n; i++)
			vn_hist_add(&h, (vn_rng_next(&rng) >> spread) + (UINT64_C(1) << shift));
		text = printed(&h, &ascii);
		strtok_r(text, "\n", &rest);
		strtok_r(NULL, "\n", &rest);
		while ((line = strtok_r(NULL, "\n", &rest))) {
			assert_in_range(strlen(line), 1, 80);
			assert_int_equal(sscanf(line, "%*s %*s %" SCNu64, &count), 1);
			sum += count;
			rows++;
		}
		assert_in_range(rows, 1, VN_HISTOGRAM_ROWS);
		assert_int_equal(sum, n);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_counts_and_bars),
		cmocka_unit_test(blocks_have_eighths),
		cmocka_unit_test(nothing_is_printed_of_nothing),
		cmocka_unit_test(any_distribution_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as people read them, and texts that cannot leave their place. */
#include "page_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static void counts_are_grouped(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[PAGE_TEXT];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		page_group(rows[i].n, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void quantities_have_four_digits_and_a_unit(void **state)
{
	static const struct {
		double x;
		const struct page_unit *units;
		const char *text;
	} rows[] = {
		{ 0, page_units_time, "0" PAGE_THIN "ns" },
		{ 999, page_units_time, "999" PAGE_THIN "ns" },
		{ 1500, page_units_time, "1.500" PAGE_THIN PAGE_MICRO "s" },
		{ 50175, page_units_time, "50.17" PAGE_THIN PAGE_MICRO "s" },
		{ 2.5e12, page_units_time, "2500" PAGE_THIN "s" },
		{ 0.25, page_units_pps, "0.250" PAGE_THIN "pps" },
		{ 19999.6, page_units_pps, "20.00" PAGE_THIN "kpps" },
		{ 14880952, page_units_pps, "14.88" PAGE_THIN "Mpps" },
		{ 0.5, page_units_bits, "500.0" PAGE_THIN "kbit/s" },
		{ 9876, page_units_bits, "9.876" PAGE_THIN "Gbit/s" },
		{ 3, page_units_count, "3" },
	};
	char text[PAGE_TEXT];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		page_quantity(rows[i].x, rows[i].units, text);
		assert_string_equal(text, rows[i].text);
	}
}

static char *escaped(const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	page_escape(f, text);
	fclose(f);
	return out;
}

static void texts_stay_in_their_place(void **state)
{
	static const struct {
		const char *text, *html;
	} rows[] = {
		{ NULL, PAGE_DASH },
		{ "", "" },
		{ "</title><script>", "&lt;/title&gt;&lt;script&gt;" },
		{ "\"a\" & 'b'", "&quot;a&quot; &amp; &#39;b&#39;" },
		{ "gr\xc3\xb6\xc3\x9f", "gr\xc3\xb6\xc3\x9f" },
		{ "a\x01\x7f\tb\n", "a\xef\xbf\xbd\xef\xbf\xbd\tb\n" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		char *got = escaped(rows[i].text);

		assert_string_equal(got, rows[i].html);
		free(got);
	}
}

static void values_keep_what_the_json_had(void **state)
{
	static const struct {
		enum vn_snap_field field;
		struct vn_snap_value v;
		const char *html;
	} rows[] = {
		{ VN_F_sent, { false, 0, 0 }, PAGE_DASH },
		{ VN_F_sent,
		  { true, 12345, 12345 },
		  "<data data-key=\"sent\" value=\"12345\">12,345</data>" },
		{ VN_F_pps,
		  { true, 0, 20000.0786171 },
		  "<data data-key=\"pps\" value=\"20000.0786171\">20.00" PAGE_THIN "kpps</data>" },
		{ VN_F_rate_error_ppm,
		  { true, 0, -3.25 },
		  "<data data-key=\"rate_error_ppm\" value=\"-3.25\">-3.2</data>" },
		{ VN_F_reordered_ratio,
		  { true, 0, 0.0125 },
		  "<data data-key=\"reordered_ratio\" value=\"0.0125\">1.2500" PAGE_THIN
		  "%</data>" },
		{ VN_F_ipdv_min_ns,
		  { true, (uint64_t)-2500, -2500 },
		  "<data data-key=\"ipdv_min_ns\" value=\"-2500\">-2.500" PAGE_THIN PAGE_MICRO
		  "s</data>" },
		{ VN_F_gap_max_ns,
		  { true, 1500, 1500 },
		  "<data data-key=\"gap_max_ns\" value=\"1500\">1.500" PAGE_THIN PAGE_MICRO
		  "s</data>" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		char *got = NULL;
		size_t size;
		FILE *f = open_memstream(&got, &size);

		assert_non_null(f);
		page_value(f, &rows[i].v, rows[i].field);
		fclose(f);
		assert_string_equal(got, rows[i].html);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(quantities_have_four_digits_and_a_unit),
		cmocka_unit_test(texts_stay_in_their_place),
		cmocka_unit_test(values_keep_what_the_json_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

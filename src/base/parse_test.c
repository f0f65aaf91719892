/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person may type, what it means, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/parse.h"

#define K UINT64_C(1000)
#define M (K * K)
#define G (K * M)
#define T (K * G)

struct good {
	const struct vn_unit *units;
	const char *text;
	uint64_t want;
};

static const struct good goods[] = {
	{ vn_units_none, "0", 0 },
	{ vn_units_none, "7", 7 },
	{ vn_units_none, "007", 7 },
	{ vn_units_none, "1.0", 1 },
	{ vn_units_none, "18446744073709551615", UINT64_MAX },
	{ vn_units_count, "64", 64 },
	{ vn_units_count, "3k", 3 * K },
	{ vn_units_count, "10M", 10 * M },
	{ vn_units_count, "1.5M", 1500 * K },
	{ vn_units_count, "0.001k", 1 },
	{ vn_units_count, "2G", 2 * G },
	{ vn_units_count, "18446744073.709551615G", UINT64_MAX },
	{ vn_units_time, "12", 12 },
	{ vn_units_time, "12ns", 12 },
	{ vn_units_time, "1.5us", 1500 },
	{ vn_units_time, "3ms", 3 * M },
	{ vn_units_time, "0.5s", 500 * M },
	{ vn_units_time, "2m", 120 * G },
	{ vn_units_time, "1h", 3600 * G },
	{ vn_units_time, "0.1h", 360 * G },
	{ vn_units_seconds, "2", 2 * G },
	{ vn_units_seconds, "0.000000001", 1 },
	{ vn_units_seconds, "5ns", 5 },
	{ vn_units_seconds, "5us", 5 * K },
	{ vn_units_seconds, "5ms", 5 * M },
	{ vn_units_seconds, "5s", 5 * G },
	{ vn_units_seconds, "5m", 300 * G },
	{ vn_units_seconds, "5h", 18000 * G },
	{ vn_units_bytes, "9", 9 },
	{ vn_units_bytes, "9KiB", 9 << 10 },
	{ vn_units_bytes, "1.5MiB", 3 << 19 },
	{ vn_units_bytes, "1GiB", 1 << 30 },
	{ vn_units_bitrate, "10", 10 * M },
	{ vn_units_bitrate, "0.000001", 1 },
	{ vn_units_bitrate, "7k", 7 * K },
	{ vn_units_bitrate, "7M", 7 * M },
	{ vn_units_bitrate, "2.5G", 2500 * M },
	{ vn_units_bitrate, "1T", T },
	{ vn_units_bitrate, "9bit", 9 },
	{ vn_units_bitrate, "9kbit", 9 * K },
	{ vn_units_bitrate, "9Mbit", 9 * M },
	{ vn_units_bitrate, "9Gbit", 9 * G },
	{ vn_units_bitrate, "9Tbit", 9 * T },
	{ vn_units_pps, "9", 9 },
	{ vn_units_pps, "9k", 9 * K },
	{ vn_units_pps, "14.88M", 14880 * K },
	{ vn_units_pps, "9G", 9 * G },
	{ vn_units_pps, "9pps", 9 },
	{ vn_units_pps, "9kpps", 9 * K },
	{ vn_units_pps, "9Mpps", 9 * M },
	{ vn_units_pps, "9Gpps", 9 * G },
};

static void numbers_mean_what_their_units_say(void **state)
{
	struct vn_err err;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(goods); i++) {
		const struct good *g = &goods[i];
		uint64_t v = 12345;

		if (vn_parse_quantity("x", g->text, g->units, 0, UINT64_MAX, &v, &err))
			fail_msg("%s", err.text);
		if (v != g->want)
			fail_msg("%s: %llu", g->text, (unsigned long long)v);
	}
}

struct bad {
	const struct vn_unit *units;
	const char *text;
	int rc;
};

static const struct bad bads[] = {
	{ vn_units_none, "", -EINVAL },
	{ vn_units_none, " ", -EINVAL },
	{ vn_units_none, "-1", -EINVAL },
	{ vn_units_none, "+1", -EINVAL },
	{ vn_units_none, " 1", -EINVAL },
	{ vn_units_none, "1 ", -EINVAL },
	{ vn_units_none, "1\n", -EINVAL },
	{ vn_units_none, "0x10", -EINVAL },
	{ vn_units_none, "1e3", -EINVAL },
	{ vn_units_none, "1k", -EINVAL },
	{ vn_units_none, "1.5", -EINVAL },
	{ vn_units_none, "1.", -EINVAL },
	{ vn_units_none, ".5", -EINVAL },
	{ vn_units_none, "1.2.3", -EINVAL },
	{ vn_units_none, "1,5", -EINVAL },
	{ vn_units_none, "\xd9\xa1", -EINVAL }, /* a digit elsewhere */
	{ vn_units_count, "k", -EINVAL },
	{ vn_units_count, "1K", -EINVAL },
	{ vn_units_count, "1m", -EINVAL },
	{ vn_units_count, "1kk", -EINVAL },
	{ vn_units_count, "1 k", -EINVAL },
	{ vn_units_count, "0.0001k", -EINVAL },
	{ vn_units_count, "-1M", -EINVAL },
	{ vn_units_time, "1.5ns", -EINVAL },
	{ vn_units_time, "1.5", -EINVAL },
	{ vn_units_time, "1.0000001ms", -EINVAL },
	{ vn_units_time, "1S", -EINVAL },
	{ vn_units_time, "1d", -EINVAL },
	{ vn_units_seconds, "0.0000000001", -EINVAL },
	{ vn_units_bytes, "1M", -EINVAL },
	{ vn_units_bitrate, "1.5bit", -EINVAL },
	{ vn_units_bitrate, "1Gb", -EINVAL },
	{ vn_units_pps, "1Mp", -EINVAL },
	{ vn_units_none, "18446744073709551616", -ERANGE },
	{ vn_units_none, "99999999999999999999999999", -ERANGE },
	{ vn_units_count, "18446744073.709551616G", -ERANGE },
	{ vn_units_count, "18446744074G", -ERANGE },
	{ vn_units_time, "5124096h", -ERANGE },
	{ vn_units_none, "0.00000000000000000001", -EINVAL },
	{ vn_units_none, "0.99999999999999999999999", -EINVAL },
};

static void everything_else_is_refused_and_nothing_stored(void **state)
{
	struct vn_err err;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(bads); i++) {
		const struct bad *b = &bads[i];
		size_t shown = strcspn(b->text, "\n"); /* which is told as '?' */
		uint64_t v = 12345;
		int rc;

		err.text[0] = '\0';
		rc = vn_parse_quantity("--thing", b->text, b->units, 0, UINT64_MAX, &v, &err);
		if (rc != b->rc || v != 12345)
			fail_msg("'%s': %d, %llu", b->text, rc, (unsigned long long)v);
		if (!strstr(err.text, "--thing: ") ||
		    !memmem(err.text, strlen(err.text), b->text, shown))
			fail_msg("'%s': %s", b->text, err.text);
	}
}

static void both_ends_of_the_range_are_within(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{ "999", -ERANGE }, { "1k", 0 },    { "1.5k", 0 },
		{ "2k", 0 },	    { "2001", -ERANGE }, { "0", -ERANGE },
	};
	unsigned int i;
	uint64_t v;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		assert_int_equal(vn_parse_quantity("x", rows[i].text, vn_units_count, 1000, 2000,
						   &v, NULL), rows[i].rc);
}

struct message {
	const struct vn_unit *units;
	const char *text, *want;
};

static void messages_name_thing_value_and_what_is_accepted(void **state)
{
	static const struct message rows[] = {
		{ vn_units_none, "many", "--n: 'many' is not accepted (a number)" },
		{ vn_units_count, "1x",
		  "--n: '1x' is not accepted (a number, or one with k, M, G)" },
		{ vn_units_bitrate, "-1",
		  "--n: '-1' is not accepted (a number, or one with k, M, G, T, bit, kbit, Mbit, "
		  "Gbit, Tbit)" },
		{ vn_units_pps, "",
		  "--n: '' is not accepted (a number, or one with k, M, G, pps, kpps, Mpps, "
		  "Gpps)" },
		{ vn_units_time, "1.5ns",
		  "--n: '1.5ns' is finer than can be kept (a whole number, or one with ns, us, "
		  "ms, s, m, h)" },
		{ vn_units_count, "9k", "--n: 9k is out of range (5 to 18)" },
		{ vn_units_count, "4", "--n: 4 is out of range (5 to 18)" },
		{ vn_units_count, "99999999999999999999",
		  "--n: 99999999999999999999 is out of range (5 to 18)" },
	};
	struct vn_err err;
	unsigned int i;
	uint64_t v;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		assert_true(vn_parse_quantity("--n", rows[i].text, rows[i].units, 5, 18, &v,
					      &err) < 0);
		assert_string_equal(err.text, rows[i].want);
	}
	assert_int_equal(vn_parse_quantity("--n", "18446744073709551616", vn_units_none, 0,
					   UINT64_MAX, &v, &err), -ERANGE);
	assert_string_equal(err.text, "--n: 18446744073709551616 is out of range "
				      "(0 to 18446744073709551615)");
}

static void fractions_are_exact(void **state)
{
	static const struct {
		const struct vn_unit *units;
		const char *text;
		uint64_t num, den;
	} rows[] = {
		{ vn_units_none, "0", 0, 1 },
		{ vn_units_none, "0.000", 0, 1 },
		{ vn_units_none, "7", 7, 1 },
		{ vn_units_none, "3333333.3", 33333333, 10 },
		{ vn_units_none, "0.125", 1, 8 },
		{ vn_units_none, "18446744073709551615", UINT64_MAX, 1 },
		{ vn_units_none, "0.0000000000000000001", 1, 10 * T * M },
		{ vn_units_none, "1844674407370955161.5", 3689348814741910323, 2 },
		{ vn_units_time, "333.3", 3333, 10 },
		{ vn_units_time, "0.5us", 500, 1 },
		{ vn_units_time, "0.25ns", 1, 4 },
		{ vn_units_time, "1.0000001ms", 10000001, 10 },
		{ vn_units_bitrate, "9.87Mbit", 9870000, 1 },
		{ vn_units_bitrate, "1.5", 1500000, 1 },
		{ vn_units_bitrate, "0.0000001", 1, 10 },
		{ vn_units_bitrate, "1.5bit", 3, 2 },
		{ vn_units_pps, "100kpps", 100000, 1 },
	};
	struct vn_err err = { "" };
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_ratio v = { 12, 345 };

		if (vn_parse_ratio("x", rows[i].text, rows[i].units, &v, &err))
			fail_msg("%s", err.text);
		if (v.num != rows[i].num || v.den != rows[i].den)
			fail_msg("%s: %llu/%llu", rows[i].text, (unsigned long long)v.num,
				 (unsigned long long)v.den);
	}
}

static void frequencies_may_be_so_many_in_a_time(void **state)
{
	static const struct {
		const char *text;
		uint64_t num, den;
	} rows[] = {
		{ "0.1", 1, 10 },
		{ "1/10s", 1, 10 },
		{ "10k/1s", 10000, 1 },
		{ "100kpps", 100000, 1 },
		{ "3/7m", 1, 140 },
		{ "1/8760h", 1, 31536000 },
		{ "2.5/0.5us", 5000000, 1 },
		{ "1/3ns", 1000000000, 3 },
		{ "0/1s", 0, 1 },
	};
	struct vn_err err = { "" };
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_ratio v;

		if (vn_parse_frequency("x", rows[i].text, vn_units_pps, &v, &err))
			fail_msg("%s", err.text);
		if (v.num != rows[i].num || v.den != rows[i].den)
			fail_msg("%s: %llu/%llu", rows[i].text, (unsigned long long)v.num,
				 (unsigned long long)v.den);
	}
}

#define NO_RATIO(text) "--n: '" text "' is not accepted (a number, or one with ns, us, ms, s, m, h)"
#define NO_FREQUENCY(text)                                                                         \
	"--n: '" text "' is not accepted (a number, or one with k, M, G, pps, kpps, Mpps, Gpps, "  \
	"or N/TIME, as 1/10s)"
#define TOO_MANY(text)                                                                             \
	"--n: " text " has more digits than can be kept exactly (two numbers of 64 bits)"

static void what_is_no_fraction_is_refused_and_nothing_stored(void **state)
{
	static const struct {
		const char *text;
		bool is_frequency;
		int rc;
		const char *want;
	} rows[] = {
		{ "", false, -EINVAL, NO_RATIO("") },
		{ "-1", false, -EINVAL, NO_RATIO("-1") },
		{ ".5", false, -EINVAL, NO_RATIO(".5") },
		{ "1.", false, -EINVAL, NO_RATIO("1.") },
		{ "1d", false, -EINVAL, NO_RATIO("1d") },
		{ "1/3", false, -EINVAL, NO_RATIO("1/3") },
		{ "18446744073709551616", false, -ERANGE, TOO_MANY("18446744073709551616") },
		{ "5124096h", false, -ERANGE, TOO_MANY("5124096h") },
		{ "0.00000000000000000001", false, -ERANGE, TOO_MANY("0.00000000000000000001") },
		{ "1/10", true, -EINVAL, NO_FREQUENCY("1/10") },
		{ "1/", true, -EINVAL, NO_FREQUENCY("1/") },
		{ "/1s", true, -EINVAL, NO_FREQUENCY("/1s") },
		{ "1/0s", true, -EINVAL, NO_FREQUENCY("1/0s") },
		{ "1/2s/3s", true, -EINVAL, NO_FREQUENCY("1/2s/3s") },
		{ "1us/2s", true, -EINVAL, NO_FREQUENCY("1us/2s") },
		{ "99999999999G", true, -ERANGE, TOO_MANY("99999999999G") },
		{ "18446744073709551557/1ns", true, -ERANGE, TOO_MANY("18446744073709551557/1ns") },
	};
	struct vn_err err;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_ratio v = { 12, 345 };
		int rc;

		if (rows[i].is_frequency)
			rc = vn_parse_frequency("--n", rows[i].text, vn_units_pps, &v, &err);
		else
			rc = vn_parse_ratio("--n", rows[i].text, vn_units_time, &v, &err);
		if (rc != rows[i].rc || v.num != 12 || v.den != 345)
			fail_msg("'%s': %d", rows[i].text, rc);
		assert_string_equal(err.text, rows[i].want);
	}
}

static void fractions_compare_and_divide(void **state)
{
	const struct vn_ratio third = { 1, 3 }, half = { 1, 2 }, large = { UINT64_MAX, 1 };
	struct vn_ratio v;

	assert_true(vn_ratio_cmp(third, half) < 0);
	assert_true(vn_ratio_cmp(half, third) > 0);
	assert_int_equal(vn_ratio_cmp(half, (struct vn_ratio){ 2, 4 }), 0);
	assert_true(vn_ratio_cmp(large, (struct vn_ratio){ UINT64_MAX, 2 }) > 0);
	assert_true(vn_ratio_mul(third, half, &v));
	assert_true(v.num == 1 && v.den == 6);
	assert_true(vn_ratio_div(third, half, &v));
	assert_true(v.num == 2 && v.den == 3);
	assert_true(vn_ratio_div(large, large, &v));
	assert_true(v.num == 1 && v.den == 1);
	assert_false(vn_ratio_mul(large, (struct vn_ratio){ 2, 1 }, &v));
}

/* The message is cut, not the memory behind it. */
static void a_long_value_does_no_harm(void **state)
{
	char text[2000];
	struct vn_err err;
	uint64_t v;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(vn_parse_quantity("x", text, vn_units_time, 0, 1, &v, &err), -EINVAL);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void mac_addresses_are_six_pairs_of_hex_digits(void **state)
{
	static const char *const refused[] = {
		"", "0", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:01:",
		"02:00:00:00:00:01:02", "2:0:0:0:0:1", "02-00-00-00-00-01", "0g:00:00:00:00:01",
		"02:00:00:00:00:01 ", " 02:00:00:00:00:01", "020000000001", "02:00:00:00:00:-1",
	};
	static const unsigned char want[6] = { 0x02, 0xab, 0xcd, 0xef, 0x09, 0xff };
	unsigned char mac[6] = { 0 };
	unsigned int i;

	assert_int_equal(vn_parse_mac("02:ab:CD:eF:09:ff", mac), 0);
	assert_memory_equal(mac, want, sizeof(mac));
	for (i = 0; i < VN_ARRAY_SIZE(refused); i++) {
		assert_int_equal(vn_parse_mac(refused[i], mac), -EINVAL);
		assert_memory_equal(mac, want, sizeof(mac));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_mean_what_their_units_say),
		cmocka_unit_test(everything_else_is_refused_and_nothing_stored),
		cmocka_unit_test(both_ends_of_the_range_are_within),
		cmocka_unit_test(messages_name_thing_value_and_what_is_accepted),
		cmocka_unit_test(fractions_are_exact),
		cmocka_unit_test(frequencies_may_be_so_many_in_a_time),
		cmocka_unit_test(what_is_no_fraction_is_refused_and_nothing_stored),
		cmocka_unit_test(fractions_compare_and_divide),
		cmocka_unit_test(a_long_value_does_no_harm),
		cmocka_unit_test(mac_addresses_are_six_pairs_of_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void separators_are_passed_over(void **state)
{
	struct vn_ctl_scan s;

	vn_scan_init(&s, " \t\r\n\"=x", 7);
	vn_scan_skip(&s);
	assert_true(vn_scan_char(&s, 'x'));
	assert_true(vn_scan_is_end(&s));
	vn_scan_init(&s, "\v", 1);
	vn_scan_skip(&s);
	assert_false(vn_scan_is_end(&s));
}

static void words_end_at_separators_limits_and_the_end(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *word;
	} cases[] = {
		{ "count 5", 15, "count" }, { "count=5", 15, "count" }, { "count\n", 15, "count" },
		{ "count", 15, "count" },   { "counter", 5, "count" },	{ "", 15, "" },
		{ "\"x", 15, "" },	    { "a,b", 15, "a,b" },	{ "a\vb", 15, "a\vb" },
	};
	struct vn_ctl_scan s;
	char buf[16];
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		vn_scan_init(&s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(vn_scan_word(&s, buf, cases[i].max), strlen(cases[i].word));
		assert_string_equal(buf, cases[i].word);
	}
}

static void a_nul_ends_the_string_not_the_word(void **state)
{
	struct vn_ctl_scan s;
	char buf[16];

	vn_scan_init(&s, "count\0x 20", 10);
	assert_int_equal(vn_scan_word(&s, buf, 15), 7);
	assert_string_equal(buf, "count");
	vn_scan_skip(&s);
	assert_true(vn_scan_char(&s, '2'));
}

static void decimals_stop_at_other_characters_and_at_the_limit(void **state)
{
	static const struct {
		const char *text;
		unsigned int max, n;
		uint64_t value;
		char next; /* 0: the end */
	} cases[] = {
		{ "300M", 10, 3, 300, 'M' },
		{ "0x10", 10, 1, 0, 'x' },
		{ "-1", 10, 0, 0, '-' },
		{ "", 10, 0, 0, 0 },
		{ "12345", 4, 4, 1234, '5' },
		{ "12", 1, 1, 1, '2' },
		{ "9999999999", 10, 10, 9999999999, 0 },
		{ "00000000005", 10, 10, 0, '5' },
	};
	struct vn_ctl_scan s;
	uint64_t value;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		vn_scan_init(&s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(vn_scan_decimal(&s, cases[i].max, &value), cases[i].n);
		assert_int_equal(value, cases[i].value);
		assert_true(cases[i].next ? *s.at == cases[i].next : vn_scan_is_end(&s));
	}
}

static void hexadecimals_are_of_either_case_and_not_shifted(void **state)
{
	static const struct {
		const char *text;
		unsigned int max, n;
		uint64_t value;
	} cases[] = {
		{ "10", 8, 2, 0x10 },
		{ "aBcDeF01", 8, 8, 0xabcdef01 },
		{ "123456789", 8, 8, 0x12345678 },
		{ "fg", 2, 1, 0xf },
		{ "0x1", 8, 1, 0 },
		{ "", 2, 0, 0 },
	};
	struct vn_ctl_scan s;
	uint64_t value;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		vn_scan_init(&s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(vn_scan_hex(&s, cases[i].max, &value), cases[i].n);
		assert_int_equal(value, cases[i].value);
	}
}

static void nothing_is_read_past_the_end(void **state)
{
	char *exact = malloc(2); /* a sanitizer sees what lies behind */
	struct vn_ctl_scan s;
	uint64_t value;
	char buf[8];

	memcpy(exact, "42", 2);
	vn_scan_init(&s, exact, 2);
	assert_int_equal(vn_scan_decimal(&s, 10, &value), 2);
	vn_scan_skip(&s);
	assert_false(vn_scan_char(&s, ','));
	assert_int_equal(vn_scan_hex(&s, 8, &value), 0);
	assert_int_equal(vn_scan_word(&s, buf, 7), 0);
	free(exact);
}

static void ipv6_words_end_where_no_address_can_go_on(void **state)
{
	static const struct {
		const char *word;
		uint8_t last; /* byte of the address; 0: refused */
	} cases[] = {
		{ "fd00::1", 1 },
		{ "fd00::2/64", 2 },
		{ "fd00::3%eth0", 3 },
		{ "FD00::AB", 0xab },
		{ "::1.2.3.4", 4 },
		{ "1:2:3:4:5:6:7:8", 8 },
		{ "", 0 },
		{ "xyz", 0 },
		{ "10.0.0.1", 0 },
		{ "1:2:3:4:5:6:7", 0 },
		{ "1::2::3", 0 },
		{ "fd00::12345", 0 },
		{ "1:2:3:4:5:6:7:8:9", 0 },
		{ "fd00:1", 0 },
		{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", 0 },
	};
	struct in6_addr a;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		memset(&a, 0x77, sizeof(a));
		assert_int_equal(vn_scan_ipv6(cases[i].word, &a), cases[i].last != 0);
		assert_int_equal(a.s6_addr[15], cases[i].last ? cases[i].last : 0x77);
	}
}

static void macs_are_six_pairs_and_anything(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		"00:",
		"00:11:22:33:44:5",
		"00:11:22:33:44",
		"00-11-22-33-44-55",
		"001122334455",
		"0:1:2:3:4:5",
		":00:11:22:33:44:55",
		"g0:11:22:33:44:55",
	};
	uint8_t mac[6] = { 9, 9, 9, 9, 9, 9 };
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		assert_false(vn_scan_mac(bad[i], mac));
		assert_int_equal(mac[0], 9);
	}
	assert_true(vn_scan_mac("00:11:22:aA:fF:556", mac));
	assert_memory_equal(mac, "\x00\x11\x22\xaa\xff\x55", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(separators_are_passed_over),
		cmocka_unit_test(words_end_at_separators_limits_and_the_end),
		cmocka_unit_test(a_nul_ends_the_string_not_the_word),
		cmocka_unit_test(decimals_stop_at_other_characters_and_at_the_limit),
		cmocka_unit_test(hexadecimals_are_of_either_case_and_not_shifted),
		cmocka_unit_test(nothing_is_read_past_the_end),
		cmocka_unit_test(ipv6_words_end_where_no_address_can_go_on),
		cmocka_unit_test(macs_are_six_pairs_and_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

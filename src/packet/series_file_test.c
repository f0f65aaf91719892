/* SPDX-License-Identifier: BSD-2-Clause */
/* Series from files: lists and captures, and what is said of bad ones. */
#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/series.h"

#define ONE VN_SERIES_ONE
#define S   UINT64_C(1000000000)

static int make_file(void **state)
{
	char *path = strdup("/tmp/vernier-series-XXXXXX");
	int fd = path ? mkstemp(path) : -1;

	*state = path;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	int rc = unlink(*state);

	free(*state);
	return rc;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

struct packet {
	uint64_t ns;
	uint32_t len;
};

static void write_capture(const char *path, const struct packet *v, size_t n, u_int precision)
{
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 64, precision);
	pcap_dumper_t *dump = pcap_dump_open(pcap, path);
	uint8_t data[64] = { 0 };
	size_t i;

	assert_non_null(dump);
	for (i = 0; i < n; i++) {
		uint64_t part = v[i].ns % S;
		struct pcap_pkthdr h = { .caplen = VN_MIN(v[i].len, 64u), .len = v[i].len };

		h.ts.tv_sec = (time_t)(v[i].ns / S);
		h.ts.tv_usec =
			(suseconds_t)(precision == PCAP_TSTAMP_PRECISION_NANO ? part : part / 1000);
		pcap_dump((u_char *)dump, &h, data);
	}
	pcap_dump_close(dump);
	pcap_close(pcap);
}

/* "%s" in text becomes the path. */
static int parse(const char *path, enum vn_series_of of, const char *text, struct vn_series **s,
		 struct vn_err *err)
{
	char full[256];
	const char *at = strstr(text, "%s");

	err->text[0] = '\0';
	if (!at)
		return vn_series_parse(of, "--gap", text, s, err);
	snprintf(full, sizeof(full), "%.*s%s%s", (int)(at - text), text, path, at + 2);
	return vn_series_parse(of, "--gap", full, s, err);
}

/* Two rounds of want. */
static void expect(const char *path, enum vn_series_of of, const char *text, const uint64_t *want,
		   size_t n)
{
	struct vn_series *s;
	struct vn_err err;
	size_t i;

	if (parse(path, of, text, &s, &err) < 0)
		fail_msg("%s", err.text);
	for (i = 0; i < 2 * n; i++) {
		uint64_t v = vn_series_next(s);

		if (v != want[i % n])
			fail_msg("%s: value %zu is %ju", text, i, (uintmax_t)v);
	}
	vn_series_next(s);
	vn_series_seed(s, 1, 2);
	assert_int_equal(vn_series_next(s), want[0]); /* from the beginning again */
	vn_series_free(s);
}

static void expect_refused(const char *path, enum vn_series_of of, const char *text, int code,
			   const char *message)
{
	struct vn_series *s;
	struct vn_err err;
	int rc = parse(path, of, text, &s, &err);

	if (rc != code || !strstr(err.text, message) || strncmp(err.text, "--gap: ", 7) != 0)
		fail_msg("%s gives %d, %s", text, rc, err.text);
	assert_null(s);
}

static void a_list_is_gone_through_over_and_over(void **state)
{
	const char *path = *state;
	static const uint64_t want[] = { 1000 * ONE,  250 * ONE, 3 * ONE / 2,
					 10000 * ONE, 0,	 7200 * S * ONE };
	static const uint64_t clipped[] = { 1000 * ONE, 250 * ONE, 2 * ONE,
					    5000 * ONE, 2 * ONE,   5000 * ONE };

	write_text(path, "# gaps\n1us\n\n  250 # ns\r\n1.5ns\n\t100kpps\n0\n2h");
	expect(path, VN_SERIES_GAPS, "list(%s)", want, VN_ARRAY_SIZE(want));
	expect(path, VN_SERIES_GAPS, "list( \"%s\" )", want, VN_ARRAY_SIZE(want));
	expect(path, VN_SERIES_GAPS, "clip(list( %s ), 2, 5us)", clipped, VN_ARRAY_SIZE(want));
}

static void lists_of_sizes_and_lengths_are_whole(void **state)
{
	const char *path = *state;
	static const uint64_t sizes[] = { 64 * ONE, 1024 * ONE },
			      lengths[] = { 64 * ONE, 2000 * ONE };

	write_text(path, "64\n1KiB\n");
	expect(path, VN_SERIES_SIZES, "list(%s)", sizes, 2);
	expect_refused(path, VN_SERIES_LENGTHS, "list(%s)", -EINVAL,
		       ":2: '1KiB' is not a count (number, or one with k, M or G)");
	write_text(path, "64\n2k\n");
	expect(path, VN_SERIES_LENGTHS, "list(%s)", lengths, 2);
	write_text(path, "64.5\n");
	expect_refused(path, VN_SERIES_SIZES, "list(%s)", -EINVAL,
		       ":1: '64.5' is no whole number of bytes");
}

/* Kept in four bytes each or in eight: these need all bits, and more than 32. */
static void values_are_kept_exactly(void **state)
{
	const char *path = *state;
	static const uint64_t want[] = { ONE + 1, UINT64_C(140737488355327) * ONE };

	write_text(path, "1.00002\n140737488355327\n");
	expect(path, VN_SERIES_GAPS, "list(%s)", want, 2);
}

static void the_mean_of_a_list_is_known(void **state)
{
	const char *path = *state;
	struct vn_series *s;
	struct vn_err err;
	double mean;

	write_text(path, "1\n2\n6\n");
	assert_int_equal(parse(path, VN_SERIES_GAPS, "list(%s) + 1", &s, &err), 0);
	assert_true(vn_series_mean(s, &mean));
	assert_true(mean == 4);
	assert_int_equal(vn_series_least(s), 2 * ONE);
	assert_int_equal(vn_series_greatest(s), 7 * ONE);
	vn_series_free(s);
	assert_int_equal(parse(path, VN_SERIES_GAPS, "onoff(0, list(%s), 3us)", &s, &err), 0);
	assert_true(vn_series_mean(s, &mean));
	assert_true(mean == 1000);
	vn_series_free(s);
}

static void bad_lists_are_refused_by_line(void **state)
{
	const char *path = *state;
	char text[400];

	write_text(path, "1us\n# x\n10xs\n");
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -EINVAL, ":3: '10xs' is not a time");
	write_text(path, "1us\n2us 3us\n");
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -EINVAL, ":2: '2us 3us' is not a time");
	write_text(path, "40h\n");
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -ERANGE, ":1: '40h' is out of range");
	write_text(path, "# nothing\n\n");
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -EINVAL, ": has no values (one a line)");
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_text(path, text);
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -EINVAL,
		       ":1: is no line of text of at most 254 bytes");
	expect_refused(path, VN_SERIES_GAPS, "list(/no/such)", -ENOENT,
		       "list(/no/such): /no/such: No such file or directory");
	expect_refused(path, VN_SERIES_GAPS, "list(/)", -EISDIR, "list(/): /: Is a directory");
	expect_refused(path, VN_SERIES_GAPS, "list(/dev/zero)", -EINVAL,
		       "/dev/zero:1: is no line of text");
	expect_refused(path, VN_SERIES_GAPS, "list(%s, 2)", -EINVAL, "list is written list(FILE)");
}

static void a_list_has_a_longest(void **state)
{
	const char *path = *state;
	FILE *f = fopen(path, "w");
	int i;

	assert_non_null(f);
	for (i = 0; i < 10000001; i++)
		fputs("1\n", f);
	assert_int_equal(fclose(f), 0);
	expect_refused(path, VN_SERIES_GAPS, "list(%s)", -E2BIG, ": more than 10000000 values");
}

/* The last gap, to the next round, is the mean of the others. */
static void a_capture_gives_its_gaps(void **state)
{
	const char *path = *state;
	static const struct packet v[] = {
		{ 5 * S, 60 },
		{ 5 * S + 1000, 1514 },
		{ 6 * S - 1, 64 },
		{ 6 * S + 1, 9000 },
	};
	static const uint64_t want[] = { 1000 * ONE, (S - 1001) * ONE, 2 * ONE, (S + 1) * ONE / 3 };
	static const uint64_t micro[] = { 1000 * ONE, 999998 * 1000 * ONE, 1000 * ONE,
					  S * ONE / 3 };
	static const uint64_t sizes[] = { 60 * ONE, 1514 * ONE, 64 * ONE, 9000 * ONE };

	write_capture(path, v, 4, PCAP_TSTAMP_PRECISION_NANO);
	expect(path, VN_SERIES_GAPS, "pcap(%s)", want, 4);
	expect(path, VN_SERIES_SIZES, "pcap(%s)", sizes, 4);
	write_capture(path, v, 4, PCAP_TSTAMP_PRECISION_MICRO);
	expect(path, VN_SERIES_GAPS, "pcap(\"%s\")", micro, 4);
}

/* Places are scaled, not gaps: thirds of 1/65536 ns add up again. */
static void gaps_of_a_capture_are_scaled_without_drift(void **state)
{
	const char *path = *state;
	static const struct packet v[] = { { S, 60 }, { S + 1, 60 }, { S + 2, 60 }, { S + 3, 60 } };
	static const uint64_t doubled[] = { 2 * ONE, 2 * ONE, 2 * ONE, 2 * ONE };
	static const uint64_t thirds[] = { 21845, 21845, 21845, 21845 };
	static const uint64_t sevenths[] = { 9362, 9362, 9362, 9362 };
	static const uint64_t some[] = { 65, 66, 65, 65 }; /* 65.536 each */

	write_capture(path, v, 4, PCAP_TSTAMP_PRECISION_NANO);
	expect(path, VN_SERIES_GAPS, "pcap(%s, scale, 2)", doubled, 4);
	expect(path, VN_SERIES_GAPS, "pcap(%s,scale,0.33333)", thirds, 4);
	expect(path, VN_SERIES_GAPS, "pcap(%s, scale, 0.142857)", sevenths, 4);
	expect(path, VN_SERIES_GAPS, "pcap(%s, scale, 0.001)", some, 4);
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s, scale, 100000000000000)", -ERANGE,
		       ": is longer than 39 hours");
}

static void gaps_of_a_capture_may_be_one_value(void **state)
{
	const char *path = *state;
	static const struct packet v[] = { { S, 60 }, { S + 1, 60 }, { S + 9, 60 } };
	struct vn_series *s;
	struct vn_err err;
	uint64_t value;

	write_capture(path, v, 3, PCAP_TSTAMP_PRECISION_NANO);
	assert_int_equal(parse(path, VN_SERIES_GAPS, "pcap(%s, fixed, 10us)", &s, &err), 0);
	assert_true(vn_series_is_constant(s, &value));
	assert_int_equal(value, 10000 * ONE);
	vn_series_free(s);
}

/* What was stamped early leaves with the one before it, and the whole is as long. */
static void packets_out_of_order_leave_together(void **state)
{
	const char *path = *state;
	static const struct packet v[] = {
		{ S, 60 },
		{ S + 100, 60 },
		{ S + 90, 60 },
		{ S + 300, 60 },
	};
	static const struct packet back[] = { { 5 * S, 60 }, { 6 * S, 60 }, { 5 * S - 1, 60 } };
	static const uint64_t want[] = { 100 * ONE, 0, 200 * ONE, 100 * ONE };

	write_capture(path, v, 4, PCAP_TSTAMP_PRECISION_NANO);
	expect(path, VN_SERIES_GAPS, "pcap(%s)", want, 4);
	write_capture(path, back, 3, PCAP_TSTAMP_PRECISION_NANO);
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s)", -EINVAL,
		       ": packet 3 is stamped more than 1 s before one in front of it");
}

static void bad_captures_are_refused(void **state)
{
	const char *path = *state;
	static const struct packet one = { S, 60 };

	expect_refused(path, VN_SERIES_LENGTHS, "pcap(%s)", -EINVAL,
		       ": a capture gives gaps and sizes, no lengths of flows");
	write_text(path, "no capture, but as long as the header of one");
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s)", -EINVAL, path);
	expect_refused(path, VN_SERIES_GAPS, "pcap(/no/such)", -ENOENT,
		       "No such file or directory");
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s, twice, 2)", -EINVAL,
		       ": 'twice' is not accepted (scale, X or fixed, GAP)");
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s, scale)", -EINVAL,
		       "pcap is written pcap(FILE[, scale, X | , fixed, GAP])");
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s, scale, 0)", -EINVAL,
		       ": X '0' is not a decimal number above 0 (0.5, 2)");
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s, fixed, x)", -EINVAL, ": 'x' is not a time");
	expect_refused(path, VN_SERIES_SIZES, "pcap(%s, scale, 2)", -EINVAL,
		       ": 'scale' is of gaps, not of sizes");
	write_capture(path, &one, 1, PCAP_TSTAMP_PRECISION_NANO);
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s)", -EINVAL,
		       ": has 1 packets (gaps are between 2 or more)");
	write_capture(path, NULL, 0, PCAP_TSTAMP_PRECISION_NANO);
	expect_refused(path, VN_SERIES_SIZES, "pcap(%s)", -EINVAL,
		       ": has 0 packets (at least 1 is needed)");
}

static void a_capture_that_is_cut_is_refused(void **state)
{
	const char *path = *state;
	static const struct packet v[] = { { S, 60 }, { S + 1, 60 }, { S + 9, 60 } };

	write_capture(path, v, 3, PCAP_TSTAMP_PRECISION_NANO);
	assert_int_equal(truncate(path, 24 + 3 * 16 + 2 * 60 + 10), 0);
	expect_refused(path, VN_SERIES_GAPS, "pcap(%s)", -EINVAL, "truncated");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_gone_through_over_and_over),
		cmocka_unit_test(lists_of_sizes_and_lengths_are_whole),
		cmocka_unit_test(values_are_kept_exactly),
		cmocka_unit_test(the_mean_of_a_list_is_known),
		cmocka_unit_test(bad_lists_are_refused_by_line),
		cmocka_unit_test(a_list_has_a_longest),
		cmocka_unit_test(a_capture_gives_its_gaps),
		cmocka_unit_test(gaps_of_a_capture_are_scaled_without_drift),
		cmocka_unit_test(gaps_of_a_capture_may_be_one_value),
		cmocka_unit_test(packets_out_of_order_leave_together),
		cmocka_unit_test(bad_captures_are_refused),
		cmocka_unit_test(a_capture_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the command line and of files: what is one, and what is said of others. */
#include "numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

static void numbers_are_digits_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int rc;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "007", 0, 10, 0, 7 },
		{ "9223372036854775807", 1, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", 1, INT64_MAX, -ERANGE, 0 },
		{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "99999999999999999999999999999999999999999999999999", 0, 5, -ERANGE, 0 },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "0", 1, 10, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ "-1", 0, 10, -EINVAL, 0 },
		{ " 1", 0, 10, -EINVAL, 0 },
		{ "1 ", 0, 10, -EINVAL, 0 },
		{ "1.0", 0, 10, -EINVAL, 0 },
		{ "1e0", 0, 10, -EINVAL, 0 },
		{ "0x1", 0, 10, -EINVAL, 0 },
		{ "1k", 0, 10000, -EINVAL, 0 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };
		uint64_t value = 0;
		int rc = caliper_number("-x", cases[i].text, cases[i].min, cases[i].max, &value,
					&err);

		if (rc != cases[i].rc || value != cases[i].value)
			fail_msg("\"%s\": %d, %llu (%s)", cases[i].text, rc,
				 (unsigned long long)value, err.text);
		assert_int_equal(!rc, !err.text[0]);
	}
}

/* A file of these bytes; its path lasts until the next one. */
static const char *file_of(const void *bytes, size_t len)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof(path), "numbers.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	return path;
}

static int read_text(const char *text, uint64_t min, uint64_t max, struct caliper_numbers *n,
		     struct vn_err *err)
{
	const char *path = file_of(text, strlen(text));
	int rc = caliper_numbers_read(path, min, max, n, err);

	unlink(path);
	return rc;
}

static void numbers_of_a_file_are_between_white_space(void **state)
{
	static const uint64_t want[] = { 1, 22, 333, 0, 4444, 5, 6 };
	struct caliper_numbers n;
	struct vn_err err = { "" };

	assert_int_equal(read_text("\n 1\t22\r\n333 0\v4444\f5\n\n6", 0, 5000, &n, &err), 0);
	assert_int_equal(n.n, VN_ARRAY_SIZE(want));
	assert_memory_equal(n.v, want, sizeof(want));
	caliper_numbers_fini(&n);
}

static void mistakes_in_a_file_are_named(void **state)
{
	static const struct {
		const char *text, *says;
		int rc;
	} cases[] = {
		{ "", ": is empty", -EINVAL },
		{ " \n\t\n", ": is empty", -EINVAL },
		{ "1 2\n3 4x 5\n", ":2: '4x' is not a number (only decimal digits, 1 to 100)",
		  -EINVAL },
		{ "1\n2\n\n-3", ":4: '-3' is not a number", -EINVAL },
		{ "1 101", ":1: '101' is out of range (1 to 100)", -ERANGE },
		{ "0", ":1: '0' is out of range", -ERANGE },
		{ "5 18446744073709551617", ":1: '18446744073709551617' is out of range", -ERANGE },
		{ "1,2", ":1: '1,2' is not a number", -EINVAL },
		{ "\xff\x01",
		  ":1: '?"
		  "?' is not a number",
		  -EINVAL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  ":1: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is", -EINVAL },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct caliper_numbers n = { 0 };
		struct vn_err err = { "" };
		int rc = read_text(cases[i].text, 1, 100, &n, &err);

		if (rc != cases[i].rc || strncmp(err.text, "numbers.", 8) ||
		    !strstr(err.text, cases[i].says))
			fail_msg("\"%s\": %d, \"%s\"", cases[i].text, rc, err.text);
		assert_null(n.v);
	}
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct caliper_numbers n;
	struct vn_err err = { "" };

	assert_int_equal(caliper_numbers_read("no/such", 0, 1, &n, &err), -ENOENT);
	assert_string_equal(err.text, "no/such: cannot be opened (No such file or directory)");
	assert_int_equal(caliper_numbers_read("/", 0, 1, &n, &err), -EISDIR);
	assert_string_equal(err.text, "/: cannot be read (Is a directory)");
	assert_int_equal(caliper_numbers_read("/dev/zero", 0, 1, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/dev/zero:1: '???"));
}

/* Longer than what is read at once, so that numbers lie on its edges. */
static void ten_million_numbers_load(void **state)
{
	const size_t count = 10000000;
	struct caliper_numbers n;
	struct vn_err err = { "" };
	char path[] = "numbers.XXXXXX";
	int fd = mkstemp(path);
	FILE *f;

	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%zu%c", i * 7919, i % 10 ? ' ' : '\n');
	fclose(f);
	assert_int_equal(caliper_numbers_read(path, 0, UINT64_C(1) << 50, &n, &err), 0);
	unlink(path);
	assert_int_equal(n.n, count);
	for (size_t i = 0; i < count; i++)
		if (n.v[i] != i * 7919)
			fail_msg("number %zu is %llu", i, (unsigned long long)n.v[i]);
	caliper_numbers_fini(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_only),
		cmocka_unit_test(numbers_of_a_file_are_between_white_space),
		cmocka_unit_test(mistakes_in_a_file_are_named),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(ten_million_numbers_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

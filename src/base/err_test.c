/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void a_short_text_is_as_it_was_given(void **state)
{
	struct vn_err err;

	assert_int_equal(vn_err_set(&err, ENOENT, "%s: no %d", "eth0", 5), -ENOENT);
	assert_string_equal(err.text, "eth0: no 5");
	assert_int_equal(vn_err_set(NULL, ENOENT, "x"), -ENOENT);
}

static void a_long_text_keeps_its_beginning_and_its_end(void **state)
{
	const size_t most = sizeof(((struct vn_err *)0)->text) - 1;
	char value[2 * sizeof(struct vn_err)];

	for (size_t n = most - 40; n < sizeof(value); n++) {
		struct vn_err err, hinted;
		size_t len = n + strlen("-n: '' is not a number");

		memset(value, '1', n);
		value[n] = '\0';
		vn_err_set(&err, EINVAL, "-n: '%s' is not a number", value);
		assert_int_equal(strlen(err.text), len < most ? len : most);
		assert_int_equal(strstr(err.text, "1...1") != NULL, len > most);
		vn_err_set(&hinted, EINVAL, "%s (-h says more)", err.text);
		assert_ptr_equal(strstr(hinted.text, "-n: '111"), hinted.text);
		assert_non_null(strstr(hinted.text, "1' is not a number (-h says more)"));
	}
}

static void a_text_is_one_line(void **state)
{
	struct vn_err err;

	vn_err_set(&err, EINVAL, "'%s' is no\tnumber", "1\n\x1b[2J\x7f\xc3\xa4");
	assert_string_equal(err.text, "'1??[2J?\xc3\xa4' is no?number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_text_is_as_it_was_given),
		cmocka_unit_test(a_long_text_keeps_its_beginning_and_its_end),
		cmocka_unit_test(a_text_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

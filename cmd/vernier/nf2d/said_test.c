/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a pipe: which are given on, when, and which is kept back. */
#include "said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	int ends[2];
	struct nf2d_said said;
	char text[4 * NF2D_SAID_LINE]; /* what was given on; for others behind the finish */
};

static void hear(void *arg, const char *line)
{
	struct fixture *f = arg;
	size_t len = strlen(f->text);

	snprintf(f->text + len, sizeof(f->text) - len, "%s|", line);
}

static void start(struct fixture *f)
{
	struct vn_err err;

	memset(f, 0, sizeof(*f));
	assert_int_equal(pipe(f->ends), 0);
	assert_int_equal(nf2d_said_start(&f->said, f->ends[0], hear, f, &err), 0);
}

static void print(struct fixture *f, const char *text)
{
	assert_int_equal(write(f->ends[1], text, strlen(text)), strlen(text));
}

static const char *finish(struct fixture *f)
{
	const char *kept;

	close(f->ends[1]);
	kept = nf2d_said_finish(&f->said);
	close(f->ends[0]);
	return kept;
}

static void the_last_line_is_kept_back(void **state)
{
	struct fixture f;

	start(&f);
	print(&f, "one\ntw");
	print(&f, "o\n\nthree");
	assert_string_equal(finish(&f), "three");
	assert_string_equal(f.text, "one|two|");
}

static void later_on_none_is(void **state)
{
	struct fixture f;

	start(&f);
	print(&f, "one\n");
	nf2d_said_go_on(&f.said);
	print(&f, "two\nthree\n");
	assert_string_equal(finish(&f), "");
	assert_string_equal(f.text, "one|two|three|");
}

static void of_a_long_line_the_beginning(void **state)
{
	char text[3 * NF2D_SAID_LINE];
	struct fixture f;

	memset(text, 'x', sizeof(text));
	snprintf(text + sizeof(text) - 8, 8, "\nshort\n");
	start(&f);
	print(&f, text);
	assert_string_equal(finish(&f), "short");
	assert_int_equal(strspn(f.text, "x"), NF2D_SAID_LINE - 1);
	assert_string_equal(f.text + NF2D_SAID_LINE - 1, "|");
}

static void nothing_is_nothing(void **state)
{
	struct nf2d_said said = { .fd = -1 };
	struct fixture f;

	nf2d_said_go_on(&said);
	assert_string_equal(nf2d_said_finish(&said), "");
	start(&f);
	assert_string_equal(finish(&f), "");
	assert_string_equal(f.text, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_line_is_kept_back),
		cmocka_unit_test(later_on_none_is),
		cmocka_unit_test(of_a_long_line_the_beginning),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

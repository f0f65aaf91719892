/* SPDX-License-Identifier: BSD-2-Clause */
/* Option tables: what is stored, what is refused and how it is said. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/param.h"

struct values {
	const char *text;
	uint64_t time_ns, count;
	bool is_set;
	char calls[128]; /* what `call` and `param` were told, in order */
};

static int note(struct values *v, const char *name, const char *value)
{
	size_t len = strlen(v->calls);

	snprintf(v->calls + len, sizeof(v->calls) - len, "%s=%s;", name, value ? value : "");
	return 0;
}

static int take_call(void *dest, const char *value, struct vn_err *err)
{
	if (!strcmp(value, "bad"))
		return vn_err_set(err, EINVAL, "bad is bad");
	return note(dest, "call", value);
}

static int take_param(void *dest, const struct vn_param *p, const char *value, struct vn_err *err)
{
	return note(dest, p->name, value);
}

#define OFF(member) offsetof(struct values, member)

static const struct vn_option rows[] = {
	{ .name = "text", .letter = 't', .metavar = "WORD", .offset = OFF(text),
	  .help = "a word" },
	{ .name = "the-time", .metavar = "TIME", .offset = OFF(time_ns),
	  .def = "1.5s", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "a time" },
	{ .name = "number", .metavar = "N", .offset = OFF(count),
	  .def = "3", .units = vn_units_count, .min = 1, .max = 1000,
	  .help = "a number" },
	{ .name = "set", .letter = 's', .offset = OFF(is_set),
	  .help = "a flag" },
	{ .name = "call", .metavar = "X", .call = take_call,
	  .help = "in order" },
};

static const struct vn_options spec = {
	.command = "try",
	.args = "[ONE]",
	.summary = "Tries.",
	.examples = "  vernier try --set\n",
	.rows = rows,
	.n_rows = VN_ARRAY_SIZE(rows),
	.args_max = 1,
	.param = take_param,
};

/* The same with names of one dash, and a letter h of its own. */
static const struct vn_option dash_rows[] = {
	{ .name = "text", .letter = 't', .metavar = "WORD", .offset = OFF(text), .help = "a word" },
	{ .name = "number", .metavar = "N", .offset = OFF(count), .def = "3",
	  .units = vn_units_count, .min = 1, .max = 1000, .help = "a number" },
	{ .name = "set", .letter = 'h', .offset = OFF(is_set), .help = "a flag" },
};

static const struct vn_options dash_spec = {
	.command = "try",
	.args = "[ONE]",
	.summary = "Tries.",
	.examples = "",
	.rows = dash_rows,
	.n_rows = VN_ARRAY_SIZE(dash_rows),
	.args_max = 1,
	.single_dash = true,
};

/* line is cut at blanks; the result's texts point into it. */
static int parse_by(const struct vn_options *by, char *line, struct values *v, char **arg,
		    struct vn_err *err)
{
	static char *argv[16];
	int argc = 0, first, rc;
	char *at = NULL;

	for (char *word = strtok_r(line, " ", &at); word; word = strtok_r(NULL, " ", &at))
		argv[argc++] = word;
	argv[argc] = NULL;
	*v = (struct values){ 0 };
	err->text[0] = '\0';
	rc = vn_options_parse(by, v, argc, argv, &first, err);
	*arg = argv[first];
	return rc;
}

static int parse(char *line, struct values *v, char **arg, struct vn_err *err)
{
	return parse_by(&spec, line, v, arg, err);
}

static void defaults_are_stored(void **state)
{
	char line[] = "try";
	struct values v;
	struct vn_err err;
	char *arg;

	assert_int_equal(parse(line, &v, &arg, &err), 0);
	assert_int_equal(v.time_ns, 1500000000);
	assert_int_equal(v.count, 3);
	assert_null(v.text);
	assert_false(v.is_set);
	assert_null(arg);
}

static void values_are_stored_wherever_they_stand(void **state)
{
	char line[] = "try --text hello one --the_time=20ms --set --number 1k";
	struct values v;
	struct vn_err err;
	char *arg;

	assert_int_equal(parse(line, &v, &arg, &err), 0);
	assert_string_equal(v.text, "hello");
	assert_int_equal(v.time_ns, 20000000);
	assert_int_equal(v.count, 1000);
	assert_true(v.is_set);
	assert_string_equal(arg, "one");
}

static void letters_stand_for_their_options(void **state)
{
	char line[] = "try -thello -s one";
	struct values v;
	struct vn_err err;
	char *arg;

	assert_int_equal(parse(line, &v, &arg, &err), 0);
	assert_string_equal(v.text, "hello");
	assert_true(v.is_set);
	assert_string_equal(arg, "one");
}

static void calls_and_params_come_in_order_in_both_spellings(void **state)
{
	char line[] = "try --pkt-size 60 --call a --pkt_size 61 --call b --count 7";
	struct values v;
	struct vn_err err;
	char *arg;

	assert_int_equal(parse(line, &v, &arg, &err), 0);
	assert_string_equal(v.calls, "pkt_size=60;call=a;pkt_size=61;call=b;count=7;");
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *line;
		int rc;
		const char *part; /* of the message */
	} cases[] = {
		{ "try --nonsense 3", -EINVAL, "--nonsense" },
		{ "try --nonsense=3", -EINVAL, "option --nonsense (" },
		{ "try -x", -EINVAL, "-x" },
		{ "try --text", -EINVAL, "--text needs a value" },
		{ "try -t", -EINVAL, "-t needs a value" },
		{ "try --set=1", -EINVAL, "--set takes no value" },
		{ "try one two", -EINVAL, "\"two\"" },
		{ "try --number 1001", -ERANGE, "--number" },
		{ "try --the-time soon", -EINVAL, "soon" },
		{ "try --call bad", -EINVAL, "bad is bad" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct values v;
		struct vn_err err;
		char line[64], *arg;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(parse(line, &v, &arg, &err), cases[i].rc);
		if (!strstr(err.text, cases[i].part))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].line, err.text,
				 cases[i].part);
	}
}

static void names_may_have_one_dash(void **state)
{
	static const struct {
		const char *line, *text;
		uint64_t count;
		bool is_set;
	} cases[] = {
		{ "try -text a -number 5 -set", "a", 5, true },
		{ "try --text a --number 5 --set", "a", 5, true },
		{ "try one -text=a -number=5", "a", 5, false },
		{ "try -t a -h", "a", 3, true }, /* letters */
		{ "try -tb", "b", 3, false },
		{ "try -numb 7", NULL, 7, false }, /* abbreviated */
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct values v;
		struct vn_err err;
		char line[64], *arg;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		if (parse_by(&dash_spec, line, &v, &arg, &err))
			fail_msg("%s: %s", cases[i].line, err.text);
		assert_true(cases[i].text ? v.text && !strcmp(v.text, cases[i].text) : !v.text);
		assert_int_equal(v.count, cases[i].count);
		assert_int_equal(v.is_set, cases[i].is_set);
	}
}

static void mistakes_with_one_dash_are_named(void **state)
{
	static const struct {
		const char *line;
		int rc;
		const char *part; /* of the message */
	} cases[] = {
		{ "try -nonsense 3", -EINVAL, "option -nonsense (" },
		{ "try -x", -EINVAL, "option -x (" },
		{ "try -text", -EINVAL, "-text needs a value" },
		{ "try -set=1", -EINVAL, "-set takes no value" },
		{ "try -number 1001", -ERANGE, "-number: " },
		{ "try --number 1001", -ERANGE, "-number: " },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct values v;
		struct vn_err err;
		char line[64], *arg;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(parse_by(&dash_spec, line, &v, &arg, &err), cases[i].rc);
		if (!strstr(err.text, cases[i].part))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].line, err.text,
				 cases[i].part);
	}
}

static void options_may_be_wanted_once(void **state)
{
	static const struct {
		const char *line;
		const char *text; /* of the message; NULL: accepted */
	} cases[] = {
		{ "try -t a -s --number 5", NULL },
		{ "try -t a --text b", "-t is given twice" },
		{ "try -s -s", "-s is given twice" },
		{ "try --number 5 --numb=6", "--number is given twice" },
		{ "try --the-time 1 --the_time 1", "--the-time is given twice" },
	};
	struct vn_options once = spec;

	once.once = true;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct values v;
		struct vn_err err;
		char line[64], *arg;
		int rc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		rc = parse_by(&once, line, &v, &arg, &err);
		assert_int_equal(rc, cases[i].text ? -EINVAL : 0);
		assert_string_equal(err.text, cases[i].text ? cases[i].text : "");
		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(parse(line, &v, &arg, &err), 0); /* elsewhere the last counts */
	}
}

/* Text that fn prints, to be freed. */
static char *printed(void (*fn)(FILE *out, const struct values *v), const struct values *v)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fn(out, v);
	fclose(out);
	return text;
}

static void print_help(FILE *out, const struct values *v)
{
	vn_options_help(&spec, out);
}

static void print_settings(FILE *out, const struct values *v)
{
	vn_options_show(&spec, v, out);
}

static void help_has_every_row_and_its_default(void **state)
{
	char *text = printed(print_help, NULL);

	assert_non_null(strstr(text, "Usage: vernier try [ONE] [options]"));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++)
		assert_non_null(strstr(text, rows[i].name));
	assert_non_null(strstr(text, "--the-time TIME               a time (default 1.5s)\n"));
	assert_non_null(strstr(text, "vernier try --set"));
	free(text);
}

static void print_dash_help(FILE *out, const struct values *v)
{
	vn_options_help(&dash_spec, out);
}

static void help_spells_names_with_one_dash(void **state)
{
	char *text = printed(print_dash_help, NULL);

	assert_non_null(strstr(text, "\n  -t, -text WORD                a word\n"));
	assert_non_null(strstr(text, "\n  -number N                     a number (default 3)\n"));
	assert_non_null(strstr(text, "\n  -help                         print this and exit\n"));
	free(text);
}

static void settings_can_be_typed_again(void **state)
{
	const struct values v = { .text = "x", .time_ns = 1500, .count = 2, .is_set = true };
	char *text = printed(print_settings, &v);

	assert_string_equal(text, "text=x\nthe-time=1500ns\nnumber=2\nset=1\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_stored),
		cmocka_unit_test(values_are_stored_wherever_they_stand),
		cmocka_unit_test(letters_stand_for_their_options),
		cmocka_unit_test(calls_and_params_come_in_order_in_both_spellings),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(names_may_have_one_dash),
		cmocka_unit_test(mistakes_with_one_dash_are_named),
		cmocka_unit_test(options_may_be_wanted_once),
		cmocka_unit_test(help_has_every_row_and_its_default),
		cmocka_unit_test(help_spells_names_with_one_dash),
		cmocka_unit_test(settings_can_be_typed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

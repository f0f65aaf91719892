/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: what goes with what, what values may be, and what is said. */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define UDP  "-d 1000 -i 192.0.2.2 "
#define CARD UDP "-N -m 02:00:00:00:00:02 "

/* The words of the line behind the command's name; texts of s point into it. */
static int parse(char *line, struct caliper_settings *s, struct vn_err *err)
{
	static char *argv[40];
	int argc = 0;
	char *at = NULL;

	argv[argc++] = (char *)"caliper";
	for (char *word = strtok_r(line, " ", &at); word; word = strtok_r(NULL, " ", &at))
		argv[argc++] = word;
	argv[argc] = NULL;
	err->text[0] = '\0';
	return caliper_settings_parse(s, argc, argv, err);
}

static void expect(const char *words, int rc, const char *says)
{
	struct caliper_settings s;
	struct vn_err err;
	char line[400];
	int got;

	snprintf(line, sizeof(line), "%s", words);
	got = parse(line, &s, &err);
	if (got != rc || !strstr(err.text, says) || !says[0] != !err.text[0])
		fail_msg("%s: %d, \"%s\", expected %d, \"%s\"", words, got, err.text, rc, says);
	caliper_settings_fini(&s);
}

static void options_that_exclude_each_other_are_refused(void **state)
{
	static const struct {
		const char *words, *says;
	} cases[] = {
		{ UDP "-n 1 -t 1", "-n 1 and -t 1: only one of them can be" },
		{ UDP "-D gaps", "-d 1000 and -D gaps: only one of them can be" },
		{ "-i 192.0.2.2 -n 5", "no delays: -d DELAY or -D FILE" },
		{ UDP "-l 5 -L sizes", "-l 5 and -L sizes: only one of them can be" },
		{ "-d 1000 -n 5", "no destination: -i DST_IP" },
		{ UDP "-N", "-N needs -m DST_MAC" },
		{ "-i 192.0.2.2 -D - -L -", "-D - and -L -: standard input" },
		{ UDP "--cosim app", "--cosim app: needs -N" },
		{ CARD "--pcap out", "--pcap out: needs -N --cosim APP.elf" },
		{ CARD "--cosim app --pcap - --stats -", "--pcap - and --stats -" },
		{ UDP "-n 1 -n 1", "-n is given twice" },
		{ UDP "-N -N", "-N is given twice" },
		{ UDP "--sport 5 --sport 5", "--sport is given twice" },
		{ UDP "-d 5", "-d is given twice" },
		{ UDP "-x", "unknown option -x" },
		{ UDP "--nonsense", "option --nonsense" },
		{ UDP "stray", "\"stray\"" },
		{ UDP "-n", "-n needs a value" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++)
		expect(cases[i].words, -EINVAL, cases[i].says);
}

static void values_are_checked(void **state)
{
	static const struct {
		const char *words;
		int rc;
		const char *says;
	} cases[] = {
		{ UDP "-n 0", -ERANGE, "-n: '0' is out of range (1 to 9223372036854775807)" },
		{ UDP "-n 9223372036854775807", 0, "" },
		{ UDP "-n 9223372036854775808", -ERANGE, "-n: '9223372036854775808'" },
		{ UDP "-n +5", -EINVAL, "-n: '+5' is not a number" },
		{ UDP "-n 0x10", -EINVAL, "-n: '0x10' is not a number" },
		{ UDP "-n 5k", -EINVAL, "-n: '5k' is not a number" },
		{ UDP "-n 1.0", -EINVAL, "-n: '1.0' is not a number" },
		{ UDP "-t 0", -ERANGE, "-t" },
		{ UDP "-t -1", -EINVAL, "-t" },
		{ UDP "-t 1h", -EINVAL, "-t" },
		{ UDP "-t 0.000", -ERANGE, "-t: 0.000 is out of range" },
		{ UDP "-t 9223372036.854775808", -ERANGE, "-t" },
		{ UDP "-t 9223372036.854775807", 0, "" },
		{ UDP "-t 1.5", 0, "" },
		{ "-i 192.0.2.2 -d 1000000000000000", 0, "" },
		{ "-i 192.0.2.2 -d 1000000000000001", -ERANGE, "-d: '1000000000000001'" },
		{ "-i 192.0.2.2 -d -1", -EINVAL, "-d: '-1' is not a number" },
		{ "-i 192.0.2.2 -d 0", 0, "" },
		{ UDP "-l 1472", 0, "" },
		{ UDP "-l 1473", -ERANGE, "-l: '1473' is out of range (0 to 1472)" },
		{ UDP "-l 0", 0, "" },
		{ UDP "-l 15 --stamp", -ERANGE, "-l with --stamp: '15' is out of range (16 to" },
		{ UDP "-l 16 --stamp", 0, "" },
		{ UDP "--stamp", 0, "" },
		{ "-d 1 -i 1.2.3", -EINVAL, "-i: '1.2.3' is no IPv4 address" },
		{ "-d 1 -i 1.2.3.4.5", -EINVAL, "-i: '1.2.3.4.5'" },
		{ "-d 1 -i 1.2.3.256", -EINVAL, "-i: '1.2.3.256'" },
		{ "-d 1 -i host", -EINVAL, "-i: 'host'" },
		{ "-d 1 -i ::1", -EINVAL, "-i: '::1'" },
		{ CARD "-I 1.2.3", -EINVAL, "-I: '1.2.3'" },
		{ CARD "-I 1.2.3.4", 0, "" },
		{ UDP "-N -m 02:00:00:00:00", -EINVAL, "-m: '02:00:00:00:00' is no MAC" },
		{ UDP "-N -m 02:00:00:00:00:00:01", -EINVAL, "-m: '02:00:00:00:00:00:01'" },
		{ UDP "-N -m 02-00-00-00-00-01", 0, "" },
		{ UDP "-N -m 02-00-00:00-00-01", -EINVAL, "-m: '02-00-00:00-00-01'" },
		{ UDP "-N -m 2:0:0:0:0:1", -EINVAL, "-m: '2:0:0:0:0:1'" },
		{ UDP "-N -m 0g:00:00:00:00:01", -EINVAL, "-m: '0g:" },
		{ UDP "-N -m 00:00:00:00:00:00", -EINVAL, "it is all zero" },
		{ UDP "-N -m 00-00-00-00-00-00", -EINVAL, "it is all zero" },
		{ UDP "--sport 0", -ERANGE, "--sport" },
		{ UDP "--dport 65536", -ERANGE, "--dport" },
		{ UDP "--dport 1.5", -EINVAL, "--dport" },
		{ CARD "--card 127", 0, "" },
		{ CARD "--card 128", -ERANGE, "--card" },
		{ CARD "--burst 0", -ERANGE, "--burst" },
		{ CARD "--burst 65537", -ERANGE, "--burst" },
		{ CARD "--ahead 9", -ERANGE, "--ahead" },
		{ CARD "-n 5", 0, "" },
		{ CARD "-t 5", 0, "" },
		{ "-d 0 -N -m 02:00:00:00:00:02 -i 1.2.3.4 -t 5", -EINVAL, "-t 5: with -N" },
		{ "-d 0 -N -m 02:00:00:00:00:02 -i 1.2.3.4 -n 5", 0, "" },
		{ "-d 0 -i 1.2.3.4 -t 5", 0, "" },
		{ "-D no/such -i 1.2.3.4", -ENOENT, "no/such: cannot be opened" },
		{ UDP "-L no/such", -ENOENT, "no/such: cannot be opened" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++)
		expect(cases[i].words, cases[i].rc, cases[i].says);
}

static void times_are_seconds_or_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "2", 2000000000 },
		{ "0.5", 500000000 },
		{ "2s", 2000000000 },
		{ "1.5ms", 1500000 },
		{ "7us", 7000 },
		{ "9ns", 9 },
		{ "0.000000001", 1 },
		{ "0.1ns", 1 },
		{ "0.0000000001", 1 },
		{ "0.30000000000000004", 300000001 },
		{ "1.0000000000", 1000000000 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct caliper_settings s;
		struct vn_err err;
		char line[80];

		snprintf(line, sizeof(line), UDP "-t %s", cases[i].text);
		assert_int_equal(parse(line, &s, &err), 0);
		assert_int_equal(s.time_ns, cases[i].ns);
		caliper_settings_fini(&s);
	}
}

static void defaults_are_those_of_the_manual(void **state)
{
	char line[] = UDP;
	struct caliper_settings s;
	struct vn_err err;

	assert_int_equal(parse(line, &s, &err), 0);
	assert_int_equal(s.n_packets, 0);
	assert_int_equal(s.time_ns, 0);
	assert_int_equal(s.sport, 9);
	assert_int_equal(s.dport, 9);
	assert_int_equal(s.card, 0);
	assert_int_equal(s.burst, 256);
	assert_int_equal(s.ahead, 2);
	assert_int_equal(s.delays.n, 1);
	assert_int_equal(s.delays.v[0], 1000);
	assert_int_equal(s.payloads.n, 1);
	assert_int_equal(s.payloads.v[0], 18);
	assert_int_equal(s.dst_ip, inet_addr("192.0.2.2"));
	assert_false(s.by_driver || s.stamps || s.catches_up || s.is_quiet || s.has_sport);
	caliper_settings_fini(&s);
}

/* A file that is gone when the case ends. */
static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void files_are_read_and_checked_first(void **state)
{
	char line[] = "-i 1.2.3.4 -D gaps.tmp -L sizes.tmp --stamp";
	struct caliper_settings s;
	struct vn_err err;
	char again[sizeof(line)];

	write_file("gaps.tmp", "1 2\n3");
	write_file("sizes.tmp", "16 1472");
	memcpy(again, line, sizeof(line));
	assert_int_equal(parse(line, &s, &err), 0);
	assert_int_equal(s.delays.n, 3);
	assert_int_equal(s.payloads.n, 2);
	caliper_settings_fini(&s);
	write_file("sizes.tmp", "16\n15\n");
	assert_int_equal(parse(again, &s, &err), -ERANGE);
	assert_string_equal(err.text, "sizes.tmp:2: '15' is out of range (16 to 1472)");
	caliper_settings_fini(&s);
	unlink("gaps.tmp");
	unlink("sizes.tmp");
}

static void what_does_nothing_is_warned_of(void **state)
{
	static const struct {
		const char *words;
		unsigned int lines;
	} cases[] = {
		{ UDP, 0 },
		{ UDP "-m 02:00:00:00:00:01", 1 },
		{ UDP "-I 1.2.3.4 -m 02:00:00:00:00:01", 2 },
		{ CARD "-I 1.2.3.4", 0 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct caliper_settings s;
		struct vn_err err;
		char line[120], text[400] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");
		unsigned int lines = 0;

		snprintf(line, sizeof(line), "%s", cases[i].words);
		assert_int_equal(parse(line, &s, &err), 0);
		caliper_settings_warn(&s, "me", out);
		fclose(out);
		for (char *c = text; (c = strchr(c, '\n')); c++)
			lines++;
		assert_int_equal(lines, cases[i].lines);
		assert_true(!lines || !strncmp(text, "me: warning: -m", 15));
		caliper_settings_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_exclude_each_other_are_refused),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(times_are_seconds_or_have_a_unit),
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(files_are_read_and_checked_first),
		cmocka_unit_test(what_does_nothing_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

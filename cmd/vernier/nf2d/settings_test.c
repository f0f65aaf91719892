/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines of the daemon: what they mean, and why others are refused. */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "peers.h"

#define WORDS_MAX 16

/* Parses words with single blanks between them. */
static int parse(const char *words, struct nf2d_settings *s, struct vn_err *err)
{
	static char text[256]; /* settings point into it */
	static char *argv[WORDS_MAX + 1];
	int argc = 1;

	argv[0] = text;
	snprintf(text, sizeof(text), "nf2d %s", words);
	for (char *p = text; (p = strchr(p, ' ')) && p[1] && argc < WORDS_MAX; argc++) {
		*p++ = '\0';
		argv[argc] = p;
	}
	argv[argc] = NULL;
	err->text[0] = '\0';
	return nf2d_settings_parse(s, argc, argv, err);
}

static void must(const char *words, struct nf2d_settings *s)
{
	struct vn_err err;

	if (parse(words, s, &err))
		fail_msg("\"%s\": %s", words, err.text);
}

static void what_is_not_said_is_as_specified(void **state)
{
	struct nf2d_settings s;

	must("", &s);
	assert_int_equal(s.card, 0);
	assert_int_equal(s.txbuffs, 16);
	assert_int_equal(s.back_end, NF2D_SIMULATOR);
	assert_string_equal(s.name, "nf2c0");
	assert_non_null(strstr(s.target, "pktgen.elf"));
	assert_true(s.uid == NF2D_NOBODY);
	assert_false(s.has_policy || s.is_foreground || s.sets_up || s.has_cpu);
	assert_null(*s.options);
	nf2d_settings_fini(&s);
}

static void a_back_end_is_one_of_three(void **state)
{
	static const struct {
		const char *words;
		enum nf2d_back_end back_end;
		const char *target, *name;
	} rows[] = {
		{ "-c x.sock -k 7", NF2D_SOCKET, "x.sock", "nf2c7" },
		{ "-P a.elf -i net", NF2D_SIMULATOR, "a.elf", "net" },
		{ "-b packet:eth1", NF2D_PACKET, "eth1", "eth1" },
		{ "-b txtime:eth1 --cpu 0", NF2D_TXTIME, "eth1", "eth1" },
		{ "-b xdp:eth1 --spin", NF2D_XDP, "eth1", "eth1" },
		{ "-b launch:eth1", NF2D_LAUNCH, "eth1", "eth1" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct nf2d_settings s;

		must(rows[i].words, &s);
		assert_int_equal(s.back_end, rows[i].back_end);
		assert_string_equal(s.target, rows[i].target);
		assert_string_equal(s.name, rows[i].name);
		nf2d_settings_fini(&s);
	}
}

static void users_have_names_and_numbers(void **state)
{
	struct nf2d_settings s;

	must("-u 1234 -f --stats -", &s);
	assert_int_equal(s.uid, 1234);
	nf2d_settings_fini(&s);
	must("-u root", &s);
	assert_int_equal(s.uid, 0);
	nf2d_settings_fini(&s);
}

static void the_policy_is_put_together(void **state)
{
	struct nf2d_settings s;

	must("--policy gap:20us --snap 60 --quota 2 --max-entries 4", &s);
	assert_true(s.has_policy);
	assert_int_equal(s.policy.policy.mode, CAL_POLICY_GAP);
	assert_int_equal(s.policy.policy.value, 20000);
	assert_int_equal(s.policy.policy.snap, 60);
	assert_int_equal(s.policy.policy.quota, 2);
	assert_int_equal(s.policy.policy.max_entries, 4);
	nf2d_settings_fini(&s);
}

static void words_behind_two_dashes_are_the_cards(void **state)
{
	struct nf2d_settings s;

	must("-f -P a.elf -- -mac0 tap0", &s);
	assert_string_equal(s.options[0], "-mac0");
	assert_string_equal(s.options[1], "tap0");
	assert_null(s.options[2]);
	nf2d_settings_fini(&s);
}

static void others_are_refused(void **state)
{
	static const struct {
		const char *words, *why;
	} rows[] = {
		{ "-k 128", "--card: 128 is out of range" },
		{ "-c a -P b", "one of --card-socket, --program and --back-end" },
		{ "-b eth1", "--back-end: 'eth1' is not accepted" },
		{ "-b packet:", "--back-end: 'packet:' is not accepted" },
		{ "-b packet:eth1 -i x", "--ifname x: with --back-end" },
		{ "-i a/b", "'a/b': cannot be the name" },
		{ "-i 1234567890123456", "cannot be the name" },
		{ "-u nobody-of-that-name", "there is no user 'nobody-of-that-name'" },
		{ "--cpu 0", "--cpu: goes with --back-end" },
		{ "--txbuffs 1", "--txbuffs: 1 is out of range" },
		{ "--policy slow", "--policy: 'slow' is not accepted" },
		{ "--quota 9", "--quota: 9 is out of range" },
		{ "-c a -- -mac0 tap0", "-mac0: options of the card" },
		{ "-f -P a.elf extra", "extra: is not accepted (words for the card follow --" },
		{ "extra -- -mac0 tap0", "extra: is not accepted" },
		{ "-- extra", "extra: is not accepted" },
		{ "-b packet:eth1 extra", "extra: is not accepted" },
		{ "--stats -", "--stats -: in the background" },
		{ "--departure-stamps kernel", "--departure-stamps kernel: goes with --back-end" },
		{ "-b packet:eth1 --departure-stamps on",
		  "--departure-stamps: 'on' is not accepted" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct nf2d_settings s;
		struct vn_err err;

		if (!parse(rows[i].words, &s, &err))
			fail_msg("\"%s\" is accepted", rows[i].words);
		if (!strstr(err.text, rows[i].why))
			fail_msg("\"%s\": %s", rows[i].words, err.text);
		nf2d_settings_fini(&s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_is_as_specified),
		cmocka_unit_test(a_back_end_is_one_of_three),
		cmocka_unit_test(users_have_names_and_numbers),
		cmocka_unit_test(the_policy_is_put_together),
		cmocka_unit_test(words_behind_two_dashes_are_the_cards),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

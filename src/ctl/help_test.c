/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told from the table: help, manual, words for completion. */
#include "ctl/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *print(void (*fn)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fn(out);
	fclose(out);
	return text;
}

/* "--udp-src-min " */
static bool has_option(const char *text, const struct vn_param *p)
{
	char option[40] = "--";
	size_t i, n = strlen(p->name);

	for (i = 0; i < n; i++)
		option[2 + i] = p->name[i] == '_' ? '-' : p->name[i];
	option[2 + n] = ' ';
	return strstr(text, option);
}

static void each_option_is_in(const char *text)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++) {
		bool is_option = !(vn_params[i].flags & VN_PARAM_CTL);

		if (has_option(text, &vn_params[i]) != is_option)
			fail_msg("%s: %s", vn_params[i].name, is_option ? "missing" : "there");
	}
}

static void help_fits_and_names_every_option(void **state)
{
	char *text = print(vn_params_help);
	const char *line;

	each_option_is_in(text);
	for (line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t n = strcspn(line, "\n");

		if (n > 100 || (n > 0 && line[n - 1] == ' '))
			fail_msg("too long or blank at its end: %.*s", (int)n, line);
	}
	assert_non_null(strstr(text, "\n  --vlan-id ID                  VLAN tag; random with "
				     "VID_RND (0-4095)\n"));
	assert_non_null(strstr(text, "QUEUE_MAP_CPU, FLOW_SEQ"));
	assert_non_null(strstr(text, "number, or number with ns, us, ms, s, m, h\n"));
	free(text);
}

static void the_manual_has_a_paragraph_for_each_row(void **state)
{
	char *text = print(vn_params_man);
	unsigned int n = 0;
	const char *at;

	for (at = text; (at = strstr(at, ".TP\n")); at++)
		n++;
	assert_int_equal(n, vn_n_params + 5); /* and one for each kind of unit */
	assert_non_null(strstr(text, ".SS UDP ports\n.TP\n\\fB\\-\\-udp\\-src\\-min\\fR "
				     "\\fIPORT\\fR\nSource port, or the first of a range "
				     "(0\\-65535).\n"));
	assert_non_null(strstr(text, "\\fBclear_counters\\fR\n"));
	assert_non_null(strstr(text, " No command of the device file.\n"));
	free(text);
}

static void values_that_are_words_are_listed(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{ "xmit_mode", "start_xmit netif_receive queue_xmit " },
		{ "stamp", "us ns " },
		{ "launch", "off qdisc device " },
		{ "departure_stamps", "off kernel hardware " },
		{ "delay", "never " },
		{ "flag", "!IPV6 IPSRC_RND !IPSRC_RND IPDST_RND !IPDST_RND TXSIZE_RND !TXSIZE_RND "
			  "UDPSRC_RND !UDPSRC_RND UDPDST_RND !UDPDST_RND UDPCSUM !UDPCSUM "
			  "NO_TIMESTAMP !NO_TIMESTAMP MPLS_RND !MPLS_RND QUEUE_MAP_RND "
			  "!QUEUE_MAP_RND QUEUE_MAP_CPU !QUEUE_MAP_CPU FLOW_SEQ !FLOW_SEQ IPSEC "
			  "!IPSEC MACSRC_RND !MACSRC_RND MACDST_RND !MACDST_RND VID_RND !VID_RND "
			  "SVID_RND !SVID_RND NODE !NODE SHARED !SHARED " },
		{ "pkt_size", "" },
		{ "dst", "" },
		{ "clear_counters", "" },
	};
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct vn_param *p = vn_param_find(cases[i].name);
		struct vn_text t;
		const char *word;
		char words[1024];

		vn_text_init(&t, words, sizeof(words));
		for (k = 0; (word = vn_param_word(p, k)); k++)
			vn_text_add(&t, "%s ", word);
		assert_string_equal(words, cases[i].words);
	}
}

/* What completion offers must be accepted. SHARED is had for a device that can
 * share only. */
static void listed_words_are_accepted(void **state)
{
	struct fixture f;
	struct vn_err err;
	unsigned int i, k;
	const char *word;

	for (i = 0; i < vn_n_params; i++) {
		for (k = 0; (word = vn_param_word(&vn_params[i], k)); k++) {
			fixture_init(&f, true);
			if (vn_param_set(&f.entry, &vn_params[i], word, &err) != 0)
				fail_msg("%s", err.text);
			fixture_fini(&f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_fits_and_names_every_option),
		cmocka_unit_test(the_manual_has_a_paragraph_for_each_row),
		cmocka_unit_test(values_that_are_words_are_listed),
		cmocka_unit_test(listed_words_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

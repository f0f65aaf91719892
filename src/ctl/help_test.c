/* SPDX-License-Identifier: BSD-2-Clause */
/* What is printed from the table: help, manual, completion. */
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

/* "--udp-src-min", followed by one of the characters in ends. */
static bool has_option(const char *text, const struct vn_param *p, const char *ends)
{
	char option[40] = "--";
	size_t i, n = strlen(p->name);

	for (i = 0; i < n; i++)
		option[2 + i] = p->name[i] == '_' ? '-' : p->name[i];
	while ((text = strstr(text, option))) {
		text += n + 2;
		if (*text && strchr(ends, *text))
			return true;
	}
	return false;
}

static void each_option_is_in(const char *text, const char *ends)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++) {
		bool is_option = !(vn_params[i].flags & VN_PARAM_CTL);

		if (has_option(text, &vn_params[i], ends) != is_option)
			fail_msg("%s: %s", vn_params[i].name, is_option ? "missing" : "there");
	}
}

static void help_fits_and_names_every_option(void **state)
{
	char *text = print(vn_params_help);
	const char *line;

	each_option_is_in(text, " ");
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
	assert_int_equal(n, vn_n_params + 4); /* and one for each kind of unit */
	assert_non_null(strstr(text, ".SS UDP ports\n.TP\n\\fB\\-\\-udp\\-src\\-min\\fR "
				     "\\fIPORT\\fR\nSource port, or the first of a range "
				     "(0\\-65535).\n"));
	assert_non_null(strstr(text, "\\fBclear_counters\\fR\n"));
	assert_non_null(strstr(text, " No command of the device file.\n"));
	free(text);
}

static void completion_knows_options_and_words(void **state)
{
	char *bash = print(vn_params_completion_bash);
	char *zsh = print(vn_params_completion_zsh);

	each_option_is_in(bash, " ");
	each_option_is_in(zsh, "[");
	assert_non_null(strstr(bash, "'send recv drivers params completion'"));
	assert_non_null(strstr(bash, "'start_xmit netif_receive queue_xmit'"));
	assert_non_null(strstr(bash, "!IPV6 IPSRC_RND !IPSRC_RND"));
	assert_null(strstr(bash, " IPV6 "));
	assert_non_null(strstr(zsh, ":MODE:(start_xmit netif_receive queue_xmit)'"));
	assert_non_null(strstr(zsh, "'*--flag[set flags"));
	free(bash);
	free(zsh);
}

static void bash_with_extra(FILE *out)
{
	static const struct vn_completion extra[] = {
		{ "send", "--json", "" },
		{ "recv", "--format", "text json" },
		{ "recv", "--write", NULL },
	};

	vn_params_completion_bash_with(out, extra, VN_ARRAY_SIZE(extra));
}

static void completion_takes_options_of_sub_commands(void **state)
{
	char *bash = print(bash_with_extra);

	assert_non_null(strstr(bash, "--json --driver'"));
	assert_null(strstr(bash, "send:--json)"));
	assert_non_null(strstr(bash, "recv:--format)\n\t\tCOMPREPLY=($(compgen -W 'text json'"));
	assert_non_null(strstr(bash, "recv:--write)\n\t\treturn ;;"));
	free(bash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_fits_and_names_every_option),
		cmocka_unit_test(the_manual_has_a_paragraph_for_each_row),
		cmocka_unit_test(completion_knows_options_and_words),
		cmocka_unit_test(completion_takes_options_of_sub_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

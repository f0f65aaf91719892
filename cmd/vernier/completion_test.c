/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The completion scripts, in their shells: bash is asked for completions as it
 * would be by the Tab key, zsh only whether it can read its script. The scripts
 * come from the program (VERNIER), which has the table of sub-commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "net/netdev.h"

/* The words after "vernier", the last of them under the cursor. */
#define COMPLETE                                                                                   \
	"source <(\"$VERNIER\" completion bash) || exit; complete -p vernier >&2 || exit; "        \
	"COMP_WORDS=(vernier \"$@\"); COMP_CWORD=$#; _vernier; echo \"${COMPREPLY[*]}\""

/* What the shell command prints, without the end of its line. */
static void run(const char *command, char *out, size_t cap)
{
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, cap - 1, f);
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	assert_int_equal(pclose(f), 0);
}

static void need(const char *shell)
{
	char command[64], there[8];

	assert_non_null(getenv("VERNIER"));
	snprintf(command, sizeof(command), "command -v %s >/dev/null && echo yes || :", shell);
	run(command, there, sizeof(there));
	if (!there[0])
		skip();
}

static void complete(const char *words, char *out, size_t cap)
{
	char command[512];
	struct vn_text t;

	vn_text_init(&t, command, sizeof(command));
	vn_text_add(&t, "bash --norc -c '%s' bash %s 2>/dev/null", COMPLETE, words);
	assert_false(t.is_cut);
	run(command, out, cap);
}

static void bash_completes(void **state)
{
	static const struct {
		const char *words, *want;
	} cases[] = {
		{ "''",
		  "send recv rfc2544 serve exec ctl report probe card caliper load nf2d drivers "
		  "params completion" },
		{ "card -pcaph", "-pcaphost0 -pcaphost1 -pcaphost2 -pcaphost3 -pcaphostdma" },
		{ "card -model ''", "1.0 re2" },
		{ "re", "recv report" },
		{ "nonsense ''", "" },
		{ "send --pk", "--pkt-size" },
		{ "send --sh", "--show-settings" },
		{ "send --he", "--help" },
		{ "send --dr", "--driver" },
		{ "recv --pk", "" },
		{ "recv --pcap", "--pcap --pcap-max" },
		{ "send --flag IPS", "IPSRC_RND IPSEC" },
		{ "send --flag \\!IPV", "!IPV6" },
		{ "send --flag IPV", "" },
		{ "send eth1 --xmit-mode ''", "start_xmit netif_receive queue_xmit" },
		{ "send --delay ''", "never" },
		{ "recv --driver nu", "null" },
		{ "send --pkt-size ''", "" },
		{ "send --rx ''", "" },
		{ "recv lo", "lo" },
		{ "send --quiet lo", "lo" },
		{ "params ''", "--man --help" },
		{ "drivers ''", "--help" },
		{ "load -n", "-nodebug" },
		{ "load --n", "--nodebug" },
		{ "load -step ''", "" },
		{ "completion b", "bash" },
		{ "completion ''", "--help bash zsh" },
	};
	char got[4096];

	need("bash");
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		complete(cases[i].words, got, sizeof(got));
		if (strcmp(got, cases[i].want))
			fail_msg("vernier %s: \"%s\", expected \"%s\"", cases[i].words, got,
				 cases[i].want);
	}
}

static void bash_completes_every_driver(void **state)
{
	char got[1024], want[1024], with_auto[1100];
	struct vn_text t;

	need("bash");
	vn_text_init(&t, want, sizeof(want));
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++)
		vn_text_add(&t, "%s%s", t.len ? " " : "", (*d)->name);
	snprintf(with_auto, sizeof(with_auto), "auto %s", want);
	complete("send --driver ''", got, sizeof(got));
	assert_string_equal(got, with_auto);
	complete("recv --driver ''", got, sizeof(got));
	assert_string_equal(got, want);
}

static void zsh_can_read_its_script(void **state)
{
	char said[256];

	need("zsh");
	run("{ s=$(\"$VERNIER\" completion zsh) && printf '%s' \"$s\" | zsh -fn; } 2>&1 || "
	    "echo refused",
	    said, sizeof(said));
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bash_completes),
		cmocka_unit_test(bash_completes_every_driver),
		cmocka_unit_test(zsh_can_read_its_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

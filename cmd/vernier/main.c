/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier: the table of sub-commands, and the one place that reports errors.
 */
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "command.h"
#include "options.h"

const struct vn_command vn_commands[] = {
	{ &send_spec, vn_cmd_send },
	{ &recv_spec, vn_cmd_recv },
	{ &rfc2544_spec, vn_cmd_rfc2544 },
	{ &serve_spec, vn_cmd_serve },
	{ &exec_spec, vn_cmd_exec },
	{ &ctl_spec, vn_cmd_ctl },
	{ &report_spec, vn_cmd_report },
	{ &probe_spec, vn_cmd_probe },
	{ &card_spec, vn_cmd_card },
	{ &caliper_spec, vn_cmd_caliper },
	{ &load_spec, vn_cmd_load },
	{ &nf2d_spec, vn_cmd_nf2d },
	{ &drivers_spec, vn_cmd_drivers },
	{ &params_spec, vn_cmd_params },
	{ &completion_spec, vn_cmd_completion },
	{ NULL, NULL },
};

/* Names that the program has besides, each of which is one command. */
static const struct {
	const char *name;
	const struct vn_options *options;
} names[] = {
	{ "caliper-pktgen", &caliper_spec },
};

static void list_commands(FILE *out)
{
	fputs("Usage: vernier COMMAND [arguments]\n\nCommands:\n", out);
	for (const struct vn_command *c = vn_commands; c->options; c++)
		fprintf(out, "  %-12s%s\n", c->options->command, c->options->brief);
	fputs("\n\"vernier COMMAND --help\" says more; \"vernier --version\" prints the version.\n",
	      out);
}

static const struct vn_command *find_command(const char *name)
{
	const struct vn_command *c = vn_commands;

	while (c->options && strcmp(c->options->command, name))
		c++;
	return c->options ? c : NULL;
}

/* The command that the program is called as, and that name of it; NULL: vernier. */
static const struct vn_command *find_name(char *path, char **name)
{
	char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	for (size_t i = 0; i < VN_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, *name))
			return find_command(names[i].options->command);
	return NULL;
}

/* A report that could not be written must not look like a success. */
static int close_stdout(int status, const char *name)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot write to the standard output\n", name);
	return status ? status : VN_EXIT_FAILED;
}

/* prefix: of the line that says what went wrong. */
static int run(const struct vn_command *c, int argc, char **argv, const char *prefix)
{
	struct vn_err err = { "" };
	int status = c->run(argc, argv, &err);

	fflush(stdout); /* in a pipe too, the error comes behind the report */
	if (err.text[0])
		fprintf(stderr, "%s%s: %s\n", prefix, argv[0], err.text);
	return close_stdout(status, *prefix ? "vernier" : argv[0]);
}

int main(int argc, char **argv)
{
	const struct vn_command *c = argc ? find_name(argv[0], &argv[0]) : NULL;

	if (c)
		return run(c, argc, argv, "");
	if (argc < 2) {
		list_commands(stderr);
		return VN_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		list_commands(stdout);
		return close_stdout(VN_EXIT_DONE, "vernier");
	}
	if (!strcmp(argv[1], "--version")) {
		puts("vernier " VN_VERSION);
		return close_stdout(VN_EXIT_DONE, "vernier");
	}
	c = find_command(argv[1]);
	if (!c) {
		fprintf(stderr, "vernier: no such command \"%s\" (vernier --help lists them)\n",
			argv[1]);
		return VN_EXIT_USAGE;
	}
	return run(c, argc - 1, argv + 1, "vernier: ");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* vernier params: the table of stream parameters, for people and for man. */
#include <stdbool.h>
#include <stdio.h>

#include "command.h"
#include "ctl/param.h"
#include "options.h"

/* The table prints the parameters; a page needs some words around them. */
static void print_man(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: BSD-2-Clause\n"
	      ".\\\" Printed by vernier params --man.\n"
	      ".TH VERNIER-PARAMS 7 \"\" \"vernier\" \"Miscellaneous\"\n"
	      ".SH NAME\nvernier\\-params \\- parameters of a stream of packets\n"
	      ".SH DESCRIPTION\n"
	      "What a stream of packets is made of: options of\n"
	      ".BR vernier\\-send (1),\n"
	      "commands in its files, and commands of the control files of pktgen, whose names\n"
	      "and meaning they have. Options are spelled with \\- or _. Where a control file\n"
	      "forgives, options and files are strict: a value out of its range is an error.\n"
	      ".SH PARAMETERS\n",
	      out);
	vn_params_man(out);
	fputs(".SH SEE ALSO\n.BR vernier (1),\n.BR vernier\\-send (1)\n", out);
}

struct params_options {
	bool is_man;
};

static const struct vn_option params_rows[] = {
	{ .name = "man", .offset = offsetof(struct params_options, is_man),
	  .help = "print the manual page vernier-params(7)" },
};

const struct vn_options params_spec = {
	.command = "params",
	.brief = "list the parameters of a stream",
	.args = "",
	.summary = "Lists the parameters of a stream: options of vernier send, lines of a --file.",
	.examples = "  vernier params\n"
		    "  vernier params --man | man -l -\n",
	.rows = params_rows,
	.n_rows = VN_ARRAY_SIZE(params_rows),
};

int vn_cmd_params(int argc, char **argv, struct vn_err *err)
{
	struct params_options o = { 0 };
	int first;
	int rc = vn_options_parse(&params_spec, &o, argc, argv, &first, err);

	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	if (o.is_man)
		print_man(stdout);
	else
		vn_params_help(stdout);
	return VN_EXIT_DONE;
}

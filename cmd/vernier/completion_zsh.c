/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script for zsh: a list of sub-commands for _describe, and for each of
 * them one call of _arguments, which wants '--option[help]:metavar:(words)'.
 */
#include "completion.h"

#include <string.h>

/* In single quotes; what _arguments or _describe would take for itself gets a
 * backslash. */
static void print_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void print_option(FILE *out, const struct vn_options *spec,
			 const struct vn_completion_option *o)
{
	fprintf(out, "\t\t'%s", o->is_repeated ? "*" : "");
	vn_completion_put_name(out, o);
	fputc('[', out);
	print_quoted(out, o->help);
	fputc(']', out);
	if (o->metavar) {
		fputc(':', out);
		print_quoted(out, o->metavar);
		fputc(':', out);
	}
	if (vn_completion_has_words(o)) {
		fputc('(', out);
		vn_completion_put_words(out, o);
		fputc(')', out);
	}
	fputs("' \\\n", out);
}

static void print_command(FILE *out, const struct vn_options *spec)
{
	fprintf(out, "\t%s)\n\t\t_arguments \\\n", spec->command);
	vn_completion_each(spec, print_option, out);
	if (spec->has_interface) {
		fputs("\t\t'*:interface:_net_interfaces'\n", out);
	} else {
		fputs("\t\t'*:word:(", out);
		vn_completion_put_args(out, spec);
		fputs(")'\n", out);
	}
	fputs("\t\t;;\n", out);
}

void vn_completion_zsh(FILE *out, const struct vn_command *commands)
{
	const struct vn_command *c;

	fputs("#compdef vernier\n"
	      "# zsh completion for vernier\n"
	      "_vernier() {\n\tlocal -a commands\n\n\tcommands=(\n",
	      out);
	for (c = commands; c->options; c++) {
		fprintf(out, "\t\t'%s:", c->options->command);
		print_quoted(out, c->options->brief);
		fputs("'\n", out);
	}
	fputs("\t)\n"
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_describe -t commands command commands\n\t\treturn\n\tfi\n"
	      "\tshift words\n\t((CURRENT--))\n"
	      "\tcase $words[1] in\n",
	      out);
	for (c = commands; c->options; c++)
		print_command(out, c->options);
	fputs("\tesac\n}\n_vernier \"$@\"\n", out);
}

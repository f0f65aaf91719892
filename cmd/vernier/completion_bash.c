/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script for bash: one function that looks at the word before the cursor,
 * for the value of an option, and then at the sub-command, for its options and
 * arguments. It needs nothing of the bash-completion package.
 */
#include "completion.h"

/* An arm of case $cmd:$prev: what may follow an option, perhaps nothing. */
static void print_value(FILE *out, const struct vn_options *spec,
			const struct vn_completion_option *o)
{
	if (!o->metavar)
		return;
	fprintf(out, "\t%s:", spec->command);
	vn_completion_put_name(out, o);
	fputs(")\n", out);
	if (vn_completion_has_words(o)) {
		fputs("\t\tCOMPREPLY=($(compgen -W '", out);
		vn_completion_put_words(out, o);
		fputs("' -- \"$cur\"))\n", out);
	}
	fputs("\t\treturn ;;\n", out);
}

static void print_name(FILE *out, const struct vn_options *spec,
		       const struct vn_completion_option *o)
{
	vn_completion_put_name(out, o);
	fputc(' ', out);
}

/* An arm of case $cmd: the words of a sub-command. */
static void print_command(FILE *out, const struct vn_options *spec)
{
	fprintf(out, "\t%s)\n\t\twords='", spec->command);
	vn_completion_each(spec, print_name, out);
	vn_completion_put_args(out, spec);
	fputs("'\n", out);
	if (spec->has_interface)
		fputs("\t\t[[ $cur == -* ]] || "
		      "words=$(command ls /sys/class/net 2>/dev/null)\n",
		      out);
	fputs("\t\t;;\n", out);
}

void vn_completion_bash(FILE *out, const struct vn_command *commands)
{
	const struct vn_command *c;

	fputs("# bash completion for vernier\n"
	      "_vernier()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal cmd=${COMP_WORDS[1]} words=\n\n"
	      "\tCOMPREPLY=()\n"
	      "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '",
	      out);
	for (c = commands; c->options; c++)
		fprintf(out, "%s%s", c == commands ? "" : " ", c->options->command);
	fputs("' -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\tcase $cmd:$prev in\n",
	      out);
	for (c = commands; c->options; c++)
		vn_completion_each(c->options, print_value, out);
	fputs("\tesac\n\tcase $cmd in\n", out);
	for (c = commands; c->options; c++)
		print_command(out, c->options);
	fputs("\tesac\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
	      "complete -F _vernier vernier\n",
	      out);
}

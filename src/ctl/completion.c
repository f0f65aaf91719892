/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion scripts for bash and zsh, made from the table: options, and their
 * values where these are words. Options that belong to a sub-command and not
 * to a stream are handed in by who has them.
 */
#include "ctl/ctl_priv.h"

#include <string.h>

static const struct {
	const char *name, *summary;
	bool has_stream; /* takes the options of the table */
	bool has_device; /* takes an interface and --driver */
	const char *words;
} commands[] = {
	{ "send", "send a stream", true, true, "" },
	{ "recv", "receive and measure", false, true, "" },
	{ "drivers", "list the device drivers", false, false, "" },
	{ "params", "list the stream parameters", false, false, "" },
	{ "completion", "print a completion script", false, false, "bash zsh" },
};

static void print_option(FILE *out, const struct vn_param *p)
{
	const char *c;

	fprintf(out, "--");
	for (c = p->name; *c; c++)
		fputc(*c == '_' ? '-' : *c, out);
}

static bool is_option(const struct vn_param *p)
{
	return !(p->flags & VN_PARAM_CTL);
}

/* The words a value may be. Flags can be cleared too, and IPV6 only that. */
static void print_words(FILE *out, const struct vn_param *p)
{
	bool is_flag = p->impl->kind == &vn_kind_flag;
	unsigned int i;
	const char *w;

	for (i = 0; (w = p->impl->kind->word(i)); i++) {
		if (!is_flag || i != VN_FLAG_BIT_IPV6)
			fprintf(out, "%s%s", i ? " " : "", w);
		if (is_flag)
			fprintf(out, "%s!%s", i ? " " : "", w);
	}
}

static void print_drivers(FILE *out)
{
	const struct vn_netdev_ops *const *d;

	for (d = vn_netdev_drivers; *d; d++)
		fprintf(out, "%s%s", d == vn_netdev_drivers ? "" : " ", (*d)->name);
}

static bool takes_value(const struct vn_completion *c)
{
	return !c->values || c->values[0];
}

/* case $prev: what may follow an option. */
static void bash_values(FILE *out, const struct vn_completion *extra, unsigned int n)
{
	unsigned int i;

	fprintf(out, "\tcase $cmd:$prev in\n");
	for (i = 0; i < vn_n_params; i++) {
		const struct vn_param *p = &vn_params[i];

		if (!is_option(p))
			continue;
		fprintf(out, "\tsend:");
		print_option(out, p);
		if (p->impl->kind->word) {
			fprintf(out, ")\n\t\tCOMPREPLY=($(compgen -W '");
			print_words(out, p);
			fprintf(out, "' -- \"$cur\"))\n\t\treturn ;;\n");
		} else {
			fprintf(out, ")\n\t\treturn ;;\n");
		}
	}
	for (i = 0; i < n; i++) {
		if (!takes_value(&extra[i]))
			continue;
		fprintf(out, "\t%s:%s)\n", extra[i].command, extra[i].option);
		if (extra[i].values)
			fprintf(out, "\t\tCOMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n",
				extra[i].values);
		fprintf(out, "\t\treturn ;;\n");
	}
	fprintf(out, "\tsend:--driver|recv:--driver)\n\t\tCOMPREPLY=($(compgen -W '");
	print_drivers(out);
	fprintf(out, "' -- \"$cur\"))\n\t\treturn ;;\n\tesac\n");
}

/* case $cmd: the words of a sub-command. */
static void bash_words(FILE *out, const struct vn_completion *extra, unsigned int n)
{
	unsigned int i, k;

	fprintf(out, "\tcase $cmd in\n");
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++) {
		fprintf(out, "\t%s)\n\t\twords='%s", commands[i].name, commands[i].words);
		for (k = 0; commands[i].has_stream && k < vn_n_params; k++) {
			if (!is_option(&vn_params[k]))
				continue;
			print_option(out, &vn_params[k]);
			fputc(' ', out);
		}
		for (k = 0; k < n; k++)
			if (strcmp(extra[k].command, commands[i].name) == 0)
				fprintf(out, "%s ", extra[k].option);
		fprintf(out, "%s'\n", commands[i].has_device ? "--driver" : "");
		if (commands[i].has_device)
			fprintf(out, "\t\t[[ $cur == -* ]] || "
				     "words=$(command ls /sys/class/net 2>/dev/null)\n");
		fprintf(out, "\t\t;;\n");
	}
	fprintf(out, "\tesac\n");
}

void vn_params_completion_bash_with(FILE *out, const struct vn_completion *extra, unsigned int n)
{
	unsigned int i;

	fprintf(out, "# bash completion for vernier\n"
		     "_vernier()\n{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\tlocal cmd=${COMP_WORDS[1]} words=\n\n"
		     "\tCOMPREPLY=()\n"
		     "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '");
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i].name);
	fprintf(out, "' -- \"$cur\"))\n\t\treturn\n\tfi\n");
	bash_values(out, extra, n);
	bash_words(out, extra, n);
	fprintf(out, "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		     "complete -F _vernier vernier\n");
}

/* Inside '--option[...]': what _arguments or the shell would take for itself. */
static void print_zsh(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fprintf(out, "'\\''");
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void zsh_param(FILE *out, const struct vn_param *p)
{
	fprintf(out, "\t\t'%s", p->flags & VN_PARAM_REPEAT ? "*" : "");
	print_option(out, p);
	fprintf(out, "[");
	print_zsh(out, p->help);
	fprintf(out, "]:");
	print_zsh(out, p->metavar);
	fprintf(out, ":");
	if (p->impl->kind->word) {
		fprintf(out, "(");
		print_words(out, p);
		fprintf(out, ")");
	}
	fprintf(out, "' \\\n");
}

static void zsh_extra(FILE *out, const struct vn_completion *c)
{
	fprintf(out, "\t\t'%s", c->option);
	if (takes_value(c))
		fprintf(out, ":value:");
	if (takes_value(c) && c->values)
		fprintf(out, "(%s)", c->values);
	fprintf(out, "' \\\n");
}

static void zsh_command(FILE *out, unsigned int command, const struct vn_completion *extra,
			unsigned int n)
{
	unsigned int k;

	fprintf(out, "\t%s)\n\t\t_arguments \\\n", commands[command].name);
	for (k = 0; commands[command].has_stream && k < vn_n_params; k++)
		if (is_option(&vn_params[k]))
			zsh_param(out, &vn_params[k]);
	for (k = 0; k < n; k++)
		if (strcmp(extra[k].command, commands[command].name) == 0)
			zsh_extra(out, &extra[k]);
	if (commands[command].has_device) {
		fprintf(out, "\t\t'--driver[device driver]:driver:(");
		print_drivers(out);
		fprintf(out, ")' \\\n\t\t'*:interface:_net_interfaces'\n\t\t;;\n");
	} else {
		fprintf(out, "\t\t'*:word:(%s)'\n\t\t;;\n", commands[command].words);
	}
}

void vn_params_completion_zsh_with(FILE *out, const struct vn_completion *extra, unsigned int n)
{
	unsigned int i;

	fprintf(out, "#compdef vernier\n"
		     "# zsh completion for vernier\n"
		     "_vernier() {\n\tlocal -a commands\n\n\tcommands=(\n");
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++)
		fprintf(out, "\t\t'%s:%s'\n", commands[i].name, commands[i].summary);
	fprintf(out, "\t)\n"
		     "\tif ((CURRENT == 2)); then\n"
		     "\t\t_describe -t commands command commands\n\t\treturn\n\tfi\n"
		     "\tshift words\n\t((CURRENT--))\n"
		     "\tcase $words[1] in\n");
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++)
		zsh_command(out, i, extra, n);
	fprintf(out, "\tesac\n}\n_vernier \"$@\"\n");
}

void vn_params_completion_bash(FILE *out)
{
	vn_params_completion_bash_with(out, NULL, 0);
}

void vn_params_completion_zsh(FILE *out)
{
	vn_params_completion_zsh_with(out, NULL, 0);
}

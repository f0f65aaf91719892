/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier completion: a script for the shell, from the tables of sub-commands
 * and options. Here is what the scripts have in common.
 */
#include "completion.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "ctl/param.h"

static const struct {
	const char *name;
	void (*print)(FILE *out, const struct vn_command *commands);
} shells[] = {
	{ "bash", vn_completion_bash },
	{ "zsh", vn_completion_zsh },
};

static const char *shell_name(unsigned int i)
{
	return i < VN_ARRAY_SIZE(shells) ? shells[i].name : NULL;
}

const struct vn_options completion_spec = {
	.command = "completion",
	.brief = "print a completion script for bash or zsh",
	.args = "bash|zsh",
	.summary = "Prints a script that completes commands, options and values.",
	.examples = "  eval \"$(vernier completion bash)\"\n"
		    "  vernier completion zsh > ~/.zfunc/_vernier\n",
	.args_min = 1,
	.args_max = 1,
	.arg_word = shell_name,
};

static struct vn_completion_option from_row(const struct vn_option *row)
{
	return (struct vn_completion_option){
		.row = row,
		.dashes = "--",
		.metavar = row->metavar,
		.help = row->help,
	};
}

static struct vn_completion_option from_param(const struct vn_param *p)
{
	return (struct vn_completion_option){
		.param = p,
		.dashes = "--",
		.metavar = p->metavar,
		.help = p->help,
		.is_repeated = p->flags & VN_PARAM_REPEAT,
	};
}

static void each_spelling(const struct vn_options *spec, const struct vn_option *row,
			  vn_completion_fn *fn, FILE *out)
{
	struct vn_completion_option o = from_row(row);

	fn(out, spec, &o);
	o.dashes = "-";
	if (spec->single_dash)
		fn(out, spec, &o);
}

void vn_completion_each(const struct vn_options *spec, vn_completion_fn *fn, FILE *out)
{
	struct vn_completion_option o;

	for (unsigned int i = 0; spec->param && i < vn_n_params; i++) {
		if (vn_params[i].flags & VN_PARAM_CTL)
			continue;
		o = from_param(&vn_params[i]);
		fn(out, spec, &o);
	}
	for (unsigned int i = 0; i < spec->n_rows; i++)
		each_spelling(spec, &spec->rows[i], fn, out);
	each_spelling(spec, &vn_option_help, fn, out);
}

void vn_completion_put_name(FILE *out, const struct vn_completion_option *o)
{
	fputs(o->dashes, out);
	for (const char *c = o->row ? o->row->name : o->param->name; *c; c++)
		fputc(*c == '_' ? '-' : *c, out);
}

/* The i-th word that the value may be; NULL: no more. */
static const char *value_word(const struct vn_completion_option *o, unsigned int i)
{
	if (o->param)
		return vn_param_word(o->param, i);
	return o->row->word ? o->row->word(i) : NULL;
}

bool vn_completion_has_words(const struct vn_completion_option *o)
{
	return value_word(o, 0);
}

void vn_completion_put_words(FILE *out, const struct vn_completion_option *o)
{
	const char *word;

	for (unsigned int i = 0; (word = value_word(o, i)); i++)
		fprintf(out, "%s%s", i ? " " : "", word);
}

void vn_completion_put_args(FILE *out, const struct vn_options *spec)
{
	const char *word;

	for (unsigned int i = 0; spec->arg_word && (word = spec->arg_word(i)); i++)
		fprintf(out, "%s%s", i ? " " : "", word);
}

int vn_cmd_completion(int argc, char **argv, struct vn_err *err)
{
	int first;
	int rc = vn_options_parse(&completion_spec, NULL, argc, argv, &first, err);

	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(shells); i++) {
		if (strcmp(argv[first], shells[i].name))
			continue;
		shells[i].print(stdout, vn_commands);
		return VN_EXIT_DONE;
	}
	vn_err_set(err, EINVAL, "no completion for \"%s\" (there is bash and zsh)", argv[first]);
	return VN_EXIT_USAGE;
}

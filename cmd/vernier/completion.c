/* SPDX-License-Identifier: BSD-2-Clause */
/* vernier completion: a script for the shell, from the tables of options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "ctl/param.h"
#include "options.h"

#define NAME_SIZE 32

static const struct {
	const char *shell;
	void (*print)(FILE *out, const struct vn_completion *options, unsigned int n);
} shells[] = {
	{ "bash", vn_params_completion_bash_with },
	{ "zsh", vn_params_completion_zsh_with },
};

const struct vn_options completion_spec = {
	.command = "completion",
	.args = "bash|zsh",
	.summary = "Prints a script that completes commands, options and values.",
	.examples = "  eval \"$(vernier completion bash)\"\n"
		    "  vernier completion zsh > ~/.zfunc/_vernier\n",
	.args_min = 1,
	.args_max = 1,
};

struct words {
	struct vn_completion *v;
	char (*names)[NAME_SIZE];
	unsigned int n;
};

static void add_word(struct words *w, const char *command, const char *option, bool has_value)
{
	snprintf(w->names[w->n], NAME_SIZE, "--%s", option);
	w->v[w->n] = (struct vn_completion){
		.command = command,
		.option = w->names[w->n],
		.values = has_value ? NULL : "",
	};
	w->n++;
}

/* Values of --driver are known to the printer, which adds that option itself. */
static void add_command(struct words *w, const struct vn_command *c)
{
	for (unsigned int i = 0; i < c->options->n_rows; i++) {
		const struct vn_option *o = &c->options->rows[i];

		if (strcmp(o->name, "driver"))
			add_word(w, c->name, o->name, o->metavar);
	}
	add_word(w, c->name, "help", false);
}

static int print_words(unsigned int shell, struct vn_err *err)
{
	struct words w = { 0 };
	unsigned int n = 0;
	int status = VN_EXIT_FAILED;

	for (const struct vn_command *c = vn_commands; c->name; c++)
		n += c->options->n_rows + 1;
	w.v = calloc(n, sizeof(*w.v));
	w.names = calloc(n, sizeof(*w.names));
	if (w.v && w.names) {
		for (const struct vn_command *c = vn_commands; c->name; c++)
			add_command(&w, c);
		shells[shell].print(stdout, w.v, w.n);
		status = VN_EXIT_DONE;
	} else {
		vn_err_set(err, ENOMEM, "out of memory");
	}
	free(w.v);
	free(w.names);
	return status;
}

int vn_cmd_completion(int argc, char **argv, struct vn_err *err)
{
	int first;
	int rc = vn_options_parse(&completion_spec, NULL, argc, argv, &first, err);

	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(shells); i++)
		if (!strcmp(argv[first], shells[i].shell))
			return print_words(i, err);
	vn_err_set(err, EINVAL, "no completion for \"%s\" (there is bash and zsh)", argv[first]);
	return VN_EXIT_USAGE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier load: brings a program to a card, by its socket, as the loader of
 * NetThreads did: instructions, then data, which start it. Names of options
 * are the original's.
 */
#include "load.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "command.h"
#include "options.h"

static const struct vn_option load_rows[] = {
	{ .name = "instr",
	  .letter = 'i',
	  .metavar = "FILE",
	  .offset = offsetof(struct vn_load, instr),
	  .help = "hold the card, load its instructions (.instr.mif)" },
	{ .name = "data",
	  .letter = 'd',
	  .metavar = "FILE",
	  .offset = offsetof(struct vn_load, data),
	  .help = "load the data (.data.mif) and start all threads" },
	{ .name = "nodebug",
	  .offset = offsetof(struct vn_load, nodebug),
	  .help = "with -d: they run at once, without debug hold" },
	{ .name = "step",
	  .metavar = "N",
	  .offset = offsetof(struct vn_load, steps),
	  .units = vn_units_count,
	  .min = 1,
	  .max = VN_NT_CARD_STEPS_MAX,
	  .help = "in debug hold: each thread has its next N slots" },
	{ .name = "go",
	  .offset = offsetof(struct vn_load, go),
	  .help = "end debug hold: the program runs on" },
	{ .name = "card",
	  .letter = 'c',
	  .metavar = "PATH",
	  .offset = offsetof(struct vn_load, socket),
	  .def = VN_CARD_SOCKET,
	  .help = "socket of the card (vernier card -card PATH)" },
	{ .name = "mif",
	  .metavar = "PROGRAM",
	  .offset = offsetof(struct vn_load, elf),
	  .help = "write an ELF program's PROGRAM.instr.mif and .data.mif; load nothing" },
};

const struct vn_options load_spec = {
	.command = "load",
	.brief = "load a program into a running card",
	.args = "",
	.summary = "Loads a program into a card (vernier card -wait -card PATH -rt): first the\n"
		   "instructions, then the data, as two commands or as one. Without -nodebug\n"
		   "the threads are held until -step or -go.",
	.examples = "  vernier load -i ping.instr.mif\n"
		    "  vernier load -d ping.data.mif -nodebug\n"
		    "  vernier load -c card.sock -i ping.instr.mif -d ping.data.mif\n"
		    "  vernier load -step 100\n"
		    "  vernier load -go\n",
	.rows = load_rows,
	.n_rows = VN_ARRAY_SIZE(load_rows),
	.single_dash = true,
};

/* -h FILE was the first step with encoded programs; -h alone is the help. */
static const char *table_file(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], "-h") && argv[i + 1][0] != '-')
			return argv[i + 1];
	return NULL;
}

static int run(const struct vn_load *load, struct vn_err *err)
{
	struct vn_cardclient client;
	int rc;

	if (load->elf)
		return vn_load_write_mifs(load->elf, stdout, err);
	rc = vn_cardclient_open(&client, load->socket, err);
	if (rc < 0)
		return rc;
	rc = vn_load_run(load, &client, stdout, err);
	vn_cardclient_close(&client);
	return rc;
}

int vn_cmd_load(int argc, char **argv, struct vn_err *err)
{
	const char *table = table_file(argc, argv);
	struct vn_load load = { 0 };
	int first, rc;

	if (table) {
		vn_load_refuse_encoded(table, err);
		return VN_EXIT_USAGE;
	}
	rc = vn_options_parse(&load_spec, &load, argc, argv, &first, err);
	if (rc == VN_OPTIONS_HELPED)
		return VN_EXIT_DONE;
	if (rc < 0 || vn_load_check(&load, err) < 0)
		return VN_EXIT_USAGE;
	return run(&load, err) < 0 ? VN_EXIT_FAILED : VN_EXIT_DONE;
}

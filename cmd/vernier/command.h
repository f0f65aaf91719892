/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sub-command is. main.c has the table of them; a new one is a file
 * with one function and its vn_options, a line here and a row there. Its name
 * and what is said about it stand in the options and nowhere else.
 *
 * Sub-commands print what they were asked for, never errors: they fill err and
 * return a status, and main reports.
 */
#ifndef VN_CMD_COMMAND_H
#define VN_CMD_COMMAND_H

#include "base/err.h"

enum vn_exit {
	VN_EXIT_DONE = 0,
	VN_EXIT_FAILED = 1,
	VN_EXIT_USAGE = 2,
	VN_EXIT_FAULT = 3,    /* card: of the program it ran */
	VN_EXIT_DEADLOCK = 4, /* card: the program waits for ever */
};

struct vn_options;

struct vn_command {
	const struct vn_options *options;
	/* argv[0] is the sub-command's name, or the one that the program was called by.
	 * Returns enum vn_exit; an empty err with VN_EXIT_FAILED means that the report
	 * said it all. */
	int (*run)(int argc, char **argv, struct vn_err *err);
};

/* All sub-commands, ended by a row without options. */
extern const struct vn_command vn_commands[];

/* options.h, beside their functions */
extern const struct vn_options send_spec, recv_spec, drivers_spec, params_spec, completion_spec,
	serve_spec, exec_spec, ctl_spec, rfc2544_spec, report_spec, probe_spec, card_spec,
	load_spec, caliper_spec, nf2d_spec;

int vn_cmd_send(int argc, char **argv, struct vn_err *err);
int vn_cmd_recv(int argc, char **argv, struct vn_err *err);
int vn_cmd_rfc2544(int argc, char **argv, struct vn_err *err);
int vn_cmd_serve(int argc, char **argv, struct vn_err *err);
int vn_cmd_exec(int argc, char **argv, struct vn_err *err);
int vn_cmd_ctl(int argc, char **argv, struct vn_err *err);
int vn_cmd_report(int argc, char **argv, struct vn_err *err);
int vn_cmd_load(int argc, char **argv, struct vn_err *err);
int vn_cmd_probe(int argc, char **argv, struct vn_err *err);
int vn_cmd_caliper(int argc, char **argv, struct vn_err *err);
int vn_cmd_card(int argc, char **argv, struct vn_err *err);
int vn_cmd_nf2d(int argc, char **argv, struct vn_err *err);
int vn_cmd_drivers(int argc, char **argv, struct vn_err *err);
int vn_cmd_params(int argc, char **argv, struct vn_err *err);
int vn_cmd_completion(int argc, char **argv, struct vn_err *err);

#endif

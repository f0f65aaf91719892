/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier exec: runs a command that finds our control tree at
 * /proc/net/pktgen. The server is this process, and ends with the command.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "control.h"
#include "ctl/mount.h"
#include "options.h"
#include "procnet.h"

#define EXIT_NO_COMMAND 127 /* as a shell: there is none, or it cannot be run */
#define EXIT_NOT_RUN 126
#define EXIT_SIGNAL 128     /* + its number */

#define OFF(member) offsetof(struct control_options, member)

static const struct vn_option exec_rows[] = {
	CONTROL_ROWS,
};

const struct vn_options exec_spec = {
	.command = "exec",
	.brief = "run a command that finds our files at /proc/net/pktgen",
	.args = "[--] COMMAND [ARGS...]",
	.summary = "Runs COMMAND in a mount namespace of its own, in which /proc/net/pktgen is\n"
		   "our control tree and everything else is as before: scripts for the\n"
		   "kernel's pktgen run as they are. The exit status is the command's.",
	.examples =
		"  vernier exec -- ./pktgen_sample01_simple.sh -i eth1 -m 02:00:00:00:00:02\n"
		"  vernier exec -- sh\n"
		"  vernier exec --device dummy0=null -- ls -l /proc/net/pktgen\n",
	.rows = exec_rows,
	.n_rows = VN_ARRAY_SIZE(exec_rows),
	.args_min = 1,
	.args_max = 65536,
	.ends_at_args = true,
};

struct exec {
	struct control_options o;
	struct control control;
	struct vn_mount *mount;
	struct procnet procnet;
	sigset_t signals, old_mask;
};

/* Signals are waited for by name, in one place; threads are made with them shut. */
static void shut_signals(struct exec *x)
{
	static const int signals[] = {
		SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD,
	};

	sigemptyset(&x->signals);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(signals); i++)
		sigaddset(&x->signals, signals[i]);
	pthread_sigmask(SIG_BLOCK, &x->signals, &x->old_mask);
}

static void run_command(const struct exec *x, char **argv)
{
	int error;

	pthread_sigmask(SIG_SETMASK, &x->old_mask, NULL);
	execvp(argv[0], argv);
	error = errno;
	fprintf(stderr, "vernier: exec: %s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_RUN);
}

/* The exit status of the child once it has ended; -1 before. */
static int status_of(pid_t child)
{
	int status;

	if (waitpid(child, &status, WNOHANG) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
}

/*
 * Until the command ends. A signal from the terminal reached the command too,
 * which knows best what to make of it; one that was sent to us is meant for it.
 */
static int wait_for(const struct exec *x, pid_t child)
{
	siginfo_t info;
	int status;

	while ((status = status_of(child)) < 0) {
		if (sigwaitinfo(&x->signals, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		if (info.si_code != SI_KERNEL)
			kill(child, info.si_signo);
	}
	return status;
}

static int make(struct exec *x, struct vn_err *err)
{
	int rc = procnet_enter(&x->procnet, err);

	if (!rc)
		rc = control_open(&x->control, &x->o, err);
	if (!rc)
		rc = vn_mount_open(x->control.tree, NULL, x->procnet.mount, &x->mount, err);
	if (!rc)
		rc = procnet_cover(&x->procnet, err);
	return rc;
}

/* Returns the exit status. */
static int run(struct exec *x, char **argv, struct vn_err *err)
{
	int status = VN_EXIT_FAILED;
	pid_t child;
	int rc = make(x, err);

	if (!rc) {
		child = fork();
		if (child == 0)
			run_command(x, argv);
		if (child > 0)
			status = wait_for(x, child);
		else
			vn_err_set(err, errno, "no process: %s", strerror(errno));
	} else if (rc == -EINVAL) {
		status = VN_EXIT_USAGE;
	}
	if (x->control.tree)
		vn_tree_shut(x->control.tree);
	vn_mount_close(x->mount);
	control_close(&x->control);
	procnet_leave(&x->procnet);
	return status;
}

int vn_cmd_exec(int argc, char **argv, struct vn_err *err)
{
	struct exec *x = calloc(1, sizeof(*x));
	int first, status;

	if (!x) {
		vn_err_set(err, ENOMEM, "no memory");
		return VN_EXIT_FAILED;
	}
	status = vn_options_parse(&exec_spec, &x->o, argc, argv, &first, err);
	if (status) {
		status = status == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	} else {
		shut_signals(x);
		status = run(x, argv + first, err);
		pthread_sigmask(SIG_SETMASK, &x->old_mask, NULL);
	}
	free(x);
	return status;
}

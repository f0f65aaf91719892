/* SPDX-License-Identifier: BSD-2-Clause */
#include "simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

#define START_MS 20000 /* it translates its program meanwhile */
#define END_MS	 5000
/* Of the card's time: long for a host to answer, short for what the card holds, 2.4 ms at least. */
#define HOST_WAIT "500us"
#define LISTEN_MS 1 /* from the file of the socket to the one who listens there */

/* --- the child --------------------------------------------------------------------- */

struct child {
	char *argv[NF2D_SIMULATOR_ARGS + 10];
	const struct nf2d_simulator_opts *opts;
	pid_t parent;
	int out; /* its standard output and error */
};

/* Between fork and exec, where other threads may have stopped inside of anything. */
static void become_card(const struct child *c)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != c->parent)
		_exit(127); /* who would have sent it is gone already */
	if (dup2(c->out, STDOUT_FILENO) < 0 || dup2(c->out, STDERR_FILENO) < 0)
		_exit(127);
	sigprocmask(SIG_SETMASK, c->opts->mask, NULL);
	signal(SIGPIPE, SIG_DFL); /* which we ignore, for ourselves */
	execv("/proc/self/exe", c->argv);
	_exit(127);
}

/* A default first; what must be so comes last, where nothing of the user's can undo it. */
static void make_argv(struct child *c, const char *path)
{
	const char *const ours[] = { "-rt", "-q", "-card", path, c->opts->program };
	char *const *options = c->opts->options;
	unsigned int n = 0;

	c->argv[n++] = (char *)(uintptr_t) "vernier";
	c->argv[n++] = (char *)(uintptr_t) "card";
	c->argv[n++] = (char *)(uintptr_t) "-hostwait=" HOST_WAIT;
	while (options && *options && n < NF2D_SIMULATOR_ARGS)
		c->argv[n++] = *options++;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(ours); i++)
		c->argv[n++] = (char *)(uintptr_t)ours[i];
	c->argv[n] = NULL;
}

static int make_dir(struct nf2d_simulator *sim, struct vn_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(sim->dir, sizeof(sim->dir), "%s/vernier-nf2d-XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");

	if (n >= (int)sizeof(sim->dir) || !mkdtemp(sim->dir)) {
		int error = n >= (int)sizeof(sim->dir) ? ENAMETOOLONG : errno;

		sim->dir[0] = '\0';
		return vn_err_set(err, error, "no folder for the card's socket in %s: %s",
				  tmp && *tmp ? tmp : "/tmp", strerror(error));
	}
	snprintf(sim->path, sizeof(sim->path), "%s/card.sock", sim->dir);
	return 0;
}

static void remove_dir(struct nf2d_simulator *sim)
{
	if (!sim->dir[0])
		return;
	unlink(sim->path);
	rmdir(sim->dir);
	sim->dir[0] = '\0';
}

static int spawn(struct nf2d_simulator *sim, struct child *c, struct vn_err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return vn_err_set(err, errno, "no pipe for the card: %s", strerror(errno));
	sim->fd = ends[0];
	c->out = ends[1];
	sim->pid = fork();
	if (sim->pid == 0)
		become_card(c);
	close(ends[1]);
	if (sim->pid < 0) {
		sim->pid = 0;
		return vn_err_set(err, errno, "no process for the card: %s", strerror(errno));
	}
	sim->pidfd = (int)syscall(SYS_pidfd_open, sim->pid, 0);
	if (sim->pidfd < 0)
		return vn_err_set(err, errno, "no descriptor of the card's process: %s",
				  strerror(errno));
	return nf2d_said_start(&sim->said, sim->fd, c->opts->log, c->opts->arg, err);
}

/* How it ended: whether well. */
static bool reap(struct nf2d_simulator *sim, char *text, size_t cap)
{
	int status = 0;

	while (waitpid(sim->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		snprintf(text, cap, "was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(text, cap, "ended with status %d", WEXITSTATUS(status));
	sim->pid = 0;
	return !status;
}

/* --- its beginning ------------------------------------------------------------------- */

/* Nobody listens there yet. */
static bool is_early(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED;
}

/* Its last line says more than its status. */
static int died_early(struct nf2d_simulator *sim, struct vn_err *err)
{
	const char *said;
	char text[64];

	reap(sim, text, sizeof(text));
	said = nf2d_said_finish(&sim->said);
	return vn_err_set(err, ENODEV, "the card %s%s%s", text, said[0] ? ": " : "", said);
}

/* Tries when a file appears in the folder, and shortly after until somebody listens. */
static int wait_for_card(struct nf2d_simulator *sim, int inotify, struct nf2d_cardlink *link,
			 struct vn_err *err)
{
	struct pollfd fds[] = { { .fd = sim->pidfd, .events = POLLIN },
				{ .fd = inotify, .events = POLLIN } };
	struct vn_err why = { "" };
	int rc;

	while (is_early(rc = nf2d_cardlink_open(link, sim->path, NF2D_HELLO_MS, &why))) {
		int n = poll(fds, 2, rc == -ENOENT ? START_MS : LISTEN_MS);

		if (n == 0 && rc == -ENOENT)
			return vn_err_set(err, ETIMEDOUT,
					  "the card does not open its socket within %d s",
					  START_MS / 1000);
		if (fds[0].revents)
			return died_early(sim, err);
		if (fds[1].revents && rc == -ECONNREFUSED)
			fds[1].fd = -1; /* the file is there: it is the listening that lacks */
	}
	if (rc)
		*err = why;
	return rc;
}

int nf2d_simulator_start(struct nf2d_simulator *sim, const struct nf2d_simulator_opts *opts,
			 struct nf2d_cardlink *link, struct vn_err *err)
{
	struct child c = { .opts = opts, .parent = getpid() };
	int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct vn_err ignored;
	int rc;

	*sim = (struct nf2d_simulator){ .pidfd = -1, .fd = -1 };
	rc = inotify < 0 ? vn_err_set(err, errno, "no inotify: %s", strerror(errno))
			 : make_dir(sim, err);
	if (!rc && inotify_add_watch(inotify, sim->dir, IN_CREATE) < 0)
		rc = vn_err_set(err, errno, "%s: cannot be watched: %s", sim->dir, strerror(errno));
	if (!rc) {
		make_argv(&c, sim->path);
		rc = spawn(sim, &c, err);
	}
	if (!rc)
		rc = wait_for_card(sim, inotify, link, err);
	if (inotify >= 0)
		close(inotify);
	/* It has its driver, and takes no other one: nothing is left behind whoever is killed. */
	remove_dir(sim);
	nf2d_said_go_on(&sim->said);
	if (rc) /* which says more than how it ends */
		nf2d_simulator_end(sim, &ignored);
	return rc;
}

/* --- its end ------------------------------------------------------------------------- */

/* It ends by itself, and writes its files, unless it hangs. */
static bool ends_by_itself(const struct nf2d_simulator *sim)
{
	struct pollfd pfd = { .fd = sim->pidfd, .events = POLLIN };

	kill(sim->pid, SIGTERM);
	return sim->pidfd >= 0 && poll(&pfd, 1, END_MS) > 0;
}

static int stop(struct nf2d_simulator *sim, struct vn_err *err)
{
	char text[64];

	if (!ends_by_itself(sim)) {
		kill(sim->pid, SIGKILL);
		reap(sim, text, sizeof(text));
		return vn_err_set(err, ETIMEDOUT,
				  "the card did not end within %d s, and was killed: its files are "
				  "not whole",
				  END_MS / 1000);
	}
	return reap(sim, text, sizeof(text)) ? 0 : vn_err_set(err, EIO, "the card %s", text);
}

static void close_all(struct nf2d_simulator *sim)
{
	nf2d_said_finish(&sim->said);
	if (sim->pidfd >= 0)
		close(sim->pidfd);
	if (sim->fd >= 0)
		close(sim->fd);
	*sim = (struct nf2d_simulator){ .pidfd = -1, .fd = -1 };
}

void nf2d_simulator_died(struct nf2d_simulator *sim, char *text, size_t cap)
{
	reap(sim, text, cap);
	close_all(sim);
}

int nf2d_simulator_end(struct nf2d_simulator *sim, struct vn_err *err)
{
	int rc = sim->pid > 0 ? stop(sim, err) : 0;

	close_all(sim);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

void vn_background_ready(int ready)
{
	int null;

	if (ready < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (write(ready, "", 1) < 0)
		return; /* the parent is gone: nobody waits */
	close(ready);
}

/* Who wants an end of the parent means the child: has one come? */
static bool pass_on(int signals, pid_t child)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	kill(child, (int)info.ssi_signo);
	return true;
}

/* True when the child is ready, and nobody wanted it to end before. */
static bool wait_until_ready(int ready, pid_t child)
{
	bool is_ended = false;
	struct pollfd fds[2] = { { .fd = ready, .events = POLLIN }, { .events = POLLIN } };
	sigset_t set;
	char byte;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	do {
		poll(fds, 2, -1);
		is_ended |= pass_on(fds[1].fd, child);
	} while (!fds[0].revents);
	close(fds[1].fd);
	return read(ready, &byte, 1) == 1 && !is_ended;
}

int vn_background_run(int (*serve)(void *arg, int ready, struct vn_err *err), void *arg,
		      struct vn_err *err)
{
	int ends[2];
	pid_t child;
	bool is_ready;

	if (pipe2(ends, O_CLOEXEC))
		return vn_err_set(err, errno, "no pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		return vn_err_set(err, errno, "no process: %s", strerror(errno));
	if (child == 0) {
		close(ends[0]);
		setsid();
		return serve(arg, ends[1], err);
	}
	close(ends[1]);
	is_ready = wait_until_ready(ends[0], child);
	close(ends[0]);
	return is_ready ? 0 : -ECHILD;
}

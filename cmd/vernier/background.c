/* SPDX-License-Identifier: BSD-2-Clause */
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

int vn_background_run(int (*serve)(void *arg, int ready, struct vn_err *err), void *arg,
		      struct vn_err *err)
{
	int ends[2];
	ssize_t n;
	pid_t child;
	char byte;

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
	do {
		n = read(ends[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	close(ends[0]);
	return n == 1 ? 0 : -ECHILD;
}

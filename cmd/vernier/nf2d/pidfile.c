/* SPDX-License-Identifier: BSD-2-Clause */
#include "pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path, int error, struct vn_err *err)
{
	return vn_err_set(err, error, "--pidfile %s: %s", path, strerror(error));
}

/* The one before may have removed it between our open() and our lock. */
static bool is_named(int fd, const char *path)
{
	struct stat ours, there;

	return !fstat(fd, &ours) && !stat(path, &there) && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

/* A descriptor. What is no file (/dev/null) must not be removed at the end. */
static int open_file(const char *path, struct vn_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	struct stat st;

	if (fd < 0)
		return fail(path, errno, err);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return vn_err_set(err, EINVAL, "--pidfile %s: is not a regular file", path);
}

/* 0: it is ours; -EAGAIN: it is nobody's any more. */
static int lock(int fd, const char *path, struct vn_err *err)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_SETLK, &l))
		return is_named(fd, path) ? 0 : -EAGAIN;
	if (errno != EAGAIN && errno != EACCES)
		return fail(path, errno, err);
	if (fcntl(fd, F_GETLK, &l) || l.l_type == F_UNLCK)
		return -EAGAIN;
	return vn_err_set(err, EBUSY,
			  "--pidfile %s: is that of process %d, a driver that runs (another file "
			  "is needed)",
			  path, (int)l.l_pid);
}

static int write_number(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	ssize_t n;

	if (ftruncate(fd, 0))
		return -errno;
	n = write(fd, text, (size_t)len);
	if (n < 0)
		return -errno;
	return n == len ? 0 : -ENOSPC;
}

int nf2d_pidfile_open(struct nf2d_pidfile *p, const char *path, struct vn_err *err)
{
	int fd, rc;

	*p = (struct nf2d_pidfile){ .path = path, .fd = -1 };
	do {
		fd = open_file(path, err);
		if (fd < 0)
			return fd;
		rc = lock(fd, path, err);
		if (rc)
			close(fd);
	} while (rc == -EAGAIN);
	if (rc)
		return rc;
	p->fd = fd;
	rc = write_number(fd);
	if (!rc)
		return 0;
	nf2d_pidfile_close(p);
	return fail(path, -rc, err);
}

void nf2d_pidfile_close(struct nf2d_pidfile *p)
{
	if (p->fd < 0)
		return;
	if (is_named(p->fd, p->path))
		unlink(p->path);
	close(p->fd); /* and unlocks it */
	p->fd = -1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounting the control tree, and the thread that serves it.
 *
 * A control write is small, and most of its time would go into waking up: so one
 * thread does everything, and for a while after each request looks for the next
 * without going to sleep, unless something is sending, which should have the
 * CPU. Only writes that may take as long as a run get a thread of their own
 * (mount_files.c).
 */
#include "ctl/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "ctl/mount_priv.h"

#define MISC_MAJOR 10 /* Documentation/admin-guide/devices.txt */
#define FUSE_MINOR 229
#define AWAKE_NS   100000 /* after a request */

/* Does a FUSE file system begin here? (It may lie in one.) */
static bool is_fuse_mount(const char *dir, const struct stat *st)
{
	char parent[PATH_MAX];
	struct statfs fs;
	struct stat up;

	snprintf(parent, sizeof(parent), "%s/..", dir);
	return statfs(dir, &fs) == 0 && fs.f_type == FUSE_SUPER_MAGIC && stat(parent, &up) == 0 &&
	       up.st_dev != st->st_dev;
}

/* Takes a dead mount off dir, refuses a living one. */
static int clear_dir(const char *dir, struct vn_err *err)
{
	struct statfs fs;
	struct stat st;

	/* Attributes are cached, and a dead mount still has them. */
	while (statfs(dir, &fs) && errno == ENOTCONN)
		if (umount2(dir, MNT_DETACH))
			return vn_err_set(err, errno,
					  "%s: a dead mount is there and cannot be taken off: %s",
					  dir, strerror(errno));
	if (stat(dir, &st))
		return vn_err_set(err, errno, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return vn_err_set(err, ENOTDIR, "%s: is not a directory", dir);
	if (is_fuse_mount(dir, &st))
		return vn_err_set(err, EBUSY,
				  "%s: something is mounted there already (choose another "
				  "directory with --mount)",
				  dir);
	return 0;
}

/* Sandboxes put another device in its place. -ENODEV: no FUSE for us. */
static bool is_fuse(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(MISC_MAJOR, FUSE_MINOR);
}

static int open_fuse(struct vn_err *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return vn_err_set(err, ENODEV,
				  "/dev/fuse: %s (is FUSE in this kernel, and allowed here?)",
				  strerror(errno));
	if (is_fuse(fd))
		return fd;
	close(fd);
	return vn_err_set(err, ENODEV, "/dev/fuse: is another device (is FUSE allowed here?)");
}

/* Not through libfuse: it would ask a helper program and print. */
static int mount_fuse(const char *dir, struct vn_err *err)
{
	char data[128];
	int fd = open_fuse(err);

	if (fd < 0)
		return fd;
	snprintf(data, sizeof(data),
		 "fd=%d,rootmode=40555,user_id=%u,group_id=%u,allow_other,default_permissions", fd,
		 geteuid(), getegid());
	if (mount("vernier", dir, "fuse.vernier", MS_NOSUID | MS_NODEV | MS_NOEXEC, data) == 0)
		return fd;
	vn_err_set(err, errno, "%s: cannot mount: %s%s", dir, strerror(errno),
		   errno == EPERM ? " (run as root, or in a user and mount namespace)" : "");
	close(fd);
	return -EPERM;
}

/* Until there is a request, or the thread is to end. */
static void sleep_for_request(struct vn_mount *m)
{
	struct pollfd fds[] = {
		{ .fd = fuse_session_fd(m->se), .events = POLLIN },
		{ .fd = m->wake, .events = POLLIN },
	};

	poll(fds, VN_ARRAY_SIZE(fds), -1);
}

/* Until it is to end, however many requests wait, or the file system was taken off. */
static void serve_requests(struct vn_mount *m, struct fuse_buf *buf)
{
	uint64_t awake_until = 0;
	struct vn_clock clock;
	int n;

	vn_clock_real(&clock);
	while (!atomic_load_explicit(&m->is_over, memory_order_relaxed)) {
		n = fuse_session_receive_buf(m->se, buf);
		if (n > 0) {
			fuse_session_process_buf(m->se, buf);
			awake_until = vn_clock_now(&clock) + AWAKE_NS;
		} else if (n != -EAGAIN && n != -EINTR) {
			return;
		} else if (vn_clock_now(&clock) < awake_until && vn_mount_is_idle(m)) {
			sched_yield();
		} else {
			sleep_for_request(m);
		}
	}
}

static void *serve(void *arg)
{
	struct vn_mount *m = arg;
	struct fuse_buf buf = { 0 };

	vn_thread_name("vn-mount");
	serve_requests(m, &buf);
	free(buf.mem);
	atomic_store_explicit(&m->is_gone, true, memory_order_release);
	return NULL;
}

static int make_session(struct vn_mount *m, int fd, struct vn_err *err)
{
	char *words[] = { (char[]){ "vernier" }, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, words);
	char path[32];

	m->se = fuse_session_new(&args, &vn_mount_files, sizeof(vn_mount_files), m);
	fuse_opt_free_args(&args);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	m->wake = eventfd(0, EFD_CLOEXEC);
	if (!m->se || m->wake < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fuse_session_mount(m->se, path))
		return vn_err_set(err, EIO, "%s: no FUSE session", m->dir);
	return 0;
}

static void free_mount(struct vn_mount *m)
{
	if (m->se)
		fuse_session_destroy(m->se);
	if (m->wake >= 0)
		close(m->wake);
	vn_mount_free_handles(m);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m->dir);
	free(m);
}

static void add_trees(struct vn_mount *m, struct vn_tree *tree, struct vn_files *more)
{
	vn_tree_files_init(&m->pktgen, tree);
	m->trees[m->n_trees++] = &m->pktgen.files;
	if (more)
		m->trees[m->n_trees++] = more;
}

int vn_mount_open(struct vn_tree *tree, struct vn_files *more, const char *dir,
		  struct vn_mount **out, struct vn_err *err)
{
	struct vn_mount *m;
	int fd, rc;

	*out = NULL;
	rc = clear_dir(dir, err);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (m)
		m->dir = realpath(dir, NULL);
	if (!m || !m->dir) {
		free(m);
		return vn_err_set(err, ENOMEM, "%s: no memory", dir);
	}
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	m->wake = -1;
	add_trees(m, tree, more);
	m->made = time(NULL);
	fd = rc = mount_fuse(m->dir, err);
	if (rc < 0)
		goto err_free;
	rc = make_session(m, fd, err);
	if (rc) {
		close(fd); /* it is not the session's yet */
		goto err_unmount;
	}
	rc = -pthread_create(&m->thread, NULL, serve, m);
	if (rc) {
		vn_err_set(err, -rc, "%s: no thread: %s", dir, strerror(-rc));
		goto err_unmount;
	}
	*out = m;
	return 0;

err_unmount:
	umount2(m->dir, MNT_DETACH);
err_free:
	free_mount(m);
	return rc;
}

bool vn_mount_is_gone(const struct vn_mount *m)
{
	return atomic_load_explicit(&m->is_gone, memory_order_acquire);
}

/* No requests are taken any more; writers that wait get their answers; then
 * the connection is closed, and whoever still asks is told that it is gone. */
void vn_mount_close(struct vn_mount *m)
{
	if (!m)
		return;
	atomic_store_explicit(&m->is_over, true, memory_order_relaxed);
	eventfd_write(m->wake, 1);
	pthread_join(m->thread, NULL);
	pthread_mutex_lock(&m->lock);
	while (m->n_writers)
		pthread_cond_wait(&m->changed, &m->lock);
	pthread_mutex_unlock(&m->lock);
	umount2(m->dir, MNT_DETACH);
	free_mount(m);
}

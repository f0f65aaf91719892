/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/net is a symbolic link to self/net, and procfs lets nobody make a
 * directory below that. But a symbolic link can be mounted on a symbolic link,
 * if neither is followed: open_tree() takes ours from a file system of our own,
 * move_mount() puts it on the old one. It leads to a directory of links, each
 * to /proc/self/net/NAME, so that whoever reads one sees his own network
 * namespace, as before.
 */
#include "procnet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/mount.h"

#define RUN_DIR "/run/vernier"
#define SPARE_DIR "/tmp/vernier-XXXXXX"

/* A directory to mount on: in the private namespace nobody else sees that. */
static int choose_dir(struct procnet *p, struct vn_err *err)
{
	struct stat st;

	p->dir = RUN_DIR;
	if (mkdir(RUN_DIR, 0755) == 0 || errno == ENOTCONN ||
	    (errno == EEXIST && lstat(RUN_DIR, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	memcpy(p->made, SPARE_DIR, sizeof(SPARE_DIR));
	p->dir = mkdtemp(p->made);
	if (p->dir)
		return 0;
	p->made[0] = '\0';
	return vn_err_set(err, errno, "%s: %s (a directory is needed to mount on)", RUN_DIR,
			  strerror(errno));
}

static int private_namespace(struct vn_err *err)
{
	if (unshare(CLONE_NEWNS))
		return vn_err_set(err, errno,
				  "no mount namespace: %s (run as root, or in a user, network and "
				  "mount namespace: unshare -Urnm)", strerror(errno));
	/* What is mounted outside still comes in, ours does not go out. In a chroot
	 * the root is no mount: then it is done for /proc, and what else is mounted
	 * may be seen outside until procnet_leave(). */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 ||
	    (errno == EINVAL && mount(NULL, "/proc", NULL, MS_REC | MS_SLAVE, NULL) == 0))
		return 0;
	return vn_err_set(err, errno, "/: cannot make mounts private: %s", strerror(errno));
}

int procnet_enter(struct procnet *p, struct vn_err *err)
{
	int rc;

	memset(p, 0, sizeof(*p));
	rc = private_namespace(err);
	if (!rc)
		rc = choose_dir(p, err);
	if (rc)
		return rc;
	while (umount2(p->dir, MNT_DETACH) == 0) /* a tree of the host's, alive or dead */
		;
	if (mount("vernier", p->dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=755,size=1m"))
		return vn_err_set(err, errno, "%s: cannot mount: %s", p->dir, strerror(errno));
	snprintf(p->mount, sizeof(p->mount), "%s/tree", p->dir);
	if (mkdir(p->mount, 0755))
		return vn_err_set(err, errno, "%s: %s", p->mount, strerror(errno));
	return 0;
}

/* A link in net/ for each real entry but pktgen. */
static int make_links(int net, struct vn_err *err)
{
	DIR *real = opendir("/proc/self/net");
	struct dirent *e;
	char target[300];
	int rc = 0;

	if (!real)
		return vn_err_set(err, errno, "/proc/self/net: %s", strerror(errno));
	while (!rc && (e = readdir(real))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    !strcmp(e->d_name, "pktgen"))
			continue;
		snprintf(target, sizeof(target), "/proc/self/net/%s", e->d_name);
		if (symlinkat(target, net, e->d_name))
			rc = vn_err_set(err, errno, "%s: no link: %s", target, strerror(errno));
	}
	closedir(real);
	return rc;
}

/* dir/net: the links, and our tree bound to pktgen. */
static int make_net(const struct procnet *p, const char *net, struct vn_err *err)
{
	char from[128], to[128];
	int fd, rc;

	if (mkdir(net, 0555))
		return vn_err_set(err, errno, "%s: %s", net, strerror(errno));
	fd = open(net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return vn_err_set(err, errno, "%s: %s", net, strerror(errno));
	rc = make_links(fd, err);
	close(fd);
	if (rc)
		return rc;
	snprintf(from, sizeof(from), "%s/" VN_MOUNT_TREE, p->mount);
	snprintf(to, sizeof(to), "%s/pktgen", net);
	if (mkdir(to, 0555) || mount(from, to, NULL, MS_BIND, NULL))
		return vn_err_set(err, errno, "%s: cannot bind the tree: %s", to, strerror(errno));
	return 0;
}

int procnet_cover(struct procnet *p, struct vn_err *err)
{
	char net[96], link[96];
	int fd, rc;

	snprintf(net, sizeof(net), "%s/net", p->dir);
	snprintf(link, sizeof(link), "%s/link", p->dir);
	rc = make_net(p, net, err);
	if (rc)
		return rc;
	if (symlink(net, link))
		return vn_err_set(err, errno, "%s: no link: %s", link, strerror(errno));
	fd = open_tree(AT_FDCWD, link, AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return vn_err_set(err, errno, "%s: open_tree: %s (Linux 5.2 has it)", link,
				  strerror(errno));
	rc = move_mount(fd, "", AT_FDCWD, "/proc/net", MOVE_MOUNT_F_EMPTY_PATH) ? errno : 0;
	close(fd);
	if (rc)
		return vn_err_set(err, rc, "/proc/net: cannot be covered: %s", strerror(rc));
	return 0;
}

void procnet_leave(struct procnet *p)
{
	if (!p->dir)
		return;
	umount2(p->dir, MNT_DETACH);
	if (p->made[0])
		rmdir(p->made);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories are rows of a table as files are: each has a table of files, a
 * parent, and a scope. Where the scope is narrower than the parent's there is
 * one such directory for each device, or for each queue. So a node is the row
 * of its directory, that of its file, and which device and queue; its number is
 * these four, and nothing is kept of who looked at what.
 */
#include "net/netfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "net/attribute.h"
#include "net/device.h"
#include "net/net.h"
#include "net/proc.h"
#include "net/sysctl.h"

#define NAME_SIZE  32
#define WRITE_MAX  4096 /* bytes: a page, as sysfs takes at a time */
#define SYSFS_SIZE 4096 /* as stat shows every file there */
#define PROC_MODE  0555
#define SYSFS_MODE 0755

/* Bits of a number, the directory's row lowest: VN_FILES_ROOT and _NET are
 * their own. */
#define DIR_BITS   5
#define FILE_BITS  6
#define QUEUE_BITS 16

enum scope { OF_NET, OF_DEVICE, OF_RXQ, OF_TXQ };

enum {
	ROOT = VN_FILES_ROOT,
	NET = VN_FILES_NET,
	SYS,
	SYS_NET,
	SYS_CORE,
	CLASS,
	CLASS_NET,
	LINK,
	DEVICES,
	VIRTUAL,
	VIRTUAL_NET,
	DEVICE,
	SUBSYSTEM,
	STATISTICS,
	QUEUES,
	RXQ,
	TXQ,
	BQL,
};

struct dir {
	const char *name; /* without the number of a queue; NULL: the device's */
	unsigned int parent;
	enum scope scope;
	mode_t mode; /* permissions; files of SYSFS_MODE have SYSFS_SIZE */
	const struct vn_attributes *files;
	const char *link; /* no directory, but a link to this (and the device's name) */
};

static const struct vn_attributes no_files;

#define DIRECTORY(name_, parent_, scope_, mode_, files_)                                           \
	{                                                                                          \
		.name = name_, .parent = parent_, .scope = scope_, .mode = mode_, .files = files_  \
	}
#define LINK_TO(name_, parent_, link_)                                                             \
	{                                                                                          \
		.name = name_, .parent = parent_, .scope = OF_DEVICE, .mode = 0777,                \
		.files = &no_files, .link = link_                                                  \
	}

static const struct dir dirs[] = {
	[ROOT] = DIRECTORY("", ROOT, OF_NET, PROC_MODE, &no_files),
	[NET] = DIRECTORY("net", ROOT, OF_NET, PROC_MODE, &vn_proc_files),
	[SYS] = DIRECTORY("sys", ROOT, OF_NET, PROC_MODE, &no_files),
	[SYS_NET] = DIRECTORY("net", SYS, OF_NET, PROC_MODE, &no_files),
	[SYS_CORE] = DIRECTORY("core", SYS_NET, OF_NET, PROC_MODE, &vn_sysctl_files),
	[CLASS] = DIRECTORY("class", ROOT, OF_NET, SYSFS_MODE, &no_files),
	[CLASS_NET] = DIRECTORY("net", CLASS, OF_NET, SYSFS_MODE, &no_files),
	[LINK] = LINK_TO(NULL, CLASS_NET, "../../devices/virtual/net/%s"),
	[DEVICES] = DIRECTORY("devices", ROOT, OF_NET, SYSFS_MODE, &no_files),
	[VIRTUAL] = DIRECTORY("virtual", DEVICES, OF_NET, SYSFS_MODE, &no_files),
	[VIRTUAL_NET] = DIRECTORY("net", VIRTUAL, OF_NET, SYSFS_MODE, &no_files),
	[DEVICE] = DIRECTORY(NULL, VIRTUAL_NET, OF_DEVICE, SYSFS_MODE, &vn_device_attributes),
	[SUBSYSTEM] = LINK_TO("subsystem", DEVICE, "../../../../class/net"),
	[STATISTICS] =
		DIRECTORY("statistics", DEVICE, OF_DEVICE, SYSFS_MODE, &vn_statistics_attributes),
	[QUEUES] = DIRECTORY("queues", DEVICE, OF_DEVICE, SYSFS_MODE, &no_files),
	[RXQ] = DIRECTORY("rx-", QUEUES, OF_RXQ, SYSFS_MODE, &vn_rxq_attributes),
	[TXQ] = DIRECTORY("tx-", QUEUES, OF_TXQ, SYSFS_MODE, &vn_txq_attributes),
	[BQL] = DIRECTORY("byte_queue_limits", TXQ, OF_TXQ, SYSFS_MODE, &vn_bql_attributes),
};

_Static_assert(VN_ARRAY_SIZE(dirs) <= 1 << DIR_BITS, "a number has room for its directory");

/* --- nodes ---------------------------------------------------------------------------- */

struct node {
	const struct dir *dir;
	unsigned int file; /* row + 1; 0: the directory */
	unsigned int queue;
	int ifindex; /* 0: the net's */
};

static uint64_t number_of(const struct node *n)
{
	uint64_t number = (uint64_t)n->ifindex;

	number = number << QUEUE_BITS | n->queue;
	number = number << FILE_BITS | n->file;
	return number << DIR_BITS | (uint64_t)(n->dir - dirs);
}

/* Only of numbers that were given. */
static struct node node_of(uint64_t number)
{
	struct node n;

	n.dir = &dirs[number & ((1 << DIR_BITS) - 1)];
	number >>= DIR_BITS;
	n.file = number & ((1 << FILE_BITS) - 1);
	number >>= FILE_BITS;
	n.queue = number & ((1 << QUEUE_BITS) - 1);
	n.ifindex = (int)(number >> QUEUE_BITS);
	return n;
}

static const struct vn_attribute *attribute_of(const struct node *n)
{
	return n->file ? &n->dir->files->rows[n->file - 1] : NULL;
}

static struct vn_file_info info_of(const struct node *n)
{
	const struct vn_attribute *a = attribute_of(n);
	struct node parent = { &dirs[n->dir->parent], 0, n->queue, n->ifindex };
	mode_t type = a ? S_IFREG : n->dir->link ? S_IFLNK : S_IFDIR;

	if (parent.dir->scope < OF_RXQ)
		parent.queue = 0;
	if (parent.dir->scope < OF_DEVICE)
		parent.ifindex = 0;
	return (struct vn_file_info){
		.mode = type | (a ? a->mode : n->dir->mode),
		.size = a && n->dir->mode == SYSFS_MODE ? SYSFS_SIZE : 0,
		.parent = number_of(&parent),
		.is_permanent = n->dir->scope == OF_NET,
	};
}

/* How many directories of this scope a device has. */
static unsigned int count_of(const struct vn_device *dev, enum scope scope)
{
	return scope == OF_RXQ ? dev->real_n_rxq : scope == OF_TXQ ? dev->real_n_txq : 1;
}

/* --- under the lock ------------------------------------------------------------------- */

static struct vn_netfs *netfs_of(struct vn_files *files)
{
	return vn_container_of(files, struct vn_netfs, files);
}

static struct vn_net *enter(struct vn_netfs *fs)
{
	if (fs->o.lock)
		fs->o.lock(fs->o.arg);
	return fs->o.net;
}

static void leave(struct vn_netfs *fs)
{
	if (fs->o.unlock)
		fs->o.unlock(fs->o.arg);
	else
		vn_net_run(fs->o.net);
}

/* Whose the node is; -EINVAL: it is gone. */
static int find_owner(struct vn_net *net, const struct node *n, struct vn_attribute_of *of)
{
	*of = (struct vn_attribute_of){ .net = net, .queue = n->queue };
	if (n->dir->scope == OF_NET)
		return 0;
	of->dev = vn_net_find_index(net, n->ifindex);
	return of->dev && n->queue < count_of(of->dev, n->dir->scope) ? 0 : -EINVAL;
}

/* --- entries of a directory ----------------------------------------------------------- */

struct listing {
	vn_files_fn *fn;
	void *arg;
};

static int list_node(const struct listing *l, const char *name, const struct node *n)
{
	return l->fn(l->arg, name, number_of(n), info_of(n).mode);
}

static int list_files(const struct listing *l, const struct node *n)
{
	struct node child = *n;
	int rc = 0;

	for (child.file = 1; child.file <= n->dir->files->n && !rc; child.file++)
		rc = list_node(l, attribute_of(&child)->name, &child);
	return rc;
}

static int list_devices(const struct listing *l, const struct vn_net *net, const struct dir *dir)
{
	struct node child = { .dir = dir };
	int rc = 0;

	for (const struct vn_device *dev = net->devices; dev && !rc; dev = dev->next) {
		child.ifindex = dev->ifindex;
		rc = list_node(l, dev->name, &child);
	}
	return rc;
}

static int list_queues(const struct listing *l, const struct vn_device *dev, const struct dir *dir)
{
	struct node child = { .dir = dir, .ifindex = dev->ifindex };
	char name[NAME_SIZE];
	int rc = 0;

	for (; child.queue < count_of(dev, dir->scope) && !rc; child.queue++) {
		snprintf(name, sizeof(name), "%s%u", dir->name, child.queue);
		rc = list_node(l, name, &child);
	}
	return rc;
}

/* Those of one row of the table that lie in n. */
static int list_dirs(const struct listing *l, const struct vn_attribute_of *of,
		     const struct node *n, const struct dir *dir)
{
	struct node child = { dir, 0, n->queue, n->ifindex };

	if (dir->scope == n->dir->scope)
		return list_node(l, dir->name, &child);
	if (dir->scope == OF_DEVICE)
		return list_devices(l, of->net, dir);
	return list_queues(l, of->dev, dir);
}

static int list_entries(struct vn_net *net, const struct node *n, const struct listing *l)
{
	struct vn_attribute_of of;
	int rc = find_owner(net, n, &of) ? -ENOENT : list_files(l, n);

	for (unsigned int i = ROOT + 1; i < VN_ARRAY_SIZE(dirs) && !rc; i++)
		if (&dirs[dirs[i].parent] == n->dir)
			rc = list_dirs(l, &of, n, &dirs[i]);
	return rc;
}

/* --- operations ----------------------------------------------------------------------- */

static int list(struct vn_files *files, uint64_t dir, vn_files_fn *fn, void *arg)
{
	struct vn_netfs *fs = netfs_of(files);
	const struct listing l = { fn, arg };
	struct node n = node_of(dir);
	int rc = list_entries(enter(fs), &n, &l);

	leave(fs);
	return rc;
}

struct search {
	const char *name;
	uint64_t found;
};

static int is_it(void *arg, const char *name, uint64_t node, mode_t mode)
{
	struct search *s = arg;

	if (strcmp(name, s->name))
		return 0;
	s->found = node;
	return 1;
}

static uint64_t lookup(struct vn_files *files, uint64_t dir, const char *name,
		       struct vn_file_info *out)
{
	struct search s = { .name = name };
	struct node n;

	if (list(files, dir, is_it, &s) != 1)
		return 0;
	n = node_of(s.found);
	*out = info_of(&n);
	return s.found;
}

static int info(struct vn_files *files, uint64_t node, struct vn_file_info *out)
{
	struct vn_netfs *fs = netfs_of(files);
	struct node n = node_of(node);
	struct vn_attribute_of of;
	int rc = find_owner(enter(fs), &n, &of);

	leave(fs);
	*out = info_of(&n);
	return rc;
}

static int show(struct vn_net *net, const struct node *n, struct vn_text *out)
{
	const struct vn_attribute *a = attribute_of(n);
	struct vn_attribute_of of;
	int rc = find_owner(net, n, &of);

	if (rc)
		return rc;
	if (a)
		return a->show(a, &of, out);
	if (!n->dir->link)
		return -EISDIR;
	/* A link that names no device has nothing to fill in. */
	vn_text_add(out, "%.*s%s", (int)strcspn(n->dir->link, "%"), n->dir->link,
		    strchr(n->dir->link, '%') ? of.dev->name : "");
	return 0;
}

static ssize_t read_text(struct vn_files *files, uint64_t node, char *buf, size_t cap)
{
	struct vn_netfs *fs = netfs_of(files);
	struct node n = node_of(node);
	struct vn_text out;
	int rc;

	vn_text_init(&out, buf, cap);
	rc = show(enter(fs), &n, &out);
	leave(fs);
	return rc ? rc : (ssize_t)out.len;
}

static int store(struct vn_net *net, const struct node *n, const char *text, size_t len)
{
	const struct vn_attribute *a = attribute_of(n);
	struct vn_attribute_of of;
	int rc = find_owner(net, n, &of);

	return rc ? rc : a->store(a, &of, text, len);
}

static ssize_t write_text(struct vn_files *files, uint64_t node, const char *text, size_t len,
			  const struct vn_file_writer *who)
{
	struct vn_netfs *fs = netfs_of(files);
	struct node n = node_of(node);
	const struct vn_attribute *a = attribute_of(&n);
	char copy[WRITE_MAX + 1];
	int rc;

	if (!a || !a->store)
		return -EACCES;
	if (a->needs_admin && !who->may_control(who->arg))
		return -EPERM;
	if (len == 0)
		return 0;
	len = VN_MIN(len, (size_t)WRITE_MAX);
	memcpy(copy, text, len);
	copy[len] = '\0';
	rc = store(enter(fs), &n, copy, len);
	leave(fs);
	return rc ? rc : (ssize_t)len;
}

static const struct vn_files_ops ops = {
	.lookup = lookup,
	.info = info,
	.list = list,
	.read = read_text,
	.write = write_text,
};

void vn_netfs_init(struct vn_netfs *fs, const struct vn_netfs_opts *opts)
{
	*fs = (struct vn_netfs){ .files.ops = &ops, .o = *opts };
}

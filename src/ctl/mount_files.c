/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of the mount: requests of the kernel become calls of trees
 * (base/files.h), several of which lie over each other. The low-level interface
 * of FUSE, because a file is a number here as it is there, and because one that
 * is removed and made again must not look like the file it was.
 *
 * What never goes the kernel caches for good; everything else is looked up at
 * each open, so that what is gone is gone at once. A control write then costs
 * three requests: look up, open, write.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "ctl/mount_priv.h"

#define FOR_GOOD	  1e9 /* seconds of caching */
#define CAP_NET_ADMIN_BIT 12
#define TEXT_CAP	  65536 /* bytes: more than most texts need */
#define TEXT_CAP_MAX	  (16 << 20)

/* A node of one of the trees. Its inode has both numbers; the directories in
 * which trees meet are the first tree's. */
struct place {
	struct vn_files *fs;
	uint64_t node;
};

/*
 * An open file or directory. The kernel's position moves with reads and with
 * writes, while there are files in which writes leave it alone: `at` is where a
 * reader stands, and `pos` where the kernel believes it does.
 */
struct handle {
	struct handle *next, **prev; /* in the mount's list */
	struct place place;
	bool keeps_place, may_wait; /* as its info says */
	char *text; /* as of the last read from the beginning; a directory's entries */
	size_t cap, len, at;
	_Atomic off_t pos; /* also written by a thread that writes, before the reply */
};

/* --- places ---------------------------------------------------------------------------- */

static struct vn_mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static fuse_ino_t ino_of(unsigned int tree, uint64_t node)
{
	return node <= VN_FILES_NET ? node : (uint64_t)tree << VN_FILES_NODE_BITS | node;
}

static struct place place_of(const struct vn_mount *m, fuse_ino_t ino)
{
	return (struct place){ m->trees[ino >> VN_FILES_NODE_BITS],
			       ino & ((1ull << VN_FILES_NODE_BITS) - 1) };
}

/* The trees that have this directory are [*first, *end). */
static void trees_of(const struct vn_mount *m, fuse_ino_t dir, unsigned int *first,
		     unsigned int *end)
{
	bool is_shared = dir <= VN_FILES_NET;

	*first = is_shared ? 0 : (unsigned int)(dir >> VN_FILES_NODE_BITS);
	*end = is_shared ? m->n_trees : *first + 1;
}

bool vn_mount_is_idle(struct vn_mount *m)
{
	for (unsigned int i = 0; i < m->n_trees; i++)
		if (m->trees[i]->ops->is_idle && !m->trees[i]->ops->is_idle(m->trees[i]))
			return false;
	return true;
}

/* --- attributes ------------------------------------------------------------------------ */

static int info_of(struct place p, struct vn_file_info *info)
{
	return p.fs->ops->info(p.fs, p.node, info);
}

static struct stat attributes(const struct vn_mount *m, fuse_ino_t ino,
			      const struct vn_file_info *info)
{
	struct stat st = {
		.st_ino = ino,
		.st_mode = info->mode,
		.st_size = info->size,
		.st_nlink = S_ISDIR(info->mode) ? 2 : 1,
		.st_uid = geteuid(),
		.st_gid = getegid(),
	};

	st.st_atim.tv_sec = st.st_mtim.tv_sec = st.st_ctim.tv_sec = m->made;
	return st;
}

static fuse_ino_t find(const struct vn_mount *m, fuse_ino_t dir, const char *name,
		       struct vn_file_info *info)
{
	struct place p = place_of(m, dir);
	unsigned int i, end;
	uint64_t node;

	for (trees_of(m, dir, &i, &end); i < end; i++) {
		node = m->trees[i]->ops->lookup(m->trees[i], p.node, name, info);
		if (node)
			return ino_of(i, node);
	}
	return 0;
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct vn_mount *m = mount_of(req);
	struct vn_file_info info;
	struct fuse_entry_param e = {
		.ino = find(m, parent, name, &info),
		.attr_timeout = FOR_GOOD,
	};

	if (!e.ino) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e.entry_timeout = info.is_permanent ? FOR_GOOD : 0;
	e.attr = attributes(m, e.ino, &info);
	fuse_reply_entry(req, &e);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vn_mount *m = mount_of(req);
	struct vn_file_info info;
	struct stat st;

	if (info_of(place_of(m, ino), &info)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	st = attributes(m, ino, &info);
	fuse_reply_attr(req, &st, FOR_GOOD);
}

/* Truncating is accepted and does nothing; owner and mode stay what they are. */
static void on_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	if (to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fuse_reply_err(req, EPERM);
	else
		on_getattr(req, ino, fi);
}

static void on_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct place p = place_of(mount_of(req), ino);
	char target[PATH_MAX];
	ssize_t len = p.fs->ops->read(p.fs, p.node, target, sizeof(target) - 1);

	if (len < 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	target[len] = '\0';
	fuse_reply_readlink(req, target);
}

/* --- handles ----------------------------------------------------------------------- */

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

static struct handle *make_handle(struct vn_mount *m, struct fuse_file_info *fi)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->next = m->handles;
	h->prev = &m->handles;
	if (h->next)
		h->next->prev = &h->next;
	m->handles = h;
	fi->fh = (uintptr_t)h;
	return h;
}

static void free_handle(struct handle *h)
{
	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	free(h->text);
	free(h);
}

/* Nobody closes what he never got: the caller may have been killed meanwhile. */
static void reply_open(fuse_req_t req, struct handle *h, const struct fuse_file_info *fi)
{
	if (fuse_reply_open(req, fi) < 0)
		free_handle(h);
}

static void on_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	free_handle(handle_of(fi));
	fuse_reply_err(req, 0);
}

/* --- directories -------------------------------------------------------------------- */

/* A directory is listed whole when it is opened. */
struct listing {
	fuse_req_t req;
	struct handle *h;
	unsigned int tree;
	bool has_net; /* where trees meet is listed once */
};

static int list_entry(struct listing *l, const char *name, fuse_ino_t ino, mode_t mode)
{
	struct stat st = { .st_ino = ino, .st_mode = mode };
	size_t need = fuse_add_direntry(l->req, NULL, 0, name, NULL, 0);
	size_t len = l->h->len + need;
	char *text = realloc(l->h->text, len);

	if (!text)
		return -ENOMEM;
	l->h->text = text;
	fuse_add_direntry(l->req, text + l->h->len, need, name, &st, (off_t)len);
	l->h->len = len;
	return 0;
}

static int list_node(void *arg, const char *name, uint64_t node, mode_t mode)
{
	struct listing *l = arg;

	if (node == VN_FILES_NET) {
		if (l->has_net)
			return 0;
		l->has_net = true;
	}
	return list_entry(l, name, ino_of(l->tree, node), mode);
}

static int list_dir(struct vn_mount *m, struct listing *l, fuse_ino_t ino)
{
	struct place p = place_of(m, ino);
	struct vn_file_info info;
	unsigned int end;
	int rc = info_of(p, &info);

	if (rc)
		return -ENOENT;
	trees_of(m, ino, &l->tree, &end);
	rc = list_entry(l, ".", ino, S_IFDIR);
	if (!rc)
		rc = list_entry(l, "..", ino_of(l->tree, info.parent), S_IFDIR);
	for (; !rc && l->tree < end; l->tree++)
		rc = m->trees[l->tree]->ops->list(m->trees[l->tree], p.node, list_node, l);
	return rc;
}

static void on_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vn_mount *m = mount_of(req);
	struct listing l = { .req = req, .h = make_handle(m, fi) };
	int rc = l.h ? list_dir(m, &l, ino) : -ENOMEM;

	if (!rc) {
		reply_open(req, l.h, fi);
		return;
	}
	if (l.h)
		free_handle(l.h);
	fuse_reply_err(req, -rc);
}

static void on_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	const struct handle *h = handle_of(fi);
	size_t from = VN_MIN((size_t)off, h->len);

	/* The kernel leaves an entry that is cut, and asks again from there. */
	fuse_reply_buf(req, h->text + from, VN_MIN(h->len - from, size));
}

/* As the kernel's directory answers: there is no such file, and none is made. */
static void on_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	fuse_reply_err(req, ENOENT);
}

static void on_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	fuse_reply_err(req, EPERM);
}

static void on_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void on_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
	fuse_reply_err(req, EPERM);
}

static void on_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	fuse_reply_err(req, EPERM);
}

static void on_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fuse_reply_err(req, EPERM);
}

static void on_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		      const char *newname, unsigned int flags)
{
	fuse_reply_err(req, EPERM);
}

/* --- files ------------------------------------------------------------------------- */

/* Who may is the kernel's to decide (default_permissions); but root may write
 * into anything, and here there are files that take nothing. */
static int may_open(struct place p, int flags, struct vn_file_info *info)
{
	if (info_of(p, info))
		return -ENOENT;
	if ((flags & O_ACCMODE) != O_RDONLY && !(info->mode & 0222))
		return -EACCES;
	return 0;
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vn_mount *m = mount_of(req);
	struct place p = place_of(m, ino);
	struct vn_file_info info;
	int rc = may_open(p, fi->flags, &info);
	struct handle *h = rc ? NULL : make_handle(m, fi);

	if (!h) {
		fuse_reply_err(req, rc ? -rc : ENOMEM);
		return;
	}
	h->place = p;
	h->keeps_place = info.keeps_place;
	h->may_wait = info.may_wait;
	fi->direct_io = 1; /* a size says nothing; and a write is one command, not a page */
	fi->noflush = 1;
	reply_open(req, h, fi);
}

static int grow_text(struct handle *h)
{
	size_t cap = h->cap ? h->cap * 2 : TEXT_CAP;
	char *text = realloc(h->text, cap);

	if (!text)
		return -ENOMEM;
	h->text = text;
	h->cap = cap;
	return 0;
}

/*
 * A reader at the beginning sees the text of this moment, one further on the
 * text it began with. Further on is elsewhere too in files whose place writes
 * leave alone; in others, only where the last read ended.
 */
static int load_text(struct handle *h, bool goes_on)
{
	struct place p = h->place;
	struct vn_file_info info;
	ssize_t len;
	int rc = 0;

	if (h->text && goes_on)
		return info_of(p, &info);
	if (!h->text)
		rc = grow_text(h);
	h->len = 0;
	while (!rc) {
		len = p.fs->ops->read(p.fs, p.node, h->text, h->cap);
		if (len < 0)
			return (int)len;
		h->len = (size_t)len;
		if (h->len + 1 < h->cap || h->cap >= TEXT_CAP_MAX)
			return 0;
		rc = grow_text(h);
	}
	return rc;
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	bool is_moved = off != h->pos; /* it was sought, or read at a place of its own */
	size_t from, n;
	int rc;

	if (!h->keeps_place || is_moved)
		h->at = (size_t)off;
	rc = load_text(h, h->at > 0 && (h->keeps_place || !is_moved));
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	from = VN_MIN(h->at, h->len);
	n = VN_MIN(size, h->len - from);
	h->at = from + n;
	h->pos = off + (off_t)n;
	fuse_reply_buf(req, h->text + from, n);
}

/* Has the process this capability? The kernel asks its own, we ask /proc. */
static bool may_control(void *arg)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(arg);
	unsigned long long effective = 0;
	char path[40], line[128];
	bool is_found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)ctx->pid);
	f = ctx->pid > 0 ? fopen(path, "re") : NULL;
	if (!f) /* of another process namespace */
		return ctx->uid == 0 || ctx->uid == geteuid();
	while (!is_found && fgets(line, sizeof(line), f))
		is_found = sscanf(line, "CapEff: %llx", &effective) == 1;
	fclose(f);
	return effective >> CAP_NET_ADMIN_BIT & 1;
}

static bool is_interrupted(void *arg)
{
	return fuse_req_interrupted(arg);
}

struct request {
	fuse_req_t req;
	struct handle *handle;
	const char *text;
	size_t len;
	off_t off;
	char copy[]; /* of the text, for a thread of its own */
};

static void write_and_reply(const struct request *r)
{
	const struct vn_file_writer who = { is_interrupted, may_control, r->req };
	struct handle *h = r->handle;
	struct vn_files *fs = h->place.fs;
	ssize_t n = fs->ops->write(fs, h->place.node, r->text, r->len, &who);

	if (n > 0 && h->keeps_place && r->off == h->pos)
		h->pos += n;
	if (n < 0)
		fuse_reply_err(r->req, (int)-n);
	else
		fuse_reply_write(r->req, (size_t)n);
}

static void *write_apart(void *arg)
{
	struct request *r = arg;
	struct vn_mount *m = mount_of(r->req);

	vn_thread_name("vn-write");
	write_and_reply(r);
	free(r);
	pthread_mutex_lock(&m->lock);
	m->n_writers--;
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* Hands the request to a thread; false: there is none to be had. */
static bool spawn_writer(struct vn_mount *m, const struct request *from)
{
	struct request *r = malloc(sizeof(*r) + from->len);
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (!r)
		return false;
	*r = *from;
	r->text = memcpy(r->copy, from->text, from->len);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&m->lock);
	rc = pthread_create(&thread, &attr, write_apart, r);
	m->n_writers += rc == 0;
	pthread_mutex_unlock(&m->lock);
	pthread_attr_destroy(&attr);
	if (rc)
		free(r);
	return rc == 0;
}

static void on_write(fuse_req_t req, fuse_ino_t ino, const char *text, size_t len, off_t off,
		     struct fuse_file_info *fi)
{
	struct request r = { req, handle_of(fi), text, len, off };

	if (!r.handle->may_wait)
		write_and_reply(&r);
	else if (!spawn_writer(mount_of(req), &r))
		fuse_reply_err(req, ENOMEM);
}

void vn_mount_free_handles(struct vn_mount *m)
{
	while (m->handles)
		free_handle(m->handles);
}

const struct fuse_lowlevel_ops vn_mount_files = {
	.lookup = on_lookup,
	.getattr = on_getattr,
	.setattr = on_setattr,
	.readlink = on_readlink,
	.opendir = on_opendir,
	.readdir = on_readdir,
	.releasedir = on_release,
	.create = on_create,
	.mknod = on_mknod,
	.symlink = on_symlink,
	.link = on_link,
	.mkdir = on_mkdir,
	.unlink = on_remove,
	.rmdir = on_remove,
	.rename = on_rename,
	.open = on_open,
	.release = on_release,
	.read = on_read,
	.write = on_write,
};

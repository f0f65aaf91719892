/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of the mount. The low-level interface of FUSE, because a file is a
 * number here as it is there, and because a device that is removed and attached
 * again must not look like the file it was.
 *
 * Directories and the threads' files never go, and the kernel caches them for
 * good; device files are looked up at each open, so that one that is gone is
 * gone at once. A control write then costs three requests: look up, open, write.
 *
 * The kernel lets one write at a time into a file, and a `start` is written for
 * as long as it runs. So pgctrl is another file, with the same name, each time
 * it is looked up: who stops need not wait for who started.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "ctl/mount_priv.h"

#define INO_ROOT FUSE_ROOT_ID
#define INO_NET 2
#define INO_PKTGEN 3
#define INO_FILES 16 /* + number of the file */
#define INO_PGCTRLS (1ull << 62) /* and all above: pgctrl, as looked up */
#define FOR_GOOD 1e9 /* seconds of caching */
#define CAP_NET_ADMIN_BIT 12

/*
 * An open file or directory. The kernel's position moves with reads and with
 * writes, while in pktgen's files writes leave it alone: `at` is where a reader
 * stands, and `pos` where the kernel believes it does.
 */
struct handle {
	struct handle *next, **prev; /* in the mount's list */
	uint64_t file;
	char *text; /* as of the last read from the beginning; a directory's entries */
	size_t len, at;
	_Atomic off_t pos; /* also written by who writes pgctrl, before the reply */
};

/* --- attributes ----------------------------------------------------------------------- */

static struct vn_mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static bool is_dir(fuse_ino_t ino)
{
	return ino == INO_ROOT || ino == INO_NET || ino == INO_PKTGEN;
}

static struct stat attributes(const struct vn_mount *m, fuse_ino_t ino)
{
	struct stat st = {
		.st_ino = ino,
		.st_mode = is_dir(ino) ? S_IFDIR | 0555 : S_IFREG | 0600,
		.st_nlink = is_dir(ino) ? 2 : 1,
		.st_uid = geteuid(),
		.st_gid = getegid(),
	};

	st.st_atim.tv_sec = st.st_mtim.tv_sec = st.st_ctim.tv_sec = m->made;
	return st;
}

static uint64_t file_of(fuse_ino_t ino)
{
	return ino >= INO_PGCTRLS ? VN_TREE_PGCTRL : ino - INO_FILES;
}

static fuse_ino_t find(struct vn_mount *m, fuse_ino_t parent, const char *name)
{
	uint64_t file;

	if (parent == INO_ROOT)
		return strcmp(name, "net") ? 0 : INO_NET;
	if (parent == INO_NET)
		return strcmp(name, "pktgen") ? 0 : INO_PKTGEN;
	file = vn_tree_lookup(m->tree, name);
	if (file == VN_TREE_PGCTRL)
		return INO_PGCTRLS + m->n_pgctrls++;
	return file ? INO_FILES + file : 0;
}

static bool is_for_good(struct vn_mount *m, fuse_ino_t ino)
{
	return is_dir(ino) ||
	       (ino < INO_PGCTRLS && vn_tree_is_permanent(m->tree, file_of(ino)));
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct vn_mount *m = mount_of(req);
	struct fuse_entry_param e = { .ino = find(m, parent, name), .attr_timeout = FOR_GOOD };

	if (!e.ino) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e.entry_timeout = is_for_good(m, e.ino) ? FOR_GOOD : 0;
	e.attr = attributes(m, e.ino);
	fuse_reply_entry(req, &e);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(mount_of(req), ino);

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
};

static int list_entry(struct listing *l, const char *name, fuse_ino_t ino)
{
	struct stat st = { .st_ino = ino, .st_mode = is_dir(ino) ? S_IFDIR : S_IFREG };
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

static int list_file(void *arg, const char *name, uint64_t file)
{
	return list_entry(arg, name, INO_FILES + file);
}

static int list_dir(struct vn_mount *m, struct listing *l, fuse_ino_t ino)
{
	int rc = list_entry(l, ".", ino);

	if (!rc)
		rc = list_entry(l, "..", ino == INO_PKTGEN ? INO_NET : INO_ROOT);
	if (rc || ino == INO_PKTGEN)
		return rc ? rc : vn_tree_list(m->tree, list_file, l);
	if (ino == INO_ROOT)
		return list_entry(l, "net", INO_NET);
	return list_entry(l, "pktgen", INO_PKTGEN);
}

static void on_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vn_mount *m = mount_of(req);
	struct listing l = { req, make_handle(m, fi) };
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

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vn_mount *m = mount_of(req);
	struct handle *h;

	if (!vn_tree_exists(m->tree, file_of(ino))) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	h = make_handle(m, fi);
	if (!h) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	h->file = file_of(ino);
	fi->direct_io = 1; /* sizes are 0; and a write is one command, not a page */
	fi->noflush = 1;
	reply_open(req, h, fi);
}

/* A reader at the beginning sees the text of this moment, one further on the
 * text it began with. */
static int load_text(struct vn_mount *m, struct handle *h)
{
	ssize_t len;

	if (h->text && h->at > 0)
		return vn_tree_exists(m->tree, h->file) ? 0 : -EIO;
	if (!h->text)
		h->text = malloc(VN_TREE_TEXT_MAX);
	if (!h->text)
		return -ENOMEM;
	len = vn_tree_read(m->tree, h->file, h->text, VN_TREE_TEXT_MAX);
	h->len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? (int)len : 0;
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	size_t from, n;
	int rc;

	if (off != h->pos) /* it was sought, or read at a place of its own */
		h->at = (size_t)off;
	rc = load_text(mount_of(req), h);
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
static bool may_control(const struct fuse_ctx *ctx)
{
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
	bool may_control;
	char copy[]; /* of the text, for a thread of its own */
};

static void write_and_reply(const struct request *r)
{
	const struct vn_tree_writer who = { is_interrupted, r->req, r->may_control };
	struct vn_mount *m = mount_of(r->req);
	struct handle *h = r->handle;
	ssize_t n = vn_tree_write(m->tree, h->file, r->text, r->len, &who);

	if (n > 0 && r->off == h->pos)
		h->pos += n;
	if (n < 0)
		fuse_reply_err(r->req, (int)-n);
	else
		fuse_reply_write(r->req, (size_t)n);
}

static void *write_pgctrl(void *arg)
{
	struct request *r = arg;
	struct vn_mount *m = mount_of(r->req);

	vn_thread_name("vn-pgctrl");
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
	rc = pthread_create(&thread, &attr, write_pgctrl, r);
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
	struct request r = { req, handle_of(fi), text, len, off, true };

	if (r.handle->file != VN_TREE_PGCTRL) {
		write_and_reply(&r);
		return;
	}
	r.may_control = may_control(fuse_req_ctx(req));
	if (!spawn_writer(mount_of(req), &r))
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

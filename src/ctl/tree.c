/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree's files: what there is, and who answers for it. Before anything is
 * looked at, the tree hears what became of its devices (tree_events.c), so
 * that whoever asks sees them as they are at that moment.
 */
#include "ctl/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/param.h"
#include "ctl/tree_priv.h"

#define LOG_TEXT 200

static void enter(struct vn_tree *t)
{
	pthread_mutex_lock(&t->lock);
	vn_tree_follow(t);
}

static void leave(struct vn_tree *t)
{
	pthread_mutex_unlock(&t->lock);
}

/* --- making and ending ------------------------------------------------------- */

int vn_tree_new(const struct vn_tree_opts *opts, struct vn_tree **out, struct vn_err *err)
{
	unsigned int n = vn_engine_n_workers(opts->engine), i;
	struct vn_tree *t = calloc(1, sizeof(*t) + n * sizeof(t->threads[0]));

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "no memory for a control tree");
	t->o = *opts;
	t->n_threads = n;
	t->last_file = FILE_THREAD + n - 1;
	atomic_store_explicit(&t->debug, opts->debug, memory_order_relaxed);
	pthread_mutex_init(&t->lock, NULL);
	for (i = 0; i < n; i++) {
		struct vn_tree_thread *th = &t->threads[i];

		th->worker = vn_engine_worker(opts->engine, i);
		snprintf(th->name, sizeof(th->name), "kpktgend_%d", vn_worker_cpu(th->worker));
	}
	*out = t;
	return 0;
}

void vn_tree_free(struct vn_tree *t)
{
	unsigned int i;

	if (!t)
		return;
	for (i = 0; i < t->n_threads; i++)
		vn_tree_remove_all(t, &t->threads[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void vn_tree_shut(struct vn_tree *t)
{
	atomic_store_explicit(&t->is_shut, true, memory_order_relaxed);
	vn_engine_stop(t->o.engine);
}

bool vn_tree_is_idle(const struct vn_tree *t)
{
	return vn_engine_is_idle(t->o.engine);
}

/* --- devices ------------------------------------------------------------------ */

struct device_copy {
	const struct vn_entry *from;
	struct vn_entry entry;
	struct vn_netdev dev;
};

/* Between two turns of the worker: the text is made from the copy, afterwards,
 * so that a reader takes as little of the sender's time as can be. */
static int copy_device(void *arg)
{
	struct device_copy *c = arg;

	c->entry = *c->from;
	c->dev = *c->from->dev;
	c->entry.dev = &c->dev;
	/* Its worker's, which may drop them meanwhile. */
	c->entry.stream.gaps = c->entry.stream.sizes = c->entry.stream.lengths = NULL;
	return 0;
}

static ssize_t device_read(const struct vn_tree_node *n, char *buf, size_t cap)
{
	struct device_copy *c = aligned_alloc(_Alignof(struct device_copy), sizeof(*c));
	size_t len;

	if (!c)
		return -ENOMEM;
	c->from = n->entry;
	vn_worker_call(n->entry->worker, copy_device, c);
	len = vn_ctl_device_show(&c->entry, buf, cap);
	free(c);
	return (ssize_t)len;
}

struct device_command {
	struct vn_entry *entry;
	const char *text;
	size_t len;
	ssize_t ret;
};

static int command_device(void *arg)
{
	struct device_command *c = arg;

	c->ret = vn_ctl_device_write(c->entry, c->text, c->len);
	return 0;
}

static ssize_t device_write(const struct vn_tree_node *n, const char *text, size_t len)
{
	struct device_command c = { n->entry, text, len, 0 };

	vn_worker_call(n->entry->worker, command_device, &c);
	return c.ret;
}

/* --- files -------------------------------------------------------------------- */

static struct vn_tree_thread *thread_of(struct vn_tree *t, uint64_t file)
{
	return file >= FILE_THREAD && file < FILE_THREAD + t->n_threads
		       ? &t->threads[file - FILE_THREAD]
		       : NULL;
}

static struct vn_tree_node *node_of(const struct vn_tree *t, uint64_t file)
{
	struct vn_tree_node *n;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++)
		for (n = t->threads[i].nodes; n; n = n->next)
			if (n->file == file)
				return n;
	return NULL;
}

bool vn_tree_is_permanent(const struct vn_tree *t, uint64_t file)
{
	return file > 0 && file < FILE_THREAD + t->n_threads;
}

uint64_t vn_tree_lookup(struct vn_tree *t, const char *name)
{
	uint64_t file;

	enter(t);
	file = vn_tree_find(t, name);
	leave(t);
	return file;
}

bool vn_tree_exists(struct vn_tree *t, uint64_t file)
{
	bool exists = vn_tree_is_permanent(t, file);

	if (exists || !file)
		return exists;
	enter(t);
	exists = node_of(t, file);
	leave(t);
	return exists;
}

struct listed {
	const char *name;
	uint64_t file;
};

static int by_name(const void *a, const void *b)
{
	const char *one = ((const struct listed *)a)->name;
	const char *two = ((const struct listed *)b)->name;
	size_t n = strlen(one), m = strlen(two);

	if (n != m)
		return n < m ? -1 : 1;
	return strcmp(one, two);
}

/* At most cap files; returns how many there are. */
static size_t collect(const struct vn_tree *t, struct listed *files, size_t cap)
{
	const struct vn_tree_node *node;
	size_t n = 0;
	unsigned int i;

#define ADD(name_, file_) do { \
		if (n < cap) \
			files[n] = (struct listed){ name_, file_ }; \
		n++; \
	} while (0)
	ADD("pgctrl", VN_TREE_PGCTRL);
	for (i = 0; i < t->n_threads; i++) {
		ADD(t->threads[i].name, FILE_THREAD + i);
		for (node = t->threads[i].nodes; node; node = node->next)
			if (node->file)
				ADD(node->name, node->file);
	}
#undef ADD
	return n;
}

int vn_tree_list(struct vn_tree *t, int (*fn)(void *arg, const char *name, uint64_t file),
		 void *arg)
{
	struct listed *files;
	size_t n, i;
	int rc = 0;

	enter(t);
	n = collect(t, NULL, 0);
	files = malloc(n * sizeof(*files));
	if (files) {
		collect(t, files, n);
		qsort(files, n, sizeof(*files), by_name);
		for (i = 0; i < n && rc == 0; i++)
			rc = fn(arg, files[i].name, files[i].file);
		free(files);
	}
	leave(t);
	return files ? rc : -ENOMEM;
}

/* Returns how many there are; out NULL: only that. */
static unsigned int collect_entries(const struct vn_tree *t, struct vn_tree_entry *out)
{
	const struct vn_tree_node *node;
	unsigned int n = 0, i;

	for (i = 0; i < t->n_threads; i++)
		for (node = t->threads[i].nodes; node; node = node->next) {
			if (!node->file)
				continue;
			if (out)
				out[n] = (struct vn_tree_entry){
					.name = node->name,
					.interface = node->dev_name,
					.driver = node->dev->ops->name,
					.stats = &node->entry->stats,
				};
			n++;
		}
	return n;
}

int vn_tree_look(struct vn_tree *t,
		 int (*fn)(void *arg, const struct vn_tree_entry *entries, unsigned int n),
		 void *arg)
{
	struct vn_tree_entry *entries;
	unsigned int n;
	int rc = -ENOMEM;

	enter(t);
	n = collect_entries(t, NULL);
	entries = calloc(n + 1, sizeof(*entries));
	if (entries) {
		collect_entries(t, entries);
		rc = fn(arg, entries, n);
	}
	leave(t);
	free(entries);
	return rc;
}

/* --- reading and writing --------------------------------------------------------- */

ssize_t vn_tree_read(struct vn_tree *t, uint64_t file, char *buf, size_t cap)
{
	struct vn_tree_thread *th = thread_of(t, file);
	struct vn_tree_node *n;
	ssize_t len;

	if (file == VN_TREE_PGCTRL)
		return (ssize_t)vn_tree_pgctrl_show(buf, cap);
	enter(t);
	if (th)
		len = (ssize_t)vn_tree_thread_show(th, buf, cap);
	else
		len = (n = node_of(t, file)) ? device_read(n, buf, cap) : -EIO;
	leave(t);
	return len;
}

/* As one line, whatever was written. */
static void log_write(struct vn_tree *t, uint64_t file, const char *text, size_t len, ssize_t ret)
{
	const struct vn_tree_thread *th = thread_of(t, file);
	const struct vn_tree_node *n = node_of(t, file);
	char line[LOG_TEXT];
	struct vn_text out;
	size_t i;

	vn_text_init(&out, line, sizeof(line));
	for (i = 0; i < len && !out.is_cut; i++) {
		unsigned char c = (unsigned char)text[i];

		vn_text_add(&out, c < ' ' || c == 0x7f ? "\\%03o" : "%c", c);
	}
	vn_tree_log(t, "%s: \"%s\": %zd", th ? th->name : n ? n->name : "pgctrl", line, ret);
}

ssize_t vn_tree_write(struct vn_tree *t, uint64_t file, const char *text, size_t len,
		      const struct vn_tree_writer *who)
{
	struct vn_tree_thread *th = thread_of(t, file);
	struct vn_tree_node *n = NULL;
	ssize_t ret;

	if (file == VN_TREE_PGCTRL) {
		ret = vn_tree_pgctrl_write(t, text, len, who);
		enter(t);
	} else {
		enter(t);
		if (th)
			ret = vn_tree_thread_write(t, th, text, len);
		else
			ret = (n = node_of(t, file)) ? device_write(n, text, len) : -EIO;
		if (n && len == 0)
			vn_tree_log(t, "wrong command format");
	}
	if (atomic_load_explicit(&t->debug, memory_order_relaxed))
		log_write(t, file, text, len, ret);
	leave(t);
	return ret;
}

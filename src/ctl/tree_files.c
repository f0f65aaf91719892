/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/tree_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"

#define NODE_PKTGEN  3
#define NODE_FILES   16		  /* + number of the file */
#define NODE_PGCTRLS (1ull << 57) /* and all above: pgctrl, as looked up */

static struct vn_tree_files *files_of(struct vn_files *fs)
{
	return vn_container_of(fs, struct vn_tree_files, files);
}

static bool is_dir(uint64_t node)
{
	return node < NODE_FILES;
}

static uint64_t file_of(uint64_t node)
{
	return node >= NODE_PGCTRLS ? VN_TREE_PGCTRL : node - NODE_FILES;
}

static struct vn_file_info info_of_dir(uint64_t node)
{
	return (struct vn_file_info){
		.mode = S_IFDIR | 0555,
		.parent = node == NODE_PKTGEN ? VN_FILES_NET : VN_FILES_ROOT,
		.is_permanent = true,
	};
}

static struct vn_file_info info_of(const struct vn_tree *t, uint64_t node)
{
	uint64_t file = file_of(node);

	if (is_dir(node))
		return info_of_dir(node);
	return (struct vn_file_info){
		.mode = S_IFREG | 0600,
		.is_permanent = node < NODE_PGCTRLS && vn_tree_is_permanent(t, file),
		.keeps_place = true,
		.may_wait = file == VN_TREE_PGCTRL,
	};
}

static uint64_t find(struct vn_tree_files *f, uint64_t dir, const char *name)
{
	uint64_t file;

	if (dir == VN_FILES_ROOT)
		return strcmp(name, "net") ? 0 : VN_FILES_NET;
	if (dir == VN_FILES_NET)
		return strcmp(name, "pktgen") ? 0 : NODE_PKTGEN;
	file = vn_tree_lookup(f->tree, name);
	if (file == VN_TREE_PGCTRL)
		return NODE_PGCTRLS + f->n_pgctrls++;
	return file ? NODE_FILES + file : 0;
}

static uint64_t lookup(struct vn_files *fs, uint64_t dir, const char *name,
		       struct vn_file_info *out)
{
	struct vn_tree_files *f = files_of(fs);
	uint64_t node = find(f, dir, name);

	if (node)
		*out = info_of(f->tree, node);
	return node;
}

static int info(struct vn_files *fs, uint64_t node, struct vn_file_info *out)
{
	struct vn_tree *t = files_of(fs)->tree;

	*out = info_of(t, node);
	return is_dir(node) || vn_tree_exists(t, file_of(node)) ? 0 : -EIO;
}

struct listing {
	vn_files_fn *fn;
	void *arg;
};

static int list_file(void *arg, const char *name, uint64_t file)
{
	const struct listing *l = arg;

	return l->fn(l->arg, name, NODE_FILES + file, S_IFREG);
}

static int list(struct vn_files *fs, uint64_t dir, vn_files_fn *fn, void *arg)
{
	struct listing l = { fn, arg };

	if (dir == VN_FILES_ROOT)
		return fn(arg, "net", VN_FILES_NET, S_IFDIR);
	if (dir == VN_FILES_NET)
		return fn(arg, "pktgen", NODE_PKTGEN, S_IFDIR);
	return vn_tree_list(files_of(fs)->tree, list_file, &l);
}

static ssize_t read_text(struct vn_files *fs, uint64_t node, char *buf, size_t cap)
{
	return vn_tree_read(files_of(fs)->tree, file_of(node), buf, cap);
}

static ssize_t write_text(struct vn_files *fs, uint64_t node, const char *text, size_t len,
			  const struct vn_file_writer *who)
{
	uint64_t file = file_of(node);
	const struct vn_tree_writer writer = {
		.is_interrupted = who->is_interrupted,
		.arg = who->arg,
		.may_control = file != VN_TREE_PGCTRL || who->may_control(who->arg),
	};

	return vn_tree_write(files_of(fs)->tree, file, text, len, &writer);
}

static bool is_idle(struct vn_files *fs)
{
	return vn_tree_is_idle(files_of(fs)->tree);
}

static const struct vn_files_ops ops = {
	.lookup = lookup,
	.info = info,
	.list = list,
	.read = read_text,
	.write = write_text,
	.is_idle = is_idle,
};

void vn_tree_files_init(struct vn_tree_files *f, struct vn_tree *tree)
{
	*f = (struct vn_tree_files){ .files.ops = &ops, .tree = tree };
}

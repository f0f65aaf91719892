/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control tree as a tree of files (base/files.h), net/pktgen/...: numbers
 * are the tree's own, but for pgctrl.
 *
 * A kernel lets one write at a time into a file, and a `start` is written for
 * as long as it runs. So pgctrl is another file, with the same name, each time
 * it is looked up: who stops need not wait for who started.
 */
#ifndef VN_CTL_TREE_FILES_H
#define VN_CTL_TREE_FILES_H

#include "base/files.h"
#include "ctl/tree.h"

struct vn_tree_files {
	struct vn_files files;
	struct vn_tree *tree;
	uint64_t n_pgctrls; /* looked up; of the one thread that looks up */
};

void vn_tree_files_init(struct vn_tree_files *f, struct vn_tree *tree);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of files: directories, files and links with numbers, that are looked
 * up, listed, read and written. Whoever has something to show makes one
 * (ctl/tree_files.h, net/netfs.h); ctl/mount.h shows several, one over the
 * other.
 *
 * Trees meet in two directories, the root and net/ below it, which have the
 * same numbers in each tree; every other node lies in one tree only. A number
 * is never given twice: what was removed and made again has another.
 */
#ifndef VN_BASE_FILES_H
#define VN_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	VN_FILES_ROOT = 1,
	VN_FILES_NET = 2,
};

#define VN_FILES_NODE_BITS 58 /* of a number */

struct vn_file_info {
	mode_t mode;	   /* type and permissions */
	off_t size;	   /* as stat shows it; texts may be shorter or longer */
	uint64_t parent;   /* of a directory */
	bool is_permanent; /* stays as long as the tree, by this name: may be cached */
	bool keeps_place;  /* a write does not move where the next read begins */
	bool may_wait;	   /* a write may take as long as it likes */
};

/* Who writes. Both are asked during the write only. */
struct vn_file_writer {
	bool (*is_interrupted)(void *arg); /* he does not want to wait any more */
	bool (*may_control)(void *arg);	   /* he has CAP_NET_ADMIN; costs a little */
	void *arg;
};

typedef int vn_files_fn(void *arg, const char *name, uint64_t node, mode_t mode);

struct vn_files;

struct vn_files_ops {
	/* Number of what has this name in dir, 0: nothing. */
	uint64_t (*lookup)(struct vn_files *fs, uint64_t dir, const char *name,
			   struct vn_file_info *out);
	/* 0, or what reading answers now that the node is gone. */
	int (*info)(struct vn_files *fs, uint64_t node, struct vn_file_info *out);
	/* Calls fn for each entry of dir; a non-zero answer ends it and is
	 * returned. fn may not call the tree. */
	int (*list)(struct vn_files *fs, uint64_t dir, vn_files_fn *fn, void *arg);
	/* The text of a file, the target of a link: its length, or -errno. One
	 * that leaves less than a byte of buf may have been cut. */
	ssize_t (*read)(struct vn_files *fs, uint64_t node, char *buf, size_t cap);
	/* One write of len bytes: how many were taken, or -errno. */
	ssize_t (*write)(struct vn_files *fs, uint64_t node, const char *text, size_t len,
			 const struct vn_file_writer *who);
	/* Nothing is under way that should have the CPU. NULL: never is. */
	bool (*is_idle)(struct vn_files *fs);
};

struct vn_files {
	const struct vn_files_ops *ops;
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the control tree share among themselves. */
#ifndef VN_CTL_TREE_PRIV_H
#define VN_CTL_TREE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "ctl/tree.h"

/* File numbers: pgctrl, then the threads, then devices as they come. */
#define FILE_THREAD (VN_TREE_PGCTRL + 1)

/* An attached device. Under the tree's lock. */
struct vn_tree_node {
	struct vn_tree_node *next;  /* on the same thread, the one added last first */
	uint64_t file;              /* 0: lost in a rename (spec section 1.5) */
	char name[VN_ENTRY_NAME];   /* of the file; the entry keeps its word */
	char dev_name[16];          /* of the interface, as heard of last */
	struct vn_entry *entry;
	struct vn_netdev *dev;      /* owned, of this entry alone */
};

struct vn_tree_thread {
	struct vn_worker *worker;
	char name[24];
	char result[VN_RESULT_SIZE]; /* "" prints as NA */
	struct vn_tree_node *nodes;
};

struct vn_tree {
	struct vn_tree_opts o;
	pthread_mutex_t lock;       /* nodes, Results; held while a device is asked */
	_Atomic int32_t debug;
	_Atomic bool is_shut;
	uint64_t last_file;         /* number given last */
	unsigned int n_threads;
	struct vn_tree_thread threads[];
};

/* tree_node.c; all of these under the lock. */
void vn_tree_log(struct vn_tree *t, const char *fmt, ...) VN_PRINTF(2, 3);
/* Is there a file of this name? */
uint64_t vn_tree_find(const struct vn_tree *t, const char *name);
/* Refreshes the node's device. 0, -ENODEV: it is gone. */
int vn_tree_refresh(struct vn_tree_node *n);
/* Stops and removes the node at *at, entry, device and file. */
void vn_tree_remove(struct vn_tree_thread *th, struct vn_tree_node **at);
void vn_tree_remove_all(struct vn_tree *t, struct vn_tree_thread *th);

/* tree_events.c: takes note of what became of the devices since last time. */
void vn_tree_follow(struct vn_tree *t);

/* tree_thread.c */
ssize_t vn_tree_thread_write(struct vn_tree *t, struct vn_tree_thread *th, const char *text,
			     size_t len);
size_t vn_tree_thread_show(const struct vn_tree_thread *th, char *buf, size_t cap);

/* pgctrl.c; called without the lock, which start may not hold while it waits. */
ssize_t vn_tree_pgctrl_write(struct vn_tree *t, const char *text, size_t len,
			     const struct vn_tree_writer *who);
size_t vn_tree_pgctrl_show(char *buf, size_t cap);

#endif

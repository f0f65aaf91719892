/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control tree: pgctrl, a kpktgend_N for each worker, a file for each
 * attached device (spec sections 1 to 4 and 7.1). This is the tree itself,
 * files with numbers that are looked up, listed, read and written; how clients
 * reach it is somebody else's: as files (mount.h), by a socket (socket.h).
 *
 * Every function may be called from any thread. A write of `start` blocks
 * until the run is over; all other calls go on meanwhile.
 */
#ifndef VN_CTL_TREE_H
#define VN_CTL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "engine/engine.h"
#include "net/netdev.h"

#define VN_TREE_TEXT_MAX 65536 /* longest text of a file; a thread's list is cut there */

/* Where add_device finds devices, and how their changes are heard of. */
struct vn_tree_devices {
	/* Opens the device of this name (at most 31 characters, may be any text).
	 * -ENODEV: there is none. Closed with vn_netdev_close(). */
	int (*open)(void *arg, const char *name, struct vn_netdev **out, struct vn_err *err);
	/* The next change since the last call, without waiting: 1 = one in *ev,
	 * 0 = none, -ENOBUFS = some were lost. NULL: devices never change. */
	int (*next_event)(void *arg, struct vn_netdev_event *ev);
	void *arg;
};

struct vn_tree_opts {
	struct vn_engine *engine;      /* outlives the tree */
	struct vn_tree_devices devices;
	/* pktgen's module parameters: what new entries begin with */
	uint64_t count;                /* pg_count_d; the kernel's default is 1000 */
	uint64_t delay_ns;             /* pg_delay_d */
	int32_t clone_skb;             /* pg_clone_skb_d, for devices that share buffers */
	int32_t debug;                 /* log every write */
	/* add_device refuses (EPERM) an interface that carries the machine's way
	 * out, unless it has this name. NULL: none. */
	const char *really_on;
	/* What the kernel would write into its log, one line without newline.
	 * Called with locks held: it may only print. NULL: nowhere. */
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

struct vn_tree;

#define VN_TREE_PGCTRL 1 /* number of the file pgctrl */

int vn_tree_new(const struct vn_tree_opts *opts, struct vn_tree **out, struct vn_err *err);
/* Ends runs, removes the devices. Nobody may be in another call. NULL accepted. */
void vn_tree_free(struct vn_tree *t);

/* Number of the file with this name, 0 when there is none. A number is never
 * given twice: a file that was removed and made again has another. */
uint64_t vn_tree_lookup(struct vn_tree *t, const char *name);
/* False once the file was removed. */
bool vn_tree_exists(struct vn_tree *t, uint64_t file);
/* A file that stays as long as the tree: pgctrl, kpktgend_N. */
bool vn_tree_is_permanent(const struct vn_tree *t, uint64_t file);

/* Calls fn for each file, shorter names first, then by byte values (as the
 * kernel lists them); a non-zero answer ends it and is returned. fn may not
 * call the tree. */
int vn_tree_list(struct vn_tree *t, int (*fn)(void *arg, const char *name, uint64_t file),
		 void *arg);

/* An attached device that has a file. */
struct vn_tree_entry {
	const char *name;      /* of the file */
	const char *interface;
	const char *driver;
	const struct vn_entry_stats *stats;
};

/* Calls fn with all of them, which stay until it returns; fn may not call the
 * tree. Returns what fn does, or -ENOMEM. */
int vn_tree_look(struct vn_tree *t,
		 int (*fn)(void *arg, const struct vn_tree_entry *entries, unsigned int n),
		 void *arg);

/* The file's text into buf, cut at cap; returns its length, or -EIO when the
 * file was removed. */
ssize_t vn_tree_read(struct vn_tree *t, uint64_t file, char *buf, size_t cap);

/* Who writes. */
struct vn_tree_writer {
	/* Looked at every 100 ms while a start waits: true ends the run, and the
	 * write, which counts as done (spec section 3.3). NULL: never. */
	bool (*is_interrupted)(void *arg);
	void *arg;
	bool may_control; /* has CAP_NET_ADMIN, which pgctrl asks for */
};

/* One write of len bytes: the number of bytes taken or a negative errno as the
 * kernel answers (spec section 2.8); -EIO when the file was removed. */
ssize_t vn_tree_write(struct vn_tree *t, uint64_t file, const char *text, size_t len,
		      const struct vn_tree_writer *who);

/* No device runs. */
bool vn_tree_is_idle(const struct vn_tree *t);

/* Ends all waiting for a run, and the runs: what Ctrl-C does to a server. Safe
 * in any thread; later starts return at once. */
void vn_tree_shut(struct vn_tree *t);

#endif

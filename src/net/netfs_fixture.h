/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the net core's files: a net on virtual time with a back end that
 * is only facts, its files by their paths, and locks that are watched.
 */
#ifndef VN_NET_NETFS_FIXTURE_H
#define VN_NET_NETFS_FIXTURE_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <setjmp.h>

#include <cmocka.h>

#include "net/device.h"
#include "net/net.h"
#include "net/netfs.h"

#define BED_CPUS 2
#define TEXT_MAX 8192
#define DEV	 "devices/virtual/net/"

struct bed {
	struct vn_clock clock;
	struct vn_net *net;
	struct vn_netfs fs;
	bool may_control;
	int depth; /* of the lock: 0 or 1 */
	unsigned int n_locked;
	char text[TEXT_MAX]; /* of the last read */
};

/* A back end of which each part can be asked for. */
struct fake {
	struct vn_device dev;
	struct vn_device_ops ops;
	struct vn_device_stats stats;
	int refuses; /* what each operation returns: 0 or -errno */
};

static inline struct fake *fake_of(struct vn_device *dev)
{
	return vn_container_of(dev, struct fake, dev);
}

static inline enum vn_tx_code fake_xmit(struct vn_device *dev, struct vn_tx_queue *q,
					struct vn_skb *skb, bool more)
{
	fake_of(dev)->stats.tx_packets++;
	vn_skb_free(skb);
	return VN_TX_OK;
}

static inline void fake_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	*out = fake_of(dev)->stats;
}

static inline void fake_free(struct vn_device *dev)
{
	free(fake_of(dev));
}

static inline int fake_mtu(struct vn_device *dev, uint32_t mtu)
{
	return fake_of(dev)->refuses;
}

static inline int fake_carrier(struct vn_device *dev, bool on)
{
	if (!fake_of(dev)->refuses)
		(on ? vn_device_carrier_on : vn_device_carrier_off)(dev);
	return fake_of(dev)->refuses;
}

static inline int fake_maxrate(struct vn_device *dev, unsigned int queue, uint32_t mbps)
{
	return fake_of(dev)->refuses;
}

/* can: with the operations that a back end may leave out. */
static inline struct fake *bed_add(struct bed *b, const struct vn_device_info *info, bool can)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->ops = (struct vn_device_ops){
		.driver = "fake",
		.start_xmit = fake_xmit,
		.get_stats = fake_stats,
		.free = fake_free,
		.change_mtu = can ? fake_mtu : NULL,
		.change_carrier = can ? fake_carrier : NULL,
		.set_tx_maxrate = can ? fake_maxrate : NULL,
	};
	assert_int_equal(vn_device_init(&f->dev, b->net, &f->ops, info), 0);
	assert_int_equal(vn_device_register(&f->dev, NULL), 0);
	return f;
}

static inline void bed_lock(void *arg)
{
	struct bed *b = arg;

	assert_int_equal(b->depth++, 0);
	b->n_locked++;
}

static inline void bed_unlock(void *arg)
{
	struct bed *b = arg;

	assert_int_equal(--b->depth, 0);
	vn_net_run(b->net);
}

static inline struct bed *bed_open(void)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct vn_net_opts opts = { .n_cpus = BED_CPUS, .seed = 1 };

	assert_non_null(b);
	vn_clock_virtual(&b->clock, 0, 0);
	opts.clock = &b->clock;
	opts.timers = &b->clock.timers;
	assert_int_equal(vn_net_new(&opts, &b->net, NULL), 0);
	vn_netfs_init(&b->fs, &(struct vn_netfs_opts){ b->net, bed_lock, bed_unlock, b });
	b->may_control = true;
	return b;
}

static inline void bed_close(struct bed *b)
{
	assert_int_equal(b->depth, 0);
	vn_net_free(b->net);
	free(b);
}

static inline bool bed_may_control(void *arg)
{
	struct bed *b = arg;

	assert_int_equal(b->depth, 0); /* asking may take its time */
	return b->may_control;
}

/* Number of what lies at a path; 0: nothing. Links are not followed. */
static inline uint64_t bed_find(struct bed *b, const char *path, struct vn_file_info *info)
{
	struct vn_files *files = &b->fs.files;
	uint64_t node = VN_FILES_ROOT;
	char name[64];

	assert_int_equal(files->ops->info(files, node, info), 0);
	while (node && *path) {
		size_t len = strcspn(path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		node = files->ops->lookup(files, node, name, info);
		path += len + (path[len] == '/');
	}
	return node;
}

/* Length of the text, which is in b->text; or -errno. */
static inline ssize_t bed_read_node(struct bed *b, uint64_t node)
{
	struct vn_files *files = &b->fs.files;

	return files->ops->read(files, node, b->text, sizeof(b->text));
}

/* The text at a path, or the name of the error ("?" where nothing lies). */
static inline const char *bed_read(struct bed *b, const char *path)
{
	struct vn_file_info info;
	uint64_t node = bed_find(b, path, &info);
	ssize_t len = node ? bed_read_node(b, node) : 0;

	if (!node)
		return "?";
	if (len < 0)
		return strerrorname_np((int)-len);
	assert_int_equal(len, strlen(b->text));
	return b->text;
}

static inline ssize_t bed_write_node(struct bed *b, uint64_t node, const char *text, size_t len)
{
	const struct vn_file_writer who = { .may_control = bed_may_control, .arg = b };
	struct vn_files *files = &b->fs.files;

	return files->ops->write(files, node, text, len, &who);
}

/* 0, all of it was taken; or the negative errno. */
static inline int bed_write(struct bed *b, const char *path, const char *text)
{
	struct vn_file_info info;
	uint64_t node = bed_find(b, path, &info);
	ssize_t n;

	if (!node)
		return -ENOENT;
	n = bed_write_node(b, node, text, strlen(text));
	return n == (ssize_t)strlen(text) ? 0 : (int)n;
}

#endif

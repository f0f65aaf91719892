/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is common to all device drivers: finding and opening one by name, and
 * the memory of a transmit queue. The list of drivers is src/dev/drivers.c, so
 * that this file knows none of them.
 */
#include "net/netdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *cap_text(unsigned int bit)
{
	static const char *const text[] = {
#define VN_X(name, text) [VN_CAP_BIT_##name] = text,
		VN_NETDEV_CAPS(VN_X)
#undef VN_X
	};

	return text[bit];
}

const struct vn_netdev_ops *vn_netdev_driver(const char *name)
{
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++)
		if (!strcmp((*d)->name, name))
			return *d;
	return NULL;
}

static int unknown_driver(const char *name, struct vn_err *err)
{
	char names[200];
	struct vn_text t;

	vn_text_init(&t, names, sizeof(names));
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++)
		vn_text_add(&t, "%s%s", t.len ? ", " : "", (*d)->name);
	return vn_err_set(err, EINVAL, "%s: no such driver (there are: %s)", name, names);
}

int vn_netdev_open(const char *driver, uint32_t needs, const struct vn_netdev_opts *opts,
		   struct vn_netdev **out, struct vn_err *err)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver(driver);
	const char *target = opts->target ? opts->target : "";
	struct vn_netdev_opts told = *opts;
	uint32_t lacks;

	*out = NULL;
	if (!ops)
		return unknown_driver(driver, err);
	lacks = needs & ~ops->caps;
	if (lacks)
		return vn_err_set(err, EOPNOTSUPP, "%s: the driver is not one that %s", driver,
				  cap_text((unsigned int)__builtin_ctz(lacks)));
	if ((ops->caps & VN_CAP_NEEDS_IF) && !*target)
		return vn_err_set(err, EINVAL, "%s: needs the name of an interface", driver);
	told.needs = needs;
	return ops->open(&told, out, err);
}

void vn_netdev_probe(const struct vn_netdev_ops *ops, const char *ifname,
		     struct vn_netdev_probe *out)
{
	memset(out, 0, sizeof(*out));
	if (ops->probe) {
		ops->probe(ifname, out);
		return;
	}
	out->can_send = ops->caps & VN_CAP_TX;
	out->can_receive = ops->caps & VN_CAP_RX;
}

int vn_netdev_finish(struct vn_netdev *dev, struct vn_err *err)
{
	return dev->ops->finish ? dev->ops->finish(dev, err) : 0;
}

unsigned int vn_netdev_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				unsigned int cap)
{
	return dev->ops->counters ? dev->ops->counters(dev, out, cap) : 0;
}

void vn_netdev_close(struct vn_netdev *dev)
{
	if (dev)
		dev->ops->close(dev);
}

void vn_netdev_init(struct vn_netdev *dev, const struct vn_netdev_ops *ops,
		    const struct vn_netdev_opts *opts)
{
	memset(dev, 0, sizeof(*dev));
	dev->ops = ops;
	dev->clock = opts->clock;
	snprintf(dev->name, sizeof(dev->name), "%s", opts->target ? opts->target : "");
	dev->is_up = true;
	dev->has_carrier = true;
	dev->can_share = true;
	dev->n_txq = 1;
	dev->type = 1; /* ARPHRD_ETHER */
	dev->mac[0] = 0x02;
	dev->mac[5] = 0x01;
}

/*
 * Distance from frame to frame. A cache chooses its set by low address bits,
 * so frames a power of two apart (2 KiB, the usual room) would share one or
 * two sets and push each other out. An odd number of lines has no factor in
 * common with the number of sets: the same field of successive frames walks
 * through all of them.
 */
static size_t frame_stride(uint32_t cap)
{
	size_t lines = ((size_t)cap + VN_CACHELINE - 1) / VN_CACHELINE;

	return (lines | 1) * VN_CACHELINE;
}

static uint32_t nothing_outstanding(struct vn_txq *q)
{
	return 0;
}

int vn_txq_init(struct vn_txq *q, struct vn_netdev *dev, uint32_t n_frames, uint32_t cap)
{
	uint32_t n = n_frames ? n_frames : VN_TXQ_FRAMES;
	size_t stride = frame_stride(cap);
	size_t head = ((size_t)n * sizeof(struct vn_frame) + VN_CACHELINE - 1) &
		      ~(size_t)(VN_CACHELINE - 1);
	size_t size = head + n * stride;
	void *mem;

	memset(q, 0, sizeof(*q));
	q->dev = dev;
	q->outstanding = nothing_outstanding;
	if (n > VN_TXQ_FRAMES_MAX || (n & (n - 1)))
		return -EINVAL;
	/* One block: the descriptors, then the bytes. Page-aligned, for short
	 * rings want few TLB entries; written now, so that no page is faulted in
	 * while sending. */
	if (posix_memalign(&mem, 4096, size))
		return -ENOMEM;
	memset(mem, 0, size);
	q->frames = mem;
	q->mask = n - 1;
	for (uint32_t i = 0; i < n; i++) {
		q->frames[i].data = (uint8_t *)mem + head + i * stride;
		q->frames[i].cap = (uint32_t)stride;
	}
	return 0;
}

void vn_txq_fini(struct vn_txq *q)
{
	free(q->frames);
	q->frames = NULL;
}

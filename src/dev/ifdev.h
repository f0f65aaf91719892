/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that is an interface of the system: what the drivers for such have
 * in common. Their structs embed this one in the place of struct vn_netdev.
 *
 * A name is good for finding the interface once. After that the device is that
 * interface, known by its number, whatever it is called.
 */
#ifndef VN_DEV_IFDEV_H
#define VN_DEV_IFDEV_H

#include "dev/txstamp.h"

struct vn_ifdev {
	struct vn_netdev net;
	/* as of the last refresh */
	bool rereads_type;		  /* struct vn_link */
	struct vn_txstamp_counters times; /* of all its queues */
};

static inline struct vn_ifdev *vn_ifdev_of(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct vn_ifdev, net);
}

/* Fills the device's fields from the interface of that name, after
 * vn_netdev_init. 0 or -errno with a sentence (-ENODEV: there is none). */
int vn_ifdev_find(struct vn_ifdev *d, const char *name, struct vn_err *err);
/* The operation `counters`: launch times and stamps, when somebody asked for them. */
unsigned int vn_ifdev_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
			       unsigned int cap);
/* The operation `refresh` of struct vn_netdev_ops. */
int vn_ifdev_refresh(struct vn_netdev *dev, struct vn_err *err);

#endif

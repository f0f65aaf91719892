/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of this folder: an entry on a device that is only facts, as
 * dummy0 (shares frames, one queue) and veth0 (does not, four queues) are.
 */
#ifndef VN_CTL_FIXTURE_H
#define VN_CTL_FIXTURE_H

#include <string.h>

#include "ctl/ctl_priv.h"

struct fixture {
	struct vn_entry entry;
	struct vn_netdev dev;
	struct vn_netdev_ops ops;
	struct vn_clock clock;
};

static inline void fixture_init(struct fixture *f, bool can_share)
{
	memset(f, 0, sizeof(*f));
	vn_clock_virtual(&f->clock, 0, 0);
	f->ops.name = "fixture";
	f->ops.caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT;
	f->dev.ops = &f->ops;
	f->dev.clock = &f->clock;
	f->dev.can_share = can_share;
	f->dev.n_txq = can_share ? 1 : 4;
	strncpy(f->dev.name, can_share ? "dummy0" : "veth0", sizeof(f->dev.name) - 1);
	f->dev.mac[0] = 0x02;
	f->dev.mac[5] = can_share ? 0xd0 : 0x01;
	vn_stream_init(&f->entry.stream);
	f->entry.dev = &f->dev;
	memcpy(f->entry.name, f->dev.name, sizeof(f->entry.name) - 1);
}

static inline void fixture_fini(struct fixture *f)
{
	vn_stream_fini(&f->entry.stream);
}

/* A command as text. */
static inline ssize_t fixture_write(struct fixture *f, const char *command)
{
	return vn_ctl_device_write(&f->entry, command, strlen(command));
}

#endif

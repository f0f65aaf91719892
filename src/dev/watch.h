/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hears of changes to the interfaces of the network namespace that it was
 * opened in: new and gone ones, names, flags, carrier. An interface that is
 * moved to another namespace is gone. One thread uses it.
 */
#ifndef VN_DEV_WATCH_H
#define VN_DEV_WATCH_H

#include "net/netdev.h"

struct vn_link_watch;

/* 0 or -errno with a sentence, *out NULL. What is asked of the system after
 * this is not missed: changes before the answer are in it, later ones are told. */
int vn_link_watch_open(struct vn_link_watch **out, struct vn_err *err);
void vn_link_watch_close(struct vn_link_watch *w); /* NULL accepted */

/*
 * Never waits. 1: the next event, in *ev; 0: none now. -ENOBUFS: the system
 * changed faster than it was asked, and events were lost: the caller reads
 * everything anew. (Those that waited are dropped then; an older name would
 * otherwise come after the newer one that the caller reads.) Other -errno.
 */
int vn_link_watch_next(struct vn_link_watch *w, struct vn_netdev_event *ev);

/* Readable when there may be events; those before are to be taken first. */
int vn_link_watch_fd(const struct vn_link_watch *w);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --driver auto: which driver sends on interfaces of the system. One is offered
 * after the other, the fastest first, of those that can do what the run needs;
 * when one turns out to refuse the run, the next is asked for. Why others were
 * passed over is kept, as one line.
 */
#ifndef VN_CMD_CHOICE_H
#define VN_CMD_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"

#define VN_CHOICE_AUTO "auto"

struct vn_choice {
	/* Of the caller, for as long as this is used. */
	const struct vn_netdev_ops *const *drivers; /* ended by NULL */
	const char *const *ifnames;		    /* all that it must send on */
	unsigned int n_ifnames;
	uint32_t needs;	  /* enum vn_netdev_cap */
	bool is_captured; /* somebody wants to see the frames that go out */
	/* Cleared. */
	unsigned int at;  /* of the order */
	const char *name; /* offered last */
	char how[64];	  /* it sends */
	char passed[600]; /* who was passed over and why */
};

/* The next driver; NULL: no more. The last of the order is offered whatever its
 * probe says, so that it says itself why it does not work. */
const struct vn_netdev_ops *vn_choice_next(struct vn_choice *c);

/* The one that was offered last does not take the run. */
void vn_choice_refused(struct vn_choice *c, const char *why);

/* Of the one offered last: "live frames (afxdp: no zero copy on veth)". */
void vn_choice_text(const struct vn_choice *c, char *buf, unsigned int cap);

/* The order, for people: "afxdp (zero copy), xdp, ...", of the drivers there are. */
void vn_choice_order(const struct vn_netdev_ops *const *drivers, char *buf, unsigned int cap);

#endif

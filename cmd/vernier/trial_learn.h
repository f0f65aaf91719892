/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The learning frame of the receiving side (RFC 2544, section 23 b): a
 * gratuitous ARP by which a bridge learns behind which port the destination of
 * the test frames is, and a router its address, if it takes such news.
 */
#ifndef VN_CMD_TRIAL_LEARN_H
#define VN_CMD_TRIAL_LEARN_H

#include "base/clock.h"
#include "net/netdev.h"

/*
 * Sends it on dev in the name of ipv4 (host order), the destination of the test
 * frames; 0: of nobody, it then teaches bridges only. 0 or -errno with a
 * sentence.
 */
int vn_trial_announce(struct vn_netdev *dev, struct vn_clock *clock, uint32_t ipv4,
		      struct vn_err *err);

#endif

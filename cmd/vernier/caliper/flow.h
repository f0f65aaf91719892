/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * With -N: the plan as descriptors for a driver, by the client library.
 *
 * Bursts of packets, a mark behind each, and never more marks outstanding than
 * were allowed: so the driver holds no more than that many bursts of ours, and
 * the client stops by itself when the card is slower. The first packet has an
 * absolute time, a little ahead of the card's; every other one its distance from
 * the one before, in ns, of which the driver loses nothing.
 *
 * Reports are asked for of the first packet and the last of each burst: they say
 * when the run began and ended, and how far it is while it waits for the end.
 */
#ifndef VN_CALIPER_FLOW_H
#define VN_CALIPER_FLOW_H

#include <vernier/vernier.h>

#include "run.h"

/* Sends r->plan through the connection; the result is in r->res. wall_minus_host_ns: from
 * the host time that the driver tells to that of stamps; NULL: stamps have card time. -errno with a
 * sentence; what is known of what was sent is in the result all the same. */
int caliper_flow(struct caliper_run *r, struct vn_caliper *c, const uint64_t *wall_minus_host_ns,
		 struct vn_err *err);

#endif

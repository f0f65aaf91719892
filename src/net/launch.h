/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launch times: frames are handed over early, with the time at which somebody
 * else (a queueing discipline, the hardware) lets them go. What is written beside
 * a frame is its departure on that one's clock, in its grain, in as many bits as
 * its counter has. This is the arithmetic, and no more.
 *
 * Every value is computed from its departure alone, so nothing adds up: the
 * millionth is as exact as the first.
 */
#ifndef VN_NET_LAUNCH_H
#define VN_NET_LAUNCH_H

#include <stdint.h>

struct vn_launch {
	int64_t offset_ns;   /* the launcher's clock - ours */
	uint64_t grain_ns;   /* launch times are multiples of it, of that clock; at least 1 */
	uint64_t horizon_ns; /* it looks so far ahead; UINT64_MAX: as far as its counter */
	uint64_t lead_ns;    /* it needs a frame so long before */
	/* Launch times are told by the lowest bits of a counter of grains, as many
	 * as this (3 to 63); 0: in ns, all of them. */
	uint8_t bits;
};

enum vn_launch_when {
	VN_LAUNCH_NOW,	    /* may be handed over */
	VN_LAUNCH_TOO_FAR,  /* would be taken for another time, or refused: wait */
	VN_LAUNCH_TOO_LATE, /* will not leave at its time: it is handed over all the same */
};

/*
 * How far ahead a launch time may be. Of a counter that wraps one half: what is
 * more than half a turn ahead cannot be told from what has passed. Two grains
 * less, for both the counter and the launch time were rounded.
 */
uint64_t vn_launch_reach(const struct vn_launch *l);

/* So long before their departure frames are handed over best: as long as wanted,
 * as far as lead and reach allow. */
uint64_t vn_launch_ahead(const struct vn_launch *l, uint64_t wanted_ns);

/* When a frame asked for at depart_ns leaves, by our clock: the nearest multiple
 * of the grain, the later one of two that are as near. */
uint64_t vn_launch_at(const struct vn_launch *l, uint64_t depart_ns);

/* What is written for it: ns of the launcher's clock, or grains in `bits`. */
uint64_t vn_launch_value(const struct vn_launch *l, uint64_t depart_ns);

/* From when on it may be handed over (0: ever since), by our clock. */
uint64_t vn_launch_from(const struct vn_launch *l, uint64_t depart_ns);

/* Whether a frame for depart_ns is handed over in time at now_ns. */
enum vn_launch_when vn_launch_check(const struct vn_launch *l, uint64_t depart_ns, uint64_t now_ns);

#endif

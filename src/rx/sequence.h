/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence numbers of one flow: which were seen, in a window of the last
 * VN_RX_WINDOW numbers up to the highest, and how far those that came late were
 * displaced.
 *
 * The 32 bits of the wire are extended to 64 by taking the number nearest to
 * the highest one seen, so a flow counts on past 2^32. Numbers begin at 1; a 0
 * stands for 2^32 and its multiples.
 *
 * A sender that starts again at 1 is not recognized, since on a network that
 * doubles and delays it looks the same as old packets. Its numbers count as
 * duplicates where they are in the window, as too late where they are older,
 * until they pass the highest one of the earlier run; only when that one was
 * past 2^31 do they look new, and the numbers in between lost. A new run wants
 * a new receiver.
 */
#ifndef VN_RX_SEQUENCE_H
#define VN_RX_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rx/receiver.h"

/*
 * Enters a number that arrived at stamp_ns into first_seq, max_seq, the window
 * and one of unique (with reordered and what belongs to it), duplicates or
 * too_late. Returns the number in 64 bits when this is its first arrival, 0
 * when it is not. The flow's first_seq is 0 before the first number when that
 * one shall be it.
 */
uint64_t vn_sequence_take(struct vn_rx_flow *f, uint32_t seq, uint64_t stamp_ns);

/* Was it seen? Of a number of the window, so 1 <= number <= the highest. */
static inline bool vn_sequence_has(const struct vn_rx_flow *f, uint64_t number)
{
	return f->window[(number & (VN_RX_WINDOW - 1)) / 64] >> number % 64 & 1;
}

#endif

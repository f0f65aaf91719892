/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the delays of one flow tell: latency, packets that came later than a
 * bound, and how delay varies. Delays are those of first arrivals that carry a
 * stamp: the first copy to arrive determines a packet's delay (RFC 7679, 3.6),
 * and copies of clone_skb carry an old stamp.
 *
 * Between two hosts a delay holds the difference of their clocks and may be
 * negative. It is then counted, and left out of the latency, whose histogram
 * has no place for it. Variation has it too: there a constant difference
 * cancels out.
 */
#ifndef VN_RX_DELAY_H
#define VN_RX_DELAY_H

#include <stdint.h>

#include "rx/receiver.h"

/*
 * Enters the delay of the first arrival of this number, after
 * vn_sequence_take(). Jitter is that of RFC 3550, 6.4.1, from arrival to
 * arrival; IPDV that of RFC 5481, 4.1, the delay of a number less that of the
 * number before it, each pair when the second of the two arrives. A packet that
 * came VN_RX_DELAYS numbers late or more makes no pair.
 */
void vn_delay_take(struct vn_rx_flow *f, uint64_t number, int64_t delay_ns);

/* The same for one without a stamp. */
void vn_delay_take_none(struct vn_rx_flow *f, uint64_t number);

#endif

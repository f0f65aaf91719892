/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The delays of the last VN_RX_DELAYS numbers lie in a ring, a number's place
 * being the number modulo the ring's size. Whether a place holds the delay of
 * a number, and not of one a ring before it, is what the window of seen numbers
 * says; so nothing is cleared when numbers are skipped.
 */
#include "rx/delay.h"

#include "base/macros.h"
#include "base/stat.h"
#include "rx/sequence.h"

#define NO_STAMP INT64_MIN

/* What the jitter's sum can hold 16 times. A difference beyond it, nine years,
 * is no delay but a stamp that means nothing. */
#define JITTER_DIFF_MAX (UINT64_C(1) << 58)

_Static_assert((VN_RX_DELAYS & (VN_RX_DELAYS - 1)) == 0 && VN_RX_DELAYS < VN_RX_WINDOW,
	       "places are found by a mask, of numbers that the window has");

static int64_t *place_of(struct vn_rx_flow *f, uint64_t number)
{
	return &f->delay[number & (VN_RX_DELAYS - 1)];
}

/* Differences of garbage wrap, as they may. */
static int64_t difference(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static void count_latency(struct vn_rx_flow *f, int64_t delay_ns)
{
	if (delay_ns < 0) {
		vn_stat_add(&f->stats.latency_negative, 1);
		return;
	}
	vn_hist_add(&f->latency, (uint64_t)delay_ns);
	if (f->late_after_ns && (uint64_t)delay_ns > f->late_after_ns)
		vn_stat_add(&f->stats.overdue, 1);
}

/* RFC 3550, appendix A.8: J with four bits of fraction, rounded. */
static void count_jitter(struct vn_rx_flow *f, int64_t delay_ns)
{
	uint64_t j = vn_stat_get(&f->stats.jitter_x16), d;

	d = magnitude(difference(delay_ns, f->last_delay_ns));
	d = VN_MIN(d, JITTER_DIFF_MAX);
	vn_stat_set(&f->stats.jitter_x16, j + d - ((j + 8) >> 4));
}

static void count_pair(struct vn_rx_flow *f, int64_t delay_ns, int64_t before_ns)
{
	struct vn_rx_flow_stats *s = &f->stats;
	bool is_first = vn_stat_get(&s->ipdv_pairs) == 0;
	int64_t v;

	if (before_ns == NO_STAMP || delay_ns == NO_STAMP)
		return;
	v = difference(delay_ns, before_ns);
	vn_hist_add(&f->ipdv, magnitude(v));
	if (is_first || v < (int64_t)vn_stat_get(&s->ipdv_min))
		vn_stat_set(&s->ipdv_min, (uint64_t)v);
	if (is_first || v > (int64_t)vn_stat_get(&s->ipdv_max))
		vn_stat_set(&s->ipdv_max, (uint64_t)v);
	vn_stat_add(&s->ipdv_pairs, 1);
}

/* Stores the delay and makes the pairs that are now complete. */
static void remember(struct vn_rx_flow *f, uint64_t number, int64_t delay_ns)
{
	uint64_t behind = vn_stat_get(&f->stats.max_seq) - number;

	if (vn_unlikely(behind >= VN_RX_DELAYS))
		return;
	*place_of(f, number) = delay_ns;
	if (behind + 1 < VN_RX_DELAYS && number > 1 && vn_sequence_has(f, number - 1))
		count_pair(f, delay_ns, *place_of(f, number - 1));
	if (vn_unlikely(behind > 0) && vn_sequence_has(f, number + 1))
		count_pair(f, *place_of(f, number + 1), delay_ns);
}

void vn_delay_take(struct vn_rx_flow *f, uint64_t number, int64_t delay_ns)
{
	count_latency(f, delay_ns);
	if (vn_likely(vn_stat_get(&f->stats.stamped) > 0))
		count_jitter(f, delay_ns);
	f->last_delay_ns = delay_ns;
	vn_stat_add(&f->stats.stamped, 1);
	remember(f, number, delay_ns);
}

void vn_delay_take_none(struct vn_rx_flow *f, uint64_t number)
{
	remember(f, number, NO_STAMP);
}

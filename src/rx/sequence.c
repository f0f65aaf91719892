/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window is a ring of bits, one a number, the number modulo the window's
 * size its place. Bits of numbers that are skipped are cleared on the way
 * ahead, at most the whole ring: a jump of 2^31 takes no longer than one of
 * 2^16. The place of a new highest number is not cleared: it is set.
 *
 * Reordering is RFC 4737's. Packet i of the arrivals (first copies only) with
 * number s[i] is reordered when a greater number came before; its extent is
 * i - j for the smallest j with s[j] > s[i]. That j was a new highest number
 * when it came, since nothing before it is greater than s[i]. So only new
 * highest numbers are remembered, and of these only the first of each run: a
 * run is of numbers that came one after the other without a gap and with
 * nothing between. A number inside a run was seen, so the first greater one
 * begins a run; runs begin in ascending order, and a bisection finds it. A flow
 * in order is one run, and costs one comparison a packet.
 */
#include "rx/sequence.h"

#include <string.h>

#include "base/macros.h"
#include "base/stat.h"

_Static_assert((VN_RX_WINDOW & (VN_RX_WINDOW - 1)) == 0 && VN_RX_WINDOW >= 64,
	       "places are found by a mask, in words of 64");
_Static_assert((VN_RX_RUNS & (VN_RX_RUNS - 1)) == 0, "places of runs are found by a mask");

static uint64_t *word_of(struct vn_rx_flow *f, uint64_t number)
{
	return &f->window[(number & (VN_RX_WINDOW - 1)) / 64];
}

static uint64_t bit_of(uint64_t number)
{
	return UINT64_C(1) << (number % 64);
}

static void mark_first_arrival(struct vn_rx_flow *f, uint64_t number)
{
	*word_of(f, number) |= bit_of(number);
	vn_stat_add(&f->stats.unique, 1);
}

/* Clears the n places from number on, a word at a time. */
static void forget(struct vn_rx_flow *f, uint64_t number, uint64_t n)
{
	if (n >= VN_RX_WINDOW) {
		memset(f->window, 0, sizeof(f->window));
		return;
	}
	while (n > 0) {
		unsigned int shift = number % 64;
		uint64_t run = VN_MIN(n, UINT64_C(64) - shift);

		*word_of(f, number) &= ~(UINT64_MAX >> (64 - run) << shift);
		number += run;
		n -= run;
	}
}

/* The newest arrival begins a run; beyond VN_RX_RUNS it takes the oldest one's
 * place. */
static void begin_run(struct vn_rx_flow *f, uint64_t number, uint64_t stamp_ns)
{
	f->run[f->n_runs++ & (VN_RX_RUNS - 1)] = (struct vn_rx_run){
		.number = number,
		.position = vn_stat_get(&f->stats.unique),
		.stamp_ns = stamp_ns,
	};
	f->is_in_run = true;
}

static uint64_t begin(struct vn_rx_flow *f, uint32_t seq, uint64_t stamp_ns)
{
	uint64_t number = seq ? seq : UINT64_C(1) << 32;

	vn_stat_set(&f->stats.first_seq, number);
	vn_stat_set(&f->stats.max_seq, number);
	mark_first_arrival(f, number);
	begin_run(f, number, stamp_ns);
	return number;
}

static uint64_t go_ahead(struct vn_rx_flow *f, uint64_t max, uint32_t by, uint64_t stamp_ns)
{
	forget(f, max + 1, by - 1);
	vn_stat_set(&f->stats.max_seq, max + by);
	mark_first_arrival(f, max + by);
	if (vn_unlikely(by != 1 || !f->is_in_run))
		begin_run(f, max + by, stamp_ns);
	return max + by;
}

/* The oldest run that begins above number; NULL: there may have been an older
 * one that is not remembered. The run that holds the highest number is one, or
 * number would have been seen in it. */
static const struct vn_rx_run *run_above(const struct vn_rx_flow *f, uint64_t number)
{
	uint64_t oldest = f->n_runs > VN_RX_RUNS ? f->n_runs - VN_RX_RUNS : 0;
	uint64_t low = oldest, high = f->n_runs - 1;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (f->run[middle & (VN_RX_RUNS - 1)].number > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low == oldest && oldest ? NULL : &f->run[low & (VN_RX_RUNS - 1)];
}

/* The newest arrival is reordered: how far, and how long (RFC 4737, 4.2). */
static void measure_reordering(struct vn_rx_flow *f, uint64_t number, uint64_t stamp_ns)
{
	const struct vn_rx_run *run = run_above(f, number);

	vn_stat_add(&f->stats.reordered, 1);
	f->is_in_run = false; /* the next highest number comes behind this one */
	if (!run) {
		vn_stat_add(&f->stats.extent_unknown, 1);
		return;
	}
	vn_hist_add(&f->extent, vn_stat_get(&f->stats.unique) - run->position);
	/* Two queues may turn stamps round. */
	vn_hist_add(&f->late_time, stamp_ns > run->stamp_ns ? stamp_ns - run->stamp_ns : 0);
}

static uint64_t look_back(struct vn_rx_flow *f, uint64_t max, uint32_t by, uint64_t stamp_ns)
{
	uint64_t number = max - by;

	if (by >= VN_RX_WINDOW || by >= max) { /* or from before number 1 */
		vn_stat_add(&f->stats.too_late, 1);
		return 0;
	}
	if (vn_sequence_has(f, number)) {
		vn_stat_add(&f->stats.duplicates, 1);
		return 0;
	}
	if (number < vn_stat_get(&f->stats.first_seq))
		vn_stat_set(&f->stats.first_seq, number);
	mark_first_arrival(f, number);
	measure_reordering(f, number, stamp_ns);
	return number;
}

uint64_t vn_sequence_take(struct vn_rx_flow *f, uint32_t seq, uint64_t stamp_ns)
{
	uint64_t max = vn_stat_get(&f->stats.max_seq);
	uint32_t ahead = seq - (uint32_t)max;

	if (vn_unlikely(vn_stat_get(&f->stats.first_seq) == 0))
		return begin(f, seq, stamp_ns);
	if (ahead == 0 || ahead > INT32_MAX)
		return look_back(f, max, 0 - ahead, stamp_ns);
	return go_ahead(f, max, ahead, stamp_ns);
}

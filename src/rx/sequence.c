/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window is a ring of bits, one a number, the number modulo the window's
 * size its place. Bits of numbers that are skipped are cleared on the way
 * ahead, at most the whole ring: a jump of 2^31 takes no longer than one of
 * 2^16. The place of a new highest number is not cleared: it is set.
 */
#include "rx/sequence.h"

#include <string.h>

#include "base/macros.h"
#include "base/stat.h"

_Static_assert((VN_RX_WINDOW & (VN_RX_WINDOW - 1)) == 0 && VN_RX_WINDOW >= 64,
	       "places are found by a mask, in words of 64");

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

static void begin(struct vn_rx_flow *f, uint32_t seq)
{
	uint64_t number = seq ? seq : UINT64_C(1) << 32;

	vn_stat_set(&f->stats.first_seq, number);
	vn_stat_set(&f->stats.max_seq, number);
	mark_first_arrival(f, number);
}

static void go_ahead(struct vn_rx_flow *f, uint64_t max, uint32_t by)
{
	forget(f, max + 1, by - 1);
	vn_stat_set(&f->stats.max_seq, max + by);
	mark_first_arrival(f, max + by);
}

static bool look_back(struct vn_rx_flow *f, uint64_t max, uint32_t by)
{
	uint64_t number = max - by;

	if (by >= VN_RX_WINDOW || by >= max) { /* or from before number 1 */
		vn_stat_add(&f->stats.too_late, 1);
		return false;
	}
	if (*word_of(f, number) & bit_of(number)) {
		vn_stat_add(&f->stats.duplicates, 1);
		return false;
	}
	if (number < vn_stat_get(&f->stats.first_seq))
		vn_stat_set(&f->stats.first_seq, number);
	vn_stat_add(&f->stats.reordered, 1);
	mark_first_arrival(f, number);
	return true;
}

bool vn_sequence_take(struct vn_rx_flow *f, uint32_t seq)
{
	uint64_t max = vn_stat_get(&f->stats.max_seq);
	uint32_t ahead = seq - (uint32_t)max;

	if (vn_unlikely(vn_stat_get(&f->stats.first_seq) == 0)) {
		begin(f, seq);
		return true;
	}
	if (ahead == 0 || ahead > INT32_MAX)
		return look_back(f, max, 0 - ahead);
	go_ahead(f, max, ahead);
	return true;
}

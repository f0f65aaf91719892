/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where each generator begins. All of them walk the same sequence of 2^64
 * states, so neighbouring seeds and streams must begin far apart: both are
 * mixed until every bit of one has changed half the bits of the beginning.
 */
#include "base/rng.h"

/* Bijective mixer; shifts and factors as in MurmurHash3's 64-bit finalizer. */
static uint64_t mix(uint64_t v)
{
	v ^= v >> 33;
	v *= 0xff51afd7ed558ccdull;
	v ^= v >> 33;
	v *= 0xc4ceb9fe1a85ec53ull;
	v ^= v >> 33;
	return v;
}

void vn_rng_seed(struct vn_rng *r, uint64_t seed, uint64_t stream)
{
	/* + 1: mix(0) is 0, and seed 0, stream 0 are what people take first. */
	r->state = mix(mix(seed + 1) + stream);
}

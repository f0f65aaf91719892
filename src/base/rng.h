/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeded random numbers. Each thing that is drawn (a source address, a port)
 * has a generator of its own, seeded from the run's seed and a number that
 * names the thing; so what one field draws does not depend on which other
 * fields are random, nor on how packets are cut into batches.
 *
 * The generator is a 64-bit Weyl sequence whose terms are mixed by one
 * 64x64->128 multiplication and a fold (the idea of W. Yi's wyrand): one
 * addition is the whole state, so a batch of draws has no long chain of
 * dependent operations. Not for secrets.
 */
#ifndef VN_BASE_RNG_H
#define VN_BASE_RNG_H

#include <stdint.h>

struct vn_rng {
	uint64_t state;
};

/* seed: the run's. stream: which thing draws; different streams are unrelated. */
void vn_rng_seed(struct vn_rng *r, uint64_t seed, uint64_t stream);

/* A product of 128 bits, in halves. */
#ifdef __bpf__ /* has none: put together from four */
static inline uint64_t vn_mul(uint64_t a, uint64_t b, uint64_t *low)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t middle = ah * bl + (al * bl >> 32);
	uint64_t other = al * bh + (uint32_t)middle;

	*low = a * b;
	return ah * bh + (middle >> 32) + (other >> 32);
}
#else
static inline uint64_t vn_mul(uint64_t a, uint64_t b, uint64_t *low)
{
	__uint128_t m = (__uint128_t)a * b;

	*low = (uint64_t)m;
	return (uint64_t)(m >> 64);
}
#endif

static inline uint64_t vn_rng_next(struct vn_rng *r)
{
	uint64_t high, low;

	r->state += 0x9e3779b97f4a7c15ull; /* 2^64 / golden ratio */
	high = vn_mul(r->state, r->state ^ 0xd6e8feb86659fd93ull, &low);
	return high ^ low;
}

/*
 * Uniform in 0..n-1 (0 for n = 0) by multiplication, without division: the
 * bias is below n / 2^64.
 */
static inline uint32_t vn_rng_below(struct vn_rng *r, uint32_t n)
{
	uint64_t low;

	return (uint32_t)vn_mul(vn_rng_next(r), n, &low);
}

#endif

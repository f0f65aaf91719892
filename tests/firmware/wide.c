/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations that the processors have no instruction for: 64-bit division, shifts
 * and comparisons, counts of bits. Expected values are those of Python. */
#include "check.h"

typedef unsigned long long u64;
typedef long long s64;

static const struct {
	u64 n, d, quotient, rest, signed_quotient, signed_rest;
} divisions[] = {
	{ 0x0ull, 0x1ull, 0x0ull, 0x0ull, 0x0ull, 0x0ull },
	{ 0x1ull, 0x1ull, 0x1ull, 0x0ull, 0x1ull, 0x0ull },
	{ 0x7ull, 0x3ull, 0x2ull, 0x1ull, 0x2ull, 0x1ull },
	{ 0xffffffffffffffffull, 0x1ull, 0xffffffffffffffffull, 0x0ull, 0xffffffffffffffffull,
	  0x0ull },
	{ 0xffffffffffffffffull, 0x2ull, 0x7fffffffffffffffull, 0x1ull, 0x0ull,
	  0xffffffffffffffffull },
	{ 0xffffffffffffffffull, 0xffffffffffffffffull, 0x1ull, 0x0ull, 0x1ull, 0x0ull },
	{ 0x8000000000000000ull, 0x3ull, 0x2aaaaaaaaaaaaaaaull, 0x2ull, 0xd555555555555556ull,
	  0xfffffffffffffffeull },
	{ 0x8000000000000000ull, 0xffffffffffffffffull, 0x0ull, 0x8000000000000000ull,
	  0x8000000000000000ull, 0x0ull },
	{ 0x123456789abcdef0ull, 0x12345ull, 0x100005b00205ull, 0xa497ull, 0x100005b00205ull,
	  0xa497ull },
	{ 0x123456789abcdef0ull, 0x123456789ull, 0x10000000ull, 0xabcdef0ull, 0x10000000ull,
	  0xabcdef0ull },
	{ 0xfedcba9876543210ull, 0xfedcba98ull, 0x100000000ull, 0x76543210ull,
	  0xfffffffffedb6db7ull, 0xffffffffdb101768ull },
	{ 0xfedcba9876543210ull, 0x8000000000000001ull, 0x1ull, 0x7edcba987654320full, 0x0ull,
	  0xfedcba9876543210ull },
	{ 0xfffffffffffffff9ull, 0x2ull, 0x7ffffffffffffffcull, 0x1ull, 0xfffffffffffffffdull,
	  0xffffffffffffffffull },
	{ 0x3b9aca07ull, 0xfffffffffffffffdull, 0x0ull, 0x3b9aca07ull, 0xffffffffec21bca9ull,
	  0x2ull },
	{ 0xffffffff00000000ull, 0xffffffffull, 0x100000000ull, 0x0ull, 0xffffffffffffffffull,
	  0xffffffffffffffffull },
	{ 0x5ull, 0x100000000ull, 0x0ull, 0x5ull, 0x0ull, 0x5ull },
};

static const u64 shifted = 0x8123456789abcdefull;
static const struct {
	int by;
	u64 left, right, arithmetic;
} shifts[] = {
	{ 0, 0x8123456789abcdefull, 0x8123456789abcdefull, 0x8123456789abcdefull },
	{ 1, 0x2468acf13579bdeull, 0x4091a2b3c4d5e6f7ull, 0xc091a2b3c4d5e6f7ull },
	{ 4, 0x123456789abcdef0ull, 0x8123456789abcdeull, 0xf8123456789abcdeull },
	{ 31, 0xc4d5e6f780000000ull, 0x102468acfull, 0xffffffff02468acfull },
	{ 32, 0x89abcdef00000000ull, 0x81234567ull, 0xffffffff81234567ull },
	{ 33, 0x13579bde00000000ull, 0x4091a2b3ull, 0xffffffffc091a2b3ull },
	{ 60, 0xf000000000000000ull, 0x8ull, 0xfffffffffffffff8ull },
	{ 63, 0x8000000000000000ull, 0x1ull, 0xffffffffffffffffull },
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Operands come from memory, so that no compiler works them out. */
static void divide(void)
{
	volatile u64 n, d;
	int fine = 1, fine_signed = 1;
	uint i;

	for (i = 0; i < N(divisions); i++) {
		n = divisions[i].n;
		d = divisions[i].d;
		fine &= n / d == divisions[i].quotient && n % d == divisions[i].rest;
		if (d == ~0ull && n == 1ull << 63)
			continue; /* the quotient has no signed 64 bits */
		fine_signed &= (u64)((s64)n / (s64)d) == divisions[i].signed_quotient &&
			       (u64)((s64)n % (s64)d) == divisions[i].signed_rest;
	}
	check(fine, "64-bit division");
	check(fine_signed, "64-bit division, signed");
}

static void shift(void)
{
	volatile u64 v = shifted;
	volatile int by;
	int fine = 1;
	uint i;

	for (i = 0; i < N(shifts); i++) {
		by = shifts[i].by;
		fine &= v << by == shifts[i].left && v >> by == shifts[i].right &&
			(u64)((s64)v >> by) == shifts[i].arithmetic;
	}
	check(fine, "64-bit shifts");
}

static void compare(void)
{
	static const u64 rising[] = { 1ull << 63, ~0ull - 1, ~0ull, 0, 1, 1ull << 32, ~0ull >> 1 };
	volatile s64 a, b;
	int fine = 1;
	uint i, j;

	for (i = 0; i < N(rising); i++)
		for (j = 0; j < N(rising); j++) {
			a = (s64)rising[i];
			b = (s64)rising[j];
			fine &= (a < b) == (i < j) && (a == b) == (i == j);
			fine &= ((u64)a < (u64)b) == ((i + 4) % N(rising) < (j + 4) % N(rising));
		}
	check(fine, "64-bit comparisons");
}

static void bits(void)
{
	volatile uint v = 0x00f01234;
	volatile u64 w = 0x0123456789abcdefull;

	check(__builtin_popcount(v) == 9 && __builtin_clz(v) == 8 && __builtin_ctz(v) == 2,
	      "counts of bits");
	check(__builtin_popcountll(w) == 32 && __builtin_clzll(w) == 7 && __builtin_ctzll(w) == 0 &&
		      __builtin_clzll(w >> 32) == 39 && __builtin_ctzll(w << 40) == 40,
	      "counts of bits, 64 of them");
	check(__builtin_bswap32(v) == 0x3412f000 && __builtin_bswap16(0x1234) == 0x3412 &&
		      __builtin_bswap64(w) == 0xefcdab8967452301ull,
	      "bytes turned round");
	check(w * w == 0xdca5e20890f2a521ull, "64-bit multiplication");
}

int main(void)
{
	if (nf_tid() != 0)
		return 0;
	divide();
	shift();
	compare();
	bits();
	return checked();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What compilers call for operations that the processors have no instruction
 * for. The compilers' own library is of no use here: its delay slots are filled.
 *
 * Nothing here may use the operation that it stands for. 64-bit values are
 * therefore taken apart into words by a union; the high one is first in memory.
 */
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

union pair {
	u64 v;
	struct {
		u32 hi, lo;
	};
};

u64 __udivdi3(u64 n, u64 d);
u64 __umoddi3(u64 n, u64 d);
s64 __divdi3(s64 n, s64 d);
s64 __moddi3(s64 n, s64 d);
u64 __ashldi3(u64 v, int by);
u64 __lshrdi3(u64 v, int by);
s64 __ashrdi3(s64 v, int by);
int __cmpdi2(s64 a, s64 b);
int __ucmpdi2(u64 a, u64 b);
int __popcountsi2(u32 v);
u32 __bswapsi2(u32 v);
int __clzsi2(u32 v);
int __popcountdi2(u64 v);
u64 __bswapdi2(u64 v);
int __clzdi2(u64 v);
int __ctzdi2(u64 v);

u64 __ashldi3(u64 v, int by)
{
	union pair p = { .v = v };

	if (by & 32) {
		p.hi = p.lo << (by & 31);
		p.lo = 0;
	} else if (by) {
		p.hi = p.hi << by | p.lo >> (32 - by);
		p.lo <<= by;
	}
	return p.v;
}

u64 __lshrdi3(u64 v, int by)
{
	union pair p = { .v = v };

	if (by & 32) {
		p.lo = p.hi >> (by & 31);
		p.hi = 0;
	} else if (by) {
		p.lo = p.lo >> by | p.hi << (32 - by);
		p.hi >>= by;
	}
	return p.v;
}

s64 __ashrdi3(s64 v, int by)
{
	union pair p = { .v = (u64)v };
	int hi = (int)p.hi;

	if (by & 32) {
		p.lo = (u32)(hi >> (by & 31));
		p.hi = (u32)(hi >> 31);
	} else if (by) {
		p.lo = p.lo >> by | p.hi << (32 - by);
		p.hi = (u32)(hi >> by);
	}
	return (s64)p.v;
}

/* 0, 1 or 2: less, the same, more. */
int __ucmpdi2(u64 a, u64 b)
{
	union pair p = { .v = a }, q = { .v = b };

	if (p.hi != q.hi)
		return p.hi < q.hi ? 0 : 2;
	if (p.lo != q.lo)
		return p.lo < q.lo ? 0 : 2;
	return 1;
}

int __cmpdi2(s64 a, s64 b)
{
	union pair p = { .v = (u64)a }, q = { .v = (u64)b };

	if (p.hi != q.hi)
		return (int)p.hi < (int)q.hi ? 0 : 2;
	return __ucmpdi2((u64)a, (u64)b);
}

int __popcountsi2(u32 v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f;
	return (int)(v * 0x01010101 >> 24);
}

u32 __bswapsi2(u32 v)
{
	u32 odd = v & 0x00ff00ff, even = v & 0xff00ff00;

	odd = odd >> 8 | odd << 24;
	even = even << 8 | even >> 24;
	return odd | even;
}

int __clzsi2(u32 v)
{
	int n = 32, by;

	for (by = 16; by; by >>= 1)
		if (v >> by) {
			v >>= by;
			n -= by;
		}
	return v ? n - 1 : n;
}

int __popcountdi2(u64 v)
{
	union pair p = { .v = v };

	return __popcountsi2(p.hi) + __popcountsi2(p.lo);
}

u64 __bswapdi2(u64 v)
{
	union pair p = { .v = v }, turned;

	turned.hi = __bswapsi2(p.lo);
	turned.lo = __bswapsi2(p.hi);
	return turned.v;
}

int __clzdi2(u64 v)
{
	union pair p = { .v = v };

	return p.hi ? __clzsi2(p.hi) : 32 + __clzsi2(p.lo);
}

/* The lowest bit that is set, alone, has as many zeros behind as it lacks in front. */
int __ctzdi2(u64 v)
{
	return 63 - __clzdi2(v & -v);
}

/* One bit of quotient a turn, by doubling the remainder. A remainder that lost its
 * highest bit in doubling is larger than any divisor. */
static u64 divide(u64 n, u64 d, u64 *rest)
{
	union pair num = { .v = n }, r = { .v = 0 };
	union pair div = { .v = d };
	u32 carry;
	int i;

	for (i = 0; i < 64; i++) {
		carry = r.hi >> 31;
		r.hi = r.hi << 1 | r.lo >> 31;
		r.lo = r.lo << 1 | num.hi >> 31;
		num.hi = num.hi << 1 | num.lo >> 31;
		num.lo <<= 1;
		if (carry || r.hi > div.hi || (r.hi == div.hi && r.lo >= div.lo)) {
			r.v -= div.v;
			num.lo |= 1;
		}
	}
	*rest = r.v;
	return num.v;
}

/* Division by zero ends as that of 32 bits does: in a trap, code 7. */
static void check_divisor(u64 d)
{
	if (!d)
		asm volatile("break 7");
}

u64 __udivdi3(u64 n, u64 d)
{
	union pair p = { .v = n }, q = { .v = d };
	u64 rest;

	check_divisor(d);
	if (!(p.hi | q.hi))
		return p.lo / q.lo;
	return divide(n, d, &rest);
}

u64 __umoddi3(u64 n, u64 d)
{
	union pair p = { .v = n }, q = { .v = d };
	u64 rest;

	check_divisor(d);
	if (!(p.hi | q.hi))
		return p.lo % q.lo;
	divide(n, d, &rest);
	return rest;
}

static u64 magnitude(s64 v)
{
	return v < 0 ? -(u64)v : (u64)v;
}

s64 __divdi3(s64 n, s64 d)
{
	u64 q = __udivdi3(magnitude(n), magnitude(d));

	return (s64)((n < 0) == (d < 0) ? q : -q);
}

s64 __moddi3(s64 n, s64 d)
{
	u64 r = __umoddi3(magnitude(n), magnitude(d));

	return (s64)(n < 0 ? -r : r);
}

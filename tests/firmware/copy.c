/* SPDX-License-Identifier: BSD-2-Clause */
/* memcpy32 at every alignment, and the C library's four. */
#include "check.h"
#include "memcpy.h"

enum { ROOM = 1700 };

static unsigned char from[ROOM] __attribute__((aligned(8)));
static unsigned char to[ROOM] __attribute__((aligned(8)));

static unsigned char pattern(uint i)
{
	return (unsigned char)(i * 7 + 3);
}

/* All of `to` that a copy may have changed, and 16 bytes on either side. */
static int is_copied(uint at, uint src, uint n)
{
	uint i;

	for (i = at - 16; i < at; i++)
		if (to[i] != 0xee)
			return 0;
	for (i = 0; i < n; i++)
		if (to[at + i] != pattern(src + i))
			return 0;
	for (i = at + n; i < at + n + 16; i++)
		if (to[i] != 0xee)
			return 0;
	return 1;
}

static int copies(uint dst, uint src, uint n)
{
	memset(to + 16 + dst - 16, 0xee, n + 32);
	memcpy32(to + 16 + dst, from + src, n);
	return is_copied(16 + dst, src, n);
}

static int every_alignment(uint n)
{
	uint dst, src;
	int fine = 1;

	for (dst = 0; dst < 8; dst++)
		for (src = 0; src < 8; src++)
			fine &= copies(dst, src, n);
	return fine;
}

static void moves(void)
{
	uint i;
	int fine = 1;

	for (i = 0; i < 100; i++)
		to[i] = pattern(i);
	memmove(to + 3, to, 50);
	for (i = 0; i < 50; i++)
		fine &= to[3 + i] == pattern(i);
	check(fine, "memmove to behind");
	for (i = 0; i < 100; i++)
		to[i] = pattern(i);
	memmove(to, to + 5, 50);
	for (i = 0, fine = 1; i < 50; i++)
		fine &= to[i] == pattern(i + 5);
	check(fine, "memmove to before");
}

static void sets(void)
{
	uint at, n, i;
	int fine = 1;

	for (at = 1; at < 6; at++)
		for (n = 0; n < 20; n++) {
			memset(to, 0x11, 40);
			memset(to + at, 0x2a5, n);
			for (i = 0; i < 40; i++)
				fine &= to[i] == (i >= at && i < at + n ? 0xa5 : 0x11);
		}
	check(fine, "memset");
}

static void compares(void)
{
	check(memcmp("abc", "abc", 3) == 0 && memcmp("abc", "abd", 2) == 0 &&
		      memcmp("abc", "abd", 3) < 0 && memcmp("ab\200", "abc", 3) > 0 &&
		      memcmp("x", "y", 0) == 0,
	      "memcmp");
}

int main(void)
{
	uint i, n;
	int fine = 1;

	if (nf_tid() != 0)
		return 0;
	for (i = 0; i < ROOM; i++)
		from[i] = pattern(i);
	for (n = 0; n <= 40; n++)
		fine &= every_alignment(n);
	check(fine, "memcpy32 of up to 40 bytes");
	check(every_alignment(277), "memcpy32 of 277 bytes");
	check(copies(0, 0, 1600) && copies(2, 4, 1599), "memcpy32 of a slot");
	moves();
	sets();
	compares();
	return checked();
}

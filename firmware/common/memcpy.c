/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies, eight words a turn where both sides are on a word boundary. Where only
 * the destination can be, its source is read by the compiler's pairs of unaligned
 * loads, two instructions a word.
 */
#include "memcpy.h"

#ifdef CONTEXT_SW

void memcpy32(void *dst, const void *src, uint n)
{
	memcpy(dst, src, n);
}

#else

struct word {
	uint v;
};

struct loose_word {
	uint v;
} __attribute__((packed));

static void copy_bytes(char *dst, const char *src, uint n)
{
	for (; n; n--)
		*dst++ = *src++;
}

static void copy_words(struct word *d, const struct word *s, uint n)
{
	const struct word *end = s + n / 32 * 8;

	for (; s != end; d += 8, s += 8) {
		struct word a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a, d[1] = b, d[2] = c, d[3] = e;
		a = s[4], b = s[5], c = s[6], e = s[7];
		d[4] = a, d[5] = b, d[6] = c, d[7] = e;
	}
	for (end = s + n / 4 % 8; s != end; d++, s++)
		*d = *s;
	if (n & 3)
		copy_bytes((char *)d, (const char *)s, n & 3);
}

static void copy_loose_words(struct word *d, const struct loose_word *s, uint n)
{
	for (; n >= 4; n -= 4)
		(d++)->v = (s++)->v;
	copy_bytes((char *)d, (const char *)s, n);
}

/* Apart, so that what is aligned does not pay for what this needs. */
static __attribute__((noinline)) void copy_unaligned(char *d, const char *s, uint n)
{
	uint before = -(uint)d & 3;

	before = before < n ? before : n;
	copy_bytes(d, s, before);
	d += before;
	s += before;
	n -= before;
	if ((uint)s & 3)
		copy_loose_words((struct word *)d, (const struct loose_word *)s, n);
	else
		copy_words((struct word *)d, (const struct word *)s, n);
}

void memcpy32(void *dst, const void *src, uint n)
{
	if (((uint)dst | (uint)src) & 3)
		copy_unaligned(dst, src, n);
	else
		copy_words(dst, src, n);
}

void *memcpy(void *dst, const void *src, size_t n)
{
	memcpy32(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	/* Forwards is right unless the destination begins inside the source. */
	if ((size_t)(d - s) >= n) {
		memcpy32(dst, src, n);
		return dst;
	}
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	char *d = dst, *end = d + n;
	uint word = (c & 0xff) * 0x01010101u;

	for (; d < end && ((uint)d & 3); d++)
		*d = c;
	for (; end - d >= 16; d += 16) {
		((struct word *)d)[0].v = word;
		((struct word *)d)[1].v = word;
		((struct word *)d)[2].v = word;
		((struct word *)d)[3].v = word;
	}
	for (; end - d >= 4; d += 4)
		((struct word *)d)->v = word;
	for (; d < end; d++)
		*d = c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

#endif

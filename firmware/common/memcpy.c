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

static uint copy_bytes(char *dst, const char *src, uint n)
{
	uint i;

	for (i = 0; i < n; i++)
		dst[i] = src[i];
	return n;
}

/* Returns how many bytes it copied: all but less than a word. */
static uint copy_words(char *dst, const char *src, uint n)
{
	struct word *d = (struct word *)dst;
	const struct word *s = (const struct word *)src;
	uint left;

	for (left = n / 4; left >= 8; left -= 8, d += 8, s += 8) {
		struct word a = s[0], b = s[1], c = s[2], e = s[3];
		struct word f = s[4], g = s[5], h = s[6], i = s[7];

		d[0] = a, d[1] = b, d[2] = c, d[3] = e;
		d[4] = f, d[5] = g, d[6] = h, d[7] = i;
	}
	for (; left; left--)
		*d++ = *s++;
	return n & ~3u;
}

static uint copy_loose_words(char *dst, const char *src, uint n)
{
	struct word *d = (struct word *)dst;
	const struct loose_word *s = (const struct loose_word *)src;
	uint left;

	for (left = n / 4; left; left--)
		(d++)->v = (s++)->v;
	return n & ~3u;
}

void memcpy32(void *dst, const void *src, uint n)
{
	char *d = dst;
	const char *s = src;
	uint done = -(uint)d & 3;

	done = copy_bytes(d, s, done < n ? done : n);
	if ((uint)(s + done) & 3)
		done += copy_loose_words(d + done, s + done, n - done);
	else
		done += copy_words(d + done, s + done, n - done);
	copy_bytes(d + done, s + done, n - done);
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

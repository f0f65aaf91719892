/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that the card and a peer do alike: a thread's share of copying, of sums over
 * halfwords, and of words that all threads share. What is different between the two
 * is said by whoever includes this: MIX_LOCK, MIX_UNLOCK, MIX_TIME.
 */
#ifndef MIX_H
#define MIX_H

enum { MIX_THREADS = 8, MIX_WORDS = 380 };

static unsigned int mix_from[MIX_THREADS][512], mix_to[MIX_THREADS][512];
static volatile unsigned int mix_shared;

static inline unsigned int mix_sum(const unsigned short *p, int n)
{
	unsigned int sum = 0;

	for (int i = 0; i < n; i++)
		sum += p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline unsigned int mix(unsigned int thread, unsigned int rounds)
{
	unsigned int *from = mix_from[thread], *to = mix_to[thread], hash = thread;

	for (unsigned int i = 0; i < 512; i++)
		from[i] = i * 2654435761u + thread;
	for (unsigned int r = 0; r < rounds; r++) {
		unsigned int before = MIX_TIME, sum;

		for (unsigned int i = 0; i < MIX_WORDS; i++)
			to[i] = from[i];
		sum = mix_sum((unsigned short *)to, 2 * MIX_WORDS);
		MIX_LOCK;
		mix_shared += sum;
		MIX_UNLOCK;
		hash = hash * 31 + sum + (MIX_TIME < before);
		from[r % 512] ^= hash;
	}
	return hash;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work without a loop that is mostly memory: a CRC bit by bit, a sort, a product of
 * matrices, a walk along a list.
 */
#ifndef CRUNCH_H
#define CRUNCH_H

enum { CRUNCH_THREADS = 8, CRUNCH_N = 64, CRUNCH_SIDE = 8 };

struct crunch_node {
	struct crunch_node *next;
	unsigned int key;
};

static struct crunch {
	unsigned int keys[CRUNCH_N];
	unsigned int a[CRUNCH_SIDE][CRUNCH_SIDE], b[CRUNCH_SIDE][CRUNCH_SIDE];
	struct crunch_node nodes[CRUNCH_N];
} crunch_data[CRUNCH_THREADS];

static inline unsigned int crunch_crc(unsigned int crc, unsigned int word)
{
	crc ^= word;
	for (int i = 0; i < 32; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

static inline void crunch_sort(unsigned int *keys)
{
	for (int i = 1; i < CRUNCH_N; i++) {
		unsigned int key = keys[i];
		int j = i;

		for (; j > 0 && keys[j - 1] > key; j--)
			keys[j] = keys[j - 1];
		keys[j] = key;
	}
}

static inline unsigned int crunch_multiply(const struct crunch *c)
{
	unsigned int trace = 0;

	for (int i = 0; i < CRUNCH_SIDE; i++)
		for (int j = 0; j < CRUNCH_SIDE; j++) {
			unsigned int sum = 0;

			for (int k = 0; k < CRUNCH_SIDE; k++)
				sum += c->a[i][k] * c->b[k][j];
			trace += i == j ? sum : sum >> 16;
		}
	return trace;
}

static inline unsigned int crunch_walk(struct crunch *c, unsigned int seed)
{
	unsigned int sum = 0;

	for (int i = 0; i < CRUNCH_N; i++) {
		c->nodes[i].next = &c->nodes[(i * 29 + 7) % CRUNCH_N];
		c->nodes[i].key = seed + (unsigned int)i;
	}
	for (struct crunch_node *n = &c->nodes[0]; (sum++ & 0xff) < 200; n = n->next)
		sum += n->key << 8;
	return sum;
}

static inline unsigned int crunch(unsigned int thread, unsigned int rounds)
{
	struct crunch *c = &crunch_data[thread];
	unsigned int hash = thread;

	for (unsigned int r = 0; r < rounds; r++) {
		for (int i = 0; i < CRUNCH_N; i++)
			c->keys[i] = hash = hash * 1664525 + 1013904223;
		for (int i = 0; i < CRUNCH_SIDE; i++)
			for (int j = 0; j < CRUNCH_SIDE; j++) {
				c->a[i][j] = c->keys[i * CRUNCH_SIDE + j];
				c->b[j][i] = ~c->a[i][j];
			}
		crunch_sort(c->keys);
		hash = crunch_crc(hash, c->keys[CRUNCH_N / 2]);
		hash += crunch_multiply(c) + crunch_walk(c, hash);
	}
	return hash;
}

#endif

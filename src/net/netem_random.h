/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What netem draws: correlated numbers, losses by one of the three models,
 * delays by a distribution. Each thing that is drawn has a generator of its
 * own, so that what one draws does not depend on which others are drawn.
 *
 * Integers only: neither the host's floating point nor its library decides
 * about a packet.
 */
#ifndef VN_NET_NETEM_RANDOM_H
#define VN_NET_NETEM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "net/netem.h"

/* Which generator of a seed. */
enum vn_netem_stream {
	VN_NETEM_DRAW_DELAY,
	VN_NETEM_DRAW_LOSS,
	VN_NETEM_DRAW_LOSS_OUTCOME, /* Gilbert-Elliott: loss within a state */
	VN_NETEM_DRAW_DUPLICATE,
	VN_NETEM_DRAW_REORDER,
	VN_NETEM_DRAW_CORRUPT,
	VN_NETEM_DRAW_CORRUPT_BIT,
	VN_NETEM_DRAW_SLOT,
};

struct vn_netem_draw {
	struct vn_rng rng;
	uint32_t corr;
	uint32_t last;
};

void vn_netem_draw_init(struct vn_netem_draw *d, uint64_t seed, enum vn_netem_stream stream,
			uint32_t corr);
/* 32 bits, correlated with the last ones by spec section 6.3's formula. */
uint32_t vn_netem_draw(struct vn_netem_draw *d);
/* With probability p / (2^32 - 1); p 0 draws nothing. */
bool vn_netem_draw_hits(struct vn_netem_draw *d, uint32_t p);

/*
 * Loss. The Markov models are those of Salsano, Ludovici, Ordine, "Definition
 * of a general and intuitive loss model for packet networks and its
 * implementation in the Netem module in the Linux kernel" (2009): one step for
 * each packet.
 */
struct vn_netem_loss {
	const struct vn_netem_params *params;
	struct vn_netem_draw draw, outcome;
	unsigned int state; /* of the paper: 1 to 4; Gilbert-Elliott: 1 good, 2 bad */
};

/* params: kept by the caller, as long as the loss. */
void vn_netem_loss_init(struct vn_netem_loss *l, const struct vn_netem_params *params,
			uint64_t seed);
bool vn_netem_loss_next(struct vn_netem_loss *l);

/*
 * The inverse of a distribution function at the middle of each of 4096 equal
 * parts, in units of jitter / 8192, as tc's tables; so the greatest deviation
 * is four times the jitter.
 */
#define VN_NETEM_TABLE_SIZE 4096
#define VN_NETEM_TABLE_UNIT 8192

struct vn_netem_table {
	int16_t value[VN_NETEM_TABLE_SIZE];
};

/* d: not VN_NETEM_UNIFORM, which needs no table. */
void vn_netem_table_make(struct vn_netem_table *t, enum vn_netem_distribution d);

/* A delay from a drawn number; table NULL: uniform in mean - jitter to mean +
 * jitter, without the last. May be negative. mean and jitter at most
 * VN_NETEM_TIME_MAX. */
int64_t vn_netem_delay(uint32_t drawn, uint64_t mean_ns, uint64_t jitter_ns,
		       const struct vn_netem_table *t);

#endif

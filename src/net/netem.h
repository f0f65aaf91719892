/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discipline `netem` (net core spec section 6.3): a bad network on
 * purpose. Its parameters as `tc qdisc add ... netem` takes them, and what it
 * counts.
 *
 * The parts: netem_words.c (tc's words and parameters), netem_random.c (what
 * is drawn), netem_order.c (packets by time), netem_edit.c (marks and bit
 * errors), netem.c (the discipline). Nothing in them depends on the host: the
 * same seed and the same packets at the same times give the same result.
 */
#ifndef VN_NET_NETEM_H
#define VN_NET_NETEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

struct vn_qdisc;

/* Probabilities and correlations are fractions of this. */
#define VN_NETEM_ALWAYS UINT32_MAX

/* The longest delay, jitter or gap between slots: 31 years, so that sums of
 * them stay far from the end of 64 bits. */
#define VN_NETEM_TIME_MAX UINT64_C(1000000000000000000)

/* X(identifier, tc's word) */
#define VN_NETEM_DISTRIBUTIONS(X)                                                                  \
	X(UNIFORM, "uniform")                                                                      \
	X(NORMAL, "normal")                                                                        \
	X(PARETO, "pareto")                                                                        \
	X(PARETONORMAL, "paretonormal")

enum vn_netem_distribution {
#define VN_X(id, word) VN_NETEM_##id,
	VN_NETEM_DISTRIBUTIONS(VN_X)
#undef VN_X
};

enum vn_netem_loss_model {
	VN_NETEM_LOSS_RANDOM,
	VN_NETEM_LOSS_STATE,   /* four states: good and bad reception, burst and lone loss */
	VN_NETEM_LOSS_GEMODEL, /* Gilbert-Elliott */
};

struct vn_netem_chance {
	uint32_t p;    /* 0: never */
	uint32_t corr; /* with the one before */
};

struct vn_netem_params {
	uint32_t limit; /* packets */
	uint64_t delay_ns, jitter_ns;
	uint32_t delay_corr;
	enum vn_netem_distribution distribution;
	enum vn_netem_loss_model loss_model;
	struct vn_netem_chance loss;	   /* of VN_NETEM_LOSS_RANDOM */
	uint32_t p13, p31, p32, p23, p14;  /* of _STATE, from one state to another */
	uint32_t ge_p, ge_r, ge_1h, ge_1k; /* of _GEMODEL: to bad, to good, loss in bad, in good */
	bool ecn;			   /* mark instead, where that is possible */
	struct vn_netem_chance duplicate, reorder, corrupt;
	uint32_t gap;				/* every gap-th may go ahead; 0: none does */
	uint64_t rate_bps;			/* bit/s, 0: as fast as can be */
	int32_t packet_overhead, cell_overhead; /* bytes */
	uint32_t cell_size;			/* bytes, 0: no cells */
	bool slot_has_distribution;
	uint64_t slot_min_ns, slot_max_ns;	/* to the next slot, without distribution */
	uint64_t slot_delay_ns, slot_jitter_ns; /* with one */
	enum vn_netem_distribution slot_distribution;
	uint32_t slot_packets, slot_bytes; /* in a slot, 0: any number */
	uint64_t seed;
	bool has_seed;
};

/* Without any time between slots there are none. */
static inline bool vn_netem_has_slots(const struct vn_netem_params *p)
{
	return p->slot_has_distribution || p->slot_max_ns > 0;
}

/* tc's words without "netem" -> parameters. 0 or -errno with a sentence that
 * names the word; *out is then not changed. */
int vn_netem_parse(const char *words, struct vn_netem_params *out, struct vn_err *err);
/* As `tc qdisc show` prints them, but exactly and with the distribution, so
 * that vn_netem_parse() gives the same parameters again. */
void vn_netem_print(const struct vn_netem_params *p, struct vn_text *out);
const char *vn_netem_distribution_name(enum vn_netem_distribution d);

/*
 * What a receiver must find. Copies are counted when they have been put in,
 * and lost ones only as drops of the discipline: so without packets over the
 * limit, received = sent - lost + duplicated.
 */
struct vn_netem_counts {
	uint64_t lost;	     /* of the sender's packets */
	uint64_t marked;     /* ECN instead of lost */
	uint64_t duplicated; /* copies put in */
	uint64_t reordered;  /* sent ahead of others */
	uint64_t corrupted;  /* of all, copies too */
};

/* q: a discipline of the kind netem. */
void vn_netem_get_counts(const struct vn_qdisc *q, struct vn_netem_counts *out);
/* With the seed that is in use. */
const struct vn_netem_params *vn_netem_get_params(const struct vn_qdisc *q);

#endif

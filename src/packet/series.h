/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A series: values one after the other, by one description for gaps between
 * packets, sizes of packets and lengths of flows alike.
 *
 *   VALUE                      always that
 *   uniform(MIN, MAX)          every value between them as likely (of bytes and
 *                              packets every whole number)
 *   exp(MEAN)                  exponential: as gaps, Poisson arrivals
 *   normal(MEAN, DEVIATION)
 *   lognormal(MEAN, DEVIATION) mean and deviation of the values, not of their logarithms
 *   pareto(MIN, SHAPE)         SHAPE 1 and below: no mean
 *   weibull(SCALE, SHAPE)
 *   onoff(GAP, COUNT, PAUSE)   values of GAP, the last one of COUNT with PAUSE added: as
 *                              gaps, bursts of COUNT packets; each of the three a series
 *                              of its own (COUNT one of counts)
 *   list(FILE)                 values from a file, a line each, over and over
 *   pcap(FILE)                 of a capture: gaps between its packets, or their sizes
 *   pcap(FILE, scale, X)       gaps X times as long
 *   pcap(FILE, fixed, GAP)     as many gaps as it has, all of that length
 *   profile(RATE TIME, RATE..RATE TIME, ...)
 *                              gaps: steps of a rate and ramps between two, over and over
 *   clip(SERIES, MIN, MAX)     what lies outside becomes the bound
 *   SERIES + SERIES            the sum of what both give
 *
 * A value is a quantity of the series' kind: of gaps a time ("10us"), or a rate,
 * which is a gap of that many a second ("100kpps", "1/10s"); of sizes bytes; of
 * lengths a count.
 *
 * Drawing is integer arithmetic only: what has a distribution is a table of its
 * quantiles, finer towards both ends, between whose rows it is interpolated. So a
 * draw costs some nanoseconds and is the same everywhere, but for a last 1/65536 that
 * the C library's logarithm may decide when the table is made.
 *
 * man/vernier-series.7 has all of the language. One thread at a time.
 */
#ifndef VN_PACKET_SERIES_H
#define VN_PACKET_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum vn_series_of {
	VN_SERIES_GAPS,	   /* ns */
	VN_SERIES_SIZES,   /* bytes */
	VN_SERIES_LENGTHS, /* packets */
};

/* Values are in 1/65536 of ns, bytes, packets, so that what is cut off a gap is
 * carried on (vn_schedule_set_gap); at most VN_SERIES_MAX, to which larger ones are
 * clipped: 39 hours. Never negative: what would be is 0. */
#define VN_SERIES_BITS 16
#define VN_SERIES_ONE  ((uint64_t)1 << VN_SERIES_BITS)
#define VN_SERIES_MAX  (((uint64_t)1 << 63) - 1)

struct vn_series;

/*
 * what: names the option in messages. Reads the files that the text names. 0, or
 * -EINVAL, -ERANGE, -ENOENT ... with a sentence that names the part that is wrong
 * and what would be accepted. *out is NULL then. The series gives the same values
 * after each vn_series_seed() with the same numbers.
 */
int vn_series_parse(enum vn_series_of of, const char *what, const char *text,
		    struct vn_series **out, struct vn_err *err);
void vn_series_free(struct vn_series *s); /* NULL accepted */

/* As it was given. */
const char *vn_series_text(const struct vn_series *s);

/* Starts anew. seed: the run's; stream: which thing draws (base/rng.h). */
void vn_series_seed(struct vn_series *s, uint64_t seed, uint64_t stream);

uint64_t vn_series_next(struct vn_series *s);
void vn_series_fill(struct vn_series *s, uint64_t *v, unsigned int n); /* the next n */

/* The next value as a whole number, rounded half up. */
static inline uint64_t vn_series_next_whole(struct vn_series *s)
{
	return (vn_series_next(s) + VN_SERIES_ONE / 2) >> VN_SERIES_BITS;
}

/* The mean of all values there will ever be, in ns, bytes, packets. False: there is
 * none (pareto with a shape of 1 or less), or it is not known: of clip() when it cuts
 * sums, bursts or profiles, of bursts whose COUNT is such or a sum of two that vary. */
bool vn_series_mean(const struct vn_series *s, double *mean);

/* Every value lies between them; in 1/65536, as values are. */
uint64_t vn_series_least(const struct vn_series *s);
uint64_t vn_series_greatest(const struct vn_series *s);

/* It is one value and always the same: *value (exact only as far as 1/65536). */
bool vn_series_is_constant(const struct vn_series *s, uint64_t *value);

#endif

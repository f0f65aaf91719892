/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A profile of rates: steps and ramps, over and over. Packets leave where the rate's
 * integral from the beginning passes a whole number, so a segment holds exactly its
 * mean rate times its time, and what is left of a packet goes into the next one.
 *
 * Packets are counted in fractions of one that divide every segment evenly
 * (struct profile.one to a packet), so nothing is rounded from segment to segment or
 * from cycle to cycle. The time of a departure is computed from the beginning of its
 * segment: of a step by division, of a ramp by one square root, all of whose
 * operations IEEE 754 defines to the last bit.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/gcd.h"
#include "base/parse.h"
#include "packet/series_priv.h"

#define SEGMENTS_MAX 256
#define RATE_MAX     ((uint64_t)1 << 62) /* in fractions of a packet a ns */

struct segment {
	uint64_t from, to; /* rates, in fractions of a packet a ns */
	uint64_t ns;
	__uint128_t packets; /* in fractions of one */
};

struct profile {
	struct vn_part part;
	uint64_t one;			       /* fractions in a packet */
	__uint128_t cycle_packets, cycle_time; /* of all segments; time in 1/65536 ns */
	/* State: */
	unsigned int at;    /* the segment in which the last packet left */
	uint64_t left_at;   /* when, from the segment's beginning, in 1/65536 ns */
	__uint128_t target; /* where the next one leaves, in fractions from there, too */
	unsigned int n;
	struct segment segment[];
};

static uint64_t length(const struct segment *s)
{
	return s->ns << VN_SERIES_BITS;
}

/*
 * How long it takes from rate low on, growing to high within ns, until so many
 * fractions have passed: the root of low t + (high - low) t^2 / (2 ns). Written so
 * that nothing is subtracted from what is nearly as large.
 */
static uint64_t time_of_ramp(uint64_t low, uint64_t high, uint64_t ns, __uint128_t packets)
{
	double a = (double)low, n = (double)packets;
	double root = sqrt(a * a + 2 * (double)(high - low) * (n / (double)ns));

	if (packets == 0)
		return 0;
	return (uint64_t)(2 * n / (a + root) * (double)VN_SERIES_ONE + 0.5);
}

/* When target fractions of s have passed, 0 < target <= s->packets. */
static uint64_t time_of(const struct segment *s, __uint128_t target)
{
	uint64_t t;

	if (s->from == s->to)
		return (uint64_t)(((target << VN_SERIES_BITS) + s->from / 2) / s->from);
	if (s->from < s->to) {
		t = time_of_ramp(s->from, s->to, s->ns, target);
		return VN_MIN(t, length(s));
	}
	/* Downwards: from the end, where it is the other way around. */
	t = time_of_ramp(s->to, s->from, s->ns, s->packets - target);
	return length(s) - VN_MIN(t, length(s));
}

/* n times, at most the greatest value. */
static uint64_t times(__uint128_t n, __uint128_t time)
{
	return n > VN_SERIES_MAX / time ? VN_SERIES_MAX : (uint64_t)(n * time);
}

static uint64_t profile_next(struct vn_part *p)
{
	struct profile *f = vn_container_of(p, struct profile, part);
	const struct segment *s = &f->segment[f->at];
	__uint128_t waited = 0, cycles;
	uint64_t t;

	while (f->target > s->packets) {
		f->target -= s->packets;
		waited += length(s) - f->left_at;
		f->left_at = 0;
		f->at = f->at + 1 == f->n ? 0 : f->at + 1;
		s = &f->segment[f->at];
		if (vn_unlikely(f->target > f->cycle_packets)) { /* at once, they may be many */
			cycles = (f->target - 1) / f->cycle_packets;
			f->target -= cycles * f->cycle_packets;
			waited += times(cycles, f->cycle_time);
		}
	}
	t = time_of(s, f->target);
	t = VN_MAX(t, f->left_at);
	waited += t - f->left_at;
	f->left_at = t;
	f->target += f->one;
	return vn_clamp(waited > VN_SERIES_MAX ? VN_SERIES_MAX : (uint64_t)waited, p->least,
			p->greatest);
}

/* The first packet leaves at the beginning; values are what lies behind it. */
static void profile_seed(struct vn_part *p, uint64_t key)
{
	struct profile *f = vn_container_of(p, struct profile, part);

	f->at = 0;
	f->left_at = 0;
	f->target = f->one;
}

static bool profile_mean(const struct vn_part *p, struct vn_rounding r, double *mean)
{
	const struct profile *f = vn_container_of(p, struct profile, part);

	*mean = (double)f->cycle_time * (double)f->one / (double)f->cycle_packets;
	return true;
}

static void profile_free(struct vn_part *p)
{
	free(vn_container_of(p, struct profile, part));
}

static const struct vn_part_ops profile_ops = {
	.next = profile_next,
	.seed = profile_seed,
	.mean = profile_mean,
	.free = profile_free,
};

/* ---- from the text ---- */

struct rate {
	uint64_t num, den; /* packets a ns */
};

struct step {
	struct rate from, to;
	uint64_t ns;
};

static int read_rate(struct vn_parser *p, struct rate *r)
{
	char word[VN_WORD_MAX];
	struct vn_err why = { "" };
	int rc = vn_parser_word(p, word);

	if (rc < 0)
		return rc;
	rc = vn_rate_read(word, &r->num, &r->den, &why);
	return rc < 0 ? vn_parser_fail(p, -rc, "%s", why.text) : 0;
}

static int read_step(struct vn_parser *p, struct step *s)
{
	char word[VN_WORD_MAX];
	struct vn_err why = { "" };
	int rc = read_rate(p, &s->from);

	if (rc < 0)
		return rc;
	s->to = s->from;
	if (strncmp(p->at, "..", 2) == 0) {
		p->at += 2;
		rc = read_rate(p, &s->to);
		if (rc < 0)
			return rc;
	}
	rc = vn_parser_word(p, word);
	if (rc < 0)
		return rc;
	rc = vn_parse_quantity("TIME", word, vn_units_time, 1, VN_SERIES_MAX >> VN_SERIES_BITS,
			       &s->ns, &why);
	return rc < 0 ? vn_parser_fail(p, -rc, "%s", why.text) : 0;
}

/* The fractions in a packet: a common multiple of all rates' denominators, twice as
 * many for the middle of a ramp. */
static int common_fraction(struct vn_parser *p, const struct step *s, unsigned int n, uint64_t *one)
{
	uint64_t all = 1;
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < 2; k++) {
			uint64_t den = k ? s[i].to.den : s[i].from.den;

			if (__builtin_mul_overflow(all, den / vn_gcd(all, den), &all) ||
			    all >= RATE_MAX / 2)
				return vn_parser_fail(p, ERANGE,
						      "its rates have no common measure that can "
						      "be kept (rounder ones have)");
		}
	}
	*one = 2 * all;
	return 0;
}

static int convert(struct vn_parser *p, struct rate r, uint64_t one, uint64_t *out)
{
	if (__builtin_mul_overflow(r.num, one / r.den, out) || *out >= RATE_MAX)
		return vn_parser_fail(p, ERANGE, "a rate is too high to be kept beside the others");
	return 0;
}

static int fill(struct vn_parser *p, struct profile *f, const struct step *s)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; rc == 0 && i < f->n; i++) {
		struct segment *g = &f->segment[i];

		rc = convert(p, s[i].from, f->one, &g->from);
		if (rc == 0)
			rc = convert(p, s[i].to, f->one, &g->to);
		g->ns = s[i].ns;
		g->packets = (__uint128_t)(g->from + g->to) * g->ns / 2;
		f->cycle_packets += g->packets;
		f->cycle_time += length(g);
	}
	if (rc == 0 && f->cycle_packets == 0)
		return vn_parser_fail(p, EINVAL, "has no packets: every rate is 0");
	return rc;
}

/*
 * No gap is shorter than that of the highest rate, none longer than that of the
 * lowest, but for the rounding of two times to 1/65536 and of a ramp's to 53 bits. A
 * pause is at most what it takes to gather a packet, and the cycle's rest.
 */
static void find_bounds(struct profile *f)
{
	__uint128_t one = (__uint128_t)f->one << VN_SERIES_BITS;
	__uint128_t longest = times(f->one / f->cycle_packets + 2, f->cycle_time);
	uint64_t low = RATE_MAX, high = 0, off = 2, least;
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		const struct segment *s = &f->segment[i];

		low = VN_MIN(low, VN_MIN(s->from, s->to));
		high = VN_MAX(high, VN_MAX(s->from, s->to));
		off = VN_MAX(off, 2 + (length(s) >> 49));
	}
	least = one / high > VN_SERIES_MAX ? VN_SERIES_MAX : (uint64_t)(one / high);
	f->part.least = least - VN_MIN(least, off);
	if (low)
		longest = VN_MIN(longest, one / low + off);
	f->part.greatest = longest > VN_SERIES_MAX ? VN_SERIES_MAX : (uint64_t)longest;
}

static int profile_of(struct vn_parser *p, const struct step *s, unsigned int n,
		      struct vn_part **out)
{
	struct profile *f = calloc(1, sizeof(*f) + n * sizeof(f->segment[0]));
	int rc;

	if (!f)
		return -ENOMEM;
	f->part.ops = &profile_ops;
	f->n = n;
	rc = common_fraction(p, s, n, &f->one);
	if (rc == 0)
		rc = fill(p, f, s);
	if (rc < 0) {
		free(f);
		return rc;
	}
	find_bounds(f);
	*out = &f->part;
	return 0;
}

int vn_profile_read(struct vn_parser *p, struct vn_part **out)
{
	struct step step[SEGMENTS_MAX];
	unsigned int n = 0;
	int rc;

	if (p->of != VN_SERIES_GAPS)
		return vn_parser_fail(p, EINVAL, "a profile of rates gives gaps only");
	do {
		if (n == SEGMENTS_MAX)
			return vn_parser_fail(p, E2BIG, "more than %d segments", SEGMENTS_MAX);
		rc = read_step(p, &step[n++]);
	} while (rc == 0 && vn_parser_more(p));
	if (rc == 0)
		rc = vn_parser_end(p);
	return rc < 0 ? rc : profile_of(p, step, n, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a series is made of: a tree of parts, each of which gives values. A kind of
 * part is a struct that embeds struct vn_part and a struct of functions; a kind of
 * text is a row in series_parse.c.
 */
#ifndef VN_PACKET_SERIES_PRIV_H
#define VN_PACKET_SERIES_PRIV_H

#include <stdio.h>

#include "base/macros.h"
#include "base/rng.h"
#include "packet/series.h"

#define VN_SERIES_TEXT_MAX   4096     /* characters */
#define VN_SERIES_PARTS_MAX  32	      /* values, kinds and sums in one text */
#define VN_SERIES_DEPTH_MAX  8	      /* kinds within kinds */
#define VN_SERIES_VALUES_MAX 10000000 /* of a file */

struct vn_part;

/* How a mean is asked for: of the values; or, as a burst takes them, of the whole
 * numbers that they are rounded to, at least floor (in 1/65536). */
struct vn_rounding {
	bool is_whole;
	uint64_t floor;
};

struct vn_part_ops {
	uint64_t (*next)(struct vn_part *p);
	/* Starts anew; parts that draw mix their number into the key. NULL: nothing to do. */
	void (*seed)(struct vn_part *p, uint64_t key);
	/* In 1/65536. NULL or false: none, or not known. */
	bool (*mean)(const struct vn_part *p, struct vn_rounding r, double *mean);
	void (*free)(struct vn_part *p); /* of what it holds, and p */
	/* next() keeps to least..greatest, whatever these are narrowed to. */
	bool keeps_bounds;
};

struct vn_part {
	const struct vn_part_ops *ops;
	uint64_t least, greatest; /* of all values; in 1/65536 */
};

static inline uint64_t vn_clamp(uint64_t v, uint64_t low, uint64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* A sum that stops at the greatest value there is; both are values. */
static inline uint64_t vn_add_values(uint64_t a, uint64_t b)
{
	return VN_MIN(a + b, VN_SERIES_MAX);
}

static inline uint64_t vn_round_whole(uint64_t v)
{
	return (v + VN_SERIES_ONE / 2) / VN_SERIES_ONE * VN_SERIES_ONE;
}

/* Rounding keeps order, so it may as well be done to the bounds first. */
static inline uint64_t vn_rounded(struct vn_rounding r, uint64_t v)
{
	return r.is_whole ? VN_MAX(vn_round_whole(v), r.floor) : v;
}

void vn_part_free(struct vn_part *p); /* NULL accepted */
bool vn_part_mean(const struct vn_part *p, struct vn_rounding r, double *mean);
static inline uint64_t vn_part_next(struct vn_part *p)
{
	return p->ops->next(p);
}
static inline void vn_part_seed(struct vn_part *p, uint64_t key)
{
	if (p->ops->seed)
		p->ops->seed(p, key);
}

/* Constructors: 0 or -ENOMEM. They take the parts they are given, also on failure. */
int vn_constant_new(uint64_t value, struct vn_part **out);
/* Values low, low + step, ... up to high, which is one of them. */
int vn_uniform_new(uint64_t low, uint64_t high, uint64_t step, unsigned int number,
		   struct vn_part **out);
int vn_sum_new(struct vn_part *const v[], unsigned int n, struct vn_part **out);
int vn_clip_new(struct vn_part *of, uint64_t low, uint64_t high, struct vn_part **out);
int vn_onoff_new(struct vn_part *gap, struct vn_part *count, struct vn_part *pause,
		 struct vn_part **out);

/* ---- tables of quantiles ---- */

/* The value that is exceeded (is_upper), or not reached, with probability
 * tail <= 1/2. In 1/65536. */
typedef double (*vn_quantile)(const double a[2], double tail, bool is_upper);

struct vn_shape {
	vn_quantile quantile;
	double a[2];
	double least; /* of all values */
	bool has_mean;
};

int vn_table_new(const struct vn_shape *shape, unsigned int number, struct vn_part **out);
size_t vn_table_bytes(void);

/* ---- numbers ---- */

struct vn_decimal {
	uint64_t digits, divisor; /* value = digits / divisor, a power of ten */
};

/* *end: behind it. 0, -EINVAL (no number) or -ERANGE (too many digits). */
int vn_decimal_read(const char *text, struct vn_decimal *d, const char **end);

/* The messages of these three are to be put behind the name of the thing. A value of
 * the kind, in 1/65536. */
int vn_value_read(enum vn_series_of of, const char *text, uint64_t *out, struct vn_err *why);
/* Whole bytes or packets; gaps need not be whole. */
int vn_value_check_whole(enum vn_series_of of, const char *text, uint64_t v, struct vn_err *why);
/* num / den packets a ns, in lowest terms, den < 2^62. */
int vn_rate_read(const char *text, uint64_t *num, uint64_t *den, struct vn_err *why);

/* ---- text ---- */

/* How files are opened; NULL with errno set. */
struct vn_series_files {
	FILE *(*open)(void *arg, const char *path);
	void *arg;
};

struct vn_kind;

struct vn_parser {
	enum vn_series_of of;
	const char *what, *at;
	const struct vn_series_files *files;
	const struct vn_kind *kind; /* under way, and where its name stands; or NULL */
	const char *begin;
	unsigned int depth, parts;
	struct vn_err *err;
};

#define VN_WORD_MAX 64

/* Everything that may follow a kind's name; -errno with the message written. */
void vn_parser_blanks(struct vn_parser *p);
int vn_parser_fail(struct vn_parser *p, int code, const char *fmt, ...) VN_PRINTF(3, 4);
int vn_parser_word(struct vn_parser *p, char word[VN_WORD_MAX]); /* up to a sign */
int vn_parser_value(struct vn_parser *p, uint64_t *v);
int vn_parser_factor(struct vn_parser *p, const char *name, struct vn_decimal *d);
int vn_parser_comma(struct vn_parser *p);
bool vn_parser_more(struct vn_parser *p); /* a comma, which is taken */
int vn_parser_end(struct vn_parser *p);
int vn_parser_series(struct vn_parser *p, struct vn_part **out);
int vn_parser_path(struct vn_parser *p, char **path); /* for free() */

/* What stands behind "list(" and so on. */
int vn_list_read(struct vn_parser *p, struct vn_part **out);
int vn_pcap_read(struct vn_parser *p, struct vn_part **out);
int vn_profile_read(struct vn_parser *p, struct vn_part **out);

/* vn_series_parse(), files opened otherwise. */
int vn_series_parse_with(enum vn_series_of of, const char *what, const char *text,
			 const struct vn_series_files *files, struct vn_series **out,
			 struct vn_err *err);

/* ---- values from a file ---- */

struct vn_values {
	uint64_t *v;
	size_t n, cap;
};

/* path is for messages, as those of the parser. */
FILE *vn_parser_open(struct vn_parser *p, const char *path, int *rc);
int vn_parser_add(struct vn_parser *p, const char *path, struct vn_values *a, uint64_t v);
/* Over and over; takes what a holds. */
int vn_cycle_new(struct vn_values *a, struct vn_part **out);

struct vn_series {
	struct vn_part *root;
	char *text;
};

#endif

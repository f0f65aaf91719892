/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one checked way from text to number for everything a person types.
 * (The control files have the kernel's own, more forgiving rules: ctl/scan.h.)
 *
 * A value is digits, an optional decimal fraction and an optional unit suffix
 * of the quantity's table, the whole string, nothing else: "10M", "1.5us",
 * "64". A fraction must come out even in the base unit ("1.5ns" is refused),
 * but where an exact fraction is asked for.
 */
#ifndef VN_BASE_PARSE_H
#define VN_BASE_PARSE_H

#include <stdint.h>

#include "base/err.h"
#include "base/ratio.h"

/* A suffix and what it multiplies by. Tables end with a NULL suffix. */
struct vn_unit {
	const char *suffix; /* matched exactly, case and all; "" is the bare number */
	uint64_t scale;     /* base units in one of these */
};

extern const struct vn_unit vn_units_none[];  /* bare numbers only */
extern const struct vn_unit vn_units_count[]; /* bare, k, M, G (powers of 1000) */
extern const struct vn_unit vn_units_time[];  /* base ns: bare = ns, ns, us, ms, s, m, h */
extern const struct vn_unit vn_units_seconds[]; /* base ns: bare = s, and the same suffixes */
extern const struct vn_unit vn_units_bytes[]; /* bare, KiB, MiB, GiB */
/* base bit/s: bare = Mbit/s as pktgen's rate; k, M, G, T, also with "bit" behind them */
extern const struct vn_unit vn_units_bitrate[];
extern const struct vn_unit vn_units_percent[]; /* bare, % */
extern const struct vn_unit vn_units_pps[]; /* bare, k, M, G, also with "pps" behind them */

/*
 * Parses text into *out, min <= *out <= max. what names the thing in the
 * message ("--count"). Returns 0, -EINVAL (not a number of this kind) or
 * -ERANGE; the message names the thing, the value and what is accepted.
 */
int vn_parse_quantity(const char *what, const char *text, const struct vn_unit *units, uint64_t min,
		      uint64_t max, uint64_t *out, struct vn_err *err);

/*
 * The same as an exact fraction of base units, of any size: "333.3ns" is 3333/10.
 * 0, -EINVAL (not a number of this kind) or -ERANGE (more digits than a fraction
 * has room for) with such a message.
 */
int vn_parse_ratio(const char *what, const char *text, const struct vn_unit *units,
		   struct vn_ratio *out, struct vn_err *err);

/* What happens so often a second: as above, or "N/TIME": "1/10s", "10k/1.5ms". */
int vn_parse_frequency(const char *what, const char *text, const struct vn_unit *units,
		       struct vn_ratio *out, struct vn_err *err);

/* Value of a hexadecimal digit of either case, -1 if it is none. Does not ask
 * the locale, as isxdigit() does. */
int vn_hex_digit(char c);

/* "02:00:00:00:00:01". Returns 0 or -EINVAL. */
int vn_parse_mac(const char *text, unsigned char mac[6]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in the text of a series: decimals of any unit, kept exactly until they
 * are rounded once to 1/65536. Not by strtod(), which asks the locale and rounds.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "packet/series_priv.h"

#define LIMIT ((uint64_t)1 << 62) /* of both halves of a rate */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int vn_decimal_read(const char *text, struct vn_decimal *d, const char **end)
{
	const char *p = text;
	bool has_point = false;

	*d = (struct vn_decimal){ 0, 1 };
	*end = text;
	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p) || (*p == '.' && !has_point && is_digit(p[1])); p++) {
		if (*p == '.') {
			has_point = true;
			continue;
		}
		if (__builtin_mul_overflow(d->digits, 10, &d->digits) ||
		    __builtin_add_overflow(d->digits, (uint64_t)(*p - '0'), &d->digits) ||
		    (has_point && __builtin_mul_overflow(d->divisor, 10, &d->divisor)))
			return -ERANGE;
	}
	*end = p;
	return 0;
}

static uint64_t scale_of(const struct vn_unit *units, const char *suffix)
{
	for (; units->suffix; units++)
		if (strcmp(units->suffix, suffix) == 0)
			return units->scale;
	return 0;
}

/* Only with its whole name, "pps": of gaps a bare "10k" could be meant otherwise. */
static uint64_t scale_of_rate(const char *suffix)
{
	size_t n = strlen(suffix);

	return n >= 3 && strcmp(suffix + n - 3, "pps") == 0 ? scale_of(vn_units_pps, suffix) : 0;
}

static __uint128_t gcd(__uint128_t a, __uint128_t b)
{
	while (b) {
		__uint128_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* num / den in lowest terms; -ERANGE when it does not fit. */
static int reduce(__uint128_t num, __uint128_t den, uint64_t *n, uint64_t *d)
{
	__uint128_t common = gcd(num, den);

	if (!common || num / common >= LIMIT || den / common >= LIMIT || den == 0)
		return -ERANGE;
	*n = (uint64_t)(num / common);
	*d = (uint64_t)(den / common);
	return 0;
}

/* "1/10s": the number is read, the rest is the time that it takes. */
static int rate_of_time(struct vn_decimal n, const char *text, uint64_t *num, uint64_t *den)
{
	uint64_t scale, ns, part;
	struct vn_decimal t;
	int rc = vn_decimal_read(text, &t, &text);

	if (rc < 0)
		return rc;
	scale = scale_of(vn_units_time, text);
	if (!scale)
		return -EINVAL;
	rc = reduce((__uint128_t)t.digits * scale, t.divisor, &ns, &part);
	if (rc < 0 || ns == 0)
		return -ERANGE;
	return reduce((__uint128_t)n.digits * part, (__uint128_t)n.divisor * ns, num, den);
}

static int rate(const char *text, uint64_t *num, uint64_t *den)
{
	struct vn_decimal n;
	uint64_t scale;
	int rc = vn_decimal_read(text, &n, &text);

	if (rc < 0)
		return rc;
	if (*text == '/')
		return rate_of_time(n, text + 1, num, den);
	scale = scale_of_rate(text);
	if (!scale)
		return -EINVAL;
	return reduce((__uint128_t)n.digits * scale, (__uint128_t)n.divisor * VN_NSEC_PER_SEC, num,
		      den);
}

#define RATE_ACCEPTED "number with pps, kpps, Mpps or Gpps, or NUMBER/TIME"

int vn_rate_read(const char *text, uint64_t *num, uint64_t *den, struct vn_err *why)
{
	int rc = rate(text, num, den);

	if (rc == -EINVAL)
		return vn_err_set(why, EINVAL, "'%s' is not a rate (%s)", text, RATE_ACCEPTED);
	if (rc < 0)
		return vn_err_set(why, ERANGE,
				  "the rate '%s' cannot be kept exactly (fewer digits can)", text);
	return 0;
}

/* Of a number of units, rounded half up. */
static int scaled(struct vn_decimal d, uint64_t scale, uint64_t *out)
{
	__uint128_t v = (__uint128_t)d.digits * scale * VN_SERIES_ONE;

	v = (v + d.divisor / 2) / d.divisor;
	*out = (uint64_t)v;
	return v > VN_SERIES_MAX ? -ERANGE : 0;
}

/* The gap of a rate. One that is too small to be kept is none. */
static int gap_of_rate(const char *text, uint64_t *out)
{
	uint64_t num, den;
	__uint128_t v;
	int rc = rate(text, &num, &den);

	if (rc < 0 || num == 0)
		return rc < 0 ? rc : -ERANGE;
	v = ((__uint128_t)den * VN_SERIES_ONE + num / 2) / num;
	*out = (uint64_t)v;
	return v == 0 || v > VN_SERIES_MAX ? -ERANGE : 0;
}

static const struct {
	const struct vn_unit *units;
	const char *unit, *accepted;
} quantities[] = {
	[VN_SERIES_GAPS] = { vn_units_time, "ns",
			     "a time (number with ns, us, ms, s, m or h; bare: ns) or a rate "
			     "(" RATE_ACCEPTED ")" },
	[VN_SERIES_SIZES] = { vn_units_bytes, "bytes",
			      "a size (number of bytes, or one with KiB, MiB or GiB)" },
	[VN_SERIES_LENGTHS] = { vn_units_count, "packets",
				"a count (number, or one with k, M or G)" },
};

static int value(enum vn_series_of of, const char *text, uint64_t *out)
{
	struct vn_decimal d;
	const char *suffix;
	uint64_t scale;
	int rc = vn_decimal_read(text, &d, &suffix);

	if (rc < 0)
		return rc;
	if (of == VN_SERIES_GAPS && (*suffix == '/' || scale_of_rate(suffix)))
		return gap_of_rate(text, out);
	scale = scale_of(quantities[of].units, suffix);
	return scale ? scaled(d, scale, out) : -EINVAL;
}

int vn_value_read(enum vn_series_of of, const char *text, uint64_t *out, struct vn_err *why)
{
	int rc = value(of, text, out);

	if (rc == -EINVAL)
		return vn_err_set(why, EINVAL, "'%s' is not %s", text, quantities[of].accepted);
	if (rc < 0)
		return vn_err_set(why, ERANGE, "'%s' is out of range (0 to %" PRIu64 " %s)", text,
				  (uint64_t)(VN_SERIES_MAX / VN_SERIES_ONE), quantities[of].unit);
	return 0;
}

int vn_value_check_whole(enum vn_series_of of, const char *text, uint64_t v, struct vn_err *why)
{
	if (of == VN_SERIES_GAPS || v % VN_SERIES_ONE == 0)
		return 0;
	return vn_err_set(why, EINVAL, "'%s' is no whole number of %s", text, quantities[of].unit);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

const struct vn_unit vn_units_none[] = { { "", 1 }, { NULL, 0 } };

const struct vn_unit vn_units_count[] = {
	{ "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 }, { NULL, 0 },
};

#define TIME_SUFFIXES \
	{ "ns", 1 }, { "us", US }, { "ms", MS }, { "s", SECOND }, { "m", 60 * SECOND }, \
	{ "h", 3600 * SECOND }, { NULL, 0 }

const struct vn_unit vn_units_time[] = { { "", 1 }, TIME_SUFFIXES };
const struct vn_unit vn_units_seconds[] = { { "", SECOND }, TIME_SUFFIXES };

const struct vn_unit vn_units_bytes[] = {
	{ "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { NULL, 0 },
};

const struct vn_unit vn_units_bitrate[] = {
	{ "", 1000000 }, /* pktgen's rate is in Mbit/s */
	{ "k", 1000 },	    { "M", 1000000 },	 { "G", 1000000000 },	 { "T", 1000000000000 },
	{ "bit", 1 },	    { "kbit", 1000 },	 { "Mbit", 1000000 },	 { "Gbit", 1000000000 },
	{ "Tbit", 1000000000000 }, { NULL, 0 },
};

const struct vn_unit vn_units_pps[] = {
	{ "", 1 },     { "k", 1000 },	  { "M", 1000000 },	{ "G", 1000000000 },
	{ "pps", 1 },  { "kpps", 1000 },  { "Mpps", 1000000 },	{ "Gpps", 1000000000 },
	{ NULL, 0 },
};

const struct vn_unit vn_units_percent[] = { { "", 1 }, { "%", 1 }, { NULL, 0 } };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct vn_unit *find_unit(const struct vn_unit *units, const char *suffix)
{
	for (; units->suffix; units++)
		if (strcmp(units->suffix, suffix) == 0)
			return units;
	return NULL;
}

/* v = v * 10 + digit; false when it no longer fits. */
static bool push_digit(uint64_t *v, char c)
{
	return !__builtin_mul_overflow(*v, 10, v) && !__builtin_add_overflow(*v, c - '0', v);
}

enum outcome { FINE, NOT_A_NUMBER, UNKNOWN_UNIT, TOO_LARGE, TOO_FINE, NOT_WHOLE };

/* A number as it is written: (whole + fraction / divisor) units. */
struct written {
	uint64_t whole, fraction, divisor;
	const struct vn_unit *unit;
};

static enum outcome read_written(const char *text, const struct vn_unit *units, struct written *w)
{
	const char *p = text;

	*w = (struct written){ .divisor = 1 };
	if (!is_digit(*p))
		return NOT_A_NUMBER;
	for (; is_digit(*p); p++)
		if (!push_digit(&w->whole, *p))
			return TOO_LARGE;
	if (*p == '.') {
		if (!is_digit(*++p))
			return NOT_A_NUMBER;
		for (; is_digit(*p); p++)
			if (!push_digit(&w->fraction, *p) ||
			    __builtin_mul_overflow(w->divisor, 10, &w->divisor))
				return TOO_FINE;
	}
	w->unit = find_unit(units, p);
	return w->unit ? FINE : UNKNOWN_UNIT;
}

/* In base units, of which it must be a whole number. */
static enum outcome convert(const char *text, const struct vn_unit *units, uint64_t *out)
{
	struct written w;
	enum outcome outcome = read_written(text, units, &w);
	__uint128_t part;

	if (outcome != FINE)
		return outcome;
	part = (__uint128_t)w.fraction * w.unit->scale;
	if (part % w.divisor)
		return NOT_WHOLE;
	if (__builtin_mul_overflow(w.whole, w.unit->scale, out) ||
	    __builtin_add_overflow(*out, (uint64_t)(part / w.divisor), out))
		return TOO_LARGE;
	return FINE;
}

/* In base units, exactly. */
static enum outcome convert_ratio(const char *text, const struct vn_unit *units,
				  struct vn_ratio *out)
{
	struct written w;
	enum outcome outcome = read_written(text, units, &w);
	__uint128_t num;

	if (outcome != FINE)
		return outcome;
	if (__builtin_mul_overflow((__uint128_t)w.whole, w.divisor, &num) ||
	    __builtin_add_overflow(num, w.fraction, &num) ||
	    __builtin_mul_overflow(num, w.unit->scale, &num) || !vn_ratio_make(num, w.divisor, out))
		return TOO_LARGE;
	return FINE;
}

static void list_units(const struct vn_unit *units, struct vn_text *t)
{
	bool any = false;

	for (; units->suffix; units++) {
		if (units->suffix[0] == '\0')
			continue;
		vn_text_add(t, "%s%s", any ? ", " : ", or one with ", units->suffix);
		any = true;
	}
}

int vn_parse_quantity(const char *what, const char *text, const struct vn_unit *units, uint64_t min,
		      uint64_t max, uint64_t *out, struct vn_err *err)
{
	char accepted[160];
	struct vn_text t;
	enum outcome outcome;
	uint64_t v = 0;

	vn_text_init(&t, accepted, sizeof(accepted));
	list_units(units, &t);
	outcome = convert(text, units, &v);
	if (outcome == NOT_A_NUMBER || outcome == UNKNOWN_UNIT)
		return vn_err_set(err, EINVAL, "%s: '%s' is not accepted (a number%s)", what, text,
				  accepted);
	if (outcome == NOT_WHOLE || outcome == TOO_FINE)
		return vn_err_set(err, EINVAL,
				  "%s: '%s' is finer than can be kept (a whole number%s)", what,
				  text, accepted);
	if (outcome == TOO_LARGE || v < min || v > max)
		return vn_err_set(err, ERANGE,
				  "%s: %s is out of range (%" PRIu64 " to %" PRIu64 ")", what, text,
				  min, max);
	*out = v;
	return 0;
}

/* The sentence for what has no exact fraction; also: what is accepted besides. */
static int refuse_ratio(const char *what, const char *text, const struct vn_unit *units,
			enum outcome outcome, const char *also, struct vn_err *err)
{
	char accepted[160];
	struct vn_text t;

	if (outcome == TOO_LARGE || outcome == TOO_FINE)
		return vn_err_set(err, ERANGE,
				  "%s: %s has more digits than can be kept exactly "
				  "(two numbers of 64 bits)",
				  what, text);
	vn_text_init(&t, accepted, sizeof(accepted));
	list_units(units, &t);
	return vn_err_set(err, EINVAL, "%s: '%s' is not accepted (a number%s%s)", what, text,
			  accepted, also);
}

int vn_parse_ratio(const char *what, const char *text, const struct vn_unit *units,
		   struct vn_ratio *out, struct vn_err *err)
{
	struct vn_ratio v;
	enum outcome outcome = convert_ratio(text, units, &v);

	if (outcome != FINE)
		return refuse_ratio(what, text, units, outcome, "", err);
	*out = v;
	return 0;
}

/* A time behind "N/": with a unit, for a bare number could be meant as seconds. */
static enum outcome convert_per_time(const char *text, struct vn_ratio n, struct vn_ratio *out)
{
	static const struct vn_unit units[] = { TIME_SUFFIXES };
	struct vn_ratio time;
	enum outcome outcome = convert_ratio(text, units, &time);

	if (outcome != FINE)
		return outcome;
	if (time.num == 0)
		return NOT_A_NUMBER;
	if (!vn_ratio_div(n, time, &n) || !vn_ratio_mul(n, (struct vn_ratio){ SECOND, 1 }, out))
		return TOO_LARGE;
	return FINE;
}

int vn_parse_frequency(const char *what, const char *text, const struct vn_unit *units,
		       struct vn_ratio *out, struct vn_err *err)
{
	const char *slash = strchr(text, '/');
	enum outcome outcome;
	struct vn_ratio v;
	char n[64];

	if (slash && (size_t)(slash - text) < sizeof(n)) {
		memcpy(n, text, (size_t)(slash - text));
		n[slash - text] = '\0';
		outcome = convert_ratio(n, units, &v);
		if (outcome == FINE)
			outcome = convert_per_time(slash + 1, v, &v);
	} else {
		outcome = convert_ratio(text, units, &v);
	}
	if (outcome != FINE)
		return refuse_ratio(what, text, units, outcome, ", or N/TIME, as 1/10s", err);
	*out = v;
	return 0;
}

int vn_hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int vn_parse_mac(const char *text, unsigned char mac[6])
{
	unsigned char out[6];
	int i;

	for (i = 0; i < 6; i++, text += 3) {
		int high = vn_hex_digit(text[0]);
		int low = high < 0 ? -1 : vn_hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		out[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(mac, out, sizeof(out));
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gap between packets, which three rows set: as a time (delay), as bits a
 * second (rate) or as packets a second (ratep). The kernel keeps whole
 * nanoseconds; we keep the exact fraction beside them, and on the command line
 * read one. What rate makes of a gap depends on min_pkt_size as it is at that
 * moment.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#include "base/gcd.h"

#define PERIOD_DIGITS	  10
#define DELAY_NEVER_ASKED 0x7fffffffu /* as a command: "send nothing" */
#define RATEP_MAX	  VN_NSEC_PER_SEC
#define YEAR_SECONDS	  (8760 * 3600) /* ratep: one in so long at least */

/* Small numbers leave the schedule room for its sums. */
static void set_period(struct vn_entry *e, uint64_t num, uint64_t den)
{
	uint64_t d = vn_gcd(num, den);

	vn_stream_set_period(&e->stream, num / d, den / d);
}

/* Bits of a frame as rate counts them; none while the size is not set. */
static uint64_t frame_bits(const struct vn_entry *e)
{
	return (uint64_t)VN_MAX(e->stream.cfg.min_pkt_size, 0) * 8;
}

static int delay_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t ns;

	vn_scan_decimal(arg, PERIOD_DIGITS, &ns);
	set_period(e, ns == DELAY_NEVER_ASKED ? VN_DELAY_NEVER : ns, 1);
	vn_ctl_result(e, "OK: %s=%llu", p->name, (unsigned long long)e->stream.cfg.delay_ns);
	return 0;
}

/* rate and ratep both answer "rate=". */
static void say_rate(struct vn_entry *e, uint64_t value)
{
	vn_ctl_result(e, "OK: rate=%llu", (unsigned long long)value);
}

static int rate_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t mbps;

	vn_scan_decimal(arg, PERIOD_DIGITS, &mbps);
	if (mbps == 0)
		return -EINVAL;
	set_period(e, frame_bits(e) * 1000, mbps);
	say_rate(e, mbps);
	return 0;
}

static int ratep_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t pps;

	vn_scan_decimal(arg, PERIOD_DIGITS, &pps);
	if (pps == 0)
		return -EINVAL;
	set_period(e, VN_NSEC_PER_SEC, pps);
	say_rate(e, pps);
	return 0;
}

/* "NUM/DEN" nanoseconds: how a gap that is no whole number is written down. */
static int fraction_set(struct vn_entry *e, const struct vn_param *p, const char *what,
			const char *text, const char *slash, struct vn_err *err)
{
	uint64_t num, den;
	char first[24];
	int rc;

	if ((size_t)(slash - text) >= sizeof(first))
		return vn_err_set(err, EINVAL, "%s: %s: NUM in NUM/DEN is too long", what, text);
	memcpy(first, text, (size_t)(slash - text));
	first[slash - text] = '\0';
	rc = vn_parse_quantity(what, first, vn_units_none, p->min, p->max, &num, err);
	if (rc == 0)
		rc = vn_parse_quantity(what, slash + 1, vn_units_none, 1, p->max, &den, err);
	if (rc == 0)
		set_period(e, num, den);
	return rc;
}

int vn_period_set(struct vn_entry *e, const char *what, const char *text, struct vn_ratio n,
		  struct vn_ratio rate, struct vn_err *err)
{
	const struct vn_ratio second = { VN_NSEC_PER_SEC, 1 };
	struct vn_ratio gap;

	if (!vn_ratio_div(n, rate, &gap) || !vn_ratio_mul(gap, second, &gap) ||
	    gap.num > INT64_MAX || gap.den > INT64_MAX)
		return vn_err_set(err, ERANGE,
				  "%s: %s: the gap has more digits than can be kept exactly "
				  "(two numbers of 63 bits)",
				  what, text);
	vn_stream_set_period(&e->stream, gap.num, gap.den);
	return 0;
}

int vn_check_ratio(const char *what, const char *text, struct vn_ratio v, const struct vn_param *p,
		   struct vn_err *err)
{
	if (vn_ratio_cmp(v, (struct vn_ratio){ p->min, 1 }) >= 0 &&
	    vn_ratio_cmp(v, (struct vn_ratio){ p->max, 1 }) <= 0)
		return 0;
	return vn_err_set(err, ERANGE, "%s: %s is out of range (%llu to %llu)", what, text,
			  (unsigned long long)p->min, (unsigned long long)p->max);
}

static int time_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	const struct vn_ratio second = { VN_NSEC_PER_SEC, 1 };
	struct vn_ratio gap;
	int rc = vn_parse_ratio(what, text, p->units, &gap, err);

	if (rc == 0)
		rc = vn_check_ratio(what, text, gap, p, err);
	return rc ? rc : vn_period_set(e, what, text, gap, second, err);
}

static int delay_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		     const char *text, struct vn_err *err)
{
	const char *slash = strchr(text, '/');

	if (slash)
		return fraction_set(e, p, what, text, slash, err);
	if (strcmp(text, "never") != 0)
		return time_set(e, p, what, text, err);
	set_period(e, VN_DELAY_NEVER, 1);
	return 0;
}

static bool delay_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;

	if (e->stream.gaps) /* said by gap */
		return false;
	if (cfg->delay_ns == VN_DELAY_NEVER)
		vn_text_add(out, "never");
	else if (cfg->period_num % cfg->period_den == 0)
		vn_text_add(out, "%llu", (unsigned long long)cfg->delay_ns);
	else
		vn_text_add(out, "%llu/%llu", (unsigned long long)cfg->period_num,
			    (unsigned long long)cfg->period_den);
	return true;
}

static const char *delay_word(unsigned int i)
{
	return i == 0 ? "never" : NULL;
}

static int rate_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	struct vn_ratio bps, bits = { frame_bits(e), 1 };
	int rc = vn_parse_ratio(what, text, p->units, &bps, err);

	if (rc == 0)
		rc = vn_check_ratio(what, text, bps, p, err);
	if (rc == 0 && e->stream.sizes)
		rc = vn_mean_bits(&e->stream, 0, what, text, &bits, err);
	if (rc < 0)
		return rc;
	if (bits.num == 0)
		return vn_err_set(err, EINVAL,
				  "%s: %s needs a frame size to make a gap of: give --pkt-size too",
				  what, text);
	return vn_period_set(e, what, text, bits, bps, err);
}

static int ratep_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		     const char *text, struct vn_err *err)
{
	const struct vn_ratio least = { 1, YEAR_SECONDS }, most = { RATEP_MAX, 1 };
	struct vn_ratio pps;
	int rc = vn_parse_frequency(what, text, p->units, &pps, err);

	if (rc < 0)
		return rc;
	if (vn_ratio_cmp(pps, least) < 0 || vn_ratio_cmp(pps, most) > 0)
		return vn_err_set(err, ERANGE,
				  "%s: %s is out of range (1/8760h, which is one a "
				  "year, to %llu)",
				  what, text, (unsigned long long)RATEP_MAX);
	return vn_period_set(e, what, text, (struct vn_ratio){ 1, 1 }, pps, err);
}

/* What they set is said by delay, exactly. */
static bool rate_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return false;
}

const struct vn_param_kind vn_kind_delay = {
	.command = delay_command,
	.set = delay_set,
	.get = delay_get,
	.word = delay_word,
};

const struct vn_param_kind vn_kind_rate = {
	.command = rate_command,
	.set = rate_set,
	.get = rate_get,
};

const struct vn_param_kind vn_kind_ratep = {
	.command = ratep_command,
	.set = ratep_set,
	.get = rate_get,
};

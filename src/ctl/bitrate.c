/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gap from a rate in bits, which are counted at one of three layers: on the
 * cable (rate_l1, and load, which is a part of the link's speed), as frames with
 * their FCS (rate_l2), or as IP packets (rate_l3). pktgen's own rate is another:
 * frames of the shortest size, without FCS (period.c).
 *
 * Where sizes vary, the gap is that of the mean packet, so that the rate comes
 * out in the mean: the mean is exact, of what the edits choose from, odd ends of
 * ranges and IMIX's table of a hundred included; of a series, as exact as it knows
 * its own. A burst is a departure, and all
 * of its packets count. What sizes, tags and burst are is taken as it is at that
 * moment; so these rows come last in the table.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>

#define LOAD_WHOLE 100 /* percent */

#define LINEAR_FROM   1514 /* a size above all that is padded */
#define CLIPPED_DRAWS 65536
#define MEAN_GRAIN    1000000 /* of the mean of a series: parts of a bit */

enum layer { AS_PKTGEN, L1, L2, L3 };

static uint64_t bits_of(const struct vn_stream *s, enum layer layer, int32_t size)
{
	uint32_t len = vn_stream_run_len(s, size);

	switch (layer) {
	case AS_PKTGEN:
		return (uint64_t)size * 8;
	case L1:
		return vn_wire_bits_l1(len);
	case L2:
		return vn_wire_bits_l2(len);
	case L3:
		return vn_stream_l3_len(s, size) * UINT64_C(8);
	}
	return 0;
}

/* A walk takes both ends, a draw leaves the upper one out (packet/vary.h). */
static void range_mean(const struct vn_stream *s, enum layer layer, struct vn_ratio *mean)
{
	const int32_t max = s->cfg.max_pkt_size - (s->cfg.flags & VN_FLAG_TXSIZE_RND ? 1 : 0);
	uint64_t sum = 0, n = 0;
	int32_t size;

	for (size = s->cfg.min_pkt_size; size <= max; size++, n++)
		sum += bits_of(s, layer, size);
	vn_ratio_make(sum, n, mean);
}

static void imix_mean(const struct vn_stream *s, enum layer layer, struct vn_ratio *mean)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < VN_IMIX_SLOTS; i++)
		sum += bits_of(s, layer, (int32_t)s->imix.entry[s->imix.slot[i]].size);
	vn_ratio_make(sum, VN_IMIX_SLOTS, mean);
}

/* What a size comes to beyond eight bits for each of its bytes: the same for all
 * but those that are padded or clipped. */
static double beyond(const struct vn_stream *s, enum layer layer, uint64_t size)
{
	return (double)bits_of(s, layer, vn_size_clip(size)) - 8 * (double)size;
}

/* That in the mean of many. The series starts anew with the run. */
static double mean_beyond(const struct vn_stream *s, enum layer layer)
{
	double sum = 0;
	unsigned int i;

	vn_series_seed(s->sizes, 0, 0);
	for (i = 0; i < CLIPPED_DRAWS; i++)
		sum += beyond(s, layer, vn_series_next_whole(s->sizes));
	return sum / CLIPPED_DRAWS;
}

/* By the mean that the series knows; only what is padded or clipped, if anything, is
 * found by drawing. */
static int series_mean(const struct vn_stream *s, enum layer layer, const char *what,
		       const char *text, struct vn_ratio *mean, struct vn_err *err)
{
	const uint64_t least = vn_series_least(s->sizes) >> VN_SERIES_BITS;
	const uint64_t greatest = (vn_series_greatest(s->sizes) >> VN_SERIES_BITS) + 1;
	double more = beyond(s, layer, LINEAR_FROM), size;

	if (!vn_series_mean(s->sizes, &size))
		return vn_err_set(err, EINVAL,
				  "%s: %s: the mean of --size %s is not known: give --ratep or "
				  "--delay",
				  what, text, vn_series_text(s->sizes));
	if (beyond(s, layer, least) > more || greatest > VN_FRAME_MAX)
		more = mean_beyond(s, layer);
	vn_ratio_make((uint64_t)((8 * size + more) * MEAN_GRAIN + 0.5), MEAN_GRAIN, mean);
	return 0;
}

/* In the order of vn_edit_size(). */
int vn_mean_bits(const struct vn_stream *s, unsigned int layer, const char *what, const char *text,
		 struct vn_ratio *mean, struct vn_err *err)
{
	if (s->sizes)
		return series_mean(s, layer, what, text, mean, err);
	/* A range without a lower end gets one when the run begins. */
	if (s->cfg.min_pkt_size <= 0 && (s->imix.n == 0 || s->cfg.max_pkt_size > 0))
		return vn_err_set(err, EINVAL,
				  "%s: %s needs a frame size to make a gap of: give --pkt-size too",
				  what, text);
	if (s->cfg.min_pkt_size < s->cfg.max_pkt_size)
		range_mean(s, layer, mean);
	else if (s->imix.n)
		imix_mean(s, layer, mean);
	else
		vn_ratio_make(bits_of(s, layer, s->cfg.min_pkt_size), 1, mean);
	return 0;
}

static int refuse_ipsec(const struct vn_stream *s, const char *what, const char *text,
			struct vn_err *err)
{
	if (!(s->cfg.flags & VN_FLAG_IPSEC))
		return 0;
	return vn_err_set(err, EINVAL,
			  "%s: %s cannot be had with flag IPSEC, which makes packets longer: "
			  "give --ratep or --delay",
			  what, text);
}

static int set_rate(struct vn_entry *e, enum layer layer, const char *what, const char *text,
		    struct vn_ratio bps, struct vn_err *err)
{
	const struct vn_ratio burst = { vn_stream_burst(&e->stream.cfg), 1 };
	struct vn_ratio bits;
	int rc = refuse_ipsec(&e->stream, what, text, err);

	if (rc == 0)
		rc = vn_mean_bits(&e->stream, layer, what, text, &bits, err);
	if (rc < 0)
		return rc;
	if (!vn_ratio_mul(bits, burst, &bits))
		return vn_err_set(err, ERANGE, "%s: %s: a burst of %u packets is too long", what,
				  text, vn_stream_burst(&e->stream.cfg));
	return vn_period_set(e, what, text, bits, bps, err);
}

static int bitrate_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		       const char *text, struct vn_err *err)
{
	struct vn_ratio bps;
	int rc = vn_parse_ratio(what, text, p->units, &bps, err);

	if (rc == 0)
		rc = vn_check_ratio(what, text, bps, p, err);
	return rc ? rc : set_rate(e, (enum layer)p->impl->type, what, text, bps, err);
}

static int no_speed(const struct vn_netdev *dev, const char *what, const char *text,
		    struct vn_err *err)
{
	if (dev->ops->caps & VN_CAP_VIRTUAL)
		return vn_err_set(err, EINVAL,
				  "%s: %s: the simulated link has no speed: give --link-rate too",
				  what, text);
	return vn_err_set(err, EINVAL, "%s: %s: %s does not tell its speed: give --rate-l1 instead",
			  what, text, dev->name);
}

static int load_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	const struct vn_ratio whole = { LOAD_WHOLE, 1 };
	struct vn_ratio load, bps = { e->dev->link_bps, 1 };
	int rc = vn_parse_ratio(what, text, p->units, &load, err);

	if (rc < 0)
		return rc;
	if (load.num == 0 || vn_ratio_cmp(load, whole) > 0)
		return vn_err_set(err, ERANGE, "%s: %s is out of range (above 0, to 100%%)", what,
				  text);
	if (bps.num == 0)
		return no_speed(e->dev, what, text, err);
	if (!vn_ratio_mul(bps, load, &bps) || !vn_ratio_div(bps, whole, &bps))
		return vn_err_set(err, ERANGE,
				  "%s: %s has more digits than can be kept exactly (two numbers of "
				  "64 bits)",
				  what, text);
	return set_rate(e, L1, what, text, bps, err);
}

/* What they set is said by delay, exactly. */
static bool nothing_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return false;
}

const struct vn_param_kind vn_kind_bitrate = {
	.set = bitrate_set,
	.get = nothing_get,
};

const struct vn_param_kind vn_kind_load = {
	.set = load_set,
	.get = nothing_get,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows whose value is a series (packet/series.h): gaps, sizes and flow lengths one
 * by one. They are ours: no command of the device file has them, and its text does
 * not show them. What sets the same thing another way replaces a series, as a
 * series replaces it.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>

/* The text of one, or nothing. */
static bool text_get(const struct vn_series *s, struct vn_text *out)
{
	if (s)
		vn_text_add(out, "%s", vn_series_text(s));
	return s;
}

/* A gap that is always the same is a period, read anew: a series has 1/65536 ns. */
static int set_constant_gap(struct vn_entry *e, const char *what, const char *text, uint64_t value,
			    struct vn_err *err)
{
	const struct vn_ratio second = { VN_NSEC_PER_SEC, 1 }, one = { 1, 1 };
	struct vn_ratio v;

	if (vn_parse_ratio(what, text, vn_units_time, &v, NULL) == 0)
		return vn_period_set(e, what, text, v, second, err);
	if (vn_parse_frequency(what, text, vn_units_pps, &v, NULL) == 0 && v.num)
		return vn_period_set(e, what, text, one, v, err);
	vn_ratio_make(value, VN_SERIES_ONE, &v);
	return vn_period_set(e, what, text, v, second, err);
}

static int gap_set(struct vn_entry *e, const struct vn_param *p, const char *what, const char *text,
		   struct vn_err *err)
{
	struct vn_series *s;
	uint64_t value;
	int rc = vn_series_parse(VN_SERIES_GAPS, what, text, &s, err);

	if (rc < 0)
		return rc;
	if (!vn_series_is_constant(s, &value)) {
		vn_stream_set_gaps(&e->stream, s);
		return 0;
	}
	vn_series_free(s);
	return set_constant_gap(e, what, text, value, err);
}

static bool gap_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return text_get(e->stream.gaps, out);
}

static int size_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	struct vn_series *s;
	uint64_t value;
	int rc = vn_series_parse(VN_SERIES_SIZES, what, text, &s, err);

	if (rc < 0)
		return rc;
	if (vn_series_is_constant(s, &value)) {
		vn_series_free(s);
		vn_size_fix(e, vn_size_of_value(value));
		return 0;
	}
	vn_size_fix(e, 0);
	vn_stream_set_sizes(&e->stream, s);
	return 0;
}

static bool size_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return text_get(e->stream.sizes, out);
}

/* Not flowlen when it is always the same: with flows at random that is one packet
 * more, as in the kernel. */
static int flow_length_set(struct vn_entry *e, const struct vn_param *p, const char *what,
			   const char *text, struct vn_err *err)
{
	struct vn_series *s;
	int rc = vn_series_parse(VN_SERIES_LENGTHS, what, text, &s, err);

	if (rc < 0)
		return rc;
	e->stream.cfg.flowlen = 0;
	vn_stream_set_lengths(&e->stream, s);
	return 0;
}

static bool flow_length_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return text_get(e->stream.lengths, out);
}

void vn_flowlen_given(struct vn_entry *e)
{
	vn_stream_set_lengths(&e->stream, NULL);
}

const struct vn_param_kind vn_kind_gap = {
	.set = gap_set,
	.get = gap_get,
};

const struct vn_param_kind vn_kind_size = {
	.set = size_set,
	.get = size_get,
};

const struct vn_param_kind vn_kind_flow_length = {
	.set = flow_length_set,
	.get = flow_length_get,
};

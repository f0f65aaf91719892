/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --fail-if-off: a run whose rate is not the one asked for has failed.
 *
 * Every stream is judged by itself, and each worker's part of a shared one: a
 * stream that is too slow is not made good by another that is too fast. What was
 * asked for within --time and never sent counts, too, where the settings say how
 * much that was.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "send_priv.h"

#define PPB_OF_PERCENT 10000000

/* Of which a stream is off. The base is small enough for whatever a run can show. */
static const struct vn_unit units_off[] = {
	{ "", PPB_OF_PERCENT }, { "%", PPB_OF_PERCENT }, { "ppm", 1000 }, { "ppb", 1 }, { NULL, 0 },
};

int send_plan_off(struct send_run *run, struct vn_err *err)
{
	int rc;

	if (!run->o.fail_if_off)
		return 0;
	rc = vn_parse_quantity("--fail-if-off", run->o.fail_if_off, units_off, 0,
			       100 * (uint64_t)PPB_OF_PERCENT, &run->off_max_ppb, err);
	if (rc == -ERANGE)
		vn_err_set(err, ERANGE, "--fail-if-off %s: expected 0 to 100 percent",
			   run->o.fail_if_off);
	return rc;
}

int send_check_off(struct send_run *run, struct vn_err *err)
{
	for (unsigned int i = 0; run->o.fail_if_off && i < run->streams.n; i++)
		if (!run->streams.v[i].is_paced)
			return vn_err_set(err, EINVAL,
					  "--fail-if-off %s: %s has no rate to be off: give it one "
					  "(--ratep, --rate, --delay), or leave the option out",
					  run->o.fail_if_off, run->streams.v[i].name);
	return 0;
}

static int refuse(const struct send_run *run, const char *what, double ppb, struct vn_err *err)
{
	return vn_err_set(err, EIO, "%s: %.4g %% off, --fail-if-off %s", what, ppb / PPB_OF_PERCENT,
			  run->o.fail_if_off);
}

static bool is_off(const struct send_run *run, double ppb)
{
	return ppb > (double)run->off_max_ppb;
}

static int judge_rate(const struct send_run *run, const struct vn_snap_row *row, struct vn_err *err)
{
	double ppb = fabs(row->value[VN_F_rate_error_ppm].x) * 1000;
	char what[160];

	if (!is_off(run, ppb))
		return 0;
	snprintf(what, sizeof(what), "%s: %.9g packets/s of %.9g asked for", row->name,
		 row->value[VN_F_pps].x, row->value[VN_F_asked_mean_pps].x);
	return refuse(run, what, ppb, err);
}

/* Packets that the settings ask for within --time; 0: they do not say. A schedule
 * that slid asks for less. */
static double asked_by_time(const struct vn_snap_row *row, const struct send_stream *s)
{
	uint64_t slid_ns = row->value[VN_F_slid_ns].n;
	double n;

	if (!s->time_ns || !s->is_steady || slid_ns >= s->time_ns)
		return 0;
	n = s->asked_pps * (double)(s->time_ns - slid_ns) / 1e9;
	return s->count ? fmin(n, (double)s->count) : n;
}

/*
 * The last departure may lie on either side of the end of the time, and so many as
 * there are workers begin later than the first one.
 */
static int judge_count(const struct send_run *run, const struct vn_snap_row *row,
		       const struct send_stream *s, struct vn_err *err)
{
	double asked = asked_by_time(row, s), missing;
	char what[160];

	missing = asked - (double)row->value[VN_F_sent].n;
	if (missing <= (double)s->burst + 1 || !is_off(run, missing / asked * 100 * PPB_OF_PERCENT))
		return 0;
	snprintf(what, sizeof(what), "%s: %" PRIu64 " of %.0f packets asked for were sent",
		 row->name, row->value[VN_F_sent].n, asked);
	return refuse(run, what, missing / asked * 100 * PPB_OF_PERCENT, err);
}

/* Asked for at several times, they left at one. */
static int judge_lump(const struct send_run *run, const struct vn_snap_row *row, struct vn_err *err)
{
	if (!row->value[VN_F_asked_mean_pps].is_known)
		return 0;
	return vn_err_set(err, EIO,
			  "%s: %" PRIu64 " packets left at one time, of %.9g packets/s asked for, "
			  "--fail-if-off %s",
			  row->name, row->value[VN_F_sent].n, row->value[VN_F_asked_mean_pps].x,
			  run->o.fail_if_off);
}

int send_judge_off(const struct send_run *run, const struct vn_snapshot *s, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; run->o.fail_if_off && i < s->n_rows && !rc; i++) {
		const struct vn_snap_row *row = &s->rows[i];

		if (row->value[VN_F_rate_error_ppm].is_known)
			rc = judge_rate(run, row, err);
		else
			rc = judge_lump(run, row, err);
		if (!rc)
			rc = judge_count(run, row, &run->streams.v[i], err);
	}
	return rc;
}

void send_print_off(const struct send_run *run, const struct vn_snapshot *s, FILE *out)
{
	for (unsigned int i = 0; run->o.fail_if_off && i < s->n_rows; i++)
		if (!s->rows[i].value[VN_F_asked_mean_pps].is_known)
			fprintf(out,
				"%s: --fail-if-off %s: one departure has no rate, it is not "
				"judged\n",
				s->rows[i].name, run->o.fail_if_off);
}

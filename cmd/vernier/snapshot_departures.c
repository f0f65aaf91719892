/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error of the rate is computed from whole numbers, asked and achieved over
 * the same packets: so that it is 0, and not nearly 0, where both are the same.
 */
#include "snapshot_departures.h"

#include "snapshot.h"

#define AT(base, field) ((enum vn_snap_field)((base) + (VN_F_##field - VN_F_late)))

_Static_assert(VN_F_within_100us_ratio - VN_F_within_64ns_ratio == VN_WITHIN_COUNT - 1,
	       "a share for each distance");

static void set_n(struct vn_snap_row *row, enum vn_snap_field f, uint64_t n)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .n = n, .x = (double)n };
}

static void set_x(struct vn_snap_row *row, enum vn_snap_field f, double x)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .x = x };
}

/* --- one record ----------------------------------------------------------------- */

void vn_snap_departed_read(const struct vn_departures *d, bool is_asked,
			   struct vn_snap_departed *out)
{
	*out = (struct vn_snap_departed){ .is_known = false };
	if (!d)
		return;
	out->late = vn_stat_get(&d->n.late);
	out->late_max_ns = vn_stat_get(&d->n.late_max_ns);
	out->early = vn_stat_get(&d->n.early);
	out->early_max_ns = vn_stat_get(&d->n.early_max_ns);
	out->bursts = vn_stat_get(&d->n.bursts);
	for (unsigned int w = 0; w < VN_WITHIN_COUNT; w++)
		out->within[w] = vn_departures_within(d, w);
	/* The writer may be between a gap's counters: no share is more than all. */
	out->gaps = vn_stat_get(&d->n.gaps);
	out->gaps = VN_MAX(out->gaps, VN_MAX(out->bursts, out->within[VN_WITHIN_COUNT - 1]));
	out->asked_first_ns = vn_stat_get(&d->n.asked_first_ns);
	out->asked_gaps_ns = vn_stat_get(&d->n.asked_gaps_ns);
	out->is_known = is_asked || out->gaps || out->early || vn_hist_count(&d->lateness);
}

void vn_snap_departed_add(struct vn_snap_departed *into, const struct vn_snap_departed *d)
{
	into->is_known &= d->is_known;
	into->late += d->late;
	into->late_max_ns = VN_MAX(into->late_max_ns, d->late_max_ns);
	into->early += d->early;
	into->early_max_ns = VN_MAX(into->early_max_ns, d->early_max_ns);
	into->gaps += d->gaps;
	into->bursts += d->bursts;
	for (unsigned int w = 0; w < VN_WITHIN_COUNT; w++)
		into->within[w] += d->within[w];
}

void vn_snap_departed_fill(struct vn_snap_row *row, unsigned int base,
			   const struct vn_snap_departed *d)
{
	double gaps = (double)d->gaps;

	if (!d->is_known)
		return;
	set_n(row, AT(base, late), d->late);
	set_n(row, AT(base, late_max_ns), d->late_max_ns);
	set_n(row, AT(base, early), d->early);
	set_n(row, AT(base, early_max_ns), d->early_max_ns);
	set_n(row, AT(base, asked_gaps), d->gaps);
	set_n(row, AT(base, bursts), d->bursts);
	if (!d->gaps)
		return;
	for (unsigned int w = 0; w < VN_WITHIN_COUNT; w++)
		set_x(row, AT(base, within_64ns_ratio) + w, (double)d->within[w] / gaps);
	set_x(row, AT(base, bursts_ratio), (double)d->bursts / gaps);
}

/* --- the schedule --------------------------------------------------------------- */

/*
 * Departures that brought nothing onto the wire were asked for all the same: those
 * that policy skip left out, and packets that the device lost. Some devices count
 * lost ones as sent, too; none is recorded as a departure.
 */
static uint64_t asked_packets(const struct vn_entry_stats *s, const struct vn_snap_departed *d,
			      uint64_t sent, uint32_t burst)
{
	uint64_t errors = vn_stat_get(&s->errors), skipped = vn_stat_get(&s->skipped);

	return (errors ? VN_MAX(sent, d->gaps + 1 + errors) : sent) + skipped * burst;
}

void vn_snap_schedule_read(const struct vn_entry_stats *s, const struct vn_snap_departed *d,
			   uint64_t sent, uint32_t burst, struct vn_snap_schedule *out)
{
	*out = (struct vn_snap_schedule){ .is_known = d->is_known };
	if (!d->is_known)
		return;
	out->skipped = vn_stat_get(&s->skipped);
	out->slid_ns = vn_stat_get(&s->slid_ns);
	out->batch_max = vn_stat_get(&s->batch_max);
	out->call_ns = vn_stat_get(&s->call_ns);
	out->asked = sent ? asked_packets(s, d, sent, burst) : 0;
	out->asked_first_ns = d->asked_first_ns;
	/* Not the time of the last one: what the schedule slid by was not asked for,
	 * and it may have slid once more behind it. */
	out->asked_last_ns = d->asked_first_ns + d->asked_gaps_ns;
}

void vn_snap_schedule_add(struct vn_snap_schedule *into, const struct vn_snap_schedule *s)
{
	into->is_known &= s->is_known;
	into->skipped += s->skipped;
	into->slid_ns = VN_MAX(into->slid_ns, s->slid_ns);
	into->batch_max = VN_MAX(into->batch_max, s->batch_max);
	into->call_ns = VN_MAX(into->call_ns, s->call_ns);
	if (!s->asked)
		return;
	into->asked_first_ns =
		into->asked ? VN_MIN(into->asked_first_ns, s->asked_first_ns) : s->asked_first_ns;
	into->asked_last_ns = VN_MAX(into->asked_last_ns, s->asked_last_ns);
	into->asked += s->asked;
}

static double error_ppm(uint64_t asked, uint64_t asked_ns, uint64_t sent, uint64_t ns)
{
	__int128 is = (__int128)sent * asked_ns, ought = (__int128)asked * ns;

	return (double)(is - ought) * 1e6 / (double)ought;
}

static void fill_rate(struct vn_snap_row *row, const struct vn_snap_schedule *s,
		      const struct vn_snap_left *left)
{
	uint64_t asked, asked_ns;

	if (s->asked <= left->opened || s->asked_last_ns <= s->asked_first_ns)
		return;
	asked = s->asked - left->opened;
	asked_ns = s->asked_last_ns - s->asked_first_ns;
	set_x(row, VN_F_asked_mean_pps, (double)asked * 1e9 / (double)asked_ns);
	if (left->packets > left->opened && left->last_ns > left->first_ns)
		set_x(row, VN_F_rate_error_ppm,
		      error_ppm(asked, asked_ns, left->packets - left->opened,
				left->last_ns - left->first_ns));
}

void vn_snap_schedule_fill(struct vn_snap_row *row, const struct vn_snap_schedule *s,
			   const struct vn_snap_left *left, bool has_rate)
{
	if (!s->is_known)
		return;
	set_n(row, VN_F_skipped, s->skipped);
	set_n(row, VN_F_slid_ns, s->slid_ns);
	if (s->batch_max)
		set_n(row, VN_F_batch_max, s->batch_max);
	if (s->call_ns)
		set_n(row, VN_F_call_ns, s->call_ns);
	if (has_rate)
		fill_rate(row, s, left);
}

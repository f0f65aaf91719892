/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters are first copied (struct raw), then rows are computed from copies;
 * so the total is made from the very numbers that the rows show.
 */
#include "snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine_report.h"

const struct vn_snap_field_info vn_snap_fields[VN_F_COUNT] = {
#define VN_X(name, kind, heading) { #name, VN_KIND_##kind, heading },
	VN_SNAP_FIELDS(VN_X)
#undef VN_X
};

/* What was counted on one side between the first and the last packet. */
struct span {
	uint64_t packets, bits_l1, bits_l2, first_ns, last_ns;
};

struct raw {
	bool has_tx, has_rx, is_numbered, has_many, is_share;
	double asked_pps;
	uint32_t burst;
	struct span sent, got;
	uint64_t errors;
	struct vn_snap_departed departed, stamped;
	struct vn_snap_schedule sched;
	const char *stamped_by;
	/* Packets that reached the other end: by number where they have one. */
	uint64_t came;
	bool is_excess; /* more came than was sent */
	uint64_t lost_seen;
	bool has_bound; /* on the time under way */
	struct vn_rx_flow_counts c;
	const struct vn_hist *hist[VN_H_COUNT];
};

static void set_n(struct vn_snap_row *row, enum vn_snap_field f, uint64_t n)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .n = n, .x = (double)n };
}

static void set_x(struct vn_snap_row *row, enum vn_snap_field f, double x)
{
	row->value[f] = (struct vn_snap_value){ .is_known = true, .x = x };
}

static void read_tx(const struct vn_entry_stats *s, struct raw *raw)
{
	raw->has_tx = true;
	raw->sent.packets = vn_stat_get(&s->sofar);
	raw->sent.bits_l1 = vn_stat_get(&s->tx_bits_l1);
	raw->sent.bits_l2 = vn_stat_get(&s->tx_bits_l2);
	raw->sent.first_ns = vn_stat_get(&s->first_ns);
	raw->sent.last_ns = vn_stat_get(&s->last_ns);
	raw->errors = vn_stat_get(&s->errors);
}

/* Histograms only when their writer has stopped. */
static void read_departures(const struct vn_snap_source *src, bool is_final, struct raw *raw)
{
	vn_snap_departed_read(src->departures, src->asked_pps > 0, &raw->departed);
	vn_snap_departed_read(src->stamped, false, &raw->stamped);
	if (src->tx)
		vn_snap_schedule_read(src->tx, &raw->departed, raw->sent.packets, raw->burst,
				      &raw->sched);
	raw->stamped_by = raw->stamped.is_known ? src->stamped_by : NULL;
	if (is_final && raw->departed.is_known) {
		raw->hist[VN_H_lateness] = &src->departures->lateness;
		raw->hist[VN_H_gap_error] = &src->departures->gap_error;
	}
	if (is_final && raw->stamped.is_known) {
		raw->hist[VN_H_stamped_lateness] = &src->stamped->lateness;
		raw->hist[VN_H_stamped_gap_error] = &src->stamped->gap_error;
	}
}

static void read_rx(struct vn_rx_flow *flow, struct raw *raw)
{
	struct vn_rx_flow_counts *c = &raw->c;

	vn_rx_flow_read(flow, c);
	raw->has_rx = true;
	raw->has_bound = flow->late_after_ns != 0;
	raw->got.packets = c->received;
	raw->got.bits_l1 = c->bits_l1;
	raw->got.bits_l2 = c->bits_l2;
	raw->got.first_ns = c->first_ns;
	raw->got.last_ns = c->last_ns;
	raw->lost_seen = vn_rx_counts_lost(c);
	raw->hist[VN_H_gap] = &flow->gap;
	raw->hist[VN_H_latency] = &flow->latency;
	raw->hist[VN_H_ipdv] = &flow->ipdv;
	if (!raw->is_numbered)
		return;
	raw->hist[VN_H_reorder_extent] = &flow->extent;
	raw->hist[VN_H_reorder_late] = &flow->late_time;
}

/*
 * The receiver first: what it has counted was sent before, so a packet that
 * arrives meanwhile is in flight, not more than was sent. Number n arrived, so
 * n packets were sent, though the sender may not have counted them yet.
 */
static void read_source(const struct vn_snap_source *src, bool is_final, struct raw *raw)
{
	*raw = (struct raw){
		.is_numbered = src->is_numbered,
		.asked_pps = src->asked_pps,
		.burst = src->burst,
		.is_share = src->is_share,
	};
	if (src->rx)
		read_rx(src->rx, raw);
	if (src->tx)
		read_tx(src->tx, raw);
	read_departures(src, is_final, raw);
	raw->came = raw->is_numbered ? raw->c.unique : raw->got.packets;
	if (!is_final && raw->is_numbered && raw->has_rx)
		raw->sent.packets = VN_MAX(raw->sent.packets, raw->came + raw->lost_seen);
	raw->is_excess = raw->came > raw->sent.packets;
}

/* events over the time between first and last, 0 when there is none. */
static double span_pps(const struct span *s, uint32_t burst)
{
	if (s->packets <= burst || s->last_ns <= s->first_ns)
		return 0;
	return (double)(s->packets - burst) * 1e9 / (double)(s->last_ns - s->first_ns);
}

static void fill_span(struct vn_snap_row *row, const struct span *s, uint32_t burst,
		      enum vn_snap_field pps, enum vn_snap_field l1, enum vn_snap_field l2)
{
	double rate = span_pps(s, burst);

	if (rate <= 0)
		return;
	set_x(row, pps, rate);
	set_x(row, l1, rate * (double)s->bits_l1 / (double)s->packets / 1e6);
	set_x(row, l2, rate * (double)s->bits_l2 / (double)s->packets / 1e6);
}

/* clang-format off */
#define DEPARTED_PERCENTILES(P) \
	{ VN_H_##P##lateness, VN_F_##P##lateness_p50_ns, 500 }, \
	{ VN_H_##P##lateness, VN_F_##P##lateness_p90_ns, 900 }, \
	{ VN_H_##P##lateness, VN_F_##P##lateness_p99_ns, 990 }, \
	{ VN_H_##P##lateness, VN_F_##P##lateness_p999_ns, 999 }, \
	{ VN_H_##P##lateness, VN_F_##P##lateness_max_ns, 1000 }, \
	{ VN_H_##P##gap_error, VN_F_##P##gap_error_p50_ns, 500 }, \
	{ VN_H_##P##gap_error, VN_F_##P##gap_error_p99_ns, 990 }, \
	{ VN_H_##P##gap_error, VN_F_##P##gap_error_p999_ns, 999 }, \
	{ VN_H_##P##gap_error, VN_F_##P##gap_error_max_ns, 1000 }
/* clang-format on */

/* 0 is the least and 1000 the greatest, which are exact. */
static const struct {
	enum vn_snap_hist hist;
	enum vn_snap_field field;
	unsigned int permille;
} percentiles[] = {
	DEPARTED_PERCENTILES(),
	DEPARTED_PERCENTILES(stamped_),
	{ VN_H_gap, VN_F_gap_p50_ns, 500 },
	{ VN_H_gap, VN_F_gap_p99_ns, 990 },
	{ VN_H_gap, VN_F_gap_p999_ns, 999 },
	{ VN_H_gap, VN_F_gap_max_ns, 1000 },
	{ VN_H_latency, VN_F_latency_min_ns, 0 },
	{ VN_H_latency, VN_F_latency_p50_ns, 500 },
	{ VN_H_latency, VN_F_latency_p99_ns, 990 },
	{ VN_H_latency, VN_F_latency_p999_ns, 999 },
	{ VN_H_latency, VN_F_latency_max_ns, 1000 },
	{ VN_H_ipdv, VN_F_ipdv_abs_p50_ns, 500 },
	{ VN_H_ipdv, VN_F_ipdv_abs_p99_ns, 990 },
	{ VN_H_reorder_extent, VN_F_reorder_extent_p50, 500 },
	{ VN_H_reorder_extent, VN_F_reorder_extent_p99, 990 },
	{ VN_H_reorder_extent, VN_F_reorder_extent_max, 1000 },
	{ VN_H_reorder_late, VN_F_reorder_late_p50_ns, 500 },
	{ VN_H_reorder_late, VN_F_reorder_late_p99_ns, 990 },
	{ VN_H_reorder_late, VN_F_reorder_late_max_ns, 1000 },
};

static const struct {
	enum vn_snap_hist hist;
	enum vn_snap_field field;
} sample_counts[] = {
	{ VN_H_lateness, VN_F_lateness_samples },
	{ VN_H_gap_error, VN_F_gap_error_samples },
	{ VN_H_stamped_lateness, VN_F_stamped_lateness_samples },
	{ VN_H_stamped_gap_error, VN_F_stamped_gap_error_samples },
	{ VN_H_gap, VN_F_gap_samples },
	{ VN_H_latency, VN_F_latency_samples },
	{ VN_H_ipdv, VN_F_ipdv_samples },
	{ VN_H_reorder_extent, VN_F_reorder_extent_samples },
};

/* Of fewer samples the percentile would be the greatest: that is told already. */
static bool can_have(uint64_t count, unsigned int permille)
{
	uint64_t least = permille < 1000 ? 1000 / (1000 - permille) : 1;

	return count >= least;
}

static void fill_mean(struct vn_snap_row *row, enum vn_snap_field f, const struct vn_hist *h)
{
	if (h && vn_hist_count(h))
		set_n(row, f, (uint64_t)(vn_hist_mean(h) + 0.5));
}

static void fill_hists(struct vn_snap_row *row, const struct raw *raw, bool is_final)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(sample_counts); i++)
		if (raw->hist[sample_counts[i].hist])
			set_n(row, sample_counts[i].field,
			      vn_hist_count(raw->hist[sample_counts[i].hist]));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(percentiles); i++) {
		const struct vn_hist *h = raw->hist[percentiles[i].hist];
		unsigned int permille = percentiles[i].permille;

		if (h && can_have(vn_hist_count(h), permille))
			set_n(row, percentiles[i].field,
			      permille ? vn_hist_percentile(h, permille / 10.0) : vn_hist_min(h));
	}
	fill_mean(row, VN_F_lateness_mean_ns, raw->hist[VN_H_lateness]);
	fill_mean(row, VN_F_stamped_lateness_mean_ns, raw->hist[VN_H_stamped_lateness]);
	for (unsigned int i = 0; i < VN_H_COUNT; i++)
		row->sum[i] = raw->hist[i] ? vn_hist_sum(raw->hist[i]) : 0;
	if (is_final)
		memcpy(row->hist, raw->hist, sizeof(row->hist));
}

/*
 * Delay less the least delay (RFC 5481, PDV). The least is not known when some
 * were negative; several flows have one each.
 */
static void fill_pdv(struct vn_snap_row *row, const struct raw *raw)
{
	static const struct {
		enum vn_snap_field latency, pdv;
	} pairs[] = {
		{ VN_F_latency_p50_ns, VN_F_pdv_p50_ns },
		{ VN_F_latency_p99_ns, VN_F_pdv_p99_ns },
		{ VN_F_latency_p999_ns, VN_F_pdv_p999_ns },
		{ VN_F_latency_max_ns, VN_F_pdv_max_ns },
	};
	const struct vn_snap_value *least = &row->value[VN_F_latency_min_ns];

	if (!least->is_known || raw->c.latency_negative || raw->has_many)
		return;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(pairs); i++) {
		const struct vn_snap_value *v = &row->value[pairs[i].latency];

		/* The receiver may have counted between the two. */
		if (v->is_known)
			set_n(row, pairs[i].pdv, v->n > least->n ? v->n - least->n : 0);
	}
}

/*
 * The loss of a run with both ends in view. At its end, lost is what did not
 * come, a lost tail included. When more came than was sent somebody else sends
 * too, and it is not known.
 */
static void fill_reconciled(struct vn_snap_row *row, const struct raw *raw, bool is_final)
{
	uint64_t missing = raw->sent.packets - raw->came;

	if (raw->is_excess || (!is_final && !raw->is_numbered))
		return;
	set_n(row, VN_F_lost, is_final ? missing : raw->lost_seen);
	set_n(row, VN_F_in_flight, is_final ? 0 : missing - raw->lost_seen);
}

static void fill_tx(struct vn_snap_row *row, const struct raw *raw)
{
	const struct vn_snap_left left = {
		.packets = raw->sent.packets,
		.opened = raw->burst,
		.first_ns = raw->sent.first_ns,
		.last_ns = raw->sent.last_ns,
	};

	set_n(row, VN_F_sent, raw->sent.packets);
	set_n(row, VN_F_errors, raw->errors);
	fill_span(row, &raw->sent, raw->burst, VN_F_pps, VN_F_mbps_l1, VN_F_mbps_l2);
	if (raw->asked_pps > 0)
		set_x(row, VN_F_asked_pps, raw->asked_pps);
	vn_snap_departed_fill(row, VN_F_late, &raw->departed);
	vn_snap_departed_fill(row, VN_F_stamped_late, &raw->stamped);
	vn_snap_schedule_fill(row, &raw->sched, &left, !raw->has_many || raw->is_share);
	row->stamped_by = raw->stamped_by;
}

static void fill_numbers(struct vn_snap_row *row, const struct vn_rx_flow_counts *c)
{
	set_n(row, VN_F_unique, c->unique);
	set_n(row, VN_F_duplicates, c->duplicates);
	set_n(row, VN_F_reordered, c->reordered);
	set_n(row, VN_F_reorder_extent_unknown, c->extent_unknown);
	set_n(row, VN_F_too_late, c->too_late);
	if (c->unique)
		set_x(row, VN_F_reordered_ratio, (double)c->reordered / (double)c->unique);
}

static void fill_delays(struct vn_snap_row *row, const struct raw *raw)
{
	const struct vn_rx_flow_counts *c = &raw->c;

	set_n(row, VN_F_latency_negative, c->latency_negative);
	if (raw->has_bound && c->stamped)
		set_n(row, VN_F_overdue, c->overdue);
	if (c->stamped > 1 && !raw->has_many)
		set_n(row, VN_F_jitter_ns, c->jitter_x16 >> 4);
	if (!c->ipdv_pairs)
		return;
	set_n(row, VN_F_ipdv_min_ns, c->ipdv_min);
	set_n(row, VN_F_ipdv_max_ns, c->ipdv_max);
}

static void fill_rx(struct vn_snap_row *row, const struct raw *raw, bool is_final)
{
	set_n(row, VN_F_received, raw->got.packets);
	set_n(row, VN_F_corrupt, raw->c.corrupt);
	fill_span(row, &raw->got, 1, VN_F_rx_pps, VN_F_rx_mbps_l1, VN_F_rx_mbps_l2);
	fill_delays(row, raw);
	if (raw->is_numbered)
		fill_numbers(row, &raw->c);
	if (raw->has_tx)
		fill_reconciled(row, raw, is_final);
	else if (raw->is_numbered)
		set_n(row, VN_F_lost, raw->lost_seen);
}

static void fill_row(struct vn_snap_row *row, const char *name, const struct raw *raw,
		     bool is_final)
{
	snprintf(row->name, sizeof(row->name), "%s", name);
	if (raw->has_tx)
		fill_tx(row, raw);
	if (raw->has_rx)
		fill_rx(row, raw, is_final);
	fill_hists(row, raw, is_final);
	fill_pdv(row, raw);
}

/* Rates since the snapshot before, from the counts that both rows show. */
static void fill_now(struct vn_snap_row *row, const struct vn_snap_row *prev, double seconds,
		     enum vn_snap_field count, enum vn_snap_field rate)
{
	const struct vn_snap_value *now = &row->value[count];
	uint64_t before = prev && prev->value[count].is_known ? prev->value[count].n : 0;

	if (now->is_known && seconds > 0 && now->n >= before)
		set_x(row, rate, (double)(now->n - before) / seconds);
}

static void fill_now_rates(struct vn_snapshot *s, const struct vn_snapshot *prev)
{
	double seconds = s->time_s - (prev ? prev->time_s : 0);

	for (unsigned int i = 0; i <= s->n_rows; i++) {
		struct vn_snap_row *row = i < s->n_rows ? &s->rows[i] : &s->total;
		const struct vn_snap_row *old = NULL;

		if (prev && i == s->n_rows)
			old = &prev->total;
		else if (prev && i < prev->n_rows)
			old = &prev->rows[i];
		fill_now(row, old, seconds, VN_F_sent, VN_F_now_pps);
		fill_now(row, old, seconds, VN_F_received, VN_F_rx_now_pps);
	}
}

static void add_span(struct span *into, const struct span *s)
{
	if (!s->packets)
		return;
	into->first_ns = into->packets ? VN_MIN(into->first_ns, s->first_ns) : s->first_ns;
	into->last_ns = VN_MAX(into->last_ns, s->last_ns);
	into->packets += s->packets;
	into->bits_l1 += s->bits_l1;
	into->bits_l2 += s->bits_l2;
}

static void add_counts(struct vn_rx_flow_counts *into, const struct vn_rx_flow_counts *c)
{
	if (c->ipdv_pairs) {
		bool is_first = into->ipdv_pairs == 0;

		if (is_first || (int64_t)c->ipdv_min < (int64_t)into->ipdv_min)
			into->ipdv_min = c->ipdv_min;
		if (is_first || (int64_t)c->ipdv_max > (int64_t)into->ipdv_max)
			into->ipdv_max = c->ipdv_max;
	}
	into->ipdv_pairs += c->ipdv_pairs;
	into->unique += c->unique;
	into->duplicates += c->duplicates;
	into->reordered += c->reordered;
	into->extent_unknown += c->extent_unknown;
	into->too_late += c->too_late;
	into->corrupt += c->corrupt;
	into->stamped += c->stamped;
	into->latency_negative += c->latency_negative;
	into->overdue += c->overdue;
}

/* Sums; what one stream does not know, the total does not know either. */
static void add_raw(struct raw *into, const struct raw *r)
{
	into->has_tx &= r->has_tx;
	into->has_rx &= r->has_rx;
	into->is_numbered &= r->is_numbered;
	if (into->asked_pps <= 0 || r->asked_pps <= 0)
		into->asked_pps = 0; /* one at full speed: no rate was asked of all */
	else
		into->asked_pps += r->asked_pps;
	add_span(&into->sent, &r->sent);
	add_span(&into->got, &r->got);
	into->errors += r->errors;
	vn_snap_departed_add(&into->departed, &r->departed);
	vn_snap_departed_add(&into->stamped, &r->stamped);
	vn_snap_schedule_add(&into->sched, &r->sched);
	if (!r->stamped_by || !into->stamped_by || strcmp(r->stamped_by, into->stamped_by))
		into->stamped_by = NULL;
	into->is_share &= r->is_share;
	into->came += r->came;
	into->is_excess |= r->is_excess;
	into->lost_seen += r->lost_seen;
	into->has_bound &= r->has_bound;
	add_counts(&into->c, &r->c);
}

/*
 * The total of one stream is that stream. Of several there is no histogram but
 * what merge_hists() makes at the end. Nor has their rate an error, since they
 * need not run at the same time; workers that share one stream do.
 */
static void total_raw(const struct raw *raws, unsigned int n, struct raw *total)
{
	if (!n) { /* a receiver that has seen no flow yet: it knows of nothing */
		*total = (struct raw){ .has_rx = true, .is_numbered = true };
		return;
	}
	*total = raws[0];
	if (n == 1)
		return;
	memset(total->hist, 0, sizeof(total->hist));
	total->burst = 1;
	total->has_many = true;
	for (unsigned int i = 1; i < n; i++)
		add_raw(total, &raws[i]);
}

/*
 * At the end, the distribution of all packets of all streams, where each of
 * them has one. Gaps of single streams, put together, would not be those of
 * the whole.
 */
static int merge_hists(struct vn_snapshot *out, const struct raw *raws, unsigned int n,
		       struct raw *total)
{
	out->merged = malloc(VN_H_COUNT * sizeof(*out->merged));
	if (!out->merged)
		return -ENOMEM;
	for (unsigned int h = 0; h < VN_H_COUNT; h++) {
		unsigned int i = 0;

		vn_hist_clear(&out->merged[h]);
		for (; h != VN_H_gap && i < n && raws[i].hist[h]; i++)
			vn_hist_merge(&out->merged[h], raws[i].hist[h]);
		if (i == n)
			total->hist[h] = &out->merged[h];
	}
	return 0;
}

static void fill_receiver(struct vn_snap_receiver *r, const struct vn_snap_input *in)
{
	if (!in->rx)
		return;
	*r = (struct vn_snap_receiver){
		.is_known = true,
		.frames = vn_stat_get(&in->rx->frames),
		.ours = vn_stat_get(&in->rx->ours),
		.other = vn_stat_get(&in->rx->other),
		.over_limit = vn_stat_get(&in->rx->over_limit),
		.drops = in->rxq->drops,
		.late_after_ns = in->late_after_ns,
		.clock_error_ns = in->clock_error_ns,
		.filtered = in->filtered ? *in->filtered : 0,
		.sees_filtered = in->filtered,
		.stamp_source = in->rxq->stamp_source,
		.stamp_other = in->rxq->stamp_other,
		.stamp_resolution_ns = in->rxq->stamp_resolution_ns,
		.has_responder = in->responder,
	};
	if (in->responder)
		vn_responder_read(in->responder, &r->responder);
}

static void name_row(struct vn_snap_row *row, const struct vn_snap_source *src)
{
	if (src->interface)
		snprintf(row->interface, sizeof(row->interface), "%s", src->interface);
	row->driver = src->driver;
	row->result = src->result;
}

int vn_snapshot_take(const struct vn_snap_input *in, struct vn_snapshot *out)
{
	struct raw *raws = calloc(in->n + 1, sizeof(*raws));
	struct raw total;
	int rc = 0;

	*out = (struct vn_snapshot){
		.is_final = in->is_final,
		.time_s = (double)(in->now_ns - in->begin_ns) / 1e9,
		.n_rows = in->n,
		.rows = calloc(in->n + 1, sizeof(*out->rows)),
	};
	if (!raws || !out->rows) {
		free(raws);
		vn_snapshot_free(out);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < in->n; i++) {
		read_source(&in->sources[i], in->is_final, &raws[i]);
		fill_row(&out->rows[i], in->sources[i].name, &raws[i], in->is_final);
		name_row(&out->rows[i], &in->sources[i]);
	}
	total_raw(raws, in->n, &total);
	if (in->clock)
		out->clock = *in->clock;
	if (in->is_final && in->n > 1)
		rc = merge_hists(out, raws, in->n, &total);
	fill_row(&out->total, "total", &total, in->is_final);
	fill_receiver(&out->receiver, in);
	if (!rc)
		rc = vn_machine_take(in->engine, out);
	if (!in->is_final)
		fill_now_rates(out, in->prev);
	free(raws);
	if (rc)
		vn_snapshot_free(out);
	return rc;
}

void vn_snapshot_free(struct vn_snapshot *s)
{
	free(s->rows);
	free(s->merged);
	free(s->machine);
	*s = (struct vn_snapshot){ 0 };
}

void vn_snap_ns_text(uint64_t ns, char buf[VN_SNAP_TEXT])
{
	if (ns < 10000)
		snprintf(buf, VN_SNAP_TEXT, "%" PRIu64 "ns", ns);
	else if (ns < 10000000)
		snprintf(buf, VN_SNAP_TEXT, "%.2fus", (double)ns / 1e3);
	else if (ns < 10000000000)
		snprintf(buf, VN_SNAP_TEXT, "%.2fms", (double)ns / 1e6);
	else
		snprintf(buf, VN_SNAP_TEXT, "%.2fs", (double)ns / 1e9);
}

void vn_snap_text(const struct vn_snap_row *row, enum vn_snap_field field, char buf[VN_SNAP_TEXT])
{
	const struct vn_snap_value *v = &row->value[field];
	char text[VN_SNAP_TEXT] = "";

	if (!v->is_known) {
		snprintf(buf, VN_SNAP_TEXT, "-");
		return;
	}
	switch (vn_snap_fields[field].kind) {
	case VN_KIND_COUNT:
		snprintf(buf, VN_SNAP_TEXT, "%" PRIu64, v->n);
		break;
	case VN_KIND_NS:
		vn_snap_ns_text(v->n, buf);
		break;
	case VN_KIND_SIGNED:
		buf[0] = (int64_t)v->n < 0 ? '-' : '+';
		vn_snap_ns_text(buf[0] == '-' ? 0 - v->n : v->n, text);
		memcpy(buf + 1, text, VN_SNAP_TEXT - 1);
		break;
	case VN_KIND_PPS:
		snprintf(buf, VN_SNAP_TEXT, v->x < 1000 ? "%.4f" : "%.1f", v->x);
		break;
	case VN_KIND_MBPS:
		snprintf(buf, VN_SNAP_TEXT, v->x < 10 ? "%.4f" : "%.2f", v->x);
		break;
	case VN_KIND_PPM:
		snprintf(buf, VN_SNAP_TEXT, "%+.1f", v->x);
		break;
	case VN_KIND_RATIO:
		snprintf(buf, VN_SNAP_TEXT, "%.4f", v->x * 100);
		break;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table is a list of fields of the snapshot; columns are as wide as their
 * widest cell.
 */
#include "report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "machine_report.h"
#include "report_departures.h"
#include "respond.h"

struct table {
	const char *title;
	const enum vn_snap_field *fields;
	unsigned int n_fields;
	bool needs_receiver;	 /* would be nothing but dashes without one */
	enum vn_snap_field some; /* printed when some row has one; sent: always */
	bool has_stamped;	 /* a second row, of the stamps of departures */
};

static const enum vn_snap_field send_packets[] = {
	VN_F_sent,   VN_F_received, VN_F_lost,	  VN_F_duplicates, VN_F_reordered,
	VN_F_errors, VN_F_pps,	    VN_F_mbps_l1, VN_F_mbps_l2,
};
static const enum vn_snap_field recv_packets[] = {
	VN_F_received, VN_F_lost,   VN_F_duplicates, VN_F_reordered,  VN_F_too_late,
	VN_F_corrupt,  VN_F_rx_pps, VN_F_rx_mbps_l1, VN_F_rx_mbps_l2,
};
static const enum vn_snap_field departures[] = {
	VN_F_asked_pps,
	VN_F_asked_mean_pps,
	VN_F_pps,
	VN_F_rate_error_ppm,
	VN_F_late,
	VN_F_lateness_p50_ns,
	VN_F_lateness_p99_ns,
	VN_F_lateness_max_ns,
};
static const enum vn_snap_field lateness[] = {
	VN_F_lateness_samples, VN_F_lateness_p90_ns, VN_F_lateness_p999_ns,
	VN_F_lateness_mean_ns, VN_F_early,	     VN_F_early_max_ns,
	VN_F_skipped,	       VN_F_slid_ns,
};
static const enum vn_snap_field gap_errors[] = {
	VN_F_asked_gaps,	VN_F_gap_error_p50_ns, VN_F_gap_error_p99_ns,
	VN_F_gap_error_p999_ns, VN_F_gap_error_max_ns, VN_F_bursts,
};
static const enum vn_snap_field shares[] = {
	VN_F_within_64ns_ratio,	 VN_F_within_128ns_ratio, VN_F_within_256ns_ratio,
	VN_F_within_512ns_ratio, VN_F_within_1us_ratio,	  VN_F_within_10us_ratio,
	VN_F_within_100us_ratio, VN_F_bursts_ratio,
};
static const enum vn_snap_field send_arrivals[] = {
	VN_F_too_late,	 VN_F_corrupt,	   VN_F_gap_samples, VN_F_gap_p50_ns,
	VN_F_gap_p99_ns, VN_F_gap_p999_ns, VN_F_gap_max_ns,
};
static const enum vn_snap_field recv_arrivals[] = {
	VN_F_gap_samples, VN_F_gap_p50_ns, VN_F_gap_p99_ns, VN_F_gap_p999_ns, VN_F_gap_max_ns,
};
static const enum vn_snap_field latency[] = {
	VN_F_latency_samples, VN_F_latency_min_ns, VN_F_latency_p50_ns,	  VN_F_latency_p99_ns,
	VN_F_latency_p999_ns, VN_F_latency_max_ns, VN_F_latency_negative, VN_F_overdue,
};
static const enum vn_snap_field variation[] = {
	VN_F_jitter_ns,	      VN_F_pdv_p50_ns,	    VN_F_pdv_p99_ns,
	VN_F_pdv_max_ns,      VN_F_ipdv_samples,    VN_F_ipdv_min_ns,
	VN_F_ipdv_abs_p50_ns, VN_F_ipdv_abs_p99_ns, VN_F_ipdv_max_ns,
};
static const enum vn_snap_field order[] = {
	VN_F_reordered,
	VN_F_reordered_ratio,
	VN_F_reorder_extent_unknown,
	VN_F_reorder_extent_samples,
	VN_F_reorder_extent_p50,
	VN_F_reorder_extent_p99,
	VN_F_reorder_extent_max,
	VN_F_reorder_late_p50_ns,
	VN_F_reorder_late_p99_ns,
	VN_F_reorder_late_max_ns,
};

#define TABLE(title, fields, ...)                                                                  \
	{                                                                                          \
		title, fields, VN_ARRAY_SIZE(fields), __VA_ARGS__                                  \
	}

static const struct table send_tables[] = {
	TABLE("packets", send_packets, false, VN_F_sent, false),
	TABLE("departures", departures, false, VN_F_sent, true),
	TABLE("lateness", lateness, false, VN_F_lateness_samples, true),
	TABLE("gaps asked for", gap_errors, false, VN_F_asked_gaps, true),
	TABLE("gaps within, %", shares, false, VN_F_asked_gaps, true),
	TABLE("arrivals", send_arrivals, true, VN_F_sent, false),
	TABLE("latency", latency, true, VN_F_sent, false),
	TABLE("variation", variation, true, VN_F_ipdv_samples, false),
	TABLE("order", order, true, VN_F_reordered, false),
};
static const struct table recv_tables[] = {
	TABLE("packets", recv_packets, false, VN_F_sent, false),
	TABLE("arrivals", recv_arrivals, false, VN_F_sent, false),
	TABLE("latency", latency, false, VN_F_sent, false),
	TABLE("variation", variation, false, VN_F_ipdv_samples, false),
	TABLE("order", order, false, VN_F_reordered, false),
};

/* Is there anything to tell? */
static bool is_wanted(const struct vn_snapshot *s, const struct table *t)
{
	if (t->needs_receiver && !s->receiver.is_known)
		return false;
	if (t->some == VN_F_sent)
		return true;
	for (unsigned int i = 0; i < s->n_rows; i++)
		if (!vn_snap_is_zero(&s->rows[i], t->some))
			return true;
	return false;
}

/* The same field as stamps have it; VN_F_COUNT: they do not. */
static enum vn_snap_field stamped_field(enum vn_snap_field field)
{
	if (field < VN_F_late || field >= VN_F_stamped_late)
		return VN_F_COUNT;
	return field + (VN_F_stamped_late - VN_F_late);
}

static void stamped_text(const struct vn_snap_row *row, enum vn_snap_field field,
			 char buf[VN_SNAP_TEXT])
{
	enum vn_snap_field stamped = stamped_field(field);

	if (stamped == VN_F_COUNT)
		snprintf(buf, VN_SNAP_TEXT, "-");
	else
		vn_snap_text(row, stamped, buf);
}

static size_t cell_width(const struct vn_snap_row *row, enum vn_snap_field field, bool has_stamped)
{
	char text[VN_SNAP_TEXT], stamped[VN_SNAP_TEXT] = "";

	vn_snap_text(row, field, text);
	if (has_stamped && row->stamped_by)
		stamped_text(row, field, stamped);
	return VN_MAX(strlen(text), strlen(stamped));
}

static int column_width(const struct vn_snapshot *s, const struct table *t,
			enum vn_snap_field field)
{
	size_t width = strlen(vn_snap_fields[field].heading), cell;

	for (unsigned int i = 0; i < s->n_rows; i++) {
		cell = cell_width(&s->rows[i], field, t->has_stamped);
		width = VN_MAX(width, cell);
	}
	cell = cell_width(&s->total, field, t->has_stamped);
	return (int)VN_MAX(width, cell) + 2;
}

/* Behind the row of the packets as they were handed over. */
static void stamped_name(const struct vn_snap_row *row, char buf[VN_SNAP_NAME])
{
	snprintf(buf, VN_SNAP_NAME, "  stamped by %s", row->stamped_by);
}

static size_t row_name_width(const struct vn_snap_row *row, bool has_stamped)
{
	char text[VN_SNAP_NAME] = "";

	if (has_stamped && row->stamped_by)
		stamped_name(row, text);
	return VN_MAX(strlen(row->name), strlen(text));
}

static int name_width(const struct vn_snapshot *s, const struct table *t)
{
	size_t width = VN_MAX(strlen(t->title), row_name_width(&s->total, t->has_stamped));

	for (unsigned int i = 0; i < s->n_rows; i++)
		width = VN_MAX(width, row_name_width(&s->rows[i], t->has_stamped));
	return (int)width;
}

static void print_stamped(FILE *out, const struct vn_snapshot *s, const struct table *t,
			  const struct vn_snap_row *row, int width)
{
	char name[VN_SNAP_NAME], text[VN_SNAP_TEXT];

	stamped_name(row, name);
	fprintf(out, "%-*s", width, name);
	for (unsigned int i = 0; i < t->n_fields; i++) {
		stamped_text(row, t->fields[i], text);
		fprintf(out, "%*s", column_width(s, t, t->fields[i]), text);
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const struct vn_snapshot *s, const struct table *t,
		      const struct vn_snap_row *row, int width)
{
	char text[VN_SNAP_TEXT];

	fprintf(out, "%-*s", width, row->name);
	for (unsigned int i = 0; i < t->n_fields; i++) {
		vn_snap_text(row, t->fields[i], text);
		fprintf(out, "%*s", column_width(s, t, t->fields[i]), text);
	}
	fputc('\n', out);
	if (t->has_stamped && row->stamped_by)
		print_stamped(out, s, t, row, width);
}

static void print_table(FILE *out, const struct vn_snapshot *s, const struct table *t)
{
	int width = name_width(s, t);

	fprintf(out, "%-*s", width, t->title);
	for (unsigned int i = 0; i < t->n_fields; i++)
		fprintf(out, "%*s", column_width(s, t, t->fields[i]),
			vn_snap_fields[t->fields[i]].heading);
	fputc('\n', out);
	for (unsigned int i = 0; i < s->n_rows; i++)
		print_row(out, s, t, &s->rows[i], width);
	if (s->n_rows != 1)
		print_row(out, s, t, &s->total, width);
	fputc('\n', out);
}

/* How far the numbers above can be trusted, once for all tables. */
static void print_precision(FILE *out, const struct vn_snap_receiver *r)
{
	char text[VN_SNAP_TEXT];

	fputs("percentiles: within 0.8 % of a value that occurred; - is not known, or of too few "
	      "samples\n",
	      out);
	if (!r->clock_error_ns)
		return;
	vn_snap_ns_text(r->clock_error_ns, text);
	fprintf(out, "latency: as measured; the two clocks are stated to agree within %s\n", text);
}

static void print_results(FILE *out, const struct vn_snapshot *s)
{
	for (unsigned int i = 0; i < s->n_rows; i++)
		if (s->rows[i].result)
			fprintf(out, "%s: Result: %s\n", s->rows[i].name,
				s->rows[i].result[0] ? s->rows[i].result : "Idle");
}

/* Who stamped the arrivals, and how fine the stamps were that came. */
static void print_stamps(FILE *out, const struct vn_snap_receiver *r)
{
	if (!r->stamp_source)
		return;
	fprintf(out, "arrival stamps: %s, resolution ", r->stamp_source);
	if (r->stamp_resolution_ns)
		fprintf(out, "%" PRIu64 " ns", r->stamp_resolution_ns);
	else
		fputc('-', out);
	if (r->stamp_other)
		fprintf(out, ", %" PRIu64 " of another source", r->stamp_other);
	fputc('\n', out);
}

static void print_receiver(FILE *out, const struct vn_snap_receiver *r)
{
	if (!r->is_known)
		return;
	fprintf(out,
		"receiver: %" PRIu64 " frames, %" PRIu64 " ours, %" PRIu64 " others, %" PRIu64
		" dropped for want of room",
		r->frames, r->ours, r->other, r->drops);
	if (r->over_limit)
		fprintf(out, ", %" PRIu64 " of flows beyond the first %d", r->over_limit,
			VN_RX_FLOWS_MAX);
	fputc('\n', out);
	print_stamps(out, r);
	if (r->has_responder)
		vn_respond_print(out, &r->responder);
}

void vn_report_tables(FILE *out, enum vn_report_kind kind, const struct vn_snapshot *s)
{
	const struct table *tables = kind == VN_REPORT_SEND ? send_tables : recv_tables;
	unsigned int n =
		kind == VN_REPORT_SEND ? VN_ARRAY_SIZE(send_tables) : VN_ARRAY_SIZE(recv_tables);

	for (unsigned int i = 0; i < n; i++)
		if (is_wanted(s, &tables[i])) {
			print_table(out, s, &tables[i]);
			if (tables[i].fields == departures)
				vn_machine_print(out, s);
		}
	print_precision(out, &s->receiver);
	vn_report_departures(out, s);
	print_results(out, s);
	print_receiver(out, &s->receiver);
}

void vn_report_progress(FILE *out, enum vn_report_kind kind, const struct vn_snapshot *s)
{
	static const enum vn_snap_field send_fields[] = {
		VN_F_sent, VN_F_now_pps, VN_F_received, VN_F_lost, VN_F_in_flight, VN_F_errors,
	};
	static const enum vn_snap_field recv_fields[] = {
		VN_F_received, VN_F_rx_now_pps, VN_F_lost, VN_F_duplicates, VN_F_reordered,
	};
	const enum vn_snap_field *fields = kind == VN_REPORT_SEND ? send_fields : recv_fields;
	unsigned int n =
		kind == VN_REPORT_SEND ? VN_ARRAY_SIZE(send_fields) : VN_ARRAY_SIZE(recv_fields);
	bool is_tty = isatty(fileno(out));
	char text[VN_SNAP_TEXT];

	fprintf(out, "%s%.1f s", is_tty ? "\r" : "", s->time_s);
	for (unsigned int i = 0; i < n; i++) {
		vn_snap_text(&s->total, fields[i], text);
		fprintf(out, "  %s %s", vn_snap_fields[fields[i]].heading, text);
	}
	fputs(is_tty ? "\033[K" : "\n", out);
	fflush(out);
}

void vn_report_progress_end(FILE *out)
{
	if (isatty(fileno(out)))
		fputs("\r\033[K", out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report_departures.h"

#include <inttypes.h>

static void print_clock(FILE *out, const struct vn_clock_grain *clock)
{
	if (!clock->name)
		return;
	fprintf(out, "clock: %s, resolution ", clock->name);
	if (clock->resolution_ns)
		fprintf(out, "%" PRIu64 " ns", clock->resolution_ns);
	else
		fputc('-', out);
	fprintf(out, ", a read %" PRIu64 " ns\n", clock->read_ns);
}

/* The engine lets departures leave together where a call takes longer than the gap
 * (src/engine/pace.c), as it was measured then; this is what it takes at the end. */
static void print_reason(FILE *out, const struct vn_snap_row *row)
{
	const struct vn_snap_value *asked = &row->value[VN_F_asked_mean_pps];
	const struct vn_snap_value *call = &row->value[VN_F_call_ns];
	char text[VN_SNAP_TEXT];

	if (!call->is_known)
		return;
	vn_snap_ns_text(call->n, text);
	if (asked->is_known && asked->x * (double)call->n * 5 / 4 > 1e9)
		fprintf(out, ": the asked gap is shorter than a call (%s), or hardly longer", text);
	else
		fprintf(out, ": a call took longer than the asked gap for a while (%s now)", text);
}

static void print_batches(FILE *out, const struct vn_snap_row *row)
{
	const struct vn_snap_value *most = &row->value[VN_F_batch_max];

	if (!most->is_known)
		return;
	fprintf(out, "%s: ", row->name);
	if (most->n == 1) {
		fputs("each departure by a call of its own\n", out);
		return;
	}
	fprintf(out, "up to %" PRIu64 " departures a call", most->n);
	print_reason(out, row);
	fputc('\n', out);
}

void vn_report_departures(FILE *out, const struct vn_snapshot *s)
{
	print_clock(out, &s->clock);
	for (unsigned int i = 0; i < s->n_rows; i++)
		print_batches(out, &s->rows[i]);
}

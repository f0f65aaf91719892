/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon counted, at its end: a line for who reads along, and all counters
 * as JSON for --stats.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "caliper/softcard.h"
#include "nf2d.h"

static const char *const names[CAL_N_COUNTERS] = {
#define CAL_X(name, text) #name,
	CAL_COUNTERS(CAL_X)
#undef CAL_X
};

static const char *const states[] = { "down", "resetting", "running", "fault" };

static json_int_t lateness(const struct vn_departures *d, double percent)
{
	return (json_int_t)vn_hist_percentile(&d->lateness, percent);
}

/* How exact a card in software was. Late is what was given late, whoever stamps departures. */
static json_t *departures(const struct vn_softcard *card, uint64_t told_late)
{
	const struct vn_departures *d = vn_softcard_departures(card);
	uint64_t late = vn_softcard_stamp_source(card) ? told_late : vn_stat_get(&d->n.late);

	return json_pack("{s:I, s:I, s:I, s:s?, s:I, s:{s:I, s:I, s:I, s:I}}", "departed",
			 (json_int_t)vn_hist_count(&d->lateness), "late",
			 (json_int_t)late, "lost", (json_int_t)vn_softcard_lost(card), "stamped_by",
			 vn_softcard_stamp_source(card), "unstamped",
			 (json_int_t)vn_softcard_unstamped(card), "lateness_ns", "median",
			 lateness(d, 50), "p99", lateness(d, 99), "p999", lateness(d, 99.9), "max",
			 (json_int_t)vn_stat_get(&d->n.late_max_ns));
}

static json_t *document(const struct nf2d *n, const uint64_t counters[CAL_N_COUNTERS])
{
	json_t *all = json_object(), *o;

	for (unsigned int i = 0; i < CAL_N_COUNTERS; i++)
		json_object_set_new(all, names[i], json_integer((json_int_t)counters[i]));
	json_object_set_new(all, "state", json_string(states[counters[CAL_COUNTER_state]]));
	o = json_pack("{s:I, s:s, s:o}", "card", (json_int_t)n->s.card, "interface", n->iface.name,
		      "counters", all);
	if (nf2d_soft_card(n))
		json_object_set_new(o, "departures",
				    departures(nf2d_soft_card(n), counters[CAL_COUNTER_late]));
	return o;
}

int nf2d_report_open(struct nf2d *n, struct vn_err *err)
{
	if (!n->s.stats)
		return 0;
	n->stats = strcmp(n->s.stats, "-") ? fopen(n->s.stats, "we") : stdout;
	if (n->stats)
		return 0;
	return vn_err_set(err, errno, "--stats %s: %s", n->s.stats, strerror(errno));
}

static int write_json(struct nf2d *n, const uint64_t counters[CAL_N_COUNTERS], struct vn_err *err)
{
	json_t *o = document(n, counters);
	FILE *out = n->stats;
	int rc = !o || json_dumpf(o, out, JSON_INDENT(2)) || fputc('\n', out) < 0 ? -EIO : 0;

	json_decref(o);
	n->stats = NULL;
	if (out != stdout && fclose(out))
		rc = -EIO;
	return rc ? vn_err_set(err, EIO, "--stats %s: could not be written", n->s.stats) : 0;
}

static void print_line(const struct nf2d *n, const uint64_t c[CAL_N_COUNTERS])
{
	fprintf(stderr,
		"vernier: nf2d: %s: %" PRIu64 " packets in %" PRIu64 " transfers, %" PRIu64
		" late, %" PRIu64 " refused, %" PRIu64 " discarded, %" PRIu64
		" lost; frames: %" PRIu64
		" from the host, %" PRIu64 " dropped, %" PRIu64 " to it; %" PRIu64
		" resets, %" PRIu64 " errors\n",
		n->s.name, c[CAL_COUNTER_entries], c[CAL_COUNTER_transfers], c[CAL_COUNTER_late],
		c[CAL_COUNTER_refused], c[CAL_COUNTER_discarded], c[CAL_COUNTER_lost],
		c[CAL_COUNTER_if_frames],
		c[CAL_COUNTER_if_txdrop], c[CAL_COUNTER_delivered], c[CAL_COUNTER_resets],
		c[CAL_COUNTER_errors]);
}

int nf2d_report(struct nf2d *n, struct vn_err *err)
{
	uint64_t counters[CAL_N_COUNTERS] = { 0 };
	int rc;

	vn_nf2_counters(n->driver, counters, CAL_N_COUNTERS);
	/* First: a standard error that nobody reads can hold the line up for ever. */
	rc = n->stats ? write_json(n, counters, err) : 0;
	if (!n->s.is_quiet && !nf2d_is_syslog(n))
		print_line(n, counters);
	return rc;
}

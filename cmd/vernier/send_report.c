/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What will be sent, what was sent, and whether that was what was asked.
 */
#include "send_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "ctl/param.h"
#include "histogram.h"
#include "report.h"

FILE *send_out(const struct send_run *run)
{
	bool is_taken = run->o.json && !strcmp(run->o.json, "-");

	is_taken |= capturing_takes_stdout(&run->o.capture);
	return is_taken ? stderr : stdout;
}

/* --- before ---------------------------------------------------------------- */

void send_show_entry(const char *name, const struct vn_entry *entry, FILE *out)
{
	char value[2048]; /* a list of imix weights or labels fits */

	fprintf(out, "stream=%s\n", name);
	for (unsigned int i = 0; i < vn_n_params; i++)
		if (vn_param_get(entry, &vn_params[i], value, sizeof(value)))
			fprintf(out, "%s=%s\n", vn_params[i].name, value);
}

struct show_args {
	const struct send_stream *stream;
	FILE *out;
};

static int show_stream(void *arg)
{
	const struct show_args *a = arg;

	send_show_entry(a->stream->name, a->stream->entry, a->out);
	return 0;
}

void send_show_settings(struct send_run *run, FILE *out)
{
	if (run->ifname)
		fprintf(out, "interface=%s\n", run->ifname);
	vn_options_show(&send_spec, &run->o, out);
	if (run->driver_why[0])
		fprintf(out, "driver_why=%s\n", run->driver_why);
	if (run->whole)
		fputs(run->whole, out);
	for (unsigned int i = 0; i < run->streams.n && !run->whole; i++) {
		struct send_stream *stream = &run->streams.v[i];
		struct show_args args = { stream, out };

		vn_worker_call(stream->worker, show_stream, &args);
	}
}

void send_print_plan(struct send_run *run)
{
	FILE *out = send_out(run);

	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];

		fprintf(out, "%s: %s, CPU %d: %s\n", s->name,
			s->dev->name[0] ? s->dev->name : run->o.driver, vn_worker_cpu(s->worker),
			s->plan);
	}
	fprintf(out, "driver %s", run->o.driver);
	if (run->driver_why[0])
		fprintf(out, ": %s\n", run->driver_why);
	else
		fputs(", ", out);
	fprintf(out, "workers on CPU %s", run->cpus_text);
	if (run->n_isolated)
		fprintf(out, " (%u isolated)", run->n_isolated);
	fprintf(out, ", seed %s%s", run->o.seed, run->o.is_sim ? ", simulated time" : "");
	if (run->o.rx)
		fprintf(out, ", received on %s by %s", run->o.rx, run->rx_driver);
	else if (run->rx)
		fputs(", received at the far end", out);
	fputs("\n\n", out);
	fflush(out);
}

/* --- after ------------------------------------------------------------------ */

static bool is_complete(const struct vn_snap_row *row, const struct send_stream *s)
{
	return s->count && row->value[VN_F_sent].n >= s->count;
}

/* A stream that ended without a reason that was asked for. */
static int judge_stream(const struct send_run *run, const struct vn_snap_row *row,
			const struct send_stream *s, struct vn_err *err)
{
	uint64_t sent = row->value[VN_F_sent].n;

	if (s->trouble[0])
		return vn_err_set(err, EIO, "%s", s->trouble);
	if (run->was_interrupted || is_complete(row, s) || (s->time_ns && sent))
		return 0;
	if (!sent)
		return vn_err_set(err, EIO, "%s: nothing was sent on %s", s->name, s->dev->name);
	return vn_err_set(err, EIO,
			  "%s: ended after %" PRIu64 " packets (is %s still up?)", s->name,
			  sent, s->dev->name);
}

static int judge_interrupt(const struct send_run *run, const struct vn_snapshot *s,
			   struct vn_err *err)
{
	if (!run->was_interrupted)
		return 0;
	for (unsigned int i = 0; i < s->n_rows; i++)
		if (!is_complete(&s->rows[i], &run->streams.v[i]))
			return vn_err_set(err, EINTR, "interrupted");
	return 0;
}

/* With both ends in view, nothing may be missing, doubled or damaged. */
static int judge_arrivals(const struct send_run *run, const struct vn_snapshot *s,
			  struct vn_err *err)
{
	static const enum vn_snap_field bad[] = {
		VN_F_lost, VN_F_duplicates, VN_F_corrupt, VN_F_errors,
	};
	const struct vn_snap_row *t = &s->total;
	struct vn_text text;
	char buf[160];

	if (!run->rx)
		return 0;
	if (!t->value[VN_F_lost].is_known)
		return vn_err_set(err, EIO,
				  "more came than was sent: another sender uses these UDP ports");
	vn_text_init(&text, buf, sizeof(buf));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(bad); i++)
		if (!vn_snap_is_zero(t, bad[i]))
			vn_text_add(&text, "%s%" PRIu64 " %s", text.len ? ", " : "",
				    t->value[bad[i]].n, vn_snap_fields[bad[i]].key);
	return text.len ? vn_err_set(err, EIO, "%s", buf) : 0;
}

/* What devices could only tell at the end: a file that was not written whole. */
static int judge_devs(const struct send_run *run, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < run->n_devs && !rc; i++)
		rc = vn_netdev_finish(run->devs[i], err);
	return rc;
}

static int judge(const struct send_run *run, const struct vn_snapshot *s, struct vn_err *err)
{
	int rc = run->rx_rc;

	if (rc)
		vn_err_set(err, -rc, "%s", run->rx_err.text);
	else
		rc = judge_devs(run, err);
	if (!rc && run->capture_rc)
		rc = vn_err_set(err, -run->capture_rc, "%s", run->capture_err.text);
	if (!rc)
		rc = judge_interrupt(run, s, err);
	for (unsigned int i = 0; i < s->n_rows && !rc; i++)
		rc = judge_stream(run, &s->rows[i], &run->streams.v[i], err);
	if (!rc)
		rc = send_judge_off(run, s, err);
	return rc ? rc : judge_arrivals(run, s, err);
}

static void print_verdict(FILE *out, const struct vn_snap_row *t)
{
	uint64_t sent = t->value[VN_F_sent].n, lost = t->value[VN_F_lost].n;

	if (t->value[VN_F_lost].is_known)
		fprintf(out, "sent %" PRIu64 " = received %" PRIu64 " + lost %" PRIu64 "\n", sent,
			sent - lost, lost);
	else
		fprintf(out, "sent %" PRIu64 ", received %" PRIu64 "\n", sent,
			t->value[VN_F_received].n);
}

/* What devices counted themselves; what is 0 is left to the JSON. */
static void print_counters(FILE *out, struct vn_netdev *dev)
{
	struct vn_netdev_counter c[VN_NETDEV_COUNTERS_MAX];
	unsigned int n = vn_netdev_counters(dev, c, VN_NETDEV_COUNTERS_MAX), n_shown = 0;

	for (unsigned int i = 0; i < n; i++)
		if (c[i].n)
			fprintf(out, "%s%s %" PRIu64, n_shown++ ? ", " : "device: ", c[i].name,
				c[i].n);
	if (n_shown)
		fputc('\n', out);
}

static void print_report(const struct send_run *run, const struct vn_snapshot *s)
{
	FILE *out = send_out(run);

	vn_report_tables(out, VN_REPORT_SEND, s);
	send_print_off(run, s, out);
	for (unsigned int i = 0; i < run->n_devs; i++)
		print_counters(out, run->devs[i]);
	if (run->o.has_histogram)
		vn_histogram_report(out, s);
	capturing_report(&run->capturing, &s->receiver, out);
	if (send_writes_file(run))
		fprintf(out, "capture: %s\n", run->o.capture.file);
	if (run->o.json)
		fprintf(out, "JSON: %s\n", run->o.json);
	if (run->rx)
		print_verdict(out, &s->total);
}

int send_report(struct send_run *run, struct vn_err *err)
{
	struct vn_snapshot s;
	const char *verdict;
	int rc = send_snapshot(run, true, NULL, &s);

	if (rc)
		return vn_err_set(err, ENOMEM, "out of memory");
	if (!run->o.is_quiet)
		print_report(run, &s);
	rc = judge(run, &s, err);
	verdict = rc == -EINTR ? "interrupted" : rc ? "failed" : "ok";
	vn_json_write(&run->json, &s, verdict);
	vn_metrics_end(run->metrics, &s);
	vn_snapshot_free(&s);
	return rc;
}

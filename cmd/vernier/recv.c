/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier recv: what arrives on an interface, flow by flow, until a time, a
 * count or a signal; or what a capture file says did. Then the run lasts as long
 * as the file's stamps do.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "cpus.h"
#include "drivers.h"
#include "histogram.h"
#include "interrupt.h"
#include "json.h"
#include "metrics.h"
#include "options.h"
#include "report.h"
#include "respond.h"
#include "rxthread.h"
#include "snapshot.h"

struct recv_options {
	const char *driver;
	const char *json, *metrics;
	struct capturing_options capture;
	struct rx_options rx;
	uint64_t time_ns, count, interval_ns, late_after_ns, clock_error_ns;
	uint64_t linger_ns;
	const char *cpu;
	bool has_histogram, is_quiet;
	struct vn_respond_opts respond;
};

#define OFF(member) offsetof(struct recv_options, member)
#define CAPTURE(member) OFF(capture.member)
#define RX(member) OFF(rx.member)

/* The older name of --capture: by a call, so that it is shown once. */
static int take_pcap(void *dest, const char *value, struct vn_err *err)
{
	((struct recv_options *)dest)->capture.file = value;
	return 0;
}

static int take_respond(void *dest, const char *value, struct vn_err *err)
{
	return vn_respond_add(&((struct recv_options *)dest)->respond, value, err);
}

static int take_respond_mac(void *dest, const char *value, struct vn_err *err)
{
	return vn_respond_set_mac(&((struct recv_options *)dest)->respond, value, err);
}

static const struct vn_option recv_rows[] = {
	{ .name = "time", .metavar = "TIME", .offset = OFF(time_ns),
	  .def = "0", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "end after this long, 0: no limit" },
	{ .name = "count", .metavar = "N", .offset = OFF(count),
	  .def = "0", .units = vn_units_count, .max = INT64_MAX,
	  .help = "end after N of our packets, 0: no limit" },
	{ .name = "driver", .metavar = "NAME", .offset = OFF(driver),
	  .word = vn_driver_name,
	  .help = "driver to receive with (vernier drivers)" },
	{ .name = "json", .metavar = "FILE", .offset = OFF(json),
	  .help = "JSON lines into FILE, - for standard output" },
	{ .name = "pcap", .metavar = "FILE", .call = take_pcap,
	  .help = "an older name of --capture" },
	CAPTURING_ROWS(CAPTURE),
	CAPTURING_DIRECTION_ROW(CAPTURE),
	RX_ROWS(RX),
	METRICS_ROW(OFF(metrics)),
	METRICS_LINGER_ROW(OFF(linger_ns)),
	{ .name = "interval", .metavar = "TIME", .offset = OFF(interval_ns),
	  .def = "1s", .units = vn_units_seconds, .min = 1000000, .max = INT64_MAX,
	  .help = "between lines of progress" },
	{ .name = "late-after", .metavar = "TIME", .offset = OFF(late_after_ns),
	  .def = "0", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "count packets under way longer, 0: no bound" },
	{ .name = "clock-error", .metavar = "TIME", .offset = OFF(clock_error_ns),
	  .def = "0", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "stated error of the clocks, corrects nothing" },
	{ .name = "cpu", .metavar = "N", .offset = OFF(cpu),
	  .help = "bind the receiver to CPU N" },
	{ .name = "histogram", .offset = OFF(has_histogram),
	  .help = "print the distributions too, as bars" },
	{ .name = "respond", .metavar = "ADDR[/LEN]", .call = take_respond,
	  .help = "answer ARP, ND and echo requests for it" },
	{ .name = "respond-mac", .metavar = "MAC", .call = take_respond_mac,
	  .help = "with this MAC instead of the device's" },
	{ .name = "really-on", .metavar = "IF", .offset = OFF(respond.really_on),
	  .help = "answer on IF though it holds the default route" },
	{ .name = "quiet", .offset = OFF(is_quiet),
	  .help = "print errors only (and the JSON)" },
};

const struct vn_options recv_spec = {
	.command = "recv",
	.brief = "receive packets and report loss, order, gaps and latency",
	.args = "IF",
	.summary = "Receives on IF and reports for every flow (UDP destination port) what came,\n"
		   "what was lost, doubled or out of order, the gaps and the latency. With\n"
		   "--driver pcap, IF is a capture file that is read, - for standard input.",
	.examples = "  vernier recv eth1 --time 10s\n"
		    "  vernier recv eth1 --count 1M --json - --quiet\n"
		    "  vernier recv eth1 --time 1m --capture in.pcap --filter \"udp port 9\"\n"
		    "  vernier recv eth1 --capture - --quiet | tcpdump -r -\n"
		    "  vernier recv in.pcap --driver pcap\n"
		    "  vernier recv eth1 --respond 198.18.0.2 --respond fd00::/64\n"
		    "  vernier recv tap0 --driver tap --respond 198.18.0.0/24\n",
	.rows = recv_rows,
	.n_rows = VN_ARRAY_SIZE(recv_rows),
	.args_min = 1,
	.args_max = 1,
	.has_interface = true,
};

struct recv_run {
	struct recv_options o;
	const char *target;
	struct vn_clock clock;
	struct capturing capturing;
	struct vn_rxthread *rx;
	struct vn_json json;
	struct vn_metrics *metrics; /* NULL without --metrics */
	struct vn_interrupt interrupt;
	struct vn_snapshot last; /* the one before, for the rates of now */
	char *settings; /* as lines, for the JSON */
	uint64_t begin_ns;
	int rc; /* what became of receiving */
};

static FILE *people(const struct recv_run *run)
{
	bool is_taken = run->json.out == stdout || capturing_takes_stdout(&run->o.capture);

	return is_taken ? stderr : stdout;
}

static bool is_verbose(const struct recv_run *run)
{
	return !run->o.is_quiet;
}

/* Any thread, but for the final one. prev: for the rates of now; NULL: none. */
static int take_snapshot(struct recv_run *run, bool is_final, const struct vn_snapshot *prev,
			 struct vn_snapshot *out)
{
	struct vn_receiver *r = vn_rxthread_receiver(run->rx);
	unsigned int n = vn_receiver_n_flows(r);
	struct vn_snap_source *sources = calloc(n + 1, sizeof(*sources));
	uint64_t begin_ns, now_ns, filtered;
	struct vn_rxq_stats rxq;
	bool sees_filtered;
	int rc;

	if (!sources)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct vn_rx_flow *flow = vn_receiver_flow(r, i);

		sources[i] = (struct vn_snap_source){
			.name = flow->label,
			.interface = run->target,
			.driver = run->o.driver,
			.rx = flow,
			.is_numbered = true,
			.burst = 1,
		};
	}
	vn_rxthread_stats(run->rx, &rxq);
	sees_filtered = vn_rxthread_filtered(run->rx, &filtered);
	if (!vn_rxthread_span(run->rx, &begin_ns, &now_ns)) {
		begin_ns = run->begin_ns;
		now_ns = vn_clock_now(&run->clock);
	}
	rc = vn_snapshot_take(
		&(struct vn_snap_input){
			.sources = sources,
			.n = n,
			.is_final = is_final,
			.begin_ns = begin_ns,
			.now_ns = now_ns,
			.rx = vn_receiver_stats(r),
			.rxq = &rxq,
			.late_after_ns = run->o.late_after_ns,
			.clock_error_ns = run->o.clock_error_ns,
			.filtered = sees_filtered ? &filtered : NULL,
			.responder = vn_rxthread_responder(run->rx),
			.prev = prev,
		},
		out);
	free(sources);
	return rc;
}

/* A line that cannot be made or written does not end the run: vn_json_close
 * remembers it. */
static void report_interval(struct recv_run *run)
{
	struct vn_snapshot now;

	if (take_snapshot(run, false, &run->last, &now))
		return;
	if (is_verbose(run))
		vn_report_progress(stderr, VN_REPORT_RECV, &now);
	vn_json_write(&run->json, &now, "running");
	vn_snapshot_free(&run->last);
	run->last = now;
}

/* Until the thread has ended or the time is over. The time of a recording is
 * the thread's matter. */
static void wait_for_end(struct recv_run *run)
{
	uint64_t first_ns, last_ns;
	bool is_live = !vn_rxthread_span(run->rx, &first_ns, &last_ns);
	uint64_t end_ns = is_live && run->o.time_ns ? run->begin_ns + run->o.time_ns : UINT64_MAX;
	uint64_t tick_ns = run->begin_ns + run->o.interval_ns;

	for (;;) {
		uint64_t now = vn_clock_now(&run->clock);

		if (now >= end_ns ||
		    vn_rxthread_wait(run->rx, VN_MIN(end_ns, VN_MAX(tick_ns, now)) - now))
			return;
		if (vn_clock_now(&run->clock) < tick_ns)
			continue;
		report_interval(run);
		tick_ns += run->o.interval_ns;
	}
}

static const char *verdict(const struct recv_run *run, const struct vn_snapshot *s)
{
	if (run->rc)
		return "failed";
	if (!run->o.count || s->receiver.ours >= run->o.count)
		return "ok";
	return vn_interrupt_seen(&run->interrupt) ? "interrupted" : "failed";
}

static void print_report(const struct recv_run *run, const struct vn_snapshot *s)
{
	FILE *out = people(run);

	vn_report_progress_end(stderr);
	vn_report_tables(out, VN_REPORT_RECV, s);
	if (run->o.has_histogram)
		vn_histogram_report(out, s);
	if (vn_rxthread_downs(run->rx))
		fprintf(out, "%s went down meanwhile: %" PRIu64 " times\n", run->target,
			vn_rxthread_downs(run->rx));
	capturing_report(&run->capturing, &s->receiver, out);
	if (run->o.json)
		fprintf(out, "JSON: %s\n", run->o.json);
}

static int report_final(struct recv_run *run, struct vn_err *err)
{
	struct vn_snapshot s;
	const char *word;
	int rc = run->rc;

	if (take_snapshot(run, true, NULL, &s))
		return vn_err_set(err, ENOMEM, "out of memory");
	word = verdict(run, &s);
	if (is_verbose(run))
		print_report(run, &s);
	vn_json_write(&run->json, &s, word);
	vn_metrics_end(run->metrics, &s);
	if (!rc && strcmp(word, "ok"))
		rc = vn_err_set(err, ENODATA, "%s: %" PRIu64 " of %" PRIu64 " packets came",
				word[0] == 'i' ? "interrupted" : "the end", s.receiver.ours,
				run->o.count);
	vn_snapshot_free(&s);
	return rc;
}

static void stop_receiving(void *rx)
{
	vn_rxthread_stop(rx);
}

/* On the thread that answers. */
static int take_metrics(void *arg, struct vn_snapshot *out)
{
	return take_snapshot(arg, false, NULL, out);
}

static int receive(struct recv_run *run, struct vn_err *err)
{
	int rc;

	rc = vn_interrupt_listen(&run->interrupt, stop_receiving, run->rx);
	if (rc)
		return vn_err_set(err, -rc, "cannot start a thread: %s", strerror(-rc));
	run->begin_ns = vn_clock_now(&run->clock);
	rc = vn_rxthread_start(run->rx, err);
	if (rc)
		return rc;
	vn_metrics_begin(run->metrics, take_metrics, run);
	if (is_verbose(run))
		fprintf(stderr, "receiving on %s with driver %s\n", run->target, run->o.driver);
	wait_for_end(run);
	run->rc = vn_rxthread_end(run->rx, err);
	rc = capturing_finish(&run->capturing, run->rc ? NULL : err);
	if (!run->rc)
		run->rc = rc;
	return report_final(run, err);
}

static int keep_settings(struct recv_run *run, struct vn_err *err)
{
	size_t size;
	FILE *out = open_memstream(&run->settings, &size);

	if (out) {
		fprintf(out, "interface=%s\n", run->target);
		vn_options_show(&recv_spec, &run->o, out);
		vn_respond_show(&run->o.respond, out);
	}
	if (!out || fclose(out))
		return vn_err_set(err, ENOMEM, "no memory for the settings");
	return 0;
}

static int open_metrics(struct recv_run *run, struct vn_err *err)
{
	const struct vn_metrics_run told = {
		.command = "recv",
		.driver = run->o.driver,
		.rx_interface = run->target,
	};
	int rc = vn_metrics_open(run->o.metrics, &told, &run->metrics, err);

	vn_metrics_print(run->metrics, run->o.is_quiet, stderr);
	return rc;
}

static int open_all(struct recv_run *run, int cpu, struct vn_err *err)
{
	const struct vn_rxthread_opts opts = {
		.driver = run->o.driver,
		.target = run->target,
		.clock = &run->clock,
		.cpu = cpu,
		.capturing = &run->capturing,
		.shows_outgoing = true,
		.rx = &run->o.rx,
		.outlasts_down = true,
		.count = run->o.count,
		.late_after_ns = run->o.late_after_ns,
		.time_ns = run->o.time_ns,
		.respond = &run->o.respond,
	};
	int rc = keep_settings(run, err);

	if (!rc)
		rc = vn_json_open(&run->json, run->o.json, err);
	run->json.run = (struct vn_json_run){
		.command = "recv",
		.driver = run->o.driver,
		.rx_interface = run->target,
		.pcap = run->o.capture.file,
		.settings = run->settings,
	};
	if (!rc)
		rc = open_metrics(run, err);
	if (!rc)
		rc = vn_rxthread_open(&opts, &run->rx, err);
	return rc ? rc : capturing_open(&run->capturing, err);
}

static int plan_capture(struct recv_run *run, struct vn_err *err)
{
	int rc = rx_options_check(&run->o.rx, err);

	if (!rc)
		rc = capturing_check(&run->o.capture, err);
	if (rc)
		return rc;
	if (run->o.json && !strcmp(run->o.json, "-") && capturing_takes_stdout(&run->o.capture))
		return vn_err_set(err, EINVAL, "--capture -: standard output has the JSON");
	return capturing_plan(&run->capturing, &run->o.capture, "in", err);
}

int vn_cmd_recv(int argc, char **argv, struct vn_err *err)
{
	struct recv_run run = { .rx = NULL };
	int cpu = -1, first, rc, close_rc;

	rc = vn_options_parse(&recv_spec, &run.o, argc, argv, &first, err);
	if (rc == VN_OPTIONS_HELPED)
		return VN_EXIT_DONE;
	if (!rc)
		rc = vn_respond_check(&run.o.respond, err);
	if (!rc)
		rc = vn_driver_choose(&run.o.driver, vn_rxthread_needs(&run.o.respond), err);
	if (!rc && run.o.cpu)
		rc = vn_cpu_parse("--cpu", run.o.cpu, &cpu, err);
	if (!rc)
		rc = vn_metrics_check(run.o.metrics, run.o.linger_ns, err);
	if (!rc)
		rc = plan_capture(&run, err);
	if (rc) {
		capturing_close(&run.capturing);
		return VN_EXIT_USAGE;
	}
	run.target = argv[first];
	vn_clock_real(&run.clock);
	vn_interrupt_block(&run.interrupt);
	rc = open_all(&run, cpu, err);
	if (!rc)
		rc = receive(&run, err);
	vn_metrics_linger(run.metrics, &run.clock, run.o.linger_ns, &run.interrupt);
	vn_metrics_close(run.metrics);
	vn_interrupt_end(&run.interrupt);
	vn_rxthread_close(run.rx);
	capturing_close(&run.capturing);
	close_rc = vn_json_close(&run.json, rc ? NULL : err);
	vn_snapshot_free(&run.last);
	free(run.settings);
	return rc || close_rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier send: the options, and the order in which a run is made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "drivers.h"
#include "send_choice.h"
#include "send_priv.h"
#include "send_share.h"

#define OFF(member) offsetof(struct send_options, member)

static int take_stream(void *dest, const char *value, struct vn_err *err)
{
	struct send_options *o = dest;
	struct send_stream *stream;

	return send_streams_add(o->streams, value, &stream, err);
}

static int take_file(void *dest, const char *value, struct vn_err *err)
{
	struct send_options *o = dest;

	return send_streams_file(o->streams, value, err);
}

/* By a call, so that it is none of the settings that are shown. */
static int take_show_settings(void *dest, const char *value, struct vn_err *err)
{
	struct send_options *o = dest;

	o->show_settings = true;
	return 0;
}

static int take_param(void *dest, const struct vn_param *p, const char *value, struct vn_err *err)
{
	struct send_options *o = dest;

	return send_streams_option(o->streams, p, value, err);
}

#define CAPTURE(member) OFF(capture.member)
#define RX(member) OFF(receive.member)

/* The older name of --capture: by a call, so that it is shown once. */
static int take_pcap(void *dest, const char *value, struct vn_err *err)
{
	((struct send_options *)dest)->capture.file = value;
	return 0;
}

static const struct vn_option send_rows[] = {
	{ .name = "driver", .metavar = "NAME", .offset = OFF(driver),
	  .word = vn_driver_or_auto,
	  .help = "driver (vernier drivers); auto, the default: the fastest there is" },
	{ .name = "sim", .offset = OFF(is_sim),
	  .help = "on a virtual clock into --capture FILE: no root, always the same" },
	{ .name = "rx", .metavar = "IF2", .offset = OFF(rx),
	  .help = "receive on IF2 at the same time and account for every packet" },
	{ .name = "pcap", .metavar = "FILE", .call = take_pcap,
	  .help = "an older name of --capture" },
	CAPTURING_ROWS(CAPTURE),
	CAPTURING_DIRECTION_ROW(CAPTURE),
	RX_ROWS(RX),
	{ .name = "json", .metavar = "FILE", .offset = OFF(json),
	  .help = "JSON lines into FILE, - for standard output" },
	METRICS_ROW(OFF(metrics)),
	METRICS_LINGER_ROW(OFF(linger_ns)),
	{ .name = "interval", .metavar = "TIME", .offset = OFF(interval_ns),
	  .def = "1s", .units = vn_units_seconds, .min = 1000000, .max = INT64_MAX,
	  .help = "between lines of progress" },
	{ .name = "seed", .metavar = "N", .offset = OFF(seed),
	  .help = "of all random draws (default: random, printed; with --sim 1)" },
	{ .name = "stream", .metavar = "NAME", .call = take_stream,
	  .help = "begin a stream; stream options before the first are for all" },
	{ .name = "file", .metavar = "FILE", .call = take_file,
	  .help = "streams from a file of pktgen commands" },
	{ .name = "sa", .metavar = "FILE", .offset = OFF(sa),
	  .help = "security associations, as ip xfrm state prints them (flag IPSEC)" },
	{ .name = "cpus", .metavar = "LIST", .offset = OFF(cpus),
	  .help = "a worker on each of these CPUs (0,2-3)" },
	{ .name = "threads", .metavar = "N", .offset = OFF(threads),
	  .units = vn_units_none, .max = VN_CPUS_MAX,
	  .help = "so many workers, on the first CPUs (default 1)" },
	{ .name = "slack", .metavar = "TIME", .offset = OFF(slack_ns),
	  .def = "0", .units = vn_units_seconds, .max = VN_NSEC_PER_SEC,
	  .help = "departures may be so late: sleep rather than spin" },
	{ .name = "fail-if-off", .metavar = "PCT", .offset = OFF(fail_if_off),
	  .help = "fail when a rate is more than PCT percent off the one asked for" },
	{ .name = "realtime", .metavar = "WHEN", .offset = OFF(realtime), .def = "auto",
	  .word = send_realtime_word,
	  .help = "SCHED_FIFO for paced workers: auto, on or off" },
	{ .name = "rx-cpu", .metavar = "N", .offset = OFF(rx_cpu),
	  .help = "bind the receiver to CPU N" },
	{ .name = "link-rate", .metavar = "RATE", .offset = OFF(link_bps),
	  .def = "0", .units = vn_units_bitrate, .max = INT64_MAX,
	  .help = "speed of a simulated link, 0: the driver's own" },
	{ .name = "show-settings", .call = take_show_settings,
	  .help = "print the effective settings as key=value and send nothing" },
	{ .name = "really-on", .metavar = "IF", .offset = OFF(really_on),
	  .help = "allow IF although it holds the default route" },
	{ .name = "settle", .metavar = "TIME", .offset = OFF(settle_ns),
	  .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "with --rx: wait so long for stragglers (default 0.5, with --sim 60)" },
	{ .name = "late-after", .metavar = "TIME", .offset = OFF(late_after_ns),
	  .def = "0", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "with --rx: count packets under way longer, 0: no bound" },
	{ .name = "clock-error", .metavar = "TIME", .offset = OFF(clock_error_ns),
	  .def = "0", .units = vn_units_seconds, .max = INT64_MAX,
	  .help = "with --rx: stated error of the clocks, corrects nothing" },
	{ .name = "histogram", .offset = OFF(has_histogram),
	  .help = "print the distributions too, as bars" },
	{ .name = "quiet", .offset = OFF(is_quiet),
	  .help = "print errors only (and the JSON)" },
};

const struct vn_options send_spec = {
	.command = "send",
	.brief = "send streams of packets, and count what arrives",
	.args = "[IF]",
	.summary = "Sends streams of packets on IF. With --rx, receives them too and accounts for\n"
		   "every one; with --sim, writes them into a capture instead.",
	.examples =
		"  vernier send --sim --count 10 --delay 1ms --capture out.pcap\n"
		"  vernier send eth1 --count 1M --ratep 100k --dst 198.18.0.42\n"
		"  vernier send eth1 --rx eth2 --count 10k --pkt-size 1514 --json run.json\n"
		"  vernier send eth1 --rx eth2 --time 10s --pkt-size 200\n"
		"               --stream voice --udp-dst-min 5000 --ratep 50\n"
		"               --stream bulk --udp-dst-min 6000 --rate 10M\n",
	.rows = send_rows,
	.n_rows = VN_ARRAY_SIZE(send_rows),
	.args_max = 1,
	.has_interface = true,
	.param = take_param,
};

/* A run may change what a stream is set to: they are as they were before. */
static int keep_settings(struct send_run *run, struct vn_err *err)
{
	size_t size;
	FILE *out;

	free(run->settings);
	run->settings = NULL;
	out = open_memstream(&run->settings, &size);
	if (out)
		send_show_settings(run, out);
	if (!out || fclose(out))
		return vn_err_set(err, ENOMEM, "no memory for the settings");
	return 0;
}

/* A driver that was asked for says in the report why it does not send; while one
 * is being chosen it is tried. */
static int try_driver(struct send_run *run, struct vn_err *err)
{
	return run->is_auto ? vn_engine_prepare(run->engine, err) : 0;
}

/*
 * What must be done before the first packet. A step that fails because of what
 * the user typed ends with VN_EXIT_USAGE; what a device cannot do
 * (-EOPNOTSUPP) is a failure wherever it shows.
 */
struct send_step {
	int (*step)(struct send_run *run, struct vn_err *err);
	int exit;
	bool is_drivers; /* another driver may do better */
};

static const struct send_step sending_steps[] = {
	{ send_open_devs, VN_EXIT_FAILED, true },
	{ send_share_out, VN_EXIT_USAGE, false },
	{ send_make_engine, VN_EXIT_FAILED, false },
	{ send_make_entries, VN_EXIT_USAGE, false },
	{ send_check_streams, VN_EXIT_USAGE, false },
	{ send_check_off, VN_EXIT_USAGE, false },
	{ send_check_devs, VN_EXIT_FAILED, false },
	{ keep_settings, VN_EXIT_FAILED, false },
	{ try_driver, VN_EXIT_FAILED, true },
};

static const struct send_step receiving_steps[] = {
	{ send_open_rx, VN_EXIT_FAILED, false },
	{ send_expect_flows, VN_EXIT_USAGE, false },
	{ send_open_capture, VN_EXIT_FAILED, false },
};

static int take_steps(struct send_run *run, const struct send_step *steps, unsigned int n,
		      bool *is_drivers, struct vn_err *err)
{
	for (unsigned int i = 0; i < n; i++) {
		int rc = steps[i].step(run, err);

		*is_drivers = steps[i].is_drivers;
		if (rc == -EINVAL || rc == -ERANGE)
			return steps[i].exit;
		if (rc)
			return VN_EXIT_FAILED;
	}
	return VN_EXIT_DONE;
}

static int set_up_sending(struct send_run *run, bool *is_drivers, struct vn_err *err)
{
	return take_steps(run, sending_steps, VN_ARRAY_SIZE(sending_steps), is_drivers, err);
}

static int prepare(struct send_run *run, struct vn_err *err)
{
	bool is_drivers;
	int status;

	if (run->is_auto)
		status = send_choose(run, set_up_sending, err);
	else
		status = set_up_sending(run, &is_drivers, err);
	if (status)
		return status;
	return take_steps(run, receiving_steps, VN_ARRAY_SIZE(receiving_steps), &is_drivers, err);
}

static int open_json(struct send_run *run, struct vn_err *err)
{
	run->json.run = (struct vn_json_run){
		.command = "send",
		.driver = run->o.driver,
		.interface = send_writes_file(run) ? NULL : run->ifname,
		.rx_interface = run->o.rx,
		.pcap = run->o.capture.file,
		.has_seed = true,
		.seed = run->seed,
		.is_virtual = run->o.is_sim,
		.devs = run->devs,
		.n_devs = run->n_devs,
		.settings = run->settings,
	};
	return vn_json_open(&run->json, run->o.json, err);
}

static int open_metrics(struct send_run *run, struct vn_err *err)
{
	const struct vn_metrics_run told = {
		.command = "send",
		.driver = run->o.driver,
		.interface = run->ifname,
		.rx_interface = run->o.rx,
	};
	int rc = vn_metrics_open(run->o.metrics, &told, &run->metrics, err);

	vn_metrics_print(run->metrics, run->o.is_quiet, stderr);
	return rc;
}

/* From a plan that is complete to the report. */
static int carry_out(struct send_run *run, struct vn_err *err)
{
	int status = prepare(run, err);

	if (status)
		return status;
	if (run->o.show_settings) {
		fputs(run->settings, send_out(run));
		return VN_EXIT_DONE;
	}
	if (open_metrics(run, err) || open_json(run, err))
		return VN_EXIT_FAILED;
	if (!run->o.is_quiet)
		send_print_plan(run);
	if (send_execute(run, err) || send_report(run, err))
		return VN_EXIT_FAILED;
	return VN_EXIT_DONE;
}

static void close_all(struct send_run *run)
{
	vn_engine_free(run->engine);
	run->engine = NULL;
	vn_rxthread_close(run->rx);
	send_undo(run);
	vn_simnet_put(run->simnet);
	capturing_close(&run->capturing);
	vn_snapshot_free(&run->last);
	free(run->settings);
	free(run->whole);
	send_streams_free(&run->streams);
}

int vn_cmd_send(int argc, char **argv, struct vn_err *err)
{
	struct send_run run = { .rx_cpu = -1, .o.settle_ns = SEND_SETTLE_OPEN };
	int first, rc, status;

	run.o.streams = &run.streams;
	rc = vn_options_parse(&send_spec, &run.o, argc, argv, &first, err);
	if (!rc) {
		run.ifname = argv[first];
		rc = send_plan(&run, err);
	}
	if (rc) {
		capturing_close(&run.capturing);
		send_streams_free(&run.streams);
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	}
	vn_interrupt_block(&run.interrupt);
	status = carry_out(&run, err);
	vn_metrics_linger(run.metrics, &run.clock, run.o.linger_ns, &run.interrupt);
	vn_metrics_close(run.metrics);
	vn_interrupt_end(&run.interrupt);
	if (vn_json_close(&run.json, status ? NULL : err) && !status)
		status = VN_EXIT_FAILED;
	close_all(&run);
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier rfc2544: the options, and the order in which a benchmark is made:
 * size by size, in each the tests in the order of the RFC.
 */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "ctl/param.h"
#include "drivers.h"
#include "rfc2544_priv.h"

#define OFF(member) offsetof(struct rfc2544_options, member)

/* What a trial decides for itself. */
static bool is_of_the_trial(const struct vn_param *p)
{
	static const char *const groups[] = { "Run", "Size", "Rate" };
	static const char *const names[] = { "clone_skb", "burst", "udp_dst_min", "udp_dst_max" };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(groups); i++)
		if (!strcmp(p->group, groups[i]))
			return true;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(names); i++)
		if (!strcmp(p->name, names[i]))
			return true;
	return false;
}

static int take_param(void *dest, const struct vn_param *p, const char *value, struct vn_err *err)
{
	struct rfc2544_options *o = dest;

	if (is_of_the_trial(p))
		return vn_err_set(err, EINVAL,
				  "--%s: rfc2544 sets it for each trial (--sizes, --duration, "
				  "--max, --port)",
				  p->name);
	return send_streams_option(o->streams, p, value, err);
}

/* By a call, so that it is none of the settings that are shown. */
static int take_show_settings(void *dest, const char *value, struct vn_err *err)
{
	struct rfc2544_options *o = dest;

	o->show_settings = true;
	return 0;
}

static const struct vn_option rfc2544_rows[] = {
	{ .name = "rx",
	  .metavar = "IF2",
	  .offset = OFF(rx),
	  .help = "where the device under test sends frames back" },
	{ .name = "driver",
	  .metavar = "NAME",
	  .offset = OFF(driver),
	  .word = vn_driver_name,
	  .help = "driver to send with (vernier drivers)" },
	{ .name = "sim",
	  .offset = OFF(is_sim),
	  .help = "a simulated device under test, on a virtual clock: no root, no waiting" },
	{ .name = "sizes",
	  .metavar = "LIST",
	  .offset = OFF(sizes),
	  .def = "64,128,256,512,1024,1280,1518",
	  .help = "frame sizes in bytes, FCS included" },
	{ .name = "tests",
	  .metavar = "LIST",
	  .offset = OFF(tests),
	  .word = rfc2544_test_name,
	  .def = "throughput,latency,loss,back-to-back",
	  .help = "which tests; latency finds the throughput first" },
	{ .name = "duration",
	  .metavar = "TIME",
	  .offset = OFF(final_ns),
	  .def = "60s",
	  .units = vn_units_seconds,
	  .min = 1000000,
	  .max = INT64_MAX / 4,
	  .help = "of a trial whose result counts" },
	{ .name = "search-duration",
	  .metavar = "TIME",
	  .offset = OFF(search_ns),
	  .def = "0",
	  .units = vn_units_seconds,
	  .max = INT64_MAX / 4,
	  .help = "of a trial that only leads the search, 0: as --duration" },
	{ .name = "latency-duration",
	  .metavar = "TIME",
	  .offset = OFF(latency_ns),
	  .def = "120s",
	  .units = vn_units_seconds,
	  .min = 1000000,
	  .max = INT64_MAX / 4,
	  .help = "of a latency trial" },
	{ .name = "burst-duration",
	  .metavar = "TIME",
	  .offset = OFF(burst_ns),
	  .def = "2s",
	  .units = vn_units_seconds,
	  .min = 1000000,
	  .max = INT64_MAX / 4,
	  .help = "of a back-to-back trial, and of the longest burst" },
	{ .name = "repeat",
	  .metavar = "N",
	  .offset = OFF(repeat),
	  .def = "0",
	  .units = vn_units_none,
	  .max = 10000,
	  .help = "repetitions, 0: the RFC's, 20 of latency and 50 of back-to-back" },
	{ .name = "min",
	  .metavar = "RATE",
	  .offset = OFF(min),
	  .def = "0.1%",
	  .help = "lowest rate tried, % of the medium's or frames/s" },
	{ .name = "max",
	  .metavar = "RATE",
	  .offset = OFF(max),
	  .def = "100%",
	  .help = "highest rate tried, never above the medium's" },
	{ .name = "resolution",
	  .metavar = "RATE",
	  .offset = OFF(resolution),
	  .def = "0.1%",
	  .help = "step of rates in the search for the throughput" },
	{ .name = "loss-tolerance",
	  .metavar = "SHARE",
	  .offset = OFF(loss_ppm),
	  .def = "0",
	  .units = rfc2544_units_share,
	  .max = VN_PPM,
	  .help = "loss that a throughput may have, % or ppm; the RFC has none" },
	{ .name = "loss-step",
	  .metavar = "RATE",
	  .offset = OFF(loss_step),
	  .def = "10%",
	  .help = "step of rates in the frame loss test" },
	{ .name = "burst-resolution",
	  .metavar = "N",
	  .offset = OFF(burst_resolution),
	  .def = "1",
	  .units = vn_units_count,
	  .min = 1,
	  .max = INT32_MAX,
	  .help = "step of burst lengths in frames" },
	{ .name = "rate-tolerance",
	  .metavar = "SHARE",
	  .offset = OFF(late_ppm),
	  .def = "0.1%",
	  .units = rfc2544_units_share,
	  .max = VN_PPM,
	  .help = "a trial sent slower by more proves nothing" },
	{ .name = "settle",
	  .metavar = "TIME",
	  .offset = OFF(settle_ns),
	  .def = "2s",
	  .units = vn_units_seconds,
	  .max = INT64_MAX / 4,
	  .help = "wait for the last frames of a trial" },
	{ .name = "stabilize",
	  .metavar = "TIME",
	  .offset = OFF(stabilize_ns),
	  .def = "5s",
	  .units = vn_units_seconds,
	  .max = INT64_MAX / 4,
	  .help = "between a trial and the next" },
	{ .name = "learn",
	  .metavar = "N",
	  .offset = OFF(learn),
	  .def = "10",
	  .units = vn_units_none,
	  .max = 1000000,
	  .help = "learning frames before the first trial of a kind, 0: none" },
	{ .name = "learn-wait",
	  .metavar = "TIME",
	  .offset = OFF(learn_wait_ns),
	  .def = "2s",
	  .units = vn_units_seconds,
	  .max = INT64_MAX / 4,
	  .help = "behind the learning frames" },
	{ .name = "port",
	  .metavar = "N",
	  .offset = OFF(port),
	  .def = "50000",
	  .units = vn_units_none,
	  .min = 1,
	  .max = 65536 - VN_TRIAL_PORTS,
	  .help = "first of the 16 UDP destination ports that trials take in turn" },
	{ .name = "link-rate",
	  .metavar = "RATE",
	  .offset = OFF(link_bps),
	  .def = "0",
	  .units = vn_units_bitrate,
	  .max = INT64_MAX / VN_MILLI,
	  .help = "speed of the medium, 0: what the interface says" },
	{ .name = "seed",
	  .metavar = "N",
	  .offset = OFF(seed),
	  .help = "of all random draws (default 1)" },
	{ .name = "cpu", .metavar = "N", .offset = OFF(cpu), .help = "send from CPU N" },
	{ .name = "rx-cpu",
	  .metavar = "N",
	  .offset = OFF(rx_cpu),
	  .help = "bind the receiver to CPU N" },
	{ .name = "json",
	  .metavar = "FILE",
	  .offset = OFF(json),
	  .help = "JSON lines into FILE, - for standard output" },
	{ .name = "show-settings",
	  .call = take_show_settings,
	  .help = "print the effective settings as key=value and send nothing" },
	{ .name = "really-on",
	  .metavar = "IF",
	  .offset = OFF(really_on),
	  .help = "allow IF although it holds the default route" },
	{ .name = "quiet", .offset = OFF(is_quiet), .help = "print errors only (and the JSON)" },
};

const struct vn_options rfc2544_spec = {
	.command = "rfc2544",
	.brief = "benchmark a network device by RFC 2544",
	.args = "[IF]",
	.summary =
		"Measures throughput, latency, frame loss rate and back-to-back frames of what\n"
		"lies between IF and IF2 (RFC 2544, section 26). For laboratories: it fills the\n"
		"medium. Of the stream options those that a trial sets itself are refused.",
	.examples =
		"  vernier rfc2544 eth1 --rx eth2\n"
		"  vernier rfc2544 eth1 --rx eth2 --sizes 64,1518 --tests loss --duration 10s\n"
		"  vernier rfc2544 eth1 --rx eth2 --dst-mac 02:00:00:00:00:01 --dst 198.19.0.2\n"
		"               --search-duration 5s --json results.json\n"
		"  vernier rfc2544 --sim pps=5k,buffer=64,link=100M --sizes 64,512 --duration 2s\n"
		"               --latency-duration 2s --repeat 3\n",
	.rows = rfc2544_rows,
	.n_rows = VN_ARRAY_SIZE(rfc2544_rows),
	.args_max = 1,
	.has_interface = true,
	.param = take_param,
};

/* --- the tests ---------------------------------------------------------------- */

static int run_throughput(struct rfc2544_size *z, struct vn_err *err)
{
	return vn_search_throughput(&z->search, &z->throughput, err);
}

/* Without a rate that holds there is none to measure at. */
static int run_latency(struct rfc2544_size *z, struct vn_err *err)
{
	if (!z->throughput.rate_milli)
		return 0;
	return vn_search_latency(&z->search, z->throughput.rate_milli, &z->latency, err);
}

static int run_loss(struct rfc2544_size *z, struct vn_err *err)
{
	return vn_search_loss(&z->search, &z->loss, err);
}

static int run_back_to_back(struct rfc2544_size *z, struct vn_err *err)
{
	return vn_search_back_to_back(&z->search, &z->back_to_back, err);
}

static int run_size(struct rfc2544_run *run, struct rfc2544_size *z, struct vn_err *err)
{
	static int (*const tests[])(struct rfc2544_size * z, struct vn_err * err) = {
		[VN_TEST_THROUGHPUT] = run_throughput,
		[VN_TEST_LATENCY] = run_latency,
		[VN_TEST_LOSS] = run_loss,
		[VN_TEST_BACK_TO_BACK] = run_back_to_back,
	};
	int rc = 0;

	for (unsigned int i = 0; i < VN_TESTS_N && !rc; i++) {
		z->has[i] = run->wants[i];
		if (z->has[i])
			rc = tests[i](z, err);
	}
	return rc;
}

static int run_trial(void *arg, const struct vn_trial *t, struct vn_trial_result *out,
		     struct vn_err *err)
{
	struct rfc2544_run *run = arg;
	uint64_t medium_milli = 0;
	int rc = vn_trial_bed_run(run->bed, t, out, err);

	if (rc)
		return rc;
	for (unsigned int i = 0; i < run->n_sizes; i++)
		if (run->sizes[i].search.frame_size == t->frame_size)
			medium_milli = run->sizes[i].search.medium_milli;
	run->n_trials++;
	rfc2544_json_trial(run, t, out, medium_milli);
	if (!run->o.is_quiet)
		rfc2544_print_trial(run, t, out, medium_milli);
	return 0;
}

static int run_all(struct rfc2544_run *run, struct vn_err *err)
{
	static const struct vn_trial_ops ops = { .run = run_trial };
	int rc = vn_interrupt_listen(&run->interrupt, vn_trial_bed_stop, run->bed);

	if (rc)
		return vn_err_set(err, -rc, "cannot start a thread: %s", strerror(-rc));
	for (unsigned int i = 0; i < run->n_sizes && !rc; i++) {
		run->sizes[i].search.ops = &ops;
		run->sizes[i].search.arg = run;
		rc = run_size(run, &run->sizes[i], err);
	}
	return rc;
}

/* --- the run ------------------------------------------------------------------ */

static void show_settings(const struct rfc2544_run *run)
{
	const struct send_settings *given = &run->streams.defaults;
	FILE *out = rfc2544_out(run);

	if (run->target)
		fprintf(out, "interface=%s\n", run->target);
	vn_options_show(&rfc2544_spec, &run->o, out);
	for (unsigned int i = 0; i < given->n; i++)
		fprintf(out, "%s=%s\n", given->v[i].param->name,
			given->v[i].value ? given->v[i].value : "");
}

static int carry_out(struct rfc2544_run *run, struct vn_err *err)
{
	int rc = rfc2544_open(run, err);

	if (rc)
		return rc == -EINVAL || rc == -ERANGE ? VN_EXIT_USAGE : VN_EXIT_FAILED;
	if (run->o.show_settings) {
		show_settings(run);
		return VN_EXIT_DONE;
	}
	if (vn_json_open(&run->json, run->o.json, err))
		return VN_EXIT_FAILED;
	if (!run->o.is_quiet)
		rfc2544_print_plan(run);
	rc = run_all(run, err);
	rfc2544_json_result(run, rc == -EINTR ? "interrupted" : rc ? "failed" : "ok");
	if (!run->o.is_quiet)
		rfc2544_print_report(run);
	return rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}

static void close_all(struct rfc2544_run *run)
{
	vn_trial_bed_close(run->bed);
	vn_netdev_close(run->back);
	vn_netdev_close(run->dev);
	for (unsigned int i = 0; i < run->n_sizes; i++)
		vn_loss_free(&run->sizes[i].loss);
	send_streams_free(&run->streams);
}

/*
 * What the frames are like unless told: from and to addresses that are set aside
 * for benchmarks (RFC 2544, appendix C.2.2), stamped as finely as can be.
 */
static int default_stream(struct rfc2544_run *run, struct vn_err *err)
{
	static const char *const settings[][2] = {
		{ "src_min", "198.18.0.1" },
		{ "dst_min", "198.19.0.1" },
		{ "stamp", "ns" },
	};
	int rc = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(settings) && !rc; i++)
		rc = send_streams_option(&run->streams, vn_param_find(settings[i][0]),
					 settings[i][1], err);
	return rc;
}

int vn_cmd_rfc2544(int argc, char **argv, struct vn_err *err)
{
	struct rfc2544_run run = { .rx_cpu = -1 };
	int first, rc, status;

	run.o.streams = &run.streams;
	rc = default_stream(&run, err);
	if (!rc)
		rc = vn_options_parse(&rfc2544_spec, &run.o, argc, argv, &first, err);
	if (!rc) {
		run.target = argv[first];
		rc = rfc2544_plan(&run, err);
	}
	if (rc) {
		send_streams_free(&run.streams);
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	}
	vn_interrupt_block(&run.interrupt);
	status = carry_out(&run, err);
	vn_interrupt_end(&run.interrupt);
	if (vn_json_close(&run.json, status ? NULL : err) && !status)
		status = VN_EXIT_FAILED;
	close_all(&run);
	return status;
}

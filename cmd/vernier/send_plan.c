/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line left open is chosen: seed, drivers, CPUs. Choices are
 * written back to the options, so that the settings shown repeat the run.
 */
#include "send_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "choice.h"
#include "drivers.h"
#include "seed.h"

#define SIM_DRIVER "pcap"
#define SIM_FILE "vernier.pcap"
#define SIM_SEED 1
#define SETTLE_NS (500 * 1000000ull)
#define SETTLE_SIM_NS (60 * VN_NSEC_PER_SEC)

static int choose_seed(struct send_run *run, struct vn_err *err)
{
	int rc = 0;

	run->seed = SIM_SEED;
	if (run->o.seed || !run->o.is_sim)
		rc = vn_seed_choose(run->o.seed, &run->seed, err);
	if (rc || run->o.seed)
		return rc;
	snprintf(run->seed_text, sizeof(run->seed_text), "%" PRIu64, run->seed);
	run->o.seed = run->seed_text;
	return 0;
}

bool send_writes_file(const struct send_run *run)
{
	return !strcmp(run->o.driver, SIM_DRIVER);
}

/* The same command simulates and sends: what only a wire has is set aside. */
static void set_wire_aside(struct send_run *run)
{
	run->o.rx = NULL;
	run->o.rx_cpu = NULL;
	run->o.receive = (struct rx_options){ .stamps = NULL };
	run->o.metrics = NULL; /* over before anybody could ask */
	run->o.linger_ns = 0;
}

static int choose_drivers(struct send_run *run, struct vn_err *err)
{
	int rc;

	if (run->o.is_sim)
		set_wire_aside(run);
	if (run->o.driver && !strcmp(run->o.driver, VN_CHOICE_AUTO))
		run->o.driver = NULL;
	if (run->o.is_sim && !run->o.driver)
		run->o.driver = SIM_DRIVER;
	/* Until it is chosen, one that stands for all that may be: what is checked
	 * here is the same for them. */
	run->is_auto = !run->o.driver;
	rc = vn_driver_choose(&run->o.driver, VN_CAP_TX | (run->o.is_sim ? VN_CAP_VIRTUAL : 0),
			      err);
	if (rc || !run->o.rx)
		return rc;
	if (vn_netdev_driver(run->o.driver)->caps & VN_CAP_RX)
		run->rx_driver = run->o.driver;
	return vn_driver_choose(&run->rx_driver, VN_CAP_RX, err);
}

static bool has_far_end(const struct send_run *run)
{
	return vn_netdev_driver(run->o.driver)->caps & VN_CAP_FAR_END;
}

/* By enum vn_realtime. */
static const char *const realtime_words[] = { "auto", "off", "on" };

const char *send_realtime_word(unsigned int i)
{
	return i < VN_ARRAY_SIZE(realtime_words) ? realtime_words[i] : NULL;
}

static int choose_realtime(struct send_run *run, struct vn_err *err)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(realtime_words); i++) {
		if (strcmp(run->o.realtime, realtime_words[i]))
			continue;
		run->realtime = (enum vn_realtime)i;
		return 0;
	}
	return vn_err_set(err, EINVAL, "--realtime %s: expected auto, on or off", run->o.realtime);
}

/* Virtual time costs nothing: a discipline may hold packets for long. */
static int choose_settle(struct send_run *run, struct vn_err *err)
{
	if (run->o.settle_ns == SEND_SETTLE_OPEN)
		run->o.settle_ns = run->o.is_sim ? SETTLE_SIM_NS : SETTLE_NS;
	return 0;
}

/* Options that would have no effect are refused. */
static int check_options(struct send_run *run, struct vn_err *err)
{
	const struct send_options *o = &run->o;
	int rc;

	if (o->rx && send_writes_file(run))
		return vn_err_set(err, EINVAL,
				  "--rx: what is written into a file arrives nowhere");
	if (o->rx && has_far_end(run))
		return vn_err_set(err, EINVAL,
				  "--rx %s: driver %s receives at its own far end", o->rx,
				  o->driver);
	if (o->cpus && o->threads)
		return vn_err_set(err, EINVAL, "--threads: --cpus says it already");
	if (o->rx_cpu && !o->rx)
		return vn_err_set(err, EINVAL, "--rx-cpu: needs --rx");
	if (o->receive.stamps && !o->rx)
		return vn_err_set(err, EINVAL, "--stamps %s: needs --rx", o->receive.stamps);
	if (o->receive.ring_bytes && !o->rx)
		return vn_err_set(err, EINVAL, "--ring: needs --rx");
	rc = rx_options_check(&o->receive, err);
	return rc ? rc : vn_metrics_check(o->metrics, o->linger_ns, err);
}

/* What the driver writes is what is sent, whole. */
static int check_file(const struct capturing_options *o, struct vn_err *err)
{
	if (o->filter)
		return vn_err_set(err, EINVAL,
				  "--filter: driver pcap writes all that is sent (null does not)");
	if (o->snaplen)
		return vn_err_set(err, EINVAL,
				  "--snaplen: driver pcap writes all that is sent (null does not)");
	if (o->direction && strcmp(o->direction, "out"))
		return vn_err_set(err, EINVAL, "--direction %s: driver pcap writes what goes out",
				  o->direction);
	return 0;
}

/* Received is what the device of --rx sees, sent what our queues have sent. */
static int plan_capture(struct send_run *run, struct vn_err *err)
{
	static const struct capturing_options none = { .file = NULL };
	struct capturing_options *o = &run->o.capture;
	bool receives = run->o.rx || has_far_end(run);
	int rc;

	if (run->o.json && !strcmp(run->o.json, "-") && capturing_takes_stdout(o))
		return vn_err_set(err, EINVAL, "--capture -: standard output has the JSON");
	if (send_writes_file(run)) {
		o->file = o->file ? o->file : SIM_FILE;
		rc = check_file(o, err);
		return rc ? rc : capturing_plan(&run->capturing, &none, "out", err);
	}
	rc = capturing_check(o, err);
	if (!rc)
		rc = capturing_plan(&run->capturing, o, receives ? "in" : "out", err);
	if (!rc && !receives && o->filter && !o->file)
		rc = vn_err_set(err, EINVAL, "--filter: needs --rx or --capture");
	if (!rc && !receives && run->capturing.takes_in)
		rc = vn_err_set(err, EINVAL, "--direction %s: needs --rx", o->direction);
	return rc;
}

/* Streams of a file bring their own; an interface that none uses is a mistake. */
static int check_interfaces(const struct send_run *run, struct vn_err *err)
{
	unsigned int n_without = 0;

	if (!(vn_netdev_driver(run->o.driver)->caps & VN_CAP_NEEDS_IF))
		return 0;
	for (unsigned int i = 0; i < run->streams.n; i++)
		n_without += !run->streams.v[i].ifname[0];
	if (n_without && !run->ifname)
		return vn_err_set(err, EINVAL,
				  "which interface? vernier send IF, or --sim for none");
	if (!n_without && run->ifname)
		return vn_err_set(err, EINVAL, "%s: no stream uses it (--file names its own)",
				  run->ifname);
	return 0;
}

/* CPUs that the files' add_device lines name. */
static void file_cpus(const struct send_streams *s, struct vn_cpus *out)
{
	out->n = 0;
	for (unsigned int i = 0; i < s->n; i++)
		if (s->v[i].cpu >= 0)
			vn_cpus_add(out, s->v[i].cpu);
}

static int worker_cpus(struct send_run *run, const struct vn_cpus *allowed, struct vn_err *err)
{
	uint64_t n = run->o.threads;

	if (run->o.cpus)
		return vn_cpus_parse("--cpus", run->o.cpus, &run->cpus, err);
	if (!n)
		file_cpus(&run->streams, &run->cpus);
	if (run->cpus.n)
		return 0;
	n = VN_MAX(n, 1u);
	if (n > allowed->n)
		return vn_err_set(err, EINVAL, "--threads %" PRIu64 ": this process has %u CPUs", n,
				  allowed->n);
	run->cpus.n = (unsigned int)n;
	memcpy(run->cpus.v, allowed->v, n * sizeof(allowed->v[0]));
	return 0;
}

/* The receiver's: as asked, or the first that no worker has, or none. */
static int choose_rx_cpu(struct send_run *run, const struct vn_cpus *allowed, struct vn_err *err)
{
	int rc = 0;

	if (!run->o.rx)
		return 0;
	if (run->o.rx_cpu)
		return vn_cpu_parse("--rx-cpu", run->o.rx_cpu, &run->rx_cpu, err);
	for (unsigned int i = 0; i < allowed->n && run->rx_cpu < 0; i++)
		if (!vn_cpus_has(&run->cpus, allowed->v[i]))
			run->rx_cpu = allowed->v[i];
	if (run->rx_cpu >= 0) {
		snprintf(run->rx_cpu_text, sizeof(run->rx_cpu_text), "%d", run->rx_cpu);
		run->o.rx_cpu = run->rx_cpu_text;
	}
	return rc;
}

/* Workers on the virtual clock are on no CPU: any number will do. */
static void any_cpus(struct vn_cpus *out)
{
	for (out->n = 0; out->n < VN_CPUS_MAX; out->n++)
		out->v[out->n] = (int)out->n;
}

static void count_isolated(struct send_run *run)
{
	struct vn_cpus isolated;

	vn_cpus_listed("", "isolated", &isolated);
	for (unsigned int i = 0; i < run->cpus.n; i++)
		run->n_isolated += vn_cpus_has(&isolated, run->cpus.v[i]);
}

static int choose_cpus(struct send_run *run, struct vn_err *err)
{
	struct vn_cpus allowed;
	int rc = 0;

	if (run->o.is_sim)
		any_cpus(&allowed);
	else
		rc = vn_cpus_allowed(&allowed, err);
	if (!run->o.is_sim)
		vn_cpus_prefer("", &allowed);
	if (!rc)
		rc = worker_cpus(run, &allowed, err);
	for (unsigned int i = 0; !rc && i < run->cpus.n; i++)
		rc = vn_cpus_check("worker", run->cpus.v[i], &allowed, err);
	if (!rc)
		rc = choose_rx_cpu(run, &allowed, err);
	if (!run->o.is_sim)
		count_isolated(run);
	vn_cpus_text(&run->cpus, run->cpus_text, sizeof(run->cpus_text));
	run->o.cpus = run->cpus_text;
	run->o.threads = 0; /* said by cpus */
	return rc;
}

int send_plan(struct send_run *run, struct vn_err *err)
{
	static int (*const steps[])(struct send_run *run, struct vn_err *err) = {
		choose_seed,
		choose_drivers,
		check_options,
		send_plan_off,
		plan_capture,
		choose_settle,
		choose_realtime,
		choose_cpus,
	};
	struct send_stream *stream;
	int rc = 0;

	if (!run->streams.n) {
		rc = send_streams_add(&run->streams, "stream0", &stream, err);
		if (rc)
			return rc;
	}
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(steps) && !rc; i++)
		rc = steps[i](run, err);
	return rc ? rc : check_interfaces(run, err);
}

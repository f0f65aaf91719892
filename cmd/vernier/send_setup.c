/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the plan to entries on workers: devices are opened, streams set up, and
 * everything that would make a run pointless or dangerous is refused before
 * the first packet.
 */
#include "send_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dev/pcap.h"
#include "send_share.h"
#include "wire/wire.h"

/* Wall clock at the begin of a simulated run: 2001-09-09 01:46:40 UTC. */
#define SIM_WALL_NS (1000000000 * VN_NSEC_PER_SEC)

/* --- devices ---------------------------------------------------------------- */

static int open_dev(struct send_run *run, const char *target, struct vn_netdev **out,
		    struct vn_err *err)
{
	/* Settings are only shown: no file is made. */
	bool is_dry = run->o.show_settings && send_writes_file(run);
	const struct vn_netdev_opts opts = {
		.target = is_dry ? "" : target,
		.clock = &run->clock,
		/* As the file's link, of whose speed a load is a part. */
		.link_bps = is_dry && !run->o.link_bps ? VN_PCAP_LINK_BPS : run->o.link_bps,
		.simnet = run->simnet,
	};
	int rc;

	if (run->n_devs == SEND_DEVS_MAX)
		return vn_err_set(err, E2BIG, "%s: more than %d interfaces", target,
				  SEND_DEVS_MAX);
	rc = vn_netdev_open(is_dry ? "null" : run->o.driver, VN_CAP_TX, &opts, out, err);
	if (rc)
		return rc;
	run->devs[run->n_devs++] = *out;
	if (run->capturing.o->file && run->capturing.takes_out)
		(*out)->tap = &run->capturing.tap;
	return 0;
}

static const char *stream_target(const struct send_run *run, const struct send_stream *stream)
{
	if (send_writes_file(run))
		return run->o.capture.file;
	if (stream->ifname[0])
		return stream->ifname;
	return run->ifname ? run->ifname : "";
}

/* Streams on the same target share a device. */
static struct vn_netdev *dev_of_earlier(const struct send_run *run, unsigned int n,
					const char *target)
{
	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(stream_target(run, &run->streams.v[i]), target))
			return run->streams.v[i].dev;
	return NULL;
}

/* What a kernel would log: a transmit time-out. */
static void print_line(void *arg, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

/* Devices that are simulated share a net, and with it one thread. */
static int make_simnet(struct send_run *run, struct vn_err *err)
{
	const struct vn_netdev_ops *driver = vn_netdev_driver(run->o.driver);
	const struct vn_simnet_opts opts = {
		.clock = &run->clock,
		.seed = run->seed,
		.log = run->o.is_quiet ? NULL : print_line,
	};

	if (!driver || !(driver->caps & VN_CAP_FAR_END))
		return 0;
	return vn_simnet_new(&opts, &run->simnet, err);
}

int send_open_devs(struct send_run *run, struct vn_err *err)
{
	int rc;

	if (run->o.is_sim)
		vn_clock_virtual(&run->clock, 0, SIM_WALL_NS);
	else
		vn_clock_real(&run->clock);
	if (run->o.slack_ns)
		run->clock.spin_ns = 0;
	rc = make_simnet(run, err);
	for (unsigned int i = 0; i < run->streams.n && !rc; i++) {
		struct send_stream *stream = &run->streams.v[i];
		const char *target = stream_target(run, stream);

		stream->dev = dev_of_earlier(run, i, target);
		if (!stream->dev)
			rc = open_dev(run, target, &stream->dev, err);
	}
	return rc;
}

int send_check_dev(const struct vn_netdev *dev, const char *really_on, struct vn_err *err)
{
	if (!dev->is_up)
		return vn_err_set(err, ENETDOWN, "%s is down (ip link set dev %s up)", dev->name,
				  dev->name);
	if (!dev->has_carrier)
		return vn_err_set(err, ENETDOWN, "%s has no carrier", dev->name);
	if (dev->holds_default_route && (!really_on || strcmp(really_on, dev->name)))
		return vn_err_set(err, EPERM,
				  "%s holds the default route (--really-on %s if you mean it)",
				  dev->name, dev->name);
	return 0;
}

int send_check_frame_len(const struct send_stream *stream, struct vn_err *err)
{
	uint32_t mtu = stream->dev->mtu;
	uint32_t most = mtu + VN_ETH_HLEN + stream->tags_len;

	if (!mtu || stream->max_frame_len <= most)
		return 0;
	return vn_err_set(err, EMSGSIZE,
			  "%s: frames of %u bytes; %s takes %u (MTU %u and %u of headers)",
			  stream->name, stream->max_frame_len, stream->dev->name, most, mtu,
			  VN_ETH_HLEN + stream->tags_len);
}

int send_check_devs(struct send_run *run, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < run->n_devs && !rc; i++)
		rc = send_check_dev(run->devs[i], run->o.really_on, err);
	for (unsigned int i = 0; i < run->streams.n && !rc; i++)
		rc = send_check_frame_len(&run->streams.v[i], err);
	return rc;
}

void send_undo(struct send_run *run)
{
	vn_engine_free(run->engine);
	run->engine = NULL;
	sas_close(&run->sas);
	while (run->n_devs)
		vn_netdev_close(run->devs[--run->n_devs]);
}

/* --- workers and entries ------------------------------------------------------ */

/* Before a driver is chosen: no driver can help. */
static int check_realtime(const struct send_run *run, struct vn_err *err)
{
	int rc = 0;

	if (run->realtime == VN_REALTIME_ON && !run->o.is_sim && !run->o.show_settings)
		rc = vn_realtime_try();
	return rc ? vn_err_set(err, -rc, "--realtime on: %s (needs " VN_REALTIME_RIGHT ")",
			       strerror(-rc))
		  : 0;
}

int send_make_engine(struct send_run *run, struct vn_err *err)
{
	const struct vn_engine_opts opts = {
		.clock = &run->clock,
		.is_virtual = run->o.is_sim,
		.interleave = true,
		.slack_ns = run->o.slack_ns,
		.realtime = run->realtime,
		.bound = &run->rx_cpu,
		.n_bound = run->rx_cpu >= 0,
		.cpus = run->cpus.v,
		.n_cpus = run->cpus.n,
		.seed = run->seed,
		.sas = &run->sas.source,
	};
	int rc = check_realtime(run, err);

	if (!rc)
		rc = sas_open(&run->sas, run->o.sa, err);
	if (rc)
		return rc;
	return vn_engine_new(&opts, &run->engine, err);
}

static struct vn_worker *worker_on(struct send_run *run, int cpu)
{
	for (unsigned int i = 0; i < vn_engine_n_workers(run->engine); i++)
		if (vn_worker_cpu(vn_engine_worker(run->engine, i)) == cpu)
			return vn_engine_worker(run->engine, i);
	return NULL;
}

/* Streams that name a CPU go there, the others take turns. */
static int assign_workers(struct send_run *run, struct vn_err *err)
{
	unsigned int turn = 0;

	for (unsigned int i = 0; i < run->streams.n; i++) {
		struct send_stream *stream = &run->streams.v[i];

		if (stream->cpu < 0)
			stream->worker = vn_engine_worker(run->engine, turn++ % run->cpus.n);
		else
			stream->worker = worker_on(run, stream->cpu);
		if (!stream->worker)
			return vn_err_set(err, EINVAL, "%s:%u: %s: no worker on CPU %d (%s)",
					  stream->file, stream->line, stream->name, stream->cpu,
					  run->cpus_text);
	}
	return 0;
}

struct configure_args {
	struct send_run *run;
	struct send_stream *stream;
	uint32_t index;
	struct vn_err *err;
};

/* On the worker's thread, which owns the entry. */
static int configure_entry(void *arg)
{
	struct configure_args *a = arg;
	struct vn_entry *entry = a->stream->entry;
	int rc;

	/* Packet n leaves at start + n * gap, the first included. */
	entry->last_ok = true;
	/* By place in the command line, so that one more worker changes nothing. */
	vn_stream_seed(&entry->stream, a->run->seed, a->index);
	rc = send_stream_apply(&a->run->streams, a->stream, entry, a->err);
	if (!rc)
		rc = send_share_take(a->stream, entry, a->err);
	if (!rc)
		send_stream_learn(a->stream, entry);
	return rc;
}

/* Each is put at the front of its worker's list: the last one goes first, so
 * that streams due at the same time leave in the order they were given. */
int send_make_entries(struct send_run *run, struct vn_err *err)
{
	int rc = assign_workers(run, err);

	for (unsigned int i = run->streams.n; i > 0 && !rc; i--) {
		struct send_stream *stream = &run->streams.v[i - 1];
		struct configure_args args = { run, stream, i - 1, err };

		rc = vn_worker_add(stream->worker, stream->name, stream->dev, &stream->entry, err);
		if (!rc)
			rc = vn_worker_call(stream->worker, configure_entry, &args);
	}
	return rc;
}

/* What slack makes late must not count as missed. */
static int check_slack(const struct send_run *run, struct vn_err *err)
{
	for (unsigned int i = 0; i < run->streams.n && run->o.slack_ns; i++) {
		const struct send_stream *s = &run->streams.v[i];

		if (s->entry->stream.cfg.late_policy != VN_LATE_CATCH_UP)
			return vn_err_set(err, EINVAL,
					  "%s: --slack makes departures late on purpose: only with "
					  "--late-policy catch-up", s->name);
	}
	return 0;
}

/* Without a rate there are no times to launch at. */
static int check_launch(const struct send_run *run, struct vn_err *err)
{
	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];

		if (s->entry->stream.cfg.launch && !s->is_paced)
			return vn_err_set(err, EINVAL,
					  "%s: --launch needs departures: give a rate (--ratep), a "
					  "--delay or a --gap", s->name);
	}
	return 0;
}

int send_check_streams(struct send_run *run, struct vn_err *err)
{
	int rc;

	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];

		if (run->o.is_sim && s->is_never)
			return vn_err_set(err, EINVAL, "%s: delay never: would never end", s->name);
		if (run->o.is_sim && !s->count && !s->time_ns)
			return vn_err_set(err, EINVAL,
					  "%s: count 0 would never end: give --count or --time",
					  s->name);
		if (run->o.is_sim && !s->count && !s->is_paced && !run->o.link_bps &&
		    !s->dev->link_bps)
			return vn_err_set(err, EINVAL,
					  "%s: takes no time at full speed on a link without "
					  "speed: give --count, a rate, or --link-rate",
					  s->name);
	}
	rc = check_slack(run, err);
	return rc ? rc : check_launch(run, err);
}

/* --- receiver -------------------------------------------------------------------- */

int send_open_rx(struct send_run *run, struct vn_err *err)
{
	const struct vn_rxthread_opts opts = {
		.driver = run->rx_driver,
		.target = run->o.rx,
		.clock = &run->clock,
		.cpu = run->rx_cpu,
		.capturing = &run->capturing,
		.far = run->simnet ? run->devs : NULL,
		.n_far = run->simnet ? run->n_devs : 0,
		.late_after_ns = run->o.late_after_ns,
		.rx = &run->o.receive,
	};

	if (!(run->o.rx || run->simnet) || run->o.show_settings)
		return 0;
	return vn_rxthread_open(&opts, &run->rx, err);
}

int send_open_capture(struct send_run *run, struct vn_err *err)
{
	return run->o.show_settings ? 0 : capturing_open(&run->capturing, err);
}

static int refuse_overlap(const struct send_run *run, const struct send_stream *stream,
			  struct vn_err *err)
{
	const struct send_stream *other = run->streams.v;

	while (other->port_max < stream->port_min || other->port_min > stream->port_max)
		other++;
	return vn_err_set(err, EINVAL,
			  "%s and %s both send to UDP port %u, by which --rx tells streams apart: "
			  "give one another --udp-dst-min",
			  other->name, stream->name, VN_MAX(other->port_min, stream->port_min));
}

int send_expect_flows(struct send_run *run, struct vn_err *err)
{
	struct vn_receiver *r;

	if (!run->rx)
		return 0;
	r = vn_rxthread_receiver(run->rx);
	vn_receiver_only_expected(r, true);
	for (unsigned int i = 0; i < run->streams.n; i++) {
		struct send_stream *stream = &run->streams.v[i];
		int index = vn_receiver_expect(r, stream->name, stream->port_min,
					       stream->port_max);

		if (index == -EEXIST)
			return refuse_overlap(run, stream, err);
		if (index == -ENOMEM)
			return vn_err_set(err, ENOMEM, "%s: no memory for a flow", stream->name);
		if (index < 0)
			return vn_err_set(err, EINVAL, "%s: --rx tells at most %d streams apart",
					  stream->name, VN_RX_FLOWS_MAX);
		stream->flow = vn_receiver_flow(r, (unsigned int)index);
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Engine and receiver are made anew for every trial: their counters begin at
 * 0, sequence numbers at 1, and a worker on the virtual clock begins when the
 * trial does. Only the devices stay.
 */
#include "trial.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rxthread.h"
#include "send_priv.h"
#include "trial_learn.h"
#include "wire/wire.h"

#define LOOK_NS	    200000000ull     /* how long a dead receiver may go unseen */
#define CUT_NS	    3000000000ull    /* a sender that is too slow is given up after its time, */
#define CUT_SHARE   8		     /* an eighth of it, and this */
#define LEARN_MILLI (100 * VN_MILLI) /* rate of learning frames */
#define PERIOD_NUM  (VN_NSEC_PER_SEC * VN_MILLI)

struct vn_trial_bed {
	struct vn_trial_bed_opts o;
	unsigned int n_begun; /* trials, learning ones too: chooses the port */
	uint32_t known_size;  /* kind of the last trial; 0: there was none */
	enum vn_test known_test;
	_Atomic uint32_t stop;	  /* not 0: asked to; waits end on it */
	pthread_mutex_t lock;	  /* of engine, for vn_trial_bed_stop() */
	struct vn_engine *engine; /* that may be stopped, NULL: none */
};

/* One trial, while it lasts. */
struct session {
	struct vn_trial_bed *bed;
	const struct vn_trial *trial;
	bool is_learning; /* its frames are for the device, not for a result */
	uint16_t port;
	struct vn_rxthread *rx;	      /* NULL: far end */
	struct vn_receiver *receiver; /* of rx, or our own */
	struct vn_rx_flow *flow;
	struct vn_rx_flow *others[2]; /* ports of other trials, below and above; or NULL */
	struct vn_engine *engine;
	struct vn_worker *worker;
	struct vn_entry *entry;
	struct send_stream stream; /* what is known of the entry; owns nothing */
	uint32_t dst_ipv4;	   /* of the frames, host order; 0: they are of IPv6 */
	uint64_t begin_ns;
	bool was_cut; /* the sender was too slow and was stopped */
};

static bool is_stopped(const struct vn_trial_bed *b)
{
	return atomic_load_explicit(&b->stop, memory_order_acquire);
}

static int interrupted(struct vn_err *err)
{
	return vn_err_set(err, EINTR, "interrupted");
}

static int pause_until(struct vn_trial_bed *b, uint64_t at_ns, struct vn_err *err)
{
	b->o.clock->wait(b->o.clock, at_ns, &b->stop);
	return is_stopped(b) ? interrupted(err) : 0;
}

static int pause_for(struct vn_trial_bed *b, uint64_t ns, struct vn_err *err)
{
	return pause_until(b, vn_clock_now(b->o.clock) + ns, err);
}

/* --- receiving ---------------------------------------------------------------- */

static int expect(struct session *s, const char *label, unsigned int first, unsigned int end,
		  struct vn_rx_flow **flow, struct vn_err *err)
{
	int index;

	*flow = NULL;
	if (first == end)
		return 0;
	index = vn_receiver_expect(s->receiver, label, (uint16_t)first, (uint16_t)(end - 1));
	if (index < 0)
		return vn_err_set(err, -index, "receiver: no flow of UDP ports %u to %u: %s", first,
				  end - 1, strerror(-index));
	*flow = vn_receiver_flow(s->receiver, (unsigned int)index);
	return 0;
}

static int expect_flows(struct session *s, struct vn_err *err)
{
	unsigned int base = s->bed->o.port, port = s->port;
	int rc;

	vn_receiver_only_expected(s->receiver, true);
	rc = expect(s, "trial", port, port + 1, &s->flow, err);
	if (!rc)
		rc = expect(s, "others", base, port, &s->others[0], err);
	if (!rc)
		rc = expect(s, "others", port + 1, base + VN_TRIAL_PORTS, &s->others[1], err);
	return rc;
}

static int open_receiver(struct session *s, struct vn_err *err)
{
	const struct vn_trial_bed_opts *o = &s->bed->o;
	const struct vn_rxthread_opts opts = {
		.driver = o->rx_driver,
		.target = o->rx_target,
		.clock = o->clock,
		.cpu = o->rx_cpu,
		.far = o->rx_target ? NULL : &o->dev,
		.n_far = !o->rx_target,
	};
	int rc = vn_rxthread_open(&opts, &s->rx, err);

	if (rc)
		return rc;
	s->receiver = vn_rxthread_receiver(s->rx);
	return expect_flows(s, err);
}

/* --- sending ------------------------------------------------------------------ */

/* What would change from frame to frame, or hide when it was sent. */
static int check_flags(const struct vn_stream_cfg *cfg, struct vn_err *err)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} refused[] = {
		{ VN_FLAG_TXSIZE_RND, "TXSIZE_RND" },
		{ VN_FLAG_UDPDST_RND, "UDPDST_RND" },
		{ VN_FLAG_NO_TIMESTAMP, "NO_TIMESTAMP" },
		{ VN_FLAG_IPSEC, "IPSEC" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(refused); i++)
		if (cfg->flags & refused[i].flag)
			return vn_err_set(err, EINVAL,
					  "--flag %s: trials need frames of one size, with stamps "
					  "and ports that can be read",
					  refused[i].name);
	return 0;
}

static int set_size(struct vn_stream *stream, uint32_t frame_size, struct vn_err *err)
{
	uint32_t len = frame_size - VN_ETH_FCS;

	stream->cfg.min_pkt_size = stream->cfg.max_pkt_size = (int32_t)len;
	if (vn_stream_max_frame_len(stream) == len)
		return 0;
	return vn_err_set(err, EINVAL,
			  "frames of %u bytes have no room for these headers: at least %u",
			  frame_size, vn_stream_max_frame_len(stream) + VN_ETH_FCS);
}

static void set_destination(struct session *s, struct vn_stream_cfg *cfg)
{
	static const uint8_t none[VN_ETH_ALEN], far_end[VN_ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x02 };
	const struct vn_netdev *rx = vn_rxthread_dev(s->rx);

	if (!memcmp(cfg->dst_mac, none, sizeof(none)))
		memcpy(cfg->dst_mac, rx ? rx->mac : far_end, sizeof(cfg->dst_mac));
	cfg->udp_dst_min = cfg->udp_dst_max = s->port;
	s->dst_ipv4 = cfg->flags & VN_FLAG_IPV6 ? 0 : vn_ipv4_from_word(cfg->dst_min);
}

struct configure_args {
	struct session *session;
	struct vn_err *err;
};

/* On the worker's thread, which owns the entry. */
static int configure(void *arg)
{
	struct configure_args *a = arg;
	struct session *s = a->session;
	const struct vn_trial_bed_opts *o = &s->bed->o;
	struct vn_stream *stream = &s->entry->stream;
	int rc;

	s->entry->last_ok = true; /* frame n leaves at start + n * gap, the first too */
	vn_stream_seed(stream, o->seed, 0);
	rc = send_stream_apply(o->streams, &o->streams->v[0], s->entry, a->err);
	if (!rc)
		rc = check_flags(&stream->cfg, a->err);
	if (!rc)
		rc = set_size(stream, s->trial->frame_size, a->err);
	if (rc)
		return rc;
	set_destination(s, &stream->cfg);
	stream->cfg.count = s->trial->frames;
	stream->cfg.time_ns = 0;
	vn_stream_set_period(stream, PERIOD_NUM, s->trial->rate_milli);
	stream->generation++;
	send_stream_learn(&s->stream, s->entry);
	return 0;
}

static int make_engine(struct session *s, struct vn_err *err)
{
	const struct vn_trial_bed_opts *o = &s->bed->o;
	const struct vn_engine_opts opts = {
		.clock = o->clock,
		.is_virtual = vn_clock_is_virtual(o->clock),
		.interleave = true,
		.cpus = &o->cpu,
		.n_cpus = 1,
		.seed = o->seed,
	};
	struct configure_args args = { s, err };
	int rc = vn_engine_new(&opts, &s->engine, err);

	if (rc)
		return rc;
	s->worker = vn_engine_worker(s->engine, 0);
	rc = vn_worker_add(s->worker, "trial", o->dev, &s->entry, err);
	return rc ? rc : vn_worker_call(s->worker, configure, &args);
}

static int refresh(struct vn_trial_bed *b, struct vn_err *err)
{
	struct vn_netdev *dev = b->o.dev;
	int rc = dev->ops->refresh ? dev->ops->refresh(dev, err) : 0;

	return rc ? rc : send_check_dev(dev, b->o.really_on, err);
}

static int begin(struct session *s, struct vn_err *err)
{
	struct vn_trial_bed *b = s->bed;
	int rc = refresh(b, err);

	s->port = (uint16_t)(b->o.port + b->n_begun++ % VN_TRIAL_PORTS);
	if (!rc)
		rc = open_receiver(s, err);
	if (!rc)
		rc = make_engine(s, err);
	if (rc)
		return rc;
	s->stream.dev = b->o.dev;
	return send_check_frame_len(&s->stream, err);
}

static void end(struct session *s)
{
	vn_engine_free(s->engine);
	vn_rxthread_close(s->rx);
}

/* From here on to hide_engine() a stop reaches the engine; one that came before
 * keeps it from starting. */
static void start_engine(struct session *s)
{
	struct vn_trial_bed *b = s->bed;

	pthread_mutex_lock(&b->lock);
	if (!is_stopped(b)) {
		b->engine = s->engine;
		vn_engine_start(s->engine);
	}
	pthread_mutex_unlock(&b->lock);
}

static void hide_engine(struct vn_trial_bed *b)
{
	pthread_mutex_lock(&b->lock);
	b->engine = NULL;
	pthread_mutex_unlock(&b->lock);
}

static uint64_t sending_ns(const struct vn_trial *t)
{
	return (uint64_t)((__uint128_t)t->frames * PERIOD_NUM / t->rate_milli);
}

/* A sender that is far too slow would make a trial of a minute one of hours. */
static void wait_sent(struct session *s)
{
	struct vn_clock *clock = s->bed->o.clock;
	uint64_t ns = sending_ns(s->trial);
	uint64_t cut_ns = s->begin_ns + ns + ns / CUT_SHARE + CUT_NS;

	for (;;) {
		uint64_t now = vn_clock_now(clock);
		uint64_t left = cut_ns > now ? cut_ns - now : 0;

		if (vn_engine_wait_idle(s->engine, VN_MIN(VN_MAX(left, 1u), LOOK_NS)))
			return;
		s->was_cut |= vn_clock_now(clock) >= cut_ns;
		if (s->was_cut || vn_rxthread_wait(s->rx, 0))
			vn_engine_stop(s->engine);
	}
}

static void send_frames(struct session *s)
{
	s->begin_ns = vn_clock_now(s->bed->o.clock);
	start_engine(s);
	if (vn_clock_is_virtual(s->bed->o.clock))
		vn_engine_run_virtual(s->engine);
	else
		wait_sent(s);
	hide_engine(s->bed);
}

/* --- what became of it ---------------------------------------------------------- */

/* A receiver that ended by itself has a reason; a sender was then stopped. */
static int judge_receiving(const struct session *s, struct vn_err *err)
{
	return vn_rxthread_wait(s->rx, 0) ? vn_rxthread_end(s->rx, err) : 0;
}

static int judge_sending(const struct session *s, struct vn_err *err)
{
	const struct vn_netdev *dev = s->bed->o.dev;
	uint64_t sent = vn_stat_get(&s->entry->stats.sofar);

	if (is_stopped(s->bed))
		return interrupted(err);
	if (s->entry->start_err.text[0])
		return vn_err_set(err, EIO, "%s: %s", dev->name, s->entry->start_err.text);
	if (sent == s->trial->frames || s->was_cut)
		return 0;
	return vn_err_set(err, ENETDOWN,
			  "%s: ended after %" PRIu64 " of %" PRIu64 " frames (is it still up?)",
			  dev->name, sent, s->trial->frames);
}

static void judge_rate(const struct session *s, struct vn_trial_result *out)
{
	const struct vn_entry_stats *st = &s->entry->stats;
	uint64_t took_ns = vn_stat_get(&st->last_ns) - vn_stat_get(&st->first_ns);
	uint64_t asked = s->trial->rate_milli;
	__uint128_t least = (__uint128_t)asked * (VN_PPM - s->bed->o.late_ppm);

	if (out->sent > 1 && took_ns)
		out->offered_milli =
			(uint64_t)((__uint128_t)(out->sent - 1) * PERIOD_NUM / took_ns);
	out->is_short = s->was_cut ||
			(out->offered_milli && (__uint128_t)out->offered_milli * VN_PPM < least);
}

static void collect_latency(const struct session *s, struct vn_trial_result *out)
{
	const struct vn_hist *h = &s->flow->latency;

	out->latency_samples = vn_hist_count(h);
	if (!out->latency_samples)
		return;
	out->latency_min_ns = h->min;
	out->latency_max_ns = h->max;
	out->latency_mean_ns = vn_hist_mean(h);
	if (s->trial->latency)
		vn_hist_merge(s->trial->latency, h);
}

static uint64_t received_by(const struct vn_rx_flow *flow)
{
	return flow ? vn_stat_get(&flow->stats.received) : 0;
}

static int collect(const struct session *s, struct vn_trial_result *out, struct vn_err *err)
{
	struct vn_rxq_stats rxq;
	struct vn_rx_flow_counts c;

	vn_rxthread_stats(s->rx, &rxq);
	vn_rx_flow_read(s->flow, &c);
	*out = (struct vn_trial_result){
		.sent = vn_stat_get(&s->entry->stats.sofar),
		.received = c.unique,
		.duplicates = c.duplicates,
		.reordered = c.reordered,
		.corrupt = c.corrupt,
		.errors = vn_stat_get(&s->entry->stats.errors),
		.stragglers = received_by(s->others[0]) + received_by(s->others[1]),
		.drops = rxq.drops,
	};
	if (out->received > out->sent)
		return vn_err_set(err, EPROTO,
				  "%" PRIu64 " frames came of %" PRIu64 " that were sent: another "
				  "sender uses UDP port %u",
				  out->received, out->sent, s->port);
	out->lost = out->sent - out->received;
	judge_rate(s, out);
	collect_latency(s, out);
	return 0;
}

/* --- a trial ----------------------------------------------------------------------- */

static int run_session(struct session *s, struct vn_trial_result *out, struct vn_err *err)
{
	struct vn_trial_bed *b = s->bed;
	int rc = vn_rxthread_start(s->rx, err);

	if (!rc && s->is_learning && b->o.back)
		rc = vn_trial_announce(b->o.back, b->o.clock, s->dst_ipv4, err);
	if (rc)
		return rc;
	send_frames(s);
	rc = judge_receiving(s, err);
	if (!rc)
		rc = judge_sending(s, err);
	if (!rc)
		rc = pause_until(b, s->begin_ns + s->trial->duration_ns, err);
	if (!rc)
		rc = pause_for(b, b->o.settle_ns, err);
	if (!rc)
		rc = vn_rxthread_end(s->rx, err);
	return rc ? rc : collect(s, out, err);
}

static int run_one(struct vn_trial_bed *b, const struct vn_trial *t, bool is_learning,
		   struct vn_trial_result *out, struct vn_err *err)
{
	struct session s = {
		.bed = b,
		.trial = t,
		.is_learning = is_learning,
		.stream.name = "trial",
	};
	int rc = begin(&s, err);

	if (!rc)
		rc = run_session(&s, out, err);
	end(&s);
	return rc;
}

/* RFC 2544, 23 b: so that whatever forwards knows the way before it is measured. */
static int learn(struct vn_trial_bed *b, const struct vn_trial *t, struct vn_err *err)
{
	struct vn_trial few = {
		.test = t->test,
		.frame_size = t->frame_size,
		.rate_milli = VN_MIN(t->rate_milli, LEARN_MILLI),
		.frames = b->o.learn_frames,
	};
	struct vn_trial_result ignored;
	int rc;

	if (b->known_size == t->frame_size && b->known_test == t->test)
		return 0;
	b->known_size = t->frame_size;
	b->known_test = t->test;
	if (!b->o.learn_frames)
		return 0;
	rc = run_one(b, &few, true, &ignored, err);
	return rc ? rc : pause_for(b, b->o.learn_wait_ns, err);
}

int vn_trial_bed_run(void *bed, const struct vn_trial *trial, struct vn_trial_result *out,
		     struct vn_err *err)
{
	struct vn_trial_bed *b = bed;
	int rc = 0;

	*out = (struct vn_trial_result){ 0 };
	if (b->known_size)
		rc = pause_for(b, b->o.stabilize_ns, err);
	if (!rc)
		rc = learn(b, trial, err);
	return rc ? rc : run_one(b, trial, false, out, err);
}

int vn_trial_bed_check(struct vn_trial_bed *bed, uint32_t frame_size, struct vn_err *err)
{
	const struct vn_trial trial = {
		.frame_size = frame_size,
		.rate_milli = VN_MILLI,
		.frames = 1,
	};
	struct session s = { .bed = bed, .trial = &trial, .stream.name = "trial" };
	int rc = begin(&s, err);

	end(&s);
	return rc;
}

/* --- the bed ----------------------------------------------------------------------- */

int vn_trial_bed_open(const struct vn_trial_bed_opts *opts, struct vn_trial_bed **out,
		      struct vn_err *err)
{
	struct vn_trial_bed *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return vn_err_set(err, ENOMEM, "out of memory");
	b->o = *opts;
	pthread_mutex_init(&b->lock, NULL);
	return 0;
}

void vn_trial_bed_close(struct vn_trial_bed *bed)
{
	if (!bed)
		return;
	pthread_mutex_destroy(&bed->lock);
	free(bed);
}

void vn_trial_bed_stop(void *bed)
{
	struct vn_trial_bed *b = bed;

	vn_clock_wake(&b->stop, 1);
	pthread_mutex_lock(&b->lock);
	if (b->engine)
		vn_engine_stop(b->engine);
	pthread_mutex_unlock(&b->lock);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of an entry: begin of a run, end of a run, and the Result text
 * (spec sections 6.3, 7.4 and 7.9).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine_priv.h"

bool vn_entry_is_running(const struct vn_entry *e)
{
	return atomic_load_explicit(&e->stats.is_running, memory_order_relaxed);
}

static void set_running(struct vn_entry *e, bool is_running)
{
	if (vn_entry_is_running(e) == is_running)
		return;
	atomic_store_explicit(&e->stats.is_running, is_running, memory_order_relaxed);
	/* Release: who sees the count drop sees the final counters and Result
	 * (vn_engine_wait_idle). */
	if (is_running)
		atomic_fetch_add_explicit(&e->worker->n_running, 1, memory_order_release);
	else
		atomic_fetch_sub_explicit(&e->worker->n_running, 1, memory_order_release);
}

static void set_result(struct vn_entry *e, const char *text)
{
	struct vn_text t;

	vn_text_init(&t, e->result, sizeof(e->result));
	vn_text_add(&t, "%s", text);
}

/* --- result --------------------------------------------------------------- */

static uint64_t per_second(__uint128_t n, uint64_t t_ns)
{
	return t_ns ? (uint64_t)(n * VN_NSEC_PER_SEC / t_ns) : 0;
}

/* Bits of all packets built by size; the counts are those of all runs. */
static __uint128_t imix_bits(const struct vn_imix *m)
{
	__uint128_t bytes = 0;
	unsigned int i;

	for (i = 0; i < m->n; i++)
		bytes += (__uint128_t)m->entry[i].size * m->entry[i].packets;
	return bytes * 8;
}

static void write_result(struct vn_entry *e)
{
	const struct vn_stream *s = &e->stream;
	uint64_t t_ns = vn_stat_get(&e->stats.stopped_ns) - vn_stat_get(&e->stats.started_ns);
	uint64_t idle_ns = vn_stat_get(&e->stats.idle_ns);
	uint64_t sofar = vn_stat_get(&e->stats.sofar);
	uint64_t pps = per_second(sofar, t_ns);
	uint64_t bps = s->imix.n ? per_second(imix_bits(&s->imix), t_ns)
				 : pps * 8 * (uint64_t)s->cur.pkt_size;
	struct vn_text t;

	vn_text_init(&t, e->result, sizeof(e->result));
	vn_text_add(&t, "OK: %" PRIu64 "(c%" PRIu64 "+d%" PRIu64 ") usec, ",
		    t_ns / VN_NSEC_PER_USEC, (t_ns - idle_ns) / VN_NSEC_PER_USEC,
		    idle_ns / VN_NSEC_PER_USEC);
	vn_text_add(&t, "%" PRIu64 " (%dbyte,%dfrags)\n", sofar, s->cur.pkt_size,
		    e->has_held ? vn_stream_nr_frags(s) : -1);
	vn_text_add(&t, "  %" PRIu64 "pps %" PRIu64 "Mb/sec (%" PRIu64 "bps) errors: %" PRIu64, pps,
		    bps / 1000000, bps, vn_stat_get(&e->stats.errors));
}

/* --- begin ---------------------------------------------------------------- */

static void clear_stats(struct vn_entry *e)
{
	struct vn_entry_stats *st = &e->stats;
	_Atomic uint64_t *counters[] = {
		&st->sofar,	 &st->errors,  &st->tx_bytes, &st->tx_bits_l1,
		&st->tx_bits_l2, &st->idle_ns, &st->first_ns, &st->last_ns,
		&st->skipped,	 &st->slid_ns, &st->batch_max, &st->call_ns,
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(counters); i++)
		vn_stat_set(counters[i], 0);
	vn_departures_clear(e->departures);
	vn_departures_clear(e->stamped);
	e->seq_num = 1;
}

static int check_mode(const struct vn_entry *e, struct vn_err *err)
{
	static const struct {
		uint32_t cap;
		const char *mode;
	} needs[] = {
		[VN_START_XMIT] = { VN_CAP_TX, "start_xmit" },
		[VN_NETIF_RECEIVE] = { VN_CAP_RX_INJECT, "netif_receive" },
		[VN_QUEUE_XMIT] = { VN_CAP_QUEUE_XMIT, "queue_xmit" },
	};
	enum vn_xmit_mode mode = e->stream.cfg.xmit_mode;

	if (e->dev->ops->caps & needs[mode].cap)
		return 0;
	return vn_err_set(err, EOPNOTSUPP, "%s: driver %s cannot do xmit_mode %s", e->name,
			  e->dev->ops->name, needs[mode].mode);
}

/* One queue for the whole run, where pktgen chooses for each packet. */
static uint16_t queue_of(const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	uint32_t n = VN_MAX(e->dev->n_txq, 1), span = 1;

	if (cfg->flags & VN_FLAG_QUEUE_MAP_CPU)
		return (uint16_t)((uint32_t)e->worker->cpu % n);
	if (cfg->queue_map_max > cfg->queue_map_min)
		span = (uint32_t)cfg->queue_map_max - cfg->queue_map_min + 1;
	return (uint16_t)((cfg->queue_map_min + e->share % span) % n);
}

static int open_txq(struct vn_entry *e, struct vn_err *err)
{
	static const enum vn_tx_path path_of[] = {
		[VN_START_XMIT] = VN_PATH_DRIVER,
		[VN_NETIF_RECEIVE] = VN_PATH_RECEIVE,
		[VN_QUEUE_XMIT] = VN_PATH_QDISC,
	};
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	const uint32_t mapped = VN_FLAG_QUEUE_MAP_CPU | VN_FLAG_QUEUE_MAP_RND;
	const struct vn_txq_opts opts = {
		.frame_cap = e->builder.max_len,
		.path = path_of[cfg->xmit_mode],
		.priority = cfg->skb_priority,
		.queue = queue_of(e),
		.may_move = cfg->queue_map_max == 0 && !(cfg->flags & mapped),
		.launch = cfg->launch,
		.stamps = cfg->departure_stamps,
	};
	int rc;

	vn_entry_close(e);
	rc = vn_netdev_txq_open(e->dev, &opts, &e->txq, err);
	e->stamp_source = rc == 0 ? e->txq->stamp_source : NULL;
	return rc;
}

static int grow_held(struct vn_entry *e)
{
	uint8_t *data;

	e->copies_left = 0;
	e->burst_left = 0;
	if (e->held.cap >= e->builder.max_len)
		return 0;
	data = realloc(e->held.data, e->builder.max_len);
	if (!data)
		return -ENOMEM;
	e->held.data = data;
	e->held.cap = e->builder.max_len;
	e->held.content = 0;
	return 0;
}

static int compile(struct vn_entry *e, struct vn_err *err)
{
	int rc = check_mode(e, err);

	if (rc == 0)
		rc = vn_builder_compile(&e->builder, &e->stream, err);
	if (rc == 0 && grow_held(e) < 0)
		rc = vn_err_set(err, ENOMEM, "%s: no memory for a packet", e->name);
	if (rc == 0 && (!e->txq || e->txq->frames[0].cap < e->builder.max_len))
		rc = open_txq(e, err);
	if (rc == 0 && e->txq->generator)
		rc = e->txq->generator->load(e->txq, &e->builder, vn_entry_copies(e),
					     vn_stream_burst(&e->stream.cfg), err);
	if (rc < 0)
		return rc;
	vn_txq_abandon(e->txq); /* built before the change; numbers are not used up */
	e->compiled_generation = e->stream.generation;
	return 0;
}

/* What a device that sends by itself has recorded so far. */
static void collect(struct vn_entry *e)
{
	if (e->txq && e->txq->generator && e->txq->generator->collect)
		e->txq->generator->collect(e->txq, e->departures);
}

bool vn_entry_compile(struct vn_entry *e)
{
	int rc;

	collect(e);
	rc = compile(e, &e->start_err);
	if (rc < 0)
		vn_entry_stop(e);
	else
		vn_pace_change(e);
	return rc == 0;
}

static int begin(struct vn_entry *e, struct vn_err *err)
{
	struct vn_netdev *dev = e->dev;
	struct vn_stream_env env = {
		.ipv4 = dev->ipv4,
		.ipv6_ll = dev->ipv6_ll,
		.n_txq = dev->n_txq,
		.cpu = (uint16_t)e->worker->cpu,
		.sas = e->worker->engine->sas,
	};
	struct vn_err why = { "" };
	int rc;

	memcpy(env.mac, dev->mac, sizeof(env.mac));
	rc = vn_stream_begin(&e->stream, &env, &why);
	if (rc < 0)
		return vn_err_set(err, -rc, "%s: %s", e->name, why.text);
	clear_stats(e);
	vn_entry_close(e); /* the mode or the priority may be another */
	e->has_held = false;
	return compile(e, err);
}

void vn_entry_prepare(struct vn_entry *e)
{
	e->start_err.text[0] = '\0';
	e->start_rc = vn_machine_admit(e, &e->start_err);
	if (!e->start_rc)
		e->start_rc = begin(e, &e->start_err);
	e->is_prepared = e->start_rc == 0;
	if (e->is_prepared)
		return;
	vn_entry_close(e);
	set_running(e, false);
	set_result(e, "Error starting");
}

/*
 * Departures begin a little later than the start, at a time for which the first one
 * can be ready; those of one schedule that several workers keep, at the very same
 * time. In the kernel's way they begin at once.
 */
static uint64_t begin_time(const struct vn_entry *e)
{
	struct vn_engine *engine = e->worker->engine;
	uint64_t now = vn_clock_now(engine->clock), together;

	if (!e->stream.cfg.period_num || !(e->shares || engine->interleave))
		return now;
	together = atomic_load_explicit(&engine->together_ns, memory_order_relaxed);
	return e->shares ? together : VN_MAX(now, together);
}

void vn_entry_start(struct vn_entry *e)
{
	uint64_t at_ns = begin_time(e);

	e->is_ahead = false;
	if (!e->is_prepared)
		return;
	at_ns += e->txq->launch_ns; /* the first one, too, is handed over early */
	vn_stat_set(&e->stats.started_ns, at_ns);
	vn_stat_set(&e->stats.stopped_ns, at_ns);
	vn_pace_begin(e, at_ns);
	set_result(e, "Starting");
	set_running(e, true);
	/* Then the first turn ends the run, before a packet is built. */
	if (!e->dev->is_up || !e->dev->has_carrier)
		vn_entry_stop(e);
}

/* --- end ------------------------------------------------------------------ */

void vn_entry_stop(struct vn_entry *e)
{
	uint64_t now = vn_clock_now(e->worker->engine->clock);

	if (!vn_entry_is_running(e))
		return;
	/* Before the begin, if that is a common one that was not reached. */
	collect(e);
	vn_stat_set(&e->stats.stopped_ns, VN_MAX(now, vn_stat_get(&e->stats.started_ns)));
	if (!(e->stream.cfg.flags & VN_FLAG_SHARED))
		e->has_held = false; /* given away on transmission */
	write_result(e);
	e->copies_left = 0;
	set_running(e, false);
}

void vn_entry_close(struct vn_entry *e)
{
	vn_stream_account(&e->stream);
	e->dev->ops->txq_close(e->txq);
	e->txq = NULL;
}

void vn_entry_free(struct vn_entry *e)
{
	if (!e)
		return;
	vn_entry_close(e);
	vn_stream_fini(&e->stream);
	free(e->held.data);
	free(e->departures);
	free(e->stamped);
	free(e);
}

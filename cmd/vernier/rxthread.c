/* SPDX-License-Identifier: BSD-2-Clause */
#include "rxthread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "base/stat.h"
#include "net/grain.h"
#include "rxpath.h"

#define ROUND 4096            /* frames between looks at whether to stop */
#define POLL_NS 20000000ull   /* how long a request to stop may go unseen */
#define STATS_NS 100000000ull /* how old the queue's counters and the capture may be */

#define DRAIN_POLLS 1024      /* at the end, should more keep coming */

struct vn_rxthread {
	struct vn_clock *clock;
	int cpu;
	uint64_t count, time_ns;
	struct vn_netdev *dev;
	struct vn_rxq *rxq;
	struct vn_netdev *const *far; /* NULL: dev is used */
	unsigned int n_far;
	struct vn_receiver *receiver;
	struct vn_respond respond;
	struct capturing *capturing;
	struct vn_rxpath *path;
	bool captures_in, captures_out;
	bool is_recorded; /* as the queue says; clear of far ends */
	struct vn_grain grain; /* of far ends */
	bool outlasts_down;
	pthread_t thread;
	bool is_started;
	int rc; /* of the thread, read after the join */
	sem_t ended;
	_Atomic bool must_stop;
	/* Written by the thread: copies of the queue's, and of a recording its
	 * earliest stamp and its latest. */
	_Atomic uint64_t packets, drops, downs, stamp_other, stamp_resolution_ns;
	_Atomic(const char *) stamp_source;
	_Atomic uint64_t first_ns, last_ns;
};

static void store(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_relaxed);
}

static uint64_t load(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

/* Notes the frame's time; false when the time asked for is over with it. */
static bool follow_recording(struct vn_rxthread *t, uint64_t stamp_ns)
{
	uint64_t first_ns = load(&t->first_ns), last_ns = load(&t->last_ns);

	if (!last_ns)
		first_ns = last_ns = stamp_ns;
	if (t->time_ns && stamp_ns > first_ns && stamp_ns - first_ns >= t->time_ns) {
		vn_rxthread_stop(t);
		return false;
	}
	store(&t->first_ns, VN_MIN(first_ns, stamp_ns));
	store(&t->last_ns, VN_MAX(last_ns, stamp_ns));
	return true;
}

/* All frames of the group, up to where the time asked for is over. */
static unsigned int look(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_rxthread *t = arg;

	for (unsigned int i = 0; t->is_recorded && i < n; i++)
		if (!follow_recording(t, pkts[i].stamp_ns))
			n = i;
	for (unsigned int i = 0; t->far && i < n && !vn_grain_is_done(&t->grain); i++)
		vn_grain_add(&t->grain, pkts[i].stamp_ns);
	if (t->far)
		store(&t->stamp_resolution_ns, vn_grain_ns(&t->grain));
	return n;
}

static struct vn_filter *filter_of(const struct vn_rxthread *t)
{
	return t->capturing ? t->capturing->filter : NULL;
}

static void copy_stats(struct vn_rxthread *t)
{
	struct vn_rxq_stats stats = { 0 };

	t->rxq->stats(t->rxq, &stats);
	store(&t->packets, stats.packets);
	store(&t->drops, stats.drops);
	store(&t->stamp_other, stats.stamp_other);
	store(&t->stamp_resolution_ns, stats.stamp_resolution_ns);
	atomic_store_explicit(&t->stamp_source, stats.stamp_source, memory_order_relaxed);
}

/* Frames that may be asked for without counting more than `count` of ours. */
static unsigned int budget(const struct vn_rxthread *t)
{
	uint64_t ours;

	if (!t->count)
		return ROUND;
	ours = atomic_load_explicit(&vn_receiver_stats(t->receiver)->ours, memory_order_relaxed);
	return ours >= t->count ? 0 : (unsigned int)VN_MIN(t->count - ours, ROUND);
}

/* How many frames came; -errno: it cannot go on. */
static int receive(struct vn_rxthread *t, unsigned int n, uint64_t timeout_ns)
{
	int rc = vn_rxpath_run(t->path, n, timeout_ns);

	if (rc != -ENETDOWN || !t->outlasts_down)
		return rc;
	store(&t->downs, load(&t->downs) + 1);
	return 0;
}

/* What had come before the stop is counted, also on a machine so busy that this
 * thread did not get to it: it would look lost. */
static int drain(struct vn_rxthread *t)
{
	unsigned int n;
	int rc = 1;

	for (unsigned int i = 0; i < DRAIN_POLLS && rc > 0 && (n = budget(t)); i++)
		rc = receive(t, n, 0);
	return rc;
}

static void *receive_thread(void *arg)
{
	struct vn_rxthread *t = arg;
	uint64_t next_stats = 0;
	unsigned int n;
	int rc = 0;

	vn_thread_name("vernier-rx");
	if (t->cpu >= 0)
		rc = vn_cpu_pin(t->cpu);
	while (rc >= 0 && (n = budget(t)) &&
	       !atomic_load_explicit(&t->must_stop, memory_order_relaxed)) {
		uint64_t now = vn_clock_now(t->clock);

		rc = receive(t, n, POLL_NS);
		if (now >= next_stats) {
			copy_stats(t);
			if (t->capturing)
				capturing_flush(t->capturing);
			next_stats = now + STATS_NS;
		}
	}
	if (rc >= 0)
		rc = drain(t);
	copy_stats(t);
	t->rc = rc < 0 && rc != -ENODATA ? rc : 0;
	sem_post(&t->ended);
	return NULL;
}

static const char *const stamp_words[] = {
	[VN_STAMPS_AUTO] = "auto",
	[VN_STAMPS_HARDWARE] = "hardware",
	[VN_STAMPS_KERNEL] = "kernel",
};

const char *rx_stamps(unsigned int i)
{
	return i < VN_ARRAY_SIZE(stamp_words) ? stamp_words[i] : NULL;
}

/* -1 for none of the words. */
static int stamps_of(const struct rx_options *o)
{
	for (unsigned int i = 0; o->stamps && i < VN_ARRAY_SIZE(stamp_words); i++)
		if (!strcmp(stamp_words[i], o->stamps))
			return (int)i;
	return o->stamps ? -1 : VN_STAMPS_AUTO;
}

int rx_options_check(const struct rx_options *o, struct vn_err *err)
{
	if (stamps_of(o) >= 0)
		return 0;
	return vn_err_set(err, EINVAL, "--stamps %s: is none of auto, hardware, kernel", o->stamps);
}

/* A driver without a choice has what it has. */
static int check_stamps(struct vn_rxthread *t, enum vn_stamps wanted, struct vn_err *err)
{
	struct vn_rxq_stats stats = { 0 };

	t->rxq->stats(t->rxq, &stats);
	if (wanted == VN_STAMPS_AUTO || !strcmp(stats.stamp_source, stamp_words[wanted]))
		return 0;
	return vn_err_set(err, EOPNOTSUPP, "--stamps %s: those of %s are by \"%s\"",
			  stamp_words[wanted], t->dev->name, stats.stamp_source);
}

uint32_t vn_rxthread_needs(const struct vn_respond_opts *respond)
{
	return VN_CAP_RX | (respond && vn_respond_is_wanted(respond) ? VN_CAP_TX : 0);
}

static int open_queue(struct vn_rxthread *t, const struct vn_rxthread_opts *opts,
		      struct vn_err *err)
{
	const struct vn_netdev_opts dev_opts = {
		.target = opts->target,
		.clock = opts->clock,
	};
	const struct rx_options defaults = { .stamps = NULL };
	const struct rx_options *rx = opts->rx ? opts->rx : &defaults;
	const struct vn_rxq_opts rxq_opts = {
		.ring_bytes = rx->ring_bytes,
		.queue = VN_RXQ_ALL,
		.stamps = (enum vn_stamps)stamps_of(rx),
		.filter = filter_of(t) ? vn_filter_program(filter_of(t)) : NULL,
		.wants_outgoing = t->captures_out,
	};
	uint32_t needs = vn_rxthread_needs(opts->respond) |
			 (t->captures_out ? VN_CAP_RX_OUTGOING : 0);
	int rc = vn_netdev_open(opts->driver, needs, &dev_opts, &t->dev, err);

	if (rc)
		return rc;
	if (!t->dev->is_up)
		return vn_err_set(err, ENETDOWN, "%s is down (ip link set dev %s up)",
				  opts->target, opts->target);
	if (opts->respond && vn_respond_is_wanted(opts->respond))
		rc = vn_respond_open(opts->respond, t->dev, &t->respond, err);
	if (!rc)
		rc = t->dev->ops->rxq_open(t->dev, &rxq_opts, &t->rxq, err);
	if (rc)
		return rc;
	t->is_recorded = t->rxq->is_recorded;
	return check_stamps(t, rxq_opts.stamps, err);
}

/* Far ends have no queue that would tell of its stamps. */
static const char *far_stamps(const struct vn_rxthread *t)
{
	return vn_clock_is_virtual(t->clock) ? "virtual clock" : "clock at read";
}

static int open_path(struct vn_rxthread *t, struct vn_err *err)
{
	const struct vn_rxpath_opts opts = {
		.clock = t->clock,
		.name = t->dev ? t->dev->name : "far0",
		.rxq = t->rxq,
		.receiver = t->receiver,
		.responder = t->respond.responder,
		.filter = filter_of(t),
		.capture = t->capturing ? &t->capturing->capture : NULL,
		.captures_in = t->captures_in,
		.captures_out = t->captures_out,
		.look = t->is_recorded || t->far ? look : NULL,
		.arg = t,
	};

	return vn_rxpath_open(&opts, &t->path, err);
}

static int open_parts(struct vn_rxthread *t, const struct vn_rxthread_opts *opts,
		      struct vn_err *err)
{
	int rc;

	rc = vn_receiver_new(&t->receiver);
	if (rc)
		return vn_err_set(err, -rc, "receiver: %s", strerror(-rc));
	vn_receiver_late_after(t->receiver, opts->late_after_ns);
	if (!opts->far)
		rc = open_queue(t, opts, err);
	else
		atomic_store_explicit(&t->stamp_source, far_stamps(t), memory_order_relaxed);
	return rc ? rc : open_path(t, err);
}

static void plan_capture(struct vn_rxthread *t, const struct vn_rxthread_opts *opts)
{
	const struct capturing *c = t->capturing;

	if (!c || !c->o->file)
		return;
	t->captures_in = c->takes_in;
	t->captures_out = c->takes_out && opts->shows_outgoing;
}

int vn_rxthread_open(const struct vn_rxthread_opts *opts, struct vn_rxthread **out,
		     struct vn_err *err)
{
	struct vn_rxthread *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "out of memory");
	t->clock = opts->clock;
	t->cpu = opts->cpu;
	t->count = opts->count;
	t->far = opts->far;
	t->n_far = opts->n_far;
	t->time_ns = opts->time_ns;
	t->capturing = opts->capturing;
	t->outlasts_down = opts->outlasts_down;
	plan_capture(t, opts);
	sem_init(&t->ended, 0, 0);
	rc = open_parts(t, opts, err);
	if (rc) {
		vn_rxthread_close(t);
		return rc;
	}
	*out = t;
	return 0;
}

struct vn_receiver *vn_rxthread_receiver(struct vn_rxthread *t)
{
	return t->receiver;
}

const struct vn_responder *vn_rxthread_responder(const struct vn_rxthread *t)
{
	return t->respond.responder;
}

const struct vn_netdev *vn_rxthread_dev(const struct vn_rxthread *t)
{
	return t->dev;
}

static void listen_to_far_ends(struct vn_rxthread *t, vn_rx_handler handler)
{
	for (unsigned int i = 0; i < t->n_far; i++)
		t->far[i]->ops->listen(t->far[i], handler, t->path);
}

int vn_rxthread_start(struct vn_rxthread *t, struct vn_err *err)
{
	int rc;

	if (t->far) {
		listen_to_far_ends(t, vn_rxpath_take);
		return 0;
	}
	rc = pthread_create(&t->thread, NULL, receive_thread, t);
	if (rc)
		return vn_err_set(err, rc, "cannot start the receiver's thread: %s", strerror(rc));
	t->is_started = true;
	return 0;
}

void vn_rxthread_stop(struct vn_rxthread *t)
{
	atomic_store_explicit(&t->must_stop, true, memory_order_relaxed);
}

bool vn_rxthread_wait(struct vn_rxthread *t, uint64_t timeout_ns)
{
	struct timespec ts;
	uint64_t at;
	int rc;

	if (t->far) { /* nothing ends by itself there */
		t->clock->wait(t->clock, vn_clock_now(t->clock) + timeout_ns, NULL);
		return false;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	at = (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec + timeout_ns;
	ts.tv_sec = (time_t)(at / VN_NSEC_PER_SEC);
	ts.tv_nsec = (long)(at % VN_NSEC_PER_SEC);
	do
		rc = sem_clockwait(&t->ended, CLOCK_MONOTONIC, &ts);
	while (rc && errno == EINTR);
	if (rc)
		return false;
	sem_post(&t->ended); /* ended stays ended for the next who asks */
	return true;
}

void vn_rxthread_stats(const struct vn_rxthread *t, struct vn_rxq_stats *out)
{
	*out = (struct vn_rxq_stats){
		.packets = load(t->far ? &vn_receiver_stats(t->receiver)->frames : &t->packets),
		.drops = load(&t->drops),
		.stamp_other = load(&t->stamp_other),
		.stamp_resolution_ns = load(&t->stamp_resolution_ns),
		.stamp_source = atomic_load_explicit(&t->stamp_source, memory_order_relaxed),
	};
}

bool vn_rxthread_span(const struct vn_rxthread *t, uint64_t *first_ns, uint64_t *last_ns)
{
	*first_ns = load(&t->first_ns);
	*last_ns = load(&t->last_ns);
	return t->is_recorded;
}

uint64_t vn_rxthread_downs(const struct vn_rxthread *t)
{
	return load(&t->downs);
}

/* Why receiving failed: the device's own words, if it has some. */
static int explain(struct vn_rxthread *t, struct vn_err *err)
{
	if (vn_netdev_finish(t->dev, err))
		return t->rc;
	return vn_err_set(err, -t->rc, "%s: receiving failed: %s", t->dev->name, strerror(-t->rc));
}

int vn_rxthread_end(struct vn_rxthread *t, struct vn_err *err)
{
	listen_to_far_ends(t, NULL);
	if (t->is_started) {
		vn_rxthread_stop(t);
		pthread_join(t->thread, NULL);
		t->is_started = false;
	}
	return t->rc ? explain(t, err) : 0;
}

bool vn_rxthread_filtered(const struct vn_rxthread *t, uint64_t *out)
{
	return vn_rxpath_filtered(t->path, out);
}

void vn_rxthread_close(struct vn_rxthread *t)
{
	if (!t)
		return;
	vn_rxthread_end(t, NULL);
	vn_rxpath_close(t->path);
	if (t->rxq)
		t->dev->ops->rxq_close(t->rxq);
	vn_respond_close(&t->respond);
	vn_netdev_close(t->dev);
	vn_receiver_free(t->receiver);
	sem_destroy(&t->ended);
	free(t);
}

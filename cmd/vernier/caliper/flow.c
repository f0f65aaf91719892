/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/departures.h"
#include "progress.h"
#include "stamp.h"

#define LEAD_NS	   UINT64_C(2000000)	/* from now to the first departure: fills the pipeline */
#define SLICE_NS   UINT64_C(2000000000) /* of a wait; the library asks each second who is there */
#define MARGIN_NS  UINT64_C(2000000000) /* behind the time at which something must be heard */
#define LEAD_MAX   UINT64_C(50000000)	/* and no more for what is not known of the clock */
#define REPORTS	   4096 /* asked for and not told yet, more than driver and card can hold */
#define EVENTS	   64
#define IS_STOPPED 1 /* what waits returns it when a signal wants an end */

/* Packets that one mark stands behind. */
struct burst {
	struct caliper_plan begin; /* to go through it again */
	uint64_t packets, bytes, last_at_ns;
	uint32_t mark;
};

struct flow {
	struct caliper_run *r;
	struct vn_caliper *c;
	struct caliper_result *res;
	enum cal_state state;
	bool has_begun, was_reset; /* since it has begun the state was another than RUNNING */
	uint32_t ns_per_cycle;
	uint64_t start_ns; /* card time of S(0) */
	uint64_t wall_minus_card_ns;

	struct vn_caliper_packet batch[CAL_PKTS_PREFERRED];
	uint8_t stamps[CAL_PKTS_PREFERRED][VN_PGH_HLEN];
	unsigned int n_batch;
	uint64_t flushed; /* packets given of which the library has none any more */

	struct burst bursts[CAL_MARKS_MAX + 1]; /* a ring: those marked, and the one at work */
	unsigned int oldest, n_marked;
	struct burst hit; /* sums of all bursts whose marks were hit */

	struct {
		uint64_t k, at_ns, bytes;	 /* bytes: with all before it */
	} reports[REPORTS];			 /* by k */
	uint64_t last_k, last_at_ns, bytes;	 /* the last packet given, and bytes up to it */
	uint64_t told_k, told_at_ns, told_bytes; /* the last of which a departure was told */
	bool has_told;
	uint64_t late_told; /* departures told that were late */
};

static struct burst *burst_at(struct flow *f, unsigned int i)
{
	return &f->bursts[(f->oldest + i) % VN_ARRAY_SIZE(f->bursts)];
}

static int trouble(const struct flow *f, int rc, struct vn_err *err)
{
	const char *text = vn_caliper_error(f->c);

	return vn_err_set(err, -rc, "%s", text[0] ? text : strerror(-rc));
}

static void progress(struct flow *f)
{
	if (f->r->progress)
		caliper_progress(f->r, vn_clock_now(&f->r->clock));
}

/* --- events -------------------------------------------------------------------------- */

static void note_departure(struct flow *f, const struct cal_event *e)
{
	uint64_t k = f->reports[e->cookie % REPORTS].k;

	if ((uint32_t)k != e->cookie) /* told far too late to be known */
		return;
	f->told_k = k;
	f->told_at_ns = f->reports[e->cookie % REPORTS].at_ns;
	f->told_bytes = f->reports[e->cookie % REPORTS].bytes;
	f->has_told = true;
	if (!k) {
		f->res->first_ns = e->card_ns;
		f->res->has_first = true;
	}
	f->res->last_ns = e->card_ns;
	f->res->has_last = true;
}

static void note_lateness(struct flow *f, const struct cal_event *e)
{
	f->res->late_max_ns = VN_MAX(f->res->late_max_ns, e->extra);
	/* As drivers count it: a card by its cycle, a driver in software from VN_LATE_NS on. */
	f->late_told += e->extra > (f->res->precision == CAL_BY_CARD ? 0 : VN_LATE_NS);
}

static void note_event(struct flow *f, const struct cal_event *e)
{
	switch (e->kind) {
	case CAL_EVENT_DEPARTED:
		note_departure(f, e);
		note_lateness(f, e);
		break;
	case CAL_EVENT_LATE:
		note_lateness(f, e);
		break;
	case CAL_EVENT_STATE:
		f->state = e->extra;
		f->was_reset |= f->has_begun && f->state != CAL_RUNNING;
		break;
	default:
		break;
	}
}

/* How many came, waiting for the first; 0 also when a signal came. -errno. */
static int take_events(struct flow *f, uint64_t timeout_ns)
{
	struct vn_caliper_event events[EVENTS];
	int n = vn_caliper_events(f->c, events, EVENTS, timeout_ns);

	for (int i = 0; i < n; i++)
		note_event(f, &events[i].event);
	return n == -EINTR ? 0 : n;
}

/* All that are there. */
static int drain_events(struct flow *f, struct vn_err *err)
{
	int n;

	do
		n = take_events(f, 0);
	while (n == EVENTS);
	return n < 0 ? trouble(f, n, err) : 0;
}

static bool is_told(const struct flow *f, uint64_t k)
{
	return f->has_told && f->told_k == k;
}

/* --- before -------------------------------------------------------------------------- */

static int judge_state(const struct flow *f, struct vn_err *err)
{
	const char *name = f->res->ifname[0] ? f->res->ifname : "the interface";

	switch (f->state) {
	case CAL_RUNNING:
		return 0;
	case CAL_DOWN:
		return vn_err_set(err, ENETDOWN, "%s is down (ip link set %s up)", name, name);
	case CAL_RESETTING:
		return vn_err_set(err, EAGAIN, "%s: the card is being reset for more than 2 s",
				  name);
	default:
		return vn_err_set(err, EIO,
				  "%s: the card is lost or does not answer (its driver knows more)",
				  name);
	}
}

static int thrown_away(const struct flow *f, struct vn_err *err)
{
	return vn_err_set(err, ECANCELED,
			  "packets were thrown away: the card was reset, or %s went down",
			  f->res->ifname[0] ? f->res->ifname : "its interface");
}

/* Behind the start, with packets in the card; those that it was reset with are gone, also when it
 * runs again. */
static int judge_run(const struct flow *f, struct vn_err *err)
{
	if (!f->was_reset)
		return 0;
	return f->state == CAL_DOWN || f->state == CAL_FAULT ? judge_state(f, err)
							     : thrown_away(f, err);
}

/* An interface that has just been set up is still being reset. */
static int wait_until_running(struct flow *f, struct vn_err *err)
{
	uint64_t waited_ns = 0;

	while (f->state == CAL_RESETTING && waited_ns < MARGIN_NS && !caliper_is_stopped(f->r)) {
		int n = take_events(f, SLICE_NS);

		if (n < 0)
			return trouble(f, n, err);
		waited_ns += n ? 0 : SLICE_NS;
	}
	return caliper_is_stopped(f->r) ? IS_STOPPED : judge_state(f, err);
}

static int learn_state(struct flow *f, struct vn_err *err)
{
	struct vn_caliper_info info = { .size = sizeof(info) };
	int rc = vn_caliper_subscribe(
		f->c, 1u << CAL_EVENT_DEPARTED | 1u << CAL_EVENT_LATE | 1u << CAL_EVENT_STATE, 0);

	if (!rc)
		rc = vn_caliper_info(f->c, &info);
	if (rc)
		return trouble(f, rc, err);
	memcpy(f->res->ifname, info.ifname, sizeof(f->res->ifname));
	f->res->precision = info.precision;
	f->state = info.state;
	f->ns_per_cycle = info.ns_per_cycle;
	return 0;
}

static int read_before(struct flow *f, struct vn_err *err)
{
	int rc = vn_caliper_stats(f->c, f->res->before, CAL_N_COUNTERS);

	return rc < 0 ? trouble(f, rc, err) : 0;
}

/* A whole cycle, so that a gap's rest is that of the plan. */
static uint64_t round_up(uint64_t ns, uint32_t to)
{
	return to ? (ns + to - 1) / to * to : ns;
}

static int set_start(struct flow *f, const uint64_t *wall_minus_host_ns, struct vn_err *err)
{
	struct cal_clock clock;
	int rc = vn_caliper_clock(f->c, &clock);
	uint64_t error_ns;

	if (rc < 0)
		return trouble(f, rc, err);
	/* The card may be ahead of what the driver knows, by the error. */
	error_ns = VN_MIN(clock.error_ns, LEAD_MAX);
	f->start_ns = round_up(clock.card_ns + error_ns + LEAD_NS, f->ns_per_cycle);
	if (wall_minus_host_ns)
		f->wall_minus_card_ns = clock.host_ns - clock.card_ns + *wall_minus_host_ns;
	return 0;
}

static void fill_batch(struct flow *f)
{
	const struct caliper_settings *s = &f->r->s;
	struct vn_caliper_packet all = {
		.size = sizeof(all),
		.src_ip = s->src_ip,
		.dst_ip = s->dst_ip,
		.src_port = (uint16_t)s->sport,
		.dst_port = (uint16_t)s->dport,
	};

	memcpy(all.dst_mac, s->mac, sizeof(all.dst_mac));
	for (unsigned int i = 0; i < CAL_PKTS_PREFERRED; i++) {
		f->batch[i] = all;
		f->batch[i].data = s->stamps ? f->stamps[i] : NULL;
		f->batch[i].data_len = s->stamps ? VN_PGH_HLEN : 0;
	}
}

/* What was told until now is not of the run. */
static int begin(struct flow *f, struct vn_err *err)
{
	int rc = drain_events(f, err);

	f->res->late_max_ns = f->late_told = 0;
	f->has_begun = true;
	return rc;
}

static int prepare(struct flow *f, const uint64_t *wall_minus_host_ns, struct vn_err *err)
{
	int rc = learn_state(f, err);

	if (!rc)
		rc = read_before(f, err);
	if (!rc)
		rc = wait_until_running(f, err);
	if (!rc) /* a reset that was waited for is none of the run's */
		rc = read_before(f, err);
	if (rc)
		return rc;
	fill_batch(f);
	rc = begin(f, err);
	return rc ? rc : set_start(f, wall_minus_host_ns, err);
}

/* --- the plan -------------------------------------------------------------------------- */

static int give_batch(struct flow *f, struct vn_err *err)
{
	unsigned int done = 0;
	int rc;

	while (done < f->n_batch) {
		rc = vn_caliper_send(f->c, f->batch + done, f->n_batch - done);
		if (rc < 0 && rc != -EINTR)
			return trouble(f, rc, err);
		done += rc > 0 ? (unsigned int)rc : 0;
		f->res->given += rc > 0 ? (unsigned int)rc : 0;
		if (caliper_is_stopped(f->r))
			return IS_STOPPED;
	}
	f->res->packets = f->res->given;
	f->n_batch = 0;
	return 0;
}

/* A full batch is a message, which has been sent unless a signal came. */
static int give_full_batch(struct flow *f, struct vn_err *err)
{
	int rc = give_batch(f, err);

	if (rc)
		return rc;
	do
		rc = vn_caliper_flush(f->c);
	while (rc == -EINTR && !caliper_is_stopped(f->r));
	if (rc)
		return rc == -EINTR ? IS_STOPPED : trouble(f, rc, err);
	f->flushed = f->res->given;
	return 0;
}

static void add_packet(struct flow *f, const struct caliper_packet *p, bool is_reported)
{
	const struct caliper_settings *s = &f->r->s;
	struct vn_caliper_packet *v = &f->batch[f->n_batch];

	v->time_ns = p->k ? p->gap_ns : f->start_ns;
	v->flags = (p->k ? 0 : CAL_ABSOLUTE) | (s->catches_up ? CAL_CATCHUP : 0) |
		   (is_reported ? CAL_REPORT : 0);
	v->cookie = (uint32_t)p->k;
	v->payload_len = p->payload;
	if (s->stamps)
		caliper_stamp(f->stamps[f->n_batch], p->k,
			      f->start_ns + p->at_ns + f->wall_minus_card_ns);
	f->bytes += caliper_frame_bytes(p->payload);
	if (is_reported) {
		f->reports[p->k % REPORTS].k = p->k;
		f->reports[p->k % REPORTS].at_ns = p->at_ns;
		f->reports[p->k % REPORTS].bytes = f->bytes;
	}
	f->last_k = p->k;
	f->last_at_ns = p->at_ns;
	f->n_batch++;
}

static int send_packets(struct flow *f, struct burst *b, struct vn_err *err)
{
	const uint64_t most = f->r->s.burst;
	struct caliper_packet p;
	int rc = 0;

	while (!rc && b->packets < most && caliper_plan_next(&f->r->plan, &p)) {
		b->packets++;
		b->bytes += caliper_frame_bytes(p.payload);
		b->last_at_ns = p.at_ns;
		if (!p.k)
			f->res->first_bytes = b->bytes;
		add_packet(f, &p, !p.k || p.is_last || b->packets == most);
		if (f->n_batch == CAL_PKTS_PREFERRED)
			rc = give_full_batch(f, err);
	}
	return rc ? rc : give_batch(f, err);
}

static int set_mark(struct flow *f, struct burst *b, struct vn_err *err)
{
	uint32_t flags = caliper_plan_is_over(&f->r->plan) ? VN_CALIPER_FLUSH : 0;
	int rc = vn_caliper_mark(f->c, flags, &b->mark);

	while (rc == -EINTR && !caliper_is_stopped(f->r))
		rc = vn_caliper_mark(f->c, flags, &b->mark);
	if (rc == -EINTR)
		return IS_STOPPED;
	if (rc < 0)
		return trouble(f, rc, err);
	f->flushed = f->res->given;
	f->n_marked++;
	f->res->marks++;
	return 0;
}

static int send_burst(struct flow *f, struct vn_err *err)
{
	struct burst *b = burst_at(f, f->n_marked);
	int rc;

	*b = (struct burst){ .begin = f->r->plan };
	rc = send_packets(f, b, err);
	return rc ? rc : set_mark(f, b, err);
}

/* All of it is in the card. */
static void note_hit(struct flow *f)
{
	const struct burst *b = burst_at(f, 0);

	f->hit.packets += b->packets;
	f->hit.bytes += b->bytes;
	f->hit.last_at_ns = b->last_at_ns;
	f->oldest++;
	f->n_marked--;
}

/* The transfer that it would stand behind has as many as it can have, which others set: it
 * stands behind the next one. */
static int set_again(struct flow *f, struct burst *b, struct vn_err *err)
{
	int rc = vn_caliper_mark(f->c, VN_CALIPER_FLUSH, &b->mark);

	return rc < 0 && rc != -EINTR ? trouble(f, rc, err) : 0;
}

static bool is_all_told(const struct flow *f)
{
	return caliper_plan_is_over(&f->r->plan) && is_told(f, f->last_k);
}

static int wait_for_oldest(struct flow *f, struct vn_err *err)
{
	struct burst *b = burst_at(f, 0);
	int rc;

	do {
		if (caliper_is_stopped(f->r))
			return IS_STOPPED;
		rc = drain_events(f, err);
		if (!rc && !is_all_told(f))
			rc = judge_run(f, err);
		if (rc)
			return rc;
		progress(f);
		rc = vn_caliper_wait(f->c, b->mark, SLICE_NS, NULL);
		if (rc == -EBUSY) {
			rc = set_again(f, b, err);
			if (rc)
				return rc;
			rc = -ETIMEDOUT;
		}
	} while (rc == -ETIMEDOUT || rc == -EINTR);
	if (rc == -ECANCELED)
		return thrown_away(f, err);
	if (rc)
		return trouble(f, rc, err);
	note_hit(f);
	return 0;
}

static int send_plan(struct flow *f, struct vn_err *err)
{
	int rc = 0;

	while (!rc && !caliper_plan_is_over(&f->r->plan)) {
		if (caliper_is_stopped(f->r))
			return IS_STOPPED;
		rc = send_burst(f, err);
		if (!rc && f->n_marked >= f->r->s.ahead)
			rc = wait_for_oldest(f, err);
	}
	while (!rc && f->n_marked)
		rc = wait_for_oldest(f, err);
	return rc;
}

/* --- the end ------------------------------------------------------------------------------ */

/* How long nothing may be heard: until the last departure, as the last one told has it. */
static uint64_t patience_ns(const struct flow *f)
{
	uint64_t left_ns = f->last_at_ns - (f->has_told ? f->told_at_ns : 0);

	return left_ns < UINT64_MAX - MARGIN_NS ? left_ns + MARGIN_NS : UINT64_MAX;
}

/* Events can be lost on the way, when nobody reads them for a while. */
static int miss_last(struct flow *f, struct vn_err *err)
{
	f->res->has_last = false;
	if (vn_caliper_events_lost(f->c))
		return 0;
	return vn_err_set(err, ETIMEDOUT,
			  "the card has not told that the last packet left, 2 s behind its time");
}

static int wait_for_last(struct flow *f, struct vn_err *err)
{
	uint64_t waited_ns = 0;

	while (!is_all_told(f)) {
		uint64_t slice_ns = VN_MIN(SLICE_NS, patience_ns(f) - waited_ns);
		int n = take_events(f, slice_ns);
		int rc = is_all_told(f) ? 0 : judge_run(f, err);

		if (n < 0)
			return trouble(f, n, err);
		if (rc)
			return rc;
		if (caliper_is_stopped(f->r))
			return IS_STOPPED;
		waited_ns = n ? 0 : waited_ns + slice_ns;
		if (waited_ns >= patience_ns(f))
			return miss_last(f, err);
		progress(f);
	}
	return 0;
}

/* The bursts not known to be in the card once more, until this many packets have been seen in
 * all: what they were. */
static void count_again(struct flow *f, uint64_t packets)
{
	struct caliper_plan plan = burst_at(f, 0)->begin;
	struct caliper_packet p;

	f->res->packets = f->hit.packets;
	f->res->bytes = f->hit.bytes;
	f->last_at_ns = f->hit.last_at_ns;
	while (f->res->packets < packets && caliper_plan_next(&plan, &p)) {
		f->res->packets++;
		f->res->bytes += caliper_frame_bytes(p.payload);
		f->last_at_ns = p.at_ns;
	}
}

/* What was sent before the CANCEL and not read then is read before a mark behind it, and taken
 * back on that way. Whatever is answered to the mark says that; it is not waited for long. */
static int settle(struct flow *f, struct vn_err *err)
{
	uint64_t end_ns = vn_clock_now(&f->r->clock) + MARGIN_NS;
	uint32_t mark;
	int rc;

	do
		rc = vn_caliper_mark(f->c, VN_CALIPER_FLUSH, &mark);
	while (rc == -EINTR && vn_clock_now(&f->r->clock) < end_ns);
	caliper_nudge_end(&f->r->nudge);
	if (!rc)
		rc = vn_caliper_wait(f->c, mark, MARGIN_NS, NULL);
	return rc == -ECONNREFUSED ? trouble(f, rc, err) : 0;
}

/* Of what the library still has the driver knows nothing; all else it counts. */
static int cancel(struct flow *f, struct cal_cancel_done *done, struct vn_err *err)
{
	uint64_t unsent = vn_caliper_flush(f->c) == -EINTR ? f->res->given - f->flushed : 0;
	uint64_t counters[CAL_N_COUNTERS] = { 0 };
	int rc = vn_caliper_stats(f->c, counters, CAL_N_COUNTERS);
	uint64_t before = counters[CAL_COUNTER_cancelled];

	if (rc >= 0)
		rc = vn_caliper_cancel(f->c, 0, UINT32_MAX, done);
	if (rc < 0)
		return trouble(f, rc, err);
	rc = f->res->given ? settle(f, err) : 0;
	if (rc)
		return rc;
	rc = vn_caliper_stats(f->c, counters, CAL_N_COUNTERS);
	if (rc < 0)
		return trouble(f, rc, err);
	unsent += counters[CAL_COUNTER_cancelled] - before;
	f->res->cancelled = VN_MIN(unsent, f->res->given);
	return 0;
}

/* What still leaves is planned: nobody waits for it. */
static int take_back(struct flow *f, struct vn_err *err)
{
	struct caliper_result *res = f->res;
	struct cal_cancel_done done = { 0 };
	int rc = cancel(f, &done, err);

	res->end = CALIPER_END_INTERRUPTED;
	if (rc)
		return rc;
	rc = drain_events(f, err);
	count_again(f, res->given - res->cancelled);
	if (rc || !res->packets || is_told(f, res->packets - 1))
		return rc;
	rc = judge_run(f, err);
	if (rc)
		return rc;
	res->last_is_planned = res->has_last = true;
	/* A card that is behind its clock has the gaps right, and the driver has not. */
	if (f->has_told)
		res->last_ns += f->last_at_ns - f->told_at_ns;
	else
		res->last_ns = done.last_ns ? done.last_ns : f->start_ns + f->last_at_ns;
	if (!res->has_first)
		res->first_ns = f->start_ns;
	res->has_first = true;
	return 0;
}

/* The card has not the room to tell each one when many are late, and events can be lost: the
 * driver has counted them. One that is gone, or was begun anew, does not know any more. */
static void count_late(struct flow *f)
{
	struct caliper_result *res = f->res;
	uint64_t max_ns = res->after[CAL_COUNTER_late_max_ns];

	res->late = f->late_told;
	res->late_max_is_least = true;
	if (!res->has_counters || res->after[CAL_COUNTER_late] < res->before[CAL_COUNTER_late])
		return;
	res->late = res->after[CAL_COUNTER_late] - res->before[CAL_COUNTER_late];
	/* Of that which stood there before nobody knows what was late since. */
	if (max_ns > res->before[CAL_COUNTER_late_max_ns])
		res->late_max_ns = VN_MAX(res->late_max_ns, max_ns);
	res->late_max_is_least = f->late_told < res->late;
}

/* They count as sent in the driver, and nobody tells of their departure. */
static int judge_lost(const struct flow *f, int rc, struct vn_err *err)
{
	const struct caliper_result *res = f->res;
	uint64_t before = res->before[CAL_COUNTER_lost], after = res->after[CAL_COUNTER_lost];

	if (!res->has_counters || after <= before || (rc && rc != -ETIMEDOUT))
		return rc;
	return vn_err_set(err, EIO,
			  "%s did not take %" PRIu64 " packets (is its MTU too small?)",
			  res->ifname[0] ? res->ifname : "the interface", after - before);
}

/* Events that would have told it can be lost. */
static bool was_thrown_away(const struct flow *f)
{
	const struct caliper_result *res = f->res;

	if (!res->packets || is_told(f, res->packets - 1))
		return false;
	return res->after[CAL_COUNTER_state] != CAL_RUNNING ||
	       res->after[CAL_COUNTER_resets] != res->before[CAL_COUNTER_resets];
}

/* What is in the card leaves, unless it was reset; then only that has left which was told. */
static void count_after_failure(struct flow *f, int rc)
{
	struct caliper_result *res = f->res;
	uint64_t left = f->has_told ? f->told_k + 1 : 0;

	if (rc != -ECANCELED && !f->was_reset && f->hit.packets > left) {
		count_again(f, f->hit.packets);
	} else {
		res->packets = left;
		res->bytes = f->told_bytes;
	}
	res->end = CALIPER_END_FAILED;
	res->last_is_planned = false;
	res->has_last = res->packets && is_told(f, res->packets - 1);
}

static int finish(struct flow *f, int rc, struct vn_err *err)
{
	struct caliper_result *res = f->res;
	int n;

	if (rc == IS_STOPPED)
		rc = take_back(f, err);
	else if (!rc)
		count_again(f, res->given);
	caliper_nudge_end(&f->r->nudge);
	res->events_lost = vn_caliper_events_lost(f->c);
	n = vn_caliper_stats(f->c, res->after, CAL_N_COUNTERS);
	res->has_counters = n >= 0;
	count_late(f);
	rc = judge_lost(f, rc, err);
	if (!rc && n < 0)
		rc = trouble(f, n, err);
	else if (!rc && was_thrown_away(f))
		rc = thrown_away(f, err);
	if (rc)
		count_after_failure(f, rc);
	return rc;
}

int caliper_flow(struct caliper_run *r, struct vn_caliper *c, const uint64_t *wall_minus_host_ns,
		 struct vn_err *err)
{
	struct flow *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return vn_err_set(err, ENOMEM, "out of memory");
	*f = (struct flow){ .r = r, .c = c, .res = &r->res };
	r->res.end = CALIPER_END_PLAN;
	rc = prepare(f, wall_minus_host_ns, err);
	if (rc < 0) {
		r->res.end = CALIPER_END_FAILED;
		free(f);
		return rc;
	}
	if (!rc)
		rc = send_plan(f, err);
	if (!rc)
		rc = wait_for_last(f, err);
	rc = finish(f, rc, err);
	free(f);
	return rc;
}

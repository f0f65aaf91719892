/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated device as a back end of the net core: a ring of entries for
 * each queue, a cable that serializes, and behind it a device with a rate, a
 * buffer and a delay of its own, at whose far side frames come in again.
 *
 * Both the cable and the far device serve in order, so what is in them is a
 * list with a time in each packet and one timer for the first. Times follow
 * from times, not from when a timer came to run: on the machine's clock too, a
 * packet's arrival is the computed one to the nanosecond.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "dev/sim_priv.h"
#include "wire/wire.h"

#define FAR_SUFFIX "-far"
#define FAR_WEIGHT 64 /* packets of a poll */

uint64_t sim_line_take(struct sim_line *l, uint64_t now_ns, uint64_t num, uint64_t den)
{
	if (l->free_ns < now_ns)
		*l = (struct sim_line){ .free_ns = now_ns };
	l->rest += num % den;
	l->free_ns += num / den + l->rest / den;
	l->rest %= den;
	return l->free_ns;
}

static struct sim_device *of_near(struct vn_device *dev)
{
	return vn_container_of(dev, struct sim_device, near);
}

static struct sim_device *of_far(struct vn_device *dev)
{
	return vn_container_of(dev, struct sim_device, far);
}

static struct vn_timers *timers_of(const struct sim_device *d)
{
	return d->near.net->opts.timers;
}

/* Takes the first packet whose time has come. */
static struct vn_skb *take_due(struct vn_skb_list *list, uint64_t now_ns)
{
	return list->head && list->head->time_to_send_ns <= now_ns ? vn_skb_take(list) : NULL;
}

static void arm_for_first(const struct sim_device *d, struct vn_timer *timer,
			  const struct vn_skb_list *list)
{
	if (list->head)
		vn_timer_arm(timers_of(d), timer, list->head->time_to_send_ns);
}

/* --- the far device --------------------------------------------------------------- */

/* As the far driver's poller, which takes no more than it is asked for: what has
 * come together can be more than an input queue would hold. */
static int poll_far(struct vn_napi *napi, int budget)
{
	struct sim_device *d = vn_container_of(napi, struct sim_device, far_napi);
	struct vn_clock *clock = d->near.net->opts.clock;
	uint64_t now = vn_clock_now(clock), wall_offset = clock->wall(clock) - now;
	struct vn_rx_pkt pkts[FAR_WEIGHT];
	struct vn_skb_list taken = { .len = 0 };
	struct vn_skb *skb;

	while ((int)taken.len < budget && (skb = take_due(&d->waiting, now))) {
		pkts[taken.len] = (struct vn_rx_pkt){
			.data = skb->data,
			.caplen = skb->len,
			.len = skb->len,
			.stamp_ns = wall_offset + skb->time_to_send_ns,
		};
		d->far_stats.rx_packets++;
		d->far_stats.rx_bytes += skb->len;
		vn_skb_append(&taken, skb);
	}
	vn_netif_receive(d->near.net, &d->far, pkts, taken.len);
	arm_for_first(d, &d->server_timer, &d->waiting);
	return (int)vn_skb_purge(&taken);
}

static void let_out(struct sim_device *d)
{
	if (d->waiting.head && d->waiting.head->time_to_send_ns <= vn_net_now(d->near.net))
		vn_napi_schedule(d->near.net, &d->far_napi);
	else
		arm_for_first(d, &d->server_timer, &d->waiting);
}

static void server_timer_ran(struct vn_timer *t)
{
	struct sim_device *d = vn_container_of(t, struct sim_device, server_timer);

	let_out(d);
	vn_net_run(d->near.net);
}

/* Is there room in the buffer at this time, for one more? The work that is
 * left, in packets, is one in service and the rest in the buffer. */
static bool has_room(const struct sim_device *d, uint64_t at_ns)
{
	const struct sim_line *l = &d->server;
	__uint128_t work;

	if (l->free_ns < at_ns)
		return true;
	work = (__uint128_t)(l->free_ns - at_ns) * d->target.pps + l->rest;
	return work <= (__uint128_t)d->target.buffer * VN_NSEC_PER_SEC;
}

/* A frame has come to the cable's end, at its time. */
static void come_in(struct sim_device *d, struct vn_skb *skb)
{
	uint64_t at_ns = skb->time_to_send_ns;

	vn_skb_orphan(skb);
	if (d->target.pps) {
		if (!has_room(d, at_ns)) {
			d->refused++;
			vn_skb_free(skb);
			return;
		}
		at_ns = sim_line_take(&d->server, at_ns, VN_NSEC_PER_SEC, d->target.pps);
	}
	skb->time_to_send_ns = at_ns + d->target.latency_ns;
	vn_skb_append(&d->waiting, skb);
}

/* --- ring and cable --------------------------------------------------------------- */

/* A frame is off the ring's entry: the entry is free, or waits to be cleaned. */
static void complete(struct sim_device *d, uint16_t queue, uint32_t len)
{
	struct vn_tx_queue *q = &d->near.tx[queue];
	struct sim_ring *r = &d->rings[queue];

	d->near_stats.tx_packets++;
	d->near_stats.tx_bytes += len;
	if (d->target.has_byte_limits)
		vn_queue_completed(q, len);
	if (d->target.mode == SIM_LAZY) {
		r->done++;
		return;
	}
	r->used--;
	if (vn_queue_is_stopped_by_driver(q))
		vn_queue_wake(q);
}

static void leave_cable(struct sim_device *d)
{
	uint64_t now = vn_net_now(d->near.net);
	struct vn_skb *skb;

	while ((skb = take_due(&d->on_cable, now))) {
		uint16_t queue = skb->queue_mapping;
		uint32_t len = skb->len;

		come_in(d, skb);
		complete(d, queue, len);
	}
	arm_for_first(d, &d->cable_timer, &d->on_cable);
	let_out(d);
}

static void cable_timer_ran(struct vn_timer *t)
{
	struct sim_device *d = vn_container_of(t, struct sim_device, cable_timer);

	leave_cable(d);
	vn_net_run(d->near.net);
}

static void put_on_cable(struct sim_device *d, struct vn_skb *skb)
{
	uint64_t now = vn_net_now(d->near.net);

	skb->time_to_send_ns = now;
	if (d->target.link_bps)
		skb->time_to_send_ns =
			sim_line_take(&d->cable, now, vn_wire_bits_l1(skb->len) * VN_NSEC_PER_SEC,
				      d->target.link_bps);
	vn_skb_append(&d->on_cable, skb);
	leave_cable(d);
}

static enum vn_tx_code start_xmit(struct vn_device *dev, struct vn_tx_queue *q, struct vn_skb *skb,
				  bool more)
{
	struct sim_device *d = of_near(dev);
	struct sim_ring *r = &d->rings[q->index];

	if (d->target.mode == SIM_LAZY) { /* the one place where it cleans */
		r->used -= r->done;
		r->done = 0;
	}
	if (r->used >= d->target.ring) {
		vn_queue_stop(q);
		return VN_TX_BUSY;
	}
	r->used++;
	skb->queue_mapping = q->index;
	if (d->target.has_byte_limits)
		vn_queue_sent(q, skb->len);
	/* Before the frame can leave, which may wake the queue. */
	if (r->used >= d->target.ring)
		vn_queue_stop(q);
	if (d->target.mode == SIM_STUCK)
		vn_skb_append(&d->stuck, skb);
	else
		put_on_cable(d, skb);
	return VN_TX_OK;
}

/* All rings are emptied, as by a reset of the hardware. */
static void reset_rings(struct sim_device *d)
{
	vn_timer_cancel(&d->cable_timer);
	vn_skb_purge(&d->on_cable);
	vn_skb_purge(&d->stuck);
	memset(d->rings, 0, d->near.n_txq * sizeof(*d->rings));
	d->cable = (struct sim_line){ 0 };
}

/* What a lazy driver should do: start afresh. One that is stuck stays so. */
static void tx_timeout(struct vn_device *dev, unsigned int queue)
{
	struct sim_device *d = of_near(dev);

	d->near_stats.tx_errors++;
	if (d->target.mode == SIM_STUCK)
		return;
	reset_rings(d);
	for (unsigned int i = 0; i < dev->real_n_txq; i++)
		vn_queue_wake(&dev->tx[i]);
}

static int open_near(struct vn_device *dev)
{
	for (unsigned int i = 0; i < dev->n_txq; i++)
		vn_queue_start(&dev->tx[i]);
	return 0;
}

static void stop_near(struct vn_device *dev)
{
	reset_rings(of_near(dev));
}

static void down_timer_ran(struct vn_timer *t)
{
	struct sim_device *d = vn_container_of(t, struct sim_device, down_timer);

	vn_device_close(&d->near);
	vn_net_run(d->near.net);
}

static void up_timer_ran(struct vn_timer *t)
{
	struct sim_device *d = vn_container_of(t, struct sim_device, up_timer);

	vn_device_open(&d->near);
	vn_net_run(d->near.net);
}

static void arm_ups_and_downs(struct sim_device *d)
{
	uint64_t now = vn_net_now(d->near.net);

	if (d->target.down_ns)
		vn_timer_arm(timers_of(d), &d->down_timer, now + d->target.down_ns);
	if (d->target.up_ns)
		vn_timer_arm(timers_of(d), &d->up_timer, now + d->target.up_ns);
}

/* Nobody is behind it on this side. */
static enum vn_tx_code far_start_xmit(struct vn_device *dev, struct vn_tx_queue *q,
				      struct vn_skb *skb, bool more)
{
	of_far(dev)->far_stats.tx_packets++;
	of_far(dev)->far_stats.tx_bytes += skb->len;
	vn_skb_free(skb);
	return VN_TX_OK;
}

static void near_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	*out = of_near(dev)->near_stats;
}

static void far_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	*out = of_far(dev)->far_stats;
}

static void let_go(struct sim_device *d)
{
	struct sim_charge *c;

	if (--d->refs)
		return;
	while ((c = d->charges)) {
		d->charges = c->next;
		free(c);
	}
	free(d->rings);
	free(d);
}

static void free_near(struct vn_device *dev)
{
	let_go(of_near(dev));
}

static void free_far(struct vn_device *dev)
{
	let_go(of_far(dev));
}

#define NEAR_OPS                                                                                   \
	.driver = "sim", .open = open_near, .stop = stop_near, .start_xmit = start_xmit,           \
	.get_stats = near_stats, .free = free_near

static const struct vn_device_ops near_ops = { NEAR_OPS, .tx_timeout = tx_timeout };
static const struct vn_device_ops near_ops_no_timeout = { NEAR_OPS };
static const struct vn_device_ops far_ops = {
	.driver = "sim",
	.start_xmit = far_start_xmit,
	.get_stats = far_stats,
	.free = free_far,
};

/* --- making ---------------------------------------------------------------------- */

static int make_near(struct sim_device *d, struct vn_net *net, const char *name, struct vn_err *err)
{
	const struct sim_target *t = &d->target;
	const struct vn_device_info info = {
		.name = name,
		.n_txq = t->queues,
		.mac = { 0x02, 0, 0, 0, 0, 0x01 },
		.mtu = t->mtu,
		.tx_queue_len = t->txqlen,
		.watchdog_ns = t->watchdog_ns,
		.is_no_queue = t->is_no_queue,
		.can_share = t->can_share,
		.speed_mbps = (uint32_t)(t->link_bps / 1000000),
	};
	const struct vn_device_ops *ops = t->has_no_timeout ? &near_ops_no_timeout : &near_ops;
	int rc = vn_device_init(&d->near, net, ops, &info);

	if (rc)
		return vn_err_set(err, -rc, "sim: no memory for %u queues", t->queues);
	rc = vn_device_register(&d->near, err);
	if (rc)
		vn_device_fini(&d->near);
	return rc;
}

static int make_far(struct sim_device *d, struct vn_net *net, struct vn_err *err)
{
	char name[VN_IFNAMSIZ + sizeof(FAR_SUFFIX)];
	struct vn_device_info info = {
		.name = name,
		.mac = { 0x02, 0, 0, 0, 0, 0x02 },
		.mtu = d->target.mtu,
		.is_no_queue = true,
	};
	int rc;

	snprintf(name, sizeof(name), "%.*s%s", (int)(VN_IFNAMSIZ - sizeof(FAR_SUFFIX)),
		 d->near.name, FAR_SUFFIX);
	rc = vn_device_init(&d->far, net, &far_ops, &info);
	if (rc)
		return vn_err_set(err, -rc, "sim: no memory");
	rc = vn_device_register(&d->far, err);
	if (rc)
		vn_device_fini(&d->far);
	return rc;
}

static int open_ends(struct sim_device *d, struct vn_err *err)
{
	struct vn_qdisc *q = NULL;
	int rc = 0;

	d->near.iflink = d->far.ifindex;
	d->far.iflink = d->near.ifindex;
	if (d->target.qdisc[0]) {
		rc = vn_qdisc_parse(&d->near, d->target.qdisc, &q, err);
		if (!rc)
			rc = vn_qdisc_set_root(&d->near, q, err);
	}
	if (rc)
		return rc;
	rc = vn_device_open(&d->far);
	if (!rc)
		rc = vn_device_open(&d->near);
	if (rc)
		return vn_err_set(err, -rc, "%s: %s", d->near.name, strerror(-rc));
	return rc;
}

int sim_device_new(struct vn_net *net, const char *name, const struct sim_target *target,
		   struct sim_device **out, struct vn_err *err)
{
	struct sim_device *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "sim: no memory");
	d->target = *target;
	d->refs = 1;
	d->cable_timer.fn = cable_timer_ran;
	d->server_timer.fn = server_timer_ran;
	d->down_timer.fn = down_timer_ran;
	d->up_timer.fn = up_timer_ran;
	d->far_napi = (struct vn_napi){ .poll = poll_far, .weight = FAR_WEIGHT };
	d->rings = calloc(target->queues, sizeof(*d->rings));
	rc = d->rings ? make_near(d, net, name, err)
		      : vn_err_set(err, ENOMEM, "sim: no memory for %u queues", target->queues);
	if (rc) {
		let_go(d);
		return rc;
	}
	d->refs++; /* of the registered end */
	rc = make_far(d, net, err);
	if (!rc) {
		d->refs++;
		rc = open_ends(d, err);
	}
	if (rc) {
		sim_device_put(d);
		return rc;
	}
	arm_ups_and_downs(d);
	*out = d;
	return 0;
}

struct sim_device *sim_device_find(struct vn_net *net, const char *name)
{
	struct vn_device *dev = vn_net_find(net, name);

	if (!dev || (dev->ops != &near_ops && dev->ops != &near_ops_no_timeout))
		return NULL;
	return of_near(dev);
}

struct sim_charge *sim_device_charge(struct sim_device *d)
{
	struct sim_charge *c = d->charges;

	while (c && (c->is_taken || c->n))
		c = c->next;
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return NULL;
		c->next = d->charges;
		d->charges = c;
	}
	c->is_taken = true;
	return c;
}

void sim_device_put(struct sim_device *d)
{
	const int n_ends = d ? d->near.is_registered + d->far.is_registered : 0;

	if (!d)
		return;
	if (d->refs > n_ends + 1) {
		d->refs--;
		return;
	}
	vn_timer_cancel(&d->server_timer);
	vn_timer_cancel(&d->down_timer);
	vn_timer_cancel(&d->up_timer);
	vn_napi_cancel(d->near.net, &d->far_napi);
	vn_skb_purge(&d->waiting);
	if (d->far.is_registered)
		vn_device_unregister(&d->far);
	if (d->near.is_registered)
		vn_device_unregister(&d->near);
	let_go(d);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the net core's tests: a net on virtual time whose log and events are
 * written down, and a back end that writes down what it is given. It has a
 * ring of R entries and completes at once, on request or never.
 */
#ifndef VN_NET_FIXTURE_TEST_H
#define VN_NET_FIXTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/device.h"
#include "net/net.h"
#include "net/ptype.h"
#include "net/softnet.h"

#define WALL0	 UINT64_C(1700000000000000000)
#define SECOND	 VN_NSEC_PER_SEC
#define SENT_MAX 4096

struct fixture {
	struct vn_clock clock;
	struct vn_net *net;
	struct vn_net_listener listener;
	struct vn_text log, events; /* a line each; a word each */
	char log_buf[4096], events_buf[1024];
};

struct sent {
	uint16_t tag, queue;
	bool more;
	uint64_t at_ns;
};

struct rec {
	struct vn_device dev;
	struct fixture *x;
	struct vn_device_ops ops;
	unsigned int ring; /* entries, 0 = no end */
	bool completes_at_once;
	unsigned int refusals;	/* so many packets more are answered with TX_BUSY */
	enum vn_tx_code answer; /* to the others, the packet taken */
	int open_rc;
	bool is_open;
	uint16_t choice;	 /* of select_queue */
	struct vn_skb_list held; /* in the ring */
	unsigned int n;
	struct sent sent[SENT_MAX];
	unsigned int timeouts;
	bool resets_on_timeout;
	struct vn_device *below; /* sends what it gets on this one; NULL: does not */
	int below_code;		 /* answer of the first one that came back */
	unsigned int passes;
};

static inline struct rec *to_rec(struct vn_device *dev)
{
	return vn_container_of(dev, struct rec, dev);
}

static inline void write_log(void *arg, const char *line)
{
	struct fixture *x = arg;

	vn_text_add(&x->log, "%s\n", line);
}

static inline void write_event(struct vn_net_listener *l, enum vn_net_event event,
			       struct vn_device *dev)
{
	static const char *const names[] = {
		[VN_NET_REGISTER] = "REGISTER",	    [VN_NET_UP] = "UP",
		[VN_NET_GOING_DOWN] = "GOING_DOWN", [VN_NET_DOWN] = "DOWN",
		[VN_NET_CHANGENAME] = "CHANGENAME", [VN_NET_CHANGE] = "CHANGE",
		[VN_NET_UNREGISTER] = "UNREGISTER",
	};
	struct fixture *x = vn_container_of(l, struct fixture, listener);

	vn_text_add(&x->events, "%s:%s ", dev->name, names[event]);
}

static inline void clear(struct vn_text *t)
{
	vn_text_init(t, t->buf, t->cap);
}

/* What happened since it was last asked. */
static inline void assert_events(struct fixture *x, const char *events)
{
	assert_string_equal(x->events.buf, events);
	clear(&x->events);
}

static inline struct fixture *fixture_new(unsigned int n_cpus, uint64_t seed)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct vn_net_opts opts = { .n_cpus = n_cpus, .seed = seed, .log = write_log };
	struct vn_err err = { "" };

	assert_non_null(x);
	vn_text_init(&x->log, x->log_buf, sizeof(x->log_buf));
	vn_text_init(&x->events, x->events_buf, sizeof(x->events_buf));
	vn_clock_virtual(&x->clock, 0, WALL0);
	opts.clock = &x->clock;
	opts.timers = &x->clock.timers;
	opts.log_arg = x;
	if (vn_net_new(&opts, &x->net, &err))
		fail_msg("%s", err.text);
	x->listener.fn = write_event;
	return x;
}

static inline void fixture_free(struct fixture *x)
{
	vn_net_free(x->net);
	assert_null(x->clock.timers.first); /* none is left behind */
	free(x);
}

static inline int set_up(void **state)
{
	*state = fixture_new(2, 1);
	return 0;
}

static inline int tear_down(void **state)
{
	fixture_free(*state);
	return 0;
}

/* Moves the time by so much, running what falls due. */
static inline void pass(struct fixture *x, uint64_t ns)
{
	x->clock.wait(&x->clock, vn_clock_now(&x->clock) + ns, NULL);
}

static inline int rec_open(struct vn_device *dev)
{
	struct rec *r = to_rec(dev);

	vn_text_add(&r->x->events, "(open) ");
	r->is_open = !r->open_rc;
	return r->open_rc;
}

static inline void rec_stop(struct vn_device *dev)
{
	struct rec *r = to_rec(dev);

	vn_text_add(&r->x->events, "(stop) ");
	r->is_open = false;
	vn_skb_purge(&r->held);
}

static inline void rec_write(struct rec *r, const struct vn_tx_queue *q, const struct vn_skb *skb,
			     bool more)
{
	assert_true(r->n < SENT_MAX);
	assert_true(skb->len >= 16);
	r->sent[r->n++] = (struct sent){
		.tag = (uint16_t)(skb->data[14] << 8 | skb->data[15]),
		.queue = q->index,
		.more = more,
		.at_ns = vn_net_now(r->dev.net),
	};
}

static inline enum vn_tx_code rec_xmit(struct vn_device *dev, struct vn_tx_queue *q,
				       struct vn_skb *skb, bool more)
{
	struct rec *r = to_rec(dev);

	if (r->refusals) {
		r->refusals--;
		return VN_TX_BUSY;
	}
	rec_write(r, q, skb, more);
	if (r->below) {
		int code;

		r->passes++;
		skb->dev = r->below;
		code = vn_dev_queue_xmit(skb);
		if (code)
			r->below_code = code;
		return VN_TX_OK;
	}
	if (r->completes_at_once || r->answer) {
		vn_skb_free(skb);
		return r->answer;
	}
	vn_skb_append(&r->held, skb);
	if (r->ring && r->held.len >= r->ring)
		vn_queue_stop(q);
	return VN_TX_OK;
}

static inline uint16_t rec_select(struct vn_device *dev, const struct vn_skb *skb)
{
	return to_rec(dev)->choice;
}

static inline void rec_free(struct vn_device *dev)
{
	struct rec *r = to_rec(dev);

	vn_skb_purge(&r->held);
	free(r);
}

/* Completes n packets of the ring and wakes queue 0. */
static inline void complete(struct rec *r, unsigned int n)
{
	while (n--)
		vn_skb_free(vn_skb_take(&r->held));
	vn_queue_wake(&r->dev.tx[0]);
	vn_net_run(r->dev.net);
}

static inline void rec_timeout(struct vn_device *dev, unsigned int queue)
{
	struct rec *r = to_rec(dev);

	r->timeouts++;
	assert_true(vn_queue_is_frozen_or_stopped(&dev->tx[queue]));
	if (r->resets_on_timeout) {
		vn_skb_purge(&r->held);
		vn_queue_wake(&dev->tx[queue]);
	}
}

/* Not registered yet, without tx_timeout and select_queue. */
static inline struct rec *rec_make(struct fixture *x, const struct vn_device_info *info)
{
	struct rec *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->x = x;
	r->completes_at_once = true;
	r->ops = (struct vn_device_ops){
		.driver = "rec",
		.open = rec_open,
		.stop = rec_stop,
		.start_xmit = rec_xmit,
		.free = rec_free,
	};
	assert_int_equal(vn_device_init(&r->dev, x->net, &r->ops, info), 0);
	return r;
}

static inline void rec_register(struct rec *r)
{
	struct vn_err err = { "" };

	if (vn_device_register(&r->dev, &err))
		fail_msg("%s", err.text);
}

/* Registered and up. */
static inline struct rec *rec_new(struct fixture *x, const struct vn_device_info *info)
{
	struct rec *r = rec_make(x, info);

	rec_register(r);
	assert_int_equal(vn_device_open(&r->dev), 0);
	clear(&x->events);
	return r;
}

static inline struct rec *rec_eth(struct fixture *x)
{
	return rec_new(x, &(struct vn_device_info){ .name = "eth%d" });
}

/* 60 bytes of type 0x88b5 (for experiments) with a tag. */
static inline struct vn_skb *packet(struct vn_device *dev, uint16_t tag)
{
	static const uint8_t head[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	struct vn_skb *skb = vn_skb_new(dev->net, 60);

	assert_non_null(skb);
	memset(skb->data, 0, 60);
	memcpy(skb->data, head, sizeof(head));
	skb->data[14] = (uint8_t)(tag >> 8);
	skb->data[15] = (uint8_t)tag;
	skb->dev = dev;
	return skb;
}

/* n packets with tags from first on through queue_xmit; how many were taken. */
static inline unsigned int send_packets(struct vn_device *dev, uint16_t first, unsigned int n)
{
	unsigned int taken = 0;

	for (unsigned int i = 0; i < n; i++)
		taken += vn_dev_queue_xmit(packet(dev, (uint16_t)(first + i))) == VN_TX_OK;
	return taken;
}

/* The tags that were sent, in order: first, first + 1, ... */
static inline void assert_sent(const struct rec *r, uint16_t first, unsigned int n)
{
	assert_int_equal(r->n, n);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(r->sent[i].tag, first + i);
}

static inline struct vn_qdisc_stats stats_of(const struct vn_qdisc *q)
{
	struct vn_qdisc_stats s;

	vn_qdisc_get_stats(q, &s);
	return s;
}

static inline void set_root(struct vn_device *dev, const char *text)
{
	struct vn_err err = { "" };
	struct vn_qdisc *q;

	if (vn_qdisc_parse(dev, text, &q, &err) || vn_qdisc_set_root(dev, q, &err))
		fail_msg("%s", err.text);
}

#endif

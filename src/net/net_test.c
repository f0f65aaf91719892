/* SPDX-License-Identifier: BSD-2-Clause */
/* A net begins with lo; listeners hear of what is there and what comes; the log
 * is bounded; deferred work ends, or waits where nothing comes of it. */
#include "net/fixture_test.h"

#include <errno.h>
#include <stdio.h>

static void a_net_begins_with_lo_up_index_1(void **state)
{
	struct fixture *x = *state;
	struct vn_device *lo = vn_net_find(x->net, "lo");

	assert_non_null(lo);
	assert_ptr_equal(lo, x->net->loopback);
	assert_ptr_equal(vn_net_find_index(x->net, 1), lo);
	assert_int_equal(lo->type, 772);
	assert_int_equal(lo->flags, VN_IFF_UP | VN_IFF_LOOPBACK);
	assert_int_equal(lo->mtu, 65536);
	assert_string_equal(lo->qdisc->ops->id, "noqueue");
	assert_null(vn_net_find(x->net, "eth0"));
	assert_null(vn_net_find_index(x->net, 2));
}

static void settings_begin_as_in_linux(void **state)
{
	const struct vn_net_settings *s = &((struct fixture *)*state)->net->settings;

	assert_int_equal(s->netdev_max_backlog, 1000);
	assert_int_equal(s->dev_weight, 64);
	assert_int_equal(s->dev_weight_rx_bias, 1);
	assert_int_equal(s->dev_weight_tx_bias, 1);
	assert_int_equal(s->netdev_budget, 300);
	assert_int_equal(s->netdev_budget_usecs, 8000);
	assert_string_equal(s->default_qdisc, "pfifo_fast");
}

static void a_number_of_cpus_that_cannot_be_is_refused(void **state)
{
	static const unsigned int n[] = { 0, VN_NET_CPUS_MAX + 1 };
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(n); i++) {
		struct vn_net_opts opts = x->net->opts;
		struct vn_net *net = x->net;
		struct vn_err err = { "" };

		opts.n_cpus = n[i];
		assert_int_equal(vn_net_new(&opts, &net, &err), -EINVAL);
		assert_null(net);
		assert_non_null(strstr(err.text, "1 to 64"));
	}
	vn_net_free(NULL);
}

static void a_listener_hears_what_is_there_and_what_comes(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "a" });

	rec_register(r);
	vn_net_listen(x->net, &x->listener);
	assert_events(x, "lo:REGISTER lo:UP a:REGISTER ");
	vn_device_open(&r->dev);
	assert_events(x, "(open) a:UP ");
	vn_net_unlisten(x->net, &x->listener);
	vn_device_close(&r->dev);
	assert_events(x, "(stop) ");
}

/* Hears one event only. */
static void listen_once(struct vn_net_listener *l, enum vn_net_event event, struct vn_device *dev)
{
	struct fixture *x = vn_container_of(l, struct fixture, listener);

	write_event(l, event, dev);
	if (event == VN_NET_DOWN)
		vn_net_unlisten(x->net, l);
}

static void a_listener_may_leave_while_it_is_told(void **state)
{
	struct fixture *x = *state;
	struct vn_net_listener last = { write_event, NULL };
	struct rec *r = rec_eth(x);

	x->listener.fn = listen_once;
	vn_net_listen(x->net, &x->listener);
	clear(&x->events);
	vn_device_close(&r->dev);
	vn_device_open(&r->dev);
	assert_events(x, "eth0:GOING_DOWN (stop) eth0:DOWN (open) ");
	vn_net_unlisten(x->net, &last); /* was never there */
}

static void the_end_of_a_net_unregisters_lo_last(void **state)
{
	struct fixture *x = *state;
	struct vn_net *net = x->net;
	struct vn_net_opts opts = net->opts;

	rec_eth(x);
	rec_eth(x);
	vn_net_listen(net, &x->listener);
	clear(&x->events);
	vn_net_free(net);
	assert_events(x, "eth0:GOING_DOWN (stop) eth0:DOWN eth0:UNREGISTER "
			 "eth1:GOING_DOWN (stop) eth1:DOWN eth1:UNREGISTER "
			 "lo:GOING_DOWN lo:DOWN lo:UNREGISTER ");
	assert_int_equal(vn_net_new(&opts, &x->net, NULL), 0);
}

static void the_log_of_what_packets_cause_is_bounded(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 2 });
	unsigned int lines = 0;

	r->ops.select_queue = rec_select;
	r->choice = 2;
	send_packets(&r->dev, 0, 100);
	for (const char *p = x->log.buf; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 10);
	clear(&x->log);
	pass(x, 5 * SECOND);
	send_packets(&r->dev, 0, 1);
	assert_string_equal(x->log.buf,
			    "q selects TX queue 2, but real number of TX queues is 2\n");
}

/* Refuses without stopping: the kernel would go round; here time has to pass. */
static void work_that_nothing_comes_of_is_left_to_a_timer(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	r->refusals = 1000;
	send_packets(&r->dev, 0, 3);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0);
	assert_true(r->refusals > 900);
	assert_true(vn_timer_is_armed(&x->net->retry));
	pass(x, SECOND);
	assert_int_equal(r->refusals, 0);
	assert_sent(r, 0, 3);
	assert_false(vn_timer_is_armed(&x->net->retry));
}

static void a_run_keeps_the_callers_cpu(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_net_on_cpu(x->net, 1);
	vn_netif_rx(x->net, packet(&r->dev, 0));
	vn_net_run(x->net);
	assert_int_equal(x->net->cpu, 1);
	assert_int_equal(x->net->softnet[0].processed, 0);
	assert_int_equal(x->net->softnet[1].processed, 1);
}

static void take_type(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int *got = arg;

	*got += n;
	assert_int_equal(pkts[0].len, 60);
	assert_int_equal(pkts[0].stamp_ns, WALL0);
}

static void what_is_sent_on_lo_comes_in_on_it(void **state)
{
	struct fixture *x = *state;
	struct vn_device *lo = x->net->loopback;
	uint32_t outstanding = 3;
	unsigned int got = 0;
	struct vn_ptype pt = { .type = 0x88b5, .func = take_type, .arg = &got };
	struct vn_device_stats s;

	vn_ptype_add(x->net, &pt);
	for (uint16_t i = 0; i < 3; i++) {
		struct vn_skb *skb = packet(lo, i);

		skb->outstanding = &outstanding;
		assert_int_equal(vn_dev_queue_xmit(skb), VN_TX_OK);
	}
	assert_int_equal(outstanding, 0); /* it has left its sender */
	assert_int_equal(got, 0);	  /* and waits in the input queue */
	assert_int_equal(x->net->softnet[0].input.len, 3);
	vn_net_run(x->net);
	assert_int_equal(got, 3);
	vn_device_get_stats(lo, &s);
	assert_int_equal(s.tx_packets, 3);
	assert_int_equal(s.rx_packets, 3);
	assert_int_equal(s.tx_bytes, 3 * 46);
	assert_int_equal(s.rx_bytes, 3 * 46);
	assert_int_equal(s.rx_dropped, 0);
	vn_ptype_remove(x->net, &pt);
}

static void what_nobody_takes_on_lo_is_counted(void **state)
{
	struct fixture *x = *state;
	struct vn_device_stats s;

	send_packets(x->net->loopback, 0, 2);
	vn_net_run(x->net);
	vn_device_get_stats(x->net->loopback, &s);
	assert_int_equal(s.rx_packets, 2);
	assert_int_equal(s.rx_dropped, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(a_net_begins_with_lo_up_index_1),
		CASE(settings_begin_as_in_linux),
		CASE(a_number_of_cpus_that_cannot_be_is_refused),
		CASE(a_listener_hears_what_is_there_and_what_comes),
		CASE(a_listener_may_leave_while_it_is_told),
		CASE(the_end_of_a_net_unregisters_lo_last),
		CASE(the_log_of_what_packets_cause_is_bounded),
		CASE(work_that_nothing_comes_of_is_left_to_a_timer),
		CASE(a_run_keeps_the_callers_cpu),
		CASE(what_is_sent_on_lo_comes_in_on_it),
		CASE(what_nobody_takes_on_lo_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The input queue and its limit, NET_RX's budgets and fairness, pollers that
 * come and go while they are called, and what NET_TX frees. */
#include "net/fixture_test.h"

/* Says its letter and how many packets it "handled". */
struct poller {
	struct vn_napi napi;
	struct fixture *x;
	char letter;
	unsigned int has;		    /* packets still there */
	uint64_t takes_ns;		    /* a call */
	struct poller *cancels, *schedules; /* while it is called; NULL */
};

static int poll_some(struct vn_napi *napi, int budget)
{
	struct poller *p = vn_container_of(napi, struct poller, napi);
	unsigned int n = VN_MIN((unsigned int)budget, p->has);

	vn_text_add(&p->x->events, "%c%u ", p->letter, n);
	p->has -= n;
	pass(p->x, p->takes_ns);
	if (p->schedules)
		vn_napi_schedule(p->x->net, &p->schedules->napi);
	p->schedules = NULL;
	if (p->cancels)
		vn_napi_cancel(p->x->net, &p->cancels->napi);
	return (int)n;
}

static void poller_init(struct poller *p, struct fixture *x, char letter, unsigned int has)
{
	*p = (struct poller){
		.napi = { .poll = poll_some, .weight = 64 }, .x = x, .letter = letter, .has = has
	};
	vn_napi_schedule(x->net, &p->napi);
}

static void the_input_queue_holds_one_more_than_the_limit(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_softnet *s = &x->net->softnet[0];
	unsigned int taken = 0;

	x->net->settings.netdev_max_backlog = 10;
	for (uint16_t i = 0; i < 20; i++)
		taken += vn_netif_rx(x->net, packet(&r->dev, i)) == VN_RX_SUCCESS;
	assert_int_equal(taken, 11);
	assert_int_equal(s->input.len, 11);
	assert_int_equal(s->dropped, 9);
	assert_int_equal(r->dev.core.rx_dropped, 9);
	assert_int_equal(s->raised, VN_NET_RX);
	assert_ptr_equal(s->poll.first, &s->backlog);
	assert_null(s->backlog.next); /* once */
	vn_net_run(x->net);
	assert_int_equal(s->processed, 11);
	assert_int_equal(s->input.len + s->process.len, 0);
	assert_null(s->poll.first);
	assert_int_equal(s->raised, 0);
}

static void a_device_that_is_not_open_receives_nothing(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	uint32_t outstanding = 1;
	struct vn_skb *skb = packet(&r->dev, 0);

	vn_device_close(&r->dev);
	skb->outstanding = &outstanding;
	assert_int_equal(vn_netif_rx(x->net, skb), VN_RX_DROP);
	assert_int_equal(outstanding, 0);
	assert_int_equal(x->net->softnet[0].dropped, 1);
	assert_int_equal(r->dev.core.rx_dropped, 1);
	assert_int_equal(x->net->softnet[0].raised, 0);
}

static void note_stamp(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	uint64_t *stamp = arg;

	for (unsigned int i = 0; i < n; i++)
		*stamp++ = pkts[i].stamp_ns;
}

static void packets_are_stamped_when_they_arrive(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	uint64_t stamps[2] = { 0 };
	struct vn_ptype pt = { .type = 0x88b5, .func = note_stamp, .arg = stamps };
	struct vn_skb *skb = packet(&r->dev, 0);

	vn_ptype_add(x->net, &pt);
	pass(x, 5);
	vn_netif_rx(x->net, packet(&r->dev, 0));
	skb->stamp_ns = 77; /* it has one */
	vn_netif_rx(x->net, skb);
	pass(x, 5);
	vn_net_run(x->net);
	assert_int_equal(stamps[0], WALL0 + 5);
	assert_int_equal(stamps[1], 77);
}

static void the_backlog_is_one_poller_with_its_own_weight(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_softnet *s = &x->net->softnet[0];

	for (uint16_t i = 0; i < 100; i++)
		vn_netif_rx(x->net, packet(&r->dev, i));
	vn_net_rx_action(x->net);
	assert_int_equal(s->processed, 64);
	assert_int_equal(s->process.len, 36);
	assert_int_equal(s->input.len, 0);
	assert_int_equal(s->raised, VN_NET_RX);
	x->net->settings.dev_weight = 5;
	x->net->settings.dev_weight_rx_bias = 4;
	vn_net_rx_action(x->net);
	assert_int_equal(s->processed, 84);
	vn_net_rx_action(x->net);
	assert_int_equal(s->processed, 100);
	assert_int_equal(s->raised, 0);
	assert_int_equal(s->time_squeeze, 0);
}

/* Packets of two devices, in turns of three. */
static void packets_of_a_device_that_follow_each_other_go_together(void **state)
{
	struct fixture *x = *state;
	struct rec *r[2] = { rec_eth(x), rec_eth(x) };

	for (uint16_t i = 0; i < 12; i++)
		vn_netif_rx(x->net, packet(&r[i / 3 % 2]->dev, i));
	vn_net_run(x->net);
	assert_int_equal(r[0]->dev.core.rx_dropped, 6); /* to their own device, each */
	assert_int_equal(r[1]->dev.core.rx_dropped, 6);
}

static void pollers_take_turns_and_the_done_are_off_the_list(void **state)
{
	struct fixture *x = *state;
	struct poller a, b;

	poller_init(&a, x, 'a', 150);
	poller_init(&b, x, 'b', 70);
	vn_napi_schedule(x->net, &a.napi); /* is on it */
	vn_net_run(x->net);
	assert_events(x, "a64 b64 a64 b6 a22 ");
	assert_false(a.napi.is_scheduled);
	assert_false(b.napi.is_scheduled);
	assert_int_equal(x->net->softnet[0].time_squeeze, 0);
}

static void who_used_its_weight_comes_behind_who_is_new(void **state)
{
	struct fixture *x = *state;
	struct poller a, b;

	poller_init(&b, x, 'b', 5);
	vn_napi_cancel(x->net, &b.napi);
	poller_init(&a, x, 'a', 100);
	a.schedules = &b;
	vn_net_rx_action(x->net);
	assert_events(x, "a64 ");
	vn_net_rx_action(x->net);
	assert_events(x, "b5 a36 ");
}

static void a_poller_that_is_exactly_done_is_asked_once_more(void **state)
{
	struct fixture *x = *state;
	struct poller a;

	poller_init(&a, x, 'a', 64);
	vn_net_run(x->net);
	assert_events(x, "a64 a0 ");
}

static void the_packet_budget_squeezes(void **state)
{
	struct fixture *x = *state;
	struct vn_softnet *s = &x->net->softnet[0];
	struct poller a, b, c;

	x->net->settings.netdev_budget = 128;
	poller_init(&a, x, 'a', 100);
	poller_init(&b, x, 'b', 100);
	poller_init(&c, x, 'c', 100);
	vn_net_rx_action(x->net);
	assert_events(x, "a64 b64 ");
	assert_int_equal(s->time_squeeze, 1);
	assert_int_equal(s->raised, VN_NET_RX);
	vn_net_rx_action(x->net); /* c was not called: it is the first */
	assert_events(x, "c64 a36 b36 ");
	assert_int_equal(s->time_squeeze, 2);
	vn_net_rx_action(x->net);
	assert_events(x, "c36 ");
	assert_int_equal(s->time_squeeze, 2);
	assert_int_equal(s->raised, 0);
}

static void the_time_budget_squeezes(void **state)
{
	struct fixture *x = *state;
	struct poller a, b;

	poller_init(&a, x, 'a', 10);
	poller_init(&b, x, 'b', 10);
	a.takes_ns = 7999 * VN_NSEC_PER_USEC;
	vn_net_rx_action(x->net);
	assert_events(x, "a10 b10 ");
	assert_int_equal(x->net->softnet[0].time_squeeze, 0);
	poller_init(&a, x, 'a', 10);
	poller_init(&b, x, 'b', 10);
	a.takes_ns = 8000 * VN_NSEC_PER_USEC;
	vn_net_rx_action(x->net);
	assert_events(x, "a10 ");
	assert_int_equal(x->net->softnet[0].time_squeeze, 1);
	vn_net_run(x->net);
	assert_events(x, "b10 ");
}

static void a_poller_that_is_scheduled_while_it_runs_comes_again(void **state)
{
	struct fixture *x = *state;
	struct poller a;

	poller_init(&a, x, 'a', 3);
	a.schedules = &a;
	vn_net_run(x->net);
	assert_events(x, "a3 a0 ");
}

static void a_canceled_poller_is_found_wherever_it_is(void **state)
{
	struct fixture *x = *state;
	struct poller a, b, c;

	/* Before NET_RX, on another CPU's list. */
	poller_init(&a, x, 'a', 1);
	poller_init(&b, x, 'b', 1);
	vn_net_on_cpu(x->net, 1);
	vn_napi_cancel(x->net, &b.napi);
	vn_napi_cancel(x->net, &b.napi);
	vn_net_on_cpu(x->net, 0);
	poller_init(&c, x, 'c', 1);
	vn_net_run(x->net);
	assert_events(x, "a1 c1 ");
	/* Waiting in this round; having used its weight; itself. */
	poller_init(&a, x, 'a', 1);
	poller_init(&b, x, 'b', 1);
	a.cancels = &b;
	vn_net_run(x->net);
	assert_events(x, "a1 ");
	assert_false(b.napi.is_scheduled);
	poller_init(&b, x, 'b', 100);
	poller_init(&a, x, 'a', 1);
	a.cancels = &b;
	vn_net_run(x->net);
	assert_events(x, "b64 a1 ");
	poller_init(&a, x, 'a', 100);
	a.cancels = &a;
	vn_net_run(x->net);
	assert_events(x, "a64 ");
	assert_int_equal(x->net->softnet[0].raised, 0);
}

static void what_is_completed_is_freed_by_net_tx(void **state)
{
	struct fixture *x = *state;
	uint32_t outstanding = 2;

	for (uint16_t i = 0; i < 2; i++) {
		struct vn_skb *skb = packet(x->net->loopback, i);

		skb->outstanding = &outstanding;
		vn_softnet_complete(x->net, skb);
	}
	assert_int_equal(outstanding, 2);
	assert_int_equal(x->net->softnet[0].raised, VN_NET_TX);
	vn_net_run(x->net);
	assert_int_equal(outstanding, 0);
}

static void what_waits_at_the_end_is_freed(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_netif_rx(x->net, packet(&r->dev, 0));
	vn_softnet_complete(x->net, packet(&r->dev, 0));
	/* That is all: the sanitizer counts. */
	assert_int_equal(x->net->softnet[0].input.len, 1);
}

static void cpus_have_queues_of_their_own(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	x->net->settings.netdev_max_backlog = 0;
	assert_int_equal(vn_netif_rx(x->net, packet(&r->dev, 0)), VN_RX_SUCCESS);
	assert_int_equal(vn_netif_rx(x->net, packet(&r->dev, 0)), VN_RX_DROP);
	vn_net_on_cpu(x->net, 1);
	assert_int_equal(vn_netif_rx(x->net, packet(&r->dev, 0)), VN_RX_SUCCESS);
	assert_int_equal(x->net->softnet[0].dropped, 1);
	assert_int_equal(x->net->softnet[1].dropped, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(the_input_queue_holds_one_more_than_the_limit),
		CASE(a_device_that_is_not_open_receives_nothing),
		CASE(packets_are_stamped_when_they_arrive),
		CASE(the_backlog_is_one_poller_with_its_own_weight),
		CASE(packets_of_a_device_that_follow_each_other_go_together),
		CASE(pollers_take_turns_and_the_done_are_off_the_list),
		CASE(who_used_its_weight_comes_behind_who_is_new),
		CASE(a_poller_that_is_exactly_done_is_asked_once_more),
		CASE(the_packet_budget_squeezes),
		CASE(the_time_budget_squeezes),
		CASE(a_poller_that_is_scheduled_while_it_runs_comes_again),
		CASE(a_canceled_poller_is_found_wherever_it_is),
		CASE(what_is_completed_is_freed_by_net_tx),
		CASE(what_waits_at_the_end_is_freed),
		CASE(cpus_have_queues_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The predicates of a queue, stopping and waking, freezing, byte limits, and the
 * lock that finds a second entry. */
#include "net/fixture_test.h"

static void predicates_are_those_of_the_table(void **state)
{
	static const struct {
		uint32_t state;
		bool by_driver, stopped, frozen_or_stopped, frozen_or_by_driver;
	} cases[] = {
		{ 0, false, false, false, false }, { 1, true, true, true, true },
		{ 2, false, true, true, false },   { 3, true, true, true, true },
		{ 4, false, false, true, true },   { 5, true, true, true, true },
		{ 6, false, true, true, true },	   { 7, true, true, true, true },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_tx_queue q = { .state = cases[i].state };

		assert_int_equal(vn_queue_is_stopped_by_driver(&q), cases[i].by_driver);
		assert_int_equal(vn_queue_is_stopped(&q), cases[i].stopped);
		assert_int_equal(vn_queue_is_frozen_or_stopped(&q), cases[i].frozen_or_stopped);
		assert_int_equal(vn_queue_is_frozen_or_stopped_by_driver(&q),
				 cases[i].frozen_or_by_driver);
	}
}

static void a_stop_is_a_last_start_and_a_wake_schedules(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_tx_queue *q = &r->dev.tx[0];

	pass(x, 5);
	vn_queue_stop(q);
	assert_int_equal(q->trans_start_ns, 5);
	assert_true(vn_queue_is_stopped_by_driver(q));
	send_packets(&r->dev, 0, 3);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0);
	vn_queue_wake(q);
	assert_true(q->qdisc->is_scheduled);
	assert_int_equal(r->n, 0); /* not yet */
	vn_net_run(x->net);
	assert_sent(r, 0, 3);
}

static void a_wake_of_a_queue_that_runs_schedules_nothing(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_queue_wake(&r->dev.tx[0]);
	assert_false(r->dev.tx[0].qdisc->is_scheduled);
	assert_int_equal(x->net->softnet[0].raised, 0);
}

static void a_start_does_not_schedule(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_queue_stop(&r->dev.tx[0]);
	send_packets(&r->dev, 0, 3);
	vn_net_run(x->net);
	vn_queue_start(&r->dev.tx[0]);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0);
	send_packets(&r->dev, 3, 1); /* who sends next takes them along */
	assert_sent(r, 0, 4);
}

static void frozen_queues_send_nothing_until_they_thaw(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 2 });
	struct vn_skb *skb = packet(&r->dev, 9);

	r->ops.select_queue = rec_select;
	vn_queues_freeze(&r->dev);
	send_packets(&r->dev, 0, 2);
	r->choice = 1;
	vn_queue_stop(&r->dev.tx[1]);
	send_packets(&r->dev, 2, 2);
	vn_net_run(x->net);
	assert_int_equal(vn_dev_direct_xmit(skb, false), VN_TX_BUSY);
	assert_int_equal(r->n, 0);
	vn_queues_unfreeze(&r->dev);
	vn_net_run(x->net);
	assert_sent(r, 0, 2); /* queue 1 is stopped still */
	vn_queue_wake(&r->dev.tx[1]);
	vn_net_run(x->net);
	assert_sent(r, 0, 4);
	vn_skb_free(skb);
}

static void bytes_above_the_limit_stop_the_stack(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_tx_queue *q = &r->dev.tx[0];

	q->bql.limit = q->bql.limit_min = 120;
	vn_queue_sent(q, 60);
	vn_queue_sent(q, 60);
	assert_int_equal(q->state, 0); /* at the limit, not above */
	vn_queue_sent(q, 1);
	assert_int_equal(q->state, VN_QUEUE_STACK_XOFF);
	assert_int_equal(q->bql.inflight, 121);
	send_packets(&r->dev, 0, 2);
	assert_int_equal(r->n, 0);
	/* Directly it goes all the same: only what the back end stopped counts. */
	assert_int_equal(vn_dev_direct_xmit(packet(&r->dev, 9), false), VN_TX_OK);
	r->n = 0;
	vn_queue_completed(q, 1);
	assert_int_equal(q->state, 0);
	vn_net_run(x->net);
	assert_sent(r, 0, 2);
}

static void a_limit_that_starved_the_back_end_grows(void **state)
{
	struct fixture *x = *state;
	struct vn_tx_queue *q = &rec_eth(x)->dev.tx[0];

	assert_int_equal(q->bql.limit, 0);
	vn_queue_sent(q, 100);
	assert_int_equal(q->state, VN_QUEUE_STACK_XOFF);
	vn_queue_completed(q, 100);
	assert_int_equal(q->bql.limit, 100);
	assert_int_equal(q->state, 0);
	q->bql.limit_max = 150;
	vn_queue_sent(q, 101);
	vn_queue_completed(q, 101);
	assert_int_equal(q->bql.limit, 150);
}

static void a_limit_that_was_never_needed_shrinks_after_the_hold_time(void **state)
{
	struct fixture *x = *state;
	struct vn_tx_queue *q = &rec_eth(x)->dev.tx[0];

	q->bql.limit = 1000;
	vn_queue_sent(q, 900);
	for (unsigned int i = 0; i < 10; i++) {
		pass(x, SECOND / 10);
		vn_queue_completed(q, 100); /* 800 are left each time */
		vn_queue_sent(q, 100);
		assert_int_equal(q->bql.limit, 1000);
	}
	pass(x, SECOND / 10);
	vn_queue_completed(q, 100);
	assert_int_equal(q->bql.limit, 200);
	q->bql.limit_min = 150;
	pass(x, 2 * SECOND);
	vn_queue_completed(q, 1);
	assert_int_equal(q->bql.limit, 150);
}

static void a_pause_does_not_shrink_a_limit(void **state)
{
	struct fixture *x = *state;
	struct vn_tx_queue *q = &rec_eth(x)->dev.tx[0];

	q->bql.limit = 1000;
	vn_queue_sent(q, 900);
	vn_queue_completed(q, 900);
	pass(x, 10 * SECOND);
	vn_queue_sent(q, 900);
	vn_queue_completed(q, 100);
	assert_int_equal(q->bql.limit, 1000);
}

static void a_locked_queue_is_not_entered_again(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *own;
	struct vn_tx_queue *q = &r->dev.tx[0];
	struct vn_skb *skb = packet(&r->dev, 0);

	vn_net_on_cpu(x->net, 1);
	assert_true(vn_queue_lock(q));
	assert_int_equal(q->owner, 1);
	assert_false(vn_queue_lock(q));
	assert_int_equal(vn_dev_direct_xmit(skb, false), VN_TX_BUSY);
	vn_queue_unlock(q);
	assert_int_equal(q->owner, VN_QUEUE_NO_OWNER);
	assert_int_equal(vn_dev_direct_xmit(skb, false), VN_TX_OK);
	own = rec_new(x, &(struct vn_device_info){ .name = "own", .has_own_lock = true });
	assert_true(vn_queue_lock(&own->dev.tx[0]));
	assert_true(vn_queue_lock(&own->dev.tx[0]));
	vn_queue_unlock(&own->dev.tx[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		cmocka_unit_test(predicates_are_those_of_the_table),
		CASE(a_stop_is_a_last_start_and_a_wake_schedules),
		CASE(a_wake_of_a_queue_that_runs_schedules_nothing),
		CASE(a_start_does_not_schedule),
		CASE(frozen_queues_send_nothing_until_they_thaw),
		CASE(bytes_above_the_limit_stop_the_stack),
		CASE(a_limit_that_starved_the_back_end_grows),
		CASE(a_limit_that_was_never_needed_shrinks_after_the_hold_time),
		CASE(a_pause_does_not_shrink_a_limit),
		CASE(a_locked_queue_is_not_entered_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

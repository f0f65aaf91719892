/* SPDX-License-Identifier: BSD-2-Clause */
/* Each queue has a child of its own; counters are the children's together. */
#include "net/fixture_test.h"

#include <errno.h>

#define QUEUES 3

static struct rec *three_queues(struct fixture *x)
{
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = QUEUES });

	r->ops.select_queue = rec_select;
	return r;
}

static void every_queue_has_its_own_child(void **state)
{
	struct rec *r = three_queues(*state);

	assert_string_equal(r->dev.qdisc->ops->id, "mq");
	for (unsigned int i = 0; i < QUEUES; i++) {
		assert_string_equal(r->dev.tx[i].qdisc->ops->id, "pfifo_fast");
		assert_ptr_equal(r->dev.tx[i].qdisc->txq, &r->dev.tx[i]);
		assert_int_equal(r->dev.tx[i].qdisc->parent, i + 1);
		assert_true(!i || r->dev.tx[i].qdisc != r->dev.tx[i - 1].qdisc);
	}
}

static void a_stopped_queue_stops_no_other(void **state)
{
	struct fixture *x = *state;
	struct rec *r = three_queues(x);
	struct vn_qdisc_stats s;

	vn_queue_stop(&r->dev.tx[1]);
	for (r->choice = 0; r->choice < QUEUES; r->choice++)
		send_packets(&r->dev, r->choice, 1);
	vn_net_run(x->net);
	assert_int_equal(r->n, 2);
	assert_int_equal(r->sent[0].queue, 0);
	assert_int_equal(r->sent[1].queue, 2);
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.packets, 3);
	assert_int_equal(s.bytes, 180);
	assert_int_equal(s.qlen, 1);
	assert_int_equal(s.backlog_bytes, 60);
	assert_int_equal(s.requeues, 1);
	vn_queue_wake(&r->dev.tx[1]);
	vn_net_run(x->net);
	assert_int_equal(r->sent[2].queue, 1);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 0);
}

static void drops_of_children_are_shown(void **state)
{
	struct rec *r = three_queues(*state);

	vn_device_set_tx_queue_len(&r->dev, 1);
	for (r->choice = 0; r->choice < QUEUES; r->choice++) {
		vn_queue_stop(&r->dev.tx[r->choice]);
		assert_int_equal(send_packets(&r->dev, 0, 5), 2);
	}
	assert_int_equal(stats_of(r->dev.qdisc).drops, 3 * QUEUES);
	vn_qdisc_reset(r->dev.qdisc);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 0);
	assert_int_equal(stats_of(r->dev.qdisc).drops, 3 * QUEUES);
}

static void queues_that_go_out_of_use_discard(void **state)
{
	struct fixture *x = *state;
	struct rec *r = three_queues(x);

	for (r->choice = 0; r->choice < QUEUES; r->choice++) {
		vn_queue_stop(&r->dev.tx[r->choice]);
		send_packets(&r->dev, r->choice, 1);
	}
	vn_device_set_queues(&r->dev, 2);
	assert_int_equal(r->dev.real_n_txq, 2);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 2);
	r->choice = 2; /* not in use: 0 takes it */
	vn_queue_start(&r->dev.tx[0]);
	send_packets(&r->dev, 9, 1);
	vn_net_run(x->net);
	assert_int_equal(r->sent[1].tag, 9);
	assert_int_equal(r->sent[1].queue, 0);
	vn_device_set_queues(&r->dev, 0);
	assert_int_equal(r->dev.real_n_txq, 1);
	vn_device_set_queues(&r->dev, 10);
	assert_int_equal(r->dev.real_n_txq, QUEUES);
}

static void children_that_cannot_be_made_are_refused(void **state)
{
	struct fixture *x = *state;
	struct rec *r = three_queues(x);
	struct vn_err err = { "" };
	struct vn_qdisc *q;

	r->dev.tx_queue_len = 0;
	assert_int_equal(vn_qdisc_parse(&r->dev, "mq", &q, &err), -EINVAL);
	assert_null(q);
	assert_non_null(strstr(err.text, "tx_queue_len is 0"));
	memcpy(x->net->settings.default_qdisc, "mq", 3);
	assert_int_equal(vn_qdisc_parse(&r->dev, "mq", &q, &err), -EINVAL);
	assert_non_null(strstr(err.text, "default_qdisc 'mq'"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(every_queue_has_its_own_child),
		CASE(a_stopped_queue_stops_no_other),
		CASE(drops_of_children_are_shown),
		CASE(queues_that_go_out_of_use_discard),
		CASE(children_that_cannot_be_made_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

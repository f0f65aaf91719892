/* SPDX-License-Identifier: BSD-2-Clause */
/* What all disciplines have in common: being made from words and put in place,
 * scheduled once, run until something stops the run; and the two that hold no
 * packet. */
#include "net/fixture_test.h"

#include <errno.h>
#include <stdio.h>

static void every_kind_is_found_and_made(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 2 });

	for (const struct vn_qdisc_ops *const *k = vn_qdisc_kinds; *k; k++) {
		struct vn_qdisc *q;

		assert_ptr_equal(vn_qdisc_kind((*k)->id), *k);
		assert_non_null((*k)->syntax);
		assert_int_equal(vn_qdisc_parse(&r->dev, (*k)->id, &q, NULL), 0);
		assert_ptr_equal(q->ops, *k);
		vn_qdisc_free(q);
	}
	assert_null(vn_qdisc_kind("nosuch"));
	vn_qdisc_free(NULL);
}

static void what_cannot_be_made_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *word; /* that the sentence holds */
	} cases[] = {
		{ "nosuch", -EINVAL, "'nosuch'" },
		{ "nosuch", -EINVAL, "pfifo_fast, mq" },
		{ "", -EINVAL, "there are" },
		{ "  ", -EINVAL, "there are" },
		{ "pfifo_fas", -EINVAL, "'pfifo_fas'" },
		{ "pfifo_fast_and_much_longer_than_any_kind_is", -EINVAL, "no such" },
		{ "pfifo_fast limit 10", -EINVAL, "'limit 10'" },
		{ "noqueue x", -EINVAL, "noqueue: 'x'" },
		{ "noop x", -EINVAL, "noop: 'x'" },
		{ "mq x", -EINVAL, "mq: 'x'" },
		{ "mq", -EOPNOTSUPP, "at least 2" },
	};
	struct rec *r = rec_eth(*state);

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_qdisc *q = &r->dev.noop;
		struct vn_err err = { "" };

		assert_int_equal(vn_qdisc_parse(&r->dev, cases[i].text, &q, &err), cases[i].rc);
		assert_null(q);
		assert_non_null(strstr(err.text, cases[i].word));
	}
}

static void blanks_around_the_kind_do_not_matter(void **state)
{
	struct rec *r = rec_eth(*state);
	struct vn_qdisc *q;

	assert_int_equal(vn_qdisc_parse(&r->dev, " \tpfifo_fast \n", &q, NULL), 0);
	vn_qdisc_free(q);
}

static void the_default_root_is_by_kind_of_device(void **state)
{
	static const struct {
		struct vn_device_info info;
		const char *kind, *root, *of_queue;
	} cases[] = {
		{ { .name = "a" }, "pfifo_fast", "pfifo_fast", "pfifo_fast" },
		{ { .name = "a", .n_txq = 2 }, "pfifo_fast", "mq", "pfifo_fast" },
		{ { .name = "a", .is_no_queue = true }, "pfifo_fast", "noqueue", "noqueue" },
		{ { .name = "a", .is_no_queue = true, .n_txq = 2 },
		  "pfifo_fast",
		  "noqueue",
		  "noqueue" },
		{ { .name = "a" }, "noop", "noop", "noop" },
		{ { .name = "a", .n_txq = 2 }, "noqueue", "mq", "noqueue" },
		/* What cannot be made: without a queue rather than without a way. */
		{ { .name = "a" }, "mq", "noqueue", "noqueue" },
		{ { .name = "a", .n_txq = 2 }, "mq", "noqueue", "noqueue" },
		{ { .name = "a" }, "nosuch", "noqueue", "noqueue" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct rec *r;

		snprintf(x->net->settings.default_qdisc, sizeof(x->net->settings.default_qdisc),
			 "%s", cases[i].kind);
		r = rec_new(x, &cases[i].info);
		assert_string_equal(r->dev.qdisc->ops->id, cases[i].root);
		for (unsigned int q = 0; q < r->dev.n_txq; q++)
			assert_string_equal(r->dev.tx[q].qdisc->ops->id, cases[i].of_queue);
		vn_device_unregister(&r->dev);
	}
	assert_non_null(strstr(x->log.buf, "a (rec): default qdisc (nosuch) fail, fallback to "
					   "noqueue\n"));
}

static void a_new_root_takes_the_place_of_the_old(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	uint32_t outstanding = 1;
	struct vn_skb *skb = packet(&r->dev, 0);

	vn_queue_stop(&r->dev.tx[0]);
	skb->outstanding = &outstanding;
	vn_dev_queue_xmit(skb);
	assert_true(r->dev.qdisc->is_scheduled); /* and stays in no list */
	set_root(&r->dev, "noqueue");
	assert_int_equal(outstanding, 0);
	assert_string_equal(r->dev.tx[0].qdisc->ops->id, "noqueue");
	vn_queue_start(&r->dev.tx[0]);
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 1)), VN_TX_OK);
	vn_net_run(x->net);
	assert_sent(r, 1, 1);
	assert_int_equal(vn_qdisc_set_root(&r->dev, NULL, NULL), 0);
	assert_string_equal(r->dev.qdisc->ops->id, "pfifo_fast");
}

static void a_root_that_is_set_while_down_is_active_when_up(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0", .n_txq = 3 });

	rec_register(r);
	set_root(&r->dev, "pfifo_fast");
	assert_ptr_equal(r->dev.tx[1].qdisc->ops, &vn_noop_ops);
	vn_device_open(&r->dev);
	for (unsigned int i = 0; i < 3; i++)
		assert_ptr_equal(r->dev.tx[i].qdisc, r->dev.qdisc); /* one for all */
	vn_device_close(&r->dev);
	assert_int_equal(vn_qdisc_set_root(&r->dev, NULL, NULL), 0);
	assert_ptr_equal(r->dev.qdisc, &r->dev.noop);
	vn_device_open(&r->dev);
	assert_string_equal(r->dev.qdisc->ops->id, "mq");
}

static void noop_drops_with_congestion_and_counts(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	uint32_t outstanding = 1;
	struct vn_skb *skb = packet(&r->dev, 0);

	set_root(&r->dev, "noop");
	skb->outstanding = &outstanding;
	assert_int_equal(vn_dev_queue_xmit(skb), VN_XMIT_CN);
	assert_int_equal(outstanding, 0);
	assert_int_equal(r->dev.core.tx_dropped, 1);
	vn_qdisc_schedule(r->dev.qdisc); /* nothing to run */
	vn_qdisc_run(r->dev.qdisc);
	assert_int_equal(x->net->softnet[0].raised, 0);
}

static void a_deactivated_discipline_drops(void **state)
{
	struct rec *r = rec_eth(*state);

	r->dev.qdisc->is_deactivated = true;
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_XMIT_DROP);
	assert_int_equal(stats_of(r->dev.qdisc).drops, 1);
	assert_int_equal(r->n, 0);
}

static void a_discipline_is_scheduled_once(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *other = rec_eth(x);
	struct vn_softnet *s = &x->net->softnet[1];

	vn_net_on_cpu(x->net, 1);
	vn_qdisc_schedule(r->dev.qdisc);
	vn_qdisc_schedule(other->dev.qdisc);
	vn_qdisc_schedule(r->dev.qdisc);
	vn_net_on_cpu(x->net, 0);
	vn_qdisc_schedule(r->dev.qdisc); /* on one CPU, that of the first */
	assert_int_equal(x->net->softnet[0].raised, 0);
	assert_int_equal(s->raised, VN_NET_TX);
	assert_ptr_equal(s->output_first, r->dev.qdisc);
	assert_ptr_equal(s->output_last, other->dev.qdisc);
	assert_ptr_equal(s->output_first->next_output, other->dev.qdisc);
	vn_net_run(x->net);
	assert_null(s->output_first);
	assert_false(r->dev.qdisc->is_scheduled);
}

static void what_is_freed_leaves_the_output_queue(void **state)
{
	struct fixture *x = *state;
	struct rec *r[3] = { rec_eth(x), rec_eth(x), rec_eth(x) };

	for (unsigned int i = 0; i < 3; i++)
		vn_qdisc_schedule(r[i]->dev.qdisc);
	vn_device_unregister(&r[1]->dev);
	assert_ptr_equal(x->net->softnet[0].output_first->next_output, r[2]->dev.qdisc);
	vn_device_unregister(&r[2]->dev);
	assert_ptr_equal(x->net->softnet[0].output_last, r[0]->dev.qdisc);
	vn_device_unregister(&r[0]->dev);
	assert_null(x->net->softnet[0].output_first);
	assert_null(x->net->softnet[0].output_last);
	vn_net_run(x->net);
}

/* n packets wait in a stopped queue that is then started. */
static struct rec *waiting(struct fixture *x, unsigned int n)
{
	struct rec *r = rec_eth(x);

	vn_queue_stop(&r->dev.tx[0]);
	assert_int_equal(send_packets(&r->dev, 0, n), n);
	vn_net_tx_action(x->net);
	vn_queue_start(&r->dev.tx[0]);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, n);
	return r;
}

static void a_run_sends_64_and_is_scheduled_for_the_rest(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 150);

	vn_qdisc_run(r->dev.qdisc);
	assert_sent(r, 0, 64);
	assert_true(r->dev.qdisc->is_scheduled);
	vn_net_tx_action(x->net);
	assert_sent(r, 0, 128);
	vn_net_tx_action(x->net);
	assert_sent(r, 0, 150);
	assert_false(r->dev.qdisc->is_scheduled);
}

static void the_quota_is_the_weight_times_the_bias(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 50);

	x->net->settings.dev_weight = 7;
	x->net->settings.dev_weight_tx_bias = 3;
	vn_qdisc_run(r->dev.qdisc);
	assert_sent(r, 0, 21);
	x->net->settings.dev_weight = 0;
	vn_qdisc_run(r->dev.qdisc);
	assert_sent(r, 0, 22); /* one at least, or it would never end */
}

static void all_but_the_last_say_that_more_follow(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 70);

	vn_qdisc_run(r->dev.qdisc);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(r->sent[i].more, i != 63);
	vn_qdisc_run(r->dev.qdisc);
	for (unsigned int i = 64; i < 70; i++)
		assert_int_equal(r->sent[i].more, i != 69);
	send_packets(&r->dev, 70, 1); /* past an empty discipline: alone */
	assert_false(r->sent[70].more);
}

static void a_full_ring_ends_a_run_and_keeps_order_and_counts(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 10);
	struct vn_qdisc_stats s;

	r->completes_at_once = false;
	r->ring = 4;
	vn_qdisc_run(r->dev.qdisc);
	assert_sent(r, 0, 4);
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.qlen, 6);
	assert_int_equal(s.backlog_bytes, 6 * 60);
	assert_false(r->dev.qdisc->is_scheduled); /* the wake will */
	complete(r, 4);
	assert_sent(r, 0, 8);
	complete(r, 4);
	assert_sent(r, 0, 10);
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.qlen, 0);
	assert_int_equal(s.backlog_bytes, 0);
	assert_int_equal(s.packets, 10);
	assert_int_equal(s.bytes, 600);
	assert_int_equal(s.drops, 0);
}

static void a_refused_packet_is_put_back_at_the_head(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 5);
	uint64_t requeues = stats_of(r->dev.qdisc).requeues;

	r->refusals = 3;
	vn_qdisc_run(r->dev.qdisc);
	assert_int_equal(stats_of(r->dev.qdisc).requeues, requeues + 1);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 5);
	assert_true(r->dev.qdisc->is_scheduled);
	vn_net_run(x->net);
	assert_sent(r, 0, 5);
	assert_int_equal(stats_of(r->dev.qdisc).requeues, requeues + 3);
	assert_int_equal(stats_of(r->dev.qdisc).packets, 5);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 0);
}

/* A root that is shared by queues waits for the queue of its first packet. */
static void a_stopped_queue_holds_up_a_shared_root(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 2 });

	r->ops.select_queue = rec_select;
	set_root(&r->dev, "pfifo_fast");
	vn_queue_stop(&r->dev.tx[1]);
	r->choice = 1;
	send_packets(&r->dev, 0, 2);
	r->choice = 0;
	send_packets(&r->dev, 2, 2);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0);
	vn_queue_wake(&r->dev.tx[1]);
	vn_net_run(x->net);
	assert_sent(r, 0, 4);
	assert_int_equal(r->sent[1].queue, 1);
	assert_int_equal(r->sent[2].queue, 0);
	assert_false(r->sent[1].more); /* the next is for another queue */
	assert_true(r->sent[2].more);
}

/* A back end that sends on itself while it sends: the packets come behind. */
static enum vn_tx_code echo_once(struct vn_device *dev, struct vn_tx_queue *q, struct vn_skb *skb,
				 bool more)
{
	struct rec *r = to_rec(dev);

	rec_write(r, q, skb, more);
	if (r->n == 1)
		assert_int_equal(send_packets(dev, 10, 2), 2);
	assert_true(r->n == 1 || r->sent[0].tag == 0);
	vn_skb_free(skb);
	return VN_TX_OK;
}

static void one_runner_at_a_time(void **state)
{
	struct rec *r = rec_eth(*state);

	r->ops.start_xmit = echo_once;
	send_packets(&r->dev, 0, 1);
	assert_int_equal(r->n, 3);
	assert_int_equal(r->sent[1].tag, 10);
	assert_int_equal(r->sent[2].tag, 11);
}

static void a_reset_discards_what_waits_and_keeps_the_counters(void **state)
{
	struct fixture *x = *state;
	struct rec *r = waiting(x, 5);
	struct vn_qdisc_stats s;

	r->refusals = 1;
	vn_qdisc_run(r->dev.qdisc); /* one waits apart */
	vn_qdisc_reset(r->dev.qdisc);
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.qlen, 0);
	assert_int_equal(s.backlog_bytes, 0);
	assert_true(s.requeues > 0);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(every_kind_is_found_and_made),
		CASE(what_cannot_be_made_is_refused_with_a_sentence),
		CASE(blanks_around_the_kind_do_not_matter),
		CASE(the_default_root_is_by_kind_of_device),
		CASE(a_new_root_takes_the_place_of_the_old),
		CASE(a_root_that_is_set_while_down_is_active_when_up),
		CASE(noop_drops_with_congestion_and_counts),
		CASE(a_deactivated_discipline_drops),
		CASE(a_discipline_is_scheduled_once),
		CASE(what_is_freed_leaves_the_output_queue),
		CASE(a_run_sends_64_and_is_scheduled_for_the_rest),
		CASE(the_quota_is_the_weight_times_the_bias),
		CASE(all_but_the_last_say_that_more_follow),
		CASE(a_full_ring_ends_a_run_and_keeps_order_and_counts),
		CASE(a_refused_packet_is_put_back_at_the_head),
		CASE(a_stopped_queue_holds_up_a_shared_root),
		CASE(one_runner_at_a_time),
		CASE(a_reset_discards_what_waits_and_keeps_the_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Bands by priority, first-in first-out in each, each as long as tx_queue_len;
 * an empty one is passed by. */
#include "net/fixture_test.h"

#include <errno.h>

static int send_priority(struct rec *r, uint16_t tag, uint32_t priority)
{
	struct vn_skb *skb = packet(&r->dev, tag);

	skb->priority = priority;
	return vn_dev_queue_xmit(skb);
}

/* A device whose queue is stopped and whose first packet was put back, so that
 * all that come later wait in their bands. */
static struct rec *stopped(struct fixture *x)
{
	struct rec *r = rec_eth(x);

	vn_queue_stop(&r->dev.tx[0]);
	assert_int_equal(send_priority(r, 1000, 0), VN_TX_OK);
	return r;
}

static void go_on(struct rec *r)
{
	vn_queue_wake(&r->dev.tx[0]);
	vn_net_run(r->dev.net);
}

static void an_empty_one_is_passed_by(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_qdisc_stats s;

	assert_int_equal(send_packets(&r->dev, 0, 2), 2);
	assert_sent(r, 0, 2); /* without a run */
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.packets, 2);
	assert_int_equal(s.bytes, 120);
	assert_int_equal(s.qlen, 0);
	vn_queue_stop(&r->dev.tx[0]);
	assert_int_equal(send_packets(&r->dev, 2, 1), 1); /* the answer is success */
	s = stats_of(r->dev.qdisc);
	assert_int_equal(s.qlen, 1);
	assert_int_equal(s.requeues, 1);
	assert_int_equal(s.packets, 3);
	go_on(r);
	assert_sent(r, 0, 3);
	assert_int_equal(stats_of(r->dev.qdisc).packets, 3);
}

static void bands_go_in_order_by_priority(void **state)
{
	/* Sent with priorities 15, 14, ... 0: so within a band they fall. */
	static const uint16_t order[] = {
		1000, 7, 6, 15, 14, 13, 12, 11, 10, 9, 8, 4, 0, 5, 3, 2, 1
	};
	struct rec *r = stopped(*state);

	for (uint16_t p = 16; p-- > 0;)
		assert_int_equal(send_priority(r, p, p), VN_TX_OK);
	go_on(r);
	assert_int_equal(r->n, VN_ARRAY_SIZE(order));
	for (size_t i = 0; i < VN_ARRAY_SIZE(order); i++)
		assert_int_equal(r->sent[i].tag, order[i]);
}

static void priorities_above_15_wrap(void **state)
{
	struct rec *r = stopped(*state);

	send_priority(r, 1, 0x10); /* as 0 */
	send_priority(r, 2, 0x16); /* as 6 */
	go_on(r);
	assert_int_equal(r->sent[1].tag, 2);
	assert_int_equal(r->sent[2].tag, 1);
}

static void each_band_overflows_by_itself(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "a", .tx_queue_len = 3 });

	vn_queue_stop(&r->dev.tx[0]);
	send_priority(r, 0, 0);
	for (uint16_t i = 1; i <= 3; i++)
		assert_int_equal(send_priority(r, i, 0), VN_TX_OK);
	assert_int_equal(send_priority(r, 4, 0), VN_XMIT_DROP);
	assert_int_equal(send_priority(r, 4, 8), VN_XMIT_DROP); /* the same band */
	for (uint16_t i = 5; i <= 7; i++)
		assert_int_equal(send_priority(r, i, 6), VN_TX_OK);
	assert_int_equal(send_priority(r, 8, 7), VN_XMIT_DROP);
	assert_int_equal(stats_of(r->dev.qdisc).drops, 3);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 7);
}

static void peek_shows_what_dequeue_takes(void **state)
{
	struct rec *r = stopped(*state);
	struct vn_qdisc *q = r->dev.qdisc;
	struct vn_skb *skb;

	assert_null(q->ops->peek(q));
	assert_null(q->ops->dequeue(q));
	send_priority(r, 1, 1);
	send_priority(r, 2, 6);
	skb = q->ops->peek(q);
	assert_ptr_equal(q->ops->peek(q), skb);
	assert_ptr_equal(q->ops->dequeue(q), skb);
	assert_int_equal(skb->data[15], 2);
	vn_skb_free(skb);
}

static void a_queue_length_of_0_cannot_be_made(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_err err = { "" };
	struct vn_qdisc *q;

	vn_device_close(&r->dev);
	assert_int_equal(vn_device_set_tx_queue_len(&r->dev, 0), 0);
	assert_int_equal(vn_qdisc_parse(&r->dev, "pfifo_fast", &q, &err), -EINVAL);
	assert_non_null(strstr(err.text, "tx_queue_len is 0"));
	assert_int_equal(vn_qdisc_set_root(&r->dev, NULL, NULL), 0);
	vn_device_open(&r->dev);
	assert_string_equal(r->dev.qdisc->ops->id, "noqueue");
}

static void a_new_queue_length_discards_and_holds_from_then_on(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stopped(x);

	send_packets(&r->dev, 0, 10);
	assert_int_equal(vn_device_set_tx_queue_len(&r->dev, 2), 0);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 0);
	assert_string_equal(r->dev.tx[0].qdisc->ops->id, "pfifo_fast");
	/* One put back, two in the band. */
	assert_int_equal(send_packets(&r->dev, 0, 10), 3);
	assert_int_equal(stats_of(r->dev.qdisc).drops, 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(an_empty_one_is_passed_by),
		CASE(bands_go_in_order_by_priority),
		CASE(priorities_above_15_wrap),
		CASE(each_band_overflows_by_itself),
		CASE(peek_shows_what_dequeue_takes),
		CASE(a_queue_length_of_0_cannot_be_made),
		CASE(a_new_queue_length_discards_and_holds_from_then_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

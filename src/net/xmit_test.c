/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to a back end: which queue, what each path answers and counts, what
 * taps see, loops, and that all of it is the same for the same seed. */
#include "net/fixture_test.h"

#include <errno.h>
#include <stdio.h>

static struct rec *no_queue(struct fixture *x)
{
	return rec_new(x, &(struct vn_device_info){ .name = "v%d", .is_no_queue = true });
}

static void noqueue_sends_at_once_or_drops(void **state)
{
	struct fixture *x = *state;
	struct rec *r = no_queue(x);
	uint32_t outstanding = 1;
	struct vn_skb *skb = packet(&r->dev, 1);

	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_TX_OK);
	assert_sent(r, 0, 1);
	vn_queue_stop(&r->dev.tx[0]);
	skb->outstanding = &outstanding;
	assert_int_equal(vn_dev_queue_xmit(skb), -ENETDOWN);
	assert_int_equal(outstanding, 0);
	vn_queue_start(&r->dev.tx[0]);
	r->refusals = 1;
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 2)), -ENETDOWN);
	assert_int_equal(r->dev.core.tx_dropped, 2);
	assert_string_equal(x->log.buf, "Virtual device v0 asks to queue packet!\n"
					"Virtual device v0 asks to queue packet!\n");
	r->dev.tx[0].state = VN_QUEUE_FROZEN; /* is not looked at here */
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 3)), VN_TX_OK);
}

static void noqueue_answers_what_the_back_end_says(void **state)
{
	static const enum vn_tx_code answers[] = { VN_TX_OK, VN_XMIT_DROP, VN_XMIT_CN };
	struct rec *r = no_queue(*state);

	for (size_t i = 0; i < VN_ARRAY_SIZE(answers); i++) {
		r->answer = answers[i];
		assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), answers[i]);
	}
	assert_int_equal(r->dev.core.tx_dropped, 0); /* the back end's to count */
}

static void noqueue_of_a_device_that_is_not_up_is_enomem(void **state)
{
	struct rec *r = no_queue(*state);
	struct vn_qdisc *q = r->dev.tx[0].qdisc;

	vn_device_close(&r->dev);
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_XMIT_CN);
	r->dev.tx[0].qdisc = q; /* as one that goes down at this moment sees it */
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), -ENOMEM);
	assert_int_equal(r->dev.core.tx_dropped, 2);
	r->dev.tx[0].qdisc = &r->dev.noop;
}

/* Two devices, each sends on the other: the second entry finds the owner. */
static void a_loop_is_found_by_the_owner_of_the_lock(void **state)
{
	struct fixture *x = *state;
	struct rec *a = no_queue(x), *b = no_queue(x);

	a->below = &b->dev;
	b->below = &a->dev;
	assert_int_equal(vn_dev_queue_xmit(packet(&a->dev, 0)), VN_TX_OK);
	assert_int_equal(a->passes, 1);
	assert_int_equal(b->passes, 1);
	assert_int_equal(b->below_code, -ENETDOWN);
	assert_int_equal(a->dev.core.tx_dropped, 1);
	assert_int_equal(b->dev.core.tx_dropped, 0);
	assert_string_equal(x->log.buf, "Dead loop on virtual device v0, fix it urgently!\n");
	assert_int_equal(x->net->xmit_depth, 0);
	assert_int_equal(a->dev.tx[0].owner, VN_QUEUE_NO_OWNER);
}

/* Without a lock it is the depth: the tenth entry is one too many. */
static void a_loop_without_a_lock_is_found_by_its_depth(void **state)
{
	struct fixture *x = *state;
	struct rec *a = rec_new(
		x,
		&(struct vn_device_info){ .name = "a", .is_no_queue = true, .has_own_lock = true });

	a->below = &a->dev;
	assert_int_equal(vn_dev_queue_xmit(packet(&a->dev, 0)), VN_TX_OK);
	assert_int_equal(a->passes, 9);
	assert_int_equal(a->below_code, -ENETDOWN);
	assert_int_equal(a->dev.core.tx_dropped, 1);
	assert_int_equal(x->net->xmit_depth, 0);
}

static void a_chain_of_nine_devices_is_no_loop(void **state)
{
	struct fixture *x = *state;
	struct rec *r[10];

	for (unsigned int i = 0; i < 10; i++) {
		r[i] = no_queue(x);
		r[i]->below = i ? &r[i - 1]->dev : NULL;
	}
	assert_int_equal(vn_dev_queue_xmit(packet(&r[8]->dev, 7)), VN_TX_OK);
	assert_sent(r[0], 7, 1);
	vn_dev_queue_xmit(packet(&r[9]->dev, 8));
	assert_int_equal(r[0]->n, 1);
	assert_int_equal(r[0]->dev.core.tx_dropped, 1);
}

static void a_start_is_noted_when_the_back_end_takes(void **state)
{
	struct fixture *x = *state;
	struct rec *r = no_queue(x);

	pass(x, 7);
	vn_dev_queue_xmit(packet(&r->dev, 0));
	assert_int_equal(r->dev.tx[0].trans_start_ns, 7);
	pass(x, 7);
	r->answer = VN_XMIT_DROP;
	vn_dev_queue_xmit(packet(&r->dev, 0));
	assert_int_equal(r->dev.tx[0].trans_start_ns, 7);
}

static void directly_it_passes_disciplines_and_taps(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 2 });
	struct vn_skb *skb = packet(&r->dev, 5);

	set_root(&r->dev, "noop");
	skb->queue_mapping = 1;
	r->refusals = 1;
	assert_int_equal(vn_dev_direct_xmit(skb, true), VN_TX_BUSY);
	assert_int_equal(vn_dev_direct_xmit(skb, true), VN_TX_OK);
	assert_sent(r, 5, 1);
	assert_true(r->sent[0].more);
	assert_int_equal(r->sent[0].queue, 1);
	skb = packet(&r->dev, 6);
	skb->queue_mapping = 2; /* there is none: 0 */
	r->answer = VN_XMIT_DROP;
	assert_int_equal(vn_dev_direct_xmit(skb, false), VN_XMIT_DROP);
	assert_int_equal(r->sent[1].queue, 0);
	skb = packet(&r->dev, 7);
	vn_device_close(&r->dev);
	assert_int_equal(vn_dev_direct_xmit(skb, false), VN_TX_DOWN);
	vn_skb_free(skb);
}

struct tap {
	struct vn_ptype pt;
	unsigned int n;
	uint16_t last;
	uint64_t stamp_ns;
};

static void tap_func(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct tap *t = arg;

	t->n += n;
	t->last = pkts[n - 1].data[15];
	t->stamp_ns = pkts[n - 1].stamp_ns;
}

static void tap_add(struct tap *t, struct fixture *x, struct vn_device *dev, bool is_deaf)
{
	*t = (struct tap){ .pt = { .type = VN_ETH_P_ALL,
				   .dev = dev,
				   .is_deaf_to_outgoing = is_deaf,
				   .func = tap_func,
				   .arg = t } };
	vn_ptype_add(x->net, &t->pt);
}

static void taps_see_what_leaves_unless_they_are_deaf(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *other = no_queue(x);
	struct tap all, own, deaf, elsewhere;

	tap_add(&all, x, NULL, false);
	tap_add(&own, x, &r->dev, false);
	tap_add(&deaf, x, NULL, true);
	tap_add(&elsewhere, x, &other->dev, false);
	pass(x, 42);
	send_packets(&r->dev, 1, 3);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.last, 3);
	assert_int_equal(all.stamp_ns, WALL0 + 42);
	assert_int_equal(own.n, 3);
	assert_int_equal(deaf.n, 0);
	assert_int_equal(elsewhere.n, 0);
	send_packets(&other->dev, 1, 1);
	assert_int_equal(all.n, 4);
	assert_int_equal(own.n, 3);
	assert_int_equal(elsewhere.n, 1);
	vn_queue_stop(&other->dev.tx[0]); /* does not leave: is not seen */
	send_packets(&other->dev, 1, 1);
	assert_int_equal(all.n, 4);
	assert_int_equal(vn_dev_direct_xmit(packet(&r->dev, 0), false), VN_TX_OK);
	assert_int_equal(all.n, 4);
	vn_ptype_remove(x->net, &all.pt);
	vn_ptype_remove(x->net, &deaf.pt);
}

static void the_back_ends_choice_of_a_queue_counts_if_it_is_in_use(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 4 });

	r->ops.select_queue = rec_select;
	r->choice = 3;
	send_packets(&r->dev, 0, 1);
	vn_device_set_queues(&r->dev, 3);
	send_packets(&r->dev, 1, 1);
	vn_device_set_queues(&r->dev, 1); /* one queue: nobody is asked */
	send_packets(&r->dev, 2, 1);
	assert_int_equal(r->sent[0].queue, 3);
	assert_int_equal(r->sent[1].queue, 0);
	assert_int_equal(r->sent[2].queue, 0);
	assert_string_equal(x->log.buf,
			    "q selects TX queue 3, but real number of TX queues is 3\n");
}

/* A UDP packet of one of 256 flows. */
static struct vn_skb *udp(struct vn_device *dev, uint8_t flow)
{
	struct vn_skb *skb = packet(dev, 0);

	memset(skb->data + 12, 0, 48);
	skb->data[12] = 0x08;
	skb->data[14] = 0x45;
	skb->data[23] = 17;
	skb->data[35] = flow; /* source port */
	return skb;
}

static void queues_of_flows(uint64_t seed, uint16_t queues[256])
{
	struct fixture *x = fixture_new(1, seed);
	struct rec *r = rec_new(x, &(struct vn_device_info){ .name = "q", .n_txq = 4 });

	for (unsigned int i = 0; i < 512; i++)
		assert_int_equal(vn_dev_queue_xmit(udp(&r->dev, (uint8_t)i)), VN_TX_OK);
	for (unsigned int i = 0; i < 256; i++) {
		assert_int_equal(r->sent[i].queue, r->sent[i + 256].queue); /* a flow stays */
		queues[i] = r->sent[i].queue;
	}
	fixture_free(x);
}

static void flows_spread_over_queues_by_the_seed(void **state)
{
	uint16_t a[256], again[256], b[256];
	unsigned int of[4] = { 0 };

	queues_of_flows(1, a);
	queues_of_flows(1, again);
	queues_of_flows(2, b);
	assert_memory_equal(a, again, sizeof(a));
	assert_memory_not_equal(a, b, sizeof(a));
	for (unsigned int i = 0; i < 256; i++)
		of[a[i]]++;
	for (unsigned int q = 0; q < 4; q++)
		assert_in_range(of[q], 32, 128);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(noqueue_sends_at_once_or_drops),
		CASE(noqueue_answers_what_the_back_end_says),
		CASE(noqueue_of_a_device_that_is_not_up_is_enomem),
		CASE(a_loop_is_found_by_the_owner_of_the_lock),
		CASE(a_loop_without_a_lock_is_found_by_its_depth),
		CASE(a_chain_of_nine_devices_is_no_loop),
		CASE(a_start_is_noted_when_the_back_end_takes),
		CASE(directly_it_passes_disciplines_and_taps),
		CASE(taps_see_what_leaves_unless_they_are_deaf),
		CASE(the_back_ends_choice_of_a_queue_counts_if_it_is_in_use),
		cmocka_unit_test(flows_spread_over_queues_by_the_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

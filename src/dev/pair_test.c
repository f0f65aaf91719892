/* SPDX-License-Identifier: BSD-2-Clause */
/* What one end sends the other receives, whole and in order; a full ring makes
 * busy; an end that is alone has no carrier. */
#include "dev/fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "dev/pair.h"

#define RING 1024 /* frames a ring holds */

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *a, *b;
	struct vn_txq *tx;
	struct vn_rxq *rx;
	/* seen by the handler */
	unsigned int n;
	uint32_t len;
	uint8_t next;     /* expected first byte of the payload */
	uint64_t stamp_ns; /* of the last */
};

static void open_pair(struct fixture *x)
{
	struct vn_err err = { "" };

	x->a = open_dev("pair", VN_CAP_TX | VN_CAP_RX | VN_CAP_VIRTUAL,
			&(struct vn_netdev_opts){ .target = "p", .clock = &x->clock });
	x->b = vn_pair_peer(x->a);
	assert_non_null(x->b);
	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 200 });
	assert_int_equal(x->b->ops->rxq_open(x->b, &(struct vn_rxq_opts){ 0 }, &x->rx, &err), 0);
}

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	vn_clock_virtual(&x->clock, 100, 1000000);
	open_pair(x);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	if (x->tx)
		x->a->ops->txq_close(x->tx);
	if (x->rx)
		x->b->ops->rxq_close(x->rx);
	vn_netdev_close(x->a);
	vn_netdev_close(x->b);
	free(x);
	return 0;
}

static void handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(pkts[i].len, x->len);
		assert_int_equal(pkts[i].caplen, x->len);
		assert_int_equal(pkts[i].data[14], x->next++);
		assert_false(pkts[i].has_vlan);
		x->stamp_ns = pkts[i].stamp_ns;
	}
	x->n += n;
}

static int poll_all(struct fixture *x, unsigned int budget)
{
	return x->rx->poll(x->rx, budget, 0, handle, x);
}

static void frames_arrive_whole_and_in_order(void **state)
{
	struct fixture *x = *state;
	struct vn_rxq_stats stats;
	uint8_t tag = 0;

	x->len = 200;
	for (unsigned int round = 0; round < 100; round++) {
		fill_frames(x->tx, 32, 200, 0, 0, tag);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
		tag = (uint8_t)(tag + 32);
		assert_int_equal(poll_all(x, 20), 20);
		assert_int_equal(poll_all(x, 20), 12);
		assert_int_equal(poll_all(x, 20), 0);
	}
	x->rx->stats(x->rx, &stats);
	assert_int_equal(stats.packets, 3200);
	assert_int_equal(stats.drops, 0);
}

static void a_full_ring_is_busy_until_it_is_read(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	for (unsigned int sent = 0; sent < RING; sent += 64) {
		fill_frames(x->tx, 64, 60, 0, 0, (uint8_t)sent);
		assert_done(vn_txq_commit(x->tx, 64), 64, VN_TX_OK);
	}
	fill_frames(x->tx, 64, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 64), 0, VN_TX_BUSY);
	assert_int_equal(x->tx->outstanding(x->tx), RING);
	assert_int_equal(poll_all(x, 10), 10);
	assert_done(vn_txq_commit(x->tx, 64), 10, VN_TX_BUSY);
	assert_int_equal(vn_txq_pending(x->tx), 54);
	assert_int_equal(poll_all(x, 2 * RING), RING);
	assert_done(vn_txq_commit(x->tx, 54), 54, VN_TX_OK);
	assert_int_equal(poll_all(x, 2 * RING), 54);
	assert_int_equal(x->tx->outstanding(x->tx), 0);
}

static void stamps_are_planned_departures_on_the_virtual_clock(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	fill_frames(x->tx, 1, 60, 700, 0, 0); /* the clock is at 100 */
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	assert_int_equal(poll_all(x, 1), 1);
	assert_int_equal(x->stamp_ns, 1000700);
	fill_frames(x->tx, 1, 60, 0, 0, 1); /* unscheduled: leaves now */
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	assert_int_equal(poll_all(x, 1), 1);
	assert_int_equal(x->stamp_ns, 1000100);
}

static void waiting_moves_the_virtual_clock(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(x->rx->poll(x->rx, 1, 900, handle, x), 0);
	assert_int_equal(x->clock.virtual_ns, 1000);
}

static void an_end_alone_has_no_carrier(void **state)
{
	struct fixture *x = *state;

	assert_true(x->a->has_carrier && x->b->has_carrier);
	assert_null(vn_pair_peer(x->a));
	x->b->ops->rxq_close(x->rx);
	x->rx = NULL;
	vn_netdev_close(x->b);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_false(x->a->has_carrier);
	fill_frames(x->tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 0, VN_TX_DOWN);
	x->b = vn_pair_peer(x->a);
	assert_non_null(x->b);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_true(x->a->has_carrier);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
}

static void a_frame_longer_than_was_asked_for_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct vn_frame *f;

	fill_frames(x->tx, 2, 60, 0, 0, 0);
	vn_txq_peek(x->tx, &f);
	f[0].len = 201;
	assert_done(vn_txq_commit(x->tx, 2), 0, VN_XMIT_DROP);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
}

/* More openings than there are places for rings; nothing sent gets lost. */
static void queues_come_and_go(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	for (unsigned int i = 0; i < 200; i++) {
		fill_frames(x->tx, 1, 60, 0, 0, (uint8_t)i);
		assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
		x->a->ops->txq_close(x->tx);
		x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 200 });
	}
	assert_int_equal(poll_all(x, 1000), 200);
}

static void both_directions_are_apart(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *back = open_txq(x->b, &(struct vn_txq_opts){ .frame_cap = 60 });

	fill_frames(back, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(back, 1), 1, VN_TX_OK);
	assert_int_equal(poll_all(x, 1), 0);
	x->b->ops->txq_close(back);
}

static void the_driver_needs_a_clock(void **state)
{
	struct vn_netdev_opts opts = { .target = "" };
	struct vn_err err = { "" };
	struct vn_netdev *dev;

	assert_int_equal(vn_netdev_open("pair", VN_CAP_TX, &opts, &dev, &err), -EINVAL);
	assert_null(dev);
	assert_string_equal(err.text, "pair: needs a clock");
}

#define THREADED 20000

static void *send_all(void *arg)
{
	struct fixture *x = arg;
	unsigned int sent = 0;

	while (sent < THREADED) {
		if (!vn_txq_pending(x->tx))
			fill_frames(x->tx, 1, 60, 0, 0, (uint8_t)sent);
		sent += vn_txq_commit(x->tx, 1).sent;
	}
	return NULL;
}

static void sender_and_receiver_are_threads_of_their_own(void **state)
{
	struct fixture *x = *state;
	pthread_t thread;
	int rc = 1;

	tear_down(state);
	x = calloc(1, sizeof(*x));
	assert_non_null(x);
	vn_clock_real(&x->clock);
	open_pair(x);
	*state = x;
	x->len = 60;
	assert_int_equal(pthread_create(&thread, NULL, send_all, x), 0);
	/* Asleep between frames; woken by them long before the minute is over.
	 * The thread is joined before anything can fail: it uses the fixture. */
	while (x->n < THREADED && rc > 0)
		rc = x->rx->poll(x->rx, 64, 60 * VN_NSEC_PER_SEC, handle, x);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(rc > 0);
	assert_int_equal(x->n, THREADED);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(frames_arrive_whole_and_in_order),
		CASE(a_full_ring_is_busy_until_it_is_read),
		CASE(stamps_are_planned_departures_on_the_virtual_clock),
		CASE(waiting_moves_the_virtual_clock),
		CASE(an_end_alone_has_no_carrier),
		CASE(a_frame_longer_than_was_asked_for_is_dropped),
		CASE(queues_come_and_go),
		CASE(both_directions_are_apart),
		CASE(the_driver_needs_a_clock),
		CASE(sender_and_receiver_are_threads_of_their_own),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

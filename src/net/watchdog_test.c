/* SPDX-License-Identifier: BSD-2-Clause */
/* When the watchdog fires and when it does not; what it writes, counts and
 * calls; when it comes again. Times are exact: the clock is virtual. */
#include "net/fixture_test.h"

/* Up since 1.5 s with a ring of 4, stuck: never completes by itself. */
static struct rec *stuck(struct fixture *x, uint16_t n_txq)
{
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0", .n_txq = n_txq });

	r->ops.tx_timeout = rec_timeout;
	r->ops.select_queue = rec_select;
	r->completes_at_once = false;
	r->ring = 4;
	rec_register(r);
	pass(x, SECOND + SECOND / 2);
	vn_device_open(&r->dev);
	return r;
}

static void it_fires_a_watchdog_time_after_the_last_start_rounded_up(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	assert_int_equal(r->dev.watchdog.at_ns, 7 * SECOND); /* 6.5 s */
	pass(x, SECOND / 2);				     /* 2 s */
	assert_int_equal(send_packets(&r->dev, 0, 10), 10);
	assert_int_equal(r->n, 4);
	/* 7 s is 5 s after the start, not more: once more, a tick later. */
	pass(x, 5 * SECOND);
	assert_int_equal(r->timeouts, 0);
	assert_int_equal(r->dev.watchdog.at_ns, 7004000000);
	pass(x, 4000000);
	assert_int_equal(r->timeouts, 1);
	assert_string_equal(x->log.buf, "eth0 (rec): NETDEV WATCHDOG: CPU: 0: transmit queue 0 "
					"timed out 5004 ms\n");
	assert_int_equal(r->dev.tx[0].trans_timeout, 1);
	assert_int_equal(r->dev.tx[0].state, VN_QUEUE_DRV_XOFF); /* thawed, stopped still */
}

static void it_comes_again_and_again_until_the_queue_is_woken(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	pass(x, SECOND); /* 2.5 s */
	send_packets(&r->dev, 0, 10);
	pass(x, 22 * SECOND); /* at 8, 13, 18, 23 s */
	assert_int_equal(r->timeouts, 4);
	assert_int_equal(r->dev.tx[0].trans_timeout, 4);
	assert_int_equal(r->dev.watchdog.at_ns, 28 * SECOND);
	assert_non_null(strstr(x->log.buf, "timed out 5500 ms"));
	assert_non_null(strstr(x->log.buf, "timed out 20500 ms"));
	complete(r, 4);
	complete(r, 4);
	complete(r, 2);
	assert_sent(r, 0, 10);
	pass(x, 60 * SECOND);
	assert_int_equal(r->timeouts, 4);
	assert_true(vn_timer_is_armed(&r->dev.watchdog)); /* watches on */
}

/* Scenario C of the specification: the time-out itself sets it going again. */
static void a_timeout_that_resets_the_ring_lets_traffic_go_on(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	r->resets_on_timeout = true;
	send_packets(&r->dev, 0, 12);
	assert_int_equal(r->n, 4);
	pass(x, 6 * SECOND);
	assert_int_equal(r->n, 8); /* sent by the timer's own run */
	pass(x, 60 * SECOND);
	assert_sent(r, 0, 12);
	assert_int_equal(r->timeouts, 3);
	assert_int_equal(r->dev.tx[0].trans_timeout, 3);
}

static void it_does_not_fire_while_the_queue_runs(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	send_packets(&r->dev, 0, 3); /* never completed, but the queue is open */
	pass(x, 100 * SECOND);
	assert_int_equal(r->timeouts, 0);
	assert_true(vn_timer_is_armed(&r->dev.watchdog));
}

static void a_stop_by_the_byte_limit_counts_as_one(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	send_packets(&r->dev, 0, 1);
	vn_queue_sent(&r->dev.tx[0], 60); /* the limit is 0 */
	pass(x, 6 * SECOND);
	assert_int_equal(r->timeouts, 1);
}

static void a_back_end_without_the_operation_has_none(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	assert_false(vn_timer_is_armed(&r->dev.watchdog));
	vn_queue_stop(&r->dev.tx[0]);
	pass(x, 100 * SECOND);
	assert_int_equal(r->dev.tx[0].trans_timeout, 0);
}

static void one_queue_a_firing_the_first(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 3);

	vn_queue_stop(&r->dev.tx[1]);
	vn_queue_stop(&r->dev.tx[2]);
	pass(x, 5 * SECOND + SECOND / 2); /* 7 s */
	assert_int_equal(r->timeouts, 1);
	assert_int_equal(r->dev.tx[1].trans_timeout, 1);
	assert_int_equal(r->dev.tx[2].trans_timeout, 0);
	vn_queue_start(&r->dev.tx[1]);
	pass(x, 5 * SECOND);
	assert_int_equal(r->dev.tx[1].trans_timeout, 1);
	assert_int_equal(r->dev.tx[2].trans_timeout, 1);
}

static void it_is_armed_by_the_oldest_of_the_stopped(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 2);

	pass(x, SECOND); /* 2.5 s */
	vn_queue_stop(&r->dev.tx[1]);
	pass(x, 2 * SECOND); /* 4.5 s */
	vn_queue_stop(&r->dev.tx[0]);
	pass(x, 2 * SECOND + SECOND / 2); /* 7 s: nothing yet, 2.5 + 5 is next */
	assert_int_equal(r->dev.watchdog.at_ns, 8 * SECOND);
	pass(x, SECOND);
	assert_int_equal(r->dev.tx[1].trans_timeout, 1);
	/* Queue 0, which came before it and had not timed out: 4.5 + 5. */
	assert_int_equal(r->dev.watchdog.at_ns, 10 * SECOND);
}

static void a_back_ends_own_time_is_taken(void **state)
{
	struct fixture *x = *state;
	struct rec *r =
		rec_make(x, &(struct vn_device_info){ .name = "a", .watchdog_ns = 2 * SECOND });

	r->ops.tx_timeout = rec_timeout;
	rec_register(r);
	pass(x, 1);
	vn_device_open(&r->dev);
	vn_queue_stop(&r->dev.tx[0]);
	pass(x, 3 * SECOND - 2);
	assert_int_equal(r->timeouts, 0);
	pass(x, 1);
	assert_int_equal(r->timeouts, 1);
}

static void it_stops_with_the_device_and_with_the_carrier(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	send_packets(&r->dev, 0, 10);
	vn_device_close(&r->dev);
	assert_false(vn_timer_is_armed(&r->dev.watchdog));
	vn_device_open(&r->dev); /* the queue is stopped still, but starts anew */
	vn_queue_stop(&r->dev.tx[0]);
	vn_device_carrier_off(&r->dev);
	pass(x, 0);
	assert_false(vn_timer_is_armed(&r->dev.watchdog));
	pass(x, 100 * SECOND);
	assert_int_equal(r->timeouts, 0);
	vn_device_carrier_on(&r->dev);
	assert_true(vn_timer_is_armed(&r->dev.watchdog));
	pass(x, 6 * SECOND);
	assert_int_equal(r->timeouts, 1);
}

static void a_noop_root_is_not_watched(void **state)
{
	struct fixture *x = *state;
	struct rec *r = stuck(x, 1);

	set_root(&r->dev, "noop");
	vn_queue_stop(&r->dev.tx[0]);
	pass(x, 100 * SECOND);
	assert_int_equal(r->timeouts, 0);
}

/* Everything that can be seen of a run with time-outs. */
static void run_once(char *log, size_t size, uint64_t times[64], unsigned int *n)
{
	struct fixture *x = fixture_new(2, 7);
	struct rec *r = stuck(x, 2);

	r->resets_on_timeout = true;
	for (r->choice = 0; r->choice < 2; r->choice++)
		send_packets(&r->dev, 0, 20);
	pass(x, 200 * SECOND);
	for (*n = 0; *n < r->n && *n < 64; ++*n)
		times[*n] = r->sent[*n].at_ns;
	memcpy(log, x->log_buf, size);
	fixture_free(x);
}

static void two_runs_are_the_same(void **state)
{
	char log[2][1024];
	uint64_t times[2][64] = { { 0 } };
	unsigned int n[2];

	for (unsigned int i = 0; i < 2; i++)
		run_once(log[i], sizeof(log[i]), times[i], &n[i]);
	assert_int_equal(n[0], 40);
	assert_int_equal(n[1], 40);
	assert_memory_equal(times[0], times[1], sizeof(times[0]));
	assert_memory_equal(log[0], log[1], sizeof(log[0]));
	assert_non_null(strstr(log[0], "transmit queue 1 timed out"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(it_fires_a_watchdog_time_after_the_last_start_rounded_up),
		CASE(it_comes_again_and_again_until_the_queue_is_woken),
		CASE(a_timeout_that_resets_the_ring_lets_traffic_go_on),
		CASE(it_does_not_fire_while_the_queue_runs),
		CASE(a_stop_by_the_byte_limit_counts_as_one),
		CASE(a_back_end_without_the_operation_has_none),
		CASE(one_queue_a_firing_the_first),
		CASE(it_is_armed_by_the_oldest_of_the_stopped),
		CASE(a_back_ends_own_time_is_taken),
		CASE(it_stops_with_the_device_and_with_the_carrier),
		CASE(a_noop_root_is_not_watched),
		cmocka_unit_test(two_runs_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

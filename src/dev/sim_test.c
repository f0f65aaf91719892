/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated device on the virtual clock: what leaves when, what a full or a
 * stuck ring does, and the watchdog's scenarios A to F (net core spec 9.3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "dev/sim.h"

#define WALL_NS	     (1000000000 * VN_NSEC_PER_SEC)
#define SEC	     VN_NSEC_PER_SEC
#define LEN	     60
#define ARRIVALS_MAX 4096

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *dev;
	struct vn_txq *q;
	unsigned int n_arrived;
	uint64_t at_ns[ARRIVALS_MAX]; /* of the clock */
	uint32_t number[ARRIVALS_MAX];
};

static void take_arrivals(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n && x->n_arrived < ARRIVALS_MAX; i++) {
		x->at_ns[x->n_arrived] = pkts[i].stamp_ns - WALL_NS;
		memcpy(&x->number[x->n_arrived++], pkts[i].data + 14, 4);
		assert_int_equal(pkts[i].len, LEN);
	}
}

static void set_up(struct fixture *x, const char *target, enum vn_tx_path path)
{
	const struct vn_txq_opts q_opts = { .frame_cap = 2048, .n_frames = 1024, .path = path };
	struct vn_netdev_opts opts = { .target = target, .clock = &x->clock };
	struct vn_err err = { "" };

	memset(x, 0, sizeof(*x));
	vn_clock_virtual(&x->clock, 0, WALL_NS);
	if (vn_netdev_open("sim", VN_CAP_TX | VN_CAP_FAR_END, &opts, &x->dev, &err))
		fail_msg("%s", err.text);
	x->dev->ops->listen(x->dev, take_arrivals, x);
	assert_int_equal(x->dev->ops->txq_open(x->dev, &q_opts, &x->q, &err), 0);
}

static void tear_down(struct fixture *x)
{
	x->dev->ops->txq_close(x->q);
	vn_netdev_close(x->dev);
}

/* Offers n frames with running numbers, one by one; how many were taken. */
static unsigned int offer(struct fixture *x, uint32_t first, unsigned int n, int32_t *last_code)
{
	unsigned int n_sent = 0;
	struct vn_tx_done done;
	struct vn_frame *f;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t number = first + i;

		assert_int_equal(vn_txq_reserve(x->q, 1, &f), 1);
		memset(f->data, 0, LEN);
		f->data[12] = 0x88;
		f->data[13] = 0xb5;
		memcpy(f->data + 14, &number, 4);
		f->len = LEN;
		done = vn_txq_commit(x->q, 1);
		n_sent += done.sent;
		*last_code = done.code;
		if (done.code == VN_TX_BUSY || done.code == VN_TX_DOWN)
			vn_txq_abandon(x->q);
	}
	return n_sent;
}

static void send_all(struct fixture *x, uint32_t first, unsigned int n)
{
	int32_t code;

	assert_int_equal(offer(x, first, n, &code), n);
}

static void go_to(struct fixture *x, uint64_t t_ns)
{
	x->clock.wait(&x->clock, t_ns, NULL);
}

static uint64_t timeouts(const struct fixture *x)
{
	return vn_sim_near(x->dev)->tx[0].trans_timeout;
}

/* --- scenarios ----------------------------------------------------------------------- */

static void a_delay_alone_is_no_time_out(void **state)
{
	struct fixture x;

	set_up(&x, "ring=16,qdisc=netem delay 9s", VN_PATH_QDISC);
	send_all(&x, 1, 100);
	go_to(&x, 9 * SEC - 1);
	assert_int_equal(x.n_arrived, 0);
	go_to(&x, 60 * SEC);
	assert_int_equal(x.n_arrived, 100);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(x.at_ns[i], 9 * SEC);
		assert_int_equal(x.number[i], i + 1);
	}
	assert_int_equal(timeouts(&x), 0);
	tear_down(&x);
}

static void b_stuck_ring_times_out_again_and_again(void **state)
{
	struct fixture x;
	uint64_t n = 0;
	int32_t code;

	set_up(&x, "mode=stuck,ring=4", VN_PATH_DRIVER);
	go_to(&x, SEC / 2);
	assert_int_equal(offer(&x, 1, 5, &code), 4);
	assert_int_equal(code, VN_TX_BUSY);
	go_to(&x, 5 * SEC + SEC / 2);
	assert_int_equal(timeouts(&x), 0);
	for (unsigned int i = 1; i <= 5; i++) { /* rounding: up to a second late each */
		go_to(&x, SEC / 2 + i * 6 * SEC + SEC);
		assert_true(timeouts(&x) > n);
		n = timeouts(&x);
	}
	assert_true(n <= 6);
	vn_queue_wake(&vn_sim_near(x.dev)->tx[0]);
	go_to(&x, 100 * SEC);
	assert_int_equal(timeouts(&x), n);
	assert_int_equal(x.n_arrived, 0);
	tear_down(&x);
}

static void c_lazy_ring_is_woken_by_its_time_out(void **state)
{
	struct fixture x;

	set_up(&x, "mode=lazy,ring=4,link=10M", VN_PATH_QDISC);
	send_all(&x, 1, 20);
	go_to(&x, SEC / 8);
	assert_int_equal(x.n_arrived, 4);
	for (uint64_t n = 1; n <= 4; n++) {
		while (timeouts(&x) < n) {
			assert_int_equal(x.n_arrived, 4 * n);
			go_to(&x, vn_clock_now(&x.clock) + SEC / 8);
			assert_true(vn_clock_now(&x.clock) <= n * 6 * SEC + SEC);
		}
		go_to(&x, vn_clock_now(&x.clock) + SEC / 8);
		assert_int_equal(x.n_arrived, 4 * (n + 1));
	}
	go_to(&x, 100 * SEC);
	assert_int_equal(timeouts(&x), 5); /* the last four stopped it once more */
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(x.number[i], i + 1);
	tear_down(&x);
}

static void d_full_netem_refuses(void **state)
{
	struct fixture x;
	int32_t code;

	set_up(&x, "qdisc=netem limit 10 delay 1s", VN_PATH_QDISC);
	assert_int_equal(offer(&x, 1, 100, &code), 10);
	assert_int_equal(code, VN_XMIT_DROP);
	go_to(&x, 10 * SEC);
	assert_int_equal(x.n_arrived, 10);
	tear_down(&x);
}

static void e_start_xmit_passes_the_discipline_by(void **state)
{
	struct fixture x;

	set_up(&x, "qdisc=netem delay 9s", VN_PATH_DRIVER);
	go_to(&x, SEC);
	send_all(&x, 1, 10);
	assert_int_equal(x.n_arrived, 10);
	assert_int_equal(x.at_ns[9], SEC);
	tear_down(&x);
}

static void f_what_waits_in_a_device_set_down_is_gone(void **state)
{
	struct fixture x;
	int32_t code;

	set_up(&x, "qdisc=netem delay 9s", VN_PATH_QDISC);
	send_all(&x, 1, 10);
	go_to(&x, SEC);
	vn_device_close(vn_sim_near(x.dev));
	assert_int_equal(offer(&x, 11, 1, &code), 0);
	assert_int_equal(code, VN_TX_DOWN);
	go_to(&x, 5 * SEC);
	assert_int_equal(vn_device_open(vn_sim_near(x.dev)), 0);
	go_to(&x, 100 * SEC);
	assert_int_equal(x.n_arrived, 0);
	send_all(&x, 12, 1);
	go_to(&x, 200 * SEC);
	assert_int_equal(x.n_arrived, 1);
	assert_int_equal(x.at_ns[0], 109 * SEC);
	tear_down(&x);
}

/* --- cable and far device ---------------------------------------------------------------- */

static void a_cable_takes_its_time(void **state)
{
	struct fixture x;

	set_up(&x, "link=1G,ring=1000", VN_PATH_DRIVER);
	send_all(&x, 1, 1000);
	go_to(&x, SEC);
	assert_int_equal(x.n_arrived, 1000);
	for (unsigned int i = 0; i < 1000; i++) /* 84 bytes on the cable: 672 ns */
		assert_int_equal(x.at_ns[i], 672 * (i + 1));
	tear_down(&x);
}

static void fractions_of_a_nanosecond_are_carried(void **state)
{
	struct fixture x;

	set_up(&x, "link=3G,ring=3000", VN_PATH_DRIVER);
	send_all(&x, 1, 1000);
	go_to(&x, SEC);
	for (unsigned int i = 0; i < 1000; i++) /* 224 ns exactly, of 672 bits at 3 a ns */
		assert_int_equal(x.at_ns[i], 224 * (i + 1));
	tear_down(&x);
	set_up(&x, "pps=3M,buffer=3000", VN_PATH_DRIVER);
	send_all(&x, 1, 999);
	go_to(&x, SEC);
	for (unsigned int i = 0; i < 999; i++)
		assert_int_equal(x.at_ns[i], (i + 1) * SEC / 3000000);
	tear_down(&x);
}

static void a_full_ring_stops_the_queue_until_a_frame_is_out(void **state)
{
	struct fixture x;
	int32_t code;

	set_up(&x, "link=1G,ring=4", VN_PATH_DRIVER);
	assert_int_equal(offer(&x, 1, 5, &code), 4);
	assert_int_equal(code, VN_TX_BUSY);
	go_to(&x, 671);
	assert_int_equal(offer(&x, 5, 1, &code), 0);
	go_to(&x, 672);
	assert_int_equal(offer(&x, 5, 1, &code), 1);
	assert_int_equal(offer(&x, 6, 1, &code), 0);
	go_to(&x, SEC);
	assert_int_equal(x.n_arrived, 5);
	assert_int_equal(x.at_ns[4], 5 * 672);
	tear_down(&x);
}

static void the_far_device_has_room_for_its_buffer(void **state)
{
	struct fixture x;

	/* One in service, eight in the buffer; the rest of a burst is lost. */
	set_up(&x, "pps=1000,buffer=8,latency=5us", VN_PATH_DRIVER);
	send_all(&x, 1, 100);
	go_to(&x, SEC);
	assert_int_equal(x.n_arrived, 9);
	for (unsigned int i = 0; i < 9; i++) {
		assert_int_equal(x.number[i], i + 1);
		assert_int_equal(x.at_ns[i], (i + 1) * 1000000 + 5000);
	}
	send_all(&x, 101, 1); /* it is free again */
	go_to(&x, 2 * SEC);
	assert_int_equal(x.n_arrived, 10);
	tear_down(&x);
}

static void any_number_may_arrive_together(void **state)
{
	struct fixture x;

	set_up(&x, "latency=20us", VN_PATH_DRIVER);
	send_all(&x, 1, ARRIVALS_MAX);
	assert_int_equal(x.n_arrived, 0);
	go_to(&x, 20000);
	assert_int_equal(x.n_arrived, ARRIVALS_MAX);
	for (unsigned int i = 0; i < ARRIVALS_MAX; i++) {
		assert_int_equal(x.number[i], i + 1);
		assert_int_equal(x.at_ns[i], 20000);
	}
	tear_down(&x);
}

static void at_its_rate_the_far_device_loses_nothing(void **state)
{
	struct fixture x;

	set_up(&x, "pps=1M,buffer=1", VN_PATH_DRIVER);
	for (unsigned int i = 0; i < 4000; i++) {
		go_to(&x, i * 1000);
		send_all(&x, i, 1);
	}
	go_to(&x, SEC);
	assert_int_equal(x.n_arrived, 4000);
	tear_down(&x);
}

/* --- the rest ------------------------------------------------------------------------------ */

static void both_ends_count(void **state)
{
	struct vn_device_stats s;
	struct fixture x;

	set_up(&x, "", VN_PATH_QDISC);
	send_all(&x, 1, 7);
	vn_device_get_stats(vn_sim_near(x.dev), &s);
	assert_int_equal(s.tx_packets, 7);
	assert_int_equal(s.tx_bytes, 7 * LEN);
	vn_device_get_stats(vn_sim_far(x.dev), &s);
	assert_int_equal(s.rx_packets, 7);
	assert_int_equal(s.rx_bytes, 7 * LEN);
	tear_down(&x);
}

static void received_on_the_near_end_without_a_handler_is_dropped(void **state)
{
	struct vn_device_stats s;
	struct fixture x;
	int32_t code;

	set_up(&x, "", VN_PATH_RECEIVE);
	assert_int_equal(offer(&x, 1, 3, &code), 0);
	assert_int_equal(code, VN_XMIT_DROP);
	assert_int_equal(x.n_arrived, 0);
	vn_device_get_stats(vn_sim_near(x.dev), &s);
	assert_int_equal(s.rx_dropped, 3);
	tear_down(&x);
}

static void a_sender_may_go_before_its_packets(void **state)
{
	struct fixture x;

	set_up(&x, "link=1M,ring=64", VN_PATH_DRIVER);
	send_all(&x, 1, 10);
	assert_int_equal(x.q->outstanding(x.q), 10);
	x.dev->ops->txq_close(x.q);
	x.q = NULL;
	go_to(&x, SEC);
	assert_int_equal(x.n_arrived, 10);
	tear_down(&x);
}

static void a_device_may_go_with_packets_under_way(void **state)
{
	struct fixture x;

	set_up(&x, "link=1M,ring=64,qdisc=netem delay 1s,pps=10,latency=1s", VN_PATH_QDISC);
	send_all(&x, 1, 10);
	go_to(&x, SEC + SEC / 2);
	send_all(&x, 11, 10);
	tear_down(&x);
}

static void what_will_never_be_taken_says_so(void **state)
{
	struct fixture x;
	int32_t code;

	set_up(&x, "mode=stuck,ring=2,notimeout", VN_PATH_DRIVER);
	assert_int_equal(offer(&x, 1, 3, &code), 2);
	assert_int_equal(code, VN_TX_DOWN);
	tear_down(&x);
}

static void devices_of_a_net_are_found_by_name(void **state)
{
	struct vn_clock clock;
	const struct vn_simnet_opts net_opts = { .clock = &clock };
	struct vn_netdev_opts opts = {
		.target = "mtu=9000",
		.clock = &clock,
		.name = "dut0",
	};
	struct vn_netdev *first, *again, *other;

	vn_clock_virtual(&clock, 0, WALL_NS);
	assert_int_equal(vn_simnet_new(&net_opts, &opts.simnet, NULL), 0);
	assert_int_equal(vn_netdev_open("sim", 0, &opts, &first, NULL), 0);
	opts.target = "";
	assert_int_equal(vn_netdev_open("sim", 0, &opts, &again, NULL), 0);
	assert_ptr_equal(vn_sim_near(first), vn_sim_near(again));
	assert_int_equal(again->mtu, 9000);
	opts.name = "dut1";
	assert_int_equal(vn_netdev_open("sim", 0, &opts, &other, NULL), 0);
	assert_ptr_not_equal(vn_sim_near(first), vn_sim_near(other));
	assert_string_equal(vn_sim_near(other)->name, "dut1");
	vn_netdev_close(first);
	assert_int_equal(again->ops->refresh(again, NULL), 0);
	vn_netdev_close(again);
	vn_netdev_close(other);
	vn_simnet_put(opts.simnet);
}

static void bad_targets_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "speed=1G", "sim: \"speed\": words are" },
		{ "ring", "sim: \"ring\": words are" },
		{ "ring=0", "ring: 0" },
		{ "mode=fast", "sim: mode \"fast\": complete, lazy or stuck" },
		{ "noqueue=1", "sim: \"noqueue\": words are" },
		{ "qdisc=nothing", "nothing" },
		{ "qdisc=netem delay never", "never" },
	};
	struct vn_clock clock;
	struct vn_netdev_opts opts = { .clock = &clock };
	struct vn_netdev *dev;

	vn_clock_virtual(&clock, 0, WALL_NS);
	for (size_t i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		struct vn_err err = { "" };

		opts.target = bad[i][0];
		assert_true(vn_netdev_open("sim", 0, &opts, &dev, &err) < 0);
		assert_null(dev);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err.text);
	}
}

/* On the machine's clock: a thread runs the timers, stamps stay exact. */
static void real_time_has_the_same_arithmetic(void **state)
{
	struct fixture x = { .n_arrived = 0 };
	struct vn_netdev_opts opts = { .target = "pps=1000,buffer=64,ring=64", .clock = &x.clock };
	const struct vn_txq_opts q_opts = { .frame_cap = 2048 };
	unsigned int n = 0;

	vn_clock_real(&x.clock);
	assert_int_equal(vn_netdev_open("sim", 0, &opts, &x.dev, NULL), 0);
	x.dev->ops->listen(x.dev, take_arrivals, &x);
	assert_int_equal(x.dev->ops->txq_open(x.dev, &q_opts, &x.q, NULL), 0);
	send_all(&x, 1, 20);
	while (n < 20) {
		x.clock.wait(&x.clock, vn_clock_now(&x.clock) + 1000000, NULL);
		vn_simnet_lock(vn_sim_net(x.dev));
		n = x.n_arrived;
		vn_simnet_unlock(vn_sim_net(x.dev));
	}
	assert_int_equal(x.q->outstanding(x.q), 0);
	x.dev->ops->listen(x.dev, NULL, NULL);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(x.number[i], i + 1);
	tear_down(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delay_alone_is_no_time_out),
		cmocka_unit_test(b_stuck_ring_times_out_again_and_again),
		cmocka_unit_test(c_lazy_ring_is_woken_by_its_time_out),
		cmocka_unit_test(d_full_netem_refuses),
		cmocka_unit_test(e_start_xmit_passes_the_discipline_by),
		cmocka_unit_test(f_what_waits_in_a_device_set_down_is_gone),
		cmocka_unit_test(a_cable_takes_its_time),
		cmocka_unit_test(fractions_of_a_nanosecond_are_carried),
		cmocka_unit_test(a_full_ring_stops_the_queue_until_a_frame_is_out),
		cmocka_unit_test(the_far_device_has_room_for_its_buffer),
		cmocka_unit_test(any_number_may_arrive_together),
		cmocka_unit_test(at_its_rate_the_far_device_loses_nothing),
		cmocka_unit_test(both_ends_count),
		cmocka_unit_test(received_on_the_near_end_without_a_handler_is_dropped),
		cmocka_unit_test(a_sender_may_go_before_its_packets),
		cmocka_unit_test(a_device_may_go_with_packets_under_way),
		cmocka_unit_test(what_will_never_be_taken_says_so),
		cmocka_unit_test(devices_of_a_net_are_found_by_name),
		cmocka_unit_test(bad_targets_are_refused),
		cmocka_unit_test(real_time_has_the_same_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

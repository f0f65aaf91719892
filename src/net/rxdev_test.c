/* SPDX-License-Identifier: BSD-2-Clause */
/* A receive queue in the softnet loop: what the queue has is what handlers of
 * the net see, as much at a time as asked for, and what went wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/stat.h"
#include "net/device.h"
#include "net/rxdev.h"

/* A queue that holds n frames, of alternating types. */
struct fixture {
	struct vn_rxq rxq;
	struct vn_clock clock;
	struct vn_net *net;
	struct vn_rxdev *dev;
	unsigned int n_left, n_polls, n_waits, most_asked;
	int fails_with; /* when it is empty */
	unsigned int n_all, n_ipv4;
	struct vn_ptype all, ipv4;
};

static int poll_queue(struct vn_rxq *rxq, unsigned int budget, uint64_t timeout_ns,
		      vn_rx_handler handler, void *arg)
{
	struct fixture *x = vn_container_of(rxq, struct fixture, rxq);
	static const uint8_t ipv4[60] = { [12] = 0x08 }, other[60] = { [12] = 0x88, [13] = 0xb5 };
	unsigned int n;

	x->n_polls++;
	x->n_waits += timeout_ns > 0;
	x->most_asked = VN_MAX(x->most_asked, budget);
	if (!x->n_left)
		return x->fails_with;
	for (n = 0; n < budget && x->n_left; n++, x->n_left--) {
		const struct vn_rx_pkt pkt = {
			.data = n % 2 ? other : ipv4,
			.caplen = 60,
			.len = 60,
			.stamp_ns = 1,
		};

		handler(arg, &pkt, 1);
	}
	return (int)n;
}

static void count(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	*(unsigned int *)arg += n;
}

static void set_up(struct fixture *x, const char *name)
{
	const struct vn_net_opts opts = {
		.clock = &x->clock,
		.timers = &x->clock.timers,
		.n_cpus = 1,
	};

	memset(x, 0, sizeof(*x));
	vn_clock_virtual(&x->clock, 0, 0);
	x->rxq.poll = poll_queue;
	assert_int_equal(vn_net_new(&opts, &x->net, NULL), 0);
	assert_int_equal(vn_rxdev_new(x->net, &x->rxq, name, &x->dev, NULL), 0);
	x->all = (struct vn_ptype){ .type = VN_ETH_P_ALL, .func = count, .arg = &x->n_all };
	x->ipv4 = (struct vn_ptype){ .type = 0x0800, .func = count, .arg = &x->n_ipv4 };
	vn_ptype_add(x->net, &x->all);
	vn_ptype_add(x->net, &x->ipv4);
}

static void tear_down(struct fixture *x)
{
	vn_rxdev_free(x->dev);
	vn_net_free(x->net);
}

static void what_comes_goes_to_the_handlers_of_its_type(void **state)
{
	struct fixture x;

	set_up(&x, "vn1");
	x.n_left = 1000;
	assert_int_equal(vn_rxdev_run(x.dev, 4096, 5), 1000);
	assert_int_equal(x.n_all, 1000);
	assert_int_equal(x.n_ipv4, 500);
	assert_int_equal(x.most_asked, 64);
	assert_int_equal(x.n_polls, 1000 / 64 + 1);
	assert_int_equal(x.n_waits, 1); /* for the first ones only */
	assert_int_equal(vn_stat_get(&x.net->softnet[0].processed), 1000);
	tear_down(&x);
}

static void no_more_are_taken_than_asked_for(void **state)
{
	struct fixture x;

	set_up(&x, "vn1");
	x.n_left = 1000;
	assert_int_equal(vn_rxdev_run(x.dev, 100, 5), 100);
	assert_int_equal(x.n_all, 100);
	assert_int_equal(vn_rxdev_run(x.dev, 1, 5), 1);
	assert_int_equal(vn_rxdev_run(x.dev, 64, 5), 64);
	assert_int_equal(x.n_left, 1000 - 165);
	tear_down(&x);
}

static void a_failing_queue_is_told_after_its_last_packets(void **state)
{
	struct fixture x;

	set_up(&x, "vn1");
	x.n_left = 64;
	x.fails_with = -ENODEV;
	assert_int_equal(vn_rxdev_run(x.dev, 4096, 5), -ENODEV);
	assert_int_equal(x.n_all, 64);
	x.fails_with = 0;
	assert_int_equal(vn_rxdev_run(x.dev, 4096, 5), 0);
	tear_down(&x);
}

static void a_name_that_no_device_can_have_is_replaced(void **state)
{
	struct fixture x;

	set_up(&x, "captures/in.pcap");
	assert_non_null(vn_net_find(x.net, "rx0"));
	tear_down(&x);
	set_up(&x, "lo");
	assert_non_null(vn_net_find(x.net, "rx0"));
	tear_down(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_goes_to_the_handlers_of_its_type),
		cmocka_unit_test(no_more_are_taken_than_asked_for),
		cmocka_unit_test(a_failing_queue_is_told_after_its_last_packets),
		cmocka_unit_test(a_name_that_no_device_can_have_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A tap sees what a device took, all of it, and nothing that it did not take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net/netdev.h"

#define WALL0 1700000000000000000ull
#define SEEN  200

struct seen {
	unsigned int n;
	uint8_t first[SEEN];
	uint32_t len[SEEN];
	uint64_t stamp_ns[SEEN];
};

static void keep(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct seen *s = arg;

	for (unsigned int i = 0; i < n; i++) {
		assert_true(s->n < SEEN);
		assert_true(pkts[i].is_outgoing);
		assert_int_equal(pkts[i].caplen, pkts[i].len);
		s->first[s->n] = pkts[i].data[0];
		s->len[s->n] = pkts[i].len;
		s->stamp_ns[s->n++] = pkts[i].stamp_ns - WALL0;
	}
}

static struct vn_txq *open_tapped(struct vn_clock *clock, const char *target,
				  const struct vn_tap *tap, struct vn_netdev **dev)
{
	const struct vn_netdev_opts opts = { .target = target, .clock = clock };
	const struct vn_txq_opts txq_opts = { .frame_cap = 60, .n_frames = 128 };
	struct vn_txq *q;

	assert_int_equal(vn_netdev_open("null", VN_CAP_TX, &opts, dev, NULL), 0);
	(*dev)->tap = tap;
	assert_int_equal(vn_netdev_txq_open(*dev, &txq_opts, &q, NULL), 0);
	return q;
}

static void close_tapped(struct vn_netdev *dev, struct vn_txq *q)
{
	dev->ops->txq_close(q);
	vn_netdev_close(dev);
}

/* n frames whose first byte counts up from tag. */
static void reserve(struct vn_txq *q, unsigned int n, uint8_t tag, uint64_t depart_ns)
{
	struct vn_frame *f;

	assert_int_equal(vn_txq_reserve(q, n, &f), n);
	for (unsigned int i = 0; i < n; i++) {
		f[i].data[0] = (uint8_t)(tag + i);
		f[i].len = 60 - i % 2;
		f[i].depart_ns = depart_ns;
	}
}

static void everything_sent_is_seen_with_its_departure(void **state)
{
	struct seen s = { 0 };
	const struct vn_tap tap = { keep, &s };
	struct vn_clock clock;
	struct vn_netdev *dev;
	struct vn_txq *q;

	vn_clock_virtual(&clock, 1000, WALL0);
	q = open_tapped(&clock, "", &tap, &dev);
	reserve(q, 100, 0, 500); /* late */
	assert_int_equal(vn_txq_commit(q, 100).sent, 100);
	assert_int_equal(vn_txq_pending(q), 0);
	reserve(q, 20, 100, 2500); /* asked for later */
	assert_int_equal(vn_txq_commit(q, 20).sent, 20);
	assert_int_equal(s.n, 120);
	for (unsigned int i = 0; i < 120; i++) {
		assert_int_equal(s.first[i], i);
		assert_int_equal(s.len[i], 60 - i % 2);
		assert_int_equal(s.stamp_ns[i], i < 100 ? 1000 : 2500);
	}
	close_tapped(dev, q);
}

static void what_a_device_does_not_take_is_not_seen(void **state)
{
	struct seen s = { 0 };
	const struct vn_tap tap = { keep, &s };
	struct vn_clock clock;
	struct vn_netdev *dev;
	struct vn_txq *q;

	vn_clock_virtual(&clock, 0, WALL0);
	q = open_tapped(&clock, "drop=3,down=8", &tap, &dev);
	reserve(q, 10, 0, 0);
	assert_int_equal(vn_txq_commit(q, 10).code, VN_XMIT_DROP); /* 0 1, not 2 */
	assert_int_equal(vn_txq_commit(q, 7).code, VN_XMIT_DROP);  /* 3 4, not 5 */
	assert_int_equal(vn_txq_commit(q, 4).code, VN_TX_DOWN);	   /* 6 7 */
	assert_int_equal(s.n, 6);
	assert_memory_equal(s.first, "\0\1\3\4\6\7", 6);
	close_tapped(dev, q);
}

static void without_a_tap_the_driver_is_called_itself(void **state)
{
	struct vn_clock clock;
	struct vn_netdev *dev;
	struct vn_txq *q;

	vn_clock_virtual(&clock, 0, WALL0);
	q = open_tapped(&clock, "", NULL, &dev);
	assert_null(q->to_driver);
	close_tapped(dev, q);
}

static void a_tap_without_a_clock_is_refused(void **state)
{
	const struct vn_tap tap = { keep, NULL };
	struct vn_netdev *dev;
	struct vn_txq *q;
	struct vn_err err;

	assert_int_equal(vn_netdev_open("null", 0, &(struct vn_netdev_opts){ 0 }, &dev, NULL), 0);
	dev->tap = &tap;
	assert_int_equal(vn_netdev_txq_open(dev, &(struct vn_txq_opts){ 0 }, &q, &err), -EINVAL);
	assert_null(q);
	vn_netdev_close(dev);
}

static void a_tap_on_what_builds_frames_itself_is_refused(void **state)
{
	const struct vn_netdev_ops ops = { .name = "builds", .caps = VN_CAP_TX | VN_CAP_BUILDS };
	const struct vn_tap tap = { keep, NULL };
	struct vn_clock clock;
	struct vn_netdev dev;
	struct vn_txq *q;
	struct vn_err err;

	vn_clock_real(&clock);
	vn_netdev_init(&dev, &ops, &(struct vn_netdev_opts){ .target = "x", .clock = &clock });
	dev.tap = &tap;
	assert_int_equal(vn_netdev_txq_open(&dev, &(struct vn_txq_opts){ 0 }, &q, &err),
			 -EOPNOTSUPP);
	assert_string_equal(err.text, "x: driver builds builds frames where nobody sees them go");
	assert_null(q);
}

static void times_that_a_driver_does_not_have_are_refused(void **state)
{
	static const struct {
		struct vn_txq_opts opts;
		const char *says;
	} cases[] = {
		{ { .launch = VN_LAUNCH_QDISC }, "x: launch qdisc: driver plain has none (" },
		{ { .launch = VN_LAUNCH_DEVICE }, "x: launch device: driver plain has none (" },
		{ { .stamps = VN_TX_STAMPS_KERNEL },
		  "x: departure_stamps kernel: driver plain has none (" },
		{ { .stamps = VN_TX_STAMPS_HARDWARE },
		  "x: departure_stamps hardware: driver plain has none (" },
	};

	const struct vn_netdev_ops ops = { .name = "plain", .caps = VN_CAP_TX };

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };
		struct vn_netdev dev;
		struct vn_txq *q;

		vn_netdev_init(&dev, &ops, &(struct vn_netdev_opts){ .target = "x" });
		assert_int_equal(vn_netdev_txq_open(&dev, &cases[i].opts, &q, &err), -EOPNOTSUPP);
		assert_null(q);
		assert_memory_equal(err.text, cases[i].says, strlen(cases[i].says));
		assert_non_null(strstr(err.text, "afpacket"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_that_a_driver_does_not_have_are_refused),
		cmocka_unit_test(a_tap_on_what_builds_frames_itself_is_refused),
		cmocka_unit_test(everything_sent_is_seen_with_its_departure),
		cmocka_unit_test(what_a_device_does_not_take_is_not_seen),
		cmocka_unit_test(without_a_tap_the_driver_is_called_itself),
		cmocka_unit_test(a_tap_without_a_clock_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From a queue through filter and softnet loop to the handlers: each gets what
 * it should, of all that comes, as much at a time as is asked for. The queue is
 * the pair's; what arrives at a far end goes the same way without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "base/stat.h"
#include "dev/pair.h"
#include "rx/frame_test.h"
#include "rxpath.h"

#define FRAMES 200 /* fit into the pair's ring, and are several rounds of a poller */

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *sender, *dev;
	struct vn_txq *tx;
	struct vn_rxq *rx;
	struct vn_receiver *receiver;
	struct vn_filter *filter;
	struct vn_rxpath *path;
};

static void open_path(struct fixture *x, bool has_queue)
{
	const struct vn_rxpath_opts opts = {
		.clock = &x->clock,
		.name = "vn1",
		.rxq = has_queue ? x->rx : NULL,
		.receiver = x->receiver,
		.filter = x->filter,
	};

	assert_int_equal(vn_rxpath_open(&opts, &x->path, NULL), 0);
}

static void set_up(struct fixture *x, const char *expression)
{
	const struct vn_netdev_opts opts = { .target = "p", .clock = &x->clock };
	const struct vn_txq_opts tx_opts = { .frame_cap = FRAME_CAP, .n_frames = 256 };
	const struct vn_rxq_opts rx_opts = { 0 };

	memset(x, 0, sizeof(*x));
	vn_clock_virtual(&x->clock, 0, VN_NSEC_PER_SEC);
	assert_int_equal(vn_netdev_open("pair", VN_CAP_TX, &opts, &x->sender, NULL), 0);
	x->dev = vn_pair_peer(x->sender);
	assert_int_equal(x->sender->ops->txq_open(x->sender, &tx_opts, &x->tx, NULL), 0);
	assert_int_equal(x->dev->ops->rxq_open(x->dev, &rx_opts, &x->rx, NULL), 0);
	assert_int_equal(vn_receiver_new(&x->receiver), 0);
	if (expression)
		assert_int_equal(vn_filter_new(expression, &x->filter, NULL), 0);
}

static void tear_down(struct fixture *x)
{
	vn_rxpath_close(x->path);
	vn_filter_free(x->filter);
	vn_receiver_free(x->receiver);
	x->dev->ops->rxq_close(x->rx);
	x->sender->ops->txq_close(x->tx);
	vn_netdev_close(x->sender);
	vn_netdev_close(x->dev);
}

/* Packets of ours to two ports in turn, the second in a VLAN. */
static uint32_t make(uint8_t *data, uint32_t i)
{
	const struct frame_spec spec = {
		.port = i % 2 ? 10 : 9,
		.seq = i / 2 + 1,
		.vlans = i % 2,
	};

	return frame_make(data, &spec).len;
}

static void send_all(struct fixture *x)
{
	struct vn_frame *f;

	for (uint32_t i = 0; i < FRAMES; i++) {
		assert_int_equal(vn_txq_reserve(x->tx, 1, &f), 1);
		f->len = make(f->data, i);
		assert_int_equal(vn_txq_commit(x->tx, 1).sent, 1);
	}
}

static void expect(const struct fixture *x, uint64_t frames, unsigned int n_flows, uint64_t each)
{
	assert_int_equal(vn_stat_get(&vn_receiver_stats(x->receiver)->frames), frames);
	assert_int_equal(vn_receiver_n_flows(x->receiver), n_flows);
	for (unsigned int i = 0; i < n_flows; i++) {
		const struct vn_rx_flow *f = vn_receiver_flow(x->receiver, i);

		assert_int_equal(vn_stat_get(&f->stats.unique), each);
		assert_int_equal(vn_rx_flow_lost(f), 0);
	}
}

static void what_a_queue_has_is_measured(void **state)
{
	struct fixture x;

	set_up(&x, NULL);
	open_path(&x, true);
	send_all(&x);
	assert_int_equal(vn_rxpath_run(x.path, 10, 1), 10);
	expect(&x, 10, 2, 5);
	assert_int_equal(vn_rxpath_run(x.path, 4096, 1), FRAMES - 10);
	assert_int_equal(vn_rxpath_run(x.path, 4096, 1), 0);
	expect(&x, FRAMES, 2, FRAMES / 2);
	tear_down(&x);
}

static void what_a_filter_leaves_out_is_counted(void **state)
{
	static const struct {
		const char *expression;
		uint64_t passed;
		unsigned int n_flows;
	} rows[] = {
		{ "udp", FRAMES / 2, 1 },
		{ "vlan 1 and udp", FRAMES / 2, 1 },
		{ "udp port 9 or vlan", FRAMES, 2 },
		{ "tcp", 0, 0 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		uint64_t filtered;
		struct fixture x;

		set_up(&x, rows[i].expression);
		open_path(&x, true);
		send_all(&x);
		assert_int_equal(vn_rxpath_run(x.path, 4096, 1), FRAMES);
		expect(&x, rows[i].passed, rows[i].n_flows, FRAMES / 2);
		assert_true(vn_rxpath_filtered(x.path, &filtered));
		assert_int_equal(filtered, FRAMES - rows[i].passed);
		tear_down(&x);
	}
}

static void frames_may_be_brought_without_a_queue(void **state)
{
	uint8_t data[FRAME_CAP];
	struct fixture x;

	set_up(&x, NULL);
	open_path(&x, false);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct vn_rx_pkt pkt = { .data = data, .stamp_ns = i };

		pkt.len = pkt.caplen = make(data, i);
		vn_rxpath_take(x.path, &pkt, 1);
	}
	expect(&x, FRAMES, 2, FRAMES / 2);
	tear_down(&x);
}

static void what_went_out_is_not_measured(void **state)
{
	uint8_t data[FRAME_CAP];
	struct fixture x;

	set_up(&x, NULL);
	open_path(&x, false);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct vn_rx_pkt pkt = { .data = data, .stamp_ns = i, .is_outgoing = i % 2 };

		pkt.len = pkt.caplen = make(data, i);
		vn_rxpath_take(x.path, &pkt, 1);
	}
	expect(&x, FRAMES / 2, 1, FRAMES / 2);
	tear_down(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_queue_has_is_measured),
		cmocka_unit_test(what_a_filter_leaves_out_is_counted),
		cmocka_unit_test(frames_may_be_brought_without_a_queue),
		cmocka_unit_test(what_went_out_is_not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

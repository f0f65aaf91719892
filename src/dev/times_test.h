/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of departure times: a sender of some driver on one end of a veth pair,
 * and a receiver on the other that sees that its frames arrive whole and in order.
 */
#ifndef VN_DEV_TIMES_TEST_H
#define VN_DEV_TIMES_TEST_H

#include "dev/netns_test.h"

#define WAIT_NS (5 * VN_NSEC_PER_SEC)
#define STEP_NS (100 * 1000000ull)

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *a, *b;
	struct vn_rxq *rx;
	struct vn_txq *tx;
	unsigned int n; /* of ours, received */
	uint32_t len;
};

static inline int set_up_on(const char *driver, void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct vn_netdev_opts opts = { .target = A };
	struct vn_err err = { "" };

	assert_non_null(x);
	vn_clock_real(&x->clock);
	opts.clock = &x->clock;
	make_links();
	x->a = open_dev(driver, VN_CAP_TX, &opts);
	opts.target = B;
	x->b = open_dev("afpacket", VN_CAP_RX, &opts);
	if (x->b->ops->rxq_open(x->b, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20 }, &x->rx, &err))
		fail_msg("%s", err.text);
	*state = x;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *x = *state;

	x->a->ops->txq_close(x->tx);
	x->b->ops->rxq_close(x->rx);
	vn_netdev_close(x->a);
	vn_netdev_close(x->b);
	free(x);
	must("ip link delete " A);
	return 0;
}

static inline void handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n; i++) {
		const struct vn_rx_pkt *p = &pkts[i];

		if (p->len < 16 || p->data[12] != 0x88 || p->data[13] != 0xb5)
			continue;
		assert_int_equal(p->len, x->len);
		for (uint32_t at = 14; at < p->len; at++)
			assert_int_equal(p->data[at], (uint8_t)(x->n + at - 14));
		x->n++;
	}
}

static inline void receive(struct fixture *x, unsigned int n)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;

	while (x->n < n && vn_clock_now(&x->clock) < until)
		assert_true(x->rx->poll(x->rx, 10, STEP_NS, handle, x) >= 0);
	assert_int_equal(x->n, n);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports of the hardware on a TAP interface in a namespace of the test's own: what
 * neither a full port nor a cable that was pulled may break. */
#include "dev/netns_test.h"

#include <poll.h>

#include "nt/card.h"
#include "taps.h"

#define T	"vnt0"
#define WAIT_MS 5000
#define BIG	1514

struct state {
	struct vn_nt_memory *mem;
	struct vn_nt_hw *hw;
	struct card_taps taps;
	struct vn_clock clock;
	struct vn_netdev *link; /* the interface, as its kernel sees it */
	struct vn_txq *tx;
};

static int set_up(void **state)
{
	const struct card_settings s = { .mac = { [1] = T } };
	const struct vn_txq_opts tx = { .frame_cap = 2048 };
	struct state *x = calloc(1, sizeof(*x));
	struct vn_err err = { "" };

	assert_non_null(x);
	must("ip tuntap add " T " mode tap");
	must("ip link set " T " addrgenmode none arp off");
	must("ip link set " T " up");
	assert_int_equal(vn_nt_memory_new(true, &x->mem, &err), 0);
	assert_int_equal(vn_nt_hw_new(&vn_nt_defaults.hw, x->mem, &x->hw, &err), 0);
	vn_nt_hw_save(x->hw);
	if (card_taps_open(&x->taps, &s, x->hw, &err))
		fail_msg("%s", err.text);
	vn_clock_real(&x->clock);
	x->link = open_dev("afpacket", VN_CAP_TX,
			   &(struct vn_netdev_opts){ .target = T, .clock = &x->clock });
	x->tx = open_txq(x->link, &tx);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct state *x = *state;

	x->link->ops->txq_close(x->tx);
	vn_netdev_close(x->link);
	card_taps_close(&x->taps);
	vn_nt_hw_free(x->hw);
	vn_nt_memory_free(x->mem);
	free(x);
	must("ip link delete " T);
	return 0;
}

/* The kernel sends n frames on the interface. */
static void send_frames(struct state *x, unsigned int n)
{
	fill_frames(x->tx, n, BIG, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, n), n, VN_TX_OK);
}

/* Reads until so many frames were seen, one way or the other. */
static void read_frames(struct state *x, uint64_t n)
{
	const struct card_tap *t = &x->taps.tap[0];
	struct vn_err err = { "" };

	while (t->rx + t->rx_full < n) {
		assert_int_equal(poll(x->taps.fds, 1, WAIT_MS), 1);
		assert_int_equal(card_taps_read(&x->taps, 1000, &err), 0);
	}
	assert_int_equal(t->rx + t->rx_full, n);
}

static void frames_wait_in_the_port_that_they_came_by(void **state)
{
	struct state *x = *state;

	send_frames(x, 20);
	read_frames(x, 20);
	assert_int_equal(x->taps.tap[0].rx, 20);
	assert_int_equal(vn_nt_hw_fed_bytes(x->hw, 2), 20 * BIG);
	for (unsigned int port = 0; port < VN_NT_PORTS; port++)
		if (port != 2)
			assert_int_equal(vn_nt_hw_fed_bytes(x->hw, port), 0);
}

static void what_a_port_has_waiting_is_bounded(void **state)
{
	static const uint8_t frame[BIG];
	struct state *x = *state;

	while (vn_nt_hw_fed_bytes(x->hw, 2) + 3 * BIG <= CARD_TAP_BYTES)
		assert_int_equal(vn_nt_hw_feed(x->hw, 2, 0, frame, BIG), 0);
	send_frames(x, 5);
	read_frames(x, 5);
	assert_int_equal(x->taps.tap[0].rx, 2);
	assert_int_equal(x->taps.tap[0].rx_full, 3);
	assert_true(vn_nt_hw_fed_bytes(x->hw, 2) <= CARD_TAP_BYTES);
}

static void a_cable_that_is_pulled_loses_frames_and_no_more(void **state)
{
	static const uint8_t frame[60] = { 2, 0, 0, 0, 0, 1 };
	struct state *x = *state;
	struct vn_err err = { "" };

	card_taps_write(&x->taps, 2, frame, sizeof(frame));
	assert_int_equal(x->taps.tap[0].tx, 1);
	must("ip link set " T " down");
	card_taps_write(&x->taps, 2, frame, sizeof(frame));
	assert_int_equal(x->taps.tap[0].tx_refused, 1);
	assert_int_equal(card_taps_read(&x->taps, 0, &err), 0);
	must("ip link set " T " up");
	card_taps_write(&x->taps, 2, frame, sizeof(frame));
	card_taps_write(&x->taps, 0, frame, sizeof(frame)); /* nothing is there */
	assert_int_equal(x->taps.tap[0].tx, 2);
	assert_int_equal(x->taps.tap[0].tx_refused, 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(frames_wait_in_the_port_that_they_came_by),
		CASE(what_a_port_has_waiting_is_bounded),
		CASE(a_cable_that_is_pulled_loses_frames_and_no_more),
	};
#undef CASE
	const char *why = why_no_links();

	if (!why && access("/dev/net/tun", R_OK | W_OK))
		why = "no /dev/net/tun";
	if (!why && run("ip tuntap add " T " mode tap"))
		why = "TAP interfaces are not permitted";
	if (why)
		return skip_all(why);
	must("ip link delete " T);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

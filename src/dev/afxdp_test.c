/* SPDX-License-Identifier: BSD-2-Clause */
/* The afxdp driver on a veth pair in a network namespace of its own, which
 * copies. Without the right to load a program only sending is tested. */
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include "base/macros.h"
#include "dev/afxdp_priv.h"
#include "dev/drivers.h"
#include "dev/netns_test.h"

#define WAIT_NS (10 * VN_NSEC_PER_SEC)
#define STEP_NS 20000000ull

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *a, *b;
	struct vn_txq *tx;
	struct vn_rxq *rx;
	/* seen by the handler: our frames only */
	unsigned int n;
	uint32_t len;
	uint8_t next; /* first byte behind the header, of the next one */
	uint64_t first_ns, last_ns;
};

static void handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n; i++) {
		const struct vn_rx_pkt *p = &pkts[i];

		if (p->is_outgoing || p->len < 16 || p->data[12] != 0x88 || p->data[13] != 0xb5)
			continue;
		assert_int_equal(p->len, x->len);
		assert_int_equal(p->caplen, x->len);
		for (uint32_t at = 14; at < p->len; at++)
			assert_int_equal(p->data[at], (uint8_t)(x->next + at - 14));
		x->next++;
		if (!x->n++)
			x->first_ns = p->stamp_ns;
		x->last_ns = p->stamp_ns;
	}
}

/* Until n of ours have come in all. What the queue answered last. */
static int receive_by(struct fixture *x, struct vn_rxq *rx, unsigned int n)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;
	int rc = 0;

	while (x->n < n && rc >= 0 && vn_clock_now(&x->clock) < until)
		rc = rx->poll(rx, 10, STEP_NS, handle, x);
	return rc;
}

static void receive(struct fixture *x, unsigned int n)
{
	assert_true(receive_by(x, x->rx, n) >= 0);
	assert_int_equal(x->n, n);
}

static int poll_error(struct fixture *x)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;
	int rc = 0;

	while (rc >= 0 && vn_clock_now(&x->clock) < until)
		rc = x->rx->poll(x->rx, 10, STEP_NS, handle, x);
	return rc;
}

static struct vn_rxq *open_rxq(struct vn_netdev *dev, const struct vn_rxq_opts *opts)
{
	struct vn_err err = { "" };
	struct vn_rxq *rx;

	if (dev->ops->rxq_open(dev, opts, &rx, &err))
		fail_msg("%s", err.text);
	return rx;
}

static int set_up(void **state, const char *receiver)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	vn_clock_real(&x->clock);
	x->a = open_dev("afxdp", VN_CAP_TX,
			&(struct vn_netdev_opts){ .target = A, .clock = &x->clock });
	x->b = open_dev(receiver, VN_CAP_RX,
			&(struct vn_netdev_opts){ .target = B, .clock = &x->clock });
	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 1600 });
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20 });
	*state = x;
	return 0;
}

static int set_up_sender(void **state)
{
	make_links();
	return set_up(state, "afpacket");
}

static int set_up_both(void **state)
{
	make_links();
	return set_up(state, "afxdp");
}

/* Two queues each; frames of queue n go to queue n. */
static int set_up_queues(void **state)
{
	must("ip link add " A " numtxqueues 2 numrxqueues 2 type veth peer name " B
	     " numtxqueues 2 numrxqueues 2");
	must("ip link set " A " addrgenmode none");
	must("ip link set " B " addrgenmode none");
	must("ip link set " B " up");
	must("ip link set " A " up");
	return set_up(state, "afxdp");
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	x->a->ops->txq_close(x->tx);
	x->b->ops->rxq_close(x->rx);
	vn_netdev_close(x->a);
	vn_netdev_close(x->b);
	free(x);
	run("ip link delete " A); /* may be gone */
	return 0;
}

static uint32_t program_on(const char *name)
{
	uint32_t id = 0;

	assert_int_equal(bpf_xdp_query_id((int)if_nametoindex(name), 0, &id), 0);
	return id;
}

/* --- sending ------------------------------------------------------------------------ */

static void frames_arrive_whole_and_in_order(void **state)
{
	struct fixture *x = *state;

	for (unsigned int round = 0; round < 100; round++) {
		x->len = round % 2 ? 60 : 1514;
		fill_frames(x->tx, 32, x->len, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
		receive(x, (round + 1) * 32);
	}
	assert_int_equal(x->tx->outstanding(x->tx), 0);
}

static void short_frames_lie_side_by_side(void **state)
{
	static const struct {
		uint32_t cap, least;
	} cases[] = { { 60, 64 }, { 64, 64 }, { 65, 128 }, { 2048, 2048 }, { 4096, 4096 } };
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_txq *q;

		x->a->ops->txq_close(x->tx);
		q = x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = cases[i].cap });
		assert_true(q->frames[0].cap >= cases[i].least);
		for (uint32_t at = 0; at < q->mask; at++)
			assert_true(q->frames[at + 1].data >= q->frames[at].data + cases[i].cap);
		x->len = 60;
		fill_frames(q, 64, 60, 0, 0, x->next);
		assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
		receive(x, (unsigned int)(i + 1) * 64);
	}
	assert_true(x->tx->frames[0].cap <= VN_AFXDP_CHUNK_MAX);
}

/* What the builder says of a frame's bytes must be true of the place that the
 * frame has next. */
static void a_place_keeps_what_was_built_in_it(void **state)
{
	struct fixture *x = *state;
	unsigned int kept = 0;
	uint64_t tag = 0;
	struct vn_frame *f;

	for (unsigned int round = 0; round < 200; round++) {
		unsigned int n = vn_txq_reserve(x->tx, 1 + round % 48, &f);

		for (unsigned int i = 0; i < n; i++) {
			if (f[i].content)
				assert_memory_equal(f[i].data + 20, &f[i].content, 8);
			kept += f[i].content != 0;
			memset(f[i].data, 0, 60);
			f[i].content = ++tag;
			memcpy(f[i].data + 20, &tag, 8);
			f[i].len = 60;
		}
		assert_done(vn_txq_commit(x->tx, n), n, VN_TX_OK);
	}
	assert_true(kept > tag / 2);
}

static void as_received(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct vn_rx_pkt pkt = pkts[i];

		assert_true(pkt.is_outgoing);
		pkt.is_outgoing = false;
		handle(arg, &pkt, 1);
	}
}

/* It looks after the commit, when the places are the kernel's or free. */
static void a_tap_sees_what_was_sent(void **state)
{
	struct fixture *x = *state;
	struct fixture seen = { .len = 200 };
	const struct vn_tap tap = { .handler = as_received, .arg = &seen };
	struct vn_err err = { "" };

	x->a->ops->txq_close(x->tx);
	x->a->tap = &tap;
	if (vn_netdev_txq_open(x->a, &(struct vn_txq_opts){ .frame_cap = 200 }, &x->tx, &err))
		fail_msg("%s", err.text);
	x->len = 200;
	for (unsigned int i = 1; i <= 50; i++) {
		fill_frames(x->tx, 32, 200, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
		assert_int_equal(seen.n, i * 32);
		receive(x, i * 32);
	}
}

static void a_frame_over_the_mtu_is_an_error_of_its_own(void **state)
{
	struct fixture *x = *state;
	struct vn_frame *f;

	fill_frames(x->tx, 4, 1514, 0, 0, 0);
	vn_txq_peek(x->tx, &f);
	f[2].len = 1600;
	for (uint32_t at = 14; at < 1514; at++)
		f[3].data[at]--; /* it follows f[1] */
	assert_done(vn_txq_commit(x->tx, 4), 2, VN_XMIT_DROP);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	x->len = 1514;
	receive(x, 3);
}

/* The frames that were refused go out unharmed once the link is back. */
static void a_link_that_is_down_takes_nothing(void **state)
{
	static const struct {
		const char *down, *up;
	} how[] = {
		{ "ip link set " A " down", "ip link set " A " up" },
		{ "ip link set " B " down", "ip link set " B " up" }, /* no carrier */
	};
	struct fixture *x = *state;

	x->len = 60;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(how); i++) {
		fill_frames(x->tx, 8, 60, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
		receive(x, i * 8 + 4);
		must(how[i].down);
		assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
		assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
		assert_int_equal(vn_txq_pending(x->tx), 4);
		must(how[i].up);
		assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
		receive_by(x, x->rx, i * 8 + 8); /* tells of the link first */
		receive(x, i * 8 + 8);
		assert_int_equal(x->tx->outstanding(x->tx), 0);
	}
}

static void a_link_that_is_gone_takes_nothing(void **state)
{
	struct fixture *x = *state;

	fill_frames(x->tx, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
	must("ip link delete " A);
	assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
	assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
	assert_int_equal(vn_txq_pending(x->tx), 4);
	assert_int_equal(x->tx->outstanding(x->tx), 0);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), -ENODEV);
}

static void what_was_given_back_is_not_sent(void **state)
{
	struct fixture *x = *state;

	must("ip link set " A " down");
	fill_frames(x->tx, 8, 60, 0, 0, 77);
	assert_done(vn_txq_commit(x->tx, 8), 0, VN_TX_DOWN);
	vn_txq_abandon(x->tx);
	must("ip link set " A " up");
	x->len = 80;
	fill_frames(x->tx, 3, 80, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 3), 3, VN_TX_OK);
	fill_frames(x->tx, 3, 80, 0, 0, 3);
	assert_done(vn_txq_commit(x->tx, 3), 3, VN_TX_OK);
	receive(x, 6); /* the handler refuses others */
}

static void a_queue_has_one_user(void **state)
{
	static const struct vn_txq_opts again = { .frame_cap = 60 };
	struct fixture *x = *state;
	struct vn_err err = { "" };
	struct vn_txq *q;

	assert_int_equal(x->a->ops->txq_open(x->a, &again, &q, &err), -EBUSY);
	assert_null(q);
	assert_non_null(strstr(err.text, A ": queue 0 is taken"));
	fill_frames(x->tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
}

/* Each run of an entry has a queue of its own, one right after the other. */
static void a_queue_can_be_opened_again_at_once(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	for (unsigned int i = 0; i < 20; i++) {
		x->a->ops->txq_close(x->tx);
		x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60 });
		fill_frames(x->tx, 5, 60, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 5), 5, VN_TX_OK);
		receive(x, (i + 1) * 5);
	}
}

static void a_sender_brings_no_program(void **state)
{
	struct fixture *x = *state;
	struct vn_netdev_counter c;

	assert_int_equal(program_on(A), 0);
	assert_int_equal(vn_netdev_counters(x->a, &c, 1), 0); /* a veth has no zero copy */
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		struct vn_txq_opts opts;
		int rc;
		const char *says;
	} cases[] = {
		{ { .frame_cap = 4097, .queue = 1 }, -EMSGSIZE, "4097 bytes: by AF_XDP they have" },
		{ { .frame_cap = 60, .n_frames = 5 }, -EINVAL, "5 frames" },
		{ { .frame_cap = 60, .queue = 1 }, -EINVAL, A ": no AF_XDP socket on queue 1" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };
		struct vn_txq *q;

		assert_int_equal(x->a->ops->txq_open(x->a, &cases[i].opts, &q, &err), cases[i].rc);
		assert_null(q);
		if (!strstr(err.text, cases[i].says))
			fail_msg("says: %s", err.text);
	}
	x->a->ops->txq_close(NULL);
	x->a->ops->rxq_close(NULL);
	x->a->ops->close(NULL);
}

static void a_missing_right_is_named(void **state)
{
	struct vn_netdev_opts opts = { .target = A };
	struct vn_netdev_probe probe;
	struct vn_err err = { "" };
	struct vn_netdev *dev;

	set_effective(CAP_NET_RAW, false);
	assert_int_equal(vn_netdev_open("afxdp", VN_CAP_TX, &opts, &dev, &err), -EPERM);
	vn_netdev_probe(&vn_afxdp_ops, A, &probe);
	set_effective(CAP_NET_RAW, true);
	assert_null(dev);
	assert_non_null(strstr(err.text, A ": needs CAP_NET_RAW"));
	assert_false(probe.can_send || probe.can_receive);
	assert_non_null(strstr(probe.why, "CAP_NET_RAW"));
}

static void what_is_not_there_is_said(void **state)
{
	struct vn_netdev_opts opts = { .target = "eth77" };
	struct vn_netdev_probe probe;
	struct vn_err err = { "" };
	struct vn_netdev *dev;

	assert_int_equal(vn_netdev_open("afxdp", VN_CAP_TX, &opts, &dev, &err), -ENODEV);
	assert_string_equal(err.text, "eth77: no such interface");
	vn_netdev_probe(&vn_afxdp_ops, "eth77", &probe);
	assert_false(probe.can_send || probe.can_receive);
	assert_string_equal(probe.why, "no such interface");
}

/* --- receiving ---------------------------------------------------------------------- */

static void frames_are_stamped_when_they_are_read(void **state)
{
	struct fixture *x = *state;
	uint64_t begun = x->clock.wall(&x->clock);
	struct vn_rxq_stats stats;

	for (unsigned int round = 0; round < 300; round++) {
		x->len = round % 2 ? 60 : 1514;
		fill_frames(x->tx, 32, x->len, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
		receive(x, (round + 1) * 32);
	}
	assert_true(x->first_ns >= begun);
	assert_true(x->last_ns <= x->clock.wall(&x->clock));
	assert_true(x->last_ns > x->first_ns);
	x->rx->stats(x->rx, &stats);
	assert_int_equal(stats.packets, 300 * 32);
	assert_int_equal(stats.drops, 0);
	assert_string_equal(stats.stamp_source, "clock at read");
	assert_false(x->rx->has_filter || x->rx->is_recorded);
}

static void what_the_ring_had_no_room_for_is_counted(void **state)
{
	struct fixture *x = *state;
	struct vn_rxq_stats stats;

	x->b->ops->rxq_close(x->rx);
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .ring_bytes = 128 * 2048 });
	x->len = 60;
	for (unsigned int i = 0; i < 8; i++) {
		fill_frames(x->tx, 32, 60, 0, 0, (uint8_t)(i * 32));
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
	}
	receive(x, 128);
	assert_int_equal(x->rx->poll(x->rx, 10, 0, handle, x), 0);
	x->rx->stats(x->rx, &stats);
	assert_int_equal(stats.packets, 128);
	assert_int_equal(stats.drops, 256 - 128);
}

static void a_receiver_outlasts_its_link_being_down(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	for (unsigned int i = 1; i < 4; i++) {
		must("ip link set " B " down");
		assert_int_equal(poll_error(x), -ENETDOWN);
		assert_int_equal(x->rx->poll(x->rx, 10, 0, handle, x), 0); /* told once */
		must("ip link set " B " up");
		fill_frames(x->tx, 8, 60, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 8), 8, VN_TX_OK);
		receive(x, i * 8);
	}
}

static void what_came_before_the_link_went_is_received(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	fill_frames(x->tx, 32, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
	must("ip link delete " A);
	assert_int_equal(poll_error(x), -ENODEV);
	assert_int_equal(x->n, 32);
	assert_int_equal(poll_error(x), -ENODEV);
}

static void the_program_goes_with_the_queue(void **state)
{
	struct fixture *x = *state;

	assert_int_not_equal(program_on(B), 0);
	x->b->ops->rxq_close(x->rx);
	assert_int_equal(program_on(B), 0);
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .queue = VN_RXQ_ALL });
	assert_int_not_equal(program_on(B), 0);
}

/* The driver's own program serves as somebody else's. */
static void anothers_program_stays(void **state)
{
	struct fixture *x = *state;
	uint32_t id = program_on(B);
	struct vn_netdev_probe probe;
	struct vn_err err = { "" };
	struct vn_netdev *dev;
	struct vn_rxq *rx;

	dev = open_dev("afxdp", VN_CAP_RX, &(struct vn_netdev_opts){ .target = B });
	assert_int_equal(dev->ops->rxq_open(dev, &(struct vn_rxq_opts){ .queue = 1 }, &rx, &err),
			 -EBUSY);
	assert_null(rx);
	assert_non_null(strstr(err.text, B ": another XDP program"));
	vn_netdev_close(dev);
	vn_netdev_probe(&vn_afxdp_ops, B, &probe);
	assert_true(probe.can_send);
	assert_false(probe.can_receive);
	assert_non_null(strstr(probe.why, "does not receive: another XDP program"));
	assert_string_equal(probe.mend, "ip link set dev " B " xdp off");
	assert_int_equal(program_on(B), id);
	x->len = 60;
	fill_frames(x->tx, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 8), 8, VN_TX_OK);
	receive(x, 8);
}

static void a_probe_leaves_nothing_behind(void **state)
{
	struct vn_netdev_probe probe;

	vn_netdev_probe(&vn_afxdp_ops, A, &probe);
	assert_true(probe.can_send && probe.can_receive);
	assert_false(probe.is_zero_copy);
	assert_non_null(strstr(probe.how, "copy"));
	assert_int_equal(program_on(A), 0);
	must("ip link set " A " mtu 9000");
	vn_netdev_probe(&vn_afxdp_ops, A, &probe);
	assert_true(probe.can_send);
	assert_false(probe.can_receive);
	assert_non_null(strstr(probe.why, "does not receive: its MTU of 9000"));
	assert_string_equal(probe.mend, "ip link set dev " A " mtu 1500");
}

static void receivers_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *mtu;
		struct vn_rxq_opts opts;
		int rc;
		const char *says;
	} cases[] = {
		{ "1500", { .ring_bytes = 1ull << 40 }, -EINVAL, "a ring of 1099511627776 bytes" },
		{ "1500", { .queue = 7 }, -EINVAL, "no AF_XDP socket on queue 7" },
		{ "1500", { .queue = 0 }, -EBUSY, "queue 0 is taken" },
		{ "3823", { .queue = 0 }, -EMSGSIZE, "an MTU of at most 3822" },
	};
	struct fixture *x = *state;
	char command[64];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };
		struct vn_rxq *rx;

		snprintf(command, sizeof(command), "ip link set " A " mtu %s", cases[i].mtu);
		must(command);
		assert_int_equal(x->a->ops->refresh(x->a, &err), 0);
		assert_int_equal(x->a->ops->rxq_open(x->a, &cases[i].opts, &rx, &err), cases[i].rc);
		assert_null(rx);
		if (!strstr(err.text, cases[i].says))
			fail_msg("says: %s", err.text);
		assert_int_equal(program_on(A), 0);
	}
}

static void the_longest_frames_are_received(void **state)
{
	struct fixture *x = *state;

	x->a->ops->txq_close(x->tx);
	x->b->ops->rxq_close(x->rx);
	must("ip link set " A " mtu 3498");
	must("ip link set " B " mtu 3498");
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_int_equal(x->b->ops->refresh(x->b, NULL), 0);
	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 3512 });
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .queue = VN_RXQ_ALL });
	x->len = 3512;
	fill_frames(x->tx, 16, 3512, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 16), 16, VN_TX_OK);
	receive(x, 16);
}

/* --- several queues ------------------------------------------------------------------- */

static void send_by(struct fixture *x, struct vn_txq *q, uint8_t tag)
{
	x->len = 60;
	fill_frames(q, 10, 60, 0, 0, tag);
	assert_done(vn_txq_commit(q, 10), 10, VN_TX_OK);
}

static void another_queue_will_do_where_none_was_asked_for(void **state)
{
	static const struct vn_txq_opts any = { .frame_cap = 60, .may_move = true };
	struct fixture *x = *state;
	struct vn_txq *other = open_txq(x->a, &any), *q;
	struct vn_err err = { "" };

	send_by(x, other, 0);
	assert_int_equal(x->a->ops->txq_open(x->a, &any, &q, &err), -EBUSY);
	assert_null(q);
	x->a->ops->txq_close(other);
}

static void queues_are_apart(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *other = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60, .queue = 1 });
	struct vn_rxq *rx = open_rxq(x->b, &(struct vn_rxq_opts){ .queue = 1 });
	struct vn_rxq_stats stats;

	send_by(x, x->tx, 0);
	receive(x, 10);
	send_by(x, other, 10);
	assert_int_equal(x->rx->poll(x->rx, 10, 0, handle, x), 0);
	assert_true(receive_by(x, rx, 20) >= 0);
	assert_int_equal(x->n, 20);
	x->b->ops->rxq_close(x->rx); /* the other needs the program still */
	send_by(x, other, 20);
	assert_true(receive_by(x, rx, 30) >= 0);
	assert_int_equal(x->n, 30);
	rx->stats(rx, &stats);
	assert_int_equal(stats.packets, 20);
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .queue = 0 });
	x->b->ops->rxq_close(rx);
	x->a->ops->txq_close(other);
	send_by(x, x->tx, 30);
	receive(x, 40);
}

static void all_queues_are_received(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *other = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60, .queue = 1 });

	x->b->ops->rxq_close(x->rx);
	x->rx = open_rxq(x->b, &(struct vn_rxq_opts){ .queue = VN_RXQ_ALL });
	for (unsigned int i = 0; i < 10; i++) {
		send_by(x, i % 2 ? other : x->tx, x->next);
		receive(x, 10 * (i + 1));
	}
	x->a->ops->txq_close(other);
}

static void frames_of_other_queues_pass_to_the_system(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *other = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60, .queue = 1 });
	struct vn_netdev *b = open_dev("afpacket", VN_CAP_RX,
				       &(struct vn_netdev_opts){ .target = B, .clock = &x->clock });
	struct vn_rxq *system = open_rxq(b, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20 });

	send_by(x, other, 0);
	assert_true(receive_by(x, system, 10) >= 0);
	assert_int_equal(x->n, 10);
	send_by(x, x->tx, 10);
	receive(x, 20);
	send_by(x, other, 20); /* the next that the system sees: queue 0's it did not */
	assert_true(receive_by(x, system, 30) >= 0);
	assert_int_equal(x->n, 30);
	b->ops->rxq_close(system);
	vn_netdev_close(b);
	x->a->ops->txq_close(other);
}

int main(void)
{
#define CASE(f, begin) cmocka_unit_test_setup_teardown(f, begin, tear_down)
	/* Those that only send first: they need fewer rights. */
	enum { N_SENDING = 14 };
	static const struct CMUnitTest tests[] = {
		CASE(frames_arrive_whole_and_in_order, set_up_sender),
		CASE(short_frames_lie_side_by_side, set_up_sender),
		CASE(a_place_keeps_what_was_built_in_it, set_up_sender),
		CASE(a_tap_sees_what_was_sent, set_up_sender),
		CASE(a_frame_over_the_mtu_is_an_error_of_its_own, set_up_sender),
		CASE(a_link_that_is_down_takes_nothing, set_up_sender),
		CASE(a_link_that_is_gone_takes_nothing, set_up_sender),
		CASE(what_was_given_back_is_not_sent, set_up_sender),
		CASE(a_queue_has_one_user, set_up_sender),
		CASE(a_queue_can_be_opened_again_at_once, set_up_sender),
		CASE(a_sender_brings_no_program, set_up_sender),
		CASE(what_cannot_be_is_refused, set_up_sender),
		CASE(a_missing_right_is_named, set_up_sender),
		CASE(what_is_not_there_is_said, set_up_sender),
		CASE(frames_are_stamped_when_they_are_read, set_up_both),
		CASE(what_the_ring_had_no_room_for_is_counted, set_up_both),
		CASE(a_receiver_outlasts_its_link_being_down, set_up_both),
		CASE(what_came_before_the_link_went_is_received, set_up_both),
		CASE(the_program_goes_with_the_queue, set_up_both),
		CASE(anothers_program_stays, set_up_queues),
		CASE(a_probe_leaves_nothing_behind, set_up_sender),
		CASE(receivers_that_cannot_be_are_refused, set_up_sender),
		CASE(the_longest_frames_are_received, set_up_both),
		CASE(another_queue_will_do_where_none_was_asked_for, set_up_queues),
		CASE(queues_are_apart, set_up_queues),
		CASE(all_queues_are_received, set_up_queues),
		CASE(frames_of_other_queues_pass_to_the_system, set_up_queues),
	};
#undef CASE
	size_t n = VN_ARRAY_SIZE(tests);
	const char *why = why_no_links();
	struct vn_err err = { "" };

	if (why)
		return skip_all(why);
	if (vn_afxdp_try_socket("afxdp", &err))
		return skip_all(err.text);
	if (vn_afxdp_prog_try("afxdp", &err)) {
		fprintf(stderr, "receiving is not tested: %s\n", err.text);
		n = N_SENDING;
	}
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}

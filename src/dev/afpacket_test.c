/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet socket driver on a veth pair, which sends on A and receives on B.
 * Waits for frames end with the frames or, failing, after WAIT_NS.
 */
#include "dev/netns_test.h"

#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>

#define C "vnt2" /* what A is called after a renaming */
#define WAIT_NS (5 * VN_NSEC_PER_SEC)
#define STEP_NS (100 * 1000000ull)

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *a, *b;
	struct vn_txq *tx;
	struct vn_rxq *rx;
	bool is_prompt; /* rx */
	/* seen by the handler: our frames only */
	unsigned int n;
	uint32_t len;
	uint8_t next;
	bool has_vlan, has_partial_csum;
	uint16_t tci, tpid;
	uint64_t first_ns, last_ns;
};

static int set_up_rx(void **state, const struct vn_rxq_opts *opts)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct vn_err err = { "" };

	assert_non_null(x);
	vn_clock_real(&x->clock);
	make_links();
	x->a = open_dev("afpacket", VN_CAP_TX,
			&(struct vn_netdev_opts){ .target = A, .clock = &x->clock });
	x->b = open_dev("afpacket", VN_CAP_RX,
			&(struct vn_netdev_opts){ .target = B, .clock = &x->clock });
	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 2048 });
	if (x->b->ops->rxq_open(x->b, opts, &x->rx, &err))
		fail_msg("%s", err.text);
	x->is_prompt = opts->is_prompt;
	*state = x;
	return 0;
}

static int set_up(void **state)
{
	return set_up_rx(state, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20 });
}

static int set_up_prompt(void **state)
{
	return set_up_rx(state, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20, .is_prompt = true });
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	x->a->ops->txq_close(x->tx);
	x->b->ops->rxq_close(x->rx);
	vn_netdev_close(x->a);
	vn_netdev_close(x->b);
	free(x);
	if (if_nametoindex(A))
		must("ip link delete " A);
	return 0;
}

static void handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n; i++) {
		const struct vn_rx_pkt *p = &pkts[i];

		if (p->len < 16 || p->data[12] != 0x88 || p->data[13] != 0xb5)
			continue;
		assert_int_equal(p->len, x->len);
		assert_int_equal(p->caplen, x->len);
		for (uint32_t at = 14; at < p->len; at++)
			assert_int_equal(p->data[at], (uint8_t)(x->next + at - 14));
		assert_true(p->stamp_ns >= x->last_ns);
		x->first_ns = x->n ? x->first_ns : p->stamp_ns;
		x->last_ns = p->stamp_ns;
		x->has_vlan = p->has_vlan;
		x->has_partial_csum = p->has_partial_csum;
		x->tci = p->vlan_tci;
		x->tpid = p->vlan_tpid;
		x->next++;
		x->n++;
	}
}

/* Polls until n frames of ours came, or an error, or time is up: last answer. */
static int receive(struct fixture *x, unsigned int n)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;
	int rc = 0;

	while (x->n < n && rc >= 0 && vn_clock_now(&x->clock) < until)
		rc = x->rx->poll(x->rx, 10, STEP_NS, handle, x);
	return rc;
}

static int poll_error(struct fixture *x)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;
	int rc = 0;

	while (rc >= 0 && vn_clock_now(&x->clock) < until)
		rc = x->rx->poll(x->rx, 10, STEP_NS, handle, x);
	return rc;
}

static void frames_arrive_whole_stamped_and_in_order(void **state)
{
	struct fixture *x = *state;
	uint64_t begun = x->clock.wall(&x->clock);
	struct vn_rxq_stats stats;

	for (unsigned int round = 0; round < 20; round++) {
		x->len = round % 2 ? 60 : 1514;
		fill_frames(x->tx, 32, x->len, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
		assert_true(receive(x, (round + 1) * 32) >= 0);
		assert_int_equal(x->n, (round + 1) * 32);
	}
	assert_true(x->first_ns >= begun);
	assert_true(x->last_ns <= x->clock.wall(&x->clock));
	assert_true(x->last_ns > x->first_ns);
	x->rx->stats(x->rx, &stats);
	assert_true(stats.packets >= 640); /* the system may have sent some too */
	assert_int_equal(stats.drops, 0);
}

/* As a virtual machine's frames are given to the kernel: with a word on where a
 * checksum is yet to be put. */
static void send_partial(const uint8_t *frame, size_t len)
{
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(A) };
	struct virtio_net_hdr how = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = 34,
		.csum_offset = 2,
	};
	uint8_t bytes[128];

	memcpy(bytes, &how, sizeof(how));
	memcpy(bytes + sizeof(how), frame, len);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
	len += sizeof(how);
	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to)), len);
	close(fd);
}

static void a_checksum_left_to_hardware_is_reported(void **state)
{
	struct fixture *x = *state;

	x->len = 60;
	fill_frames(x->tx, 1, 60, 0, 0, 0);
	send_partial(x->tx->frames[0].data, 60);
	assert_true(receive(x, 1) >= 0);
	assert_int_equal(x->n, 1);
	assert_true(x->has_partial_csum);
	x->next = 0;
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	assert_true(receive(x, 2) >= 0);
	assert_int_equal(x->n, 2);
	assert_false(x->has_partial_csum);
}

static void frames_that_go_out_are_not_received(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *back = open_txq(x->b, &(struct vn_txq_opts){ .frame_cap = 60 });

	fill_frames(back, 8, 60, 0, 0, 100);
	assert_done(vn_txq_commit(back, 8), 8, VN_TX_OK);
	x->len = 60;
	fill_frames(x->tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	assert_true(receive(x, 1) >= 0);
	assert_int_equal(x->n, 1);
	x->b->ops->txq_close(back);
}

static void count_outgoing(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int *count = arg;

	for (unsigned int i = 0; i < n; i++)
		count[pkts[i].is_outgoing]++;
}

/* Through the discipline, for what bypasses it the kernel shows to nobody. */
static void frames_that_go_out_are_told_apart_when_wanted(void **state)
{
	struct fixture *x = *state;
	const struct vn_rxq_opts wanted = {
		.ring_bytes = 1 << 20,
		.wants_outgoing = true,
		.is_prompt = x->is_prompt,
	};
	struct vn_txq *back = open_txq(x->b, &(struct vn_txq_opts){
		.frame_cap = 60, .path = VN_PATH_QDISC });
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;
	unsigned int count[2] = { 0, 0 };
	struct vn_rxq *rx;

	assert_int_equal(x->b->ops->rxq_open(x->b, &wanted, &rx, NULL), 0);
	fill_frames(back, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(back, 8), 8, VN_TX_OK);
	fill_frames(x->tx, 5, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 5), 5, VN_TX_OK);
	while (count[0] + count[1] < 13 && vn_clock_now(&x->clock) < until)
		assert_true(rx->poll(rx, 3, STEP_NS, count_outgoing, count) >= 0);
	assert_int_equal(count[0], 5);
	assert_int_equal(count[1], 8);
	x->b->ops->rxq_close(rx);
	x->b->ops->txq_close(back);
}

/* Nobody reads while more comes than the ring holds: all of it is accounted for. */
static void what_the_ring_had_no_room_for_is_counted(void **state)
{
	struct fixture *x = *state;
	const struct vn_rxq_opts small = { .ring_bytes = 1 << 20, .is_prompt = x->is_prompt };
	unsigned int count[2] = { 0, 0 };
	struct vn_rxq_stats stats;
	struct vn_rxq *rx;
	int n;

	assert_int_equal(x->b->ops->rxq_open(x->b, &small, &rx, NULL), 0);
	for (unsigned int i = 0; i < 64; i++) {
		fill_frames(x->tx, 32, 1514, 0, 0, 0);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
	}
	do
		n = rx->poll(rx, 100, STEP_NS, count_outgoing, count);
	while (n > 0);
	rx->stats(rx, &stats);
	assert_int_equal(stats.packets, count[0]);
	assert_true(stats.drops > 0);
	assert_int_equal(stats.packets + stats.drops, 64 * 32);
	x->b->ops->rxq_close(rx);
}

/* Polled without waiting, which finds out about the link all the same. */
static void a_frame_is_there_when_the_descriptor_is_readable(void **state)
{
	struct fixture *x = *state;
	struct pollfd pfd = { .fd = x->rx->fd, .events = POLLIN };
	int rc = 0;

	assert_true(pfd.fd > 0);
	x->len = 60;
	while (x->rx->poll(x->rx, 10, 0, handle, x) > 0) /* the system's own */
		;
	fill_frames(x->tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	while (x->n == 0) {
		assert_int_equal(poll(&pfd, 1, 5000), 1);
		assert_true(x->rx->poll(x->rx, 10, 0, handle, x) > 0);
	}
	must("ip link set " B " down");
	while (rc >= 0)
		rc = x->rx->poll(x->rx, 10, 0, handle, x);
	assert_int_equal(rc, -ENETDOWN);
}

static void the_kernel_stamps_where_no_hardware_does(void **state)
{
	const struct vn_rxq_opts hardware = { .stamps = VN_STAMPS_HARDWARE };
	struct fixture *x = *state;
	struct vn_err err = { "" };
	struct vn_rxq_stats stats;
	struct vn_rxq *rx;

	assert_int_equal(x->b->ops->rxq_open(x->b, &hardware, &rx, &err), -EOPNOTSUPP);
	assert_null(rx);
	assert_non_null(strstr(err.text, B ": no hardware stamps of every frame; offered: "));
	x->len = 60;
	for (unsigned int i = 0; i < 20; i++) {
		fill_frames(x->tx, 1, 60, 0, 0, x->next);
		assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
		assert_true(receive(x, i + 1) >= 0);
	}
	x->rx->stats(x->rx, &stats);
	assert_string_equal(stats.stamp_source, "kernel");
	assert_int_equal(stats.stamp_other, 0);
	assert_in_range(stats.stamp_resolution_ns, 1, 1000);
}

static void a_tag_put_aside_is_reported(void **state)
{
	static const struct {
		uint8_t tag[4];
		uint16_t tpid;
	} cases[] = {
		{ { 0x81, 0x00, 0x6f, 0xff }, 0x8100 },
		{ { 0x88, 0xa8, 0x20, 0x05 }, 0x88a8 },
	};
	struct fixture *x = *state;
	struct vn_frame *f;

	x->len = 60;
	for (unsigned int i = 0; i < 2; i++) {
		x->next = 0;
		fill_frames(x->tx, 1, 60, 0, 0, 0);
		vn_txq_peek(x->tx, &f);
		memmove(f->data + 16, f->data + 12, 48);
		memcpy(f->data + 12, cases[i].tag, 4);
		f->len = 64;
		assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
		assert_true(receive(x, i + 1) >= 0);
		assert_int_equal(x->n, i + 1);
		assert_true(x->has_vlan);
		assert_int_equal(x->tpid, cases[i].tpid);
		assert_int_equal(x->tci, cases[i].tag[2] << 8 | cases[i].tag[3]);
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
	assert_true(receive(x, 3) >= 0);
	assert_int_equal(x->n, 3);
}

static void a_link_that_is_down_or_gone_takes_nothing(void **state)
{
	static const char *const how[] = {
		("ip link set " A " down"), /* down */
		("ip link set " B " down"), /* no carrier */
		("ip link delete " A),	    /* unplugged */
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(how); i++) {
		struct fixture *x = *state;

		fill_frames(x->tx, 8, 60, 0, 0, 0);
		assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
		must(how[i]);
		assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
		assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
		assert_int_equal(vn_txq_pending(x->tx), 4);
		tear_down(state);
		set_up(state);
	}
}

static void a_link_that_comes_back_takes_frames_again(void **state)
{
	struct fixture *x = *state;

	must("ip link set " A " down");
	fill_frames(x->tx, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 8), 0, VN_TX_DOWN);
	must("ip link set " A " up");
	assert_done(vn_txq_commit(x->tx, 8), 8, VN_TX_OK);
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
	assert_int_equal(x->b->ops->refresh(x->b, NULL), -ENODEV);
}

static void a_receiver_outlasts_its_link_being_down(void **state)
{
	struct fixture *x = *state;

	must("ip link set " B " down");
	assert_int_equal(poll_error(x), -ENETDOWN);
	must("ip link set " B " up");
	x->len = 60;
	fill_frames(x->tx, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 8), 8, VN_TX_OK);
	assert_true(receive(x, 8) >= 0);
	assert_int_equal(x->n, 8);
}

/* The socket says nothing of an interface that goes while it is down. */
static void a_link_that_goes_while_it_is_down_is_gone(void **state)
{
	struct fixture *x = *state;

	must("ip link set " B " down");
	assert_int_equal(poll_error(x), -ENETDOWN);
	must("ip link delete " A);
	assert_int_equal(poll_error(x), -ENODEV);
	assert_int_equal(poll_error(x), -ENODEV);
}

/* A discipline whose queue has room for one byte refuses every frame. */
static void the_discipline_is_asked_only_when_wanted(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *through = open_txq(x->a, &(struct vn_txq_opts){
		.frame_cap = 60, .path = VN_PATH_QDISC, .priority = 6 });

	x->len = 60;
	fill_frames(through, 4, 60, 0, 0, 0);
	assert_done(vn_txq_commit(through, 4), 4, VN_TX_OK);
	assert_true(receive(x, 4) >= 0);
	assert_int_equal(x->n, 4);
	must("tc qdisc add dev " A " root bfifo limit 1");
	fill_frames(through, 3, 60, 0, 0, 4);
	assert_done(vn_txq_commit(through, 3), 0, VN_XMIT_DROP);
	assert_done(vn_txq_commit(through, 2), 0, VN_XMIT_DROP);
	assert_done(vn_txq_commit(through, 1), 0, VN_XMIT_DROP);
	assert_int_equal(vn_txq_pending(through), 0);
	fill_frames(x->tx, 4, 60, 0, 0, 4);
	assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
	assert_true(receive(x, 8) >= 0);
	assert_int_equal(x->n, 8);
	assert_int_equal(through->outstanding(through), 0);
	x->a->ops->txq_close(through);
}

static void frames_a_discipline_holds_are_outstanding(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *through = open_txq(x->a, &(struct vn_txq_opts){
		.frame_cap = 60, .path = VN_PATH_QDISC });

	/* 8 kbit/s with a bucket of one frame: the others stay for long. */
	must("tc qdisc add dev " A " root tbf rate 8kbit burst 80 limit 100000");
	fill_frames(through, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(through, 8), 8, VN_TX_OK);
	assert_true(through->outstanding(through) > 0);
	must("tc qdisc del dev " A " root");
	assert_int_equal(through->outstanding(through), 0);
	x->a->ops->txq_close(through);
}

static void the_device_says_what_the_system_knows(void **state)
{
	struct fixture *x = *state;
	struct vn_netdev *dev = x->a;
	struct in6_addr ll = { .s6_addr = { 0xfe, 0x80, [15] = 5 } };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x55 };

	assert_true(dev->is_up && dev->has_carrier);
	assert_false(dev->can_share); /* a veth hands buffers on */
	assert_int_equal(dev->type, 1);
	assert_int_equal(dev->mtu, 1500);
	assert_int_equal(dev->ipv4, 0);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&dev->ipv6_ll));
	assert_int_equal(dev->link_bps, 10000000000ull);
	must("ip link set " A " address 02:00:00:00:00:55 mtu 9000");
	must("ip addr add 10.1.2.3 peer 10.9.8.7 dev " A);
	must("ip addr add 10.1.2.4/24 dev " A);
	must("ip addr add 2001:db8::1/64 dev " A " nodad");
	must("ip addr add fe80::5/64 dev " A " nodad");
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_memory_equal(dev->mac, mac, 6);
	assert_int_equal(dev->mtu, 9000);
	assert_int_equal(dev->ipv4, 0x0a090807);
	assert_memory_equal(&dev->ipv6_ll, &ll, sizeof(ll));
	must("ip link set " B " down");
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_true(dev->is_up);
	assert_false(dev->has_carrier);
	must("ip link set " A " down");
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_false(dev->is_up);
}

/* Another interface that takes the old name over must not be taken for it. */
static void a_device_stays_itself_whatever_it_is_called(void **state)
{
	struct fixture *x = *state;
	int ifindex = x->a->ifindex;

	assert_int_equal(ifindex, if_nametoindex(A));
	must("ip link set " A " down");
	must("ip link set " A " name " C " mtu 1400");
	must("ip link set " C " up");
	must("ip link add " A " type veth peer name vnt3");
	must("ip link set vnt3 up");
	must("ip link set " A " up");
	x->len = 60;
	fill_frames(x->tx, 16, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 4), 4, VN_TX_OK);
	assert_true(receive(x, 4) >= 0);
	assert_int_equal(x->n, 4);
	assert_string_equal(x->a->name, A);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_string_equal(x->a->name, C);
	assert_int_equal(x->a->ifindex, ifindex);
	assert_int_equal(x->a->mtu, 1400);
	must("ip link set " C " down");
	assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_false(x->a->is_up);
	must("ip link delete " C);
	assert_done(vn_txq_commit(x->tx, 4), 0, VN_TX_DOWN);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), -ENODEV);
	assert_string_equal(x->a->name, C);
	assert_int_equal(x->a->mtu, 1400);
}

static void an_alternative_name_finds_the_interface_too(void **state)
{
	struct fixture *x = *state;
	struct vn_netdev *dev;

	if (run("ip link property add dev " A " altname vnother")) {
		fprintf(stderr, "skipped: no alternative names here\n");
		skip();
	}
	dev = open_dev("afpacket", 0, &(struct vn_netdev_opts){ .target = "vnother" });
	assert_string_equal(dev->name, A);
	assert_int_equal(dev->ifindex, x->a->ifindex);
	vn_netdev_close(dev);
}

/* The drop is one (the discipline has no room), the link is not: to see that
 * asks the system by the name that the interface has by then. */
static void a_drop_after_a_renaming_is_no_end(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *through = open_txq(x->a, &(struct vn_txq_opts){
		.frame_cap = 60, .path = VN_PATH_QDISC });

	must("tc qdisc add dev " A " root bfifo limit 1");
	must("ip link set " A " down");
	must("ip link set " A " name " C);
	must("ip link set " C " up");
	fill_frames(through, 2, 60, 0, 0, 0);
	assert_done(vn_txq_commit(through, 2), 0, VN_XMIT_DROP);
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_done(vn_txq_commit(through, 1), 0, VN_XMIT_DROP);
	x->a->ops->txq_close(through);
	must("ip link delete " C);
}

static void a_device_in_another_namespace_is_gone(void **state)
{
	struct fixture *x = *state;
	struct vn_err err = { "" };
	pid_t neighbour = move_to_neighbour();

	fill_frames(x->tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 0, VN_TX_DOWN);
	assert_int_equal(x->a->ops->refresh(x->a, &err), -ENODEV);
	assert_string_equal(err.text, A ": the interface is gone");
	end_neighbour(neighbour);
}

/* Addresses of other interfaces are not its own, however many there are. */
static void addresses_of_others_are_passed_over(void **state)
{
	struct fixture *x = *state;

	must("ip addr add 10.1.0.1/16 dev " B);
	must("ip addr add fe80::b/64 dev " B " nodad");
	assert_int_equal(x->a->ops->refresh(x->a, NULL), 0);
	assert_int_equal(x->a->ipv4, 0);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&x->a->ipv6_ll));
	assert_int_equal(x->b->ops->refresh(x->b, NULL), 0);
	assert_int_equal(x->b->ipv4, 0x0a010001);
	assert_false(IN6_IS_ADDR_UNSPECIFIED(&x->b->ipv6_ll));
}

static void queues_are_counted_and_sharing_follows_the_kind(void **state)
{
	static const struct {
		const char *add, *name;
		bool can_share, is_optional; /* not every kernel has the kind */
		uint16_t n_txq, type;
	} cases[] = {
		{ "ip link add vnq numtxqueues 3 type veth", "vnq", false, false, 3, 1 },
		{ "ip link set lo up", "lo", false, false, 1, 772 },
		{ "ip tuntap add vntap mode tap", "vntap", false, true, 1, 1 },
		{ "ip link add vnd numtxqueues 2 type dummy", "vnd", true, true, 2, 1 },
		{ "ip link add vnbr type bridge", "vnbr", false, true, 1, 1 },
		{ "ip link add link " A " name vnv type vlan id 5", "vnv", false, true, 1, 1 },
	};
	char command[64];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev *dev;

		if (run(cases[i].add)) {
			assert_true(cases[i].is_optional);
			continue;
		}
		dev = open_dev("afpacket", 0, &(struct vn_netdev_opts){ .target = cases[i].name });
		assert_int_equal(dev->can_share, cases[i].can_share);
		assert_int_equal(dev->n_txq, cases[i].n_txq);
		assert_int_equal(dev->type, cases[i].type);
		vn_netdev_close(dev);
		snprintf(command, sizeof(command), "ip link delete %s", cases[i].name);
		if (cases[i].type == 1)
			must(command);
	}
}

static void the_machines_way_out_is_recognized(void **state)
{
	static const struct {
		const char *add;
		bool holds;
	} cases[] = {
		{ "ip route add 10.5.0.0/16 dev " A, false },
		{ "ip route add default dev " B, false },
		{ "ip route replace default dev " A, true },
		{ "ip route replace default nexthop dev " B " nexthop dev " A, true },
		{ "ip route delete default", false },
		{ "ip route add unreachable default metric 9", false },
		{ "ip -6 route add default dev " A, true },
		{ "ip -6 route delete default dev " A, false },
		{ "ip route add default dev " A " table 77", true },
		{ "ip route flush table 77", false },
		{ "ip link add vnbr up type bridge", false },
		{ "ip link set " A " master vnbr", false },
		{ "ip route replace default dev vnbr", true }, /* through its bridge */
		{ "ip link delete vnbr", false },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev *dev;

		must(cases[i].add);
		dev = open_dev("afpacket", 0, &(struct vn_netdev_opts){ .target = A });
		if (dev->holds_default_route != cases[i].holds)
			fail_msg("after: %s", cases[i].add);
		vn_netdev_close(dev);
	}
	must("ip route flush table all type unreachable");
}

static void what_is_not_there_is_said(void **state)
{
	static const char *const names[] = { "eth77", "a_name_that_is_too_long" };

	for (size_t i = 0; i < VN_ARRAY_SIZE(names); i++) {
		struct vn_netdev_opts opts = { .target = names[i] };
		struct vn_err err = { "" };
		struct vn_netdev *dev;
		char expected[64];

		snprintf(expected, sizeof(expected), "%s: no such interface", names[i]);
		assert_int_equal(vn_netdev_open("afpacket", VN_CAP_TX, &opts, &dev, &err), -ENODEV);
		assert_null(dev);
		assert_string_equal(err.text, expected);
	}
}

static void a_missing_right_is_named(void **state)
{
	struct vn_netdev_opts opts = { .target = A };
	struct vn_err err = { "" };
	struct vn_netdev *dev;

	set_effective(CAP_NET_RAW, false);
	assert_int_equal(vn_netdev_open("afpacket", VN_CAP_TX, &opts, &dev, &err), -EPERM);
	set_effective(CAP_NET_RAW, true);
	assert_null(dev);
	assert_non_null(strstr(err.text, A ": needs CAP_NET_RAW"));
}

static void a_probe_says_what_opening_would_say(void **state)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver("afpacket");
	struct vn_netdev_probe p;

	vn_netdev_probe(ops, A, &p);
	assert_true(p.can_send && p.can_receive && !p.is_zero_copy);
	assert_string_equal(p.how, "packet sockets");
	assert_string_equal(p.why, "");
	vn_netdev_probe(ops, "nowhere0", &p);
	assert_false(p.can_send || p.can_receive);
	assert_string_equal(p.why, "nowhere0: no such interface");
	set_effective(CAP_NET_RAW, false);
	vn_netdev_probe(ops, A, &p);
	set_effective(CAP_NET_RAW, true);
	assert_false(p.can_send || p.can_receive);
	assert_string_equal(p.why, "needs CAP_NET_RAW");
}

static void rings_that_cannot_be_are_refused(void **state)
{
	struct fixture *x = *state;
	const struct vn_txq_opts odd = { .frame_cap = 60, .n_frames = 5 };
	const struct vn_rxq_opts too_big = { .ring_bytes = 1ull << 40 };
	struct vn_err err = { "" };
	struct vn_txq *tx;
	struct vn_rxq *rx;

	assert_int_equal(x->a->ops->txq_open(x->a, &odd, &tx, &err), -EINVAL);
	assert_null(tx);
	assert_non_null(strstr(err.text, "5 frames"));
	assert_int_equal(x->b->ops->rxq_open(x->b, &too_big, &rx, &err), -EINVAL);
	assert_null(rx);
	x->a->ops->txq_close(NULL);
	x->b->ops->rxq_close(NULL);
	x->a->ops->close(NULL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define PROMPT(f) cmocka_unit_test_setup_teardown(f, set_up_prompt, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(frames_arrive_whole_stamped_and_in_order),
		CASE(a_checksum_left_to_hardware_is_reported),
		CASE(frames_that_go_out_are_not_received),
		CASE(frames_that_go_out_are_told_apart_when_wanted),
		CASE(what_the_ring_had_no_room_for_is_counted),
		PROMPT(frames_arrive_whole_stamped_and_in_order),
		PROMPT(a_checksum_left_to_hardware_is_reported),
		PROMPT(frames_that_go_out_are_not_received),
		PROMPT(frames_that_go_out_are_told_apart_when_wanted),
		PROMPT(what_the_ring_had_no_room_for_is_counted),
		PROMPT(a_tag_put_aside_is_reported),
		PROMPT(what_came_before_the_link_went_is_received),
		PROMPT(a_receiver_outlasts_its_link_being_down),
		PROMPT(a_link_that_goes_while_it_is_down_is_gone),
		PROMPT(a_frame_is_there_when_the_descriptor_is_readable),
		CASE(the_kernel_stamps_where_no_hardware_does),
		CASE(a_tag_put_aside_is_reported),
		CASE(a_frame_over_the_mtu_is_an_error_of_its_own),
		CASE(a_link_that_is_down_or_gone_takes_nothing),
		CASE(a_link_that_comes_back_takes_frames_again),
		CASE(what_came_before_the_link_went_is_received),
		CASE(a_receiver_outlasts_its_link_being_down),
		CASE(a_link_that_goes_while_it_is_down_is_gone),
		CASE(the_discipline_is_asked_only_when_wanted),
		CASE(frames_a_discipline_holds_are_outstanding),
		CASE(the_device_says_what_the_system_knows),
		CASE(a_device_stays_itself_whatever_it_is_called),
		CASE(an_alternative_name_finds_the_interface_too),
		CASE(a_drop_after_a_renaming_is_no_end),
		CASE(a_device_in_another_namespace_is_gone),
		CASE(addresses_of_others_are_passed_over),
		CASE(queues_are_counted_and_sharing_follows_the_kind),
		CASE(the_machines_way_out_is_recognized),
		CASE(what_is_not_there_is_said),
		CASE(a_missing_right_is_named),
		CASE(a_probe_says_what_opening_would_say),
		CASE(rings_that_cannot_be_are_refused),
	};
#undef CASE
#undef PROMPT
	const char *why = why_no_links();

	if (why)
		return skip_all(why);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

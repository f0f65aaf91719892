/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dpdk driver on DPDK's software ports: net_null takes, net_ring holds and
 * gives back what was sent, net_pcap writes a file, net_af_packet is on a veth
 * pair. DPDK is set up once in a process, without huge pages and PCI, so cases
 * are ports that come and go, as they do for a server.
 */
#include "dev/netns_test.h"

#include <pcap/pcap.h>
#include <pthread.h>

#define WAIT_NS (5 * VN_NSEC_PER_SEC)
#define STEP_NS (10 * 1000000ull)
#define LEN	60

static struct vn_clock the_clock;

static struct vn_netdev *open_port(const char *target)
{
	return open_dev("dpdk", VN_CAP_TX | VN_CAP_RX,
			&(struct vn_netdev_opts){ .target = target, .clock = &the_clock });
}

static struct vn_txq *open_queue(struct vn_netdev *dev)
{
	return open_txq(dev, &(struct vn_txq_opts){ .frame_cap = 1514 });
}

static struct vn_rxq *open_rxq(struct vn_netdev *dev, uint16_t queue)
{
	struct vn_err err = { "" };
	struct vn_rxq *q;

	if (dev->ops->rxq_open(dev, &(struct vn_rxq_opts){ .queue = queue }, &q, &err))
		fail_msg("%s", err.text);
	return q;
}

static void close_both(struct vn_txq *q)
{
	struct vn_netdev *dev = q->dev;

	dev->ops->txq_close(q);
	vn_netdev_close(dev);
}

static uint64_t counter(struct vn_netdev *dev, const char *name)
{
	struct vn_netdev_counter c[VN_NETDEV_COUNTERS_MAX];
	unsigned int n = vn_netdev_counters(dev, c, VN_NETDEV_COUNTERS_MAX);

	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(c[i].name, name))
			return c[i].n;
	fail_msg("no counter %s", name);
	return 0;
}

/* --- net_null ------------------------------------------------------------------ */

static void null_takes_all_and_counts(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_null0"));

	for (unsigned int i = 0; i < 100; i++) {
		fill_frames(q, 64, LEN, 0, 0, 0);
		assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
	}
	assert_int_equal(vn_txq_pending(q), 0);
	assert_int_equal(q->outstanding(q), 0);
	assert_int_equal(counter(q->dev, "port_tx_packets"), 6400);
	assert_int_equal(counter(q->dev, "port_tx_errors"), 0);
	assert_int_equal(vn_netdev_finish(q->dev, NULL), 0);
	close_both(q);
}

/* A driver that lets go at once: memory stays, and what was said to be in it. */
static void frames_that_are_back_keep_their_template(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_null0"));
	uint8_t *data[64];

	fill_frames(q, 64, LEN, 0, 0, 7);
	for (unsigned int i = 0; i < 64; i++) {
		data[i] = q->frames[i].data;
		q->frames[i].content = 1000 + i;
	}
	assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
	for (unsigned int i = 0; i < 64; i++) {
		assert_ptr_equal(q->frames[i].data, data[i]);
		assert_int_equal(q->frames[i].content, 1000 + i);
		assert_int_equal(data[i][14], (uint8_t)(7 + i));
	}
	close_both(q);
}

static void the_port_says_what_it_is(void **state)
{
	struct vn_netdev *dev = open_port("net_null3,size=128,port-txqs=3");

	assert_string_equal(dev->name, "net_null3");
	assert_true(dev->is_up && dev->has_carrier && dev->can_share);
	assert_false(dev->holds_default_route);
	assert_int_equal(dev->n_txq, 3);
	assert_int_equal(dev->mtu, 1500);
	assert_int_equal(dev->link_bps, 10000000000);
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_int_equal(dev->mtu, 1500);
	vn_netdev_close(dev);
	dev = open_port("net_null3,port-mtu=9000");
	assert_int_equal(dev->mtu, 9000);
	vn_netdev_close(dev);
}

static void longer_than_the_mtu_is_an_error_of_the_frame(void **state)
{
	struct vn_netdev *dev = open_port("net_null0");
	struct vn_txq *q = open_txq(dev, &(struct vn_txq_opts){ .frame_cap = 2048 });

	fill_frames(q, 4, 1522, 0, 0, 0); /* two tags are allowed for */
	q->frames[1].len = 1523;
	assert_done(vn_txq_commit(q, 4), 1, VN_XMIT_DROP);
	assert_done(vn_txq_commit(q, 2), 2, VN_TX_OK);
	close_both(q);
}

static void queues_are_taken_one_by_one(void **state)
{
	struct vn_netdev *dev = open_port("net_null0,port-txqs=2");
	struct vn_txq *a = open_queue(dev), *b = open_queue(dev), *c;
	struct vn_err err = { "" };

	assert_int_equal(
		dev->ops->txq_open(dev, &(struct vn_txq_opts){ .frame_cap = 60 }, &c, &err),
		-EBUSY);
	assert_null(c);
	assert_non_null(strstr(err.text, "all 2 transmit queues are in use"));
	dev->ops->txq_close(a);
	a = open_queue(dev);
	fill_frames(a, 3, LEN, 0, 0, 0);
	fill_frames(b, 4, LEN, 0, 0, 0);
	assert_done(vn_txq_commit(a, 3), 3, VN_TX_OK);
	assert_done(vn_txq_commit(b, 4), 4, VN_TX_OK);
	assert_int_equal(counter(dev, "port_tx_packets"), 7);
	dev->ops->txq_close(a);
	close_both(b);
}

/* Memory is taken again; more of it, should frames be longer than ever. */
static void a_queue_opened_again_knows_nothing_of_before(void **state)
{
	struct vn_netdev *dev = open_port("net_null0,port-txqs=1");

	for (uint32_t cap = 60; cap < 10000; cap *= 2)
		for (unsigned int again = 0; again < 2; again++) {
			struct vn_txq *q = open_txq(dev, &(struct vn_txq_opts){ .frame_cap = cap });

			for (unsigned int i = 0; i < 64; i++) {
				assert_int_equal(q->frames[i].content, 0);
				assert_true(q->frames[i].cap >= cap);
				q->frames[i].content = 1;
			}
			fill_frames(q, 64, LEN, 0, 0, 0);
			assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
			dev->ops->txq_close(q);
		}
	vn_netdev_close(dev);
}

/* --- net_ring -------------------------------------------------------------------- */

/* What a handler saw, frames of fill_frames() only; on any thread, so it does not
 * assert. */
struct seen {
	unsigned int n, bad;
	uint8_t next;
	uint64_t first_ns, last_ns;
};

static bool is_as_filled(const struct vn_rx_pkt *p, uint8_t tag)
{
	if (p->len != LEN || p->caplen != LEN || p->has_vlan || p->is_outgoing)
		return false;
	for (uint32_t at = 14; at < LEN; at++)
		if (p->data[at] != (uint8_t)(tag + at - 14))
			return false;
	return true;
}

static void see(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct seen *s = arg;

	for (unsigned int i = 0; i < n; i++) {
		const struct vn_rx_pkt *p = &pkts[i];

		if (p->len < 14 || p->data[12] != 0x88 || p->data[13] != 0xb5)
			continue;
		s->bad += !is_as_filled(p, s->next) || p->stamp_ns < s->last_ns;
		s->first_ns = s->n ? s->first_ns : p->stamp_ns;
		s->last_ns = p->stamp_ns;
		s->next++;
		s->n++;
	}
}

static void poll_until(struct vn_rxq *q, struct seen *s, unsigned int n)
{
	uint64_t end = vn_clock_now(&the_clock) + WAIT_NS;

	while (s->n < n && vn_clock_now(&the_clock) < end)
		s->bad += q->poll(q, 7, STEP_NS, see, s) < 0;
}

static void receive(struct vn_rxq *q, struct seen *s, unsigned int n)
{
	poll_until(q, s, n);
	assert_int_equal(s->n, n);
	assert_int_equal(s->bad, 0);
}

static void a_ring_gives_back_what_was_sent(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_ring0,port-txqs=1,port-rxqs=1"));
	struct vn_rxq *rx = open_rxq(q->dev, VN_RXQ_ALL);
	uint64_t before_ns = the_clock.wall(&the_clock);
	struct vn_rxq_stats stats;
	struct seen s = { .n = 0 };

	for (unsigned int round = 0; round < 300; round++) {
		fill_frames(q, 32, LEN, 0, 0, (uint8_t)(round * 32));
		assert_done(vn_txq_commit(q, 32), 32, VN_TX_OK);
		receive(rx, &s, (round + 1) * 32);
	}
	assert_true(s.first_ns >= before_ns && s.last_ns <= the_clock.wall(&the_clock));
	assert_int_equal(rx->poll(rx, 10, 0, see, &s), 0);
	rx->stats(rx, &stats);
	assert_int_equal(stats.packets, 300 * 32);
	assert_int_equal(stats.drops, 0);
	assert_string_equal(stats.stamp_source, "clock at read");
	q->dev->ops->rxq_close(rx);
	close_both(q);
}

/* What waits in the ring is not written to, while all frames are lent again. */
static void frames_that_are_held_are_left_alone(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_ring0,port-txqs=1,port-rxqs=1"));
	struct vn_rxq *rx = open_rxq(q->dev, 0);
	struct seen s = { .n = 0 };

	for (unsigned int round = 0; round < 12; round++) {
		fill_frames(q, 64, LEN, 0, 0, (uint8_t)(round * 64));
		for (unsigned int i = 0; i < 64; i++)
			q->frames[i].content = 1 + q->frames[i].data[14];
		assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
	}
	assert_int_equal(q->outstanding(q), 12 * 64);
	receive(rx, &s, 12 * 64);
	assert_int_equal(q->outstanding(q), 0);
	/* The spares come round, each with the template that it has. */
	s.next = 0;
	for (unsigned int round = 0; round < 40; round++) {
		for (unsigned int i = 0; i < 64; i++)
			if (q->frames[i].content)
				assert_int_equal(q->frames[i].content, 1 + q->frames[i].data[14]);
		fill_frames(q, 64, LEN, 0, 0, (uint8_t)(round * 64));
		for (unsigned int i = 0; i < 64; i++)
			q->frames[i].content = 1 + q->frames[i].data[14];
		assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
		receive(rx, &s, 12 * 64 + (round + 1) * 64);
	}
	q->dev->ops->rxq_close(rx);
	close_both(q);
}

static unsigned int fill_up(struct vn_txq *q)
{
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	unsigned int n = 0;

	while (done.code == VN_TX_OK && n < 100000) {
		fill_frames(q, 1, LEN, 0, 0, (uint8_t)n);
		done = vn_txq_commit(q, 1);
		n += done.sent;
	}
	assert_done(done, 0, VN_TX_BUSY);
	return n;
}

/* The ring is full before the spares are used up, or the other way round. */
static void a_full_ring_is_busy(void **state)
{
	static const char *const targets[] = {
		"net_ring0,port-txqs=1,port-rxqs=1",
		"net_ring0,port-txqs=1,port-rxqs=1,port-txd=64",
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(targets); i++) {
		struct vn_txq *q = open_queue(open_port(targets[i]));
		struct vn_rxq *rx = open_rxq(q->dev, VN_RXQ_ALL);
		unsigned int n = fill_up(q);
		struct seen s = { .n = 0 };

		assert_int_equal(n, i ? 64 + 64 : 1023);
		assert_done(vn_txq_commit(q, 1), 0, VN_TX_BUSY);
		receive(rx, &s, n);
		assert_done(vn_txq_commit(q, 1), 1, VN_TX_OK);
		receive(rx, &s, n + 1);
		q->dev->ops->rxq_close(rx);
		close_both(q);
	}
}

/* A driver that never cleans up does not keep a run from ending. */
static void what_is_held_for_good_is_not_waited_for(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_ring0"));
	uint64_t end = vn_clock_now(&the_clock) + WAIT_NS;

	fill_frames(q, 5, LEN, 0, 0, 0);
	assert_done(vn_txq_commit(q, 5), 5, VN_TX_OK);
	assert_int_equal(q->outstanding(q), 5);
	while (q->outstanding(q))
		assert_true(vn_clock_now(&the_clock) < end);
	close_both(q);
}

static void devices_of_one_name_share_the_port(void **state)
{
	struct vn_netdev *other;
	struct vn_txq *q = open_queue(open_port("net_ring5,port-txqs=2,port-rxqs=2"));
	struct vn_rxq *rx;
	struct seen s = { .n = 0 };

	other = open_port("net_ring5");
	rx = open_rxq(other, VN_RXQ_ALL);
	fill_frames(q, 10, LEN, 0, 0, 0);
	assert_done(vn_txq_commit(q, 10), 10, VN_TX_OK);
	receive(rx, &s, 10);
	other->ops->rxq_close(rx);
	vn_netdev_close(other);
	fill_frames(q, 10, LEN, 0, 0, 0);
	assert_done(vn_txq_commit(q, 10), 10, VN_TX_OK);
	close_both(q);
}

struct echo {
	struct vn_rxq *rx;
	struct seen seen;
};

static void *receive_all(void *arg)
{
	struct echo *e = arg;

	poll_until(e->rx, &e->seen, 20000);
	return NULL;
}

/* Buffers come back on another thread than the one that sends them. */
static void a_receiver_may_be_another_thread(void **state)
{
	struct vn_txq *q = open_queue(open_port("net_ring0,port-txqs=1,port-rxqs=1"));
	struct echo e = { .rx = open_rxq(q->dev, VN_RXQ_ALL) };
	uint64_t end = vn_clock_now(&the_clock) + WAIT_NS;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, receive_all, &e), 0);
	for (unsigned int sent = 0; sent < 20000 && vn_clock_now(&the_clock) < end;) {
		if (!vn_txq_pending(q))
			fill_frames(q, 32, LEN, 0, 0, (uint8_t)sent);
		sent += vn_txq_commit(q, vn_txq_pending(q)).sent;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(e.seen.n, 20000);
	assert_int_equal(e.seen.bad, 0);
	q->dev->ops->rxq_close(e.rx);
	close_both(q);
}

/* --- net_pcap ---------------------------------------------------------------------- */

#define FRAMES 160

static void write_file(const char *driver, const char *target)
{
	struct vn_netdev_opts opts = { .target = target, .clock = &the_clock };
	struct vn_txq *q = open_queue(open_dev(driver, VN_CAP_TX, &opts));
	struct vn_err err = { "" };

	for (unsigned int i = 0; i < FRAMES / 16; i++) {
		fill_frames(q, 16, LEN + i * 160, 0, 0, (uint8_t)(i * 16));
		assert_done(vn_txq_commit(q, 16), 16, VN_TX_OK);
	}
	if (vn_netdev_finish(q->dev, &err))
		fail_msg("%s", err.text);
	close_both(q);
}

/* All packets of a file: how many, and their lengths and bytes one after the other. */
static unsigned int read_file(const char *path, uint8_t *to, size_t cap, size_t *len)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, text);
	struct pcap_pkthdr *h;
	const u_char *data;
	unsigned int n = 0;

	if (!p)
		fail_msg("%s", text);
	for (*len = 0; pcap_next_ex(p, &h, &data) == 1; n++) {
		assert_true(*len + sizeof(h->len) + h->caplen <= cap);
		memcpy(to + *len, &h->len, sizeof(h->len));
		memcpy(to + *len + sizeof(h->len), data, h->caplen);
		*len += sizeof(h->len) + h->caplen;
	}
	pcap_close(p);
	return n;
}

static void a_file_has_the_packets_that_pcap_writes(void **state)
{
	static uint8_t a[FRAMES * 2000], b[FRAMES * 2000];
	char dir[] = "/tmp/vn-dpdk-XXXXXX", ours[64], theirs[64], target[96];
	size_t a_len, b_len;

	assert_non_null(mkdtemp(dir));
	snprintf(ours, sizeof(ours), "%s/ours.pcap", dir);
	snprintf(theirs, sizeof(theirs), "%s/theirs.pcap", dir);
	write_file("pcap", ours);
	snprintf(target, sizeof(target), "net_pcap0,tx_pcap=%s", theirs);
	write_file("dpdk", target);
	assert_int_equal(read_file(ours, a, sizeof(a), &a_len), FRAMES);
	assert_int_equal(read_file(theirs, b, sizeof(b), &b_len), FRAMES);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	unlink(ours);
	unlink(theirs);
	rmdir(dir);
}

/* --- net_af_packet ------------------------------------------------------------------ */

static struct vn_netdev *open_link(const char *name)
{
	return open_dev("afpacket", VN_CAP_TX | VN_CAP_RX,
			&(struct vn_netdev_opts){ .target = name, .clock = &the_clock });
}

static void on_a_link_both_ways(void **state)
{
	struct vn_netdev *link;
	struct vn_txq *q, *link_q;
	struct vn_rxq *rx, *link_rx;
	struct seen there = { .n = 0 }, here = { .n = 0 };

	make_links();
	q = open_queue(open_port("net_af_packet0,iface=" A));
	link = open_link(B);
	link_q = open_queue(link);
	rx = open_rxq(q->dev, VN_RXQ_ALL);
	link_rx = open_rxq(link, VN_RXQ_ALL);
	for (unsigned int round = 0; round < 40; round++) {
		fill_frames(q, 16, LEN, 0, 0, (uint8_t)(round * 16));
		assert_done(vn_txq_commit(q, 16), 16, VN_TX_OK);
		receive(link_rx, &there, (round + 1) * 16);
		fill_frames(link_q, 16, LEN, 0, 0, (uint8_t)(round * 16));
		assert_done(vn_txq_commit(link_q, 16), 16, VN_TX_OK);
		receive(rx, &here, (round + 1) * 16);
	}
	assert_int_equal(q->outstanding(q), 0);
	assert_int_equal(vn_netdev_finish(q->dev, NULL), 0);
	q->dev->ops->rxq_close(rx);
	link->ops->rxq_close(link_rx);
	close_both(q);
	close_both(link_q);
	must("ip link delete " A);
}

static void the_link_s_state_is_the_port_s(void **state)
{
	struct seen s = { .n = 0 };
	struct vn_netdev *dev;
	struct vn_rxq *rx;

	make_links();
	dev = open_port("net_af_packet0,iface=" A);
	rx = open_rxq(dev, VN_RXQ_ALL);
	assert_true(dev->is_up && dev->has_carrier && !dev->holds_default_route);
	must("ip link set " A " down");
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_false(dev->has_carrier);
	assert_int_equal(rx->poll(rx, 10, STEP_NS, see, &s), -ENETDOWN);
	assert_int_equal(rx->poll(rx, 10, STEP_NS, see, &s), 0);
	must("ip link set " A " up");
	assert_int_equal(rx->poll(rx, 10, STEP_NS, see, &s), 0);
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	assert_true(dev->has_carrier);
	dev->ops->rxq_close(rx);
	vn_netdev_close(dev);
	must("ip link delete " A);
}

static void the_way_out_is_known(void **state)
{
	struct vn_netdev *dev;

	make_links();
	must("ip addr add 192.0.2.1/24 dev " A);
	must("ip route add default via 192.0.2.2");
	dev = open_port("net_af_packet0,iface=" A);
	assert_true(dev->holds_default_route);
	vn_netdev_close(dev);
	dev = open_port("net_af_packet0,iface=" B);
	assert_false(dev->holds_default_route);
	vn_netdev_close(dev);
	must("ip link delete " A);
}

/* --- the process --------------------------------------------------------------------- */

static void several_ports_and_again(void **state)
{
	for (unsigned int i = 0; i < 5; i++) {
		struct vn_txq *a = open_queue(open_port("net_null0")),
			      *b = open_queue(open_port("net_null1"));

		fill_frames(a, 1 + i, LEN, 0, 0, 0);
		assert_done(vn_txq_commit(a, 1 + i), 1 + i, VN_TX_OK);
		assert_int_equal(counter(a->dev, "port_tx_packets"), 1 + i);
		assert_int_equal(counter(b->dev, "port_tx_packets"), 0);
		close_both(i % 2 ? a : b);
		close_both(i % 2 ? b : a);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *target;
		int rc;
		const char *says;
	} cases[] = {
		{ "", -EINVAL, "needs a port" },
		{ ",size=64", -EINVAL, "needs a port" },
		{ "net_foo0", -ENODEV, "no driver of DPDK has ports of this name" },
		{ "eth0", -ENODEV, "no driver of DPDK" },
		{ "net_null0,eal-foo=1", -EINVAL, "eal-foo: words are eal-huge" },
		{ "net_null0,eal-mem", -EINVAL, "eal-mem: words are eal-huge" },
		{ "net_null0,eal-huge=1", -EINVAL, "eal-huge: words are" },
		{ "net_null0,eal-mem=x", -EINVAL, "eal-mem" },
		{ "net_null0,eal-mem=1", -ERANGE, "eal-mem" },
		{ "net_null0,eal-iova=x", -EINVAL, "is pa or va" },
		{ "net_null0,eal-huge,eal-no-huge", -EINVAL, "one of them" },
		{ "net_null0,port-txqs=0", -ERANGE, "port-txqs" },
		{ "net_ring0,port-mtu=9000", -EOPNOTSUPP, "net_ring0: cannot be set up: " },
		{ "net_null0,eal-huge", -EBUSY, "was set up otherwise by the first port" },
		{ "net_null0,eal-mem=64", -EBUSY, "was set up otherwise by the first port" },
		{ "0000:01:00.0", -EBUSY, "set up without PCI" },
		{ "net_pcap0", -ENODEV, "No rx or tx queues provided" },
		{ "net_pcap0,tx_pcap=/nowhere/x", -ENODEV, "Couldn't open /nowhere/x" },
		{ "net_af_packet0,iface=vnt9", -ENODEV, "No such device" },
		{ "net_af_packet0,iface=lo,port-txqs=2", -ERANGE, "the port has at most 1" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev_opts opts = { .target = cases[i].target, .clock = &the_clock };
		struct vn_err err = { "" };
		struct vn_netdev *dev;
		int rc = vn_netdev_open("dpdk", VN_CAP_TX, &opts, &dev, &err);

		if (rc != cases[i].rc || !strstr(err.text, cases[i].says))
			fail_msg("%s: %d %s", cases[i].target, rc, err.text);
		assert_null(dev);
	}
}

static void a_port_is_not_opened_in_two_ways(void **state)
{
	struct vn_netdev_opts opts = { .target = "net_null0,size=64", .clock = &the_clock };
	struct vn_netdev *dev = open_port("net_null0,size=128,port-txqs=2"), *other;
	struct vn_err err = { "" };

	assert_int_equal(vn_netdev_open("dpdk", VN_CAP_TX, &opts, &other, &err), -EBUSY);
	assert_string_equal(err.text, "net_null0: is open already, with other arguments "
				      "(net_null0,size=128)");
	opts.target = "net_null0,port-txqs=1";
	assert_int_equal(vn_netdev_open("dpdk", VN_CAP_TX, &opts, &other, &err), -EBUSY);
	vn_netdev_close(dev);
	dev = open_port("net_null0,size=64");
	vn_netdev_close(dev);
}

static void a_receive_queue_is_one_s_own(void **state)
{
	struct vn_netdev *dev = open_port("net_ring0,port-rxqs=2,port-txqs=2");
	struct vn_rxq *rx = open_rxq(dev, 1), *other;
	static const struct {
		struct vn_rxq_opts opts;
		int rc;
		const char *says;
	} cases[] = {
		{ { .queue = 1 }, -EBUSY, "receive queue 1 is in use" },
		{ { .queue = VN_RXQ_ALL }, -EBUSY, "receive queue 1 is in use" },
		{ { .queue = 2 }, -ERANGE, "port-rxqs=N" },
		{ { .queue = 0, .ring_bytes = 1 << 20 }, -EOPNOTSUPP, "port-rxd=N" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };

		assert_int_equal(dev->ops->rxq_open(dev, &cases[i].opts, &other, &err),
				 cases[i].rc);
		assert_null(other);
		assert_non_null(strstr(err.text, cases[i].says));
	}
	other = open_rxq(dev, 0);
	dev->ops->rxq_close(other);
	dev->ops->rxq_close(rx);
	rx = open_rxq(dev, VN_RXQ_ALL);
	dev->ops->rxq_close(rx);
	vn_netdev_close(dev);
}

/* First of all cases: it is the first port that sets DPDK up. */
static void the_process_stays_as_it_was(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGBUS, SIGSEGV, SIGPIPE, SIGHUP, SIGUSR1 };
	struct sigaction then[VN_ARRAY_SIZE(signals)], now;
	cpu_set_t before, after;
	sigset_t mask_before, mask_after;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask_before), 0);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(signals); i++)
		assert_int_equal(sigaction(signals[i], NULL, &then[i]), 0);
	vn_netdev_close(open_port("net_null0"));
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask_after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(signals); i++) {
		assert_int_equal(sigaction(signals[i], NULL, &now), 0);
		assert_ptr_equal(now.sa_handler, then[i].sa_handler);
		assert_int_equal(sigismember(&mask_after, signals[i]),
				 sigismember(&mask_before, signals[i]));
	}
}

static void half_open_and_null_are_closed_without_harm(void **state)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver("dpdk");

	ops->txq_close(NULL);
	ops->rxq_close(NULL);
	ops->close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_stays_as_it_was),
		cmocka_unit_test(null_takes_all_and_counts),
		cmocka_unit_test(frames_that_are_back_keep_their_template),
		cmocka_unit_test(the_port_says_what_it_is),
		cmocka_unit_test(longer_than_the_mtu_is_an_error_of_the_frame),
		cmocka_unit_test(queues_are_taken_one_by_one),
		cmocka_unit_test(a_queue_opened_again_knows_nothing_of_before),
		cmocka_unit_test(a_ring_gives_back_what_was_sent),
		cmocka_unit_test(frames_that_are_held_are_left_alone),
		cmocka_unit_test(a_full_ring_is_busy),
		cmocka_unit_test(what_is_held_for_good_is_not_waited_for),
		cmocka_unit_test(devices_of_one_name_share_the_port),
		cmocka_unit_test(a_receiver_may_be_another_thread),
		cmocka_unit_test(a_file_has_the_packets_that_pcap_writes),
		cmocka_unit_test(on_a_link_both_ways),
		cmocka_unit_test(the_link_s_state_is_the_port_s),
		cmocka_unit_test(the_way_out_is_known),
		cmocka_unit_test(several_ports_and_again),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_port_is_not_opened_in_two_ways),
		cmocka_unit_test(a_receive_queue_is_one_s_own),
		cmocka_unit_test(half_open_and_null_are_closed_without_harm),
	};
	const char *why_not = why_no_links();

	if (why_not)
		return skip_all(why_not);
	vn_clock_real(&the_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

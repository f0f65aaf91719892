/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TAP interface with the driver at its far end and packet sockets on the
 * interface itself. Waits for frames end with the frames or, failing, after
 * WAIT_NS.
 */
#include "dev/netns_test.h"

#include <dirent.h>
#include <net/if.h>
#include <poll.h>

#include "dev/link.h"

#define T	"vntap0"
#define WAIT_NS (5 * VN_NSEC_PER_SEC)
#define STEP_NS (100 * 1000000ull)

struct fixture {
	struct vn_clock clock;
	struct vn_netdev *tap, *link; /* the far end; the interface */
	struct vn_txq *tap_tx, *link_tx;
	struct vn_rxq *tap_rx, *link_rx;
};

/* What a handler saw, frames of fill_frames() only. */
struct seen {
	unsigned int n;
	uint32_t len;
	uint8_t next;
	uint64_t first_ns, last_ns;
};

/* Nothing of the kernel's own is sent on it. */
static void make_tap(const char *how)
{
	char command[128];

	snprintf(command, sizeof(command), "ip tuntap add " T " mode %s", how);
	must(command);
	must("ip link set " T " addrgenmode none arp off");
}

static struct vn_rxq *open_rxq(struct vn_netdev *dev)
{
	struct vn_err err = { "" };
	struct vn_rxq *q;

	if (dev->ops->rxq_open(dev, &(struct vn_rxq_opts){ .ring_bytes = 4 << 20 }, &q, &err))
		fail_msg("%s", err.text);
	return q;
}

static struct vn_netdev *open_tap(struct fixture *x)
{
	return open_dev("tap", VN_CAP_TX | VN_CAP_RX,
			&(struct vn_netdev_opts){ .target = T, .clock = &x->clock });
}

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	const struct vn_txq_opts tx = { .frame_cap = 2048 };

	assert_non_null(x);
	vn_clock_real(&x->clock);
	make_tap("tap");
	must("ip link set " T " up");
	x->tap = open_tap(x);
	x->link = open_dev("afpacket", VN_CAP_TX | VN_CAP_RX,
			   &(struct vn_netdev_opts){ .target = T, .clock = &x->clock });
	x->tap_tx = open_txq(x->tap, &tx);
	x->link_tx = open_txq(x->link, &tx);
	x->tap_rx = open_rxq(x->tap);
	x->link_rx = open_rxq(x->link);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	x->tap->ops->txq_close(x->tap_tx);
	x->link->ops->txq_close(x->link_tx);
	x->tap->ops->rxq_close(x->tap_rx);
	x->link->ops->rxq_close(x->link_rx);
	vn_netdev_close(x->tap);
	vn_netdev_close(x->link);
	free(x);
	if (if_nametoindex(T))
		must("ip link delete " T);
	return 0;
}

static void see(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct seen *s = arg;

	for (unsigned int i = 0; i < n; i++) {
		const struct vn_rx_pkt *p = &pkts[i];

		if (p->len < 14 || p->data[12] != 0x88 || p->data[13] != 0xb5)
			continue;
		assert_int_equal(p->len, s->len);
		assert_int_equal(p->caplen, s->len);
		for (uint32_t at = 14; at < p->len; at++)
			assert_int_equal(p->data[at], (uint8_t)(s->next + at - 14));
		assert_true(p->stamp_ns >= s->last_ns);
		s->first_ns = s->n ? s->first_ns : p->stamp_ns;
		s->last_ns = p->stamp_ns;
		s->next++;
		s->n++;
	}
}

static void receive(struct fixture *x, struct vn_rxq *q, struct seen *s, unsigned int n)
{
	uint64_t end = vn_clock_now(&x->clock) + WAIT_NS;

	while (s->n < n && vn_clock_now(&x->clock) < end)
		assert_true(q->poll(q, 7, STEP_NS, see, s) >= 0);
	assert_int_equal(s->n, n);
}

static void both_ways_frames_arrive_whole_and_in_order(void **state)
{
	static const uint32_t lens[] = { 14, 60, 1514 };
	struct fixture *x = *state;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(lens); i++) {
		struct seen up = { .len = lens[i] }, down = { .len = lens[i], .next = 100 };

		fill_frames(x->tap_tx, 20, lens[i], 0, 0, 0);
		assert_done(vn_txq_commit(x->tap_tx, 20), 20, VN_TX_OK);
		receive(x, x->link_rx, &up, 20);
		fill_frames(x->link_tx, 20, lens[i], 0, 0, 100);
		assert_done(vn_txq_commit(x->link_tx, 20), 20, VN_TX_OK);
		receive(x, x->tap_rx, &down, 20);
	}
}

static void stamps_are_the_time_of_reading(void **state)
{
	struct fixture *x = *state;
	struct seen s = { .len = 60 };
	uint64_t sent_ns;

	fill_frames(x->link_tx, 3, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->link_tx, 3), 3, VN_TX_OK);
	sent_ns = x->clock.wall(&x->clock);
	receive(x, x->tap_rx, &s, 3);
	assert_true(s.first_ns >= sent_ns && s.last_ns <= x->clock.wall(&x->clock));
}

/* Who waits for several queues waits for their descriptors. */
static void the_queue_tells_what_to_wait_for(void **state)
{
	struct fixture *x = *state;
	struct pollfd pfd = { .fd = x->tap_rx->fd, .events = POLLIN };
	struct seen s = { .len = 60 };

	while (x->tap_rx->poll(x->tap_rx, 10, 0, see, &s) > 0)
		; /* what the kernel sends of its own */
	fill_frames(x->link_tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->link_tx, 1), 1, VN_TX_OK);
	assert_int_equal(poll(&pfd, 1, WAIT_NS / 1000000), 1);
	receive(x, x->tap_rx, &s, 1);
}

/* The kernel takes a tag of its own aside, and puts it back for the far end. */
static void see_tag(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	static const uint8_t tag[] = { 0x81, 0x00, 0x60, 0x07 };
	unsigned int *tagged = arg;

	for (unsigned int i = 0; i < n; i++) {
		assert_false(pkts[i].has_vlan);
		if (pkts[i].len == 64 && !memcmp(pkts[i].data + 12, tag, sizeof(tag)))
			++*tagged;
	}
}

static void a_tag_stays_in_the_frame(void **state)
{
	struct fixture *x = *state;
	uint64_t end = vn_clock_now(&x->clock) + WAIT_NS;
	unsigned int tagged = 0;

	fill_frames(x->link_tx, 1, 64, 0, 0, 0);
	memcpy(x->link_tx->frames[0].data + 12, "\x81\x00\x60\x07\x88\xb5", 6);
	assert_done(vn_txq_commit(x->link_tx, 1), 1, VN_TX_OK);
	while (!tagged && vn_clock_now(&x->clock) < end)
		assert_true(x->tap_rx->poll(x->tap_rx, 10, STEP_NS, see_tag, &tagged) >= 0);
	assert_int_equal(tagged, 1);
}

static void longer_than_the_mtu_is_an_error_of_the_frame(void **state)
{
	struct fixture *x = *state;

	fill_frames(x->tap_tx, 3, 1515, 0, 0, 0);
	memcpy(x->tap_tx->frames[1].data + 12, "\x81\x00", 2);
	assert_done(vn_txq_commit(x->tap_tx, 3), 0, VN_XMIT_DROP);
	assert_done(vn_txq_commit(x->tap_tx, 2), 1, VN_XMIT_DROP);
	assert_int_equal(vn_txq_pending(x->tap_tx), 0);
	must("ip link set " T " mtu 9000");
	assert_int_equal(x->tap->ops->refresh(x->tap, NULL), 0);
	assert_int_equal(x->tap->mtu, 9000);
	fill_frames(x->tap_tx, 1, 1515, 0, 0, 0);
	assert_done(vn_txq_commit(x->tap_tx, 1), 1, VN_TX_OK);
}

static void down_keeps_frames_and_is_told_once(void **state)
{
	struct fixture *x = *state;
	struct seen s = { .len = 60, .next = 1 };

	fill_frames(x->link_tx, 2, 60, 0, 0, 1);
	assert_done(vn_txq_commit(x->link_tx, 2), 2, VN_TX_OK);
	must("ip link set " T " down");
	receive(x, x->tap_rx, &s, 2); /* what was sent before comes first */
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, 0, see, &s), -ENETDOWN);
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, 0, see, &s), 0);
	fill_frames(x->tap_tx, 2, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tap_tx, 2), 0, VN_TX_DOWN);
	assert_int_equal(vn_txq_pending(x->tap_tx), 2);
	assert_int_equal(x->tap->ops->refresh(x->tap, NULL), 0);
	assert_false(x->tap->is_up);
	must("ip link set " T " up");
	assert_done(vn_txq_commit(x->tap_tx, 2), 2, VN_TX_OK);
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, 0, see, &s), 0);
	must("ip link set " T " down");
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, 0, see, &s), -ENETDOWN);
}

static void a_deleted_interface_is_gone(void **state)
{
	struct fixture *x = *state;
	struct vn_err err = { "" };
	struct seen s = { .len = 60 };

	must("ip link delete " T);
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, STEP_NS, see, &s), -ENODEV);
	fill_frames(x->tap_tx, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tap_tx, 1), 0, VN_TX_DOWN);
	assert_int_equal(x->tap->ops->refresh(x->tap, &err), -ENODEV);
	assert_string_equal(err.text, T ": the interface is gone");
	assert_string_equal(x->tap->name, T);
}

static void a_cable_works_into_another_namespace(void **state)
{
	struct fixture *x = *state;
	struct seen s = { .len = 60 };
	char command[64];
	pid_t pid;

	snprintf(command, sizeof(command), "ip link set " T " name %s", A);
	must("ip link set " T " down");
	must(command);
	assert_int_equal(x->tap->ops->refresh(x->tap, NULL), 0);
	assert_string_equal(x->tap->name, A);
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, 0, see, &s), -ENETDOWN);
	pid = move_to_neighbour();
	snprintf(command, sizeof(command), "nsenter -t %d -n ip link set %s up", (int)pid, A);
	must(command);
	fill_frames(x->tap_tx, 3, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->tap_tx, 3), 3, VN_TX_OK);
	assert_int_equal(x->tap->ops->refresh(x->tap, NULL), -ENODEV);
	snprintf(command, sizeof(command), "nsenter -t %d -n ip link delete %s", (int)pid, A);
	must(command);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(x->tap_rx->poll(x->tap_rx, 10, STEP_NS, see, &s), -ENODEV);
}

static void what_found_no_room_is_counted(void **state)
{
	struct fixture *x = *state;
	struct seen s = { .len = 60 };
	struct vn_rxq_stats stats;

	must("ip link set " T " txqueuelen 10");
	fill_frames(x->link_tx, 40, 60, 0, 0, 0);
	for (unsigned int i = 0; i < 40; i++) /* one by one: each is offered once */
		assert_done(vn_txq_commit(x->link_tx, 1), i < 10, i < 10 ? VN_TX_OK : VN_XMIT_DROP);
	receive(x, x->tap_rx, &s, 10);
	x->tap_rx->stats(x->tap_rx, &stats);
	assert_int_equal(stats.packets, 10);
	assert_int_equal(stats.drops, 30);
}

static void there_is_one_receive_queue_at_a_time(void **state)
{
	struct fixture *x = *state;
	struct vn_rxq *other = x->tap_rx;
	struct vn_err err = { "" };

	assert_int_equal(x->tap->ops->rxq_open(x->tap, &(struct vn_rxq_opts){ 0 }, &other, &err),
			 -EBUSY);
	assert_null(other);
	assert_non_null(strstr(err.text, T));
	x->tap->ops->rxq_close(x->tap_rx);
	x->tap_rx = open_rxq(x->tap);
}

static void the_far_end_is_another_machine(void **state)
{
	struct fixture *x = *state;
	const uint8_t *mac = x->tap->mac;

	assert_int_equal(mac[0] & 3, 2); /* locally administered, of one machine */
	assert_memory_not_equal(mac, x->link->mac, 6);
	assert_int_equal(x->tap->ifindex, if_nametoindex(T));
	assert_int_equal(x->tap->mtu, 1500);
	assert_int_equal(x->tap->ipv4, 0);
	assert_int_equal(x->tap->link_bps, 0);
	assert_true(x->tap->is_up && x->tap->has_carrier && x->tap->can_share);
}

/* --- opening, without the fixture's devices --------------------------------------- */

static unsigned int n_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void assert_refused(const char *target, int rc, const char *text)
{
	struct vn_clock clock;
	struct vn_netdev_opts opts = { .target = target, .clock = &clock };
	struct vn_netdev *dev = (struct vn_netdev *)&opts;
	struct vn_err err = { "" };
	unsigned int before = n_descriptors();

	vn_clock_real(&clock);
	assert_int_equal(vn_netdev_open("tap", 0, &opts, &dev, &err), rc);
	assert_null(dev);
	if (!strstr(err.text, text) || !strstr(err.text, target))
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	assert_int_equal(n_descriptors(), before);
}

static void an_interface_is_made_and_goes_with_the_device(void **state)
{
	struct fixture x;

	vn_clock_real(&x.clock);
	assert_int_equal(if_nametoindex(T), 0);
	x.tap = open_tap(&x);
	assert_int_not_equal(if_nametoindex(T), 0);
	assert_true(x.tap->is_up && x.tap->has_carrier);
	vn_netdev_close(x.tap);
	assert_int_equal(if_nametoindex(T), 0);
}

static void a_found_interface_is_left_as_found(void **state)
{
	struct fixture x;
	struct vn_link before, after;

	vn_clock_real(&x.clock);
	make_tap("tap");
	must("ip link set " T " mtu 1400");
	assert_int_equal(vn_link_find(T, &before), 0);
	x.tap = open_tap(&x);
	assert_false(x.tap->is_up);
	vn_netdev_close(x.tap);
	assert_int_equal(vn_link_find(T, &after), 0);
	assert_false(after.is_up);
	assert_int_equal(after.ifindex, before.ifindex);
	assert_int_equal(after.mtu, 1400);
	assert_memory_equal(after.mac, before.mac, 6);
	must("ip link delete " T);
}

static void one_made_for_several_queues_is_attached_to(void **state)
{
	struct fixture x;

	vn_clock_real(&x.clock);
	make_tap("tap multi_queue");
	x.tap = open_tap(&x);
	vn_netdev_close(x.tap);
	must("ip link delete " T);
}

static void what_cannot_be_attached_to_is_named(void **state)
{
	struct fixture x;

	vn_clock_real(&x.clock);
	assert_refused("lo", -EINVAL, "is no TAP interface");
	assert_refused("a-name-of-16-chr", -EINVAL, "cannot be the name of an interface");
	assert_refused("tap%d", -EINVAL, "cannot be the name of an interface");
	assert_refused("a/b", -EINVAL, "cannot be the name of an interface");
	make_tap("tun");
	assert_refused(T, -EINVAL, "is no TAP interface");
	must("ip link delete " T);
	make_tap("tap");
	x.tap = open_tap(&x);
	assert_refused(T, -EBUSY, "another program is attached");
	vn_netdev_close(x.tap);
	must("ip link delete " T);
}

static void who_may_not_make_one_is_told_what_it_takes(void **state)
{
	set_effective(CAP_NET_ADMIN, false);
	assert_refused(T, -EPERM, "CAP_NET_ADMIN");
	set_effective(CAP_NET_ADMIN, true);
	assert_int_equal(if_nametoindex(T), 0);
}

static void half_open_and_null_are_closed_without_harm(void **state)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver("tap");

	ops->txq_close(NULL);
	ops->rxq_close(NULL);
	ops->close(NULL);
}

static void a_probe_attaches_to_nothing(void **state)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver("tap");
	struct fixture *x = *state;
	struct vn_netdev_probe p;

	vn_netdev_probe(ops, T, &p);
	assert_false(p.can_send || p.can_receive);
	assert_string_equal(p.why, T " has another program attached to it");
	x->tap->ops->rxq_close(x->tap_rx);
	x->tap->ops->txq_close(x->tap_tx);
	vn_netdev_close(x->tap);
	vn_netdev_probe(ops, T, &p);
	assert_true(p.can_send && p.can_receive);
	assert_string_equal(p.why, "");
	x->tap = open_tap(x); /* nobody is attached */
	x->tap_tx = open_txq(x->tap, &(struct vn_txq_opts){ .frame_cap = 2048 });
	x->tap_rx = open_rxq(x->tap);
	vn_netdev_probe(ops, "lo", &p);
	assert_false(p.can_send || p.can_receive);
	assert_string_equal(p.why, "lo is no TAP interface");
	vn_netdev_probe(ops, "made0", &p); /* would be made */
	assert_true(p.can_send && p.can_receive);
	assert_int_equal(if_nametoindex("made0"), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(both_ways_frames_arrive_whole_and_in_order),
		CASE(stamps_are_the_time_of_reading),
		CASE(the_queue_tells_what_to_wait_for),
		CASE(a_tag_stays_in_the_frame),
		CASE(longer_than_the_mtu_is_an_error_of_the_frame),
		CASE(down_keeps_frames_and_is_told_once),
		CASE(a_deleted_interface_is_gone),
		CASE(a_cable_works_into_another_namespace),
		CASE(what_found_no_room_is_counted),
		CASE(there_is_one_receive_queue_at_a_time),
		CASE(a_probe_attaches_to_nothing),
		CASE(the_far_end_is_another_machine),
		cmocka_unit_test(an_interface_is_made_and_goes_with_the_device),
		cmocka_unit_test(a_found_interface_is_left_as_found),
		cmocka_unit_test(one_made_for_several_queues_is_attached_to),
		cmocka_unit_test(what_cannot_be_attached_to_is_named),
		cmocka_unit_test(who_may_not_make_one_is_told_what_it_takes),
		cmocka_unit_test(half_open_and_null_are_closed_without_harm),
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

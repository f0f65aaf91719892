/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames injected into the receive path, in a namespace of our own: what a tap
 * on the interface sees and what the namespace's protocols get. The program
 * stays on one CPU, so that frames come through the backlog in order; waits end
 * with the frame or, failing, after WAIT_MS.
 */
#include "dev/netns_test.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "dev/link.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define WAIT_MS 5000
#define TYPE 0x88b5 /* as fill_frames() has it */
#define MARKER_TYPE 0x88b6
#define C "vnt2" /* what A is called after a renaming */

struct fixture {
	struct vn_netdev *a;
	struct vn_txq *q;
	int tap, peer_tap; /* what comes in at A, at B; of TYPE only */
};

static int open_tap(const char *name, uint16_t type)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static struct vn_netdev *open_if(const char *name)
{
	return open_dev("afpacket", VN_CAP_RX_INJECT, &(struct vn_netdev_opts){ .target = name });
}

static struct vn_txq *open_inject(struct vn_netdev *dev, uint32_t frame_cap, uint32_t n_frames)
{
	return open_txq(dev, &(struct vn_txq_opts){ .frame_cap = frame_cap, .n_frames = n_frames,
						    .path = VN_PATH_RECEIVE });
}

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	make_links();
	x->a = open_if(A);
	x->q = open_inject(x->a, 1514, 256);
	x->tap = open_tap(A, TYPE);
	x->peer_tap = open_tap(B, TYPE);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	x->a->ops->txq_close(x->q);
	vn_netdev_close(x->a);
	close(x->tap);
	close(x->peer_tap);
	free(x);
	if (if_nametoindex(B))
		must("ip link delete " B);
	return 0;
}

/* The next packet of a socket; its length. */
static ssize_t next_of(int fd, uint8_t *buf, size_t size, struct sockaddr_ll *from)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	socklen_t from_size = sizeof(*from);

	while (poll(&pfd, 1, WAIT_MS) < 0)
		assert_int_equal(errno, EINTR);
	if (!pfd.revents)
		fail_msg("nothing came");
	return recvfrom(fd, buf, size, 0, (struct sockaddr *)from, from ? &from_size : NULL);
}

/* The next frame at a tap came in, has this length and begins with this tag. */
static void assert_next(int tap, ssize_t len, uint8_t tag)
{
	struct sockaddr_ll from;
	uint8_t got[16384];

	assert_int_equal(next_of(tap, got, sizeof(got), &from), len);
	assert_int_not_equal(from.sll_pkttype, PACKET_OUTGOING);
	assert_int_equal(got[14], tag);
	for (ssize_t at = 15; at < len; at++)
		assert_int_equal(got[at], (uint8_t)(tag + at - 14));
}

static void assert_nothing(int tap)
{
	struct pollfd pfd = { .fd = tap, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static void frames_come_in_as_their_address_says(void **state)
{
	static const uint8_t other[6] = { 2, 0, 0, 0, 0, 0x99 };
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 1 };
	struct fixture *x = *state;
	int tap = open_tap(A, ETH_P_ALL); /* as a capture listens */
	const struct {
		const uint8_t *dst;
		uint8_t type;
	} cases[] = {
		{ x->a->mac, PACKET_HOST },
		{ other, PACKET_OTHERHOST },
		{ all, PACKET_BROADCAST },
		{ group, PACKET_MULTICAST },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct sockaddr_ll from;
		struct vn_frame *f;
		uint8_t got[2048];

		fill_frames(x->q, 1, 200, 0, 0, 7);
		vn_txq_peek(x->q, &f);
		memcpy(f->data, cases[i].dst, 6);
		assert_done(vn_txq_commit(x->q, 1), 1, VN_TX_OK);
		assert_int_equal(next_of(tap, got, sizeof(got), &from), 200);
		assert_memory_equal(got, f->data, 200);
		assert_int_equal(from.sll_pkttype, cases[i].type);
		assert_int_equal(from.sll_ifindex, x->a->ifindex);
	}
	close(tap);
}

/* A frame sent the usual way is the first that the other end sees. */
static void the_other_end_of_the_cable_sees_nothing(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *down = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60 });

	fill_frames(x->q, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->q, 8), 8, VN_TX_OK);
	assert_next(x->tap, 60, 0);
	fill_frames(down, 1, 60, 0, 0, 100);
	assert_done(vn_txq_commit(down, 1), 1, VN_TX_OK);
	assert_next(x->peer_tap, 60, 100);
	assert_nothing(x->peer_tap);
	x->a->ops->txq_close(down);
}

/* An IPv4 packet with 5 bytes of UDP payload, from 10.7.0.9 to 10.7.0.1:4242. */
static void put_udp(struct vn_frame *f, const uint8_t *dst_mac)
{
	static const uint8_t rest[] = {
		2, 0, 0, 0, 0, 9, 8, 0,
		0x45, 0, 0, 33, 0, 1, 0, 0, 64, VN_IPPROTO_UDP, 0, 0, 10, 7, 0, 9, 10, 7, 0, 1,
		0, 9, 4242 >> 8, 4242 & 0xff, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o',
	};
	uint8_t *ip = f->data + VN_ETH_HLEN;

	memcpy(f->data, dst_mac, 6);
	memcpy(f->data + 6, rest, sizeof(rest));
	vn_put_be16(ip + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, ip, VN_IPV4_HLEN)));
	f->len = 6 + sizeof(rest);
}

static void assert_udp_arrives(const char *name)
{
	struct vn_netdev *dev = open_if(name);
	struct vn_txq *q = open_inject(dev, 60, 0);
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(4242),
		.sin_addr.s_addr = htonl(0x0a070001),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct vn_frame *f;
	uint8_t got[64];

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(vn_txq_reserve(q, 1, &f), 1);
	put_udp(f, dev->mac);
	assert_done(vn_txq_commit(q, 1), 1, VN_TX_OK);
	assert_int_equal(next_of(fd, got, sizeof(got), NULL), 5);
	assert_memory_equal(got, "hello", 5);
	close(fd);
	dev->ops->txq_close(q);
	vn_netdev_close(dev);
}

static void protocols_receive_on_a_veth(void **state)
{
	must("ip addr add 10.7.0.1/24 dev " A);
	assert_udp_arrives(A);
}

static void protocols_receive_on_the_loopback(void **state)
{
	must("ip link set lo up");
	must("ip addr add 10.7.0.1/24 dev lo");
	assert_udp_arrives("lo");
	must("ip link set lo down");
	must("ip addr del 10.7.0.1/24 dev lo");
}

/* It has a carrier while somebody holds its other end, who gets nothing. */
static void protocols_receive_on_a_tap(void **state)
{
	struct ifreq ifr = { .ifr_name = "vntap", .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	uint8_t got[2048];

	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr)) {
		fprintf(stderr, "skipped: no TAP devices here\n");
		skip();
	}
	must("ip link set vntap addrgenmode none");
	must("ip link set vntap up");
	must("ip addr add 10.7.0.1/24 dev vntap");
	assert_udp_arrives("vntap");
	assert_int_equal(read(fd, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

/* Runs of equal frames of every kind: one, several, more than one run takes,
 * equal but for the length, equal but for the last byte. */
static void equal_frames_arrive_as_often_and_in_order(void **state)
{
	static const struct {
		unsigned int n;
		uint32_t len;
		uint8_t tag;
	} runs[] = {
		{ 1, 60, 1 }, { 2, 60, 2 }, { 1, 61, 2 }, { 150, 60, 3 }, { 1, 60, 4 },
		{ 3, 60, 5 },
	};
	struct fixture *x = *state;
	unsigned int total = 0;
	struct vn_frame *f;

	for (size_t i = 0; i < VN_ARRAY_SIZE(runs); i++)
		for (unsigned int k = 0; k < runs[i].n; k++, total++)
			fill_frames(x->q, 1, runs[i].len, 0, 0, runs[i].tag);
	assert_int_equal(vn_txq_peek(x->q, &f), total);
	assert_done(vn_txq_commit(x->q, total), total, VN_TX_OK);
	for (size_t i = 0; i < VN_ARRAY_SIZE(runs); i++)
		for (unsigned int k = 0; k < runs[i].n; k++)
			assert_next(x->tap, runs[i].len, runs[i].tag);
	fill_frames(x->q, 2, 60, 0, 0, 9);
	vn_txq_peek(x->q, &f);
	memcpy(f[1].data, f[0].data, 60);
	f[1].data[59]++;
	assert_done(vn_txq_commit(x->q, 2), 2, VN_TX_OK);
	assert_next(x->tap, 60, 9);
	assert_true(next_of(x->tap, f[0].data, 60, NULL) == 60);
	assert_memory_equal(f[0].data, f[1].data, 60);
	assert_nothing(x->tap);
}

static void on_alarm(int signal)
{
}

/* Frames that the tap has seen since it was last asked. */
static unsigned int count_seen(int tap)
{
	struct tpacket_stats st;
	socklen_t size = sizeof(st);

	assert_int_equal(getsockopt(tap, SOL_PACKET, PACKET_STATISTICS, &st, &size), 0);
	return st.tp_packets;
}

/* Until everything that was injected has come through: the backlog keeps the
 * order, so a frame that nobody else looks for comes last. */
static void flush(struct vn_txq *q)
{
	int tap = open_tap(A, MARKER_TYPE);
	struct vn_frame *f;
	uint8_t got[64];

	fill_frames(q, 1, 60, 0, 0, 0);
	vn_txq_peek(q, &f);
	vn_put_be16(f->data + VN_ETH_TYPE, MARKER_TYPE);
	assert_done(vn_txq_commit(q, 1), 1, VN_TX_OK);
	assert_int_equal(next_of(tap, got, sizeof(got), NULL), 60);
	close(tap);
}

/* Signals cut runs of equal frames short; each frame still goes exactly once. */
static void signals_lose_and_double_nothing(void **state)
{
	struct fixture *x = *state;
	struct sigaction interrupt = { .sa_handler = on_alarm }, old;
	struct itimerval often = { { 0, 30 }, { 0, 30 } }, never = { 0 };
	unsigned int n_whole = 0;

	assert_int_equal(sigaction(SIGALRM, &interrupt, &old), 0);
	for (unsigned int i = 0; i < 300; i++) {
		struct vn_tx_done done;

		for (unsigned int k = 0; k < 128; k++)
			fill_frames(x->q, 1, 60, 0, 0, 1);
		setitimer(ITIMER_REAL, &often, NULL);
		done = vn_txq_commit(x->q, 128);
		setitimer(ITIMER_REAL, &never, NULL);
		n_whole += done.sent == 128 && done.code == VN_TX_OK;
		vn_txq_abandon(x->q);
	}
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_int_equal(n_whole, 300);
	flush(x->q);
	assert_int_equal(count_seen(x->tap), 300 * 128);
}

/*
 * A refusal that is not the link's: the interface is up, but the thread is in a
 * namespace without it. The first frame is lost, the equal ones behind it have
 * not been tried.
 */
static void a_refusal_is_a_drop_of_one_frame(void **state)
{
	struct fixture *x = *state;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(home >= 0);
	for (unsigned int k = 0; k < 5; k++)
		fill_frames(x->q, 1, 60, 0, 0, 1);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_done(vn_txq_commit(x->q, 5), 0, VN_XMIT_DROP);
	assert_done(vn_txq_commit(x->q, 4), 0, VN_XMIT_DROP);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
	assert_int_equal(vn_txq_pending(x->q), 3);
	assert_done(vn_txq_commit(x->q, 3), 3, VN_TX_OK);
	flush(x->q);
	assert_int_equal(count_seen(x->tap), 3);
}

static void a_link_that_is_down_or_gone_takes_nothing(void **state)
{
	static const char *const how[] = {
		("ip link set " A " down"), /* down */
		("ip link delete " A),	    /* unplugged */
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(how); i++) {
		struct fixture *x = *state;

		fill_frames(x->q, 8, 60, 0, 0, 0);
		assert_done(vn_txq_commit(x->q, 4), 4, VN_TX_OK);
		must(how[i]);
		assert_done(vn_txq_commit(x->q, 4), 0, VN_TX_DOWN);
		assert_done(vn_txq_commit(x->q, 4), 0, VN_TX_DOWN);
		assert_int_equal(vn_txq_pending(x->q), 4);
		tear_down(state);
		set_up(state);
	}
}

static void a_link_in_another_namespace_takes_nothing(void **state)
{
	struct fixture *x = *state;
	pid_t neighbour = move_to_neighbour();

	fill_frames(x->q, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->q, 1), 0, VN_TX_DOWN);
	end_neighbour(neighbour);
}

/* The system takes note of a lost carrier a while later; that it has is awaited. */
static void a_link_without_carrier_takes_nothing(void **state)
{
	struct fixture *x = *state;
	struct vn_clock clock;
	uint64_t until;

	vn_clock_real(&clock);
	until = vn_clock_now(&clock) + WAIT_MS * 1000000ull;
	must("ip link set " B " down");
	while (vn_link_flags(x->tap, x->a->ifindex) & IFF_RUNNING)
		assert_true(vn_clock_now(&clock) < until);
	fill_frames(x->q, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->q, 1), 0, VN_TX_DOWN);
}

static void a_link_that_comes_back_takes_frames_again(void **state)
{
	struct fixture *x = *state;

	must("ip link set " A " down");
	fill_frames(x->q, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->q, 8), 0, VN_TX_DOWN);
	must("ip link set " A " name " C);
	must("ip link set " C " up");
	assert_done(vn_txq_commit(x->q, 8), 8, VN_TX_OK);
}

/* The next descriptor to be given: grows by each one that is left open. */
static int next_descriptor(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

	close(fd);
	return fd;
}

/* How long that is differs; what the sentence says must be it. */
static void frames_too_long_for_the_kernel_are_refused(void **state)
{
	struct fixture *x = *state;
	struct vn_txq_opts opts = { .frame_cap = 1 << 20, .n_frames = 1, .path = VN_PATH_RECEIVE };
	struct vn_err err = { "" };
	struct vn_txq *q;
	const char *most;
	uint32_t len;
	int fd = next_descriptor();

	assert_int_equal(x->a->ops->txq_open(x->a, &opts, &q, &err), -EMSGSIZE);
	assert_null(q);
	assert_non_null(strstr(err.text, A ": frames of 1048576 bytes cannot be injected"));
	most = strstr(err.text, "takes at most ");
	assert_non_null(most);
	len = (uint32_t)strtoul(most + strlen("takes at most "), NULL, 10);
	assert_in_range(len, 1514, 1 << 20);
	opts.frame_cap = len + 1;
	assert_int_equal(x->a->ops->txq_open(x->a, &opts, &q, &err), -EMSGSIZE);
	assert_int_equal(next_descriptor(), fd);
	q = open_inject(x->a, len, 1);
	fill_frames(q, 1, len, 0, 0, 50);
	assert_done(vn_txq_commit(q, 1), 1, VN_TX_OK); /* the MTU is 1500: no matter */
	assert_next(x->tap, len, 50);
	x->a->ops->txq_close(q);
	assert_int_equal(next_descriptor(), fd);
}

static void a_missing_right_is_named(void **state)
{
	static const unsigned int rights[] = { CAP_BPF, CAP_NET_ADMIN };
	struct fixture *x = *state;
	struct vn_txq_opts opts = { .frame_cap = 60, .path = VN_PATH_RECEIVE };

	for (size_t i = 0; i < VN_ARRAY_SIZE(rights); i++) {
		struct vn_err err = { "" };
		int rc, fd = next_descriptor();
		struct vn_txq *q;

		set_effective(CAP_SYS_ADMIN, false); /* includes the two */
		set_effective(rights[i], false);
		rc = x->a->ops->txq_open(x->a, &opts, &q, &err);
		set_effective(rights[i], true);
		set_effective(CAP_SYS_ADMIN, true);
		assert_int_equal(rc, -EPERM);
		assert_null(q);
		assert_int_equal(next_descriptor(), fd);
		assert_non_null(strstr(err.text, "needs CAP_BPF and CAP_NET_ADMIN in the initial"));
	}
}

static void rings_that_cannot_be_are_refused(void **state)
{
	struct fixture *x = *state;
	struct vn_txq_opts opts = { .frame_cap = 60, .n_frames = 5, .path = VN_PATH_RECEIVE };
	struct vn_err err = { "" };
	struct vn_txq *q;

	assert_int_equal(x->a->ops->txq_open(x->a, &opts, &q, &err), -EINVAL);
	assert_null(q);
	assert_non_null(strstr(err.text, "5 frames"));
}

/* May programs be loaded here? Asked without the code under test. */
static bool bpf_is_permitted(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", nothing, 2, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void stay_on_this_cpu(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(frames_come_in_as_their_address_says),
		CASE(the_other_end_of_the_cable_sees_nothing),
		CASE(protocols_receive_on_a_veth),
		CASE(protocols_receive_on_the_loopback),
		CASE(protocols_receive_on_a_tap),
		CASE(equal_frames_arrive_as_often_and_in_order),
		CASE(signals_lose_and_double_nothing),
		CASE(a_refusal_is_a_drop_of_one_frame),
		CASE(a_link_that_is_down_or_gone_takes_nothing),
		CASE(a_link_in_another_namespace_takes_nothing),
		CASE(a_link_without_carrier_takes_nothing),
		CASE(a_link_that_comes_back_takes_frames_again),
		CASE(frames_too_long_for_the_kernel_are_refused),
		CASE(a_missing_right_is_named),
		CASE(rings_that_cannot_be_are_refused),
	};
#undef CASE
	const char *why = why_no_links();

	if (!why && !bpf_is_permitted())
		why = "BPF is not permitted (run as root of the initial user namespace)";
	if (why)
		return skip_all(why);
	stay_on_this_cpu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

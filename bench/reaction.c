/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long it takes until a frame that comes in has changed what goes out.
 *
 * reaction peer IFACE COUNT: sends a frame, takes the answer, and again, COUNT times.
 * The time is from the call that sends to the kernel's stamp on the answer, one clock;
 * the peer sleeps meanwhile, so it needs no CPU of the others. One line of JSON.
 * An answer that is not there after LOST_NS is counted and not waited for any more.
 *
 * reaction echo IFACE spin|sleep: the least that a program can do to answer, on a
 * packet socket.
 * reaction client spin|sleep: a client of Caliper that answers: the frame is an
 * event, the answer a packet with a gap of 0.
 *
 * An answer is the question with its number inverted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <vernier/vernier.h>

#define TYPE	  0x88b5 /* IEEE 802's, for local experiments */
#define NUMBER_AT ETH_HLEN
#define COUNT_MAX 1000000u
#define WARM_UP	  100u	    /* that are not counted */
#define LOST_NS	  100000000 /* an answer that takes longer will not come */
#define PAUSE_NS  200000    /* between two, so that they do not follow each other */
#define NS_PER_S  1000000000ull
#define EVENTS	  16

static _Noreturn void fail(const char *what, int rc)
{
	fprintf(stderr, "reaction: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts); /* that of the kernel's stamps */
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static int packet_socket(const char *iface)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(TYPE),
		.sll_ifindex = (int)if_nametoindex(iface),
	};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		fail(iface, -errno);
	return fd;
}

static uint32_t number_of(const uint8_t *frame)
{
	uint32_t n;

	memcpy(&n, frame + NUMBER_AT, sizeof(n));
	return n;
}

static void answer(uint8_t *frame)
{
	uint32_t n = ~number_of(frame);

	memcpy(frame + NUMBER_AT, &n, sizeof(n));
	for (unsigned int i = 0; i < ETH_ALEN; i++) {
		uint8_t to = frame[i];

		frame[i] = frame[ETH_ALEN + i];
		frame[ETH_ALEN + i] = to;
	}
}

/* --- the peer ------------------------------------------------------------------------- */

static uint64_t stamp_of(struct msghdr *msg)
{
	struct timespec ts = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Stamp of the answer to number n; 0: it did not come. */
static uint64_t await_answer(int fd, uint32_t n)
{
	uint64_t limit = now_ns() + LOST_NS;
	uint8_t frame[ETH_FRAME_LEN];

	while (now_ns() < limit) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		union {
			struct cmsghdr head;
			uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
		} control;
		struct iovec iov = { frame, sizeof(frame) };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};

		if (poll(&pfd, 1, LOST_NS / 1000000) <= 0)
			continue;
		if (recvmsg(fd, &msg, MSG_DONTWAIT) >= ETH_ZLEN && number_of(frame) == ~n)
			return stamp_of(&msg);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t percentile(const uint64_t *sorted, unsigned int n, double share)
{
	unsigned int at = (unsigned int)(share * n);

	return n ? sorted[at < n ? at : n - 1] : 0;
}

static void print_times(uint64_t *ns, unsigned int n, unsigned int lost)
{
	qsort(ns, n, sizeof(*ns), compare);
	printf("{\"answers\": %u, \"lost\": %u, \"min_ns\": %" PRIu64 ", \"median_ns\": %" PRIu64
	       ", \"p99_ns\": %" PRIu64 ", \"max_ns\": %" PRIu64 "}\n",
	       n, lost, percentile(ns, n, 0), percentile(ns, n, 0.5), percentile(ns, n, 0.99),
	       percentile(ns, n, 1));
}

static void peer(const char *iface, unsigned int count)
{
	static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 1,	       2,
					     0, 0, 0, 0, 2, TYPE >> 8, TYPE & 0xff };
	uint64_t *ns = calloc(count, sizeof(*ns));
	unsigned int n = 0, lost = 0;
	int fd = packet_socket(iface);

	if (!ns)
		fail("times", -ENOMEM);
	for (uint32_t i = 0; i < count + WARM_UP; i++) {
		const struct timespec pause = { .tv_nsec = PAUSE_NS };
		uint8_t frame[ETH_ZLEN] = { 0 };
		uint64_t sent, came;

		memcpy(frame, addresses, sizeof(addresses));
		memcpy(frame + NUMBER_AT, &i, sizeof(i));
		nanosleep(&pause, NULL);
		sent = now_ns();
		if (send(fd, frame, sizeof(frame), 0) < 0)
			fail(iface, -errno);
		came = await_answer(fd, i);
		if (came && i >= WARM_UP)
			ns[n++] = came - sent;
		lost += !came;
	}
	print_times(ns, n, lost);
	free(ns);
}

/* --- who answers ------------------------------------------------------------------------ */

static void echo(const char *iface, bool spins)
{
	int fd = packet_socket(iface), flags = spins ? MSG_DONTWAIT : 0;
	uint8_t frame[ETH_FRAME_LEN];

	for (;;) {
		ssize_t len = recv(fd, frame, sizeof(frame), flags);

		if (len < 0 && errno == EAGAIN)
			continue;
		if (len < ETH_ZLEN)
			fail(iface, len < 0 ? -errno : -EPROTO);
		answer(frame);
		if (send(fd, frame, (size_t)len, 0) < 0)
			fail(iface, -errno);
	}
}

static void must(struct vn_caliper *c, const char *what, int rc)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "reaction: %s: %s (%s)\n", what, strerror(-rc), vn_caliper_error(c));
	exit(1);
}

static void answer_event(struct vn_caliper *c, struct vn_caliper_event *e)
{
	struct vn_caliper_packet p = {
		.size = sizeof(p),
		.frame = e->bytes,
		.frame_len = e->event.snap,
	};

	if (e->event.snap < ETH_ZLEN || e->bytes[12] != TYPE >> 8 || e->bytes[13] != (TYPE & 0xff))
		return;
	answer(e->bytes);
	must(c, "send", vn_caliper_send(c, &p, 1));
	must(c, "flush", vn_caliper_flush(c));
}

static void client(bool spins)
{
	struct vn_caliper_event events[EVENTS];
	struct vn_caliper *c;
	int n = vn_caliper_open(&c, NULL);

	if (n < 0)
		fail("no driver", n);
	must(c, "subscribe", vn_caliper_subscribe(c, 1u << CAL_EVENT_RX, ETH_ZLEN));
	for (;;) {
		n = vn_caliper_events(c, events, EVENTS, spins ? 0 : UINT64_MAX);
		must(c, "events", n);
		for (int i = 0; i < n; i++)
			answer_event(c, &events[i]);
	}
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: reaction peer IFACE COUNT | echo IFACE spin|sleep | "
			"client spin|sleep\n");
	exit(2);
}

static bool is_word(const char *s, const char *word)
{
	return !strcmp(s, word);
}

static bool spins(const char *how)
{
	if (!is_word(how, "spin") && !is_word(how, "sleep"))
		usage();
	return is_word(how, "spin");
}

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc == 4 && is_word(argv[1], "peer")) {
		count = strtoul(argv[3], NULL, 10);
		if (!count || count > COUNT_MAX)
			usage();
		peer(argv[2], (unsigned int)count);
		return 0;
	}
	if (argc == 4 && is_word(argv[1], "echo"))
		echo(argv[2], spins(argv[3]));
	if (argc == 3 && is_word(argv[1], "client"))
		client(spins(argv[2]));
	usage();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_spin IFACE FRAME PPS: asks for the time until origin + n / PPS s, then sends on
 * a packet socket past the queueing discipline: the floor under everything that
 * paces by a clock. Late packets leave at once, one after the other. A signal ends
 * it.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "bare.h"

#define NS_PER_S 1000000000ull
#define PPS_MAX	 10000000ull
#define LEAD_NS	 1000000ull /* from the start to the first packet */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* 0: none. */
static uint64_t read_pps(const char *text)
{
	char *end;
	uint64_t pps = strtoull(text, &end, 10);

	return *end || *text == '-' || pps > PPS_MAX ? 0 : pps;
}

static int open_socket(const struct bare *b)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)b->ifindex };
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		bare_fail(b, "packet socket", -errno);
	return fd;
}

int main(int argc, char **argv)
{
	uint64_t pps = argc == 4 ? read_pps(argv[3]) : 0, n = 0, origin_ns;
	struct bare b;
	int fd;

	if (!pps) {
		fprintf(stderr, "usage: %s IFACE FRAME PPS (packets a second: 1 to %llu)\n",
			argv[0], PPS_MAX);
		return 2;
	}
	bare_start(&b, 3, argv);
	fd = open_socket(&b);
	origin_ns = now_ns() + LEAD_NS;
	for (;; n++) {
		/* Whole seconds apart: the product stays small for ever. */
		uint64_t due_ns = origin_ns + n / pps * NS_PER_S + n % pps * NS_PER_S / pps;

		while (now_ns() < due_ns)
			;
		if (send(fd, b.frame, b.len, 0) < 0 && errno != ENOBUFS)
			bare_fail(&b, "send", -errno);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_send IFACE FRAME: sendto on a packet socket, past the queueing
 * discipline, a frame a call: what a first program for packet sockets does.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "bare.h"

int main(int argc, char **argv)
{
	struct bare b;
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	int on = 1, fd;

	bare_start(&b, argc, argv);
	to.sll_ifindex = (int)b.ifindex;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		bare_fail(&b, "packet socket", -errno);
	for (;;) {
		ssize_t n = sendto(fd, b.frame, b.len, 0, (struct sockaddr *)&to, sizeof(to));

		if (n < 0 && errno != ENOBUFS)
			bare_fail(&b, "sendto", -errno);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rx_count IFACE: the least that a receiver can do with frames: walks through
 * the blocks of a TPACKET_V3 ring (of the size that vernier takes), adds up
 * lengths, and on SIGINT or SIGTERM prints "FRAMES DROPS BYTES".
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_BYTES (256u << 10)
#define N_BLOCKS    256u
#define FRAME_BYTES 2048u
#define RETIRE_MS   2

struct counter {
	int fd, signals;
	uint8_t *ring;
	uint64_t frames, bytes;
};

static int open_ring(struct counter *c, unsigned int ifindex)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = N_BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = N_BLOCKS * (BLOCK_BYTES / FRAME_BYTES),
		.tp_retire_blk_tov = RETIRE_MS,
	};
	int version = TPACKET_V3, on = 1;
	void *mem;

	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(c->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) ||
	    setsockopt(c->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		return -errno;
	mem = mmap(NULL, (size_t)N_BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, c->fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	c->ring = mem;
	return bind(c->fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

static void count_block(struct counter *c, const struct tpacket_block_desc *d)
{
	const uint8_t *at = (const uint8_t *)d + d->hdr.bh1.offset_to_first_pkt;

	for (uint32_t i = 0; i < d->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *h = (const struct tpacket3_hdr *)at;

		c->bytes += h->tp_len;
		at += h->tp_next_offset;
	}
	c->frames += d->hdr.bh1.num_pkts;
}

/* Until a signal comes. */
static void count(struct counter *c)
{
	struct pollfd pfd[] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->signals, .events = POLLIN },
	};

	for (uint32_t block = 0;; block = (block + 1) % N_BLOCKS) {
		struct tpacket_block_desc *d =
			(struct tpacket_block_desc *)(c->ring + (size_t)block * BLOCK_BYTES);
		uint32_t *status = &d->hdr.bh1.block_status;

		while (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
			if (pfd[1].revents)
				return;
			poll(pfd, 2, -1);
		}
		count_block(c, d);
		__atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	}
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;
	struct tpacket_stats_v3 st = { 0 };
	struct counter c = { .frames = 0 };
	socklen_t size = sizeof(st);
	sigset_t set;
	int rc;

	if (!ifindex) {
		fprintf(stderr, "usage: rx_count IFACE (an interface that is there)\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	c.signals = signalfd(-1, &set, SFD_CLOEXEC);
	rc = c.signals < 0 ? -errno : open_ring(&c, ifindex);
	if (rc) {
		fprintf(stderr, "rx_count: %s: %s\n", argv[1], strerror(-rc));
		return 1;
	}
	count(&c);
	getsockopt(c.fd, SOL_PACKET, PACKET_STATISTICS, &st, &size);
	printf("%llu %u %llu\n", (unsigned long long)c.frames, st.tp_drops,
	       (unsigned long long)c.bytes);
	return 0;
}

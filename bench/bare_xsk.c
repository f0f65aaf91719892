/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_xsk IFACE FRAME: an AF_XDP socket in copy mode on queue 0. The frame is
 * written into all of its memory once, the descriptors too: descriptor i of the
 * ring is always frame i. What is left a round is two indices and one call.
 */
#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bare.h"

#define N_FRAMES    2048u /* of the memory and of each ring */
#define FRAME_BYTES 2048u
#define BATCH	    64u

struct ring {
	uint32_t *producer, *consumer;
	void *desc;
};

struct xsk {
	int fd;
	uint8_t *umem;
	struct ring tx, completion;
};

static int set_size(int fd, int ring)
{
	int n = N_FRAMES;

	return setsockopt(fd, SOL_XDP, ring, &n, sizeof(n)) ? -errno : 0;
}

/* The kernel wants a fill ring even of those who receive nothing. */
static int set_up(struct xsk *x)
{
	struct xdp_umem_reg reg = { .len = N_FRAMES * FRAME_BYTES, .chunk_size = FRAME_BYTES };
	int rc;

	x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	x->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->fd < 0 || x->umem == MAP_FAILED)
		return -errno;
	reg.addr = (uintptr_t)x->umem;
	if (setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return -errno;
	rc = set_size(x->fd, XDP_UMEM_FILL_RING);
	rc = rc ? rc : set_size(x->fd, XDP_UMEM_COMPLETION_RING);
	return rc ? rc : set_size(x->fd, XDP_TX_RING);
}

static int map_ring(struct xsk *x, const struct xdp_ring_offset *at, size_t entry_bytes,
		    uint64_t page, struct ring *r)
{
	uint8_t *mem = mmap(NULL, at->desc + N_FRAMES * entry_bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, x->fd, (off_t)page);

	if (mem == MAP_FAILED)
		return -errno;
	r->producer = (uint32_t *)(mem + at->producer);
	r->consumer = (uint32_t *)(mem + at->consumer);
	r->desc = mem + at->desc;
	return 0;
}

static int map_rings(struct xsk *x)
{
	struct xdp_mmap_offsets at;
	socklen_t size = sizeof(at);
	int rc;

	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &size))
		return -errno;
	rc = map_ring(x, &at.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING, &x->tx);
	return rc ? rc
		  : map_ring(x, &at.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING,
			     &x->completion);
}

static void write_frames(const struct xsk *x, const struct bare *b)
{
	struct xdp_desc *desc = x->tx.desc;

	for (uint32_t i = 0; i < N_FRAMES; i++) {
		memcpy(x->umem + (size_t)i * FRAME_BYTES, b->frame, b->len);
		desc[i].addr = (uint64_t)i * FRAME_BYTES;
		desc[i].len = (uint32_t)b->len;
	}
}

/*
 * Returns when a call failed for good. All frames are alike, so that which of
 * them are complete does not matter, only how many: never more than N_FRAMES
 * are under way.
 */
static int send_on_and_on(struct xsk *x)
{
	uint32_t sent = 0, completed = 0;

	for (;;) {
		completed = __atomic_load_n(x->completion.producer, __ATOMIC_ACQUIRE);
		__atomic_store_n(x->completion.consumer, completed, __ATOMIC_RELEASE);
		if (sent - completed <= N_FRAMES - BATCH) {
			sent += BATCH;
			__atomic_store_n(x->tx.producer, sent, __ATOMIC_RELEASE);
		}
		if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EBUSY && errno != ENOBUFS)
			return -errno;
	}
}

int main(int argc, char **argv)
{
	struct bare b;
	struct xsk x = { .fd = -1 };
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY };
	int rc;

	bare_start(&b, argc, argv);
	rc = set_up(&x);
	if (!rc)
		rc = map_rings(&x);
	if (rc)
		bare_fail(&b, "AF_XDP socket", rc);
	write_frames(&x, &b);
	addr.sxdp_ifindex = b.ifindex;
	if (bind(x.fd, (struct sockaddr *)&addr, sizeof(addr)))
		bare_fail(&b, "bind", -errno);
	bare_fail(&b, "sendto", send_on_and_on(&x));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive queue on a packet socket with a TPACKET_V3 ring: the kernel fills
 * blocks of memory that both see and hands them over one by one, when full or
 * after RETIRE_MS. Packets are given to the handler where they lie.
 *
 * Blocks are small against the ring, for one is handed over at the latest
 * every RETIRE_MS however little is in it: the ring must outlast a receiver
 * that is not scheduled for half a second, at low rates (256 blocks x 2 ms)
 * and at high ones (64 MiB, about 450,000 short frames) alike.
 *
 * Who is to answer a frame cannot wait for the end of a block. For him the ring
 * is one of TPACKET_V2, in which each frame is handed over by itself.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afpacket_frame.h"
#include "dev/afpacket_priv.h"
#include "dev/hwstamp.h"
#include "net/grain.h"

#define RING_BYTES (64ull << 20)
#define RING_BYTES_MAX (2ull << 30)
#define BLOCK_BYTES (256u << 10) /* holds a frame of any length */
#define BLOCKS_MIN 4
#define FRAME_BYTES 2048u /* the kernel wants one that divides a block; V3 packs tighter */
#define RETIRE_MS 2
/* After the link went, the block that was being filled is still to come. */
#define LAST_BLOCK_NS (20 * 1000000ull)
#define GROUP 64
/* So often an empty ring is looked at before the kernel is asked for the link. */
#define LOOKS 256

struct afpacket_rxq {
	struct vn_rxq rxq;
	int fd;
	int ifindex;
	uint8_t *ring;
	size_t ring_size;
	uint32_t n_blocks, block; /* block: the one we read or wait for */
	uint32_t left;            /* packets of it not yet handed on; 0: not begun */
	uint8_t *next;            /* the first of them */
	uint32_t n_frames, at, looks; /* prompt: of the ring, the next one, while it was empty */
	bool wants_outgoing;
	int down;                 /* -errno to report once the ring is empty */
	bool was_down;            /* and nothing has come since: its end would not be told */
	struct vn_rxq_stats stats;
	struct vn_grain grain;
	struct vn_afpacket_stamps stamps;
	struct vn_hwstamp_io io;
	struct vn_hwstamp hwstamp; /* zeroed: the stamps are the kernel's */
};

static struct afpacket_rxq *to_rxq(struct vn_rxq *q)
{
	return vn_container_of(q, struct afpacket_rxq, rxq);
}

static struct tpacket_block_desc *block_desc(struct afpacket_rxq *r)
{
	return (struct tpacket_block_desc *)(r->ring + (size_t)r->block * BLOCK_BYTES);
}

static void advance_block(struct afpacket_rxq *r)
{
	/* Gives the block back: all reads of it are done (release). */
	__atomic_store_n(&block_desc(r)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = r->block + 1 == r->n_blocks ? 0 : r->block + 1;
}

/* Begins the next block if the kernel has handed it over. */
static bool begin_block(struct afpacket_rxq *r)
{
	for (;;) {
		struct tpacket_block_desc *d = block_desc(r);

		/* Pairs with the kernel's barrier before it sets the status. */
		if (!(__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return false;
		r->left = d->hdr.bh1.num_pkts;
		r->next = (uint8_t *)d + d->hdr.bh1.offset_to_first_pkt;
		if (r->left)
			return true;
		advance_block(r);
	}
}

/* Hands on up to budget packets of the block that was begun. */
static unsigned int hand_on(struct afpacket_rxq *r, unsigned int budget, vn_rx_handler handler,
			    void *arg)
{
	struct vn_rx_pkt pkts[GROUP];
	unsigned int done = 0;

	while (done < budget && r->left) {
		unsigned int n = VN_MIN(VN_MIN(budget - done, r->left), GROUP);

		for (unsigned int i = 0; i < n; i++) {
			const struct tpacket3_hdr *h = (const struct tpacket3_hdr *)r->next;

			vn_afpacket_describe(h, &r->stamps, &pkts[i]);
			pkts[i].is_outgoing = r->wants_outgoing && vn_afpacket_went_out(h);
			if (vn_unlikely(!vn_grain_is_done(&r->grain)) &&
			    (h->tp_status & r->stamps.flag))
				vn_grain_add(&r->grain, pkts[i].stamp_ns);
			r->next += h->tp_next_offset;
		}
		handler(arg, pkts, n);
		r->left -= n;
		done += n;
	}
	if (!r->left)
		advance_block(r);
	r->stats.packets += done;
	return done;
}

/* Is the interface gone or only down? Its number tells; names may be reused. */
static int down_error(struct afpacket_rxq *r)
{
	struct ifreq ifr = { .ifr_ifindex = r->ifindex };

	return ioctl(r->fd, SIOCGIFNAME, &ifr) ? -ENODEV : -ENETDOWN;
}

/* Waits for a block or for the interface to go. 0 or -errno. */
static int wait_block(struct afpacket_rxq *r, uint64_t timeout_ns)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % VN_NSEC_PER_SEC),
	};
	int error = 0;
	socklen_t size = sizeof(error);

	if (ppoll(&pfd, 1, &ts, NULL) < 0)
		return errno == EINTR ? 0 : -errno;
	if ((pfd.revents & POLLERR) && !getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size) &&
	    error)
		r->down = down_error(r);
	return 0;
}

/*
 * Down is told once each time it happens, gone always; either only after the
 * last packet that came before. The socket tells of an interface that goes when
 * it was up; of one that was down it has to be asked.
 */
static int report_down(struct afpacket_rxq *r)
{
	int rc = r->down;

	if (!rc && r->was_down && down_error(r) == -ENODEV)
		rc = r->down = -ENODEV;
	if (rc == -ENETDOWN) {
		r->down = 0;
		r->was_down = true;
	}
	return rc;
}

static int afpacket_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
			 vn_rx_handler handler, void *arg)
{
	struct afpacket_rxq *r = to_rxq(q);
	unsigned int done = 0;
	int rc;

	if (!r->left && !begin_block(r)) {
		rc = wait_block(r, r->down ? LAST_BLOCK_NS : timeout_ns);
		if (!rc && r->down && !begin_block(r))
			rc = wait_block(r, LAST_BLOCK_NS);
		if (rc)
			return rc;
		if (!begin_block(r))
			return report_down(r);
	}
	r->was_down = false;
	do {
		done += hand_on(r, budget - done, handler, arg);
	} while (done < budget && begin_block(r));
	return (int)done;
}

/* --- frame by frame ---------------------------------------------------------- */

static struct tpacket2_hdr *frame_header(struct afpacket_rxq *r, uint32_t i)
{
	return (struct tpacket2_hdr *)(r->ring + (size_t)(i % r->n_frames) * FRAME_BYTES);
}

static bool is_ours(struct afpacket_rxq *r, uint32_t i)
{
	/* Pairs with the kernel's barrier before it sets the status. */
	return __atomic_load_n(&frame_header(r, i)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

/* A group of those that are there. */
static unsigned int take_frames(struct afpacket_rxq *r, unsigned int budget, vn_rx_handler handler,
				void *arg)
{
	unsigned int n = 0, most = VN_MIN(budget, GROUP);
	struct vn_rx_pkt pkts[GROUP];

	for (; n < most && is_ours(r, r->at + n); n++) {
		const struct tpacket2_hdr *h = frame_header(r, r->at + n);

		vn_afpacket_describe2(h, &r->stamps, &pkts[n]);
		pkts[n].is_outgoing = r->wants_outgoing && vn_afpacket_went_out2(h);
		if (vn_unlikely(!vn_grain_is_done(&r->grain)) && (h->tp_status & r->stamps.flag))
			vn_grain_add(&r->grain, pkts[n].stamp_ns);
	}
	if (!n)
		return 0;
	handler(arg, pkts, n);
	/* Release: all reads of them are done. */
	for (unsigned int i = 0; i < n; i++)
		__atomic_store_n(&frame_header(r, r->at + i)->tp_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
	r->at = (r->at + n) % r->n_frames;
	r->stats.packets += n;
	r->was_down = false;
	return n;
}

/* Looking for the link is a system call, looking for a frame is none. */
static int poll_prompt(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		       vn_rx_handler handler, void *arg)
{
	struct afpacket_rxq *r = to_rxq(q);
	unsigned int n = take_frames(r, budget, handler, arg);
	int rc;

	if (n || (!timeout_ns && !r->down && ++r->looks % LOOKS))
		return (int)n;
	rc = wait_block(r, r->down ? 0 : timeout_ns);
	if (rc)
		return rc;
	n = take_frames(r, budget, handler, arg);
	return n ? (int)n : report_down(r);
}

static void afpacket_rx_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	struct afpacket_rxq *r = to_rxq(q);
	struct tpacket_stats_v3 st;
	socklen_t size = sizeof(st);

	/* Reading clears the kernel's counters. */
	if (!getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &st, &size))
		r->stats.drops += st.tp_drops;
	r->stats.stamp_resolution_ns = vn_grain_ns(&r->grain);
	r->stats.stamp_other = r->stamps.other;
	if (r->hwstamp.io) {
		vn_hwstamp_follow(&r->hwstamp);
		r->stamps.offset_ns = r->hwstamp.offset_ns;
	}
	*out = r->stats;
}

static int set_option(struct afpacket_rxq *r, int level, int option, const void *value,
		      socklen_t size)
{
	return setsockopt(r->fd, level, option, value, size) ? -errno : 0;
}

static int set_up_ring(struct afpacket_rxq *r, uint64_t ring_bytes, bool is_prompt)
{
	int version = is_prompt ? TPACKET_V2 : TPACKET_V3;
	socklen_t size = is_prompt ? sizeof(struct tpacket_req) : sizeof(struct tpacket_req3);
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = (unsigned int)VN_MAX(ring_bytes / BLOCK_BYTES, BLOCKS_MIN),
		.tp_frame_size = FRAME_BYTES,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	void *mem;
	int rc;

	req.tp_frame_nr = req.tp_block_nr * (BLOCK_BYTES / FRAME_BYTES);
	rc = set_option(r, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
	if (!rc)
		rc = set_option(r, SOL_PACKET, PACKET_RX_RING, &req, size);
	if (rc)
		return rc;
	r->n_blocks = req.tp_block_nr;
	r->n_frames = req.tp_frame_nr;
	r->ring_size = (size_t)r->n_blocks * BLOCK_BYTES;
	mem = mmap(NULL, r->ring_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	r->ring = mem;
	return 0;
}

/* What the filter leaves out takes no room in the ring, and is no drop. */
static int set_up_filter(struct afpacket_rxq *r, const struct vn_rxq_opts *opts,
			 struct vn_err *err)
{
	int rc;

	if (!opts->filter)
		return 0;
	rc = set_option(r, SOL_SOCKET, SO_ATTACH_FILTER, opts->filter, sizeof(*opts->filter));
	if (rc)
		return vn_err_set(err, -rc, "%s: the kernel refuses %u instructions of filter: %s",
				  r->rxq.dev->name, opts->filter->len, strerror(-rc));
	r->rxq.has_filter = true;
	return 0;
}

/* Where the interface stamps every frame, its stamps; else the kernel's, made
 * when the frame enters it and not when it reaches the ring. */
static int set_up_stamps(struct afpacket_rxq *r, enum vn_stamps wanted, struct vn_err *err)
{
	const char *name = r->rxq.dev->name;
	int on = 1, flags = SOF_TIMESTAMPING_SOFTWARE;
	struct vn_err why;
	int rc = -EOPNOTSUPP;

	vn_hwstamp_system(&r->io, &r->fd);
	if (wanted != VN_STAMPS_KERNEL)
		rc = vn_hwstamp_begin(&r->hwstamp, &r->io, r->ifindex, &why);
	if (rc && wanted == VN_STAMPS_HARDWARE)
		return vn_err_set(err, -rc, "%s: %s", name, why.text);
	if (rc)
		r->hwstamp = (struct vn_hwstamp){ .io = NULL };
	else
		flags |= SOF_TIMESTAMPING_RAW_HARDWARE;
	r->stamps.flag = rc ? TP_STATUS_TS_SOFTWARE : TP_STATUS_TS_RAW_HARDWARE;
	r->stamps.offset_ns = r->hwstamp.offset_ns;
	r->stats.stamp_source = rc ? "kernel" : "hardware";
	rc = set_option(r, SOL_PACKET, PACKET_TIMESTAMP, &flags, sizeof(flags));
	if (!rc)
		rc = set_option(r, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	return rc ? vn_err_set(err, -rc, "%s: no stamps: %s", name, strerror(-rc)) : 0;
}

/* Bound last: before that the socket receives nothing, so the ring only ever
 * holds frames of this interface. */
static int start(struct afpacket_rxq *r)
{
	int is_deaf = !r->wants_outgoing;
	struct packet_mreq promisc = { .mr_ifindex = r->ifindex, .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = r->ifindex,
	};
	int rc = set_option(r, SOL_PACKET, PACKET_IGNORE_OUTGOING, &is_deaf, sizeof(is_deaf));

	if (!rc)
		rc = set_option(r, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc));
	if (!rc && bind(r->fd, (struct sockaddr *)&addr, sizeof(addr)))
		rc = -errno;
	return rc;
}

void vn_afpacket_rxq_close(struct vn_rxq *q)
{
	struct afpacket_rxq *r;

	if (!q)
		return;
	r = to_rxq(q);
	vn_hwstamp_end(&r->hwstamp);
	if (r->ring)
		munmap(r->ring, r->ring_size);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

int vn_afpacket_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			 struct vn_err *err)
{
	uint64_t ring_bytes = opts->ring_bytes ? opts->ring_bytes : RING_BYTES;
	struct afpacket_rxq *r;
	int rc;

	*out = NULL;
	if (ring_bytes > RING_BYTES_MAX)
		return vn_err_set(err, EINVAL, "%s: a ring of %llu bytes: at most %llu", dev->name,
				  (unsigned long long)ring_bytes, RING_BYTES_MAX);
	r = calloc(1, sizeof(*r));
	if (!r)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	r->rxq.poll = opts->is_prompt ? poll_prompt : afpacket_poll;
	r->rxq.stats = afpacket_rx_stats;
	r->rxq.dev = dev;
	r->ifindex = dev->ifindex;
	r->wants_outgoing = opts->wants_outgoing;
	rc = r->fd = vn_afpacket_socket(dev->name, err);
	if (rc >= 0)
		rc = set_up_filter(r, opts, err);
	if (rc >= 0)
		rc = set_up_stamps(r, opts->stamps, err);
	if (rc < 0)
		goto err_close;
	r->rxq.fd = opts->is_prompt ? r->fd : 0; /* else it is readable late */
	rc = set_up_ring(r, ring_bytes, opts->is_prompt);
	if (!rc)
		rc = start(r);
	if (rc) {
		vn_err_set(err, -rc, "%s: cannot receive into a ring of %llu bytes: %s", dev->name,
			   (unsigned long long)ring_bytes, strerror(-rc));
		goto err_close;
	}
	*out = &r->rxq;
	return 0;

err_close:
	vn_afpacket_rxq_close(&r->rxq);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive queue on AF_XDP sockets: one on a queue of the interface, or one on
 * each. What arrives there is ours alone: neither the system nor packet sockets
 * see it. Frames are handed on where the kernel, or the hardware, put them.
 *
 * AF_XDP keeps no stamps: they are the clock's when a group of frames is read,
 * and how long the frames waited to be read is not seen in them. There is no
 * filter of the kernel's either.
 *
 * The sockets say nothing of an interface that goes down or away, so it is asked
 * about when nothing came.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afpacket_priv.h"
#include "dev/afxdp_priv.h"
#include "dev/link.h"
#include "wire/wire.h"

#define RING_BYTES     (32ull << 20) /* of each queue: 16384 frames */
#define RING_BYTES_MAX (1ull << 30)
#define FRAMES_MIN     64u
#define N_COMPLETED    64u /* a ring that must be there, and is not used */
#define QUEUES_MAX     64
#define GROUP	       64

struct afxdp_rxq {
	struct vn_rxq rxq;
	unsigned int n, next; /* sockets; the one whose turn it is */
	bool has_prog;	      /* counted in struct vn_afxdp */
	bool was_up;	      /* when it was last asked */
	int promisc_fd;	      /* packet socket that makes the interface take all frames */
	struct vn_rxq_stats stats;
	struct pollfd poll[QUEUES_MAX];
	struct vn_afxdp_socket socket[QUEUES_MAX];
};

static struct afxdp_rxq *to_rxq(struct vn_rxq *q)
{
	return vn_container_of(q, struct afxdp_rxq, rxq);
}

/* --- receiving ---------------------------------------------------------------------- */

/* Gives n places, whose descriptors begin at `at`, back to be filled. */
static void give_back(struct vn_afxdp_socket *s, uint32_t at, uint32_t n)
{
	uint64_t in_chunk = s->chunk - 1;
	uint32_t to = 0;

	/* There are as many entries as chunks: it has room. */
	xsk_ring_prod__reserve(&s->fill, n, &to);
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&s->fill, to + i) =
			xsk_ring_cons__rx_desc(&s->rx, at + i)->addr & ~in_chunk;
	xsk_ring_prod__submit(&s->fill, n);
	xsk_ring_cons__release(&s->rx, n);
}

/* Hands on up to budget frames of one socket; how many. */
static unsigned int take(struct afxdp_rxq *r, struct vn_afxdp_socket *s, unsigned int budget,
			 vn_rx_handler handler, void *arg)
{
	struct vn_clock *clock = r->rxq.dev->clock;
	struct vn_rx_pkt pkts[GROUP];
	uint32_t at = 0, n = xsk_ring_cons__peek(&s->rx, VN_MIN(budget, GROUP), &at);
	uint64_t now;

	if (!n)
		return 0;
	now = clock->wall(clock);
	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&s->rx, at + i);

		pkts[i] = (struct vn_rx_pkt){
			.data = s->area + d->addr,
			.caplen = d->len,
			.len = d->len,
			.stamp_ns = now,
		};
	}
	handler(arg, pkts, n);
	give_back(s, at, n);
	r->stats.packets += n;
	return n;
}

/* A group of each socket that has some, in turn. */
static unsigned int take_all(struct afxdp_rxq *r, unsigned int budget, vn_rx_handler handler,
			     void *arg)
{
	unsigned int done = 0;

	for (unsigned int idle = 0; idle < r->n && done < budget;) {
		unsigned int n = take(r, &r->socket[r->next], budget - done, handler, arg);

		done += n;
		idle = n ? 0 : idle + 1;
		r->next = r->next + 1 == r->n ? 0 : r->next + 1;
	}
	return done;
}

/* Hardware may have to be told that there is room again: a poll does. */
static int wait_frame(struct afxdp_rxq *r, uint64_t timeout_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % VN_NSEC_PER_SEC),
	};

	return ppoll(r->poll, r->n, &ts, NULL) < 0 && errno != EINTR ? -errno : 0;
}

/* Down is told once each time it happens, gone always. */
static int report_down(struct afxdp_rxq *r)
{
	int flags = vn_link_flags(vn_afxdp_of(r->rxq.dev)->ask_fd, r->rxq.dev->ifindex);
	bool was_up = r->was_up;

	if (flags < 0)
		return -ENODEV;
	r->was_up = flags & IFF_UP;
	return was_up && !r->was_up ? -ENETDOWN : 0;
}

static int afxdp_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		      vn_rx_handler handler, void *arg)
{
	struct afxdp_rxq *r = to_rxq(q);
	unsigned int n = take_all(r, budget, handler, arg);
	int rc = 0;

	if (n || !budget) {
		r->was_up |= n > 0;
		return (int)n;
	}
	if (timeout_ns)
		rc = wait_frame(r, timeout_ns);
	if (rc)
		return rc;
	/* Asked first: what came before the link went is there by then. */
	rc = report_down(r);
	n = take_all(r, budget, handler, arg);
	r->was_up |= n > 0; /* down is told when these have been taken */
	return n ? (int)n : rc;
}

static void afxdp_rx_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	struct afxdp_rxq *r = to_rxq(q);

	r->stats.drops = 0;
	for (unsigned int i = 0; i < r->n; i++) {
		struct xdp_statistics st = { 0 };
		socklen_t size = sizeof(st);

		if (!getsockopt(r->socket[i].fd, SOL_XDP, XDP_STATISTICS, &st, &size))
			r->stats.drops += st.rx_dropped + st.rx_ring_full;
	}
	*out = r->stats;
}

/* --- opening ------------------------------------------------------------------------ */

int vn_afxdp_check_mtu(const char *name, uint32_t mtu, struct vn_err *err)
{
	uint32_t headers = VN_ETH_HLEN + VN_VLAN_HLEN;
	uint32_t most = VN_AFXDP_CHUNK_MAX - VN_AFXDP_RX_HEADROOM;

	if (mtu + headers <= most)
		return 0;
	return vn_err_set(err, EMSGSIZE,
			  "%s: its MTU of %u allows frames of %u bytes: by AF_XDP "
			  "they are received up to %u (an MTU of at most %u; driver afpacket takes "
			  "any)",
			  name, mtu, mtu + headers, most, most - headers);
}

static uint32_t chunk_of(uint32_t mtu)
{
	uint32_t longest = mtu + VN_ETH_HLEN + VN_VLAN_HLEN;

	return longest + VN_AFXDP_RX_HEADROOM <= VN_AFXDP_CHUNK_MIN ? VN_AFXDP_CHUNK_MIN
								    : VN_AFXDP_CHUNK_MAX;
}

static int open_socket(struct afxdp_rxq *r, uint16_t queue, uint64_t ring_bytes, struct vn_err *err)
{
	struct vn_afxdp_socket *s = &r->socket[r->n];
	uint32_t chunk = chunk_of(r->rxq.dev->mtu), n = FRAMES_MIN;
	struct vn_afxdp_socket_opts opts = { .queue = queue, .chunk = chunk };
	int rc;

	while ((uint64_t)n * 2 * chunk <= ring_bytes)
		n *= 2;
	opts.n_chunks = opts.n_fill = opts.n_rx = n;
	opts.n_completed = N_COMPLETED;
	rc = vn_afxdp_socket_open(r->rxq.dev, &opts, s, err);
	if (rc)
		return rc;
	vn_afxdp_socket_fill(s, 0, n);
	r->rxq.fd = r->n ? 0 : s->fd; /* one for several there is not */
	r->poll[r->n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	return 0;
}

/* How many queues there are is not asked: the kernel refuses the first that is
 * not. */
static int open_sockets(struct afxdp_rxq *r, const struct vn_rxq_opts *opts, struct vn_err *err)
{
	uint64_t ring_bytes = opts->ring_bytes ? opts->ring_bytes : RING_BYTES;
	int rc = 0;

	if (opts->queue != VN_RXQ_ALL)
		return open_socket(r, opts->queue, ring_bytes, err);
	while (!rc && r->n < QUEUES_MAX)
		rc = open_socket(r, (uint16_t)r->n, ring_bytes, err);
	return rc == -EINVAL && r->n ? 0 : rc;
}

/* 0 or -errno with a sentence. */
static int add_sockets(struct vn_afxdp *d, const struct afxdp_rxq *r, uint16_t first,
		       struct vn_err *err)
{
	for (unsigned int i = 0; i < r->n; i++) {
		int rc = vn_afxdp_prog_add(&d->prog, first + i, r->socket[i].fd);

		if (rc)
			return vn_err_set(err, -rc, "%s: queue %u cannot be received from: %s",
					  d->base.net.name, first + i, strerror(-rc));
	}
	return 0;
}

/* Under the device's lock. The program is put on the interface when it knows the
 * sockets, so that it sends no frame past one. */
static int join_program(struct vn_afxdp *d, const struct afxdp_rxq *r, uint16_t first,
			struct vn_err *err)
{
	int rc;

	if (d->n_rxq)
		return add_sockets(d, r, first, err);
	rc = vn_afxdp_prog_open(&d->prog, d->base.net.name, err);
	if (!rc)
		rc = add_sockets(d, r, first, err);
	if (!rc)
		rc = vn_afxdp_prog_attach(&d->prog, &d->base.net, err);
	if (rc)
		vn_afxdp_prog_close(&d->prog);
	return rc;
}

static int receive_all(struct afxdp_rxq *r, struct vn_err *err)
{
	const char *name = r->rxq.dev->name;
	struct packet_mreq promisc = {
		.mr_ifindex = r->rxq.dev->ifindex,
		.mr_type = PACKET_MR_PROMISC,
	};
	int fd = r->promisc_fd = vn_afpacket_socket(name, err);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof(promisc)))
		return vn_err_set(err, errno, "%s: not all frames can be received: %s", name,
				  strerror(errno));
	return 0;
}

static int set_up(struct afxdp_rxq *r, const struct vn_rxq_opts *opts, struct vn_err *err)
{
	struct vn_afxdp *d = vn_afxdp_of(r->rxq.dev);
	uint16_t first = opts->queue == VN_RXQ_ALL ? 0 : opts->queue;
	int rc = receive_all(r, err);

	if (!rc)
		rc = open_sockets(r, opts, err);
	if (rc)
		return rc;
	pthread_mutex_lock(&d->lock);
	rc = join_program(d, r, first, err);
	r->has_prog = !rc;
	d->n_rxq += r->has_prog;
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static void leave_program(struct vn_afxdp *d)
{
	pthread_mutex_lock(&d->lock);
	if (!--d->n_rxq)
		vn_afxdp_prog_close(&d->prog);
	pthread_mutex_unlock(&d->lock);
}

void vn_afxdp_rxq_close(struct vn_rxq *q)
{
	struct afxdp_rxq *r;

	if (!q)
		return;
	r = to_rxq(q);
	if (r->has_prog)
		leave_program(vn_afxdp_of(q->dev));
	for (unsigned int i = 0; i < r->n; i++)
		vn_afxdp_socket_close(&r->socket[i]);
	if (r->promisc_fd >= 0)
		close(r->promisc_fd);
	free(r);
}

int vn_afxdp_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
		      struct vn_err *err)
{
	struct afxdp_rxq *r;
	int rc = vn_afxdp_check_mtu(dev->name, dev->mtu, err);

	*out = NULL;
	if (!rc && opts->ring_bytes > RING_BYTES_MAX)
		rc = vn_err_set(err, EINVAL, "%s: a ring of %llu bytes: at most %llu", dev->name,
				(unsigned long long)opts->ring_bytes, RING_BYTES_MAX);
	if (rc)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	r->promisc_fd = -1;
	r->was_up = dev->is_up;
	r->rxq.poll = afxdp_poll;
	r->rxq.stats = afxdp_rx_stats;
	r->rxq.dev = dev;
	r->stats.stamp_source = "clock at read";
	rc = set_up(r, opts, err);
	if (rc) {
		vn_afxdp_rxq_close(&r->rxq);
		return rc;
	}
	*out = &r->rxq;
	return 0;
}

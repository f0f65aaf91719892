/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit queue on an AF_XDP socket: frames are built where the kernel, or the
 * hardware, reads them. A commit writes descriptors and wakes the kernel up if it
 * has to be; for a batch that is one call.
 *
 * What was handed over is the kernel's until its completion is back. So a frame
 * that went gives its place in memory away, and gets one whose completion is
 * back: the places that are free lie on a stack, together with what the builder
 * left in them. Where the kernel copies, completions are back at once and the
 * same few places go round, which stay in the first-level cache (8 % of a
 * frame's time on veth, against thousands of places). Short frames lie close
 * together, several in a chunk, for the same reason.
 *
 * With copies the kernel works in our call, and tells what went by how far it
 * read the ring. What it left there stays ours: those frames are still reserved,
 * and the next commit writes their descriptors anew. So nothing counts as sent
 * that was not. With zero copy, what is in the ring counts as gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afxdp_meta.h"
#include "dev/afxdp_priv.h"
#include "dev/afxdp_times.h"
#include "dev/link.h"
#include "wire/wire.h"

/* What the kernel may hold, beside the frames that are reserved. Users may lock
 * little memory. */
#define IN_FLIGHT_BYTES (1u << 20)
#define IN_FLIGHT_MIN	256u /* frames */
#define IN_FLIGHT_MAX	2048u
/* Zero copy takes the queue's receive side over too. These chunks keep it
 * going: what arrives is passed on to the system as ever. */
#define FILL_CHUNKS  256u
#define SNDBUF_BYTES (16 << 20)
/* A descriptor with no address in our memory is not sent. The kernel skips all
 * such that follow each other, or one a call, and may return them as completed. */
#define NOWHERE UINT64_C(0xffffffff0000)
/* Successive drops between two questions to the driver about its carrier. */
#define CARRIER_EVERY 64

/* Frames that the kernel copies in one call; Linux 6.18 lets it be told. */
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

struct afxdp_txq {
	struct vn_txq txq;
	struct vn_afxdp_socket socket;
	uint32_t put;	/* descriptors ever put on the ring */
	uint32_t taken; /* of those, the kernel has read; with zero copy not looked at */
	uint32_t drops_in_row;
	bool is_tapped, is_timed;
	uint32_t n_places, n_free;
	uint64_t *free;		     /* stack of places: offsets into the memory */
	uint64_t *content;	     /* of each cache line of it: struct vn_frame.content */
	struct vn_afxdp_times times; /* if is_timed: there is metadata before each frame */
};

static struct afxdp_txq *to_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct afxdp_txq, txq);
}

static uint64_t address(const struct afxdp_txq *t, const struct vn_frame *f)
{
	return (uint64_t)(f->data - t->socket.area);
}

static void reap(struct afxdp_txq *t)
{
	uint32_t at = 0, n = xsk_ring_cons__peek(&t->socket.completed, t->n_places, &at);

	if (!n)
		return;
	for (uint32_t i = 0; vn_unlikely(t->is_timed) && i < n; i++)
		vn_afxdp_times_back(&t->times, t->socket.area,
				    *xsk_ring_cons__comp_addr(&t->socket.completed, at + i));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t place = *xsk_ring_cons__comp_addr(&t->socket.completed, at + i);

		if (vn_likely(place != NOWHERE))
			t->free[t->n_free++] = place;
	}
	xsk_ring_cons__release(&t->socket.completed, n);
}

/* Notes what lies in the places of n frames that go; before they are reaped. */
static void note_content(struct afxdp_txq *t, const struct vn_frame *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		t->content[address(t, &f[i]) / VN_CACHELINE] = f[i].content;
}

/* Gives n frames new places; theirs are the kernel's. There are as many. */
static void replace(struct afxdp_txq *t, struct vn_frame *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t place = t->free[--t->n_free];

		f[i].data = t->socket.area + place;
		f[i].content = t->content[place / VN_CACHELINE];
	}
}

/* The same for frames whose bytes are still wanted. */
static void move(struct afxdp_txq *t, struct vn_frame *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *bytes = f[i].data;

		replace(t, &f[i], 1);
		memmove(f[i].data, bytes, f[i].len); /* it may have got its own back */
		f[i].content = 0; /* what lies behind it may be an older, longer packet's */
	}
}

/* After n frames went, and before their places are reaped: a tap looks at them
 * yet, so none may get a place that another has just left. */
static void settle(struct afxdp_txq *t, struct vn_frame *f, uint32_t n)
{
	if (vn_unlikely(t->is_tapped))
		move(t, f, n);
	reap(t);
	if (vn_likely(!t->is_tapped))
		replace(t, f, n);
}

static int wake(const struct afxdp_txq *t)
{
	return sendto(t->socket.fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

static void describe(struct afxdp_txq *t, uint32_t at, const struct vn_frame *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct xdp_desc *d = xsk_ring_prod__tx_desc(&t->socket.tx, at + i);

		*d = (struct xdp_desc){ .addr = address(t, &f[i]), .len = f[i].len };
	}
	for (uint32_t i = 0; vn_unlikely(t->is_timed) && i < n; i++) {
		vn_afxdp_times_write(&t->times, t->socket.area, &f[i]);
		xsk_ring_prod__tx_desc(&t->socket.tx, at + i)->options = VN_XDP_TX_METADATA;
	}
}

/* As packet sockets have it: a frame longer than the MTU allows is an error of
 * its own, and one tag is allowed for. AF_XDP would lose it without a word. */
static bool is_too_long(const struct vn_netdev *dev, const struct vn_frame *f)
{
	uint32_t most = dev->mtu + VN_ETH_HLEN;
	uint16_t type;

	if (vn_likely(!dev->mtu || f->len <= most))
		return false;
	type = vn_get_be16(f->data + VN_ETH_TYPE);
	return type != VN_ETHERTYPE_VLAN || f->len > most + VN_VLAN_HLEN;
}

static uint32_t count_fitting(const struct vn_netdev *dev, const struct vn_frame *f, uint32_t n)
{
	uint32_t fit = 0;

	while (fit < n && !is_too_long(dev, &f[fit]))
		fit++;
	return fit;
}

/* --- with copies -------------------------------------------------------------------- */

/* The link's flags follow the carrier after a while; the driver's own word is
 * exact but takes the system's configuration lock. */
static bool link_is_down(struct afxdp_txq *t)
{
	int ask_fd = vn_afxdp_of(t->txq.dev)->ask_fd, ifindex = t->txq.dev->ifindex;

	if (vn_link_is_down(ask_fd, ifindex))
		return true;
	return t->drops_in_row++ % CARRIER_EVERY == 0 && vn_link_carrier(ask_fd, ifindex) <= 0;
}

/* Puts n frames on the ring, over those that were left there. Were there more,
 * the rest (built, and given back since) must not be sent. */
static void put_over(struct afxdp_txq *t, const struct vn_frame *f, uint32_t n)
{
	uint32_t left = t->put - t->taken;

	describe(t, t->taken, f, n);
	for (uint32_t i = n; i < left; i++)
		xsk_ring_prod__tx_desc(&t->socket.tx, t->taken + i)->addr = NOWHERE;
	if (n > left) {
		xsk_ring_prod__submit(&t->socket.tx, n - left);
		t->put += n - left;
	}
}

/*
 * How many of up to n frames the kernel took, with what it answered. It says how
 * far it read when it sent something or came to the end; of a frame that it lost
 * before it sent any (EBUSY) it says so the next time.
 */
static uint32_t count_taken(struct afxdp_txq *t, int error, uint32_t n)
{
	uint32_t read = __atomic_load_n(t->socket.tx.consumer, __ATOMIC_ACQUIRE) - t->taken;

	if (read > t->put - t->taken)
		read = 0; /* not said yet: it lags behind */
	if (error == EBUSY && !read)
		read = 1;
	t->taken += read;
	return VN_MIN(read, n);
}

static enum vn_tx_code code_of(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return VN_TX_BUSY;
	default: /* ENETDOWN; ENXIO: gone */
		return VN_TX_DOWN;
	}
}

static struct vn_tx_done send_copies(struct afxdp_txq *t, struct vn_frame *f, uint32_t n)
{
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	int error = 0;

	note_content(t, f, n);
	put_over(t, f, n);
	while (done.sent < n) {
		uint32_t taken;

		error = wake(t);
		taken = count_taken(t, error, n - done.sent);
		done.sent += taken;
		if (error == EBUSY || (!taken && error != EINTR))
			break;
		t->drops_in_row = 0;
	}
	if (error == EBUSY)
		done.sent--; /* the last one it took, it lost */
	settle(t, f, done.sent);
	if (error == EBUSY) {
		done.code = link_is_down(t) ? VN_TX_DOWN : VN_XMIT_DROP;
		if (done.code == VN_TX_DOWN)
			move(t, &f[done.sent], 1);
		else
			replace(t, &f[done.sent], 1);
	} else if (done.sent < n) {
		done.code = (int32_t)code_of(error ? error : EAGAIN);
	}
	return done;
}

/* --- without ------------------------------------------------------------------------ */

static struct vn_tx_done hand_over(struct afxdp_txq *t, struct vn_frame *f, uint32_t n)
{
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	uint32_t most = VN_MIN(n, xsk_prod_nb_free(&t->socket.tx, n));
	uint32_t at = 0;
	int error = 0;

	done.sent = xsk_ring_prod__reserve(&t->socket.tx, most, &at);
	describe(t, at, f, done.sent);
	xsk_ring_prod__submit(&t->socket.tx, done.sent);
	note_content(t, f, done.sent);
	settle(t, f, done.sent);
	if (xsk_ring_prod__needs_wakeup(&t->socket.tx) || done.sent < n)
		error = wake(t);
	if (error == ENETDOWN || error == ENXIO || error == ENODEV)
		done.code = VN_TX_DOWN;
	else if (done.sent < n)
		done.code = VN_TX_BUSY;
	return done;
}

/* --- the queue ---------------------------------------------------------------------- */

static struct vn_tx_done afxdp_commit(struct vn_txq *q, unsigned int n)
{
	struct afxdp_txq *t = to_txq(q);
	struct vn_frame *f = &q->frames[q->tail & q->mask];
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	uint32_t fit = count_fitting(q->dev, f, n);
	uint32_t most;

	reap(t);
	most = VN_MIN(fit, t->n_free);
	if (most)
		done = t->socket.is_zero_copy ? hand_over(t, f, most) : send_copies(t, f, most);
	if (done.code != VN_TX_OK || done.sent == n)
		return done;
	if (done.sent == fit) {
		done.code = VN_XMIT_DROP;
		return done;
	}
	/* All places are the kernel's. With zero copy it may have to be told to look
	 * after them; else that would send what was left on the ring, uncounted. */
	done.code = t->socket.is_zero_copy && wake(t) == ENXIO ? VN_TX_DOWN : VN_TX_BUSY;
	return done;
}

/* With launch times or stamps. */
static struct vn_tx_done afxdp_commit_timed(struct vn_txq *q, unsigned int n)
{
	struct vn_afxdp_times *times = &to_txq(q)->times;
	const struct vn_frame *f = &q->frames[q->tail & q->mask];
	unsigned int fit = vn_afxdp_times_begin(times, f, n);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };

	if (fit)
		done = afxdp_commit(q, fit);
	vn_afxdp_times_sent(times, f, done.sent);
	if (done.code == VN_TX_OK && fit < n)
		done.code = VN_TX_BUSY;
	return done;
}

static unsigned int afxdp_departed(struct vn_txq *q, struct vn_departed *out, unsigned int cap)
{
	reap(to_txq(q));
	return vn_afxdp_times_take(&to_txq(q)->times, out, cap);
}

/* The kernel holds what is neither free nor a frame's. */
static uint32_t afxdp_outstanding(struct vn_txq *q)
{
	struct afxdp_txq *t = to_txq(q);

	reap(t);
	if (t->socket.is_zero_copy && xsk_ring_prod__needs_wakeup(&t->socket.tx))
		wake(t);
	return t->n_places - t->n_free - (q->mask + 1);
}

/* --- opening ------------------------------------------------------------------------ */

/* Where the places lie. An odd number of lines, as in vn_txq_init(); a frame that
 * has a chunk for itself begins a line further than the one before. */
struct layout {
	uint32_t chunk, stride, per_chunk, shifts;
	uint32_t meta; /* of the stride, before the frame */
};

static struct layout lay_out(uint32_t cap, uint32_t meta)
{
	uint32_t lines = ((meta + cap + VN_CACHELINE - 1) / VN_CACHELINE) | 1;
	struct layout l = {
		.chunk = VN_AFXDP_CHUNK_MIN,
		.stride = lines * VN_CACHELINE,
		.meta = meta,
	};

	if (l.stride > l.chunk)
		l.chunk = VN_AFXDP_CHUNK_MAX;
	l.stride = VN_MIN(l.stride, l.chunk);
	l.per_chunk = l.chunk / l.stride;
	l.shifts = l.per_chunk > 1 ? 1 : (l.chunk - l.stride) / VN_CACHELINE + 1;
	return l;
}

static uint64_t place(const struct layout *l, uint32_t i)
{
	return (uint64_t)(i / l->per_chunk) * l->chunk + (i % l->per_chunk) * l->stride +
	       (i % l->shifts) * VN_CACHELINE + l->meta;
}

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

/* A power of two, as rings are. */
static uint32_t count_in_flight(const struct layout *l, uint32_t n_frames)
{
	uint32_t n = IN_FLIGHT_MIN;

	while (n < IN_FLIGHT_MAX && n * 2 * l->stride <= IN_FLIGHT_BYTES)
		n *= 2;
	return VN_MAX(n, n_frames);
}

static int hand_out_places(struct afxdp_txq *t, const struct layout *l)
{
	struct vn_txq *q = &t->txq;

	t->free = calloc(t->n_places, sizeof(*t->free));
	t->content = calloc(t->socket.size / VN_CACHELINE, sizeof(*t->content));
	if (!t->free || !t->content)
		return -ENOMEM;
	for (uint32_t i = t->n_places; i-- > 0;) {
		if (i > q->mask) {
			t->free[t->n_free++] = place(l, i);
			continue;
		}
		q->frames[i].data = t->socket.area + place(l, i);
		q->frames[i].cap = l->stride - l->meta;
	}
	return 0;
}

static int set_up_socket(struct afxdp_txq *t, const struct vn_txq_opts *opts, struct vn_err *err)
{
	int fd = t->socket.fd, sndbuf = SNDBUF_BYTES, priority = (int)opts->priority;
	uint32_t budget = t->txq.mask + 1;

	/* Above the system's limit when we may, up to it otherwise. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	/* Where the kernel does not know it, or it is out of its range, a batch
	 * takes two calls. */
	setsockopt(fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
	if (priority && setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)))
		return vn_err_set(err, errno, "%s: priority %u: %s", t->txq.dev->name,
				  opts->priority, strerror(errno));
	return 0;
}

static int set_up(struct afxdp_txq *t, const struct vn_txq_opts *opts, struct vn_err *err)
{
	const struct layout l = lay_out(opts->frame_cap, t->is_timed ? VN_AFXDP_META_BYTES : 0);
	uint32_t n_frames = t->txq.mask + 1, in_flight = count_in_flight(&l, n_frames), n_chunks;
	struct vn_afxdp_socket_opts socket = {
		.queue = opts->queue,
		.may_move = opts->may_move,
		.chunk = l.chunk,
		.has_metadata = t->is_timed,
	};
	int rc;

	t->n_places = n_frames + in_flight;
	n_chunks = (t->n_places + l.per_chunk - 1) / l.per_chunk;
	socket.n_chunks = n_chunks + FILL_CHUNKS;
	socket.n_fill = FILL_CHUNKS;
	socket.n_tx = in_flight;
	socket.n_completed = power_of_two(t->n_places);
	rc = vn_afxdp_socket_open(t->txq.dev, &socket, &t->socket, err);
	if (rc)
		return rc;
	rc = hand_out_places(t, &l);
	if (rc)
		return vn_err_set(err, -rc, "%s: no memory for %u frames", t->txq.dev->name,
				  n_frames);
	if (t->socket.is_zero_copy)
		vn_afxdp_socket_fill(&t->socket, n_chunks, FILL_CHUNKS);
	return set_up_socket(t, opts, err);
}

static int check_length(const struct vn_netdev *dev, uint32_t cap, uint32_t most,
			struct vn_err *err)
{
	if (cap <= most)
		return 0;
	return vn_err_set(err, EMSGSIZE,
			  "%s: frames of %u bytes: by AF_XDP they have at most %u "
			  "(driver afpacket sends longer ones)",
			  dev->name, cap, most);
}

static int set_up_times(struct afxdp_txq *t, const struct vn_txq_opts *opts,
			const struct vn_afxdp_launcher *who, struct vn_err *err)
{
	struct vn_txq *q = &t->txq;

	q->commit = afxdp_commit_timed;
	if (opts->launch)
		q->launch_ns = vn_afxdp_ahead(&who->launch);
	if (opts->stamps) {
		q->departed = afxdp_departed;
		q->stamp_source = vn_tx_stamps_word(opts->stamps);
	}
	return vn_afxdp_times_open(&t->times, q->dev, &t->socket, opts, who, err);
}

void vn_afxdp_txq_close(struct vn_txq *q)
{
	struct afxdp_txq *t;

	if (!q)
		return;
	t = to_txq(q);
	vn_afxdp_times_close(&t->times);
	vn_afxdp_socket_close(&t->socket);
	free(t->free);
	free(t->content);
	vn_txq_fini(q);
	free(t);
}

int vn_afxdp_txq_open_with(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			   const struct vn_afxdp_launcher *who, struct vn_txq **out,
			   struct vn_err *err)
{
	struct afxdp_txq *t = NULL;
	int rc = check_length(dev, opts->frame_cap,
			      VN_AFXDP_CHUNK_MAX - (who ? VN_AFXDP_META_BYTES : 0), err);

	*out = NULL;
	if (rc)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	t->is_timed = who;
	/* The frames' bytes lie in the socket's memory, not here. */
	rc = vn_txq_init(&t->txq, dev, opts->n_frames, 0);
	if (rc)
		vn_err_set(err, -rc, "%s: no ring of %u frames", dev->name, opts->n_frames);
	else
		rc = set_up(t, opts, err);
	t->is_tapped = dev->tap;
	t->txq.commit = afxdp_commit;
	t->txq.outstanding = afxdp_outstanding;
	if (!rc && who)
		rc = set_up_times(t, opts, who, err);
	if (rc) {
		vn_afxdp_txq_close(&t->txq);
		return rc;
	}
	*out = &t->txq;
	return 0;
}

int vn_afxdp_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		      struct vn_err *err)
{
	const bool is_timed = opts->launch || opts->stamps;
	struct vn_afxdp_launcher who;
	int rc = is_timed ? vn_afxdp_find_launcher(dev, opts, &who, err) : 0;

	*out = NULL;
	if (rc)
		return rc;
	return vn_afxdp_txq_open_with(dev, opts, is_timed ? &who : NULL, out, err);
}

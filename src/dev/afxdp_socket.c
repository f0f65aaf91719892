/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket on one queue of an interface, and the memory that it shares with the
 * kernel. libxdp lays out the rings; it loads no program.
 *
 * Bound without asking for a mode, a socket gets zero copy from a driver that has
 * it, else copies. A queue has room for one owner of memory; who comes second is
 * refused. Our own socket before may be the one that is in the way: the kernel
 * lets go of a queue, and of its memory, some time after its socket was closed,
 * and says nothing then.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dev/afxdp_priv.h"

/* How long the kernel may take to let go: some 15 ms, and longer while others
 * change interfaces. */
#define RELEASE_TRIES  125
#define RELEASE_TRY_NS 8000000
/* Time and packets that a socket call may poll the interface's queue for. */
#define BUSY_POLL_US	 20
#define BUSY_POLL_BUDGET 64

int vn_afxdp_try_socket(const char *name, struct vn_err *err)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		return close(fd);
	if (errno == EPERM || errno == EACCES)
		return vn_err_set(err, errno,
				  "%s: needs CAP_NET_RAW (run as root or in a user namespace "
				  "with a network namespace of its own)",
				  name);
	if (errno == EAFNOSUPPORT)
		return vn_err_set(err, errno,
				  "%s: this kernel has no AF_XDP "
				  "(CONFIG_XDP_SOCKETS); driver afpacket needs none",
				  name);
	return vn_err_set(err, errno, "%s: no AF_XDP socket: %s", name, strerror(errno));
}

/* --- set-up, step by step --------------------------------------------------------- */

static int map_area(struct vn_afxdp_socket *s, const struct vn_afxdp_socket_opts *opts)
{
	void *mem;

	s->chunk = opts->chunk;
	s->size = (size_t)opts->n_chunks * opts->chunk;
	mem = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	s->area = mem;
	return 0;
}

static int share_area(struct vn_afxdp_socket *s, const struct vn_afxdp_socket_opts *opts)
{
	const struct xsk_umem_config config = {
		.fill_size = opts->n_fill,
		.comp_size = opts->n_completed,
		.frame_size = opts->chunk,
	};

	int rc = xsk_umem__create(&s->umem, s->area, s->size, &s->fill, &s->completed, &config);

	/* A child that holds it would hold the queue. */
	if (!rc && fcntl(xsk_umem__fd(s->umem), F_SETFD, FD_CLOEXEC))
		rc = -errno;
	return rc;
}

/* flags: 0 for the best that there is, or XDP_COPY. */
static int bind_queue(struct vn_afxdp_socket *s, int ifindex,
		      const struct vn_afxdp_socket_opts *opts, uint16_t flags)
{
	const struct xsk_socket_config config = {
		.rx_size = opts->n_rx,
		.tx_size = opts->n_tx,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = flags | XDP_USE_NEED_WAKEUP,
	};
	char name[IF_NAMESIZE];

	/* libxdp wants a name: the one that the interface has now. */
	if (!if_indextoname((unsigned int)ifindex, name))
		return -ENODEV;
	return xsk_socket__create(&s->xsk, name, s->queue, s->umem, opts->n_rx ? &s->rx : NULL,
				  opts->n_tx ? &s->tx : NULL, &config);
}

static void unshare_area(struct vn_afxdp_socket *s)
{
	vn_afxdp_rings_close(s);
	if (s->xsk)
		xsk_socket__delete(s->xsk);
	if (s->umem)
		xsk_umem__delete(s->umem);
	s->xsk = NULL;
	s->umem = NULL;
}

/* The socket of a binding that failed is not used again: it remembers. */
static int attempt(struct vn_afxdp_socket *s, int ifindex, const struct vn_afxdp_socket_opts *opts,
		   uint16_t flags)
{
	int rc = opts->has_metadata ? vn_afxdp_rings_open(s, ifindex, opts, flags)
				    : share_area(s, opts);

	if (!rc && !opts->has_metadata)
		rc = bind_queue(s, ifindex, opts, flags);
	if (rc)
		unshare_area(s);
	else
		s->fd = opts->has_metadata ? s->own.fd : xsk_socket__fd(s->xsk);
	return rc;
}

/* The queue, or so much memory that the user may not lock more. */
static bool is_held(int rc)
{
	return rc == -EBUSY || rc == -ENOBUFS;
}

static int attempt_while_held(struct vn_afxdp_socket *s, int ifindex,
			      const struct vn_afxdp_socket_opts *opts, uint16_t flags)
{
	const struct timespec pause = { .tv_nsec = RELEASE_TRY_NS };
	int rc = attempt(s, ifindex, opts, flags);

	for (int i = 0; is_held(rc) && i < RELEASE_TRIES; i++) {
		nanosleep(&pause, NULL);
		rc = attempt(s, ifindex, opts, flags);
	}
	return rc;
}

static bool has_zero_copy(int fd)
{
	struct xdp_options options = { 0 };
	socklen_t size = sizeof(options);

	return !getsockopt(fd, SOL_XDP, XDP_OPTIONS, &options, &size) &&
	       (options.flags & XDP_OPTIONS_ZEROCOPY);
}

/* Some drivers grant zero copy and then send nothing unless a program is on the
 * interface, and a sender brings none. */
static bool cannot_send(const struct vn_afxdp_socket *s)
{
	return sendto(s->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno == ENXIO;
}

static int bind_best(struct vn_afxdp_socket *s, int ifindex,
		     const struct vn_afxdp_socket_opts *opts)
{
	int rc = attempt_while_held(s, ifindex, opts, 0);

	if (rc)
		return rc;
	s->is_zero_copy = has_zero_copy(s->fd);
	if (!s->is_zero_copy || !opts->n_tx || !cannot_send(s))
		return 0;
	unshare_area(s);
	rc = attempt_while_held(s, ifindex, opts, XDP_COPY);
	if (rc)
		return rc;
	s->is_zero_copy = false;
	return 0;
}

/*
 * With copies there is no hardware's queue behind the socket that could be
 * polled. Not being allowed to, or a kernel that does not know it, costs speed
 * only: interrupts do the work then.
 */
static void poll_busily(const struct vn_afxdp_socket *s)
{
	const struct {
		int option, value;
	} options[] = {
		{ SO_PREFER_BUSY_POLL, 1 },
		{ SO_BUSY_POLL, BUSY_POLL_US },
		{ SO_BUSY_POLL_BUDGET, BUSY_POLL_BUDGET },
	};

	for (size_t i = 0; s->is_zero_copy && i < VN_ARRAY_SIZE(options); i++)
		if (setsockopt(s->fd, SOL_SOCKET, options[i].option, &options[i].value,
			       sizeof(options[i].value)))
			return;
}

/* --- whose queue it is ------------------------------------------------------------ */

/* Whether another queue of this device has it, which is known without asking. */
static bool claim(struct vn_afxdp_socket *s, struct vn_afxdp *d, uint16_t queue)
{
	uint64_t *word = &d->taken[queue / 64], bit = UINT64_C(1) << queue % 64;

	pthread_mutex_lock(&d->lock);
	if (!(*word & bit)) {
		*word |= bit;
		s->owner = d;
		s->queue = queue;
	}
	pthread_mutex_unlock(&d->lock);
	return s->owner;
}

/* The queue that is asked for; the next one that is free, if another will do. */
static bool claim_one(struct vn_afxdp_socket *s, struct vn_netdev *dev,
		      const struct vn_afxdp_socket_opts *opts)
{
	uint32_t end = opts->may_move ? VN_MIN(dev->n_txq, VN_AFXDP_QUEUES_MAX) : 0;
	uint32_t queue = opts->queue;

	do {
		if (claim(s, vn_afxdp_of(dev), (uint16_t)queue))
			return true;
	} while (++queue < end);
	return false;
}

static void let_go(struct vn_afxdp_socket *s)
{
	struct vn_afxdp *d = s->owner;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->taken[s->queue / 64] &= ~(UINT64_C(1) << s->queue % 64);
	pthread_mutex_unlock(&d->lock);
	s->owner = NULL;
}

static int cannot_bind(const struct vn_netdev *dev, const struct vn_afxdp_socket *s,
		       const struct vn_afxdp_socket_opts *opts, int rc, struct vn_err *err)
{
	switch (rc) {
	case -EBUSY:
		return vn_err_set(err, EBUSY,
				  "%s: queue %u is taken: a queue has one AF_XDP socket, and "
				  "another program, stream or receiver has it",
				  dev->name, opts->queue);
	case -EINVAL:
		return vn_err_set(err, EINVAL,
				  "%s: no AF_XDP socket on queue %u: the interface "
				  "has fewer queues (or no room for AF_XDP)",
				  dev->name, opts->queue);
	case -ENOBUFS:
	case -ENOMEM:
		return vn_err_set(err, -rc,
				  "%s: %zu bytes of memory cannot be shared with the "
				  "kernel (ulimit -l says how much a user may lock)",
				  dev->name, s->size);
	case -EOPNOTSUPP:
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: this kind of interface has no AF_XDP; "
				  "driver afpacket needs none",
				  dev->name);
	default:
		return vn_err_set(err, -rc, "%s: no AF_XDP socket on queue %u: %s", dev->name,
				  s->queue, strerror(-rc));
	}
}

int vn_afxdp_socket_open(struct vn_netdev *dev, const struct vn_afxdp_socket_opts *opts,
			 struct vn_afxdp_socket *s, struct vn_err *err)
{
	int rc;

	s->fd = -1;
	if (opts->queue >= VN_AFXDP_QUEUES_MAX)
		rc = -EINVAL;
	else if (!claim_one(s, dev, opts))
		rc = -EBUSY;
	else
		rc = map_area(s, opts);
	if (!rc)
		rc = bind_best(s, dev->ifindex, opts);
	if (rc) {
		cannot_bind(dev, s, opts, rc, err);
		vn_afxdp_socket_close(s);
		return rc;
	}
	poll_busily(s);
	atomic_store_explicit(&vn_afxdp_of(dev)->is_zero_copy, s->is_zero_copy,
			      memory_order_relaxed);
	return 0;
}

void vn_afxdp_socket_fill(struct vn_afxdp_socket *s, uint32_t first, uint32_t n)
{
	uint32_t at = 0;

	xsk_ring_prod__reserve(&s->fill, n, &at);
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&s->fill, at + i) = (uint64_t)(first + i) * s->chunk;
	xsk_ring_prod__submit(&s->fill, n);
}

void vn_afxdp_socket_close(struct vn_afxdp_socket *s)
{
	unshare_area(s);
	if (s->area)
		munmap(s->area, s->size);
	s->area = NULL;
	let_go(s);
}

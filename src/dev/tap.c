/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tap: the machine at the far end of a TAP interface. What is sent here the
 * kernel receives on the interface; what the kernel sends on it is received
 * here. So the device has a MAC of its own and no addresses: the interface's
 * belong to the other end of the cable.
 *
 * An interface that is there is attached to, and is as it was found when the
 * device is closed. One that is not there is made, brought up, and goes with
 * the device.
 *
 * One descriptor is the cable. A write sends a frame, whichever thread makes
 * it, so transmit queues share it; a read takes a frame, so there is one receive
 * queue at a time.
 *
 * Stamps: the clock when a frame is read. The kernel keeps none for us, so how
 * long a frame waited to be read is not seen in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/drivers.h"
#include "dev/link.h"
#include "dev/route.h"
#include "wire/wire.h"

#define CONTROL "/dev/net/tun"
#define GROUP	64
/* The longest frame: an MTU of 65521, which is the most that a TAP can be given,
 * its header and tags. An odd number of cache lines, as in vn_txq_init(). */
#define FRAME_BYTES ((65536 / VN_CACHELINE + 1) * VN_CACHELINE)

struct tap {
	struct vn_netdev net;
	int fd;	      /* the cable */
	int ask_fd;   /* a socket, for questions about the interface */
	bool has_rxq; /* its frames are taken by one queue */
};

struct tap_rxq {
	struct vn_rxq rxq;
	uint8_t *room; /* GROUP frames of FRAME_BYTES; pages that are not used cost nothing */
	bool was_up;   /* when it was last asked */
	uint64_t dropped_before; /* the interface's counter when the queue was opened */
	struct vn_rxq_stats stats;
};

static struct tap *to_tap(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct tap, net);
}

/* --- sending ------------------------------------------------------------------- */

static bool is_too_long(const struct vn_netdev *dev, const struct vn_frame *f)
{
	uint32_t most = dev->mtu + VN_ETH_HLEN;
	uint16_t type;

	if (!dev->mtu || f->len <= most)
		return false;
	/* As packet sockets have it: one tag is allowed for. */
	type = vn_get_be16(f->data + VN_ETH_TYPE);
	return type != VN_ETHERTYPE_VLAN || f->len > most + VN_VLAN_HLEN;
}

static enum vn_tx_code code_of(int error)
{
	switch (error) {
	case EAGAIN:
		return VN_TX_BUSY;
	case EIO:    /* the interface is down */
	case EBADFD: /* it is gone */
		return VN_TX_DOWN;
	default:
		return VN_XMIT_DROP;
	}
}

static enum vn_tx_code send_one(struct vn_netdev *dev, const struct vn_frame *f)
{
	ssize_t n;

	if (is_too_long(dev, f))
		return VN_XMIT_DROP;
	do
		n = write(to_tap(dev)->fd, f->data, f->len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? code_of(errno) : VN_TX_OK;
}

static struct vn_tx_done tap_commit(struct vn_txq *q, unsigned int n)
{
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };

	while (done.sent < n) {
		done.code = (int32_t)send_one(q->dev, &q->frames[(q->tail + done.sent) & q->mask]);
		if (done.code != VN_TX_OK)
			break;
		done.sent++;
	}
	return done;
}

static void tap_txq_close(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(q);
}

static int tap_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			struct vn_err *err)
{
	struct vn_txq *q = calloc(1, sizeof(*q));
	int rc = q ? vn_txq_init(q, dev, opts->n_frames, opts->frame_cap) : -ENOMEM;

	*out = NULL;
	if (rc) {
		free(q);
		return vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
				  opts->n_frames, opts->frame_cap);
	}
	q->commit = tap_commit;
	*out = q;
	return 0;
}

/* --- receiving ----------------------------------------------------------------- */

static struct tap_rxq *to_rxq(struct vn_rxq *q)
{
	return vn_container_of(q, struct tap_rxq, rxq);
}

/* Reads up to n frames that are there. How many, or -errno when there is none
 * and will be none. */
static int read_group(struct tap_rxq *r, unsigned int n, struct vn_rx_pkt *pkts)
{
	struct tap *d = to_tap(r->rxq.dev);
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint8_t *data = r->room + (size_t)i * FRAME_BYTES;
		ssize_t len = read(d->fd, data, FRAME_BYTES);

		if (len < 0)
			break;
		pkts[i] = (struct vn_rx_pkt){
			.data = data,
			.caplen = (uint32_t)len,
			.len = (uint32_t)len,
			.stamp_ns = d->net.clock->wall(d->net.clock),
		};
	}
	if (i || !n || errno == EAGAIN || errno == EINTR)
		return (int)i;
	return errno == EBADFD ? -ENODEV : -errno;
}

/* Hands on up to budget frames that are there. How many, or -errno. */
static int take(struct tap_rxq *r, unsigned int budget, vn_rx_handler handler, void *arg)
{
	struct vn_rx_pkt pkts[GROUP];
	unsigned int done = 0;
	int n;

	do {
		n = read_group(r, VN_MIN(budget - done, GROUP), pkts);
		if (n <= 0)
			break;
		handler(arg, pkts, (unsigned int)n);
		done += (unsigned int)n;
	} while (done < budget);
	r->stats.packets += done;
	return done ? (int)done : n;
}

static int wait_frame(const struct tap *d, uint64_t timeout_ns)
{
	struct pollfd pfd = { .fd = d->fd, .events = POLLIN };
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % VN_NSEC_PER_SEC),
	};

	return ppoll(&pfd, 1, &ts, NULL) < 0 && errno != EINTR ? -errno : 0;
}

/*
 * The descriptor does not tell that the interface goes down, so it is asked
 * about whenever nothing came. An interface that is not found was moved to another
 * namespace: the cable goes with it, and works.
 */
static int report_down(struct tap_rxq *r)
{
	struct tap *d = to_tap(r->rxq.dev);
	int flags = vn_link_flags(d->ask_fd, d->net.ifindex);
	bool was_up = r->was_up;

	if (flags >= 0)
		r->was_up = flags & IFF_UP;
	return was_up && !r->was_up ? -ENETDOWN : 0;
}

static int tap_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		    vn_rx_handler handler, void *arg)
{
	struct tap_rxq *r = to_rxq(q);
	int n = take(r, budget, handler, arg);

	if (n == 0 && timeout_ns) {
		n = wait_frame(to_tap(q->dev), timeout_ns);
		if (n == 0)
			n = take(r, budget, handler, arg);
	}
	return n == 0 ? report_down(r) : n;
}

/* What found the cable's queue full the interface counts as dropped. */
static void tap_rx_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	struct tap_rxq *r = to_rxq(q);
	uint64_t dropped;

	if (!vn_link_tx_dropped(q->dev->ifindex, &dropped) && dropped >= r->dropped_before)
		r->stats.drops = dropped - r->dropped_before;
	*out = r->stats;
}

static void tap_rxq_close(struct vn_rxq *q)
{
	struct tap_rxq *r;

	if (!q)
		return;
	r = to_rxq(q);
	to_tap(q->dev)->has_rxq = false;
	free(r->room);
	free(r);
}

static int tap_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			struct vn_err *err)
{
	struct tap *d = to_tap(dev);
	struct tap_rxq *r;
	int flags;

	*out = NULL;
	if (d->has_rxq)
		return vn_err_set(err, EBUSY, "%s: receives already: a TAP has one receive queue",
				  dev->name);
	r = calloc(1, sizeof(*r));
	if (r)
		r->room = malloc((size_t)GROUP * FRAME_BYTES);
	if (!r || !r->room) {
		free(r);
		return vn_err_set(err, ENOMEM, "%s: no memory for frames", dev->name);
	}
	flags = vn_link_flags(d->ask_fd, dev->ifindex);
	r->was_up = flags >= 0 && (flags & IFF_UP);
	if (vn_link_tx_dropped(dev->ifindex, &r->dropped_before))
		r->dropped_before = 0;
	r->rxq.poll = tap_poll;
	r->rxq.stats = tap_rx_stats;
	r->rxq.dev = dev;
	r->rxq.fd = d->fd;
	d->has_rxq = true;
	*out = &r->rxq;
	return 0;
}

/* --- the device ---------------------------------------------------------------- */

static int attach(struct tap *d, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags) };

	memcpy(ifr.ifr_name, d->net.name, IFNAMSIZ); /* checked to fit */
	return ioctl(d->fd, TUNSETIFF, &ifr) ? -errno : 0;
}

static int bring_up(const struct tap *d)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	memcpy(ifr.ifr_name, d->net.name, IFNAMSIZ);
	if (ioctl(d->ask_fd, SIOCGIFFLAGS, &ifr))
		return -errno;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(d->ask_fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

static int make(struct tap *d)
{
	int rc = attach(d, IFF_TUN_EXCL);

	return rc ? rc : bring_up(d);
}

/* An interface that was made for several queues is attached to only so. */
static int attach_found(struct tap *d)
{
	int rc = attach(d, 0);

	return rc == -EINVAL ? attach(d, IFF_MULTI_QUEUE) : rc;
}

static int cannot_attach(const char *name, bool is_found, int rc, struct vn_err *err)
{
	switch (rc) {
	case -EPERM:
		return vn_err_set(err, EPERM,
				  "%s: needs CAP_NET_ADMIN, or a TAP interface that is the user's "
				  "(ip tuntap add dev %s mode tap user NAME)",
				  name, name);
	case -EBUSY:
		return vn_err_set(err, EBUSY, "%s: another program is attached to it", name);
	case -EINVAL:
		return vn_err_set(err, EINVAL, "%s: %s", name,
				  is_found ? "is no TAP interface"
					   : "cannot be the name of an interface");
	default:
		return vn_err_set(err, -rc, "%s: cannot be attached to: %s", name, strerror(-rc));
	}
}

static int connect_cable(struct tap *d, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_find(d->net.name, &l);
	bool is_found = rc != -ENODEV;

	if (rc && is_found)
		return vn_err_set(err, -rc, "%s: cannot be looked up: %s", d->net.name,
				  strerror(-rc));
	rc = is_found ? attach_found(d) : make(d);
	if (rc)
		return cannot_attach(d->net.name, is_found, rc, err);
	/* Whole frames with all their checksums, whatever the program said that was
	 * attached before. */
	if (ioctl(d->fd, TUNSETOFFLOAD, 0))
		return vn_err_set(err, errno, "%s: offloads stay: %s", d->net.name,
				  strerror(errno));
	return 0;
}

static int open_control(struct tap *d, struct vn_err *err)
{
	d->fd = open(CONTROL, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return vn_err_set(err, errno,
				  "%s: no %s: the kernel has no TAP interfaces (modprobe tun)",
				  d->net.name, CONTROL);
	if (d->fd < 0)
		return vn_err_set(err, errno, "%s: %s: %s", d->net.name, CONTROL, strerror(errno));
	d->ask_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (d->ask_fd < 0)
		return vn_err_set(err, errno, "%s: no socket: %s", d->net.name, strerror(errno));
	return 0;
}

/* What of the interface is true of the cable. Not its addresses, and not its
 * speed: the number that the system shows for a TAP means nothing. */
static void take_over(struct vn_netdev *dev, const struct vn_link *l)
{
	snprintf(dev->name, sizeof(dev->name), "%s", l->name);
	dev->ifindex = l->ifindex;
	dev->is_up = l->is_up;
	dev->has_carrier = l->has_carrier;
	dev->mtu = l->mtu;
}

/* The far end's MAC: locally administered, made from the interface's so that it
 * is the same every time, and not the interface's. */
static void choose_mac(struct vn_netdev *dev, const uint8_t theirs[6])
{
	memcpy(dev->mac, theirs, sizeof(dev->mac));
	dev->mac[0] = (uint8_t)((dev->mac[0] | 2) & ~1);
	dev->mac[5] ^= 1;
}

static int look_up(struct vn_netdev *dev, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_find(dev->name, &l);

	if (!rc)
		rc = vn_route_is_way_out(l.ifindex, l.master, &dev->holds_default_route);
	if (rc)
		return vn_err_set(err, -rc, "%s: cannot be looked up: %s", dev->name,
				  strerror(-rc));
	take_over(dev, &l);
	choose_mac(dev, l.mac);
	return 0;
}

static int tap_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_read(dev->ifindex, &l);

	if (rc == -ENODEV)
		return vn_err_set(err, ENODEV, "%s: the interface is gone", dev->name);
	if (rc)
		return vn_err_set(err, -rc, "%s: cannot be looked up: %s", dev->name,
				  strerror(-rc));
	take_over(dev, &l);
	return 0;
}

static void tap_close(struct vn_netdev *dev)
{
	struct tap *d;

	if (!dev)
		return;
	d = to_tap(dev);
	if (d->fd >= 0)
		close(d->fd);
	if (d->ask_fd >= 0)
		close(d->ask_fd);
	free(d);
}

static int tap_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct tap *d;
	int rc;

	*out = NULL;
	if (strlen(opts->target) >= IFNAMSIZ || strchr(opts->target, '%'))
		return cannot_attach(opts->target, false, -EINVAL, err);
	d = calloc(1, sizeof(*d));
	if (!d)
		return vn_err_set(err, ENOMEM, "%s: no memory", opts->target);
	vn_netdev_init(&d->net, &vn_tap_ops, opts);
	d->fd = d->ask_fd = -1;
	rc = open_control(d, err);
	if (!rc)
		rc = connect_cable(d, err);
	if (!rc)
		rc = look_up(&d->net, err);
	if (rc) {
		tap_close(&d->net);
		return rc;
	}
	*out = &d->net;
	return 0;
}

/* Whoever attaches to it gives it a carrier, so this does not. */
static const char *why_not_attached(const struct vn_link *l)
{
	if (strcmp(l->kind, "tun") || l->type != ARPHRD_ETHER)
		return "is no TAP interface";
	return l->is_up && l->has_carrier ? "has another program attached to it" : NULL;
}

static void tap_probe(const char *name, struct vn_netdev_probe *out)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	int denied = fd < 0 ? errno : 0;
	struct vn_link l;
	int rc = vn_link_find(name, &l);
	const char *why = rc ? NULL : why_not_attached(&l);

	snprintf(out->how, sizeof(out->how), "far end of a TAP interface");
	if (denied)
		snprintf(out->why, sizeof(out->why), CONTROL ": %s", strerror(denied));
	else if (rc && rc != -ENODEV)
		snprintf(out->why, sizeof(out->why), "%s: %s", name, strerror(-rc));
	else if (why)
		snprintf(out->why, sizeof(out->why), "%s %s", name, why);
	else
		out->can_send = out->can_receive = true;
	if (fd >= 0)
		close(fd);
	if (denied == ENOENT)
		snprintf(out->mend, sizeof(out->mend), "modprobe tun");
}

const struct vn_netdev_ops vn_tap_ops = {
	.name = "tap",
	.summary = "the far end of a TAP interface, which is made if there is none",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_NEEDS_IF,
	.open = tap_open,
	.probe = tap_probe,
	.refresh = tap_refresh,
	.txq_open = tap_txq_open,
	.txq_close = tap_txq_close,
	.rxq_open = tap_rxq_open,
	.rxq_close = tap_rxq_close,
	.close = tap_close,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit queue on a packet socket: one sendmmsg a batch, straight out of the
 * lent frames. The message headers are laid out once; a commit only writes the
 * lengths. A single frame, as paced traffic has them, goes by send, which is a
 * tenth cheaper then.
 *
 * A transmit ring (PACKET_TX_RING) spares the copy out of the frame and costs
 * more: pages to hold and give back, and a copy after all wherever a device
 * hands the frame on. On veth it took 6 to 11 % more CPU time a frame in batches
 * of 16 and 64, still 1 to 9 % in batches of 256, short frames and long ones.
 *
 * The kernel dissects each frame to note where its transport header is, for
 * disciplines and hardware that ask. A veth asks nothing and its peer finds out
 * by itself; for it the frames are announced as of a protocol that cannot be
 * dissected, which saves 4 % of a frame's time (2 % with a plain receiver).
 *
 * sendmmsg tells how many went and loses why it stopped. So after a short
 * return the packet it stopped at is simply offered again, and only an error
 * it meets then, as the first of its call, is believed and counted.
 *
 * With stamps of departure each frame is a call: the kernel numbers the frames it
 * stamps, those that a device refuses too, and only the errno tells which of them
 * got a number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afpacket_priv.h"
#include "dev/afpacket_times.h"
#include "dev/link.h"
#include "wire/wire.h"

#define SNDBUF_BYTES (16 << 20)
/* IEEE 802's type for local experiments: nothing parses it. Only the kernel's
 * note beside the frame says so; the frame's own type field is what it is. */
#define UNPARSED_PROTOCOL 0x88b5
/* What a queued short frame is charged to the socket, about: kernel memory. */
#define QUEUED_BYTES 768
/* Successive drops between two questions to the driver about its carrier. */
#define CARRIER_EVERY 64

struct afpacket_txq {
	struct vn_afpacket_txq base;
	uint32_t drops_in_row;
	struct mmsghdr *msgs; /* one for each frame of the ring */
	struct iovec *iov;
	struct vn_afpacket_times times; /* launch times and stamps, if asked for */
};

static struct afpacket_txq *to_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct afpacket_txq, base.txq);
}

/*
 * Why a device refused a frame it does not say. The interface's flags are
 * cheap to read and follow the carrier after a while; the driver's own word is
 * exact but takes the system's configuration lock, so under a stream of drops
 * it is asked now and then only.
 */
static bool link_is_down(struct afpacket_txq *t)
{
	int ifindex = t->base.txq.dev->ifindex;

	if (vn_link_is_down(t->base.fd, ifindex))
		return true;
	return t->drops_in_row++ % CARRIER_EVERY == 0 && vn_link_carrier(t->base.fd, ifindex) <= 0;
}

static enum vn_tx_code code_of(struct afpacket_txq *t, int error)
{
	switch (error) {
	case EAGAIN:
		return VN_TX_BUSY;
	case ENETDOWN:
	case ENXIO:
	case ENODEV:
		return VN_TX_DOWN;
	case EMSGSIZE:
		return VN_XMIT_DROP;
	default:
		return link_is_down(t) ? VN_TX_DOWN : VN_XMIT_DROP;
	}
}

/* An error that says nothing of the frame: a signal, or news of a link that was
 * down and is up again, which the socket keeps until somebody has read it. */
static bool is_stale(struct afpacket_txq *t, int error)
{
	return error == EINTR || (error == ENETDOWN && !link_is_down(t));
}

/* Offers the n frames from index at; how many went, or -1 with errno. */
static int offer(struct afpacket_txq *t, uint32_t at, unsigned int n)
{
	if (n > 1)
		return sendmmsg(t->base.fd, &t->msgs[at], n, MSG_DONTWAIT);
	return send(t->base.fd, t->iov[at].iov_base, t->iov[at].iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
}

/* The same of a queue with launch times. */
static int offer_launched(struct afpacket_txq *t, uint32_t at, unsigned int n)
{
	int sent = sendmmsg(t->base.fd, &t->msgs[at], n, MSG_DONTWAIT);

	for (int i = 0; i < sent; i++)
		vn_afpacket_times_sent(&t->times, &t->base.txq.frames[at + (uint32_t)i]);
	return sent;
}

/*
 * Whether a frame that was refused took one of the numbers that stamps come with.
 * The kernel gives it one before it offers it to the device, and before it looks
 * whether the length that a tag adds to the MTU is a tag's; longer frames, full
 * sockets and links that are down it notices earlier.
 */
static bool has_number(const struct vn_txq *q, const struct vn_frame *f, int error)
{
	if (error == EMSGSIZE)
		return f->len <= q->dev->mtu + VN_ETH_HLEN + VN_VLAN_HLEN;
	return error == ENOBUFS;
}

/* With stamps, too. */
static int offer_stamped(struct afpacket_txq *t, uint32_t at, unsigned int n)
{
	const struct vn_frame *f = &t->base.txq.frames[at];

	if (sendmsg(t->base.fd, &t->msgs[at].msg_hdr, MSG_DONTWAIT) >= 0) {
		vn_afpacket_times_sent(&t->times, f);
		return 1;
	}
	if (has_number(&t->base.txq, f, errno))
		vn_txstamp_skip(&t->times.stamps);
	return -1;
}

typedef int (*offer_fn)(struct afpacket_txq *t, uint32_t at, unsigned int n);

/* Inlined into each kind of commit, with the offer that it makes. */
static inline __attribute__((always_inline)) struct vn_tx_done
hand_over(struct afpacket_txq *t, unsigned int n, offer_fn offer_some)
{
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	struct vn_txq *q = &t->base.txq;
	uint32_t at = q->tail & q->mask;

	for (unsigned int i = 0; i < n; i++)
		t->iov[at + i].iov_len = q->frames[at + i].len;
	while (done.sent < n) {
		int rc = offer_some(t, at + done.sent, n - done.sent);

		if (rc > 0) {
			done.sent += (uint32_t)rc;
			t->drops_in_row = 0;
		} else if (!is_stale(t, errno)) {
			done.code = (int32_t)code_of(t, errno);
			break;
		}
	}
	return done;
}

static struct vn_tx_done afpacket_commit(struct vn_txq *q, unsigned int n)
{
	return hand_over(to_txq(q), n, offer);
}

static struct vn_tx_done afpacket_commit_timed(struct vn_txq *q, unsigned int n)
{
	struct afpacket_txq *t = to_txq(q);
	unsigned int fit = vn_afpacket_times_begin(&t->times, q, q->tail & q->mask, n);
	struct vn_tx_done done = t->times.has_stamps ? hand_over(t, fit, offer_stamped)
						     : hand_over(t, fit, offer_launched);

	if (done.code == VN_TX_OK && fit < n)
		done.code = VN_TX_BUSY;
	return done;
}

static uint32_t afpacket_outstanding(struct vn_txq *q)
{
	int bytes = 0;

	if (ioctl(to_txq(q)->base.fd, SIOCOUTQ, &bytes) || bytes <= 0)
		return 0;
	return ((uint32_t)bytes + QUEUED_BYTES - 1) / QUEUED_BYTES;
}

/* Stamps that are still to come count, too. */
static uint32_t afpacket_outstanding_timed(struct vn_txq *q)
{
	uint32_t expected = vn_txstamp_expected(&to_txq(q)->times.stamps);

	return VN_MAX(expected, afpacket_outstanding(q));
}

static unsigned int afpacket_departed(struct vn_txq *q, struct vn_departed *out, unsigned int cap)
{
	return vn_txstamp_take(&to_txq(q)->times.stamps, out, cap);
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

/* Sockets that name a protocol receive it too: this one takes nothing. */
static int refuse_all(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &nothing };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

static int set_up_socket(struct afpacket_txq *t, const struct vn_txq_opts *opts, struct vn_err *err)
{
	const char *name = t->base.txq.dev->name;
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = t->base.txq.dev->ifindex,
	};
	int rc = 0;

	if (opts->path == VN_PATH_DRIVER)
		rc = set_option(t->base.fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
	if (rc)
		return vn_err_set(err, -rc, "%s: cannot bypass the queueing discipline: %s", name,
				  strerror(-rc));
	/* Above the system's limit when we may, up to it otherwise. */
	if (set_option(t->base.fd, SOL_SOCKET, SO_SNDBUFFORCE, SNDBUF_BYTES))
		set_option(t->base.fd, SOL_SOCKET, SO_SNDBUF, SNDBUF_BYTES);
	if (opts->priority)
		rc = set_option(t->base.fd, SOL_SOCKET, SO_PRIORITY, (int)opts->priority);
	if (rc)
		return vn_err_set(err, -rc, "%s: priority %u: %s", name, opts->priority,
				  strerror(-rc));
	if (opts->path == VN_PATH_DRIVER && vn_ifdev_of(t->base.txq.dev)->rereads_type &&
	    !refuse_all(t->base.fd))
		addr.sll_protocol = htons(UNPARSED_PROTOCOL);
	if (bind(t->base.fd, (struct sockaddr *)&addr, sizeof(addr)))
		return vn_err_set(err, errno, "%s: cannot send: %s", name, strerror(errno));
	return 0;
}

static int lay_out_messages(struct afpacket_txq *t)
{
	uint32_t n = t->base.txq.mask + 1;

	t->msgs = calloc(n, sizeof(*t->msgs));
	t->iov = calloc(n, sizeof(*t->iov));
	if (!t->msgs || !t->iov)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		t->iov[i].iov_base = t->base.txq.frames[i].data;
		t->msgs[i].msg_hdr.msg_iov = &t->iov[i];
		t->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static void afpacket_txq_close(struct vn_txq *q)
{
	struct afpacket_txq *t = to_txq(q);

	vn_afpacket_times_close(&t->times);
	if (t->base.fd >= 0)
		close(t->base.fd);
	free(t->msgs);
	free(t->iov);
	vn_txq_fini(q);
	free(t);
}

static int set_up_times(struct afpacket_txq *t, const struct vn_txq_opts *opts,
			const struct vn_launch_qdisc *launcher, struct vn_err *err)
{
	struct vn_txq *q = &t->base.txq;

	q->commit = afpacket_commit;
	q->outstanding = afpacket_outstanding;
	if (!opts->stamps && !launcher)
		return 0;
	q->commit = afpacket_commit_timed;
	q->outstanding = afpacket_outstanding_timed;
	if (opts->stamps) {
		q->departed = afpacket_departed;
		q->stamp_source = vn_tx_stamps_word(opts->stamps);
	}
	if (launcher)
		q->launch_ns = vn_afpacket_ahead(&launcher->launch);
	return vn_afpacket_times_open(&t->times, q, t->base.fd, opts, launcher, t->msgs, err);
}

int vn_afpacket_txq_open_under(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			       const struct vn_launch_qdisc *launcher, struct vn_txq **out,
			       struct vn_err *err)
{
	struct afpacket_txq *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	t->base.fd = -1;
	rc = vn_txq_init(&t->base.txq, dev, opts->n_frames, opts->frame_cap);
	if (!rc)
		rc = lay_out_messages(t);
	if (rc) {
		vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
			   opts->n_frames, opts->frame_cap);
		goto err_close;
	}
	rc = t->base.fd = vn_afpacket_socket(dev->name, err);
	if (rc >= 0)
		rc = set_up_socket(t, opts, err);
	if (rc >= 0)
		rc = set_up_times(t, opts, launcher, err);
	if (rc < 0)
		goto err_close;
	t->base.close = afpacket_txq_close;
	*out = &t->base.txq;
	return 0;

err_close:
	afpacket_txq_close(&t->base.txq);
	return rc;
}

int vn_afpacket_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err)
{
	struct vn_launch_qdisc launcher;
	int rc = opts->launch ? vn_afpacket_find_launcher(dev, opts, &launcher, err) : 0;

	*out = NULL;
	if (rc)
		return rc;
	return vn_afpacket_txq_open_under(dev, opts, opts->launch ? &launcher : NULL, out, err);
}

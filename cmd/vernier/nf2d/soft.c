/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary interface as the card (caliper/softcard.h): this thread keeps the
 * times itself, or hands frames over to who does. Far from the next departure it
 * waits as any daemon; nearer than its sleeps are exact it looks around without
 * waiting; and very near it does nothing but send. Where departures are never far
 * from each other it takes packets when there are no more, many at a time, but looks
 * now and then whether somebody wants to change the course of things.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/wakeup.h"
#include "caliper/softcard.h"
#include "nf2d.h"

#define NEAR_NS	  6000 /* longer than a look around that finds nothing takes */
#define TRANSFERS 8	/* under way at a time */
#define FRAME_CAP 2048
#define RX_BYTES  (8 << 20)
#define LOOK_NS	  50000 /* without a look at all, at most */

struct nf2d_soft {
	struct vn_netdev *dev, *rx_dev;
	struct vn_txq *txq;
	struct vn_rxq *rxq;
	struct vn_softcard *card;
	struct vn_wakeup wakeup;
	uint64_t looked_ns; /* when it looked around last */
	bool is_near;	    /* a departure was, then */
	bool told_down;	    /* that the interface takes no frames was said */
	uint64_t lost;	    /* packets that it did not take, as the driver knows of */
};

/* What each back end is, as the drivers of src/dev have it. */
static const struct {
	const char *driver;
	enum vn_launch_by launch;
	enum cal_precision precision;
} kinds[] = {
	[NF2D_PACKET] = { "afpacket", VN_LAUNCH_OFF, CAL_BY_SPINNING },
	[NF2D_TXTIME] = { "afpacket", VN_LAUNCH_QDISC, CAL_BY_QDISC },
	[NF2D_XDP] = { "afxdp", VN_LAUNCH_OFF, CAL_BY_SPINNING },
	[NF2D_LAUNCH] = { "afxdp", VN_LAUNCH_DEVICE, CAL_BY_DEVICE },
};

/* --- opening ----------------------------------------------------------------------- */

static int open_txq(struct nf2d *n, struct nf2d_soft *soft, struct vn_err *err)
{
	const struct vn_netdev_opts opts = { .target = n->s.target, .clock = &n->clock };
	const enum vn_launch_by launch = kinds[n->s.back_end].launch;
	const struct vn_txq_opts tx = {
		.frame_cap = FRAME_CAP,
		.launch = launch,
		.stamps = n->s.departure_stamps,
		/* What bypasses the discipline it cannot let go at its time. */
		.path = launch == VN_LAUNCH_QDISC ? VN_PATH_QDISC : VN_PATH_DRIVER,
	};
	const uint32_t caps = VN_CAP_TX | (launch ? VN_CAP_LAUNCH : 0) |
			      (n->s.departure_stamps ? VN_CAP_TX_STAMPS : 0);
	int rc = vn_netdev_open(kinds[n->s.back_end].driver, caps, &opts, &soft->dev, err);

	return rc ? rc : vn_netdev_txq_open(soft->dev, &tx, &soft->txq, err);
}

/* Always by a packet socket: a queue has one AF_XDP socket, and that sends; and what is
 * received reaches the host's stack all the same. */
static int open_rxq(struct nf2d *n, struct nf2d_soft *soft, struct vn_err *err)
{
	const struct vn_netdev_opts opts = { .target = n->s.target, .clock = &n->clock };
	const struct vn_rxq_opts rx = { .is_prompt = true, .ring_bytes = RX_BYTES };
	int rc = vn_netdev_open("afpacket", VN_CAP_RX, &opts, &soft->rx_dev, err);

	return rc ? rc : soft->rx_dev->ops->rxq_open(soft->rx_dev, &rx, &soft->rxq, err);
}

int nf2d_soft_open(struct nf2d *n, struct vn_err *err)
{
	struct vn_softcard_config cfg = { .clock = &n->clock };
	int rc;

	n->soft = calloc(1, sizeof(*n->soft));
	if (!n->soft)
		return vn_err_set(err, ENOMEM, "no memory");
	rc = open_txq(n, n->soft, err);
	if (!rc)
		rc = open_rxq(n, n->soft, err);
	if (rc)
		return rc;
	cfg.txq = n->soft->txq;
	cfg.rxq = n->soft->rxq;
	return vn_softcard_new(&cfg, &n->soft->card, err);
}

void nf2d_soft_close(struct nf2d *n)
{
	struct nf2d_soft *soft = n->soft;

	if (!soft)
		return;
	vn_softcard_free(soft->card);
	if (soft->rxq)
		soft->rx_dev->ops->rxq_close(soft->rxq);
	if (soft->txq)
		soft->dev->ops->txq_close(soft->txq);
	vn_netdev_close(soft->rx_dev);
	vn_netdev_close(soft->dev);
	free(soft);
	n->soft = NULL;
}

const struct vn_softcard *nf2d_soft_card(const struct nf2d *n)
{
	return n->soft ? n->soft->card : NULL;
}

void nf2d_soft_config(const struct nf2d *n, struct vn_nf2_config *cfg)
{
	cfg->transfers = VN_MIN(TRANSFERS, cfg->txbuffs);
	cfg->ns_per_cycle = 1;
	cfg->precision = kinds[n->s.back_end].precision;
}

/* --- what the driver calls ------------------------------------------------------------ */

static int dma_tx(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct nf2d *n = arg;

	return vn_softcard_dma_tx(n->soft->card, bytes, len);
}

static int dma_rx(void *arg)
{
	struct nf2d *n = arg;

	return vn_softcard_dma_rx(n->soft->card);
}

static uint32_t read_status(void *arg)
{
	struct nf2d *n = arg;

	return vn_softcard_read_status(n->soft->card);
}

static void write_mask(void *arg, uint32_t mask)
{
	/* It has none: what it raises is looked at when there is time. */
}

static void deliver(void *arg, const uint8_t *frame, uint32_t len)
{
	/* The host's stack has its own way to what arrives on its interface. */
}

const struct vn_nf2_ops nf2d_soft_ops = {
	.dma_tx = dma_tx,
	.dma_rx = dma_rx,
	.read_status = read_status,
	.write_mask = write_mask,
	.nl_send = nf2d_nl_send,
	.deliver = deliver,
	.carrier = nf2d_carrier,
	.now = nf2d_now,
	.log = nf2d_log,
};

/* --- the loop ------------------------------------------------------------------------ */

enum { STOP, CONTROL, DATA, IFACE, FRAME, N_FDS };

static void fill(struct nf2d *n, struct pollfd fds[N_FDS])
{
	const int of[N_FDS] = {
		[STOP] = n->stop_fd,
		[CONTROL] = nf2d_peers_fd(n->peers, NF2D_CONTROL),
		[DATA] = vn_nf2_takes_data(n->driver) ? nf2d_peers_fd(n->peers, NF2D_DATA) : -1,
		[IFACE] = nf2d_iface_fd(&n->iface),
		[FRAME] = n->soft->rxq->fd ? n->soft->rxq->fd : -1,
	};

	for (unsigned int i = 0; i < N_FDS; i++)
		fds[i] = (struct pollfd){ .fd = of[i], .events = POLLIN };
}

static bool has_work(struct nf2d *n)
{
	return nf2d_peers_has(n->peers, NF2D_CONTROL) || nf2d_has_data(n);
}

/* How long it may sleep: until a sleep would end too late for the next departure. */
static uint64_t sleep_ns(struct nf2d *n, uint64_t now)
{
	uint64_t departure = vn_softcard_next_ns(n->soft->card);
	uint64_t until = vn_nf2_next_ns(n->driver);

	if (n->s.spins || has_work(n))
		return 0;
	if (departure != UINT64_MAX)
		until = VN_MIN(until, departure - VN_MIN(departure, n->soft->wakeup.spin_ns));
	return until == UINT64_MAX ? until : until - VN_MIN(until, now);
}

/* Whether there is time to look around, and what was seen then. */
static bool look_around(struct nf2d *n, struct pollfd fds[N_FDS])
{
	uint64_t now = vn_clock_now(&n->clock), ns;
	struct nf2d_soft *soft = n->soft;
	struct timespec limit;

	soft->is_near = vn_softcard_next_ns(soft->card) <= now + NEAR_NS;
	if (soft->is_near && now - soft->looked_ns < LOOK_NS)
		return false;
	soft->looked_ns = now;
	ns = soft->is_near ? 0 : sleep_ns(n, now);
	limit.tv_sec = (time_t)(ns / VN_NSEC_PER_SEC);
	limit.tv_nsec = (long)(ns % VN_NSEC_PER_SEC);
	fill(n, fds);
	return ppoll(fds, N_FDS, ns == UINT64_MAX ? NULL : &limit, NULL) >= 0;
}

/* Frames wait meanwhile, which looks like a driver that hangs. That the interface is gone is told
 * by who watches it, and ends us. */
static void tell_link(struct nf2d *n)
{
	int link = vn_softcard_link(n->soft->card);
	bool is_down = link == -ENETDOWN;

	if (is_down == n->soft->told_down || link == -ENODEV)
		return;
	n->soft->told_down = is_down;
	nf2d_log(n, is_down ? "no carrier, or down: frames wait" : "the link is back");
}

/* Said once; how many is counted. */
static void tell_lost(struct nf2d *n)
{
	struct nf2d_soft *soft = n->soft;
	uint64_t lost = vn_softcard_lost(soft->card);

	if (lost == soft->lost)
		return;
	if (!soft->lost)
		nf2d_log(n, "packets are lost: the interface does not take them (is its MTU too "
			    "small?)");
	vn_nf2_lost(n->driver, lost - soft->lost);
	soft->lost = lost;
}

static void hear_card(struct nf2d *n)
{
	const uint8_t *bytes;
	uint32_t len;

	vn_nf2_intr(n->driver);
	while ((bytes = vn_softcard_dma_data(n->soft->card, &len))) {
		vn_nf2_dma_data(n->driver, bytes, len);
		vn_nf2_intr(n->driver);
	}
}

static void turn(struct nf2d *n, struct vn_err *err)
{
	struct pollfd fds[N_FDS];

	if (look_around(n, fds)) {
		tell_link(n);
		tell_lost(n);
		if (fds[IFACE].revents)
			nf2d_hear_iface(n, err);
		if (fds[CONTROL].revents || nf2d_peers_has(n->peers, NF2D_CONTROL))
			nf2d_hear_control(n);
		/* A CANCEL does not wait for a time without departures to be answered. */
		if ((!n->soft->is_near || vn_nf2_awaits_data_over(n->driver)) &&
		    (fds[DATA].revents || nf2d_has_data(n)))
			nf2d_hear_data(n, 1);
		if (vn_nf2_next_ns(n->driver) <= vn_clock_now(&n->clock))
			vn_nf2_timer(n->driver);
	}
	if (vn_softcard_run(n->soft->card, NEAR_NS, &n->stop_word))
		hear_card(n);
}

int nf2d_soft_loop(struct nf2d *n, struct vn_err *err)
{
	vn_thread_slack(1);
	vn_wakeup_measure(&n->soft->wakeup);
	while (!n->is_over && !atomic_load_explicit(&n->stop_word, memory_order_acquire))
		turn(n, err);
	tell_lost(n);
	return n->is_over ? -ENODEV : 0;
}

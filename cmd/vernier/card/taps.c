/* SPDX-License-Identifier: BSD-2-Clause */
#include "taps.h"

#include <errno.h>
#include <string.h>

#define FRAME_CAP VN_NT_PACKET_SIZE /* no launch is longer than its memory */
#define BUDGET	  256 /* frames of a port at a time, so that no port holds up the others */

static const struct timespec at_once = { 0, 0 };

static int open_queues(struct card_tap *t, struct vn_err *err)
{
	const struct vn_txq_opts tx = { .frame_cap = FRAME_CAP, .n_frames = 1 };
	const struct vn_rxq_opts rx = { .ring_bytes = 0 };
	int rc = vn_netdev_txq_open(t->dev, &tx, &t->txq, err);

	return rc ? rc : t->dev->ops->rxq_open(t->dev, &rx, &t->rxq, err);
}

static int open_tap(struct card_taps *taps, const char *name, unsigned int port, struct vn_err *err)
{
	struct vn_netdev_opts opts = { .target = name, .clock = &taps->clock };
	struct card_tap *t = &taps->tap[taps->n];
	int rc;

	if (!name)
		return 0;
	rc = vn_netdev_open("tap", VN_CAP_TX | VN_CAP_RX, &opts, &t->dev, err);
	if (rc)
		return rc;
	t->taps = taps;
	t->port = port;
	taps->by_port[port] = t;
	taps->n++; /* from here on it is closed with the others */
	rc = open_queues(t, err);
	if (!rc)
		taps->fds[taps->n - 1] = (struct pollfd){ .fd = t->rxq->fd, .events = POLLIN };
	return rc;
}

int card_taps_open(struct card_taps *t, const struct card_settings *s, struct vn_nt_hw *hw,
		   struct vn_err *err)
{
	int rc = 0;

	memset(t, 0, sizeof(*t));
	vn_clock_real(&t->clock);
	t->hw = hw;
	for (unsigned int n = 0; n < CARD_PORTS && !rc; n++) {
		rc = open_tap(t, s->mac[n], 2 * n, err);
		if (!rc)
			rc = open_tap(t, s->host[n], 2 * n + 1, err);
	}
	if (rc)
		card_taps_close(t);
	return rc;
}

static void close_tap(struct card_tap *t)
{
	t->dev->ops->rxq_close(t->rxq);
	t->dev->ops->txq_close(t->txq);
	vn_netdev_close(t->dev);
}

void card_taps_close(struct card_taps *t)
{
	for (unsigned int i = 0; i < t->n; i++)
		close_tap(&t->tap[i]);
	memset(t->by_port, 0, sizeof(t->by_port));
	t->n = 0;
}

/* --- frames that come ------------------------------------------------------------- */

/* The hardware has a line in front of each MAC; a host queue has none. */
static uint64_t arrival(struct card_tap *t, uint64_t cycle, uint32_t len)
{
	if (!(t->port & 1))
		return cycle;
	t->free_at = VN_MAX(cycle, t->free_at) + vn_nt_wire_cycles(len) + VN_NT_GAP;
	return t->free_at;
}

static void feed(struct card_tap *t, const struct vn_rx_pkt *pkt)
{
	struct card_taps *taps = t->taps;

	if (vn_nt_hw_fed_bytes(taps->hw, t->port) + pkt->caplen > CARD_TAP_BYTES ||
	    vn_nt_hw_feed(taps->hw, t->port, arrival(t, taps->cycle, pkt->caplen), pkt->data,
			  pkt->caplen))
		t->rx_full++;
	else
		t->rx++;
}

static void on_frames(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		feed(arg, &pkts[i]);
}

/* A cable that is pulled is no error: it may be plugged in again. */
static int read_tap(struct card_tap *t, struct vn_err *err)
{
	int rc = t->rxq->poll(t->rxq, BUDGET, 0, on_frames, t);

	if (rc >= 0 || rc == -ENETDOWN)
		return 0;
	return vn_err_set(err, -rc, "%s: cannot be read any more: %s", t->dev->name, strerror(-rc));
}

int card_taps_read(struct card_taps *t, uint64_t cycle, struct vn_err *err)
{
	int rc = 0;

	if (!t->n || ppoll(t->fds, t->n, &at_once, NULL) <= 0)
		return 0;
	t->cycle = cycle;
	for (unsigned int i = 0; i < t->n && !rc; i++)
		if (t->fds[i].revents)
			rc = read_tap(&t->tap[i], err);
	return rc;
}

/* --- frames that leave -------------------------------------------------------------- */

void card_taps_write(struct card_taps *t, unsigned int port, const uint8_t *bytes, uint32_t len)
{
	struct card_tap *tap = t->by_port[port];
	struct vn_frame *f;

	if (!tap)
		return;
	vn_txq_reserve(tap->txq, 1, &f);
	memcpy(f->data, bytes, len);
	f->len = len;
	if (vn_txq_commit(tap->txq, 1).sent)
		tap->tx++;
	else
		tap->tx_refused++;
	vn_txq_abandon(tap->txq); /* what the interface does not take is lost, as on a cable */
}

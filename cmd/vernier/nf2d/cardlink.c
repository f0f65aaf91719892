/* SPDX-License-Identifier: BSD-2-Clause */
#include "cardlink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "wire/nf2.h"

/* Each takes two round trips: long enough for a transfer, in a card that is far behind too. */
#define TRANSFER_LOOKS 10000
/* Of the host queues the card program's is the first. */
#define QUEUE 0

/* --- opening ----------------------------------------------------------------------- */

static int limit_waits(const struct nf2d_cardlink *link, unsigned int ms, struct vn_err *err)
{
	const struct timeval limit = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	if (setsockopt(link->client.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		return vn_err_set(err, errno, "card socket: %s", strerror(errno));
	return 0;
}

static int say_hello(struct nf2d_cardlink *link, unsigned int ms, struct vn_err *err)
{
	static const struct vn_nt_cardmsg hello = {
		.op = VN_NT_CARD_HELLO,
		.a = VN_NT_CARDMSG_VERSION,
		.b = VN_NT_ROLE_DRIVER,
	};
	struct vn_nt_cardmsg answer;
	int rc = limit_waits(link, ms, err);

	return rc ? rc : vn_cardclient_ask(&link->client, &hello, &answer, err);
}

static int read_register(struct nf2d_cardlink *link, uint32_t offset, uint32_t *value,
			 struct vn_err *err)
{
	const struct vn_nt_cardmsg request = { .op = VN_NT_CARD_REG_READ, .a = offset };
	struct vn_nt_cardmsg answer;
	int rc = vn_cardclient_ask(&link->client, &request, &answer, err);

	*value = rc ? 0 : answer.b;
	return rc;
}

/* Transfers that a driver before us began: their ends must not be taken for ours. */
static int wait_for_transfers(struct nf2d_cardlink *link, struct vn_err *err)
{
	uint32_t tx, rx;
	int rc;

	for (unsigned int i = 0; i < TRANSFER_LOOKS; i++) {
		rc = read_register(link, VN_NT_PCI_TX_CONTROL, &tx, err);
		if (!rc)
			rc = read_register(link, VN_NT_PCI_RX_CONTROL, &rx, err);
		if (rc || !((tx | rx) & VN_NT_PCI_DMA_OWNER))
			return rc;
	}
	return vn_err_set(err, EBUSY, "the card is busy with a transfer that does not end");
}

/* Interrupts from before us are cleared by reading; that a frame waits is true still. */
static int become_driver(struct nf2d_cardlink *link, unsigned int ms, struct vn_err *err)
{
	int rc = say_hello(link, ms, err);

	if (!rc)
		rc = wait_for_transfers(link, err);
	if (!rc)
		rc = read_register(link, VN_NT_PCI_INT_STATUS, &link->status, err);
	link->status &= VN_NT_INT_PKT_AVAIL;
	if (rc == -EAGAIN)
		return vn_err_set(err, ETIMEDOUT, "the card does not answer within %u ms", ms);
	return rc;
}

static int greet(struct nf2d_cardlink *link, unsigned int ms, struct vn_err *err)
{
	int rc = become_driver(link, ms, err);

	if (!rc && fcntl(link->client.fd, F_SETFL, O_NONBLOCK))
		rc = vn_err_set(err, errno, "card socket: %s", strerror(errno));
	if (rc)
		nf2d_cardlink_close(link);
	return rc;
}

int nf2d_cardlink_open(struct nf2d_cardlink *link, const char *path, unsigned int ms,
		       struct vn_err *err)
{
	int rc = vn_cardclient_open(&link->client, path, err);

	link->status = 0;
	return rc < 0 ? rc : greet(link, ms, err);
}

int nf2d_cardlink_attach(struct nf2d_cardlink *link, int fd, struct vn_err *err)
{
	int rc = vn_cardclient_attach(&link->client, fd, err);

	link->status = 0;
	return rc < 0 ? rc : greet(link, NF2D_HELLO_MS, err);
}

void nf2d_cardlink_close(struct nf2d_cardlink *link)
{
	vn_cardclient_close(&link->client);
	link->status = 0;
}

/* --- out ----------------------------------------------------------------------------- */

/* Little is ever under way, so that a socket without room is a card that does not
 * listen: -EBUSY. */
static int say(struct nf2d_cardlink *link, const struct vn_nt_cardmsg *msg)
{
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct iovec parts[] = {
		{ head, sizeof(head) },
		{ (void *)(uintptr_t)msg->data, msg->len },
	};
	const struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	if (!nf2d_cardlink_is_open(link))
		return -ENODEV;
	vn_nt_cardmsg_encode(msg, head);
	do
		n = sendmsg(link->client.fd, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EBUSY : -ENODEV;
}

int nf2d_cardlink_dma_tx(struct nf2d_cardlink *link, const uint8_t *bytes, uint32_t len)
{
	const struct vn_nt_cardmsg msg = {
		.op = VN_NT_CARD_DMA_TX,
		.a = QUEUE,
		.data = bytes,
		.len = len,
	};

	return say(link, &msg);
}

int nf2d_cardlink_dma_rx(struct nf2d_cardlink *link)
{
	const struct vn_nt_cardmsg msg = { .op = VN_NT_CARD_DMA_RX_START };

	return say(link, &msg);
}

uint32_t nf2d_cardlink_read_status(struct nf2d_cardlink *link)
{
	uint32_t bits = link->status;

	link->status = 0;
	return bits;
}

/*
 * Bits stay set in the card's register when they were told, for it is not read; those
 * that a mask had kept back would all be told again when it opens. So only the one
 * that is no memory of something, but how things stand, is masked there; the others come, and
 * the driver does with them as its mask says.
 */
void nf2d_cardlink_write_mask(struct nf2d_cardlink *link, uint32_t mask)
{
	const struct vn_nt_cardmsg msg = {
		.op = VN_NT_CARD_REG_WRITE,
		.a = VN_NT_PCI_INT_MASK,
		.b = mask & VN_NT_INT_PKT_AVAIL,
	};

	/* A card that is gone is noticed where it is heard. */
	if (say(link, &msg))
		return;
}

/* --- in ------------------------------------------------------------------------------ */

/* A transfer that was refused has failed, which on a card is an interrupt. */
static enum nf2d_heard refused(struct nf2d_cardlink *link, const struct vn_nt_cardmsg *msg,
			       struct nf2d_hearing *out)
{
	const char *name = vn_nt_cardmsg_name(msg->b);

	if (msg->b == VN_NT_CARD_DMA_TX || msg->b == VN_NT_CARD_DMA_RX_START)
		link->status |= VN_NT_INT_DMA_SETUP_ERROR;
	snprintf(out->text, sizeof(out->text), "the card refuses %s: %.*s",
		 name ? name : "a message", (int)msg->len, (const char *)msg->data);
	return NF2D_HEARD_REFUSAL;
}

static int understand(struct nf2d_cardlink *link, const struct vn_nt_cardmsg *msg,
		      struct nf2d_hearing *out)
{
	switch (msg->op) {
	case VN_NT_CARD_IRQ:
		link->status |= msg->a;
		return NF2D_HEARD_IRQ;
	case VN_NT_CARD_DMA_RX_DATA:
		out->bytes = msg->data;
		out->len = msg->len;
		return NF2D_HEARD_DATA;
	case VN_NT_CARD_ERROR:
		return refused(link, msg, out);
	default:
		/* Nothing else is asked for. */
		snprintf(out->text, sizeof(out->text), "the card says %s, which nobody asked",
			 vn_nt_cardmsg_name(msg->op));
		return NF2D_HEARD_REFUSAL;
	}
}

int nf2d_cardlink_next(struct nf2d_cardlink *link, struct nf2d_hearing *out, struct vn_err *err)
{
	struct vn_nt_cardmsg msg;
	ssize_t n;
	int rc;

	n = recv(link->client.fd, link->client.packet, VN_NT_CARDMSG_MAX, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return NF2D_HEARD_NOTHING;
	if (n < 0)
		return vn_err_set(err, errno, "card socket: %s", strerror(errno));
	if (n == 0)
		return vn_err_set(err, ENODEV, "the card went away");
	rc = vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_CARD, link->client.packet, (size_t)n, err);
	return rc ? rc : understand(link, &msg, out);
}

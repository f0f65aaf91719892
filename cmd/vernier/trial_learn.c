/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial_learn.h"

#include <errno.h>
#include <string.h>

#include "wire/wire.h"

#define ETHERTYPE_ARP 0x0806
#define POLL_NS	      1000000ull /* between looks whether the frame is gone */
#define POLLS	      1000

/*
 * A request for one's own address, sent to all (RFC 5227, section 3): sender and
 * target protocol address are the same, the target's hardware address is 0. The
 * RFC's own form, an answer nobody asked for, is dropped by more receivers.
 */
static void fill(struct vn_frame *f, const uint8_t mac[VN_ETH_ALEN], uint32_t ipv4)
{
	/* Ethernet, IPv4, lengths 6 and 4, request */
	static const uint8_t kind[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *p = f->data;

	memset(p, 0, VN_ETH_MIN);
	memset(p + VN_ETH_DST, 0xff, VN_ETH_ALEN);
	memcpy(p + VN_ETH_SRC, mac, VN_ETH_ALEN);
	vn_put_be16(p + VN_ETH_TYPE, ETHERTYPE_ARP);
	p += VN_ETH_HLEN;
	memcpy(p, kind, sizeof(kind));
	memcpy(p + 8, mac, VN_ETH_ALEN);
	vn_put_be32(p + 14, ipv4);
	vn_put_be32(p + 24, ipv4);
	f->len = VN_ETH_MIN;
	f->content = 0;
}

static int send_one(struct vn_txq *q, struct vn_clock *clock, uint32_t ipv4, struct vn_err *err)
{
	const char *name = q->dev->name;
	struct vn_frame *f;

	if (!vn_txq_reserve(q, 1, &f))
		return vn_err_set(err, ENOBUFS, "%s: no room for a learning frame", name);
	fill(f, q->dev->mac, ipv4);
	f->depart_ns = vn_clock_now(clock);
	if (vn_txq_commit(q, 1).sent != 1)
		return vn_err_set(err, EIO, "%s: the learning frame could not be sent", name);
	/* Closing the queue may throw away what the device has not taken yet. */
	for (unsigned int i = 0; i < POLLS && q->outstanding(q); i++)
		clock->wait(clock, vn_clock_now(clock) + POLL_NS, NULL);
	return 0;
}

int vn_trial_announce(struct vn_netdev *dev, struct vn_clock *clock, uint32_t ipv4,
		      struct vn_err *err)
{
	const struct vn_txq_opts opts = { .frame_cap = VN_ETH_MIN, .path = VN_PATH_DRIVER };
	struct vn_txq *q;
	int rc = dev->ops->txq_open(dev, &opts, &q, err);

	if (rc)
		return rc;
	rc = send_one(q, clock, ipv4, err);
	dev->ops->txq_close(q);
	return rc;
}

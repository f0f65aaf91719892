/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of a client on their way to the driver: each becomes a descriptor,
 * descriptors are gathered into one message, and the message is sent when it is
 * full or when somebody asks. Before each sending what the driver has said is
 * taken in, so that its answers do not fill our socket while we fill its.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "caliper/client_priv.h"

#define UDP_HEADS 42 /* Ethernet, IPv4 and UDP */
#define VLAN_TAG  4

uint32_t vn_client_next_seq(struct vn_caliper *c)
{
	if (!++c->seq) /* 0 is that of events */
		c->seq = 1;
	return c->seq;
}

/* --- a packet ----------------------------------------------------------------------- */

static int read_packet(struct vn_caliper_packet *p, const struct vn_caliper_packet *given,
		       struct vn_err *err)
{
	const uint8_t *bytes = (const uint8_t *)given;

	if (given->size < sizeof(given->size) || given->size > 65536)
		return vn_err_set(err, EINVAL, "%zu bytes: the size must be set", given->size);
	for (size_t i = sizeof(*p); i < given->size; i++) {
		if (bytes[i])
			return vn_err_set(err, EINVAL, "byte %zu is not known here", i);
	}
	*p = (struct vn_caliper_packet){ 0 };
	memcpy(p, given, VN_MIN(given->size, sizeof(*p)));
	return 0;
}

static int check_lengths(const struct vn_caliper_packet *p, uint32_t wire_max, struct vn_err *err)
{
	uint32_t heads = UDP_HEADS + (p->flags & CAL_VLAN ? VLAN_TAG : 0);

	if (p->frame && p->frame_len > wire_max)
		return vn_err_set(err, EMSGSIZE, "frame_len %u: at most %u is possible",
				  p->frame_len, wire_max);
	if (!p->frame && p->payload_len + heads > wire_max)
		return vn_err_set(err, EMSGSIZE, "payload_len %u: at most %u is possible",
				  p->payload_len, wire_max > heads ? wire_max - heads : 0);
	if (p->flags > UINT16_MAX)
		return vn_err_set(err, EINVAL, "flags 0x%x: 0x%x are known", p->flags, 0x3f);
	if (!p->frame && p->data_len && !p->data)
		return vn_err_set(err, EINVAL, "data_len %u and no data", p->data_len);
	return 0;
}

static void fill_udp(struct cal_descriptor *d, const struct vn_caliper_packet *p)
{
	d->kind = CAL_UDP;
	d->payload_len = p->payload_len;
	d->data_len = p->data_len;
	d->ttl = p->ttl;
	d->tos = p->tos;
	d->src_ip = p->src_ip;
	d->dst_ip = p->dst_ip;
	d->src_port = htons(p->src_port);
	d->dst_port = htons(p->dst_port);
	d->vlan_tci = p->vlan_tci;
	memcpy(d->dst_mac, p->dst_mac, sizeof(d->dst_mac));
	memcpy(d->src_mac, p->src_mac, sizeof(d->src_mac));
}

/* The descriptor of a packet, and what follows it. -EINVAL, -EMSGSIZE. */
static int describe(const struct vn_caliper_packet *given, uint32_t wire_max,
		    struct cal_descriptor *d, const void **data, struct vn_err *err)
{
	struct vn_caliper_packet p;
	int ret = read_packet(&p, given, err);

	if (!ret)
		ret = check_lengths(&p, wire_max, err);
	if (ret)
		return ret;
	*d = (struct cal_descriptor){
		.time_ns = p.time_ns,
		.flags = (uint16_t)p.flags,
		.cookie = p.cookie,
	};
	if (p.frame) {
		d->kind = CAL_RAW;
		d->payload_len = p.frame_len;
		d->data_len = p.data_len ? p.data_len : p.frame_len;
	} else {
		fill_udp(d, &p);
	}
	*data = p.frame ? p.frame : p.data;
	return vn_cal_descriptor_check(d, d->data_len, err);
}

/* The caller's structs may have another size than ours. */
static const struct vn_caliper_packet *next_packet(const struct vn_caliper_packet *p)
{
	return (const struct vn_caliper_packet *)((const uint8_t *)p + p->size);
}

static int check_packets(struct vn_caliper *c, const struct vn_caliper_packet *packets,
			 unsigned int n)
{
	struct vn_err err = { "" };
	struct cal_descriptor d;
	const void *data;

	for (unsigned int i = 0; i < n; i++, packets = next_packet(packets)) {
		int ret = describe(packets, c->wire_max, &d, &data, &err);

		if (ret)
			return vn_err_set(&c->err, -ret, "packet %u: %s", i, err.text);
	}
	return 0;
}

/* --- a message ------------------------------------------------------------------------ */

int vn_client_send_gathered(struct vn_caliper *c)
{
	int ret;

	if (!c->out.len)
		return 0;
	ret = vn_client_hear_all(c);
	if (ret == -EINTR)
		return ret;
	if (!ret)
		ret = c->transport->send(c->transport, VN_CAL_DATA, c->out_bytes, c->out.len);
	if (ret != -EINTR)
		c->out.len = 0;
	return ret ? vn_client_failed(c, ret) : 0;
}

static bool is_full(const struct vn_caliper *c)
{
	return c->out.len && vn_cal_items(&c->out) >= c->batch;
}

static bool add(struct vn_caliper *c, const struct cal_descriptor *d, const void *data)
{
	if (!c->out.len)
		vn_cal_begin(&c->out, CAL_PKTS, NLM_F_REQUEST, vn_client_next_seq(c), 0, 0);
	return vn_cal_add_item(&c->out, d, sizeof(*d), data, d->data_len);
}

static int gather(struct vn_caliper *c, const struct cal_descriptor *d, const void *data)
{
	int ret = is_full(c) ? vn_client_send_gathered(c) : 0;

	if (ret)
		return ret;
	if (add(c, d, data))
		return 0;
	ret = vn_client_send_gathered(c);
	if (!ret)
		add(c, d, data); /* an empty datagram has room for the longest */
	return ret;
}

int vn_caliper_send(struct vn_caliper *c, const struct vn_caliper_packet *packets, unsigned int n)
{
	struct cal_descriptor d;
	const void *data;
	unsigned int taken;
	int ret = vn_client_refusal(c);

	if (!ret)
		ret = check_packets(c, packets, n);
	if (ret)
		return ret;
	for (taken = 0; taken < n; taken++, packets = next_packet(packets)) {
		describe(packets, c->wire_max, &d, &data, NULL);
		ret = gather(c, &d, data);
		if (ret)
			return ret == -EINTR && taken ? (int)taken : ret;
	}
	ret = is_full(c) ? vn_client_send_gathered(c) : 0;
	return ret && ret != -EINTR ? ret : (int)n;
}

int vn_caliper_flush(struct vn_caliper *c)
{
	int ret = vn_client_refusal(c);

	return ret ? ret : vn_client_send_gathered(c);
}

/* The mark goes with the packets that it stands behind, in one datagram. */
int vn_caliper_mark(struct vn_caliper *c, uint32_t flags, uint32_t *mark)
{
	uint16_t head_flags = flags & VN_CALIPER_FLUSH ? CAL_MARK_FLUSH : 0;
	struct vn_cal_writer before;
	uint32_t seq;
	int ret = vn_client_refusal(c);

	if (!ret && flags & ~VN_CALIPER_FLUSH)
		ret = vn_err_set(&c->err, EINVAL, "flags 0x%x: 0x%x are known", flags,
				 VN_CALIPER_FLUSH);
	if (!ret)
		ret = vn_client_mark_reserve(c);
	if (!ret && c->out.cap - c->out.len < VN_CAL_HLEN)
		ret = vn_client_send_gathered(c);
	if (ret)
		return ret;
	before = c->out;
	seq = vn_client_next_seq(c);
	vn_cal_put(&c->out, CAL_MARK, NLM_F_REQUEST, seq, 0, head_flags, 0, NULL, 0);
	ret = vn_client_send_gathered(c);
	if (ret) {
		if (c->out.len)
			c->out = before;
		return ret;
	}
	vn_client_mark_set(c, seq);
	*mark = seq;
	return 0;
}

/* Behind a CANCEL, which takes back what has a number before its own. */
void vn_client_renumber(struct vn_caliper *c)
{
	struct nlmsghdr *h = (struct nlmsghdr *)c->out_bytes;

	if (c->out.len)
		h->nlmsg_seq = vn_client_next_seq(c);
}

uint64_t vn_client_withdraw(struct vn_caliper *c, uint32_t first, uint32_t last)
{
	struct cal_descriptor d;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	const uint8_t *data;
	uint64_t n = 0;
	size_t at = 0;

	vn_cal_reader_init(&r, c->scratch, c->out.len);
	memcpy(c->scratch, c->out_bytes, c->out.len);
	c->out.len = 0;
	if (vn_cal_next(&r, VN_CAL_DRIVER_DATA, c->card, &msg) <= 0)
		return 0;
	while (vn_cal_descriptor_next(&msg, &at, &d, &data)) {
		if (d.cookie >= first && d.cookie <= last)
			n++;
		else
			add(c, &d, data);
	}
	return n;
}

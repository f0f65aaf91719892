/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the NetLink protocol. What a message must look like is a row of
 * `rules`: who may be told it, how long its body is, and what its fields may be.
 * Everything is looked at before the hearer sees any of it, so that a message is
 * taken or refused as a whole.
 *
 * Bytes are copied out and in: a body may lie at any multiple of 4.
 */
#include "caliper/msg.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/macros.h"

#define UDP_PAYLOAD_MAX 1472 /* of a frame of CAL_WIRE_MAX */
#define VLAN_TAG_LEN	4
#define RAW_MIN		14 /* an Ethernet header */

_Static_assert(sizeof(struct nlmsghdr) + sizeof(struct cal_head) == VN_CAL_HLEN, "the protocol's");

/* --- values ------------------------------------------------------------------------ */

static int check_hello(const struct vn_cal_msg *msg)
{
	struct cal_hello hello;

	memcpy(&hello, msg->body, sizeof(hello));
	return hello.lowest > hello.highest ? -EINVAL : 0;
}

static int check_subscribe(const struct vn_cal_msg *msg)
{
	uint32_t kinds = (2u << CAL_EVENT_STALL) - (1u << CAL_EVENT_RX);
	struct cal_subscribe s;

	memcpy(&s, msg->body, sizeof(s));
	return s.mask & ~kinds || s.snap_len > CAL_SNAP_MAX ? -EINVAL : 0;
}

static int check_cancel(const struct vn_cal_msg *msg)
{
	struct cal_cancel c;

	memcpy(&c, msg->body, sizeof(c));
	return c.first > c.last ? -EINVAL : 0;
}

static bool policy_value_is_good(const struct cal_policy *p)
{
	switch (p->mode) {
	case CAL_POLICY_GAP:
		return true;
	case CAL_POLICY_RATE:
		return p->value && p->value <= 1000000000;
	case CAL_POLICY_ASAP:
	case CAL_POLICY_LIST:
		return !p->value;
	default:
		return false;
	}
}

static int check_policy(const struct vn_cal_msg *msg)
{
	struct cal_policy p;

	memcpy(&p, msg->body, sizeof(p));
	if (!policy_value_is_good(&p) || p.snap > CAL_WIRE_MAX || p.max_entries > 99 || p.quota > 8)
		return -EINVAL;
	if (p.mode != CAL_POLICY_LIST && (msg->head.count || msg->head.flags))
		return -EINVAL;
	return msg->head.count > CAL_GAPS_MAX ? -EINVAL : 0;
}

static int check_udp(const struct cal_descriptor *d, struct vn_err *err)
{
	unsigned int max = UDP_PAYLOAD_MAX - (d->flags & CAL_VLAN ? VLAN_TAG_LEN : 0);

	if (d->payload_len > max)
		return vn_err_set(err, EINVAL, "payload_len %u: 0 to %u are possible",
				  d->payload_len, max);
	if (d->data_len > d->payload_len)
		return vn_err_set(err, EINVAL, "data_len %u: at most payload_len, %u, is possible",
				  d->data_len, d->payload_len);
	return 0;
}

static int check_raw(const struct cal_descriptor *d, struct vn_err *err)
{
	if (d->payload_len < RAW_MIN || d->payload_len > CAL_WIRE_MAX)
		return vn_err_set(err, EINVAL, "payload_len %u of a frame: %u to %u are possible",
				  d->payload_len, RAW_MIN, CAL_WIRE_MAX);
	if (d->data_len < RAW_MIN || d->data_len > d->payload_len)
		return vn_err_set(err, EINVAL, "data_len %u of a frame: %u to %u are possible",
				  d->data_len, RAW_MIN, d->payload_len);
	return 0;
}

int vn_cal_descriptor_check(const struct cal_descriptor *d, size_t avail, struct vn_err *err)
{
	unsigned int flags =
		CAL_ABSOLUTE | CAL_HOSTCLOCK | CAL_CATCHUP | CAL_REPORT | CAL_UDPCSUM | CAL_VLAN;
	int ret;

	if (d->flags & ~flags)
		return vn_err_set(err, EINVAL, "flags 0x%x: 0x%x are known", d->flags, flags);
	if (d->flags & CAL_HOSTCLOCK && !(d->flags & CAL_ABSOLUTE))
		return vn_err_set(err, EINVAL, "flags 0x%x: HOSTCLOCK goes with ABSOLUTE",
				  d->flags);
	if (d->zero)
		return vn_err_set(err, EINVAL, "the last byte is %u: it must be 0", d->zero);
	if (d->kind != CAL_UDP && d->kind != CAL_RAW)
		return vn_err_set(err, EINVAL, "kind %u: 0 (UDP) and 1 (frame) are known", d->kind);
	ret = d->kind == CAL_UDP ? check_udp(d, err) : check_raw(d, err);
	if (ret)
		return ret;
	if (d->data_len > avail)
		return vn_err_set(err, EINVAL, "data_len %u: %zu bytes follow", d->data_len, avail);
	return 0;
}

/* --- bodies with several items ------------------------------------------------------ */

bool vn_cal_descriptor_next(const struct vn_cal_msg *msg, size_t *at, struct cal_descriptor *d,
			    const uint8_t **data)
{
	if (*at + sizeof(*d) > msg->len)
		return false;
	memcpy(d, msg->body + *at, sizeof(*d));
	*data = msg->body + *at + sizeof(*d);
	*at += sizeof(*d) + vn_cal_padded(d->data_len);
	return true;
}

bool vn_cal_event_next(const struct vn_cal_msg *msg, size_t *at, struct cal_event *event,
		       const uint8_t **snap)
{
	size_t from = *at ? *at : sizeof(uint64_t); /* behind how many were lost */

	if (from + sizeof(*event) > msg->len)
		return false;
	memcpy(event, msg->body + from, sizeof(*event));
	*snap = msg->body + from + sizeof(*event);
	*at = from + sizeof(*event) + vn_cal_padded(event->snap);
	return true;
}

static int check_pkts(const struct vn_cal_msg *msg)
{
	struct cal_descriptor d;
	const uint8_t *data;
	uint32_t n = 0;
	size_t at = 0;

	while (vn_cal_descriptor_next(msg, &at, &d, &data)) {
		if (at > msg->len)
			return -EINVAL;
		if (vn_cal_descriptor_check(&d, d.data_len, NULL))
			return -EINVAL;
		n++;
	}
	return at != msg->len || !n || n != msg->head.count ? -EINVAL : 0;
}

static int check_events(const struct vn_cal_msg *msg)
{
	struct cal_event event;
	const uint8_t *snap;
	uint32_t n = 0;
	size_t at = 0;

	while (vn_cal_event_next(msg, &at, &event, &snap)) {
		if (at > msg->len || event.snap > CAL_SNAP_MAX)
			return -EINVAL;
		n++;
	}
	if (!n)
		at = sizeof(uint64_t);
	return at != msg->len || n != msg->head.count ? -EINVAL : 0;
}

/* --- what may be said to whom -------------------------------------------------------- */

static const struct rule {
	uint16_t type;
	uint16_t head_flags; /* that are known */
	enum vn_cal_hearer hearer;
	uint32_t fixed; /* bytes of the body in front of the items */
	uint32_t item;	/* bytes of one; VARYING: they say it themselves; 0: there are none */
	int (*check)(const struct vn_cal_msg *msg);
#define VARYING UINT32_MAX
} rules[] = {
	{ CAL_PKTS, 0, VN_CAL_DRIVER_DATA, 0, VARYING, check_pkts },
	{ CAL_MARK, CAL_MARK_FLUSH, VN_CAL_DRIVER_DATA, 0, 0, NULL },
	{ CAL_HELLO, 0, VN_CAL_DRIVER_CONTROL, sizeof(struct cal_hello), 0, check_hello },
	{ CAL_RESET, 0, VN_CAL_DRIVER_CONTROL, 0, 0, NULL },
	{ CAL_STATS_GET, 0, VN_CAL_DRIVER_CONTROL, 0, 0, NULL },
	{ CAL_SUBSCRIBE, 0, VN_CAL_DRIVER_CONTROL, sizeof(struct cal_subscribe), 0,
	  check_subscribe },
	{ CAL_CANCEL, 0, VN_CAL_DRIVER_CONTROL, sizeof(struct cal_cancel), 0, check_cancel },
	{ CAL_POLICY, CAL_MORE, VN_CAL_DRIVER_CONTROL, sizeof(struct cal_policy), sizeof(uint64_t),
	  check_policy },
	{ CAL_CLOCK, 0, VN_CAL_DRIVER_CONTROL, 0, 0, NULL },
	{ CAL_HELLO_ACK, 0, VN_CAL_CLIENT, sizeof(struct cal_hello_ack), 0, NULL },
	{ CAL_MARK_HIT, 0, VN_CAL_CLIENT, sizeof(struct cal_mark_hit), 0, NULL },
	{ CAL_RESET_DONE, 0, VN_CAL_CLIENT, sizeof(struct cal_time), 0, NULL },
	{ CAL_STATS, 0, VN_CAL_CLIENT, 0, sizeof(uint64_t), NULL },
	{ CAL_EVENTS, 0, VN_CAL_CLIENT, sizeof(uint64_t), VARYING, check_events },
	{ CAL_CANCEL_DONE, 0, VN_CAL_CLIENT, sizeof(struct cal_cancel_done), 0, NULL },
	{ CAL_CLOCK, 0, VN_CAL_CLIENT, sizeof(struct cal_clock), 0, NULL },
};

static const struct rule *find_rule(uint16_t type, enum vn_cal_hearer hearer)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(rules); i++) {
		if (rules[i].type == type && rules[i].hearer == hearer)
			return &rules[i];
	}
	return NULL;
}

static bool length_is_good(const struct rule *rule, const struct vn_cal_msg *msg)
{
	if (rule->item == VARYING)
		return msg->len >= rule->fixed;
	return msg->len == rule->fixed + (uint64_t)rule->item * msg->head.count;
}

static int check_message(const struct vn_cal_msg *msg, enum vn_cal_hearer hearer, unsigned int card)
{
	const struct rule *rule = find_rule(msg->type, hearer);

	if (!rule || msg->head.version > CAL_VERSION)
		return -EPROTO;
	if (!msg->head.version || msg->head.card != card || msg->head.flags & ~rule->head_flags)
		return -EINVAL;
	if (!length_is_good(rule, msg))
		return -EINVAL;
	return rule->check ? rule->check(msg) : 0;
}

/* The answered message's head is that of the refused request, whose numbers count. */
static int read_error(struct vn_cal_msg *msg)
{
	struct nlmsgerr e;

	if (msg->len < sizeof(e))
		return -EINVAL;
	memcpy(&e, msg->body, sizeof(e));
	if (e.error > 0)
		return -EINVAL;
	msg->error = e.error;
	msg->seq = e.msg.nlmsg_seq;
	msg->answered = e.msg.nlmsg_type;
	return 0;
}

void vn_cal_reader_init(struct vn_cal_reader *r, const void *datagram, size_t len)
{
	*r = (struct vn_cal_reader){ .bytes = datagram, .len = len };
}

/* The message at r->at, whose header is there; len is what is left of the datagram. */
static int read_message(const uint8_t *at, size_t len, enum vn_cal_hearer hearer, unsigned int card,
			struct vn_cal_msg *msg)
{
	struct nlmsghdr h;
	uint32_t there;

	memcpy(&h, at, sizeof(h));
	*msg = (struct vn_cal_msg){
		.type = h.nlmsg_type,
		.nl_flags = h.nlmsg_flags,
		.seq = h.nlmsg_seq,
		.pid = h.nlmsg_pid,
	};
	there = (uint32_t)VN_MIN(h.nlmsg_len, len);
	/* Also of what is cut off: who refuses it counts what it was to be. */
	if (h.nlmsg_type != NLMSG_ERROR && there >= VN_CAL_HLEN) {
		memcpy(&msg->head, at + sizeof(h), sizeof(msg->head));
		msg->body = at + VN_CAL_HLEN;
		msg->len = there - VN_CAL_HLEN;
	}
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
		return -EINVAL;
	if (h.nlmsg_type == NLMSG_ERROR) {
		msg->body = at + sizeof(h);
		msg->len = h.nlmsg_len - (uint32_t)sizeof(h);
		return read_error(msg);
	}
	if (!msg->body)
		return find_rule(h.nlmsg_type, hearer) ? -EINVAL : -EPROTO;
	return check_message(msg, hearer, card);
}

/* A length that cannot be ends the datagram: nothing says where the next message is. */
static size_t message_end(const struct vn_cal_reader *r)
{
	struct nlmsghdr h;

	memcpy(&h, r->bytes + r->at, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > r->len - r->at)
		return r->len;
	/* not longer than the datagram, so that adding to it cannot go round */
	return VN_MIN(r->at + NLMSG_ALIGN(h.nlmsg_len), r->len);
}

int vn_cal_next(struct vn_cal_reader *r, enum vn_cal_hearer hearer, unsigned int card,
		struct vn_cal_msg *msg)
{
	while (r->len - r->at >= sizeof(struct nlmsghdr)) {
		size_t end = message_end(r);
		int ret = read_message(r->bytes + r->at, r->len - r->at, hearer, card, msg);

		r->at = end;
		/* Nobody answers an error: two who did would go on for ever. */
		if (msg->type == NLMSG_ERROR && (hearer != VN_CAL_CLIENT || ret))
			continue;
		return ret ? ret : 1;
	}
	return 0;
}

/* --- putting together ---------------------------------------------------------------- */

void vn_cal_writer_init(struct vn_cal_writer *w, void *bytes, size_t cap, unsigned int card)
{
	*w = (struct vn_cal_writer){ .bytes = bytes, .cap = cap, .card = (uint8_t)card };
}

static struct nlmsghdr read_header(const struct vn_cal_writer *w)
{
	struct nlmsghdr h;

	memcpy(&h, w->bytes + w->begin, sizeof(h));
	return h;
}

static struct cal_head read_head(const struct vn_cal_writer *w)
{
	struct cal_head head;

	memcpy(&head, w->bytes + w->begin + sizeof(struct nlmsghdr), sizeof(head));
	return head;
}

bool vn_cal_begin(struct vn_cal_writer *w, uint16_t type, uint16_t nl_flags, uint32_t seq,
		  uint32_t pid, uint16_t head_flags)
{
	struct nlmsghdr h = {
		.nlmsg_len = VN_CAL_HLEN,
		.nlmsg_type = type,
		.nlmsg_flags = nl_flags,
		.nlmsg_seq = seq,
		.nlmsg_pid = pid,
	};
	struct cal_head head = { .version = CAL_VERSION, .card = w->card, .flags = head_flags };

	if (w->cap - w->len < VN_CAL_HLEN)
		return false;
	w->begin = w->len;
	memcpy(w->bytes + w->begin, &h, sizeof(h));
	memcpy(w->bytes + w->begin + sizeof(h), &head, sizeof(head));
	w->len += VN_CAL_HLEN;
	return true;
}

/* There is room for it. */
static void append(struct vn_cal_writer *w, const void *bytes, size_t len)
{
	struct nlmsghdr h = read_header(w);

	if (len)
		memcpy(w->bytes + w->len, bytes, len);
	memset(w->bytes + w->len + len, 0, vn_cal_padded(len) - len);
	w->len += vn_cal_padded(len);
	h.nlmsg_len += (uint32_t)vn_cal_padded(len);
	memcpy(w->bytes + w->begin, &h, sizeof(h));
}

static void set_count(struct vn_cal_writer *w, uint32_t count)
{
	struct cal_head head = read_head(w);

	head.count = count;
	memcpy(w->bytes + w->begin + sizeof(struct nlmsghdr), &head, sizeof(head));
}

bool vn_cal_add(struct vn_cal_writer *w, const void *bytes, size_t len)
{
	if (w->cap - w->len < vn_cal_padded(len))
		return false;
	append(w, bytes, len);
	return true;
}

bool vn_cal_add_item(struct vn_cal_writer *w, const void *item, size_t item_len, const void *data,
		     size_t data_len)
{
	if (w->cap - w->len < vn_cal_padded(item_len) + vn_cal_padded(data_len))
		return false;
	append(w, item, item_len);
	append(w, data, data_len);
	set_count(w, vn_cal_items(w) + 1);
	return true;
}

uint32_t vn_cal_items(const struct vn_cal_writer *w)
{
	return read_head(w).count;
}

bool vn_cal_put(struct vn_cal_writer *w, uint16_t type, uint16_t nl_flags, uint32_t seq,
		uint32_t pid, uint16_t head_flags, uint32_t count, const void *body, size_t len)
{
	if (w->cap - w->len < VN_CAL_HLEN + vn_cal_padded(len))
		return false;
	vn_cal_begin(w, type, nl_flags, seq, pid, head_flags);
	append(w, body, len);
	set_count(w, count);
	return true;
}

bool vn_cal_put_error(struct vn_cal_writer *w, const struct vn_cal_msg *msg, int error)
{
	struct nlmsghdr h = {
		.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
		.nlmsg_type = NLMSG_ERROR,
		.nlmsg_seq = msg->seq,
		.nlmsg_pid = msg->pid,
	};
	struct nlmsgerr e = {
		.error = error,
		.msg = {
			.nlmsg_len = VN_CAL_HLEN + msg->len,
			.nlmsg_type = msg->type,
			.nlmsg_flags = msg->nl_flags,
			.nlmsg_seq = msg->seq,
			.nlmsg_pid = msg->pid,
		},
	};

	if (w->cap - w->len < h.nlmsg_len)
		return false;
	w->begin = w->len;
	memcpy(w->bytes + w->begin, &h, sizeof(h));
	memcpy(w->bytes + w->begin + sizeof(h), &e, sizeof(e));
	w->len += h.nlmsg_len;
	return true;
}

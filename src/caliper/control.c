/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages on the control socket, a function each. What comes here is whole and
 * has values that can be: msg.c has seen to it.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "caliper/driver_priv.h"

/* What a datagram has room for: descriptors without data, one message. */
#define PKTS_MAX ((CAL_DATAGRAM_MAX - VN_CAL_HLEN) / sizeof(struct cal_descriptor))

static int hello(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	struct cal_hello_ack ack = {
		.version = CAL_VERSION,
		.pkts_max = PKTS_MAX,
		.txbuffs = d->cfg.txbuffs,
		.ns_per_cycle = d->cfg.ns_per_cycle,
		.wire_max = CAL_WIRE_MAX,
		.state = (uint32_t)d->state | (uint32_t)d->cfg.precision << 8,
		.run = d->run,
	};
	struct cal_hello want;

	memcpy(&want, msg->body, sizeof(want));
	if (want.lowest > CAL_VERSION || want.highest < CAL_VERSION)
		return -EPROTO;
	vn_nf2_policy_forget(&d->policy, pid); /* of one that had this pid before */
	memcpy(ack.ifname, d->cfg.ifname, sizeof(ack.ifname));
	memcpy(ack.mac, d->cfg.mac, sizeof(ack.mac));
	vn_nf2_answer(d, pid, msg->seq, CAL_HELLO_ACK, 0, &ack, sizeof(ack));
	return 0;
}

static int reset(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	return vn_nf2_reset_ask(d, pid, msg->seq);
}

static int stats_get(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	uint64_t counters[CAL_N_COUNTERS];

	vn_nf2_counters(d, counters, CAL_N_COUNTERS);
	vn_nf2_answer(d, pid, msg->seq, CAL_STATS, CAL_N_COUNTERS, counters, sizeof(counters));
	return 0;
}

static int subscribe(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	struct cal_subscribe want;

	memcpy(&want, msg->body, sizeof(want));
	return vn_nf2_subscribe(d, pid, &want);
}

static int cancel(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	struct cal_cancel which;

	memcpy(&which, msg->body, sizeof(which));
	vn_nf2_cancel(d, pid, msg->seq, &which);
	return 0;
}

static int clock_get(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	uint64_t now = vn_nf2_now(d);
	const struct cal_clock body = {
		.card_ns = vn_cardclock_card_ns(&d->clock, now),
		.host_ns = now,
		.error_ns = vn_cardclock_error_ns(&d->clock, now),
	};

	vn_nf2_answer(d, pid, msg->seq, CAL_CLOCK, 0, &body, sizeof(body));
	return 0;
}

static const struct {
	uint16_t type;
	int (*ask)(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid);
} questions[] = {
	{ CAL_HELLO, hello },	      { CAL_RESET, reset },   { CAL_STATS_GET, stats_get },
	{ CAL_SUBSCRIBE, subscribe }, { CAL_CANCEL, cancel }, { CAL_POLICY, vn_nf2_policy_set },
	{ CAL_CLOCK, clock_get },
};

int vn_nf2_ask(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(questions); i++)
		if (questions[i].type == msg->type)
			return questions[i].ask(d, msg, pid);
	return -EPROTO;
}

/* The reply to a POLICY is nothing else. */
static bool is_acknowledged(const struct vn_cal_msg *msg)
{
	return msg->nl_flags & NLM_F_ACK || msg->type == CAL_POLICY;
}

void vn_nf2_control(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	int ret;

	if (len > CAL_DATAGRAM_MAX) {
		vn_nf2_refuse(d, pid, bytes, len, -EMSGSIZE);
		return;
	}
	vn_cal_reader_init(&r, bytes, len);
	while ((ret = vn_cal_next(&r, VN_CAL_DRIVER_CONTROL, d->cfg.card, &msg))) {
		if (ret > 0)
			ret = vn_nf2_ask(d, &msg, pid);
		else if (msg.type == CAL_POLICY)
			vn_nf2_policy_refused(&d->policy, &msg, pid);
		if (ret || is_acknowledged(&msg))
			vn_nf2_answer_error(d, pid, &msg, ret);
	}
	vn_nf2_settle(d);
}

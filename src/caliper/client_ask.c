/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions of a client on the control socket, each of which waits for its answer. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "caliper/client_priv.h"

/* How long a full control socket is left alone; what is heard meanwhile is taken in. */
#define FULL_NS UINT64_C(1000000)

/* Of a POLICY: what a datagram has room for. */
#define GAPS_A_MESSAGE ((CAL_DATAGRAM_MAX - VN_CAL_HLEN - sizeof(struct cal_policy)) / 8)

static int send_question(struct vn_caliper *c, const struct vn_client_question *q,
			 uint64_t deadline_ns)
{
	uint64_t now_ns;
	int ret;

	for (;;) {
		ret = c->transport->send(c->transport, VN_CAL_CONTROL, c->scratch,
					 VN_CAL_HLEN + q->len + 8 * (size_t)q->n_items);
		now_ns = c->transport->now(c->transport);
		if (ret == -EAGAIN && now_ns < deadline_ns)
			ret = vn_client_hear(c, VN_MIN(deadline_ns, now_ns + FULL_NS));
		else
			return ret;
		if (ret < 0 && ret != -EINTR)
			return ret;
	}
}

static void write_question(struct vn_caliper *c, const struct vn_client_question *q)
{
	uint16_t nl_flags = q->reply == NLMSG_ERROR ? NLM_F_REQUEST | NLM_F_ACK : NLM_F_REQUEST;
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, c->scratch, sizeof(c->scratch), c->card);
	vn_cal_begin(&w, q->type, nl_flags, c->reply.seq, 0, q->head_flags);
	vn_cal_add(&w, q->body, q->len);
	for (uint32_t i = 0; i < q->n_items; i++)
		vn_cal_add_item(&w, (const uint8_t *)q->items + 8 * i, 8, NULL, 0);
}

static const char *reason(int error)
{
	switch (error) {
	case -EPERM:
		return "no right to use the driver";
	case -EPROTO:
		return "the driver does not know it, or no version of the protocol is common";
	case -EINVAL:
		return "a value that the driver does not take";
	case -ENETDOWN:
		return "the interface is down, or the card is lost";
	case -ENOBUFS:
		return "as many clients as the driver can keep have done so";
	default:
		return strerror(-error);
	}
}

/* A signal does not break it off: the answer comes, or the time limit. */
static int await_reply(struct vn_caliper *c, const struct vn_client_question *q,
		       uint64_t deadline_ns)
{
	struct vn_client_reply *r = &c->reply;
	int ret;

	while (!r->came) {
		ret = vn_client_hear(c, deadline_ns);
		if (ret < 0 && ret != -EINTR)
			return ret;
		if (!ret && !r->came)
			return vn_err_set(&c->err, ETIMEDOUT,
					  "card %u: the driver does not answer %s within %llu ms",
					  c->card, q->name,
					  (unsigned long long)(c->wait_ns / 1000000));
	}
	if (r->error)
		return vn_err_set(&c->err, -r->error, "card %u: %s: %s", c->card, q->name,
				  reason(r->error));
	return 0;
}

int vn_client_ask(struct vn_caliper *c, const struct vn_client_question *q)
{
	uint64_t deadline_ns = vn_client_deadline(c, c->wait_ns);
	int ret;

	c->reply.seq = vn_client_next_seq(c);
	c->reply.type = q->reply;
	c->reply.came = false;
	c->reply.error = 0;
	write_question(c, q);
	ret = send_question(c, q, deadline_ns);
	if (ret == -EAGAIN)
		ret = vn_err_set(&c->err, ETIMEDOUT, "card %u: the driver does not read %s",
				 c->card, q->name);
	else if (ret)
		ret = vn_client_failed(c, ret);
	else
		ret = await_reply(c, q, deadline_ns);
	c->reply.seq = 0;
	return ret;
}

int vn_caliper_subscribe(struct vn_caliper *c, uint32_t kinds, uint32_t snap_len)
{
	uint32_t known = (2u << CAL_EVENT_STALL) - (1u << CAL_EVENT_RX);
	const struct cal_subscribe s = { kinds, snap_len };
	const struct vn_client_question q = { .name = "SUBSCRIBE",
					      .type = CAL_SUBSCRIBE,
					      .reply = NLMSG_ERROR,
					      .body = &s,
					      .len = sizeof(s) };
	int ret;

	if (kinds & ~known)
		return vn_err_set(&c->err, EINVAL, "kinds 0x%x: 0x%x are known", kinds, known);
	if (snap_len > CAL_SNAP_MAX)
		return vn_err_set(&c->err, EINVAL, "snap_len %u: 0 to %u are possible", snap_len,
				  CAL_SNAP_MAX);
	if (!c->events.ring)
		c->events.ring = calloc(VN_CLIENT_EVENTS, sizeof(*c->events.ring));
	if (!c->events.ring)
		return vn_err_set(&c->err, ENOMEM, "no memory for %u events", VN_CLIENT_EVENTS);
	ret = vn_client_ask(c, &q);
	if (!ret && !kinds)
		vn_client_count_anew(c);
	return ret;
}

int vn_caliper_cancel(struct vn_caliper *c, uint32_t first, uint32_t last,
		      struct cal_cancel_done *done)
{
	const struct cal_cancel cancel = { first, last };
	const struct vn_client_question q = { .name = "CANCEL",
					      .type = CAL_CANCEL,
					      .reply = CAL_CANCEL_DONE,
					      .body = &cancel,
					      .len = sizeof(cancel) };
	uint64_t inside;
	int ret;

	if (first > last)
		return vn_err_set(&c->err, EINVAL, "cookies %u to %u: the first is the least",
				  first, last);
	inside = vn_client_withdraw(c, first, last);
	ret = vn_client_ask(c, &q);
	vn_client_renumber(c);
	if (ret || !done)
		return ret;
	memcpy(done, c->reply.body, sizeof(*done));
	done->cancelled += inside;
	return 0;
}

int vn_caliper_reset(struct vn_caliper *c, uint64_t *card_ns)
{
	const struct vn_client_question q = { .name = "RESET",
					      .type = CAL_RESET,
					      .reply = CAL_RESET_DONE };
	int ret;

	vn_client_withdraw(c, 0, UINT32_MAX);
	ret = vn_client_ask(c, &q);
	if (ret)
		return ret;
	if (card_ns)
		memcpy(card_ns, c->reply.body, sizeof(*card_ns));
	vn_client_refusals_drop(c, -EAGAIN);
	return 0;
}

int vn_caliper_policy(struct vn_caliper *c, const struct cal_policy *policy, const uint64_t *gaps,
		      unsigned int n_gaps)
{
	struct vn_client_question q = { .name = "POLICY",
					.type = CAL_POLICY,
					.reply = NLMSG_ERROR,
					.body = policy,
					.len = sizeof(*policy) };
	bool has_list = policy->mode == CAL_POLICY_LIST;
	unsigned int sent = 0;
	int ret;

	if (has_list ? !gaps || !n_gaps || n_gaps > CAL_GAPS_MAX : n_gaps != 0)
		return vn_err_set(&c->err, EINVAL, "%u gaps: %s", n_gaps,
				  has_list ? "a list has 1 to 65536" : "they belong to a list");
	do {
		q.items = gaps ? gaps + sent : NULL;
		q.n_items = (uint32_t)VN_MIN(n_gaps - sent, GAPS_A_MESSAGE);
		sent += q.n_items;
		q.head_flags = sent < n_gaps ? CAL_MORE : 0;
		ret = vn_client_ask(c, &q);
	} while (!ret && sent < n_gaps);
	return ret;
}

int vn_caliper_clock(struct vn_caliper *c, struct cal_clock *clock)
{
	const struct vn_client_question q = { .name = "CLOCK",
					      .type = CAL_CLOCK,
					      .reply = CAL_CLOCK };
	int ret = vn_client_ask(c, &q);

	if (!ret)
		memcpy(clock, c->reply.body, sizeof(*clock));
	return ret;
}

int vn_caliper_stats(struct vn_caliper *c, uint64_t *counters, unsigned int n)
{
	const struct vn_client_question q = { .name = "STATS_GET",
					      .type = CAL_STATS_GET,
					      .reply = CAL_STATS };
	uint32_t has;
	int ret = vn_client_ask(c, &q);

	if (ret)
		return ret;
	has = VN_MIN(c->reply.count, c->reply.len / 8);
	if (n) /* who asks how many there are has no memory for them */
		memcpy(counters, c->reply.body, 8 * (size_t)VN_MIN(n, has));
	return (int)has;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client hears: datagrams are taken apart, and each message goes to whoever
 * waits for it. Never waits for anything but the next datagram.
 */
#include "caliper/client_priv.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

/* Datagrams before a sending, so that a driver that says much does not hold it up. */
#define HEAR_MAX 256

uint64_t vn_client_deadline(struct vn_caliper *c, uint64_t timeout_ns)
{
	uint64_t now_ns = c->transport->now(c->transport);

	return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

int vn_client_failed(struct vn_caliper *c, int error)
{
	switch (error) {
	case -EINTR:
		return vn_err_set(&c->err, EINTR, "a signal came");
	case -EPIPE:
	case -ECONNREFUSED:
		return vn_err_set(&c->err, ECONNREFUSED,
				  "card %u: there is no driver (vernier nf2d)", c->card);
	default:
		return vn_err_set(&c->err, -error, "card %u: NetLink: %s", c->card,
				  strerror(-error));
	}
}

void vn_client_wake(struct vn_caliper *c)
{
	bool want = c->events.head != c->events.tail || c->marks.hits || c->refusals.n_runs;
	uint64_t one = 1;
	ssize_t n;

	if (c->wake_fd < 0 || want == c->is_awake)
		return;
	/* Neither can fail: nobody else has it, and it counts 0 or 1. */
	n = want ? write(c->wake_fd, &one, sizeof(one)) : read(c->wake_fd, &one, sizeof(one));
	if (n == sizeof(one))
		c->is_awake = want;
}

/* --- refusals ---------------------------------------------------------------------- */

/* With no place left the last run grows: how many is right, of the last the errno not. */
static void refuse(struct vn_caliper *c, int error)
{
	struct vn_client_refusals *r = &c->refusals;

	if (!r->n_runs ||
	    (r->run[r->n_runs - 1].error != error && r->n_runs < VN_CLIENT_REFUSALS)) {
		r->run[r->n_runs].error = error;
		r->run[r->n_runs++].n = 0;
	}
	r->run[r->n_runs - 1].n++;
}

static const char *refusal_reason(int error)
{
	switch (error) {
	case -ENETDOWN:
		return "the interface is down, or the card is lost";
	case -EAGAIN:
		return "the card is being reset";
	case -EPERM:
		return "no right to use the driver";
	case -ECONNREFUSED:
		return "the driver was begun anew and knows nothing of them";
	default:
		return strerror(-error);
	}
}

int vn_client_refusal(struct vn_caliper *c)
{
	struct vn_client_refusals *r = &c->refusals;
	int error;

	if (!r->n_runs)
		return 0;
	error = r->run[0].error;
	if (!--r->run[0].n)
		memmove(&r->run[0], &r->run[1], --r->n_runs * sizeof(r->run[0]));
	vn_client_wake(c);
	return vn_err_set(&c->err, -error, "card %u: packets sent before: %s", c->card,
			  refusal_reason(error));
}

void vn_client_refusals_drop(struct vn_caliper *c, int error)
{
	struct vn_client_refusals *r = &c->refusals;
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->n_runs; i++)
		if (r->run[i].error != error)
			r->run[n++] = r->run[i];
	r->n_runs = n;
	vn_client_wake(c);
}

/* --- messages ---------------------------------------------------------------------- */

static void queue_event(struct vn_client_events *q, const struct cal_event *event,
			const uint8_t *snap)
{
	struct vn_caliper_event *e;

	if (q->tail - q->head == VN_CLIENT_EVENTS) {
		q->lost_inside++;
		return;
	}
	e = &q->ring[q->tail++ % VN_CLIENT_EVENTS];
	e->event = *event;
	memcpy(e->bytes, snap, event->snap);
	memset(e->bytes + event->snap, 0, sizeof(e->bytes) - event->snap);
}

void vn_client_count_anew(struct vn_caliper *c)
{
	c->events.lost_before += c->events.lost_told;
	c->events.lost_told = 0;
}

static void hear_events(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	struct vn_client_events *q = &c->events;
	struct cal_event event;
	const uint8_t *snap;
	uint64_t lost;
	size_t at = 0;

	if (!q->ring)
		return;
	memcpy(&lost, msg->body, sizeof(lost));
	if (lost < q->lost_told)
		vn_client_count_anew(c);
	q->lost_told = lost;
	while (vn_cal_event_next(msg, &at, &event, &snap))
		queue_event(q, &event, snap);
}

static void hear_mark_hit(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	struct vn_client_mark *mark = vn_client_mark_waiting(c, msg->seq);

	if (!mark)
		return;
	memcpy(&mark->hit, msg->body, sizeof(mark->hit));
	mark->state = VN_MARK_HIT;
	c->marks.hits++;
}

/* Another driver than the one that marks were set with will not answer them. */
static void hear_hello(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	uint16_t run = c->hello.run;
	bool is_first = !c->hello.version;

	memcpy(&c->hello, msg->body, sizeof(c->hello));
	if (is_first || c->hello.run == run)
		return;
	vn_client_marks_refuse(c, -ECONNREFUSED);
	vn_client_count_anew(c);
	refuse(c, -ECONNREFUSED);
}

static void hear_error(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	struct vn_client_mark *mark;

	if (!msg->error)
		return;
	if (msg->answered == CAL_PKTS) {
		refuse(c, msg->error);
		return;
	}
	mark = msg->answered == CAL_MARK ? vn_client_mark_waiting(c, msg->seq) : NULL;
	if (mark) {
		mark->state = VN_MARK_REFUSED;
		mark->error = msg->error;
		c->marks.hits++;
	}
}

/* Whether it is what the call under way waits for; then it is kept for it. */
static void hear_reply(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	struct vn_client_reply *r = &c->reply;

	if (!r->seq || msg->seq != r->seq || r->came)
		return;
	if (msg->type == NLMSG_ERROR) {
		/* that of a request without a reply is its end; of others only when it failed */
		if (!msg->error && r->type != NLMSG_ERROR)
			return;
		r->error = msg->error;
	} else if (msg->type != r->type) {
		return;
	}
	r->came = true;
	r->count = msg->head.count;
	r->len = VN_MIN(msg->len, VN_CLIENT_REPLY);
	memcpy(r->body, msg->body, r->len);
}

static void hear_message(struct vn_caliper *c, const struct vn_cal_msg *msg)
{
	switch (msg->type) {
	case CAL_EVENTS:
		hear_events(c, msg);
		return;
	case CAL_MARK_HIT:
		hear_mark_hit(c, msg);
		return;
	case CAL_HELLO_ACK:
		hear_hello(c, msg);
		break;
	case NLMSG_ERROR:
		hear_error(c, msg);
		break;
	default:
		break;
	}
	hear_reply(c, msg);
}

static void hear_datagram(struct vn_caliper *c, size_t len)
{
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	int ret;

	vn_cal_reader_init(&r, c->in_bytes, len);
	while ((ret = vn_cal_next(&r, VN_CAL_CLIENT, c->card, &msg)) != 0) {
		/* A driver that errs is not told so: errors are not answered. */
		if (ret > 0)
			hear_message(c, &msg);
	}
	vn_client_wake(c);
}

/* Sending fails when nobody is there. That it is not read says nothing. */
static int ask_whether_it_is_there(struct vn_caliper *c)
{
	const struct cal_hello hello = { CAL_VERSION, CAL_VERSION };
	uint8_t bytes[VN_CAL_HLEN + sizeof(hello)];
	struct vn_cal_writer w;
	int ret;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), c->card);
	vn_cal_put(&w, CAL_HELLO, 0, vn_client_next_seq(c), 0, 0, 0, &hello, sizeof(hello));
	ret = c->transport->send(c->transport, VN_CAL_CONTROL, bytes, w.len);
	return ret == -EAGAIN ? 0 : ret;
}

/*
 * As recv(), asking each second, of however many calls, whether the driver is there, and the same:
 * another one in its place answers marks, too, and knows nothing of a subscription.
 */
static ssize_t receive(struct vn_caliper *c, uint64_t deadline_ns)
{
	struct vn_cal_transport *t = c->transport;
	uint64_t now_ns = t->now(t), left_ns;
	ssize_t len;
	int ret;

	do {
		left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
		len = t->recv(t, c->in_bytes, sizeof(c->in_bytes),
			      VN_MIN(left_ns, VN_CLIENT_ASK_NS));
		now_ns = t->now(t);
		if (now_ns - c->asked_ns < VN_CLIENT_ASK_NS)
			continue;
		c->asked_ns = now_ns;
		ret = ask_whether_it_is_there(c);
		len = len ? len : ret;
	} while (!len && now_ns < deadline_ns);
	return len;
}

int vn_client_hear(struct vn_caliper *c, uint64_t deadline_ns)
{
	ssize_t len = receive(c, deadline_ns);

	if (len == -ENOBUFS) { /* how many were lost nobody knows: at least one */
		c->events.lost_inside++;
		return 1;
	}
	if (len < 0)
		return vn_client_failed(c, (int)len);
	if (!len)
		return 0;
	hear_datagram(c, (size_t)len);
	return 1;
}

int vn_client_hear_all(struct vn_caliper *c)
{
	int ret = 1;

	for (unsigned int n = 0; ret > 0 && n < HEAR_MAX; n++)
		ret = vn_client_hear(c, 0);
	return VN_MIN(ret, 0);
}

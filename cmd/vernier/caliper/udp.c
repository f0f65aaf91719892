/* SPDX-License-Identifier: BSD-2-Clause */
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "progress.h"
#include "stamp.h"

/* One sender at work. */
struct udp {
	struct caliper_run *r;
	struct vn_clock *clock;
	int fd;
	uint64_t start_ns;    /* of the plan; packet 0's departure */
	uint64_t end_ns;      /* -t by the clock; UINT64_MAX: never */
	uint64_t before_ns;   /* the last departure */
	uint64_t before_late; /* and how late that was */
	uint64_t wall_minus_clock_ns;
	uint8_t payload[UINT16_MAX];
};

/* --- the socket ------------------------------------------------------------------------ */

/* The default port needs a right that the user may not have, and can be taken: then
 * the system chooses, for whom the port does not matter. */
static int bind_port(struct udp *u, struct vn_err *err)
{
	const struct caliper_settings *s = &u->r->s;
	struct sockaddr_in me = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->sport) };
	int code;

	if (!bind(u->fd, (struct sockaddr *)&me, sizeof(me)))
		return 0;
	code = errno;
	me.sin_port = 0;
	if (s->has_sport || bind(u->fd, (struct sockaddr *)&me, sizeof(me)))
		return vn_err_set(err, code, "source port %" PRIu64 ": %s; --sport takes another",
				  s->sport, strerror(code));
	fprintf(stderr, "%s: warning: source port %" PRIu64 ": %s; the system chooses one\n",
		u->r->prefix, s->sport, strerror(code));
	return 0;
}

static int connect_peer(struct udp *u, struct vn_err *err)
{
	const struct caliper_settings *s = &u->r->s;
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)s->dport),
		.sin_addr.s_addr = s->dst_ip,
	};
	struct sockaddr_in me;
	socklen_t len = sizeof(me);
	int on = 1;

	/* Somebody may well want to send to all. */
	setsockopt(u->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (connect(u->fd, (struct sockaddr *)&peer, sizeof(peer)))
		return vn_err_set(err, errno, "%s port %" PRIu64 ": %s", s->dst_text, s->dport,
				  strerror(errno));
	if (!getsockname(u->fd, (struct sockaddr *)&me, &len))
		u->r->res.sport = ntohs(me.sin_port);
	return 0;
}

static int open_socket(struct udp *u, struct vn_err *err)
{
	int rc;

	u->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return vn_err_set(err, errno, "UDP socket: %s", strerror(errno));
	rc = bind_port(u, err);
	return rc ? rc : connect_peer(u, err);
}

/* --- a packet -------------------------------------------------------------------------- */

/* -ECANCELED: a signal wants an end. */
static int hand_over(struct udp *u, uint16_t len, struct vn_err *err)
{
	while (send(u->fd, u->payload, len, 0) < 0) {
		switch (errno) {
		case ECONNREFUSED: /* of a packet before this one, which has not been sent */
			u->r->res.refused++;
			break;
		case EINTR:
			if (caliper_is_stopped(u->r))
				return -ECANCELED;
			break;
		default:
			return vn_err_set(err, errno, "%s: a payload of %u bytes: %s",
					  u->r->s.dst_text, len, strerror(errno));
		}
	}
	return 0;
}

/* When it is due: from the packet before, or from the plan. */
static uint64_t due_ns(const struct udp *u, const struct caliper_packet *p)
{
	uint64_t due;

	if (u->r->s.catches_up || !p->k)
		return __builtin_add_overflow(u->start_ns, p->at_ns, &due) ? UINT64_MAX : due;
	return u->before_ns + p->gap_ns;
}

static void record(struct udp *u, const struct caliper_packet *p, uint64_t due, uint64_t now)
{
	struct caliper_result *res = &u->r->res;
	uint64_t bytes = caliper_frame_bytes(p->payload);

	/* What slipped was not asked for: the gap is that of the plan. */
	if (!u->r->s.catches_up)
		vn_departures_slide(res->departures, u->before_late);
	vn_departures_add(res->departures, due, now);
	u->before_ns = now;
	u->before_late = now - due;
	if (!p->k) {
		res->first_ns = now;
		res->first_bytes = bytes;
		res->has_first = true;
	}
	res->last_ns = now;
	res->has_last = true;
	res->packets++;
	res->bytes += bytes;
}

/* The plan begins with packet 0, which leaves whatever becomes of it. */
static void begin(struct udp *u)
{
	u->start_ns = vn_clock_now(u->clock);
	u->wall_minus_clock_ns = u->clock->wall(u->clock) - u->start_ns;
	u->end_ns = u->r->s.time_ns ? u->start_ns + u->r->s.time_ns : UINT64_MAX;
}

/* 0: it was sent; 1: the time is over or a signal came; -errno. */
static int send_packet(struct udp *u, const struct caliper_packet *p, struct vn_err *err)
{
	uint64_t due, now;
	int rc;

	if (!p->k)
		begin(u);
	due = due_ns(u, p);
	now = u->clock->wait(u->clock, VN_MIN(due, u->end_ns), &u->r->stop_word);
	if (now >= u->end_ns && p->k) {
		u->r->res.end = CALIPER_END_TIME;
		return 1;
	}
	if (caliper_is_stopped(u->r))
		return 1;
	if (u->r->s.stamps)
		caliper_stamp(u->payload, p->k, now + u->wall_minus_clock_ns);
	rc = hand_over(u, p->payload, err);
	if (rc)
		return rc == -ECANCELED ? 1 : rc;
	record(u, p, due, now);
	caliper_progress(u->r, now);
	return 0;
}

static int send_plan(struct udp *u, struct vn_err *err)
{
	struct caliper_run *r = u->r;
	struct caliper_packet p;
	int rc = 0;

	/* The whole wait is a spin: a sleep would end late. */
	u->clock->spin_ns = UINT64_MAX;
	while (!rc && caliper_plan_next(&r->plan, &p))
		rc = send_packet(u, &p, err);
	if (rc > 0 && r->res.end != CALIPER_END_TIME)
		r->res.end = CALIPER_END_INTERRUPTED;
	if (rc < 0)
		r->res.end = CALIPER_END_FAILED;
	return rc < 0 ? rc : 0;
}

int caliper_udp(struct caliper_run *r, struct vn_err *err)
{
	struct udp u = { .r = r, .clock = &r->clock, .fd = -1 };
	int rc;

	r->res.end = CALIPER_END_PLAN;
	r->res.departures = vn_departures_new();
	if (!r->res.departures)
		return vn_err_set(err, ENOMEM, "out of memory");
	rc = open_socket(&u, err);
	if (!rc)
		rc = send_plan(&u, err);
	if (u.fd >= 0)
		close(u.fd);
	r->res.late = vn_stat_get(&r->res.departures->n.late);
	r->res.late_max_ns = vn_stat_get(&r->res.departures->n.late_max_ns);
	return rc;
}

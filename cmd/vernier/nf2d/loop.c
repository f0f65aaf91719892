/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's one place to wait. Each turn serves the card first, since a card
 * that waits is a gap on the wire, then whoever may change the course of things
 * (interface, control), and then takes packets, as many as the driver has room for.
 *
 * A client's data socket is in the list of what is waited for only while the driver
 * takes something: when it does not, the card's next word is what changes that.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "nf2d.h"

#define CONTROLS  64 /* datagrams a turn */
#define DATAGRAMS 16
#define FRAMES	  64
/* Of a card that is reset: more than a socket holds when each has one descriptor. */
#define REFUSED_MAX 4096

enum { STOP, CONTROL, DATA, IFACE, FRAME, CARD, CHILD, N_FDS };

/* --- clients ----------------------------------------------------------------------- */

/* The next datagram of a sender that may send; others hear why not. */
static bool next_datagram(struct nf2d *n, enum nf2d_socket which, struct nf2d_datagram *d)
{
	if (!nf2d_peers_next(n->peers, which, d))
		return false;
	if (!d->is_allowed)
		vn_nf2_refuse(n->driver, d->pid, d->bytes, d->len, -EPERM);
	return true;
}

void nf2d_hear_data(struct nf2d *n, unsigned int budget)
{
	struct nf2d_datagram d;

	while (budget-- && vn_nf2_takes_data(n->driver)) {
		if (!next_datagram(n, NF2D_DATA, &d)) {
			vn_nf2_data_over(n->driver);
			return;
		}
		if (d.is_allowed)
			vn_nf2_data(n->driver, d.pid, d.bytes, d.len);
	}
}

bool nf2d_has_data(const struct nf2d *n)
{
	return vn_nf2_takes_data(n->driver) &&
	       (nf2d_peers_has(n->peers, NF2D_DATA) || vn_nf2_awaits_data_over(n->driver));
}

void nf2d_hear_control(struct nf2d *n)
{
	unsigned int budget = CONTROLS;
	struct nf2d_datagram d;

	while (budget-- && next_datagram(n, NF2D_CONTROL, &d)) {
		enum cal_state before = vn_nf2_state(n->driver);

		if (!d.is_allowed)
			continue;
		vn_nf2_control(n->driver, d.pid, d.bytes, d.len);
		/* What was sent before a reset is refused by it, also what still lies in the
		 * socket. */
		if (before == CAL_RUNNING && vn_nf2_state(n->driver) == CAL_RESETTING)
			nf2d_hear_data(n, REFUSED_MAX);
		/* Who hears that it was cancelled may end, and the next have its port id. */
		if (vn_nf2_awaits_data_over(n->driver))
			return;
	}
}

/* --- the interface ------------------------------------------------------------------- */

static void went_down(struct nf2d *n)
{
	vn_nf2_down(n->driver);
	nf2d_hear_data(n, REFUSED_MAX);
	if (n->frames.is_open) {
		nf2d_frames_discard(&n->frames);
		vn_nf2_dropped(n->driver, nf2d_frames_dropped(&n->frames));
	}
}

void nf2d_hear_iface(struct nf2d *n, struct vn_err *err)
{
	enum nf2d_change change;

	while (!n->is_over && (change = nf2d_iface_next(&n->iface))) {
		if (change == NF2D_WENT_UP)
			nf2d_card_up(n);
		else
			went_down(n);
		if (change != NF2D_IS_GONE)
			continue;
		n->is_over = true;
		vn_err_set(err, ENODEV,
			   "%s: the interface was deleted, or moved to another network namespace",
			   n->iface.name);
	}
	vn_nf2_set_identity(n->driver, n->iface.name, n->iface.mac);
}

static bool has_frames(struct nf2d *n)
{
	return vn_nf2_takes_frames(n->driver) && nf2d_frames_first(&n->frames);
}

static void hear_frames(struct nf2d *n)
{
	uint64_t dropped = nf2d_frames_dropped(&n->frames);

	if (dropped)
		vn_nf2_dropped(n->driver, dropped);
	for (unsigned int i = 0; i < FRAMES && has_frames(n); i++) {
		const struct nf2d_frame *f = nf2d_frames_first(&n->frames);

		vn_nf2_frame(n->driver, f->bytes, f->len);
		nf2d_frames_take(&n->frames);
	}
}

/* --- waiting ----------------------------------------------------------------------- */

static void fill(struct nf2d *n, struct pollfd fds[N_FDS])
{
	const int of[N_FDS] = {
		[STOP] = n->stop_fd,
		[CONTROL] = nf2d_peers_fd(n->peers, NF2D_CONTROL),
		[DATA] = vn_nf2_takes_data(n->driver) ? nf2d_peers_fd(n->peers, NF2D_DATA) : -1,
		[IFACE] = nf2d_iface_fd(&n->iface),
		[FRAME] = n->frames.fd,
		[CARD] = n->link.client.fd,
		[CHILD] = n->sim.pidfd,
	};

	for (unsigned int i = 0; i < N_FDS; i++)
		fds[i] = (struct pollfd){ .fd = of[i], .events = POLLIN };
}

/* Something is here already, of which no descriptor tells. */
static bool has_work(struct nf2d *n)
{
	return nf2d_peers_has(n->peers, NF2D_CONTROL) || has_frames(n) || nf2d_has_data(n);
}

/* Never sleeps; who else is on this CPU runs while there is nothing. */
static int look(struct nf2d *n, struct pollfd fds[N_FDS])
{
	int rc;

	fill(n, fds);
	rc = poll(fds, N_FDS, 0);
	if (!rc && !has_work(n))
		sched_yield();
	return rc;
}

static int wait_for(struct nf2d *n, struct pollfd fds[N_FDS])
{
	uint64_t next = VN_MIN(vn_nf2_next_ns(n->driver), n->retry_ns);
	uint64_t now = vn_clock_now(&n->clock);
	uint64_t ns = next > now ? next - now : 0;
	struct timespec limit = {
		.tv_sec = (time_t)(ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(ns % VN_NSEC_PER_SEC),
	};

	if (n->s.spins)
		return look(n, fds);
	if (has_work(n))
		limit = (struct timespec){ 0 };
	fill(n, fds);
	return ppoll(fds, N_FDS, next == UINT64_MAX && !has_work(n) ? NULL : &limit, NULL);
}

static void look_at_time(struct nf2d *n)
{
	uint64_t now = vn_clock_now(&n->clock);

	if (now >= vn_nf2_next_ns(n->driver))
		vn_nf2_timer(n->driver);
	if (now >= n->retry_ns)
		nf2d_card_retry(n);
}

static void turn(struct nf2d *n, const struct pollfd fds[N_FDS], struct vn_err *err)
{
	if (fds[FRAME].revents)
		nf2d_frames_woke(&n->frames);
	if (fds[CHILD].revents)
		nf2d_card_died(n);
	else if (fds[CARD].revents)
		nf2d_card_hear(n);
	look_at_time(n);
	if (fds[IFACE].revents)
		nf2d_hear_iface(n, err);
	if (fds[CONTROL].revents || nf2d_peers_has(n->peers, NF2D_CONTROL))
		nf2d_hear_control(n);
	if (fds[DATA].revents || nf2d_has_data(n))
		nf2d_hear_data(n, DATAGRAMS);
	hear_frames(n);
}

int nf2d_loop(struct nf2d *n, struct vn_err *err)
{
	struct pollfd fds[N_FDS];

	while (!n->is_over && !atomic_load_explicit(&n->stop_word, memory_order_acquire)) {
		if (wait_for(n, fds) < 0) {
			if (errno == EINTR)
				continue;
			return vn_err_set(err, errno, "poll: %s", strerror(errno));
		}
		turn(n, fds, err);
	}
	return n->is_over ? -ENODEV : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to clients. The driver never waits for one; what a client has no room
 * for is kept and offered again, up to a bound, since a client that waits for a
 * mark while events fill its socket would otherwise wait for ever.
 */
#include <errno.h>
#include <string.h>

#include "caliper/driver_priv.h"

_Static_assert(VN_CAL_HLEN + 8 * CAL_N_COUNTERS <= OWED_BYTES, "STATS fits");

static unsigned int owed_to(const struct vn_nf2_owed *o, uint32_t pid)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < o->n; i++)
		n += o->answers[i].pid == pid;
	return n;
}

static void owe(struct vn_nf2 *d, uint32_t pid, const uint8_t *bytes, size_t len)
{
	struct vn_nf2_owed *o = &d->owed;

	if (o->n == OWED_MAX || owed_to(o, pid) == OWED_TO_ONE)
		return;
	if (!o->n) {
		o->wait_ns = OWED_WAIT_NS;
		o->retry_ns = vn_nf2_now(d) + o->wait_ns;
	}
	o->answers[o->n].pid = pid;
	o->answers[o->n].len = (uint32_t)len;
	memcpy(o->answers[o->n++].bytes, bytes, len);
}

/* Behind what the client is owed already, so that answers come in order. */
static void send_answer(struct vn_nf2 *d, uint32_t pid, const struct vn_cal_writer *w)
{
	int ret = d->owed.n && owed_to(&d->owed, pid)
			  ? -EAGAIN
			  : d->ops.nl_send(d->arg, pid, w->bytes, w->len);

	if (ret == -EAGAIN)
		owe(d, pid, w->bytes, w->len);
	else if (ret == -ECONNREFUSED)
		vn_nf2_forget(d, pid);
}

void vn_nf2_answer(struct vn_nf2 *d, uint32_t pid, uint32_t seq, uint16_t type, uint32_t count,
		   const void *body, size_t len)
{
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, d->out, sizeof(d->out), d->cfg.card);
	if (vn_cal_put(&w, type, 0, seq, pid, 0, count, body, len))
		send_answer(d, pid, &w);
}

void vn_nf2_answer_error(struct vn_nf2 *d, uint32_t pid, const struct vn_cal_msg *msg, int error)
{
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, d->out, sizeof(d->out), d->cfg.card);
	if (vn_cal_put_error(&w, msg, error))
		send_answer(d, pid, &w);
}

/* Waits longer each time that nobody had room. */
static void wait_on(struct vn_nf2_owed *o, bool any_was_sent, uint64_t now)
{
	o->wait_ns = any_was_sent ? OWED_WAIT_NS : VN_MIN(2 * o->wait_ns, OWED_WAIT_MAX);
	o->retry_ns = now + o->wait_ns;
}

void vn_nf2_owed_retry(struct vn_nf2 *d)
{
	struct vn_nf2_owed *o = &d->owed;
	uint32_t full = 0, gone = 0;
	unsigned int kept = 0, n = o->n;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t pid = o->answers[i].pid;
		int ret = pid == full	? -EAGAIN
			  : pid == gone ? -ECONNREFUSED
					: d->ops.nl_send(d->arg, pid, o->answers[i].bytes,
							 o->answers[i].len);

		if (ret == -EAGAIN) {
			full = pid;
			if (kept != i)
				o->answers[kept] = o->answers[i];
			kept++;
		} else if (ret == -ECONNREFUSED) {
			gone = pid;
		}
	}
	o->n = kept;
	wait_on(o, kept < n, vn_nf2_now(d));
	if (gone)
		vn_nf2_forget(d, gone);
}

void vn_nf2_owed_forget(struct vn_nf2 *d, uint32_t pid)
{
	struct vn_nf2_owed *o = &d->owed;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < o->n; i++) {
		if (o->answers[i].pid == pid)
			continue;
		if (kept != i)
			o->answers[kept] = o->answers[i];
		kept++;
	}
	o->n = kept;
}

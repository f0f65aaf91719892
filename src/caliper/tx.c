/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets on their way to the card: descriptors and frames of the host's stack
 * become entries of txbuffs, and these are transferred, one at a time and as far
 * as the card has announced room (spec caliper 4.3, 4.5).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caliper/driver_priv.h"

/* --- time ----------------------------------------------------------------------------- */

static uint64_t add_cycles(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/*
 * Cycles of a relative time. What a cycle cannot express stays in rest_ns for the
 * next one, so that no error adds up however many gaps there are.
 */
static uint64_t relative_cycles(struct vn_nf2 *d, uint64_t time_ns)
{
	uint64_t below = d->cfg.ns_per_cycle - 1, ns = (time_ns & below) + d->rest_ns;

	d->rest_ns = ns & below;
	return (time_ns >> d->shift) + (ns >> d->shift);
}

/*
 * What the card is told, and when the packet leaves as far as the driver knows: not
 * before now, nor before its predecessor. What the next relative time counts from is
 * that, or the time asked for with CAL_CATCHUP.
 */
static uint64_t plan(struct vn_nf2 *d, uint64_t time_ns, uint16_t flags, uint64_t *departure)
{
	uint64_t cycles;

	if (flags & CAL_HOSTCLOCK)
		time_ns = vn_cardclock_card_ns(&d->clock, time_ns);
	if (flags & CAL_ABSOLUTE) {
		d->rest_ns = time_ns & (d->cfg.ns_per_cycle - 1);
		cycles = d->planned = time_ns >> d->shift;
	} else {
		cycles = relative_cycles(d, time_ns);
		d->planned = add_cycles(d->planned, cycles);
	}
	d->departs = VN_MAX(VN_MAX(d->planned, d->departs), d->now_cycle);
	*departure = d->departs;
	if (!(flags & CAL_CATCHUP))
		d->planned = *departure;
	return cycles;
}

/* --- adding --------------------------------------------------------------------------- */

static uint16_t entry_flags(uint16_t flags)
{
	return (flags & CAL_ABSOLUTE ? DRIVERCOMM_ABSOLUTE : 0) |
	       (flags & CAL_CATCHUP ? DRIVERCOMM_CATCHUP : 0) |
	       (flags & CAL_REPORT ? DRIVERCOMM_REPORT : 0);
}

bool nf2c_inject_pkt(struct vn_nf2 *d, const struct cal_descriptor *x, const uint8_t *data)
{
	struct vn_nf2_packet packet = {
		.pid = d->in.pid,
		.seq = d->in.msg.seq,
		.cookie = x->cookie,
		.is_reported = x->flags & CAL_REPORT,
	};
	uint16_t copy_len = vn_nf2_copy_len(x);
	struct vn_txbuff *t = vn_txbuff_room(d, copy_len);
	uint64_t cycles;
	uint8_t *bytes;

	if (!t)
		return false;
	cycles = plan(d, x->time_ns, x->flags, &packet.planned);
	bytes = vn_txbuff_add(t, &packet, cycles, vn_nf2_wire_len(x), copy_len,
			      entry_flags(x->flags));
	vn_nf2_frame_build(x, data, d->cfg.mac, d->ipv4_id, bytes);
	if (x->kind == CAL_UDP)
		d->ipv4_id++;
	vn_txbuff_added(d);
	return true;
}

void nf2c_tx_pkt(struct vn_nf2 *d, const uint8_t *frame, uint32_t len)
{
	uint32_t snap = d->policy.now.snap, copy_len = snap ? VN_MIN(len, snap) : len;
	struct vn_txbuff *t = vn_txbuff_room(d, copy_len);
	struct vn_nf2_packet packet = { 0 };
	uint16_t flags = 0;
	uint64_t cycles;

	if (!t) {
		vn_nf2_count(d, CAL_COUNTER_if_txdrop, 1);
		return;
	}
	d->now_cycle = vn_nf2_card_ns(d) >> d->shift;
	cycles = plan(d, vn_nf2_policy_gap(&d->policy, len), 0, &packet.planned);
	/* The policy's gap has passed, or there is none: the stack asked for no time. */
	if (!cycles || packet.planned <= d->now_cycle)
		flags = DRIVERCOMM_ASAP;
	memcpy(vn_txbuff_add(t, &packet, cycles, (uint16_t)VN_MAX(len, (uint32_t)CAL_WIRE_MIN),
			     (uint16_t)copy_len, flags),
	       frame, copy_len);
	vn_nf2_count(d, CAL_COUNTER_if_frames, 1);
	vn_txbuff_added(d);
}

/* --- sending -------------------------------------------------------------------------- */

uint32_t vn_nf2_outstanding(const struct vn_nf2 *d)
{
	return d->sent.frames - d->sent.credited;
}

/* Packets wait, the bus is free and the card has no room: says since when. */
static void begin_stall(struct vn_nf2 *d)
{
	if (d->is_stalled)
		return;
	d->is_stalled = true;
	d->stalled_ns = vn_nf2_now(d);
	vn_nf2_count(d, CAL_COUNTER_quota_stalls, 1);
}

/* A CONFIG counts for the card's quota but not for a client's limit of it: with a limit below the
 * step that the card has before it hears of a new one, it would wait for ever. */
static struct vn_txbuff *next_to_send(struct vn_nf2 *d)
{
	if (d->config_is_due && !d->config_is_in_transfer && d->allowed_send) {
		vn_nf2_config_renew(d);
		return &d->config;
	}
	if (!d->transmit_txbuffs.n)
		return NULL;
	if (!d->allowed_send || vn_nf2_outstanding(d) >= d->quota) {
		begin_stall(d);
		return NULL;
	}
	return vn_txbuff_pop(&d->transmit_txbuffs);
}

static void put_back(struct vn_nf2 *d, struct vn_txbuff *t)
{
	if (t == &d->config)
		d->config_is_due = true;
	else
		vn_txbuff_push_first(&d->transmit_txbuffs, t);
}

static void refused(struct vn_nf2 *d, struct vn_txbuff *t, int error)
{
	char text[64];

	put_back(d, t);
	if (error == -ENODEV) {
		vn_nf2_fail(d, "the card is gone");
		return;
	}
	d->busy_ns = vn_nf2_now(d) + BUSY_WAIT_NS;
	if (error == -EBUSY)
		return;
	snprintf(text, sizeof(text), "a transfer to the card was not started: error %d", -error);
	vn_nf2_error(d, LOG_TRANSFER, text);
}

static bool begin_transfer(struct vn_nf2 *d, struct vn_txbuff *t)
{
	uint32_t len = vn_txbuff_finish(t, d->epoch);
	int ret = d->ops.dma_tx(d->arg, t->bytes, len);

	if (ret) {
		refused(d, t, ret);
		return false;
	}
	vn_txbuff_push(&d->transfers, t);
	vn_nf2_sent_add(&d->sent, t);
	d->allowed_send--;
	if (t == &d->config) {
		d->config_is_due = false;
		d->config_is_in_transfer = true;
	}
	vn_nf2_count(d, CAL_COUNTER_transfers, 1);
	vn_nf2_count(d, CAL_COUNTER_bytes, len);
	return true;
}

void nf2c_attempt_send(struct vn_nf2 *d)
{
	vn_nf2_reset_command(d);
	while (d->state == CAL_RUNNING && d->busy_ns == UINT64_MAX &&
	       d->transfers.n < d->cfg.transfers) {
		struct vn_txbuff *t = next_to_send(d);

		if (!t || !begin_transfer(d, t))
			return;
	}
}

/* --- the end of a transfer --------------------------------------------------------------- */

static void release(struct vn_nf2 *d, struct vn_txbuff *t)
{
	if (t == &d->config)
		d->config_is_in_transfer = false;
	else if (t == &d->reset.command)
		d->reset.is_in_transfer = false;
	else
		vn_txbuff_push(&d->free_txbuffs, t);
}

void vn_nf2_tx_complete(struct vn_nf2 *d)
{
	struct vn_txbuff *t = vn_txbuff_pop(&d->transfers);

	d->busy_ns = UINT64_MAX;
	if (t) {
		if (!t->is_void) {
			vn_nf2_count(d, CAL_COUNTER_entries, t->n);
			notify_of_mark(d, t, CAL_COPIED);
		}
		release(d, t);
	}
	vn_txbuff_flush_idle(d);
	nf2c_attempt_send(d);
}

/* From the newest on, so that numbers and order are as before. */
void vn_nf2_tx_abort(struct vn_nf2 *d, bool oldest_is_complete)
{
	struct vn_txbuff *complete = oldest_is_complete ? vn_txbuff_pop(&d->transfers) : NULL;
	struct vn_txbuff_list reversed = { NULL, NULL, 0 };
	struct vn_txbuff *t;

	while ((t = vn_txbuff_pop(&d->transfers)))
		vn_txbuff_push_first(&reversed, t);
	while ((t = vn_txbuff_pop(&reversed))) {
		if (t == &d->reset.command) {
			d->reset.is_in_transfer = false;
			d->reset.is_due = true;
		} else if (t->is_void) {
			release(d, t);
		} else {
			vn_nf2_sent_take_back(&d->sent, t);
			d->allowed_send++;
			if (t == &d->config)
				d->config_is_in_transfer = false;
			put_back(d, t);
		}
	}
	if (complete)
		vn_txbuff_push(&d->transfers, complete);
}

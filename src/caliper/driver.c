/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver as a whole: its states (spec caliper 4.2), its beginning and end,
 * its timer. What happens in each state stands in the other files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caliper/driver_priv.h"

#define TXBUFFS_DEFAULT 16
#define TXBUFFS_MAX	4096
/* More than twice what a card can have by its quota, and a power of two. */
#define SENT_RING 2048

_Static_assert(SENT_RING >= 2 * (QUOTA_MAX + 1) * TXBUFF_PACKETS, "see sent.c");

/* --- beginning and end ------------------------------------------------------------------- */

static int check_config(const struct vn_nf2_config *cfg, struct vn_err *err)
{
	if (cfg->card >= CAL_CARDS_MAX)
		return vn_err_set(err, EINVAL, "card %u: 0 to %d are possible", cfg->card,
				  CAL_CARDS_MAX - 1);
	if (cfg->txbuffs && (cfg->txbuffs < 2 || cfg->txbuffs > TXBUFFS_MAX))
		return vn_err_set(err, EINVAL, "%u txbuffs: 2 to %d are possible", cfg->txbuffs,
				  TXBUFFS_MAX);
	if (cfg->max_entries > TXBUFF_PACKETS)
		return vn_err_set(err, EINVAL, "%u packets in a transfer: 1 to %d are possible",
				  cfg->max_entries, TXBUFF_PACKETS);
	if (cfg->quota > QUOTA_MAX)
		return vn_err_set(err, EINVAL, "a quota of %u: 1 to %d are possible", cfg->quota,
				  QUOTA_MAX);
	if (cfg->ns_per_cycle & (cfg->ns_per_cycle - 1) || cfg->ns_per_cycle > 1024)
		return vn_err_set(err, EINVAL, "%u ns a cycle: powers of two to 1024 are possible",
				  cfg->ns_per_cycle);
	return 0;
}

static void set_config(struct vn_nf2 *d, const struct vn_nf2_config *cfg)
{
	d->cfg = *cfg;
	d->cfg.ifname[sizeof(d->cfg.ifname) - 1] = '\0';
	d->cfg.txbuffs = cfg->txbuffs ? cfg->txbuffs : TXBUFFS_DEFAULT;
	d->cfg.transfers = cfg->transfers ? cfg->transfers : 1;
	d->cfg.ns_per_cycle = cfg->ns_per_cycle ? cfg->ns_per_cycle : 8;
	d->shift = (unsigned int)__builtin_ctz(d->cfg.ns_per_cycle);
	d->quota = cfg->quota ? cfg->quota : QUOTA_MAX;
	d->max_entries = cfg->max_entries ? cfg->max_entries : TXBUFF_PACKETS;
}

void vn_nf2_set_identity(struct vn_nf2 *d, const char *ifname, const uint8_t mac[6])
{
	snprintf(d->cfg.ifname, sizeof(d->cfg.ifname), "%s", ifname);
	memcpy(d->cfg.mac, mac, sizeof(d->cfg.mac));
}

static bool allocate(struct vn_nf2 *d)
{
	d->txbuffs = calloc(d->cfg.txbuffs, sizeof(*d->txbuffs));
	d->sent.ring = calloc(SENT_RING, sizeof(*d->sent.ring));
	d->sent.mask = SENT_RING - 1;
	d->policy.gaps = calloc(CAL_GAPS_MAX, sizeof(*d->policy.gaps));
	d->policy.gathered = calloc(CAL_GAPS_MAX, sizeof(*d->policy.gathered));
	d->backlog.bytes = calloc(CAL_BACKLOG, sizeof(*d->backlog.bytes));
	return d->txbuffs && d->sent.ring && d->policy.gaps && d->policy.gathered &&
	       d->backlog.bytes;
}

int vn_nf2_new(const struct vn_nf2_config *cfg, const struct vn_nf2_ops *ops, void *arg,
	       struct vn_nf2 **out, struct vn_err *err)
{
	struct vn_nf2 *d;
	int ret = check_config(cfg, err);

	*out = NULL;
	if (ret)
		return ret;
	d = calloc(1, sizeof(*d));
	if (!d)
		return vn_err_set(err, ENOMEM, "card %u: no memory", cfg->card);
	d->ops = *ops;
	d->arg = arg;
	set_config(d, cfg);
	if (!allocate(d)) {
		vn_nf2_free(d);
		return vn_err_set(err, ENOMEM, "card %u: no memory", cfg->card);
	}
	for (unsigned int i = 0; i < d->cfg.txbuffs; i++)
		vn_txbuff_push(&d->free_txbuffs, &d->txbuffs[i]);
	d->state = CAL_DOWN;
	d->mask = UINT32_MAX;
	d->busy_ns = UINT64_MAX;
	/* Not that of a driver before this one, whose messages may still be on their way. */
	d->epoch = (uint16_t)(vn_nf2_now(d) / VN_NF2_RESET_WAIT_NS);
	d->run = (uint16_t)((vn_nf2_now(d) >> 16) % UINT16_MAX + 1);
	vn_cardclock_init(&d->clock, d->cfg.ns_per_cycle);
	*out = d;
	return 0;
}

void vn_nf2_free(struct vn_nf2 *d)
{
	if (!d)
		return;
	free(d->txbuffs);
	free(d->sent.ring);
	free(d->policy.gaps);
	free(d->policy.gathered);
	free(d->backlog.bytes);
	free(d);
}

/* --- errors --------------------------------------------------------------------------------- */

void vn_nf2_log(struct vn_nf2 *d, enum vn_nf2_log_cause cause, const char *text)
{
	uint64_t now = vn_nf2_now(d), *last = &d->logged_ns[cause];

	if (*last && now - *last < VN_NSEC_PER_SEC)
		return;
	*last = VN_MAX(now, UINT64_C(1));
	d->ops.log(d->arg, text);
}

void vn_nf2_error(struct vn_nf2 *d, enum vn_nf2_log_cause cause, const char *text)
{
	uint64_t now = vn_nf2_now(d);

	vn_nf2_count(d, CAL_COUNTER_errors, 1);
	vn_nf2_log(d, cause, text);
	if (now - d->errors_ns >= VN_NSEC_PER_SEC) {
		d->errors_ns = now;
		d->n_errors = 0;
	}
	if (++d->n_errors > ERRORS_A_SECOND)
		vn_nf2_fail(d, "too many errors in a second");
}

/* --- states --------------------------------------------------------------------------------- */

void vn_nf2_set_mask(struct vn_nf2 *d, uint32_t mask)
{
	if (d->mask == mask)
		return;
	d->mask = mask;
	d->ops.write_mask(d->arg, mask);
}

static void set_carrier(struct vn_nf2 *d, bool on)
{
	if (d->has_carrier == on)
		return;
	d->has_carrier = on;
	d->ops.carrier(d->arg, on);
}

/* A client's reset leaves the interface alone, and its carrier, too. */
void vn_nf2_set_state(struct vn_nf2 *d, enum cal_state state)
{
	if (d->state == state)
		return;
	d->state = state;
	if (state != CAL_RESETTING)
		set_carrier(d, state == CAL_RUNNING);
	vn_nf2_tell_number(d, CAL_EVENT_STATE, state);
}

static void throw_away(struct vn_nf2 *d, struct vn_txbuff *t)
{
	if (!t->is_void)
		vn_nf2_count(d, CAL_COUNTER_discarded, t->n);
	notify_of_mark(d, t, CAL_DISCARDED);
}

/* What is in transfer cannot be had back; it is done with when that is over. */
void vn_nf2_clear(struct vn_nf2 *d)
{
	struct vn_txbuff *t;

	for (t = d->transfers.first; t; t = t->next) {
		throw_away(d, t);
		t->is_void = true;
	}
	vn_txbuff_flush(d);
	while ((t = vn_txbuff_pop(&d->transmit_txbuffs))) {
		throw_away(d, t);
		vn_txbuff_push(&d->free_txbuffs, t);
	}
	vn_nf2_drop_message(d);
	d->config_is_due = d->is_stalled = false;
	d->busy_ns = UINT64_MAX;
}

static void stop(struct vn_nf2 *d, enum cal_state state)
{
	vn_nf2_set_mask(d, UINT32_MAX);
	/* First, so that what is asked while packets are thrown away is answered accordingly. */
	d->reset.is_due = d->reset.has_answer = false;
	vn_nf2_set_state(d, state);
	vn_nf2_clear(d);
	vn_nf2_reset_refuse(d, -ENETDOWN);
}

void vn_nf2_fail(struct vn_nf2 *d, const char *why)
{
	if (d->state == CAL_FAULT)
		return;
	vn_nf2_log(d, LOG_FAULT, why);
	stop(d, CAL_FAULT);
}

void vn_nf2_settle(struct vn_nf2 *d)
{
	if (d->in.is_parked)
		nl_receive_msg(d);
	vn_nf2_events_send(d);
}

/* --- the interface ------------------------------------------------------------------------- */

/* The card of before is not there any more, and whatever it was doing neither. */
static void forget_transfers(struct vn_nf2 *d)
{
	struct vn_txbuff *t;

	while ((t = vn_txbuff_pop(&d->transfers)))
		if (t != &d->config && t != &d->reset.command)
			vn_txbuff_push(&d->free_txbuffs, t);
	d->config_is_in_transfer = d->reset.is_in_transfer = false;
	d->rx_runs = false;
}

void vn_nf2_up(struct vn_nf2 *d)
{
	if (d->state == CAL_RESETTING || d->state == CAL_RUNNING)
		return;
	if (d->state == CAL_FAULT)
		forget_transfers(d);
	d->n_errors = 0;
	vn_nf2_set_mask(d, d->rx_runs ? VN_NT_INT_PKT_AVAIL : 0);
	vn_nf2_reset_begin(d);
	/* Behind what was told of it: from here on it may be another card's. */
	vn_cardclock_init(&d->clock, d->cfg.ns_per_cycle);
	if (d->rx_waits && d->state == CAL_RESETTING)
		vn_nf2_rx_begin(d);
	d->rx_waits = false;
	nf2c_intr(d);
	vn_nf2_settle(d);
}

void vn_nf2_down(struct vn_nf2 *d)
{
	if (d->state == CAL_FAULT)
		forget_transfers(d);
	if (d->state != CAL_DOWN)
		stop(d, CAL_DOWN);
	vn_nf2_settle(d);
}

void vn_nf2_fault(struct vn_nf2 *d, const char *why)
{
	vn_nf2_fail(d, why);
	vn_nf2_settle(d);
}

bool vn_nf2_takes_frames(const struct vn_nf2 *d)
{
	if (d->state != CAL_RUNNING)
		return true;
	return !d->in.is_parked && d->free_txbuffs.n;
}

void vn_nf2_frame(struct vn_nf2 *d, const uint8_t *frame, uint32_t len)
{
	if (d->state != CAL_RUNNING || len < 14 || len > CAL_WIRE_MAX) {
		vn_nf2_dropped(d, 1);
		return;
	}
	nf2c_tx_pkt(d, frame, len);
	vn_nf2_count(d, CAL_COUNTER_txbuff_waits, !vn_nf2_takes_frames(d));
	vn_nf2_settle(d);
}

void vn_nf2_dropped(struct vn_nf2 *d, uint64_t n)
{
	vn_nf2_count(d, CAL_COUNTER_if_txdrop, n);
}

void vn_nf2_lost(struct vn_nf2 *d, uint64_t n)
{
	vn_nf2_count(d, CAL_COUNTER_lost, n);
}

void vn_nf2_forget(struct vn_nf2 *d, uint32_t pid)
{
	vn_nf2_unsubscribe(d, pid);
	vn_nf2_marks_forget(d, pid);
	vn_nf2_owed_forget(d, pid);
	vn_nf2_reset_forget(d, pid);
	vn_nf2_policy_forget(&d->policy, pid);
	vn_nf2_withdraw_forget(d, pid);
}

/* --- time ------------------------------------------------------------------------------------ */

uint64_t vn_nf2_next_ns(const struct vn_nf2 *d)
{
	uint64_t next = d->busy_ns;

	if (d->state == CAL_RESETTING)
		next = VN_MIN(next, d->reset.retry_ns);
	if (d->owed.n)
		next = VN_MIN(next, d->owed.retry_ns);
	return VN_MIN(next, vn_txbuff_flush_ns(d));
}

void vn_nf2_timer(struct vn_nf2 *d)
{
	uint64_t now = vn_nf2_now(d);

	if (d->state == CAL_RESETTING && now >= d->reset.retry_ns)
		vn_nf2_reset_retry(d);
	if (now >= vn_txbuff_flush_ns(d))
		vn_txbuff_flush(d);
	if (now >= d->busy_ns)
		d->busy_ns = UINT64_MAX;
	nf2c_attempt_send(d);
	if (d->owed.n && now >= d->owed.retry_ns)
		vn_nf2_owed_retry(d);
	vn_nf2_settle(d);
}

/* --- looking ------------------------------------------------------------------------------------
 */

enum cal_state vn_nf2_state(const struct vn_nf2 *d)
{
	return d->state;
}

unsigned int vn_nf2_counters(const struct vn_nf2 *d, uint64_t *out, unsigned int n)
{
	uint64_t all[CAL_N_COUNTERS];

	memcpy(all, d->counters, sizeof(all));
	all[CAL_COUNTER_free_txbuffs] = d->free_txbuffs.n;
	all[CAL_COUNTER_waiting] = d->transmit_txbuffs.n + d->transfers.n;
	all[CAL_COUNTER_building] = d->txbuff_building ? d->txbuff_building->n : 0;
	all[CAL_COUNTER_allowed_send] = d->allowed_send;
	all[CAL_COUNTER_state] = d->state;
	memcpy(out, all, VN_MIN(n, (unsigned int)CAL_N_COUNTERS) * sizeof(*out));
	return CAL_N_COUNTERS;
}

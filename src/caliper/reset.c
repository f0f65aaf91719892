/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reset handshake (spec caliper 4.2): the command is repeated until the card
 * answers, each time with a new epoch, so that an answer to an earlier one, or
 * what the card said before, is not taken for the answer to this one.
 */
#include <errno.h>
#include <stddef.h>

#include "caliper/driver_priv.h"

void vn_nf2_reset_begin(struct vn_nf2 *d)
{
	vn_nf2_clear(d);
	vn_nf2_set_state(d, CAL_RESETTING);
	d->reset.tries = 0;
	d->reset.is_due = true;
	d->reset.has_answer = false;
	d->reset.retry_ns = vn_nf2_now(d) + VN_NF2_RESET_WAIT_NS;
	d->busy_ns = UINT64_MAX;
	nf2c_attempt_send(d);
}

static void send_command(struct vn_nf2 *d)
{
	struct vn_txbuff *t = &d->reset.command;
	int ret;

	vn_txbuff_init(t, DRIVERCOMM_RESET);
	d->epoch = d->epoch == UINT16_MAX ? 1 : d->epoch + 1;
	d->reset.sent_ns = vn_nf2_now(d);
	ret = d->ops.dma_tx(d->arg, t->bytes, vn_txbuff_finish(t, d->epoch));
	if (ret == -ENODEV)
		vn_nf2_fail(d, "the card is gone");
	if (ret)
		return;
	vn_txbuff_push(&d->transfers, t);
	d->reset.is_due = false;
	d->reset.is_in_transfer = true;
}

/*
 * Begins it if the bus is free. A card in software, which has several transfers at a
 * time, may hold them for hours: they end by the reset, so it does not wait for them.
 */
void vn_nf2_reset_command(struct vn_nf2 *d)
{
	if (d->state != CAL_RESETTING || !d->reset.is_due || d->reset.is_in_transfer)
		return;
	if (d->transfers.n < d->cfg.transfers || d->cfg.transfers > 1)
		send_command(d);
}

void vn_nf2_reset_retry(struct vn_nf2 *d)
{
	if (++d->reset.tries == VN_NF2_RESET_TRIES) {
		vn_nf2_fail(d, "the card does not answer to resets");
		return;
	}
	d->reset.is_due = true;
	/* From now: who had no CPU for long has not waited for the card. */
	d->reset.retry_ns = vn_nf2_now(d) + VN_NF2_RESET_WAIT_NS;
	nf2c_attempt_send(d);
}

void vn_nf2_reset_is_slow(struct vn_nf2 *d)
{
	d->reset.retry_ns = vn_nf2_now(d) + VN_NF2_RESET_TRIES * VN_NF2_RESET_WAIT_NS;
}

/* The card has let go of everything: what it was still copying is over. */
static void release_transfers(struct vn_nf2 *d)
{
	struct vn_txbuff *t;

	while ((t = vn_txbuff_pop(&d->transfers)))
		if (t != &d->reset.command && t != &d->config)
			vn_txbuff_push(&d->free_txbuffs, t);
	d->reset.is_in_transfer = d->config_is_in_transfer = false;
}

static void tell_askers(struct vn_nf2 *d)
{
	const struct cal_time body = { d->reset.card_ns };

	while (d->reset.n_askers) {
		struct vn_nf2_asker a = d->reset.askers[--d->reset.n_askers];

		vn_nf2_answer(d, a.pid, a.seq, CAL_RESET_DONE, 0, &body, sizeof(body));
	}
}

static bool has_asked(const struct vn_nf2 *d, uint32_t pid)
{
	for (unsigned int i = 0; i < d->reset.n_askers; i++)
		if (d->reset.askers[i].pid == pid)
			return true;
	return false;
}

/* From the last on: one that is gone is taken out on the way. */
static void tell_subscribers(struct vn_nf2 *d)
{
	const struct cal_time body = { d->reset.card_ns };

	for (unsigned int i = d->events.n_subscribers; i-- > 0;) {
		uint32_t pid = d->events.subscribers[i].pid;

		if (!has_asked(d, pid))
			vn_nf2_answer(d, pid, 0, CAL_RESET_DONE, 0, &body, sizeof(body));
	}
}

void vn_nf2_reset_end(struct vn_nf2 *d)
{
	d->reset.has_answer = d->reset.is_due = false;
	release_transfers(d);
	vn_nf2_sent_reset(&d->sent);
	d->card_late = d->card_rx_lost = d->card_reports_lost = 0;
	d->allowed_send = d->reset.credit;
	d->planned = d->departs = d->reset.card_ns >> d->shift;
	d->rest_ns = 0;
	vn_cardclock_exchange(&d->clock, d->reset.heard_ns - d->reset.sent_ns);
	vn_cardclock_sample(&d->clock, d->reset.card_ns, d->reset.heard_ns);
	vn_nf2_count(d, CAL_COUNTER_resets, 1);
	vn_nf2_set_state(d, CAL_RUNNING);
	tell_subscribers(d);
	tell_askers(d);
	d->config_is_due = true;
	nf2c_attempt_send(d);
}

void vn_nf2_reset_refuse(struct vn_nf2 *d, int error)
{
	while (d->reset.n_askers) {
		struct vn_nf2_asker a = d->reset.askers[--d->reset.n_askers];
		const struct vn_cal_msg msg = { .type = CAL_RESET, .seq = a.seq, .pid = a.pid };

		vn_nf2_answer_error(d, a.pid, &msg, error);
	}
}

int vn_nf2_reset_ask(struct vn_nf2 *d, uint32_t pid, uint32_t seq)
{
	struct vn_nf2_reset *r = &d->reset;

	if (d->state == CAL_DOWN || d->state == CAL_FAULT)
		return -ENETDOWN;
	if (r->n_askers == VN_ARRAY_SIZE(r->askers))
		return -ENOBUFS;
	r->askers[r->n_askers++] = (struct vn_nf2_asker){ pid, seq };
	/* One that runs will do: since it began nothing was taken that it would have to drop. */
	if (d->state == CAL_RUNNING)
		vn_nf2_reset_begin(d);
	return 0;
}

void vn_nf2_reset_forget(struct vn_nf2 *d, uint32_t pid)
{
	struct vn_nf2_reset *r = &d->reset;

	for (unsigned int i = r->n_askers; i-- > 0;)
		if (r->askers[i].pid == pid)
			r->askers[i] = r->askers[--r->n_askers];
}

void vn_nf2_config_renew(struct vn_nf2 *d)
{
	unsigned int step = VN_MIN(VN_MAX(d->quota / 2, 1u), (unsigned int)DRIVERCOMM_QUOTA_STEP);
	uint8_t *c = d->config.bytes + TXBUFF_HEAD;

	vn_txbuff_init(&d->config, DRIVERCOMM_CONFIG);
	vn_put_be32(c, DRIVERCOMM_FORWARD);
	vn_put_be32(c + offsetof(struct drivercomm_config, quota_step), step);
	vn_put_be32(c + offsetof(struct drivercomm_config, quota_start), DRIVERCOMM_QUOTA_START);
	d->config.len += sizeof(struct drivercomm_config);
}

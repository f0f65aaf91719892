/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts (spec caliper 4.4). The status register may tell of several things at
 * once; an answer to a RESET is obeyed only when it tells of nothing more, so
 * that the ends of transfers from before are not taken for those of new ones.
 */
#include <errno.h>
#include <stdio.h>

#include "caliper/driver_priv.h"

#define DMA_ERRORS                                                                                 \
	(VN_NT_INT_DMA_TRANSFER_ERROR | VN_NT_INT_DMA_SETUP_ERROR | VN_NT_INT_DMA_FATAL_ERROR)

static bool is_attended(const struct vn_nf2 *d)
{
	return d->state == CAL_RESETTING || d->state == CAL_RUNNING;
}

void vn_nf2_rx_begin(struct vn_nf2 *d)
{
	char text[64];
	int ret;

	if (d->rx_runs)
		return;
	d->avail_ns = vn_nf2_now(d);
	ret = d->ops.dma_rx(d->arg);
	if (!ret || ret == -EBUSY) { /* busy: one from before, which ends like this one */
		d->rx_runs = true;
		vn_nf2_set_mask(d, d->mask | VN_NT_INT_PKT_AVAIL);
		return;
	}
	if (ret == -ENODEV) {
		vn_nf2_fail(d, "the card is gone");
		return;
	}
	snprintf(text, sizeof(text), "a transfer from the card was not started: error %d", -ret);
	vn_nf2_error(d, LOG_TRANSFER, text);
}

static void rx_complete(struct vn_nf2 *d)
{
	if (d->rx_runs)
		nf2c_rx(d);
	d->rx_runs = false;
	if (is_attended(d))
		vn_nf2_set_mask(d, d->mask & ~VN_NT_INT_PKT_AVAIL);
}

static void rx_abort(struct vn_nf2 *d)
{
	d->rx_runs = false;
	d->rx_len = 0;
	vn_nf2_set_mask(d, d->mask & ~VN_NT_INT_PKT_AVAIL);
}

/* Transfers that failed are begun anew: those that the same word does not say to be complete. Other
 * errors concern none. */
static void hear_errors(struct vn_nf2 *d, uint32_t bits)
{
	char text[64];

	snprintf(text, sizeof(text), "the card reports errors 0x%02x", bits & VN_NT_INT_ERRORS);
	vn_nf2_error(d, LOG_ERROR, text);
	if (!is_attended(d) || !(bits & DMA_ERRORS))
		return;
	vn_nf2_tx_abort(d, bits & VN_NT_INT_DMA_TX_COMPLETE);
	if (!(bits & VN_NT_INT_DMA_RX_COMPLETE))
		rx_abort(d);
	d->busy_ns = UINT64_MAX;
	nf2c_attempt_send(d);
}

/* Errors first: they are of what was under way then, and not of what is begun here. */
static void attend(struct vn_nf2 *d, uint32_t bits)
{
	if (bits & VN_NT_INT_ERRORS)
		hear_errors(d, bits);
	if (bits & VN_NT_INT_DMA_RX_COMPLETE)
		rx_complete(d);
	if (bits & VN_NT_INT_DMA_TX_COMPLETE && is_attended(d))
		vn_nf2_tx_complete(d);
	if (bits & VN_NT_INT_PKT_AVAIL && is_attended(d) && !(d->mask & VN_NT_INT_PKT_AVAIL))
		vn_nf2_rx_begin(d);
}

void nf2c_intr(struct vn_nf2 *d)
{
	while (is_attended(d)) {
		uint32_t bits = d->ops.read_status(d->arg);

		if (!(bits & ~d->mask))
			break;
		attend(d, bits);
	}
	if (d->state == CAL_RESETTING && d->reset.has_answer)
		vn_nf2_reset_end(d);
}

/* While the interface is down nothing is done about them, but what they told is known when it
 * comes up: they are not told again. */
void vn_nf2_intr_ignored(struct vn_nf2 *d)
{
	uint32_t bits;

	do {
		bits = d->ops.read_status(d->arg);
		if (bits & VN_NT_INT_DMA_RX_COMPLETE)
			d->rx_runs = false;
		if (bits & VN_NT_INT_DMA_TX_COMPLETE)
			vn_nf2_tx_complete(d);
		if (bits & VN_NT_INT_PKT_AVAIL)
			d->rx_waits = true;
	} while (bits & ~VN_NT_INT_PKT_AVAIL);
	d->rx_len = 0;
}

void vn_nf2_intr(struct vn_nf2 *d)
{
	if (is_attended(d))
		nf2c_intr(d);
	else
		vn_nf2_intr_ignored(d);
	vn_nf2_settle(d);
}

void vn_nf2_dma_data(struct vn_nf2 *d, const uint8_t *bytes, uint32_t len)
{
	d->rx_len = len <= sizeof(d->rx) ? len : 0;
	if (d->rx_len)
		__builtin_memcpy(d->rx, bytes, len);
}

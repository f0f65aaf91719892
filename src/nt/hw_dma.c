// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bus to the host (spec 2.5): one transfer at a time in each direction,
 * each with a cost of its own besides that of its bytes, and the interrupt
 * status. "TX" is towards the card, as its driver sees it.
 *
 * Settled here: each completion is told, also when the bit of the one before
 * has not been read; INT_PKT_AVAIL is told when it becomes true, and reads as 1
 * while it is; a frame takes up its room in the queue until its transfer is
 * complete; of frames that came in the same cycle, the lower queue's is older.
 */
#include "nt/hw_priv.h"

#include <errno.h>

#define TRANSFER_MAX 2048u

static void raise_bits(struct vn_nt_hw *hw, uint32_t bits, uint64_t cycle)
{
	struct vn_nt_out out = { .kind = VN_NT_OUT_IRQ, .cycle = cycle, .value = bits };

	if (!bits)
		return;
	hw->now.status |= bits & ~VN_NT_INT_PKT_AVAIL;
	vn_nt_out_add(hw, &out);
	vn_nt_trace(hw, IRQ, cycle, NULL, "irq %08x", bits);
	if (hw->cfg.attends_irq)
		vn_nt_hw_attend(hw, cycle);
}

uint32_t vn_nt_hw_read_status(struct vn_nt_hw *hw)
{
	uint32_t bits = hw->now.status | (hw->now.is_available ? VN_NT_INT_PKT_AVAIL : 0);

	hw->now.status = 0;
	vn_nt_hw_save(hw);
	return bits;
}

/* The queue of the oldest frame that waits for the host; VN_NT_N_QUEUES: none. */
static unsigned int oldest(struct vn_nt_hw *hw)
{
	unsigned int best = VN_NT_N_QUEUES;
	uint64_t best_cycle = UINT64_MAX;

	for (unsigned int port = 1; port < VN_NT_PORTS; port += 2) {
		const struct vn_nt_frame *f = vn_nt_queue_first(hw, VN_NT_TX(port));

		if (f && f->cycle < best_cycle) {
			best = VN_NT_TX(port);
			best_cycle = f->cycle;
		}
	}
	return best;
}

/* INT_PKT_AVAIL if it has become true. */
static uint32_t newly_available(struct vn_nt_hw *hw)
{
	bool was = hw->now.is_available;

	hw->now.is_available = !hw->now.is_dma_rx_busy && oldest(hw) != VN_NT_N_QUEUES;
	return hw->now.is_available && !was ? VN_NT_INT_PKT_AVAIL : 0;
}

void vn_nt_dma_offer(struct vn_nt_hw *hw, uint64_t cycle)
{
	raise_bits(hw, newly_available(hw), cycle);
}

int vn_nt_hw_dma_tx(struct vn_nt_hw *hw, uint64_t cycle, unsigned int queue, const void *bytes,
		    uint32_t len)
{
	struct vn_nt_hw_state *s = &hw->now;
	uint64_t end = cycle + vn_nt_dma_cycles(&hw->cfg, VN_MIN(len, TRANSFER_MAX));
	int r;

	if (queue >= VN_NT_MACS || !len)
		return -EINVAL;
	if (len > TRANSFER_MAX) {
		raise_bits(hw, VN_NT_INT_DMA_SETUP_ERROR, cycle);
		vn_nt_hw_save(hw);
		return -EMSGSIZE;
	}
	if (s->is_dma_tx_busy)
		return -EBUSY;
	r = vn_nt_hw_feed(hw, 2 * queue + 1, end, bytes, len);
	if (r)
		return r;
	s->is_dma_tx_busy = true;
	s->dma_tx_len = len;
	vn_nt_trace(hw, DMA, cycle, NULL, "dma tx %u B", len);
	vn_nt_hw_at(hw, VN_NT_EV_DMA_TX, end);
	vn_nt_hw_save(hw);
	return 0;
}

void vn_nt_dma_tx_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;

	s->is_dma_tx_busy = false;
	s->counters.dma_tx[0]++;
	s->counters.dma_tx_bytes[0] += s->dma_tx_len;
	vn_nt_trace(hw, DMA, cycle, NULL, "dma tx %u B done", s->dma_tx_len);
	raise_bits(hw, VN_NT_INT_DMA_TX_COMPLETE, cycle);
}

int vn_nt_hw_dma_rx(struct vn_nt_hw *hw, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;
	unsigned int queue = oldest(hw);
	const struct vn_nt_frame *f;

	if (s->is_dma_rx_busy)
		return -EBUSY;
	if (queue == VN_NT_N_QUEUES)
		return -ENODATA;
	f = vn_nt_queue_first(hw, queue);
	s->is_dma_rx_busy = true;
	s->is_available = false;
	s->dma_queue = (uint8_t)queue;
	vn_nt_trace(hw, DMA, cycle, NULL, "dma rx %u B", f->len);
	vn_nt_hw_at(hw, VN_NT_EV_DMA_RX, cycle + vn_nt_dma_cycles(&hw->cfg, f->len));
	vn_nt_hw_save(hw);
	return 0;
}

void vn_nt_dma_rx_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;
	unsigned int queue = s->dma_queue, port = queue - VN_NT_TX(0);
	const struct vn_nt_frame *f = vn_nt_queue_first(hw, queue);

	s->is_dma_rx_busy = false;
	s->counters.dma_rx[0]++;
	s->counters.dma_rx_bytes[0] += f->len;
	s->counters.tx_frames[port]++;
	s->last_event = cycle;
	vn_nt_trace(hw, DMA, cycle, NULL, "dma rx %u B done", f->len);
	vn_nt_out_frame(hw, VN_NT_OUT_DMA, port, cycle, f, 0);
	vn_nt_queue_pop(hw, queue);
	raise_bits(hw, VN_NT_INT_DMA_RX_COMPLETE | newly_available(hw), cycle);
}

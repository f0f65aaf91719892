// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ports (spec 2.1, 2.3, 2.4): what is fed is spaced as a wire of 1 Gb/s has it,
 * on which a byte takes a cycle; what the send engine has let go waits in the
 * queue of its port and leaves.
 *
 * Settled here: a frame that is fed stays as long as it was fed, though on the
 * wire it takes the time of 60 bytes at least; one that is sent takes up its
 * room in the queue until the first byte of its destination is on the wire,
 * and leaves, for all that watch, in that cycle.
 */
#include "nt/hw_priv.h"

#include <errno.h>

#define FED_MAX	  65535u
#define CYCLE_MAX (UINT64_C(1) << 62) /* sums with it do not overflow */

int vn_nt_hw_feed(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle, const void *bytes,
		  uint32_t len)
{
	uint64_t *free = &hw->now.rx_free[port % VN_NT_PORTS];
	int r;

	if (port >= VN_NT_PORTS || !len || len > FED_MAX || cycle > CYCLE_MAX)
		return -EINVAL;
	cycle = VN_MAX(cycle, *free);
	r = vn_nt_queue_add(hw, VN_NT_RX(port), port & 1 ? cycle : cycle + vn_nt_wire_cycles(len),
			    bytes, len);
	if (r)
		return r;
	*free = port & 1 ? cycle : cycle + vn_nt_wire_cycles(len) + VN_NT_GAP;
	vn_nt_queue_keep(hw, VN_NT_RX(port));
	hw->saved.rx_free[port] = *free;
	return 0;
}

uint64_t vn_nt_hw_fed_bytes(const struct vn_nt_hw *hw, unsigned int port)
{
	return port < VN_NT_PORTS ? hw->now.queues[VN_NT_RX(port)].way.len : 0;
}

static bool has_room(const struct vn_nt_hw *hw, unsigned int port, uint32_t len)
{
	uint32_t room = port & 1 ? hw->cfg.cpu_txq_bytes : hw->cfg.mac_txq_bytes;

	return hw->now.queues[VN_NT_TX(port)].wait.len + len <= room;
}

static void lose(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	struct vn_nt_counters *c = &hw->now.counters;
	uint32_t len = vn_nt_queue_coming(hw, VN_NT_TX(port))->len;

	vn_nt_queue_turn_away(hw, VN_NT_TX(port));
	++*(port & 1 ? &c->cpu_tx_full[port / 2] : &c->mac_tx_full[port / 2]);
	vn_nt_trace(hw, PKT, cycle, NULL, "pkt drop len=%u dst=%u full", len, port);
}

static void let_in_to_mac(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	struct vn_nt_frame *f = vn_nt_queue_let_in(hw, VN_NT_TX(port));
	unsigned int mac = port / 2;
	uint64_t start = VN_MAX(cycle, hw->now.tx_free[mac]);

	if (!f)
		return;
	f->leaves = start + VN_NT_PREAMBLE;
	hw->now.tx_free[mac] = start + vn_nt_wire_cycles(f->len) + VN_NT_GAP;
	if (vn_nt_queue_first(hw, VN_NT_TX(port)) == f)
		vn_nt_hw_at(hw, VN_NT_EV_LEAVE + mac, f->leaves);
}

static void leave(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle,
		  const struct vn_nt_frame *f, uint32_t min)
{
	hw->now.counters.tx_frames[port]++;
	hw->now.last_event = cycle;
	vn_nt_trace(hw, PKT, cycle, NULL, "pkt out len=%u dst=%u", f->len, port);
	vn_nt_out_frame(hw, VN_NT_OUT_FRAME, port, cycle, f, min);
}

/* With nobody to transfer it, a frame leaves when it reaches the queue. */
static void pass_to_host(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	leave(hw, port, cycle, vn_nt_queue_coming(hw, VN_NT_TX(port)), 0);
	vn_nt_queue_turn_away(hw, VN_NT_TX(port));
}

/* A frame reaches the queue of its port. */
void vn_nt_port_come(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	uint32_t len = vn_nt_queue_coming(hw, VN_NT_TX(port))->len;

	if (port & 1 && !hw->cfg.has_driver) {
		pass_to_host(hw, port, cycle);
	} else if (!has_room(hw, port, len)) {
		lose(hw, port, cycle);
	} else if (port & 1) {
		vn_nt_queue_let_in(hw, VN_NT_TX(port));
		vn_nt_dma_offer(hw, cycle);
	} else {
		let_in_to_mac(hw, port, cycle);
	}
}

void vn_nt_mac_leave(struct vn_nt_hw *hw, unsigned int mac, uint64_t cycle)
{
	unsigned int queue = VN_NT_TX(2 * mac);
	const struct vn_nt_frame *next;

	leave(hw, 2 * mac, cycle, vn_nt_queue_first(hw, queue), VN_NT_FRAME_MIN);
	vn_nt_queue_pop(hw, queue);
	if (++hw->now.mac_frames == hw->cfg.attends_frames)
		vn_nt_hw_attend(hw, cycle);
	next = vn_nt_queue_first(hw, queue);
	if (next)
		vn_nt_hw_at(hw, VN_NT_EV_LEAVE + mac, next->leaves);
}

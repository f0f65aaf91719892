// SPDX-License-Identifier: BSD-2-Clause
/*
 * From the receive queues into the slots of packet memory (spec 2.2, 2.3): the
 * arbiter takes whole frames in turn, a program pops them and gives slots back.
 *
 * Settled here: a frame takes up its room in the queue until the arbiter is
 * done with it; it is in memory, all at once, in the cycle in which it can be
 * popped; a frame that is longer than a slot is dropped when it comes. Bytes
 * behind the frame in the slot stay as they were.
 */
#include "nt/hw_priv.h"

#include "wire/bytes.h"

/* Whose turn it is to be asked first goes round in this order. */
static const uint8_t turns[] = { 0, 1, 2, 4, 6 };

static void list_add(struct vn_nt_slot_list *l, unsigned int slot)
{
	l->slot[l->n++] = (uint8_t)slot;
}

static unsigned int list_take(struct vn_nt_slot_list *l)
{
	unsigned int slot = l->slot[0];

	l->n--;
	for (unsigned int i = 0; i < l->n; i++)
		l->slot[i] = l->slot[i + 1];
	return slot;
}

static void drop(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle, uint64_t *counter,
		 const char *why)
{
	uint32_t len = vn_nt_queue_coming(hw, VN_NT_RX(port))->len;
	struct vn_nt_out out = {
		.kind = VN_NT_OUT_DROP, .port = port, .cycle = cycle, .value = len
	};

	vn_nt_queue_turn_away(hw, VN_NT_RX(port));
	++*counter;
	hw->now.counters.rx_dropped[0]++;
	vn_nt_out_add(hw, &out);
	vn_nt_trace(hw, PKT, cycle, NULL, "pkt drop len=%u src=%u %s", len, port, why);
}

static void let_in(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	vn_nt_queue_let_in(hw, VN_NT_RX(port));
	if (!hw->now.is_arbiter_busy)
		vn_nt_hw_at(hw, VN_NT_EV_ARBITER_BEGIN, cycle);
}

/* The next frame cannot come before the line has carried it behind the one that has come in
 * this cycle. That matters when this one had to wait. */
static void hold_up_next(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	const struct vn_nt_frame *next = vn_nt_queue_coming(hw, VN_NT_RX(port));
	uint64_t free = cycle + VN_NT_GAP;

	if (next && next->cycle < free + vn_nt_wire_cycles(next->len))
		vn_nt_hw_at(hw, VN_NT_EV_COME + VN_NT_RX(port),
			    free + vn_nt_wire_cycles(next->len));
	hw->now.rx_free[port] = VN_MAX(hw->now.rx_free[port], free);
}

/* The other end has been told to pause, and keeps the frame. */
static void pause_line(struct vn_nt_hw *hw, unsigned int mac)
{
	hw->now.paused |= (uint8_t)(1u << mac);
	hw->now.counters.mac_rx_paused[mac]++;
}

/* There is room again, and what waited begins to cross the wire. */
static void go_on(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	if ((port & 1) || !(hw->now.paused & 1u << port / 2))
		return;
	hw->now.paused &= (uint8_t) ~(1u << port / 2);
	vn_nt_hw_at(hw, VN_NT_EV_COME + VN_NT_RX(port),
		    cycle + vn_nt_wire_cycles(vn_nt_queue_coming(hw, VN_NT_RX(port))->len));
}

/* A frame is complete at its MAC, or the bus has brought it. */
void vn_nt_input_come(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;
	uint32_t len = vn_nt_queue_coming(hw, VN_NT_RX(port))->len;
	bool is_host = port & 1;
	uint32_t room = is_host ? hw->cfg.cpu_rxq_bytes : hw->cfg.mac_rxq_bytes;
	uint64_t *full = is_host ? s->counters.cpu_rx_full : &s->counters.mac_rx_full[port / 2];

	s->last_event = cycle;
	if (is_host && port != 1)
		drop(hw, port, cycle, &s->counters.host_swallowed[port / 2], "not connected");
	else if (len > VN_NT_FRAME_MAX)
		drop(hw, port, cycle, &s->counters.rx_oversize[port], "oversize");
	else if (s->queues[VN_NT_RX(port)].wait.len + len <= room)
		let_in(hw, port, cycle);
	else if (!is_host && len <= room && (hw->cfg.pauses & 1u << port / 2))
		return pause_line(hw, port / 2);
	else
		drop(hw, port, cycle, full, "full");
	if (!is_host)
		hold_up_next(hw, port, cycle);
}

/* The next frame in turn, into the slot that has been free longest. */
void vn_nt_arbiter_begin(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;

	if (s->is_arbiter_busy || !s->free.n)
		return;
	for (unsigned int k = 0; k < VN_ARRAY_SIZE(turns); k++) {
		unsigned int turn = (s->arbiter_turn + k) % VN_ARRAY_SIZE(turns);
		struct vn_nt_frame *f = vn_nt_queue_first(hw, VN_NT_RX(turns[turn]));

		if (!f)
			continue;
		s->arbiter_turn = (uint8_t)((turn + 1) % VN_ARRAY_SIZE(turns));
		s->arbiter_queue = turns[turn];
		s->arbiter_slot = (uint8_t)list_take(&s->free);
		s->slots[s->arbiter_slot].state = VN_NT_SLOT_FILLING;
		s->is_arbiter_busy = true;
		vn_nt_hw_at(hw, VN_NT_EV_ARBITER_DONE, cycle + 1 + (f->len + 7) / 8);
		return;
	}
}

/* What ran ahead to this cycle has not seen the bytes: the write is as if by the last
 * instruction before it. */
static uint64_t moment_of_event(uint64_t cycle)
{
	return cycle ? vn_nt_moment(cycle, 0) - 1 : 0;
}

void vn_nt_arbiter_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;
	unsigned int port = s->arbiter_queue, slot = s->arbiter_slot;
	struct vn_nt_frame *f = vn_nt_queue_first(hw, VN_NT_RX(port));

	vn_put_be16(f->ioq, 0);
	vn_put_be16(f->ioq + 2, (uint16_t)((f->len + 7) / 8));
	vn_put_be16(f->ioq + 4, (uint16_t)port);
	vn_put_be16(f->ioq + 6, (uint16_t)f->len);
	vn_nt_memory_put(hw->mem, moment_of_event(cycle), VN_NT_INPUT_BASE + slot * VN_NT_SLOT_SIZE,
			 f->ioq, (uint32_t)sizeof(f->ioq) + f->len);
	s->slots[slot] = (struct vn_nt_slot){ VN_NT_SLOT_READY, (uint8_t)port, (uint16_t)f->len };
	list_add(&s->ready, slot);
	s->is_arbiter_busy = false;
	s->last_event = cycle;
	s->counters.rx_frames[port]++;
	vn_nt_trace(hw, PKT, cycle, NULL, "pkt in slot=%u len=%u src=%u", slot, f->len, port);
	vn_nt_queue_pop(hw, VN_NT_RX(port));
	go_on(hw, port, cycle);
	vn_nt_hw_at(hw, VN_NT_EV_ARBITER_BEGIN, cycle);
}

bool vn_nt_hw_has_packet(const struct vn_nt_hw *hw)
{
	return hw->now.ready.n;
}

enum vn_nt_answer vn_nt_input_pop(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				  struct vn_nt_reply *reply)
{
	struct vn_nt_hw_state *s = &hw->now;
	struct vn_nt_slot *slot;
	unsigned int i;

	reply->value = UINT32_MAX;
	if (!s->ready.n)
		return VN_NT_DONE;
	i = list_take(&s->ready);
	slot = &s->slots[i];
	slot->state = VN_NT_SLOT_TAKEN;
	s->counters.popped[0]++;
	s->last_event = a->cycle;
	reply->value = VN_NT_INPUT_BASE + i * VN_NT_SLOT_SIZE;
	vn_nt_trace(hw, PKT, a->cycle, a, "pkt pop slot=%u len=%u src=%u", i, slot->len,
		    slot->port);
	return VN_NT_DONE;
}

enum vn_nt_answer vn_nt_input_free(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   uint32_t value, struct vn_nt_reply *reply)
{
	static const char *const whose[] = {
		[VN_NT_SLOT_FREE] = "is free already",
		[VN_NT_SLOT_FILLING] = "is being filled",
		[VN_NT_SLOT_READY] = "holds a packet that was not popped",
	};
	struct vn_nt_hw_state *s = &hw->now;
	uint32_t offset = value % VN_NT_PACKET_SIZE, i = offset / VN_NT_SLOT_SIZE;

	if (offset % VN_NT_SLOT_SIZE || i >= VN_NT_SLOTS)
		return vn_nt_hw_fault(hw, reply,
				      "packet freed at 0x%08x, offset %u: slots begin at multiples "
				      "of %u up to %u",
				      value, offset, VN_NT_SLOT_SIZE,
				      (VN_NT_SLOTS - 1) * VN_NT_SLOT_SIZE);
	if (s->slots[i].state != VN_NT_SLOT_TAKEN)
		return vn_nt_hw_fault(
			hw, reply,
			"packet freed at 0x%08x, but slot %u %s: only what was popped "
			"can be freed, once",
			value, i, whose[s->slots[i].state]);
	s->slots[i].state = VN_NT_SLOT_FREE;
	list_add(&s->free, i);
	s->counters.freed[0]++;
	vn_nt_trace(hw, PKT, a->cycle, a, "pkt free slot=%u", i);
	vn_nt_arbiter_begin(hw, 0, a->cycle);
	return VN_NT_DONE;
}

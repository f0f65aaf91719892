// SPDX-License-Identifier: BSD-2-Clause
/*
 * The send engine (spec 1.4): registers that describe a packet, a launch that
 * takes its bytes out of packet memory, and the cycle in which it departs. One
 * packet is in the engine at a time; what becomes of it behind the engine is
 * hw_port.c's.
 *
 * Settled here: the engine is free from the cycle after the departure on; a
 * packet's registers are looked at when the launch is accepted, not when it
 * begins to wait.
 */
#include "nt/hw_priv.h"

#include "wire/bytes.h"

#define IOQ_LEN 8u

/* Model 1.0 has one set for all threads. */
static struct vn_nt_send_regs *regs_of(struct vn_nt_hw *hw, unsigned int tid)
{
	return &hw->now.send[hw->cfg.model == 0x20 ? tid : 0];
}

enum vn_nt_answer vn_nt_send_start(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   uint32_t value, struct vn_nt_reply *reply)
{
	regs_of(hw, a->tid)->start = value;
	return VN_NT_DONE;
}

enum vn_nt_answer vn_nt_send_end(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply)
{
	regs_of(hw, a->tid)->end = value;
	return VN_NT_DONE;
}

enum vn_nt_answer vn_nt_send_control(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				     uint32_t value, struct vn_nt_reply *reply)
{
	regs_of(hw, a->tid)->control = value;
	return VN_NT_DONE;
}

enum vn_nt_answer vn_nt_send_arm(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply)
{
	struct vn_nt_send_regs *regs = regs_of(hw, a->tid);

	regs->time = value;
	regs->is_armed = true;
	return VN_NT_DONE;
}

/* The packet lies in the memory that is sent from, and has a header and a byte. */
static enum vn_nt_answer check_packet(struct vn_nt_hw *hw, const struct vn_nt_send_regs *regs,
				      struct vn_nt_reply *reply)
{
	uint32_t base = hw->cfg.model == 0x20 ? VN_NT_INPUT_BASE : VN_NT_OUTPUT_BASE;
	uint32_t end = base + VN_NT_PACKET_SIZE, last_start = end - 2 * IOQ_LEN;

	if (regs->start < base || regs->start > last_start || regs->start % 8)
		return vn_nt_hw_fault(hw, reply,
				      "launch of a packet at 0x%08x, not a multiple of 8 within "
				      "0x%08x-0x%08x",
				      regs->start, base, last_start);
	if (regs->end >= end || regs->end < regs->start + IOQ_LEN)
		return vn_nt_hw_fault(
			hw, reply,
			"launch of a packet from 0x%08x with its last byte at 0x%08x, "
			"not within 0x%08x-0x%08x",
			regs->start, regs->end, regs->start + IOQ_LEN, end - 1);
	return VN_NT_DONE;
}

/* The cycle of departure; an armed time serves one launch. */
static uint64_t departure(struct vn_nt_hw *hw, struct vn_nt_send_regs *regs, uint64_t cycle,
			  const char **how)
{
	int32_t ahead;

	*how = "";
	if (!regs->is_armed)
		return cycle;
	regs->is_armed = false;
	ahead = (int32_t)(regs->time - (uint32_t)(cycle - hw->now.epoch));
	if (ahead < 0) {
		hw->now.counters.late[0]++;
		*how = " late";
		return cycle;
	}
	*how = " sched";
	return cycle + (uint32_t)ahead;
}

/* The registers win over what the header and the control byte say. */
static void count_mismatches(struct vn_nt_hw *hw, const struct vn_nt_send_regs *regs, uint32_t n)
{
	if ((regs->control & 0xff) != ((0x101u >> (n & 7)) & 0xff))
		hw->now.counters.ctrl_mismatch[0]++;
	if (vn_get_be16(hw->packet + 6) != n - IOQ_LEN)
		hw->now.counters.ioq_mismatch[0]++;
}

/* Towards the queues of all ports of the header's mask; of its 16 bits the eight that
 * stand for ports count. */
static void dispatch(struct vn_nt_hw *hw, uint64_t cycle, uint32_t len)
{
	unsigned int ports = vn_get_be16(hw->packet) & 0xff;

	if (!ports)
		hw->now.counters.discarded[0]++;
	for (unsigned int port = 0; port < VN_NT_PORTS; port++)
		if (ports & 1u << port &&
		    vn_nt_queue_add(hw, VN_NT_TX(port), cycle + hw->cfg.tx_latency_cycles,
				    hw->packet + IOQ_LEN, len))
			vn_nt_hw_fail(hw);
}

static enum vn_nt_answer wait_for_engine(struct vn_nt_hw *hw, const struct vn_nt_access *a,
					 struct vn_nt_reply *reply)
{
	if (!(hw->now.launch_waiting & 1u << a->tid)) {
		hw->now.launch_waiting |= (uint8_t)(1u << a->tid);
		hw->now.counters.send_waits[0]++;
		vn_nt_trace(hw, SEND, a->cycle, a, "send wait until=%llu",
			    (unsigned long long)hw->now.engine_free);
	}
	reply->again = hw->now.engine_free;
	return VN_NT_AGAIN;
}

enum vn_nt_answer vn_nt_send_launch(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    struct vn_nt_reply *reply)
{
	struct vn_nt_hw_state *s = &hw->now;
	struct vn_nt_send_regs *regs = regs_of(hw, a->tid);
	const char *how;
	uint32_t n;

	if (a->cycle < s->engine_free)
		return wait_for_engine(hw, a, reply);
	s->launch_waiting &= (uint8_t) ~(1u << a->tid);
	if (check_packet(hw, regs, reply) != VN_NT_DONE)
		return VN_NT_FAULT;
	n = regs->end - regs->start + 1;
	vn_nt_memory_get(hw->mem, vn_nt_moment(a->cycle, a->tid / VN_NT_THREADS_PER_CPU),
			 regs->start, hw->packet, n);
	s->depart = departure(hw, regs, a->cycle, &how);
	s->engine_free = s->depart + 1;
	s->counters.sent[0]++;
	count_mismatches(hw, regs, n);
	dispatch(hw, s->depart, n - IOQ_LEN);
	vn_nt_trace(hw, SEND, a->cycle, a, "send start=%08x len=%u depart=%llu%s", regs->start,
		    n - IOQ_LEN, (unsigned long long)s->depart, how);
	reply->value = s->held;
	s->held = regs->start;
	return VN_NT_DONE;
}

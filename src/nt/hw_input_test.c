/* SPDX-License-Identifier: BSD-2-Clause */
/* From the wire into the hands of a program: when, in which order, and what is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nt/hw_fixture_test.h"
#include "nt/memory_priv.h"

static uint32_t pop(struct rig *g, uint64_t cycle)
{
	return load(g, cycle, HEADER_FLUSH_W);
}

static void free_slot(struct rig *g, uint64_t cycle, uint32_t addr)
{
	store(g, cycle, HEADER_RETURN_W, addr);
}

/* Field i of the IOQ header of a slot. */
static unsigned int ioq(struct rig *g, uint32_t addr, unsigned int i)
{
	uint8_t bytes[8];

	assert_int_equal(vn_nt_memory_get(g->mem, 1u << 30, addr, bytes, sizeof(bytes)), 0);
	return vn_get_be16(bytes + 2 * i);
}

static uint64_t dropped(struct rig *g)
{
	return vn_nt_hw_counters(g->hw)->rx_dropped[0];
}

/* Wire start 1000: complete 8 + max(L, 60) + 4 cycles later, poppable 1 + ceil(L / 8)
 * behind that; from a host queue without the wire. */
static void a_frame_can_be_popped_when_the_arbiter_is_done(void **state)
{
	static const struct {
		unsigned int port;
		uint32_t len;
		uint64_t poppable;
	} cases[] = {
		{ 0, 60, 1000 + 72 + 1 + 8 },
		{ 2, 64, 1000 + 76 + 1 + 8 },
		{ 4, 65, 1000 + 77 + 1 + 9 },
		{ 6, 1514, 1000 + 1526 + 1 + 190 },
		{ 0, 1592, 1000 + 1604 + 1 + 199 },
		{ 0, 42, 1000 + 72 + 1 + 6 },
		{ 0, 1, 1000 + 72 + 1 + 1 },
		{ 1, 1592, 1000 + 1 + 199 },
		{ 1, 1, 1000 + 1 + 1 },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint8_t frame[1592];

		rig_again(g, &vn_nt_hw_defaults);
		free_slots(g, 0);
		feed(g, cases[i].port, 1000, cases[i].len, 17);
		assert_int_equal(pop(g, cases[i].poppable - 1), NO_PACKET);
		assert_false(vn_nt_hw_has_packet(g->hw));
		assert_int_equal(vn_nt_hw_next(g->hw), cases[i].poppable);
		vn_nt_hw_run(g->hw, cases[i].poppable);
		assert_true(vn_nt_hw_has_packet(g->hw));
		assert_int_equal(pop(g, cases[i].poppable), INPUT(0));
		assert_int_equal(ioq(g, INPUT(0), 0), 0);
		assert_int_equal(ioq(g, INPUT(0), 1), (cases[i].len + 7) / 8);
		assert_int_equal(ioq(g, INPUT(0), 2), cases[i].port);
		assert_int_equal(ioq(g, INPUT(0), 3), cases[i].len);
		vn_nt_memory_get(g->mem, 1u << 30, INPUT(0) + 8, frame, cases[i].len);
		for (uint32_t k = 0; k < cases[i].len; k++)
			assert_int_equal(frame[k], (uint8_t)(17 + k));
		assert_int_equal(pop(g, 100000), NO_PACKET); /* each is handed out once */
	}
}

/* All complete in cycle 2000, and the arbiter has been at MAC 0 last. */
static void the_arbiter_goes_round(void **state)
{
	static const unsigned int order[] = { 1, 2, 4, 6, 0 };
	struct rig *g = *state;

	free_slots(g, 0);
	feed(g, 0, 0, 60, 0);
	for (size_t i = 0; i < VN_ARRAY_SIZE(order); i++)
		feed(g, order[i], order[i] & 1 ? 2000 : 2000 - 72, 60, 0);
	assert_int_equal(pop(g, 1000), INPUT(0));
	for (size_t i = 0; i < VN_ARRAY_SIZE(order); i++) {
		uint64_t poppable = 2000 + 9 * (i + 1);

		assert_int_equal(pop(g, poppable - 1), NO_PACKET);
		assert_int_equal(pop(g, poppable), INPUT(i + 1));
		assert_int_equal(ioq(g, INPUT(i + 1), 2), order[i]);
	}
}

/* Slots are given back one by one: what does not fit into the queue waits at the other end of
 * the wire, in order, and crosses it when there is room. */
static void with_pauses_nothing_is_lost(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	const struct vn_nt_counters *c;
	uint64_t cycle = 100000;

	cfg.pauses = 1u << 1;
	rig_again(g, &cfg);
	c = vn_nt_hw_counters(g->hw);
	for (unsigned int i = 0; i < 40; i++) {
		feed(g, 2, 0, 1514, (uint8_t)i);
		feed(g, 4, 0, 1514, 0);
	}
	run_to(g, cycle);
	assert_int_equal(c->mac_rx_paused[1], 1);
	assert_int_equal(c->mac_rx_paused[2], 0);
	assert_int_equal(c->mac_rx_full[2], 35); /* five fit into the queue */
	free_slot(g, cycle, INPUT(0));
	for (unsigned int i = 0; i < 45;) {
		uint32_t p = pop(g, cycle += 2000); /* slower than the line */
		uint8_t byte;

		if (p == NO_PACKET)
			continue;
		if (ioq(g, p, 2) == 2) {
			vn_nt_memory_get(g->mem, 1u << 30, p + 8, &byte, 1);
			assert_int_equal(byte, c->rx_frames[2] - 1);
		}
		free_slot(g, cycle, p);
		i++;
	}
	assert_int_equal(c->rx_frames[2], 40);
	assert_int_equal(c->mac_rx_full[1], 0);
	assert_true(c->mac_rx_paused[1] > 10);
}

/* Of three frames the second waits for room: it crosses the wire from then on, the third one
 * behind it. */
static void what_waited_keeps_the_line_busy(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;

	cfg.pauses = 1u << 0;
	cfg.mac_rxq_bytes = 100;
	rig_again(g, &cfg);
	for (unsigned int i = 0; i < 3; i++)
		feed(g, 0, 0, 100, 0);
	run_to(g, 5000);
	free_slots(g, 5000);
	assert_int_equal(pop(g, 5013), NO_PACKET);
	assert_int_equal(pop(g, 5014), INPUT(0)); /* 1 + 100 / 8 */
	assert_int_equal(pop(g, 5014 + 112 + 13), NO_PACKET);
	assert_int_equal(pop(g, 5014 + 112 + 14), INPUT(1));
	assert_int_equal(pop(g, 5014 + 112 + 12 + 112 + 13), NO_PACKET);
	assert_int_equal(pop(g, 5014 + 112 + 12 + 112 + 14), INPUT(2));
}

/* With frames in all queues, each has its turn. */
static void no_queue_has_to_wait_for_another_to_be_empty(void **state)
{
	static const unsigned int order[] = { 0, 1, 4, 0, 1, 4, 0, 1, 1 };
	struct rig *g = *state;

	for (unsigned int i = 0; i < 3; i++) {
		feed(g, 0, 0, 60, 0);
		feed(g, 1, 0, 60, 0);
	}
	feed(g, 4, 0, 60, 0);
	feed(g, 4, 0, 60, 0);
	feed(g, 1, 0, 60, 0);
	run_to(g, 1000); /* all are there */
	free_slots(g, 1000);
	for (size_t i = 0; i < VN_ARRAY_SIZE(order); i++)
		assert_int_equal(ioq(g, pop(g, 1009 + 9 * i), 2), order[i] & 1 ? 1 : order[i]);
}

static void frames_go_to_the_slot_that_has_been_free_longest(void **state)
{
	static const uint32_t freed[] = { 7, 2, 9, 0 };
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(freed); i++)
		free_slot(g, 0, INPUT(freed[i]));
	for (size_t i = 0; i < 5; i++)
		feed(g, 0, 0, 60, 0);
	for (size_t i = 0; i < VN_ARRAY_SIZE(freed); i++)
		assert_int_equal(pop(g, 5000), INPUT(freed[i]));
	assert_int_equal(pop(g, 5000), NO_PACKET);
	/* The fifth goes on its way in the cycle in which there is a slot. */
	free_slot(g, 6000, INPUT(9));
	assert_int_equal(pop(g, 6008), NO_PACKET);
	assert_int_equal(pop(g, 6009), INPUT(9));
}

static void full_slots_let_queues_run_over(void **state)
{
	struct rig *g = *state;

	free_slots(g, 0);
	for (unsigned int i = 0; i < 40; i++)
		feed(g, 2, 0, 1514, (uint8_t)i);
	/* Ten in slots, five times 1514 bytes in 8 KiB. */
	for (unsigned int i = 0; i < 10; i++)
		assert_int_not_equal(pop(g, 100000), NO_PACKET);
	assert_int_equal(pop(g, 100000), NO_PACKET);
	assert_int_equal(dropped(g), 25);
	assert_int_equal(vn_nt_hw_counters(g->hw)->mac_rx_full[1], 25);
	for (uint32_t i = 0; i < 10; i++)
		free_slot(g, 100000, INPUT(i));
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t slot = pop(g, 200000);
		uint8_t first;

		vn_nt_memory_get(g->mem, 1u << 30, slot + 8, &first, 1);
		assert_int_equal(first, 10 + i);
	}
	assert_int_equal(pop(g, 200000), NO_PACKET);
	assert_int_equal(vn_nt_hw_counters(g->hw)->rx_frames[2], 15);
}

static void losses_are_told(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct vn_nt_out out;
	struct rig *g = *state;

	cfg.mac_rxq_bytes = 100;
	rig_again(g, &cfg);
	feed(g, 4, 0, 60, 0);
	feed(g, 4, 0, 60, 0);
	feed(g, 6, 0, 1593, 0);
	feed(g, 6, 4000, 101, 0);
	feed(g, 7, 5000, 33, 0);
	run_to(g, 10000);
	assert_true(take(g, VN_NT_OUT_DROP, &out));
	assert_int_equal(out.port, 4);
	assert_int_equal(out.cycle, 84 + 72);
	assert_int_equal(out.value, 60);
	assert_int_equal(out.len, 0);
	assert_true(take(g, VN_NT_OUT_DROP, &out));
	assert_int_equal(out.port, 6);
	assert_int_equal(out.value, 1593);
	assert_true(take(g, VN_NT_OUT_DROP, &out));
	assert_int_equal(out.port, 6);
	assert_int_equal(out.value, 101);
	assert_true(take(g, VN_NT_OUT_DROP, &out));
	assert_int_equal(out.port, 7);
	assert_false(take(g, VN_NT_OUT_DROP, &out));
	assert_int_equal(dropped(g), 4);
	assert_int_equal(vn_nt_hw_counters(g->hw)->rx_oversize[6], 1);
	assert_int_equal(vn_nt_hw_counters(g->hw)->mac_rx_full[3], 1);
	assert_int_equal(vn_nt_hw_counters(g->hw)->host_swallowed[3], 1);
	/* The one that was kept is still there. */
	free_slots(g, 20000);
	assert_int_equal(pop(g, 21000), INPUT(0));
	assert_int_equal(ioq(g, INPUT(0), 2), 4);
}

static void eight_command_frames_wait_for_slots(void **state)
{
	struct rig *g = *state;

	free_slots(g, 0);
	for (unsigned int i = 0; i < 10; i++)
		feed(g, 0, 0, 60, 0);
	run_to(g, 5000);
	for (unsigned int i = 0; i < 10; i++)
		feed(g, 1, 6000, 1592, 0);
	for (unsigned int i = 0; i < 10; i++)
		pop(g, 7000);
	assert_int_equal(dropped(g), 0); /* ten even: 15,920 bytes */
	feed(g, 1, 7000, 465, 0);
	run_to(g, 8000);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_rx_full[0], 1);
	for (uint32_t i = 0; i < 10; i++)
		free_slot(g, 8000, INPUT(i));
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(ioq(g, pop(g, 20000), 3), 1592);
	assert_int_equal(pop(g, 20000), NO_PACKET);
}

static void host_queues_but_the_first_are_not_connected(void **state)
{
	struct rig *g = *state;

	free_slots(g, 0);
	for (unsigned int queue = 0; queue < 4; queue++)
		for (unsigned int i = 0; i <= queue; i++)
			feed(g, 2 * queue + 1, 100, 64, 0);
	assert_int_equal(pop(g, 1000), INPUT(0));
	assert_int_equal(ioq(g, INPUT(0), 2), 1);
	assert_int_equal(pop(g, 1000), NO_PACKET);
	for (unsigned int queue = 1; queue < 4; queue++)
		assert_int_equal(vn_nt_hw_counters(g->hw)->host_swallowed[queue], queue + 1);
	assert_int_equal(vn_nt_hw_counters(g->hw)->host_swallowed[0], 0);
}

static void only_the_low_bits_of_a_freed_address_count(void **state)
{
	static const uint32_t same[] = { 1600, INPUT(1), 0x00004000 + 1600, 0x30000640,
					 0xffffc640 };
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(same); i++) {
		rig_again(g, &vn_nt_hw_defaults);
		free_slot(g, 0, same[i]);
		feed(g, 0, 0, 60, 0);
		assert_int_equal(pop(g, 1000), INPUT(1));
	}
}

static void what_is_no_slot_of_the_program_cannot_be_freed(void **state)
{
	static const struct {
		uint64_t cycle;
		uint32_t value;
		const char *reason;
	} cases[] = {
		/* Slot 0 is filled from 72 to 81, slot 1 stays free. */
		{ 10, 1600,
		  "packet freed at 0x00000640, but slot 1 is free already: only what was "
		  "popped can be freed, once" },
		{ 75, 0,
		  "packet freed at 0x00000000, but slot 0 is being filled: only what was "
		  "popped can be freed, once" },
		{ 81, 0x10000000,
		  "packet freed at 0x10000000, but slot 0 holds a packet that was not popped: only "
		  "what was popped can be freed, once" },
		{ 10, 8,
		  "packet freed at 0x00000008, offset 8: slots begin at multiples of 1600 up "
		  "to 14400" },
		{ 10, 16000,
		  "packet freed at 0x00003e80, offset 16000: slots begin at multiples of 1600 up "
		  "to 14400" },
		{ 10, 0xffffffff,
		  "packet freed at 0xffffffff, offset 16383: slots begin at multiples of 1600 up "
		  "to 14400" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		rig_again(g, &vn_nt_hw_defaults);
		free_slot(g, 0, INPUT(0));
		free_slot(g, 0, INPUT(1));
		feed(g, 0, 0, 60, 0);
		assert_int_equal(store_as(g, cases[i].cycle, 0, HEADER_RETURN_W, cases[i].value),
				 VN_NT_FAULT);
		assert_string_equal(g->reply.reason, cases[i].reason);
		/* It was not done: the frame comes as if nothing had been. */
		assert_int_equal(pop(g, 1000), INPUT(0));
		assert_int_equal(vn_nt_hw_counters(g->hw)->freed[0], 2);
	}
}

/* A thread that ran ahead and has read what a frame is written over later, in cycles
 * before or in that of the event: what it read is not what it should have read only if
 * its access is behind the event, which is before the accesses of its cycle. */
static void who_read_a_slot_too_early_is_found_out(void **state)
{
	static const struct {
		uint64_t cycle;
		unsigned int cpu;
		bool is_late;
	} cases[] = { { 80, 0, false }, { 80, 1, false }, { 81, 0, true }, { 81, 1, true } };
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		rig_again(g, &vn_nt_hw_defaults);
		g->mem->tracks = true;
		free_slots(g, 0);
		feed(g, 0, 0, 60, 0);
		g->mem->stamps[INPUT(0) / 4 + 3].read =
			(uint32_t)(vn_nt_moment(cases[i].cycle, cases[i].cpu) - g->mem->stamp_base);
		vn_nt_hw_run(g->hw, 81);
		assert_int_equal(g->mem->is_late, cases[i].is_late);
	}
}

/* RE 2.0: the engine holds slot 0, programs free the others, and what a launch returns. */
static void slots_go_round_through_the_engine_in_re2(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	uint32_t held = INPUT(0);
	struct rig *g = *state;

	cfg.model = 0x20;
	rig_again(g, &cfg);
	for (uint32_t slot = 1; slot < VN_NT_SLOTS; slot++)
		free_slot(g, 0, slot * VN_NT_SLOT_SIZE);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t cycle = 2000 * (i + 1);
		struct vn_nt_out out;
		uint32_t slot;

		feed(g, 0, cycle - 2000, 300, (uint8_t)i);
		slot = pop(g, cycle);
		assert_int_not_equal(slot, NO_PACKET);
		vn_nt_memory_put(g->mem, vn_nt_moment(cycle, 0), slot, "\0\4", 2); /* port 2 */
		describe_as(g, cycle, 0, slot, 300);
		assert_int_equal(load(g, cycle, SEND_OUT_W), held);
		free_slot(g, cycle, held);
		held = slot;
		run_to(g, cycle + 100);
		assert_true(take(g, VN_NT_OUT_FRAME, &out));
		assert_int_equal(out.port, 2);
		assert_int_equal(out.bytes[0], (uint8_t)i);
	}
}

static void the_trace_tells_of_packets(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[1024];

	cfg.trace = VN_NT_TRACE(PKT);
	rig_again(g, &cfg);
	store_as(g, 0, 0, HEADER_RETURN_W, INPUT(3));
	feed(g, 1, 12000, 60, 0);
	feed(g, 1, 12000, 2000, 0);
	assert_int_equal(load_as(g, 12345, 6, HEADER_FLUSH_W), VN_NT_DONE);
	vn_nt_hw_save(g->hw);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000000 0.0 t0 20000000 pkt free slot=3\n"
			    "0000012000 -.- -- -------- pkt drop len=2000 src=1 oversize\n"
			    "0000012009 -.- -- -------- pkt in slot=3 len=60 src=1\n"
			    "0000012345 1.2 t6 20000000 pkt pop slot=3 len=60 src=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_frame_can_be_popped_when_the_arbiter_is_done),
		CASE(the_arbiter_goes_round),
		CASE(no_queue_has_to_wait_for_another_to_be_empty),
		CASE(frames_go_to_the_slot_that_has_been_free_longest),
		CASE(full_slots_let_queues_run_over),
		CASE(with_pauses_nothing_is_lost),
		CASE(what_waited_keeps_the_line_busy),
		CASE(losses_are_told),
		CASE(eight_command_frames_wait_for_slots),
		CASE(host_queues_but_the_first_are_not_connected),
		CASE(only_the_low_bits_of_a_freed_address_count),
		CASE(what_is_no_slot_of_the_program_cannot_be_freed),
		CASE(who_read_a_slot_too_early_is_found_out),
		CASE(slots_go_round_through_the_engine_in_re2),
		CASE(the_trace_tells_of_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

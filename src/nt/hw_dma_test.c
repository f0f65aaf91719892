/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers to and from the host: how long, one at a time, and what the host is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "nt/hw_fixture_test.h"

static const uint8_t bytes[4096];

static struct vn_nt_hw_config with_driver(void)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;

	cfg.has_driver = true;
	return cfg;
}

static int set_up(void **state)
{
	struct vn_nt_hw_config cfg = with_driver();

	rig_set_up(state);
	rig_again(*state, &cfg);
	return 0;
}

static uint32_t next_irq(struct rig *g, uint64_t *cycle)
{
	struct vn_nt_out out;

	if (!take(g, VN_NT_OUT_IRQ, &out))
		return 0;
	*cycle = out.cycle;
	return out.value;
}

/* 4405 cycles and 0.947 a byte. */
static void a_transfer_takes_its_time(void **state)
{
	static const struct {
		uint64_t t0, millicycles;
		uint32_t len;
		uint64_t cycles;
	} cases[] = {
		{ 4405, 947, 1514, 5839 }, { 4405, 947, 1592, 5913 }, { 4405, 947, 1, 4406 },
		{ 4405, 947, 2048, 6344 }, { 100, 500, 1, 101 },      { 100, 499, 1, 100 },
		{ 0, 0, 1514, 0 },	   { 7, 0, 1514, 7 },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nt_hw_config cfg = with_driver();
		uint64_t cycle = 0, end = 1000 + cases[i].cycles;

		cfg.dma_cycles = cases[i].t0;
		cfg.dma_millicycles = cases[i].millicycles;
		rig_again(g, &cfg);
		assert_int_equal(vn_nt_hw_dma_tx(g->hw, 1000, 0, bytes, cases[i].len), 0);
		run_to(g, end - 1);
		assert_int_equal(next_irq(g, &cycle), 0);
		run_to(g, end);
		assert_int_equal(next_irq(g, &cycle), VN_NT_INT_DMA_TX_COMPLETE);
		assert_int_equal(cycle, end);
		assert_int_equal(g->hw->now.queues[VN_NT_RX(1)].wait.len,
				 cases[i].len <= VN_NT_FRAME_MAX ? cases[i].len : 0);
		assert_int_equal(vn_nt_hw_counters(g->hw)->dma_tx_bytes[0], cases[i].len);
	}
}

/* What a document says of the real card: 260 Mb/s in frames of 1518 bytes. */
static void frames_one_by_one_make_260_megabits(void **state)
{
	uint64_t cycle = 0;
	struct rig *g = *state;

	free_slots(g, 0);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(vn_nt_hw_dma_tx(g->hw, cycle, 0, bytes, 1514), 0);
		cycle = g->hw->now.due[VN_NT_EV_DMA_TX];
		run_to(g, cycle);
		if (i) /* the arbiter has long been done with the one before */
			store(g, cycle, HEADER_RETURN_W, load(g, cycle, HEADER_FLUSH_W));
	}
	/* 100 * 1514 bytes in these cycles: 257 to 263 Mb/s. */
	assert_in_range(UINT64_C(100) * 1514 * 8 * VN_NT_HZ / cycle, 257000000, 263000000);
	assert_int_equal(vn_nt_hw_counters(g->hw)->rx_dropped[0], 0);
}

static void one_transfer_at_a_time_in_each_direction(void **state)
{
	struct rig *g = *state;

	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 0), -ENODATA);
	launch(g, 0, OUTPUT(1), 2, 100);
	load(g, 1, SEND_OUT_W);
	run_to(g, 100);
	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 100, 0, bytes, 60), 0);
	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 100, 0, bytes, 60), -EBUSY);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 100), 0);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 100), -EBUSY);
	run_to(g, 10000);
	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 10000, 0, bytes, 60), 0);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 10000), 0);
	run_to(g, 20000);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 20000), -ENODATA);
}

static void transfers_that_cannot_be_are_refused(void **state)
{
	uint64_t cycle = 0;
	struct rig *g = *state;

	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 0, 4, bytes, 60), -EINVAL);
	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 0, 0, bytes, 0), -EINVAL);
	assert_int_equal(next_irq(g, &cycle), 0);
	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 77, 0, bytes, 2049), -EMSGSIZE);
	assert_int_equal(next_irq(g, &cycle), VN_NT_INT_DMA_SETUP_ERROR);
	assert_int_equal(cycle, 77);
	assert_int_equal(vn_nt_hw_read_status(g->hw), VN_NT_INT_DMA_SETUP_ERROR);
	assert_int_equal(vn_nt_hw_next(g->hw), VN_NT_NEVER);
}

static void unconnected_queues_swallow_what_is_transferred(void **state)
{
	uint64_t cycle = 0;
	struct rig *g = *state;

	assert_int_equal(vn_nt_hw_dma_tx(g->hw, 0, 2, bytes, 60), 0);
	run_to(g, 10000);
	assert_int_equal(next_irq(g, &cycle), VN_NT_INT_DMA_TX_COMPLETE);
	assert_int_equal(vn_nt_hw_counters(g->hw)->host_swallowed[2], 1);
}

/* Frames of all queues, in the order in which they came; of a cycle, the lower first. */
static void the_host_gets_the_oldest_first(void **state)
{
	static const struct {
		unsigned int port;
		uint32_t len;
	} order[] = { { 5, 101 }, { 1, 102 }, { 7, 102 }, { 3, 103 } };
	struct vn_nt_out out;
	struct rig *g = *state;

	launch(g, 0, OUTPUT(1), 1 << 5, 101);
	launch(g, 10, OUTPUT(1), 1 << 7 | 1 << 1, 102);
	launch(g, 20, OUTPUT(1), 1 << 3, 103);
	run_to(g, 200);
	for (size_t i = 0; i < VN_ARRAY_SIZE(order); i++) {
		uint64_t cycle = 10000 * (i + 1);

		assert_int_equal(vn_nt_hw_dma_rx(g->hw, cycle), 0);
		run_to(g, cycle + 9000);
		assert_true(take(g, VN_NT_OUT_DMA, &out));
		assert_int_equal(out.port, order[i].port);
		assert_int_equal(out.len, order[i].len);
		assert_int_equal(out.cycle, cycle + 4405 + (order[i].len * 947 + 500) / 1000);
	}
	assert_int_equal(vn_nt_hw_counters(g->hw)->dma_rx[0], 4);
	assert_int_equal(vn_nt_hw_counters(g->hw)->dma_rx_bytes[0], 101 + 102 + 102 + 103);
	assert_int_equal(vn_nt_hw_counters(g->hw)->tx_frames[5], 1);
}

static void availability_follows_the_queue(void **state)
{
	uint64_t cycle = 0;
	struct rig *g = *state;

	launch(g, 0, OUTPUT(1), 2, 100);
	load(g, 1, SEND_OUT_W);
	assert_int_equal(vn_nt_hw_read_status(g->hw), 0);
	run_to(g, 100);
	/* Told once, when the first came; it reads as 1 as long as it is so. */
	assert_int_equal(next_irq(g, &cycle), VN_NT_INT_PKT_AVAIL);
	assert_int_equal(cycle, 64);
	assert_int_equal(next_irq(g, &cycle), 0);
	assert_int_equal(vn_nt_hw_read_status(g->hw), VN_NT_INT_PKT_AVAIL);
	assert_int_equal(vn_nt_hw_read_status(g->hw), VN_NT_INT_PKT_AVAIL);
	vn_nt_hw_dma_rx(g->hw, 100);
	assert_int_equal(vn_nt_hw_read_status(g->hw), 0);
	run_to(g, 10000);
	/* The second waits. */
	assert_int_equal(next_irq(g, &cycle), VN_NT_INT_DMA_RX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	assert_int_equal(cycle, 100 + 4500);
	assert_int_equal(vn_nt_hw_read_status(g->hw),
			 VN_NT_INT_DMA_RX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	assert_int_equal(vn_nt_hw_read_status(g->hw), VN_NT_INT_PKT_AVAIL);
	vn_nt_hw_dma_rx(g->hw, 10000);
	run_to(g, 20000);
	assert_int_equal(next_irq(g, &cycle), VN_NT_INT_DMA_RX_COMPLETE);
	assert_int_equal(vn_nt_hw_read_status(g->hw), VN_NT_INT_DMA_RX_COMPLETE);
	assert_int_equal(vn_nt_hw_read_status(g->hw), 0);
}

/* The program sees what waits for host queue 0: until a transfer has taken it away. */
static void a_program_can_ask_what_waits(void **state)
{
	struct rig *g = *state;

	assert_int_equal(load(g, 0, HOST_QUEUE), 0);
	launch(g, 0, OUTPUT(1), 2, 100);
	launch(g, 1, OUTPUT(1), 2, 60);
	launch(g, 2, OUTPUT(1), 1 << 3, 1000);
	assert_int_equal(load(g, 63, HOST_QUEUE), 0);
	assert_int_equal(load(g, 64, HOST_QUEUE), 100);
	assert_int_equal(load(g, 100, HOST_QUEUE), 160);
	run_to(g, 100);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 100), 0);
	assert_int_equal(load(g, 100 + 4499, HOST_QUEUE), 160);
	assert_int_equal(load(g, 100 + 4500, HOST_QUEUE), 60);
	assert_int_equal(store_as(g, 5000, 0, HOST_QUEUE, 0), VN_NT_FAULT);
}

static void a_full_queue_to_the_host_drops(void **state)
{
	struct vn_nt_hw_config cfg = with_driver();
	struct rig *g = *state;

	cfg.cpu_txq_bytes = 250;
	rig_again(g, &cfg);
	launch(g, 0, OUTPUT(1), 2 | 8, 100);
	for (unsigned int i = 1; i < 4; i++)
		load(g, i, SEND_OUT_W);
	run_to(g, 100);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_tx_full[0], 2);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_tx_full[1], 2);
	/* There is room when the transfer is complete, not when it begins. */
	vn_nt_hw_dma_rx(g->hw, 100);
	launch(g, 100, OUTPUT(1), 2, 100);
	run_to(g, 10000);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_tx_full[0], 3);
	launch(g, 10000, OUTPUT(1), 2, 100);
	run_to(g, 20000);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_tx_full[0], 3);
}

static void interrupts_are_attended_to(void **state)
{
	struct vn_nt_hw_config cfg = with_driver();
	struct rig *g = *state;

	cfg.attends_irq = true;
	rig_again(g, &cfg);
	vn_nt_hw_dma_tx(g->hw, 0, 0, bytes, 1514);
	launch(g, 5838 - 64, OUTPUT(1), 2, 60);
	vn_nt_hw_run(g->hw, 5837);
	assert_int_equal(vn_nt_hw_attention(g->hw), VN_NT_NEVER);
	vn_nt_hw_run(g->hw, 9000);
	assert_int_equal(vn_nt_hw_attention(g->hw), 5838); /* the frame, not the transfer */
}

static void the_trace_tells_of_transfers(void **state)
{
	struct vn_nt_hw_config cfg = with_driver();
	struct rig *g = *state;
	char text[1024];

	cfg.trace = VN_NT_TRACE(DMA) | VN_NT_TRACE(IRQ);
	rig_again(g, &cfg);
	vn_nt_hw_dma_tx(g->hw, 100, 0, bytes, 1592);
	run_to(g, 10000);
	launch(g, 10000, OUTPUT(1), 2, 60);
	run_to(g, 11000);
	vn_nt_hw_dma_rx(g->hw, 11000);
	run_to(g, 20000);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000100 -.- -- -------- dma tx 1592 B\n"
			    "0000006013 -.- -- -------- dma tx 1592 B done\n"
			    "0000006013 -.- -- -------- irq 40000000\n"
			    "0000010064 -.- -- -------- irq 00000100\n"
			    "0000011000 -.- -- -------- dma rx 60 B\n"
			    "0000015462 -.- -- -------- dma rx 60 B done\n"
			    "0000015462 -.- -- -------- irq 80000000\n");
}

#define DRIVER_CASE(test) cmocka_unit_test_setup_teardown(test, set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVER_CASE(a_transfer_takes_its_time),
		DRIVER_CASE(frames_one_by_one_make_260_megabits),
		DRIVER_CASE(one_transfer_at_a_time_in_each_direction),
		DRIVER_CASE(transfers_that_cannot_be_are_refused),
		DRIVER_CASE(unconnected_queues_swallow_what_is_transferred),
		DRIVER_CASE(the_host_gets_the_oldest_first),
		DRIVER_CASE(availability_follows_the_queue),
		DRIVER_CASE(a_program_can_ask_what_waits),
		DRIVER_CASE(a_full_queue_to_the_host_drops),
		DRIVER_CASE(interrupts_are_attended_to),
		DRIVER_CASE(the_trace_tells_of_transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports: the spacing of the wire in both directions, masks, queues that run over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "nt/hw_fixture_test.h"

/* Launches of one packet, one a cycle, that depart in the cycles in which they are made. */
static void launch_often(struct rig *g, uint64_t from, uint16_t ports, uint32_t len, unsigned int n)
{
	launch(g, from, OUTPUT(1), ports, len);
	for (unsigned int i = 1; i < n; i++)
		load(g, from + i, SEND_OUT_W);
}

/* Departure + 64, then the preamble. */
static void the_latency_does_not_depend_on_the_length(void **state)
{
	static const uint32_t lens[] = { 1, 59, 60, 61, 1514, 1592 };
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(lens); i++) {
		struct vn_nt_out out;

		rig_again(g, &vn_nt_hw_defaults);
		assert_true(vn_nt_buffer_reserve(&g->hw->out, 0, 4096));
		memset(g->hw->out.bytes, 0xee, 4096); /* as earlier entries leave it */
		launch(g, 5000, OUTPUT(1), 1 << 4, lens[i]);
		assert_int_equal(vn_nt_hw_next(g->hw), 5064);
		run_to(g, 5071);
		assert_false(take(g, VN_NT_OUT_FRAME, &out));
		run_to(g, 5072);
		assert_true(take(g, VN_NT_OUT_FRAME, &out));
		assert_int_equal(out.port, 4);
		assert_int_equal(out.cycle, 5072);
		assert_int_equal(out.len, VN_MAX(lens[i], 60));
		for (uint32_t k = 0; k < out.len; k++)
			assert_int_equal(out.bytes[k], k < lens[i] ? (uint8_t)k : 0);
	}
}

/* 8 + max(L, 60) + 4 + 12 cycles from frame to frame, if they depart closer. */
static void frames_leave_back_to_back_at_most(void **state)
{
	static const struct {
		uint32_t len;
		uint64_t spacing;
	} cases[] = { { 60, 84 }, { 64, 88 }, { 14, 84 }, { 1514, 1538 } };
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t at = 100 + 64 + 8;
		struct vn_nt_out out;

		rig_again(g, &vn_nt_hw_defaults);
		launch_often(g, 100, 1, cases[i].len, 40);
		run_to(g, 100000);
		for (unsigned int k = 0; k < 40; k++) {
			assert_true(take(g, VN_NT_OUT_FRAME, &out));
			assert_int_equal(out.cycle, at);
			at += cases[i].spacing;
		}
		assert_int_equal(vn_nt_hw_counters(g->hw)->tx_frames[0], 40);
	}
}

static void spacing_is_that_of_departures_if_the_wire_allows(void **state)
{
	static const uint64_t departs[] = { 1000, 1084, 1169, 2000, 2083, 2168 };
	static const uint64_t leaves[] = { 1072, 1156, 1241, 2072, 2156, 2240 };
	struct rig *g = *state;
	struct vn_nt_out out;

	for (size_t i = 0; i < VN_ARRAY_SIZE(departs); i++) {
		store(g, departs[i] - 50, SEND_TIME_TRIG, (uint32_t)departs[i]);
		launch(g, departs[i] - 50, OUTPUT(1), 1, 60);
	}
	run_to(g, 5000);
	for (size_t i = 0; i < VN_ARRAY_SIZE(leaves); i++) {
		assert_true(take(g, VN_NT_OUT_FRAME, &out));
		assert_int_equal(out.cycle, leaves[i]);
	}
}

static void a_mask_makes_copies(void **state)
{
	static const unsigned int macs_then_hosts[] = { 1, 3, 5, 7, 0, 2, 4, 6 };
	struct rig *g = *state;
	struct vn_nt_out out;

	launch(g, 0, OUTPUT(1), 0xff, 70);
	run_to(g, 200);
	/* Hosts get theirs when it reaches the queue, MACs eight cycles later. */
	for (size_t i = 0; i < VN_ARRAY_SIZE(macs_then_hosts); i++) {
		assert_true(take(g, VN_NT_OUT_FRAME, &out));
		assert_int_equal(out.port, macs_then_hosts[i]);
		assert_int_equal(out.cycle, out.port & 1 ? 64 : 72);
		assert_int_equal(out.len, 70);
	}
	assert_int_equal(vn_nt_hw_counters(g->hw)->sent[0], 1);
}

static void no_port_discards(void **state)
{
	static const uint16_t masks[] = { 0, 0x0100, 0xff00 };
	struct rig *g = *state;
	struct vn_nt_out out;

	for (size_t i = 0; i < VN_ARRAY_SIZE(masks); i++) {
		launch(g, 1000 * i, OUTPUT(1), masks[i], 60);
		assert_int_equal(load(g, 1000 * i, SEND_DEPART), 1000 * i);
	}
	run_to(g, 9000);
	assert_false(take(g, VN_NT_OUT_FRAME, &out));
	assert_int_equal(vn_nt_hw_counters(g->hw)->discarded[0], 3);
	assert_int_equal(vn_nt_hw_counters(g->hw)->sent[0], 3);
}

static void frames_to_the_host_are_not_padded(void **state)
{
	struct rig *g = *state;
	struct vn_nt_out out;

	launch(g, 0, OUTPUT(1), 1 << 3, 20);
	run_to(g, 64);
	assert_true(take(g, VN_NT_OUT_FRAME, &out));
	assert_int_equal(out.port, 3);
	assert_int_equal(out.len, 20);
}

/* Room is freed when the first byte of a destination is on the wire. */
static void a_full_queue_drops(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	struct vn_nt_out out;
	unsigned int n = 0;

	cfg.mac_txq_bytes = 300;
	rig_again(g, &cfg);
	launch_often(g, 0, 1 | 4, 100, 5); /* three fit */
	run_to(g, 71);
	assert_int_equal(vn_nt_hw_counters(g->hw)->mac_tx_full[0], 2);
	assert_int_equal(vn_nt_hw_counters(g->hw)->mac_tx_full[1], 2);
	launch(g, 5000 - 64, OUTPUT(1), 1, 100);
	run_to(g, 9000);
	while (take(g, VN_NT_OUT_FRAME, &out))
		n++;
	assert_int_equal(n, 7);
	/* At 64 KiB: 43 of 1514 bytes and the one that is leaving. */
	rig_again(g, &vn_nt_hw_defaults);
	launch_often(g, 0, 1, 1514, 60);
	run_to(g, 2000000);
	assert_int_equal(vn_nt_hw_counters(g->hw)->tx_frames[0], 44);
	assert_int_equal(vn_nt_hw_counters(g->hw)->mac_tx_full[0], 16);
}

static void what_is_fed_comes_at_the_rate_of_the_wire(void **state)
{
	static const struct {
		uint64_t fed;
		uint32_t len;
		uint64_t complete;
	} frames[] = {
		{ 1000, 60, 1072 }, { 1000, 60, 1156 },		 { 1168, 60, 1240 },
		{ 1253, 60, 1325 }, { 1253, 1514, 1337 + 1526 }, { 2875, 42, 2875 + 72 },
		{ 2959, 60, 3031 },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(frames); i++)
		feed(g, 2, frames[i].fed, frames[i].len, 0);
	for (size_t i = 0; i < VN_ARRAY_SIZE(frames); i++) {
		assert_int_equal(vn_nt_hw_next(g->hw), frames[i].complete);
		run_to(g, frames[i].complete);
		assert_int_equal(vn_nt_hw_last_event(g->hw), frames[i].complete);
	}
	assert_int_equal(vn_nt_hw_next(g->hw), VN_NT_NEVER);
}

static void what_is_fed_is_known_until_it_comes(void **state)
{
	struct rig *g = *state;

	feed(g, 0, 0, 60, 0);
	feed(g, 0, 0, 1000, 0);
	feed(g, 1, 500, 99, 0);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 0), 1060);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 1), 99);
	run_to(g, 72);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 0), 1000);
	run_to(g, 5000);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 0), 0);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 1), 0);
	assert_int_equal(vn_nt_hw_fed_bytes(g->hw, 8), 0);
}

static void frames_that_cannot_be_are_refused(void **state)
{
	static const struct {
		unsigned int port;
		uint64_t cycle;
		uint32_t len;
		int r;
	} cases[] = {
		{ 0, 0, 0, -EINVAL },		{ 0, 0, 65536, -EINVAL }, { 8, 0, 60, -EINVAL },
		{ 0, UINT64_MAX, 60, -EINVAL }, { 0, 0, 65535, 0 },
	};
	static const uint8_t bytes[65536];
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_int_equal(
			vn_nt_hw_feed(g->hw, cases[i].port, cases[i].cycle, bytes, cases[i].len),
			cases[i].r);
}

static void the_nth_frame_on_a_wire_is_attended_to(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;

	cfg.attends_frames = 3;
	rig_again(g, &cfg);
	launch_often(g, 0, 1 | 2 | 4, 60, 3); /* to the host as well, which does not count */
	vn_nt_hw_run(g->hw, 72 + 83);
	assert_int_equal(vn_nt_hw_attention(g->hw), VN_NT_NEVER);
	vn_nt_hw_run(g->hw, 72 + 84);
	assert_int_equal(vn_nt_hw_attention(g->hw), 72 + 84);
	vn_nt_hw_run(g->hw, 5000);
	assert_int_equal(vn_nt_hw_attention(g->hw), 72 + 84);
	vn_nt_hw_save(g->hw);
	assert_int_equal(vn_nt_hw_attention(g->hw), VN_NT_NEVER);
}

static void the_trace_tells_of_what_leaves(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[1024];

	cfg.trace = VN_NT_TRACE(PKT);
	cfg.mac_txq_bytes = 80;
	rig_again(g, &cfg);
	launch_often(g, 100, 1 << 6 | 2, 61, 2);
	run_to(g, 5000);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000164 -.- -- -------- pkt out len=61 dst=1\n"
			    "0000000165 -.- -- -------- pkt out len=61 dst=1\n"
			    "0000000165 -.- -- -------- pkt drop len=61 dst=6 full\n"
			    "0000000172 -.- -- -------- pkt out len=61 dst=6\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_latency_does_not_depend_on_the_length),
		CASE(frames_leave_back_to_back_at_most),
		CASE(spacing_is_that_of_departures_if_the_wire_allows),
		CASE(a_mask_makes_copies),
		CASE(no_port_discards),
		CASE(frames_to_the_host_are_not_padded),
		CASE(a_full_queue_drops),
		CASE(what_is_fed_comes_at_the_rate_of_the_wire),
		CASE(what_is_fed_is_known_until_it_comes),
		CASE(frames_that_cannot_be_are_refused),
		CASE(the_nth_frame_on_a_wire_is_attended_to),
		CASE(the_trace_tells_of_what_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

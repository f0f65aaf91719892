/* SPDX-License-Identifier: BSD-2-Clause */
/* The send engine: when a packet departs, what a launch returns, what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nt/hw_fixture_test.h"

static uint64_t departure(struct rig *g)
{
	return g->hw->now.depart;
}

static void an_armed_time_is_the_departure_if_it_is_to_come(void **state)
{
	static const struct {
		uint64_t now;
		uint32_t time;
		uint64_t departs;
		bool is_late;
	} cases[] = {
		{ 1000, 1001, 1001, false },
		{ 1000, 6000, 6000, false },
		{ 1000, 1000, 1000, false },
		{ 1000, 999, 1000, true },
		{ 1000, 0, 1000, true },
		{ 1000, 0x800003e7, 0x800003e7, false },
		{ 1000, 0x800003e8, 1000, true },
		/* The clock has 32 bits: it wraps, and so does an armed time. */
		{ 0xfffffff0, 4984, 0x100001378, false },
		{ 0x100000001, 2, 0x100000002, false },
		{ 0x100000001, 0xffffffff, 0x100000001, true },
		{ 0x5fffffff8, 0x00000010, 0x600000010, false },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		rig_again(g, &vn_nt_hw_defaults);
		store(g, cases[i].now, SEND_TIME_TRIG, cases[i].time);
		launch(g, cases[i].now, OUTPUT(1), 1, 60);
		assert_int_equal(departure(g), cases[i].departs);
		assert_int_equal(load(g, cases[i].now, SEND_DEPART), (uint32_t)cases[i].departs);
		assert_int_equal(vn_nt_hw_counters(g->hw)->late[0], cases[i].is_late);
	}
}

/* Programs count from the reset, the hardware from the beginning of all. */
static void an_armed_time_counts_from_the_reset(void **state)
{
	struct rig *g = *state;

	vn_nt_hw_reset(g->hw, 7000);
	assert_int_equal(load(g, 7000, COMMON_TIME), 0);
	assert_int_equal(load(g, 7100, COMMON_TIME), 100);
	store(g, 7100, SEND_TIME_TRIG, 150);
	launch(g, 7100, OUTPUT(1), 1, 60);
	assert_int_equal(departure(g), 7150);
	assert_int_equal(load(g, 7100, SEND_DEPART), 150);
}

static void an_armed_time_serves_one_launch(void **state)
{
	struct rig *g = *state;

	store(g, 0, SEND_TIME_TRIG, 500);
	launch(g, 0, OUTPUT(1), 1, 60);
	assert_int_equal(departure(g), 500);
	launch(g, 800, OUTPUT(2), 1, 60);
	assert_int_equal(departure(g), 800);
	assert_int_equal(vn_nt_hw_counters(g->hw)->late[0], 0);
}

static void a_launch_returns_the_packet_before(void **state)
{
	static const uint32_t sent[] = { OUTPUT(1), OUTPUT(9), OUTPUT(3) + 8, OUTPUT(3) + 8,
					 OUTPUT(0) };
	uint32_t before = OUTPUT(0); /* the engine holds it at reset */
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(sent); i++) {
		assert_int_equal(launch(g, 1000 * i, sent[i], 1, 60), before);
		before = sent[i];
	}
	vn_nt_hw_reset(g->hw, 9000);
	assert_int_equal(launch(g, 9000, OUTPUT(5), 1, 60), OUTPUT(0));
}

static void a_launch_waits_until_the_departure_is_past(void **state)
{
	struct rig *g = *state;

	store(g, 100, SEND_TIME_TRIG, 400);
	launch(g, 100, OUTPUT(1), 1, 60);
	assert_int_equal(load(g, 399, SEND_BUSY), 1);
	assert_int_equal(load_as(g, 104, 1, SEND_OUT_W), VN_NT_AGAIN);
	assert_int_equal(g->reply.again, 401);
	assert_int_equal(load_as(g, 400, 0, SEND_OUT_W), VN_NT_AGAIN);
	assert_int_equal(load(g, 400, SEND_BUSY), 0);
	/* Whose slot comes first gets it; the other waits on, and is counted once. */
	assert_int_equal(load_as(g, 401, 1, SEND_OUT_W), VN_NT_DONE);
	assert_int_equal(departure(g), 401);
	assert_int_equal(load_as(g, 401, 5, SEND_OUT_W), VN_NT_AGAIN);
	assert_int_equal(g->reply.again, 402);
	assert_int_equal(load_as(g, 404, 0, SEND_OUT_W), VN_NT_DONE);
	assert_int_equal(vn_nt_hw_counters(g->hw)->send_waits[0], 3);
	assert_int_equal(vn_nt_hw_counters(g->hw)->sent[0], 3);
}

static void a_time_that_waits_for_the_engine_is_looked_at_when_it_is_free(void **state)
{
	struct rig *g = *state;

	store(g, 0, SEND_TIME_TRIG, 400);
	launch(g, 0, OUTPUT(1), 1, 60);
	store(g, 4, SEND_TIME_TRIG, 300);
	assert_int_equal(load_as(g, 4, 0, SEND_OUT_W), VN_NT_AGAIN);
	assert_int_equal(load_as(g, 404, 0, SEND_OUT_W), VN_NT_DONE);
	assert_int_equal(departure(g), 404);
	assert_int_equal(vn_nt_hw_counters(g->hw)->late[0], 1);
}

static void bytes_are_those_at_the_launch(void **state)
{
	uint8_t later = 0xee;
	struct vn_nt_out out;
	struct rig *g = *state;

	describe_as(g, 0, 0, OUTPUT(2), 60);
	put_packet(g, 40, OUTPUT(2), 1, 60, 100); /* behind the registers */
	store(g, 40, SEND_TIME_TRIG, 1000);
	load(g, 40, SEND_OUT_W);
	vn_nt_memory_put(g->mem, vn_nt_moment(44, 0), OUTPUT(2) + 8, &later, 1);
	run_to(g, 2000);
	assert_true(take(g, VN_NT_OUT_FRAME, &out));
	assert_int_equal(out.len, 60);
	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(out.bytes[i], 100 + i);
}

static void lengths_that_disagree_are_counted(void **state)
{
	static const struct {
		uint32_t len;
		uint16_t byte_length;
		uint32_t control;
		unsigned int ioq, ctrl;
	} cases[] = {
		{ 64, 64, 0x01, 0, 0 },	    { 61, 61, 0x08, 0, 0 }, { 57, 57, 0x80, 0, 0 },
		{ 58, 58, 0x40, 0, 0 },	    { 63, 63, 0x02, 0, 0 }, { 64, 72, 0x01, 1, 0 },
		{ 64, 63, 0x01, 1, 0 },	    { 64, 64, 0x80, 0, 1 }, { 60, 60, 0x01, 0, 1 },
		{ 60, 68, 0x00, 1, 1 },	    { 60, 60, 0x10, 0, 0 }, { 60, 60, 0xffffff10, 0, 0 },
		{ 1592, 1592, 0x01, 0, 0 },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nt_out out;

		rig_again(g, &vn_nt_hw_defaults);
		put_packet(g, 0, OUTPUT(1), 1, cases[i].len, 0);
		vn_nt_memory_put(g->mem, 0, OUTPUT(1) + 6,
				 (uint8_t[]){ (uint8_t)(cases[i].byte_length >> 8),
					      (uint8_t)cases[i].byte_length },
				 2);
		describe_as(g, 0, 0, OUTPUT(1), cases[i].len);
		store(g, 0, CTRL_END_W, cases[i].control);
		load(g, 0, SEND_OUT_W);
		run_to(g, 5000);
		assert_int_equal(vn_nt_hw_counters(g->hw)->ioq_mismatch[0], cases[i].ioq);
		assert_int_equal(vn_nt_hw_counters(g->hw)->ctrl_mismatch[0], cases[i].ctrl);
		assert_true(take(g, VN_NT_OUT_FRAME, &out)); /* the registers win */
		assert_int_equal(out.len, VN_MAX(cases[i].len, 60));
	}
}

static void packets_outside_the_memory_are_refused(void **state)
{
	static const struct {
		unsigned int model;
		uint32_t start, end;
		const char *reason; /* NULL: it is sent */
	} cases[] = {
		{ 0x10, 0x08000000, 0x08000008, NULL },
		{ 0x10, 0x08000000, 0x08003fff, NULL },
		{ 0x10, 0x08003ff0, 0x08003fff, NULL },
		{ 0x10, 0x08000000, 0x08000007,
		  "launch of a packet from 0x08000000 with its last byte at 0x08000007, not "
		  "within 0x08000008-0x08003fff" },
		{ 0x10, 0x08003ff0, 0x08004000,
		  "launch of a packet from 0x08003ff0 with its last byte at 0x08004000, not "
		  "within 0x08003ff8-0x08003fff" },
		{ 0x10, 0x08000040, 0x0800003f,
		  "launch of a packet from 0x08000040 with its last byte at 0x0800003f, not "
		  "within 0x08000048-0x08003fff" },
		{ 0x10, 0x08000000, 0xffffffff,
		  "launch of a packet from 0x08000000 with its last byte at 0xffffffff, not "
		  "within 0x08000008-0x08003fff" },
		{ 0x10, 0x08000000, 0,
		  "launch of a packet from 0x08000000 with its last byte at 0x00000000, not "
		  "within 0x08000008-0x08003fff" },
		{ 0x10, 0x08003ff8, 0x08003fff,
		  "launch of a packet at 0x08003ff8, not a multiple of 8 within "
		  "0x08000000-0x08003ff0" },
		{ 0x10, 0x08000004, 0x08000043,
		  "launch of a packet at 0x08000004, not a multiple of 8 within "
		  "0x08000000-0x08003ff0" },
		{ 0x10, 0x10000000, 0x10000043,
		  "launch of a packet at 0x10000000, not a multiple of 8 within "
		  "0x08000000-0x08003ff0" },
		{ 0x10, 0, 0,
		  "launch of a packet at 0x00000000, not a multiple of 8 within "
		  "0x08000000-0x08003ff0" },
		{ 0x10, 0x07fffff8, 0x08000043,
		  "launch of a packet at 0x07fffff8, not a multiple of 8 within "
		  "0x08000000-0x08003ff0" },
		{ 0x20, 0x10000000, 0x10000043, NULL },
		{ 0x20, 0x08000000, 0x08000043,
		  "launch of a packet at 0x08000000, not a multiple of 8 within "
		  "0x10000000-0x10003ff0" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nt_hw_config cfg = vn_nt_hw_defaults;

		cfg.model = cases[i].model;
		rig_again(g, &cfg);
		store(g, 0, CTRL_START, cases[i].start);
		store(g, 0, CTRL_END, cases[i].end);
		assert_int_equal(load_as(g, 0, 0, SEND_OUT_W),
				 cases[i].reason ? VN_NT_FAULT : VN_NT_DONE);
		if (cases[i].reason)
			assert_string_equal(g->reply.reason, cases[i].reason);
		assert_int_equal(vn_nt_hw_counters(g->hw)->sent[0], !cases[i].reason);
	}
}

/* In 1.0 a second thread writes over the first one's registers, in RE 2.0 it has its own. */
static void threads_have_registers_of_their_own_in_re2(void **state)
{
	static const struct {
		unsigned int model;
		uint32_t base;
		uint32_t held_after; /* by thread 0's launch */
		uint64_t departs;
	} cases[] = {
		{ 0x10, VN_NT_OUTPUT_BASE, OUTPUT(2), 900 },
		{ 0x20, VN_NT_INPUT_BASE, INPUT(1), 500 },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nt_hw_config cfg = vn_nt_hw_defaults;

		cfg.model = cases[i].model;
		rig_again(g, &cfg);
		describe_as(g, 0, 0, cases[i].base + VN_NT_SLOT_SIZE, 60);
		store_as(g, 0, 0, SEND_TIME_TRIG, 500);
		describe_as(g, 1, 1, cases[i].base + 2 * VN_NT_SLOT_SIZE, 60);
		store_as(g, 1, 1, SEND_TIME_TRIG, 900);
		assert_int_equal(load(g, 4, SEND_OUT_W), cases[i].base);
		assert_int_equal(departure(g), cases[i].departs);
		put_packet(g, 1000, cases[i].base, 1, 60, 0);
		describe_as(g, 1000, 0, cases[i].base, 60);
		assert_int_equal(load(g, 1000, SEND_OUT_W), cases[i].held_after);
	}
}

static void the_trace_tells_of_launches(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[1024];

	cfg.trace = VN_NT_TRACE(SEND);
	rig_again(g, &cfg);
	launch(g, 16, OUTPUT(1), 1, 1514);
	store(g, 100, SEND_TIME_TRIG, 250000);
	launch(g, 100, OUTPUT(2), 1, 60);
	assert_int_equal(load_as(g, 105, 5, SEND_OUT_W), VN_NT_AGAIN);
	assert_int_equal(load_as(g, 250001, 5, SEND_OUT_W), VN_NT_DONE);
	store(g, 300000, SEND_TIME_TRIG, 1);
	load(g, 300000, SEND_OUT_W);
	vn_nt_hw_save(g->hw);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000016 0.0 t0 20000000 send start=08000640 len=1514 depart=16\n"
			    "0000000100 0.0 t0 20000000 send start=08000c80 len=60 depart=250000 "
			    "sched\n"
			    "0000000105 1.1 t5 20000000 send wait until=250001\n"
			    "0000250001 1.1 t5 20000000 send start=08000c80 len=60 depart=250001\n"
			    "0000300000 0.0 t0 20000000 send start=08000c80 len=60 depart=300000 "
			    "late\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_armed_time_is_the_departure_if_it_is_to_come),
		CASE(an_armed_time_counts_from_the_reset),
		CASE(an_armed_time_serves_one_launch),
		CASE(a_launch_returns_the_packet_before),
		CASE(a_launch_waits_until_the_departure_is_past),
		CASE(a_time_that_waits_for_the_engine_is_looked_at_when_it_is_free),
		CASE(bytes_are_those_at_the_launch),
		CASE(lengths_that_disagree_are_counted),
		CASE(packets_outside_the_memory_are_refused),
		CASE(threads_have_registers_of_their_own_in_re2),
		CASE(the_trace_tells_of_launches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program in the tests of the hardware: accesses of threads at cycles, frames
 * that are fed, and what comes out, each as one call. Tests include it after
 * cmocka.h.
 */
#ifndef VN_NT_HW_FIXTURE_TEST_H
#define VN_NT_HW_FIXTURE_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/hw_priv.h"
#include "wire/bytes.h"

#define CTRL_START	0x20000000u
#define CTRL_END	0x40000000u
#define CTRL_END_W	0x60000000u
#define SEND_OUT_W	0x80000000u
#define HEADER_FLUSH_W	0xA0000000u
#define COMMON_TIME	0xC0000000u
#define HEADER_RETURN_W 0xE0000000u
#define GET_LOCK	0x20000004u
#define UN_LOCK		0x40000004u
#define PRINTF_W	0x60000004u
#define SEND_TIME_TRIG	0x80000004u
#define SEND_DEPART	0xC0000120u
#define SEND_BUSY	0xC0000124u
#define HOST_QUEUE	0xC0000128u

#define INPUT(slot)  (VN_NT_INPUT_BASE + (slot)*VN_NT_SLOT_SIZE)
#define OUTPUT(slot) (VN_NT_OUTPUT_BASE + (slot)*VN_NT_SLOT_SIZE)

#define NO_PACKET UINT32_MAX

struct rig {
	struct vn_nt_memory *mem;
	struct vn_nt_hw *hw;
	struct vn_nt_reply reply; /* of the last access */
};

static inline void rig_fini(struct rig *g)
{
	vn_nt_hw_free(g->hw);
	vn_nt_memory_free(g->mem);
}

static inline void rig_init(struct rig *g, const struct vn_nt_hw_config *cfg)
{
	struct vn_err err = { "" };

	memset(g, 0, sizeof(*g));
	assert_int_equal(vn_nt_memory_new(cfg->model == 0x10, &g->mem, &err), 0);
	assert_int_equal(vn_nt_hw_new(cfg, g->mem, &g->hw, &err), 0);
}

/* A group's set-up and tear-down: the defaults. */
static inline int rig_set_up(void **state)
{
	struct rig *g = malloc(sizeof(*g));

	rig_init(g, &vn_nt_hw_defaults);
	*state = g;
	return 0;
}

static inline int rig_tear_down(void **state)
{
	rig_fini(*state);
	free(*state);
	return 0;
}

/* The same rig with another configuration. */
static inline void rig_again(struct rig *g, const struct vn_nt_hw_config *cfg)
{
	rig_fini(g);
	rig_init(g, cfg);
}

static inline enum vn_nt_answer load_as(struct rig *g, uint64_t cycle, unsigned int tid,
					uint32_t addr)
{
	struct vn_nt_access a = { .cycle = cycle, .tid = tid, .pc = 0x20000000u, .addr = addr };

	memset(&g->reply, 0, sizeof(g->reply));
	return vn_nt_hw_load(g->hw, &a, &g->reply);
}

static inline enum vn_nt_answer store_as(struct rig *g, uint64_t cycle, unsigned int tid,
					 uint32_t addr, uint32_t value)
{
	struct vn_nt_access a = { .cycle = cycle, .tid = tid, .pc = 0x20000000u, .addr = addr };

	memset(&g->reply, 0, sizeof(g->reply));
	return vn_nt_hw_store(g->hw, &a, value, &g->reply);
}

/* By thread 0, and done. */
static inline uint32_t load(struct rig *g, uint64_t cycle, uint32_t addr)
{
	assert_int_equal(load_as(g, cycle, 0, addr), VN_NT_DONE);
	return g->reply.value;
}

static inline void store(struct rig *g, uint64_t cycle, uint32_t addr, uint32_t value)
{
	assert_int_equal(store_as(g, cycle, 0, addr, value), VN_NT_DONE);
}

/* All ten slots to the hardware, as programs do at start. */
static inline void free_slots(struct rig *g, uint64_t cycle)
{
	for (uint32_t slot = 0; slot < VN_NT_SLOTS; slot++)
		store(g, cycle, HEADER_RETURN_W, slot * VN_NT_SLOT_SIZE);
}

/* A frame whose bytes count up from first. */
static inline void feed(struct rig *g, unsigned int port, uint64_t cycle, uint32_t len,
			uint8_t first)
{
	uint8_t bytes[4096];

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(first + i);
	assert_int_equal(vn_nt_hw_feed(g->hw, port, cycle, bytes, len), 0);
}

/* A packet of len bytes that count up from first in memory at addr, with its header. */
static inline void put_packet(struct rig *g, uint64_t cycle, uint32_t addr, uint16_t ports,
			      uint32_t len, uint8_t first)
{
	uint8_t bytes[VN_NT_PACKET_SIZE] = { 0 };

	vn_put_be16(bytes, ports);
	vn_put_be16(bytes + 2, (uint16_t)((len + 7) / 8));
	vn_put_be16(bytes + 6, (uint16_t)len);
	for (uint32_t i = 0; i < len; i++)
		bytes[8 + i] = (uint8_t)(first + i);
	assert_int_equal(vn_nt_memory_put(g->mem, vn_nt_moment(cycle, 0), addr, bytes, 8 + len), 0);
}

static inline void describe_as(struct rig *g, uint64_t cycle, unsigned int tid, uint32_t addr,
			       uint32_t len)
{
	uint32_t n = 8 + len;

	assert_int_equal(store_as(g, cycle, tid, CTRL_START, addr), VN_NT_DONE);
	assert_int_equal(store_as(g, cycle, tid, CTRL_END, addr + n - 1), VN_NT_DONE);
	assert_int_equal(store_as(g, cycle, tid, CTRL_END_W, (0x101u >> (n & 7)) & 0xff),
			 VN_NT_DONE);
}

/* Packet, registers and launch by thread 0 in one cycle; returns what the launch reads. */
static inline uint32_t launch(struct rig *g, uint64_t cycle, uint32_t addr, uint16_t ports,
			      uint32_t len)
{
	put_packet(g, cycle, addr, ports, len, 0);
	describe_as(g, cycle, 0, addr, len);
	return load(g, cycle, SEND_OUT_W);
}

/* Everything up to the cycle, final. */
static inline void run_to(struct rig *g, uint64_t cycle)
{
	vn_nt_hw_run(g->hw, cycle);
	vn_nt_hw_save(g->hw);
}

/* The next of that kind that has become final, those of other kinds are passed over. */
static inline bool take(struct rig *g, enum vn_nt_out_kind kind, struct vn_nt_out *out)
{
	while (vn_nt_hw_take(g->hw, out))
		if (out->kind == kind)
			return true;
	return false;
}

/* All lines and texts, one behind the other. */
static inline const char *take_text(struct rig *g, enum vn_nt_out_kind kind, char *buf, size_t size)
{
	struct vn_nt_out out;
	size_t n = 0;

	while (take(g, kind, &out)) {
		assert_true(n + out.len < size);
		memcpy(buf + n, out.bytes, out.len);
		n += out.len;
	}
	buf[n] = '\0';
	return buf;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/memory_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int open_memory(void **state)
{
	struct vn_nt_memory *mem;

	assert_int_equal(vn_nt_memory_new(true, &mem, NULL), 0);
	mem->tracks = true;
	*state = mem;
	return 0;
}

static int close_memory(void **state)
{
	vn_nt_memory_free(*state);
	return 0;
}

static void ranges_have_ends(void **state)
{
	static const struct {
		uint32_t addr, len;
		bool is_there;
	} rows[] = {
		{ 0x04000000, 4, true },
		{ 0x03ffffff, 1, false },
		{ 0x07ffffff, 1, true },
		{ 0x07fffffc, 8, false }, /* next is output memory */
		{ 0x08000000, 0x4000, true },
		{ 0x08000000, 0x4001, false },
		{ 0x10003fff, 1, true },
		{ 0x10004000, 1, false },
		{ 0x20000000, 4, false },
		{ 0xfffffffc, 8, false },
		{ 0, 1, false },
		{ 0x04000000, 0x04000000, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(vn_nt_memory_has(*state, rows[i].addr, rows[i].len),
				 rows[i].is_there);
		assert_int_equal(vn_nt_memory_is_here(*state, rows[i].addr),
				 vn_nt_memory_has(*state, rows[i].addr, 1));
	}
}

static void without_output_memory(void **state)
{
	struct vn_nt_memory *mem;

	assert_int_equal(vn_nt_memory_new(false, &mem, NULL), 0);
	assert_false(vn_nt_memory_has(mem, 0x08000000, 4));
	assert_true(vn_nt_memory_has(mem, 0x10000000, 4));
	vn_nt_memory_free(mem);
}

static void outside_moves_nothing(void **state)
{
	uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	assert_int_equal(vn_nt_memory_put(*state, 0, 0x10003ffc, bytes, 8), -EFAULT);
	assert_int_equal(vn_nt_memory_get(*state, 0, 0x10003ffc, bytes + 4, 4), 0);
	assert_int_equal(bytes[4] | bytes[5] | bytes[6] | bytes[7], 0);
	assert_int_equal(vn_nt_memory_get(*state, 0, 0x10003ffc, bytes, 8), -EFAULT);
	assert_int_equal(bytes[0], 1);
}

static void going_back_brings_back(void **state)
{
	struct vn_nt_memory *mem = *state;
	uint8_t bytes[6] = "before";
	uint64_t hash;

	/* Not at the beginning of a word, and twice the same. */
	assert_int_equal(vn_nt_memory_put(mem, 10, 0x04040001, bytes, 6), 0);
	vn_nt_memory_save(mem, 20);
	hash = vn_nt_memory_hash(mem);
	assert_int_equal(vn_nt_memory_put(mem, 20, 0x04040003, "behind", 6), 0);
	assert_int_equal(vn_nt_memory_put(mem, 22, 0x04040003, "across", 6), 0);
	assert_int_equal(vn_nt_memory_put(mem, 24, 0x07fffff0, "far off", 7), 0);
	assert_true(vn_nt_memory_hash(mem) != hash);
	vn_nt_memory_restore(mem);
	assert_true(vn_nt_memory_hash(mem) == hash);
	assert_int_equal(vn_nt_memory_get(mem, 30, 0x04040001, bytes, 6), 0);
	assert_memory_equal(bytes, "before", 6);
}

/* Stamps as a thread that ran ahead to the moment leaves them. */
static void stamp(struct vn_nt_memory *mem, uint32_t addr, uint32_t written, uint32_t read)
{
	mem->stamps[addr / 4].written = written;
	mem->stamps[addr / 4].read = read;
}

static void hardware_that_comes_late(void **state)
{
	static const struct {
		uint32_t written, read;
		bool puts, is_late;
	} rows[] = {
		{ 99, 0, false, false },   { 101, 0, false, true },
		{ 0, 101, false, false },  { 99, 99, true, false },
		{ 101, 0, true, true },	   { 0, 101, true, true },
		{ 100, 100, true, false }, { VN_NT_ORDERED, 0, true, false },
	};
	struct vn_nt_memory *mem = *state;
	uint8_t b[4] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		vn_nt_memory_clear(mem);
		stamp(mem, 0x08000008, rows[i].written, rows[i].read);
		if (rows[i].puts)
			vn_nt_memory_put(mem, 100, 0x08000006, b, 4);
		else
			vn_nt_memory_get(mem, 100, 0x08000006, b, 4);
		assert_int_equal(mem->is_late, rows[i].is_late);
		if (rows[i].is_late)
			assert_true(mem->stamps[0x08000008 / 4].written == VN_NT_ORDERED);
	}
}

static void stamps_begin_anew(void **state)
{
	struct vn_nt_memory *mem = *state;
	uint64_t later = UINT64_C(3) << 31;

	stamp(mem, 0x04040000, VN_NT_ORDERED, 7);
	vn_nt_memory_save(mem, 1000);
	assert_true(mem->stamps[0x04040000 / 4].written == VN_NT_ORDERED);
	vn_nt_memory_save(mem, later);
	assert_int_equal(mem->stamps[0x04040000 / 4].written, 0);
	assert_true(mem->stamp_base == later);
}

static void zeros_have_no_part_in_the_hash(void **state)
{
	struct vn_nt_memory *mem = *state;
	uint64_t empty = vn_nt_memory_hash(mem);
	uint8_t byte = 1;

	vn_nt_memory_put(mem, 0, 0x05000000, &byte, 1);
	assert_true(vn_nt_memory_hash(mem) != empty);
	byte = 0;
	vn_nt_memory_put(mem, 2, 0x05000000, &byte, 1);
	assert_true(vn_nt_memory_hash(mem) == empty);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_memory, close_memory)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(ranges_have_ends),
		CASE(without_output_memory),
		CASE(outside_moves_nothing),
		CASE(going_back_brings_back),
		CASE(hardware_that_comes_late),
		CASE(stamps_begin_anew),
		CASE(zeros_have_no_part_in_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

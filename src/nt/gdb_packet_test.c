/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes between the debugger and the stub: where packets begin and end, and which are
 * whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "nt/gdb_packet.h"

/* All events but NOTHING. */
static unsigned int take_all(struct vn_nt_gdb_packet *p, const char *bytes,
			     enum vn_nt_gdb_event *events)
{
	enum vn_nt_gdb_event e;
	unsigned int n = 0;

	for (; *bytes; bytes++) {
		e = vn_nt_gdb_packet_take(p, (uint8_t)*bytes);
		if (e != VN_NT_GDB_NOTHING)
			events[n++] = e;
	}
	return n;
}

static void bytes_become_events(void **state)
{
	static const struct {
		const char *bytes;
		unsigned int n;
		enum vn_nt_gdb_event events[3];
		const char *contents; /* of the last packet */
	} rows[] = {
		{ "$OK#9a", 1, { VN_NT_GDB_PACKET }, "OK" },
		{ "+$OK#9A+", 1, { VN_NT_GDB_PACKET }, "OK" },
		{ "$#00", 1, { VN_NT_GDB_PACKET }, "" },
		{ "$g#67$?#3f", 2, { VN_NT_GDB_PACKET, VN_NT_GDB_PACKET }, "?" },
		{ "$OK#9b", 1, { VN_NT_GDB_BROKEN }, NULL },
		{ "$OK#x", 1, { VN_NT_GDB_BROKEN }, NULL },
		{ "$OK#9x$OK#9a", 2, { VN_NT_GDB_BROKEN, VN_NT_GDB_PACKET }, "OK" },
		{ "\003", 1, { VN_NT_GDB_STOP }, NULL },
		{ "-\003$?#3f", 3, { VN_NT_GDB_RESEND, VN_NT_GDB_STOP, VN_NT_GDB_PACKET }, "?" },
		/* inside a packet these are contents */
		{ "$+-\003#5b", 1, { VN_NT_GDB_PACKET }, "+-\003" },
		{ "noise", 0, { 0 }, NULL },
		{ "$OK#9", 0, { 0 }, NULL },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_nt_gdb_packet p = { 0 };
		enum vn_nt_gdb_event events[8];
		unsigned int n = take_all(&p, rows[i].bytes, events);

		assert_int_equal(n, rows[i].n);
		assert_memory_equal(events, rows[i].events, n * sizeof(events[0]));
		if (rows[i].contents)
			assert_string_equal(p.bytes, rows[i].contents);
	}
}

static void a_packet_that_is_too_long_is_told_from_others(void **state)
{
	struct vn_nt_gdb_packet p = { 0 };
	unsigned int i, longer;

	for (longer = 0; longer < 2; longer++) {
		uint8_t sum = 0;

		vn_nt_gdb_packet_take(&p, '$');
		for (i = 0; i < VN_NT_GDB_PACKET_MAX + longer; i++) {
			vn_nt_gdb_packet_take(&p, 'x');
			sum = (uint8_t)(sum + 'x');
		}
		vn_nt_gdb_packet_take(&p, '#');
		vn_nt_gdb_packet_take(&p, (uint8_t) "0123456789abcdef"[sum >> 4]);
		assert_int_equal(vn_nt_gdb_packet_take(&p, (uint8_t) "0123456789abcdef"[sum & 15]),
				 longer ? VN_NT_GDB_TOO_LONG : VN_NT_GDB_PACKET);
		assert_int_equal(strlen(p.bytes), VN_NT_GDB_PACKET_MAX);
	}
}

static void numbers_have_one_to_eight_digits(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
		uint32_t value;
		const char *rest;
	} rows[] = {
		{ "0", true, 0, "" },
		{ "4040000,4", true, 0x04040000, ",4" },
		{ "ffffFFFF", true, UINT32_MAX, "" },
		{ "fffffffff", false, 0, NULL },
		{ "", false, 0, NULL },
		{ "-1", false, 0, NULL },
		{ ",", false, 0, NULL },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		uint32_t value;

		assert_int_equal(vn_nt_gdb_number(&text, &value), rows[i].is_taken);
		if (!rows[i].is_taken)
			continue;
		assert_int_equal(value, rows[i].value);
		assert_string_equal(text, rows[i].rest);
	}
}

static void pairs_of_digits_are_bytes(void **state)
{
	uint8_t bytes[3];

	assert_true(vn_nt_gdb_bytes("00fFA5", bytes, 3));
	assert_memory_equal(bytes, "\x00\xff\xa5", 3);
	assert_false(vn_nt_gdb_bytes("00ff", bytes, 3));
	assert_false(vn_nt_gdb_bytes("00ffa", bytes, 3));
	assert_false(vn_nt_gdb_bytes("00fg00", bytes, 3));
	assert_true(vn_nt_gdb_bytes("", bytes, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_become_events),
		cmocka_unit_test(a_packet_that_is_too_long_is_told_from_others),
		cmocka_unit_test(numbers_have_one_to_eight_digits),
		cmocka_unit_test(pairs_of_digits_are_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

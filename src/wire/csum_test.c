/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum in parts, and how long frames are on a cable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/csum.h"
#include "wire/wire.h"

/* The example of RFC 1071, section 3. */
static const uint8_t rfc1071[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

static void the_example_of_rfc_1071(void **state)
{
	assert_int_equal(vn_csum_fold(vn_csum_add(0, rfc1071, 8)), 0xddf2);
	assert_int_equal(vn_csum_finish(vn_csum_add(0, rfc1071, 8)), 0x220d);
}

static void an_odd_byte_counts_as_if_a_zero_followed(void **state)
{
	static const uint8_t padded[] = { 0x12, 0x34, 0x56, 0x00 };

	assert_int_equal(vn_csum_add(0, padded, 3), vn_csum_add(0, padded, 4));
}

static void parts_add_up_to_the_whole(void **state)
{
	uint32_t whole = vn_csum_add(0, rfc1071, 8);
	uint32_t parts = vn_csum_u32(0x0001f203) + vn_csum_add(0, rfc1071 + 4, 4);

	assert_int_equal(vn_csum_fold(parts), vn_csum_fold(whole));
}

static void the_longest_frame_of_ones_does_not_overflow(void **state)
{
	uint8_t ones[4096];
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < sizeof(ones); i++)
		ones[i] = 0xff;
	for (i = 0; i < 16; i++)
		sum = vn_csum_add(sum, ones, sizeof(ones));
	assert_int_equal(vn_csum_fold(sum), 0xffff);
}

static void a_udp_checksum_is_never_zero(void **state)
{
	assert_int_equal(vn_csum_finish(0xffff), 0);
	assert_int_equal(vn_csum_finish_udp(0xffff), 0xffff);
	assert_int_equal(vn_csum_finish_udp(0x0001), 0xfffe);
}

static void bytes_are_big_endian_at_any_alignment(void **state)
{
	uint8_t b[7] = { 0 };

	vn_put_be32(b + 1, 0x01020304);
	vn_put_be16(b + 5, 0x0506);
	assert_int_equal(b[1], 1);
	assert_int_equal(b[6], 6);
	assert_int_equal(vn_get_be32(b + 1), 0x01020304);
	assert_int_equal(vn_get_be16(b + 5), 0x0506);
}

/* 64 bytes with FCS and 20 of preamble and gap: 14,880,952 packets a second
 * fill 10 Gbit/s. */
static void a_small_frame_takes_672_bits_of_the_cable(void **state)
{
	assert_int_equal(vn_wire_bits_l1(60), 672);
	assert_int_equal(vn_wire_bits_l1(42), 672);
	assert_int_equal(vn_wire_bits_l2(60), 512);
	assert_int_equal(vn_wire_bits_l1(1514), 12304);
	assert_int_equal(10000000000ull / vn_wire_bits_l1(60), 14880952);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_1071),
		cmocka_unit_test(an_odd_byte_counts_as_if_a_zero_followed),
		cmocka_unit_test(parts_add_up_to_the_whole),
		cmocka_unit_test(the_longest_frame_of_ones_does_not_overflow),
		cmocka_unit_test(a_udp_checksum_is_never_zero),
		cmocka_unit_test(bytes_are_big_endian_at_any_alignment),
		cmocka_unit_test(a_small_frame_takes_672_bits_of_the_cable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

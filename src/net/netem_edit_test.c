/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks and bit errors. Checksums were computed by scapy 2.5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "net/netem_edit.h"

#define MACS "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"
#define V4(tos, csum)                                                                              \
	"\x45" tos "\x00\x14\x12\x34\x00\x00\x40\x11" csum "\x0a\x00\x00\x01\x0a\x00\x00\x02"
#define V6(head)                                                                                   \
	head "\x00\x00\x3b\x40"                                                                    \
	     "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"                    \
	     "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
#define VLAN	    "\x81\x00\x00\x05"
#define SVLAN	    "\x88\xa8\x00\x06"
#define FRAME(text) (const uint8_t *)(text), sizeof(text) - 1

static void senders_that_know_ecn_are_marked(void **state)
{
	static const struct {
		const char *name;
		const uint8_t *frame;
		size_t len;
		const uint8_t *marked; /* NULL: cannot be */
		size_t marked_len;
	} cases[] = {
		{ "IPv4, ECT(0)", FRAME(MACS "\x08\x00" V4("\x02", "\x54\xa1")),
		  FRAME(MACS "\x08\x00" V4("\x03", "\x54\xa0")) },
		{ "IPv4, ECT(1)", FRAME(MACS "\x08\x00" V4("\xb9", "\x53\xea")),
		  FRAME(MACS "\x08\x00" V4("\xbb", "\x53\xe8")) },
		{ "IPv4, marked already", FRAME(MACS "\x08\x00" V4("\x03", "\x54\xa0")),
		  FRAME(MACS "\x08\x00" V4("\x03", "\x54\xa0")) },
		{ "IPv4, not ECT", FRAME(MACS "\x08\x00" V4("\xb8", "\x53\xeb")), NULL, 0 },
		{ "IPv4 behind a tag", FRAME(MACS VLAN "\x08\x00" V4("\x02", "\x54\xa1")),
		  FRAME(MACS VLAN "\x08\x00" V4("\x03", "\x54\xa0")) },
		{ "IPv4 behind two tags", FRAME(MACS SVLAN VLAN "\x08\x00" V4("\x02", "\x54\xa1")),
		  FRAME(MACS SVLAN VLAN "\x08\x00" V4("\x03", "\x54\xa0")) },
		{ "IPv6, ECT(0)", FRAME(MACS "\x86\xdd" V6("\x6f\xe5\x43\x21")),
		  FRAME(MACS "\x86\xdd" V6("\x6f\xf5\x43\x21")) },
		{ "IPv6, ECT(1)", FRAME(MACS "\x86\xdd" V6("\x60\x10\x00\x00")),
		  FRAME(MACS "\x86\xdd" V6("\x60\x30\x00\x00")) },
		{ "IPv6, not ECT", FRAME(MACS "\x86\xdd" V6("\x6f\xc0\x00\x00")), NULL, 0 },
		{ "ARP", FRAME(MACS "\x08\x06" V4("\x02", "\x54\xa1")), NULL, 0 },
		{ "IPv6's type before IPv4", FRAME(MACS "\x86\xdd" V4("\x02", "\x54\xa1")), NULL,
		  0 },
	};
	uint8_t copy[100];
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const uint8_t *wanted = cases[i].marked ? cases[i].marked : cases[i].frame;
		bool is_marked;

		memcpy(copy, cases[i].frame, cases[i].len);
		is_marked = vn_netem_mark(copy, (uint32_t)cases[i].len);
		if (is_marked != (cases[i].marked != NULL) || memcmp(copy, wanted, cases[i].len))
			fail_msg("%s", cases[i].name);
	}
}

/* In memory of their length, where a look beyond is seen by the sanitizer. */
static void frames_cut_short_cannot_be_marked(void **state)
{
	static const uint8_t v4[] = MACS VLAN "\x08\x00" V4("\x02", "\x54\xa1");
	static const uint8_t v6[] = MACS SVLAN "\x86\xdd" V6("\x6f\xe5\x43\x21");
	uint32_t len;

	for (len = 0; len < sizeof(v6) - 1; len++) {
		uint8_t *copy = malloc(len + !len);

		memcpy(copy, v6, len);
		assert_false(vn_netem_mark(copy, len));
		if (len < sizeof(v4) - 1) {
			memcpy(copy, v4, len);
			assert_false(vn_netem_mark(copy, len));
		}
		free(copy);
	}
}

static unsigned int count_bits(const uint8_t *p, size_t len)
{
	unsigned int n = 0;

	while (len-- > 0)
		n += (unsigned int)__builtin_popcount(*p++);
	return n;
}

static void exactly_one_bit_changes(void **state)
{
	uint8_t frame[60] = { 0 }, all[60] = { 0 };
	uint32_t byte, bit;
	unsigned int i;

	for (byte = 0; byte < 60; byte++) {
		for (bit = 0; bit < 8; bit++) {
			vn_netem_corrupt(frame, 60, byte * (UINT32_MAX / 60 + 1), bit << 29);
			assert_int_equal(count_bits(frame, 60), 1);
			for (i = 0; i < 60; i++)
				all[i] |= frame[i];
			memset(frame, 0, sizeof(frame));
		}
	}
	assert_int_equal(count_bits(all, 60), 480);
	vn_netem_corrupt(frame, 60, UINT32_MAX, UINT32_MAX);
	assert_int_equal(frame[59], 0x80);
	vn_netem_corrupt(frame, 0, UINT32_MAX, UINT32_MAX);
	assert_int_equal(count_bits(frame, 60), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(senders_that_know_ecn_are_marked),
		cmocka_unit_test(frames_cut_short_cannot_be_marked),
		cmocka_unit_test(exactly_one_bit_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
